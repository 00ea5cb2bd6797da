// SPDX-License-Identifier: LGPL-2.1-or-later
// How a task went: phases, passes and steps; and the scales of the charts.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { areaPath, linePath, scale, ticks, timeTicks } from '../../cockpit/model/chart.js';
import { gapsOf, timeline, undatedSteps } from '../../cockpit/model/timeline.js';

const SECOND = 1_000_000;
const at = (seconds, more) => ({ time: seconds * SECOND, ...more });
const TRACE = {
  phases: [at(0, { phase: 'queued' }), at(2, { phase: 'preparing' }), at(3, { phase: 'copying' }), at(23, { phase: 'switching' }), at(24, { phase: 'done' })],
  samples: [at(2.9, { iteration: 1 }), at(8, { iteration: 1 }), at(13, { iteration: 2 }), at(20, { iteration: 3 })],
  steps: [at(13.5, { sentence: 'longer downtime' }), at(0, { sentence: 'of an older daemon' })],
};

test('phases follow one another and their spans make the whole', () => {
  const spans = timeline(TRACE, 24 * SECOND);
  assert.deepEqual(spans.map(({ phase, us }) => [phase, us / SECOND]), [['queued', 2], ['preparing', 1], ['copying', 20], ['switching', 1]]);
  assert.ok(Math.abs(spans.reduce((sum, { share }) => sum + share, 0) - 1) < 1e-9);
});

test('passes and steps stand below the copy they were in, also if they were seen a moment before', () => {
  const copy = timeline(TRACE, 24 * SECOND).find(({ phase }) => phase === 'copying');
  assert.deepEqual(copy.passes.map(({ iteration, us }) => [iteration, us / SECOND]), [[1, 10], [2, 7], [3, 3]]);
  assert.deepEqual(copy.steps.map(({ sentence }) => sentence), ['longer downtime']);
  assert.deepEqual(undatedSteps(TRACE).map(({ sentence }) => sentence), ['of an older daemon']);
});

test('the phase of a task that goes on lasts until now', () => {
  const spans = timeline({ ...TRACE, phases: TRACE.phases.slice(0, 3) }, 30 * SECOND);
  assert.equal(spans[2].us, 27 * SECOND);
});

test('another destination begins its passes anew', () => {
  const spans = timeline({ phases: [at(0, { phase: 'copying' }), at(10, { phase: 'preparing' }), at(11, { phase: 'copying' })],
    samples: [at(1, { iteration: 1 }), at(5, { iteration: 2 }), at(12, { iteration: 1 })], steps: [] }, 20 * SECOND);
  assert.deepEqual(spans.map(({ passes }) => passes.map(({ iteration }) => iteration)), [[1, 2], [], [1]]);
});

test('of a task without a trace nothing is told', () => {
  assert.deepEqual(timeline({ phases: [], samples: [], steps: [] }, SECOND), []);
});

test('ticks are round, begin at nothing, reach the greatest value and are few', () => {
  for (let max = 1; max < 2 ** 50; max = Math.ceil(max * 1.7))
    for (const bytes of [true, false]) {
      const values = ticks(max, 4, bytes);
      assert.equal(values[0], 0);
      assert.ok(values[values.length - 1] >= max, `${max}`);
      assert.ok(values.length >= 2 && values.length <= 6, `${max}: ${values}`);
    }
  assert.deepEqual(ticks(0, 4, true), [0, 1]);
});

test('times on the axis are within what is shown', () => {
  for (let seconds = 1; seconds < 10 * 86400; seconds = Math.ceil(seconds * 1.6)) {
    const values = timeTicks(seconds, 6);
    assert.ok(values.length >= 1 && values.length <= 7, `${seconds}: ${values}`);
    assert.ok(values.every(value => value <= seconds));
  }
});

test('a scale runs from end to end, and lines through their points', () => {
  const y = scale(10, 200, 0);
  assert.deepEqual([y(0), y(5), y(10)], [200, 100, 0]);
  assert.equal(linePath([{ x: 0, y: 1 }, { x: 2, y: 3 }]), 'M0.0 1.0L2.0 3.0');
  assert.equal(areaPath([{ x: 0, y: 1 }, { x: 2, y: 3 }], 9), 'M0.0 1.0L2.0 3.0L2.0 9.0L0.0 9.0Z');
  assert.equal(areaPath([], 9), '');
});

test('where nobody looked, and where a copy began anew, no line says what was between', () => {
  const sample = (seconds, processed) => at(seconds, { processed });
  const steady = Array.from({ length: 20 }, (none, i) => sample(i, i));
  assert.deepEqual([...gapsOf(steady)], []);
  assert.deepEqual([...gapsOf([...steady, sample(60, 21), sample(61, 22)])], [20]);
  assert.deepEqual([...gapsOf([...steady, sample(20, 3), sample(21, 4)])], [20]);
  assert.deepEqual([...gapsOf(Array.from({ length: 20 }, (none, i) => sample(60 * i, i)))], [], 'of a long copy they are rare');
  assert.deepEqual([...gapsOf([])], []);
  assert.equal(linePath([{ x: 0, y: 1 }, { x: 1, y: 1 }, { x: 5, y: 3, begins: true }, { x: 6, y: 3 }]), 'M0.0 1.0L1.0 1.0M5.0 3.0L6.0 3.0');
  assert.equal(areaPath([{ x: 0, y: 1 }, { x: 1, y: 1 }, { x: 5, y: 3, begins: true }, { x: 6, y: 3 }], 9),
               'M0.0 1.0L1.0 1.0L1.0 9.0L0.0 9.0ZM5.0 3.0L6.0 3.0L6.0 9.0L5.0 9.0Z');
});
