/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The real daemon on a bus of its own, and a client of it. Check forks each test, and GDBus
 * threads do not survive a fork: so everything starts inside the test (a checked fixture).
 *
 * Nothing here sleeps: fixture_wait_for() runs the main loop until a condition holds, and
 * fails the test when it does not within a minute.
 */

#include "base/names.h"

#include <check.h>
#include <gio/gio.h>

/* What came over the bus, in order. */
typedef struct
{
  char *path;
  char *iface;
  char *name;
  GVariant *parameters;
} Heard;

typedef struct
{
  char *folder;
  char *address;
  GPid bus_pid;
  GPid daemon_pid;
  int daemon_status;
  char *notify_socket; /* given to the daemon as NOTIFY_SOCKET */
  GDBusConnection *client;
  GPtrArray *heard; /* (element-type Heard): signals of the daemon and of the bus */
} Fixture;

extern Fixture fixture;

/** fixture_start: a bus and a client; no daemon yet */
void fixture_start (void);
/** fixture_end: the daemon, if it still runs, must end well */
void fixture_end (void);

/** fixture_stop_bus: the bus goes away under the daemon; fixture_start_bus: a new one */
void fixture_stop_bus (void);
void fixture_start_bus (void);

/** fixture_put_file: writes @text to @name in the test's folder. Returns: (transfer full): path */
char *fixture_put_file (const char *name, const char *text);

/** fixture_copy_snapshot: tests/fixtures/sim/@name into the test's folder, under the same name */
void fixture_copy_snapshot (const char *name);

/** fixture_start_daemon: `virternd --session ARGUMENT…`, and waits until it owns its name */
void fixture_start_daemon (const char *first_argument, ...) G_GNUC_NULL_TERMINATED;
/** fixture_simulate: a daemon on @snapshot (JSON), @speed times faster; waits for all hosts */
void fixture_simulate (const char *snapshot, const char *speed);
/** fixture_wait_for_hosts: until none is "connecting" any more */
void fixture_wait_for_hosts (void);
/** fixture_run_daemon: one that is expected to end by itself. Returns: its exit status.
 * @out_errors: (transfer full) (optional): what it wrote to stderr */
int fixture_run_daemon (char **out_errors, const char *first_argument, ...) G_GNUC_NULL_TERMINATED;
/** fixture_stop_daemon: SIGTERM. Returns: exit status */
int fixture_stop_daemon (void);

/** fixture_poll_daemon: Returns: whether its process has ended; fixture.daemon_status says how */
gboolean fixture_poll_daemon (void);

typedef gboolean (*Condition) (gpointer data);
void fixture_wait_for (Condition condition, gpointer data, const char *what);

/** call: a method of the Manager; fails the test on an error. @parameters: (transfer floating)
 * (nullable). Returns: (transfer full) */
GVariant *call (const char *method, GVariant *parameters);
/** call_at: likewise on any object. @error: %NULL fails the test on an error */
GVariant *call_at (const char *path, const char *iface, const char *method, GVariant *parameters,
                   GError **error);
/** assert_error: the call must end with org.virtern.Virtern1.Error.@name, and the sentence must
 * hold @part */
void assert_error (const char *method, GVariant *parameters, const char *name, const char *part);
void assert_error_at (const char *path, const char *iface, const char *method, GVariant *parameters,
                      const char *name, const char *part);

/** no_options: Returns: (transfer floating): an empty a{sv} */
GVariant *no_options (void);
/** options: Returns: (transfer floating): an a{sv} from GVariant text */
GVariant *options (const char *text);

/** get_property: Returns: (transfer full) */
GVariant *get_property (const char *path, const char *iface, const char *name);
char *get_string (const char *path, const char *iface, const char *name);

/** migrate: Returns: (transfer full): path of the task */
char *migrate (const char *vm, const char *destination);
/** wait_for_end: waits for Completed of a task. Returns: its success */
gboolean wait_for_end (const char *task_path);
/** wait_for_phase: waits until the task is in @phase, and fails if it ends before */
void wait_for_phase (const char *task_path, const char *phase);
/** count_heard: how many signals @name came from @path (nullable) */
guint count_heard (const char *path, const char *name);
