/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Webhooks as a whole: a herald, the store, HTTP, and a receiver that behaves badly. And the
 * secret, which must be nowhere but in its file.
 */
#include "config.h"

#include "base/error.h"
#include "base/json.h"
#include "drivers/notify-webhook.h"
#include "drivers/secret-file.h"
#include "drivers/sim.h"
#include "drivers/store-sqlite.h"
#include "engine/herald-private.h"
#include "engine/task-private.h"
#include "fake-store.h"
#include "receiver.h"
#include "tern-check.h"

#include <glib/gstdio.h>

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SECONDS(n) ((gint64) (n) *G_USEC_PER_SEC)
#define SECRET "correct-horse-battery-staple-9137"
#define N_EVENTS 1000
#define N_VMS 50

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

static char *
write_secret (const Receiver *receiver, const char *name, const char *text, int mode)
{
  char *path = g_build_filename (receiver->dir, name, NULL);

  ck_assert (g_file_set_contents (path, text, -1, NULL));
  ck_assert_int_eq (g_chmod (path, mode), 0);
  return path;
}

/* --- the secret's file --- */

START_TEST (a_secret_is_read_only_from_a_file_that_is_nobody_elses)
{
  static const struct
  {
    const char *text;
    int mode;
    const char *why; /* NULL: it is good */
  } cases[] = {
    { SECRET "\n", 0600, NULL },
    { SECRET, 0400, NULL },
    { "whsec_MDEyMzQ1Njc4OWFiY2RlZg==\n", 0600, NULL },
    { SECRET, 0640, "chmod 600" },
    { SECRET, 0604, "chmod 600" },
    { SECRET, 0620, "chmod 600" },
    { SECRET, 0700, "chmod 600" },
    { "short", 0600, "too short" },
    { "", 0600, "too short" },
    { "whsec_AAEC", 0600, "too short" },
  };
  g_auto (Receiver) receiver;

  receiver_init (&receiver, NULL, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *path = write_secret (&receiver, "key", cases[i].text, cases[i].mode);
      g_autoptr (GError) error = NULL;
      g_autoptr (TernSecret) secret = tern_secret_read (path, &error);

      ck_assert_msg ((secret != NULL) == (cases[i].why == NULL), "case %u", i);
      if (secret == NULL)
        {
          ck_assert (g_error_matches (error, TERN_ERROR, TERN_ERROR_INVALID_ARGUMENT));
          ck_assert_msg (strstr (error->message, cases[i].why) != NULL, "%s", error->message);
          ck_assert_ptr_null (strstr (error->message, "staple"));
        }
      else if (i == 2)
        {
          ck_assert_uint_eq (secret->size, 16);
          ck_assert_mem_eq (secret->bytes, "0123456789abcdef", 16);
        }
      else
        {
          ck_assert_uint_eq (secret->size, strlen (SECRET));
          ck_assert_mem_eq (secret->bytes, SECRET, strlen (SECRET));
        }
      g_unlink (path);
    }
}
END_TEST

START_TEST (links_pipes_folders_large_files_and_those_of_others_are_no_secrets)
{
  g_auto (Receiver) receiver;
  g_autofree char *good = NULL, *large = NULL, *others = NULL;
  g_autofree char *text = g_strnfill (4097, 'x');
  const char *bad[6];

  receiver_init (&receiver, NULL, NULL);
  good = write_secret (&receiver, "good", SECRET, 0600);
  large = write_secret (&receiver, "large", text, 0600);
  others = write_secret (&receiver, "others", SECRET, 0600);
  g_autofree char *link = g_build_filename (receiver.dir, "link", NULL);
  g_autofree char *pipe = g_build_filename (receiver.dir, "pipe", NULL);
  ck_assert_int_eq (symlink (good, link), 0);
  ck_assert_int_eq (mkfifo (pipe, 0600), 0);
  bad[0] = link;
  bad[1] = pipe;
  bad[2] = receiver.dir;
  bad[3] = large;
  bad[4] = "/nowhere/at/all";
  bad[5] = geteuid () == 0 && chown (others, 12345, 12345) == 0 ? others : link;
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (TernSecret) secret = tern_secret_read (bad[i], &error);

      ck_assert_msg (secret == NULL && error != NULL, "%s", bad[i]);
    }
}
END_TEST

START_TEST (a_bare_name_is_a_credential_of_the_service)
{
  g_auto (Receiver) receiver;
  g_autofree char *path = NULL;
  g_autoptr (TernSecret) before = NULL, found = NULL, climbed = NULL;
  g_autoptr (GError) error = NULL;

  receiver_init (&receiver, NULL, NULL);
  path = write_secret (&receiver, "key", SECRET, 0440);
  g_unsetenv ("CREDENTIALS_DIRECTORY");
  before = tern_secret_read ("key", &error);
  ck_assert_ptr_null (before);
  ck_assert_ptr_nonnull (strstr (error->message, "LoadCredential="));
  g_setenv ("CREDENTIALS_DIRECTORY", receiver.dir, TRUE);
  found = tern_secret_read ("key", NULL);
  ck_assert_ptr_nonnull (found);
  climbed = tern_secret_read ("../key", NULL);
  ck_assert_ptr_null (climbed);
}
END_TEST

