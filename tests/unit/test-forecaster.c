/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a forecast is made from: what is measured, what is known, and what neither is.
 */
#include "config.h"

#include "base/error.h"
#include "engine/forecaster.h"
#include "tern-check.h"
#include "world.h"

#define SECONDS(n) ((gint64) (n) *G_USEC_PER_SEC)
#define GIB (G_GUINT64_CONSTANT (1) << 30)
#define MIB (G_GUINT64_CONSTANT (1) << 20)

typedef struct
{
  gboolean ended;
  TernForecastAnswer *answer;
  GError *error;
} Result;

static void
on_forecast (GObject *source, GAsyncResult *result, gpointer data)
{
  Result *kept = data;

  (void) source;
  kept->answer = tern_forecast_finish (result, &kept->error);
  kept->ended = TRUE;
}

static TernForecastAnswer *
ask (World *world, const char *uuid, const char *destination, GError **error)
{
  const TernMoveOptions options = TERN_MOVE_OPTIONS_INIT;
  Result kept = { FALSE, NULL, NULL };

  tern_forecast_async (world->inventory, tern_migrator_get_links (world->migrator), uuid,
                       destination, &options, NULL, on_forecast, &kept);
  for (guint i = 0; i < 60 && !kept.ended; i++)
    world_run (world, SECONDS (1));
  ck_assert (kept.ended);
  ck_assert ((kept.answer == NULL) != (kept.error == NULL));
  if (kept.error != NULL)
    g_propagate_error (error, kept.error);
  return kept.answer;
}

static gboolean
set_rates (TernHostConfig *config, gpointer data, GError **error)
{
  const guint *mib = data;

  (void) error;
  config->link_bps = mib[0] * MIB;
  config->bandwidth_bps = mib[1] * MIB;
  return TRUE;
}

static void
configure (World *world, const char *name, guint link_mib, guint bandwidth_mib)
{
  guint mib[] = { link_mib, bandwidth_mib };

  tern_inventory_update_host_async (world->inventory, name, set_rates, mib, NULL, NULL);
  world_run (world, SECONDS (1));
}

START_TEST (it_is_made_from_what_the_guest_writes_now_and_what_the_link_carries)
{
  g_auto (World) world;
  g_autoptr (TernForecastAnswer) answer = NULL;

  world_init (&world);
  configure (&world, "anna", 500, 0);
  answer = ask (&world, WORLD_VM, "bert", NULL);
  ck_assert_uint_eq (answer->question.memory, 2 * GIB);
  ck_assert (answer->question.dirty_known);
  ck_assert_uint_eq (answer->question.dirty_bps, 64 * MIB);
  ck_assert_uint_eq (answer->question.link_bps, 500 * MIB);
  ck_assert_int_eq (answer->link_source, TERN_LINK_CONFIGURED);
  ck_assert (answer->forecast.known);
  ck_assert_ptr_nonnull (answer->sentence);
}
END_TEST

START_TEST (what_moves_may_take_of_the_link_bounds_it)
{
  g_auto (World) world;
  g_autoptr (TernForecastAnswer) answer = NULL;

  world_init (&world);
  configure (&world, "anna", 500, 0);
  configure (&world, "bert", 0, 20);
  answer = ask (&world, WORLD_VM, "bert", NULL);
  ck_assert_uint_eq (answer->question.link_bps, 20 * MIB);
}
END_TEST

START_TEST (a_link_nobody_knows_leaves_the_forecast_unknown)
{
  g_auto (World) world;
  g_autoptr (TernForecastAnswer) answer = NULL;

  world_init (&world);
  answer = ask (&world, WORLD_VM, "bert", NULL);
  ck_assert_int_eq (answer->link_source, TERN_LINK_UNKNOWN);
  ck_assert (!answer->forecast.known);
  ck_assert (answer->question.dirty_known);
}
END_TEST

START_TEST (a_guest_that_stands_still_writes_nothing)
{
  g_auto (World) world;
  g_autoptr (TernForecastAnswer) answer = NULL;

  world_init (&world);
  tern_sim_set_vm_state (world.sim, "anna", WORLD_VM, TERN_VM_PAUSED, TERN_REASON_USER);
  world_run (&world, SECONDS (2));
  answer = ask (&world, WORLD_VM, "bert", NULL);
  ck_assert (answer->question.dirty_known);
  ck_assert_uint_eq (answer->question.dirty_bps, 0);
}
END_TEST

START_TEST (a_host_that_does_not_answer_is_an_error_and_never_a_guess)
{
  g_auto (World) world;
  g_autoptr (GError) error = NULL;

  world_init (&world);
  tern_sim_set_host_state (world.sim, "anna", TERN_SIM_HOST_DOWN);
  world_run (&world, SECONDS (30));
  ck_assert_ptr_null (ask (&world, WORLD_VM, "bert", &error));
  ck_assert (g_error_matches (error, TERN_ERROR, TERN_ERROR_UNREACHABLE));
}
END_TEST

START_TEST (a_vm_or_a_host_that_is_not_there_is_not_found)
{
  g_auto (World) world;
  g_autoptr (GError) no_vm = NULL;
  g_autoptr (GError) no_host = NULL;

  world_init (&world);
  ck_assert_ptr_null (ask (&world, "99999999-5a3f-4c7d-9e1b-2f3a4b5c6d7e", "bert", &no_vm));
  ck_assert (g_error_matches (no_vm, TERN_ERROR, TERN_ERROR_NOT_FOUND));
  ck_assert_ptr_null (ask (&world, WORLD_VM, "zoe", &no_host));
  ck_assert (g_error_matches (no_host, TERN_ERROR, TERN_ERROR_NOT_FOUND));
}
END_TEST

TERN_CHECK_MAIN (
    "forecaster",
    tcase_add_test (tcase, it_is_made_from_what_the_guest_writes_now_and_what_the_link_carries);
    tcase_add_test (tcase, what_moves_may_take_of_the_link_bounds_it);
    tcase_add_test (tcase, a_link_nobody_knows_leaves_the_forecast_unknown);
    tcase_add_test (tcase, a_guest_that_stands_still_writes_nothing);
    tcase_add_test (tcase, a_host_that_does_not_answer_is_an_error_and_never_a_guess);
    tcase_add_test (tcase, a_vm_or_a_host_that_is_not_there_is_not_found);)
