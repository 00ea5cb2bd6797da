/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What is still to be told, in the SQLite store: nothing is lost, nothing overtakes, and what a
 * task's end tells is written with it or not at all.
 */
#include "config.h"

#include "base/error.h"
#include "drivers/store-sqlite.h"
#include "ports/outbox.h"
#include "tern-check.h"

#include <glib/gstdio.h>

#include <signal.h>
#include <sqlite3.h>
#include <sys/resource.h>

static char *dir;
static char *path;
static TernStore *store;
static TernOutbox *outbox;

static void
open_store (void)
{
  g_autoptr (GError) error = NULL;

  store = tern_store_sqlite_open (path, &error);
  ck_assert_msg (store != NULL, "%s", error != NULL ? error->message : "no error");
  outbox = TERN_OUTBOX (store);
}

static void
setup (void)
{
  dir = g_dir_make_tmp ("virtern-outbox-XXXXXX", NULL);
  ck_assert_ptr_nonnull (dir);
  path = g_build_filename (dir, "virtern.db", NULL);
  open_store ();
}

static void
teardown (void)
{
  g_autofree char *lock = g_strconcat (path, ".lock", NULL);

  g_clear_object (&store);
  g_unlink (path);
  g_unlink (lock);
  g_rmdir (dir);
  g_clear_pointer (&dir, g_free);
  g_clear_pointer (&path, g_free);
}

static void
restart (void)
{
  g_clear_object (&store);
  open_store ();
}

static void
keep_result (GObject *source, GAsyncResult *result, gpointer data)
{
  (void) source;
  *(GAsyncResult **) data = g_object_ref (result);
}

static gboolean
finish_write (GAsyncResult **result, GError **error)
{
  gboolean good;

  while (*result == NULL)
    g_main_context_iteration (NULL, TRUE);
  good = tern_outbox_write_finish (outbox, *result, error);
  g_clear_object (result);
  return good;
}

static void
add_webhook (const char *name)
{
  g_autoptr (TernWebhook) webhook = tern_webhook_new (name, "https://example.org/");
  GAsyncResult *result = NULL;

  tern_outbox_put_webhook_async (outbox, webhook, keep_result, &result);
  ck_assert (finish_write (&result, NULL));
}

static void
remove_webhook (const char *name)
{
  GAsyncResult *result = NULL;

  tern_outbox_remove_webhook_async (outbox, name, keep_result, &result);
  ck_assert (finish_write (&result, NULL));
}

static TernNotice *
new_notice (const char *webhook, const char *subject, const char *uid)
{
  TernNotice *notice = tern_notice_new (TERN_NOTICE_TASK_ENDED, subject);

  notice->webhook = g_strdup (webhook);
  notice->uid = g_strdup (uid);
  notice->body = g_strdup_printf ("{\"about\": \"it's %s\"}", subject);
  notice->time_us = 11;
  return notice;
}

static GPtrArray *
new_notices (void)
{
  return g_ptr_array_new_with_free_func ((GDestroyNotify) tern_notice_free);
}

static gboolean
post_of (const GPtrArray *notices, guint64 task_id, TernTaskPhase phase, GError **error)
{
  GAsyncResult *result = NULL;

  tern_outbox_post_async (outbox, notices, task_id, phase, keep_result, &result);
  return finish_write (&result, error);
}

static gboolean
post (const GPtrArray *notices, guint64 task_id, GError **error)
{
  return post_of (notices, task_id, TERN_PHASE_DONE, error);
}

static void
post_one (const char *webhook, const char *subject, const char *uid)
{
  g_autoptr (GPtrArray) notices = new_notices ();

  g_ptr_array_add (notices, new_notice (webhook, subject, uid));
  ck_assert (post (notices, 0, NULL));
}

static GPtrArray *
take (const char *webhook, gint64 now_us, guint limit, gint64 *out_next_us)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  GPtrArray *notices;

  tern_outbox_take_async (outbox, webhook, now_us, limit, keep_result, &result);
  while (result == NULL)
    g_main_context_iteration (NULL, TRUE);
  notices = tern_outbox_take_finish (outbox, result, out_next_us, &error);
  ck_assert_msg (notices != NULL, "%s", error != NULL ? error->message : "no error");
  return notices;
}

