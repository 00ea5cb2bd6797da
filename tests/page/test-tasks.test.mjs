// SPDX-License-Identifier: LGPL-2.1-or-later
// What is told of a task: progress, span, end, words; what can be done with it.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { actsOf } from '../../cockpit/model/task-acts.js';
import { countItems, doing, durationOf, endText, hostsOf, isStalled, isStuck, progressOf, progressText, readEjected,
  readTried, subject, toneOf, troubleOf } from '../../cockpit/model/tasks.js';

const SECOND = 1_000_000;
const NOW = 1_700_000_000 * SECOND;
const plain = text => text.replace(/\u00a0/g, ' ');

const STATES = ['queued', 'running', 'done', 'failed', 'cancelled', 'remainder', 'attention'];
const move = more => ({ id: 7, kind: 'migrate', vm: 'web01', vmUuid: 'u1', source: 'anna', destination: 'bert', state: 'running',
  phase: 'copying', progress: 40, progressValid: true, iteration: 2, started: NOW - 10 * SECOND, finished: 0, created: NOW - 12 * SECOND,
  convergence: 'converging', estimatedEndMin: 0, estimatedEndMax: 0, cancelRequested: false, cancelable: true, parent: 0, ...more });
const drain = more => move({ kind: 'drain', vm: '', vmUuid: '', source: 'anna, bert', destination: '', phase: 'draining', ...more });
const item = (state, more) => ({ vm: 'x', vmUuid: 'x', state, forRoom: false, ...more });

test('progress is 100 only when a task is done, and nothing where nothing was seen', () => {
  for (const state of STATES)
    for (let progress = 0; progress <= 120; progress += 1) {
      const seen = progressOf(move({ state, progress }));
      assert.equal(seen === 100, state === 'done');
      assert.ok(seen >= 0 && seen <= 100);
      if (state !== 'done') assert.equal(progressOf(move({ state, progress, progressValid: false })), null);
    }
});

test('a span ends with the task, and is never below nothing', () => {
  assert.equal(durationOf(move({}), NOW), 10 * SECOND);
  assert.equal(durationOf(move({ finished: NOW - 4 * SECOND, state: 'done' }), NOW), 6 * SECOND);
  assert.equal(durationOf(move({}), NOW - 60 * SECOND), 0);
  assert.equal(durationOf(move({ started: 0 }), NOW), null);
});

test('no end is told that was not estimated', () => {
  for (const state of STATES) assert.equal(endText(move({ state }), NOW), '–');
  assert.equal(endText(move({ estimatedEndMin: NOW - SECOND, estimatedEndMax: NOW - SECOND }), NOW), '–');
  for (const state of STATES.filter(one => one !== 'running'))
    assert.equal(endText(move({ state, estimatedEndMin: NOW + SECOND, estimatedEndMax: NOW + 9 * SECOND }), NOW), '–');
});

test('an end is a range, or the bound that is known', () => {
  const told = (min, max) => plain(endText(move({ estimatedEndMin: min && NOW + min * SECOND, estimatedEndMax: max && NOW + max * SECOND }), NOW));
  assert.equal(told(12, 40), 'in 12 s to 40 s');
  assert.equal(told(40, 40.5), 'in 40 s');
  assert.equal(told(12, 0), 'in 12 s at the earliest');
  assert.equal(told(-5, 40), 'within 40 s');
});

test('a copy that does not converge has no end, whatever was estimated before', () => {
  const task = move({ convergence: 'not-converging', estimatedEndMin: NOW + SECOND, estimatedEndMax: NOW + 9 * SECOND });
  assert.equal(endText(task, NOW), 'not converging');
  assert.ok(isStuck(task));
  for (const phase of ['queued', 'verifying', 'cancelling']) assert.ok(!isStuck({ ...task, phase }));
});

test('a copy that does not get on has no per cent and no end, and a tone that is not calm', () => {
  const estimated = { progress: 99, estimatedEndMin: NOW + SECOND, estimatedEndMax: NOW + 9 * SECOND };
  const table = [[{ convergence: 'not-converging' }, 'not converging'], [{ note: 'nothing was sent for 7.6 s' }, 'nothing is sent'],
    [{ phase: 'post-copy', note: 'db stands still where it lacks memory: nothing of it was seen to go over for 9 s; look at the link' }, 'nothing is sent']];
  for (const [more, words] of table) {
    const task = move({ ...estimated, ...more });
    assert.equal(troubleOf(task), words);
    assert.equal(progressOf(task), null);
    assert.equal(progressText(task), '');
    assert.equal(endText(task, NOW), words);
    assert.equal(toneOf(task), 'orange');
    for (const state of STATES.filter(one => one !== 'running')) assert.equal(troubleOf({ ...task, state }), '');
  }
  for (const note of ['', 'web01 is slowed by 20 %', 'said of “nothing was sent for 7 s”']) {
    assert.ok(!isStalled(move({ note })));
    assert.equal(toneOf(move({ note })), 'blue');
  }
});

test('the daemon still says by these words that nothing is sent', () => {
  const source = readFileSync(new URL('../../src/plan/converge-text.c', import.meta.url), 'utf8').replace(/"\s*"/g, '');
  assert.ok(source.includes('"nothing was sent for %s"'));
  assert.ok(source.includes(': nothing of it was seen to go over for %s'));
});

