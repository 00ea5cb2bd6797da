/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What is told, to whom, in which order, and how often: a herald on a real store, with endpoints
 * that behave as badly as each test says.
 */
#include "config.h"

#include "base/error.h"
#include "base/json.h"
#include "drivers/sim.h"
#include "drivers/store-sqlite.h"
#include "engine/herald-private.h"
#include "engine/task-private.h"
#include "fake-notifier.h"
#include "fake-store.h"
#include "tern-check.h"
#include "world.h"

#include <glib/gstdio.h>

#include <string.h>

#define SECONDS(n) ((gint64) (n) *G_USEC_PER_SEC)
#define HOURS(n) SECONDS ((gint64) (n) *3600)
#define SOURCE "/virtern/test"
/* So many wait for a webhook at most, where that is tested. */
#define MOST 500

typedef struct
{
  char *dir;
  TernClock *clock;
  TernStore *outbox;
  FakeNotifier *notifier;
  TernInventory *inventory;
  TernTaskList *tasks;
  TernHerald *herald;
  World *world; /* NULL: there are no hosts */
} Bottle;

/* --- the bottle --- */

static void
start_herald (Bottle *self)
{
  g_autoptr (GPtrArray) webhooks = tern_outbox_load_webhooks (TERN_OUTBOX (self->outbox), NULL);
  g_autoptr (GPtrArray) untold = tern_store_load_untold (self->outbox, NULL);

  self->herald =
      tern_herald_new (self->clock, TERN_OUTBOX (self->outbox), TERN_NOTIFIER (self->notifier),
                       self->inventory, self->tasks, SOURCE);
  tern_herald_seed (self->herald, 7);
  tern_herald_load (self->herald, webhooks, untold);
}

static void
stop_herald (Bottle *self)
{
  g_object_run_dispose (G_OBJECT (self->herald));
  g_clear_object (&self->herald);
}

static void
open_outbox (Bottle *self)
{
  g_autofree char *path = NULL;
  g_autoptr (GError) error = NULL;

  self->dir = g_dir_make_tmp ("tern-herald-XXXXXX", NULL);
  path = g_build_filename (self->dir, "test.db", NULL);
  self->outbox = tern_store_sqlite_open (path, &error);
  ck_assert_msg (self->outbox != NULL, "%s", error != NULL ? error->message : "");
  self->notifier = fake_notifier_new ();
}

static void
bottle_init (Bottle *self)
{
  g_autoptr (TernSim) sim = NULL;
  g_autoptr (GPtrArray) none = g_ptr_array_new ();
  g_autoptr (GPtrArray) journal = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (FakeStore) store = NULL;

  memset (self, 0, sizeof *self);
  open_outbox (self);
  self->clock = tern_clock_new_fake (SECONDS (1700000000));
  store = fake_store_new (self->clock, journal);
  sim = tern_sim_new (self->clock);
  self->inventory = tern_inventory_new (self->clock, TERN_STORE (store), tern_sim_factory, sim);
  tern_inventory_load (self->inventory, none);
  self->tasks = tern_task_list_new ();
  start_herald (self);
}

static void
bottle_init_with_hosts (Bottle *self, World *world)
{
  memset (self, 0, sizeof *self);
  world_init (world);
  open_outbox (self);
  self->world = world;
  self->clock = g_object_ref (world->clock);
  self->inventory = g_object_ref (world->inventory);
  self->tasks = g_object_ref (world->tasks);
  start_herald (self);
}

static void
bottle_clear (Bottle *self)
{
  g_autofree char *path = g_build_filename (self->dir, "test.db", NULL);

  fake_notifier_let_go (self->notifier);
  stop_herald (self);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  tern_store_sqlite_close (TERN_STORE_SQLITE (self->outbox));
  g_clear_object (&self->outbox);
  g_clear_object (&self->notifier);
  g_clear_object (&self->tasks);
  g_clear_object (&self->inventory);
  g_clear_object (&self->clock);
  g_unlink (path);
  g_rmdir (self->dir);
  g_free (self->dir);
  if (self->world != NULL)
    world_clear (self->world);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Bottle, bottle_clear)

/* --- time --- */

static void
on_done (GObject *source, GAsyncResult *result, gpointer data)
{
  (void) source;
  *(GAsyncResult **) data = g_object_ref (result);
}

static GAsyncResult *
wait_for (GAsyncResult **result)
{
  while (*result == NULL)
    g_main_context_iteration (NULL, TRUE);
  return *result;
}

