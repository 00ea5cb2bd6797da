// SPDX-License-Identifier: LGPL-2.1-or-later
// The document of a plan as people read it, and what a plan is asked for with.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  CHOICES,
  basisOf,
  carryOutOptions,
  keepActions,
  leftOf,
  leftText,
  notesOf,
  obstacleTo,
  planOptions,
  rowsOf,
  seconds,
  shortText,
  stopSentence,
  stoppedBy,
  summaryOf,
  summaryText,
  whenText,
} from '../../cockpit/model/drain-plan.js';

const plain = text => text.replaceAll('\u00a0', ' ');
const item = (vm, changes) => ({
  vm,
  uuid: 'uuid-' + vm,
  host: 'n1',
  action: 'migrate',
  'for-room': false,
  state: 'waiting',
  destination: 'n2',
  memory: 2 ** 30,
  begin: 0,
  end: 10,
  reasons: [],
  ...changes,
});
const move = (number, vm, changes) => ({
  number,
  vm,
  uuid: 'uuid-' + vm,
  how: 'live',
  from: 'n1',
  to: 'n2',
  after: [],
  ...changes,
});
const plan = (items, moves, changes) => ({
  kind: 'drain',
  hosts: ['n1'],
  items,
  moves,
  makespan: 10,
  'highest-use': 500,
  'short-memory': 0,
  ...changes,
});
const choice = changes => ({
  actions: new Map(),
  deadline: null,
  moveShutOff: false,
  policy: '',
  priority: '',
  ...changes,
});

test('rows come in the order of the moves, those that stay at the end, and none is lost', () => {
  const items = [
    item('a'),
    item('b'),
    item('c', { state: 'left', destination: undefined }),
    item('d'),
  ];
  const rows = rowsOf(plan(items, [move(1, 'd'), move(2, 'b'), move(3, 'a')]));
  assert.deepEqual(
    rows.map(row => row.vm),
    ['d', 'b', 'a', 'c']
  );
  assert.equal(rows[3].move, null);
});

test('a plan is summed up: who leaves, who stays, how long, how full it gets', () => {
  const one = plan(
    [
      item('a'),
      item('b', { state: 'left' }),
      item('c', { state: 'skipped' }),
      item('x', { 'for-room': true, host: 'n2' }),
    ],
    []
  );
  assert.deepEqual(summaryOf(one), {
    leaving: 1,
    shutDown: 0,
    left: 1,
    skipped: 1,
    forRoom: 1,
    makespan: 10,
    highestUse: 0.5,
    shortMemory: 0,
  });
  assert.equal(
    summaryText(one).replace(/\u00a0/g, ' '),
    '1 VM leaves n1. Expected to take 10 s. 1 VM of another host moves to make room. The fullest host is then used to 50%.'
  );
  assert.equal(leftText(one), '1 VM cannot leave');
  assert.equal(leftOf(one).length, 1);
});

test('a time that is not known is said to be not known', () => {
  assert.match(summaryText(plan([item('a')], [move(1, 'a')], { makespan: 0 })), /not known/);
  assert.equal(plain(whenText({ move: move(1, 'a') })), 'not known');
  assert.equal(plain(whenText({ move: null })), '–');
  assert.equal(plain(whenText(item('a', { begin: 0.2, end: 9.1 }))), '1 s – 10 s');
});

test('a VM that is shut down does not leave', () => {
  const one = plan([item('a', { action: 'shutdown', begin: undefined, end: undefined })], [], {
    makespan: 0,
  });
  assert.equal(summaryText(one), 'No VM leaves n1. 1 VM is shut down.');
});

test('seconds are rounded up, so that nothing is promised too early', () => {
  for (let value = 0; value < 59; value += 0.37)
    assert.ok(parseInt(seconds(value), 10) >= value, seconds(value));
});

test('nobody to move is said in words', () => {
  assert.equal(summaryText(plan([], [])), 'There is no VM on n1.');
  assert.equal(summaryText(plan([item('a', { state: 'left' })], [])), 'No VM leaves n1.');
  assert.equal(
    summaryText(plan([], [], { kind: 'return' })),
    'No VM can be brought back to n1 now.'
  );
  assert.equal(leftText(plan([item('a')], [])), '');
});

test('a VM is stopped only by the actions that say so, and is named then', () => {
  for (const action of [...CHOICES, 'ask']) {
    const found = stoppedBy(plan([item('a', { action })], []));
    assert.equal(found.length === 1, ['cold', 'shutdown'].includes(action), action);
    for (const one of found) assert.match(stopSentence(one), /Shut down a\b/);
  }
  assert.deepEqual(
    stoppedBy(
      plan(
        [
          item('a', { action: 'shutdown', state: 'left' }),
          item('b', { action: 'cold', state: 'skipped' }),
        ],
        []
      )
    ),
    []
  );
  assert.ok(!CHOICES.includes('ask'));
});

