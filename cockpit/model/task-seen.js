// SPDX-License-Identifier: LGPL-2.1-or-later
// Where the VM of a task is seen now, on each of its hosts, in the reader's words.

import { _, format } from '../i18n.js';
import { vmState } from './words.js';

/* The state in which a VM is seen on a host; "" if it is not there, null if that is not known. */
function stateOn(cluster, vmUuid, name) {
  const host = cluster.hosts.get(name);
  if (cluster.status !== 'ready' || !host || host.state !== 'up') return null;
  const vm = cluster.vms.get(vmUuid);
  const seen = vm && vm.seenOn.find(([where]) => where === name);
  return seen ? seen[1] : '';
}

/** What is seen of a VM on a host now, in words. A host that is not up shows nothing. */
export function sighting(cluster, vmUuid, name) {
  if (cluster.status !== 'ready') return _('not known: virternd does not answer');
  const host = cluster.hosts.get(name);
  if (!host) return _('not known: it is not a host of Virtern now');
  if (host.state !== 'up') return host.error ? format(_('not known: the host does not answer ($0)'), host.error) : _('not known: the host does not answer');
  const state = stateOn(cluster, vmUuid, name);
  return state ? vmState(state) : _('not there');
}

/**
 * Sentences on where the VM of a task runs now: on its source, its destination or elsewhere; empty if
 * nothing can be said.
 */
export function whereNow(cluster, task) {
  const vm = cluster.vms.get(task.vmUuid);
  const names = [...new Set([task.source, task.destination, ...(vm ? vm.seenOn.map(([host]) => host) : [])])].filter(Boolean);
  if (!task.vmUuid || !names.length || cluster.status !== 'ready') return '';
  const states = names.map(name => [name, stateOn(cluster, task.vmUuid, name)]);
  const alive = states.filter(([, state]) => state === 'running').map(([name]) => name);
  const unknown = states.filter(([, state]) => state === null || state === 'unknown').map(([name]) => name);
  const other = states.filter(([, state]) => state && state !== 'running' && state !== 'unknown');
  const tail = [
    ...other.map(([name, state]) => format(_('On $0: $1.'), name, vmState(state))),
    ...unknown.map(name => format(_('Whether it is on $0 is not known.'), name)),
  ];
  if (alive.length > 1)
    return [format(_('$0 RUNS TWICE now, on $1 and on $2. Both may write to its disks.'), task.vm, ...alive), ...tail].join(' ');
  const head = alive.length ? format(_('$0 runs on $1 now.'), task.vm, alive[0])
    : format(_('$0 is not seen running now, neither on its source nor on its destination.'), task.vm);
  return [head, ...tail].join(' ');
}
