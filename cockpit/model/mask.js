// SPDX-License-Identifier: LGPL-2.1-or-later
// Masking a CPU: what is asked for, and what would come of it.

import { inOrder } from './order.js';

/** The options of MaskVm for a choice; null if something is missing. */
export function maskOptions(kind, model, features) {
  if (kind === 'baseline') return { baseline: true };
  if (kind === 'clear') return { clear: true };
  if (kind === 'model') return model.trim() ? { model: model.trim() } : null;
  const disable = [...new Set(features.split(/[\s,]+/).filter(Boolean))];
  return disable.length ? { disable } : null;
}

/** What changes among hosts: {kept, won, lost}. */
export function hostsChange({ hostsBefore, hostsAfter }) {
  return {
    kept: hostsBefore.filter(host => hostsAfter.includes(host)),
    won: hostsAfter.filter(host => !hostsBefore.includes(host)),
    lost: hostsBefore.filter(host => !hostsAfter.includes(host)),
  };
}

/**
 * Hosts for which the baseline of a VM's cluster is refused, because their CPU is not known.
 * @param {object} vm
 * @param {Map<string, object>} hosts
 * @param {string[]} [unknown] hosts whose CPU the daemon says it does not know; without it, those that
 *   tell of none
 */
export function baselineStoppers(vm, hosts, unknown) {
  const home = hosts.get(vm.host);
  const names = unknown || [...hosts.values()].filter(host => !host.cpuModel && !host.cpuVendor).map(host => host.name);
  if (!home) return [];
  return names.filter(name => hosts.has(name) && hosts.get(name).cluster === home.cluster).sort();
}

/** Models that hosts have, each once, sorted: to choose from. */
export function modelsOf(hosts) {
  return inOrder([...hosts].map(host => host.cpuModel));
}
