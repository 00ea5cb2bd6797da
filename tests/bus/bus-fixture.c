/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The real daemon on a bus of its own.
 */
#include "config.h"

#include "bus-fixture.h"

#include "base/error.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#define PATIENCE_S 60
#define CALL_TIMEOUT_MS 60000
#define DBUS "org.freedesktop.DBus"
#define PROPERTIES DBUS ".Properties"

static const char bus_config[] =
    "<!DOCTYPE busconfig PUBLIC '-//freedesktop//DTD D-BUS Bus Configuration 1.0//EN'\n"
    "  'http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd'>\n"
    "<busconfig>\n"
    "  <type>session</type>\n"
    "  <listen>unix:dir=%s</listen>\n"
    "  <policy context='default'>\n"
    "    <allow send_destination='*' eavesdrop='true'/>\n"
    "    <allow eavesdrop='true'/>\n"
    "    <allow own='*'/>\n"
    "  </policy>\n"
    "  <limit name='max_replies_per_connection'>50000</limit>\n"
    "</busconfig>\n";

Fixture fixture;

static void
heard_free (Heard *heard)
{
  g_free (heard->path);
  g_free (heard->iface);
  g_free (heard->name);
  g_variant_unref (heard->parameters);
  g_free (heard);
}

/* Children must not outlive a test that fails. */
static void
die_with_parent (gpointer unused)
{
  prctl (PR_SET_PDEATHSIG, SIGKILL);
}

/* stdout speaks TAP: what children write there goes nowhere. */
static GPid
spawn (char **argv, char **envp, int *out_stdout, int *out_stderr)
{
  GSpawnFlags flags = G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_SEARCH_PATH
                      | (out_stdout == NULL ? G_SPAWN_STDOUT_TO_DEV_NULL : 0);
  g_autoptr (GError) error = NULL;
  GPid pid;

  g_spawn_async_with_pipes (NULL, argv, envp, flags, die_with_parent, NULL, &pid, NULL, out_stdout,
                            out_stderr, &error);
  ck_assert_msg (error == NULL, "%s: %s", argv[0], error != NULL ? error->message : "");
  return pid;
}

static char *
read_line (int fd)
{
  g_autoptr (GString) line = g_string_new (NULL);
  char c;

  while (read (fd, &c, 1) == 1 && c != '\n')
    g_string_append_c (line, c);
  return g_strdup (line->str);
}

static void
start_bus (void)
{
  g_autofree char *config = g_strdup_printf (bus_config, fixture.folder);
  g_autofree char *path = fixture_put_file ("bus.conf", config);
  g_autofree char *option = g_strconcat ("--config-file=", path, NULL);
  char *argv[] = { (char *) "dbus-daemon", option, (char *) "--nofork", (char *) "--print-address",
                   NULL };
  int out;

  fixture.bus_pid = spawn (argv, NULL, &out, NULL);
  fixture.address = read_line (out);
  close (out);
  ck_assert_str_ne (fixture.address, "");
}

static void
on_heard (GDBusConnection *connection, const char *sender, const char *path, const char *iface,
          const char *name, GVariant *parameters, gpointer data)
{
  Heard *heard = g_new0 (Heard, 1);

  heard->path = g_strdup (path);
  heard->iface = g_strdup (iface);
  heard->name = g_strdup (name);
  heard->parameters = g_variant_ref (parameters);
  g_ptr_array_add (fixture.heard, heard);
}

static void
connect_client (void)
{
  g_autoptr (GError) error = NULL;

  fixture.client =
      g_dbus_connection_new_for_address_sync (fixture.address,
                                              G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT
                                                  | G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION,
                                              NULL, NULL, &error);
  ck_assert_msg (error == NULL, "%s", error != NULL ? error->message : "");
  g_dbus_connection_set_exit_on_close (fixture.client, FALSE);
  g_dbus_connection_signal_subscribe (fixture.client, NULL, NULL, NULL, NULL, NULL,
                                      G_DBUS_SIGNAL_FLAGS_NONE, on_heard, NULL, NULL);
}

void
fixture_start_bus (void)
{
  start_bus ();
  connect_client ();
}

void
fixture_stop_bus (void)
{
  kill (fixture.bus_pid, SIGTERM);
  waitpid (fixture.bus_pid, NULL, 0);
  g_clear_object (&fixture.client);
  g_clear_pointer (&fixture.address, g_free);
}

