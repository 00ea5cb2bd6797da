/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A simulated migration that is steered: what can be told to it at each stage, what both hosts show
 * then, links that are slow or cut, and post-copy with everything that breaks it.
 */
#include "config.h"

#include "drivers/sim.h"

#include "base/error.h"
#include "tern-check.h"

#define MS 1000
#define SECOND G_USEC_PER_SEC
#define LINK 1000000000
#define MIB G_GUINT64_CONSTANT (1048576)

/* A pass over 1 GiB takes 1.07 s. "busy" writes faster than the link carries. */
static const char cluster[] =
    "{ 'virtern-snapshot': 1, 'hosts': ["
    "  { 'name': 'a', 'memory-mib': 8192, 'cpus': 4, 'link-mbps': 8000 },"
    "  { 'name': 'b', 'memory-mib': 8192, 'cpus': 4, 'link-mbps': 8000 },"
    "  { 'name': 'c', 'memory-mib': 8192, 'cpus': 4, 'link-mbps': 2000 } ],"
    " 'vms': ["
    "  { 'name': 'busy', 'host': 'a', 'memory-mib': 1024, 'dirty-mbps': 9000,"
    "    'uuid': '11111111-1111-4111-8111-111111111111' },"
    "  { 'name': 'calm', 'host': 'a', 'memory-mib': 1024,"
    "    'uuid': '22222222-2222-4222-8222-222222222222' } ] }";

#define BUSY "11111111-1111-4111-8111-111111111111"
#define CALM "22222222-2222-4222-8222-222222222222"

static TernClock *tern_clock;
static TernSim *sim;
static TernHypervisor *a;
static TernHypervisor *b;
static TernHypervisor *c;

static void
drain (void)
{
  while (g_main_context_iteration (NULL, FALSE))
    ;
}

static void
advance (gint64 us)
{
  for (gint64 step = 5 * MS; us > 0; us -= step)
    {
      tern_clock_advance (tern_clock, MIN (us, step));
      drain ();
    }
}

static void
keep_result (GObject *source, GAsyncResult *result, gpointer data)
{
  (void) source;
  *(GAsyncResult **) data = g_object_ref (result);
}

static void
connect_port (TernHypervisor *port)
{
  g_autoptr (GAsyncResult) result = NULL;

  tern_hypervisor_connect_async (port, NULL, keep_result, &result);
  drain ();
  ck_assert (tern_hypervisor_connect_finish (port, result, NULL));
}

static TernHypervisor *
open_port (const char *name)
{
  g_autofree char *uri = g_strdup_printf ("sim://%s/", name);
  g_autoptr (TernHostConfig) config = tern_host_config_new (name, uri);
  TernHypervisor *port = tern_sim_factory (config, sim, NULL);

  connect_port (port);
  return port;
}

static void
bring_back (const char *name, TernHypervisor *port)
{
  tern_sim_set_host_state (sim, name, TERN_SIM_HOST_UP);
  if (!tern_hypervisor_is_connected (port))
    connect_port (port);
}

static void
setup (void)
{
  g_autoptr (GString) text = g_string_new (cluster);
  g_autoptr (GError) error = NULL;

  g_string_replace (text, "'", "\"", 0);
  tern_clock = tern_clock_new_fake (0);
  sim = tern_sim_new (tern_clock);
  ck_assert_msg (tern_sim_load_data (sim, text->str, -1, "test.json", &error), "%s",
                 error != NULL ? error->message : "");
  a = open_port ("a");
  b = open_port ("b");
  c = open_port ("c");
}

static void
teardown (void)
{
  tern_hypervisor_disconnect (a);
  tern_hypervisor_disconnect (b);
  tern_hypervisor_disconnect (c);
  drain ();
  g_clear_object (&a);
  g_clear_object (&b);
  g_clear_object (&c);
  g_assert_finalize_object (g_steal_pointer (&sim));
  g_clear_object (&tern_clock);
}

/* --- what is asked and told --- */

static char *
look (TernHypervisor *port, const char *uuid)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (TernSighting) sighting = NULL;
  g_autofree char *text = NULL;

  tern_hypervisor_inspect_async (port, uuid, NULL, keep_result, &result);
  drain ();
  sighting = tern_hypervisor_inspect_finish (port, result, NULL);
  if (sighting == NULL)
    return g_strdup ("silent");
  text = tern_sighting_to_string (sighting);
  return g_strconcat (text, sighting->job_active ? (sighting->job_outgoing ? " out" : " in") : "",
                      NULL);
}

#define assert_shows(port, uuid, expected)                                                         \
  do                                                                                               \
    {                                                                                              \
      g_autofree char *seen = look (port, uuid);                                                   \
      ck_assert_str_eq (seen, expected);                                                           \
    }                                                                                              \
  while (0)

#define assert_both(source, destination)                                                           \
  do                                                                                               \
    {                                                                                              \
      assert_shows (a, BUSY, source);                                                              \
      assert_shows (b, BUSY, destination);                                                         \
    }                                                                                              \
  while (0)

