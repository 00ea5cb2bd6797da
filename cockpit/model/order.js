// SPDX-License-Identifier: LGPL-2.1-or-later
// The order of names, the same in every list.

import { compareTexts } from './format.js';

/** Compares hosts or VMs by their names, for sort(). */
export const byName = (a, b) => compareTexts(a.name, b.name);

/** Texts each once and in order; empty ones are left out. @param {Iterable<string>} texts */
export const inOrder = texts => [...new Set(texts)].filter(Boolean).sort(compareTexts);
