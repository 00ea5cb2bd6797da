/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The command as a child of a test that plays the daemon.
 */
#include "config.h"

#include "cli-run.h"

#include "bus-fixture.h"

#include <string.h>

#define PATIENCE_S 60

/* A command under way. */
typedef struct
{
  Ran ran;
  GMainLoop *loop;
} Run;

void
ran_clear (Ran *ran)
{
  g_free (ran->out);
  g_free (ran->err);
}

GSubprocess *
start_command (const char *line)
{
  g_autoptr (GSubprocessLauncher) launcher =
      g_subprocess_launcher_new (G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_PIPE);
  const char *builddir = g_getenv ("TOP_BUILDDIR");
  g_autofree char *program = g_build_filename (builddir != NULL ? builddir : ".", "virtern", NULL);
  g_autofree char *whole = g_strconcat (program, " ", line, NULL);
  g_auto (GStrv) argv = g_strsplit (whole, " ", -1);
  g_autoptr (GError) error = NULL;
  GSubprocess *process;

  g_subprocess_launcher_setenv (launcher, "DBUS_SESSION_BUS_ADDRESS", fixture.address, TRUE);
  g_subprocess_launcher_setenv (launcher, "VIRTERN_BUS", "session", TRUE);
  g_subprocess_launcher_setenv (launcher, "LC_ALL", "C.UTF-8", TRUE);
  process = g_subprocess_launcher_spawnv (launcher, (const char *const *) argv, &error);
  ck_assert_msg (process != NULL, "%s", error != NULL ? error->message : "");
  return process;
}

static gboolean
on_too_late (gpointer line)
{
  ck_abort_msg ("“virtern %s” did not end", (const char *) line);
  return G_SOURCE_REMOVE;
}

static void
on_ended (GObject *source, GAsyncResult *result, gpointer data)
{
  Run *run = data;

  ck_assert (g_subprocess_communicate_utf8_finish (G_SUBPROCESS (source), result, &run->ran.out,
                                                   &run->ran.err, NULL));
  g_main_loop_quit (run->loop);
}

Ran
finish_command (GSubprocess *process, const char *line)
{
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  guint patience = g_timeout_add_seconds (PATIENCE_S, on_too_late, (gpointer) line);
  Run run = { .loop = loop };

  g_subprocess_communicate_utf8_async (process, NULL, NULL, on_ended, &run);
  g_main_loop_run (loop);
  g_source_remove (patience);
  run.ran.status =
      g_subprocess_get_if_exited (process) ? g_subprocess_get_exit_status (process) : -1;
  return run.ran;
}

Ran
run_command (const char *line)
{
  g_autoptr (GSubprocess) process = start_command (line);

  return finish_command (process, line);
}

void
assert_says (const char *line, const char *text, const char *part)
{
  ck_assert_msg (strstr (text, part) != NULL, "virtern %s\nlacks: %.500s\nsays: %.2000s", line,
                 part, text);
}
