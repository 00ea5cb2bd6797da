// SPDX-License-Identifier: LGPL-2.1-or-later
// A forecast in words: never more than was measured, and no policy offered without need.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { forecastWords } from '../../cockpit/model/forecast.js';

const forecast = (more = {}) => ({ known: true, memory: 2 ** 31, dirtyKnown: true, dirtyRate: 1e6, linkRate: 1e8,
  linkRateFrom: 'configured', min: 17e6, max: 26e6, downtime: 137e3, converges: true, givesUp: false, policy: 'default',
  recommended: 'careful', ...more });
const plain = text => text && text.replaceAll('\u00a0', ' ');
const fact = (words, name) => plain((words.facts.find(([key]) => key === name) || [])[1]);

test('a range has both ends, or one if they are the same', () => {
  assert.equal(fact(forecastWords(forecast()), 'Takes'), '17 s to 26 s');
  assert.equal(fact(forecastWords(forecast({ max: 17.2e6 })), 'Takes'), '17 s');
});

test('without the rate of the link no time is told', () => {
  const words = forecastWords(forecast({ known: false }));
  assert.equal(words.known, false);
  assert.deepEqual(words.facts.map(([name]) => name), ['To be copied', 'The guest writes']);
  assert.equal(words.offer, '');
});

test('what was not measured is not told as if it were', () => {
  const words = forecastWords(forecast({ dirtyKnown: false, converges: false, recommended: 'default' }));
  assert.equal(fact(words, 'Takes'), 'at least 17 s');
  assert.equal(fact(words, 'The guest writes'), 'not known');
  assert.notEqual(words.tone, 'success');
});

test('a move that would be given up says so, and tells no downtime', () => {
  for (const recommended of ['postcopy', 'default']) {
    const words = forecastWords(forecast({ converges: false, givesUp: true, recommended }));
    assert.equal(fact(words, 'Guest stands still'), undefined);
    assert.equal(fact(words, 'Given up after'), 'about 26 s');
    assert.match(words.text, /runs? on where it is/);
    assert.ok(['warning', 'danger'].includes(words.tone));
  }
});

test('another policy is offered only if it ends what would not end, or is gentler than a harsh one', () => {
  const table = [
    [{ policy: 'default', recommended: 'careful', converges: true }, ''],
    [{ policy: 'default', recommended: 'default', converges: false }, ''],
    [{ policy: 'default', recommended: 'postcopy', converges: false, givesUp: true }, 'postcopy'],
    [{ policy: 'careful', recommended: 'default', converges: false, givesUp: true }, 'default'],
    [{ policy: 'default', recommended: 'default', converges: false, givesUp: true }, ''],
    [{ policy: 'force', recommended: 'careful', converges: true }, 'careful'],
    [{ policy: 'postcopy', recommended: 'force', converges: false }, ''],
  ];
  for (const [more, offer] of table) assert.equal(forecastWords(forecast(more)).offer, offer, JSON.stringify(more));
});
