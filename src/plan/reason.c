/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The one table of reasons. A new reason needs a line here, one in docs/reasons.md and a case in
 * tests/unit/test-verdict.c: tests compare the three.
 */
#include "config.h"

#include "plan/reason.h"

static const char *const severity_names[] = {
  [TERN_SEVERITY_WARNS] = "warns",
  [TERN_SEVERITY_BLOCKS] = "blocks",
};

#define NAMES(...)                                                                                 \
  (const char *const[]) { __VA_ARGS__, NULL }
#define NO_NAMES ((const char *const[]){ NULL })
#define BLOCKS(code, error, names, meaning)                                                        \
  {                                                                                                \
    code, TERN_SEVERITY_BLOCKS, TERN_ERROR_##error, names, meaning                                 \
  }
#define WARNS(code, names, meaning)                                                                \
  {                                                                                                \
    code, TERN_SEVERITY_WARNS, TERN_ERROR_REFUSED, names, meaning                                  \
  }

/* clang-format off */
static const TernReasonInfo table[] = {
  /* What a person must settle first. */
  BLOCKS ("vm.attention", ATTENTION, NAMES ("task"),
          "a task of the VM needs a person to decide"),
  BLOCKS ("vm.twice", ATTENTION, NAMES ("host", "state"),
          "another host has a copy that runs or may run"),
  BLOCKS ("vm.moving", BUSY, NAMES ("task", "source", "destination"),
          "another task holds the VM"),
  BLOCKS ("vm.running", REFUSED, NAMES ("host", "state"),
          "to be started, but it runs or may run somewhere"),
  BLOCKS ("vm.not-running", REFUSED, NAMES ("host", "state"),
          "to be moved live, but it does not run"),
  BLOCKS ("vm.io-error", REFUSED, NAMES ("host"),
          "paused, because a disk could not be read or written"),
  BLOCKS ("vm.paused", REFUSED, NAMES ("host", "why"),
          "paused: by a person, by a migration, or otherwise"),
  BLOCKS ("vm.job-running", BUSY, NAMES ("host", "job"),
          "libvirt is busy with the VM"),
  BLOCKS ("vm.locked", REFUSED, NAMES ("owner", "reason", "since", "expires"),
          "somebody locked the VM"),
  WARNS ("vm.lock-stale", NAMES ("owner", "reason", "since", "expires"),
         "a lock on the VM has expired and was left behind"),

  /* The host. */
  BLOCKS ("host.same", REFUSED, NO_NAMES,
          "the VM is there already"),
  BLOCKS ("host.unknown", UNREACHABLE, NAMES ("host"),
          "the VM was last seen on a host that is not managed any more"),
  BLOCKS ("host.unreachable", UNREACHABLE, NAMES ("host", "error"),
          "a host that must be asked does not answer"),
  BLOCKS ("host.maintenance", REFUSED, NO_NAMES,
          "nothing may be placed on the host"),
  BLOCKS ("host.other-cluster", REFUSED, NAMES ("vm-cluster", "host-cluster"),
          "the host belongs to another cluster than the VM's; warns if the host was named"),
  BLOCKS ("host.arch", REFUSED, NAMES ("needed", "offered"),
          "the host has another processor architecture"),
  BLOCKS ("host.virt-type", REFUSED, NAMES ("needed", "offered"),
          "the host cannot run this type of VM, such as kvm"),

  /* CPU, machine, memory. */
  BLOCKS ("cpu.vendor", REFUSED, NAMES ("needed", "offered"),
          "the VM's CPU is of another vendor than the host's"),
  BLOCKS ("cpu.feature-missing", REFUSED, NAMES ("features"),
          "the VM's CPU has features that the host cannot give"),
  BLOCKS ("cpu.passthrough", REFUSED, NAMES ("mode"),
          "the VM was given its host's CPU as it is, and the other host's differs or is not known"),
  BLOCKS ("cpu.tsc", REFUSED, NAMES ("needed", "offered"),
          "the guest counts on a time stamp counter that the host cannot give; warns if the host "
          "does not tell its own"),
  BLOCKS ("cpu.vcpus", REFUSED, NAMES ("needed", "offered"),
          "the VM has more CPUs than the host has or allows"),
  WARNS ("cpu.unknown", NO_NAMES,
         "the CPUs are not known well enough to be compared"),
  WARNS ("cpu.nested", NAMES ("feature"),
         "the guest may run guests of its own, and these may not survive a move"),
  BLOCKS ("machine-type.missing", REFUSED, NAMES ("machine"),
          "the host's QEMU does not know the VM's machine type"),
  BLOCKS ("qemu.older", REFUSED, NAMES ("needed", "offered"),
          "the host has an older QEMU than the VM's host"),
  BLOCKS ("memory.short", REFUSED, NAMES ("need", "free", "short"),
          "the host cannot promise that much memory; sizes in MiB"),
  BLOCKS ("memory.hugepages", REFUSED, NAMES ("size", "need", "free"),
          "the host has too few free huge pages of that size; size in KiB, need and free in MiB"),

  /* Storage. */
  BLOCKS ("storage.not-shared", REFUSED, NAMES ("disk", "file", "source", "offered"),
          "a disk is not on storage that both hosts have"),
  BLOCKS ("storage.not-verified", REFUSED, NAMES ("disk", "file"),
          "nothing shows that a disk is the same on both hosts; warns for a device with a "
          "world-wide name"),
  WARNS ("storage.file-system", NAMES ("disk", "file"),
         "libvirt itself must know the file system as a shared one, and nobody else can tell"),
  BLOCKS ("storage.pool-missing", REFUSED, NAMES ("disk", "pool"),
          "a disk names a storage pool that the host lacks or has not started"),
  BLOCKS ("storage.cache-unsafe", REFUSED, NAMES ("disk", "cache"),
          "with this cache mode a move could lose writes; warns if the QEMU version is not known"),
  BLOCKS ("storage.guest-cluster", REFUSED, NAMES ("disk", "vm"),
          "another VM uses the same disk; warns if that one is shut off or none is known"),
  BLOCKS ("storage.transient", REFUSED, NAMES ("disk"),
          "a disk whose changes are thrown away cannot move"),
  BLOCKS ("storage.secret-missing", REFUSED, NAMES ("disk", "secret"),
          "the host lacks a secret that a disk needs"),
  BLOCKS ("cdrom.local", REFUSED, NAMES ("drive", "file"),
          "a CD-ROM holds an image that the other host may not have; warns if it will be taken out "
          "or may be missing"),
  BLOCKS ("floppy.local", REFUSED, NAMES ("drive", "file"),
          "a floppy drive holds an image that the other host may not have; warns likewise"),

  /* Networks. */
  BLOCKS ("network.missing", REFUSED, NAMES ("network"),
          "the host has no network of that name"),
  BLOCKS ("network.inactive", REFUSED, NAMES ("network"),
          "the host has the network, and it is not started"),
  BLOCKS ("network.portgroup", REFUSED, NAMES ("network", "portgroup"),
          "the host's network lacks a port group"),
  BLOCKS ("network.bridge-missing", REFUSED, NAMES ("interface"),
          "the host has no bridge or network interface of that name"),

  /* What the VM is made of. */
  BLOCKS ("vm.backup", BUSY, NAMES ("host"),
          "a backup of the VM runs"),
  BLOCKS ("vm.block-job", BUSY, NAMES ("disk"),
          "a disk is being copied or committed"),
  BLOCKS ("vm.snapshots", REFUSED, NAMES ("count"),
          "libvirt does not take a VM with snapshots to another host"),
  BLOCKS ("vm.managed-save", REFUSED, NAMES ("host"),
          "the VM's memory was saved on another host"),
  BLOCKS ("vm.hostdev", REFUSED, NAMES ("type", "address"),
          "a device of the host is passed to the guest"),
  BLOCKS ("vm.usb", REFUSED, NAMES ("address"),
          "a USB device of the host is passed to the guest; it would stay behind"),
  BLOCKS ("vm.filesystem", REFUSED, NAMES ("name"),
          "a folder of the host is shared with the guest"),
  BLOCKS ("vm.shmem", REFUSED, NAMES ("name"),
          "the guest shares memory with something on the host; warns for a start"),
  BLOCKS ("vm.tpm-local", REFUSED, NAMES ("backend", "host"),
          "the TPM's state stays on the VM's host"),
  BLOCKS ("vm.nvram-local", REFUSED, NAMES ("file", "host"),
          "the firmware's variables stay on the VM's host"),
  WARNS ("vm.pinned", NAMES ("cpus", "offered"),
         "the VM is tied to numbered CPUs; blocks if the host lacks one of them"),
  WARNS ("vm.numa", NAMES ("nodes", "offered"),
         "the VM is tied to numbered NUMA nodes; blocks if the host lacks one of them"),
  BLOCKS ("vm.name-taken", REFUSED, NAMES ("uuid"),
          "another VM on the host has the same name"),
  WARNS ("vm.uuid-taken", NAMES ("name", "state"),
         "the host has a shut-off copy that the move will replace; blocks if that would lose "
         "something"),
  BLOCKS ("vm.mac-taken", REFUSED, NAMES ("mac", "vm"),
          "another VM on the host has a network card of the same address; warns if it is shut off"),
};
/* clang-format on */

