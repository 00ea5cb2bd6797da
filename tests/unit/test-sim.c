/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The simulated cluster on a clock that stands still until it is moved: migrations,
 * what both hosts show after each fault, and the file it is made from.
 */
#include "config.h"

#include "drivers/sim.h"

#include "base/error.h"
#include "tern-check.h"

#include <string.h>

#define MS 1000
#define SECOND G_USEC_PER_SEC

/* 1 GiB over 1,000,000,000 bytes a second: a pass takes 1.07 s, the next 0.11 s of what
 * 100,000,000 bytes a second dirtied meanwhile: it fits the downtime. */
static const char cluster[] =
    "{ 'virtern-snapshot': 1, 'hosts': ["
    "  { 'name': 'a', 'memory-mib': 8192, 'cpus': 4, 'link-mbps': 8000, 'cpu-features': ['aes'] },"
    "  { 'name': 'b', 'memory-mib': 8192, 'cpus': 4, 'link-mbps': 8000, 'cpu-features': ['aes'] },"
    "  { 'name': 'c', 'memory-mib': 8192, 'cpus': 4, 'link-mbps': 8000, 'listed': false } ],"
    " 'vms': ["
    "  { 'name': 'web', 'host': 'a', 'memory-mib': 1024, 'dirty-mbps': 800,"
    "    'cpu-mode': 'custom', 'cpu-features': ['aes'] },"
    "  { 'name': 'tmp', 'host': 'a', 'memory-mib': 1024, 'persistent': false },"
    "  { 'name': 'busy', 'host': 'a', 'memory-mib': 1024, 'dirty-mbps': 9000 },"
    "  { 'name': 'off', 'host': 'b', 'memory-mib': 512, 'state': 'shut-off' } ] }";

static TernClock *tern_clock;
static TernSim *sim;
static TernHypervisor *a;
static TernHypervisor *b;
static char *web;
static char *busy;
static char *transient;
static char *shut_off;
static GString *trace;

static void
drain (void)
{
  while (g_main_context_iteration (NULL, FALSE))
    ;
}

/* In steps, so that answers arrive about when they were given. */
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

static gboolean
load (const char *json, GError **error)
{
  g_autoptr (GString) text = g_string_new (json);

  g_string_replace (text, "'", "\"", 0);
  return tern_sim_load_data (sim, text->str, -1, "test.json", error);
}

static void
on_vm_changed (TernHypervisor *port, const char *uuid, gpointer name)
{
  (void) port;
  g_string_append_printf (trace, "%" G_GINT64_FORMAT " %s vm %.4s\n",
                          tern_clock_now_us (tern_clock), (char *) name, uuid);
}

static void
on_job_changed (TernHypervisor *port, const char *uuid, gpointer name)
{
  (void) port;
  g_string_append_printf (trace, "%" G_GINT64_FORMAT " %s job %.4s\n",
                          tern_clock_now_us (tern_clock), (char *) name, uuid);
}

static void
on_disconnected (TernHypervisor *port, GError *error, gpointer name)
{
  (void) port;
  (void) error;
  g_string_append_printf (trace, "%" G_GINT64_FORMAT " %s disconnected\n",
                          tern_clock_now_us (tern_clock), (char *) name);
}

static gboolean
connect_port (TernHypervisor *port, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  tern_hypervisor_connect_async (port, NULL, keep_result, &result);
  drain ();
  while (result == NULL)
    advance (SECOND);
  return tern_hypervisor_connect_finish (port, result, error);
}

static TernHypervisor *
make_port (const char *name)
{
  g_autofree char *uri = g_strdup_printf ("sim://%s/", name);
  g_autoptr (TernHostConfig) config = tern_host_config_new (name, uri);
  TernHypervisor *port = tern_sim_factory (config, sim, NULL);

  ck_assert_ptr_nonnull (port);
  g_signal_connect (port, "vm-changed", G_CALLBACK (on_vm_changed), (gpointer) name);
  g_signal_connect (port, "job-changed", G_CALLBACK (on_job_changed), (gpointer) name);
  g_signal_connect (port, "disconnected", G_CALLBACK (on_disconnected), (gpointer) name);
  return port;
}

static char *
find_uuid (TernHypervisor *port, const char *name)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GPtrArray) vms = NULL;

  tern_hypervisor_fetch_vms_async (port, NULL, keep_result, &result);
  drain ();
  vms = tern_hypervisor_fetch_vms_finish (port, result, NULL);
  for (guint i = 0; i < vms->len; i++)
    if (g_str_equal (((TernVm *) vms->pdata[i])->name, name))
      return g_strdup (((TernVm *) vms->pdata[i])->uuid);
  ck_abort_msg ("no VM %s", name);
}

static void
setup (void)
{
  g_autoptr (GError) error = NULL;

  tern_clock = tern_clock_new_fake (0);
  sim = tern_sim_new (tern_clock);
  trace = g_string_new (NULL);
  ck_assert_msg (load (cluster, &error), "%s", error != NULL ? error->message : "");
  a = make_port ("a");
  b = make_port ("b");
  ck_assert (connect_port (a, NULL));
  ck_assert (connect_port (b, NULL));
  web = find_uuid (a, "web");
  busy = find_uuid (a, "busy");
  transient = find_uuid (a, "tmp");
  shut_off = find_uuid (b, "off");
}

static void
teardown (void)
{
  tern_hypervisor_disconnect (a);
  tern_hypervisor_disconnect (b);
  drain ();
  g_clear_object (&a);
  g_clear_object (&b);
  g_assert_finalize_object (g_steal_pointer (&sim));
  g_clear_object (&tern_clock);
  g_clear_pointer (&web, g_free);
  g_clear_pointer (&busy, g_free);
  g_clear_pointer (&transient, g_free);
  g_clear_pointer (&shut_off, g_free);
  g_string_free (g_steal_pointer (&trace), TRUE);
}

/* --- what is asked --- */

static char *
look (TernHypervisor *port, const char *uuid)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (TernSighting) sighting = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL;

  tern_hypervisor_inspect_async (port, uuid, NULL, keep_result, &result);
  drain ();
  while (result == NULL)
    advance (SECOND);
  sighting = tern_hypervisor_inspect_finish (port, result, &error);
  if (sighting == NULL)
    return g_strdup (tern_error_code_to_name (error->code));
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

static GAsyncResult *
start_with (const char *uuid, TernMigrateParams params)
{
  GAsyncResult **result = g_new0 (GAsyncResult *, 1);

  tern_hypervisor_migrate_async (a, uuid, &params, NULL, keep_result, result);
  drain ();
  return (GAsyncResult *) result;
}

static GAsyncResult *
start_move (const char *uuid, gboolean persistent)
{
  return start_with (uuid, (TernMigrateParams){ .peer_uri = "sim://b/", .persistent = persistent });
}

static gboolean
has_ended (GAsyncResult *pending)
{
  return *(GAsyncResult **) pending != NULL;
}

