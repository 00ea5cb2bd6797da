// SPDX-License-Identifier: LGPL-2.1-or-later
// Masking a CPU: what is asked for, and what hosts are won and lost.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { baselineStoppers, hostsChange, maskOptions, modelsOf } from '../../cockpit/model/mask.js';

test('exactly one thing is asked for, or nothing while it is not complete', () => {
  const table = [
    [['baseline', 'x', 'y'], { baseline: true }],
    [['clear', 'x', 'y'], { clear: true }],
    [['model', ' Westmere ', 'y'], { model: 'Westmere' }],
    [['model', '  ', 'y'], null],
    [['disable', 'x', 'avx512f, vmx  avx512f'], { disable: ['avx512f', 'vmx'] }],
    [['disable', 'x', ' , '], null],
  ];
  for (const [given, wanted] of table) assert.deepEqual(maskOptions(...given), wanted, given.join('|'));
});

test('every host is kept, won or lost, and none twice', () => {
  for (const [before, after] of [[['a', 'b'], ['b', 'c']], [[], ['a']], [['a'], []], [['a'], ['a']]]) {
    const { kept, won, lost } = hostsChange({ hostsBefore: before, hostsAfter: after });
    assert.deepEqual([...kept, ...lost].sort(), [...before].sort());
    assert.deepEqual([...kept, ...won].sort(), [...after].sort());
  }
});

test('models to choose from are those of the hosts, each once', () => {
  assert.deepEqual(modelsOf([{ cpuModel: 'W' }, { cpuModel: '' }, { cpuModel: 'C' }, { cpuModel: 'W' }]), ['C', 'W']);
});

test('a baseline is stopped by hosts of the same cluster whose CPU is not known, and by no others', () => {
  const host = (name, cluster, cpuModel = '', cpuVendor = '') => [name, { name, cluster, cpuModel, cpuVendor }];
  const hosts = new Map([host('a', 'one', 'Westmere', 'Intel'), host('b', 'one'), host('c', 'two'), host('d', 'one', '', 'AMD')]);
  assert.deepEqual(baselineStoppers({ host: 'a' }, hosts), ['b']);
  assert.deepEqual(baselineStoppers({ host: 'c' }, hosts), ['c']);
  assert.deepEqual(baselineStoppers({ host: 'gone' }, hosts), []);
  for (const [unknown, wanted] of [[[], []], [['c'], []], [['d', 'b', 'c'], ['b', 'd']], [['gone'], []]])
    assert.deepEqual(baselineStoppers({ host: 'a' }, hosts, unknown), wanted, unknown.join());
});
