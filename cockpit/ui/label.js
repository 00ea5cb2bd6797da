// SPDX-License-Identifier: LGPL-2.1-or-later
// A coloured label for a state; the word says it, the colour only helps.

import { h } from './dom.js';

/** @param {string} tone grey, blue, green, orange or red */
export function label(tone, text) {
  return h('span', { class: 'pf-v6-c-label pf-m-compact pf-m-' + tone },
           h('span', { class: 'pf-v6-c-label__content' }, h('span', { class: 'pf-v6-c-label__text' }, text)));
}