/* The UIDs of what may be sent, in its order. */
static void
assert_taken (const char *webhook, gint64 now_us, guint limit, const char *expected,
              gint64 expected_next_us)
{
  g_autoptr (GString) uids = g_string_new (NULL);
  gint64 next_us = -1;
  g_autoptr (GPtrArray) notices = take (webhook, now_us, limit, &next_us);

  for (guint i = 0; i < notices->len; i++)
    g_string_append (uids, ((TernNotice *) notices->pdata[i])->uid);
  ck_assert_str_eq (uids->str, expected);
  ck_assert_int_eq (next_us, expected_next_us);
}

static void
settle (const TernNotice *notice, gboolean keep, gboolean delivered)
{
  GAsyncResult *result = NULL;

  tern_outbox_settle_async (outbox, notice, keep, delivered, keep_result, &result);
  ck_assert (finish_write (&result, NULL));
}

/* @uid: (nullable): %NULL for the first that may be sent */
static void
settle_one (const char *webhook, const char *uid, gint64 retry_us, gboolean delivered,
            const char *why)
{
  gint64 next_us;
  g_autoptr (GPtrArray) notices = take (webhook, G_MAXINT64, 10, &next_us);
  guint place = 0;
  TernNotice *notice;

  while (uid != NULL && !g_str_equal (((TernNotice *) notices->pdata[place])->uid, uid))
    place++;
  notice = notices->pdata[place];
  notice->attempts++;
  notice->next_us = retry_us;
  g_free (notice->error);
  notice->error = g_strdup (why);
  settle (notice, retry_us > 0, delivered);
}

static void
settle_first (const char *webhook, gint64 retry_us, gboolean delivered, const char *why)
{
  settle_one (webhook, NULL, retry_us, delivered, why);
}

static void
assert_count (const char *webhook, guint64 waiting, guint64 dropped, const char *why)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (TernOutboxCount) count = NULL;

  tern_outbox_count_async (outbox, webhook, keep_result, &result);
  while (result == NULL)
    g_main_context_iteration (NULL, TRUE);
  count = tern_outbox_count_finish (outbox, result, NULL);
  ck_assert_uint_eq (count->waiting, waiting);
  ck_assert_uint_eq (count->dropped, dropped);
  ck_assert_pstr_eq (count->error, why);
}

static gboolean
put_task (guint64 id, TernTaskPhase phase, GError **error)
{
  g_autoptr (TernTaskRecord) task = tern_task_record_new ();
  GAsyncResult *result = NULL;

  task->id = id;
  task->vm_uuid = g_strdup ("u");
  task->phase = phase;
  tern_store_put_task_async (store, task, keep_result, &result);
  return finish_write (&result, error);
}

/* The ids of tasks that nobody was told of. */
static void
assert_untold (const char *expected)
{
  g_autoptr (GString) ids = g_string_new (NULL);
  g_autoptr (GPtrArray) tasks = tern_store_load_untold (store, NULL);

  for (guint i = 0; i < tasks->len; i++)
    g_string_append_printf (ids, "%" G_GUINT64_FORMAT " ",
                            ((TernTaskRecord *) tasks->pdata[i])->id);
  ck_assert_str_eq (ids->str, expected);
}

START_TEST (webhooks_survive_a_restart_sorted_by_name)
{
  g_autoptr (TernWebhook) webhook = tern_webhook_new ("pager", "https://example.org/?a='b'");
  g_autoptr (GPtrArray) webhooks = NULL;
  GAsyncResult *result = NULL;
  const TernWebhook *read;

  webhook->kinds = g_strsplit ("task.ended host.lost", " ", -1);
  webhook->ca_file = g_strdup ("/etc/ca.pem");
  webhook->pin = g_strdup ("sha256//abc=");
  webhook->secret_file = g_strdup ("key");
  webhook->created_us = 5;
  tern_outbox_put_webhook_async (outbox, webhook, keep_result, &result);
  ck_assert (finish_write (&result, NULL));
  add_webhook ("chat");
  restart ();

  webhooks = tern_outbox_load_webhooks (outbox, NULL);
  ck_assert_uint_eq (webhooks->len, 2);
  read = webhooks->pdata[0];
  ck_assert_str_eq (read->name, "chat");
  ck_assert_ptr_null (read->kinds);
  ck_assert_ptr_null (read->ca_file);
  read = webhooks->pdata[1];
  ck_assert_str_eq (read->url, webhook->url);
  ck_assert (
      g_strv_equal ((const char *const *) read->kinds, (const char *const *) webhook->kinds));
  ck_assert_str_eq (read->ca_file, "/etc/ca.pem");
  ck_assert_str_eq (read->pin, "sha256//abc=");
  ck_assert_str_eq (read->secret_file, "key");
  ck_assert_int_eq (read->created_us, 5);
}
END_TEST