static TernJobStats
fetch_job (const char *uuid)
{
  g_autoptr (GAsyncResult) result = NULL;
  TernJobStats stats = { 0 };

  tern_hypervisor_fetch_job_async (a, uuid, FALSE, NULL, keep_result, &result);
  drain ();
  ck_assert (tern_hypervisor_fetch_job_finish (a, result, &stats, NULL));
  return stats;
}

/* Each is ended by its own name, and all of them are ended alike. */
typedef gboolean (*FinishFunc) (TernHypervisor *self, GAsyncResult *result, GError **error);

static const char *
end_call (TernHypervisor *port, GAsyncResult **result, FinishFunc finish)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GAsyncResult) answer = NULL;

  drain ();
  for (guint i = 0; i < 20 && *result == NULL; i++)
    advance (SECOND);
  answer = g_steal_pointer (result);
  ck_assert_msg (answer != NULL, "the call never ended");
  return finish (port, answer, &error) ? "ok" : tern_error_code_to_name (error->code);
}

static const char *
set_downtime (const char *uuid, guint ms)
{
  GAsyncResult *result = NULL;

  tern_hypervisor_set_downtime_async (a, uuid, ms, NULL, keep_result, &result);
  return end_call (a, &result, tern_hypervisor_set_downtime_finish);
}

static const char *
set_speed (const char *uuid, guint64 bps, gboolean postcopy)
{
  GAsyncResult *result = NULL;

  tern_hypervisor_set_speed_async (a, uuid, bps, postcopy, NULL, keep_result, &result);
  return end_call (a, &result, tern_hypervisor_set_speed_finish);
}

static const char *
start_postcopy (const char *uuid)
{
  GAsyncResult *result = NULL;

  tern_hypervisor_start_postcopy_async (a, uuid, NULL, keep_result, &result);
  return end_call (a, &result, tern_hypervisor_start_postcopy_finish);
}

static const char *
pause_guest (const char *uuid)
{
  GAsyncResult *result = NULL;

  tern_hypervisor_pause_async (a, uuid, NULL, keep_result, &result);
  return end_call (a, &result, tern_hypervisor_pause_finish);
}

static const char *
abort_move (const char *uuid)
{
  GAsyncResult *result = NULL;

  tern_hypervisor_abort_job_async (a, uuid, NULL, keep_result, &result);
  return end_call (a, &result, tern_hypervisor_abort_job_finish);
}

static const char *
remove_copy (TernHypervisor *port, const char *uuid, gboolean with_definition)
{
  GAsyncResult *result = NULL;

  tern_hypervisor_remove_copy_async (port, uuid, with_definition, NULL, keep_result, &result);
  return end_call (port, &result, tern_hypervisor_remove_copy_finish);
}

static const char *
let_run (TernHypervisor *port, const char *uuid)
{
  GAsyncResult *result = NULL;

  tern_hypervisor_let_run_async (port, uuid, NULL, keep_result, &result);
  return end_call (port, &result, tern_hypervisor_let_run_finish);
}

typedef struct
{
  GAsyncResult *result;
} Move;

static Move *
start_move (const char *uuid, const char *to, TernMigrateFlags flags)
{
  g_autofree char *uri = g_strdup_printf ("sim://%s/", to);
  TernMigrateParams params = { .peer_uri = uri, .persistent = TRUE, .flags = flags };
  Move *move = g_new0 (Move, 1);

  tern_hypervisor_migrate_async (a, uuid, &params, NULL, keep_result, &move->result);
  drain ();
  return move;
}

static Move *
start_busy (TernMigrateFlags flags)
{
  return start_move (BUSY, "b", flags);
}

static const char *
finish_move (Move *move)
{
  const char *name;

  for (guint i = 0; i < 2000 && move->result == NULL; i++)
    advance (SECOND / 10);
  name = end_call (a, &move->result, tern_hypervisor_migrate_finish);
  g_free (move);
  return name;
}

static Move *
start_in_postcopy (void)
{
  Move *move = start_busy (TERN_MIGRATE_POSTCOPY);

  advance (1500 * MS);
  ck_assert_str_eq (start_postcopy (BUSY), "ok");
  advance (50 * MS);
  return move;
}

/* --- steering a copy --- */

START_TEST (a_longer_downtime_lets_the_rest_go_over_at_once)
{
  Move *move = start_busy (0);

  advance (30 * SECOND);
  assert_both ("running out", "paused (migration) in");
  ck_assert_str_eq (set_downtime (BUSY, 500), "ok");
  advance (10 * SECOND);
  assert_both ("running out", "paused (migration) in");
  ck_assert_str_eq (set_downtime (BUSY, 2000), "ok");
  assert_both ("paused (migration) out", "paused (migration) in");
  ck_assert_str_eq (finish_move (move), "ok");
  assert_both ("not there", "running (migrated)");
}
END_TEST

