// SPDX-License-Identifier: LGPL-2.1-or-later
// What a host's properties mean for a person: its state, its memory and CPU, what may be done.

import { N_, _, format, ngettext } from '../i18n.js';
import { number, percent, rate, size, time } from './format.js';
import { hasEnded } from './tasks.js';
import { duty, none } from './words.js';

const STATES = {
  up: { text: N_('Up'), tone: 'green' },
  connecting: { text: N_('Connecting'), tone: 'grey' },
  unreachable: { text: N_('Unreachable'), tone: 'red' },
};
const DUTY_TONES = { active: 'green', draining: 'orange', maintenance: 'blue', returning: 'blue' };
const LINK_FROM = {
  configured: N_('as configured'),
  seen: N_('as seen in earlier moves'),
};
const VERSION_MAJOR = 1000000;
const VERSION_MINOR = 1000;

/** The state of a host as {text, tone}. */
export function hostState(host) {
  const entry = STATES[host.state];
  return entry ? { text: _(entry.text), tone: entry.tone } : { text: host.state, tone: 'red' };
}

/** Its duty as {text, tone}; null for an active host, of which nothing is to be said. */
export function hostDuty(host) {
  if (!host.duty || host.duty === 'active') return null;
  return { text: duty(host.duty), tone: DUTY_TONES[host.duty] || 'grey' };
}

/** Whether the facts of a host are those of now, not those last seen. */
export const isUp = host => host.state === 'up';

/** Whether anything of it was ever seen. */
export const wasSeen = host => host.lastSeen > 0;

/** A sentence on what the facts shown are worth; empty for a host that is up. */
export function seenText(host, nowMs) {
  if (isUp(host)) return '';
  if (!wasSeen(host)) return _('It was never seen; nothing is known of it yet.');
  return format(_('Last seen: $0. What is shown was seen then.'), time(host.lastSeen, nowMs));
}

/**
 * Its memory in bytes: total, used, reserved (promised to moves under way), reserve (that no VM may
 * be given), free (that can still be promised). Null if nothing is known. Never negative, and
 * together never more than total.
 */
export function memoryOf(host) {
  const total = host.memoryTotal || 0;
  if (total <= 0) return null;
  let left = total;
  const take = value => {
    const taken = Math.max(0, Math.min(left, value || 0));
    left -= taken;
    return taken;
  };
  const used = take(total - Math.min(total, host.memoryFree || 0));
  const reserved = take(host.memoryReserved);
  const reserve = take(host.memoryReserve);
  return { total, used, reserved, reserve, free: take(host.memoryPromisable) };
}

/** The parts of the memory bar; what is free is the rest of it. */
export function memoryParts(memory) {
  return [
    { value: memory.used, tone: 'blue', text: '' },
    { value: memory.reserved, tone: 'orange', text: '' },
    { value: memory.reserve, tone: 'grey', text: '' },
  ];
}

/** What stands below the bar: free, reserved if anything is, and what no VM may be given. */
export function memoryWords(memory) {
  const words = [format(_('$0 free'), size(memory.free))];
  if (memory.reserved > 0) words.push(format(_('$0 reserved for moves'), size(memory.reserved)));
  words.push(format(_('$0 for the host'), size(memory.reserve)));
  return words.join(' · ');
}

/** A sentence with all of it, for screen readers and the host's own page. */
export function memoryText(memory) {
  return format(
    _('$0 in all: $1 used, $2 reserved for moves under way, $3 that no VM may be given, $4 free'),
    size(memory.total),
    size(memory.used),
    size(memory.reserved),
    size(memory.reserve),
    size(memory.free)
  );
}

/** CPU in use from 0 to 1; null if it was not measured. */
export function cpuLoad(host) {
  const load = host.cpuLoad;
  if (typeof load !== 'number' || load < 0 || !(host.cpus > 0)) return null;
  return Math.min(1, load / 1000);
}

/** The tone of a bar by how full it is. */
export function loadTone(fraction) {
  return fraction >= 0.9 ? 'red' : fraction >= 0.75 ? 'orange' : 'blue';
}

/** CPU in use in words. */
export function cpuText(host) {
  const load = cpuLoad(host);
  return load === null ? _('not measured') : percent(load);
}

/** "32 CPUs at 2,600 MHz"; empty if not known. */
export function cpusText(host) {
  if (!(host.cpus > 0)) return '';
  const count = format(ngettext('$0 CPU', '$0 CPUs', host.cpus), number(host.cpus));
  return host.cpuMhz > 0 ? format(_('$0 at $1 MHz'), count, number(host.cpuMhz)) : count;
}

/**
 * VMs of each host: a Map of host name to {all, running}. What is on a host that does not answer is
 * counted in all.
 */
