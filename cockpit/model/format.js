// SPDX-License-Identifier: LGPL-2.1-or-later
// Numbers, sizes and times as the reader's language writes them.

import { _, format, language } from '../i18n.js';

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];
const formats = new Map();

function numbers(digits) {
  const key = language() + digits;
  if (!formats.has(key))
    formats.set(key, new Intl.NumberFormat(language(), { maximumFractionDigits: digits }));
  return formats.get(key);
}

function moments(options) {
  const key = language() + JSON.stringify(options);
  if (!formats.has(key)) formats.set(key, new Intl.DateTimeFormat(language(), options));
  return formats.get(key);
}

/** A number with at most `digits` after the decimal mark. */
export function number(value, digits = 0) {
  return numbers(digits).format(value);
}

/** Bytes, such as "1.5 GiB": three figures at most below 1,000 of a unit. */
export function size(bytes) {
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < UNITS.length - 1) {
    value /= 1024;
    unit++;
  }
  const digits = unit === 0 || value >= 100 ? 0 : value >= 10 ? 1 : 2;
  return number(value, digits) + '\u00a0' + UNITS[unit];
}

/** Bytes per second. */
export function rate(bytesPerSecond) {
  return format(_('$0/s'), size(bytesPerSecond));
}

/** Per cent of a fraction from 0 to 1. */
export function percent(fraction) {
  const key = language() + '%';
  if (!formats.has(key))
    formats.set(key, new Intl.NumberFormat(language(), { style: 'percent', maximumFractionDigits: 0 }));
  return formats.get(key).format(fraction);
}

/** A span of microseconds: "340 ms", "12 s", "3 min 5 s", "2 h 10 min". */
export function duration(us) {
  return spanText(us).replaceAll(' ', '\u00a0');
}

function spanText(us) {
  const ms = Math.max(0, us) / 1000;
  if (ms < 1000) return format(_('$0 ms'), number(ms));
  const s = ms / 1000;
  if (s < 10) return format(_('$0 s'), number(s, 1));
  if (s < 60) return format(_('$0 s'), number(Math.floor(s)));
  const minutes = Math.floor(s / 60);
  if (minutes < 60) return format(_('$0 min $1 s'), number(minutes), number(Math.floor(s % 60)));
  return format(_('$0 h $1 min'), number(Math.floor(minutes / 60)), number(minutes % 60));
}

/** A point in time, microseconds since 1970: the time alone if it is of the day of `nowMs`. */
export function time(us, nowMs = Date.now()) {
  const date = new Date(us / 1000);
  const today = date.toDateString() === new Date(nowMs).toDateString();
  return moments(today ? { timeStyle: 'medium' } : { dateStyle: 'short', timeStyle: 'medium' }).format(date);
}

/** A point in time with its date, for details and exports meant for people. */
export function fullTime(us) {
  return moments({ dateStyle: 'medium', timeStyle: 'long' }).format(new Date(us / 1000));
}

const NAME_MOST = 40;
const NAME_END = 12;

/**
 * A name that is too long for a cell, as two parts: the second is its end, by which such names
 * differ, and the first may be cut off. Null if all of it fits.
 */
export function splitName(text) {
  // A name of 4 KiB is not looked at letter by letter in every row.
  if (text.length <= NAME_MOST) return null;
  const end = Array.from(text.slice(-4 * NAME_END)).slice(-NAME_END).join('');
  return [text.slice(0, -end.length), end];
}

/** Orders texts as the page's language does, node2 before node10. */
export function compareTexts(a, b) {
  const key = language() + 'sort';
  if (!formats.has(key)) formats.set(key, new Intl.Collator(language(), { numeric: true }));
  return formats.get(key).compare(a, b);
}