START_TEST (a_speed_is_kept_in_whole_mib_and_lifted_again)
{
  Move *move = start_busy (0);

  advance (500 * MS);
  ck_assert_str_eq (set_speed (BUSY, 10 * MIB + 5, FALSE), "ok");
  ck_assert_uint_eq (fetch_job (BUSY).memory_bps, 10 * MIB);
  ck_assert_str_eq (set_speed (BUSY, 1, FALSE), "ok");
  ck_assert_uint_eq (fetch_job (BUSY).memory_bps, MIB);
  ck_assert_str_eq (set_speed (BUSY, 20 * MIB, TRUE), "ok");
  ck_assert_uint_eq (fetch_job (BUSY).memory_bps, MIB);
  ck_assert_str_eq (set_speed (BUSY, 0, FALSE), "ok");
  ck_assert_uint_eq (fetch_job (BUSY).memory_bps, LINK);
  ck_assert_str_eq (abort_move (BUSY), "ok");
  ck_assert_str_eq (finish_move (move), "Cancelled");
}
END_TEST

START_TEST (what_one_move_may_not_use_goes_to_the_others_on_its_link)
{
  Move *first = start_busy (0), *second;

  second = start_move (CALM, "c", 0);
  advance (500 * MS);
  /* The link of c carries a quarter. */
  ck_assert_uint_eq (fetch_job (CALM).memory_bps, LINK / 4);
  ck_assert_uint_eq (fetch_job (BUSY).memory_bps, LINK - LINK / 4);
  ck_assert_str_eq (set_speed (BUSY, 100 * MIB, FALSE), "ok");
  ck_assert_uint_eq (fetch_job (BUSY).memory_bps, 100 * MIB);
  ck_assert_uint_eq (fetch_job (CALM).memory_bps, LINK / 4);
  ck_assert_str_eq (finish_move (second), "ok");
  ck_assert_str_eq (abort_move (BUSY), "ok");
  ck_assert_str_eq (finish_move (first), "Cancelled");
}
END_TEST

START_TEST (a_paused_guest_writes_no_more_and_runs_where_the_move_ends)
{
  Move *move = start_busy (0);

  advance (5 * SECOND);
  ck_assert_str_eq (pause_guest (BUSY), "ok");
  assert_both ("paused (migration) out", "paused (migration) in");
  ck_assert_str_eq (pause_guest (BUSY), "ok");
  if (_i == 0)
    {
      ck_assert_str_eq (finish_move (move), "ok");
      assert_both ("not there", "running (migrated)");
    }
  else
    {
      advance (100 * MS);
      ck_assert_str_eq (abort_move (BUSY), "ok");
      ck_assert_str_eq (finish_move (move), "Cancelled");
      assert_both ("running (migration-cancelled)", "not there");
    }
}
END_TEST

START_TEST (auto_converge_shows_how_much_it_takes_from_the_guest)
{
  Move *move = start_busy (TERN_MIGRATE_AUTO_CONVERGE);

  advance (SECOND);
  ck_assert_uint_eq (fetch_job (BUSY).throttle, 0);
  advance (500 * MS);
  ck_assert_uint_eq (fetch_job (BUSY).throttle, 20);
  advance (1000 * MS);
  ck_assert_uint_eq (fetch_job (BUSY).throttle, 30);
  ck_assert_str_eq (finish_move (move), "ok");
}
END_TEST

START_TEST (a_dirty_rate_is_known_after_a_second)
{
  GAsyncResult *result = NULL;
  guint64 bps = 0;

  tern_hypervisor_measure_dirty_async (a, BUSY, NULL, keep_result, &result);
  advance (900 * MS);
  ck_assert_ptr_null (result);
  advance (100 * MS);
  ck_assert (tern_hypervisor_measure_dirty_finish (a, result, &bps, NULL));
  ck_assert_uint_eq (bps, 9000 * (guint64) 125000);
  g_object_unref (result);
}
END_TEST

START_TEST (a_dirty_rate_cannot_be_measured_of_a_guest_that_does_not_run_or_a_host_that_went)
{
  GAsyncResult *result = NULL;
  guint64 bps = 0;

  tern_hypervisor_measure_dirty_async (a, BUSY, NULL, keep_result, &result);
  advance (500 * MS);
  if (_i == 0)
    tern_sim_set_vm_state (sim, "a", "busy", TERN_VM_PAUSED, TERN_REASON_USER);
  else
    tern_sim_set_host_state (sim, "a", TERN_SIM_HOST_CUT);
  advance (SECOND);
  ck_assert (!tern_hypervisor_measure_dirty_finish (a, result, &bps, NULL));
  g_object_unref (result);
}
END_TEST

/* Its migration ends only when the destination speaks again. */
START_TEST (a_longer_downtime_brings_no_guest_back_that_has_ended)
{
  Move *move = start_busy (TERN_MIGRATE_AUTO_CONVERGE);

  advance (1500 * MS);
  tern_sim_set_host_state (sim, "b", TERN_SIM_HOST_HANG);
  tern_sim_set_vm_state (sim, "a", "busy", TERN_VM_SHUT_OFF, TERN_REASON_OTHER);
  ck_assert_str_eq (set_downtime (BUSY, 30000), "ok");
  tern_sim_set_host_state (sim, "b", TERN_SIM_HOST_UP);
  ck_assert_str_eq (finish_move (move), "Failed");
  assert_both ("shut-off", "not there");
}
END_TEST

