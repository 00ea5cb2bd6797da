// SPDX-License-Identifier: LGPL-2.1-or-later
// Tasks as a tree: those of a drain stand below it, those of one order below a row of their own.

import { format, ngettext } from '../i18n.js';
import { number } from './format.js';
import { isOfHosts, isOpen, troubleOf } from './tasks.js';

const WORST_FIRST = ['attention', 'running', 'queued', 'failed', 'remainder', 'cancelled', 'done'];
const BEFORE_COPY = new Set(['queued', 'checking', 'preparing']);

const rowKey = id => 't' + id;
const groupKey = id => 'g' + id;

function groupState(members) {
  if (members.some(task => task.state === 'attention')) return 'attention';
  if (members.some(isOpen)) return members.every(task => task.state === 'queued') ? 'queued' : 'running';
  return WORST_FIRST.find(state => members.some(task => task.state === state)) || 'done';
}

const least = values => values.reduce((a, b) => (b && (!a || b < a) ? b : a), 0);
const most = values => values.reduce((a, b) => Math.max(a, b), 0);
const common = values => (values.every(value => value === values[0]) ? values[0] : '');

/* Before it copies, all of its memory is to go; NaN if nobody knows how much that is. */
function toCopy(task, memoryOf) {
  if (task.remaining) return task.remaining;
  return BEFORE_COPY.has(task.phase) ? task.memoryTotal || memoryOf(task.vmUuid) || NaN : 0;
}

/* Of a whole, what is known of each part; nothing if something is not known of one of them. */
const sumKnown = values => values.reduce((sum, value) => sum + value, 0) || 0;

/* Several that copy have ended when the last has; one that waits may last any time. */
function endOf(open) {
  const known = open.length && open.every(task => task.state === 'running' && task.estimatedEndMax && !troubleOf(task));
  return known ? { estimatedEndMin: most(open.map(task => task.estimatedEndMin)), estimatedEndMax: most(open.map(task => task.estimatedEndMax)) }
    : { estimatedEndMin: 0, estimatedEndMax: 0 };
}

/**
 * A drain or return that runs, with rate, remaining and plannedEnd (microseconds since 1970) of the
 * whole; each is 0 if it is not known of all that is still to go.
 * @param {Iterable<object>} tasks those it ordered are looked for among them
 */
export function withWhole(task, tasks) {
  if (!isOfHosts(task) || task.state !== 'running') return task;
  const children = new Map();
  for (const one of tasks) if (one.parent === task.id && isOpen(one)) children.set(one.id, one);
  const open = (task.items || []).filter(item => item.state === 'waiting' || item.state === 'moving');
  const left = item => {
    if (item.action !== 'migrate') return 0;
    const child = children.get(item.task);
    return child ? toCopy(child, () => item.memory) : item.memory || NaN;
  };
  const ends = open.map(item => item.end || NaN);
  return {
    ...task, remaining: sumKnown(open.map(left)), rate: sumKnown([...children.values()].map(child => child.rate || 0)),
    plannedEnd: task.started && ends.length ? task.started + Math.max(...ends) || 0 : 0,
  };
}

/**
 * The row of an order of several tasks. Its figures are those of its members: what cannot be told
 * because some of them were not loaded is left open.
 * @param {function(string): number} memoryOf bytes of a VM by its UUID; 0 if not known
 */
export function makeGroup(id, members, memoryOf = () => 0) {
  const open = members.some(isOpen);
  const ended = members.filter(task => !isOpen(task)).length;
  const whole = members.some(task => task.id === id);
  return {
    id, members, isGroup: true, kind: common(members.map(task => task.kind)) || 'migrate',
    vm: format(ngettext('$0 VM', '$0 VMs', members.length), number(members.length)),
    source: common(members.map(task => task.source)),
    destination: common(members.map(task => task.destination)),
    state: groupState(members), phase: groupState(members),
    progressValid: whole, progress: whole ? Math.floor((100 * ended) / members.length) : 0,
    ended, rate: members.reduce((sum, task) => sum + (isOpen(task) ? task.rate : 0), 0),
    remaining: sumKnown(members.filter(isOpen).map(task => toCopy(task, memoryOf))),
    created: least(members.map(task => task.created)),
    started: least(members.map(task => task.started)),
    finished: open ? 0 : most(members.map(task => task.finished)),
    startedByUid: members[0].startedByUid, convergence: '', iteration: 0, parent: 0, group: 0,
    ...endOf(members.filter(isOpen)), cancelRequested: false, error: '',
  };
}

function collectGroups(tasks) {
  const groups = new Map();
  for (const task of tasks) {
    if (!task.group || task.parent) continue;
    if (!groups.has(task.group)) groups.set(task.group, []);
    groups.get(task.group).push(task);
  }
  for (const [id, members] of groups) if (members.length < 2) groups.delete(id);
  return groups;
}

/**
 * Rows of a table: {key, parent (key or null), task, matched}. What `matches` is shown, and what
 * stands above it; rows that are there only for that have matched false. A group matches if all of it does.
 * @param {Map<number, object>} tasks by id
 * @param {function(object): boolean} matches
 * @param {function(string): number} [memoryOf] see makeGroup()
 * @returns {Array} newest first, those of an order in the order they were given
 */
export function treeRows(tasks, matches, memoryOf) {
  const rows = new Map();
  const groups = collectGroups(tasks.values());

  function add(task, matched) {
    const key = rowKey(task.id);
    const there = rows.get(key);
    if (there) {
      there.matched = there.matched || matched;
      return key;
    }
    rows.set(key, { key, parent: null, task: withWhole(task, tasks.values()), matched });
    const above = tasks.get(task.parent);
    if (above) rows.get(key).parent = add(above, false);
    else if (!task.parent && groups.has(task.group)) rows.get(key).parent = addGroup(task.group);
    return key;
  }

  function addGroup(id) {
    const key = groupKey(id);
    if (!rows.has(key))
      rows.set(key, { key, parent: null, task: makeGroup(id, groups.get(id), memoryOf), matched: false });
    return key;
  }

  for (const task of tasks.values()) if (matches(task)) add(task, true);
  for (const row of rows.values())
    if (row.task.isGroup) row.matched = row.task.members.every(({ id }) => (rows.get(rowKey(id)) || {}).matched);
  return [...rows.values()].sort(byAge);
}

function byAge(a, b) {
  return b.task.id - a.task.id || (a.task.isGroup ? -1 : 0) - (b.task.isGroup ? -1 : 0);
}

/** Parents that rows point at and nobody has loaded. */
export function missingParents(tasks) {
  const missing = new Set();
  for (const task of tasks.values()) if (task.parent && !tasks.has(task.parent)) missing.add(task.parent);
  return [...missing];
}