START_TEST (a_notice_comes_back_as_it_was_posted_after_a_restart_too)
{
  g_autoptr (GPtrArray) notices = NULL;
  const TernNotice *notice;
  gint64 next_us;

  add_webhook ("w");
  post_one ("w", "vm-1", "a");
  settle_first ("w", 77, FALSE, "timed out");
  restart ();
  notices = take ("w", 77, 10, &next_us);
  notice = notices->pdata[0];
  ck_assert_uint_gt (notice->id, 0);
  ck_assert_str_eq (notice->webhook, "w");
  ck_assert_str_eq (notice->uid, "a");
  ck_assert_int_eq (notice->kind, TERN_NOTICE_TASK_ENDED);
  ck_assert_str_eq (notice->subject, "vm-1");
  ck_assert_int_eq (notice->time_us, 11);
  ck_assert_str_eq (notice->body, "{\"about\": \"it's vm-1\"}");
  ck_assert_uint_eq (notice->attempts, 1);
  ck_assert_int_eq (notice->next_us, 77);
  ck_assert_str_eq (notice->error, "timed out");
}
END_TEST

START_TEST (of_each_subject_only_the_oldest_may_be_sent_the_oldest_first)
{
  add_webhook ("w");
  add_webhook ("other");
  post_one ("w", "x", "a");
  post_one ("w", "x", "b");
  post_one ("other", "y", "c");
  post_one ("w", "y", "d");
  post_one ("w", "z", "e");
  assert_taken ("w", 100, 10, "ade", 0);
  assert_taken ("w", 100, 2, "ad", 0);
  assert_taken ("other", 100, 10, "c", 0);
  settle_first ("w", 0, TRUE, NULL);
  assert_taken ("w", 100, 10, "bde", 0);
}
END_TEST

START_TEST (what_must_wait_holds_back_its_own_subject_only)
{
  add_webhook ("w");
  post_one ("w", "x", "a");
  post_one ("w", "x", "b");
  post_one ("w", "y", "c");
  settle_one ("w", "a", 500, FALSE, "no");
  assert_taken ("w", 499, 10, "c", 0);
  settle_one ("w", "c", 600, FALSE, "no");
  assert_taken ("w", 499, 10, "", 500);
  assert_taken ("w", 500, 10, "a", 0);
  assert_taken ("w", 600, 10, "ac", 0);
  settle_one ("w", "a", 0, TRUE, NULL);
  assert_taken ("w", 499, 10, "b", 0);
  settle_one ("w", "b", 700, FALSE, "no");
  assert_taken ("w", 599, 10, "", 600);
}
END_TEST

START_TEST (an_empty_outbox_waits_for_nothing)
{
  add_webhook ("w");
  assert_taken ("w", G_MAXINT64, 10, "", 0);
  assert_taken ("unknown", G_MAXINT64, 10, "", 0);
  assert_count ("unknown", 0, 0, NULL);
}
END_TEST

START_TEST (what_was_dropped_is_counted_and_the_last_error_is_kept)
{
  add_webhook ("w");
  post_one ("w", "x", "a");
  post_one ("w", "x", "b");
  post_one ("w", "x", "c");
  assert_count ("w", 3, 0, NULL);
  settle_first ("w", 5, FALSE, "no answer");
  assert_count ("w", 3, 0, "no answer");
  settle_first ("w", 0, FALSE, "gone");
  assert_count ("w", 2, 1, "gone");
  restart ();
  assert_count ("w", 2, 1, "gone");
  add_webhook ("w");
  assert_count ("w", 2, 1, "gone");
  settle_first ("w", 0, TRUE, NULL);
  assert_count ("w", 1, 1, NULL);
}
END_TEST

START_TEST (a_webhook_goes_with_what_waits_for_it)
{
  g_autoptr (GPtrArray) taken = NULL;
  gint64 next_us;

  add_webhook ("w");
  post_one ("w", "x", "a");
  taken = take ("w", 100, 1, &next_us);
  remove_webhook ("w");
  remove_webhook ("w");
  post_one ("w", "x", "b");
  assert_taken ("w", 100, 10, "", 0);

  /* What was under way when it went is none of the new one's. */
  add_webhook ("w");
  post_one ("w", "x", "c");
  settle (taken->pdata[0], FALSE, FALSE);
  assert_taken ("w", 100, 10, "c", 0);
  assert_count ("w", 1, 0, NULL);
}
END_TEST

