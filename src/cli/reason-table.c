/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The texts of reasons. cockpit/model/reasons.js has the same ones for the page, and says how one
 * is chosen; tests/page/test-reasons.test.mjs compares the two.
 */
#include "config.h"

#include "cli/reason-table.h"

#include "cli/i18n.h"

#define SENTENCE(code, text)                                                                       \
  {                                                                                                \
    code, TERN_REASON_SENTENCE, NULL, text                                                         \
  }
#define SENTENCE_IF(code, condition, text)                                                         \
  {                                                                                                \
    code, TERN_REASON_SENTENCE, condition, text                                                    \
  }
#define REMEDY(code, text)                                                                         \
  {                                                                                                \
    code, TERN_REASON_REMEDY, NULL, text                                                           \
  }
#define REMEDY_IF(code, condition, text)                                                           \
  {                                                                                                \
    code, TERN_REASON_REMEDY, condition, text                                                      \
  }

static const TernReasonText table[] = {
  SENTENCE (
      "vm.attention",
      N_ ("{VM} needs attention since task {task}, and is left alone before that is settled")),
  REMEDY ("vm.attention", N_ ("see “{command}”")),
  SENTENCE_IF ("vm.twice", "state=unknown",
               N_ ("{host} has a copy of {VM} and does not say whether it runs")),
  SENTENCE ("vm.twice",
            N_ ("{host} has another copy of {VM} ({state}): both may write to its disks")),
  REMEDY_IF ("vm.twice", "^find out which one is right and stop",
             N_ ("find out which copy is right and stop the other with “{command}” on its host")),
  REMEDY_IF ("vm.twice", "^find out which one is right before",
             N_ ("find out which copy is right before moving it")),
  REMEDY ("vm.twice", N_ ("see “{command}”")),
  SENTENCE ("vm.moving", N_ ("task {task} is already moving or starting {VM}, to {destination}")),
  REMEDY ("vm.moving", N_ ("wait for it, or cancel it with “{command}”")),
  SENTENCE_IF ("vm.running", "state=unknown",
               N_ ("{VM} may be running on {host}, which does not say; it must never run twice")),
  SENTENCE ("vm.running", N_ ("{VM} is on {host} already ({state})")),
  REMEDY_IF ("vm.running", "^to have it on another host",
             N_ ("to have it on another host: “{command}”")),
  REMEDY ("vm.running", N_ ("see “{command}”")),
  SENTENCE ("vm.not-running",
            N_ ("{VM} does not run on {host} ({state}); only a running VM can be moved live")),
  REMEDY ("vm.not-running", N_ ("start it with “{command}”")),
  SENTENCE ("vm.io-error",
            N_ ("{VM} is paused on {host} because one of its disks could not be read or written")),
  REMEDY ("vm.io-error", N_ ("mend the storage, then “{command}” on {host}")),
  SENTENCE ("vm.paused",
            N_ ("{VM} is paused on {host} ({why}); only a running VM can be moved live")),
  REMEDY ("vm.paused", N_ ("“{command}” on {host}")),
  SENTENCE_IF ("vm.job-running", "job=migration",
               N_ ("{VM}, on {host}, is being moved by somebody else")),
  SENTENCE ("vm.job-running", N_ ("libvirt on {host} is busy with {VM}: {job}")),
  REMEDY ("vm.job-running", N_ ("wait for that to end; “{command}” on {host} shows it")),
  REMEDY_IF ("vm.job-running", "^wait for it to end", N_ ("wait for it to end")),
  SENTENCE ("vm.locked", N_ ("{VM} is locked by {owner} since {since}: {reason}")),
  SENTENCE ("vm.locked", N_ ("{VM} is locked by {owner} since {since}")),
  SENTENCE ("vm.locked", N_ ("{VM} is locked by {owner}: {reason}")),
  SENTENCE ("vm.locked", N_ ("{VM} is locked by {owner}")),
  SENTENCE_IF ("vm.locked", "owner=", N_ ("{VM} is locked by somebody who gave no name: {reason}")),
  SENTENCE_IF ("vm.locked", "owner=", N_ ("{VM} is locked by somebody who gave no name")),
  REMEDY ("vm.locked", N_ ("unlock it with “{command}”")),
  SENTENCE ("vm.lock-stale", N_ ("{VM} was locked by {owner} ({reason}); the lock expired on "
                                 "{expires} and does not hold any more")),
  SENTENCE (
      "vm.lock-stale",
      N_ ("{VM} was locked by {owner}; the lock expired on {expires} and does not hold any more")),
  SENTENCE_IF ("vm.lock-stale", "owner=",
               N_ ("{VM} was locked by somebody who gave no name; the lock expired on {expires} "
                   "and does not hold any more")),
  REMEDY ("vm.lock-stale", N_ ("unlock it with “{command}”")),
  SENTENCE ("host.same", N_ ("{VM} is on {HOST} already")),
  SENTENCE ("host.unknown", N_ ("{VM} was on {host}, which is not a host of ours any more")),
  REMEDY ("host.unknown", N_ ("add it with “{command}”")),
  SENTENCE_IF ("host.unreachable", "error=removed", N_ ("{host} is not a host of ours any more")),
  SENTENCE ("host.unreachable",
            N_ ("{host} cannot be reached now, or could not be asked: {error}")),
  SENTENCE_IF ("host.unreachable",
               "error=", N_ ("{host} cannot be reached now, or has not told yet what it offers")),
  REMEDY_IF ("host.unreachable", "^get ",
             N_ ("get {host} back, or if it is gone for good: “{command}”")),
  REMEDY ("host.unreachable", N_ ("see “{command}”")),
  SENTENCE ("host.maintenance",
            N_ ("{HOST} is being drained or in maintenance; nothing is placed on it")),
  REMEDY ("host.maintenance", N_ ("open it with “{command}”, or choose another host")),
  SENTENCE ("host.other-cluster",
            N_ ("{HOST} belongs to cluster {host-cluster}, and {VM} is in cluster {vm-cluster}")),
  REMEDY ("host.other-cluster", N_ ("name the host to go there all the same: --to {HOST}")),
  SENTENCE ("host.arch", N_ ("{VM} is made for {needed}, and {HOST} has {offered}")),
  SENTENCE ("host.virt-type", N_ ("{VM} needs {needed}, which {HOST} cannot run")),
  REMEDY_IF ("host.virt-type", "needed=kvm",
             N_ ("switch on virtualization (VT-x, AMD-V) in the firmware of {HOST} and load the "
                 "kvm module")),
  SENTENCE ("cpu.vendor", N_ ("{VM} has a CPU of {needed}, and {HOST} one of {offered}")),
  REMEDY ("cpu.vendor",
          N_ ("shut it down and start it on the other host with a CPU of that vendor")),
  SENTENCE ("cpu.feature-missing",
            N_ ("the CPU of {VM} has features that {HOST} cannot give: {features}")),
  REMEDY ("cpu.feature-missing", N_ ("“{command}”, then shut it down and start it again; or look "
                                     "for the features in the firmware of {HOST}")),
  REMEDY_IF ("cpu.feature-missing", "^its definition is masked already",
             N_ ("its definition is masked already: shut it down and start it again; if that was "
                 "done, mask it further; or look for the features in the firmware of {HOST}")),
  SENTENCE ("cpu.passthrough", N_ ("{VM} has the CPU of its host itself ({mode}), and that of "
                                   "{HOST} is not known to be the same")),
  REMEDY ("cpu.passthrough", N_ ("“{command}”, then shut it down and start it again")),
  REMEDY_IF ("cpu.passthrough", "^its definition is masked already",
             N_ ("its definition is masked already: shut it down and start it again; if that was "
                 "done, mask it further")),
  SENTENCE_IF ("cpu.tsc", "needed=invtsc",
               N_ ("{VM} counts on a time stamp counter that never changes (invtsc), and no "
                   "frequency is fixed for it")),
  SENTENCE_IF (
      "cpu.tsc", "offered=0",
      N_ ("{VM} counts on a time stamp counter of {needed} Hz, and {HOST} does not tell its own")),
  SENTENCE ("cpu.tsc", N_ ("{VM} counts on a time stamp counter of {needed} Hz, and {HOST} has one "
                           "of {offered} Hz and cannot scale it")),
  REMEDY ("cpu.tsc", N_ ("“{command}”, or fix the frequency of its tsc timer with “{command2}”; "
                         "then shut it down and start it again")),
  SENTENCE ("cpu.vcpus", N_ ("{VM} has {needed} CPUs, and {HOST} has or allows only {offered}")),
  REMEDY ("cpu.vcpus", N_ ("give it fewer with “{command}”; then shut it down and start it again")),
  SENTENCE ("cpu.unknown",
            N_ ("the CPUs of {VM} and {HOST} are not known well enough to be compared")),
  SENTENCE ("cpu.nested",
            N_ ("{VM} can run guests of its own ({feature}); they may not survive the move")),
  REMEDY ("cpu.nested", N_ ("if it needs no guests: “{command}”")),
  SENTENCE ("machine-type.missing",
            N_ ("{VM} has machine type {machine}, which the QEMU of {HOST} does not know")),
  REMEDY ("machine-type.missing", N_ ("bring the QEMU of {HOST} up to date")),
  SENTENCE ("qemu.older", N_ ("{HOST} has QEMU {offered}, older than {needed} of the host of {VM}: "
                              "it cannot be taken over")),
  REMEDY ("qemu.older", N_ ("bring the QEMU of {HOST} up to date")),
  SENTENCE (
      "memory.short",
      N_ ("{VM} needs {need} and {HOST} has {free} free after moves under way: {short} short")),
  REMEDY ("memory.short", N_ ("free {short} on {HOST}: move or stop a VM there")),
  SENTENCE_IF ("memory.hugepages", "size=default",
               N_ ("{VM} needs {need} in huge pages of the default size, and {HOST} has {free} of "
                   "them free after moves under way")),
  SENTENCE ("memory.hugepages", N_ ("{VM} needs {need} in huge pages ({size} each), and {HOST} has "
                                    "{free} of them free after moves under way")),
  REMEDY ("memory.hugepages", N_ ("“{command}” on {HOST}, or vm.nr_hugepages there")),
  SENTENCE ("storage.not-shared", N_ ("disk {disk} of {VM} ({file}) is not shared: it is in "
                                      "{source}, and {HOST} has {offered}")),
  SENTENCE ("storage.not-shared",
            N_ ("disk {disk} of {VM} ({file}) is not on storage that its host and {HOST} share")),
  REMEDY ("storage.not-shared", N_ ("put it on storage that both hosts have")),
  SENTENCE (
      "storage.not-verified",
      N_ ("nothing shows that disk {disk} of {VM} ({file}) is the same on its host and on {HOST}")),
  REMEDY ("storage.not-verified",
          N_ ("if it is: name it, or a folder above it, in shared-paths= of virternd.conf, or "
              "define a pool for it on both hosts; with pools: “{command}” on both")),
  SENTENCE ("storage.file-system", N_ ("libvirt will refuse to move {VM} live if it does not know "
                                       "the file system of disk {disk} ({file}) as a shared one")),
  REMEDY ("storage.file-system", N_ ("nothing is to be done on NFS, CephFS, GFS2, OCFS2, Gluster "
                                     "or CIFS; elsewhere shut it down and “{command}”")),
  SENTENCE (
      "storage.pool-missing",
      N_ ("disk {disk} of {VM} is in pool {pool}, which {HOST} does not have or has not started")),
  REMEDY_IF ("storage.pool-missing", "^define it", N_ ("define it with “{command}” on {HOST}")),
  REMEDY ("storage.pool-missing", N_ ("“{command}” on {HOST}")),
  SENTENCE ("storage.cache-unsafe", N_ ("disk {disk} of {VM} has cache mode {cache}: what its host "
                                        "has not written to the storage yet could be lost")),
  REMEDY ("storage.cache-unsafe",
          N_ ("set cache='none' with “{command}”, then shut it down and start it again")),
  SENTENCE ("storage.guest-cluster", N_ ("disk {disk} of {VM} is also a disk of {vm}")),
  SENTENCE_IF ("storage.guest-cluster",
               "vm=", N_ ("disk {disk} of {VM} is meant to be written by several VMs")),
  REMEDY_IF ("storage.guest-cluster", "^shut ", N_ ("shut {VM} or {vm} down first")),
  REMEDY_IF ("storage.guest-cluster", "^never run both",
             N_ ("never run both, unless they are made for it")),
  SENTENCE ("storage.transient", N_ ("disk {disk} of {VM} is transient; libvirt does not move it")),
  REMEDY ("storage.transient", N_ ("shut {VM} down instead and start it on the other host")),
  SENTENCE ("storage.secret-missing",
            N_ ("disk {disk} of {VM} needs secret {secret}, which {HOST} does not have")),
  REMEDY ("storage.secret-missing", N_ ("“{command}” and “{command2}” on {HOST}")),
  SENTENCE_IF ("cdrom.local", "$; it will be taken out",
               N_ ("CD-ROM drive {drive} of {VM} holds {file}, which is not known to be on {HOST}; "
                   "it will be taken out")),
  SENTENCE_IF ("cdrom.local", "$; without it the drive will be empty there",
               N_ ("CD-ROM drive {drive} of {VM} holds {file}, which is not known to be on {HOST}; "
                   "without it the drive will be empty there")),
  SENTENCE ("cdrom.local",
            N_ ("CD-ROM drive {drive} of {VM} holds {file}, which is not known to be on {HOST}")),
  REMEDY ("cdrom.local", N_ ("“{command}”, or put the image on shared storage")),
  SENTENCE_IF ("floppy.local", "$; it will be taken out",
               N_ ("floppy drive {drive} of {VM} holds {file}, which is not known to be on {HOST}; "
                   "it will be taken out")),
  SENTENCE_IF ("floppy.local", "$; without it the drive will be empty there",
               N_ ("floppy drive {drive} of {VM} holds {file}, which is not known to be on {HOST}; "
                   "without it the drive will be empty there")),
  SENTENCE ("floppy.local",
            N_ ("floppy drive {drive} of {VM} holds {file}, which is not known to be on {HOST}")),
  REMEDY ("floppy.local", N_ ("“{command}”, or put the image on shared storage")),
  SENTENCE ("network.missing", N_ ("{VM} is on network {network}, which {HOST} does not have")),
  REMEDY ("network.missing",
          N_ ("define it there with “{command}”, or see “{command2}” on {HOST}")),
  SENTENCE ("network.inactive",
            N_ ("{VM} is on network {network}, which is not started on {HOST}")),
  REMEDY ("network.inactive", N_ ("“{command}” on {HOST}")),
  SENTENCE ("network.portgroup", N_ ("{VM} is in port group {portgroup} of network {network}, "
                                     "which that network lacks on {HOST}")),
  REMEDY ("network.portgroup", N_ ("“{command}” on {HOST}; it is seen within three minutes")),
  SENTENCE ("network.bridge-missing",
            N_ ("{VM} is plugged into {interface}, which {HOST} does not have")),
  REMEDY ("network.bridge-missing", N_ ("make a bridge or interface of that name on {HOST}")),
  SENTENCE ("vm.backup", N_ ("a backup of {VM} runs on {host}")),
  REMEDY ("vm.backup", N_ ("wait for it, or end it with “{command}” on {host}")),
  SENTENCE ("vm.block-job", N_ ("disk {disk} of {VM} is being copied or committed")),
  REMEDY ("vm.block-job", N_ ("wait for it, or end it with “{command}” on its host")),
  SENTENCE ("vm.snapshots",
            N_ ("{VM} has snapshots ({count}), which libvirt cannot take to another host")),
  REMEDY ("vm.snapshots", N_ ("see “{command}” on its host; to forget them and keep the disks as "
                              "they are: “{command2}”")),
  SENTENCE ("vm.managed-save",
            N_ ("the memory of {VM} was saved on {host} and can be gone on with only there")),
  REMEDY (
      "vm.managed-save",
      N_ ("start it there: --on {host}; or give the saved memory up with “{command}” on {host}")),
  SENTENCE ("vm.hostdev",
            N_ ("{VM} uses {type} device {address} of its host and cannot go elsewhere with it")),
  REMEDY ("vm.hostdev", N_ ("take it out with “{command}” on its host")),
  SENTENCE ("vm.usb", N_ ("{VM} uses USB device {address} of its host, which would stay behind")),
  REMEDY ("vm.usb", N_ ("take it out with “{command}” on its host")),
  SENTENCE ("vm.filesystem",
            N_ ("{VM} shares folder {name} with its host and cannot go elsewhere with it")),
  REMEDY ("vm.filesystem", N_ ("unmount it in the guest and take it out with “{command}”")),
  SENTENCE ("vm.shmem",
            N_ ("{VM} shares memory “{name}” with others on its host; they would stay there")),
  REMEDY ("vm.shmem", N_ ("take it out with “{command}”")),
  SENTENCE_IF ("vm.tpm-local", "$ itself and cannot be moved",
               N_ ("{VM} uses the TPM of {host} itself and cannot be moved")),
  SENTENCE ("vm.tpm-local",
            N_ ("the state of the TPM of {VM} stays on {host}: keys in it would be lost")),
  REMEDY ("vm.tpm-local", N_ ("start it there: --on {host}")),
  SENTENCE ("vm.nvram-local", N_ ("the firmware variables of {VM} ({file}) stay on {host}: it "
                                  "might not boot without them")),
  REMEDY ("vm.nvram-local", N_ ("start it there: --on {host}; or put the file on shared storage")),
  SENTENCE_IF ("vm.pinned", "blocks",
               N_ ("{VM} is tied to CPUs {cpus}, and {HOST} has only {offered} (from 0)")),
  SENTENCE ("vm.pinned", N_ ("{VM} is tied to CPUs {cpus}; on {HOST} these are others")),
  REMEDY ("vm.pinned", N_ ("untie it with “{command}” or “{command2}”")),
  SENTENCE_IF ("vm.numa", "blocks",
               N_ ("{VM} is tied to NUMA nodes {nodes}, and {HOST} has only {offered} (from 0)")),
  SENTENCE ("vm.numa", N_ ("{VM} is tied to NUMA nodes {nodes}; on {HOST} these are others")),
  REMEDY ("vm.numa", N_ ("untie it with “{command}” or “{command2}”")),
  SENTENCE ("vm.name-taken",
            N_ ("{HOST} has, or is about to get, another VM called {VM} (UUID {uuid})")),
  REMEDY ("vm.name-taken", N_ ("give one of them another name with “{command}”")),
  SENTENCE_IF ("vm.uuid-taken", "blocks",
               N_ ("{HOST} has a shut-off copy of {VM}, called {name} there, that must not be "
                   "replaced: it has saved memory, snapshots or another name")),
  SENTENCE ("vm.uuid-taken",
            N_ ("{HOST} has a shut-off copy of {VM}; the move replaces its definition")),
  REMEDY ("vm.uuid-taken", N_ ("if it is a leftover: “{command}” on {HOST}")),
  SENTENCE ("vm.mac-taken", N_ ("{VM} and {vm}, which is on {HOST} or on its way there, have "
                                "network cards of the same address {mac}")),
  REMEDY ("vm.mac-taken", N_ ("give one of the network cards another address with “{command}”")),
};

