// SPDX-License-Identifier: LGPL-2.1-or-later
// Sizes, shares and times as people read them.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { duration, number, percent, size, splitName, time } from '../../cockpit/model/format.js';

const SECOND = 1_000_000;
const plain = text => text.replace(/\u00a0/g, ' ');

test('a size has three figures at most below a thousand of its unit', () => {
  for (let bytes = 1; bytes < 2 ** 52; bytes = Math.ceil(bytes * 1.37)) {
    const text = plain(size(bytes));
    assert.match(text, /^\d{1,4}(\.\d{1,2})? (B|[KMGTP]iB)$/);
    assert.ok(text.replace(/\D/g, '').length <= 3, text);
  }
});

test('a size is never off by more than half a hundredth', () => {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];
  for (let bytes = 1; bytes < 2 ** 52; bytes = Math.ceil(bytes * 1.37)) {
    const [value, unit] = plain(size(bytes)).split(' ');
    const shown = Number(value) * 1024 ** units.indexOf(unit);
    assert.ok(Math.abs(shown - bytes) <= bytes * 0.0051, `${bytes} is shown as ${value} ${unit}`);
  }
});

test('a span grows as time does, and has at most two units', () => {
  const spans = [0, 0.34, 9.94, 12, 59.9, 60, 185, 3599, 3600, 7800].map(s => plain(duration(s * SECOND)));
  assert.deepEqual(spans, ['0 ms', '340 ms', '9.9 s', '12 s', '59 s', '1 min 0 s', '3 min 5 s',
    '59 min 59 s', '1 h 0 min', '2 h 10 min']);
});

test('a span below nothing is nothing', () => {
  assert.equal(plain(duration(-SECOND)), '0 ms');
});

test('a share is a whole number of per cent', () => {
  assert.equal(percent(0.504), '50%');
  assert.equal(percent(1), '100%');
});

test('a number has the digits that were asked for at most', () => {
  assert.equal(number(1234.5678, 2), '1,234.57');
  assert.equal(number(3, 2), '3');
});

test('a time of today has no date, another one has', () => {
  const noon = new Date(2026, 2, 1, 12).getTime();
  assert.doesNotMatch(time(noon * 1000, noon + 1000), /26/);
  assert.match(time(noon * 1000, noon + 86_400_000), /26/);
});

test('a long name is parted so that both parts together are all of it, and no letter is cut', () => {
  for (const text of ['', 'web01', 'x'.repeat(40)]) assert.equal(splitName(text), null, text);
  for (const text of ['x'.repeat(41), 'M'.repeat(4096), '😀'.repeat(40), `long-${'h'.repeat(250)}`]) {
    const [begin, end] = splitName(text);
    assert.equal(begin + end, text);
    assert.ok(Array.from(end).length === 12 && !/[\uD800-\uDBFF]$/.test(begin), text);
  }
});
