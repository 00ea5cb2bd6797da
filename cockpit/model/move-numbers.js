// SPDX-License-Identifier: LGPL-2.1-or-later
// The numbers of how a move is made, as people type them and as Migrate takes them.

import { _ } from '../i18n.js';
import { typedNumber } from './typed.js';

const MIB = 2 ** 20;
const MOST_MIB = 2 ** 30;
const MOST_CONNECTIONS = 32;

/**
 * @param {object} typed bandwidth (MiB/s) and parallel, as text; empty for as configured
 * @returns {{options: object, problems: object}} options of Migrate; sentences by field, empty if
 *   nothing is wrong
 */
export function moveNumbers(typed) {
  const options = {};
  const problems = {};
  const take = (name, unit, isRight, sentence) => {
    if (typed[name].trim() === '') return;
    const value = typedNumber(typed[name]);
    if (value !== null && isRight(value)) options[name] = Math.round(value * unit);
    else problems[name] = sentence;
  };
  take('bandwidth', MIB, value => value === 0 || (value >= 1 && value <= MOST_MIB),
       _('Type a number of MiB/s from 1 on, such as 500, or 0 for no limit.'));
  take('parallel', 1, value => Number.isInteger(value) && value <= MOST_CONNECTIONS,
       _('Type a whole number from 0 to 32.'));
  return { options, problems };
}
