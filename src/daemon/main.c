/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * virternd: the command line. Exit status: 0 after SIGTERM or SIGINT, 1 when it could not
 * start or lost the bus, 2 for a wrong command line.
 */
#include "config.h"

#include "base/log.h"
#include "daemon/app.h"

#include <stdio.h>
#include <stdlib.h>

#include <signal.h>
#include <sys/stat.h>

#define EXIT_USAGE 2
#define CONFIG_FILE TERN_CONF_DIR "/virternd.conf"

static gboolean show_version = FALSE;

static gboolean
parse_options (int *argc, char ***argv, TernAppOptions *options, GError **error)
{
  const GOptionEntry entries[] = {
    { "session", 0, 0, G_OPTION_ARG_NONE, &options->session,
      "Serve on the session bus, for the user who starts it", NULL },
    { "simulate", 0, 0, G_OPTION_ARG_FILENAME, &options->simulate,
      "Simulate the hosts that FILE describes; nothing real is touched", "FILE" },
    { "speed", 0, 0, G_OPTION_ARG_DOUBLE, &options->speed,
      "Let simulated time run FACTOR times faster", "FACTOR" },
    { "config", 0, 0, G_OPTION_ARG_FILENAME, &options->config_file,
      "Read FILE in place of " CONFIG_FILE, "FILE" },
    { "state-dir", 0, 0, G_OPTION_ARG_FILENAME, &options->state_dir, "Keep the store in DIR",
      "DIR" },
    { "debug", 0, 0, G_OPTION_ARG_NONE, &options->debug, "Write debug messages", NULL },
    { "version", 0, 0, G_OPTION_ARG_NONE, &show_version, "Print the version and end", NULL },
    G_OPTION_ENTRY_NULL,
  };
  g_autoptr (GOptionContext) context = g_option_context_new ("- move VMs between libvirt hosts");

  g_option_context_add_main_entries (context, entries, NULL);
  return g_option_context_parse (context, argc, argv, error);
}

static gboolean
check_options (const TernAppOptions *options, int argc, char **argv, GError **error)
{
  if (argc > 1)
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "Unexpected argument “%s”",
                 argv[1]);
  else if (options->speed != 1 && options->simulate == NULL)
    g_set_error_literal (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                         "--speed goes with --simulate only");
  else if (!(options->speed >= 0.001 && options->speed <= 1e6))
    g_set_error_literal (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                         "--speed must be 0.001 to 1000000");
  else
    return TRUE;
  return FALSE;
}

static void
options_clear (TernAppOptions *options)
{
  g_free (options->simulate);
  g_free (options->config_file);
  g_free (options->state_dir);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (TernAppOptions, options_clear)

static int
serve (const TernAppOptions *options)
{
  const char *path = options->config_file;
  g_autoptr (GError) error = NULL;
  g_autoptr (TernConfig) config =
      tern_config_load (path != NULL ? path : CONFIG_FILE, path != NULL, &error);
  g_autoptr (TernApp) app = NULL;

  tern_log_init (options->debug || (config != NULL && config->debug));
  if (config != NULL)
    app = tern_app_start (options, config, &error);
  if (app == NULL)
    {
      tern_log (G_LOG_LEVEL_WARNING, NULL, NULL, "Cannot start: %s", error->message);
      return EXIT_FAILURE;
    }
  if (!tern_app_run (app, &error))
    {
      tern_log (G_LOG_LEVEL_WARNING, NULL, NULL, "Ending: %s", error->message);
      return EXIT_FAILURE;
    }
  return EXIT_SUCCESS;
}

int
main (int argc, char **argv)
{
  g_auto (TernAppOptions) options = { .speed = 1 };
  g_autoptr (GError) error = NULL;

  g_set_prgname ("virternd");
  if (!parse_options (&argc, &argv, &options, &error)
      || (!show_version && !check_options (&options, argc, argv, &error)))
    {
      fprintf (stderr, "virternd: %s\nTry “virternd --help”.\n", error->message);
      return EXIT_USAGE;
    }
  if (show_version)
    {
      printf ("virternd %s\n", PACKAGE_VERSION);
      return EXIT_SUCCESS;
    }

  /* The store and the sockets are ours alone. A host's ssh that dies must not kill us, nor a
   * store that has reached a bound on the size of files: its writes fail, and that is told. */
  umask (077);
  signal (SIGPIPE, SIG_IGN);
  signal (SIGXFSZ, SIG_IGN);
  return serve (&options);
}
