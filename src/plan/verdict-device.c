/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What ties a VM to its host: devices, shared folders and memory, a TPM, firmware variables,
 * snapshots, numbered CPUs and nodes; and the networks it is plugged into.
 */
#include "config.h"

#include "plan/verdict-private.h"

static const char *
does_what (const TernCase *c)
{
  return c->judge->question.act == TERN_ACT_MOVE ? "cannot be moved"
                                                 : "cannot be started elsewhere";
}

static void
judge_hostdevs (TernCase *c)
{
  const TernVm *vm = c->judge->question.vm;

  for (guint i = 0; i < vm->hostdevs->len; i++)
    {
      const TernHostdev *device = vm->hostdevs->pdata[i];
      gboolean usb = g_strcmp0 (device->type, "usb") == 0;
      g_autofree char *type = NULL, *address = NULL, *remedy = NULL;

      if (!tern_case_found (c, TERN_SEVERITY_BLOCKS))
        return;
      type = tern_show (device->type);
      address = tern_show (device->address);
      remedy = g_strdup_printf ("take it out with “virsh detach-device %s” on %s", c->judge->handle,
                                vm->host);
      if (usb)
        tern_case_add (c, "vm.usb",
                       g_strdup_printf ("%s uses USB device %s of %s, which would stay behind",
                                        c->judge->shown, address, vm->host),
                       g_steal_pointer (&remedy), "address", device->address, NULL);
      else
        tern_case_add (c, "vm.hostdev",
                       g_strdup_printf ("%s uses %s device %s of %s and %s with it",
                                        c->judge->shown, type, address, vm->host, does_what (c)),
                       g_steal_pointer (&remedy), "type", device->type, "address", device->address,
                       NULL);
    }
}

static void
judge_shared_parts (TernCase *c)
{
  const TernVm *vm = c->judge->question.vm;
  gboolean move = c->judge->question.act == TERN_ACT_MOVE;

  for (guint i = 0; vm->filesystems != NULL && vm->filesystems[i] != NULL; i++)
    if (tern_case_found (c, TERN_SEVERITY_BLOCKS))
      {
        g_autofree char *name = tern_show (vm->filesystems[i]);

        tern_case_add (c, "vm.filesystem",
                       g_strdup_printf ("%s shares folder %s with %s and %s with it",
                                        c->judge->shown, name, vm->host, does_what (c)),
                       g_strdup ("unmount it in the guest and take it out with “virsh "
                                 "detach-device”"),
                       "name", vm->filesystems[i], NULL);
      }
  for (guint i = 0; vm->shmems != NULL && vm->shmems[i] != NULL; i++)
    if (tern_case_found (c, move ? TERN_SEVERITY_BLOCKS : TERN_SEVERITY_WARNS))
      {
        g_autofree char *name = tern_show (vm->shmems[i]);

        tern_case_add (c, "vm.shmem",
                       g_strdup_printf ("%s shares memory “%s” with others on %s; they would stay "
                                        "there",
                                        c->judge->shown, name, vm->host),
                       g_strdup ("take it out with “virsh detach-device”"), "name", vm->shmems[i],
                       NULL);
      }
}

/* The state of an emulated TPM travels in the stream of a live move, and with nothing else. */
static void
judge_tpm (TernCase *c)
{
  const TernVm *vm = c->judge->question.vm;
  gboolean move = c->judge->question.act == TERN_ACT_MOVE;

  if (vm->tpm == NULL || (move && !g_str_equal (vm->tpm, "passthrough"))
      || !tern_case_found (c, TERN_SEVERITY_BLOCKS))
    return;
  tern_case_add (c, "vm.tpm-local",
                 g_strdup_printf (move ? "%s uses the TPM of %s itself and cannot be moved"
                                       : "the state of the TPM of %s stays on %s: keys in it would "
                                         "be lost",
                                  c->judge->shown, vm->host),
                 move ? NULL : g_strdup_printf ("start it there: --on %s", vm->host), "backend",
                 vm->tpm, "host", vm->host, NULL);
}

