/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Processor and memory of one host: does the VM's CPU fit, is the clock the guest counts on there,
 * and is there room?
 */
#include "config.h"

#include "model/list.h"
#include "plan/verdict-private.h"

/* libvirt 9.0, src/qemu/qemu_process.c: how far the TSC of two hosts may be apart. */
#define TSC_TOLERANCE_PPM 250

/* A few of the features tell CPUs apart; reading all of a thousand hosts takes its time. */
static guint
hash_facts (gconstpointer data)
{
  const TernHostFacts *facts = data;
  guint hash = facts->cpu_signature != NULL ? g_str_hash (facts->cpu_signature) : 0;
  guint n = facts->cpu != NULL ? g_strv_length (facts->cpu->features) : 0;

  for (guint i = n % 8; i < n; i += 8)
    hash = hash * 33 + g_str_hash (facts->cpu->features[i]);
  return hash * 33 + n;
}

static gboolean
same_cpu (gconstpointer a, gconstpointer b)
{
  const TernHostFacts *x = a, *y = b;

  return tern_cpu_equal (x->cpu, y->cpu) && g_strcmp0 (x->cpu_signature, y->cpu_signature) == 0;
}

static void
add_class (TernCpuClasses *self, TernHostFacts *facts)
{
  guint n = facts != NULL && facts->cpu != NULL ? g_strv_length (facts->cpu->features) : 0;

  g_ptr_array_add (self->facts, facts);
  g_array_append_val (self->n_features, n);
}

TernCpuClasses *
tern_cpu_classes_new (const TernCluster *cluster)
{
  TernCpuClasses *self = g_new0 (TernCpuClasses, 1);
  g_autoptr (GHashTable) known = g_hash_table_new (hash_facts, same_cpu);

  self->of_host = g_new0 (guint, cluster->hosts->len + 1);
  self->facts = g_ptr_array_new ();
  self->n_features = g_array_new (FALSE, FALSE, sizeof (guint));
  add_class (self, NULL);
  for (guint i = 0; i < cluster->hosts->len; i++)
    {
      TernHostFacts *facts = ((const TernHost *) cluster->hosts->pdata[i])->facts;

      if (facts == NULL)
        continue;
      self->of_host[i] = GPOINTER_TO_UINT (g_hash_table_lookup (known, facts));
      if (self->of_host[i] != 0)
        continue;
      self->of_host[i] = self->facts->len;
      g_hash_table_insert (known, facts, GUINT_TO_POINTER (self->facts->len));
      add_class (self, facts);
    }
  self->n = self->facts->len;
  return self;
}

void
tern_cpu_classes_free (TernCpuClasses *self)
{
  if (self == NULL)
    return;

  g_free (self->of_host);
  g_ptr_array_unref (self->facts);
  g_array_unref (self->n_features);
  g_free (self);
}

static gboolean
needs_feature (const TernCase *c, const char *feature)
{
  const TernCpu *cpu = c->judge->question.vm->cpu;

  return cpu != NULL && tern_strv_has ((const char *const *) cpu->features, feature);
}

/* Returns: (transfer full): what gives the VM a CPU that older hosts have too */
static char *
remedy_by_mask (const TernCase *c)
{
  if (c->judge->question.vm->masked && c->judge->question.act == TERN_ACT_MOVE)
    return g_strdup ("its definition is masked already: shut it down and start it again; if that "
                     "was done, mask it further");
  return g_strdup_printf ("“virtern vm mask %s --baseline”, then shut it down and start it again",
                          c->judge->handle);
}

static void
judge_fit (TernCase *c)
{
  const TernCpuFit *fit = tern_judge_get_fit (c->judge, c->index);
  const TernCpu *cpu = c->judge->question.vm->cpu;
  const char *host = c->host->config->name, *shown = c->judge->shown;

  if (fit->vendor_differs && tern_case_found (c, TERN_SEVERITY_BLOCKS))
    tern_case_add (
        c, "cpu.vendor",
        g_strdup_printf ("%s has a CPU of %s and %s one of %s", shown, cpu->vendor, host,
                         c->facts->cpu->vendor),
        g_strdup ("shut it down and start it on the other host with a CPU of that vendor"),
        "needed", cpu->vendor, "offered", c->facts->cpu->vendor, NULL);

  if (fit->missing[0] != NULL && tern_case_found (c, TERN_SEVERITY_BLOCKS))
    {
      g_autofree char *features = g_strjoinv (",", fit->missing);
      g_autofree char *list = g_strjoinv (", ", fit->missing);
      g_autofree char *mask = remedy_by_mask (c);

      tern_case_add (
          c, "cpu.feature-missing",
          g_strdup_printf ("the CPU of %s has features that %s cannot give: %s", shown, host, list),
          g_strdup_printf ("%s; or look for them in the firmware of %s", mask, host), "features",
          features, NULL);
    }

  if (fit->differs && c->elsewhere && tern_case_found (c, TERN_SEVERITY_BLOCKS))
    tern_case_add (c, "cpu.passthrough",
                   g_strdup_printf ("%s has the CPU of %s itself (%s), and that of %s is not known "
                                    "to be the same",
                                    shown, c->judge->question.vm->host, cpu->mode, host),
                   remedy_by_mask (c), "mode", cpu->mode, NULL);

  if (!fit->known && c->elsewhere && tern_case_found (c, TERN_SEVERITY_WARNS))
    tern_case_add (
        c, "cpu.unknown",
        g_strdup_printf ("the CPUs of %s and %s are not known well enough to be compared", shown,
                         host),
        NULL, NULL);
}