void
fixture_start (void)
{
  fixture.folder = g_dir_make_tmp ("tern-bus-XXXXXX", NULL);
  fixture.heard = g_ptr_array_new_with_free_func ((GDestroyNotify) heard_free);
  ck_assert_ptr_nonnull (fixture.folder);
  (void) tern_error_quark ();
  fixture_start_bus ();
}

static void
remove_tree (const char *path)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *child = g_build_filename (path, name, NULL);

      if (g_file_test (child, G_FILE_TEST_IS_DIR) && !g_file_test (child, G_FILE_TEST_IS_SYMLINK))
        remove_tree (child);
      else
        (void) g_unlink (child); /* a leftover in /tmp is no failure */
    }
  (void) g_rmdir (path);
}

void
fixture_end (void)
{
  int status = fixture.daemon_pid != 0 ? fixture_stop_daemon () : 0;

  g_dbus_connection_close_sync (fixture.client, NULL, NULL);
  fixture_stop_bus ();
  g_ptr_array_unref (fixture.heard);
  remove_tree (fixture.folder);
  g_free (fixture.folder);
  g_free (fixture.notify_socket);
  ck_assert_msg (status == 0, "the daemon ended with %d", status);
}

char *
fixture_put_file (const char *name, const char *text)
{
  g_autofree char *path = g_build_filename (fixture.folder, name, NULL);
  g_autofree char *parent = g_path_get_dirname (path);

  ck_assert_int_eq (g_mkdir_with_parents (parent, 0700), 0);
  ck_assert (g_file_set_contents (path, text, -1, NULL));
  return g_steal_pointer (&path);
}

void
fixture_copy_snapshot (const char *name)
{
  g_autofree char *from = g_build_filename (TERN_SRC_DIR, "tests", "fixtures", "sim", name, NULL);
  g_autofree char *text = NULL;
  g_autofree char *to = NULL;

  ck_assert_msg (g_file_get_contents (from, &text, NULL, NULL), "%s", from);
  to = fixture_put_file (name, text);
}

/* TERN_TEST_WRAPPER puts words before the daemon's, such as "valgrind -q --error-exitcode=99". */
static GPtrArray *
build_command (const char *first_argument, va_list arguments)
{
  GPtrArray *argv = g_ptr_array_new_with_free_func (g_free);
  const char *builddir = g_getenv ("TOP_BUILDDIR");
  const char *wrapper = g_getenv ("TERN_TEST_WRAPPER");
  g_auto (GStrv) words = g_strsplit (wrapper != NULL ? wrapper : "", " ", -1);

  for (guint i = 0; words[i] != NULL; i++)
    if (*words[i] != '\0')
      g_ptr_array_add (argv, g_strdup (words[i]));
  g_ptr_array_add (argv, g_build_filename (builddir != NULL ? builddir : ".", "virternd", NULL));
  g_ptr_array_add (argv, g_strdup ("--session"));
  for (const char *a = first_argument; a != NULL; a = va_arg (arguments, const char *))
    g_ptr_array_add (argv, g_strdup (a));
  g_ptr_array_add (argv, NULL);
  return argv;
}

static GStrv
build_environment (void)
{
  GStrv envp = g_get_environ ();

  envp = g_environ_setenv (envp, "DBUS_SESSION_BUS_ADDRESS", fixture.address, TRUE);
  envp = g_environ_setenv (envp, "DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nonexistent", TRUE);
  envp = g_environ_setenv (envp, "XDG_STATE_HOME", fixture.folder, TRUE);
  if (fixture.notify_socket == NULL)
    return g_environ_unsetenv (envp, "NOTIFY_SOCKET");
  return g_environ_setenv (envp, "NOTIFY_SOCKET", fixture.notify_socket, TRUE);
}

/* Returns: whether the daemon's process has ended; then fixture.daemon_status says how. */
static gboolean
reap_daemon (gpointer unused)
{
  int status;

  if (fixture.daemon_pid == 0 || waitpid (fixture.daemon_pid, &status, WNOHANG) == 0)
    return fixture.daemon_pid == 0;

  fixture.daemon_status = WIFEXITED (status) ? WEXITSTATUS (status) : 128 + WTERMSIG (status);
  fixture.daemon_pid = 0;
  return TRUE;
}

