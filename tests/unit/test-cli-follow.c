/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The wait for a task's end, against a bus that is made here: it knows the moment of every
 * message, so the end can fall right behind the first read. As a real bus, it passes a signal on
 * only to who asked for it before.
 *
 *   client  AddMatch*  GetTask ........................ GetTask
 *   bus                        "running"  the end told          "done"
 *
 * All of the bus runs in GDBus's worker thread, in the order in which the messages come.
 */
#include "config.h"

#include "cli/follow.h"

#include "base/names.h"
#include "cli/exit-status.h"
#include "tern-check.h"

#include <gio/gunixsocketaddress.h>
#include <glib/gstdio.h>

#define DAEMON ":1.1"
/* Only a wait that has missed the end takes as long. */
#define BOUND_S 10

typedef struct
{
  const char *name;
  gboolean tells_completed;
  gboolean tells_changed;
  gboolean before_the_answer;
} Ending;

static const Ending endings[] = {
  { "Completed, behind the answer", TRUE, FALSE, FALSE },
  { "PropertiesChanged, behind the answer", FALSE, TRUE, FALSE },
  { "both, behind the answer", TRUE, TRUE, FALSE },
  { "both, before an answer that does not know", TRUE, TRUE, TRUE },
  { "nothing", FALSE, FALSE, FALSE },
};
#define SILENT (G_N_ELEMENTS (endings) - 1)
/* These tasks are in attention at first; what follows depends on the id. */
#define LEAVES_BEFORE 500 /* it left and came back before the first read, and told so */
#define LEAVES_BEHIND 501 /* likewise, right behind the first read */
#define ENDS_DONE 502     /* it left and was done */
#define FIRST_OF_MANY 1000
#define MANY 200

/* Each ending is that of one task, whose id is its place here; of many tasks, they come in turn,
 * except for the silent one. */
static const Ending *
get_ending (guint64 id)
{
  return &endings[id < FIRST_OF_MANY ? id : (id - FIRST_OF_MANY) % SILENT];
}

static GDBusConnection *connection; /* the bus's end of the client's */
static TernClient *client;

/* Of the worker thread. */
static GPtrArray *rules;
static guint reads[FIRST_OF_MANY + MANY];

/* --- the bus --- */

static gboolean
is_asked_for (const char *path, const char *member)
{
  g_autofree char *by_member = g_strdup_printf ("member='%s'", member);
  g_autofree char *by_path = g_strdup_printf ("path='%s'", path);

  for (guint i = 0; i < rules->len; i++)
    {
      const char *rule = g_ptr_array_index (rules, i);

      if (strstr (rule, by_member) != NULL
          && (strstr (rule, by_path) != NULL || strstr (rule, "path='") == NULL))
        return TRUE;
    }
  return FALSE;
}

static void
tell (GDBusConnection *to, guint64 id, const char *iface, const char *member, GVariant *body)
{
  g_autofree char *path = g_strdup_printf (TERN_BUS_PATH_TASKS "/%" G_GUINT64_FORMAT, id);
  g_autoptr (GDBusMessage) signal = g_dbus_message_new_signal (path, iface, member);

  g_dbus_message_set_sender (signal, DAEMON);
  g_dbus_message_set_body (signal, body);
  if (is_asked_for (path, member))
    (void) g_dbus_connection_send_message (to, signal, G_DBUS_SEND_MESSAGE_FLAGS_NONE, NULL, NULL);
}

static void
tell_the_end (GDBusConnection *to, guint64 id)
{
  if (get_ending (id)->tells_changed)
    tell (to, id, "org.freedesktop.DBus.Properties", "PropertiesChanged",
          g_variant_new_parsed ("(%s, {'State': <'done'>}, @as [])", TERN_IFACE_TASK));
  if (get_ending (id)->tells_completed)
    tell (to, id, TERN_IFACE_TASK, "Completed", g_variant_new_parsed ("(true, 'moved')"));
}

static void
answer (GDBusConnection *to, GDBusMessage *request, GVariant *body)
{
  g_autoptr (GDBusMessage) reply = g_dbus_message_new_method_reply (request);

  if (body != NULL)
    g_dbus_message_set_body (reply, body);
  (void) g_dbus_connection_send_message (to, reply, G_DBUS_SEND_MESSAGE_FLAGS_NONE, NULL, NULL);
}

static void
tell_state (GDBusConnection *to, guint64 id, const char *state)
{
  tell (to, id, "org.freedesktop.DBus.Properties", "PropertiesChanged",
        g_variant_new_parsed ("(%s, {'State': <%s>}, @as [])", TERN_IFACE_TASK, state));
}

static void
answer_attention (GDBusConnection *to, GDBusMessage *request, guint64 id)
{
  gboolean first = reads[id]++ == 0;

  if (first && id == LEAVES_BEFORE)
    tell_state (to, id, "running");
  if (first && id == LEAVES_BEFORE)
    tell_state (to, id, "attention");
  answer (to, request,
          g_variant_new_parsed ("({'State': <%s>, 'Id': <%t>},)",
                                id == ENDS_DONE && !first ? "done" : "attention", id));
  if (!first || id == LEAVES_BEFORE)
    return;
  tell_state (to, id, "running");
  tell_state (to, id, id == ENDS_DONE ? "done" : "attention");
}

