/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The host itself: does it answer, may it be used, can it run such a VM, and is a VM there that
 * this one cannot live beside?
 */
#include "config.h"

#include "base/units.h"
#include "model/list.h"
#include "plan/verdict-private.h"

void
tern_rule_of_silence (TernCase *c, const TernHost *host)
{
  const char *name = host->config->name;
  g_autofree char *error = NULL;

  if (!tern_case_found (c, TERN_SEVERITY_BLOCKS))
    return;
  error = host->error != NULL ? tern_show (host->error) : NULL;
  tern_case_add (c, "host.unreachable",
                 host->state == TERN_HOST_UP
                     ? g_strdup_printf ("%s has not told yet what it offers", name)
                     : g_strdup_printf ("%s cannot be reached now%s%s", name,
                                        error != NULL ? ": " : "", error != NULL ? error : ""),
                 g_strdup_printf ("see “virtern host show %s”", name), "host", name, "error",
                 host->error, NULL);
}

/* A copy that was shut off when its host was last heard of may run by now. */
static void
judge_silent_copies (TernCase *c)
{
  const GPtrArray *copies = c->judge->copies;

  for (guint i = 0; copies != NULL && i < copies->len; i++)
    {
      const TernVm *copy = copies->pdata[i];
      const TernHost *host = tern_cluster_find_host (c->judge->question.cluster, copy->host);

      if (host != NULL && host != c->host && host->state != TERN_HOST_UP)
        tern_rule_of_silence (c, host);
    }
}

static void
judge_presence (TernCase *c)
{
  const char *name = c->host->config->name;

  if (c->judge->question.act == TERN_ACT_START)
    judge_silent_copies (c);
  else if (!c->elsewhere)
    {
      if (tern_case_found (c, TERN_SEVERITY_BLOCKS))
        tern_case_add (c, "host.same",
                       g_strdup_printf ("%s is on %s already", c->judge->shown, name), NULL, NULL);
      /* The source is judged with the VM. */
      return;
    }
  if (c->host->state != TERN_HOST_UP || c->facts == NULL)
    tern_rule_of_silence (c, c->host);
}

static void
judge_policy (TernCase *c)
{
  const char *name = c->host->config->name, *cluster = c->host->config->cluster;
  const TernHost *source = c->judge->source;

  if (tern_duty_is_closed (c->host->config->duty)
      && (c->elsewhere || c->judge->question.act == TERN_ACT_START) && !c->judge->question.back
      && tern_case_found (c, TERN_SEVERITY_BLOCKS))
    tern_case_add (
        c, "host.maintenance",
        g_strdup_printf ("%s is %s; nothing is placed on it", name,
                         c->host->config->duty == TERN_DUTY_DRAINING ? "being drained"
                                                                     : "in maintenance"),
        g_strdup_printf ("open it with “virtern activate %s”, or choose another host", name), NULL);

  if (source != NULL && !g_str_equal (source->config->cluster, cluster)
      && tern_case_found (c, c->judge->question.bound ? TERN_SEVERITY_WARNS : TERN_SEVERITY_BLOCKS))
    tern_case_add (c, "host.other-cluster",
                   g_strdup_printf ("%s belongs to cluster %s, and %s is in cluster %s", name,
                                    cluster, c->judge->shown, source->config->cluster),
                   c->judge->question.bound
                       ? NULL
                       : g_strdup_printf ("name the host to go there all the same: --to %s", name),
                   "vm-cluster", source->config->cluster, "host-cluster", cluster, NULL);
}

/* A 64-bit PC runs 32-bit guests. */
static gboolean
arch_fits (const char *needed, const char *offered)
{
  return needed == NULL || offered == NULL || g_str_equal (needed, offered)
         || (g_str_equal (needed, "i686") && g_str_equal (offered, "x86_64"));
}