/* Moves time until the call ends. Returns: name of its error, or "ok" */
static const char *
finish_move (GAsyncResult *pending)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GAsyncResult) result = NULL;

  for (guint i = 0; i < 1000 && !has_ended (pending); i++)
    advance (SECOND / 10);
  result = *(GAsyncResult **) pending;
  g_free (pending);
  ck_assert_msg (result != NULL, "the call never ended");
  if (tern_hypervisor_migrate_finish (a, result, &error))
    return "ok";
  ck_assert_int_eq (error->domain, TERN_ERROR);
  return tern_error_code_to_name (error->code);
}

static TernJobStats
fetch_job (TernHypervisor *port, const char *uuid, gboolean completed, const char *expected)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  TernJobStats stats = { 0 };
  gboolean good;

  tern_hypervisor_fetch_job_async (port, uuid, completed, NULL, keep_result, &result);
  drain ();
  good = tern_hypervisor_fetch_job_finish (port, result, &stats, &error);
  ck_assert_str_eq (good ? "ok" : tern_error_code_to_name (error->code), expected);
  return stats;
}

static const char *
abort_move (const char *uuid)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  tern_hypervisor_abort_job_async (a, uuid, NULL, keep_result, &result);
  drain ();
  if (tern_hypervisor_abort_job_finish (a, result, &error))
    return "ok";
  return tern_error_code_to_name (error->code);
}

static const char *
resume (TernHypervisor *port, const char *uuid)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  tern_hypervisor_resume_async (port, uuid, NULL, keep_result, &result);
  drain ();
  return tern_hypervisor_resume_finish (port, result, &error)
             ? "ok"
             : tern_error_code_to_name (error->code);
}

static const char *
discard (TernHypervisor *port, const char *uuid)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  tern_hypervisor_discard_async (port, uuid, NULL, keep_result, &result);
  drain ();
  return tern_hypervisor_discard_finish (port, result, &error)
             ? "ok"
             : tern_error_code_to_name (error->code);
}

/* --- a move --- */

START_TEST (a_plain_move_shows_each_stage_on_both_hosts)
{
  GAsyncResult *call = start_move (web, TRUE);

  advance (10 * MS);
  assert_shows (a, web, "running");
  assert_shows (b, web, "not there");
  advance (100 * MS);
  assert_shows (a, web, "running out");
  assert_shows (b, web, "paused (migration) in");
  advance (500 * MS);
  assert_shows (a, web, "running out");
  advance (750 * MS);
  assert_shows (a, web, "paused (migration) out");
  assert_shows (b, web, "paused (migration) in");
  advance (60 * MS);
  assert_shows (a, web, "paused (migration) out");
  assert_shows (b, web, "running (migrated) in");
  ck_assert_str_eq (finish_move (call), "ok");
  assert_shows (a, web, "not there");
  assert_shows (b, web, "running (migrated)");
}
END_TEST

START_TEST (a_plain_move_signals_each_change_where_it_happens)
{
  g_autofree char *id = g_strndup (web, 4);
  g_autofree char *expected = NULL;

  ck_assert_str_eq (finish_move (start_move (web, TRUE)), "ok");
  expected = g_strdup_printf ("20000 b vm %s\n"
                              "200000 a job %s\n"
                              "1273742 a vm %s\n"
                              "1273742 a job %s\n"
                              "1401117 b vm %s\n"
                              "1451117 a vm %s\n"
                              "1451117 a job %s\n",
                              id, id, id, id, id, id, id);
  ck_assert_str_eq (trace->str, expected);
}
END_TEST

START_TEST (the_job_tells_how_far_it_is)
{
  GAsyncResult *call = start_move (web, TRUE);
  TernJobStats stats;

  stats = fetch_job (a, web, FALSE, "ok");
  ck_assert (!stats.active);
  advance (100 * MS);
  stats = fetch_job (a, web, FALSE, "ok");
  ck_assert (stats.active && stats.outgoing);
  ck_assert_uint_eq (stats.memory_total, 0);
  ck_assert_uint_eq (stats.iteration, 0);
  advance (600 * MS);
  stats = fetch_job (a, web, FALSE, "ok");
  ck_assert_uint_eq (stats.memory_total, 1 << 30);
  ck_assert_uint_eq (stats.memory_processed, 500000000);
  ck_assert_uint_eq (stats.memory_remaining, (1 << 30) - 500000000);
  ck_assert_uint_eq (stats.memory_bps, 1000000000);
  ck_assert_uint_eq (stats.iteration, 1);
  ck_assert_int_eq (stats.elapsed_us, 700 * MS);
  ck_assert_int_eq (stats.setup_us, 200 * MS);
  fetch_job (b, web, FALSE, "Failed");
  ck_assert_str_eq (finish_move (call), "ok");

  fetch_job (a, web, FALSE, "NotFound");
  stats = fetch_job (b, web, FALSE, "ok");
  ck_assert (!stats.active);
  for (guint i = 0; i < 2; i++)
    {
      stats = fetch_job (b, web, TRUE, "ok");
      ck_assert (!stats.active && stats.has_downtime);
      ck_assert_int_eq (stats.downtime_us, 127375);
      ck_assert_uint_eq (stats.memory_remaining, 0);
      ck_assert_uint_gt (stats.memory_processed, 1 << 30);
    }
}
END_TEST

START_TEST (a_vm_that_never_moved_has_no_record_of_a_job) { fetch_job (a, web, TRUE, "NotFound"); }
END_TEST

START_TEST (remaining_jumps_up_with_each_pass)
{
  GAsyncResult *call;
  TernJobStats first, second;

  tern_sim_set_dirty_rate (sim, "a", "web", 600000000);
  call = start_move (web, TRUE);
  advance (200 * MS + 1070 * MS);
  first = fetch_job (a, web, FALSE, "ok");
  advance (10 * MS);
  second = fetch_job (a, web, FALSE, "ok");
  ck_assert_uint_eq (first.iteration, 1);
  ck_assert_uint_eq (second.iteration, 2);
  ck_assert_uint_gt (second.memory_remaining, first.memory_remaining);
  ck_assert_uint_gt (second.memory_processed, first.memory_processed);
  ck_assert_uint_eq (second.dirty_bps, 600000000);
  ck_assert_str_eq (finish_move (call), "ok");
}
END_TEST

START_TEST (a_guest_that_dirties_faster_than_the_link_never_converges)
{
  GAsyncResult *call = start_move (busy, TRUE);
  TernJobStats stats;

  advance (600 * SECOND);
  stats = fetch_job (a, busy, FALSE, "ok");
  ck_assert_uint_gt (stats.iteration, 500);
  ck_assert (!has_ended (call));
  ck_assert_str_eq (abort_move (busy), "ok");
  ck_assert_str_eq (finish_move (call), "Cancelled");
  assert_shows (a, busy, "running");
  assert_shows (b, busy, "not there");
}
END_TEST

START_TEST (auto_converge_slows_the_guest_until_it_converges)
{
  GAsyncResult *call = start_with (
      busy, (TernMigrateParams){
                .peer_uri = "sim://b/", .persistent = TRUE, .flags = TERN_MIGRATE_AUTO_CONVERGE });

  ck_assert_str_eq (finish_move (call), "ok");
  assert_shows (b, busy, "running (migrated)");
}
END_TEST

