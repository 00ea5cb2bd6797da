// SPDX-License-Identifier: LGPL-2.1-or-later
// What can be done with a task as it is, and why something cannot.

import { _, format } from '../i18n.js';
import { hasEnded, isMove, isOfHosts, isOpen } from './tasks.js';

const POLICY_PHASES = new Set(['queued', 'checking', 'preparing', 'copying']);

function cancel(task) {
  if (!isOpen(task)) return null;
  // Of a drain one may still want what is under way to be cancelled, too.
  if (isOfHosts(task)) return { id: 'cancel', why: '' };
  if (task.cancelRequested) return { id: 'cancel', why: _('It was asked to stop already.') };
  return { id: 'cancel', why: task.cancelable ? '' : _('It is past the point where it could be cancelled.') };
}

function policy(task) {
  if (!isMove(task) || !isOpen(task)) return null;
  if (task.cancelRequested) return { id: 'policy', why: _('It was asked to stop already.') };
  return { id: 'policy', why: POLICY_PHASES.has(task.phase) ? '' : _('It is past the point where a policy matters.') };
}

function resolve(task) {
  if (task.state !== 'attention' || task.kind === 'start') return null;
  return { id: 'resolve', why: '', danger: true };
}

const recheck = task => (task.state === 'attention' ? { id: 'recheck', why: '' } : null);

function whyNoRetry(task, { vm, other, parent }) {
  if (task.parent && !(parent && isOpen(parent))) return format(_('Task $0 ordered it: resume that one.'), task.parent);
  if (task.parent) return format(_('Task $0 ordered it and tries again by itself.'), task.parent);
  if (!vm) return _('No host shows this VM now.');
  if (other) return format(_('Task $0 is at work on this VM.'), other.id);
  if (task.kind === 'start' && vm.state !== 'shut-off') return format(_('It is not shut off: it is on $0.'), vm.host);
  if (isMove(task) && vm.state === 'shut-off') return _('The VM is shut off now.');
  if (isMove(task) && vm.host === task.destination) return format(_('It is on $0 already.'), vm.host);
  return '';
}

function retry(task, world) {
  if (task.state !== 'failed' && task.state !== 'cancelled') return null;
  if (!isMove(task) && task.kind !== 'start') return null;
  return { id: 'retry', why: whyNoRetry(task, world) };
}

function resume(task) {
  if (task.kind !== 'drain' || (task.state !== 'cancelled' && task.state !== 'remainder' && task.state !== 'failed')) return null;
  return { id: 'resume', why: '' };
}

function undo(task, { hostsAreOpen }) {
  if (task.kind !== 'drain') return null;
  const moved = !task.items || task.items.some(item => item.state === 'gone');
  const nothing = hasEnded(task) && !moved && hostsAreOpen;
  return { id: 'undo', why: nothing ? _('It moved nothing, and its hosts are open.') : '' };
}

/**
 * Acts to offer, the likeliest first: {id, why (not; empty if it can be done), danger}.
 * @param {object} task
 * @param {{vm, other, parent, hostsAreOpen}} world its VM as it is now, another open task of that
 *   VM, the task that ordered it, whether the hosts of a drain are open
 */
export function actsOf(task, world) {
  return [resolve, recheck, retry, resume, policy, undo, cancel].map(act => act(task, world)).filter(Boolean);
}
