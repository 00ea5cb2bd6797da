// SPDX-License-Identifier: LGPL-2.1-or-later
// Reasons for and against a host, in the reader's language. The daemon's own sentences are English;
// where its code has a text here that is translated, that is shown instead, with the reason's
// parameters. src/cli/reason-words.c has the same texts for the command: a test compares the two.

import { C_, N_, NC_, _ } from '../i18n.js';
import { fullTime, number } from './format.js';

// {VM} and {HOST} are those that were judged; {command} and {command2} are the first two commands of
// the daemon's own remedy, which names the VM in a way that a shell cannot misread; all others are
// the reason's parameters, see docs/reasons.md. A list is tried from its beginning, and a text is
// passed over if one of its parameters is missing or its condition does not hold:
//   blocks, warns   the severity
//   name=value      a parameter; nothing after the sign: it is there and empty
//   ^text, $text    how the daemon's sentence, or remedy, begins or ends
// If none is left, the daemon's own words are shown.
const MASKED = '^its definition is masked already';
const QEMU_REMEDY = N_('bring the QEMU of {HOST} up to date');
const SEE = N_('see “{command}”');

/** Texts of each reason by its code: sentence and remedy. */
export const REASONS = {
  'vm.attention': {
    sentence: [N_('{VM} needs attention since task {task}, and is left alone before that is settled')],
    remedy: [SEE],
  },
  'vm.twice': {
    sentence: [
      ['state=unknown', N_('{host} has a copy of {VM} and does not say whether it runs')],
      N_('{host} has another copy of {VM} ({state}): both may write to its disks'),
    ],
    remedy: [
      ['^find out which one is right and stop', N_('find out which copy is right and stop the other with “{command}” on its host')],
      ['^find out which one is right before', N_('find out which copy is right before moving it')],
      SEE,
    ],
  },
  'vm.moving': {
    sentence: [N_('task {task} is already moving or starting {VM}, to {destination}')],
    remedy: [N_('wait for it, or cancel it with “{command}”')],
  },
  'vm.running': {
    sentence: [
      ['state=unknown', N_('{VM} may be running on {host}, which does not say; it must never run twice')],
      N_('{VM} is on {host} already ({state})'),
    ],
    remedy: [
      ['^to have it on another host', N_('to have it on another host: “{command}”')],
      SEE,
    ],
  },
  'vm.not-running': {
    sentence: [N_('{VM} does not run on {host} ({state}); only a running VM can be moved live')],
    remedy: [N_('start it with “{command}”')],
  },
  'vm.io-error': {
    sentence: [N_('{VM} is paused on {host} because one of its disks could not be read or written')],
    remedy: [N_('mend the storage, then “{command}” on {host}')],
  },
  'vm.paused': {
    sentence: [N_('{VM} is paused on {host} ({why}); only a running VM can be moved live')],
    remedy: [N_('“{command}” on {host}')],
  },
  'vm.job-running': {
    sentence: [
      ['job=migration', N_('{VM}, on {host}, is being moved by somebody else')],
      N_('libvirt on {host} is busy with {VM}: {job}'),
    ],
    remedy: [
      N_('wait for that to end; “{command}” on {host} shows it'),
      ['^wait for it to end', N_('wait for it to end')],
    ],
  },
  'vm.locked': {
    sentence: [
      N_('{VM} is locked by {owner} since {since}: {reason}'),
      N_('{VM} is locked by {owner} since {since}'),
      N_('{VM} is locked by {owner}: {reason}'),
      N_('{VM} is locked by {owner}'),
      ['owner=', N_('{VM} is locked by somebody who gave no name: {reason}')],
      ['owner=', N_('{VM} is locked by somebody who gave no name')],
    ],
    remedy: [N_('unlock it with “{command}”')],
  },
  'vm.lock-stale': {
    sentence: [
      N_('{VM} was locked by {owner} ({reason}); the lock expired on {expires} and does not hold any more'),
      N_('{VM} was locked by {owner}; the lock expired on {expires} and does not hold any more'),
      ['owner=', N_('{VM} was locked by somebody who gave no name; the lock expired on {expires} and does not hold any more')],
    ],
    remedy: [N_('unlock it with “{command}”')],
  },
  'host.same': { sentence: [N_('{VM} is on {HOST} already')], remedy: [] },
  'host.unknown': {
    sentence: [N_('{VM} was on {host}, which is not a host of ours any more')],
    remedy: [N_('add it with “{command}”')],
  },
  'host.unreachable': {
    sentence: [
      ['error=removed', N_('{host} is not a host of ours any more')],
      N_('{host} cannot be reached now, or could not be asked: {error}'),
      ['error=', N_('{host} cannot be reached now, or has not told yet what it offers')],
    ],
    remedy: [
      ['^get ', N_('get {host} back, or if it is gone for good: “{command}”')],
      SEE,
    ],
  },
  'host.maintenance': {
    sentence: [N_('{HOST} is being drained or in maintenance; nothing is placed on it')],
    remedy: [N_('open it with “{command}”, or choose another host')],
  },
  'host.other-cluster': {
    sentence: [N_('{HOST} belongs to cluster {host-cluster}, and {VM} is in cluster {vm-cluster}')],
    remedy: [N_('name the host to go there all the same: --to {HOST}')],
  },
  'host.arch': {
    sentence: [N_('{VM} is made for {needed}, and {HOST} has {offered}')],
    remedy: [],
  },
  'host.virt-type': {
    sentence: [N_('{VM} needs {needed}, which {HOST} cannot run')],
    remedy: [['needed=kvm', N_('switch on virtualization (VT-x, AMD-V) in the firmware of {HOST} and load the kvm module')]],
  },
  'cpu.vendor': {
    sentence: [N_('{VM} has a CPU of {needed}, and {HOST} one of {offered}')],
    remedy: [N_('shut it down and start it on the other host with a CPU of that vendor')],
  },
  'cpu.feature-missing': {
    sentence: [N_('the CPU of {VM} has features that {HOST} cannot give: {features}')],
    remedy: [
      N_('“{command}”, then shut it down and start it again; or look for the features in the firmware of {HOST}'),
      [MASKED, N_('its definition is masked already: shut it down and start it again; if that was done, mask it further; or look for the features in the firmware of {HOST}')],
    ],
  },
  'cpu.passthrough': {
    sentence: [N_('{VM} has the CPU of its host itself ({mode}), and that of {HOST} is not known to be the same')],
    remedy: [
      N_('“{command}”, then shut it down and start it again'),
      [MASKED, N_('its definition is masked already: shut it down and start it again; if that was done, mask it further')],
    ],
  },
  'cpu.tsc': {
    sentence: [
      ['needed=invtsc', N_('{VM} counts on a time stamp counter that never changes (invtsc), and no frequency is fixed for it')],
      ['offered=0', N_('{VM} counts on a time stamp counter of {needed} Hz, and {HOST} does not tell its own')],
      N_('{VM} counts on a time stamp counter of {needed} Hz, and {HOST} has one of {offered} Hz and cannot scale it'),
    ],
    remedy: [N_('“{command}”, or fix the frequency of its tsc timer with “{command2}”; then shut it down and start it again')],
  },
  'cpu.vcpus': {
    sentence: [N_('{VM} has {needed} CPUs, and {HOST} has or allows only {offered}')],
    remedy: [N_('give it fewer with “{command}”; then shut it down and start it again')],
  },
  'cpu.unknown': {
    sentence: [N_('the CPUs of {VM} and {HOST} are not known well enough to be compared')],
    remedy: [],
  },
  'cpu.nested': {
    sentence: [N_('{VM} can run guests of its own ({feature}); they may not survive the move')],
    remedy: [N_('if it needs no guests: “{command}”')],
  },
  'machine-type.missing': {
    sentence: [N_('{VM} has machine type {machine}, which the QEMU of {HOST} does not know')],
    remedy: [QEMU_REMEDY],
  },
  'qemu.older': {
    sentence: [N_('{HOST} has QEMU {offered}, older than {needed} of the host of {VM}: it cannot be taken over')],
    remedy: [QEMU_REMEDY],
  },
  'memory.short': {
    sentence: [N_('{VM} needs {need} and {HOST} has {free} free after moves under way: {short} short')],
    remedy: [N_('free {short} on {HOST}: move or stop a VM there')],
  },
  'memory.hugepages': {
    sentence: [
      ['size=default', N_('{VM} needs {need} in huge pages of the default size, and {HOST} has {free} of them free after moves under way')],
      N_('{VM} needs {need} in huge pages ({size} each), and {HOST} has {free} of them free after moves under way'),
    ],
    remedy: [N_('“{command}” on {HOST}, or vm.nr_hugepages there')],
  },
  'storage.not-shared': {
    sentence: [
      N_('disk {disk} of {VM} ({file}) is not shared: it is in {source}, and {HOST} has {offered}'),
      N_('disk {disk} of {VM} ({file}) is not on storage that its host and {HOST} share'),
    ],
    remedy: [N_('put it on storage that both hosts have')],
  },
  'storage.not-verified': {
    sentence: [N_('nothing shows that disk {disk} of {VM} ({file}) is the same on its host and on {HOST}')],
    remedy: [N_('if it is: name it, or a folder above it, in shared-paths= of virternd.conf, or define a pool for it on both hosts; with pools: “{command}” on both')],
  },
  'storage.file-system': {
    sentence: [N_('libvirt will refuse to move {VM} live if it does not know the file system of disk {disk} ({file}) as a shared one')],
    remedy: [N_('nothing is to be done on NFS, CephFS, GFS2, OCFS2, Gluster or CIFS; elsewhere shut it down and “{command}”')],
  },
  'storage.pool-missing': {
    sentence: [N_('disk {disk} of {VM} is in pool {pool}, which {HOST} does not have or has not started')],
    remedy: [
      ['^define it', N_('define it with “{command}” on {HOST}')],
      N_('“{command}” on {HOST}'),
    ],
  },
  'storage.cache-unsafe': {
    sentence: [N_('disk {disk} of {VM} has cache mode {cache}: what its host has not written to the storage yet could be lost')],
    remedy: [N_('set cache=\'none\' with “{command}”, then shut it down and start it again')],
  },
  'storage.guest-cluster': {
    sentence: [
      N_('disk {disk} of {VM} is also a disk of {vm}'),
      ['vm=', N_('disk {disk} of {VM} is meant to be written by several VMs')],
    ],
    remedy: [
      ['^shut ', N_('shut {VM} or {vm} down first')],
      ['^never run both', N_('never run both, unless they are made for it')],
    ],
  },
  'storage.transient': {
    sentence: [N_('disk {disk} of {VM} is transient; libvirt does not move it')],
    remedy: [N_('shut {VM} down instead and start it on the other host')],
  },
  'storage.secret-missing': {
    sentence: [N_('disk {disk} of {VM} needs secret {secret}, which {HOST} does not have')],
    remedy: [N_('“{command}” and “{command2}” on {HOST}')],
  },
  'cdrom.local': {
    sentence: [
      ['$; it will be taken out', N_('CD-ROM drive {drive} of {VM} holds {file}, which is not known to be on {HOST}; it will be taken out')],
      ['$; without it the drive will be empty there', N_('CD-ROM drive {drive} of {VM} holds {file}, which is not known to be on {HOST}; without it the drive will be empty there')],
      N_('CD-ROM drive {drive} of {VM} holds {file}, which is not known to be on {HOST}'),
    ],
    remedy: [N_('“{command}”, or put the image on shared storage')],
  },
  'floppy.local': {
    sentence: [
      ['$; it will be taken out', N_('floppy drive {drive} of {VM} holds {file}, which is not known to be on {HOST}; it will be taken out')],
      ['$; without it the drive will be empty there', N_('floppy drive {drive} of {VM} holds {file}, which is not known to be on {HOST}; without it the drive will be empty there')],
      N_('floppy drive {drive} of {VM} holds {file}, which is not known to be on {HOST}'),
    ],
    remedy: [N_('“{command}”, or put the image on shared storage')],
  },
  'network.missing': {
    sentence: [N_('{VM} is on network {network}, which {HOST} does not have')],
    remedy: [N_('define it there with “{command}”, or see “{command2}” on {HOST}')],
  },
  'network.inactive': {
    sentence: [N_('{VM} is on network {network}, which is not started on {HOST}')],
    remedy: [N_('“{command}” on {HOST}')],
  },
  'network.portgroup': {
    sentence: [N_('{VM} is in port group {portgroup} of network {network}, which that network lacks on {HOST}')],
    remedy: [N_('“{command}” on {HOST}; it is seen within three minutes')],
  },
  'network.bridge-missing': {
    sentence: [N_('{VM} is plugged into {interface}, which {HOST} does not have')],
    remedy: [N_('make a bridge or interface of that name on {HOST}')],
  },
  'vm.backup': {
    sentence: [N_('a backup of {VM} runs on {host}')],
    remedy: [N_('wait for it, or end it with “{command}” on {host}')],
  },
  'vm.block-job': {
    sentence: [N_('disk {disk} of {VM} is being copied or committed')],
    remedy: [N_('wait for it, or end it with “{command}” on its host')],
  },
  'vm.snapshots': {
    sentence: [N_('{VM} has snapshots ({count}), which libvirt cannot take to another host')],
    remedy: [N_('see “{command}” on its host; to forget them and keep the disks as they are: “{command2}”')],
  },
  'vm.managed-save': {
    sentence: [N_('the memory of {VM} was saved on {host} and can be gone on with only there')],
    remedy: [N_('start it there: --on {host}; or give the saved memory up with “{command}” on {host}')],
  },
  'vm.hostdev': {
    sentence: [N_('{VM} uses {type} device {address} of its host and cannot go elsewhere with it')],
    remedy: [N_('take it out with “{command}” on its host')],
  },
  'vm.usb': {
    sentence: [N_('{VM} uses USB device {address} of its host, which would stay behind')],
    remedy: [N_('take it out with “{command}” on its host')],
  },
  'vm.filesystem': {
    sentence: [N_('{VM} shares folder {name} with its host and cannot go elsewhere with it')],
    remedy: [N_('unmount it in the guest and take it out with “{command}”')],
  },
  'vm.shmem': {
    sentence: [N_('{VM} shares memory “{name}” with others on its host; they would stay there')],
    remedy: [N_('take it out with “{command}”')],
  },
  'vm.tpm-local': {
    sentence: [
      ['$ itself and cannot be moved', N_('{VM} uses the TPM of {host} itself and cannot be moved')],
      N_('the state of the TPM of {VM} stays on {host}: keys in it would be lost'),
    ],
    remedy: [N_('start it there: --on {host}')],
  },
  'vm.nvram-local': {
    sentence: [N_('the firmware variables of {VM} ({file}) stay on {host}: it might not boot without them')],
    remedy: [N_('start it there: --on {host}; or put the file on shared storage')],
  },
  'vm.pinned': {
    sentence: [
      ['blocks', N_('{VM} is tied to CPUs {cpus}, and {HOST} has only {offered} (from 0)')],
      N_('{VM} is tied to CPUs {cpus}; on {HOST} these are others'),
    ],
    remedy: [N_('untie it with “{command}” or “{command2}”')],
  },
  'vm.numa': {
    sentence: [
      ['blocks', N_('{VM} is tied to NUMA nodes {nodes}, and {HOST} has only {offered} (from 0)')],
      N_('{VM} is tied to NUMA nodes {nodes}; on {HOST} these are others'),
    ],
    remedy: [N_('untie it with “{command}” or “{command2}”')],
  },
  'vm.name-taken': {
    sentence: [N_('{HOST} has, or is about to get, another VM called {VM} (UUID {uuid})')],
    remedy: [N_('give one of them another name with “{command}”')],
  },
  'vm.uuid-taken': {
    sentence: [
      ['blocks', N_('{HOST} has a shut-off copy of {VM}, called {name} there, that must not be replaced: it has saved memory, snapshots or another name')],
      N_('{HOST} has a shut-off copy of {VM}; the move replaces its definition'),
    ],
    remedy: [N_('if it is a leftover: “{command}” on {HOST}')],
  },
  'vm.mac-taken': {
    sentence: [N_('{VM} and {vm}, which is on {HOST} or on its way there, have network cards of the same address {mac}')],
    remedy: [N_('give one of the network cards another address with “{command}”')],
  },
};