/* The task ends right with the first read, which does not know it yet. */
static void
answer_read (GDBusConnection *to, GDBusMessage *request)
{
  guint64 id;
  gboolean first;

  g_variant_get (g_dbus_message_get_body (request), "(t)", &id);
  if (id >= LEAVES_BEFORE && id <= ENDS_DONE)
    {
      answer_attention (to, request, id);
      return;
    }
  first = reads[id]++ == 0;
  if (first && get_ending (id)->before_the_answer)
    tell_the_end (to, id);
  answer (to, request,
          g_variant_new_parsed ("({'State': <%s>, 'Id': <%t>},)", first ? "running" : "done", id));
  if (first && !get_ending (id)->before_the_answer)
    tell_the_end (to, id);
}

static void
change_rules (GDBusConnection *to, GDBusMessage *request, gboolean add)
{
  const char *rule;
  guint place;

  g_variant_get (g_dbus_message_get_body (request), "(&s)", &rule);
  if (add)
    g_ptr_array_add (rules, g_strdup (rule));
  else if (g_ptr_array_find_with_equal_func (rules, rule, g_str_equal, &place))
    g_ptr_array_remove_index (rules, place);
  answer (to, request, NULL);
}

static GDBusMessage *
on_message (GDBusConnection *from, GDBusMessage *message, gboolean incoming, gpointer unused)
{
  const char *member = g_dbus_message_get_member (message);

  if (!incoming || g_dbus_message_get_message_type (message) != G_DBUS_MESSAGE_TYPE_METHOD_CALL)
    return message;

  if (g_str_equal (member, "Hello"))
    answer (from, message, g_variant_new ("(s)", ":1.2"));
  else if (g_str_equal (member, "GetNameOwner"))
    answer (from, message, g_variant_new ("(s)", DAEMON));
  else if (g_str_equal (member, "AddMatch"))
    change_rules (from, message, TRUE);
  else if (g_str_equal (member, "RemoveMatch"))
    change_rules (from, message, FALSE);
  else if (g_str_equal (member, "GetTask"))
    answer_read (from, message);
  else
    answer (from, message, NULL);
  g_object_unref (message);
  return NULL;
}

/* In a thread, since the client connects with a call that blocks. */
static gpointer
serve (gpointer listener)
{
  g_autofree char *guid = g_dbus_generate_guid ();
  g_autoptr (GSocketConnection) stream = g_socket_listener_accept (listener, NULL, NULL, NULL);

  connection =
      g_dbus_connection_new_sync (G_IO_STREAM (stream), guid,
                                  G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_SERVER
                                      | G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_REQUIRE_SAME_USER
                                      | G_DBUS_CONNECTION_FLAGS_DELAY_MESSAGE_PROCESSING,
                                  NULL, NULL, NULL);
  g_dbus_connection_add_filter (connection, on_message, NULL, NULL);
  g_dbus_connection_start_message_processing (connection);
  return NULL;
}

/* --- */

static void
connect_client (void)
{
  g_autofree char *folder = g_dir_make_tmp ("tern-follow-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (folder, "bus", NULL);
  g_autofree char *address = g_strconcat ("unix:path=", path, NULL);
  g_autoptr (GSocketAddress) place = g_unix_socket_address_new (path);
  g_autoptr (GSocketListener) listener = g_socket_listener_new ();
  GThread *thread;

  ck_assert (g_socket_listener_add_address (listener, place, G_SOCKET_TYPE_STREAM,
                                            G_SOCKET_PROTOCOL_DEFAULT, NULL, NULL, NULL));
  g_setenv ("DBUS_SESSION_BUS_ADDRESS", address, TRUE);
  thread = g_thread_new ("bus", serve, listener);
  client = tern_client_new (TRUE, NULL);
  (void) g_thread_join (thread);
  ck_assert_int_eq (g_unlink (path), 0);
  ck_assert_int_eq (g_rmdir (folder), 0);
}

/* Once in each process: GDBus has one connection to a bus, and CK_FORK=no has one process. */
static void
setup (void)
{
  if (client != NULL)
    return;
  rules = g_ptr_array_new_with_free_func (g_free);
  connect_client ();
  ck_assert_ptr_nonnull (client);
}

/* Ends that were told of, in the order in which they were. */
static void
count_end (GVariant *task, gpointer count)
{
  ck_assert_str_eq (tern_props_string (task, "State"), "done");
  ++*(guint *) count;
}

START_TEST (an_end_right_behind_the_first_read_is_not_missed)
{
  guint64 id = (guint64) _i;
  guint ends = 0;
  TernFollow follow = {
    .ids = &id, .n_ids = 1, .timeout_s = BOUND_S, .is_ours = TRUE, .ended = count_end, .data = &ends
  };
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) tasks = tern_follow_tasks (client, &follow, &error);

  ck_assert_msg (tasks != NULL, "%s: %s", endings[_i].name, error != NULL ? error->message : "");
  ck_assert_uint_eq (tasks->len, 1);
  ck_assert_str_eq (tern_props_string (tasks->pdata[0], "State"), "done");
  ck_assert_uint_eq (ends, 1);
}
END_TEST

