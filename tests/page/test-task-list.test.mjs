// SPDX-License-Identifier: LGPL-2.1-or-later
// The list of tasks: tree, filters, files.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileName, toCsv, toJson } from '../../cockpit/model/task-export.js';
import { daemonFilters, hasFilters, makeFilter, readFilters, writeFilters } from '../../cockpit/model/task-filter.js';
import { makeGroup, missingParents, treeRows, withWhole } from '../../cockpit/model/task-tree.js';
import { progressOf } from '../../cockpit/model/tasks.js';

const HOUR = 3600e6;
const NOW = Date.UTC(2026, 2, 1, 12) * 1000;
const task = (id, more) => ({ id, kind: 'migrate', vm: 'vm' + id, vmUuid: 'u' + id, source: 'anna', destination: 'bert', state: 'done',
  phase: 'done', progress: 100, progressValid: true, group: 0, parent: 0, created: NOW - HOUR, started: NOW - HOUR, finished: NOW - HOUR / 2,
  rate: 0, remaining: 0, downtime: -1, startedByUid: 0, error: '', errorName: '', note: '', ...more });
const book = tasks => new Map(tasks.map(one => [one.id, one]));
const keys = rows => rows.map(row => row.key);
const parents = rows => Object.fromEntries(rows.map(row => [row.key, row.parent]));

test('tasks of a drain stand below it, those of one order below a row of their own, the newest first', () => {
  const rows = treeRows(book([task(1, { kind: 'drain', source: 'anna' }), task(2, { parent: 1 }), task(3, { parent: 1 }), task(4),
    task(5, { group: 5 }), task(6, { group: 5 })]), () => true);
  assert.deepEqual(parents(rows), { t6: 'g5', t5: 'g5', g5: null, t4: null, t3: 't1', t2: 't1', t1: null });
  assert.deepEqual(keys(rows).filter(key => key.startsWith('t')), ['t6', 't5', 't4', 't3', 't2', 't1']);
});

test('one move alone is no group, and the tasks of a drain are its own even if they have one', () => {
  const rows = treeRows(book([task(1, { kind: 'drain' }), task(2, { parent: 1, group: 2 }), task(3, { parent: 1, group: 2 }), task(4, { group: 4 })]), () => true);
  assert.deepEqual(parents(rows), { t1: null, t2: 't1', t3: 't1', t4: null });
});

test('what stands above a match is shown, too, but is no match', () => {
  const rows = treeRows(book([task(1, { kind: 'drain' }), task(2, { parent: 1, state: 'failed' }), task(3, { parent: 1 })]), one => one.state === 'failed');
  assert.deepEqual(rows.map(({ key, matched }) => [key, matched]), [['t2', true], ['t1', false]]);
});

test('a group matches if all of it does', () => {
  const matched = wanted => treeRows(book([task(1, { group: 1 }), task(2, { group: 1, state: 'failed' })]), wanted)
    .find(row => row.key === 'g1').matched;
  assert.equal(matched(() => true), true);
  assert.equal(matched(one => one.state === 'failed'), false);
});

test('no row is there twice and every parent is there, whatever the tasks are', () => {
  let seed = 1;
  const random = most => { seed = (seed * 48271) % 2147483647; return seed % most; };
  for (let round = 0; round < 200; round++) {
    const tasks = book(Array.from({ length: 30 }, (none, at) => task(at + 1, {
      parent: random(3) ? 0 : random(at + 1), group: random(2) ? 0 : random(5) + 1, state: random(2) ? 'done' : 'failed' })));
    const rows = treeRows(tasks, one => one.state === 'failed');
    const there = new Set(keys(rows));
    assert.equal(there.size, rows.length);
    for (const row of rows) assert.ok(row.parent === null || there.has(row.parent));
    const failed = [...tasks.values()].filter(one => one.state === 'failed').length;
    assert.equal(rows.filter(row => row.matched && !row.task.isGroup).length, failed);
  }
});

