/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The SQLite store: what goes in comes out, what is not ours is left alone, and a
 * disk that refuses costs one write.
 */
#include "config.h"

#include "drivers/store-sqlite.h"

#include "base/error.h"
#include "model/list.h"
#include "tern-check.h"

#include <glib/gstdio.h>

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define VM "0b5c4f6e-1c1d-4b8e-9d6c-3f2a1b0c9d8e"

static char *dir;
static char *path;

static void
setup (void)
{
  dir = g_dir_make_tmp ("virtern-store-XXXXXX", NULL);
  ck_assert_ptr_nonnull (dir);
  path = g_build_filename (dir, "virtern.db", NULL);
}

static void
remove_tree (const char *top)
{
  g_autoptr (GDir) listing = g_dir_open (top, 0, NULL);
  const char *name;

  while (listing != NULL && (name = g_dir_read_name (listing)) != NULL)
    {
      g_autofree char *entry = g_build_filename (top, name, NULL);

      if (g_remove (entry) != 0)
        remove_tree (entry);
    }
  g_rmdir (top);
}

static void
teardown (void)
{
  remove_tree (dir);
  g_clear_pointer (&dir, g_free);
  g_clear_pointer (&path, g_free);
}

static TernStore *
open_store (void)
{
  g_autoptr (GError) error = NULL;
  TernStore *store = tern_store_sqlite_open (path, &error);

  ck_assert_msg (store != NULL, "%s", error != NULL ? error->message : "no error");
  return store;
}

static void
keep_result (GObject *source, GAsyncResult *result, gpointer data)
{
  (void) source;
  *(GAsyncResult **) data = g_object_ref (result);
}

static gboolean
finish_write (TernStore *store, GAsyncResult **result, GError **error)
{
  gboolean good;

  while (*result == NULL)
    g_main_context_iteration (NULL, TRUE);
  good = tern_store_write_finish (store, *result, error);
  g_clear_object (result);
  return good;
}

static gboolean
put_task (TernStore *store, const TernTaskRecord *task, GError **error)
{
  GAsyncResult *result = NULL;

  tern_store_put_task_async (store, task, keep_result, &result);
  return finish_write (store, &result, error);
}

static gboolean
put_host (TernStore *store, const TernHostConfig *host, GError **error)
{
  GAsyncResult *result = NULL;

  tern_store_put_host_async (store, host, keep_result, &result);
  return finish_write (store, &result, error);
}

static GPtrArray *
list_tasks (TernStore *store, const TernTaskFilter *filter, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  tern_store_list_tasks_async (store, filter, keep_result, &result);
  while (result == NULL)
    g_main_context_iteration (NULL, TRUE);
  return tern_store_list_tasks_finish (store, result, error);
}

/* Every field with a value of its own, so that no two can be mixed up. */
static TernTaskRecord *
new_task (guint64 id, TernTaskPhase phase)
{
  TernTaskRecord *task = tern_task_record_new ();

  task->id = id;
  task->vm_uuid = g_strdup (VM);
  task->vm_name = g_strdup ("web\n\xff“01”");
  task->source = g_strdup (id % 2 != 0 ? "node1" : "node2");
  task->destination = g_strdup ("node3");
  task->phase = phase;
  task->cancel_requested = TRUE;
  task->attempt = 2;
  task->created_us = 1000;
  task->started_us = 2000;
  task->finished_us = 3000;
  task->started_by_uid = 4294967294;
  task->progress = 42;
  task->iteration = 7;
  task->memory_total = G_GUINT64_CONSTANT (1) << 40;
  task->memory_processed = 5000;
  task->downtime_us = 83000;
  task->error_name = g_strdup ("TimedOut");
  task->error = g_strdup ("it's \"quoted\"; DROP TABLE task");
  task->verdict = g_strdup ("");
  task->group = 11;
  task->memory = G_GUINT64_CONSTANT (6) << 30;
  task->vcpus = 8;
  task->eject_media = TRUE;
  task->ejected = g_strdupv (
      (char *[]){ (char *) "sda=/iso/a\nb.iso", (char *) "fda=C:\\new\\n", (char *) "", NULL });
  task->options = (TernMoveOptions){ .policy = id % TERN_N_POLICIES,
                                     .priority = id % TERN_N_PRIORITIES,
                                     .bandwidth_bps = 101,
                                     .postcopy_bandwidth_bps = 102,
                                     .parallel = 4,
                                     .compression = id % TERN_N_COMPRESSIONS,
                                     .tls = TRUE };
  task->chosen = TRUE;
  task->tried = g_strdupv ((char *[]){ (char *) "node4=no\nspace", (char *) "node5=\\", NULL });
  task->postcopy_ready = TRUE;
  task->copy_began_us = 2500;
  task->step = 3;
  task->step_us = 2600;
  task->steps = g_strdupv ((char *[]){ (char *) "12 s, pass 3: “a”", (char *) "13 s", NULL });
  task->abort_reason = g_strdup ("too slow");
  task->recoveries = 2;
  task->resolution = g_strdup (id % 2 != 0 ? "source" : "destination");
  task->resolved_by_uid = 1001;
  task->note = g_strdup ("not converging");
  task->link_bps = 117000000;
  task->parent = id % 2 != 0 ? 7 : 0;
  return task;
}

static TernTaskRecord *
new_drain (guint64 id, TernTaskPhase phase)
{
  static const char *const hosts[] = { "node1", "node2", NULL };
  TernTaskRecord *task = tern_task_record_new ();
  TernDrainItem *item = tern_drain_item_new (VM, "web “01”");

  task->id = id;
  g_free (task->kind);
  task->kind = g_strdup ("drain");
  task->vm_uuid = g_strdup ("");
  task->vm_name = g_strdup ("");
  task->source = g_strdup ("node1,node2");
  task->destination = g_strdup ("");
  task->phase = phase;
  task->drain = tern_drain_new (hosts);
  task->drain->deadline_us = 77;
  item->state = TERN_ITEM_LEFT;
  g_ptr_array_add (item->reasons, tern_item_reason_new ("vm.locked", "It's locked", NULL));
  g_ptr_array_add (task->drain->items, item);
  return task;
}

static void
assert_same_options (const TernMoveOptions *a, const TernMoveOptions *b)
{
  ck_assert_int_eq (a->policy, b->policy);
  ck_assert_int_eq (a->priority, b->priority);
  ck_assert_uint_eq (a->bandwidth_bps, b->bandwidth_bps);
  ck_assert_uint_eq (a->postcopy_bandwidth_bps, b->postcopy_bandwidth_bps);
  ck_assert_uint_eq (a->parallel, b->parallel);
  ck_assert_int_eq (a->compression, b->compression);
  ck_assert_int_eq (a->tls, b->tls);
}

/* Field by field: test-drain-record. */
static void
assert_same_drain (const TernDrain *a, const TernDrain *b)
{
  g_autofree char *left = a != NULL ? tern_drain_to_json (a) : NULL;
  g_autofree char *right = b != NULL ? tern_drain_to_json (b) : NULL;

  ck_assert_pstr_eq (left, right);
}

/* Field by field: test-trace. */
static void
assert_same_trace (const TernTrace *a, const TernTrace *b)
{
  g_autofree char *left = a != NULL ? tern_trace_to_json (a) : NULL;
  g_autofree char *right = b != NULL ? tern_trace_to_json (b) : NULL;

  ck_assert_pstr_eq (left, right);
}

static void
assert_same_task (const TernTaskRecord *a, const TernTaskRecord *b)
{
  ck_assert_uint_eq (a->id, b->id);
  ck_assert_str_eq (a->kind, b->kind);
  ck_assert_str_eq (a->vm_uuid, b->vm_uuid);
  ck_assert_pstr_eq (a->vm_name, b->vm_name);
  ck_assert_pstr_eq (a->source, b->source);
  ck_assert_pstr_eq (a->destination, b->destination);
  ck_assert_int_eq (a->phase, b->phase);
  ck_assert_int_eq (a->cancel_requested, b->cancel_requested);
  ck_assert_uint_eq (a->attempt, b->attempt);
  ck_assert_int_eq (a->created_us, b->created_us);
  ck_assert_int_eq (a->started_us, b->started_us);
  ck_assert_int_eq (a->finished_us, b->finished_us);
  ck_assert_int_eq (a->started_by_uid, b->started_by_uid);
  ck_assert_int_eq (a->progress, b->progress);
  ck_assert_uint_eq (a->iteration, b->iteration);
  ck_assert_uint_eq (a->memory_total, b->memory_total);
  ck_assert_uint_eq (a->memory_processed, b->memory_processed);
  ck_assert_int_eq (a->downtime_us, b->downtime_us);
  ck_assert_pstr_eq (a->error_name, b->error_name);
  ck_assert_pstr_eq (a->error, b->error);
  ck_assert_pstr_eq (a->verdict, b->verdict);
  ck_assert_uint_eq (a->group, b->group);
  ck_assert_uint_eq (a->memory, b->memory);
  ck_assert_uint_eq (a->vcpus, b->vcpus);
  ck_assert_int_eq (a->eject_media, b->eject_media);
  ck_assert (tern_strv_equal0 (a->ejected, b->ejected));
  assert_same_options (&a->options, &b->options);
  ck_assert_int_eq (a->chosen, b->chosen);
  ck_assert (tern_strv_equal0 (a->tried, b->tried));
  ck_assert_int_eq (a->postcopy_ready, b->postcopy_ready);
  ck_assert_int_eq (a->copy_began_us, b->copy_began_us);
  ck_assert_uint_eq (a->step, b->step);
  ck_assert_int_eq (a->step_us, b->step_us);
  ck_assert (tern_strv_equal0 (a->steps, b->steps));
  ck_assert_pstr_eq (a->abort_reason, b->abort_reason);
  ck_assert_uint_eq (a->recoveries, b->recoveries);
  ck_assert_pstr_eq (a->resolution, b->resolution);
  ck_assert_int_eq (a->resolved_by_uid, b->resolved_by_uid);
  ck_assert_pstr_eq (a->note, b->note);
  ck_assert_uint_eq (a->link_bps, b->link_bps);
  ck_assert_uint_eq (a->parent, b->parent);
  assert_same_drain (a->drain, b->drain);
  assert_same_trace (a->trace, b->trace);
}

