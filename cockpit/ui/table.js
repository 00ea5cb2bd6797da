// SPDX-License-Identifier: LGPL-2.1-or-later
// A table whose rows are kept by key and changed in place, so that a button under the pointer
// stays what it is while the data around it moves.

import { _, format } from '../i18n.js';
import { compareTexts, number } from '../model/format.js';
import { h, replace } from './dom.js';

/**
 * A column: id, label; value(row) → string or number, compared to see whether the cell changed and
 * sorted by; optionally text(row) if what is shown differs from the value, render(td, row) to fill
 * the cell oneself (it may find what it put there before), sortable (false: not), numeric (true:
 * aligned to the end), hideable (true: left out on narrow screens), header (true: names the row),
 * nowrap (true: kept on one line), sortValue(row) if it is sorted by something else than what is compared, tree (true: in this column
 * stands the button that opens a row).
 *
 * Options: label (names the table for screen readers), columns, key(row), pageSize (0: all),
 * selectable(row) → bool (boxes in front; onSelect(keys: Set)), keeps(key) → whether what was chosen
 * stays so while it is not among the rows, selectLabel(row), actions(row) →
 * [element] (made once for a row; they look the row up by the key when they are used),
 * rowClass(row), empty (node shown in place of no rows), sort ({id, descending}), parent(row) → key of
 * the row that it stands below, or null; isOpen(row) → whether a row that nobody opened or closed
 * yet shows what is below it; toggleLabel(row) names that button; onSort(sort).
 */
export class Table {
  constructor(options) {
    this.options = { pageSize: 50, ...options };
    this.rows = [];
    this.shown = new Map();
    this.byKey = new Map();
    this.selected = new Set();
    this.page = 0;
    this.sort = options.sort || null;
    this.opened = new Map();
    this.children = new Map();
    this.levels = new Map();
    this.#build();
  }

  /** Shows these rows, in this order if no column is sorted by. Cells that are the same stay. */
  update(rows) {
    this.rows = rows;
    this.byKey = new Map(rows.map(row => [this.options.key(row), row]));
    const chosen = this.selected.size;
    for (const key of this.selected)
      if (!this.#stays(key)) this.selected.delete(key);
    this.#layOut();
    if (this.selected.size !== chosen) this.#told();
  }

  /** Changes the rows with these keys where they stand, without sorting anew. */
  refresh(rows) {
    for (const row of rows) {
      const key = this.options.key(row);
      if (!this.byKey.has(key)) continue;
      this.byKey.set(key, row);
      const line = this.shown.get(key);
      if (line) this.#fillRow(line, row);
    }
    this.rows = this.rows.map(row => this.byKey.get(this.options.key(row)));
  }

  /** The row with a key as it is now. */
  row(key) {
    return this.byKey.get(key);
  }

  setPage(page) {
    this.page = page;
    this.#layOut();
  }

  #stays(key) {
    const { selectable, keeps } = this.options;
    return this.byKey.has(key) ? selectable(this.byKey.get(key)) : Boolean(keeps && keeps(key));
  }

  /** How many of those that are chosen are not among the rows: a filter hides them. */
  get hiddenCount() {
    return [...this.selected].filter(key => !this.byKey.has(key)).length;
  }

  clearSelection() {
    this.selected.clear();
    this.#layOut();
    this.#told();
  }

