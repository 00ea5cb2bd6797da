// SPDX-License-Identifier: LGPL-2.1-or-later
// What can be told of a task: what it is about, how far it is, how long it takes.

import { C_, _, format, ngettext } from '../i18n.js';
import { duration, number, percent } from './format.js';
import { kind, none, phase, taskTone } from './words.js';

const OPEN = new Set(['queued', 'running']);
const AGAIN_US = 1e6;
const COPYING = new Set(['copying', 'switching', 'post-copy', 'recovering']);
// How the daemon's note begins, or goes on, once nothing went over the link for a while.
const NOTHING_SENT = /^nothing was sent for |: nothing of it was seen to go over /;

/** Whether it is under way or waits for its turn. */
export const isOpen = task => OPEN.has(task.state);

/** Whether it has come to an end that stays. */
export const hasEnded = task => !isOpen(task) && task.state !== 'attention';

/** Whether it is of whole hosts: its VMs have tasks of their own. */
export const isOfHosts = task => task.kind === 'drain' || task.kind === 'return';

/** Whether it moves a VM that runs. */
export const isMove = task => task.kind === 'migrate';

/** Hosts of a task of whole hosts, which stand in one property with commas between them. */
export function hostsOf(task) {
  const text = task.kind === 'return' ? task.destination : task.source;
  return (text || '').split(',').map(name => name.trim()).filter(Boolean);
}

/** What it is about: the VM, or the hosts of a drain. */
export function subject(task) {
  return isOfHosts(task) ? hostsOf(task).join(', ') : task.vm || '';
}

/** Such as "Migrate web01". */
export function title(task) {
  return format(C_('a kind of task and what it is about', '$0 $1'), kind(task.kind), subject(task));
}

/** VMs of a drain or return by their state, without those that only make room; null if not known. */
export function countItems(task) {
  if (!isOfHosts(task) || !task.items || !task.items.length) return null;
  const counts = { all: 0, gone: 0, moving: 0, waiting: 0, left: 0, skipped: 0 };
  for (const item of task.items) {
    if (item.forRoom) continue;
    if (item.state in counts) counts[item.state]++;
    if (item.state !== 'skipped') counts.all++;
  }
  return counts;
}

/* Of a drain, VMs that have left of all; the daemon may count finer, by what each has copied. */
function seenProgress(task) {
  const counts = countItems(task);
  const seen = task.progressValid ? task.progress : null;
  if (!counts || !counts.all) return seen;
  return Math.max(seen || 0, Math.floor((100 * counts.gone) / counts.all));
}

/* What has to be copied again after a pass counts as not done, however much went over the link. */
function mostPossible(task) {
  if (task.state === 'queued' || !(task.iteration > 1) || !task.memoryTotal || !task.remaining) return 99;
  return Math.floor(100 * (1 - task.remaining / task.memoryTotal));
}

/**
 * Per cent from 0 to 100 as it was seen; 100 only when it is done. Null if it was not seen, or says
 * nothing because the copy does not get on: see troubleOf().
 */
export function progressOf(task) {
  // Of an order of which only a part was loaded nobody has seen the rest.
  if (task.state === 'done' && !(task.isGroup && !task.progressValid)) return 100;
  const seen = troubleOf(task) ? null : seenProgress(task);
  return seen === null ? null : Math.max(0, Math.min(99, mostPossible(task), seen));
}

/** The same in words; nothing where troubleOf() has words. */
export function progressText(task) {
  const value = progressOf(task);
  if (value === null) return troubleOf(task) ? '' : none();
  return percent(value / 100);
}

/** How long it took, or takes already, in microseconds; null if it has not begun. */
export function durationOf(task, nowUs) {
  if (!task.started) return null;
  const end = task.finished || (hasEnded(task) ? task.started : nowUs);
  return Math.max(0, end - task.started);
}

/** The same in words. */
export function durationText(task, nowUs) {
  const us = durationOf(task, nowUs);
  return us === null ? none() : duration(us);
}

function itemsText(task) {
  const counts = countItems(task);
  if (!counts) return '';
  const sentence = task.kind === 'return'
    ? ngettext('$0 of $1 VM is home', '$0 of $1 VMs are home', counts.all)
    : ngettext('$0 of $1 VM is off the host', '$0 of $1 VMs are off the host', counts.all);
  const told = format(sentence, number(counts.gone), number(counts.all));
  const stay = isOpen(task) ? counts.skipped : counts.skipped + counts.left + counts.waiting;
  return stay ? [told, format(ngettext('$0 stays', '$0 stay', stay), number(stay))].join(' · ') : told;
}

/** What it is doing now, as short words: phase, pass over memory, VMs of a drain. */
export function doing(task) {
  const parts = [];
  if (isOpen(task)) {
    parts.push(task.cancelRequested ? phase('cancelling') : phase(task.phase));
    if (task.phase === 'copying' && task.iteration > 0)
      parts.push(format(_('pass $0'), number(task.iteration)));
  }
  const items = itemsText(task);
  if (items) parts.push(items);
  return parts.join(' · ');
}

/** Whether it copies and will not end by itself as things are. */
export function isStuck(task) {
  return task.state === 'running' && task.convergence === 'not-converging' && COPYING.has(task.phase);
}

/** Whether it copies and nothing went over the link for a while. */
export function isStalled(task) {
  return task.state === 'running' && COPYING.has(task.phase) && NOTHING_SENT.test(task.note || '');
}

/** Why a copy does not get on, in words; empty if it does. */
export function troubleOf(task) {
  if (isStalled(task)) return _('nothing is sent');
  return isStuck(task) ? _('not converging') : '';
}

/** The colour of its state; one that runs and does not get on is not calm. */
export const toneOf = task => (troubleOf(task) ? 'orange' : taskTone(task.state));

/** When it may end, as what was measured says: a range, one bound, that it will not, or nothing. */
export function endText(task, nowUs) {
  if (task.state !== 'running') return none();
  if (troubleOf(task)) return troubleOf(task);
  if (task.plannedEnd > nowUs) return format(_('in $0, as planned'), duration(task.plannedEnd - nowUs));
  const min = task.estimatedEndMin > nowUs ? task.estimatedEndMin - nowUs : 0;
  const max = task.estimatedEndMax > nowUs ? task.estimatedEndMax - nowUs : 0;
  if (max && min && max - min > AGAIN_US) return format(_('in $0 to $1'), duration(min), duration(max));
  if (max && min) return format(_('in $0'), duration(max));
  if (max) return format(_('within $0'), duration(max));
  if (min && !task.estimatedEndMax) return format(_('in $0 at the earliest'), duration(min));
  return none();
}

/** "HOST=SENTENCE" of Tried, as {host, sentence}. */
export function readTried(texts) {
  return (texts || []).map(text => {
    const at = text.indexOf('=');
    return at < 0 ? { host: text, sentence: '' } : { host: text.slice(0, at), sentence: text.slice(at + 1) };
  });
}

/** "DRIVE=FILE" of Ejected, as {drive, file}. */
export function readEjected(texts) {
  return readTried(texts).map(({ host, sentence }) => ({ drive: host, file: sentence }));
}