/* --- what goes in comes out --- */

START_TEST (a_new_store_is_empty)
{
  g_autoptr (TernStore) store = open_store ();
  g_autoptr (GPtrArray) hosts = tern_store_load_hosts (store, NULL);
  guint64 last_id = 99;
  g_autoptr (GPtrArray) tasks = tern_store_load_open_tasks (store, &last_id, NULL);

  ck_assert_uint_eq (hosts->len, 0);
  ck_assert_uint_eq (tasks->len, 0);
  ck_assert_uint_eq (last_id, 0);
}
END_TEST

START_TEST (hosts_survive_a_restart_sorted_by_name)
{
  g_autoptr (TernStore) store = open_store ();
  g_autoptr (TernHostConfig) b = tern_host_config_new ("b", "qemu+ssh://b/system");
  g_autoptr (TernHostConfig) a = tern_host_config_new ("a", "test:///default");
  g_autoptr (GPtrArray) hosts = NULL;
  TernHostConfig *first, *second;

  b->peer_uri = g_strdup ("qemu+tls://b/system");
  b->migration_address = g_strdup ("192.0.2.2");
  b->uuid = g_strdup (VM);
  g_free (b->cluster);
  b->cluster = g_strdup ("rack-2");
  b->memory_reserve = G_GUINT64_CONSTANT (3) << 30;
  b->duty = TERN_DUTY_DRAINING;
  b->limit_out = 3;
  b->limit_in = TERN_LIMIT_MAX;
  b->link_bps = 125000000;
  b->bandwidth_bps = 50000000;
  ck_assert (put_host (store, b, NULL));
  ck_assert (put_host (store, a, NULL));
  g_clear_object (&store);

  store = open_store ();
  hosts = tern_store_load_hosts (store, NULL);
  ck_assert_uint_eq (hosts->len, 2);
  first = hosts->pdata[0];
  second = hosts->pdata[1];
  ck_assert_str_eq (first->name, "a");
  ck_assert_ptr_null (first->peer_uri);
  ck_assert_ptr_null (first->uuid);
  ck_assert_str_eq (first->cluster, TERN_CLUSTER_DEFAULT);
  ck_assert_uint_eq (first->memory_reserve, 0);
  ck_assert_int_eq (first->duty, TERN_DUTY_ACTIVE);
  ck_assert_str_eq (second->name, "b");
  ck_assert_str_eq (second->uri, "qemu+ssh://b/system");
  ck_assert_str_eq (second->peer_uri, "qemu+tls://b/system");
  ck_assert_str_eq (second->migration_address, "192.0.2.2");
  ck_assert_str_eq (second->uuid, VM);
  ck_assert_str_eq (second->cluster, "rack-2");
  ck_assert_uint_eq (second->memory_reserve, G_GUINT64_CONSTANT (3) << 30);
  ck_assert_int_eq (second->duty, TERN_DUTY_DRAINING);
  ck_assert_uint_eq (second->limit_out, 3);
  ck_assert_uint_eq (second->limit_in, TERN_LIMIT_MAX);
  ck_assert_uint_eq (second->link_bps, 125000000);
  ck_assert_uint_eq (second->bandwidth_bps, 50000000);
  ck_assert_uint_eq (first->limit_out + first->limit_in + first->link_bps + first->bandwidth_bps,
                     0);
}
END_TEST

static void
put_limits (TernStore *store, const TernLimits *limits)
{
  GAsyncResult *result = NULL;

  tern_store_put_limits_async (store, limits, keep_result, &result);
  ck_assert (finish_write (store, &result, NULL));
}

START_TEST (limits_survive_a_restart_and_can_be_forgotten)
{
  static const TernLimits given = { .out = 3, .in = 1, .cluster = TERN_LIMIT_MAX };
  static const TernLimits none = { 0 };
  g_autoptr (TernStore) store = open_store ();
  g_autoptr (GError) error = NULL;
  TernLimits limits = { 7, 8, 9 };

  ck_assert (!tern_store_load_limits (store, &limits, &error));
  ck_assert_ptr_null (error);
  ck_assert_uint_eq (limits.cluster, 9);
  put_limits (store, &none);
  put_limits (store, &given);
  g_clear_object (&store);

  store = open_store ();
  ck_assert (tern_store_load_limits (store, &limits, &error));
  ck_assert_uint_eq (limits.out, 3);
  ck_assert_uint_eq (limits.in, 1);
  ck_assert_uint_eq (limits.cluster, TERN_LIMIT_MAX);
  put_limits (store, NULL);
  ck_assert (!tern_store_load_limits (store, &limits, &error));
  ck_assert_ptr_null (error);
}
END_TEST

START_TEST (a_host_is_replaced_by_name_and_removed)
{
  g_autoptr (TernStore) store = open_store ();
  g_autoptr (TernHostConfig) old = tern_host_config_new ("a", "test:///default");
  g_autoptr (TernHostConfig) new = tern_host_config_new ("a", "test:///other");
  g_autoptr (GPtrArray) hosts = NULL;
  g_autoptr (GPtrArray) none = NULL;
  GAsyncResult *result = NULL;

  ck_assert (put_host (store, old, NULL));
  ck_assert (put_host (store, new, NULL));
  hosts = tern_store_load_hosts (store, NULL);
  ck_assert_uint_eq (hosts->len, 1);
  ck_assert_str_eq (((TernHostConfig *) hosts->pdata[0])->uri, "test:///other");

  for (guint i = 0; i < 2; i++)
    {
      tern_store_remove_host_async (store, "a", keep_result, &result);
      ck_assert (finish_write (store, &result, NULL));
    }
  none = tern_store_load_hosts (store, NULL);
  ck_assert_uint_eq (none->len, 0);
}
END_TEST

START_TEST (every_field_of_a_task_comes_back_in_every_phase)
{
  g_autoptr (TernStore) store = open_store ();
  TernTaskFilter filter = { .limit = 1000 };
  g_autoptr (GPtrArray) tasks = NULL;

  for (guint i = 0; i < TERN_N_PHASES; i++)
    {
      g_autoptr (TernTaskRecord) task = new_task (i + 1, i);

      ck_assert (put_task (store, task, NULL));
    }
  g_clear_object (&store);

  store = open_store ();
  tasks = list_tasks (store, &filter, NULL);
  ck_assert_uint_eq (tasks->len, TERN_N_PHASES);
  for (guint i = 0; i < TERN_N_PHASES; i++)
    {
      g_autoptr (TernTaskRecord) task = new_task (i + 1, i);

      assert_same_task (tasks->pdata[TERN_N_PHASES - 1 - i], task);
    }
}
END_TEST

START_TEST (a_task_without_texts_comes_back_without_them)
{
  g_autoptr (TernStore) store = open_store ();
  g_autoptr (TernTaskRecord) task = tern_task_record_new ();
  g_autoptr (GPtrArray) tasks = NULL;
  guint64 last_id;

  task->id = G_MAXINT64;
  task->vm_uuid = g_strdup (VM);
  ck_assert (put_task (store, task, NULL));
  tasks = tern_store_load_open_tasks (store, &last_id, NULL);
  ck_assert_uint_eq (tasks->len, 1);
  assert_same_task (tasks->pdata[0], task);
  ck_assert_uint_eq (last_id, G_MAXINT64);
}
END_TEST

START_TEST (open_tasks_are_those_a_restart_must_look_at)
{
  g_autoptr (TernStore) store = open_store ();
  g_autoptr (GPtrArray) tasks = NULL;
  guint64 last_id = 0;
  guint expected = 0;

  for (guint i = 0; i < TERN_N_PHASES; i++)
    {
      g_autoptr (TernTaskRecord) task = new_task (i + 1, i);

      ck_assert (put_task (store, task, NULL));
    }
  tasks = tern_store_load_open_tasks (store, &last_id, NULL);
  ck_assert_uint_eq (last_id, TERN_N_PHASES);
  for (guint i = 0; i < TERN_N_PHASES; i++)
    if (!tern_task_phase_is_final (i) || i == TERN_PHASE_ATTENTION)
      ck_assert_int_eq (((TernTaskRecord *) tasks->pdata[expected++])->phase, i);
  ck_assert_uint_eq (tasks->len, expected);
}
END_TEST

