/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * virtern: the command. Understands what was typed, connects, runs it, and turns its error
 * into a sentence and an exit status.
 */
#include "config.h"

#include "cli/args.h"
#include "cli/client.h"
#include "cli/cmd.h"
#include "cli/exit-status.h"
#include "cli/i18n.h"
#include "cli/output.h"

#include <locale.h>
#include <stdio.h>

static void
init_locale (void)
{
  (void) setlocale (LC_ALL, "");
  (void) bindtextdomain (GETTEXT_PACKAGE, TERN_LOCALE_DIR);
  (void) bind_textdomain_codeset (GETTEXT_PACKAGE, "UTF-8");
  (void) textdomain (GETTEXT_PACKAGE);
}

static gboolean
wants_session_bus (const TernArgs *args)
{
  return tern_args_has (args, TERN_OPTION_SESSION)
         || g_strcmp0 (g_getenv ("VIRTERN_BUS"), "session") == 0;
}

static gboolean
run_command (TernArgs *args, GError **error)
{
  g_autoptr (TernClient) client = NULL;
  TernCli cli = { .args = args };

  if (!tern_args_is_offline (args))
    {
      client = tern_client_new (wants_session_bus (args), error);
      if (client == NULL)
        return FALSE;
      cli.client = client;
    }
  return args->command->run (&cli, error);
}

static gboolean
run (const char *const *argv, GError **error)
{
  g_autoptr (TernArgs) args = tern_args_parse (argv, error);
  g_autofree char *help = NULL;

  if (args == NULL)
    return FALSE;

  tern_output_set_color (!tern_args_has (args, TERN_OPTION_NO_COLOR));
  if (tern_args_has (args, TERN_OPTION_VERSION))
    {
      g_print ("virtern %s\n", PACKAGE_VERSION);
      return TRUE;
    }
  if (tern_args_has (args, TERN_OPTION_HELP))
    {
      help = tern_command_format_help (args->command);
      g_print ("%s", help);
      return TRUE;
    }
  return run_command (args, error);
}

/* A full disk behind stdout must not look like success, nor like a verdict that was told. What
 * else went wrong counts for more. */
static TernExit
flush_output (TernExit status)
{
  if (fflush (stdout) == 0 && !ferror (stdout))
    return status;

  tern_output_error (_ ("The output could not be written"));
  return status == TERN_EXIT_OK || status == TERN_EXIT_REFUSED ? TERN_EXIT_FAILED : status;
}

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;

  init_locale ();
  tern_output_init ();
  if (!run ((const char *const *) argv + (argc > 0 ? 1 : 0), &error))
    tern_output_error (error->message);
  return (int) flush_output (tern_exit_from_error (error));
}