static void
judge_nested (TernCase *c)
{
  const char *feature = needs_feature (c, "vmx") ? "vmx" : needs_feature (c, "svm") ? "svm" : NULL;

  if (feature == NULL || c->judge->question.act != TERN_ACT_MOVE || !c->elsewhere
      || !tern_case_found (c, TERN_SEVERITY_WARNS))
    return;
  tern_case_add (
      c, "cpu.nested",
      g_strdup_printf ("%s can run guests of its own (%s); they may not survive the move",
                       c->judge->shown, feature),
      g_strdup_printf ("if it needs no guests: “virtern vm mask %s --disable %s”", c->judge->handle,
                       feature),
      "feature", feature, NULL);
}

static gboolean
is_within_tolerance (guint64 a, guint64 b)
{
  guint64 apart = a > b ? a - b : b - a;

  return apart <= a / 1000000 * TSC_TOLERANCE_PPM + a % 1000000 * TSC_TOLERANCE_PPM / 1000000;
}

static void
judge_tsc (TernCase *c)
{
  const TernVm *vm = c->judge->question.vm;
  const char *shown = c->judge->shown, *host = c->host->config->name;
  guint64 offered = c->facts->tsc_hz;
  g_autofree char *need = NULL, *have = NULL;

  if (vm->tsc_hz == 0)
    {
      if (c->judge->question.act == TERN_ACT_MOVE && c->elsewhere && needs_feature (c, "invtsc")
          && tern_case_found (c, TERN_SEVERITY_BLOCKS))
        tern_case_add (
            c, "cpu.tsc",
            g_strdup_printf ("%s counts on a time stamp counter that never changes "
                             "(invtsc), and no frequency is fixed for it",
                             shown),
            g_strdup_printf ("“virtern vm mask %s --disable invtsc”, or fix the "
                             "frequency of its tsc timer with “virsh edit”; then shut it "
                             "down and start it again",
                             c->judge->handle),
            "needed", "invtsc", "offered", "", NULL);
      return;
    }
  if ((offered > 0 && is_within_tolerance (vm->tsc_hz, offered)) || c->facts->tsc_scaling
      || !tern_case_found (c, offered > 0 ? TERN_SEVERITY_BLOCKS : TERN_SEVERITY_WARNS))
    return;

  need = g_strdup_printf ("%" G_GUINT64_FORMAT, vm->tsc_hz);
  have = g_strdup_printf ("%" G_GUINT64_FORMAT, offered);
  tern_case_add (c, "cpu.tsc",
                 offered > 0
                     ? g_strdup_printf ("%s counts on a time stamp counter of %s Hz, and %s "
                                        "has one of %s Hz and cannot scale it",
                                        shown, need, host, have)
                     : g_strdup_printf ("%s counts on a time stamp counter of %s Hz, and %s "
                                        "does not tell its own",
                                        shown, need, host),
                 NULL, "needed", need, "offered", have, NULL);
}

static void
judge_vcpus (TernCase *c)
{
  const TernVm *vm = c->judge->question.vm;
  guint limit = c->facts->cpus;
  g_autofree char *need = NULL, *have = NULL;

  if (c->facts->max_vcpus > 0 && (limit == 0 || c->facts->max_vcpus < limit))
    limit = c->facts->max_vcpus;
  if (limit == 0 || vm->vcpus <= limit || !tern_case_found (c, TERN_SEVERITY_BLOCKS))
    return;

  need = g_strdup_printf ("%u", vm->vcpus);
  have = g_strdup_printf ("%u", limit);
  tern_case_add (c, "cpu.vcpus",
                 g_strdup_printf ("%s has %s CPUs and %s %s only %s", c->judge->shown, need,
                                  c->host->config->name,
                                  limit == c->facts->cpus ? "has" : "allows a VM", have),
                 g_strdup_printf ("give it fewer with “virsh setvcpus %s %s --maximum --config”; "
                                  "then shut it down and start it again",
                                  c->judge->handle, have),
                 "needed", need, "offered", have, NULL);
}

void
tern_rules_of_cpu (TernCase *c)
{
  if (c->facts == NULL || (!c->elsewhere && c->judge->question.act == TERN_ACT_MOVE))
    return;

  judge_vcpus (c);
  if (tern_case_done (c))
    return;
  judge_fit (c);
  judge_tsc (c);
  judge_nested (c);
}
