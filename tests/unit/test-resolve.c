/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a person may decide about two copies: properties over every pair of sightings, and the pairs
 * that end in attention by name.
 */
#include "config.h"

#include "plan/resolve.h"

#include "base/error.h"

#include "tern-check.h"

#define N_FLAGS 16
#define N_SIGHTINGS (N_FLAGS * TERN_VM_N_STATES * TERN_REASON_N)

static TernSighting
nth_sighting (guint n)
{
  guint flags = n % N_FLAGS;

  return (TernSighting){
    .known = (flags & 1) != 0,
    .present = (flags & 2) != 0,
    .job_active = (flags & 4) != 0,
    .job_outgoing = (flags & 4) != 0,
    .persistent = (flags & 8) != 0,
    .state = n / N_FLAGS % TERN_VM_N_STATES,
    .reason = n / N_FLAGS / TERN_VM_N_STATES,
  };
}

static gboolean
is_here (const TernSighting *seen)
{
  return seen->known && seen->present;
}

static gboolean
is_alive (const TernSighting *seen)
{
  return is_here (seen) && tern_vm_state_is_active (seen->state);
}

static gboolean
is_half (const TernSighting *seen)
{
  return is_alive (seen)
         && (seen->reason == TERN_REASON_POSTCOPY || seen->reason == TERN_REASON_POSTCOPY_FAILED);
}

static gboolean
runs (const TernSighting *seen)
{
  return is_here (seen) && (seen->state == TERN_VM_RUNNING || seen->state == TERN_VM_SHUTTING_DOWN);
}

/* ck_assert_msg() formats on each call; the pairs are many. */
static void
demand (gboolean good, const char *what, TernKeep keep, const TernSighting *source,
        const TernSighting *destination)
{
  g_autofree char *there = NULL, *here = NULL;

  if (good)
    return;
  there = tern_sighting_to_string (source);
  here = tern_sighting_to_string (destination);
  ck_abort_msg ("%s: keep %s, source %s (job %d), destination %s", what, tern_keep_to_string (keep),
                there, source->job_active, here);
}

typedef void (*DecisionFunc) (TernKeep keep, const TernSighting *source,
                              const TernSighting *destination, const TernResolution *resolution);

/* Every decision that is allowed, over all pairs. */
static void
for_each_decision (DecisionFunc check)
{
  guint allowed = 0;

  for (guint i = 0; i < N_SIGHTINGS; i++)
    for (guint j = 0; j < N_SIGHTINGS; j++)
      for (guint keep = 0; keep < TERN_N_KEEPS; keep++)
        {
          TernSighting source = nth_sighting (i), destination = nth_sighting (j);
          TernResolution resolution;

          /* Most pairs are refused for these; formatting each refusal would take minutes. */
          if (!source.known || !destination.known || source.job_active || destination.job_active)
            continue;
          if (!tern_resolve (keep, "web", "anna", &source, "bert", &destination, &resolution, NULL))
            continue;
          allowed++;
          check (keep, &source, &destination, &resolution);
        }
  ck_assert_uint_gt (allowed, 1000);
}

static void
check_never_none_left (TernKeep keep, const TernSighting *source, const TernSighting *destination,
                       const TernResolution *resolution)
{
  const TernSighting *kept = keep == TERN_KEEP_SOURCE ? source : destination;
  const TernSighting *other = keep == TERN_KEEP_SOURCE ? destination : source;

  if (!resolution->remove_other)
    return;
  demand (is_here (kept), "ends a copy although there is no other", keep, source, destination);
  demand (is_alive (kept) || !runs (other), "ends the only copy that runs", keep, source,
          destination);
}

START_TEST (a_copy_is_ended_only_while_another_one_is_there)
{
  for_each_decision (check_never_none_left);
}
END_TEST

static void
check_halves (TernKeep keep, const TernSighting *source, const TernSighting *destination,
              const TernResolution *resolution)
{
  if (resolution->remove_other || resolution->let_run)
    demand (!is_half (source) && !is_half (destination), "touches a post-copy", keep, source,
            destination);
}

START_TEST (neither_half_of_a_post_copy_is_ever_touched) { for_each_decision (check_halves); }
END_TEST

static void
check_definition (TernKeep keep, const TernSighting *source, const TernSighting *destination,
                  const TernResolution *resolution)
{
  const TernSighting *kept = keep == TERN_KEEP_SOURCE ? source : destination;

  if (resolution->remove_definition)
    demand (kept->persistent && resolution->remove_other, "removes the last definition", keep,
            source, destination);
}

START_TEST (the_last_definition_is_never_removed) { for_each_decision (check_definition); }
END_TEST

