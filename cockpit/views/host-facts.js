// SPDX-License-Identifier: LGPL-2.1-or-later
// Facts of a host, as pairs for fillFacts(): memory, CPU, moves and link, and the rest.

import { _, format } from '../i18n.js';
import { fullTime, size } from '../model/format.js';
import {
  bandwidthText,
  bits,
  cpusText,
  isUp,
  limitText,
  linkFromText,
  linkText,
  memoryOf,
  runningText,
  version,
  wasSeen,
} from '../model/hosts.js';
import { none } from '../model/words.js';
import { link } from '../ui/button.js';

/** Where its memory is. */
export function memoryFacts(host) {
  const memory = memoryOf(host);
  if (!memory) return [];
  return [
    [_('In all'), size(memory.total)],
    [_('Used'), size(memory.used)],
    [_('Reserved for moves under way'), size(memory.reserved)],
    [_('Kept for the host'), size(host.memoryReserve || 0)],
    [_('Free for VMs'), size(memory.free)],
  ];
}

function beyondWords(beyond) {
  if (!beyond || !beyond.known) return _('not known');
  return beyond.beyond.length ? beyond.beyond.join(', ') : _('nothing');
}

/** Its CPU. @param {object|undefined} beyond {known, beyond}: what it has beyond the baseline */
export function cpuFacts(host, beyond) {
  return [
    [_('Generation'), host.cpuModel || none()],
    [_('Vendor'), host.cpuVendor || ''],
    [_('CPUs'), cpusText(host)],
    [_('Architecture'), host.arch || ''],
    [_('Beyond the baseline'), beyondWords(beyond)],
  ];
}

/** Its link, and what moves may take. */
export function linkFacts(host) {
  const from = linkFromText(host);
  return [
    [_('Link'), from ? format(_('$0, $1'), linkText(host), from) : linkText(host)],
    [
      _('Bandwidth for moves'),
      host.bandwidth > 0
        ? format(_('$0 ($1)'), bandwidthText(host), bits(host.bandwidth))
        : bandwidthText(host),
    ],
    [_('Moves away at a time'), limitText(host.limitOut)],
    [_('Moves to it at a time'), limitText(host.limitIn)],
    [_('Migration address'), host.migrationAddress || _('as libvirt chooses')],
  ];
}

function lastSeen(host) {
  if (isUp(host)) return '';
  return wasSeen(host) ? fullTime(host.lastSeen) : _('never');
}

function versions(host) {
  if (!host.libvirtVersion) return none();
  return version(host.libvirtVersion) + ', ' + version(host.qemuVersion);
}

/** All else. @param {object|undefined} count of its VMs: see countVms() */
export function aboutFacts(host, count) {
  return [
    [_('VMs'), link(['vms'], runningText(count), { host: host.name })],
    [_('Calls itself'), host.hostname || none()],
    [_('URI'), host.uri],
    [_('Peer URI'), host.peerUri || ''],
    [_('Cluster'), host.cluster],
    [_('libvirt, QEMU'), versions(host)],
    [_('Last seen'), lastSeen(host)],
  ];
}
