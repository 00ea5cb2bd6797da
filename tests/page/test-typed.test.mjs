// SPDX-License-Identifier: LGPL-2.1-or-later
// Numbers as people type them are read as they are meant, or not at all.

import assert from 'node:assert/strict';
import test from 'node:test';

const cockpit = { language: 'en', gettext: text => text };
globalThis.cockpit = cockpit;
const { numberToType, typedNumber } = await import('../../cockpit/model/typed.js');
const { moveNumbers } = await import('../../cockpit/model/move-numbers.js');

test('a number is read with the decimal mark of the language, and what may mean two is not', () => {
  const cases = [
    ['en', '1.5', 1.5], ['en', '1,5', null], ['en', '1,234', null], ['ja', '1,234', null],
    ['pl', '1,5', 1.5], ['pl', '1.5', 1.5], ['de', '1,5', 1.5], ['de', '1.234', null],
    ['en', '0', 0], ['en', ' 12 ', 12], ['en', '', null], ['en', '-1', null], ['en', '1e30', null],
    ['en', 'abc', null], ['en', '1.', null], ['en', '.5', null], ['en', '1 000', null],
    ['en', '9'.repeat(400), null],
  ];
  for (const [language, text, expected] of cases) {
    cockpit.language = language;
    assert.equal(typedNumber(text), expected, `${language}: ${text}`);
  }
});

test('what is shown to be typed again means the same', () => {
  for (const language of ['en', 'ja', 'pl', 'de'])
    for (const value of [0, 0.5, 1.25, 1234.5, 1e6]) {
      cockpit.language = language;
      assert.equal(typedNumber(numberToType(value)), value, `${language}: ${value}`);
    }
});

test('numbers of a move are taken in the units of the daemon, and nothing wrong is left out silently', () => {
  cockpit.language = 'en';
  assert.deepEqual(moveNumbers({ bandwidth: '', parallel: '' }), { options: {}, problems: {} });
  assert.deepEqual(moveNumbers({ bandwidth: '500', parallel: '4' }).options, { bandwidth: 500 * 2 ** 20, parallel: 4 });
  assert.deepEqual(moveNumbers({ bandwidth: '0', parallel: '0' }).options, { bandwidth: 0, parallel: 0 });
  for (const wrong of ['-1', '1e30', 'abc', '0.0000001', '99999999999999', '1,5'])
    assert.deepEqual(Object.keys(moveNumbers({ bandwidth: wrong, parallel: '' }).problems), ['bandwidth'], wrong);
  for (const wrong of ['-1', '2.5', '33', 'two'])
    assert.deepEqual(Object.keys(moveNumbers({ bandwidth: '', parallel: wrong }).problems), ['parallel'], wrong);
});
