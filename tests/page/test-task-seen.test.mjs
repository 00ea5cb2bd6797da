// SPDX-License-Identifier: LGPL-2.1-or-later
// Where the VM of a task is said to be: only what is seen now, and what is not known is said so.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sighting, whereNow } from '../../cockpit/model/task-seen.js';

const TASK = { vm: 'torn', vmUuid: 'u1', source: 'anna', destination: 'bert' };

function world(seenOn, down = []) {
  const hosts = ['anna', 'bert', 'clara'].map(name => [name, { name, state: down.includes(name) ? 'unreachable' : 'up', error: '' }]);
  return { status: 'ready', hosts: new Map(hosts), vms: new Map(seenOn ? [['u1', { seenOn }]] : []) };
}

test('a VM that runs on one host, on two, on none or elsewhere is told as it is seen', () => {
  const nowhere = 'torn is not seen running now, neither on its source nor on its destination.';
  const table = [
    [[['anna', 'running']], 'torn runs on anna now.'],
    [[['anna', 'running'], ['bert', 'running']], 'torn RUNS TWICE now, on anna and on bert. Both may write to its disks.'],
    [[['anna', 'shut-off'], ['bert', 'running']], 'torn runs on bert now. On anna: Shut off.'],
    [[['clara', 'running']], 'torn runs on clara now.'],
    [[['anna', 'shut-off']], nowhere + ' On anna: Shut off.'],
    [null, nowhere],
  ];
  for (const [seenOn, wanted] of table) assert.equal(whereNow(world(seenOn), TASK), wanted);
});

test('of a host that does not answer nothing is told as seen', () => {
  const seenOn = [['anna', 'running'], ['bert', 'running']];
  assert.equal(whereNow(world(seenOn, ['bert']), TASK), 'torn runs on anna now. Whether it is on bert is not known.');
  assert.match(whereNow(world(seenOn, ['anna', 'bert']), TASK), /^torn is not seen .* anna is not known\. .* bert is not known\.$/);
  assert.equal(whereNow({ ...world(seenOn), status: 'gone' }, TASK), '');
  assert.match(sighting(world(seenOn, ['bert']), 'u1', 'bert'), /^not known/);
  assert.equal(sighting(world(seenOn), 'u1', 'clara'), 'not there');
  assert.equal(whereNow(world(seenOn), { ...TASK, vmUuid: '' }), '');
});
