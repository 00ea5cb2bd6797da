/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What is decided about a copy: over thousands of modelled guests and links, over numbers no
 * host should send, and in the cases that matter one by one.
 */
#include "config.h"

#include "plan/converge.h"

#include "plan/converge-private.h"

#include "copy-model.h"
#include "tern-check.h"

#include <string.h>

#define MIB (G_GUINT64_CONSTANT (1) << 20)
#define GIB (G_GUINT64_CONSTANT (1) << 30)
#define SECOND ((gint64) G_USEC_PER_SEC)
#define LOOK_US (SECOND / 2)
#define HISTORIES 1500
/* Nothing is decided while it lasts, and it is bounded by itself. */
#define SWITCHOVER_US (100 * SECOND)

/* What one modelled move came to. */
typedef struct
{
  CopyEnd end;
  TernStepCause cause;
  gint64 ended_us;
  gint64 still_us;
  guint passes; /* when it was given away or up */
  gboolean seen_not_converging;
} Outcome;

/* What is done besides: the daemon dies at a look, or the policy is switched. */
typedef struct
{
  gint64 adopt_us;
  gint64 switch_us;
  TernPolicy switch_to;
  gboolean deaf; /* no decision is carried out */
} Disturbance;

static TernConvergeSetup
make_setup (TernPolicy policy, double memory)
{
  return (TernConvergeSetup){ .policy = policy,
                              .memory = (guint64) MIN (memory, (double) G_MAXINT64),
                              .bounds = TERN_BOUNDS_INIT,
                              .postcopy_ready = TRUE };
}

/* What an engine keeps of a watched copy. */
typedef struct
{
  TernConverge *converge;
  TernConverge *twin; /* is shown the same */
  gint64 step_us;
} Watched;

static void
watched_clear (Watched *self)
{
  tern_converge_free (self->converge);
  tern_converge_free (self->twin);
}

static void
adopt_anew (Watched *self, const TernConvergeSetup *setup, gint64 now_us)
{
  guint step = tern_converge_get_step (self->converge);

  watched_clear (self);
  self->converge = tern_converge_new (setup, now_us);
  self->twin = tern_converge_new (setup, now_us);
  tern_converge_adopt (self->converge, step, 0, self->step_us);
  tern_converge_adopt (self->twin, step, 0, self->step_us);
}