const char *
tern_severity_to_string (TernSeverity severity)
{
  g_return_val_if_fail ((guint) severity < G_N_ELEMENTS (severity_names), "blocks");
  return severity_names[severity];
}

const TernReasonInfo *
tern_reason_info_get_all (guint *out_n)
{
  *out_n = G_N_ELEMENTS (table);
  return table;
}

const TernReasonInfo *
tern_reason_info_find (const char *code)
{
  for (guint i = 0; i < G_N_ELEMENTS (table); i++)
    if (strcmp (table[i].code, code) == 0)
      return &table[i];
  return NULL;
}

/* Names and values as given; FALSE if the names are not those of the table. */
static gboolean
take_parameters (TernReason *self, va_list args)
{
  guint n = g_strv_length ((char **) self->info->parameters);

  self->parameters = g_new0 (char *, 2 * n + 1);
  for (guint i = 0; i < n; i++)
    {
      const char *name = va_arg (args, const char *);
      const char *value = name != NULL ? va_arg (args, const char *) : NULL;

      if (g_strcmp0 (name, self->info->parameters[i]) != 0)
        return FALSE;
      self->parameters[2 * i] = g_strdup (name);
      self->parameters[2 * i + 1] = g_strdup (value != NULL ? value : "");
    }
  return va_arg (args, const char *) == NULL;
}

