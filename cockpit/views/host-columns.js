// SPDX-License-Identifier: LGPL-2.1-or-later
// Columns of the table of hosts, and how their cells are filled.

import { _, format } from '../i18n.js';
import {
  beyondText,
  cpuLoad,
  cpusText,
  hostDuty,
  hostState,
  isUp,
  limitText,
  linkFromText,
  linkText,
  memoryOf,
  runningText,
  seenText,
  version,
} from '../model/hosts.js';
import { none } from '../model/words.js';
import { link } from '../ui/button.js';
import { h, replace } from '../ui/dom.js';
import { nameLink } from '../ui/name.js';
import { fillCpu, fillMemory, stateLabels } from './host-parts.js';

// One number that differs whenever one of the two does.
const vmsSort = count => (count ? count.all + count.running / 1e6 : 0);

const quiet = text => h('div', { class: 'virtern-quiet' }, text);
const line = text => h('div', { class: 'virtern-quiet virtern-nowrap' }, text);
const joined = (...parts) => parts.join('\n');

function fillName(cell, host) {
  replace(
    cell,
    h('div', {}, nameLink(['hosts', host.name], host.name)),
    h('div', { class: 'virtern-quiet virtern-cluster' }, host.cluster)
  );
}

function stateValue(host) {
  const duty = hostDuty(host);
  const seen = isUp(host) ? '' : host.lastSeen;
  return joined(hostState(host).text, duty ? duty.text : '', host.dutyTask, host.error, seen);
}

function fillState(cell, host) {
  replace(
    cell,
    h('div', { class: 'virtern-labels' }, stateLabels(host)),
    host.error ? h('div', { class: 'virtern-error-text' }, host.error) : null,
    isUp(host) ? null : quiet(seenText(host))
  );
}

function memoryValue(host) {
  const memory = memoryOf(host);
  return memory ? joined(...Object.values(memory)) : '';
}

function fillLink(cell, host) {
  const { limitOut, limitIn } = host;
  const limits = format(_('Limits: $0 out, $1 in'), limitText(limitOut), limitText(limitIn));
  replace(
    cell,
    h('div', { class: 'virtern-nowrap' }, linkText(host)),
    line(linkFromText(host)),
    limitOut || limitIn ? quiet(limits) : null
  );
}

function fillVersions(cell, host) {
  const { libvirtVersion, qemuVersion } = host;
  const lines = () => [
    line(format(_('libvirt $0'), version(libvirtVersion))),
    line(format(_('QEMU $0'), version(qemuVersion))),
  ];
  replace(cell, libvirtVersion ? lines() : none());
}

function modelColumn(beyondOf) {
  const beyond = host => {
    const entry = beyondOf(host.name);
    return entry ? beyondText(entry.beyond) : '';
  };
  return {
    id: 'model',
    label: _('CPU generation'),
    value: host => joined(host.cpuModel || none(), beyond(host), host.cpus),
    render: (cell, host) =>
      replace(
        cell,
        h('div', {}, host.cpuModel || none()),
        quiet(cpusText(host)),
        beyond(host) ? quiet(beyond(host)) : null
      ),
  };
}

function vmsColumn(countOf) {
  return {
    id: 'vms',
    label: _('VMs'),
    numeric: true,
    nowrap: true,
    value: host => vmsSort(countOf(host.name)),
    render: (cell, { name }) =>
      replace(cell, link(['vms'], runningText(countOf(name)), { host: name })),
  };
}

/**
 * @param {function(string): object} countOf VMs of a host by its name: see countVms()
 * @param {function(string): object} beyondOf {beyond} of a host by its name; undefined if not known
 */
export function hostColumns(countOf, beyondOf) {
  return [
    {
      id: 'name',
      label: _('Host'),
      header: true,
      value: host => joined(host.name, host.cluster),
      render: fillName,
    },
    { id: 'state', label: _('State'), value: stateValue, render: fillState },
    {
      id: 'memory',
      label: _('Memory'),
      value: memoryValue,
      sortValue: host => host.memoryPromisable || 0,
      render: fillMemory,
    },
    { id: 'cpu', label: _('CPU'), value: host => cpuLoad(host) ?? -1, render: fillCpu },
    modelColumn(beyondOf),
    vmsColumn(countOf),
    {
      id: 'link',
      label: _('Link'),
      value: host => joined(linkText(host), linkFromText(host), host.limitOut, host.limitIn),
      render: fillLink,
    },
    {
      id: 'versions',
      label: _('Versions'),
      hideable: true,
      sortable: false,
      value: host => joined(host.libvirtVersion, host.qemuVersion),
      render: fillVersions,
    },
  ];
}
