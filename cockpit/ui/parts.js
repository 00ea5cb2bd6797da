// SPDX-License-Identifier: LGPL-2.1-or-later
// Parts that pages are made of: cards with a heading, the way back, tables that do not change.

import { _ } from '../i18n.js';
import { link } from './button.js';
import { h, uniqueId } from './dom.js';
import { nameText } from './name.js';

/** A part of a page under its heading. */
export function card(heading, ...children) {
  const id = uniqueId('card');
  return h('section', { class: 'virtern-card', 'aria-labelledby': id },
           h('h2', { class: 'virtern-card-title', id }, heading), children);
}

/**
 * The way back from one thing to all of its kind.
 * @param {string} view such as "hosts"
 * @param {string} all what that view is called
 * @param {string} here the name of the thing
 */
export function crumbs(view, all, here) {
  const item = (...children) => h('li', { class: 'pf-v6-c-breadcrumb__item' }, children);
  return h('nav', { class: 'pf-v6-c-breadcrumb', 'aria-label': _('Where you are') },
           h('ol', { class: 'pf-v6-c-breadcrumb__list', role: 'list' }, item(link([view], all)),
             item(h('span', { class: 'virtern-crumb-divider', 'aria-hidden': 'true' }, '›'),
                  h('span', { 'aria-current': 'page' }, nameText(here)))));
}

/**
 * A table that is made once; one that changes is a Table.
 * @param {string} label names it for screen readers
 * @param {string[]} heads
 * @param {Array<Array>} rows what each cell holds: text, a node or an array of them
 * @param {object} [options] keys: names each row (data-key), whose first cell then is its heading;
 *   figures: numbers, in a table on narrow screens, too
 */
export function plainTable(label, heads, rows, { keys, figures = false } = {}) {
  const more = figures ? ' virtern-numeric virtern-nowrap' : '';
  const cell = (content, index) => (keys && index === 0
    ? h('th', { class: 'pf-v6-c-table__th', scope: 'row', 'data-label': heads[0] }, content)
    : h('td', { class: 'pf-v6-c-table__td' + more, 'data-label': heads[index] }, content));
  const line = (cells, index) =>
    h('tr', { class: 'pf-v6-c-table__tr', 'data-key': keys ? keys[index] : null }, cells.map(cell));
  return h('table', { class: 'pf-v6-c-table pf-m-compact virtern-simple' + (figures ? '' : ' pf-m-grid-md'), 'aria-label': label },
           h('thead', { class: 'pf-v6-c-table__thead' },
             h('tr', { class: 'pf-v6-c-table__tr' }, heads.map(head => h('th', { class: 'pf-v6-c-table__th' + (figures ? ' virtern-numeric' : ''), scope: 'col' }, head)))),
           h('tbody', { class: 'pf-v6-c-table__tbody' }, rows.map(line)));
}
