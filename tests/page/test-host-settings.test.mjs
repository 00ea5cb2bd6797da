// SPDX-License-Identifier: LGPL-2.1-or-later
// A host's settings as they are typed, and what the daemon is told.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  NUMBERS,
  changesOf,
  formOf,
  newHostProblems,
  parseNumber,
  problemsOf,
} from '../../cockpit/model/host-settings.js';

const host = changes => ({
  name: 'n1',
  cluster: 'default',
  migrationAddress: '',
  peerUri: '',
  memoryReserve: 2 ** 29,
  limitOut: 0,
  limitIn: 4,
  linkRate: 1250000000,
  linkRateFrom: 'configured',
  bandwidth: 0,
  ...changes,
});

test('a form that nobody touched changes nothing', () => {
  for (const one of [
    host(),
    host({ linkRateFrom: 'seen' }),
    host({ bandwidth: 3 * 2 ** 20 + 17, memoryReserve: 123456789 }),
  ])
    assert.deepEqual(changesOf(formOf(one), formOf(one)), {});
});

test('numbers are shown in the units people use', () => {
  const form = formOf(host());
  assert.deepEqual(
    [form.memoryReserve, form.limitOut, form.limitIn, form.linkRate, form.bandwidth],
    ['0.5', '', '4', '10', '']
  );
});

test('a rate that moves showed is no setting', () => {
  assert.equal(formOf(host({ linkRateFrom: 'seen' })).linkRate, '');
});

test('what is typed is told in bytes, and only what differs', () => {
  const before = formOf(host());
  assert.deepEqual(
    changesOf(before, {
      ...before,
      linkRate: '2.5',
      memoryReserve: '4',
      limitIn: '',
      cluster: ' new ',
    }),
    { cluster: 'new', 'memory-reserve': 4 * 2 ** 30, 'limit-in': 0, 'link-rate': 312500000 }
  );
});

test('what is no number, too much or too little is refused, nothing is 0', () => {
  const table = [
    ['limitOut', '1.5'],
    ['limitOut', '1001'],
    ['limitIn', '-1'],
    ['linkRate', 'ten'],
    ['linkRate', '0.0001'],
    ['bandwidth', '0.5'],
    ['memoryReserve', '1e3'],
    ['memoryReserve', '1 000'],
  ];
  for (const [key, text] of table) assert.equal(parseNumber(key, text), null, `${key}: ${text}`);
  for (const key of Object.keys(NUMBERS)) {
    assert.equal(parseNumber(key, '  '), 0);
    assert.equal(parseNumber(key, '0'), 0);
  }
});

test('every number that the daemon gives comes back as it was', () => {
  for (const [key, { unit }] of Object.entries(NUMBERS))
    for (const value of [1, 2, 7, 100])
      assert.equal(parseNumber(key, formOf(host({ [key]: value * unit }))[key]), value * unit, key);
});

test('problems name the field and what to type', () => {
  const form = formOf(host());
  assert.deepEqual(problemsOf(form), {});
  const problems = problemsOf({ ...form, limitOut: 'x', linkRate: '-', cluster: ' ' });
  assert.deepEqual(Object.keys(problems).sort(), ['cluster', 'limitOut', 'linkRate']);
  for (const sentence of Object.values(problems)) assert.match(sentence, /^Type /);
});

test('a new host needs a name that is free and an address that can be opened', () => {
  const known = new Map([['n1', {}]]);
  const wrong = (name, uri) => Object.keys(newHostProblems({ name, uri }, known)).join(' ');
  const uri = 'qemu+ssh://root@n4/system';
  assert.equal(wrong('n4', uri), '');
  assert.equal(wrong('n4', 'sim://n4/'), '');
  for (const name of ['', ' ', '-n4', 'n 4', 'ñ4', '<b>', 'n1', 'x'.repeat(256)])
    assert.equal(wrong(name, uri), 'name', name);
  for (const bad of ['', 'n4', '10.0.0.4', 'root@n4:/system'])
    assert.equal(wrong('n4', bad), 'uri', bad);
});