/* Words that the daemon has as values of parameters. */
static const TernReasonWord words[] = {
  { "running", NC_ ("state of a VM", "running") },
  { "paused", NC_ ("state of a VM", "paused") },
  { "shutting-down", NC_ ("state of a VM", "shutting down") },
  { "shut-off", NC_ ("state of a VM", "shut off") },
  { "crashed", NC_ ("state of a VM", "crashed") },
  { "suspended", NC_ ("state of a VM", "suspended") },
  { "unknown", NC_ ("state of a VM", "unknown") },
  { "not known", NC_ ("state of a VM", "not known") },
  { "not there", NC_ ("state of a VM", "not there") },
  { "user", NC_ ("state of a VM", "by a person") },
  { "migration", NC_ ("state of a VM", "by a migration") },
  { "io-error", NC_ ("state of a VM", "disk error") },
  { "a migration that was not started here",
    NC_ ("state of a VM", "a migration that was not started here") },
  { "a save, dump, backup or the like", NC_ ("state of a VM", "a save, dump, backup or the like") },
};

const TernReasonText *
tern_reason_table_get (guint *out_n)
{
  *out_n = G_N_ELEMENTS (table);
  return table;
}

const char *
tern_reason_table_find_word (const char *value)
{
  for (guint i = 0; i < G_N_ELEMENTS (words); i++)
    if (strcmp (words[i].value, value) == 0)
      return g_dpgettext2 (NULL, "state of a VM", words[i].text);
  return NULL;
}