static void
judge_snapshots (TernCase *c)
{
  const TernVm *vm = c->judge->question.vm;
  g_autofree char *count = NULL;

  if (vm->snapshots == 0 || !tern_case_found (c, TERN_SEVERITY_BLOCKS))
    return;
  count = g_strdup_printf ("%u", vm->snapshots);
  tern_case_add (c, "vm.snapshots",
                 g_strdup_printf ("%s has %s snapshot%s, which libvirt cannot take to another host",
                                  c->judge->shown, count, vm->snapshots == 1 ? "" : "s"),
                 g_strdup_printf ("see “virsh snapshot-list %s” on %s; to forget them and keep the "
                                  "disks as they are: “virsh snapshot-delete %s NAME --metadata”",
                                  c->judge->handle, vm->host, c->judge->handle),
                 "count", count, NULL);
}

void
tern_rules_of_baggage (TernCase *c)
{
  judge_hostdevs (c);
  judge_shared_parts (c);
  judge_tpm (c);
  judge_snapshots (c);
}

static void
judge_start_elsewhere (TernCase *c)
{
  const TernVm *vm = c->judge->question.vm;

  tern_rules_of_baggage (c);
  if (vm->managed_save && tern_case_found (c, TERN_SEVERITY_BLOCKS))
    tern_case_add (c, "vm.managed-save",
                   g_strdup_printf ("the memory of %s was saved on %s and can be gone on with only "
                                    "there",
                                    c->judge->shown, vm->host),
                   g_strdup_printf ("start it there: --on %s; or give the saved memory up with "
                                    "“virsh managedsave-remove %s” on %s",
                                    vm->host, c->judge->handle, vm->host),
                   "host", vm->host, NULL);
  if (vm->nvram != NULL)
    tern_rule_of_nvram (c);
}

/* The highest number of a list such as "0-3,8,^2"; FALSE if it cannot be read. */
static gboolean
find_highest (const char *list, guint64 *out_highest)
{
  guint64 highest = 0;
  gboolean found = FALSE;

  for (const char *p = list; *p != '\0';)
    {
      char *end;
      guint64 number;
      gboolean except = *p == '^';

      if (*p == ',' || *p == '-' || *p == ' ' || except)
        p++;
      if (!g_ascii_isdigit (*p))
        return FALSE;
      number = g_ascii_strtoull (p, &end, 10);
      if (!except)
        {
          highest = MAX (highest, number);
          found = TRUE;
        }
      p = end;
    }
  *out_highest = highest;
  return found;
}

static void
judge_numbers (TernCase *c, const char *list, guint offered, gboolean nodes)
{
  const char *host = c->host->config->name;
  g_autofree char *have = NULL, *shown = NULL;
  gboolean blocks;
  guint64 highest;

  if (list == NULL)
    return;
  blocks = offered > 0 && find_highest (list, &highest) && highest >= offered;
  if (!tern_case_found (c, blocks ? TERN_SEVERITY_BLOCKS : TERN_SEVERITY_WARNS))
    return;

  have = g_strdup_printf ("%u", offered);
  shown = tern_show (list);
  tern_case_add (
      c, nodes ? "vm.numa" : "vm.pinned",
      blocks ? g_strdup_printf ("%s is tied to %s %s, and %s has only %s (from 0)", c->judge->shown,
                                nodes ? "NUMA nodes" : "CPUs", shown, host, have)
             : g_strdup_printf ("%s is tied to %s %s; on %s these are others", c->judge->shown,
                                nodes ? "NUMA nodes" : "CPUs", shown, host),
      g_strdup_printf ("untie it with “virsh %s %s” or “virsh edit %s”",
                       nodes ? "numatune" : "vcpupin", c->judge->handle, c->judge->handle),
      nodes ? "nodes" : "cpus", list, "offered", have, NULL);
}

