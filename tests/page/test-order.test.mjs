// SPDX-License-Identifier: LGPL-2.1-or-later
// The order of names.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compareTexts } from '../../cockpit/model/format.js';
import { byName, inOrder } from '../../cockpit/model/order.js';

test('numbers in names count as numbers', () => {
  assert.deepEqual(inOrder(['node10', 'node9', 'node1']), ['node1', 'node9', 'node10']);
  assert.deepEqual([{ name: 'vm20' }, { name: 'vm3' }].sort(byName).map(({ name }) => name), ['vm3', 'vm20']);
});

test('each is there once, and nothing without a name', () => {
  assert.deepEqual(inOrder(new Set(['b', '', undefined, 'a', null, 'b']).values()), ['a', 'b']);
  assert.deepEqual(inOrder(['x', 'x']), ['x']);
});

test('the order is one: no two names stand both before each other', () => {
  const names = ['a', 'B', 'á', 'node1', 'node01', 'Node1', 'z', '10', '9', 'ｗ'];
  for (const a of names) {
    for (const b of names)
      assert.equal(Math.sign(compareTexts(a, b)) + Math.sign(compareTexts(b, a)), 0, `${a} ${b}`);
  }
});
