/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Which of the hosts that are allowed is the best, for one VM and for a group. A ledger only grows
 * while a group is placed: a host that is refused at first stays refused, so every rule but those
 * that look at the ledger is asked once.
 */
#include "config.h"

#include "plan/placement.h"

#include "plan/verdict-private.h"

/* Of a VM whose load nobody measured, this much of each CPU is taken to be used. */
#define UNMEASURED_LOAD 0.25
/* However many VMs find no place, each is told of so many hosts. */
#define MIN_HOSTS_TOLD 8

static double
clamp (double part)
{
  if (!(part > 0))
    return 0;
  return MIN (part, 1.0);
}

static double
score_memory (const TernJudge *judge, const TernRoom *room)
{
  if (!room->known || room->capacity == 0 || room->free < judge->memory_need)
    return 0;
  return clamp ((double) (room->free - judge->memory_need) / (double) room->capacity);
}

static double
score_cpu (const TernJudge *judge, const TernHost *host, int index)
{
  const TernQuestion *question = &judge->question;
  const TernHostFacts *facts = host->facts;
  const TernVm *vm = question->vm;
  guint promised =
      tern_ledger_get_vcpus (question->ledger, question->cluster, host->config->name, vm->uuid);
  double own = vm->load_permille >= 0 ? vm->load_permille / 1000.0 : UNMEASURED_LOAD * vm->vcpus;

  if (facts == NULL || facts->cpus == 0)
    return 0;
  if (facts->load_permille >= 0)
    return clamp (1.0 - facts->load_permille / 1000.0
                  - (own + UNMEASURED_LOAD * promised) / facts->cpus);
  promised += tern_cluster_get_vcpus_used (question->cluster, index) + vm->vcpus;
  return 1.0 / (1.0 + (double) promised / facts->cpus);
}

/* A group has counted the features of each kind of CPU. */
static guint
count_features (const TernJudge *judge, const TernCpu *cpu, int index)
{
  const TernCpuClasses *classes = judge->classes;

  return classes != NULL ? g_array_index (classes->n_features, guint, classes->of_host[index])
                         : g_strv_length (cpu->features);
}

static double
score_generation (const TernJudge *judge, const TernHost *host, int index)
{
  const TernCpu *offered = host->facts != NULL ? host->facts->cpu : NULL;

  if (offered == NULL)
    return 0;
  return clamp ((1.0 + judge->n_needed) / (1.0 + count_features (judge, offered, index)));
}

static double
score_spread (const TernJudge *judge, const TernHost *host, int index)
{
  const TernQuestion *question = &judge->question;
  const GPtrArray *arrivals = tern_ledger_get_arrivals (question->ledger, host->config->name);
  guint n = tern_cluster_get_active (question->cluster, index);

  return 1.0 / (1.0 + n + (arrivals != NULL ? arrivals->len : 0));
}

static double
weigh (const TernSettings *settings, const double *parts)
{
  double sum = 0, weights = 0;

  for (guint i = 0; i < TERN_SCORE_PARTS; i++)
    {
      double weight = settings->weights[i];

      if (!(weight > 0) || weight > 1e9)
        continue;
      sum += weight * parts[i];
      weights += weight;
    }
  return weights > 0 ? sum / weights : 0;
}

static double
score_host (const TernJudge *judge, const TernHost *host, int index, double *parts)
{
  TernRoom room = tern_judge_get_room (judge, host, index);

  parts[TERN_SCORE_MEMORY] = score_memory (judge, &room);
  parts[TERN_SCORE_CPU] = score_cpu (judge, host, index);
  parts[TERN_SCORE_GENERATION] = score_generation (judge, host, index);
  parts[TERN_SCORE_SPREAD] = score_spread (judge, host, index);
  return weigh (&judge->settings, parts);
}

static int
compare_verdicts (gconstpointer a, gconstpointer b)
{
  const TernVerdict *x = *(const TernVerdict *const *) a, *y = *(const TernVerdict *const *) b;

  if (x->allowed != y->allowed)
    return x->allowed ? -1 : 1;
  if (x->score != y->score)
    return x->score > y->score ? -1 : 1;
  return strcmp (x->host->config->name, y->host->config->name);
}

