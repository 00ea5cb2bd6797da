// SPDX-License-Identifier: LGPL-2.1-or-later
// Tasks of the mirror and of the history as one: what lives counts, and nothing is there twice.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TaskBook } from '../../cockpit/bus/taskbook.js';

const task = (id, state = 'done', more) => ({ id, state, ...more });

/* A daemon with a history of its own: pages as ListTasks gives them. */
class Daemon {
  constructor(count) {
    this.history = new Map(Array.from({ length: count }, (none, at) => [at + 1, task(at + 1)]));
    this.asked = [];
  }

  calls() {
    return {
      listTasks: async ({ before = Infinity, limit, state }) => {
        const all = [...this.history.values()].filter(one => one.id < before && (!state || one.state === state)).sort((a, b) => b.id - a.id);
        const tasks = all.slice(0, limit);
        return { tasks, next: all.length > limit ? tasks[tasks.length - 1].id : 0 };
      },
      getTask: async id => {
        this.asked.push(id);
        if (!this.history.has(id)) throw Object.assign(new Error('no task'), { name: 'NotFound' });
        return { ...this.history.get(id), items: [] };
      },
    };
  }
}

function stage(count, live = []) {
  const daemon = new Daemon(count);
  const cluster = { status: 'ready', tasks: new Map(live.map(one => [one.id, one])) };
  const book = new TaskBook(cluster, daemon.calls(), () => {});
  book.fill();
  const tell = (ids, status = false) => book.apply({ status, tasks: new Set(ids) });
  return { daemon, cluster, book, tell };
}

const settled = async () => { for (let i = 0; i < 20; i++) await Promise.resolve(); };

test('pages follow one another without a gap and without a task twice', async () => {
  const { book } = stage(250);
  const seen = [];
  while (book.hasOlder({}) !== false) {
    await book.loadOlder({});
    seen.push(book.tasks.size);
  }
  assert.deepEqual(seen, [100, 200, 250]);
});

test('what lives counts, also if a page says otherwise', async () => {
  const { book } = stage(3, [task(3, 'running')]);
  await book.loadOlder({});
  assert.equal(book.tasks.get(3).state, 'running');
  assert.equal(book.tasks.size, 3);
});

test('a task that leaves the mirror keeps its last state until it was read anew', async () => {
  const { book, cluster, daemon, tell } = stage(3, [task(3, 'running')]);
  cluster.tasks.delete(3);
  daemon.history.set(3, task(3, 'failed'));
  tell([3]);
  assert.equal(book.tasks.get(3).state, 'running');
  await settled();
  assert.equal(book.tasks.get(3).state, 'failed');
  assert.deepEqual(daemon.asked, [3]);
});

test('after a restart of the daemon the pages are read again, and nothing is there twice', async () => {
  const { book, cluster, daemon, tell } = stage(120, [task(120, 'running')]);
  await book.loadOlder({});
  cluster.status = 'absent';
  tell([], true);
  assert.equal(book.tasks.size, 100, 'what was seen stays while the daemon is away');
  cluster.status = 'ready';
  cluster.tasks.clear();
  daemon.history.set(120, task(120, 'failed'));
  tell([120], true);
  assert.equal(book.hasOlder({}), null);
  await book.loadOlder({});
  await book.loadOlder({});
  assert.equal(book.tasks.size, 120);
  assert.equal(book.tasks.get(120).state, 'failed');
});

test('an answer from before a restart is not taken', async () => {
  const { book, cluster, tell } = stage(5);
  const late = book.loadOlder({});
  cluster.status = 'absent';
  tell([], true);
  cluster.status = 'ready';
  tell([], true);
  await late;
  assert.equal(book.tasks.size, 0);
  await book.loadOlder({});
  assert.equal(book.tasks.size, 5);
});

test('below the pages of a filter its tasks do not stand alone in the list of all', async () => {
  const { book, daemon } = stage(300);
  daemon.history.set(5, task(5, 'failed'));
  await book.loadOlder({});
  await book.loadOlder({ state: 'failed' });
  assert.ok(book.isWithin(book.tasks.get(5), { state: 'failed' }));
  assert.ok(!book.isWithin(book.tasks.get(5), {}));
  assert.ok(book.isWithin(book.tasks.get(250), {}));
});

test('a task that is not there is asked for once', async () => {
  const { book, daemon } = stage(3);
  book.want([99]);
  await settled();
  book.want([99]);
  await settled();
  assert.deepEqual(daemon.asked, [99]);
});

test('a task that could not be read is asked for again, and not shown as running for ever', async () => {
  const { daemon, cluster, tell } = stage(3, [task(3, 'running')]);
  const calls = daemon.calls();
  let fails = 2;
  const getTask = async id => {
    if (fails-- > 0) throw Object.assign(new Error('busy'), { name: 'Lost' });
    return calls.getTask(id);
  };
  const book = new TaskBook(cluster, { ...calls, getTask }, () => {}, { againMs: 1 });
  book.fill();
  cluster.tasks.delete(3);
  daemon.history.set(3, task(3, 'failed'));
  tell([3]);
  book.apply({ status: false, tasks: new Set([3]) });
  for (let i = 0; i < 500 && book.tasks.get(3).state !== 'failed'; i++) await new Promise(resolve => { setTimeout(resolve, 1); });
  assert.equal(book.tasks.get(3).state, 'failed');
});

test('a task that the daemon does not have any more is not shown', async () => {
  const { book, cluster, daemon, tell } = stage(3, [task(3, 'running')]);
  cluster.tasks.delete(3);
  daemon.history.delete(3);
  tell([3]);
  await settled();
  assert.ok(!book.tasks.has(3));
});

test('a task is asked for once, however often it is wanted before the answer', async () => {
  const { book, daemon } = stage(3);
  book.want([2]);
  book.want([2]);
  book.want([2, 2]);
  await settled();
  assert.deepEqual(daemon.asked, [2]);
});

test('what is let go of while a page is read leaves no gap', async () => {
  const { book, cluster, tell, daemon } = stage(0);
  for (let id = 1; id <= 3200; id++) daemon.history.set(id, task(id));
  await book.loadOlder({});
  const late = book.loadOlder({});
  for (let id = 3201; id <= 6400; id++) {
    daemon.history.set(id, task(id));
    cluster.tasks.set(id, task(id));
    tell([id]);
    cluster.tasks.delete(id);
  }
  await late;
  tell([]);
  const ids = [...book.tasks.keys()].filter(id => book.isWithin(book.tasks.get(id), {})).sort((a, b) => a - b);
  assert.equal(ids[ids.length - 1] - ids[0], ids.length - 1);
  const lowest = ids[0];
  await book.loadOlder({});
  assert.ok(book.tasks.has(lowest - 1), 'the next page begins where the last one ended');
});

test('ended tasks do not grow without end, and what was let go of can be loaded again', async () => {
  const { book, cluster, tell, daemon } = stage(0);
  await book.loadOlder({});
  for (let id = 1; id <= 5000; id++) {
    daemon.history.set(id, task(id));
    cluster.tasks.set(id, task(id));
    tell([id]);
    cluster.tasks.delete(id - 20);
  }
  assert.ok(book.tasks.size <= 3100, String(book.tasks.size));
  assert.equal(book.hasOlder({}), true);
  const lowest = Math.min(...book.tasks.keys());
  await book.loadOlder({});
  assert.equal(Math.min(...book.tasks.keys()), lowest - 100);
});