test('parents that nobody loaded are known', () => {
  assert.deepEqual(missingParents(book([task(2, { parent: 1 }), task(3, { parent: 1 }), task(4)])), [1]);
});

test('a group needs attention if one of it does, runs while one runs, and failed if one failed', () => {
  const state = (...states) => makeGroup(1, states.map((one, at) => task(at + 1, { state: one }))).state;
  assert.equal(state('done', 'attention', 'running'), 'attention');
  assert.equal(state('done', 'queued', 'failed'), 'running');
  assert.equal(state('queued', 'queued'), 'queued');
  assert.equal(state('done', 'failed'), 'failed');
  assert.equal(state('done', 'done'), 'done');
});

test('how far a group is, is not told if its first task was not loaded', () => {
  assert.equal(makeGroup(1, [task(1), task(2, { state: 'running' })]).progress, 50);
  assert.equal(makeGroup(1, [task(2), task(3)]).progressValid, false);
  assert.equal(progressOf(makeGroup(1, [task(2), task(3)])), null);
  assert.equal(progressOf(makeGroup(1, [task(1), task(2)])), 100);
});

test('what is left of an order is all that is left of each, or it is not told', () => {
  const running = task(1, { state: 'running', phase: 'copying', remaining: 5, estimatedEndMin: 20, estimatedEndMax: 30, rate: 1 });
  const waiting = task(2, { state: 'queued', phase: 'queued', remaining: 0, vmUuid: 'u2', rate: 0 });
  assert.equal(makeGroup(1, [running, waiting], uuid => (uuid === 'u2' ? 100 : 0)).remaining, 105);
  assert.equal(makeGroup(1, [running, waiting]).remaining, 0);
  assert.equal(makeGroup(1, [running, waiting], () => 100).estimatedEndMax, 0);
  const other = { ...running, id: 3, remaining: 7, estimatedEndMin: 10, estimatedEndMax: 90 };
  const both = makeGroup(1, [running, other, task(4)]);
  assert.deepEqual([both.remaining, both.estimatedEndMin, both.estimatedEndMax], [12, 20, 90]);
  assert.equal(makeGroup(1, [running, { ...other, note: 'nothing was sent for 9 s' }]).estimatedEndMax, 0);
});

test('a drain that runs has the rate, the rest and the planned end of the whole', () => {
  const item = (state, more) => ({ state, action: 'migrate', memory: 10, end: 50, task: 0, ...more });
  const drain = items => task(1, { kind: 'drain', state: 'running', started: 1000, items });
  const child = task(2, { parent: 1, state: 'running', phase: 'copying', remaining: 4, rate: 3 });
  const whole = items => withWhole(drain(items), [child, task(3, { parent: 9, state: 'running', rate: 8 })]);
  const { remaining, rate, plannedEnd } = whole([item('moving', { task: 2 }), item('waiting', { end: 90 }), item('gone', { end: 500 }),
    item('waiting', { action: 'shutdown', memory: 99 })]);
  assert.deepEqual([remaining, rate, plannedEnd], [14, 3, 1090]);
  assert.equal(whole([item('waiting', { memory: 0 })]).remaining, 0);
  assert.equal(whole([item('waiting', { end: 0 }), item('waiting')]).plannedEnd, 0);
  assert.equal(whole([]).plannedEnd, 0);
});

test('filters go into the address and come back as they were', () => {
  const table = [{}, { state: 'failed' }, { vm: 'web 01', host: 'anna' }, { time: '24h', q: 'db' },
    { time: 'between', since: '2026-03-01T08:00', until: '2026-03-01T09:30' }];
  for (const options of table) assert.deepEqual(writeFilters(readFilters(options)), options);
});

test('what an address has that is no filter is left out', () => {
  const filters = readFilters({ state: 'brutal', time: 'soon', since: '2026-03-01T08:00', q: ['a', 'b'], other: 'x' });
  assert.deepEqual(writeFilters(filters), { q: 'a' });
  assert.ok(!hasFilters(readFilters({})));
});