START_TEST (nothing_is_steered_where_no_migration_leaves)
{
  Move *move = NULL;

  for (guint i = 0; i < 2; i++)
    {
      ck_assert_str_eq (set_downtime (BUSY, 500), "NotFound");
      ck_assert_str_eq (set_speed (BUSY, MIB, FALSE), "NotFound");
      ck_assert_str_eq (start_postcopy (BUSY), "NotFound");
      ck_assert_str_eq (pause_guest (BUSY), "NotFound");
      /* And once more while the call was made but there is no job yet. */
      if (i == 0)
        move = start_busy (TERN_MIGRATE_POSTCOPY);
    }
  advance (SECOND);
  ck_assert_str_eq (abort_move (BUSY), "ok");
  ck_assert_str_eq (finish_move (move), "Cancelled");
  assert_both ("running", "not there");
}
END_TEST

START_TEST (a_stuck_monitor_takes_no_orders_and_the_move_goes_on)
{
  Move *move;

  tern_sim_add_fault (sim, "busy", TERN_SIM_COPY, TERN_SIM_FAULT_STUCK, 1);
  move = start_busy (0);
  advance (SECOND);
  ck_assert_str_eq (abort_move (BUSY), "TimedOut");
  ck_assert_str_eq (set_downtime (BUSY, 2000), "TimedOut");
  ck_assert_uint_gt (fetch_job (BUSY).iteration, 10);
  assert_both ("running out", "paused (migration) in");
  tern_sim_release (sim, "busy");
  ck_assert_str_eq (set_downtime (BUSY, 2000), "ok");
  ck_assert_str_eq (finish_move (move), "ok");
}
END_TEST

START_TEST (a_source_that_is_restarted_in_the_switchover_stays_held)
{
  Move *move;

  tern_sim_add_fault (sim, "calm", TERN_SIM_SWITCH, TERN_SIM_FAULT_HELD_SOURCE, 1);
  move = start_move (CALM, "b", 0);
  ck_assert_str_eq (finish_move (move), "Unreachable");
  advance (SECOND);
  bring_back ("a", a);
  assert_shows (a, CALM, "paused (migration)");
  assert_shows (b, CALM, "not there");
}
END_TEST

START_TEST (a_hook_that_refuses_is_told_with_its_host)
{
  g_autoptr (GError) error = NULL;
  Move *move;

  tern_sim_add_fault (sim, "busy", TERN_SIM_PREPARE, TERN_SIM_FAULT_REFUSED, 1);
  move = start_busy (0);
  advance (SECOND);
  ck_assert (!tern_hypervisor_migrate_finish (a, move->result, &error));
  ck_assert_ptr_nonnull (strstr (error->message, "host b"));
  assert_both ("running", "not there");
  g_object_unref (move->result);
  g_free (move);
}
END_TEST

/* --- links --- */

START_TEST (over_a_cut_link_nothing_goes_and_nobody_is_told)
{
  Move *move = start_busy (0);
  guint64 before;

  advance (700 * MS);
  tern_sim_set_link (sim, "b", "a", 0);
  before = fetch_job (BUSY).memory_processed;
  advance (600 * SECOND);
  ck_assert_uint_eq (fetch_job (BUSY).memory_processed, before);
  ck_assert_uint_eq (fetch_job (BUSY).memory_bps, 0);
  ck_assert (fetch_job (BUSY).active);
  assert_both ("running out", "paused (migration) in");
  if (_i == 0)
    {
      ck_assert_str_eq (abort_move (BUSY), "ok");
      ck_assert_str_eq (finish_move (move), "Cancelled");
      assert_both ("running", "not there");
      return;
    }
  tern_sim_set_link (sim, "a", "b", TERN_SIM_LINK_OPEN);
  ck_assert_uint_eq (fetch_job (BUSY).memory_bps, LINK);
  advance (2 * SECOND);
  ck_assert_str_eq (set_downtime (BUSY, 2000), "ok");
  ck_assert_str_eq (finish_move (move), "ok");
}
END_TEST

START_TEST (a_link_that_is_cut_from_the_start_stalls_the_first_pass)
{
  Move *move;

  tern_sim_set_link (sim, "a", "b", 0);
  move = start_busy (0);
  advance (10 * SECOND);
  assert_both ("running out", "paused (migration) in");
  ck_assert_uint_eq (fetch_job (BUSY).memory_processed, 0);
  ck_assert_str_eq (abort_move (BUSY), "ok");
  ck_assert_str_eq (finish_move (move), "Cancelled");
}
END_TEST

START_TEST (a_link_that_is_cut_in_the_switchover_holds_the_guest_until_it_is_back_or_aborted)
{
  Move *move = start_busy (0);

  advance (5 * SECOND);
  ck_assert_str_eq (set_downtime (BUSY, 2000), "ok");
  advance (100 * MS);
  tern_sim_set_link (sim, "a", "b", 0);
  advance (60 * SECOND);
  assert_both ("paused (migration) out", "paused (migration) in");
  if (_i == 0)
    {
      ck_assert_str_eq (abort_move (BUSY), "ok");
      ck_assert_str_eq (finish_move (move), "Cancelled");
      assert_both ("running (migration-cancelled)", "not there");
      return;
    }
  tern_sim_set_link (sim, "a", "b", TERN_SIM_LINK_OPEN);
  ck_assert_str_eq (finish_move (move), "ok");
  assert_both ("not there", "running (migrated)");
}
END_TEST

