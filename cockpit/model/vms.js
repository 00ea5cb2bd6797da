// SPDX-License-Identifier: LGPL-2.1-or-later
// VMs as the page shows them: what goes on with each, what can be done with it now and, if not, why.

import { N_, _, format, ngettext } from '../i18n.js';
import { number, percent, time } from './format.js';
import { hasEnded } from './tasks.js';
import { vmState } from './words.js';

// The copy of a VM whose guest may be writing to its disks.
const ALIVE = new Set(['running']);

const REASONS = {
  migration: N_('for a migration'),
  migrated: N_('after a migration'),
  'migration-cancelled': N_('after a cancelled migration'),
  postcopy: N_('in post-copy'),
  'postcopy-failed': N_('post-copy has failed'),
  'io-error': N_('a disk could not be read or written'),
  user: N_('by a person'),
};

/** What a drain may do with a VM, in the order people choose from. */
export const DRAIN_ACTIONS = {
  '': { text: N_('As the drain is ordered'), hint: N_('The VM has no action of its own: it is migrated unless the drain says otherwise') },
  migrate: { text: N_('Migrate'), hint: N_('It goes to another host while it runs') },
  skip: { text: N_('Skip'), hint: N_('It stays, and the host counts as drained without it') },
  cold: { text: N_('Shut down and start elsewhere'), hint: N_('Its guest is asked to shut down, and it is started on another host') },
  shutdown: { text: N_('Shut down'), hint: N_('Its guest is asked to shut down, and it stays off') },
  ask: { text: N_('Ask'), hint: N_('It stays, and the host is not drained until a person decides') },
};

/** The word for a drain action; a word of its own that this page does not know stays as it is. */
export function drainAction(word) {
  return DRAIN_ACTIONS[word] ? _(DRAIN_ACTIONS[word].text) : word;
}

/** A sentence on what a drain then does. */
export function drainActionHint(word) {
  return DRAIN_ACTIONS[word] ? _(DRAIN_ACTIONS[word].hint) : '';
}

/**
 * The task that matters most for each VM, by UUID: one in attention, else the one under way, else
 * the newest that waits.
 * @param {Iterable<object>} tasks of the cluster
 * @returns {Map<string, object>}
 */
export function openTasks(tasks) {
  const weight = task => ({ attention: 2, running: 1 }[task.state] || 0);
  const result = new Map();
  for (const task of tasks) {
    if (!task.vmUuid || hasEnded(task)) continue;
    const other = result.get(task.vmUuid);
    if (!other || weight(task) > weight(other) || (weight(task) === weight(other) && task.id > other.id))
      result.set(task.vmUuid, task);
  }
  return result;
}

/** The hosts on which a VM runs at the same time, if they are several: its disks are in danger. */
export function runsTwice(vm) {
  const hosts = vm.seenOn.filter(([, state]) => ALIVE.has(state)).map(([host]) => host);
  return hosts.length > 1 ? hosts : [];
}

/** Why the VM is in its state, if that is worth telling; empty otherwise. */
export function stateReason(vm) {
  return vm.state !== 'shut-off' && REASONS[vm.reason] && !(vm.state === 'running' && vm.reason === 'user')
    ? _(REASONS[vm.reason]) : '';
}

/** Whether a lock keeps the VM where it is. Times in microseconds since 1970. */
export function lockHolds(vm, nowUs) {
  return vm.locked && (vm.lockExpires === 0 || vm.lockExpires > nowUs);
}

/** The lock in words: owner, reason, until when; empty without one. */
export function lockWords(vm, nowUs) {
  if (!vm.locked) return '';
  if (!lockHolds(vm, nowUs))
    return format(_('Lock of $0 (“$1”) has expired, $2'), vm.lockOwner, vm.lockReason, time(vm.lockExpires, nowUs / 1000));
  if (vm.lockExpires)
    return format(_('Locked by $0 until $2: $1'), vm.lockOwner, vm.lockReason, time(vm.lockExpires, nowUs / 1000));
  return format(_('Locked by $0: $1'), vm.lockOwner, vm.lockReason);
}

