// SPDX-License-Identifier: LGPL-2.1-or-later
// The view of tasks: a live table over now and the past, and the detail of one of them.

import { getTask, listTasks } from '../bus/calls.js';
import { nowUs, observe } from '../bus/clock.js';
import { TaskBook } from '../bus/taskbook.js';
import { onUsers, userName } from '../bus/users.js';
import { _, format, ngettext } from '../i18n.js';
import { openExport } from '../dialogs/export.js';
import { number } from '../model/format.js';
import { inOrder } from '../model/order.js';
import { daemonFilters, hasFilters, makeFilter, readFilters, spanOf, writeFilters } from '../model/task-filter.js';
import { missingParents, treeRows } from '../model/task-tree.js';
import { isOpen, title } from '../model/tasks.js';
import { kind } from '../model/words.js';
import { alert } from '../ui/alert.js';
import { button } from '../ui/button.js';
import { h, refill, replace } from '../ui/dom.js';
import { emptyState } from '../ui/empty.js';
import { menu } from '../ui/menu.js';
import { Table } from '../ui/table.js';
import { actsNow, groupActs } from './task-acts.js';
import { taskColumns } from './task-columns.js';
import { TaskFilters } from './task-filters.js';
import { TaskDetail } from './task.js';

// Many tasks change at once; nobody reads faster than this.
const PAINT_MS = 300;
const TICK_MS = 1000;

/**
 * A view has: element; show(location), when it comes into view or its address changes; update(changes)
 * while it is in view (see Cluster.subscribe); hide().
 */
export class TasksView {
  constructor(app) {
    this.app = app;
    this.book = new TaskBook(app.cluster, { listTasks, getTask }, () => this.#soon());
    this.filters = readFilters({});
    this.detail = null;
    this.timer = 0;
    this.ticking = 0;
    this.shape = '';
    this.trouble = null;
    this.#build();
    this.book.fill();
    // Also while another view is shown, so that no end of a task is missed.
    app.cluster.subscribe(changes => this.#apply(changes));
    onUsers(() => this.#soon());
  }

  show(location) {
    const id = Number(location.path[1]);
    clearInterval(this.ticking);
    this.ticking = setInterval(() => this.#tick(), TICK_MS);
    if (location.path.length > 1) {
      this.#showDetail(id);
      return;
    }
    if (this.detail) this.detail.close();
    this.detail = null;
    this.filters = readFilters(location.options);
    if (this.element.firstElementChild !== this.list) replace(this.element, this.list);
    this.#firstPage();
    this.#paint();
  }

  update(changes) {
    this.#apply(changes);
    if (changes.status && this.app.cluster.status === 'ready') this.#firstPage();
    if (this.detail) this.detail.update(changes);
    else if (changes.tasks.size || changes.status || changes.hosts.size || changes.vms.size) this.#soon();
  }

  hide() {
    clearInterval(this.ticking);
    clearTimeout(this.timer);
    this.timer = 0;
  }

  #build() {
    this.toolbar = new TaskFilters(filters => this.#setFilters(filters), () => this.#export());
    this.none = h('div', {});
    this.table = new Table({
      label: _('Tasks'), key: row => row.key, parent: row => row.parent, columns: taskColumns(nowUs), pageSize: 50,
      isOpen: row => !row.matched, empty: this.none, rowClass: row => 'virtern-task-' + row.task.state,
      actions: row => this.#menu(row.task),
      toggleLabel: row => format(_('Tasks of $0'), row.task.isGroup ? row.task.vm : title(row.task)),
    });
    this.older = button('secondary', _('Older tasks'), () => this.#loadOlder());
    this.status = h('span', { class: 'virtern-quiet', role: 'status' });
    this.errors = h('div', { 'aria-live': 'polite' });
    this.list = h('div', { class: 'virtern-tasks' }, h('h1', { class: 'pf-v6-screen-reader' }, _('Tasks')),
                  this.toolbar.element, this.errors, this.table.element,
                  h('div', { class: 'virtern-older' }, this.older, this.status));
    this.element = h('div', {}, this.list);
  }

  #menu(task) {
    if (task.isGroup) return [menu(format(_('$0: $1'), kind(task.kind), task.vm), () => groupActs(this.app, () => this.#members(task.id)))];
    const show = { label: _('Show the task'), run: () => this.app.go(['tasks', String(task.id)]) };
    const items = () => [show, ...actsNow(this.app, this.book, this.book.tasks.get(task.id) || task)
      .map(act => ({ ...act, disabled: Boolean(act.why) }))];
    return [menu(title(task), items)];
  }

  #members(group) {
    return [...this.book.tasks.values()].filter(task => task.group === group && !task.parent);
  }

  /* Whoever hears of a change first: the book has it before anything is painted. */
  #apply(changes) {
    if (this.applied === changes) return;
    this.applied = changes;
    this.book.apply(changes);
    for (const id of changes.tasks) {
      const task = this.app.cluster.tasks.get(id);
      if (task) observe(Math.max(task.created, task.started, task.finished));
    }
  }

  #showDetail(id) {
    if (this.detail && this.detail.id === id) {
      // While another view was shown nobody told it what changed.
      this.detail.lookAgain();
      return;
    }
    if (this.detail) this.detail.close();
    this.detail = new TaskDetail(this.app, this.book, id);
    replace(this.element, this.detail.element);
    window.scrollTo(0, 0);
  }

  #setFilters(filters) {
    this.app.go(['tasks'], writeFilters(filters));
  }

  #firstPage() {
    if (!this.detail && this.book.hasOlder(daemonFilters(this.filters)) === null) this.#loadOlder();
  }

  async #loadOlder() {
    if (this.app.cluster.status !== 'ready') return;
    this.older.disabled = true;
    this.trouble = null;
    try {
      await this.book.loadOlder(daemonFilters(this.filters));
    } catch (error) {
      this.trouble = error;
    }
    this.older.disabled = false;
    this.#paint();
  }

  #soon() {
    if (this.timer) return;
    this.timer = setTimeout(() => {
      this.timer = 0;
      if (this.detail) this.detail.paint();
      else this.#paint();
    }, PAINT_MS);
  }

