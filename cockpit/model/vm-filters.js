// SPDX-License-Identifier: LGPL-2.1-or-later
// What of the VMs is shown: filters, as they stand in the address.

import { inOrder } from './order.js';

const KEYS = ['search', 'state', 'host', 'cluster'];

/** Filters from the options of an address; what is not there is empty. */
export function readFilters(options) {
  return Object.fromEntries(KEYS.map(key => [key, String(options[key] || '')]));
}

/** The options of an address for filters; empty ones are left out. */
export function writeFilters(filters) {
  return Object.fromEntries(KEYS.filter(key => filters[key]).map(key => [key, filters[key]]));
}

/** Whether anything is filtered at all. */
export function isFiltered(filters) {
  return KEYS.some(key => filters[key] !== '');
}

const fold = text => text.normalize('NFKC').toLocaleLowerCase();

/**
 * Whether a VM is shown. All words of the search must be in its name, UUID, host, CPU, lock or origin.
 * @param {object} vm
 * @param {object} filters see readFilters()
 * @param {Map<string, object>} hosts for the cluster
 */
export function matches(vm, filters, hosts) {
  if (filters.state && vm.state !== filters.state) return false;
  if (filters.host && vm.host !== filters.host) return false;
  if (filters.cluster && (hosts.get(vm.host) || {}).cluster !== filters.cluster) return false;
  if (!filters.search) return true;
  const text = fold([vm.name, vm.uuid, vm.host, vm.cpuModel, vm.lockOwner, vm.lockReason, vm.origin].join('\n'));
  return fold(filters.search).split(/\s+/).every(word => text.includes(word));
}

/** What can be chosen: states, hosts and clusters that there are, sorted. */
export function choices(vms, hosts) {
  return {
    states: inOrder([...vms].map(vm => vm.state)),
    hosts: inOrder([...hosts.values()].map(host => host.name)),
    clusters: inOrder([...hosts.values()].map(host => host.cluster)),
  };
}