/* Once through the queue of the store: what was asked before is answered. */
static TernOutboxCount *
count (Bottle *self, const char *webhook)
{
  g_autoptr (GAsyncResult) result = NULL;
  TernOutboxCount *n;

  tern_outbox_count_async (TERN_OUTBOX (self->outbox), webhook, on_done, &result);
  n = tern_outbox_count_finish (TERN_OUTBOX (self->outbox), wait_for (&result), NULL);
  ck_assert_ptr_nonnull (n);
  return n;
}

/* Until nothing moves without time going by. */
static void
settle (Bottle *self)
{
  for (guint quiet = 0; quiet < 4; quiet++)
    {
      guint sent = self->notifier->sent->len;

      tern_outbox_count_free (count (self, "none"));
      while (g_main_context_iteration (NULL, FALSE))
        ;
      if (sent != self->notifier->sent->len || self->herald->is_writing
          || self->notifier->n_busy > self->notifier->hanging->len)
        quiet = 0;
    }
}

static void
pass (Bottle *self, gint64 duration_us)
{
  gint64 end_us = tern_clock_now_us (self->clock) + duration_us;

  settle (self);
  while (tern_clock_now_us (self->clock) < end_us)
    {
      gint64 next_us = MIN (tern_clock_find_next_us (self->clock), end_us);

      tern_clock_advance (self->clock, MAX (next_us - tern_clock_now_us (self->clock), 0));
      settle (self);
    }
}

/* --- what happens --- */

static gboolean
add (Bottle *self, const char *name, const char *const *kinds, GError **error)
{
  g_autoptr (TernWebhook) webhook = tern_webhook_new (name, "https://hooks.example.org/x?token=1");
  g_autoptr (GAsyncResult) result = NULL;

  webhook->kinds = g_strdupv ((char **) kinds);
  tern_herald_add_async (self->herald, webhook, on_done, &result);
  return tern_herald_edit_finish (self->herald, wait_for (&result), error);
}

static void
add_well (Bottle *self, const char *name)
{
  g_autoptr (GError) error = NULL;

  ck_assert_msg (add (self, name, NULL, &error), "%s", error != NULL ? error->message : "");
}

static TernTaskRecord *
make_record (guint64 id, const char *vm_uuid, TernTaskPhase phase)
{
  TernTaskRecord *record = tern_task_record_new ();

  record->id = id;
  g_free (record->kind);
  record->kind = g_strdup ("migrate");
  g_free (record->vm_uuid);
  record->vm_uuid = g_strdup (vm_uuid);
  g_free (record->vm_name);
  record->vm_name = g_strdup ("web\n01");
  g_free (record->source);
  record->source = g_strdup ("anna");
  g_free (record->destination);
  record->destination = g_strdup ("bert");
  record->phase = phase;
  record->created_us = SECONDS (1700000000);
  return record;
}

static void
store_record (Bottle *self, const TernTaskRecord *record)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  tern_store_put_task_async (self->outbox, record, on_done, &result);
  ck_assert_msg (tern_store_write_finish (self->outbox, wait_for (&result), &error), "%s",
                 error != NULL ? error->message : "");
}

/* A task that is taken up, and ends at once; stored first, as the engine does. */
static void
end_task (Bottle *self, guint64 id, const char *vm_uuid, TernTaskPhase phase)
{
  g_autoptr (TernTask) task = tern_task_new (make_record (id, vm_uuid, TERN_PHASE_COPYING));
  TernTaskRecord *ended = make_record (id, vm_uuid, phase);

  tern_task_list_add (self->tasks, task);
  store_record (self, ended);
  tern_task_replace (task, ended);
}

static char *
vm_uuid (guint i)
{
  return g_strdup_printf ("%08u-5a3f-4c7d-9e1b-2f3a4b5c6d7e", i);
}

/* Notices for @webhook, in one write. */
static void
post_many (Bottle *self, const char *webhook, guint n, guint n_subjects)
{
  g_autoptr (GPtrArray) notices =
      g_ptr_array_new_with_free_func ((GDestroyNotify) tern_notice_free);
  g_autoptr (GAsyncResult) result = NULL;

  for (guint i = 0; i < n; i++)
    {
      g_autofree char *uuid = vm_uuid (i % n_subjects);
      g_autoptr (TernTaskRecord) record = make_record (i + 1, uuid, TERN_PHASE_DONE);
      TernNotice *notice =
          tern_herald_notice_of_task (SOURCE, record, tern_clock_wall_us (self->clock));

      notice->webhook = g_strdup (webhook);
      g_ptr_array_add (notices, notice);
    }
  tern_outbox_post_async (TERN_OUTBOX (self->outbox), notices, 0, TERN_PHASE_QUEUED, on_done,
                          &result);
  ck_assert (tern_outbox_write_finish (TERN_OUTBOX (self->outbox), wait_for (&result), NULL));
}

static void
restart (Bottle *self)
{
  stop_herald (self);
  start_herald (self);
}