START_TEST (a_bandwidth_limit_is_kept)
{
  GAsyncResult *call =
      start_with (web, (TernMigrateParams){ .peer_uri = "sim://b/", .bandwidth_bps = 250000000 });
  TernJobStats stats;

  advance (1200 * MS);
  stats = fetch_job (a, web, FALSE, "ok");
  ck_assert_uint_eq (stats.memory_bps, 250000000);
  ck_assert_uint_eq (stats.memory_processed, 250000000);
  finish_move (call);
}
END_TEST

START_TEST (two_moves_on_one_link_share_it)
{
  GAsyncResult *first = start_move (web, TRUE);
  GAsyncResult *second;
  TernJobStats stats;

  advance (700 * MS);
  second = start_move (transient, FALSE);
  advance (1200 * MS);
  stats = fetch_job (a, web, FALSE, "ok");
  ck_assert_uint_eq (stats.memory_bps, 500000000);
  /* 0.7 s alone, then 1 s shared; a little less, as time counts whole microseconds. */
  ck_assert_uint_le (stats.memory_processed, 1200000000);
  ck_assert_uint_gt (stats.memory_processed, 1199990000);
  stats = fetch_job (a, transient, FALSE, "ok");
  ck_assert_uint_eq (stats.memory_processed, 500000000);
  ck_assert_str_eq (finish_move (first), "ok");
  ck_assert_str_eq (finish_move (second), "ok");
}
END_TEST

START_TEST (a_persistent_vm_is_persistent_afterwards_and_a_transient_one_is_not)
{
  static const gboolean persistent[] = { TRUE, FALSE };

  for (guint i = 0; i < G_N_ELEMENTS (persistent); i++)
    {
      const char *uuid = persistent[i] ? web : transient;
      g_autoptr (GAsyncResult) result = NULL;
      g_autoptr (TernVm) vm = NULL;

      ck_assert_str_eq (finish_move (start_move (uuid, persistent[i])), "ok");
      tern_hypervisor_fetch_vm_async (b, uuid, NULL, keep_result, &result);
      drain ();
      vm = tern_hypervisor_fetch_vm_finish (b, result, NULL);
      ck_assert_int_eq (vm->persistent, persistent[i]);
      ck_assert_str_eq (vm->host, "b");
    }
}
END_TEST

START_TEST (a_vm_that_a_person_paused_arrives_paused)
{
  tern_sim_set_vm_state (sim, "a", "web", TERN_VM_PAUSED, TERN_REASON_USER);
  ck_assert_str_eq (finish_move (start_move (web, TRUE)), "ok");
  assert_shows (b, web, "paused (user)");
  ck_assert (!fetch_job (b, web, TRUE, "ok").has_downtime);
}
END_TEST

START_TEST (a_guest_that_ends_while_it_moves_ends_the_move)
{
  GAsyncResult *call = start_move (web, TRUE);

  advance (500 * MS);
  tern_sim_set_vm_state (sim, "a", "web", TERN_VM_SHUT_OFF, TERN_REASON_OTHER);
  ck_assert_str_eq (finish_move (call), "Failed");
  assert_shows (a, web, "shut-off");
  assert_shows (b, web, "not there");
}
END_TEST

START_TEST (orders_that_make_no_sense_are_refused_and_change_nothing)
{
  GAsyncResult *call = start_move (web, TRUE);

  ck_assert_str_eq (finish_move (start_move (shut_off, TRUE)), "NotFound");
  advance (100 * MS);
  ck_assert_str_eq (finish_move (start_move (web, TRUE)), "Busy");
  ck_assert_str_eq (finish_move (call), "ok");
  ck_assert_str_eq (finish_move (start_with (busy, (TernMigrateParams){ .peer_uri = "sim://a/" })),
                    "Failed");
  ck_assert_str_eq (finish_move (start_with (busy, (TernMigrateParams){ .peer_uri = "sim://x/" })),
                    "Failed");
  assert_shows (a, busy, "running");
}
END_TEST

START_TEST (a_destination_that_lacks_a_cpu_feature_refuses_while_preparing)
{
  ck_assert_str_eq (finish_move (start_with (web, (TernMigrateParams){ .peer_uri = "sim://c/" })),
                    "Failed");
  assert_shows (a, web, "running");
  ck_assert_str_eq (
      finish_move (start_with (busy, (TernMigrateParams){ .peer_uri = "sim://c/",
                                                          .flags = TERN_MIGRATE_AUTO_CONVERGE })),
      "ok");
}
END_TEST

START_TEST (a_namesake_on_the_destination_refuses_while_preparing)
{
  ck_assert (load ("{'virtern-snapshot':1,'vms':[{'name':'web','host':'b','memory-mib':1,"
                   "'uuid':'11111111-1111-1111-1111-111111111111'}]}",
                   NULL));
  ck_assert_str_eq (finish_move (start_move (web, TRUE)), "Failed");
  assert_shows (a, web, "running");
  assert_shows (b, web, "not there");
}
END_TEST

/* --- faults --- */

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
  { TERN_SIM_PREPARE, TERN_SIM_FAULT_ERROR,            "Failed",      "running",                       "not there" },
  { TERN_SIM_COPY,    TERN_SIM_FAULT_ERROR,            "Failed",      "running",                       "not there" },
  { TERN_SIM_SWITCH,  TERN_SIM_FAULT_ERROR,            "Failed",      "running (migration-cancelled)", "not there" },
  { TERN_SIM_FINISH,  TERN_SIM_FAULT_ERROR,            "Failed",      "running (migration-cancelled)", "not there" },
  { TERN_SIM_PREPARE, TERN_SIM_FAULT_LOSE_CONNECTION,  "Unreachable", "not there",                     "running (migrated)" },
  { TERN_SIM_COPY,    TERN_SIM_FAULT_LOSE_CONNECTION,  "Unreachable", "not there",                     "running (migrated)" },
  { TERN_SIM_SWITCH,  TERN_SIM_FAULT_LOSE_CONNECTION,  "Unreachable", "not there",                     "running (migrated)" },
  { TERN_SIM_FINISH,  TERN_SIM_FAULT_LOSE_CONNECTION,  "Unreachable", "not there",                     "running (migrated)" },
  { TERN_SIM_PREPARE, TERN_SIM_FAULT_SOURCE_DIES,      "Unreachable", "shut-off",                      "not there" },
  { TERN_SIM_COPY,    TERN_SIM_FAULT_SOURCE_DIES,      "Unreachable", "shut-off",                      "not there" },
  { TERN_SIM_SWITCH,  TERN_SIM_FAULT_SOURCE_DIES,      "Unreachable", "shut-off",                      "not there" },
  { TERN_SIM_FINISH,  TERN_SIM_FAULT_SOURCE_DIES,      "Unreachable", "shut-off",                      "running (migrated)" },
  { TERN_SIM_PREPARE, TERN_SIM_FAULT_DESTINATION_DIES, "Failed",      "running",                       "not there" },
  { TERN_SIM_COPY,    TERN_SIM_FAULT_DESTINATION_DIES, "Failed",      "running",                       "not there" },
  { TERN_SIM_SWITCH,  TERN_SIM_FAULT_DESTINATION_DIES, "Failed",      "running (migration-cancelled)", "not there" },
  { TERN_SIM_FINISH,  TERN_SIM_FAULT_DESTINATION_DIES, "Failed",      "running (migration-cancelled)", "shut-off" },
  { TERN_SIM_FINISH,  TERN_SIM_FAULT_BOTH_RUN,         "Failed",      "running (migration-cancelled)", "running (migrated)" },
  { TERN_SIM_FINISH,  TERN_SIM_FAULT_LEFTOVER_SOURCE,  "ok",          "shut-off (migrated)",           "running (migrated)" },
  { TERN_SIM_FINISH,  TERN_SIM_FAULT_LEFTOVER_PAUSED_SOURCE,
                                                       "Failed",      "paused (migration)",            "running (migrated)" },
};
/* clang-format on */