START_TEST (a_slow_link_between_two_hosts_slows_the_moves_over_it_only)
{
  Move *first, *second;

  tern_sim_set_link (sim, "a", "b", 50 * MIB);
  first = start_busy (0);
  second = start_move (CALM, "c", 0);
  advance (500 * MS);
  ck_assert_uint_eq (fetch_job (BUSY).memory_bps, 50 * MIB);
  ck_assert_uint_eq (fetch_job (CALM).memory_bps, LINK / 4);
  ck_assert_str_eq (finish_move (second), "ok");
  ck_assert_str_eq (abort_move (BUSY), "ok");
  ck_assert_str_eq (finish_move (first), "Cancelled");
}
END_TEST

/* --- post-copy --- */

START_TEST (a_post_copy_shows_each_stage_on_both_hosts)
{
  Move *move = start_busy (TERN_MIGRATE_POSTCOPY);

  advance (1500 * MS);
  assert_both ("running out", "paused (migration) in");
  ck_assert_str_eq (start_postcopy (BUSY), "ok");
  assert_both ("paused (migration) out", "paused (migration) in");
  advance (25 * MS);
  assert_both ("paused (postcopy) out", "running (postcopy) in");
  ck_assert_uint_lt (fetch_job (BUSY).memory_remaining, 1024 * MIB);
  advance (500 * MS);
  ck_assert (fetch_job (BUSY).active);
  ck_assert_uint_gt (fetch_job (BUSY).page_requests, 0);
  ck_assert_str_eq (finish_move (move), "ok");
  assert_both ("not there", "running (migrated)");
}
END_TEST

START_TEST (a_post_copy_ends_with_the_downtime_of_its_hand_over)
{
  g_autoptr (GAsyncResult) result = NULL;
  TernJobStats stats = { 0 };

  ck_assert_str_eq (finish_move (start_in_postcopy ()), "ok");
  tern_hypervisor_fetch_job_async (b, BUSY, TRUE, NULL, keep_result, &result);
  drain ();
  ck_assert (tern_hypervisor_fetch_job_finish (b, result, &stats, NULL));
  ck_assert (stats.has_downtime);
  ck_assert_int_eq (stats.downtime_us, 20 * MS);
  ck_assert_uint_gt (stats.page_requests, 0);
}
END_TEST

START_TEST (a_move_that_was_not_begun_for_it_never_becomes_a_post_copy)
{
  Move *move = start_busy (0);

  advance (1500 * MS);
  ck_assert_str_eq (start_postcopy (BUSY), "Failed");
  assert_both ("running out", "paused (migration) in");
  ck_assert_str_eq (abort_move (BUSY), "ok");
  ck_assert_str_eq (finish_move (move), "Cancelled");
}
END_TEST

START_TEST (a_paused_guest_is_not_moved_for_post_copy)
{
  tern_sim_set_vm_state (sim, "a", "busy", TERN_VM_PAUSED, TERN_REASON_USER);
  ck_assert_str_eq (finish_move (start_busy (TERN_MIGRATE_POSTCOPY)), "Failed");
  assert_both ("paused (user)", "not there");
}
END_TEST

START_TEST (in_post_copy_nothing_turns_back)
{
  Move *move = start_in_postcopy ();

  ck_assert_str_eq (abort_move (BUSY), "Failed");
  ck_assert_str_eq (pause_guest (BUSY), "Refused");
  ck_assert_str_eq (start_postcopy (BUSY), "Failed");
  ck_assert_str_eq (let_run (a, BUSY), "Refused");
  ck_assert_str_eq (let_run (b, BUSY), "Refused");
  assert_both ("paused (postcopy) out", "running (postcopy) in");
  ck_assert_str_eq (finish_move (move), "ok");
}
END_TEST

START_TEST (a_post_copy_has_a_speed_of_its_own)
{
  Move *move = start_in_postcopy ();

  ck_assert_str_eq (set_speed (BUSY, MIB, FALSE), "ok");
  ck_assert_uint_eq (fetch_job (BUSY).memory_bps, LINK);
  ck_assert_str_eq (set_speed (BUSY, 100 * MIB, TRUE), "ok");
  ck_assert_uint_eq (fetch_job (BUSY).memory_bps, 100 * MIB);
  ck_assert_str_eq (finish_move (move), "ok");
}
END_TEST

/* The table of what both hosts show once both are back, with the job where one is left. */
typedef struct
{
  TernSimPhase phase;
  TernSimFault fault;
  const char *call;
  const char *source;
  const char *destination;
} FaultCase;