static JsonObject *
parse (const TernNotice *notice, JsonParser **out_parser)
{
  g_autoptr (JsonParser) parser = json_parser_new ();

  ck_assert (json_parser_load_from_data (parser, notice->body, -1, NULL));
  *out_parser = g_steal_pointer (&parser);
  return json_node_get_object (json_parser_get_root (*out_parser));
}

static guint64
count_waiting (Bottle *self, const char *webhook)
{
  g_autoptr (TernOutboxCount) n = count (self, webhook);

  return n->waiting;
}

static guint64
count_dropped (Bottle *self, const char *webhook)
{
  g_autoptr (TernOutboxCount) n = count (self, webhook);

  return n->dropped;
}

static guint
count_kind (Bottle *self, TernNoticeKind kind)
{
  guint n = 0;

  for (guint i = 0; i < self->notifier->accepted->len; i++)
    n += ((const TernNotice *) self->notifier->accepted->pdata[i])->kind == kind;
  return n;
}

/* In the order of each subject, by the task's id; the same one again is allowed. */
static void
check_order (const GPtrArray *notices)
{
  g_autoptr (GHashTable) last = g_hash_table_new (g_str_hash, g_str_equal);

  for (guint i = 0; i < notices->len; i++)
    {
      const TernNotice *notice = notices->pdata[i];
      gint64 before = GPOINTER_TO_SIZE (g_hash_table_lookup (last, notice->subject));

      ck_assert_msg ((gint64) notice->id >= before, "notice %d of %s came after %d",
                     (int) notice->id, notice->subject, (int) before);
      g_hash_table_insert (last, notice->subject, GSIZE_TO_POINTER (notice->id));
    }
}

/* --- answers --- */

static FakeAnswer
refuse_all (const TernNotice *notice, guint nth, gpointer data)
{
  (void) notice;
  (void) nth;
  (void) data;
  return (FakeAnswer){ .ok = FALSE };
}

static FakeAnswer
hang_all (const TernNotice *notice, guint nth, gpointer data)
{
  (void) notice;
  (void) nth;
  (void) data;
  return (FakeAnswer){ .hangs = TRUE };
}

static FakeAnswer
refuse_every_third (const TernNotice *notice, guint nth, gpointer data)
{
  (void) notice;
  (void) data;
  return (FakeAnswer){ .ok = nth % 3 != 2 };
}

/* data: a subject that is never taken. */
static FakeAnswer
refuse_one_subject (const TernNotice *notice, guint nth, gpointer data)
{
  (void) nth;
  return (FakeAnswer){ .ok = !g_str_equal (notice->subject, data) };
}

static FakeAnswer
want_nothing (const TernNotice *notice, guint nth, gpointer data)
{
  (void) notice;
  (void) data;
  return (FakeAnswer){ .ok = nth > 0, .hopeless = nth == 0 };
}

static FakeAnswer
ask_to_wait (const TernNotice *notice, guint nth, gpointer data)
{
  (void) notice;
  return (FakeAnswer){ .ok = nth > 0, .wait_us = *(const gint64 *) data };
}

/* --- what is said --- */

START_TEST (every_final_phase_makes_a_cloud_event_of_its_kind)
{
  static const struct
  {
    TernTaskPhase phase;
    const char *type;
  } cases[] = {
    { TERN_PHASE_DONE, "org.virtern.task.ended" },
    { TERN_PHASE_FAILED, "org.virtern.task.ended" },
    { TERN_PHASE_CANCELLED, "org.virtern.task.ended" },
    { TERN_PHASE_ATTENTION, "org.virtern.task.attention" },
    { TERN_PHASE_REMAINDER, "org.virtern.drain.remainder" },
  };
  g_autofree char *uuid = vm_uuid (1);
  guint n = 0;

  for (guint phase = 0; phase < TERN_N_PHASES; phase++)
    n += tern_task_phase_is_final (phase);
  ck_assert_uint_eq (n, G_N_ELEMENTS (cases));
  for (guint i = 0; i < n; i++)
    {
      g_autoptr (TernTaskRecord) record = make_record (3, uuid, cases[i].phase);
      g_autoptr (TernNotice) notice = tern_herald_notice_of_task (SOURCE, record, SECONDS (10) + 5);
      g_autoptr (JsonParser) parser = NULL;
      JsonObject *event = parse (notice, &parser);
      JsonObject *data = json_object_get_object_member (event, "data");

      ck_assert_str_eq (json_object_get_string_member (event, "type"), cases[i].type);
      ck_assert_str_eq (json_object_get_string_member (event, "specversion"), "1.0");
      ck_assert_str_eq (json_object_get_string_member (event, "source"), SOURCE);
      ck_assert_str_eq (json_object_get_string_member (event, "subject"), uuid);
      ck_assert_str_eq (json_object_get_string_member (event, "id"), notice->uid);
      ck_assert_str_eq (json_object_get_string_member (event, "time"),
                        "1970-01-01T00:00:10.000005Z");
      ck_assert (g_uuid_string_is_valid (notice->uid));
      ck_assert_int_eq (json_object_get_int_member (data, "Id"), 3);
      ck_assert_str_eq (json_object_get_string_member (data, "Vm"), "web\\x0a01");
      ck_assert_str_eq (json_object_get_string_member (data, "State"),
                        tern_task_phase_to_state (cases[i].phase));
    }
}
END_TEST

