// SPDX-License-Identifier: LGPL-2.1-or-later
// Notices of what ended while one looks elsewhere. Bad news stays until it is closed; other news goes
// by itself, and first if there is too much of it. All stand above whatever dialog is open.

import { _ } from '../i18n.js';
import { h } from './dom.js';
import { alert } from './alert.js';

const STAY_MS = 8000;
const AT_MOST = 5;
const PASSING = new Set(['success', 'info']);
let group = null;

/* Bad news is never pushed out by other news. */
function makeRoom() {
  const passing = [...group.children].filter(item => PASSING.has(item.dataset.tone));
  const many = group.children.length - AT_MOST;
  for (const item of passing.slice(0, Math.max(0, Math.min(many, passing.length - 1)))) item.remove();
}

/* What is outside of an open dialog is below it, and out of reach. */
function putOnTop() {
  const dialogs = document.querySelectorAll('body > dialog[open]');
  const above = dialogs[dialogs.length - 1] || document.body;
  if (group.parentElement !== above) above.append(group);
}

function makeGroup() {
  const list = h('ul', { class: 'pf-v6-c-alert-group pf-m-toast virtern-toasts', role: 'list', 'aria-live': 'polite', 'aria-label': _('Notifications') });
  // Dialogs are put into the body when they open, and taken out of it with all that is in them.
  new MutationObserver(putOnTop).observe(document.body, { childList: true });
  return list;
}

/**
 * @param {string} tone "danger", "warning", "info" or "success"
 * @param {string} title a sentence
 * @param {Node} [more] such as a link to the task
 * @param {{key: string}} [options] takes the place of what was told with the same key
 */
export function toast(tone, title, more, { key = '' } = {}) {
  group = group || makeGroup();
  putOnTop();
  const box = more ? alert(tone, title, more) : alert(tone, title);
  const item = h('li', { class: 'pf-v6-c-alert-group__item', 'data-tone': tone, 'data-key': key }, box);
  box.append(h('div', { class: 'pf-v6-c-alert__action' },
               h('button', { class: 'pf-v6-c-button pf-m-plain', type: 'button', 'aria-label': _('Close'),
                             onclick: () => item.remove() }, '✕')));
  box.classList.remove('pf-m-inline');
  const before = key && [...group.children].find(one => one.dataset.key === key);
  if (before) before.replaceWith(item);
  else group.append(item);
  makeRoom();
  if (PASSING.has(tone)) setTimeout(() => item.remove(), STAY_MS);
}