static void
bring_back (const char *name, TernHypervisor *port)
{
  tern_sim_set_host_state (sim, name, TERN_SIM_HOST_UP);
  if (!tern_hypervisor_is_connected (port))
    ck_assert (connect_port (port, NULL));
}

START_TEST (each_fault_leaves_what_libvirt_leaves)
{
  const FaultCase *c = &fault_cases[_i];

  tern_sim_add_fault (sim, "web", c->phase, c->fault, 1);
  ck_assert_str_eq (finish_move (start_move (web, TRUE)), c->call);
  advance (5 * SECOND);
  bring_back ("a", a);
  bring_back ("b", b);
  assert_shows (a, web, c->source);
  assert_shows (b, web, c->destination);
}
END_TEST

START_TEST (a_fault_strikes_as_often_as_it_says)
{
  tern_sim_add_fault (sim, web, TERN_SIM_COPY, TERN_SIM_FAULT_ERROR, 2);
  ck_assert_str_eq (finish_move (start_move (web, TRUE)), "Failed");
  ck_assert_str_eq (finish_move (start_move (web, TRUE)), "Failed");
  ck_assert_str_eq (finish_move (start_move (web, TRUE)), "ok");
}
END_TEST

START_TEST (a_source_that_dies_takes_a_transient_vm_with_it)
{
  tern_sim_add_fault (sim, "tmp", TERN_SIM_COPY, TERN_SIM_FAULT_SOURCE_DIES, 1);
  ck_assert_str_eq (finish_move (start_move (transient, FALSE)), "Unreachable");
  assert_shows (a, transient, "Unreachable");
  bring_back ("a", a);
  assert_shows (a, transient, "not there");
  assert_shows (b, transient, "not there");
}
END_TEST

START_TEST (the_source_is_held_for_30_s_when_the_destination_dies_in_the_switchover)
{
  GAsyncResult *call;

  tern_sim_add_fault (sim, "web", TERN_SIM_SWITCH, TERN_SIM_FAULT_DESTINATION_DIES, 1);
  call = start_move (web, TRUE);
  advance (31 * SECOND);
  ck_assert (!has_ended (call));
  assert_shows (a, web, "paused (migration) out");
  assert_shows (b, web, "Unreachable");
  advance (SECOND);
  ck_assert (has_ended (call));
  ck_assert_str_eq (finish_move (call), "Failed");
  assert_shows (a, web, "running (migration-cancelled)");
}
END_TEST

START_TEST (a_move_that_stalls_in_the_copy_stands_still_and_can_be_aborted)
{
  GAsyncResult *call;
  TernJobStats before, after;

  tern_sim_add_fault (sim, "web", TERN_SIM_COPY, TERN_SIM_FAULT_HANG, 1);
  call = start_move (web, TRUE);
  advance (10 * SECOND);
  before = fetch_job (a, web, FALSE, "ok");
  advance (100 * SECOND);
  after = fetch_job (a, web, FALSE, "ok");
  ck_assert (after.active);
  ck_assert_uint_eq (after.memory_bps, 0);
  ck_assert_uint_eq (after.memory_remaining, before.memory_remaining);
  ck_assert_uint_le (after.memory_remaining, 1 << 29);
  ck_assert_uint_gt (after.memory_remaining, (1 << 29) - 1000);
  ck_assert_str_eq (abort_move (web), "ok");
  ck_assert_str_eq (finish_move (call), "Cancelled");
  assert_shows (a, web, "running");
  assert_shows (b, web, "not there");
}
END_TEST

START_TEST (a_hung_move_goes_on_when_it_is_released_in_every_phase)
{
  GAsyncResult *call;

  tern_sim_add_fault (sim, "web", _i, TERN_SIM_FAULT_HANG, 1);
  call = start_move (web, TRUE);
  advance (100 * SECOND);
  ck_assert (!has_ended (call));
  tern_sim_release (sim, "web");
  ck_assert_str_eq (finish_move (call), "ok");
  assert_shows (a, web, "not there");
  assert_shows (b, web, "running (migrated)");
}
END_TEST

START_TEST (a_hang_of_some_seconds_ends_by_itself)
{
  GAsyncResult *call;

  ck_assert (load ("{'virtern-snapshot':1,'faults':[{'vm':'web','phase':'copy','fault':'hang',"
                   "'seconds':60}]}",
                   NULL));
  call = start_move (web, TRUE);
  advance (60 * SECOND);
  ck_assert (!has_ended (call));
  advance (3 * SECOND);
  ck_assert (has_ended (call));
  ck_assert_str_eq (finish_move (call), "ok");
}
END_TEST

/* --- aborts --- */

START_TEST (an_abort_finds_nothing_before_there_is_a_job)
{
  GAsyncResult *call = start_move (web, TRUE);

  ck_assert_str_eq (abort_move (web), "NotFound");
  ck_assert_str_eq (abort_move (busy), "NotFound");
  ck_assert_str_eq (finish_move (call), "ok");
}
END_TEST

START_TEST (an_abort_while_preparing_takes_effect_when_that_is_over)
{
  GAsyncResult *call = start_move (web, TRUE);

  advance (50 * MS);
  ck_assert_str_eq (abort_move (web), "ok");
  advance (100 * MS);
  ck_assert (!has_ended (call));
  ck_assert_str_eq (finish_move (call), "Cancelled");
  assert_shows (a, web, "running");
  assert_shows (b, web, "not there");
}
END_TEST

START_TEST (an_abort_while_copying_ends_the_move_without_a_word_from_the_source)
{
  GAsyncResult *call = start_move (web, TRUE);
  g_autofree char *expected = NULL;

  advance (500 * MS);
  g_string_truncate (trace, 0);
  ck_assert_str_eq (abort_move (web), "ok");
  ck_assert_str_eq (abort_move (web), "ok");
  ck_assert_str_eq (finish_move (call), "Cancelled");
  expected = g_strdup_printf ("505000 b vm %.4s\n", web);
  ck_assert_str_eq (trace->str, expected);
  assert_shows (a, web, "running");
  assert_shows (b, web, "not there");
}
END_TEST