START_TEST (a_drain_tells_what_is_left_and_counts_the_rest)
{
  g_autoptr (TernTaskRecord) record = make_record (9, "", TERN_PHASE_REMAINDER);
  g_autoptr (TernNotice) notice = NULL;
  g_autoptr (JsonParser) parser = NULL;
  JsonObject *data, *first;
  JsonArray *left;

  record->drain = tern_drain_new ((const char *const[]){ "anna", NULL });
  for (guint i = 0; i < 1000; i++)
    {
      g_autofree char *uuid = vm_uuid (i);
      TernDrainItem *item = tern_drain_item_new (uuid, "vm");

      item->state = i % 2 == 0 ? TERN_ITEM_LEFT : TERN_ITEM_GONE;
      g_ptr_array_add (item->reasons,
                       tern_item_reason_new ("vm.locked", "It is locked", "Unlock it"));
      g_ptr_array_add (record->drain->items, item);
    }
  notice = tern_herald_notice_of_task (SOURCE, record, 1);
  data = json_object_get_object_member (parse (notice, &parser), "data");
  left = json_object_get_array_member (data, "Left");
  first = json_array_get_object_element (left, 0);

  ck_assert_str_eq (notice->subject, "task/9");
  ck_assert_uint_eq (json_array_get_length (left), 200);
  ck_assert_int_eq (json_object_get_int_member (data, "LeftCount"), 500);
  ck_assert_int_eq (json_object_get_int_member (data, "GoneCount"), 500);
  ck_assert_str_eq (json_object_get_string_member (first, "State"), "left");
  ck_assert_uint_eq (json_array_get_length (json_object_get_array_member (first, "Reasons")), 1);
  ck_assert_uint_lt (strlen (notice->body), 100 * 1024);
}
END_TEST

/* --- who is told --- */

START_TEST (a_task_that_ends_is_told_to_those_who_want_it)
{
  static const char *const only_hosts[] = { "host.lost", NULL };
  g_auto (Bottle) bottle;
  g_autofree char *uuid = vm_uuid (1);
  g_autoptr (GPtrArray) untold = NULL;

  bottle_init (&bottle);
  add_well (&bottle, "all");
  ck_assert (add (&bottle, "hosts", only_hosts, NULL));
  end_task (&bottle, 1, uuid, TERN_PHASE_DONE);
  settle (&bottle);

  ck_assert_uint_eq (bottle.notifier->accepted->len, 1);
  ck_assert_uint_eq (count_waiting (&bottle, "all"), 0);
  ck_assert_uint_eq (count_waiting (&bottle, "hosts"), 0);
  untold = tern_store_load_untold (bottle.outbox, NULL);
  ck_assert_uint_eq (untold->len, 0);
}
END_TEST

START_TEST (without_a_webhook_a_task_counts_as_told)
{
  g_auto (Bottle) bottle;
  g_autofree char *uuid = vm_uuid (1);
  g_autoptr (GPtrArray) untold = NULL;

  bottle_init (&bottle);
  end_task (&bottle, 1, uuid, TERN_PHASE_FAILED);
  settle (&bottle);
  untold = tern_store_load_untold (bottle.outbox, NULL);
  ck_assert_uint_eq (untold->len, 0);
}
END_TEST

START_TEST (attention_and_the_end_that_follows_it_are_told_each)
{
  g_auto (Bottle) bottle;
  g_autofree char *uuid = vm_uuid (1);
  g_autoptr (TernTask) task = tern_task_new (make_record (1, uuid, TERN_PHASE_COPYING));

  bottle_init (&bottle);
  add_well (&bottle, "all");
  tern_task_list_add (bottle.tasks, task);
  tern_task_replace (task, make_record (1, uuid, TERN_PHASE_ATTENTION));
  tern_task_replace (task, make_record (1, uuid, TERN_PHASE_RESOLVING));
  tern_task_replace (task, make_record (1, uuid, TERN_PHASE_DONE));
  settle (&bottle);
  ck_assert_uint_eq (bottle.notifier->accepted->len, 2);
  ck_assert_uint_eq (count_kind (&bottle, TERN_NOTICE_ATTENTION), 1);
  ck_assert_uint_eq (count_kind (&bottle, TERN_NOTICE_TASK_ENDED), 1);
  check_order (bottle.notifier->accepted);
}
END_TEST