void
tern_placement_score (const TernQuestion *question, GPtrArray *verdicts)
{
  g_autoptr (TernJudge) judge = tern_judge_new (question);

  for (guint i = 0; i < verdicts->len; i++)
    {
      TernVerdict *verdict = verdicts->pdata[i];
      int index = tern_cluster_get_host_index (question->cluster, verdict->host->config->name);

      if (verdict->allowed && index >= 0)
        verdict->score = score_host (judge, verdict->host, index, verdict->parts);
    }
  g_ptr_array_sort (verdicts, compare_verdicts);
}

static void
move_free (TernMove *move)
{
  g_free (move->destination);
  g_ptr_array_unref (move->warnings);
  g_free (move);
}

static void
refusal_free (TernRefusal *refusal)
{
  g_ptr_array_unref (refusal->verdicts);
  g_free (refusal);
}

static TernPlan *
plan_new (TernCluster *cluster)
{
  TernPlan *self = g_new0 (TernPlan, 1);

  self->cluster = tern_cluster_ref (cluster);
  self->moves = g_ptr_array_new_with_free_func ((GDestroyNotify) move_free);
  self->refusals = g_ptr_array_new_with_free_func ((GDestroyNotify) refusal_free);
  return self;
}

void
tern_plan_free (TernPlan *self)
{
  if (self == NULL)
    return;

  g_ptr_array_unref (self->moves);
  g_ptr_array_unref (self->refusals);
  tern_cluster_unref (self->cluster);
  g_free (self);
}

/* A host that could take a VM if it came alone, and how good it would be. */
typedef struct
{
  guint index;
  double score;
} Option;

/* A VM of the group while places are sought. */
typedef struct
{
  TernJudge *judge;
  const TernVm *vm;
  GArray *options; /* of Option, by index */
} Candidate;

/* One order in which the group was tried. */
typedef struct
{
  TernLedger *ledger;
  GPtrArray *moves;
  gboolean *touched; /* for each host: something was promised on it */
  guint n_refused;
} Attempt;

static void
candidate_free (Candidate *self)
{
  tern_judge_free (self->judge);
  g_array_unref (self->options);
  g_free (self);
}

static void
attempt_clear (Attempt *self)
{
  tern_ledger_free (self->ledger);
  g_clear_pointer (&self->moves, g_ptr_array_unref);
  g_free (self->touched);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Attempt, attempt_clear)

static Candidate *
candidate_new (const TernGroup *group, guint i, TernCpuClasses *classes)
{
  Candidate *self = g_new0 (Candidate, 1);
  TernQuestion question = { .cluster = group->cluster,
                            .ledger = group->ledger,
                            .settings = group->settings,
                            .vm = group->vms->pdata[i],
                            .act = group->act,
                            .bound = group->destination != NULL,
                            .back = group->back,
                            .eject_media = group->eject_media,
                            .without_room = group->without_room,
                            .now_us = group->now_us };

  if (group->open_tasks != NULL)
    question.open_task = group->open_tasks->pdata[i];
  self->vm = question.vm;
  self->judge = tern_judge_new_shared (&question, classes);
  self->options = g_array_new (FALSE, FALSE, sizeof (Option));
  return self;
}

static void
look_at_host (const GPtrArray *candidates, const TernHost *host, guint index)
{
  for (guint i = 0; i < candidates->len; i++)
    {
      Candidate *candidate = candidates->pdata[i];
      Option option = { .index = index };
      double parts[TERN_SCORE_PARTS];

      if (!tern_judge_allows (candidate->judge, host))
        continue;
      option.score = score_host (candidate->judge, host, index, parts);
      g_array_append_val (candidate->options, option);
    }
}

static gboolean
may_be_chosen (const TernGroup *group, const char *host)
{
  if (group->excluded != NULL && g_strv_contains (group->excluded, host))
    return FALSE;
  return group->destination == NULL || g_str_equal (host, group->destination);
}