START_TEST (the_last_id_counts_ended_tasks_too)
{
  g_autoptr (TernStore) store = open_store ();
  g_autoptr (TernTaskRecord) done = new_task (17, TERN_PHASE_DONE);
  g_autoptr (GPtrArray) tasks = NULL;
  guint64 last_id = 0;

  ck_assert (put_task (store, done, NULL));
  tasks = tern_store_load_open_tasks (store, &last_id, NULL);
  ck_assert_uint_eq (tasks->len, 0);
  ck_assert_uint_eq (last_id, 17);
}
END_TEST

START_TEST (a_task_is_copied_when_it_is_handed_over)
{
  g_autoptr (TernStore) store = open_store ();
  g_autoptr (TernTaskRecord) task = new_task (1, TERN_PHASE_COPYING);
  g_autoptr (GPtrArray) tasks = NULL;
  GAsyncResult *result = NULL;
  guint64 last_id;

  tern_store_put_task_async (store, task, keep_result, &result);
  task->progress = 99;
  task->vm_uuid[0] = '\0';
  ck_assert (finish_write (store, &result, NULL));
  tasks = tern_store_load_open_tasks (store, &last_id, NULL);
  ck_assert_int_eq (((TernTaskRecord *) tasks->pdata[0])->progress, 42);
  ck_assert_str_eq (((TernTaskRecord *) tasks->pdata[0])->vm_uuid, VM);
}
END_TEST

static void
note_order (GObject *source, GAsyncResult *result, gpointer data)
{
  GArray *order = data;
  guint number = order->len;

  ck_assert (tern_store_write_finish (TERN_STORE (source), result, NULL));
  g_array_append_val (order, number);
}

/* As a copy that was looked at @n_looks times. */
static TernTaskRecord *
new_traced_task (guint64 id, TernTaskPhase phase, guint n_looks)
{
  TernTaskRecord *task = new_task (id, phase);

  tern_task_record_trace_phase (task, 4000);
  tern_trace_add_step (task->trace, 1, 5000);
  for (guint i = 0; i < n_looks; i++)
    {
      TernTraceSample sample = { 6000 + (gint64) i * G_USEC_PER_SEC, G_MAXUINT64 - i, id, 3, 4, i };

      tern_trace_add_sample (task->trace, &sample);
    }
  return task;
}

START_TEST (a_group_of_tasks_is_written_whole_or_not_at_all)
{
  g_autoptr (TernStore) store = open_store ();
  g_autoptr (GPtrArray) group =
      g_ptr_array_new_with_free_func ((GDestroyNotify) tern_task_record_free);
  g_autoptr (GPtrArray) tasks = NULL;
  g_autoptr (GError) error = NULL;
  GAsyncResult *result = NULL;
  guint64 last_id = 0;

  for (guint i = 1; i <= 3; i++)
    g_ptr_array_add (group, new_traced_task (i, TERN_PHASE_QUEUED, i));
  ((TernTaskRecord *) group->pdata[2])->id = G_MAXUINT64;
  tern_store_put_tasks_async (store, group, keep_result, &result);
  ck_assert (!finish_write (store, &result, &error));
  ck_assert (g_error_matches (error, TERN_ERROR, TERN_ERROR_STORE));
  tasks = tern_store_load_open_tasks (store, &last_id, NULL);
  ck_assert_uint_eq (tasks->len, 0);
  g_clear_pointer (&tasks, g_ptr_array_unref);

  ((TernTaskRecord *) group->pdata[2])->id = 3;
  tern_store_put_tasks_async (store, group, keep_result, &result);
  ck_assert (finish_write (store, &result, NULL));
  tasks = tern_store_load_open_tasks (store, &last_id, NULL);
  ck_assert_uint_eq (tasks->len, 3);
  assert_same_task (tasks->pdata[1], group->pdata[1]);
}
END_TEST

START_TEST (writes_are_carried_out_in_the_order_they_were_asked_for)
{
  g_autoptr (TernStore) store = open_store ();
  g_autoptr (GArray) order = g_array_new (FALSE, FALSE, sizeof (guint));
  g_autoptr (GPtrArray) tasks = NULL;
  guint64 last_id;

  for (guint i = 0; i <= 100; i++)
    {
      g_autoptr (TernTaskRecord) task = new_task (1, TERN_PHASE_COPYING);

      task->progress = i;
      tern_store_put_task_async (store, task, note_order, order);
    }
  while (order->len <= 100)
    g_main_context_iteration (NULL, TRUE);
  tasks = tern_store_load_open_tasks (store, &last_id, NULL);
  ck_assert_int_eq (((TernTaskRecord *) tasks->pdata[0])->progress, 100);
}
END_TEST

/* --- traces --- */

START_TEST (a_trace_survives_a_restart_and_is_read_only_when_it_is_asked_for)
{
  g_autoptr (TernStore) store = open_store ();
  g_autoptr (TernTaskRecord) open = new_traced_task (1, TERN_PHASE_COPYING, 1000);
  g_autoptr (TernTaskRecord) ended = new_traced_task (2, TERN_PHASE_DONE, 3);
  g_autoptr (TernTaskRecord) untraced = new_task (2, TERN_PHASE_DONE);
  TernTaskFilter with = { .limit = 10, .traces = TRUE }, without = { .limit = 10 };
  g_autoptr (GPtrArray) traced = NULL;
  g_autoptr (GPtrArray) listed = NULL;
  g_autoptr (GPtrArray) loaded = NULL;
  guint64 last_id;

  ck_assert (put_task (store, open, NULL) && put_task (store, ended, NULL));
  g_clear_object (&store);

  store = open_store ();
  traced = list_tasks (store, &with, NULL);
  ck_assert_uint_eq (traced->len, 2);
  assert_same_task (traced->pdata[0], ended);
  assert_same_task (traced->pdata[1], open);
  listed = list_tasks (store, &without, NULL);
  assert_same_task (listed->pdata[0], untraced);
  loaded = tern_store_load_open_tasks (store, &last_id, NULL);
  ck_assert_uint_eq (loaded->len, 1);
  assert_same_task (loaded->pdata[0], open);
}
END_TEST

START_TEST (a_record_without_a_trace_leaves_the_one_that_is_stored)
{
  g_autoptr (TernStore) store = open_store ();
  g_autoptr (TernTaskRecord) first = new_traced_task (1, TERN_PHASE_COPYING, 10);
  g_autoptr (TernTaskRecord) numbers = new_task (1, TERN_PHASE_COPYING);
  g_autoptr (TernTaskRecord) second = new_traced_task (1, TERN_PHASE_COPYING, 20);
  g_autoptr (GPtrArray) before = NULL;
  g_autoptr (GPtrArray) after = NULL;
  guint64 last_id;

  numbers->progress = 77;
  ck_assert (put_task (store, first, NULL) && put_task (store, numbers, NULL));
  before = tern_store_load_open_tasks (store, &last_id, NULL);
  numbers->trace = tern_trace_copy (first->trace);
  assert_same_task (before->pdata[0], numbers);

  ck_assert (put_task (store, second, NULL));
  after = tern_store_load_open_tasks (store, &last_id, NULL);
  assert_same_task (after->pdata[0], second);
}
END_TEST

/* --- drains --- */

START_TEST (a_drain_survives_a_restart_with_what_became_of_each_vm)
{
  g_autoptr (TernStore) store = open_store ();
  g_autoptr (TernTaskRecord) drain = new_drain (3, TERN_PHASE_DRAINING);
  g_autoptr (GPtrArray) tasks = NULL;
  guint64 last_id;

  ck_assert (put_task (store, drain, NULL));
  g_clear_object (&store);

  store = open_store ();
  tasks = tern_store_load_open_tasks (store, &last_id, NULL);
  ck_assert_uint_eq (tasks->len, 1);
  assert_same_task (tasks->pdata[0], drain);
}
END_TEST

START_TEST (children_are_found_by_their_drain_ended_ones_too)
{
  g_autoptr (TernStore) store = open_store ();
  g_autoptr (GPtrArray) children = NULL;
  g_autoptr (GPtrArray) none = NULL;
  TernTaskFilter filter = { .limit = 1000, .parent = 7 };
  g_autoptr (GPtrArray) page = NULL;

  for (guint i = 1; i <= 4; i++)
    {
      g_autoptr (TernTaskRecord) task = new_task (i, i < 3 ? TERN_PHASE_DONE : TERN_PHASE_COPYING);

      ck_assert (put_task (store, task, NULL));
    }
  children = tern_store_load_children (store, 7, NULL);
  ck_assert_uint_eq (children->len, 2);
  ck_assert_uint_eq (((TernTaskRecord *) children->pdata[0])->id, 1);
  ck_assert_uint_eq (((TernTaskRecord *) children->pdata[1])->id, 3);
  none = tern_store_load_children (store, 8, NULL);
  ck_assert_uint_eq (none->len, 0);
  page = list_tasks (store, &filter, NULL);
  ck_assert_uint_eq (page->len, 2);
  ck_assert_uint_eq (((TernTaskRecord *) page->pdata[0])->id, 3);
}
END_TEST

static guint count_tasks (TernStore *store, const char *vm_uuid, const char *host,
                          const char *state);