START_TEST (what_was_not_told_when_the_daemon_died_is_told_by_the_next)
{
  g_auto (Bottle) bottle;
  g_autofree char *uuid = vm_uuid (1);
  g_autoptr (TernTaskRecord) record = make_record (1, uuid, TERN_PHASE_DONE);

  bottle_init (&bottle);
  add_well (&bottle, "all");
  store_record (&bottle, record);
  settle (&bottle);
  ck_assert_uint_eq (bottle.notifier->sent->len, 0);
  restart (&bottle);
  settle (&bottle);
  ck_assert_uint_eq (bottle.notifier->accepted->len, 1);
  restart (&bottle);
  pass (&bottle, SECONDS (60));
  ck_assert_uint_eq (bottle.notifier->sent->len, 1);
}
END_TEST

START_TEST (what_waits_when_the_daemon_ends_is_delivered_by_the_next)
{
  g_auto (Bottle) bottle;

  bottle_init (&bottle);
  add_well (&bottle, "all");
  post_many (&bottle, "all", 100, 7);
  bottle.notifier->answer = hang_all;
  restart (&bottle);
  settle (&bottle);
  ck_assert_uint_eq (bottle.notifier->hanging->len, 4);
  bottle.notifier->answer = NULL;
  restart (&bottle);
  settle (&bottle);
  ck_assert_uint_eq (bottle.notifier->accepted->len, 100);
  check_order (bottle.notifier->accepted);
  ck_assert_uint_eq (count_waiting (&bottle, "all"), 0);
}
END_TEST

/* --- endpoints that fail --- */

START_TEST (all_arrive_in_order_though_every_third_attempt_fails)
{
  g_auto (Bottle) bottle;

  bottle_init (&bottle);
  add_well (&bottle, "all");
  bottle.notifier->answer = refuse_every_third;
  post_many (&bottle, "all", 300, 20);
  restart (&bottle);
  pass (&bottle, SECONDS (600));
  ck_assert_uint_eq (bottle.notifier->accepted->len, 300);
  check_order (bottle.notifier->sent);
  ck_assert_uint_eq (count_waiting (&bottle, "all"), 0);
  ck_assert_uint_eq (count_dropped (&bottle, "all"), 0);
}
END_TEST

START_TEST (a_notice_that_is_never_taken_holds_up_its_subject_only)
{
  g_auto (Bottle) bottle;
  g_autofree char *bad = vm_uuid (3);

  bottle_init (&bottle);
  add_well (&bottle, "all");
  bottle.notifier->answer = refuse_one_subject;
  bottle.notifier->answer_data = bad;
  post_many (&bottle, "all", 200, 10);
  restart (&bottle);
  pass (&bottle, SECONDS (60));
  ck_assert_uint_eq (bottle.notifier->accepted->len, 180);
  ck_assert_uint_eq (count_waiting (&bottle, "all"), 20);
}
END_TEST

START_TEST (a_dead_endpoint_is_asked_one_at_a_time_and_ever_more_rarely)
{
  g_auto (Bottle) bottle;
  guint first_hour, second_hour;

  bottle_init (&bottle);
  add_well (&bottle, "all");
  bottle.notifier->answer = refuse_all;
  post_many (&bottle, "all", 500, 100);
  restart (&bottle);
  pass (&bottle, HOURS (1));
  first_hour = bottle.notifier->sent->len;
  bottle.notifier->max_busy = 0;
  pass (&bottle, HOURS (1));
  second_hour = bottle.notifier->sent->len - first_hour;

  ck_assert_uint_le (first_hour, 24); /* up to 4 at once, then about 10, then each ten minutes */
  ck_assert_uint_ge (second_hour, 4);
  ck_assert_uint_le (second_hour, 8);
  ck_assert_uint_eq (bottle.notifier->max_busy, 1);
  ck_assert_uint_eq (count_waiting (&bottle, "all"), 500);
  bottle.notifier->answer = NULL;
  pass (&bottle, HOURS (1));
  ck_assert_uint_eq (bottle.notifier->accepted->len, 500);
}
END_TEST