/* More than are read at a time, with every way to end. */
START_TEST (of_many_tasks_no_end_is_missed_and_each_is_told_once)
{
  guint64 ids[MANY];
  guint ends = 0;
  TernFollow follow = { .ids = ids,
                        .n_ids = MANY,
                        .timeout_s = BOUND_S,
                        .is_ours = TRUE,
                        .ended = count_end,
                        .data = &ends };
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) tasks = NULL;

  for (guint i = 0; i < MANY; i++)
    ids[i] = FIRST_OF_MANY + i;
  tasks = tern_follow_tasks (client, &follow, &error);

  ck_assert_msg (tasks != NULL, "%s", error != NULL ? error->message : "");
  ck_assert_uint_eq (tasks->len, MANY);
  for (guint i = 0; i < MANY; i++)
    ck_assert_uint_eq (tern_props_uint64 (tasks->pdata[i], "Id"), ids[i]);
  ck_assert_uint_eq (ends, MANY);
}
END_TEST

START_TEST (a_wait_for_several_that_is_over_says_how_many_go_on)
{
  guint64 ids[] = { 0, SILENT, 1 };
  guint ends = 0;
  TernFollow follow = { .ids = ids,
                        .n_ids = G_N_ELEMENTS (ids),
                        .timeout_s = 1,
                        .is_ours = TRUE,
                        .ended = count_end,
                        .data = &ends };
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) tasks = tern_follow_tasks (client, &follow, &error);

  ck_assert_ptr_null (tasks);
  ck_assert (g_error_matches (error, TERN_EXIT_ERROR, TERN_EXIT_WAIT_TIMED_OUT));
  ck_assert_msg (strstr (error->message, "\n1 task goes on") != NULL, "%s", error->message);
  ck_assert_uint_eq (ends, 2);
}
END_TEST

START_TEST (an_end_that_nobody_tells_of_ends_the_wait_at_its_bound)
{
  guint64 id = SILENT;
  TernFollow follow = { .ids = &id, .n_ids = 1, .timeout_s = 1, .is_ours = TRUE };
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) tasks = tern_follow_tasks (client, &follow, &error);

  ck_assert_ptr_null (tasks);
  ck_assert (g_error_matches (error, TERN_EXIT_ERROR, TERN_EXIT_WAIT_TIMED_OUT));
}
END_TEST

static gboolean
begin (gpointer begun, GError **error)
{
  ++*(guint *) begun;
  return TRUE;
}

static gboolean
refuse (gpointer begun, GError **error)
{
  ++*(guint *) begun;
  g_set_error_literal (error, TERN_EXIT_ERROR, TERN_EXIT_REFUSED, "no");
  return FALSE;
}

START_TEST (a_task_in_attention_has_ended_only_when_it_was_seen_to_move)
{
  guint64 id = (guint64) _i;
  guint begun = 0;
  TernFollow follow = { .ids = &id,
                        .n_ids = 1,
                        .timeout_s = BOUND_S,
                        .is_ours = TRUE,
                        .from_attention = TRUE,
                        .begin = begin,
                        .data = &begun };
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) tasks = tern_follow_tasks (client, &follow, &error);

  ck_assert_msg (tasks != NULL, "%d: %s", _i, error != NULL ? error->message : "");
  ck_assert_str_eq (tern_props_string (tasks->pdata[0], "State"),
                    _i == ENDS_DONE ? "done" : "attention");
  ck_assert_uint_eq (begun, 1);
}
END_TEST

START_TEST (what_cannot_be_begun_is_not_waited_for)
{
  guint64 id = SILENT;
  guint begun = 0;
  TernFollow follow = { .ids = &id, .n_ids = 1, .is_ours = TRUE, .begin = refuse, .data = &begun };
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) tasks = tern_follow_tasks (client, &follow, &error);

  ck_assert_ptr_null (tasks);
  ck_assert (g_error_matches (error, TERN_EXIT_ERROR, TERN_EXIT_REFUSED));
  ck_assert_uint_eq (begun, 1);
}
END_TEST

/* clang-format off */
TERN_CHECK_MAIN ("follow",
  tcase_add_checked_fixture (tcase, setup, NULL);
  tcase_add_loop_test (tcase, an_end_right_behind_the_first_read_is_not_missed, 0, SILENT);
  tcase_add_loop_test (tcase, a_task_in_attention_has_ended_only_when_it_was_seen_to_move, LEAVES_BEFORE, ENDS_DONE + 1);
  tcase_add_test (tcase, what_cannot_be_begun_is_not_waited_for);
  tcase_add_test (tcase, an_end_that_nobody_tells_of_ends_the_wait_at_its_bound);
  tcase_add_test (tcase, of_many_tasks_no_end_is_missed_and_each_is_told_once);
  tcase_add_test (tcase, a_wait_for_several_that_is_over_says_how_many_go_on);)
/* clang-format on */