TernReason *
tern_reason_new (const char *code, char *sentence, char *remedy, ...)
{
  const TernReasonInfo *info = tern_reason_info_find (code);
  TernReason *self;
  gboolean right;
  va_list args;

  g_return_val_if_fail (info != NULL, NULL);

  self = g_new0 (TernReason, 1);
  self->info = info;
  self->severity = info->severity;
  self->sentence = sentence;
  self->remedy = remedy;
  va_start (args, remedy);
  right = take_parameters (self, args);
  va_end (args);
  g_return_val_if_fail (right, self);
  return self;
}

TernReason *
tern_reason_copy (const TernReason *self)
{
  TernReason *copy = g_new0 (TernReason, 1);

  copy->info = self->info;
  copy->severity = self->severity;
  copy->sentence = g_strdup (self->sentence);
  copy->remedy = g_strdup (self->remedy);
  copy->parameters = g_strdupv (self->parameters);
  copy->detail = g_strdup (self->detail);
  return copy;
}

void
tern_reason_free (TernReason *self)
{
  if (self == NULL)
    return;

  g_free (self->sentence);
  g_free (self->remedy);
  g_strfreev (self->parameters);
  g_free (self->detail);
  g_free (self);
}

const char *
tern_reason_get_parameter (const TernReason *self, const char *name)
{
  for (guint i = 0; self->parameters[i] != NULL; i += 2)
    if (strcmp (self->parameters[i], name) == 0)
      return self->parameters[i + 1];
  return NULL;
}

gboolean
tern_reasons_block (const GPtrArray *reasons)
{
  for (guint i = 0; i < reasons->len; i++)
    if (((const TernReason *) reasons->pdata[i])->severity == TERN_SEVERITY_BLOCKS)
      return TRUE;
  return FALSE;
}

GError *
tern_reasons_to_error (const GPtrArray *reasons)
{
  g_autoptr (GString) text = g_string_new (NULL);
  const TernReason *first = NULL;

  for (guint i = 0; i < reasons->len; i++)
    {
      const TernReason *reason = reasons->pdata[i];

      if (reason->severity != TERN_SEVERITY_BLOCKS)
        continue;
      g_string_append_printf (text, "%s%s%s%s", first != NULL ? "; " : "", reason->sentence,
                              reason->remedy != NULL ? ": " : "",
                              reason->remedy != NULL ? reason->remedy : "");
      if (first == NULL)
        first = reason;
    }
  g_return_val_if_fail (first != NULL, NULL);
  return g_error_new_literal (TERN_ERROR, first->info->error, text->str);
}
