// SPDX-License-Identifier: LGPL-2.1-or-later
// The server's clock as the page takes it to be: as it was read there, and never behind a moment
// that the daemon told of.

import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';

let serverMs = null;
globalThis.cockpit = {
  gettext: text => text,
  spawn: async () => {
    if (serverMs === null) throw new Error('no such program');
    return String(serverMs()) + '\n';
  },
};
const { compareClocks, nowUs, observe } = await import('../../cockpit/bus/clock.js');

const HOUR_MS = 3600e3;
const aheadMs = () => nowUs() / 1000 - Date.now();
const isNear = (value, wanted) => assert.ok(Math.abs(value - wanted) < 2000, `${value}, not ${wanted}`);

beforeEach(async () => {
  serverMs = () => Date.now();
  await compareClocks();
});

test('another clock is followed, and let go of when both agree again', async () => {
  for (const skew of [HOUR_MS, -HOUR_MS, 0]) {
    serverMs = () => Date.now() + skew;
    await compareClocks();
    isNear(aheadMs(), skew);
  }
});

test('a moment just told of is not to come', () => {
  const us = (Date.now() + 1500) * 1000;
  observe(us);
  assert.ok(nowUs() >= us);
});

test('a time from when the clock there went wrong moves nothing', () => {
  observe((Date.now() + 1000 * HOUR_MS) * 1000);
  isNear(aheadMs(), 0);
});

test('where the clock cannot be read, what is told is all there is to go by', async () => {
  serverMs = null;
  await compareClocks();
  isNear(aheadMs(), 0);
  observe((Date.now() + HOUR_MS) * 1000);
  isNear(aheadMs(), HOUR_MS);
});
