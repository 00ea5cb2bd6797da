// SPDX-License-Identifier: LGPL-2.1-or-later
// One act for several things.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eachOnce, forEach } from '../../cockpit/model/each.js';

const items = count => Array.from({ length: count }, (none, i) => i);
const nameOf = item => 'vm' + item;
const later = () => new Promise(resolve => { setImmediate(resolve); });

test('each is done exactly once, however many there are', async () => {
  for (const count of [0, 1, 2, 8, 9, 40]) {
    const seen = [];
    await forEach(items(count), nameOf, async item => { await later(); seen.push(item); });
    assert.deepEqual(seen.sort((a, b) => a - b), items(count));
  }
});

test('the first ends before others begin, and never more than eight are under way', async () => {
  let now = 0;
  let most = 0;
  await forEach(items(30), nameOf, async item => {
    now += 1;
    most = Math.max(most, now);
    if (item === 0) assert.equal(now, 1);
    await later();
    if (item === 0) assert.equal(now, 1);
    now -= 1;
  });
  assert.ok(most > 1 && most <= 8, String(most));
});

test('what fails is named with its reason, and does not keep the others', async () => {
  const done = [];
  const act = async item => {
    await later();
    if (item % 3 === 0) throw new Error('no ' + item);
    done.push(item);
  };
  await assert.rejects(forEach(items(7), nameOf, act), error => {
    assert.deepEqual(error.message.split('\n').sort(), ['vm0: no 0', 'vm3: no 3', 'vm6: no 6']);
    assert.deepEqual(error.failed.sort(), [0, 3, 6]);
    return true;
  });
  assert.deepEqual(done.sort(), [1, 2, 4, 5]);
});

test('a failure of a single one is told as it is', async () => {
  await assert.rejects(forEach(['a'], item => item, async () => { throw new Error('no'); }), { message: 'no' });
});

test('when a person declines, nothing further is begun', async () => {
  const begun = [];
  const act = async item => {
    begun.push(item);
    throw Object.assign(new Error('declined'), { name: 'Declined' });
  };
  await assert.rejects(forEach(items(20), nameOf, act), { name: 'Declined' });
  assert.deepEqual(begun, [0]);
});

test('tried again, only what failed is done', async () => {
  const each = eachOnce(items(4), nameOf);
  let broken = true;
  const done = [];
  const act = async item => {
    if (broken && item === 2) throw new Error('no');
    done.push(item);
  };
  await assert.rejects(each(act));
  broken = false;
  await each(act);
  assert.deepEqual(done.sort(), items(4));
});
