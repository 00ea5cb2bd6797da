// SPDX-License-Identifier: LGPL-2.1-or-later
// Serves the page with simulated hosts to a browser of this machine, until it is interrupted.

import { startCluster } from './lib/cluster.mjs';
import { Cockpit } from './lib/cockpit.mjs';
import { makeFolder, pause } from './lib/processes.mjs';

const folder = makeFolder();
const cluster = await startCluster(folder, { cluster: process.argv[2], speed: 1 });
const cockpit = new Cockpit(folder, cluster.address);
let shown = '';

console.log('Simulated hosts, and whoever opens the page may do everything with them. Ctrl-C ends it.');
for (;;) {
  // Without a page cockpit-ws ends after a while, and is started anew on another port.
  const address = await cockpit.address();
  if (address !== shown)
    console.log(`  ${address}`);
  shown = address;
  await pause(500);
}