START_TEST (a_drain_is_found_by_each_of_its_hosts_and_by_nothing_else)
{
  static const char *const others[] = { "node", "ode1", "node1,node2", ",", "node12", "%" };
  g_autoptr (TernStore) store = open_store ();
  g_autoptr (TernTaskRecord) drain = new_drain (3, TERN_PHASE_REMAINDER);
  g_autoptr (TernTaskRecord) back = new_drain (4, TERN_PHASE_DONE);
  g_autoptr (TernTaskRecord) move = new_task (5, TERN_PHASE_DONE);

  g_free (back->kind);
  back->kind = g_strdup ("return");
  g_free (back->destination);
  back->destination = g_steal_pointer (&back->source);
  ck_assert (put_task (store, drain, NULL));
  ck_assert (put_task (store, back, NULL));
  ck_assert (put_task (store, move, NULL));
  ck_assert_uint_eq (count_tasks (store, NULL, "node1", NULL), 3);
  ck_assert_uint_eq (count_tasks (store, NULL, "node2", NULL), 2);
  ck_assert_uint_eq (count_tasks (store, NULL, "node2", "remainder"), 1);
  for (guint i = 0; i < G_N_ELEMENTS (others); i++)
    ck_assert_msg (count_tasks (store, NULL, others[i], "remainder") == (i == 2), "%s", others[i]);
}
END_TEST

static void
put_origin (TernStore *store, const TernOrigin *origin)
{
  GAsyncResult *result = NULL;

  tern_store_put_origin_async (store, origin, keep_result, &result);
  ck_assert (finish_write (store, &result, NULL));
}

START_TEST (origins_survive_a_restart_one_for_each_vm_until_they_are_removed)
{
  g_autoptr (TernStore) store = open_store ();
  g_autoptr (TernOrigin) first = tern_origin_new ("b", "it's", "node1");
  g_autoptr (TernOrigin) second = tern_origin_new ("a", NULL, "node2");
  g_autoptr (GPtrArray) origins = NULL;
  g_autoptr (GPtrArray) left = NULL;
  GAsyncResult *result = NULL;
  const TernOrigin *read;

  put_origin (store, first);
  put_origin (store, second);
  first->drain_id = G_MAXINT64;
  first->since_us = 5;
  first->status = g_strdup ("node1 is full");
  first->tried_us = 6;
  put_origin (store, first);
  g_clear_object (&store);

  store = open_store ();
  origins = tern_store_load_origins (store, NULL);
  ck_assert_uint_eq (origins->len, 2);
  read = origins->pdata[0];
  ck_assert_str_eq (read->vm_uuid, "a");
  ck_assert_ptr_null (read->vm_name);
  ck_assert_ptr_null (read->status);
  read = origins->pdata[1];
  ck_assert_str_eq (read->vm_name, "it's");
  ck_assert_str_eq (read->host, "node1");
  ck_assert_uint_eq (read->drain_id, G_MAXINT64);
  ck_assert_int_eq (read->since_us, 5);
  ck_assert_str_eq (read->status, "node1 is full");
  ck_assert_int_eq (read->tried_us, 6);
  for (guint i = 0; i < 2; i++)
    {
      tern_store_remove_origin_async (store, "a", keep_result, &result);
      ck_assert (finish_write (store, &result, NULL));
    }
  left = tern_store_load_origins (store, NULL);
  ck_assert_uint_eq (left->len, 1);
}
END_TEST

START_TEST (a_word_of_the_daemons_own_is_kept_and_replaced)
{
  g_autoptr (TernStore) store = open_store ();
  g_autofree char *none = NULL;
  g_autofree char *some = NULL;
  g_autoptr (GError) error = NULL;

  none = tern_store_load_text (store, "cluster-id", &error);
  ck_assert_ptr_null (none);
  ck_assert_ptr_null (error);
  ck_assert (tern_store_save_text (store, "cluster-id", "one", NULL));
  ck_assert (tern_store_save_text (store, "cluster-id", "it's “two”", NULL));
  ck_assert (tern_store_save_text (store, "other", "three", NULL));
  g_clear_object (&store);

  store = open_store ();
  some = tern_store_load_text (store, "cluster-id", &error);
  ck_assert_str_eq (some, "it's “two”");
}
END_TEST

/* --- history --- */

static void
note_read (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GPtrArray) page = tern_store_list_tasks_finish (TERN_STORE (source), result, NULL);

  ck_assert_ptr_nonnull (page);
  g_string_append_c (data, 'r');
}

static void
note_write (GObject *source, GAsyncResult *result, gpointer data)
{
  ck_assert (tern_store_write_finish (TERN_STORE (source), result, NULL));
  g_string_append_c (data, 'w');
}

/* Anybody may ask for history, and a migration waits for its write. */
START_TEST (a_write_does_not_wait_behind_reads)
{
  g_autoptr (TernStore) store = open_store ();
  g_autoptr (TernTaskRecord) last = new_task (501, TERN_PHASE_QUEUED);
  TernTaskFilter filter = { .limit = 1000 };
  GString *order = g_string_new (NULL);

  /* Enough of both that the last write is asked for long before the reads are through. */
  for (guint i = 1; i <= 500; i++)
    {
      g_autoptr (TernTaskRecord) task = new_task (i, TERN_PHASE_DONE);

      tern_store_put_task_async (store, task, note_write, order);
    }
  for (guint i = 0; i < 100; i++)
    tern_store_list_tasks_async (store, &filter, note_read, order);
  tern_store_put_task_async (store, last, note_write, order);
  while (order->len < 500 + 100 + 1)
    g_main_context_iteration (NULL, TRUE);
  ck_assert_int_eq (order->str[order->len - 1], 'r');
  g_string_free (order, TRUE);
}
END_TEST

START_TEST (history_is_paged_without_gaps_or_repeats)
{
  g_autoptr (TernStore) store = open_store ();
  TernTaskFilter filter = { .limit = 3 };
  guint64 expected = 10;

  for (guint i = 1; i <= 10; i++)
    {
      g_autoptr (TernTaskRecord) task = new_task (i, TERN_PHASE_DONE);

      ck_assert (put_task (store, task, NULL));
    }
  while (expected > 0)
    {
      g_autoptr (GPtrArray) page = list_tasks (store, &filter, NULL);

      ck_assert_uint_eq (page->len, MIN (3, expected));
      for (guint i = 0; i < page->len; i++)
        ck_assert_uint_eq (((TernTaskRecord *) page->pdata[i])->id, expected--);
      filter.before_id = expected + 1;
    }
}
END_TEST

static guint
count_tasks (TernStore *store, const char *vm_uuid, const char *host, const char *state)
{
  TernTaskFilter filter = { .limit = 1000, .vm_uuid = vm_uuid, .host = host, .state = state };
  g_autoptr (GPtrArray) tasks = list_tasks (store, &filter, NULL);

  return tasks->len;
}

START_TEST (history_filters_by_vm_host_and_state_alone_and_together)
{
  g_autoptr (TernStore) store = open_store ();

  for (guint i = 0; i < TERN_N_PHASES; i++)
    {
      g_autoptr (TernTaskRecord) task = new_task (i + 1, i);

      ck_assert (put_task (store, task, NULL));
    }
  ck_assert_uint_eq (count_tasks (store, VM, NULL, NULL), TERN_N_PHASES);
  ck_assert_uint_eq (count_tasks (store, "another", NULL, NULL), 0);
  ck_assert_uint_eq (count_tasks (store, NULL, "node1", NULL), (TERN_N_PHASES + 1) / 2);
  ck_assert_uint_eq (count_tasks (store, NULL, "node2", NULL), TERN_N_PHASES / 2);
  ck_assert_uint_eq (count_tasks (store, NULL, "node3", NULL), TERN_N_PHASES);
  ck_assert_uint_eq (count_tasks (store, NULL, NULL, "queued"), 1);
  ck_assert_uint_eq (count_tasks (store, NULL, NULL, "running"), TERN_PHASE_DONE - 1);
  ck_assert_uint_eq (count_tasks (store, VM, "node1", "queued"), 1);
  ck_assert_uint_eq (count_tasks (store, VM, "node2", "queued"), 0);
}
END_TEST

START_TEST (a_state_that_is_none_is_refused)
{
  g_autoptr (TernStore) store = open_store ();
  TernTaskFilter filter = { .limit = 10, .state = "done' OR 1" };
  g_autoptr (GError) error = NULL;

  ck_assert_ptr_null (list_tasks (store, &filter, &error));
  ck_assert (g_error_matches (error, TERN_ERROR, TERN_ERROR_INVALID_ARGUMENT));
}
END_TEST

/* --- the file --- */

static guint
mode_of (const char *file)
{
  GStatBuf info;

  ck_assert_int_eq (g_stat (file, &info), 0);
  return info.st_mode & 07777;
}

START_TEST (only_the_daemon_can_read_what_it_makes)
{
  g_autofree char *inner = g_build_filename (dir, "state", NULL);
  g_autoptr (TernStore) store = NULL;
  mode_t old = umask (0);

  g_free (path);
  path = g_build_filename (inner, "virtern.db", NULL);
  store = open_store ();
  umask (old);
  ck_assert_uint_eq (mode_of (inner), 0700);
  ck_assert_uint_eq (mode_of (path), 0600);
}
END_TEST

START_TEST (a_closed_store_leaves_one_file_and_the_lock)
{
  g_autoptr (TernStore) store = open_store ();
  g_autoptr (TernTaskRecord) task = new_task (1, TERN_PHASE_DONE);
  g_autofree char *wal = g_strconcat (path, "-wal", NULL);
  g_autofree char *shm = g_strconcat (path, "-shm", NULL);

  ck_assert (put_task (store, task, NULL));
  ck_assert_int_eq (g_access (wal, F_OK), 0);
  g_clear_object (&store);
  ck_assert_int_ne (g_access (wal, F_OK), 0);
  ck_assert_int_ne (g_access (shm, F_OK), 0);
}
END_TEST

