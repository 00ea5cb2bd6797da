// SPDX-License-Identifier: LGPL-2.1-or-later
// What a host's properties mean: memory, CPU, duty, and what may be done with it.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  beyondBaseline,
  beyondText,
  bits,
  countVms,
  cpuLoad,
  cpuText,
  dutyActs,
  hostDuty,
  hostState,
  linkText,
  matches,
  memoryOf,
  memoryParts,
  memoryWords,
  movesOf,
  runningText,
  seenText,
  version,
  whyNoDrain,
} from '../../cockpit/model/hosts.js';

const GIB = 2 ** 30;
const plain = text => text.replace(/\u00a0/g, ' ');
const host = changes => ({
  name: 'n1',
  state: 'up',
  duty: 'active',
  dutyTask: 0,
  lastSeen: 1,
  cpus: 8,
  cpuLoad: -1,
  memoryTotal: 64 * GIB,
  memoryFree: 40 * GIB,
  memoryReserve: GIB,
  memoryReserved: 0,
  memoryPromisable: 39 * GIB,
  linkRate: 0,
  linkRateFrom: 'unknown',
  error: '',
  ...changes,
});

test('the parts of memory are never negative and never more than there is', () => {
  const values = [0, 1, GIB, 8 * GIB, 64 * GIB, 200 * GIB];
  for (const memoryFree of values)
    for (const memoryReserve of values)
      for (const memoryReserved of values)
        for (const memoryPromisable of values) {
          const m = memoryOf(host({ memoryFree, memoryReserve, memoryReserved, memoryPromisable }));
          const parts = [m.used, m.reserved, m.reserve, m.free];
          assert.ok(
            parts.every(part => part >= 0),
            JSON.stringify(m)
          );
          assert.ok(parts.reduce((a, b) => a + b) <= m.total, JSON.stringify(m));
          assert.ok(memoryParts(m).reduce((sum, part) => sum + part.value, 0) <= m.total);
        }
});

test('memory of a host that was never seen is not known', () => {
  assert.equal(memoryOf(host({ memoryTotal: 0 })), null);
});

test('what is reserved for moves is told only if there is any', () => {
  assert.equal(plain(memoryWords(memoryOf(host()))), '39 GiB free · 1 GiB for the host');
  assert.equal(
    plain(memoryWords(memoryOf(host({ memoryReserved: 4 * GIB, memoryPromisable: 35 * GIB })))),
    '35 GiB free · 4 GiB reserved for moves · 1 GiB for the host'
  );
});

test('a load is a share of all CPUs, and what was not measured is not told as nothing', () => {
  const table = [
    [-1, null, 'not measured'],
    [0, 0, '0%'],
    [425, 0.425, '43%'],
    [1000, 1, '100%'],
    [1200, 1, '100%'],
  ];
  for (const [load, share, text] of table) {
    assert.equal(cpuLoad(host({ cpuLoad: load })), share);
    assert.equal(cpuText(host({ cpuLoad: load })), text);
  }
  assert.equal(cpuLoad(host({ cpuLoad: 0, cpus: 0 })), null);
  assert.equal(cpuLoad(host({ cpuLoad: undefined })), null);
});

test('every state and duty has words, and one that nobody knows is shown as it is', () => {
  assert.deepEqual(
    ['up', 'connecting', 'unreachable', 'lost'].map(state => hostState(host({ state })).text),
    ['Up', 'Connecting', 'Unreachable', 'lost']
  );
  assert.equal(hostDuty(host()), null);
  assert.deepEqual(
    ['draining', 'maintenance', 'returning', 'odd'].map(duty => hostDuty(host({ duty })).text),
    ['Draining', 'Maintenance', 'Returning', 'odd']
  );
});

test('facts of a host that is not up are said to be old', () => {
  assert.equal(seenText(host()), '');
  assert.match(
    seenText(host({ state: 'unreachable', lastSeen: 1e15 })),
    /^Last seen: .* What is shown was seen then\.$/
  );
  assert.match(seenText(host({ state: 'unreachable', lastSeen: 0 })), /never seen/);
});

