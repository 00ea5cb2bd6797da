// SPDX-License-Identifier: LGPL-2.1-or-later
// What goes on with a VM, and what can be done with it.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { actsOf, chosenText, loadOf, lockHolds, lockWords, openTasks, partBy, runsTwice, stateReason }
  from '../../cockpit/model/vms.js';

const NOW = 1_750_000_000_000_000;
const HOUR = 3600_000_000;
const STATES = ['running', 'paused', 'shutting-down', 'shut-off', 'crashed', 'suspended', 'unknown'];
const ACTS = ['migrate', 'start', 'lock', 'unlock', 'mask', 'drain-action'];

const vm = (more = {}) => ({ uuid: 'u1', name: 'web01', host: 'node1', state: 'running', reason: 'other',
  seenOn: [['node1', 'running']], vcpus: 2, cpuLoad: -1, locked: false, lockOwner: '', lockReason: '',
  lockExpires: 0, persistent: true, ...more });
const locked = (lockExpires) => vm({ locked: true, lockOwner: 'nas', lockReason: 'backup', lockExpires });
const task = (id, state, vmUuid = 'u1') => ({ id, state, vmUuid, kind: 'migrate' });

test('an act is possible, or there is a sentence why not, in every state', () => {
  const tasks = [undefined, task(7, 'queued'), task(7, 'running'), task(7, 'attention')];
  for (const state of STATES)
    for (const one of tasks)
      for (const lock of [{}, { locked: true, lockOwner: 'nas', lockReason: 'backup' }])
        for (const persistent of [true, false]) {
          const acts = actsOf(vm({ state, persistent, ...lock }), one, NOW);
          assert.deepEqual(Object.keys(acts), ACTS);
          for (const [act, { can, why }] of Object.entries(acts))
            assert.equal(can, why === '', `${act} of a VM that is ${state}`);
          assert.ok(!(acts.migrate.can && acts.start.can), `${state} both migrates and starts`);
        }
});

test('a VM migrates only while it runs, and starts only while it does not', () => {
  for (const state of STATES) {
    const acts = actsOf(vm({ state }), undefined, NOW);
    assert.equal(acts.migrate.can, state === 'running', state);
    assert.equal(acts.start.can, state === 'shut-off' || state === 'crashed', state);
  }
});

test('a task that is under way keeps a VM from being moved, started and masked, and is named', () => {
  for (const state of ['queued', 'running', 'attention'])
    for (const act of ['migrate', 'start', 'mask']) {
      const { can, why } = actsOf(vm({ state: act === 'start' ? 'shut-off' : 'running' }), task(42, state), NOW)[act];
      assert.equal(can, false);
      assert.match(why, /42/);
    }
});

test('a lock that holds names its owner and reason; one that expired holds nothing', () => {
  const table = [[0, true], [NOW + HOUR, true], [NOW + 1, true], [NOW, false], [NOW - HOUR, false]];
  for (const [expires, holds] of table) {
    const one = locked(expires);
    assert.equal(lockHolds(one, NOW), holds, String(expires - NOW));
    assert.match(lockWords(one, NOW), /nas.*backup/);
    assert.equal(actsOf(one, undefined, NOW).migrate.can, !holds);
    assert.equal(actsOf(one, undefined, NOW).lock.can, !holds);
    assert.equal(actsOf(one, undefined, NOW).unlock.can, true);
    if (holds) assert.match(actsOf(one, undefined, NOW).migrate.why, /nas.*backup/);
  }
  assert.equal(lockWords(vm(), NOW), '');
});

test('only two copies that run are an alarm: a migration shows a second one that waits', () => {
  const table = [
    [[['node1', 'running']], 0],
    [[['node1', 'running'], ['node2', 'paused']], 0],
    [[['node1', 'shut-off'], ['node2', 'running']], 0],
    [[['node1', 'running'], ['node2', 'running']], 2],
    [[['node1', 'running'], ['node2', 'unknown'], ['node3', 'running']], 2],
    [[], 0],
  ];
  for (const [seenOn, count] of table) assert.equal(runsTwice(vm({ seenOn })).length, count, JSON.stringify(seenOn));
});

test('of several tasks that in attention counts most, then what runs, then the newest', () => {
  const order = [task(9, 'attention'), task(8, 'running'), task(12, 'queued'), task(11, 'queued')];
  for (let from = 0; from < order.length; from += 1)
    for (const list of [order.slice(from), order.slice(from).reverse()])
      assert.equal(openTasks(list).get('u1'), order[from]);
});

test('tasks that ended and drains, which have no VM, are not what goes on with one', () => {
  const ended = ['done', 'failed', 'cancelled', 'remainder'].map((state, id) => task(id, state));
  assert.equal(openTasks([...ended, task(20, 'running', '')]).size, 0);
});

test('the load is a part of the VM\'s own CPUs, and unknown when it was not measured', () => {
  assert.equal(loadOf(vm({ cpuLoad: 1500, vcpus: 2 })), 0.75);
  assert.equal(loadOf(vm({ cpuLoad: 0, vcpus: 2 })), 0);
  assert.equal(loadOf(vm({ cpuLoad: -1 })), null);
  assert.equal(loadOf(vm({ cpuLoad: 100, vcpus: 0 })), null);
});

test('a reason is told where it says something', () => {
  assert.equal(stateReason(vm({ state: 'paused', reason: 'io-error' })), 'a disk could not be read or written');
  assert.equal(stateReason(vm({ state: 'running', reason: 'user' })), '');
  assert.equal(stateReason(vm({ state: 'shut-off', reason: 'migrated' })), '');
  assert.equal(stateReason(vm({ reason: 'no such reason' })), '');
});

test('of several VMs each is either acted on or left out with its reason', () => {
  const vms = [vm(), vm({ uuid: 'u2', state: 'shut-off' }), { ...locked(0), uuid: 'u3' }, vm({ uuid: 'u4' })];
  const tasks = new Map([['u4', task(5, 'running', 'u4')]]);
  for (const act of ACTS) {
    const { can, cannot } = partBy(act, vms, tasks, NOW);
    assert.equal(can.length + cannot.length, vms.length);
    assert.ok(cannot.every(({ why }) => why.length > 3));
  }
  assert.deepEqual(partBy('migrate', vms, tasks, NOW).can.map(one => one.uuid), ['u1']);
  assert.deepEqual(partBy('start', vms, tasks, NOW).can.map(one => one.uuid), ['u2']);
});

test('of those that are chosen it is said how many no row shows', () => {
  assert.equal(chosenText(3, 2), '3 chosen, 2 hidden');
  assert.equal(chosenText(3, 0), '3 chosen');
  assert.match(chosenText(0, 0), /Choose/);
});