/* clang-format off */
static const FaultCase fault_cases[] = {
  { TERN_SIM_POSTCOPY, TERN_SIM_FAULT_ERROR,            "Failed",      "paused (postcopy-failed) out", "running (postcopy-failed) in" },
  { TERN_SIM_POSTCOPY, TERN_SIM_FAULT_LOSE_CONNECTION,  "Unreachable", "not there",                    "running (migrated)" },
  { TERN_SIM_POSTCOPY, TERN_SIM_FAULT_SOURCE_DIES,      "Unreachable", "shut-off",                     "running (postcopy-failed)" },
  { TERN_SIM_POSTCOPY, TERN_SIM_FAULT_DESTINATION_DIES, "Failed",      "paused (postcopy-failed) out", "not there" },
  { TERN_SIM_POSTCOPY, TERN_SIM_FAULT_STUCK,            "ok",          "not there",                    "running (migrated)" },
  { TERN_SIM_FINISH,   TERN_SIM_FAULT_ERROR,            "Failed",      "paused (postcopy-failed) out", "running (postcopy-failed) in" },
  { TERN_SIM_FINISH,   TERN_SIM_FAULT_BOTH_RUN,         "Failed",      "paused (postcopy-failed) out", "running (migrated) in" },
  { TERN_SIM_FINISH,   TERN_SIM_FAULT_LEFTOVER_PAUSED_SOURCE,
                                                        "Failed",      "paused (postcopy-failed) out", "running (migrated) in" },
  { TERN_SIM_FINISH,   TERN_SIM_FAULT_LEFTOVER_SOURCE,  "ok",          "shut-off (migrated)",          "running (migrated)" },
  { TERN_SIM_FINISH,   TERN_SIM_FAULT_SOURCE_DIES,      "Unreachable", "shut-off",                     "running (migrated)" },
  { TERN_SIM_SWITCH,   TERN_SIM_FAULT_ERROR,            "Failed",      "running (migration-cancelled)", "not there" },
};
/* clang-format on */

START_TEST (each_fault_of_a_post_copy_leaves_what_libvirt_leaves)
{
  const FaultCase *fault = &fault_cases[_i];

  tern_sim_add_fault (sim, "busy", fault->phase, fault->fault, 1);
  ck_assert_str_eq (finish_move (start_in_postcopy ()), fault->call);
  advance (5 * SECOND);
  bring_back ("a", a);
  bring_back ("b", b);
  assert_both (fault->source, fault->destination);
}
END_TEST

START_TEST (a_post_copy_whose_link_stays_cut_breaks_when_tcp_gives_up)
{
  Move *move = start_in_postcopy ();

  tern_sim_set_link (sim, "a", "b", 0);
  advance (900 * SECOND);
  assert_both ("paused (postcopy) out", "running (postcopy) in");
  /* One that was cut anew has as long again. */
  tern_sim_set_link (sim, "a", "b", 1);
  tern_sim_set_link (sim, "a", "b", 0);
  advance (900 * SECOND);
  assert_both ("paused (postcopy) out", "running (postcopy) in");
  advance (30 * SECOND);
  assert_both ("paused (postcopy-failed) out", "running (postcopy-failed) in");
  ck_assert (fetch_job (BUSY).active);
  ck_assert_str_eq (finish_move (move), "Failed");
}
END_TEST

START_TEST (over_a_cut_link_a_post_copy_looks_well_and_goes_on_when_it_is_back)
{
  Move *move = start_in_postcopy ();
  guint64 before;

  tern_sim_set_link (sim, "a", "b", 0);
  before = fetch_job (BUSY).memory_remaining;
  advance (120 * SECOND);
  assert_both ("paused (postcopy) out", "running (postcopy) in");
  ck_assert_uint_eq (fetch_job (BUSY).memory_remaining, before);
  ck_assert (fetch_job (BUSY).active);
  tern_sim_set_link (sim, "a", "b", TERN_SIM_LINK_OPEN);
  ck_assert_str_eq (finish_move (move), "ok");
  assert_both ("not there", "running (migrated)");
}
END_TEST

#define TAKE_UP (TERN_MIGRATE_POSTCOPY | TERN_MIGRATE_POSTCOPY_RESUME)

START_TEST (a_broken_post_copy_is_taken_up_again_once_the_link_is_back)
{
  Move *move;

  tern_sim_add_fault (sim, "busy", TERN_SIM_POSTCOPY, TERN_SIM_FAULT_ERROR, 1);
  ck_assert_str_eq (finish_move (start_in_postcopy ()), "Failed");
  ck_assert (fetch_job (BUSY).active);
  tern_sim_set_link (sim, "a", "b", 0);
  for (guint i = 0; i < 3; i++)
    {
      ck_assert_str_eq (finish_move (start_busy (TAKE_UP)), "Failed");
      assert_both ("paused (postcopy-failed) out", "running (postcopy-failed) in");
    }
  tern_sim_set_link (sim, "a", "b", TERN_SIM_LINK_OPEN);
  move = start_busy (TAKE_UP);
  ck_assert_str_eq (finish_move (start_busy (TAKE_UP)), "Busy");
  advance (150 * MS);
  assert_both ("paused (postcopy) out", "running (postcopy) in");
  ck_assert_str_eq (finish_move (move), "ok");
  assert_both ("not there", "running (migrated)");
}
END_TEST