START_TEST (an_abort_in_the_switchover_or_later_comes_too_late)
{
  static const gint64 moments[] = { 1300 * MS, 1420 * MS };
  GAsyncResult *call = start_move (web, TRUE);

  advance (moments[_i]);
  ck_assert_str_eq (abort_move (web), "ok");
  ck_assert_str_eq (finish_move (call), "ok");
  assert_shows (b, web, "running (migrated)");
}
END_TEST

START_TEST (an_abort_in_a_switchover_that_stalls_brings_the_source_back)
{
  GAsyncResult *call;

  tern_sim_add_fault (sim, "web", TERN_SIM_SWITCH, TERN_SIM_FAULT_HANG, 1);
  call = start_move (web, TRUE);
  advance (10 * SECOND);
  ck_assert_str_eq (abort_move (web), "ok");
  ck_assert_str_eq (finish_move (call), "Cancelled");
  assert_shows (a, web, "running (migration-cancelled)");
  assert_shows (b, web, "not there");
}
END_TEST

/* --- putting right --- */

START_TEST (a_source_that_was_left_paused_can_be_resumed_or_discarded)
{
  tern_sim_add_fault (sim, "web", TERN_SIM_FINISH, TERN_SIM_FAULT_LEFTOVER_PAUSED_SOURCE, 1);
  finish_move (start_move (web, TRUE));
  if (_i == 0)
    {
      ck_assert_str_eq (resume (a, web), "ok");
      assert_shows (a, web, "running");
    }
  else
    {
      ck_assert_str_eq (discard (a, web), "ok");
      assert_shows (a, web, "not there");
      ck_assert_str_eq (discard (a, web), "NotFound");
    }
}
END_TEST

START_TEST (a_definition_that_was_left_can_be_discarded)
{
  tern_sim_add_fault (sim, "web", TERN_SIM_FINISH, TERN_SIM_FAULT_LEFTOVER_SOURCE, 1);
  finish_move (start_move (web, TRUE));
  ck_assert_str_eq (discard (a, web), "ok");
  assert_shows (a, web, "not there");
}
END_TEST

START_TEST (what_runs_or_is_paused_by_a_person_or_has_a_job_is_never_touched)
{
  GAsyncResult *call;

  ck_assert_str_eq (discard (a, web), "Refused");
  ck_assert_str_eq (resume (a, web), "Refused");
  tern_sim_set_vm_state (sim, "a", "web", TERN_VM_PAUSED, TERN_REASON_USER);
  ck_assert_str_eq (discard (a, web), "Refused");
  ck_assert_str_eq (resume (a, web), "Refused");
  tern_sim_set_vm_state (sim, "a", "web", TERN_VM_RUNNING, TERN_REASON_OTHER);

  call = start_move (web, TRUE);
  advance (1300 * MS);
  assert_shows (a, web, "paused (migration) out");
  ck_assert_str_eq (discard (a, web), "Refused");
  ck_assert_str_eq (resume (a, web), "Refused");
  ck_assert_str_eq (discard (b, web), "Refused");
  ck_assert_str_eq (resume (b, web), "Refused");
  ck_assert_str_eq (finish_move (call), "ok");
  ck_assert_str_eq (resume (a, web), "NotFound");
}
END_TEST

/* --- connections --- */

START_TEST (a_move_goes_on_while_the_daemon_is_dead)
{
  GAsyncResult *call = start_move (web, TRUE);
  TernJobStats stats;

  advance (500 * MS);
  tern_hypervisor_disconnect (a);
  tern_hypervisor_disconnect (b);
  ck_assert_str_eq (finish_move (call), "Unreachable");
  g_clear_object (&a);
  g_clear_object (&b);
  advance (300 * MS);

  a = make_port ("a");
  b = make_port ("b");
  ck_assert (connect_port (a, NULL));
  ck_assert (connect_port (b, NULL));
  assert_shows (a, web, "running out");
  stats = fetch_job (a, web, FALSE, "ok");
  ck_assert (stats.active && stats.outgoing);
  advance (2 * SECOND);
  assert_shows (a, web, "not there");
  assert_shows (b, web, "running (migrated)");
}
END_TEST

START_TEST (a_port_connects_once_and_refuses_calls_before)
{
  g_autoptr (TernHypervisor) port = make_port ("a");
  g_autoptr (GError) error = NULL;

  assert_shows (port, web, "Unreachable");
  ck_assert (!tern_hypervisor_is_connected (port));
  ck_assert (connect_port (port, NULL));
  ck_assert (!connect_port (port, &error));
  ck_assert (g_error_matches (error, TERN_ERROR, TERN_ERROR_BUSY));
  ck_assert (tern_hypervisor_is_connected (port));
  tern_hypervisor_disconnect (port);
}
END_TEST

START_TEST (a_host_that_is_not_there_or_down_or_cut_off_is_unreachable)
{
  static const TernSimHostState states[] = { TERN_SIM_HOST_DOWN, TERN_SIM_HOST_CUT };
  g_autoptr (TernHypervisor) nobody = make_port ("nobody");
  g_autoptr (GError) error = NULL;

  ck_assert (!connect_port (nobody, &error));
  ck_assert (g_error_matches (error, TERN_ERROR, TERN_ERROR_UNREACHABLE));
  for (guint i = 0; i < G_N_ELEMENTS (states); i++)
    {
      g_autoptr (GError) host_error = NULL;

      tern_sim_set_host_state (sim, "b", states[i]);
      ck_assert (!tern_hypervisor_is_connected (b));
      ck_assert (!connect_port (b, &host_error));
      ck_assert (g_error_matches (host_error, TERN_ERROR, TERN_ERROR_UNREACHABLE));
      tern_sim_set_host_state (sim, "b", TERN_SIM_HOST_UP);
      ck_assert (connect_port (b, NULL));
    }
}
END_TEST

START_TEST (a_host_that_went_down_comes_back_with_its_vms_shut_off)
{
  tern_sim_set_host_state (sim, "a", TERN_SIM_HOST_DOWN);
  ck_assert_str_eq (trace->str, "0 a disconnected\n");
  bring_back ("a", a);
  assert_shows (a, web, "shut-off");
  assert_shows (a, transient, "not there");
}
END_TEST

START_TEST (a_host_that_is_cut_off_goes_on_working)
{
  GAsyncResult *call = start_move (web, TRUE);

  advance (300 * MS);
  tern_sim_set_host_state (sim, "a", TERN_SIM_HOST_CUT);
  ck_assert_str_eq (finish_move (call), "Unreachable");
  advance (2 * SECOND);
  assert_shows (b, web, "running (migrated)");
  bring_back ("a", a);
  assert_shows (a, web, "not there");
  assert_shows (a, transient, "running");
}
END_TEST

START_TEST (calls_to_a_hanging_host_time_out_after_10_s)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (TernHypervisor) late = make_port ("a");

  tern_sim_set_host_state (sim, "a", TERN_SIM_HOST_HANG);
  tern_hypervisor_fetch_facts_async (a, NULL, keep_result, &result);
  advance (9 * SECOND);
  ck_assert_ptr_null (result);
  advance (2 * SECOND);
  ck_assert_ptr_nonnull (result);
  ck_assert_ptr_null (tern_hypervisor_fetch_facts_finish (a, result, &error));
  ck_assert (g_error_matches (error, TERN_ERROR, TERN_ERROR_TIMED_OUT));
  g_clear_error (&error);
  ck_assert (!connect_port (late, &error));
  ck_assert (g_error_matches (error, TERN_ERROR, TERN_ERROR_TIMED_OUT));
  ck_assert (tern_hypervisor_is_connected (a));
}
END_TEST

