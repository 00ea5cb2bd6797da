// SPDX-License-Identifier: LGPL-2.1-or-later
// With whose rights an act is done, and what is said when it is not known what came of it.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Declined, makePerform } from '../../cockpit/perform.js';

const fault = name => Object.assign(new Error('Words of ' + name + '.'), { name });

/* A daemon that lets through what `may` says of each access. */
function stage({ user = false, admin = true, agrees = true } = {}) {
  const may = { user, admin };
  const done = [];
  const asked = [];
  const perform = makePerform(async () => {
    asked.push(true);
    await Promise.resolve();
    if (!agrees) throw new Declined();
  });
  const act = async access => {
    if (!may[access]) throw fault('NotAuthorized');
    done.push(access);
    return 7;
  };
  return { perform, act, may, done, asked };
}

test('what the user may do is done by the user, also after administrative access was used', async () => {
  const { perform, act, may, done, asked } = stage();
  await perform(act);
  may.user = true;
  await perform(act);
  assert.deepEqual(done, ['admin', 'user']);
  assert.equal(asked.length, 1);
});

test('a person who agreed is not asked again; nor do several acts at once ask several times', async () => {
  const { perform, act, done, asked } = stage();
  await Promise.all([perform(act), perform(act), perform(act)]);
  await perform(act);
  assert.equal(asked.length, 1);
  assert.equal(done.length, 4);
});

test('nothing is done as root if a person declines', async () => {
  const { perform, act, done } = stage({ agrees: false });
  await assert.rejects(perform(act), { name: 'Declined' });
  assert.deepEqual(done, []);
});

test('after the access was given up it is asked for again', async () => {
  const { perform, act, may, asked } = stage();
  await perform(act);
  may.admin = false;
  await assert.rejects(perform(act), /not allowed.*administrative access/);
  may.admin = true;
  await perform(act);
  assert.equal(asked.length, 2);
});

test('an act is sent once, whatever goes wrong with it, unless it was not allowed', async () => {
  for (const name of ['Lost', 'Disconnected', 'Absent', 'Refused', 'Busy', 'Failed']) {
    const { perform } = stage();
    let sent = 0;
    await assert.rejects(perform(async () => { sent++; throw fault(name); }), { name });
    assert.equal(sent, 1, name);
  }
});

test('of an act that was not answered it is said that it may have been begun', async () => {
  const { perform } = stage();
  const message = async name => {
    try {
      await perform(async () => { throw fault(name); });
    } catch (error) {
      return error.message;
    }
    return '';
  };
  for (const name of ['Lost', 'Disconnected'])
    assert.match(await message(name), /Words of .*may have been begun.*look at the tasks/);
  assert.match(await message('Absent'), /Nothing was begun/);
  assert.equal(await message('Busy'), 'Words of Busy.');
});