  #build() {
    const { label, columns, selectable, actions, empty } = this.options;
    this.body = h('tbody', { class: 'pf-v6-c-table__tbody', role: 'rowgroup' });
    this.headings = new Map();
    const heads = columns.map(column => this.#heading(column));
    if (selectable) {
      this.all = h('input', { type: 'checkbox', 'aria-label': _('Select all'), onchange: () => this.#selectAll() });
      heads.unshift(h('td', { class: 'pf-v6-c-table__td pf-v6-c-table__check' }, this.all));
    }
    if (actions)
      heads.push(h('th', { class: 'pf-v6-c-table__th', scope: 'col' },
                   h('span', { class: 'pf-v6-screen-reader' }, _('Actions'))));
    this.table = h('table', { class: 'pf-v6-c-table pf-m-compact pf-m-grid-md', 'aria-label': label },
                   h('thead', { class: 'pf-v6-c-table__thead' },
                     h('tr', { class: 'pf-v6-c-table__tr' }, heads)),
                   this.body);
    this.pager = h('div', { class: 'virtern-pager' });
    this.emptyBox = h('div', { hidden: true }, empty);
    this.element = h('div', { class: 'virtern-table' }, this.table, this.emptyBox, this.pager);
  }

  #heading(column) {
    const cell = h('th', { class: 'pf-v6-c-table__th' + (column.numeric ? ' virtern-numeric' : '') +
                             (column.hideable ? ' virtern-wide-only' : ''), scope: 'col' });
    if (column.sortable === false) {
      cell.append(column.label);
      return cell;
    }
    cell.classList.add('pf-v6-c-table__sort');
    cell.append(h('button', { class: 'pf-v6-c-table__button virtern-sort', type: 'button',
                              onclick: () => this.#sortBy(column.id) }, column.label));
    this.headings.set(column.id, cell);
    return cell;
  }

  #sortBy(id) {
    const same = this.sort && this.sort.id === id;
    if (same && this.sort.descending) this.sort = this.options.sort || null;
    else this.sort = { id, descending: Boolean(same) };
    this.#layOut();
    if (this.options.onSort) this.options.onSort(this.sort);
  }

  #sorted() {
    for (const [id, cell] of this.headings) {
      const order = this.sort && this.sort.id === id ? (this.sort.descending ? 'descending' : 'ascending') : 'none';
      cell.setAttribute('aria-sort', order);
    }
    if (!this.sort) return this.rows;
    const { value, sortValue = value } = this.options.columns.find(column => column.id === this.sort.id);
    const sign = this.sort.descending ? -1 : 1;
    const compare = (a, b) => (typeof a === 'number' && typeof b === 'number' ? a - b : compareTexts(a, b));
    return [...this.rows].sort((a, b) => sign * compare(sortValue(a), sortValue(b)));
  }

  /* Those at the top; what stands below each is kept in their order. */
  #plant(sorted) {
    this.children.clear();
    if (!this.options.parent) return sorted;
    const tops = [];
    for (const row of sorted) {
      const parent = this.options.parent(row);
      if (parent === null || !this.byKey.has(parent)) tops.push(row);
      else if (this.children.has(parent)) this.children.get(parent).push(row);
      else this.children.set(parent, [row]);
    }
    return tops;
  }

  #isOpen(row) {
    const key = this.options.key(row);
    if (!this.children.has(key)) return false;
    if (this.opened.has(key)) return this.opened.get(key);
    return Boolean(this.options.isOpen && this.options.isOpen(row));
  }

  #flatten(rows, level = 1, flat = []) {
    for (const row of rows) {
      const key = this.options.key(row);
      this.levels.set(key, level);
      flat.push(row);
      if (this.#isOpen(row)) this.#flatten(this.children.get(key), level + 1, flat);
    }
    return flat;
  }

  #toggle(key) {
    this.opened.set(key, !this.#isOpen(this.byKey.get(key)));
    this.#layOut();
  }