gboolean
fixture_poll_daemon (void)
{
  return reap_daemon (NULL);
}

static gboolean
name_is_owned (gpointer unused)
{
  g_autoptr (GVariant) reply = g_dbus_connection_call_sync (
      fixture.client, DBUS, "/org/freedesktop/DBus", DBUS, "NameHasOwner",
      g_variant_new ("(s)", TERN_BUS_NAME), NULL, G_DBUS_CALL_FLAGS_NONE, -1, NULL, NULL);
  gboolean owned;

  ck_assert_msg (!reap_daemon (NULL), "the daemon ended with %d", fixture.daemon_status);
  g_variant_get (reply, "(b)", &owned);
  return owned;
}

void
fixture_start_daemon (const char *first_argument, ...)
{
  g_auto (GStrv) envp = build_environment ();
  g_autoptr (GPtrArray) argv = NULL;
  va_list arguments;

  va_start (arguments, first_argument);
  argv = build_command (first_argument, arguments);
  va_end (arguments);
  fixture.daemon_pid = spawn ((char **) argv->pdata, envp, NULL, NULL);
  fixture_wait_for (name_is_owned, NULL, "the daemon's name on the bus");
}

static gboolean
all_hosts_are_settled (gpointer unused)
{
  g_autoptr (GVariant) reply =
      call_at (TERN_BUS_PATH, DBUS ".ObjectManager", "GetManagedObjects", NULL, NULL);
  g_autofree char *text = g_variant_print (reply, FALSE);

  return strstr (text, "'State': <'connecting'>") == NULL;
}

void
fixture_wait_for_hosts (void)
{
  fixture_wait_for (all_hosts_are_settled, NULL, "all hosts to be up or unreachable");
}

void
fixture_simulate (const char *snapshot, const char *speed)
{
  g_autofree char *path = fixture_put_file ("snapshot.json", snapshot);
  g_autofree char *config = fixture_put_file ("virternd.conf", "");

  fixture_start_daemon ("--simulate", path, "--speed", speed, "--config", config, NULL);
  fixture_wait_for_hosts ();
}

int
fixture_run_daemon (char **out_errors, const char *first_argument, ...)
{
  g_auto (GStrv) envp = build_environment ();
  g_autoptr (GPtrArray) argv = NULL;
  g_autoptr (GString) errors = g_string_new (NULL);
  char buffer[4096];
  gssize length;
  va_list arguments;
  int fd;

  va_start (arguments, first_argument);
  argv = build_command (first_argument, arguments);
  va_end (arguments);
  fixture.daemon_pid = spawn ((char **) argv->pdata, envp, NULL, &fd);
  while ((length = read (fd, buffer, sizeof buffer)) > 0)
    g_string_append_len (errors, buffer, length);
  close (fd);
  fixture_wait_for (reap_daemon, NULL, "the daemon's end");
  if (out_errors != NULL)
    *out_errors = g_strdup (errors->str);
  return fixture.daemon_status;
}

int
fixture_stop_daemon (void)
{
  kill (fixture.daemon_pid, SIGTERM);
  fixture_wait_for (reap_daemon, NULL, "the daemon's end");
  return fixture.daemon_status;
}

static gboolean
on_patience_ended (gpointer data)
{
  *(gboolean *) data = TRUE;
  return G_SOURCE_REMOVE;
}

static gboolean
on_tick (gpointer unused)
{
  return G_SOURCE_CONTINUE;
}

void
fixture_wait_for (Condition condition, gpointer data, const char *what)
{
  gboolean too_late = FALSE;
  guint patience = g_timeout_add_seconds (PATIENCE_S, on_patience_ended, &too_late);
  /* Conditions that no signal announces are looked at again. */
  guint tick = g_timeout_add (10, on_tick, NULL);

  while (!condition (data))
    {
      ck_assert_msg (!too_late, "waited in vain for %s", what);
      g_main_context_iteration (NULL, TRUE);
    }
  g_source_remove (patience);
  g_source_remove (tick);
}