test('no per cent counts as copied what is to be copied again', () => {
  const told = (remaining, more) => progressOf(move({ progress: 99, memoryTotal: 16, remaining, ...more }));
  assert.equal(told(16, { iteration: 2 }), 0);
  assert.equal(told(4, { iteration: 2 }), 75);
  assert.equal(told(0, { iteration: 2 }), 99);
  assert.equal(told(20, { iteration: 2 }), 0);
  assert.equal(told(16, { iteration: 1, progress: 3 }), 3);
  assert.equal(told(4, { iteration: 9, state: 'done' }), 100);
});

test('a drain is about its hosts, and a return about those that the VMs come back to', () => {
  assert.deepEqual(hostsOf(drain({})), ['anna', 'bert']);
  assert.equal(subject(drain({ kind: 'return', source: '', destination: 'anna' })), 'anna');
  assert.equal(subject(move({})), 'web01');
});

test('a drain counts those that have left, and neither who makes room nor who was to stay', () => {
  const items = [item('gone'), item('moving'), item('left'), item('skipped'), item('gone', { forRoom: true })];
  const counts = countItems(drain({ items }));
  assert.deepEqual([counts.gone, counts.all], [1, 3]);
  assert.equal(doing(drain({ items })), 'Draining · 1 of 3 VMs are off the host · 1 stays');
  assert.equal(doing(drain({ items, state: 'remainder' })), '1 of 3 VMs are off the host · 2 stay');
  assert.equal(countItems(move({ items: [] })), null);
});

test('a drain is as far as its VMs have left, and no further than the end', () => {
  const items = [item('gone'), item('left'), item('gone', { forRoom: true })];
  assert.equal(progressOf(drain({ items, progress: 0 })), 50);
  assert.equal(progressOf(drain({ items, progress: 70 })), 70);
  assert.equal(progressOf(drain({ items: [item('gone')], state: 'running' })), 99);
  assert.equal(progressOf(drain({ items: [item('skipped')], progressValid: false })), null);
});

test('what is asked to stop is told so', () => {
  assert.equal(doing(move({})), 'Copying memory · pass 2');
  assert.match(doing(move({ cancelRequested: true })), /^Cancelling/);
});

test('sentences of the record may have the sign that parts them in themselves', () => {
  assert.deepEqual(readTried(['bert=port=49152 is closed', 'odd']), [{ host: 'bert', sentence: 'port=49152 is closed' }, { host: 'odd', sentence: '' }]);
  assert.deepEqual(readEjected(['sda=/a=b.iso']), [{ drive: 'sda', file: '/a=b.iso' }]);
});

const OPEN_WORLD = { vm: { host: 'anna', state: 'running' }, other: undefined, parent: undefined, hostsAreOpen: false };
const offered = (task, world = {}) => Object.fromEntries(actsOf(task, { ...OPEN_WORLD, ...world }).map(act => [act.id, act.why]));

test('each state offers what it allows, and nothing else', () => {
  const table = [
    [move({}), ['policy', 'cancel']],
    [move({ state: 'queued', phase: 'queued' }), ['policy', 'cancel']],
    [move({ kind: 'start', phase: 'starting' }), ['cancel']],
    [move({ state: 'done' }), []],
    [move({ state: 'failed' }), ['retry']],
    [move({ state: 'cancelled' }), ['retry']],
    [move({ state: 'attention' }), ['resolve', 'recheck']],
    [move({ state: 'attention', kind: 'start' }), ['recheck']],
    [drain({}), ['undo', 'cancel']],
    [drain({ state: 'remainder' }), ['resume', 'undo']],
    [drain({ state: 'cancelled' }), ['resume', 'undo']],
    [drain({ state: 'done' }), ['undo']],
    [drain({ kind: 'return' }), ['cancel']],
    [drain({ kind: 'return', state: 'remainder' }), []],
    [move({ kind: 'relocate', state: 'failed' }), []],
  ];
  for (const [task, ids] of table) assert.deepEqual(Object.keys(offered(task)), ids, `${task.kind} ${task.state}`);
});

test('what cannot be done says why, and what can says nothing', () => {
  assert.equal(offered(move({})).policy, '');
  assert.match(offered(move({ phase: 'post-copy' })).policy, /past the point/);
  assert.match(offered(move({ cancelable: false })).cancel, /past the point/);
  assert.match(offered(move({ cancelRequested: true })).cancel, /already/);
  assert.match(offered(move({ cancelRequested: true })).policy, /already/);
  assert.equal(offered(drain({ cancelRequested: true })).cancel, '');
  assert.equal(offered(move({ state: 'failed' })).retry, '');
  assert.match(offered(move({ state: 'failed' }), { vm: undefined }).retry, /No host/);
  assert.match(offered(move({ state: 'failed' }), { vm: { host: 'bert', state: 'running' } }).retry, /bert already/);
  assert.match(offered(move({ state: 'failed' }), { other: { id: 12 } }).retry, /12/);
  assert.match(offered(move({ state: 'failed', parent: 3 }), { parent: { state: 'remainder' } }).retry, /resume/);
  assert.match(offered(drain({ state: 'done', items: [item('left')] }), { hostsAreOpen: true }).undo, /nothing/);
  assert.equal(offered(drain({ state: 'done', items: [item('gone')] }), { hostsAreOpen: true }).undo, '');
});
