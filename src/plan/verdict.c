/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * One question, put to host after host. The rules are in the other verdict-*.c files; this one runs
 * them and puts what they found in order.
 */
#include "config.h"

#include "plan/verdict.h"

#include "base/text.h"
#include "plan/verdict-private.h"

#define MAX_TEXT_SHOWN 120
#define MAX_NAME_SHOWN 60

char *
tern_show (const char *text)
{
  return tern_text_visible (text, MAX_TEXT_SHOWN);
}

gboolean
tern_case_found (TernCase *self, TernSeverity severity)
{
  self->severity = severity;
  if (severity == TERN_SEVERITY_BLOCKS)
    self->blocked = TRUE;
  return self->reasons != NULL;
}

gboolean
tern_case_done (const TernCase *self)
{
  return self->blocked && self->reasons == NULL;
}

void
tern_case_take (TernCase *self, TernReason *reason)
{
  reason->severity = self->severity;
  g_ptr_array_add (self->reasons, reason);
}

/* A name that a shell could misread is no use in a command: the UUID always is. */
static char *
make_handle (const TernVm *vm)
{
  gboolean plain = g_ascii_isalnum (vm->name[0]) && strlen (vm->name) <= MAX_NAME_SHOWN;

  for (const char *p = vm->name; *p != '\0'; p++)
    plain = plain && (g_ascii_isalnum (*p) || strchr ("._-", *p) != NULL);
  return g_strdup (plain ? vm->name : vm->uuid);
}

static void
add_conflicts (TernJudge *self, const GPtrArray *vms, const char *mac)
{
  for (guint i = 0; vms != NULL && i < vms->len; i++)
    {
      const TernVm *vm = vms->pdata[i];
      TernConflict conflict = { .vm = vm, .mac = mac };

      if (g_str_equal (vm->uuid, self->question.vm->uuid))
        continue;
      conflict.host_index = tern_cluster_get_host_index (self->question.cluster, vm->host);
      if (conflict.host_index >= 0)
        g_array_append_val (self->conflicts, conflict);
    }
}

static void
collect_conflicts (TernJudge *self)
{
  const TernVm *vm = self->question.vm;

  self->conflicts = g_array_new (FALSE, FALSE, sizeof (TernConflict));
  add_conflicts (self, tern_cluster_get_named (self->question.cluster, vm->name), NULL);
  for (guint i = 0; i < vm->nics->len; i++)
    {
      const TernNic *nic = vm->nics->pdata[i];

      if (nic->mac != NULL)
        add_conflicts (self, tern_cluster_get_with_mac (self->question.cluster, nic->mac),
                       nic->mac);
    }
}

static void
judge_own (TernJudge *self)
{
  TernCase c = { .judge = self, .host = self->source, .index = self->source_index };

  self->own_reasons = g_ptr_array_new_with_free_func ((GDestroyNotify) tern_reason_free);
  c.facts = self->source != NULL ? self->source->facts : NULL;
  c.reasons = self->own_reasons;
  tern_rules_of_vm (&c);
  self->own_blocked = c.blocked;
}

TernJudge *
tern_judge_new_shared (const TernQuestion *question, TernCpuClasses *classes)
{
  TernJudge *self = g_new0 (TernJudge, 1);
  TernSettings defaults = TERN_SETTINGS_INIT;

  self->question = *question;
  self->settings = question->settings != NULL ? *question->settings : defaults;
  self->source_index = tern_cluster_get_host_index (question->cluster, question->vm->host);
  self->source = tern_cluster_find_host (question->cluster, question->vm->host);
  self->memory_need = tern_vm_get_memory_need (question->vm);
  self->shown = tern_text_visible (question->vm->name, MAX_NAME_SHOWN);
  self->handle = make_handle (question->vm);
  self->classes = classes;
  if (question->vm->cpu != NULL)
    self->n_needed = g_strv_length (question->vm->cpu->features);
  self->copies = tern_cluster_get_copies (question->cluster, question->vm->uuid);
  collect_conflicts (self);
  tern_judge_collect_stock (self);
  judge_own (self);
  return self;
}

TernJudge *
tern_judge_new (const TernQuestion *question)
{
  return tern_judge_new_shared (question, NULL);
}

const TernCpuClasses *
tern_judge_get_classes (TernJudge *self)
{
  if (self->classes == NULL)
    {
      self->classes = tern_cpu_classes_new (self->question.cluster);
      self->owns_classes = TRUE;
    }
  return self->classes;
}