START_TEST (closing_carries_out_what_was_asked_for)
{
  g_autoptr (TernStore) store = open_store ();
  g_autoptr (GArray) order = g_array_new (FALSE, FALSE, sizeof (guint));
  g_autoptr (GPtrArray) tasks = NULL;
  guint64 last_id;

  for (guint i = 1; i <= 20; i++)
    {
      g_autoptr (TernTaskRecord) task = new_task (i, TERN_PHASE_QUEUED);

      tern_store_put_task_async (store, task, note_order, order);
    }
  tern_store_sqlite_close (TERN_STORE_SQLITE (store));
  tern_store_sqlite_close (TERN_STORE_SQLITE (store));
  while (order->len < 20)
    g_main_context_iteration (NULL, TRUE);
  g_clear_object (&store);

  store = open_store ();
  tasks = tern_store_load_open_tasks (store, &last_id, NULL);
  ck_assert_uint_eq (tasks->len, 20);
}
END_TEST

START_TEST (a_closed_store_refuses_to_work)
{
  g_autoptr (TernStore) store = open_store ();
  g_autoptr (TernTaskRecord) task = new_task (1, TERN_PHASE_QUEUED);
  g_autoptr (GError) write_error = NULL;
  g_autoptr (GError) load_error = NULL;

  tern_store_sqlite_close (TERN_STORE_SQLITE (store));
  ck_assert (!put_task (store, task, &write_error));
  ck_assert (g_error_matches (write_error, TERN_ERROR, TERN_ERROR_STORE));
  ck_assert_ptr_null (tern_store_load_hosts (store, &load_error));
  ck_assert (g_error_matches (load_error, TERN_ERROR, TERN_ERROR_STORE));
}
END_TEST

START_TEST (what_was_committed_survives_a_kill)
{
  g_autoptr (TernStore) store = NULL;
  g_autoptr (GPtrArray) tasks = NULL;
  guint64 last_id;
  int status;
  pid_t child = fork ();

  if (child == 0)
    {
      g_autoptr (TernTaskRecord) task = new_task (5, TERN_PHASE_COPYING);
      TernStore *doomed = tern_store_sqlite_open (path, NULL);

      if (doomed == NULL || !put_task (doomed, task, NULL))
        _exit (1);
      raise (SIGKILL);
    }
  ck_assert_int_eq (waitpid (child, &status, 0), child);
  ck_assert (WIFSIGNALED (status) && WTERMSIG (status) == SIGKILL);

  /* The lock went with the process. */
  store = open_store ();
  tasks = tern_store_load_open_tasks (store, &last_id, NULL);
  ck_assert_uint_eq (tasks->len, 1);
  ck_assert_uint_eq (last_id, 5);
}
END_TEST

START_TEST (a_second_daemon_is_refused_until_the_first_is_gone)
{
  g_autoptr (TernStore) first = open_store ();
  g_autoptr (TernStore) second = NULL;
  g_autoptr (GError) error = NULL;

  second = tern_store_sqlite_open (path, &error);
  ck_assert_ptr_null (second);
  ck_assert (g_error_matches (error, TERN_ERROR, TERN_ERROR_STORE));
  ck_assert_ptr_nonnull (strstr (error->message, "another virternd"));
  ck_assert_ptr_nonnull (strstr (error->message, path));

  g_clear_object (&first);
  second = open_store ();
}
END_TEST

START_TEST (leftovers_of_a_creation_that_was_cut_off_do_not_matter)
{
  g_autofree char *fresh = g_strconcat (path, ".new", NULL);
  g_autofree char *journal = g_strconcat (path, ".new-journal", NULL);
  g_autoptr (TernStore) store = NULL;

  ck_assert (g_file_set_contents (fresh, "half", -1, NULL));
  ck_assert (g_file_set_contents (journal, "half", -1, NULL));
  ck_assert (g_file_set_contents (path, "", 0, NULL));
  store = open_store ();
  ck_assert_int_ne (g_access (fresh, F_OK), 0);
  ck_assert_int_ne (g_access (journal, F_OK), 0);
}
END_TEST

/* --- files that cannot be used --- */

static char *
digest_of (const char *file)
{
  g_autofree char *content = NULL;
  gsize length = 0;

  if (!g_file_get_contents (file, &content, &length, NULL))
    return g_strdup ("none");
  return g_compute_checksum_for_data (G_CHECKSUM_SHA256, (const guchar *) content, length);
}

/* The file and its log stay byte for byte, and nothing is left beside them. */
static void
assert_refused (const char *because)
{
  g_autofree char *wal = g_strconcat (path, "-wal", NULL);
  g_autofree char *shm = g_strconcat (path, "-shm", NULL);
  g_autofree char *before = digest_of (path);
  g_autofree char *wal_before = digest_of (wal);
  g_autofree char *after = NULL;
  g_autofree char *wal_after = NULL;
  gboolean had_shm = g_access (shm, F_OK) == 0;
  g_autoptr (GError) error = NULL;
  g_autoptr (TernStore) store = tern_store_sqlite_open (path, &error);

  ck_assert_ptr_null (store);
  ck_assert (g_error_matches (error, TERN_ERROR, TERN_ERROR_STORE));
  ck_assert_msg (strstr (error->message, because) != NULL, "“%s” not in: %s", because,
                 error->message);
  ck_assert_msg (strstr (error->message, path) != NULL, "no path in: %s", error->message);

  after = digest_of (path);
  wal_after = digest_of (wal);
  ck_assert_str_eq (before, after);
  ck_assert_str_eq (wal_before, wal_after);
  ck_assert_int_eq (g_access (shm, F_OK) == 0, had_shm);
}

static void
make_store (guint n_tasks)
{
  g_autoptr (TernStore) store = open_store ();

  for (guint i = 1; i <= n_tasks; i++)
    {
      g_autoptr (TernTaskRecord) task = new_task (i, TERN_PHASE_DONE);

      ck_assert (put_task (store, task, NULL));
    }
}

static void
run_sql (const char *sql)
{
  sqlite3 *db = NULL;

  ck_assert_int_eq (sqlite3_open (path, &db), SQLITE_OK);
  ck_assert_int_eq (sqlite3_exec (db, sql, NULL, NULL, NULL), SQLITE_OK);
  sqlite3_close (db);
}

/* As after a kill: the log stays, with @sql in it only. */
static void
run_sql_and_die (const char *sql)
{
  int status;
  pid_t child = fork ();

  if (child == 0)
    {
      run_sql ("PRAGMA journal_mode = WAL");
      sqlite3 *db = NULL;

      if (sqlite3_open (path, &db) != SQLITE_OK
          || sqlite3_exec (db, sql, NULL, NULL, NULL) != SQLITE_OK)
        _exit (1);
      raise (SIGKILL);
    }
  waitpid (child, &status, 0);
  ck_assert (WIFSIGNALED (status));
}

START_TEST (a_file_that_is_no_database_is_refused)
{
  static const char *const contents[] = { "x", "SQLite format 3",
                                          "this is a long text that is not a database at all, not "
                                          "even a small one, and never was, whatever is done" };

  for (guint i = 0; i < G_N_ELEMENTS (contents); i++)
    {
      ck_assert (g_file_set_contents (path, contents[i], -1, NULL));
      assert_refused ("damaged");
    }
}
END_TEST

START_TEST (a_damaged_store_is_refused_wherever_it_is_cut)
{
  g_autofree char *content = NULL;
  gsize length;

  make_store (200);
  ck_assert (g_file_get_contents (path, &content, &length, NULL));
  for (gsize cut = 100; cut < length; cut += 4096)
    {
      ck_assert (g_file_set_contents (path, content, cut, NULL));
      assert_refused ("damaged");
    }
}
END_TEST

START_TEST (an_overwritten_page_is_found)
{
  g_autofree char *content = NULL;
  gsize length;

  make_store (200);
  ck_assert (g_file_get_contents (path, &content, &length, NULL));
  for (gsize page = 1; page < length / 4096; page++)
    {
      g_autofree char *broken = g_memdup2 (content, length);

      memset (broken + page * 4096, 0xa5, 4096);
      ck_assert (g_file_set_contents (path, broken, length, NULL));
      assert_refused ("damaged");
    }
}
END_TEST

START_TEST (a_newer_store_is_refused)
{
  make_store (1);
  run_sql ("PRAGMA user_version = 6");
  assert_refused ("newer version");
}
END_TEST

START_TEST (a_newer_store_is_refused_when_only_its_log_says_so)
{
  make_store (1);
  run_sql_and_die ("PRAGMA user_version = 6");
  assert_refused ("newer version");
}
END_TEST

START_TEST (a_store_without_a_version_is_refused)
{
  make_store (1);
  run_sql ("PRAGMA user_version = 0");
  assert_refused ("damaged");
}
END_TEST

START_TEST (the_database_of_another_program_is_refused)
{
  run_sql ("PRAGMA application_id = 252006674; CREATE TABLE theirs (a)");
  assert_refused ("another program");
}
END_TEST