const passing = (options, tasks, who = () => 'root') => {
  const filter = makeFilter(readFilters(options), NOW, who);
  return tasks.filter(filter).map(one => one.id);
};

test('each filter lets through what it names', () => {
  const tasks = [task(1, { state: 'failed', error: 'The port 49152 is closed' }), task(2, { source: 'clara', destination: 'dora' }),
    task(3, { state: 'queued', finished: 0 }), task(4, { kind: 'drain', vm: '', source: 'anna,clara', destination: '' }),
    task(5, { created: NOW - 50 * HOUR, finished: NOW - 49 * HOUR }), task(6, { created: NOW - 50 * HOUR, finished: 0, state: 'running' })];
  assert.deepEqual(passing({ state: 'failed' }, tasks), [1]);
  assert.deepEqual(passing({ state: 'open' }, tasks), [3, 6]);
  assert.deepEqual(passing({ host: 'clara' }, tasks), [2, 4]);
  assert.deepEqual(passing({ vm: 'vm2' }, tasks), [2]);
  assert.deepEqual(passing({ time: '24h' }, tasks), [1, 2, 3, 4, 6]);
  assert.deepEqual(passing({ q: '49152 PORT' }, tasks), [1]);
  assert.deepEqual(passing({ q: '#4' }, tasks), [4]);
  assert.deepEqual(passing({ q: 'carol' }, tasks, uid => (uid === 0 ? 'carol' : '')), [1, 2, 3, 4, 5, 6]);
  assert.deepEqual(passing({ state: 'failed', q: 'vm2' }, tasks), []);
});

test('the daemon is asked for what it can filter by', () => {
  assert.deepEqual(daemonFilters(readFilters({ state: 'failed', vm: 'web01', host: 'anna', q: 'x' })), { state: 'failed', vm: 'web01', host: 'anna' });
  assert.equal(daemonFilters(readFilters({ state: 'open' })).state, undefined);
});

function parseCsv(text) {
  const rows = [[]];
  for (const [, quoted, bare, end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/g)) {
    rows[rows.length - 1].push(quoted === undefined ? bare : quoted.replaceAll('""', '"'));
    if (end === '\r\n') rows.push([]);
  }
  rows.pop();
  return rows;
}

test('a file of commas has each task in a line, whatever its names are', () => {
  const names = ['plain', 'a,b', 'say "no"', 'two\nlines', '日本', ''];
  const [head, ...lines] = parseCsv(toCsv(names.map((vm, at) => task(at + 1, { vm })), () => 'root'));
  assert.deepEqual(lines.map(line => line[head.indexOf('vm')]), names);
  assert.ok(lines.every(line => line.length === head.length));
  assert.equal(lines[0][head.indexOf('created')], '2026-03-01T11:00:00.000Z');
  assert.equal(lines[0][head.indexOf('startedBy')], 'root');
  assert.equal(lines[0][head.indexOf('downtime')], '');
});

test('no cell of a file begins as a formula does', () => {
  for (const vm of ['=1+1', '+1', '-1', '@x', '\tx', '\rx', '\nx', ' =1+1', '\uff1d1+1']) {
    const [head, line] = parseCsv(toCsv([task(1, { vm })], () => ''));
    assert.doesNotMatch(line[head.indexOf('vm')], /^(\s*[=+\-@\uff1d]|[\t\r\n])/);
  }
});

test('a file of JSON has all that was told, and no path of the bus', () => {
  const [one] = JSON.parse(toJson([task(3, { path: '/org/virtern/Virtern1/tasks/3', downtime: 12 })], () => 'root'));
  assert.deepEqual([one.id, one.downtime, one.startedBy, one.path], [3, 12, 'root', undefined]);
});

test('a file is named by the moment, in letters that every file system takes', () => {
  assert.match(fileName('csv', NOW / 1000), /^virtern-tasks-2026-03-01T120000Z\.csv$/);
});