START_TEST (a_notice_is_given_up_after_a_day)
{
  g_auto (Bottle) bottle;
  g_autofree char *uuid = vm_uuid (1);

  bottle_init (&bottle);
  add_well (&bottle, "all");
  bottle.notifier->answer = refuse_all;
  end_task (&bottle, 1, uuid, TERN_PHASE_DONE);
  pass (&bottle, HOURS (10));
  ck_assert_uint_eq (count_waiting (&bottle, "all"), 1);
  pass (&bottle, HOURS (15));
  ck_assert_uint_eq (count_waiting (&bottle, "all"), 0);
  ck_assert_uint_eq (count_dropped (&bottle, "all"), 1);
  ck_assert_uint_le (bottle.notifier->sent->len, 100);
}
END_TEST

START_TEST (what_an_endpoint_never_wants_is_dropped_at_once)
{
  g_auto (Bottle) bottle;

  bottle_init (&bottle);
  add_well (&bottle, "all");
  bottle.notifier->answer = want_nothing;
  post_many (&bottle, "all", 2, 1);
  restart (&bottle);
  pass (&bottle, SECONDS (1));
  ck_assert_uint_eq (bottle.notifier->sent->len, 2);
  ck_assert_uint_eq (bottle.notifier->accepted->len, 1);
  ck_assert_uint_eq (count_dropped (&bottle, "all"), 1);
}
END_TEST

START_TEST (an_endpoint_that_asks_to_wait_is_left_alone_so_long_up_to_an_hour)
{
  static const struct
  {
    gint64 asked_us, waited_us;
  } cases[] = { { SECONDS (120), SECONDS (120) }, { HOURS (9), HOURS (1) } };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_auto (Bottle) bottle;
      gint64 asked_us = cases[i].asked_us;

      bottle_init (&bottle);
      add_well (&bottle, "all");
      bottle.notifier->answer = ask_to_wait;
      bottle.notifier->answer_data = &asked_us;
      post_many (&bottle, "all", 1, 1);
      restart (&bottle);
      pass (&bottle, cases[i].waited_us - SECONDS (1));
      ck_assert_uint_eq (bottle.notifier->sent->len, 1);
      pass (&bottle, SECONDS (2));
      ck_assert_uint_eq (bottle.notifier->accepted->len, 1);
    }
}
END_TEST

START_TEST (an_endpoint_that_hangs_delays_no_other)
{
  g_auto (Bottle) bottle;
  g_autofree char *uuid = vm_uuid (1);

  bottle_init (&bottle);
  add_well (&bottle, "slow");
  bottle.notifier->answer = hang_all;
  end_task (&bottle, 1, uuid, TERN_PHASE_DONE);
  settle (&bottle);
  bottle.notifier->answer = NULL;
  add_well (&bottle, "well");
  end_task (&bottle, 2, uuid, TERN_PHASE_DONE);
  settle (&bottle);
  ck_assert_uint_eq (bottle.notifier->accepted->len, 1);
  ck_assert_uint_eq (count_waiting (&bottle, "slow"), 2);
  ck_assert_uint_eq (count_waiting (&bottle, "well"), 0);
}
END_TEST

START_TEST (of_too_many_the_oldest_are_dropped)
{
  g_auto (Bottle) bottle;
  g_autofree char *uuid = vm_uuid (0);

  bottle_init (&bottle);
  add_well (&bottle, "all");
  bottle.notifier->answer = hang_all;
  post_many (&bottle, "all", MOST, 50);
  restart (&bottle);
  bottle.herald->max_waiting = MOST;
  settle (&bottle);
  for (guint i = 0; i < 5; i++)
    end_task (&bottle, i + 1, uuid, TERN_PHASE_DONE);
  settle (&bottle);
  ck_assert_uint_eq (count_waiting (&bottle, "all"), MOST);
  ck_assert_uint_eq (count_dropped (&bottle, "all"), 5);
}
END_TEST

/* --- hosts --- */

static void
break_host (Bottle *self, const char *name, gboolean broken)
{
  tern_sim_set_host_state (self->world->sim, name, broken ? TERN_SIM_HOST_CUT : TERN_SIM_HOST_UP);
}

static void
pass_seconds (Bottle *self, guint seconds)
{
  for (guint i = 0; i < seconds * 5; i++)
    {
      tern_clock_advance (self->clock, SECONDS (1) / 5);
      settle (self);
    }
}

START_TEST (a_host_that_is_away_is_told_lost_once_and_back_once)
{
  World world;
  g_auto (Bottle) bottle;

  bottle_init_with_hosts (&bottle, &world);
  add_well (&bottle, "all");
  pass_seconds (&bottle, 15);
  break_host (&bottle, "bert", TRUE);
  pass_seconds (&bottle, 25);
  ck_assert_uint_eq (bottle.notifier->sent->len, 0);
  pass_seconds (&bottle, 60);
  ck_assert_uint_eq (bottle.notifier->sent->len, 1);
  ck_assert_uint_eq (count_kind (&bottle, TERN_NOTICE_HOST_LOST), 1);
  break_host (&bottle, "bert", FALSE);
  pass_seconds (&bottle, 60);
  ck_assert_uint_eq (bottle.notifier->sent->len, 2);
  ck_assert_uint_eq (count_kind (&bottle, TERN_NOTICE_HOST_BACK), 1);
  ck_assert_str_eq (((const TernNotice *) bottle.notifier->sent->pdata[0])->subject, "host/bert");
}
END_TEST

