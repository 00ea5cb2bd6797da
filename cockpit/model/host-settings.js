// SPDX-License-Identifier: LGPL-2.1-or-later
// A host's settings as people type them, in the units they use, and what the daemon is told.

import { _, format } from '../i18n.js';
import { numberToType, typedNumber } from './typed.js';

const GIB = 2 ** 30;
const MIB = 2 ** 20;
const BYTES_PER_GBIT = 1e9 / 8;
const MAX_LIMIT = 1000;
const MIN_RATE = MIB;
const MAX_RATE = 2 ** 50;
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,254}$/;

/** Numbers of settings: how many of the daemon's units are one of the person's, and their bounds. */
export const NUMBERS = {
  memoryReserve: { option: 'memory-reserve', unit: GIB, least: 0, most: 2 ** 50 },
  limitOut: { option: 'limit-out', unit: 1, least: 0, most: MAX_LIMIT, whole: true },
  limitIn: { option: 'limit-in', unit: 1, least: 0, most: MAX_LIMIT, whole: true },
  linkRate: { option: 'link-rate', unit: BYTES_PER_GBIT, least: MIN_RATE, most: MAX_RATE },
  bandwidth: { option: 'bandwidth', unit: MIB, least: MIN_RATE, most: MAX_RATE },
};
const TEXTS = { cluster: 'cluster', migrationAddress: 'migration-address', peerUri: 'peer-uri' };

/** What a form shows of a host: numbers in people's units as text, empty for 0. */
export function formOf(host) {
  const form = {};
  for (const key of Object.keys(TEXTS)) form[key] = host[key] || '';
  for (const [key, { unit, whole }] of Object.entries(NUMBERS)) {
    // The link's rate is a setting only if somebody set it.
    const value = key === 'linkRate' && host.linkRateFrom !== 'configured' ? 0 : host[key] || 0;
    form[key] = value > 0 ? numberToType(whole ? value : Number((value / unit).toPrecision(6))) : '';
  }
  return form;
}

/** What was typed, in the daemon's units; null if it is no such number. */
export function parseNumber(key, text) {
  const { unit, least, most, whole } = NUMBERS[key];
  if (text.trim() === '') return 0;
  const typed = typedNumber(text);
  if (typed === null || (whole && !Number.isInteger(typed))) return null;
  const value = Math.round(typed * unit);
  // What is too little to count would mean "no limit".
  if (value === 0 && typed > 0) return null;
  return value === 0 || (value >= least && value <= most) ? value : null;
}

/**
 * What is wrong with a form, by field: sentences that say what to type.
 * @returns {object} empty if nothing is wrong
 */
export function problemsOf(form) {
  const problems = {};
  const wrong = {
    memoryReserve: _('Type a number of GiB, such as 2.'),
    limitOut: _('Type a whole number from 1 to 1000, or nothing for the limit of all hosts.'),
    limitIn: _('Type a whole number from 1 to 1000, or nothing for the limit of all hosts.'),
    linkRate: _('Type a number of Gbit/s, such as 10, or nothing for what moves show.'),
    bandwidth: _('Type a number of MiB/s, such as 500, or nothing for no limit.'),
  };
  for (const key of Object.keys(NUMBERS))
    if (parseNumber(key, form[key]) === null) problems[key] = wrong[key];
  if (form.cluster.trim() === '')
    problems.cluster = _('Type the name of a cluster, such as “default”.');
  return problems;
}

/** The options of SetHost that turn `before` into `after`: only what differs. */
export function changesOf(before, after) {
  const options = {};
  for (const [key, option] of Object.entries(TEXTS))
    if (after[key].trim() !== before[key]) options[option] = after[key].trim();
  for (const [key, { option }] of Object.entries(NUMBERS))
    if (after[key].trim() !== before[key]) options[option] = parseNumber(key, after[key]);
  return options;
}

/** What is wrong with the fields of a new host, by field. */
export function newHostProblems({ name, uri }, known) {
  const problems = {};
  if (name.trim() === '') problems.name = _('Type a name for the host, such as “node4”.');
  else if (!NAME.test(name.trim()))
    problems.name = _('Use letters, digits, “.”, “_” and “-”, and start with a letter or digit.');
  else if (known.has(name.trim()))
    problems.name = format(_('There is a host $0 already; choose another name.'), name.trim());
  if (uri.trim() === '')
    problems.uri = _(
      'Type the address that libvirt opens, such as “qemu+ssh://root@node4/system”.'
    );
  else if (!/^[a-z][a-z0-9+.-]*:[/]/i.test(uri.trim()))
    problems.uri = _(
      'This is no libvirt URI; it looks like “qemu+ssh://root@node4/system” or “qemu+tls://node4/system”.'
    );
  return problems;
}
