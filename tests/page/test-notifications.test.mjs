// SPDX-License-Identifier: LGPL-2.1-or-later
// What is told of tasks to who looks elsewhere: each end once, and nothing of the past.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { watchTasks } from '../../cockpit/notifications.js';

function stage() {
  const told = [];
  const texts = [];
  let listener = null;
  const cluster = { tasks: new Map(), vms: new Map(), subscribe: one => { listener = one; } };
  watchTasks(cluster, task => task.seen, (tone, text, task) => { told.push([tone, task.id]); texts.push(text); });
  const set = (id, state, more) => cluster.tasks.set(id, { id, state, kind: 'migrate', vm: 'web01', ...more });
  const change = (ids, status = false) => listener({ status, tasks: new Set(ids) });
  return { cluster, told, texts, set, change };
}

test('what ended before one looked, or while the daemon was away, is not told', () => {
  const { told, set, change } = stage();
  set(1, 'failed');
  set(2, 'running');
  change([1, 2], true);
  set(2, 'done');
  change([1, 2], true);
  change([1, 2]);
  assert.deepEqual(told, []);
});

test('each end is told once, with bad news as bad', () => {
  const { told, set, change } = stage();
  const tones = { done: 'success', failed: 'danger', attention: 'danger', remainder: 'warning', cancelled: 'info' };
  let id = 0;
  for (const [state, tone] of Object.entries(tones)) {
    set(++id, 'running');
    change([id]);
    set(id, state);
    change([id]);
    change([id]);
    assert.deepEqual(told.splice(0), [[tone, id]]);
  }
});

test('a task that begins and fails at once is told of, too', () => {
  const { told, set, change } = stage();
  set(1, 'failed');
  change([1]);
  assert.deepEqual(told, [['danger', 1]]);
});

test('what a drain does is told by the drain, unless a person must decide', () => {
  const { told, set, change } = stage();
  set(1, 'running', { parent: 9 });
  set(2, 'running', { parent: 9 });
  change([1, 2]);
  set(1, 'failed', { parent: 9 });
  set(2, 'attention', { parent: 9 });
  change([1, 2]);
  assert.deepEqual(told, [['danger', 2]]);
});

test('what is in view is not told', () => {
  const { told, set, change } = stage();
  set(1, 'running');
  change([1]);
  set(1, 'done', { seen: true });
  change([1]);
  assert.deepEqual(told, []);
});

test('an order of several is one piece of news at its end, and tells of what fails before that', () => {
  const { told, texts, set, change } = stage();
  const ids = [1, 2, 3, 4];
  const all = state => ids.forEach(id => set(id, state, { group: 1 }));
  all('running');
  change(ids);
  set(1, 'done', { group: 1 });
  change([1]);
  assert.deepEqual(told, []);
  set(2, 'failed', { group: 1 });
  change([2]);
  assert.deepEqual(told.splice(0), [['danger', 2]]);
  assert.equal(texts.pop(), 'The order for 4 VMs goes on: 1 done, 1 failed');
  set(3, 'done', { group: 1 });
  set(4, 'done', { group: 1 });
  change([3, 4]);
  assert.deepEqual(told, [['danger', 3]]);
  assert.equal(texts.pop(), 'The order for 4 VMs has ended: 3 done, 1 failed');
});

test('who must decide is told so at once, also within an order, and by where the VM runs', () => {
  const { cluster, told, texts, set, change } = stage();
  cluster.vms.set('u1', { seenOn: [['anna', 'running'], ['bert', 'running']] });
  const more = { group: 1, vmUuid: 'u1', source: 'anna', destination: 'bert' };
  set(1, 'running', more);
  set(2, 'running', { group: 1 });
  change([1, 2]);
  set(1, 'attention', more);
  change([1]);
  assert.deepEqual(told, [['danger', 1]]);
  assert.equal(texts[0], 'web01 RUNS TWICE, on anna and on bert: it needs your decision now');
});

test('a notice is a sentence for each kind of task and each end', () => {
  for (const kind of ['migrate', 'start', 'drain', 'return'])
    for (const state of ['done', 'failed', 'cancelled', 'remainder', 'attention']) {
      const hosts = kind === 'drain' || kind === 'return';
      if ((state === 'remainder') !== hosts && state !== 'done') continue;
      const { texts, set, change } = stage();
      const more = { kind, source: 'anna', destination: kind === 'drain' ? '' : 'bert', vm: hosts ? '' : 'web01' };
      set(1, 'running', more);
      change([1]);
      set(1, state, more);
      change([1]);
      assert.match(texts[0], kind === 'drain' ? /anna/ : kind === 'return' ? /bert/ : /web01/);
      assert.doesNotMatch(texts[0], /\$|:.*(Done|Failed|Attention|Cancelled)|undefined/);
    }
});