  #tick() {
    // Of a daemon that is away nobody knows whether anything still runs.
    if (document.hidden || this.app.cluster.status !== 'ready') return;
    if (this.detail) this.detail.tick();
    else this.table.refresh((this.rows || []).filter(row => isOpen(row.task)));
  }

  /** Tasks that the filters let through. */
  chosen() {
    const passes = makeFilter(this.filters, nowUs(), userName);
    const asked = daemonFilters(this.filters);
    return [...this.book.tasks.values()].filter(task => this.book.isWithin(task, asked) && passes(task));
  }

  #paint() {
    const { cluster } = this.app;
    const chosen = new Set(this.chosen());
    this.book.want(missingParents(chosen.size ? new Map([...chosen].map(task => [task.id, task])) : new Map())
                   .filter(id => !this.book.tasks.has(id)));
    this.rows = treeRows(this.book.tasks, task => chosen.has(task), uuid => (cluster.vms.get(uuid) || { memory: 0 }).memory);
    const shape = this.rows.map(row => row.key + '<' + row.parent).join();
    this.toolbar.setNames(inOrder(cluster.hosts.keys()), inOrder([...cluster.vms.values()].map(vm => vm.name)));
    this.toolbar.show(this.filters);
    refill(this.errors, this.trouble ? this.trouble.message : '', box =>
      replace(box, this.trouble ? alert('danger', _('The history could not be read'), this.trouble.message) : null));
    this.#paintEmpty();
    if (shape === this.shape && shape) this.table.refresh(this.rows);
    else this.table.update(this.rows);
    this.shape = shape;
    this.#paintOlder(chosen.size);
  }

  #paintEmpty() {
    if (this.rows.length) return;
    const filtered = hasFilters(this.filters);
    const looked = this.book.hasOlder(daemonFilters(this.filters)) !== null;
    const key = [filtered, looked, Boolean(this.trouble)].join();
    if (this.noneKey === key) return;
    this.noneKey = key;
    // Before the history was read nobody knows that there is nothing in it.
    if (!looked) replace(this.none, this.trouble ? null : h('p', { class: 'virtern-quiet' }, _('Loading…')));
    else replace(this.none, filtered
      ? emptyState(_('No task passes these filters'), _('There may be some among older ones, or with fewer filters.'),
                   button('link', _('Clear filters'), () => this.#setFilters(readFilters({}))))
      : emptyState(_('Nothing was asked of Virtern yet'),
                   _('Moves, starts and drains are listed here from their beginning on, and stay after their end.'),
                   button('primary', _('Go to the VMs'), () => this.app.go(['vms']))));
  }

  /* The rest of the history is older than what was asked for, or is not there. */
  #mayHaveOlder() {
    const asked = daemonFilters(this.filters);
    if (!this.book.hasOlder(asked)) return false;
    const { fromUs } = spanOf(this.filters, nowUs());
    if (!fromUs) return true;
    const oldest = Math.min(...[...this.book.tasks.values()].filter(task => this.book.isWithin(task, asked))
                            .map(task => task.created));
    return oldest >= fromUs;
  }

  #paintOlder(count) {
    this.older.hidden = !this.trouble && !this.#mayHaveOlder();
    const text = this.rows.length === 0 ? ''
      : format(ngettext('$0 task', '$0 tasks', count), number(count)) + (this.older.hidden ? '' : ' · ' + _('older ones were not looked at'));
    if (this.status.textContent !== text) this.status.textContent = text;
  }

  #export() {
    openExport({ book: this.book, filters: this.filters, chosen: () => this.chosen(), who: userName });
  }
}

