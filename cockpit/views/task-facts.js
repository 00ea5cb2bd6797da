// SPDX-License-Identifier: LGPL-2.1-or-later
// Facts of a task: figures of now, who and when, what was seen, what to put back.

import { userName } from '../bus/users.js';
import { _, format } from '../i18n.js';
import { duration, fullTime, number, rate, size } from '../model/format.js';
import { durationText, endText, hasEnded, hostsOf, isMove, isOfHosts, isOpen, progressText, readEjected, readTried, troubleOf } from '../model/tasks.js';
import { none, policy, priority } from '../model/words.js';
import { link } from '../ui/button.js';
import { h } from '../ui/dom.js';
import { facts } from '../ui/form.js';
import { nameText } from './task-columns.js';

const COMPANIONS = 10;
const hostLinks = names => names.map((name, index) => [index ? ', ' : null, link(['hosts', name], name)]);
const when = us => (us ? fullTime(us) : '');

/** What moves now: rate, what is left, when it may end. Empty texts for what is not known. */
export function figures(task, nowUs) {
  const running = task.state === 'running';
  const end = endText(task, nowUs);
  return [
    [_('Rate'), running && task.rate ? rate(task.rate) : ''],
    [_('Remaining'), running && task.remaining ? size(task.remaining) : ''],
    [_('Written by the guest'), running && task.dirtyRate ? rate(task.dirtyRate) : ''],
    [_('Pass over memory'), running && task.iteration ? number(task.iteration) : ''],
    [_('Ends'), !running || (!isMove(task) && end === none()) ? '' : troubleOf(task) ? h('strong', { class: 'virtern-stuck' }, end) : end],
    [_('Deadline'), when(task.deadline)],
  ];
}

/* Others of the same order, as far as they are known. */
function companions(task, book) {
  if (!task.group || task.parent) return '';
  const others = [...book.tasks.values()].filter(one => one.group === task.group && one.id !== task.id).sort((a, b) => a.id - b.id);
  if (!others.length) return '';
  return others.slice(0, COMPANIONS).map((one, index) => [index ? ', ' : null, link(['tasks', String(one.id)], one.vm)])
    .concat(others.length > COMPANIONS ? '…' : []);
}

/** What a VM's task that is done came to: how long its guest stood still first of all. */
export function results(task, nowUs) {
  if (task.state !== 'done' || isOfHosts(task)) return [];
  return [
    [_('Downtime, measured'), isMove(task) ? (task.downtime >= 0 ? duration(task.downtime) : _('not measured')) : ''],
    [_('Took'), task.started ? durationText(task, nowUs) : ''],
    [_('Sent'), task.memoryProcessed ? size(task.memoryProcessed) : ''],
  ].filter(([, value]) => value);
}

/** Who, when, how. */
export function about(task, nowUs, book) {
  const moves = isMove(task);
  const told = new Set(results(task, nowUs).map(([name]) => name));
  return [
    [_('From'), task.kind === 'return' || !task.source ? '' : hostLinks(task.kind === 'drain' ? hostsOf(task) : [task.source])],
    [_('To'), task.kind === 'drain' || !task.destination ? '' : hostLinks(task.kind === 'return' ? hostsOf(task) : [task.destination])],
    [_('Ordered by task'), task.parent ? link(['tasks', String(task.parent)], '#' + task.parent) : ''],
    [_('In one order with'), companions(task, book)],
    [_('Asked for by'), userName(task.startedByUid)],
    [_('Asked for'), when(task.created)],
    [_('Started'), when(task.started)],
    [hasEnded(task) ? _('Ended') : '', when(task.finished)],
    [isOpen(task) ? _('Runs for') : _('Took'), task.started ? durationText(task, nowUs) : ''],
    [!isOpen(task) && task.state !== 'done' && !isOfHosts(task) ? _('Got as far as') : '', progressText(task)],
    [_('Downtime, measured'), moves && task.downtime >= 0 ? duration(task.downtime) : ''],
    [_('Policy'), (moves || isOfHosts(task)) && task.policy ? policy(task.policy) : ''],
    [_('Priority'), task.priority ? priority(task.priority) : ''],
    [_('Memory of the guest'), task.memoryTotal ? size(task.memoryTotal) : ''],
    [_('Sent'), task.memoryProcessed ? size(task.memoryProcessed) : ''],
    [_('Its link carried'), task.linkRate ? rate(task.linkRate) : ''],
    [_('Attempts'), task.attempt > 1 ? number(task.attempt) : ''],
    [_('UUID of the VM'), task.vmUuid || ''],
  ].filter(([name, value]) => name && !told.has(name) && value !== none());
}

function triedList(task) {
  const tried = readTried(task.tried);
  if (!tried.length) return null;
  return [h('h3', { class: 'virtern-small-title' }, _('Hosts that failed before')),
          h('dl', { class: 'virtern-tried' }, tried.map(({ host, sentence }) => [h('dt', {}, nameText(host)), h('dd', {}, sentence)]))];
}

/* In single quotes nothing means anything to a shell. */
const quoteForShell = text => (/^[\w.\/:@%+-]+$/.test(text) ? text : "'" + text.replaceAll("'", "'\\''") + "'");

function ejectedList(task, cluster) {
  const ejected = readEjected(task.ejected);
  if (!ejected.length) return null;
  const vm = cluster.vms.get(task.vmUuid);
  const host = cluster.hosts.get(vm ? vm.host : task.destination);
  const virsh = host && host.uri ? 'virsh -c ' + quoteForShell(host.uri) : 'virsh';
  return [h('h3', { class: 'virtern-small-title' }, _('Drives that were emptied')),
          ejected.map(({ drive, file }) => h('div', {},
            h('p', {}, format(_('$0 held $1, a file of $2. To put it back, the file must be where the VM is:'), drive, file, task.source)),
            h('code', { class: 'virtern-raw' }, [virsh, 'change-media', task.vmUuid, quoteForShell(drive), quoteForShell(file), '--insert'].join(' '))))];
}

/** What the daemon wrote of it, in full: note, verdict, hosts that failed, drives that were emptied. */
export function story(task, cluster) {
  const parts = [
    task.note && !troubleOf(task) ? facts([[_('Note'), task.note]], _('Note')) : null,
    task.verdict ? facts([[isOfHosts(task) ? _('How it ended') : _('What both hosts said at the end'), task.verdict]], _('What was seen')) : null,
    triedList(task), ejectedList(task, cluster),
  ].filter(Boolean);
  return parts;
}