START_TEST (a_task_is_told_of_once_its_end_was_posted)
{
  g_autoptr (GPtrArray) none = new_notices ();

  ck_assert (put_task (1, TERN_PHASE_DONE, NULL));
  ck_assert (put_task (2, TERN_PHASE_COPYING, NULL));
  ck_assert (put_task (3, TERN_PHASE_ATTENTION, NULL));
  assert_untold ("1 3 ");
  ck_assert (post_of (none, 3, TERN_PHASE_ATTENTION, NULL));
  assert_untold ("1 ");
  ck_assert (put_task (2, TERN_PHASE_FAILED, NULL));
  ck_assert (put_task (3, TERN_PHASE_ATTENTION, NULL));
  restart ();
  assert_untold ("1 2 ");
  ck_assert (put_task (3, TERN_PHASE_DONE, NULL));
  assert_untold ("1 2 3 ");
}
END_TEST

/* The post comes when the next phase is stored already; the daemon dies before the next post. */
START_TEST (a_late_post_of_one_phase_tells_nothing_of_the_next)
{
  g_autoptr (GPtrArray) none = new_notices ();

  ck_assert (put_task (1, TERN_PHASE_ATTENTION, NULL));
  ck_assert (put_task (1, TERN_PHASE_DONE, NULL));
  ck_assert (post_of (none, 1, TERN_PHASE_ATTENTION, NULL));
  restart ();
  assert_untold ("1 ");
  ck_assert (post_of (none, 1, TERN_PHASE_DONE, NULL));
  assert_untold ("");
}
END_TEST

START_TEST (a_task_that_needs_attention_again_is_told_of_again)
{
  g_autoptr (GPtrArray) none = new_notices ();

  ck_assert (put_task (1, TERN_PHASE_ATTENTION, NULL));
  ck_assert (post_of (none, 1, TERN_PHASE_ATTENTION, NULL));
  ck_assert (put_task (1, TERN_PHASE_RESOLVING, NULL));
  assert_untold ("");
  ck_assert (put_task (1, TERN_PHASE_ATTENTION, NULL));
  restart ();
  assert_untold ("1 ");
}
END_TEST

START_TEST (a_task_that_is_written_again_is_not_told_of_again)
{
  g_autoptr (GPtrArray) none = new_notices ();

  for (guint phase = 0; phase < TERN_N_PHASES; phase++)
    {
      ck_assert (put_task (phase + 1, phase, NULL));
      ck_assert (post_of (none, phase + 1, phase, NULL));
      ck_assert (put_task (phase + 1, phase, NULL));
    }
  assert_untold ("");
}
END_TEST

START_TEST (a_post_that_fails_has_told_nothing_and_marked_nothing)
{
  g_autoptr (GPtrArray) notices = new_notices ();
  g_autoptr (GError) error = NULL;
  TernNotice *broken = new_notice ("w", "x", "b");

  add_webhook ("w");
  ck_assert (put_task (1, TERN_PHASE_DONE, NULL));
  g_ptr_array_add (notices, new_notice ("w", "x", "a"));
  g_ptr_array_add (notices, broken);
  g_clear_pointer (&broken->body, g_free);
  ck_assert (!post (notices, 1, &error));
  ck_assert (g_error_matches (error, TERN_ERROR, TERN_ERROR_STORE));
  ck_assert_str_eq (tern_store_get_trouble (store), error->message);
  assert_taken ("w", 100, 10, "", 0);
  assert_untold ("1 ");

  broken->body = g_strdup ("{}");
  ck_assert (post (notices, 1, NULL));
  ck_assert_ptr_null (tern_store_get_trouble (store));
  assert_taken ("w", 100, 10, "a", 0);
  assert_untold ("");
}
END_TEST

/* Posts until the disk says no. Returns: how many went in */
static guint
fill (GError **error)
{
  for (guint n = 0; n < 100000; n++)
    {
      g_autoptr (GPtrArray) notices = new_notices ();
      g_autofree char *uid = g_strdup_printf ("%u", n);

      for (guint i = 0; i < 3; i++)
        g_ptr_array_add (notices, new_notice ("w", uid, uid));
      if (!post (notices, 1, error))
        return n * 3;
    }
  return 0;
}