START_TEST (a_hanging_host_loses_its_connections_after_30_s)
{
  tern_sim_set_host_state (sim, "a", TERN_SIM_HOST_HANG);
  advance (60 * SECOND);
  ck_assert_str_eq (trace->str, "30000000 a disconnected\n");
  ck_assert (!tern_hypervisor_is_connected (a));
}
END_TEST

START_TEST (a_host_that_wakes_answers_what_still_waits)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GPtrArray) vms = NULL;

  tern_sim_set_host_state (sim, "a", TERN_SIM_HOST_HANG);
  tern_hypervisor_fetch_vms_async (a, NULL, keep_result, &result);
  advance (5 * SECOND);
  ck_assert_ptr_null (result);
  tern_sim_set_host_state (sim, "a", TERN_SIM_HOST_UP);
  drain ();
  vms = tern_hypervisor_fetch_vms_finish (a, result, NULL);
  ck_assert_uint_eq (vms->len, 3);
}
END_TEST

START_TEST (a_call_to_a_hanging_host_can_be_given_up)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;

  tern_sim_set_host_state (sim, "a", TERN_SIM_HOST_HANG);
  tern_hypervisor_fetch_vm_async (a, web, cancellable, keep_result, &result);
  g_cancellable_cancel (cancellable);
  drain ();
  ck_assert_ptr_null (tern_hypervisor_fetch_vm_finish (a, result, &error));
  ck_assert (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED));
}
END_TEST

START_TEST (a_move_to_a_host_that_hangs_fails_after_30_s_or_goes_on_when_it_wakes)
{
  GAsyncResult *call = start_move (web, TRUE);

  advance (500 * MS);
  tern_sim_set_host_state (sim, "b", TERN_SIM_HOST_HANG);
  advance (_i == 0 ? 20 * SECOND : 40 * SECOND);
  ck_assert_int_eq (has_ended (call), _i == 1);
  tern_sim_set_host_state (sim, "b", TERN_SIM_HOST_UP);
  ck_assert_str_eq (finish_move (call), _i == 0 ? "ok" : "Failed");
  bring_back ("b", b);
  assert_shows (a, web, _i == 0 ? "not there" : "running");
  assert_shows (b, web, _i == 0 ? "running (migrated)" : "not there");
}
END_TEST

START_TEST (a_host_fault_of_the_file_strikes_at_its_time)
{
  ck_assert (
      load ("{'virtern-snapshot':1,'faults':[{'host':'a','fault':'down','at-seconds':7}]}", NULL));
  advance (6 * SECOND);
  ck_assert (tern_hypervisor_is_connected (a));
  advance (2 * SECOND);
  ck_assert (!tern_hypervisor_is_connected (a));
}
END_TEST

START_TEST (the_factory_takes_only_its_own_uris)
{
  static const char *const bad[] = { "qemu:///system", "sim://", "sim:///a", "sim://a/b",
                                     "sim://a/?x=1",   "a",      "" };

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (TernHostConfig) config = tern_host_config_new ("a", bad[i]);
      g_autoptr (GError) error = NULL;

      ck_assert_ptr_null (tern_sim_factory (config, sim, &error));
      ck_assert (g_error_matches (error, TERN_ERROR, TERN_ERROR_INVALID_ARGUMENT));
    }
}
END_TEST

START_TEST (vms_bear_the_name_that_the_admin_gave_the_host)
{
  g_autoptr (TernHostConfig) config = tern_host_config_new ("other-name", "sim://a");
  g_autoptr (TernHypervisor) port = tern_sim_factory (config, sim, NULL);
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (TernVm) vm = NULL;

  ck_assert (connect_port (port, NULL));
  tern_hypervisor_fetch_vm_async (port, web, NULL, keep_result, &result);
  drain ();
  vm = tern_hypervisor_fetch_vm_finish (port, result, NULL);
  ck_assert_str_eq (vm->host, "other-name");
  tern_hypervisor_disconnect (port);
}
END_TEST

START_TEST (the_facts_are_those_of_the_file)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (TernHostFacts) facts = NULL;

  tern_hypervisor_fetch_facts_async (a, NULL, keep_result, &result);
  drain ();
  facts = tern_hypervisor_fetch_facts_finish (a, result, NULL);
  ck_assert_uint_eq (facts->memory_total, G_GUINT64_CONSTANT (8192) << 20);
  /* Each of three VMs of 1 GiB needs 2 MiB for page tables, and 8 + 8 + 50 + 32 MiB. */
  ck_assert_uint_eq (facts->memory_free, G_GUINT64_CONSTANT (4820) << 20);
  ck_assert_uint_eq (facts->cpus, 4);
  ck_assert_str_eq (facts->hostname, "a");
  ck_assert (tern_uuid_is_valid (facts->uuid));
  ck_assert_str_eq (facts->cpu->features[0], "aes");
}
END_TEST

/* --- the file --- */

static char *
run_trace (void)
{
  GAsyncResult *call;

  setup ();
  tern_sim_add_fault (sim, "tmp", TERN_SIM_SWITCH, TERN_SIM_FAULT_ERROR, 1);
  finish_move (start_move (transient, FALSE));
  finish_move (start_move (web, TRUE));
  call = start_move (busy, TRUE);
  advance (20 * SECOND);
  tern_sim_set_host_state (sim, "b", TERN_SIM_HOST_DOWN);
  ck_assert_str_eq (finish_move (call), "Failed");
  return g_strdup (trace->str);
}

START_TEST (the_same_file_gives_the_same_events)
{
  g_autofree char *first = NULL;
  g_autofree char *second = NULL;

  teardown ();
  first = run_trace ();
  drain ();
  teardown ();
  second = run_trace ();
  ck_assert_uint_gt (strlen (first), 500);
  ck_assert_str_eq (first, second);
}
END_TEST

START_TEST (only_listed_hosts_are_given_to_the_daemon)
{
  g_autoptr (GPtrArray) configs = tern_sim_get_host_configs (sim);
  TernHostConfig *first = configs->pdata[0];
  g_autoptr (TernHypervisor) unlisted = make_port ("c");

  ck_assert_uint_eq (configs->len, 2);
  ck_assert_str_eq (first->name, "a");
  ck_assert_str_eq (first->uri, "sim://a/");
  ck_assert (tern_host_uri_check (first->uri, NULL));
  ck_assert (connect_port (unlisted, NULL));
  tern_hypervisor_disconnect (unlisted);
}
END_TEST

START_TEST (a_vm_that_is_added_is_told)
{
  g_autofree char *uuid = NULL;

  ck_assert (
      load ("{'virtern-snapshot':1,'vms':[{'name':'new','host':'a','memory-mib':1}]}", NULL));
  uuid = find_uuid (a, "new");
  ck_assert_ptr_nonnull (strstr (trace->str, "0 a vm"));
  tern_sim_remove_vm (sim, "a", "new");
  assert_shows (a, uuid, "not there");
}
END_TEST