/* Check writes a mark for each assertion that holds: too slow for each look of thousands. */
#define MUST(condition)                                                                            \
  do                                                                                               \
    if (!(condition))                                                                              \
      ck_abort_msg ("%s", #condition);                                                             \
  while (0)

static void
ck_assert_same_decision (TernDecision a, TernDecision b)
{
  MUST (a.act == b.act);
  MUST (a.cause == b.cause);
  MUST (a.downtime_ms == b.downtime_ms);
}

static void
took (Watched *watched, TernDecision decision, gboolean worked, gint64 now_us)
{
  tern_converge_took (watched->converge, decision, worked, now_us);
  tern_converge_took (watched->twin, decision, worked, now_us);
  if (decision.act != TERN_STEP_NONE)
    watched->step_us = now_us;
}

static TernDecision
look (Watched *watched, const CopyModel *model)
{
  TernJobStats stats;
  TernConvergeLook seen = copy_model_look (model, &stats);
  TernDecision decision = tern_converge_look (watched->converge, &seen);

  ck_assert_same_decision (tern_converge_look (watched->twin, &seen), decision);
  return decision;
}

static CopyEnd
get_end (const CopyModel *model)
{
  return model->postcopy ? COPY_DONE_POSTCOPY : model->paused ? COPY_DONE_PAUSED : COPY_DONE;
}

/* What must hold of each decision, whatever comes of it. */
static void
check_decision (const CopyModel *model, TernDecision decision)
{
  gboolean given_up = decision.act == TERN_STEP_GIVE_UP;
  gboolean broken = decision.act == TERN_STEP_ALARM;

  MUST (decision.act != TERN_STEP_POSTCOPY || model->pass >= 2);
  MUST (decision.act != TERN_STEP_DOWNTIME || decision.downtime_ms > 300);
  MUST (!broken || model->postcopy);
  MUST (!model->postcopy || decision.act == TERN_STEP_NONE || broken);
  MUST (!model->held || decision.act == TERN_STEP_NONE || given_up);
}

static gboolean
take_decision (Watched *watched, CopyModel *model, TernDecision decision, Outcome *outcome)
{
  check_decision (model, decision);
  if (decision.act == TERN_STEP_GIVE_UP || decision.act == TERN_STEP_ALARM)
    {
      outcome->end = decision.act == TERN_STEP_ALARM ? COPY_ALARMED : COPY_GIVEN_UP;
      outcome->cause = decision.cause;
      return FALSE;
    }
  took (watched, decision, copy_model_obey (model, decision), model->now_us);
  return TRUE;
}

static Outcome
run (CopyModel *model, guint32 seed, TernPolicy policy, const Disturbance *disturbance)
{
  TernConvergeSetup setup = make_setup (policy, model->memory);
  gint64 longest_us =
      4 * tern_converge_get_bound_us (policy, (guint64) model->memory) + 4 * SWITCHOVER_US;
  Watched watched = { .converge = tern_converge_new (&setup, 0),
                      .twin = tern_converge_new (&setup, 0) };
  Outcome outcome = { .end = COPY_ENDLESS };
  gboolean adopted = FALSE, switched = FALSE, goes_on = TRUE;

  copy_model_start (model, seed);
  while (goes_on && model->now_us < longest_us)
    {
      TernDecision decision;

      if (disturbance->adopt_us > 0 && model->now_us >= disturbance->adopt_us && !adopted)
        {
          adopted = TRUE;
          adopt_anew (&watched, &setup, model->now_us);
        }
      if (disturbance->switch_us > 0 && model->now_us >= disturbance->switch_us && !switched)
        {
          switched = TRUE;
          setup.policy = disturbance->switch_to;
          tern_converge_switch (watched.converge, setup.policy, model->now_us);
          tern_converge_switch (watched.twin, setup.policy, model->now_us);
        }
      decision = look (&watched, model);
      outcome.seen_not_converging |=
          tern_converge_get_convergence (watched.converge) == TERN_CONVERGENCE_NO;
      if (!disturbance->deaf)
        goes_on = take_decision (&watched, model, decision, &outcome);
      outcome.passes = model->postcopy ? outcome.passes : model->pass;
      if (goes_on)
        copy_model_run (model, LOOK_US);
      if (model->done)
        {
          outcome.end = get_end (model);
          goes_on = FALSE;
        }
    }
  outcome.ended_us = model->now_us;
  outcome.still_us = model->still_us;
  copy_model_stop (model);
  watched_clear (&watched);
  return outcome;
}

static const Disturbance undisturbed;

static double
random_size (GRand *rand, double least, double most)
{
  double value = least;

  /* Evenly over the orders of magnitude. */
  while (value < most && g_rand_int_range (rand, 0, 100) < 85)
    value *= g_rand_double_range (rand, 1, 2);
  return MIN (value, most);
}

static CopyModel
random_model (GRand *rand)
{
  CopyModel model = { .memory = random_size (rand, 128.0 * MIB, 64.0 * GIB) };

  /* One pass takes from a second to two minutes. */
  model.link_bps = model.memory / random_size (rand, 1, 120);
  model.hot = model.memory * g_rand_double_range (rand, 0, 1) * g_rand_double (rand);
  model.dirty_bps = model.link_bps * random_size (rand, 0.01, 20);
  model.noise = g_rand_double_range (rand, 0, 0.4);
  if (g_rand_int_range (rand, 0, 8) == 0)
    model.attempt_before = (guint) g_rand_int_range (rand, 1, 40);
  return model;
}

START_TEST (every_policy_ends_every_move_within_its_bound)
{
  TernPolicy policy = (TernPolicy) _i;
  GRand *rand = g_rand_new_with_seed (11 + (guint32) _i);

  for (guint i = 0; i < HISTORIES; i++)
    {
      CopyModel model = random_model (rand);
      gint64 bound_us = tern_converge_get_bound_us (policy, (guint64) model.memory);
      Outcome outcome;

      model.auto_converge = tern_policy_needs_auto_converge (policy);
      if (g_rand_int_range (rand, 0, 6) == 0)
        model.cut_us = (gint64) g_rand_double_range (rand, 1, 1.2 * bound_us);
      outcome = run (&model, i, policy, &undisturbed);
      ck_assert_msg (outcome.end != COPY_ENDLESS, "history %u does not end", i);
      if (outcome.end == COPY_GIVEN_UP || outcome.end == COPY_DONE)
        ck_assert_int_le (outcome.ended_us, bound_us + SWITCHOVER_US + SECOND);
      if (outcome.end != COPY_ALARMED)
        ck_assert_int_le (outcome.still_us, SWITCHOVER_US + SECOND);
      if (outcome.end == COPY_DONE_PAUSED)
        ck_assert_int_eq (policy, TERN_POLICY_FORCE);
      if (outcome.end == COPY_DONE_POSTCOPY || outcome.end == COPY_ALARMED)
        ck_assert_int_eq (policy, TERN_POLICY_POSTCOPY);
    }
  g_rand_free (rand);
}
END_TEST

START_TEST (a_pause_is_never_longer_than_the_switchover_may_be)
{
  GRand *rand = g_rand_new_with_seed (29);
  guint paused = 0;

  for (guint i = 0; i < HISTORIES; i++)
    {
      CopyModel model = random_model (rand);
      Outcome outcome;

      model.hot = model.memory * g_rand_double_range (rand, 0.05, 1);
      model.dirty_bps = model.link_bps * g_rand_double_range (rand, 1.2, 8);
      outcome = run (&model, i, TERN_POLICY_FORCE, &undisturbed);
      paused += outcome.end == COPY_DONE_PAUSED;
      ck_assert_msg (outcome.cause != TERN_CAUSE_SWITCHOVER,
                     "history %u: hot %g of %g MiB, writes %g, link %g MiB/s, noise %g, %g s", i,
                     model.hot / MIB, model.memory / MIB, model.dirty_bps / MIB,
                     model.link_bps / MIB, model.noise, outcome.ended_us / 1e6);
      ck_assert_int_le (outcome.still_us, SWITCHOVER_US);
    }
  ck_assert_uint_gt (paused, HISTORIES / 4);
  g_rand_free (rand);
}
END_TEST

START_TEST (a_move_that_converges_is_never_given_up)
{
  static const Disturbance deaf = { .deaf = TRUE };
  TernPolicy policy = (TernPolicy) _i;
  GRand *rand = g_rand_new_with_seed (5);
  guint converging = 0;

  for (guint i = 0; i < HISTORIES; i++)
    {
      CopyModel model = random_model (rand);
      gint64 bound_us = tern_converge_get_bound_us (policy, (guint64) model.memory);
      Outcome outcome;

      model.dirty_bps = model.link_bps * g_rand_double_range (rand, 0, 0.6);
      outcome = run (&model, i, policy, &deaf);
      if (outcome.end != COPY_DONE || outcome.ended_us > bound_us)
        continue;
      converging++;
      outcome = run (&model, i, policy, &undisturbed);
      ck_assert_msg (outcome.end == COPY_DONE, "history %u: %d by %d", i, outcome.end,
                     outcome.cause);
      ck_assert (!outcome.seen_not_converging);
    }
  ck_assert_uint_gt (converging, HISTORIES / 2);
  g_rand_free (rand);
}
END_TEST

/* A guest of which there is no doubt: it writes twice what the link carries, all over a large
 * part of its memory; or next to nothing. */
static CopyModel
random_clear_model (GRand *rand, gboolean converges)
{
  CopyModel model = random_model (rand);

  model.link_bps = model.memory / g_rand_double_range (rand, 10, 40);
  model.hot = model.memory * g_rand_double_range (rand, 0.3, 0.9);
  model.dirty_bps = model.link_bps * (converges ? 0.1 : g_rand_double_range (rand, 4, 9));
  return model;
}

START_TEST (one_that_never_converges_ends_by_the_policy_s_own_means)
{
  static const CopyEnd ends[TERN_N_POLICIES] = {
    [TERN_POLICY_CAREFUL] = COPY_GIVEN_UP,
    [TERN_POLICY_DEFAULT] = COPY_GIVEN_UP,
    [TERN_POLICY_POSTCOPY] = COPY_DONE_POSTCOPY,
    [TERN_POLICY_FORCE] = COPY_DONE_PAUSED,
  };
  TernPolicy policy = (TernPolicy) _i;
  GRand *rand = g_rand_new_with_seed (3);

  for (guint i = 0; i < 300; i++)
    {
      CopyModel model = random_clear_model (rand, FALSE);
      Outcome outcome = run (&model, i, policy, &undisturbed);

      ck_assert_msg (outcome.end == ends[policy], "history %u: %d", i, outcome.end);
      if (outcome.passes >= 5)
        ck_assert (outcome.seen_not_converging);
    }
  g_rand_free (rand);
}
END_TEST

START_TEST (an_adopted_copy_comes_to_the_same_end)
{
  TernPolicy policy = (TernPolicy) _i;
  GRand *rand = g_rand_new_with_seed (17);

  for (guint i = 0; i < 600; i++)
    {
      CopyModel model = random_clear_model (rand, i % 2 == 0);
      Outcome wanted = run (&model, i, policy, &undisturbed);
      gint64 bound_us = tern_converge_get_bound_us (policy, (guint64) model.memory);
      Disturbance dies = { .adopt_us = (gint64) g_rand_double_range (rand, 1, wanted.ended_us) };
      Outcome outcome = run (&model, i, policy, &dies);

      ck_assert_msg (outcome.end == wanted.end, "history %u: %d, not %d", i, outcome.end,
                     wanted.end);
      if (outcome.end == COPY_GIVEN_UP)
        ck_assert_int_le (outcome.ended_us, bound_us + SECOND);
    }
  g_rand_free (rand);
}
END_TEST

START_TEST (a_switched_policy_ends_it_by_its_own_means_and_bound)
{
  GRand *rand = g_rand_new_with_seed (23);

  for (guint i = 0; i < 400; i++)
    {
      CopyModel model = random_clear_model (rand, FALSE);
      Disturbance switches = { .switch_us = (gint64) g_rand_double_range (rand, 1, 60e6),
                               .switch_to = i % 2 ? TERN_POLICY_POSTCOPY : TERN_POLICY_FORCE };
      gint64 bound_us = tern_converge_get_bound_us (switches.switch_to, (guint64) model.memory);
      Outcome outcome = run (&model, i, TERN_POLICY_CAREFUL, &switches);

      ck_assert_int_eq (outcome.end, i % 2 ? COPY_DONE_POSTCOPY : COPY_DONE_PAUSED);
      ck_assert_int_le (outcome.ended_us, switches.switch_us + bound_us + 200 * SECOND);
    }
  g_rand_free (rand);
}
END_TEST

/* Numbers as no host should send them. */
static guint64
wild_number (GRand *rand)
{
  switch (g_rand_int_range (rand, 0, 5))
    {
    case 0:
      return 0;
    case 1:
      return G_MAXUINT64 - g_rand_int_range (rand, 0, 3);
    case 2:
      return g_rand_int (rand);
    case 3:
      return (guint64) g_rand_int (rand) << 32 | g_rand_int (rand);
    default:
      return g_rand_int_range (rand, 0, 3) * GIB;
    }
}

static TernJobStats
wild_stats (GRand *rand)
{
  return (TernJobStats){ .active = g_rand_boolean (rand),
                         .memory_total = wild_number (rand),
                         .memory_processed = wild_number (rand),
                         .memory_remaining = wild_number (rand),
                         .memory_bps = wild_number (rand),
                         .dirty_bps = wild_number (rand),
                         .iteration = (guint) wild_number (rand),
                         .disk_total = wild_number (rand),
                         .disk_remaining = wild_number (rand),
                         .throttle = (guint) wild_number (rand),
                         .elapsed_us = (gint64) wild_number (rand) };
}

static void
check_words (TernConverge *converge, TernDecision decision)
{
  g_autofree char *said = tern_converge_describe (converge, decision, "we\nb");
  g_autofree char *note = tern_converge_note (converge, "we\nb");
  gint64 min_us, max_us;

  MUST (g_utf8_validate (said, -1, NULL));
  MUST (strchr (said, '\n') == NULL);
  MUST (note == NULL || strchr (note, '\n') == NULL);
  if (tern_converge_get_eta (converge, &min_us, &max_us))
    {
      MUST (min_us >= 0);
      MUST (max_us == -1 || max_us >= min_us);
    }
}

static void
run_wild (GRand *rand, TernPolicy policy, guint looks)
{
  TernConvergeSetup setup = make_setup (policy, (double) wild_number (rand));
  g_autoptr (TernConverge) converge = tern_converge_new (&setup, g_rand_int (rand));
  gint64 now_us = g_rand_int (rand);
  gboolean postcopy = FALSE;

  for (guint i = 0; i < looks; i++)
    {
      TernJobStats stats = wild_stats (rand);
      TernConvergeLook seen = { .stats = g_rand_int_range (rand, 0, 8) ? &stats : NULL,
                                .held = g_rand_int_range (rand, 0, 9) == 0 };
      TernDecision decision;

      now_us += g_rand_int_range (rand, -1000, 5000000);
      postcopy |= g_rand_int_range (rand, 0, 200) == 0;
      seen.now_us = now_us;
      seen.postcopy = postcopy && g_rand_boolean (rand);
      decision = tern_converge_look (converge, &seen);
      if (seen.postcopy)
        MUST (decision.act == TERN_STEP_NONE || decision.act == TERN_STEP_ALARM);
      check_words (converge, decision);
      if (g_rand_boolean (rand))
        tern_converge_took (converge, decision, g_rand_boolean (rand), now_us);
      if (g_rand_int_range (rand, 0, 50) == 0)
        tern_converge_switch (converge, (TernPolicy) g_rand_int_range (rand, 0, TERN_N_POLICIES),
                              now_us);
      MUST (tern_converge_get_step (converge) <= 20);
    }
}

START_TEST (wild_numbers_break_nothing)
{
  GRand *rand = g_rand_new_with_seed (41);

  for (guint i = 0; i < 600; i++)
    run_wild (rand, (TernPolicy) (i % TERN_N_POLICIES), 120);
  g_rand_free (rand);
}
END_TEST

/* The cases that matter, one by one. */

typedef struct
{
  TernConverge *converge;
  TernJobStats stats;
  gint64 now_us;
  gboolean held;
  gboolean postcopy;
} Case;

static Case
make_case (TernPolicy policy, guint64 memory)
{
  TernConvergeSetup setup = make_setup (policy, (double) memory);

  return (Case){ .converge = tern_converge_new (&setup, 0),
                 .stats = { .active = TRUE, .memory_total = memory, .memory_remaining = memory } };
}

static TernDecision
case_look (Case *self, gint64 after_us)
{
  TernConvergeLook seen = { .stats = &self->stats, .held = self->held, .postcopy = self->postcopy };

  self->now_us += after_us;
  seen.now_us = self->now_us;
  return tern_converge_look (self->converge, &seen);
}

/* Sends so much of the pass under way, at 10 MiB/s. */
static TernDecision
case_send (Case *self, guint64 mib)
{
  TernDecision decision = { 0 };

  for (guint64 sent = 0; sent < mib; sent += 10)
    {
      guint64 now = MIN (mib - sent, 10) * MIB;

      self->stats.memory_processed += now;
      self->stats.memory_remaining -= MIN (now, self->stats.memory_remaining);
      decision = case_look (self, now * SECOND / (10 * MIB));
    }
  return decision;
}

static TernDecision
case_begin_pass (Case *self, guint64 mib)
{
  self->stats.iteration = MAX (self->stats.iteration, 1) + 1;
  self->stats.memory_remaining = mib * MIB;
  return case_look (self, 0);
}

static void
case_take (Case *self, TernDecision decision)
{
  tern_converge_took (self->converge, decision, TRUE, self->now_us);
}

static void
case_clear (Case *self)
{
  tern_converge_free (self->converge);
}

START_TEST (preparing_is_bounded_and_no_stall)
{
  Case at = make_case (TERN_POLICY_DEFAULT, GIB);
  TernDecision decision;

  at.stats = (TernJobStats){ .active = TRUE };
  ck_assert_int_eq (case_look (&at, 599 * SECOND).act, TERN_STEP_NONE);
  decision = case_look (&at, SECOND);
  ck_assert_int_eq (decision.act, TERN_STEP_GIVE_UP);
  ck_assert_int_eq (decision.cause, TERN_CAUSE_PREPARING);
  case_clear (&at);
}
END_TEST

START_TEST (when_nothing_is_sent_for_the_bound_it_is_given_up)
{
  Case at = make_case (TERN_POLICY_POSTCOPY, GIB);
  TernDecision decision;
  g_autofree char *note = NULL;
  g_autofree char *said = NULL;

  case_send (&at, 300);
  ck_assert_int_eq (case_look (&at, 59 * SECOND).act, TERN_STEP_NONE);
  note = tern_converge_note (at.converge, "web");
  ck_assert_str_eq (note, "nothing was sent for 59.0 s");
  decision = case_look (&at, SECOND);
  ck_assert_int_eq (decision.act, TERN_STEP_GIVE_UP);
  ck_assert_int_eq (decision.cause, TERN_CAUSE_STALLED);
  said = tern_converge_describe (at.converge, decision, "web");
  ck_assert_ptr_nonnull (strstr (said, "nothing of web was sent for 1 min 00 s"));
  case_clear (&at);
}
END_TEST

START_TEST (a_host_that_gives_no_answer_proves_no_stall)
{
  Case at = make_case (TERN_POLICY_DEFAULT, GIB);
  TernConvergeLook silent = { 0 };

  case_send (&at, 100);
  silent.now_us = at.now_us + 90 * SECOND;
  ck_assert_int_eq (tern_converge_look (at.converge, &silent).act, TERN_STEP_NONE);
  at.stats.memory_processed += MIB;
  ck_assert_int_eq (case_look (&at, 91 * SECOND).act, TERN_STEP_NONE);
  case_clear (&at);
}
END_TEST

START_TEST (a_stalled_postcopy_is_broken_and_never_given_up)
{
  Case at = make_case (TERN_POLICY_POSTCOPY, GIB);
  TernDecision decision;

  case_send (&at, 300);
  at.held = at.postcopy = TRUE;
  ck_assert_int_eq (case_look (&at, SECOND).act, TERN_STEP_NONE);
  ck_assert_int_eq (case_look (&at, 50 * SECOND).act, TERN_STEP_NONE);
  decision = case_look (&at, 10 * SECOND);
  ck_assert_int_eq (decision.act, TERN_STEP_ALARM);
  ck_assert_int_eq (decision.cause, TERN_CAUSE_STALLED);
  tern_converge_took (at.converge, decision, FALSE, at.now_us);
  ck_assert_int_eq (case_look (&at, SECOND).act, TERN_STEP_NONE);
  ck_assert_int_eq (case_look (&at, 60 * SECOND).act, TERN_STEP_ALARM);
  at.postcopy = FALSE;
  ck_assert_int_eq (case_look (&at, 3600 * SECOND).act, TERN_STEP_ALARM);
  case_clear (&at);
}
END_TEST

START_TEST (a_postcopy_of_which_nothing_comes_over_is_told_to_stand_still)
{
  Case at = make_case (TERN_POLICY_POSTCOPY, GIB);
  g_autofree char *early = NULL, *note = NULL, *later = NULL;

  case_send (&at, 300);
  at.held = at.postcopy = TRUE;
  case_look (&at, SECOND);
  early = tern_converge_note_stall (at.converge, "web", "anna", "bert");
  ck_assert_ptr_null (early);
  ck_assert_int_eq (tern_converge_get_convergence (at.converge), TERN_CONVERGENCE_YES);
  case_look (&at, 10 * SECOND);
  note = tern_converge_note_stall (at.converge, "web", "anna", "bert");
  ck_assert_ptr_nonnull (strstr (note, "web stands still where it lacks memory"));
  ck_assert_ptr_nonnull (strstr (note, "for 11"));
  ck_assert_ptr_nonnull (strstr (note, "the migration link between anna and bert"));
  ck_assert_int_eq (tern_converge_get_convergence (at.converge), TERN_CONVERGENCE_UNKNOWN);
  case_send (&at, 1);
  later = tern_converge_note_stall (at.converge, "web", "anna", "bert");
  ck_assert_ptr_null (later);
  case_clear (&at);
}
END_TEST

START_TEST (a_guest_that_stands_still_for_too_long_runs_on_where_it_was)
{
  Case at = make_case (TERN_POLICY_DEFAULT, GIB);
  TernDecision decision;

  case_send (&at, 300);
  at.held = TRUE;
  case_look (&at, SECOND);
  ck_assert_int_eq (case_look (&at, 99 * SECOND).act, TERN_STEP_NONE);
  decision = case_look (&at, SECOND);
  ck_assert_int_eq (decision.act, TERN_STEP_GIVE_UP);
  ck_assert_int_eq (decision.cause, TERN_CAUSE_SWITCHOVER);
  case_clear (&at);
}
END_TEST

START_TEST (time_it_stood_still_before_does_not_count)
{
  Case at = make_case (TERN_POLICY_DEFAULT, GIB);

  case_send (&at, 300);
  at.held = TRUE;
  case_look (&at, SECOND);
  case_look (&at, 90 * SECOND);
  at.held = FALSE;
  at.stats.memory_processed += MIB;
  ck_assert_int_eq (case_look (&at, SECOND).act, TERN_STEP_NONE);
  at.held = TRUE;
  case_look (&at, SECOND);
  ck_assert_int_eq (case_look (&at, 90 * SECOND).act, TERN_STEP_NONE);
  case_clear (&at);
}
END_TEST

START_TEST (a_decision_is_repeated_until_it_was_taken)
{
  Case at = make_case (TERN_POLICY_CAREFUL, 256 * MIB);
  TernDecision decision;

  case_send (&at, 256);
  case_begin_pass (&at, 64);
  case_send (&at, 64);
  decision = case_begin_pass (&at, 64);
  ck_assert_int_eq (decision.act, TERN_STEP_DOWNTIME);
  ck_assert_uint_eq (decision.downtime_ms, 400);
  ck_assert_same_decision (case_look (&at, SECOND), decision);
  ck_assert_uint_eq (tern_converge_get_step (at.converge), 0);
  case_take (&at, decision);
  ck_assert_uint_eq (tern_converge_get_step (at.converge), 1);
  ck_assert_int_eq (case_look (&at, SECOND).act, TERN_STEP_NONE);
  case_clear (&at);
}
END_TEST

START_TEST (a_downtime_that_is_enough_is_granted_at_once)
{
  Case at = make_case (TERN_POLICY_DEFAULT, 256 * MIB);
  TernDecision decision;
  g_autofree char *said = NULL;

  case_send (&at, 256);
  case_begin_pass (&at, 13);
  case_send (&at, 13);
  case_begin_pass (&at, 13);
  case_send (&at, 13);
  decision = case_begin_pass (&at, 13);
  ck_assert_int_eq (decision.act, TERN_STEP_DOWNTIME);
  ck_assert_uint_eq (decision.downtime_ms, 1500);
  said = tern_converge_describe (at.converge, decision, "web");
  ck_assert_str_eq (said, "this pass is not smaller than those before it (13 MiB have to be sent "
                          "again, the link carries 10 MiB/s); web may stand still for 1500 ms");
  case_clear (&at);
}
END_TEST

START_TEST (while_slowing_it_down_goes_on_it_is_not_given_up)
{
  Case at = make_case (TERN_POLICY_DEFAULT, 256 * MIB);
  TernDecision decision;
  guint passes = 0;

  case_send (&at, 256);
  for (at.stats.throttle = 0; at.stats.throttle < 99; passes++)
    {
      at.stats.throttle += 3;
      decision = case_begin_pass (&at, 64);
      ck_assert_int_ne (decision.act, TERN_STEP_GIVE_UP);
      case_take (&at, decision);
      if (at.now_us > 250 * SECOND)
        break;
      case_send (&at, 64);
    }
  ck_assert_uint_gt (passes, 18);
  case_clear (&at);
}
END_TEST

START_TEST (what_cannot_be_taken_is_left_out)
{
  TernConvergeSetup setup = make_setup (TERN_POLICY_POSTCOPY, 256.0 * MIB);
  Case at = { .stats = { .memory_total = 256 * MIB, .memory_remaining = 256 * MIB } };

  setup.postcopy_ready = FALSE;
  at.converge = tern_converge_new (&setup, 0);
  case_send (&at, 256);
  for (guint pass = 0; pass < 30; pass++)
    {
      TernDecision decision = case_begin_pass (&at, 64);

      ck_assert_int_ne (decision.act, TERN_STEP_POSTCOPY);
      if (decision.act == TERN_STEP_GIVE_UP)
        {
          ck_assert_int_eq (decision.cause, TERN_CAUSE_NOT_CONVERGING);
          break;
        }
      case_take (&at, decision);
      case_send (&at, 64);
      ck_assert_uint_lt (pass, 29);
    }
  case_clear (&at);
}
END_TEST

START_TEST (large_memory_on_a_fast_link_is_not_given_up_in_its_first_passes)
{
  CopyModel model = {
    .memory = 100.0 * GIB, .hot = 80.0 * GIB, .dirty_bps = 4.0 * GIB, .link_bps = 1.16 * GIB
  };
  Outcome outcome = run (&model, 1, (TernPolicy) _i, &undisturbed);

  ck_assert_uint_ge (outcome.passes, 8);
  ck_assert_int_lt (outcome.ended_us, 3600 * SECOND);
}
END_TEST

START_TEST (a_small_guest_on_a_slow_link_is_over_in_minutes)
{
  CopyModel model = { .memory = 256.0 * MIB,
                      .hot = 64.0 * MIB * (_i % 2 ? 1 : 3),
                      .dirty_bps = 60.0 * MIB,
                      .link_bps = 9.5 * MIB };
  TernPolicy policy = _i < 2 ? TERN_POLICY_CAREFUL : TERN_POLICY_DEFAULT;
  Outcome outcome = run (&model, 1, policy, &undisturbed);

  ck_assert_int_eq (outcome.end, COPY_GIVEN_UP);
  ck_assert_uint_ge (outcome.passes, 8);
  ck_assert_int_gt (outcome.ended_us, 60 * SECOND);
  ck_assert_int_le (outcome.ended_us, 360 * SECOND);
}
END_TEST

START_TEST (disks_take_what_they_take)
{
  Case at = make_case (TERN_POLICY_CAREFUL, 256 * MIB);

  at.stats = (TernJobStats){ .disk_total = 100 * GIB, .disk_remaining = 100 * GIB };
  for (guint i = 0; i < 100; i++)
    {
      at.stats.disk_remaining -= GIB;
      ck_assert_int_eq (case_look (&at, 50 * SECOND).act, TERN_STEP_NONE);
    }
  ck_assert_int_eq (case_look (&at, 60 * SECOND).cause, TERN_CAUSE_STALLED);
  case_clear (&at);
}
END_TEST

START_TEST (passes_of_an_earlier_attempt_are_none)
{
  Case at = make_case (TERN_POLICY_POSTCOPY, 256 * MIB);

  at.stats.iteration = 0;
  case_look (&at, SECOND);
  at.stats.iteration = 17;
  case_look (&at, SECOND);
  ck_assert_int_eq (tern_converge_get_convergence (at.converge), TERN_CONVERGENCE_UNKNOWN);
  /* The bound comes before one whole pass is over. */
  at.stats.memory_processed += MIB;
  ck_assert_int_eq (case_look (&at, 50 * SECOND).act, TERN_STEP_NONE);
  at.stats.memory_processed += MIB;
  case_look (&at, 50 * SECOND);
  at.stats.memory_processed += MIB;
  case_look (&at, 50 * SECOND);
  at.stats.memory_processed += MIB;
  ck_assert_int_eq (case_look (&at, 50 * SECOND).act, TERN_STEP_GIVE_UP);
  at.stats.memory_processed += 250 * MIB;
  at.stats.memory_remaining = 0;
  case_look (&at, 25 * SECOND);
  case_begin_pass (&at, 30);
  ck_assert_int_eq (tern_converge_get_convergence (at.converge), TERN_CONVERGENCE_YES);
  case_clear (&at);
}
END_TEST

START_TEST (the_eta_is_a_range_and_none_when_it_does_not_converge)
{
  Case at = make_case (TERN_POLICY_CAREFUL, 256 * MIB);
  gint64 min_us, max_us;
  g_autofree char *note = NULL;

  ck_assert (!tern_converge_get_eta (at.converge, &min_us, &max_us));
  case_send (&at, 156);
  ck_assert (tern_converge_get_eta (at.converge, &min_us, &max_us));
  ck_assert_int_ge (min_us, 9 * SECOND);
  ck_assert_int_le (min_us, 12 * SECOND);
  ck_assert_int_gt (max_us, min_us);
  case_send (&at, 100);
  for (guint pass = 0; pass < 3; pass++)
    {
      case_begin_pass (&at, 64);
      case_send (&at, 60);
    }
  ck_assert (tern_converge_get_eta (at.converge, &min_us, &max_us));
  ck_assert_int_eq (max_us, -1);
  note = tern_converge_note (at.converge, "web");
  ck_assert_ptr_nonnull (strstr (note, "not converging: after each pass of web 64 MiB"));
  case_clear (&at);
}
END_TEST

START_TEST (the_link_s_rate_is_what_lasted_for_three_seconds)
{
  Case at = make_case (TERN_POLICY_DEFAULT, GIB);

  case_look (&at, SECOND);
  ck_assert_uint_eq (tern_converge_get_link_bps (at.converge), 0);
  case_send (&at, 100);
  ck_assert_uint_eq (tern_converge_get_link_bps (at.converge), 10 * MIB);
  /* A burst of one second is no rate. */
  at.stats.memory_processed += 500 * MIB;
  case_look (&at, SECOND);
  case_send (&at, 20);
  ck_assert_uint_lt (tern_converge_get_link_bps (at.converge), 200 * MIB);
  case_clear (&at);
}
END_TEST

START_TEST (what_was_adopted_before_it_copied_is_still_preparing)
{
  Case at = make_case (TERN_POLICY_DEFAULT, GIB);

  /* Wall time 0, told as monotonic time. */
  tern_converge_adopt (at.converge, 0, -G_GINT64_CONSTANT (1800000000) * SECOND,
                       -G_GINT64_CONSTANT (1800000000) * SECOND);
  ck_assert_int_eq (case_look (&at, SECOND).act, TERN_STEP_NONE);
  ck_assert_int_eq (case_send (&at, 100).act, TERN_STEP_NONE);
  case_clear (&at);
}
END_TEST

START_TEST (the_bound_of_an_adopted_copy_is_not_given_anew)
{
  Case at = make_case (TERN_POLICY_CAREFUL, 256 * MIB);
  TernDecision decision;

  tern_converge_adopt (at.converge, 2, -290 * SECOND, -200 * SECOND);
  ck_assert_uint_eq (tern_converge_get_step (at.converge), 2);
  ck_assert_int_eq (case_send (&at, 50).act, TERN_STEP_NONE);
  decision = case_send (&at, 60);
  ck_assert_int_eq (decision.act, TERN_STEP_GIVE_UP);
  ck_assert_int_eq (decision.cause, TERN_CAUSE_BOUND);
  case_clear (&at);
}
END_TEST

START_TEST (a_policy_switched_before_the_daemon_died_keeps_its_bound)
{
  Case at = make_case (TERN_POLICY_CAREFUL, 256 * MIB);

  tern_converge_adopt (at.converge, 0, -1000 * SECOND, -100 * SECOND);
  ck_assert_int_eq (case_send (&at, 200).act, TERN_STEP_NONE);
  case_clear (&at);
}
END_TEST

/* So many passes of that size, each decision taken, until one other than a downtime is wanted. */
static TernDecision
case_rewrite (Case *self, guint64 mib, guint passes)
{
  TernDecision decision = { 0 };

  for (guint i = 0; i < passes; i++)
    {
      decision = case_begin_pass (self, mib);
      if (decision.act != TERN_STEP_NONE && decision.act != TERN_STEP_DOWNTIME)
        return decision;
      case_take (self, decision);
      case_send (self, mib);
    }
  return decision;
}

START_TEST (postcopy_waits_until_little_is_left)
{
  Case at = make_case (TERN_POLICY_POSTCOPY, 256 * MIB);

  case_send (&at, 256);
  case_rewrite (&at, 64, 3);
  ck_assert_uint_eq (tern_converge_get_step (at.converge), 2);
  ck_assert_int_eq (case_begin_pass (&at, 90).act, TERN_STEP_NONE);
  case_send (&at, 90);
  ck_assert_int_eq (case_begin_pass (&at, 66).act, TERN_STEP_POSTCOPY);
  case_clear (&at);
}
END_TEST

START_TEST (but_not_for_ever)
{
  Case at = make_case (TERN_POLICY_POSTCOPY, 256 * MIB);

  case_send (&at, 256);
  case_rewrite (&at, 40, 3);
  ck_assert_int_eq (case_rewrite (&at, 60, 5).act, TERN_STEP_POSTCOPY);
  case_clear (&at);
}
END_TEST

START_TEST (postcopy_that_was_begun_is_waited_for_but_not_for_ever)
{
  Case at = make_case (TERN_POLICY_POSTCOPY, 256 * MIB);
  TernDecision decision;

  tern_converge_adopt (at.converge, 2, -150 * SECOND, -100 * SECOND);
  decision = case_send (&at, 256);
  for (; decision.act == TERN_STEP_NONE; decision = case_look (&at, SECOND))
    at.stats.memory_processed += MIB;
  ck_assert_int_eq (decision.act, TERN_STEP_POSTCOPY);
  ck_assert_int_eq (decision.cause, TERN_CAUSE_BOUND);
  case_take (&at, decision);
  at.stats.memory_processed += MIB;
  ck_assert_int_eq (case_look (&at, 30 * SECOND).act, TERN_STEP_NONE);
  at.stats.memory_processed += MIB;
  ck_assert_int_eq (case_look (&at, 29 * SECOND).act, TERN_STEP_NONE);
  at.stats.memory_processed += MIB;
  ck_assert_int_eq (case_look (&at, SECOND).act, TERN_STEP_GIVE_UP);
  case_clear (&at);
}
END_TEST

START_TEST (a_pass_that_does_not_end_counts_as_one_that_is_not_smaller)
{
  Case at = make_case (TERN_POLICY_CAREFUL, 4 * GIB);
  TernDecision decision = { 0 };

  case_send (&at, 4096);
  case_begin_pass (&at, 60);
  for (guint second = 0; second < 77; second++)
    {
      at.stats.memory_processed += 10 * MIB;
      decision = case_look (&at, SECOND);
      ck_assert_int_eq (decision.act, TERN_STEP_NONE);
    }
  at.stats.memory_processed += 20 * MIB;
  ck_assert_int_eq (case_look (&at, 2 * SECOND).act, TERN_STEP_DOWNTIME);
  case_clear (&at);
}
END_TEST

START_TEST (a_switched_policy_acts_without_waiting_for_a_pass)
{
  Case at = make_case (TERN_POLICY_CAREFUL, 256 * MIB);

  case_send (&at, 256);
  case_rewrite (&at, 64, 9);
  case_send (&at, 10);
  tern_converge_switch (at.converge, TERN_POLICY_POSTCOPY, at.now_us);
  ck_assert_int_eq (case_look (&at, SECOND).act, TERN_STEP_POSTCOPY);
  case_clear (&at);
}
END_TEST

START_TEST (an_adopted_copy_whose_steps_began_had_a_whole_pass)
{
  Case at = make_case (TERN_POLICY_POSTCOPY, 256 * MIB);

  tern_converge_adopt (at.converge, 1, -1000 * SECOND, -900 * SECOND);
  ck_assert_int_eq (case_send (&at, 10).act, TERN_STEP_POSTCOPY);
  case_clear (&at);
}
END_TEST

START_TEST (an_adopted_pause_has_the_time_it_had)
{
  Case at = make_case (TERN_POLICY_FORCE, 256 * MIB);
  TernDecision decision;

  tern_converge_adopt (at.converge, 4, -200 * SECOND, -90 * SECOND);
  at.held = TRUE;
  ck_assert_int_eq (case_look (&at, 9 * SECOND).act, TERN_STEP_NONE);
  decision = case_look (&at, SECOND);
  ck_assert_int_eq (decision.act, TERN_STEP_GIVE_UP);
  ck_assert_int_eq (decision.cause, TERN_CAUSE_SWITCHOVER);
  case_clear (&at);
}
END_TEST

START_TEST (what_the_host_took_is_not_wanted_again_and_what_it_refused_is)
{
  Case at = make_case (TERN_POLICY_DEFAULT, GIB);
  TernDecision decision;

  case_send (&at, 100);
  decision = case_look (&at, 60 * SECOND);
  tern_converge_took (at.converge, decision, FALSE, at.now_us);
  ck_assert_same_decision (case_look (&at, SECOND), decision);
  case_take (&at, decision);
  ck_assert_int_eq (case_look (&at, SECOND).act, TERN_STEP_NONE);
  case_clear (&at);
}
END_TEST

START_TEST (one_that_still_gets_smaller_is_not_given_up)
{
  Case at = make_case (TERN_POLICY_CAREFUL, 10 * GIB);
  guint64 mib = 200;

  case_send (&at, 1000);
  for (guint i = 0; i < 15; i++, mib = mib * 9 / 10)
    ck_assert_int_ne (case_rewrite (&at, mib, 4).act, TERN_STEP_GIVE_UP);
  case_clear (&at);
}
END_TEST

START_TEST (nobody_is_paused_while_nothing_goes_out)
{
  Case at = make_case (TERN_POLICY_FORCE, 256 * MIB);
  TernDecision decision;

  case_send (&at, 256);
  decision = case_rewrite (&at, 64, 12);
  ck_assert_int_eq (decision.act, TERN_STEP_PAUSE);
  ck_assert_int_eq (case_look (&at, 5 * SECOND).act, TERN_STEP_NONE);
  at.stats.memory_processed += 10 * MIB;
  ck_assert_int_eq (case_look (&at, SECOND).act, TERN_STEP_PAUSE);
  case_clear (&at);
}
END_TEST

START_TEST (a_count_that_begins_anew_spoils_no_rate)
{
  Case at = make_case (TERN_POLICY_DEFAULT, GIB);
  gint64 min_us, max_us;

  case_send (&at, 300);
  at.stats.memory_processed = 0;
  case_look (&at, SECOND);
  case_send (&at, 20);
  ck_assert (tern_converge_get_eta (at.converge, &min_us, &max_us));
  ck_assert_int_ge (min_us, 69 * SECOND);
  ck_assert_int_le (min_us, 72 * SECOND);
  case_clear (&at);
}
END_TEST

START_TEST (passes_that_grow_are_expected_to_grow)
{
  TernCopyWatch watch = { .last = { .memory_total = GIB, .memory_remaining = 100 * MIB },
                          .size_before = 100.0 * MIB,
                          .pass_size = 200.0 * MIB };

  ck_assert_double_eq (tern_copy_watch_get_left (&watch), 500.0 * MIB);
  watch.size_before = 400.0 * MIB;
  ck_assert_double_eq (tern_copy_watch_get_left (&watch), 300.0 * MIB);
}
END_TEST

START_TEST (every_table_ends_and_grows)
{
  const TernPolicyRow *row;
  guint downtime_ms = TERN_CONVERGE_DOWNTIME_MS;
  gboolean given_away = FALSE;
  TernPolicy policy = (TernPolicy) _i;
  guint step = 0;

  for (; (row = tern_policy_get_row (policy, step)) != NULL; step++)
    {
      ck_assert_uint_ge (row->passes, 1);
      ck_assert_int_gt (row->wait_us, 0);
      if (row->act == TERN_STEP_DOWNTIME)
        {
          ck_assert (!given_away);
          ck_assert_uint_gt (row->downtime_ms, downtime_ms);
          downtime_ms = row->downtime_ms;
        }
      given_away |= row->act == TERN_STEP_POSTCOPY || row->act == TERN_STEP_PAUSE;
    }
  ck_assert_uint_gt (step, 1);
  ck_assert_int_eq (tern_policy_get_row (policy, step - 1)->act, TERN_STEP_GIVE_UP);
  ck_assert_int_eq (given_away, policy == TERN_POLICY_POSTCOPY || policy == TERN_POLICY_FORCE);
  ck_assert_int_gt (tern_converge_get_bound_us (policy, 8 * GIB),
                    tern_converge_get_bound_us (policy, GIB));
  ck_assert_int_gt (tern_converge_get_bound_us (policy, G_MAXUINT64), 0);
}
END_TEST

TERN_CHECK_MAIN (
    "converge",
    tcase_add_loop_test (tcase, every_policy_ends_every_move_within_its_bound, 0, TERN_N_POLICIES);
    tcase_add_test (tcase, a_pause_is_never_longer_than_the_switchover_may_be);
    tcase_add_loop_test (tcase, a_move_that_converges_is_never_given_up, 0, TERN_N_POLICIES);
    tcase_add_loop_test (tcase, one_that_never_converges_ends_by_the_policy_s_own_means, 0,
                         TERN_N_POLICIES);
    tcase_add_loop_test (tcase, an_adopted_copy_comes_to_the_same_end, 0, TERN_N_POLICIES);
    tcase_add_test (tcase, a_switched_policy_ends_it_by_its_own_means_and_bound);
    tcase_add_test (tcase, wild_numbers_break_nothing);
    tcase_add_test (tcase, preparing_is_bounded_and_no_stall);
    tcase_add_test (tcase, when_nothing_is_sent_for_the_bound_it_is_given_up);
    tcase_add_test (tcase, a_host_that_gives_no_answer_proves_no_stall);
    tcase_add_test (tcase, a_postcopy_of_which_nothing_comes_over_is_told_to_stand_still);
    tcase_add_test (tcase, a_stalled_postcopy_is_broken_and_never_given_up);
    tcase_add_test (tcase, a_guest_that_stands_still_for_too_long_runs_on_where_it_was);
    tcase_add_test (tcase, time_it_stood_still_before_does_not_count);
    tcase_add_test (tcase, a_decision_is_repeated_until_it_was_taken);
    tcase_add_test (tcase, a_downtime_that_is_enough_is_granted_at_once);
    tcase_add_test (tcase, while_slowing_it_down_goes_on_it_is_not_given_up);
    tcase_add_test (tcase, what_cannot_be_taken_is_left_out);
    tcase_add_loop_test (tcase, large_memory_on_a_fast_link_is_not_given_up_in_its_first_passes, 0,
                         2);
    tcase_add_loop_test (tcase, a_small_guest_on_a_slow_link_is_over_in_minutes, 0, 4);
    tcase_add_test (tcase, disks_take_what_they_take);
    tcase_add_test (tcase, passes_of_an_earlier_attempt_are_none);
    tcase_add_test (tcase, the_eta_is_a_range_and_none_when_it_does_not_converge);
    tcase_add_test (tcase, the_link_s_rate_is_what_lasted_for_three_seconds);
    tcase_add_test (tcase, what_was_adopted_before_it_copied_is_still_preparing);
    tcase_add_test (tcase, the_bound_of_an_adopted_copy_is_not_given_anew);
    tcase_add_test (tcase, a_policy_switched_before_the_daemon_died_keeps_its_bound);
    tcase_add_test (tcase, postcopy_waits_until_little_is_left);
    tcase_add_test (tcase, but_not_for_ever);
    tcase_add_test (tcase, postcopy_that_was_begun_is_waited_for_but_not_for_ever);
    tcase_add_test (tcase, a_pass_that_does_not_end_counts_as_one_that_is_not_smaller);
    tcase_add_test (tcase, a_switched_policy_acts_without_waiting_for_a_pass);
    tcase_add_test (tcase, an_adopted_copy_whose_steps_began_had_a_whole_pass);
    tcase_add_test (tcase, an_adopted_pause_has_the_time_it_had);
    tcase_add_test (tcase, what_the_host_took_is_not_wanted_again_and_what_it_refused_is);
    tcase_add_test (tcase, one_that_still_gets_smaller_is_not_given_up);
    tcase_add_test (tcase, nobody_is_paused_while_nothing_goes_out);
    tcase_add_test (tcase, a_count_that_begins_anew_spoils_no_rate);
    tcase_add_test (tcase, passes_that_grow_are_expected_to_grow);
    tcase_add_loop_test (tcase, every_table_ends_and_grows, 0, TERN_N_POLICIES);)