test('only a host that is up and active can be drained, and whoever asks is told why not', () => {
  for (const state of ['up', 'connecting', 'unreachable'])
    for (const duty of ['active', 'draining', 'maintenance', 'returning']) {
      const one = host({ state, duty });
      const can = state === 'up' && duty === 'active';
      assert.equal(whyNoDrain(one) === '', can, `${state} ${duty}`);
      assert.equal(dutyActs(one, undefined).has('drain'), can, `${state} ${duty}`);
    }
});

test('what can be done about a duty follows from the task that holds it', () => {
  const acts = (duty, task) => [...dutyActs(host({ duty }), task)].sort().join(' ');
  const drain = state => ({ kind: 'drain', state });
  assert.equal(acts('draining', drain('running')), 'cancel undo');
  assert.equal(acts('draining', drain('queued')), 'cancel undo');
  assert.equal(acts('draining', drain('remainder')), 'activate resume undo');
  assert.equal(acts('maintenance', drain('done')), 'activate undo');
  assert.equal(acts('maintenance', undefined), 'activate');
  assert.equal(acts('returning', { kind: 'return', state: 'running' }), 'cancel');
  assert.equal(acts('returning', undefined), '');
});

test('VMs are counted on their host, and those that are off do not run', () => {
  const vms = [
    ['a', 'running'],
    ['a', 'paused'],
    ['a', 'shut-off'],
    ['b', 'unknown'],
    ['b', 'crashed'],
  ].map(([name, state]) => ({ host: name, state }));
  const counts = countVms(vms);
  assert.deepEqual(counts.get('a'), { all: 3, running: 2 });
  assert.equal(runningText(counts.get('a')), '2 of 3 running');
  assert.equal(runningText(counts.get('b')), '0 of 2 running');
  assert.equal(runningText(undefined), '0');
});

test('a CPU beyond the baseline names the first features and how many more', () => {
  assert.equal(beyondText([]), '');
  assert.equal(beyondText(undefined), '');
  assert.equal(beyondText(['aes']), '+ aes');
  assert.equal(beyondText(['a', 'b', 'c', 'd', 'e']), '+ a, b, c and 2 more');
  const byHost = beyondBaseline({ hosts: [{ host: 'n1', known: true, beyond: ['avx'] }] });
  assert.deepEqual(byHost.get('n1'), { known: true, beyond: ['avx'] });
  assert.equal(beyondBaseline(null).size, 0);
});

test('links are told in bits as cards are sold, versions in three numbers', () => {
  assert.deepEqual([125000000, 1250000000, 312500000, 12500000].map(bits), [
    '1 Gbit/s',
    '10 Gbit/s',
    '2.5 Gbit/s',
    '100 Mbit/s',
  ]);
  assert.equal(linkText(host()), 'not known');
  assert.deepEqual([9000000, 7002010, 0].map(version), ['9.0.0', '7.2.10', '–']);
});

test('moves of a host are those that are open, from or to it, the newest first', () => {
  const task = (id, state, source, destination, vm = 'web') => ({
    id,
    state,
    source,
    destination,
    vm,
  });
  const tasks = [
    task(1, 'running', 'n1', 'n2'),
    task(2, 'done', 'n1', 'n2'),
    task(3, 'queued', 'n2', 'n1'),
    task(4, 'running', 'n2', 'n3'),
    task(5, 'running', 'n1', '', ''),
    task(6, 'attention', 'n1', 'n3'),
  ];
  assert.deepEqual(
    movesOf('n1', tasks).map(one => one.id),
    [6, 3, 1]
  );
});

test('the filter looks at what names a host', () => {
  const one = host({
    hostname: 'Rack7',
    cluster: 'old',
    cpuModel: 'Westmere',
    uri: 'qemu+ssh://x/',
  });
  for (const text of ['', '  ', 'N1', 'rack', 'OLD', 'west', 'ssh'])
    assert.equal(matches(one, text), true, text);
  assert.equal(matches(one, 'n2'), false);
});