START_TEST (a_host_that_flaps_is_told_lost_once)
{
  World world;
  g_auto (Bottle) bottle;

  bottle_init_with_hosts (&bottle, &world);
  add_well (&bottle, "all");
  pass_seconds (&bottle, 15);
  for (guint i = 0; i < 10; i++)
    {
      break_host (&bottle, "bert", TRUE);
      pass_seconds (&bottle, 20);
      break_host (&bottle, "bert", FALSE);
      pass_seconds (&bottle, 4);
    }
  ck_assert_uint_eq (bottle.notifier->sent->len, 1);
  ck_assert_uint_eq (count_kind (&bottle, TERN_NOTICE_HOST_LOST), 1);
}
END_TEST

START_TEST (a_short_loss_is_not_told)
{
  World world;
  g_auto (Bottle) bottle;

  bottle_init_with_hosts (&bottle, &world);
  add_well (&bottle, "all");
  pass_seconds (&bottle, 15);
  break_host (&bottle, "bert", TRUE);
  pass_seconds (&bottle, 5);
  break_host (&bottle, "bert", FALSE);
  pass_seconds (&bottle, 90);
  ck_assert_uint_eq (bottle.notifier->sent->len, 0);
}
END_TEST

START_TEST (a_host_that_comes_back_while_the_daemon_is_down_is_told_back)
{
  World world;
  g_auto (Bottle) bottle;

  bottle_init_with_hosts (&bottle, &world);
  add_well (&bottle, "all");
  break_host (&bottle, "bert", TRUE);
  pass_seconds (&bottle, 60);
  ck_assert_uint_eq (count_kind (&bottle, TERN_NOTICE_HOST_LOST), 1);
  stop_herald (&bottle);
  break_host (&bottle, "bert", FALSE);
  world_run (&world, SECONDS (40));
  start_herald (&bottle);
  pass_seconds (&bottle, 20);
  ck_assert_uint_eq (count_kind (&bottle, TERN_NOTICE_HOST_LOST), 1);
  ck_assert_uint_eq (count_kind (&bottle, TERN_NOTICE_HOST_BACK), 1);
}
END_TEST

/* --- webhooks come and go --- */

START_TEST (a_webhook_that_is_no_good_is_refused_and_nothing_is_stored)
{
  static const char *const unknown[] = { "task.begun", NULL };
  g_auto (Bottle) bottle;
  g_autoptr (GError) exists = NULL, kinds = NULL, files = NULL;
  g_autoptr (GPtrArray) stored = NULL;

  bottle_init (&bottle);
  add_well (&bottle, "all");
  ck_assert (!add (&bottle, "all", NULL, &exists));
  ck_assert (g_error_matches (exists, TERN_ERROR, TERN_ERROR_EXISTS));
  ck_assert (!add (&bottle, "other", unknown, &kinds));
  ck_assert (g_error_matches (kinds, TERN_ERROR, TERN_ERROR_INVALID_ARGUMENT));
  bottle.notifier->bad_files = TRUE;
  ck_assert (!add (&bottle, "third", NULL, &files));
  ck_assert (g_error_matches (files, TERN_ERROR, TERN_ERROR_INVALID_ARGUMENT));
  stored = tern_outbox_load_webhooks (TERN_OUTBOX (bottle.outbox), NULL);
  ck_assert_uint_eq (stored->len, 1);
}
END_TEST

START_TEST (a_webhook_that_is_removed_is_told_nothing_any_more)
{
  g_auto (Bottle) bottle;
  g_autoptr (GAsyncResult) result = NULL, again = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *uuid = vm_uuid (1);

  bottle_init (&bottle);
  add_well (&bottle, "all");
  bottle.notifier->answer = hang_all;
  post_many (&bottle, "all", 10, 10);
  restart (&bottle);
  settle (&bottle);
  end_task (&bottle, 1, uuid, TERN_PHASE_DONE);
  tern_herald_remove_async (bottle.herald, "all", on_done, &result);
  ck_assert (tern_herald_edit_finish (bottle.herald, wait_for (&result), NULL));
  settle (&bottle);
  ck_assert_uint_eq (bottle.notifier->hanging->len, 0);
  ck_assert_uint_eq (bottle.notifier->sent->len, 4);
  ck_assert_uint_eq (count_waiting (&bottle, "all"), 0);
  tern_herald_remove_async (bottle.herald, "all", on_done, &again);
  ck_assert (!tern_herald_edit_finish (bottle.herald, wait_for (&again), &error));
  ck_assert (g_error_matches (error, TERN_ERROR, TERN_ERROR_NOT_FOUND));

  /* Another of that name begins with nothing. */
  bottle.notifier->answer = NULL;
  add_well (&bottle, "all");
  pass (&bottle, SECONDS (60));
  ck_assert_uint_eq (bottle.notifier->sent->len, 4);
}
END_TEST