/* --- one notice --- */

typedef struct
{
  gboolean ok;
  gboolean hopeless;
  gint64 wait_us;
  char *message;
} Delivery;

static Delivery
deliver (const Receiver *receiver, const char *path, const char *secret_file)
{
  g_autoptr (TernNotifier) notifier = tern_notify_webhook_new (NULL);
  g_autofree char *url = receiver_url (receiver, path);
  g_autoptr (TernWebhook) webhook = tern_webhook_new ("test", url);
  g_autoptr (TernNotice) notice =
      tern_herald_notice_of_test ("/virtern/test", "test", SECONDS (1700000000));
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  Delivery delivery = { 0 };

  webhook->secret_file = g_strdup (secret_file);
  webhook->ca_file = receiver->is_tls ? receiver_certificate ("ca.pem") : NULL;
  tern_notifier_send_async (notifier, webhook, notice, g_get_real_time (), NULL, on_done, &result);
  delivery.ok = tern_notifier_send_finish (notifier, wait_for (&result), &delivery.hopeless,
                                           &delivery.wait_us, &error);
  delivery.message = g_strdup (error != NULL ? error->message : "");
  return delivery;
}

START_TEST (a_notice_arrives_signed_and_with_its_type)
{
  g_auto (Receiver) receiver;
  g_autofree char *secret = NULL;
  g_auto (GStrv) log = NULL;
  Delivery delivery;

  receiver_init (&receiver, "good", SECRET);
  secret = write_secret (&receiver, "key", SECRET "\n", 0600);
  delivery = deliver (&receiver, "/ok", secret);
  ck_assert_msg (delivery.ok, "%s", delivery.message);
  g_free (delivery.message);
  log = receiver_read_log (&receiver);
  ck_assert_uint_eq (g_strv_length (log), 1);
  ck_assert_ptr_nonnull (strstr (log[0], "\"signed\": true"));
  ck_assert_ptr_nonnull (strstr (log[0], "application/cloudevents+json"));
  ck_assert_ptr_nonnull (strstr (log[0], "org.virtern.test"));
}
END_TEST

START_TEST (a_key_that_cannot_be_read_sends_nothing)
{
  g_auto (Receiver) receiver;
  g_autofree char *secret = NULL;
  g_auto (GStrv) log = NULL;
  Delivery delivery;

  receiver_init (&receiver, NULL, SECRET);
  secret = write_secret (&receiver, "key", SECRET, 0644);
  delivery = deliver (&receiver, "/ok", secret);
  ck_assert (!delivery.ok && !delivery.hopeless);
  ck_assert_ptr_nonnull (strstr (delivery.message, "chmod 600"));
  g_free (delivery.message);
  log = receiver_read_log (&receiver);
  ck_assert_uint_eq (g_strv_length (log), 0);
}
END_TEST

START_TEST (what_the_answer_means)
{
  static const struct
  {
    const char *path;
    gboolean ok, hopeless;
    gint64 wait_us;
  } cases[] = {
    { "/status/200", TRUE, FALSE, 0 },
    { "/status/202", TRUE, FALSE, 0 },
    { "/status/299", TRUE, FALSE, 0 },
    { "/big", TRUE, FALSE, 0 },
    { "/status/400", FALSE, FALSE, 0 },
    { "/status/401", FALSE, FALSE, 0 },
    { "/status/403", FALSE, FALSE, 0 },
    { "/status/404", FALSE, FALSE, 0 },
    { "/status/408", FALSE, FALSE, 0 },
    { "/status/410", FALSE, TRUE, 0 },
    { "/status/413", FALSE, TRUE, 0 },
    { "/status/415", FALSE, TRUE, 0 },
    { "/status/422", FALSE, FALSE, 0 },
    { "/status/425", FALSE, FALSE, 0 },
    { "/status/429/30", FALSE, FALSE, SECONDS (30) },
    { "/status/500", FALSE, FALSE, 0 },
    { "/status/503/999999", FALSE, FALSE, SECONDS (3600) },
    { "/redirect/http://127.0.0.1:9/", FALSE, FALSE, 0 },
    { "/reset", FALSE, FALSE, 0 },
  };
  g_auto (Receiver) receiver;

  receiver_init (&receiver, NULL, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      Delivery delivery = deliver (&receiver, cases[i].path, NULL);

      ck_assert_msg (delivery.ok == cases[i].ok && delivery.hopeless == cases[i].hopeless
                         && delivery.wait_us == cases[i].wait_us,
                     "%s: %d %d %d: %s", cases[i].path, delivery.ok, delivery.hopeless,
                     (int) (delivery.wait_us / G_USEC_PER_SEC), delivery.message);
      g_free (delivery.message);
    }
}
END_TEST

