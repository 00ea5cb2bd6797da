// SPDX-License-Identifier: LGPL-2.1-or-later
// What stands where there is nothing to show: why, and the way on.

import { h } from './dom.js';

/** @param {Array} actions elements, such as a button that does what helps */
export function emptyState(title, text, ...actions) {
  return h('div', { class: 'pf-v6-c-empty-state' },
           h('div', { class: 'pf-v6-c-empty-state__content' },
             h('div', { class: 'pf-v6-c-empty-state__header' },
               h('h2', { class: 'pf-v6-c-empty-state__title' },
                 h('span', { class: 'pf-v6-c-empty-state__title-text' }, title))),
             text ? h('div', { class: 'pf-v6-c-empty-state__body' }, text) : null,
             actions.length ? h('div', { class: 'pf-v6-c-empty-state__footer' }, actions) : null));
}