static void
check_stale (TernKeep keep, const TernSighting *source, const TernSighting *destination,
             const TernResolution *resolution)
{
  gboolean held = source->state == TERN_VM_PAUSED && source->reason == TERN_REASON_MIGRATION;

  if (keep != TERN_KEEP_SOURCE || !held || !resolution->let_run)
    return;
  /* Only where nothing can have run over there. */
  demand (
      !destination->present
          || (destination->state == TERN_VM_PAUSED && destination->reason == TERN_REASON_MIGRATION),
      "resumes stale memory", keep, source, destination);
}

START_TEST (held_memory_runs_on_only_if_nothing_ran_on_the_destination)
{
  for_each_decision (check_stale);
}
END_TEST

static void
check_runs_once (TernKeep keep, const TernSighting *source, const TernSighting *destination,
                 const TernResolution *resolution)
{
  const TernSighting *kept = keep == TERN_KEEP_SOURCE ? source : destination;
  const TernSighting *other = keep == TERN_KEEP_SOURCE ? destination : source;
  gboolean kept_runs = runs (kept) || resolution->let_run;

  demand (!(kept_runs && is_alive (other) && !resolution->remove_other), "two copies stay", keep,
          source, destination);
}

START_TEST (no_decision_leaves_two_living_copies) { for_each_decision (check_runs_once); }
END_TEST

START_TEST (while_a_host_is_silent_or_a_job_runs_nothing_is_decided)
{
  static const TernSighting other = { .known = TRUE, .present = TRUE, .state = TERN_VM_RUNNING };

  for (guint i = 0; i < N_SIGHTINGS; i++)
    for (guint keep = 0; keep < TERN_N_KEEPS; keep++)
      {
        TernSighting seen = nth_sighting (i);
        gboolean blocked = !seen.known || (seen.present && seen.job_active);
        g_autoptr (GError) error = NULL;
        TernResolution resolution;

        if (!blocked)
          continue;
        ck_assert (!tern_resolve (keep, "web", "anna", &seen, "bert", &other, &resolution, &error));
        ck_assert (g_error_matches (error, TERN_ERROR, TERN_ERROR_REFUSED));
        ck_assert (!resolution.remove_other && !resolution.let_run);
        ck_assert_ptr_nonnull (strstr (error->message, "web"));
        ck_assert_ptr_nonnull (strstr (error->message, "anna"));
      }
}
END_TEST

/* clang-format off */
#define ABSENT { .known = TRUE }
#define SILENT { .known = FALSE }
#define IN(s, r) { .known = TRUE, .present = TRUE, .persistent = TRUE, \
                   .state = TERN_VM_##s, .reason = TERN_REASON_##r }
#define TRANSIENT(s, r) { .known = TRUE, .present = TRUE, \
                          .state = TERN_VM_##s, .reason = TERN_REASON_##r }
#define NO "refused"
/* acts: r remove the other, d and its definition, l let it run */
static const struct
{
  TernSighting source, destination;
  const char *keep_source, *keep_destination;
} rows[] = {
  { IN (RUNNING, OTHER),        IN (RUNNING, MIGRATED),        "rd",  "rd" },
  { TRANSIENT (RUNNING, OTHER), TRANSIENT (RUNNING, MIGRATED), "r",   "r" },
  { TRANSIENT (RUNNING, OTHER), IN (RUNNING, MIGRATED),        NO,    "r" },
  { IN (RUNNING, OTHER),        TRANSIENT (RUNNING, MIGRATED), "r",   "r" },
  { IN (PAUSED, MIGRATION),     IN (RUNNING, MIGRATED),        NO,    "rd" },
  { IN (PAUSED, MIGRATION),     ABSENT,                        "l",   NO },
  { IN (PAUSED, MIGRATION),     IN (PAUSED, MIGRATION),        "rdl", NO },
  { IN (PAUSED, MIGRATION),     IN (PAUSED, USER),             NO,    "rdl" },
  { IN (PAUSED, MIGRATION),     IN (PAUSED, OTHER),            NO,    NO },
  { IN (PAUSED, MIGRATION),     IN (SHUT_OFF, OTHER),          NO,    "rd" },
  { IN (PAUSED, MIGRATION),     SILENT,                        NO,    NO },
  { IN (RUNNING, OTHER),        IN (PAUSED, MIGRATION),        "rd",  NO },
  { IN (RUNNING, OTHER),        IN (SHUT_OFF, OTHER),          "rd",  NO },
  { IN (PAUSED, USER),          IN (RUNNING, MIGRATED),        "rdl", "rd" },
  { IN (PAUSED, POSTCOPY),      IN (RUNNING, POSTCOPY),        NO,    NO },
  { IN (PAUSED, POSTCOPY_FAILED), IN (RUNNING, POSTCOPY_FAILED), NO,  NO },
  { IN (PAUSED, POSTCOPY_FAILED), ABSENT,                      NO,    NO },
  { IN (SHUT_OFF, MIGRATED),    ABSENT,                        "",    NO },
  { ABSENT,                     IN (SHUT_OFF, OTHER),          NO,    "" },
  { ABSENT,                     ABSENT,                        "",    "" },
};
/* clang-format on */