START_TEST (a_full_disk_costs_one_post_and_nothing_else)
{
  struct rlimit limit;
  g_autoptr (GError) error = NULL;
  guint n;

  add_webhook ("w");
  ck_assert (put_task (1, TERN_PHASE_DONE, NULL));
  signal (SIGXFSZ, SIG_IGN);
  getrlimit (RLIMIT_FSIZE, &limit);
  limit.rlim_cur = 200000;
  ck_assert_int_eq (setrlimit (RLIMIT_FSIZE, &limit), 0);
  n = fill (&error);
  ck_assert_uint_gt (n, 0);
  ck_assert (g_error_matches (error, TERN_ERROR, TERN_ERROR_STORE));
  assert_count ("w", n, 0, NULL);

  limit.rlim_cur = limit.rlim_max;
  ck_assert_int_eq (setrlimit (RLIMIT_FSIZE, &limit), 0);
  post_one ("w", "x", "y");
  restart ();
  assert_count ("w", n + 1, 0, NULL);
}
END_TEST

/* Behind the store's back, since 10,000 posts are 10,000 syncs. @subjects: so many different */
static void
fill_quickly (guint subjects, gint64 next_us)
{
  g_autofree char *sql = g_strdup_printf (
      "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000) "
      "INSERT INTO outbox (webhook, uid, kind, subject, time_us, body, attempts, next_us) "
      "SELECT 'w', i, 'test', 'subject ' || (i %% %u), 0, '{}', 0, %" G_GINT64_FORMAT " FROM n",
      subjects, next_us);
  sqlite3 *db = NULL;

  ck_assert_int_eq (sqlite3_open (path, &db), SQLITE_OK);
  ck_assert_int_eq (sqlite3_exec (db, sql, NULL, NULL, NULL), SQLITE_OK);
  sqlite3_close (db);
}

START_TEST (what_may_be_sent_is_found_among_ten_thousand_without_reading_all)
{
  static const struct
  {
    guint subjects;
    gint64 next_us;
  } shapes[] = { { 10000, 0 }, { 100, 0 }, { 1, 0 }, { 10000, 900 }, { 1, 900 } };
  gint64 began_us, next_us;

  add_webhook ("w");
  fill_quickly (shapes[_i].subjects, shapes[_i].next_us);
  assert_count ("w", 10000, 0, NULL);
  began_us = g_get_monotonic_time ();
  for (guint i = 0; i < 10; i++)
    {
      g_autoptr (GPtrArray) notices = take ("w", 100, 100, &next_us);

      ck_assert_uint_eq (notices->len,
                         shapes[_i].next_us > 100 ? 0 : MIN (shapes[_i].subjects, 100));
      ck_assert_int_eq (next_us, shapes[_i].next_us);
    }
  g_printerr ("%u subjects: %.2f ms each\n", shapes[_i].subjects,
              (double) (g_get_monotonic_time () - began_us) / 10000);
  /* Wide: this takes a tenth of a second, and a scan for each row several minutes. */
  ck_assert_int_lt (g_get_monotonic_time () - began_us, 30 * G_USEC_PER_SEC);
}
END_TEST

/* clang-format off */
TERN_CHECK_MAIN ("outbox",
  tcase_add_checked_fixture (tcase, setup, teardown);
  tcase_add_test (tcase, webhooks_survive_a_restart_sorted_by_name);
  tcase_add_test (tcase, a_notice_comes_back_as_it_was_posted_after_a_restart_too);
  tcase_add_test (tcase, of_each_subject_only_the_oldest_may_be_sent_the_oldest_first);
  tcase_add_test (tcase, what_must_wait_holds_back_its_own_subject_only);
  tcase_add_test (tcase, an_empty_outbox_waits_for_nothing);
  tcase_add_test (tcase, what_was_dropped_is_counted_and_the_last_error_is_kept);
  tcase_add_test (tcase, a_webhook_goes_with_what_waits_for_it);
  tcase_add_test (tcase, a_task_is_told_of_once_its_end_was_posted);
  tcase_add_test (tcase, a_late_post_of_one_phase_tells_nothing_of_the_next);
  tcase_add_test (tcase, a_task_that_needs_attention_again_is_told_of_again);
  tcase_add_test (tcase, a_task_that_is_written_again_is_not_told_of_again);
  tcase_add_test (tcase, a_post_that_fails_has_told_nothing_and_marked_nothing);
  tcase_add_test (tcase, a_full_disk_costs_one_post_and_nothing_else);
  tcase_add_loop_test (tcase, what_may_be_sent_is_found_among_ten_thousand_without_reading_all, 0, 5);
)
/* clang-format on */
