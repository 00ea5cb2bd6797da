// SPDX-License-Identifier: LGPL-2.1-or-later
// Judged hosts: which can be chosen, which is best and why, what is in the way.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fits, groupReasons, keepChoice, mediaInTheWay, placesOf, whyBest } from '../../cockpit/model/places.js';

const reason = (code, severity = 'blocks', parameters = {}, sentence = code) =>
  ({ code, severity, sentence, remedy: '', parameters, detail: '' });
const judged = (host, verdict, reasons = [], scoreParts = {}) => ({ host, verdict, score: 0, scoreParts, state: 'up',
  cluster: 'default', memoryFree: 1, memoryNeed: 1, cpuModel: 'Westmere', reasons });
const hosts = new Map([['a', { cpuLoad: 250 }], ['b', { cpuLoad: -1 }]]);
const places = list => placesOf(list, hosts, 'web01');

test('every reason of a host is kept, those that block apart from those that warn', () => {
  const [place] = places([judged('a', 'no', [reason('one'), reason('two', 'warns'), reason('three')])]);
  assert.deepEqual(place.blocks.map(one => one.code), ['one', 'three']);
  assert.deepEqual(place.warns.map(one => one.code), ['two']);
});

test('the order of the daemon stays, and the load is known only where it was measured', () => {
  const list = places([judged('b', 'yes'), judged('a', 'warnings'), judged('gone', 'no')]);
  assert.deepEqual(list.map(place => [place.host, fits(place), place.load]), [['b', true, null], ['a', true, 0.25], ['gone', false, null]]);
});

test('a choice stays while its host fits, and is never silently another', () => {
  const list = places([judged('a', 'yes'), judged('b', 'no'), judged('c', 'warnings')]);
  const table = [['', ''], [null, null], ['a', 'a'], ['c', 'c'], ['b', null], ['gone', null]];
  for (const [chosen, kept] of table) assert.equal(keepChoice(list, chosen), kept, String(chosen));
  assert.equal(keepChoice([], ''), '');
});

test('the best host is told by what sets it apart most', () => {
  const table = [
    [{ memory: 0.9, cpu: 0.5 }, { memory: 0.4, cpu: 0.4 }, /memory/],
    [{ memory: 0.5, cpu: 0.9 }, { memory: 0.4, cpu: 0.2 }, /CPUs have the least/],
    [{ memory: 0.1, generation: 1 }, { memory: 0.9, generation: 0 }, /newer CPUs/],
    [{ spread: 0.8 }, { spread: 0.2 }, /fewest/],
    [{ memory: 0.5 }, { memory: 0.5 }, /as good as b/],
    [{ memory: 0.2 }, { memory: 0.9 }, /as good as b/],
  ];
  for (const [best, next, words] of table)
    assert.match(whyBest(places([judged('a', 'yes', [], best), judged('b', 'yes', [], next)]), 'a'), words);
});

test('hosts that do not fit are no match for the best one', () => {
  const list = places([judged('a', 'yes', [], { memory: 0.1 }), judged('b', 'no', [], { memory: 0.9 })]);
  assert.equal(whyBest(list, 'a'), 'it is the only host that fits');
  assert.equal(whyBest(list, 'b'), '');
});

test('media in the way are told once, however many hosts lack them', () => {
  const media = (drive, file, code = 'cdrom.local') => reason(code, 'blocks', { drive, file });
  const list = places([
    judged('a', 'no', [media('sdb', '/x.iso'), media('fda', '/y.img', 'floppy.local'), reason('memory.short')]),
    judged('b', 'no', [media('sdb', '/x.iso')]),
  ]);
  assert.deepEqual(mediaInTheWay(list), [{ drive: 'fda', file: '/y.img' }, { drive: 'sdb', file: '/x.iso' }]);
  assert.deepEqual(mediaInTheWay(places([judged('a', 'no', [reason('memory.short')])])), []);
});

test('a reason that several hosts have is told once, with all of them; none is lost', () => {
  const list = [
    { host: 'a', reasons: [reason('vm.hostdev'), reason('memory.short', 'blocks', {}, 'a is short')] },
    { host: 'b', reasons: [reason('vm.hostdev'), reason('memory.short', 'blocks', {}, 'b is short'), reason('w', 'warns')] },
  ];
  const groups = groupReasons(list, 'web01');
  assert.deepEqual(groups.map(group => [group.reason.sentence, group.hosts]),
                   [['vm.hostdev', ['a', 'b']], ['a is short', ['a']], ['b is short', ['b']]]);
});