/* Host by host: what is known of one is at hand for all VMs then. */
static void
find_options (const TernGroup *group, const GPtrArray *candidates)
{
  const GPtrArray *hosts = group->cluster->hosts;

  for (guint i = 0; i < hosts->len; i++)
    {
      const TernHost *host = hosts->pdata[i];

      if (may_be_chosen (group, host->config->name))
        look_at_host (candidates, host, i);
    }
}

static int
compare_sizes (gconstpointer a, gconstpointer b)
{
  const Candidate *x = *(const Candidate *const *) a, *y = *(const Candidate *const *) b;
  int order;

  if (x->judge->memory_need != y->judge->memory_need)
    return x->judge->memory_need > y->judge->memory_need ? -1 : 1;
  order = strcmp (x->vm->name, y->vm->name);
  return order != 0 ? order : strcmp (x->vm->uuid, y->vm->uuid);
}

static int
compare_choices (gconstpointer a, gconstpointer b)
{
  const Candidate *x = *(const Candidate *const *) a, *y = *(const Candidate *const *) b;

  if (x->options->len != y->options->len)
    return x->options->len < y->options->len ? -1 : 1;
  return compare_sizes (a, b);
}

/* What the host is worth to the VM after what this attempt promised on it; FALSE for no more. */
static gboolean
rate (const TernGroup *group, const Candidate *candidate, const Attempt *attempt,
      const Option *option, double *out_score)
{
  const TernHost *host = group->cluster->hosts->pdata[option->index];
  double parts[TERN_SCORE_PARTS];

  *out_score = option->score;
  if (!attempt->touched[option->index])
    return TRUE;
  if (!tern_judge_still_allows (candidate->judge, host, option->index))
    return FALSE;
  *out_score = score_host (candidate->judge, host, option->index, parts);
  return TRUE;
}

/* Hosts are in the order of their names: the first of equals stays. */
static const Option *
find_best (const TernGroup *group, const Candidate *candidate, const Attempt *attempt,
           double *out_score)
{
  const Option *best = NULL;

  for (guint i = 0; i < candidate->options->len; i++)
    {
      const Option *option = &g_array_index (candidate->options, Option, i);
      double score;

      if (!rate (group, candidate, attempt, option, &score)
          || (best != NULL && score <= *out_score))
        continue;
      best = option;
      *out_score = score;
    }
  return best;
}

static void
promise (TernLedger *ledger, const Candidate *candidate, const TernHost *host)
{
  const TernVm *vm = candidate->vm;
  gboolean takes_room = !candidate->judge->question.without_room;
  TernReservation reservation = { .vm_uuid = vm->uuid,
                                  .source = vm->host,
                                  .destination = host->config->name,
                                  .memory = takes_room ? candidate->judge->memory_need : 0,
                                  .vcpus = takes_room ? vm->vcpus : 0 };

  tern_ledger_add (ledger, &reservation);
}

static TernMove *
move_new (const TernGroup *group, Candidate *candidate, const TernHost *host, double score)
{
  TernVerdict *verdict = tern_judge_host (candidate->judge, host);
  TernMove *move = g_new0 (TernMove, 1);

  move->act = group->act;
  move->vm = candidate->vm;
  move->destination = g_strdup (host->config->name);
  move->score = score;
  move->warnings = g_ptr_array_ref (verdict->reasons);
  tern_verdict_free (verdict);
  return move;
}

static void
try_order (const TernGroup *group, GPtrArray *candidates, Attempt *attempt)
{
  attempt->ledger = group->ledger != NULL ? tern_ledger_copy (group->ledger) : tern_ledger_new ();
  attempt->moves = g_ptr_array_new_with_free_func ((GDestroyNotify) move_free);
  attempt->touched = g_new0 (gboolean, group->cluster->hosts->len + 1);
  for (guint i = 0; i < candidates->len; i++)
    {
      Candidate *candidate = candidates->pdata[i];
      const TernHost *host;
      const Option *best;
      TernMove *move;
      double score = 0;

      tern_judge_set_ledger (candidate->judge, attempt->ledger);
      best = find_best (group, candidate, attempt, &score);
      if (best == NULL)
        {
          attempt->n_refused++;
          continue;
        }
      host = group->cluster->hosts->pdata[best->index];
      move = move_new (group, candidate, host, score);
      g_ptr_array_add (attempt->moves, move);
      move->number = attempt->moves->len;
      promise (attempt->ledger, candidate, host);
      attempt->touched[best->index] = TRUE;
    }
}