START_TEST (the_log_of_another_program_is_not_even_recovered)
{
  run_sql ("CREATE TABLE theirs (a)");
  run_sql_and_die ("INSERT INTO theirs VALUES (1)");
  assert_refused ("another program");
}
END_TEST

START_TEST (an_unknown_phase_is_refused_and_the_row_is_named)
{
  make_store (3);
  run_sql ("UPDATE task SET phase = 'dreaming' WHERE id = 2");
  assert_refused ("task 2 has “dreaming” as its phase");
}
END_TEST

START_TEST (a_value_of_a_wrong_type_or_range_is_refused)
{
  static const char *const updates[] = {
    "UPDATE task SET progress = 'x' WHERE id = 2",
    "UPDATE task SET cancel_requested = 2 WHERE id = 2",
    "UPDATE task SET memory_total = -1 WHERE id = 2",
    "UPDATE task SET iteration = 4294967296 WHERE id = 2",
    "UPDATE task SET vm_uuid = x'00' WHERE id = 2",
    "UPDATE task SET eject_media = 7 WHERE id = 2",
    "UPDATE task SET ejected = x'00' WHERE id = 2",
    "UPDATE task SET ejected = 'sda=\\x' WHERE id = 2",
    "UPDATE task SET ejected = 'sda=\\' WHERE id = 2",
    "UPDATE task SET policy = 'brutal' WHERE id = 2",
    "UPDATE task SET policy = 1 WHERE id = 2",
    "UPDATE task SET priority = '' WHERE id = 2",
    "UPDATE task SET compression = 'ZSTD' WHERE id = 2",
    "UPDATE task SET bandwidth_bps = -1 WHERE id = 2",
    "UPDATE task SET parallel = 'many' WHERE id = 2",
    "UPDATE task SET tls = 2 WHERE id = 2",
    "UPDATE task SET chosen = -1 WHERE id = 2",
    "UPDATE task SET postcopy_ready = 'no' WHERE id = 2",
    "UPDATE task SET tried = x'00' WHERE id = 2",
    "UPDATE task SET steps = 'a\\' WHERE id = 2",
    "UPDATE task SET step = 0.5 WHERE id = 2",
    "UPDATE task SET resolution = 'both' WHERE id = 2",
    "UPDATE task SET resolved_by_uid = 'root' WHERE id = 2",
    "UPDATE task SET note = x'00' WHERE id = 2",
    "UPDATE task SET link_bps = x'01' WHERE id = 2",
    "UPDATE task SET parent = -1 WHERE id = 2",
    "UPDATE task SET drain = '{}' WHERE id = 2",
    "UPDATE task SET drain = '{\"hosts\": [\"a\"], \"x\": 1}' WHERE id = 2",
    "UPDATE task SET drain = 5 WHERE id = 2",
    "UPDATE task SET drain = '' WHERE id = 2",
  };

  for (guint i = 0; i < G_N_ELEMENTS (updates); i++)
    {
      g_unlink (path);
      make_store (3);
      run_sql (updates[i]);
      assert_refused ("task 2");
    }
}
END_TEST

