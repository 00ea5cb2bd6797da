// SPDX-License-Identifier: LGPL-2.1-or-later
// The same act for several things: some may fail, and the others are done all the same.

import { _, format } from '../i18n.js';

const SIDE_BY_SIDE = 8;

/**
 * Does it for each, a few at a time, also when some fail.
 * @param {Array} items
 * @param {(item) => string} nameOf
 * @param {(item) => Promise} act
 * @throws {Error} with a line for each that failed; `failed` are these items. What a person
 *   declined ends it.
 */
export async function forEach(items, nameOf, act) {
  const waiting = [...items];
  const failed = [];
  const results = [];
  let declined = null;
  const worker = async () => {
    while (waiting.length && !declined) {
      const item = waiting.shift();
      try {
        results.push(await act(item));
      } catch (error) {
        if (error.name === 'Declined') declined = error;
        else failed.push({ item, line: items.length === 1 ? error.message : format(_('$0: $1'), nameOf(item), error.message) });
      }
    }
  };
  // The first one alone: if rights are lacking, a person is asked once.
  if (waiting.length > 1) {
    const rest = waiting.splice(1);
    await worker();
    waiting.push(...rest);
  }
  await Promise.all(Array.from({ length: SIDE_BY_SIDE }, worker));
  if (declined) throw declined;
  if (!failed.length) return results;
  const error = new Error(failed.map(({ line }) => line).join('\n'));
  error.failed = failed.map(({ item }) => item);
  throw error;
}

/**
 * The same, to be called again: what was done once is not done twice.
 * @returns {(act: (item) => Promise) => Promise}
 */
export function eachOnce(items, nameOf) {
  let rest = items;
  return act => forEach(rest, nameOf, async item => {
    await act(item);
    rest = rest.filter(one => one !== item);
  });
}