typedef struct
{
  const char *json;
  const char *says;
} BadFile;

#define HOST_X "{'name':'x','memory-mib':1,'cpus':1,'link-mbps':1}"

/* clang-format off */
static const BadFile bad_files[] = {
  { "",                                                        "the document" },
  { "[]",                                                      "must be an object" },
  { "{",                                                       "no JSON" },
  { "{}",                                                      "“virtern-snapshot” is missing" },
  { "{'virtern-snapshot':2}",                                  "“virtern-snapshot” must be" },
  { "{'virtern-snapshot':'1'}",                                "“virtern-snapshot” must be" },
  { "{'virtern-snapshot':1,'host':[]}",                        "unknown field “host”" },
  { "{'virtern-snapshot':1,'hosts':{}}",                       "“hosts” must be an array" },
  { "{'virtern-snapshot':1,'hosts':[1]}",                      "hosts[0]: must be an object" },
  { "{'virtern-snapshot':1,'hosts':[{}]}",                     "hosts[0]: “name” is missing" },
  { "{'virtern-snapshot':1,'hosts':[" HOST_X ",{'name':'y','memory-mib':-1}]}", "hosts[1]: “memory-mib” must be" },
  { "{'virtern-snapshot':1,'hosts':[{'name':'y','memory-mib':1.5}]}",  "“memory-mib” must be a whole number" },
  { "{'virtern-snapshot':1,'hosts':[{'name':'y','memory-mib':99999999999999999999}]}", "“memory-mib” must be" },
  { "{'virtern-snapshot':1,'hosts':[{'name':'y','link-mbps':1e999}]}", "“link-mbps” must be" },
  { "{'virtern-snapshot':1,'hosts':[{'name':'y','cpu-features':[1]}]}", "“cpu-features” must be an array of strings" },
  { "{'virtern-snapshot':1,'hosts':[{'name':'y','listed':1}]}", "“listed” must be true or false" },
  { "{'virtern-snapshot':1,'hosts':[" HOST_X "," HOST_X "]}",  "there is a host “x” already" },
  { "{'virtern-snapshot':1,'hosts':[{'name':'a','memory-mib':1,'cpus':1,'link-mbps':1}]}", "there is a host “a” already" },
  { "{'virtern-snapshot':1,'hosts':[{'name':'-','memory-mib':1,'cpus':1,'link-mbps':1}]}", "cannot be a host name" },
  { "{'virtern-snapshot':1,'hosts':[{'name':'y','memory-mib':1,'cpus':1,'link-mbps':1,'state':'gone'}]}", "“state” must be one of up, down," },
  { "{'virtern-snapshot':1,'hosts':[{'name':'y','memory-mib':1,'cpus':1,'link-mbps':1,'uuid':'y'}]}", "no UUID" },
  { "{'virtern-snapshot':1,'vms':[{'name':'v','memory-mib':1,'host':'y'}]}", "vms[0]: there is no host “y”" },
  { "{'virtern-snapshot':1,'vms':[{'name':'','memory-mib':1,'host':'a'}]}", "“name” is empty" },
  { "{'virtern-snapshot':1,'vms':[{'name':'web','memory-mib':1,'host':'a'}]}", "has such a VM already" },
  { "{'virtern-snapshot':1,'vms':[{'name':'v','memory-mib':1,'host':'a'},{'name':'v','memory-mib':1,'host':'b'}]}", "give each its “uuid”" },
  { "{'virtern-snapshot':1,'vms':[{'name':'v','memory-mib':1,'host':'a','state':'x'}]}", "“state” must be one of unknown, running," },
  { "{'virtern-snapshot':1,'vms':[{'name':'v','memory-mib':1,'host':'a','reason':'x'}]}", "“reason” must be one of other, migration," },
  { "{'virtern-snapshot':1,'vms':[{'name':'v','memory-mib':1,'host':'a','state':'shut-off','persistent':false}]}", "must be active" },
  { "{'virtern-snapshot':1,'vms':[{'name':'v','memory-mib':1,'host':'a','uuid':'z'}]}", "no UUID" },
  { "{'virtern-snapshot':1,'faults':[{'fault':'error'}]}",     "either a “vm” or a “host”" },
  { "{'virtern-snapshot':1,'faults':[{'fault':'error','vm':'web'}]}", "“phase” must be" },
  { "{'virtern-snapshot':1,'faults':[{'fault':'x','vm':'web','phase':'copy'}]}", "is none of a VM" },
  { "{'virtern-snapshot':1,'faults':[{'fault':'both-run','vm':'web','phase':'copy'}]}", "“finish” only" },
  { "{'virtern-snapshot':1,'faults':[{'fault':'error','host':'a'}]}", "of a host must be" },
  { "{'virtern-snapshot':1,'faults':[{'fault':'down','host':'z'}]}", "faults[0]: there is no host “z”" },
};
/* clang-format on */

START_TEST (a_file_with_a_mistake_is_refused_by_name_and_adds_nothing)
{
  const BadFile *bad = &bad_files[_i];
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) configs = NULL;

  ck_assert (!load (bad->json, &error));
  ck_assert (g_error_matches (error, TERN_ERROR, TERN_ERROR_INVALID_ARGUMENT));
  ck_assert_msg (strstr (error->message, bad->says) != NULL, "“%s” not in: %s", bad->says,
                 error->message);
  ck_assert_msg (g_str_has_prefix (error->message, "test.json: "), "%s", error->message);
  configs = tern_sim_get_host_configs (sim);
  ck_assert_uint_eq (configs->len, 2);
  ck_assert_str_eq (trace->str, "");
}
END_TEST

/* Where a bracket may hide from who counts them and not from JSON-GLib. */
static const char *const hiding_places[] = { "", "/*\"*/", "{\"vms\":'\"'", "[\"\\ud800\",\"," };

START_TEST (a_file_of_brackets_does_not_end_the_process)
{
  g_autofree char *brackets = g_strnfill (1 << 20, '[');
  g_autofree char *text = g_strconcat (hiding_places[_i], brackets, NULL);
  g_autoptr (GError) error = NULL;

  ck_assert (!tern_sim_load_data (sim, text, -1, "deep.json", &error));
  ck_assert (g_error_matches (error, TERN_ERROR, TERN_ERROR_INVALID_ARGUMENT));
  ck_assert_ptr_nonnull (strstr (error->message, "deep.json: no JSON: line 1: it "));
}
END_TEST

START_TEST (a_second_document_in_the_file_is_not_overlooked)
{
  g_autoptr (GError) error = NULL;

  ck_assert (!load ("{'virtern-snapshot':1}\n{'virtern-snapshot':1,'hosts':[]}", &error));
  ck_assert_ptr_nonnull (strstr (error->message, "line 2: it goes on after its end"));
}
END_TEST

