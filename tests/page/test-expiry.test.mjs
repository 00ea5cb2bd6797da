// SPDX-License-Identifier: LGPL-2.1-or-later
// Until when a lock holds.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { expiryOf, expiryProblem } from '../../cockpit/model/expiry.js';

const NOW = Date.UTC(2026, 0, 31, 12) * 1000;

test('never is not a time', () => {
  assert.equal(expiryOf('never', '8', '2026-02-01T08:00', NOW), undefined);
});

test('hours count from now, and must be some', () => {
  assert.equal(expiryOf('hours', '8', '', NOW), NOW + 8 * 3600e6);
  assert.equal(expiryOf('hours', '0.5', '', NOW), NOW + 1800e6);
  for (const hours of ['', ' ', '0', '-1', 'eight', 'Infinity', '1e300', '999999', '1,234', '0.0001', '87673'])
    assert.equal(expiryOf('hours', hours, '', NOW), null, hours);
  assert.equal(expiryOf('hours', '87660', '', NOW), NOW + 87660 * 3600e6);
  assert.equal(expiryOf('hours', '0.02', '', NOW), NOW + 72e6);
});

test('a date must be one, and be to come', () => {
  const later = new Date(NOW / 1000 + 3600e3);
  const local = new Date(later.getTime() - later.getTimezoneOffset() * 60000).toISOString().slice(0, 16);
  assert.equal(expiryOf('date', '', local, NOW), later.getTime() * 1000);
  for (const date of ['', '2025-12-31T08:00', 'tomorrow']) assert.equal(expiryOf('date', '', date, NOW), null, date);
});

test('whatever is typed either is an end from 1 minute to 10 years on, or is told what is wrong with it', () => {
  const local = ms => new Date(ms - new Date(ms).getTimezoneOffset() * 60000).toISOString().slice(0, 16);
  const now = NOW / 1000;
  const dates = ['', 'x', ...[-1e12, -60e3, 0, 60e3, 120e3, 1e9, 3.1e11, 3.2e11, 1e13].map(ms => local(now + ms))];
  const hours = ['', ' ', '0', '-5', '0.0001', '0.01', '0.02', '1', '8', '87,660', '87660', '99999999', '1e9', '1e30', 'abc'];
  const cases = [...dates.map(date => ['date', '', date]), ...hours.map(text => ['hours', text, ''])];
  for (const [kind, text, date] of cases) {
    const end = expiryOf(kind, text, date, NOW);
    const problem = expiryProblem(kind, text, date, NOW);
    assert.equal(end === null, problem !== '', `${kind} ${text}${date}: ${end} ${problem}`);
    if (end !== null) assert.ok(end - NOW >= 60e6 && end - NOW <= 3653 * 86400e6, `${kind} ${text}${date}`);
  }
  assert.equal(expiryProblem('never', '', '', NOW), '');
});