GVariant *
call_at (const char *path, const char *iface, const char *method, GVariant *parameters,
         GError **error)
{
  g_autoptr (GError) local = NULL;
  GVariant *reply =
      g_dbus_connection_call_sync (fixture.client, TERN_BUS_NAME, path, iface, method, parameters,
                                   NULL, G_DBUS_CALL_FLAGS_NONE, CALL_TIMEOUT_MS, NULL, &local);

  ck_assert_msg (reply != NULL || error != NULL, "%s: %s", method,
                 local != NULL ? local->message : "");
  if (local != NULL)
    g_propagate_error (error, g_steal_pointer (&local));
  return reply;
}

GVariant *
call (const char *method, GVariant *parameters)
{
  return call_at (TERN_BUS_PATH, TERN_IFACE_MANAGER, method, parameters, NULL);
}

void
assert_error_at (const char *path, const char *iface, const char *method, GVariant *parameters,
                 const char *name, const char *part)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply = call_at (path, iface, method, parameters, &error);
  g_autofree char *got = error != NULL ? g_dbus_error_get_remote_error (error) : NULL;
  g_autofree char *expected = g_strconcat (TERN_ERROR_PREFIX, name, NULL);

  ck_assert_msg (reply == NULL, "%s was expected to end with %s", method, name);
  ck_assert_str_eq (got, expected);
  ck_assert_msg (strstr (error->message, part) != NULL, "“%s” does not say “%s”", error->message,
                 part);
  ck_assert_msg (g_utf8_validate (error->message, -1, NULL), "not UTF-8");
}

void
assert_error (const char *method, GVariant *parameters, const char *name, const char *part)
{
  assert_error_at (TERN_BUS_PATH, TERN_IFACE_MANAGER, method, parameters, name, part);
}

GVariant *
options (const char *text)
{
  g_autoptr (GError) error = NULL;
  GVariant *value = g_variant_parse (G_VARIANT_TYPE_VARDICT, text, NULL, NULL, &error);

  ck_assert_msg (value != NULL, "%s", error != NULL ? error->message : "");
  return value;
}

GVariant *
no_options (void)
{
  return options ("{}");
}

GVariant *
get_property (const char *path, const char *iface, const char *name)
{
  g_autoptr (GVariant) reply =
      call_at (path, PROPERTIES, "Get", g_variant_new ("(ss)", iface, name), NULL);
  GVariant *value;

  g_variant_get (reply, "(v)", &value);
  return value;
}

char *
get_string (const char *path, const char *iface, const char *name)
{
  g_autoptr (GVariant) value = get_property (path, iface, name);

  return g_variant_dup_string (value, NULL);
}

char *
migrate (const char *vm, const char *destination)
{
  g_autoptr (GVariant) reply =
      call ("Migrate", g_variant_new ("(ss@a{sv})", vm, destination, no_options ()));
  char *path;

  g_variant_get (reply, "(o)", &path);
  return path;
}

static Heard *
find_completed (const char *path)
{
  for (guint i = 0; i < fixture.heard->len; i++)
    {
      Heard *heard = fixture.heard->pdata[i];

      if (g_str_equal (heard->name, "Completed") && g_str_equal (heard->path, path))
        return heard;
    }
  return NULL;
}

static gboolean
has_completed (gpointer path)
{
  return find_completed (path) != NULL;
}

gboolean
wait_for_end (const char *task_path)
{
  gboolean success;

  fixture_wait_for (has_completed, (gpointer) task_path, "Completed of the task");
  g_variant_get (find_completed (task_path)->parameters, "(b&s)", &success, NULL);
  return success;
}

typedef struct
{
  const char *path;
  const char *phase;
} PhaseWait;

static gboolean
is_in_phase (gpointer data)
{
  PhaseWait *wait = data;
  g_autofree char *phase = get_string (wait->path, TERN_IFACE_TASK, "Phase");

  if (g_str_equal (phase, wait->phase))
    return TRUE;
  ck_assert_msg (find_completed (wait->path) == NULL, "the task ended (%s) without being %s", phase,
                 wait->phase);
  return FALSE;
}

void
wait_for_phase (const char *task_path, const char *phase)
{
  PhaseWait wait = { task_path, phase };

  fixture_wait_for (is_in_phase, &wait, phase);
}

guint
count_heard (const char *path, const char *name)
{
  guint count = 0;

  for (guint i = 0; i < fixture.heard->len; i++)
    {
      Heard *heard = fixture.heard->pdata[i];

      count += g_str_equal (heard->name, name) && (path == NULL || g_str_equal (heard->path, path));
    }
  return count;
}