/* @max_hosts: how many hosts to give the reasons of */
static TernRefusal *
refusal_new (const TernGroup *group, Candidate *candidate, guint max_hosts)
{
  TernRefusal *refusal = g_new0 (TernRefusal, 1);
  const GPtrArray *hosts = group->cluster->hosts;

  refusal->vm = candidate->vm;
  refusal->verdicts = g_ptr_array_new_with_free_func ((GDestroyNotify) tern_verdict_free);
  for (guint i = 0; i < hosts->len; i++)
    {
      const TernHost *host = hosts->pdata[i];

      if (!may_be_chosen (group, host->config->name))
        continue;
      if (refusal->verdicts->len < max_hosts)
        g_ptr_array_add (refusal->verdicts, tern_judge_host (candidate->judge, host));
      else
        refusal->left_out++;
    }
  return refusal;
}

/* @in_order: as they were asked for. */
static void
add_refusals (const TernGroup *group, const GPtrArray *in_order, const Attempt *attempt,
              GPtrArray *refusals)
{
  g_autoptr (GHashTable) placed = g_hash_table_new (g_direct_hash, g_direct_equal);
  guint n_refused = in_order->len - attempt->moves->len;
  guint max_hosts = MAX (MIN_HOSTS_TOLD, TERN_PLAN_MAX_VERDICTS / MAX (n_refused, 1));

  for (guint i = 0; i < attempt->moves->len; i++)
    g_hash_table_add (placed, (gpointer) ((const TernMove *) attempt->moves->pdata[i])->vm);
  for (guint i = 0; i < in_order->len; i++)
    {
      Candidate *candidate = in_order->pdata[i];

      if (g_hash_table_contains (placed, candidate->vm))
        continue;
      /* What the whole plan leaves: it never leaves more than the VM was refused with. */
      tern_judge_set_ledger (candidate->judge, attempt->ledger);
      g_ptr_array_add (refusals, refusal_new (group, candidate, max_hosts));
    }
}

static GPtrArray *
sorted_copy (const GPtrArray *candidates, GCompareFunc compare)
{
  GPtrArray *copy = g_ptr_array_new ();

  for (guint i = 0; i < candidates->len; i++)
    g_ptr_array_add (copy, candidates->pdata[i]);
  g_ptr_array_sort (copy, compare);
  return copy;
}

TernPlan *
tern_place (const TernGroup *group)
{
  TernCpuClasses *classes = tern_cpu_classes_new (group->cluster);
  GPtrArray *candidates = g_ptr_array_new_with_free_func ((GDestroyNotify) candidate_free);
  g_autoptr (GPtrArray) by_size = NULL;
  g_auto (Attempt) first = { NULL }, second = { NULL };
  Attempt *chosen = &first;
  TernPlan *plan = plan_new (group->cluster);

  for (guint i = 0; i < group->vms->len; i++)
    g_ptr_array_add (candidates, candidate_new (group, i, classes));
  find_options (group, candidates);
  by_size = sorted_copy (candidates, compare_sizes);
  try_order (group, by_size, &first);
  if (first.n_refused > 0 && first.moves->len > 0)
    {
      g_autoptr (GPtrArray) by_choice = sorted_copy (candidates, compare_choices);

      try_order (group, by_choice, &second);
      if (second.n_refused < first.n_refused)
        chosen = &second;
    }

  add_refusals (group, candidates, chosen, plan->refusals);
  g_ptr_array_unref (plan->moves);
  plan->moves = g_steal_pointer (&chosen->moves);
  g_ptr_array_unref (candidates);
  tern_cpu_classes_free (classes);
  return plan;
}