/** The part of its own CPUs that a VM uses, from 0; null if it was not measured. */
export function loadOf(vm) {
  return vm.cpuLoad === undefined || vm.cpuLoad < 0 || !vm.vcpus ? null : vm.cpuLoad / 1000 / vm.vcpus;
}

/** The load in words; empty if it was not measured. */
export function loadWords(vm) {
  const load = loadOf(vm);
  return load === null ? '' : percent(load);
}

/** The load in full, for who asks what the per cent are of. */
export function loadHint(vm) {
  if (loadOf(vm) === null) return _('Not measured');
  return format(ngettext('Uses $0 of its $1 CPU', 'Uses $0 of its $1 CPUs', vm.vcpus), number(vm.cpuLoad / 1000, 2), number(vm.vcpus));
}

/** The CPU that the guest was given. */
export function cpuWords(vm) {
  if (vm.cpuModel) return vm.cpuModel;
  return {
    'host-passthrough': _('as its host\'s'), 'host-model': _('like its host\'s'), maximum: _('maximum'),
  }[vm.cpuMode] || _('not specified');
}

const NO = why => ({ can: false, why });
const YES = { can: true, why: '' };

function taskStops(task) {
  if (!task) return null;
  if (task.state === 'attention')
    return NO(format(_('Task $0 needs a decision first'), task.id));
  return NO(format(_('Task $0 is under way with it'), task.id));
}

function hostStops(vm) {
  return vm.state === 'unknown' ? NO(format(_('$0 does not answer'), vm.host)) : null;
}

function canMigrate(vm, task, nowUs) {
  const stop = taskStops(task) || hostStops(vm);
  if (stop) return stop;
  if (vm.state === 'shut-off' || vm.state === 'crashed') return NO(_('It does not run; start it instead'));
  if (lockHolds(vm, nowUs)) return NO(lockWords(vm, nowUs));
  if (vm.state !== 'running') return NO(format(_('It is not running: $0'), vmState(vm.state)));
  return YES;
}

function canStart(vm, task, nowUs) {
  const stop = taskStops(task) || hostStops(vm);
  if (stop) return stop;
  if (vm.state !== 'shut-off' && vm.state !== 'crashed') return NO(_('It is not shut off'));
  if (lockHolds(vm, nowUs)) return NO(lockWords(vm, nowUs));
  return YES;
}

/**
 * What can be done with a VM now: migrate, start, lock, unlock, mask, drain-action; each {can, why},
 * `why` a sentence when it cannot.
 * @param {object} vm
 * @param {object|undefined} task that goes on with it, see openTasks()
 * @param {number} nowUs microseconds since 1970
 */
export function actsOf(vm, task, nowUs) {
  const away = hostStops(vm);
  const holds = lockHolds(vm, nowUs);
  return {
    migrate: canMigrate(vm, task, nowUs),
    start: canStart(vm, task, nowUs),
    lock: away || (holds ? NO(lockWords(vm, nowUs)) : YES),
    unlock: away || (vm.locked ? YES : NO(_('It is not locked'))),
    mask: taskStops(task) || away || (vm.persistent ? YES : NO(_('It has no definition that stays: it goes when it is shut down'))),
    'drain-action': away || YES,
  };
}

/** How many VMs are chosen, and how many of them no row shows. */
export function chosenText(chosen, hidden) {
  if (!chosen) return _('Choose VMs to act on');
  if (hidden) return format(ngettext('$0 chosen, $1 hidden', '$0 chosen, $1 hidden', chosen), number(chosen), number(hidden));
  return format(ngettext('$0 chosen', '$0 chosen', chosen), number(chosen));
}

/** Several VMs parted by whether an act is possible. @returns {{can: object[], cannot: {vm, why}[]}} */
export function partBy(act, vms, tasks, nowUs) {
  const result = { can: [], cannot: [] };
  for (const vm of vms) {
    const { can, why } = actsOf(vm, tasks.get(vm.uuid), nowUs)[act];
    if (can) result.can.push(vm);
    else result.cannot.push({ vm, why });
  }
  return result;
}
