// SPDX-License-Identifier: LGPL-2.1-or-later
// Names of VMs and hosts, whatever is in them: kept apart from the words around them, and shown
// without their middle where they are too long for a cell.

import { splitName } from '../model/format.js';
import { address } from './button.js';
import { h } from './dom.js';

/** The name; all of it is in the document, to be found, copied and read aloud, and in the title. */
export function nameText(text) {
  const parts = splitName(text);
  if (!parts) return h('bdi', { class: 'virtern-name' }, text);
  return h('bdi', { class: 'virtern-name virtern-name-long', title: text }, parts.map(part => h('span', {}, part)));
}

/** The same as a link within the page: path as for link(). */
export function nameLink(path, text, options) {
  return h('a', { href: address(path, options), 'aria-label': splitName(text) ? text : null }, nameText(text));
}
