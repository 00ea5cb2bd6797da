// SPDX-License-Identifier: LGPL-2.1-or-later
// Until when a lock holds, as people type it.

import { _, format } from '../i18n.js';
import { number } from './format.js';
import { typedNumber } from './typed.js';

const MINUTE_US = 60e6;
const HOUR_US = 3600e6;
const DAY_US = 24 * HOUR_US;
const LEAST_US = MINUTE_US;
const MOST_US = 3653 * DAY_US;

/* The end in microseconds since 1970; null if nothing was typed that is one. */
function endOf(kind, hours, date, nowUs) {
  if (kind === 'hours') {
    const value = typedNumber(hours);
    return value === null ? null : Math.round(nowUs + value * HOUR_US);
  }
  const ms = new Date(date).getTime();
  return Number.isFinite(ms) ? ms * 1000 : null;
}

/**
 * What is wrong with the end of a lock, as a sentence that says what to type; empty if nothing is.
 * @param {string} kind "never", "hours" or "date"
 * @param {string} hours a number, with the decimal mark of the language
 * @param {string} date of a field for date and time, local: "2026-01-31T18:00"
 * @param {number} nowUs microseconds since 1970
 */
export function expiryProblem(kind, hours, date, nowUs) {
  if (kind === 'never') return '';
  const end = endOf(kind, hours, date, nowUs);
  if (end === null)
    return kind === 'hours' ? format(_('Type a number of hours, such as $0 or 8.'), number(0.5, 1)) : _('Choose a date and a time.');
  if (kind === 'date' && end <= nowUs) return _('That time has passed: choose one to come.');
  if (end - nowUs < LEAST_US) return _('A lock holds for 1 minute at least.');
  return end - nowUs > MOST_US ? _('A lock holds for 10 years at most: choose a shorter time, or none.') : '';
}

/**
 * The end of a lock in microseconds since 1970; the parameters are those of expiryProblem().
 * @returns {number|undefined|null} undefined for never; null if something is wrong with it
 */
export function expiryOf(kind, hours, date, nowUs) {
  if (kind === 'never') return undefined;
  return expiryProblem(kind, hours, date, nowUs) ? null : endOf(kind, hours, date, nowUs);
}