START_TEST (a_row_beside_the_tasks_that_makes_no_sense_is_named)
{
  static const struct
  {
    const char *sql, *named;
  } cases[] = {
    { "INSERT INTO origin VALUES ('v', NULL, 'h', -1, 0, NULL, 0)", "origin v has “-1”" },
    { "INSERT INTO origin VALUES ('v', x'00', 'h', 1, 0, NULL, 0)", "origin v has" },
    { "INSERT INTO webhook VALUES ('w', 'u', 'a\\', NULL, NULL, NULL, 0, 0, NULL)",
      "webhook w has" },
    { "INSERT INTO webhook VALUES ('w', 'u', NULL, 7, NULL, x'00', 0, 0, NULL)", "webhook w has" },
    { "INSERT INTO outbox VALUES (3, 'w', 'u', 'gossip', 's', 0, 'b', 0, 0, NULL)",
      "outbox 3 has “gossip” as its kind" },
    { "INSERT INTO outbox VALUES (3, 'w', 'u', 'test', 's', 'x', 'b', 0, 0, NULL)",
      "outbox 3 has" },
    { "INSERT INTO outbox VALUES (-3, 'w', 'u', 'test', 's', 0, 'b', 0, 0, NULL)",
      "outbox -3 has" },
    { "INSERT INTO text VALUES ('k', x'00')", "text k has" },
    { "UPDATE host SET duty = 'asleep'", "host a has “asleep” as its duty" },
    { "INSERT INTO trace VALUES (7, '{}')", "trace 7 has “{}” as its trace" },
    { "INSERT INTO trace VALUES (7, x'00')", "trace 7 has" },
    { "INSERT INTO trace VALUES (-7, "
      "'{\"phases\":[],\"steps\":[],\"step\":400000,\"samples\":[]}')",
      "trace -7 has" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_unlink (path);
      make_store (1);
      run_sql ("INSERT INTO host (name, uri) VALUES ('a', 'test:///')");
      run_sql (cases[i].sql);
      assert_refused (cases[i].named);
    }
}
END_TEST

/* --- stores of older versions --- */

/* tests/fixtures/store/version-N.db was written by virternd when its tables had version N: two
 * hosts, and a task in each phase that there was, with the fields of new_task() or new_drain(). */
static const char *const phases_1[] = {
  "queued",    "checking",  "preparing", "copying", "switching", "cancelling", "following",
  "verifying", "repairing", "done",      "failed",  "cancelled", "attention",  NULL,
};
static const char *const phases_2[] = {
  "queued",    "checking",  "preparing", "copying",  "switching", "cancelling",
  "following", "verifying", "repairing", "defining", "starting",  "done",
  "failed",    "cancelled", "attention", NULL,
};

static const char *const phases_3[] = {
  "queued",    "checking",  "preparing", "copying",    "switching", "post-copy", "cancelling",
  "following", "verifying", "repairing", "recovering", "resolving", "defining",  "starting",
  "done",      "failed",    "cancelled", "attention",  NULL,
};

typedef struct
{
  int version;
  const char *const *phases;
} OldStore;

static const char *const phases_4[] = {
  "queued",     "checking",  "preparing",     "copying",   "switching",  "post-copy",
  "cancelling", "following", "verifying",     "repairing", "recovering", "resolving",
  "defining",   "starting",  "shutting-down", "draining",  "returning",  "done",
  "remainder",  "failed",    "cancelled",     "attention", NULL,
};

static const OldStore old_stores[] = {
  { 1, phases_1 }, { 2, phases_2 }, { 3, phases_3 }, { 4, phases_4 }
};

static guint
count_old_tasks (const OldStore *old)
{
  return g_strv_length ((GStrv) old->phases);
}

/* "done", "failed" and "cancelled", then "remainder" as well */
static guint
count_old_ended (const OldStore *old)
{
  return old->version < 4 ? 3 : 4;
}

static void
copy_old_store (const OldStore *old)
{
  g_autofree char *name = g_strdup_printf ("version-%d.db", old->version);
  g_autofree char *from = g_build_filename (TERN_SRC_DIR, "tests", "fixtures", "store", name, NULL);
  g_autofree char *content = NULL;
  gsize length;

  ck_assert (g_file_get_contents (from, &content, &length, NULL));
  ck_assert (g_file_set_contents (path, content, length, NULL));
}

static void
forget_version_2 (TernTaskRecord *task)
{
  task->group = 0;
  task->memory = 0;
  task->vcpus = 0;
  task->eject_media = FALSE;
  g_clear_pointer (&task->ejected, g_strfreev);
}

static void
forget_version_3 (TernTaskRecord *task)
{
  g_autoptr (TernTaskRecord) fresh = tern_task_record_new ();

  task->options = fresh->options;
  task->chosen = FALSE;
  g_clear_pointer (&task->tried, g_strfreev);
  task->postcopy_ready = FALSE;
  task->copy_began_us = task->step_us = 0;
  task->step = task->recoveries = 0;
  g_clear_pointer (&task->steps, g_strfreev);
  g_clear_pointer (&task->abort_reason, g_free);
  g_clear_pointer (&task->resolution, g_free);
  task->resolved_by_uid = fresh->resolved_by_uid;
  g_clear_pointer (&task->note, g_free);
  task->link_bps = 0;
}

static const char *
find_old_kind (TernTaskPhase phase)
{
  if (phase == TERN_PHASE_DEFINING || phase == TERN_PHASE_STARTING)
    return "start";
  return phase == TERN_PHASE_SHUTTING_DOWN ? "shutdown" : "migrate";
}

/* What that version did not know has the value that it meant. */
static TernTaskRecord *
new_old_task (const OldStore *old, guint64 id)
{
  TernTaskRecord *task;
  TernTaskPhase phase;

  ck_assert (tern_task_phase_from_string (old->phases[id - 1], &phase));
  if (phase == TERN_PHASE_DRAINING || phase == TERN_PHASE_RETURNING
      || phase == TERN_PHASE_REMAINDER)
    return new_drain (id, phase);
  task = new_task (id, phase);
  if (old->version < 4)
    task->parent = 0;
  if (old->version < 3)
    forget_version_3 (task);
  if (old->version < 2)
    forget_version_2 (task);
  g_free (task->kind);
  task->kind = g_strdup (find_old_kind (phase));
  return task;
}

static void
assert_old_hosts (const OldStore *old, TernStore *store)
{
  g_autoptr (GPtrArray) hosts = tern_store_load_hosts (store, NULL);
  const TernHostConfig *second;

  ck_assert_uint_eq (hosts->len, 2);
  for (guint i = 0; i < hosts->len; i++)
    {
      const TernHostConfig *host = hosts->pdata[i];
      gboolean told = old->version >= 2 && i == 1;

      ck_assert_str_eq (host->cluster, told ? "rack-2" : TERN_CLUSTER_DEFAULT);
      ck_assert_uint_eq (host->memory_reserve, told ? G_GUINT64_CONSTANT (3) << 30 : 0);
      ck_assert_int_eq (host->duty, told ? TERN_DUTY_MAINTENANCE : TERN_DUTY_ACTIVE);
      ck_assert_uint_eq (host->limit_out, old->version >= 3 && i == 1 ? 3 : 0);
      ck_assert_uint_eq (host->limit_in, old->version >= 3 && i == 1 ? TERN_LIMIT_MAX : 0);
      ck_assert_uint_eq (host->link_bps, old->version >= 3 && i == 1 ? 125000000 : 0);
      ck_assert_uint_eq (host->bandwidth_bps, old->version >= 3 && i == 1 ? 50000000 : 0);
    }
  second = hosts->pdata[1];
  ck_assert_str_eq (second->peer_uri, "qemu+tls://node2/system");
}

static void
assert_old_content (const OldStore *old, TernStore *store)
{
  TernTaskFilter filter = { .limit = 1000, .traces = TRUE };
  g_autoptr (GPtrArray) tasks = list_tasks (store, &filter, NULL);
  g_autoptr (GPtrArray) open = NULL;
  g_autoptr (GPtrArray) untold = NULL;
  guint n_tasks = count_old_tasks (old);
  guint64 last_id = 0;
  TernLimits limits;

  assert_old_hosts (old, store);
  ck_assert_int_eq (tern_store_load_limits (store, &limits, NULL), old->version >= 3);
  ck_assert_uint_eq (tasks->len, n_tasks);
  for (guint i = 0; i < n_tasks; i++)
    {
      g_autoptr (TernTaskRecord) task = new_old_task (old, n_tasks - i);

      assert_same_task (tasks->pdata[i], task);
    }
  open = tern_store_load_open_tasks (store, &last_id, NULL);
  ck_assert_uint_eq (open->len, n_tasks - count_old_ended (old));
  ck_assert_uint_eq (last_id, n_tasks);
  untold = tern_store_load_untold (store, NULL);
  ck_assert_uint_eq (untold->len, old->version < 4 ? 0 : count_old_ended (old) + 1);
}

START_TEST (a_store_of_an_older_version_is_taken_over_with_its_journal)
{
  const OldStore *old = &old_stores[_i];
  g_autoptr (TernTaskRecord) task = new_task (count_old_tasks (old) + 1, TERN_PHASE_QUEUED);
  g_autoptr (GPtrArray) open = NULL;
  g_autoptr (TernStore) store = NULL;
  guint64 last_id;

  copy_old_store (old);
  store = open_store ();
  assert_old_content (old, store);
  ck_assert (put_task (store, task, NULL));
  g_clear_object (&store);

  store = open_store ();
  open = tern_store_load_open_tasks (store, &last_id, NULL);
  assert_same_task (open->pdata[open->len - 1], task);
}
END_TEST

START_TEST (what_an_older_version_left_in_its_log_is_taken_over_too)
{
  const OldStore *old = &old_stores[_i];
  g_autoptr (TernStore) store = NULL;
  g_autoptr (GPtrArray) open = NULL;
  guint64 last_id;

  copy_old_store (old);
  run_sql_and_die ("UPDATE task SET phase = 'copying' WHERE phase = 'done'");
  store = open_store ();
  open = tern_store_load_open_tasks (store, &last_id, NULL);
  ck_assert_uint_eq (open->len, count_old_tasks (old) - count_old_ended (old) + 1);
}
END_TEST

static char *
describe_columns (const char *file)
{
  static const char sql[] =
      "SELECT group_concat (m.name || '.' || c.name || ' ' || c.type || ' ' || c.\"notnull\") "
      "FROM sqlite_master m JOIN pragma_table_info (m.name) c WHERE m.type = 'table' "
      "ORDER BY m.name";
  sqlite3_stmt *stmt = NULL;
  sqlite3 *db = NULL;
  TernStore *store = tern_store_sqlite_open (file, NULL);
  char *columns;

  ck_assert_ptr_nonnull (store);
  g_object_unref (store);
  ck_assert_int_eq (sqlite3_open (file, &db), SQLITE_OK);
  ck_assert_int_eq (sqlite3_prepare_v2 (db, sql, -1, &stmt, NULL), SQLITE_OK);
  ck_assert_int_eq (sqlite3_step (stmt), SQLITE_ROW);
  columns = g_strdup ((const char *) sqlite3_column_text (stmt, 0));
  sqlite3_finalize (stmt);
  sqlite3_close (db);
  return columns;
}

START_TEST (a_store_that_was_taken_over_is_like_a_new_one)
{
  g_autofree char *fresh = g_build_filename (dir, "new.db", NULL);
  g_autofree char *taken_over = NULL;
  g_autofree char *made = NULL;

  copy_old_store (&old_stores[_i]);
  taken_over = describe_columns (path);
  made = describe_columns (fresh);
  ck_assert_ptr_nonnull (strstr (made, "task.postcopy_ready INTEGER 1"));
  ck_assert_ptr_nonnull (strstr (made, "limits.limit_cluster"));
  ck_assert_ptr_nonnull (strstr (made, "task.told TEXT 1"));
  ck_assert_ptr_nonnull (strstr (made, "outbox.next_us"));
  ck_assert_ptr_nonnull (strstr (made, "trace.trace TEXT 1"));
  ck_assert_str_eq (taken_over, made);
}
END_TEST

START_TEST (a_damaged_store_of_an_older_version_is_refused_and_left_as_it_is)
{
  copy_old_store (&old_stores[_i]);
  run_sql ("UPDATE task SET phase = 'dreaming' WHERE id = 2");
  assert_refused ("task 2 has “dreaming” as its phase");
}
END_TEST

START_TEST (a_store_that_cannot_be_taken_over_stays_as_it_was)
{
  const OldStore *old = &old_stores[_i];
  g_autoptr (GError) error = NULL;
  g_autoptr (TernStore) store = NULL;

  /* The last step finds a table that it would make. */
  copy_old_store (old);
  run_sql ("CREATE TABLE trace (x)");
  store = tern_store_sqlite_open (path, &error);
  ck_assert_ptr_null (store);
  ck_assert (g_error_matches (error, TERN_ERROR, TERN_ERROR_STORE));
  ck_assert_ptr_nonnull (strstr (error->message, "stays as it was"));

  run_sql ("DROP TABLE trace");
  store = open_store ();
  assert_old_content (old, store);
}
END_TEST

START_TEST (limits_that_make_no_sense_are_refused_and_the_row_is_named)
{
  static const char *const updates[] = {
    "INSERT INTO limits VALUES (1, -1, 0, 0)",
    "INSERT INTO limits VALUES (1, 0, 1001, 0)",
    "INSERT INTO limits VALUES (1, 0, 0, 'few')",
  };

  for (guint i = 0; i < G_N_ELEMENTS (updates); i++)
    {
      g_unlink (path);
      make_store (1);
      run_sql (updates[i]);
      assert_refused ("limits 1 has");
    }
}
END_TEST

START_TEST (a_store_without_its_tables_is_refused)
{
  static const char *const drops[] = {
    "DROP TABLE task",    "DROP TABLE host",   "DROP TABLE limits", "DROP TABLE origin",
    "DROP TABLE webhook", "DROP TABLE outbox", "DROP TABLE text",
  };

  for (guint i = 0; i < G_N_ELEMENTS (drops); i++)
    {
      g_unlink (path);
      make_store (1);
      run_sql (drops[i]);
      assert_refused ("no such table");
    }
}
END_TEST

START_TEST (a_missing_directory_is_named)
{
  g_free (path);
  path = g_build_filename (dir, "not", "there", "virtern.db", NULL);
  assert_refused ("is missing");
}
END_TEST

START_TEST (a_directory_in_the_place_of_the_file_is_refused)
{
  ck_assert_int_eq (g_mkdir (path, 0700), 0);
  assert_refused ("not a regular file");
}
END_TEST

/* Root may write everything: become nobody for good (each test is a process of its own). */
static void
become_nobody (void)
{
  if (geteuid () == 0)
    {
      ck_assert_int_eq (chown (dir, 65534, 65534), 0);
      if (g_access (path, F_OK) == 0)
        ck_assert_int_eq (chown (path, 65534, 65534), 0);
      ck_assert_int_eq (setgid (65534), 0);
      ck_assert_int_eq (setuid (65534), 0);
    }
}

START_TEST (a_file_that_cannot_be_written_is_refused)
{
  make_store (1);
  become_nobody ();
  ck_assert_int_eq (g_chmod (path, 0400), 0);
  assert_refused ("cannot be written");
  ck_assert_int_eq (g_chmod (path, 0600), 0);
}
END_TEST

START_TEST (a_directory_that_cannot_be_written_is_refused)
{
  become_nobody ();
  ck_assert_int_eq (g_chmod (dir, 0500), 0);
  assert_refused ("no files can be made");
  ck_assert_int_eq (g_chmod (dir, 0700), 0);
}
END_TEST

/* --- disks that refuse --- */

/* A small file system of this test's own; FALSE where the kernel gives us none. */
static gboolean
mount_small_disk (void)
{
  if (unshare (CLONE_NEWNS | (geteuid () == 0 ? 0 : CLONE_NEWUSER)) != 0)
    return FALSE;
  if (mount ("none", "/", "none", MS_REC | MS_PRIVATE, NULL) != 0)
    return FALSE;
  return mount ("tmpfs", dir, "tmpfs", 0, "size=400k") == 0;
}

START_TEST (a_read_only_mount_is_refused)
{
  if (!mount_small_disk ())
    return;
  make_store (1);
  ck_assert_int_eq (mount ("none", dir, "tmpfs", MS_REMOUNT | MS_RDONLY, NULL), 0);
  assert_refused ("Read-only file system");
  umount (dir);
}
END_TEST

/* Writes task 2, 3, … until the disk says no. Returns: the id that was refused */
static guint64
fill (TernStore *store, GError **error)
{
  for (guint64 id = 2; id < 100000; id++)
    {
      g_autoptr (TernTaskRecord) task = new_task (id, TERN_PHASE_DONE);

      if (!put_task (store, task, error))
        return id;
    }
  return 0;
}

static void
assert_stored (TernStore *store, guint64 refused)
{
  g_autoptr (GPtrArray) open = NULL;
  guint64 last_id = 0;

  open = tern_store_load_open_tasks (store, &last_id, NULL);
  ck_assert_uint_eq (last_id, refused - 1);
  ck_assert_uint_eq (open->len, 1);
}

static void
count_one (guint *count)
{
  (*count)++;
}

static void
check_full_disk (void (*make_room) (void))
{
  g_autoptr (TernStore) store = open_store ();
  g_autoptr (TernTaskRecord) first = new_task (1, TERN_PHASE_COPYING);
  g_autoptr (TernTaskRecord) next = NULL;
  g_autoptr (GError) error = NULL;
  guint64 refused;
  guint n_changes = 0;

  g_signal_connect_swapped (store, "trouble-changed", G_CALLBACK (count_one), &n_changes);
  ck_assert (put_task (store, first, NULL));
  ck_assert_ptr_null (tern_store_get_trouble (store));
  refused = fill (store, &error);
  ck_assert_uint_gt (refused, 2);
  ck_assert_msg (g_error_matches (error, TERN_ERROR, TERN_ERROR_STORE), "%s", error->message);
  ck_assert_ptr_nonnull (strstr (error->message, path));
  ck_assert_str_eq (tern_store_get_trouble (store), error->message);
  ck_assert_uint_eq (n_changes, 1);
  assert_stored (store, refused);

  make_room ();
  next = new_task (refused, TERN_PHASE_DONE);
  ck_assert (put_task (store, next, NULL));
  ck_assert_ptr_null (tern_store_get_trouble (store));
  ck_assert_uint_eq (n_changes, 2);
  g_clear_object (&store);
  store = open_store ();
  assert_stored (store, refused + 1);
}

static void
enlarge_disk (void)
{
  ck_assert_int_eq (mount ("none", dir, "tmpfs", MS_REMOUNT, "size=8m"), 0);
}

START_TEST (a_full_disk_costs_one_write_and_nothing_else)
{
  if (!mount_small_disk ())
    return;
  check_full_disk (enlarge_disk);
  umount (dir);
}
END_TEST

static void
lift_file_limit (void)
{
  struct rlimit limit;

  getrlimit (RLIMIT_FSIZE, &limit);
  limit.rlim_cur = limit.rlim_max;
  ck_assert_int_eq (setrlimit (RLIMIT_FSIZE, &limit), 0);
}

START_TEST (a_file_that_may_not_grow_costs_one_write_and_nothing_else)
{
  struct rlimit limit;

  signal (SIGXFSZ, SIG_IGN);
  getrlimit (RLIMIT_FSIZE, &limit);
  limit.rlim_cur = 200000;
  ck_assert_int_eq (setrlimit (RLIMIT_FSIZE, &limit), 0);
  check_full_disk (lift_file_limit);
}
END_TEST

/* clang-format off */
TERN_CHECK_MAIN ("store-sqlite",
  tcase_add_checked_fixture (tcase, setup, teardown);
  tcase_add_test (tcase, a_new_store_is_empty);
  tcase_add_test (tcase, hosts_survive_a_restart_sorted_by_name);
  tcase_add_test (tcase, limits_survive_a_restart_and_can_be_forgotten);
  tcase_add_test (tcase, a_host_is_replaced_by_name_and_removed);
  tcase_add_test (tcase, every_field_of_a_task_comes_back_in_every_phase);
  tcase_add_test (tcase, a_task_without_texts_comes_back_without_them);
  tcase_add_test (tcase, open_tasks_are_those_a_restart_must_look_at);
  tcase_add_test (tcase, the_last_id_counts_ended_tasks_too);
  tcase_add_test (tcase, a_task_is_copied_when_it_is_handed_over);
  tcase_add_test (tcase, a_group_of_tasks_is_written_whole_or_not_at_all);
  tcase_add_test (tcase, writes_are_carried_out_in_the_order_they_were_asked_for);
  tcase_add_test (tcase, a_trace_survives_a_restart_and_is_read_only_when_it_is_asked_for);
  tcase_add_test (tcase, a_record_without_a_trace_leaves_the_one_that_is_stored);
  tcase_add_test (tcase, a_drain_survives_a_restart_with_what_became_of_each_vm);
  tcase_add_test (tcase, children_are_found_by_their_drain_ended_ones_too);
  tcase_add_test (tcase, a_drain_is_found_by_each_of_its_hosts_and_by_nothing_else);
  tcase_add_test (tcase, origins_survive_a_restart_one_for_each_vm_until_they_are_removed);
  tcase_add_test (tcase, a_word_of_the_daemons_own_is_kept_and_replaced);
  tcase_add_test (tcase, a_write_does_not_wait_behind_reads);
  tcase_add_test (tcase, history_is_paged_without_gaps_or_repeats);
  tcase_add_test (tcase, history_filters_by_vm_host_and_state_alone_and_together);
  tcase_add_test (tcase, a_state_that_is_none_is_refused);
  tcase_add_test (tcase, only_the_daemon_can_read_what_it_makes);
  tcase_add_test (tcase, a_closed_store_leaves_one_file_and_the_lock);
  tcase_add_test (tcase, closing_carries_out_what_was_asked_for);
  tcase_add_test (tcase, a_closed_store_refuses_to_work);
  tcase_add_test (tcase, what_was_committed_survives_a_kill);
  tcase_add_test (tcase, a_second_daemon_is_refused_until_the_first_is_gone);
  tcase_add_test (tcase, leftovers_of_a_creation_that_was_cut_off_do_not_matter);
  tcase_add_test (tcase, a_file_that_is_no_database_is_refused);
  tcase_add_test (tcase, a_damaged_store_is_refused_wherever_it_is_cut);
  tcase_add_test (tcase, an_overwritten_page_is_found);
  tcase_add_test (tcase, a_newer_store_is_refused);
  tcase_add_test (tcase, a_newer_store_is_refused_when_only_its_log_says_so);
  tcase_add_test (tcase, a_store_without_a_version_is_refused);
  tcase_add_test (tcase, the_database_of_another_program_is_refused);
  tcase_add_test (tcase, the_log_of_another_program_is_not_even_recovered);
  tcase_add_test (tcase, an_unknown_phase_is_refused_and_the_row_is_named);
  tcase_add_test (tcase, a_value_of_a_wrong_type_or_range_is_refused);
  tcase_add_test (tcase, a_row_beside_the_tasks_that_makes_no_sense_is_named);
  tcase_add_loop_test (tcase, a_store_of_an_older_version_is_taken_over_with_its_journal, 0,
                       G_N_ELEMENTS (old_stores));
  tcase_add_loop_test (tcase, what_an_older_version_left_in_its_log_is_taken_over_too, 0,
                       G_N_ELEMENTS (old_stores));
  tcase_add_loop_test (tcase, a_store_that_was_taken_over_is_like_a_new_one, 0,
                       G_N_ELEMENTS (old_stores));
  tcase_add_loop_test (tcase, a_damaged_store_of_an_older_version_is_refused_and_left_as_it_is, 0,
                       G_N_ELEMENTS (old_stores));
  tcase_add_loop_test (tcase, a_store_that_cannot_be_taken_over_stays_as_it_was, 0,
                       G_N_ELEMENTS (old_stores));
  tcase_add_test (tcase, limits_that_make_no_sense_are_refused_and_the_row_is_named);
  tcase_add_test (tcase, a_store_without_its_tables_is_refused);
  tcase_add_test (tcase, a_missing_directory_is_named);
  tcase_add_test (tcase, a_directory_in_the_place_of_the_file_is_refused);
  tcase_add_test (tcase, a_file_that_cannot_be_written_is_refused);
  tcase_add_test (tcase, a_directory_that_cannot_be_written_is_refused);
  tcase_add_test (tcase, a_read_only_mount_is_refused);
  tcase_add_test (tcase, a_full_disk_costs_one_write_and_nothing_else);
  tcase_add_test (tcase, a_file_that_may_not_grow_costs_one_write_and_nothing_else);
)
/* clang-format on */