void
tern_judge_free (TernJudge *self)
{
  if (self == NULL)
    return;

  for (guint i = 0; self->fits != NULL && i < self->classes->n; i++)
    tern_cpu_fit_clear (&self->fits[i]);
  g_free (self->fits);
  g_free (self->fitted);
  if (self->owns_classes)
    tern_cpu_classes_free (self->classes);
  g_free (self->shown);
  g_free (self->handle);
  g_array_unref (self->stock);
  g_array_unref (self->conflicts);
  g_ptr_array_unref (self->own_reasons);
  g_free (self);
}

void
tern_judge_set_ledger (TernJudge *self, const TernLedger *ledger)
{
  self->question.ledger = ledger;
}

const TernCpuFit *
tern_judge_get_fit (TernJudge *self, int host_index)
{
  const TernCpuClasses *classes = tern_judge_get_classes (self);
  guint class = classes->of_host[host_index];

  if (self->fits == NULL)
    {
      self->fits = g_new0 (TernCpuFit, classes->n);
      self->fitted = g_new0 (gboolean, classes->n);
    }
  if (!self->fitted[class])
    {
      self->fitted[class] = TRUE;
      tern_cpu_fit (self->question.vm->cpu, self->question.act == TERN_ACT_START,
                    self->source != NULL ? self->source->facts : NULL, classes->facts->pdata[class],
                    &self->fits[class]);
    }
  return &self->fits[class];
}

static TernCase
make_case (TernJudge *self, const TernHost *host, int index)
{
  return (TernCase){ .judge = self,
                     .host = host,
                     .facts = host->facts,
                     .index = index,
                     .elsewhere = index != self->source_index };
}

static void
apply_rules (TernCase *c)
{
  /* The cheap ones that often decide come first. */
  static void (*const rules[]) (TernCase *) = {
    tern_rules_of_host,    tern_rules_of_memory,   tern_rules_of_cpu,     tern_rules_of_neighbours,
    tern_rules_of_devices, tern_rules_of_networks, tern_rules_of_storage, tern_rules_of_arrivals,
  };

  for (guint i = 0; i < G_N_ELEMENTS (rules) && !tern_case_done (c); i++)
    rules[i](c);
}

static int
compare_reasons (gconstpointer a, gconstpointer b)
{
  const TernReason *x = *(const TernReason *const *) a, *y = *(const TernReason *const *) b;

  if (x->severity != y->severity)
    return x->severity == TERN_SEVERITY_BLOCKS ? -1 : 1;
  if (x->info != y->info)
    return x->info < y->info ? -1 : 1;
  return strcmp (x->sentence, y->sentence);
}

TernVerdict *
tern_judge_host (TernJudge *self, const TernHost *host)
{
  int index = tern_cluster_get_host_index (self->question.cluster, host->config->name);
  TernVerdict *verdict;
  TernRoom room;
  TernCase c;

  g_return_val_if_fail (index >= 0, NULL);

  verdict = g_new0 (TernVerdict, 1);
  c = make_case (self, host, index);
  c.reasons = g_ptr_array_new_with_free_func ((GDestroyNotify) tern_reason_free);
  c.blocked = self->own_blocked;
  for (guint i = 0; i < self->own_reasons->len; i++)
    g_ptr_array_add (c.reasons, tern_reason_copy (self->own_reasons->pdata[i]));
  apply_rules (&c);
  if (c.reasons->len > 1)
    g_ptr_array_sort (c.reasons, compare_reasons);

  room = tern_judge_get_room (self, host, index);
  verdict->host = host;
  verdict->allowed = !c.blocked;
  verdict->reasons = c.reasons;
  verdict->memory_free = room.free;
  verdict->memory_need = self->memory_need;
  return verdict;
}

gboolean
tern_judge_allows (TernJudge *self, const TernHost *host)
{
  int index = tern_cluster_get_host_index (self->question.cluster, host->config->name);
  TernCase c;

  g_return_val_if_fail (index >= 0, FALSE);

  if (self->own_blocked)
    return FALSE;
  c = make_case (self, host, index);
  apply_rules (&c);
  return !c.blocked;
}

gboolean
tern_judge_still_allows (TernJudge *self, const TernHost *host, int index)
{
  TernCase c = make_case (self, host, index);

  tern_rules_of_memory (&c);
  if (!c.blocked)
    tern_rules_of_arrivals (&c);
  return !c.blocked;
}

GPtrArray *
tern_judge_all (TernJudge *self)
{
  const GPtrArray *hosts = self->question.cluster->hosts;
  GPtrArray *verdicts = g_ptr_array_new_full (hosts->len, (GDestroyNotify) tern_verdict_free);

  for (guint i = 0; i < hosts->len; i++)
    g_ptr_array_add (verdicts, tern_judge_host (self, hosts->pdata[i]));
  return verdicts;
}

void
tern_verdict_free (TernVerdict *self)
{
  if (self == NULL)
    return;

  g_ptr_array_unref (self->reasons);
  g_free (self);
}