export function countVms(vms) {
  const counts = new Map();
  for (const vm of vms) {
    let count = counts.get(vm.host);
    if (!count) counts.set(vm.host, (count = { all: 0, running: 0 }));
    count.all++;
    if (vm.state !== 'shut-off' && vm.state !== 'crashed' && vm.state !== 'unknown')
      count.running++;
  }
  return counts;
}

/** "5" or "3 of 5 run". */
export function runningText(count) {
  if (!count || count.all === 0) return number(0);
  if (count.running === count.all) return number(count.all);
  return format(_('$0 of $1 running'), number(count.running), number(count.all));
}

/** What each host has beyond the baseline: a Map of name to {known, beyond}. */
export function beyondBaseline(baseline) {
  return new Map(
    ((baseline && baseline.hosts) || []).map(entry => [
      entry.host,
      { known: Boolean(entry.known), beyond: entry.beyond || [] },
    ])
  );
}

/** What a CPU has beyond the baseline in a few words: the first features and how many more. */
export function beyondText(beyond, most = 3) {
  if (!beyond || beyond.length === 0) return '';
  const list = beyond.slice(0, most).join(', ');
  const more = beyond.length - most;
  return more > 0
    ? format(ngettext('+ $0 and $1 more', '+ $0 and $1 more', more), list, number(more))
    : format(_('+ $0'), list);
}

/** A link's rate in bits a second, as it is printed on network cards. */
export function linkText(host) {
  if (!(host.linkRate > 0)) return _('not known');
  return bits(host.linkRate);
}

/** Where the link's rate is known from; empty if it is not. */
export function linkFromText(host) {
  return LINK_FROM[host.linkRateFrom] ? _(LINK_FROM[host.linkRateFrom]) : '';
}

/** Bytes a second as bits a second: "10 Gbit/s". */
export function bits(bytesPerSecond) {
  const value = bytesPerSecond * 8;
  return value >= 1e9
    ? format(_('$0 Gbit/s'), number(value / 1e9, 2))
    : format(_('$0 Mbit/s'), number(value / 1e6, value < 1e7 ? 1 : 0));
}

/** What moves may take of its link. */
export function bandwidthText(host) {
  return host.bandwidth > 0 ? rate(host.bandwidth) : _('no limit');
}

/** Moves at a time; 0 stands for the limit of all hosts. */
export function limitText(limit) {
  return limit > 0 ? number(limit) : _('as all hosts');
}

/** "7.2.0" from 7002000; a dash for 0. */
export function version(value) {
  if (!(value > 0)) return none();
  const major = Math.floor(value / VERSION_MAJOR);
  const minor = Math.floor((value % VERSION_MAJOR) / VERSION_MINOR);
  return [major, minor, value % VERSION_MINOR].join('.');
}

/** Whether a host is closed to VMs. */
export const isClosed = host => host.duty === 'draining' || host.duty === 'maintenance';

/** Why a host cannot be drained now; empty if it can. */
export function whyNoDrain(host) {
  if (host.duty === 'draining') return format(_('$0 is being drained already.'), host.name);
  if (host.duty === 'maintenance') return format(_('$0 is drained already.'), host.name);
  if (host.duty === 'returning') return format(_('VMs are being brought back to $0.'), host.name);
  if (!isUp(host))
    return format(_('$0 cannot be reached, so nothing can be moved away from it.'), host.name);
  return '';
}

/**
 * What can be done about a host's duty, by its duty and the task that holds it: a set of drain,
 * activate, cancel, resume, undo.
 */
export function dutyActs(host, task) {
  const acts = new Set();
  const holds = Boolean(task) && !hasEnded(task);
  if (host.duty === 'active' && isUp(host)) acts.add('drain');
  if (host.duty === 'returning' && holds) acts.add('cancel');
  if (!isClosed(host)) return acts;
  if (holds) {
    acts.add('cancel');
    acts.add('undo');
    return acts;
  }
  acts.add('activate');
  if (!task || task.kind !== 'drain') return acts;
  acts.add('undo');
  if (task.state === 'remainder' || task.state === 'cancelled') acts.add('resume');
  return acts;
}

/** Open moves from or to a host, the newest first. */
export function movesOf(name, tasks) {
  return [...tasks]
    .filter(task => !hasEnded(task) && task.vm && (task.source === name || task.destination === name))
    .sort((a, b) => b.id - a.id);
}

/** Whether a host answers to what was typed into the filter. */
export function matches(host, text) {
  const wanted = text.trim().toLowerCase();
  if (!wanted) return true;
  return [host.name, host.hostname, host.cluster, host.cpuModel, host.uri].some(
    value => value && value.toLowerCase().includes(wanted)
  );
}
