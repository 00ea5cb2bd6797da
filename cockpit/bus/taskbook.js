// SPDX-License-Identifier: LGPL-2.1-or-later
// Tasks of now and of the past by id: what the mirror shows, merged with pages of the history. What
// lives counts; what leaves the mirror keeps its last known state until it was read anew.

import { isOpen } from '../model/tasks.js';

const PAGE = 100;
const MOST_AT_ONCE = 4;
// After an answer that says nothing of the task; it is shown as it was last seen until then.
const AGAIN_MS = 3000;
// Ended tasks that nobody paged to are let go of beyond this, the oldest first.
const KEEP = 3000;

/** Pages of the history under the filters that the daemon applies: how far down they were read. */
function makeReach() {
  return { next: null, floor: Infinity, loading: null };
}

/** Tasks by id, of now and of the past: `tasks` is a Map that readers do not change. */
export class TaskBook {
  /**
   * @param {object} cluster the mirror; its tasks are plain objects by id
   * @param {{listTasks, getTask}} calls of bus/calls.js
   * @param {function()} changed called when tasks came by another way than the mirror
   */
  constructor(cluster, calls, changed, { againMs = AGAIN_MS } = {}) {
    this.againMs = againMs;
    this.underWay = new Set();
    this.cluster = cluster;
    this.calls = calls;
    this.changed = changed;
    this.tasks = new Map();
    this.reaches = new Map();
    this.toRead = [];
    this.gone = new Set();
    this.paged = 0;
    this.epoch = 0;
    this.wasReady = false;
  }

  /** Takes over what the mirror says has changed: see Cluster.subscribe. */
  apply(changes) {
    if (changes.status) this.#statusChanged();
    if (this.cluster.status !== 'ready') return;
    for (const id of changes.tasks) this.#take(id);
    this.#letGo();
  }

  /** Takes over all that the mirror has. */
  fill() {
    this.wasReady = this.cluster.status === 'ready';
    for (const id of this.cluster.tasks.keys()) this.#take(id);
  }

  /** Whether there are tasks of these filters that were not loaded; null if that is not known yet. */
  hasOlder(filters) {
    const reach = this.reaches.get(JSON.stringify(filters));
    return reach && reach.next !== null ? reach.next !== 0 : null;
  }

  /**
   * Whether a task may be shown under these filters: below the pages that were read for them there
   * may be others that were not, so a task that came by other filters would stand there alone.
   */
  isWithin(task, filters) {
    const reach = this.reaches.get(JSON.stringify(filters));
    return this.cluster.tasks.has(task.id) || (reach !== undefined && task.id >= reach.floor);
  }

  /** Loads the next page of the history. Throws a BusError. */
  async loadOlder(filters, limit = PAGE) {
    const key = JSON.stringify(filters);
    if (!this.reaches.has(key)) this.reaches.set(key, makeReach());
    const reach = this.reaches.get(key);
    if (reach.next === 0) return;
    reach.loading = reach.loading || this.#loadPage(reach, filters, limit).finally(() => { reach.loading = null; });
    await reach.loading;
  }

  async #loadPage(reach, filters, limit) {
    const epoch = this.epoch;
    const { tasks, next } = await this.calls.listTasks({ ...filters, limit, before: reach.next || undefined });
    if (epoch !== this.epoch) return;
    for (const task of tasks) {
      this.gone.delete(task.id);
      const known = this.tasks.get(task.id);
      // Items are not in the list; what the mirror says is newer.
      if (!this.cluster.tasks.has(task.id))
        this.tasks.set(task.id, known && known.items ? { ...task, items: known.items } : task);
    }
    this.paged += tasks.length;
    reach.next = next;
    reach.floor = next === 0 ? 0 : Math.min(reach.floor, next);
    this.changed();
  }

  /** Reads a task that nobody has; resolves with it. Throws a BusError (NotFound). */
  async read(id) {
    const epoch = this.epoch;
    const task = await this.calls.getTask(id);
    if (epoch !== this.epoch) return task;
    if (!this.cluster.tasks.has(id)) this.tasks.set(id, task);
    this.changed();
    return this.tasks.get(id) || task;
  }

  /** Reads tasks by and by; those that are not there any more are not asked for again. */
  want(ids) {
    for (const id of ids)
      if (!this.gone.has(id) && !this.underWay.has(id) && !this.toRead.includes(id)) this.toRead.push(id);
    this.#readOn();
  }

  #take(id) {
    const live = this.cluster.tasks.get(id);
    if (live) this.tasks.set(id, live);
    else if (this.tasks.has(id)) this.want([id]);
  }

  #readOn() {
    while (this.underWay.size < MOST_AT_ONCE && this.toRead.length) {
      const id = this.toRead.shift();
      this.underWay.add(id);
      this.#readOne(id, this.epoch).finally(() => {
        this.underWay.delete(id);
        this.#readOn();
      });
    }
  }

  async #readOne(id, epoch) {
    try {
      await this.read(id);
    } catch (error) {
      if (epoch !== this.epoch) return;
      if (error.name === 'NotFound') this.#forget(id);
      else setTimeout(() => { if (epoch === this.epoch) this.want([id]); }, this.againMs);
    }
  }

  /* The daemon has it no more: to go on showing it would be to make it up. */
  #forget(id) {
    this.gone.add(id);
    if (!this.cluster.tasks.has(id) && this.tasks.delete(id)) this.changed();
  }

  #statusChanged() {
    const ready = this.cluster.status === 'ready';
    if (ready && !this.wasReady) this.#beginAnew();
    this.wasReady = ready;
  }

  /* The daemon was away: what ended meanwhile did so unseen, so the pages are read again. */
  #beginAnew() {
    this.epoch++;
    this.toRead = [];
    this.gone.clear();
    this.tasks.clear();
    this.paged = 0;
    this.reaches.clear();
    for (const [id, task] of this.cluster.tasks) this.tasks.set(id, task);
  }

  #letGo() {
    const most = KEEP + this.paged;
    if (this.tasks.size <= most) return;
    // A page that is on its way would be put below what is let go of now, with a gap between.
    if ([...this.reaches.values()].some(reach => reach.loading)) return;
    const ids = [...this.tasks.keys()].filter(id => !this.cluster.tasks.has(id) && !isOpen(this.tasks.get(id)))
      .sort((a, b) => a - b).slice(0, this.tasks.size - most + KEEP / 10);
    if (!ids.length) return;
    for (const id of ids) this.tasks.delete(id);
    const floor = ids[ids.length - 1] + 1;
    for (const reach of this.reaches.values())
      if (reach.floor < floor) Object.assign(reach, { floor, next: floor });
  }
}