START_TEST (a_post_copy_that_breaks_again_and_again_ends_at_last)
{
  tern_sim_add_fault (sim, "busy", TERN_SIM_POSTCOPY, TERN_SIM_FAULT_ERROR, 3);
  ck_assert_str_eq (finish_move (start_in_postcopy ()), "Failed");
  ck_assert_str_eq (finish_move (start_busy (TAKE_UP)), "Failed");
  ck_assert_str_eq (finish_move (start_busy (TAKE_UP)), "Failed");
  assert_both ("paused (postcopy-failed) out", "running (postcopy-failed) in");
  ck_assert_str_eq (finish_move (start_busy (TAKE_UP)), "ok");
  assert_both ("not there", "running (migrated)");
}
END_TEST

START_TEST (a_lost_answer_after_a_post_copy_is_got_by_taking_it_up)
{
  tern_sim_add_fault (sim, "busy", TERN_SIM_FINISH, TERN_SIM_FAULT_BOTH_RUN, 1);
  ck_assert_str_eq (finish_move (start_in_postcopy ()), "Failed");
  ck_assert_str_eq (finish_move (start_busy (TAKE_UP)), "ok");
  assert_both ("not there", "running (migrated)");
}
END_TEST

START_TEST (what_is_no_broken_post_copy_is_not_taken_up)
{
  Move *move;

  ck_assert_str_eq (finish_move (start_busy (TAKE_UP)), "Failed");
  tern_sim_add_fault (sim, "busy", TERN_SIM_POSTCOPY, TERN_SIM_FAULT_ERROR, 1);
  move = start_in_postcopy ();
  ck_assert_str_eq (finish_move (start_busy (TAKE_UP)), "Failed");
  assert_both ("paused (postcopy) out", "running (postcopy) in");
  ck_assert_str_eq (finish_move (move), "Failed");
  ck_assert_str_eq (finish_move (start_move (BUSY, "c", TAKE_UP)), "Failed");
  ck_assert_str_eq (finish_move (start_busy (TERN_MIGRATE_POSTCOPY)), "Busy");
  assert_both ("paused (postcopy-failed) out", "running (postcopy-failed) in");
}
END_TEST

START_TEST (a_half_whose_other_half_is_gone_is_not_taken_up)
{
  tern_sim_add_fault (sim, "busy", TERN_SIM_POSTCOPY, TERN_SIM_FAULT_DESTINATION_DIES, 1);
  ck_assert_str_eq (finish_move (start_in_postcopy ()), "Failed");
  bring_back ("b", b);
  ck_assert_str_eq (finish_move (start_busy (TAKE_UP)), "Failed");
  assert_both ("paused (postcopy-failed) out", "not there");
  ck_assert_str_eq (remove_copy (a, BUSY, FALSE), "ok");
  assert_both ("shut-off", "not there");
}
END_TEST

START_TEST (a_hung_post_copy_goes_on_when_it_is_released)
{
  Move *move;

  tern_sim_add_fault (sim, "busy", TERN_SIM_POSTCOPY, TERN_SIM_FAULT_HANG, 1);
  move = start_in_postcopy ();
  advance (60 * SECOND);
  assert_both ("paused (postcopy) out", "running (postcopy) in");
  ck_assert_uint_eq (fetch_job (BUSY).memory_bps, 0);
  tern_sim_release (sim, "busy");
  ck_assert_str_eq (finish_move (move), "ok");
}
END_TEST

/* --- copies --- */

START_TEST (a_copy_is_ended_whatever_it_does_and_one_that_is_not_there_is_no_error)
{
  tern_sim_add_fault (sim, "busy", TERN_SIM_FINISH, TERN_SIM_FAULT_BOTH_RUN, 1);
  ck_assert_str_eq (finish_move (start_busy (TERN_MIGRATE_AUTO_CONVERGE)), "Failed");
  assert_both ("running (migration-cancelled)", "running (migrated)");
  if (_i == 0)
    {
      ck_assert_str_eq (remove_copy (a, BUSY, TRUE), "ok");
      assert_both ("not there", "running (migrated)");
      ck_assert_str_eq (remove_copy (a, BUSY, TRUE), "ok");
    }
  else
    {
      ck_assert_str_eq (remove_copy (b, BUSY, FALSE), "ok");
      assert_both ("running (migration-cancelled)", "shut-off");
      ck_assert_str_eq (remove_copy (b, BUSY, TRUE), "ok");
      assert_both ("running (migration-cancelled)", "not there");
    }
}
END_TEST

START_TEST (a_copy_that_ends_ends_its_migration)
{
  Move *move = start_busy (0);

  advance (1500 * MS);
  ck_assert_str_eq (remove_copy (_i == 0 ? a : b, BUSY, TRUE), "ok");
  ck_assert_str_eq (finish_move (move), "Failed");
  assert_both (_i == 0 ? "not there" : "running", "not there");
}
END_TEST

START_TEST (half_a_post_copy_that_is_ended_leaves_the_other_half)
{
  Move *move = start_in_postcopy ();

  ck_assert_str_eq (remove_copy (_i == 0 ? a : b, BUSY, TRUE), "ok");
  ck_assert_str_eq (finish_move (move), "Failed");
  if (_i == 0)
    assert_both ("not there", "running (postcopy-failed)");
  else
    assert_both ("paused (postcopy-failed) out", "not there");
}
END_TEST

