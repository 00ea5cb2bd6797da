// SPDX-License-Identifier: LGPL-2.1-or-later
// A message in its place: what is wrong, what to know.

import { _ } from '../i18n.js';
import { h } from './dom.js';

const SIGNS = { danger: '✖', warning: '⚠', info: 'ℹ', success: '✔' };
const NAMES = {
  danger: () => _('Error:'), warning: () => _('Warning:'), info: () => _('Info:'), success: () => _('Success:'),
};

/** @param {string} tone "danger", "warning", "info" or "success" */
export function alert(tone, title, ...more) {
  return h('div', { class: 'pf-v6-c-alert pf-m-inline pf-m-' + tone },
           h('div', { class: 'pf-v6-c-alert__icon', 'aria-hidden': 'true' }, SIGNS[tone]),
           h('p', { class: 'pf-v6-c-alert__title' },
             h('span', { class: 'pf-v6-screen-reader' }, NAMES[tone]() + ' '), title),
           more.length ? h('div', { class: 'pf-v6-c-alert__description' }, more) : null);
}