static void
judge_kind (TernCase *c)
{
  const TernVm *vm = c->judge->question.vm;
  const TernHostFacts *facts = c->facts;
  const char *name = c->host->config->name;

  if (!arch_fits (vm->arch, facts->arch) && tern_case_found (c, TERN_SEVERITY_BLOCKS))
    tern_case_add (c, "host.arch",
                   g_strdup_printf ("%s is made for %s, and %s has %s", c->judge->shown, vm->arch,
                                    name, facts->arch),
                   NULL, "needed", vm->arch, "offered", facts->arch, NULL);

  if (vm->virt_type != NULL && facts->virt_types != NULL
      && !g_strv_contains ((const char *const *) facts->virt_types, vm->virt_type)
      && tern_case_found (c, TERN_SEVERITY_BLOCKS))
    {
      g_autofree char *offered = g_strjoinv (",", facts->virt_types);

      tern_case_add (c, "host.virt-type",
                     g_strdup_printf ("%s needs %s, which %s cannot run", c->judge->shown,
                                      vm->virt_type, name),
                     g_str_equal (vm->virt_type, "kvm") ? g_strdup_printf (
                         "switch on virtualization (VT-x, AMD-V) in the firmware "
                         "of %s and load the kvm module",
                         name)
                                                        : NULL,
                     "needed", vm->virt_type, "offered", offered, NULL);
    }

  if (vm->machine != NULL && facts->machines != NULL
      && !tern_strv_has ((const char *const *) facts->machines, vm->machine)
      && tern_case_found (c, TERN_SEVERITY_BLOCKS))
    {
      g_autofree char *machine = tern_show (vm->machine);

      tern_case_add (c, "machine-type.missing",
                     g_strdup_printf ("%s has machine type %s, which the QEMU of %s does not know",
                                      c->judge->shown, machine, name),
                     g_strdup_printf ("bring the QEMU of %s up to date", name), "machine",
                     vm->machine, NULL);
    }
}

static void
judge_versions (TernCase *c)
{
  const TernHostFacts *source = c->judge->source != NULL ? c->judge->source->facts : NULL;
  const char *name = c->host->config->name;
  g_autofree char *needed = NULL, *offered = NULL;

  if (c->judge->question.act != TERN_ACT_MOVE || !c->elsewhere || source == NULL
      || source->qemu_version == 0 || c->facts->qemu_version == 0
      || c->facts->qemu_version >= source->qemu_version
      || !tern_case_found (c, TERN_SEVERITY_BLOCKS))
    return;

  needed = tern_units_format_version (source->qemu_version);
  offered = tern_units_format_version (c->facts->qemu_version);
  tern_case_add (c, "qemu.older",
                 g_strdup_printf ("%s has QEMU %s, older than %s of %s: %s cannot be taken over",
                                  name, offered, needed, c->judge->question.vm->host,
                                  c->judge->shown),
                 g_strdup_printf ("bring the QEMU of %s up to date", name), "needed", needed,
                 "offered", offered, NULL);
}

void
tern_rules_of_host (TernCase *c)
{
  judge_presence (c);
  judge_policy (c);
  if (c->facts == NULL || tern_case_done (c))
    return;
  judge_kind (c);
  judge_versions (c);
}

static void
add_name_taken (TernCase *c, const TernVm *other, const char *how)
{
  if (tern_case_found (c, TERN_SEVERITY_BLOCKS))
    tern_case_add (c, "vm.name-taken",
                   g_strdup_printf ("%s %s another VM called %s (UUID %s)", c->host->config->name,
                                    how, c->judge->shown, other->uuid),
                   g_strdup_printf ("give one of them another name with “virsh domrename”"), "uuid",
                   other->uuid, NULL);
}

static void
add_mac_taken (TernCase *c, const TernVm *other, const char *mac, gboolean blocks, const char *how)
{
  g_autofree char *shown = NULL;

  if (!tern_case_found (c, blocks ? TERN_SEVERITY_BLOCKS : TERN_SEVERITY_WARNS))
    return;
  shown = tern_show (other->name);
  tern_case_add (c, "vm.mac-taken",
                 g_strdup_printf ("%s and %s, which is %s %s, have network cards of the same "
                                  "address %s",
                                  c->judge->shown, shown, how, c->host->config->name, mac),
                 g_strdup ("give one of the network cards another address with “virsh edit”"),
                 "mac", mac, "vm", other->name, NULL);
}

static void
judge_conflicts (TernCase *c)
{
  const GArray *conflicts = c->judge->conflicts;

  for (guint i = 0; i < conflicts->len; i++)
    {
      const TernConflict *conflict = &g_array_index (conflicts, TernConflict, i);
      const TernVm *other = conflict->vm;

      if (conflict->host_index != c->index)
        continue;
      if (conflict->mac == NULL)
        add_name_taken (c, other, "has");
      else if (other->state == TERN_VM_SHUT_OFF || other->state == TERN_VM_CRASHED)
        add_mac_taken (c, other, conflict->mac, FALSE, "shut off on");
      else
        add_mac_taken (c, other, conflict->mac, TRUE, "on");
    }
}