START_TEST (a_paused_copy_is_let_run_whatever_it_was_paused_for)
{
  static const TernVmReason reasons[] = { TERN_REASON_USER, TERN_REASON_MIGRATION,
                                          TERN_REASON_OTHER };

  for (guint i = 0; i < G_N_ELEMENTS (reasons); i++)
    {
      tern_sim_set_vm_state (sim, "a", "busy", TERN_VM_PAUSED, reasons[i]);
      ck_assert_str_eq (let_run (a, BUSY), "ok");
      assert_shows (a, BUSY, "running");
    }
  ck_assert_str_eq (let_run (a, BUSY), "ok");
  tern_sim_set_vm_state (sim, "a", "busy", TERN_VM_SHUT_OFF, TERN_REASON_OTHER);
  ck_assert_str_eq (let_run (a, BUSY), "Refused");
  tern_sim_set_vm_state (sim, "a", "busy", TERN_VM_PAUSED, TERN_REASON_POSTCOPY_FAILED);
  ck_assert_str_eq (let_run (a, BUSY), "Refused");
}
END_TEST

TERN_CHECK_MAIN (
    "sim-steer", tcase_add_checked_fixture (tcase, setup, teardown);
    tcase_add_test (tcase, a_longer_downtime_lets_the_rest_go_over_at_once);
    tcase_add_test (tcase, a_speed_is_kept_in_whole_mib_and_lifted_again);
    tcase_add_test (tcase, what_one_move_may_not_use_goes_to_the_others_on_its_link);
    tcase_add_loop_test (tcase, a_paused_guest_writes_no_more_and_runs_where_the_move_ends, 0, 2);
    tcase_add_test (tcase, auto_converge_shows_how_much_it_takes_from_the_guest);
    tcase_add_test (tcase, a_dirty_rate_is_known_after_a_second); tcase_add_loop_test (
        tcase, a_dirty_rate_cannot_be_measured_of_a_guest_that_does_not_run_or_a_host_that_went, 0,
        2);
    tcase_add_test (tcase, nothing_is_steered_where_no_migration_leaves);
    tcase_add_test (tcase, a_longer_downtime_brings_no_guest_back_that_has_ended);
    tcase_add_test (tcase, a_stuck_monitor_takes_no_orders_and_the_move_goes_on);
    tcase_add_test (tcase, a_source_that_is_restarted_in_the_switchover_stays_held);
    tcase_add_test (tcase, a_hook_that_refuses_is_told_with_its_host);
    tcase_add_loop_test (tcase, over_a_cut_link_nothing_goes_and_nobody_is_told, 0, 2);
    tcase_add_test (tcase, a_link_that_is_cut_from_the_start_stalls_the_first_pass);
    tcase_add_loop_test (
        tcase, a_link_that_is_cut_in_the_switchover_holds_the_guest_until_it_is_back_or_aborted, 0,
        2);
    tcase_add_test (tcase, a_slow_link_between_two_hosts_slows_the_moves_over_it_only);
    tcase_add_test (tcase, a_post_copy_shows_each_stage_on_both_hosts);
    tcase_add_test (tcase, a_post_copy_ends_with_the_downtime_of_its_hand_over);
    tcase_add_test (tcase, a_move_that_was_not_begun_for_it_never_becomes_a_post_copy);
    tcase_add_test (tcase, a_paused_guest_is_not_moved_for_post_copy);
    tcase_add_test (tcase, in_post_copy_nothing_turns_back);
    tcase_add_test (tcase, a_post_copy_has_a_speed_of_its_own);
    tcase_add_loop_test (tcase, each_fault_of_a_post_copy_leaves_what_libvirt_leaves, 0,
                         G_N_ELEMENTS (fault_cases));
    tcase_add_test (tcase, a_post_copy_whose_link_stays_cut_breaks_when_tcp_gives_up);
    tcase_add_test (tcase, over_a_cut_link_a_post_copy_looks_well_and_goes_on_when_it_is_back);
    tcase_add_test (tcase, a_broken_post_copy_is_taken_up_again_once_the_link_is_back);
    tcase_add_test (tcase, a_post_copy_that_breaks_again_and_again_ends_at_last);
    tcase_add_test (tcase, a_lost_answer_after_a_post_copy_is_got_by_taking_it_up);
    tcase_add_test (tcase, what_is_no_broken_post_copy_is_not_taken_up);
    tcase_add_test (tcase, a_half_whose_other_half_is_gone_is_not_taken_up);
    tcase_add_test (tcase, a_hung_post_copy_goes_on_when_it_is_released); tcase_add_loop_test (
        tcase, a_copy_is_ended_whatever_it_does_and_one_that_is_not_there_is_no_error, 0, 2);
    tcase_add_loop_test (tcase, a_copy_that_ends_ends_its_migration, 0, 2);
    tcase_add_loop_test (tcase, half_a_post_copy_that_is_ended_leaves_the_other_half, 0, 2);
    tcase_add_test (tcase, a_paused_copy_is_let_run_whatever_it_was_paused_for);)