  #layOut() {
    const sorted = this.#sorted();
    const tops = this.#plant(sorted);
    const size = this.options.pageSize || tops.length || 1;
    const pages = Math.max(1, Math.ceil(tops.length / size));
    this.page = Math.min(this.page, pages - 1);
    this.levels.clear();
    const part = this.#flatten(tops.slice(this.page * size, (this.page + 1) * size));
    const keys = new Set(part.map(this.options.key));
    for (const [key, line] of this.shown)
      if (!keys.has(key)) {
        line.element.remove();
        this.shown.delete(key);
      }
    let before = this.body.firstElementChild;
    for (const row of part) {
      const line = this.#line(row);
      if (line.element === before) before = before.nextElementSibling;
      else this.body.insertBefore(line.element, before);
      this.#fillRow(line, row);
    }
    this.table.hidden = sorted.length === 0 && Boolean(this.options.empty);
    this.emptyBox.hidden = sorted.length !== 0;
    this.#layOutPager(tops.length, size, pages);
    this.#markAll();
  }

  #line(row) {
    const key = this.options.key(row);
    let line = this.shown.get(key);
    if (line) return line;
    const { columns, selectable, actions } = this.options;
    line = { element: h('tr', { class: 'pf-v6-c-table__tr' }), cells: [], values: [] };
    line.element.dataset.key = key;
    if (selectable) {
      line.box = h('input', { type: 'checkbox', onchange: () => this.#select(key, line.box.checked) });
      line.element.append(h('td', { class: 'pf-v6-c-table__td pf-v6-c-table__check' }, line.box));
    }
    for (const column of columns) {
      const classes = (column.header ? 'pf-v6-c-table__th' : 'pf-v6-c-table__td') +
        (column.numeric ? ' virtern-numeric' : '') + (column.hideable ? ' virtern-wide-only' : '');
      const cell = h(column.header ? 'th' : 'td', { class: classes, 'data-label': column.label, 'data-column': column.id,
                                                    scope: column.header ? 'row' : null });
      line.cells.push(this.#box(line, key, column, cell));
      line.element.append(cell);
    }
    if (actions)
      line.element.append(h('td', { class: 'pf-v6-c-table__td pf-v6-c-table__action' }, actions(row)));
    this.shown.set(key, line);
    return line;
  }

  /* What a cell holds is one thing: on narrow screens its name stands beside it. */
  #box(line, key, column, cell) {
    if (column.tree) return this.#treeCell(line, key, cell);
    const box = h('div', { class: 'virtern-cell' + (column.nowrap ? ' virtern-nowrap' : '') });
    cell.append(box);
    return box;
  }

  #treeCell(line, key, cell) {
    line.toggle = h('button', { class: 'pf-v6-c-button pf-m-plain pf-m-small virtern-toggle', type: 'button',
                                'aria-label': _('Details'), onclick: () => this.#toggle(key) },
                    h('span', { 'aria-hidden': 'true' }, '›'));
    const box = h('span', { class: 'virtern-tree-text' });
    cell.append(h('span', { class: 'virtern-tree' }, line.toggle, box));
    return box;
  }

  #fillTree(line, key, row) {
    line.element.dataset.level = Math.min(4, this.levels.get(key) || 1);
    if (!line.toggle) return;
    const parent = this.children.has(key);
    line.toggle.classList.toggle('virtern-hollow', !parent);
    line.toggle.disabled = !parent;
    line.toggle.setAttribute('aria-expanded', String(this.#isOpen(row)));
    const { toggleLabel } = this.options;
    line.toggle.setAttribute('aria-label', toggleLabel ? toggleLabel(row) : _('Details'));
  }

  #fillRow(line, row) {
    const { columns, selectable, selectLabel, rowClass } = this.options;
    columns.forEach((column, index) => {
      const value = column.value(row);
      if (line.values[index] === value) return;
      line.values[index] = value;
      if (column.render) column.render(line.cells[index], row);
      else line.cells[index].textContent = column.text ? column.text(row) : value;
    });
    const classes = 'pf-v6-c-table__tr ' + (rowClass ? rowClass(row) : '');
    if (line.element.className !== classes) line.element.className = classes;
    if (this.options.parent) this.#fillTree(line, this.options.key(row), row);
    if (!selectable) return;
    line.box.disabled = !selectable(row);
    line.box.checked = this.selected.has(this.options.key(row));
    line.box.setAttribute('aria-label', format(_('Select $0'), selectLabel(row)));
  }

  #select(key, checked) {
    if (checked) this.selected.add(key);
    else this.selected.delete(key);
    this.#markAll();
    this.#told();
  }

  #selectAll() {
    for (const row of this.rows) {
      const key = this.options.key(row);
      if (this.all.checked && this.options.selectable(row)) this.selected.add(key);
      else this.selected.delete(key);
    }
    this.#layOut();
    this.#told();
  }

  #markAll() {
    if (!this.all) return;
    const can = this.rows.filter(this.options.selectable).length;
    const chosen = this.selected.size - this.hiddenCount;
    this.all.checked = can > 0 && chosen === can;
    this.all.indeterminate = chosen > 0 && chosen < can;
    this.all.disabled = can === 0;
  }

  #told() {
    if (this.options.onSelect) this.options.onSelect(this.selected);
  }

  #layOutPager(count, size, pages) {
    this.pager.hidden = pages === 1;
    const state = [count, this.page, pages].join();
    if (this.pagerState === state) return;
    this.pagerState = state;
    const from = this.page * size + 1;
    const to = Math.min(count, from + size - 1);
    const step = (label, by) => h('button', { class: 'pf-v6-c-button pf-m-secondary pf-m-small', type: 'button',
                                              disabled: this.page + by < 0 || this.page + by >= pages,
                                              onclick: () => this.setPage(this.page + by) }, label);
    replace(this.pager, step(_('Previous'), -1),
            h('span', { role: 'status' },
              format(_('$0–$1 of $2'), number(from), number(to), number(count))),
            step(_('Next'), 1));
  }
}