START_TEST (a_file_that_is_too_large_or_missing_is_refused)
{
  g_autofree char *large = g_strnfill ((64 << 20) + 1, ' ');
  g_autoptr (GError) large_error = NULL;
  g_autoptr (GError) missing_error = NULL;

  ck_assert (!tern_sim_load_data (sim, large, -1, "large.json", &large_error));
  ck_assert_ptr_nonnull (strstr (large_error->message, "larger than 64 MiB"));
  ck_assert (!tern_sim_load (sim, "/nonexistent/x.json", &missing_error));
  ck_assert (g_error_matches (missing_error, TERN_ERROR, TERN_ERROR_INVALID_ARGUMENT));
  ck_assert_ptr_nonnull (strstr (missing_error->message, "/nonexistent/x.json"));
}
END_TEST

START_TEST (what_is_no_regular_file_is_refused_without_reading_it)
{
  static const char *const paths[] = { "/dev/zero", "/dev/null", "/" };

  for (guint i = 0; i < G_N_ELEMENTS (paths); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autofree char *sentence = g_strconcat (paths[i], " is not a regular file", NULL);

      ck_assert (!tern_sim_load (sim, paths[i], &error));
      ck_assert_str_eq (error->message, sentence);
    }
}
END_TEST

START_TEST (the_small_fixture_loads)
{
  g_autofree char *path =
      g_build_filename (TERN_SRC_DIR, "tests", "fixtures", "sim", "small.json", NULL);
  g_autoptr (TernSim) other = tern_sim_new (tern_clock);
  g_autoptr (GPtrArray) configs = NULL;
  g_autoptr (GError) error = NULL;

  ck_assert_msg (tern_sim_load (other, path, &error), "%s", error != NULL ? error->message : "");
  configs = tern_sim_get_host_configs (other);
  ck_assert_uint_eq (configs->len, 3);
}
END_TEST

/* clang-format off */
TERN_CHECK_MAIN ("sim",
  tcase_add_checked_fixture (tcase, setup, teardown);
  tcase_add_test (tcase, a_plain_move_shows_each_stage_on_both_hosts);
  tcase_add_test (tcase, a_plain_move_signals_each_change_where_it_happens);
  tcase_add_test (tcase, the_job_tells_how_far_it_is);
  tcase_add_test (tcase, a_vm_that_never_moved_has_no_record_of_a_job);
  tcase_add_test (tcase, remaining_jumps_up_with_each_pass);
  tcase_add_test (tcase, a_guest_that_dirties_faster_than_the_link_never_converges);
  tcase_add_test (tcase, auto_converge_slows_the_guest_until_it_converges);
  tcase_add_test (tcase, a_bandwidth_limit_is_kept);
  tcase_add_test (tcase, two_moves_on_one_link_share_it);
  tcase_add_test (tcase, a_persistent_vm_is_persistent_afterwards_and_a_transient_one_is_not);
  tcase_add_test (tcase, a_vm_that_a_person_paused_arrives_paused);
  tcase_add_test (tcase, a_guest_that_ends_while_it_moves_ends_the_move);
  tcase_add_test (tcase, orders_that_make_no_sense_are_refused_and_change_nothing);
  tcase_add_test (tcase, a_destination_that_lacks_a_cpu_feature_refuses_while_preparing);
  tcase_add_test (tcase, a_namesake_on_the_destination_refuses_while_preparing);
  tcase_add_loop_test (tcase, each_fault_leaves_what_libvirt_leaves, 0,
                       G_N_ELEMENTS (fault_cases));
  tcase_add_test (tcase, a_fault_strikes_as_often_as_it_says);
  tcase_add_test (tcase, a_source_that_dies_takes_a_transient_vm_with_it);
  tcase_add_test (tcase, the_source_is_held_for_30_s_when_the_destination_dies_in_the_switchover);
  tcase_add_test (tcase, a_move_that_stalls_in_the_copy_stands_still_and_can_be_aborted);
  tcase_add_loop_test (tcase, a_hung_move_goes_on_when_it_is_released_in_every_phase, 0,
                       TERN_SIM_START);
  tcase_add_test (tcase, a_hang_of_some_seconds_ends_by_itself);
  tcase_add_test (tcase, an_abort_finds_nothing_before_there_is_a_job);
  tcase_add_test (tcase, an_abort_while_preparing_takes_effect_when_that_is_over);
  tcase_add_test (tcase, an_abort_while_copying_ends_the_move_without_a_word_from_the_source);
  tcase_add_loop_test (tcase, an_abort_in_the_switchover_or_later_comes_too_late, 0,
                       2);
  tcase_add_test (tcase, an_abort_in_a_switchover_that_stalls_brings_the_source_back);
  tcase_add_loop_test (tcase, a_source_that_was_left_paused_can_be_resumed_or_discarded, 0,
                       2);
  tcase_add_test (tcase, a_definition_that_was_left_can_be_discarded);
  tcase_add_test (tcase, what_runs_or_is_paused_by_a_person_or_has_a_job_is_never_touched);
  tcase_add_test (tcase, a_move_goes_on_while_the_daemon_is_dead);
  tcase_add_test (tcase, a_port_connects_once_and_refuses_calls_before);
  tcase_add_test (tcase, a_host_that_is_not_there_or_down_or_cut_off_is_unreachable);
  tcase_add_test (tcase, a_host_that_went_down_comes_back_with_its_vms_shut_off);
  tcase_add_test (tcase, a_host_that_is_cut_off_goes_on_working);
  tcase_add_test (tcase, calls_to_a_hanging_host_time_out_after_10_s);
  tcase_add_test (tcase, a_hanging_host_loses_its_connections_after_30_s);
  tcase_add_test (tcase, a_host_that_wakes_answers_what_still_waits);
  tcase_add_test (tcase, a_call_to_a_hanging_host_can_be_given_up);
  tcase_add_loop_test (tcase, a_move_to_a_host_that_hangs_fails_after_30_s_or_goes_on_when_it_wakes, 0,
                       2);
  tcase_add_test (tcase, a_host_fault_of_the_file_strikes_at_its_time);
  tcase_add_test (tcase, the_factory_takes_only_its_own_uris);
  tcase_add_test (tcase, vms_bear_the_name_that_the_admin_gave_the_host);
  tcase_add_test (tcase, the_facts_are_those_of_the_file);
  tcase_add_test (tcase, the_same_file_gives_the_same_events);
  tcase_add_test (tcase, only_listed_hosts_are_given_to_the_daemon);
  tcase_add_test (tcase, a_vm_that_is_added_is_told);
  tcase_add_loop_test (tcase, a_file_with_a_mistake_is_refused_by_name_and_adds_nothing, 0,
                       G_N_ELEMENTS (bad_files));
  tcase_add_loop_test (tcase, a_file_of_brackets_does_not_end_the_process, 0, G_N_ELEMENTS (hiding_places));
  tcase_add_test (tcase, a_second_document_in_the_file_is_not_overlooked);
  tcase_add_test (tcase, a_file_that_is_too_large_or_missing_is_refused);
  tcase_add_test (tcase, what_is_no_regular_file_is_refused_without_reading_it);
  tcase_add_test (tcase, the_small_fixture_loads);
)
/* clang-format on */