test('notes say what is out of the ordinary of a row', () => {
  const table = [
    [item('a', { 'for-room': true, host: 'n3' }), move(1, 'a'), 'Leaves n3 only to make room'],
    [item('a', { state: 'left' }), null, 'Cannot leave, see above'],
    [item('a', { state: 'skipped', action: 'skip' }), null, 'Stays where it is'],
    [item('a', { state: 'skipped' }), null, 'Is shut off, and stays where it is'],
    [item('a'), move(1, 'a', { how: 'start' }), 'Is shut down, then started there'],
    [item('a'), move(1, 'a', { how: 'definition' }), 'Shut off: only its definition goes'],
    [item('a', { action: 'shutdown' }), null, 'Is shut down, and stays off'],
    [item('a'), move(3, 'a', { after: [1, 2] }), 'After b, c made room'],
  ];
  for (const [one, how, note] of table) {
    const whole = plan([one], [move(1, 'b'), move(2, 'c'), ...(how ? [how] : [])]);
    assert.ok(notesOf({ ...one, move: how }, whole).includes(note), note);
  }
  assert.deepEqual(notesOf({ ...item('a'), move: move(1, 'a') }, plan([], [])), []);
});

test('memory that all other hosts lack is told with its number', () => {
  assert.equal(shortText(plan([], [])), '');
  assert.match(shortText(plan([], [], { 'short-memory': 2 ** 31 })), /2.GiB/);
});

test('a plan is asked for with what was chosen and nothing else', () => {
  assert.deepEqual(planOptions(choice()), {});
  assert.deepEqual(
    planOptions(
      choice({
        actions: new Map([['u', 'skip']]),
        deadline: 1000,
        moveShutOff: true,
        policy: 'careful',
        priority: 'high',
      })
    ),
    {
      actions: { u: 'skip' },
      deadline: 1000000,
      'move-shut-off': true,
      policy: 'careful',
      priority: 'high',
    }
  );
  assert.deepEqual(carryOutOptions(choice({ deadline: 5, moveShutOff: true, policy: 'force' })), {
    policy: 'force',
  });
});

test('an action for a VM that is elsewhere or gone is not asked for any more', () => {
  const vms = new Map([
    ['here', { host: 'n1' }],
    ['moved', { host: 'n9' }],
  ]);
  const actions = new Map([
    ['here', 'skip'],
    ['moved', 'skip'],
    ['gone', 'skip'],
  ]);
  assert.deepEqual([...keepActions(actions, vms, ['n1', 'n2']).keys()], ['here']);
});

const active = { name: 'n1', state: 'up', duty: 'active', dutyTask: 0 };
const clusterOf = (n1, changes) => ({
  status: 'ready',
  hosts: new Map([...(n1 ? [['n1', { ...active, ...n1 }]] : []), ['n2', { ...active, name: 'n2' }]]),
  vms: new Map([
    ['a', { uuid: 'a', host: 'n1', state: 'running', locked: false, drainAction: '' }],
    ['b', { uuid: 'b', host: 'n2', state: 'running', locked: false, drainAction: '' }],
  ]),
  ...changes,
});

test('what stands in the way of a drain is told, with the task that does', () => {
  const table = [
    [{}, {}, null, 0],
    [{ duty: 'draining', dutyTask: 7 }, {}, /n1 is being drained already/, 7],
    [{ duty: 'maintenance', dutyTask: 7 }, {}, /n1 is drained already/, 7],
    [{ duty: 'returning', dutyTask: 8 }, {}, /being brought back to n1/, 8],
    [{ state: 'unreachable' }, {}, /n1 cannot be reached/, 0],
    [null, {}, /n1 is not a host of ours any more/, 0],
    [{}, { status: 'absent' }, /virternd does not answer/, 0],
  ];
  for (const [host, changes, text, task] of table) {
    const found = obstacleTo(['n2', 'n1'], clusterOf(host, changes));
    if (text === null) assert.equal(found, null);
    else assert.match(found.text, text);
    assert.equal(found?.task ?? 0, task);
  }
});

test('a plan is made anew when duties, daemon or the VMs of its hosts change, and for nothing else', () => {
  const before = basisOf(['n1'], clusterOf({}));
  const vm = (uuid, changes) => {
    const { vms } = clusterOf({});
    return new Map([...vms, [uuid, { ...vms.get('a'), ...changes }]]);
  };
  const table = [
    [clusterOf({}), false],
    [clusterOf({ memoryFree: 5 }), false],
    [clusterOf({}, { vms: vm('a', { cpuLoad: 5 }) }), false],
    [clusterOf({}, { vms: vm('b', { host: 'n3' }) }), false],
    [clusterOf({}, { vms: vm('b', { uuid: 'b' }) }), true],
    [clusterOf({}, { vms: vm('a', { host: 'n2' }) }), true],
    [clusterOf({}, { vms: vm('a', { locked: true }) }), true],
    [clusterOf({ duty: 'draining' }), true],
    [clusterOf({}, { status: 'absent' }), true],
    [clusterOf(null), true],
  ];
  for (const [cluster, changed] of table)
    assert.equal(basisOf(['n1'], cluster) !== before, changed, JSON.stringify([...cluster.vms]));
});