void
tern_rules_of_devices (TernCase *c)
{
  const TernVm *vm = c->judge->question.vm;

  if (!c->elsewhere)
    return;
  if (c->judge->question.act == TERN_ACT_START)
    judge_start_elsewhere (c);
  if (c->facts == NULL)
    return;
  judge_numbers (c, vm->pinned_cpus, c->facts->cpus, FALSE);
  judge_numbers (c, vm->numa_nodes, c->facts->numa_nodes, TRUE);
}

static const TernNetwork *
find_network (const GPtrArray *networks, const char *name)
{
  for (guint i = 0; i < networks->len; i++)
    {
      const TernNetwork *network = networks->pdata[i];

      if (strcmp (network->name, name) == 0)
        return network;
    }
  return NULL;
}

static void
judge_network (TernCase *c, const TernNic *nic)
{
  const TernNetwork *network = find_network (c->facts->networks, nic->source);
  const char *host = c->host->config->name;
  gboolean lacks_group =
      network != NULL && nic->portgroup != NULL && network->portgroups != NULL
      && !g_strv_contains ((const char *const *) network->portgroups, nic->portgroup);
  g_autofree char *name = NULL, *group = NULL;

  if ((network != NULL && network->active && !lacks_group)
      || !tern_case_found (c, TERN_SEVERITY_BLOCKS))
    return;

  name = tern_show (nic->source);
  group = tern_show (nic->portgroup);
  if (network == NULL)
    tern_case_add (
        c, "network.missing",
        g_strdup_printf ("%s is on network %s, which %s does not have", c->judge->shown, name,
                         host),
        g_strdup_printf ("define it there with “virsh net-define”, or see “virsh net-list "
                         "--all” on %s",
                         host),
        "network", nic->source, NULL);
  else if (!network->active)
    tern_case_add (c, "network.inactive",
                   g_strdup_printf ("%s is on network %s, which is not started on %s",
                                    c->judge->shown, name, host),
                   g_strdup_printf ("“virsh net-start %s” on %s", name, host), "network",
                   nic->source, NULL);
  if (lacks_group)
    tern_case_add (
        c, "network.portgroup",
        g_strdup_printf ("%s is in port group %s of network %s, which that network lacks "
                         "on %s",
                         c->judge->shown, group, name, host),
        g_strdup_printf ("“virsh net-update %s add-last portgroup \"<portgroup name='%s'/>\" "
                         "--live --config” on %s; it is seen within three minutes",
                         name, group, host),
        "network", nic->source, "portgroup", nic->portgroup, NULL);
}

static void
judge_interface (TernCase *c, const TernNic *nic)
{
  const char *host = c->host->config->name;
  g_autofree char *name = NULL;

  if (g_strv_contains ((const char *const *) c->facts->interfaces, nic->source)
      || !tern_case_found (c, TERN_SEVERITY_BLOCKS))
    return;
  name = tern_show (nic->source);
  tern_case_add (c, "network.bridge-missing",
                 g_strdup_printf ("%s is plugged into %s, which %s does not have", c->judge->shown,
                                  name, host),
                 g_strdup_printf ("make a bridge or interface of that name on %s", host),
                 "interface", nic->source, NULL);
}

void
tern_rules_of_networks (TernCase *c)
{
  const GPtrArray *nics = c->judge->question.vm->nics;

  if (c->facts == NULL || (!c->elsewhere && c->judge->question.act == TERN_ACT_MOVE))
    return;
  for (guint i = 0; i < nics->len; i++)
    {
      const TernNic *nic = nics->pdata[i];

      if (nic->source == NULL || nic->type == NULL)
        continue;
      if (g_str_equal (nic->type, "network") && c->facts->networks != NULL)
        judge_network (c, nic);
      else if ((g_str_equal (nic->type, "bridge") || g_str_equal (nic->type, "direct"))
               && c->facts->interfaces != NULL)
        judge_interface (c, nic);
    }
}