/** Words that the daemon has as values of parameters; others are shown as they come. */
export const WORDS = {
  running: NC_('state of a VM', 'running'),
  paused: NC_('state of a VM', 'paused'),
  'shutting-down': NC_('state of a VM', 'shutting down'),
  'shut-off': NC_('state of a VM', 'shut off'),
  crashed: NC_('state of a VM', 'crashed'),
  suspended: NC_('state of a VM', 'suspended'),
  unknown: NC_('state of a VM', 'unknown'),
  'not known': NC_('state of a VM', 'not known'),
  'not there': NC_('state of a VM', 'not there'),
  user: NC_('state of a VM', 'by a person'),
  migration: NC_('state of a VM', 'by a migration'),
  'io-error': NC_('state of a VM', 'disk error'),
  'a migration that was not started here': NC_('state of a VM', 'a migration that was not started here'),
  'a save, dump, backup or the like': NC_('state of a VM', 'a save, dump, backup or the like'),
};

const word = text => (Object.hasOwn(WORDS, text) ? C_('state of a VM', WORDS[text]) : text);

/** "paused (migration)": both words, each in the reader's language. */
function words(text) {
  const match = /^([^(]+?) \((.*)\)$/.exec(text);
  return match ? `${word(match[1])} (${word(match[2])})` : word(text);
}

const inUnit = unit => text => (/^\d+$/.test(text) ? `${number(Number(text))}\u00a0${unit}` : text);
const moment = text => (Number(text) > 0 ? fullTime(Number(text)) : '');

const FORMATS = {
  need: inUnit('MiB'),
  free: inUnit('MiB'),
  short: inUnit('MiB'),
  size: inUnit('KiB'),
  since: moment,
  expires: moment,
  state: words,
  why: words,
  job: words,
  features: text => text.split(',').join(', '),
};

/** The commands of a remedy, which stand in quotation marks; none if a name has such marks. */
function commandsOf(remedy) {
  const commands = [...remedy.matchAll(/“([^“”]*)”/g)].map(match => match[1]);
  const marks = (remedy.match(/[“”]/g) ?? []).length;
  return marks === 2 * commands.length ? commands : [];
}

function valuesOf(reason, vm, host) {
  const values = { VM: vm, HOST: host };
  for (const [name, text] of Object.entries(reason.parameters ?? {}))
    values[name] = Object.hasOwn(FORMATS, name) ? FORMATS[name](text) : text;
  [values.command, values.command2] = commandsOf(reason.remedy ?? '');
  return values;
}

function holds(condition, reason, own) {
  if (condition.startsWith('^'))
    return own.startsWith(condition.slice(1));
  if (condition.startsWith('$'))
    return own.endsWith(condition.slice(1));
  const [name, value] = condition.split('=');
  return value === undefined ? reason.severity === name : reason.parameters?.[name] === value;
}

const PLACE = /\{([\w-]+)\}/g;
const has = (values, name) => Object.hasOwn(values, name) && (values[name] ?? '') !== '';

// Reasons in a plan come without severity and parameters: which of the texts holds is then not known.
const isOpenWhich = (reason, choices) => !reason.parameters &&
  choices.some(choice => typeof choice !== 'string' && !/^[$^]/.test(choice[0]));

/** The daemon's text `own`, or the first that fits of `choices` in the reader's language. */
function say(own, choices, reason, values) {
  const fits = choice => {
    const [condition, text] = typeof choice === 'string' ? [null, choice] : choice;
    return (condition === null || holds(condition, reason, own)) &&
      [...text.matchAll(PLACE)].every(match => has(values, match[1]));
  };
  const found = choices.find(fits);
  if (own === '' || found === undefined || isOpenWhich(reason, choices))
    return own;
  const text = typeof found === 'string' ? found : found[1];
  const translated = _(text);
  return translated === text ? own : translated.replace(PLACE, (whole, name) => values[name] ?? whole);
}

/**
 * Why a VM may not, or not without a warning, run on a host.
 * @param {object} reason of checkVm(): code, severity, sentence, remedy, parameters
 * @param {string} vm its name
 * @param {string} [host] that was judged
 * @returns {string} a sentence without a full stop
 */
export function reasonText(reason, vm, host) {
  const choices = Object.hasOwn(REASONS, reason.code) ? REASONS[reason.code].sentence : [];
  return say(reason.sentence ?? '', choices, reason, valuesOf(reason, vm, host));
}

/** What would remove a reason, with the command to run; '' if nothing is known. See reasonText(). */
export function remedyText(reason, vm, host) {
  const choices = Object.hasOwn(REASONS, reason.code) ? REASONS[reason.code].remedy : [];
  return say(reason.remedy ?? '', choices, reason, valuesOf(reason, vm, host));
}
