// SPDX-License-Identifier: LGPL-2.1-or-later
// Filters of the table of tasks: in the page's address, against a task, and as the daemon takes them.

import { hasEnded, hostsOf, isOfHosts, isOpen, title } from './tasks.js';
import { TASK_STATES, kind, taskState } from './words.js';

const HOUR_US = 3600e6;
const SPANS = { '1h': HOUR_US, '24h': 24 * HOUR_US, '7d': 168 * HOUR_US, '30d': 720 * HOUR_US };
const MINUTE = /^\d{4}-\d\d-\d\dT\d\d:\d\d$/;

/** Names of the spans of time that can be chosen, the shortest first. */
export const SPAN_NAMES = Object.keys(SPANS);
/** States that can be chosen: "open" is queued or running. */
export const FILTER_STATES = ['open', ...TASK_STATES];

const one = value => (Array.isArray(value) ? value[0] : value) || '';

/**
 * Filters as the address has them; what is not understood is left out.
 * @returns {{state, vm, host, time, since, until, q}} texts, empty for no filter; since and until are local
 *   times such as "2026-03-01T08:00" and count if time is "between"
 */
export function readFilters(options) {
  const filters = { state: '', vm: one(options.vm), host: one(options.host), time: '', since: '', until: '',
                    q: one(options.q) };
  if (FILTER_STATES.includes(one(options.state))) filters.state = one(options.state);
  if (one(options.time) in SPANS || one(options.time) === 'between') filters.time = one(options.time);
  for (const name of ['since', 'until'])
    if (filters.time === 'between' && MINUTE.test(one(options[name]))) filters[name] = one(options[name]);
  return filters;
}

/** Options of the address for filters: only those that are set. */
export function writeFilters(filters) {
  const options = {};
  for (const [name, value] of Object.entries(filters))
    if (value && (filters.time === 'between' || (name !== 'since' && name !== 'until'))) options[name] = value;
  return options;
}

/** Whether anything is filtered at all. */
export const hasFilters = filters => Object.keys(writeFilters(filters)).length > 0;

/** The part of them that the daemon can apply, as options of ListTasks. */
export function daemonFilters(filters) {
  return {
    state: filters.state && filters.state !== 'open' ? filters.state : undefined,
    vm: filters.vm || undefined, host: filters.host || undefined,
  };
}

/** From when to when, in microseconds; 0 and Infinity for no bound. */
export function spanOf(filters, nowUs) {
  if (filters.time in SPANS) return { fromUs: nowUs - SPANS[filters.time], toUs: Infinity };
  if (filters.time !== 'between') return { fromUs: 0, toUs: Infinity };
  return {
    fromUs: filters.since ? new Date(filters.since).getTime() * 1000 : 0,
    toUs: filters.until ? new Date(filters.until).getTime() * 1000 + 60e6 : Infinity,
  };
}

function isOfHost(task, host) {
  if (isOfHosts(task) && hostsOf(task).includes(host)) return true;
  return task.source === host || task.destination === host;
}

function isWithin(task, { fromUs, toUs }) {
  const end = task.finished || (hasEnded(task) ? task.created : Infinity);
  return end >= fromUs && task.created < toUs;
}

function says(task, words, who) {
  const text = [title(task), task.vm, task.vmUuid, task.source, task.destination, kind(task.kind), taskState(task.state),
                task.error, task.note, String(task.id), '#' + task.id, who].join('\n').toLocaleLowerCase();
  return words.every(word => text.includes(word));
}

/**
 * A function that tells whether a task passes the filters.
 * @param {function(number): string} who the name of a uid
 */
export function makeFilter(filters, nowUs, who) {
  const words = filters.q.toLocaleLowerCase().split(/\s+/).filter(Boolean);
  const span = spanOf(filters, nowUs);
  return task =>
    (!filters.state || (filters.state === 'open' ? isOpen(task) : task.state === filters.state)) &&
    (!filters.vm || task.vm === filters.vm || task.vmUuid === filters.vm) &&
    (!filters.host || isOfHost(task, filters.host)) && isWithin(task, span) &&
    (!words.length || says(task, words, who(task.startedByUid)));
}