/* The move overwrites that definition. With a memory image or snapshots, or under another name,
 * it belongs to a life of its own: the next start there would go on from the image. */
static void
judge_dead_copy (TernCase *c, const TernVm *copy)
{
  gboolean blocks = copy->managed_save || copy->snapshots > 0
                    || !g_str_equal (copy->name, c->judge->question.vm->name);
  const char *host = c->host->config->name;
  g_autofree char *shown = NULL;

  if (!tern_case_found (c, blocks ? TERN_SEVERITY_BLOCKS : TERN_SEVERITY_WARNS))
    return;
  shown = tern_show (copy->name);
  tern_case_add (c, "vm.uuid-taken",
                 g_strdup_printf ("%s has a shut-off copy of %s%s%s%s%s", host, c->judge->shown,
                                  g_str_equal (shown, c->judge->shown) ? "" : " called ",
                                  g_str_equal (shown, c->judge->shown) ? "" : shown,
                                  copy->managed_save    ? " with saved memory"
                                  : copy->snapshots > 0 ? " with snapshots"
                                                        : "",
                                  blocks ? "" : "; the move replaces its definition"),
                 g_strdup_printf ("if it is a leftover: “virsh undefine %s%s%s” on %s",
                                  c->judge->question.vm->uuid,
                                  copy->managed_save ? " --managed-save" : "",
                                  copy->snapshots > 0 ? " --snapshots-metadata" : "", host),
                 "name", copy->name, "state", tern_vm_state_to_string (copy->state), NULL);
}

static void
judge_copy_there (TernCase *c)
{
  const GPtrArray *copies = c->judge->copies;
  const char *host = c->host->config->name;

  if (!c->elsewhere || c->judge->question.act != TERN_ACT_MOVE)
    return;
  for (guint i = 0; copies != NULL && i < copies->len; i++)
    {
      const TernVm *copy = copies->pdata[i];

      if (!g_str_equal (copy->host, host))
        continue;
      if (copy->state == TERN_VM_SHUT_OFF || copy->state == TERN_VM_CRASHED)
        judge_dead_copy (c, copy);
      else if (copy->state == TERN_VM_UNKNOWN && tern_case_found (c, TERN_SEVERITY_BLOCKS))
        tern_case_add (c, "vm.twice",
                       g_strdup_printf ("%s has a copy of %s and does not say whether it runs",
                                        host, c->judge->shown),
                       g_strdup_printf ("see “virtern host show %s”", host), "host", host, "state",
                       "unknown", NULL);
    }
}

void
tern_rules_of_neighbours (TernCase *c)
{
  judge_copy_there (c);
  if (c->elsewhere || c->judge->question.act == TERN_ACT_START)
    judge_conflicts (c);
}

static const char *
find_common_mac (const TernVm *a, const TernVm *b)
{
  for (guint i = 0; i < a->nics->len; i++)
    for (guint j = 0; j < b->nics->len; j++)
      {
        const char *mac = ((const TernNic *) a->nics->pdata[i])->mac;

        if (mac != NULL && g_strcmp0 (mac, ((const TernNic *) b->nics->pdata[j])->mac) == 0)
          return mac;
      }
  return NULL;
}

/* VMs that will be there when this one arrives. */
void
tern_rules_of_arrivals (TernCase *c)
{
  const TernQuestion *question = &c->judge->question;
  const GPtrArray *arrivals = tern_ledger_get_arrivals (question->ledger, c->host->config->name);

  for (guint i = 0; arrivals != NULL && i < arrivals->len && !tern_case_done (c); i++)
    {
      const TernReservation *reservation = arrivals->pdata[i];
      const TernVm *other = tern_cluster_find_vm (question->cluster, reservation->vm_uuid);
      const char *mac;

      /* One that shows there already is a neighbour, and judged as such. */
      if (other == NULL || g_str_equal (other->uuid, question->vm->uuid)
          || g_str_equal (other->host, c->host->config->name))
        continue;
      if (g_str_equal (other->name, question->vm->name))
        add_name_taken (c, other, "is about to get");
      mac = find_common_mac (question->vm, other);
      if (mac != NULL)
        add_mac_taken (c, other, mac, TRUE, "on its way to");
    }
}