START_TEST (a_test_is_sent_past_what_waits_and_says_how_it_went)
{
  g_auto (Bottle) bottle;
  g_autoptr (GAsyncResult) good = NULL, bad = NULL;
  g_autoptr (GError) error = NULL;
  gint64 took_us = -1;

  bottle_init (&bottle);
  add_well (&bottle, "all");
  tern_herald_test_async (bottle.herald, "all", on_done, &good);
  ck_assert (tern_herald_test_finish (bottle.herald, wait_for (&good), &took_us, NULL));
  ck_assert_int_ge (took_us, 0);
  ck_assert_uint_eq (count_kind (&bottle, TERN_NOTICE_TEST), 1);
  bottle.notifier->answer = refuse_all;
  tern_herald_test_async (bottle.herald, "all", on_done, &bad);
  ck_assert (!tern_herald_test_finish (bottle.herald, wait_for (&bad), NULL, &error));
  ck_assert_str_eq (error->message, "The endpoint said no");
}
END_TEST

START_TEST (the_counts_say_how_each_webhook_stands)
{
  g_auto (Bottle) bottle;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GPtrArray) counts = NULL;
  g_autofree char *uuid = vm_uuid (1);

  bottle_init (&bottle);
  add_well (&bottle, "b");
  add_well (&bottle, "a");
  bottle.notifier->answer = refuse_all;
  end_task (&bottle, 1, uuid, TERN_PHASE_DONE);
  settle (&bottle);
  tern_herald_count_async (bottle.herald, on_done, &result);
  counts = tern_herald_count_finish (bottle.herald, wait_for (&result), NULL);
  ck_assert_uint_eq (counts->len, 2);
  for (guint i = 0; i < 2; i++)
    {
      const TernOutboxCount *n = counts->pdata[i];

      ck_assert_uint_eq (n->waiting, 1);
      ck_assert_str_eq (n->error, "The endpoint said no");
    }
}
END_TEST

TERN_CHECK_MAIN (
    "herald", tcase_add_test (tcase, every_final_phase_makes_a_cloud_event_of_its_kind);
    tcase_add_test (tcase, a_drain_tells_what_is_left_and_counts_the_rest);
    tcase_add_test (tcase, a_task_that_ends_is_told_to_those_who_want_it);
    tcase_add_test (tcase, without_a_webhook_a_task_counts_as_told);
    tcase_add_test (tcase, attention_and_the_end_that_follows_it_are_told_each);
    tcase_add_test (tcase, what_was_not_told_when_the_daemon_died_is_told_by_the_next);
    tcase_add_test (tcase, what_waits_when_the_daemon_ends_is_delivered_by_the_next);
    tcase_add_test (tcase, all_arrive_in_order_though_every_third_attempt_fails);
    tcase_add_test (tcase, a_notice_that_is_never_taken_holds_up_its_subject_only);
    tcase_add_test (tcase, a_dead_endpoint_is_asked_one_at_a_time_and_ever_more_rarely);
    tcase_add_test (tcase, a_notice_is_given_up_after_a_day);
    tcase_add_test (tcase, what_an_endpoint_never_wants_is_dropped_at_once);
    tcase_add_test (tcase, an_endpoint_that_asks_to_wait_is_left_alone_so_long_up_to_an_hour);
    tcase_add_test (tcase, an_endpoint_that_hangs_delays_no_other);
    tcase_add_test (tcase, of_too_many_the_oldest_are_dropped);
    tcase_add_test (tcase, a_host_that_is_away_is_told_lost_once_and_back_once);
    tcase_add_test (tcase, a_host_that_flaps_is_told_lost_once);
    tcase_add_test (tcase, a_short_loss_is_not_told);
    tcase_add_test (tcase, a_host_that_comes_back_while_the_daemon_is_down_is_told_back);
    tcase_add_test (tcase, a_webhook_that_is_no_good_is_refused_and_nothing_is_stored);
    tcase_add_test (tcase, a_webhook_that_is_removed_is_told_nothing_any_more);
    tcase_add_test (tcase, a_test_is_sent_past_what_waits_and_says_how_it_went);
    tcase_add_test (tcase, the_counts_say_how_each_webhook_stands);)
