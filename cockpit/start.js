// SPDX-License-Identifier: LGPL-2.1-or-later
// Asks the daemon while the rest of the page is still on its way: with many objects, the answer is
// what takes longest.

import { Cluster } from './bus/cluster.js';

/** The mirror of the daemon's objects that all views share. */
export const cluster = new Cluster();

cluster.start();