START_TEST (an_endpoint_that_repeats_the_query_does_not_have_it_shown)
{
  g_auto (Receiver) receiver;
  Delivery delivery;

  receiver_init (&receiver, NULL, NULL);
  delivery = deliver (&receiver, "/status/500?token=hunter2", NULL);
  ck_assert_ptr_nonnull (strstr (delivery.message, "500"));
  ck_assert_ptr_null (strstr (delivery.message, "hunter2"));
  g_free (delivery.message);
}
END_TEST

/* --- all of it --- */

typedef struct
{
  TernClock *clock;
  TernStore *store;
  TernInventory *inventory;
  TernTaskList *tasks;
  TernNotifier *notifier;
  TernHerald *herald;
  char *path;
} Bottle;

static GString *logged;

static GLogWriterOutput
keep_log (GLogLevelFlags level, const GLogField *fields, gsize n, gpointer data)
{
  (void) level;
  (void) data;
  for (gsize i = 0; i < n; i++)
    g_string_append_printf (logged, "%s=%.*s\n", fields[i].key,
                            fields[i].length < 0 ? (int) strlen (fields[i].value)
                                                 : (int) fields[i].length,
                            (const char *) fields[i].value);
  return G_LOG_WRITER_HANDLED;
}

static void
bottle_init (Bottle *self, const Receiver *receiver)
{
  g_autoptr (TernSim) sim = NULL;
  g_autoptr (GPtrArray) none = g_ptr_array_new ();
  g_autoptr (GPtrArray) journal = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (FakeStore) hosts = NULL;

  logged = g_string_new (NULL);
  g_log_set_writer_func (keep_log, NULL, NULL);
  self->clock = tern_clock_new_scaled (50);
  self->path = g_build_filename (receiver->dir, "test.db", NULL);
  self->store = tern_store_sqlite_open (self->path, NULL);
  hosts = fake_store_new (self->clock, journal);
  sim = tern_sim_new (self->clock);
  self->inventory = tern_inventory_new (self->clock, TERN_STORE (hosts), tern_sim_factory, sim);
  tern_inventory_load (self->inventory, none);
  self->tasks = tern_task_list_new ();
  self->notifier = tern_notify_webhook_new (NULL);
  self->herald = tern_herald_new (self->clock, TERN_OUTBOX (self->store), self->notifier,
                                  self->inventory, self->tasks, "/virtern/test");
  tern_herald_load (self->herald, none, none);
}

static void
bottle_clear (Bottle *self)
{
  g_object_run_dispose (G_OBJECT (self->herald));
  g_clear_object (&self->herald);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  tern_store_sqlite_close (TERN_STORE_SQLITE (self->store));
  g_clear_object (&self->store);
  g_clear_object (&self->notifier);
  g_clear_object (&self->tasks);
  g_clear_object (&self->inventory);
  g_clear_object (&self->clock);
  g_free (self->path);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Bottle, bottle_clear)

static void
add_webhook (Bottle *self, const char *name, const char *url, const char *secret)
{
  g_autoptr (TernWebhook) webhook = tern_webhook_new (name, url);
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  webhook->secret_file = g_strdup (secret);
  webhook->ca_file = g_str_has_prefix (url, "https") ? receiver_certificate ("ca.pem") : NULL;
  tern_herald_add_async (self->herald, webhook, on_done, &result);
  ck_assert_msg (tern_herald_edit_finish (self->herald, wait_for (&result), &error), "%s",
                 error != NULL ? error->message : "");
}

static void
end_task (Bottle *self, guint64 id)
{
  g_autoptr (TernTask) task = NULL;
  TernTaskRecord *record = tern_task_record_new ();

  record->id = id;
  g_free (record->vm_uuid);
  record->vm_uuid = g_strdup_printf ("%08u-5a3f-4c7d-9e1b-2f3a4b5c6d7e", (guint) (id % N_VMS));
  record->phase = TERN_PHASE_COPYING;
  task = tern_task_new (tern_task_record_copy (record));
  tern_task_list_add (self->tasks, task);
  record->phase = id % 5 == 0 ? TERN_PHASE_ATTENTION : TERN_PHASE_DONE;
  tern_task_replace (task, record);
}

static guint64
count_waiting (Bottle *self, guint nth, guint64 *out_dropped)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GPtrArray) counts = NULL;
  const TernOutboxCount *count;

  tern_herald_count_async (self->herald, on_done, &result);
  counts = tern_herald_count_finish (self->herald, wait_for (&result), NULL);
  ck_assert_uint_gt (counts->len, nth);
  count = counts->pdata[nth];
  *out_dropped = count->dropped;
  return count->waiting;
}