static char *
decide (TernKeep keep, const TernSighting *source, const TernSighting *destination)
{
  TernResolution resolution;

  if (!tern_resolve (keep, "web", "anna", source, "bert", destination, &resolution, NULL))
    return g_strdup (NO);
  return g_strconcat (resolution.remove_other ? "r" : "", resolution.remove_definition ? "d" : "",
                      resolution.let_run ? "l" : "", NULL);
}

START_TEST (the_pairs_that_end_in_attention_have_the_ways_out_that_are_safe)
{
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *source = decide (TERN_KEEP_SOURCE, &rows[i].source, &rows[i].destination);
      g_autofree char *destination =
          decide (TERN_KEEP_DESTINATION, &rows[i].source, &rows[i].destination);

      ck_assert_msg (g_str_equal (source, rows[i].keep_source), "row %u: source: %s", i, source);
      ck_assert_msg (g_str_equal (destination, rows[i].keep_destination), "row %u: destination: %s",
                     i, destination);
    }
}
END_TEST

START_TEST (offers_name_exactly_the_ways_out_that_are_allowed)
{
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *offers =
          tern_resolve_offers (7, "web", "anna", &rows[i].source, "bert", &rows[i].destination);

      ck_assert_int_eq (strstr (offers, "resolve 7 --keep-source") != NULL,
                        !g_str_equal (rows[i].keep_source, NO));
      ck_assert_int_eq (strstr (offers, "resolve 7 --keep-destination") != NULL,
                        !g_str_equal (rows[i].keep_destination, NO));
      ck_assert_ptr_nonnull (strstr (offers, "resolve 7 --recheck"));
    }
}
END_TEST

static void
check_half_advice (const TernSighting *source, const TernSighting *destination, const char *advice)
{
  for (guint keep = 0; keep < TERN_N_KEEPS; keep++)
    {
      TernResolution resolution;
      g_autoptr (GError) error = NULL;

      ck_assert (
          !tern_resolve (keep, "web", "anna", source, "bert", destination, &resolution, &error));
      if (strstr (error->message, "nothing to keep") == NULL)
        ck_assert_msg (strstr (error->message, advice) != NULL, "%s", error->message);
    }
}

START_TEST (a_link_is_to_be_mended_only_between_two_halves)
{
  const TernSighting broken = {
    .known = TRUE, .present = TRUE, .state = TERN_VM_PAUSED, .reason = TERN_REASON_POSTCOPY_FAILED
  };
  const TernSighting runs_broken = {
    .known = TRUE, .present = TRUE, .state = TERN_VM_RUNNING, .reason = TERN_REASON_POSTCOPY_FAILED
  };
  const TernSighting off = { .known = TRUE, .present = TRUE, .state = TERN_VM_SHUT_OFF };
  const TernSighting absent = { .known = TRUE };

  check_half_advice (&broken, &runs_broken, "mend the link");
  check_half_advice (&off, &runs_broken, "end what bert has");
  check_half_advice (&absent, &runs_broken, "end what bert has");
  check_half_advice (&broken, &off, "end what anna has");
  check_half_advice (&broken, &absent, "end what anna has");
}
END_TEST

TERN_CHECK_MAIN ("resolve", tcase_set_timeout (tcase, 120);
                 tcase_add_test (tcase, a_copy_is_ended_only_while_another_one_is_there);
                 tcase_add_test (tcase, neither_half_of_a_post_copy_is_ever_touched);
                 tcase_add_test (tcase, the_last_definition_is_never_removed);
                 tcase_add_test (tcase, held_memory_runs_on_only_if_nothing_ran_on_the_destination);
                 tcase_add_test (tcase, no_decision_leaves_two_living_copies);
                 tcase_add_test (tcase, while_a_host_is_silent_or_a_job_runs_nothing_is_decided);
                 tcase_add_test (tcase,
                                 the_pairs_that_end_in_attention_have_the_ways_out_that_are_safe);
                 tcase_add_test (tcase, offers_name_exactly_the_ways_out_that_are_allowed);
                 tcase_add_test (tcase, a_link_is_to_be_mended_only_between_two_halves);)