static gboolean
set_flag (gpointer data)
{
  *(gboolean *) data = TRUE;
  return G_SOURCE_REMOVE;
}

/* All of them arrived, those of each VM in their order; some more than once. */
static guint
check_log (char **lines, guint *out_twice)
{
  g_autoptr (GHashTable) last = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr (GHashTable) seen = g_hash_table_new (NULL, NULL);

  *out_twice = 0;
  for (; *lines != NULL; lines++)
    {
      g_autoptr (JsonParser) parser = json_parser_new ();
      JsonObject *entry;
      const char *subject;
      gsize task;

      ck_assert (json_parser_load_from_data (parser, *lines, -1, NULL));
      entry = json_node_get_object (json_parser_get_root (parser));
      ck_assert (json_object_get_boolean_member (entry, "signed"));
      subject = json_object_get_string_member (entry, "subject");
      task = (gsize) json_object_get_int_member (entry, "task");
      ck_assert_msg (task >= GPOINTER_TO_SIZE (g_hash_table_lookup (last, subject)),
                     "%s: %d came late", subject, (int) task);
      g_hash_table_insert (last, g_strdup (subject), GSIZE_TO_POINTER (task));
      if (!json_object_get_boolean_member (entry, "taken"))
        continue;
      if (!g_hash_table_add (seen, GSIZE_TO_POINTER (task)))
        ++*out_twice;
    }
  return g_hash_table_size (seen);
}

static void
check_no_secret (const char *path)
{
  g_autofree char *bytes = NULL;
  gsize size = 0;

  if (g_file_get_contents (path, &bytes, &size, NULL))
    ck_assert_msg (memmem (bytes, size, SECRET, strlen (SECRET)) == NULL, "it is in %s", path);
}

START_TEST (a_thousand_events_arrive_in_order_though_every_third_request_fails)
{
  g_auto (Receiver) receiver;
  g_auto (Bottle) bottle;
  g_autofree char *url = NULL, *dead = NULL, *secret = NULL, *wal = NULL;
  g_auto (GStrv) log = NULL;
  guint64 dropped = 0;
  guint arrived, twice;

  receiver_init (&receiver, "good", SECRET);
  secret = write_secret (&receiver, "key", SECRET, 0600);
  bottle_init (&bottle, &receiver);
  url = receiver_url (&receiver, "/moody");
  dead = receiver_url (&receiver, "/hang");
  add_webhook (&bottle, "dead", dead, secret);
  add_webhook (&bottle, "moody", url, secret);
  for (guint64 id = 1; id <= N_EVENTS; id++)
    end_task (&bottle, id);
  do
    {
      gboolean passed = FALSE;

      g_timeout_add (100, set_flag, &passed);
      while (!passed)
        g_main_context_iteration (NULL, TRUE);
    }
  while (count_waiting (&bottle, 1, &dropped) > 0);
  wal = g_strconcat (bottle.path, "-wal", NULL);
  check_no_secret (bottle.path);
  check_no_secret (wal);
  ck_assert_ptr_null (strstr (logged->str, SECRET));
  ck_assert_uint_eq (dropped, 0);

  log = receiver_read_log (&receiver);
  {
    g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
    g_auto (GStrv) lines = NULL;

    for (guint i = 0; log[i] != NULL; i++)
      if (strstr (log[i], "\"/moody\"") != NULL)
        g_strv_builder_add (builder, log[i]);
    lines = g_strv_builder_end (builder);
    arrived = check_log (lines, &twice);
    ck_assert_uint_eq (arrived, N_EVENTS);
    g_test_message ("%u requests, %u events, %u taken twice", g_strv_length (lines), arrived,
                    twice);
    ck_assert_uint_gt (g_strv_length (lines), N_EVENTS * 4 / 3);
  }
}
END_TEST

TERN_CHECK_MAIN (
    "webhook", receiver_make_certificates ();
    tcase_add_test (tcase, a_secret_is_read_only_from_a_file_that_is_nobody_elses);
    tcase_add_test (tcase, links_pipes_folders_large_files_and_those_of_others_are_no_secrets);
    tcase_add_test (tcase, a_bare_name_is_a_credential_of_the_service);
    tcase_add_test (tcase, a_notice_arrives_signed_and_with_its_type);
    tcase_add_test (tcase, a_key_that_cannot_be_read_sends_nothing);
    tcase_add_test (tcase, what_the_answer_means);
    tcase_add_test (tcase, an_endpoint_that_repeats_the_query_does_not_have_it_shown);
    tcase_add_test (tcase, a_thousand_events_arrive_in_order_though_every_third_request_fails);)
