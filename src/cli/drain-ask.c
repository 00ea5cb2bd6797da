/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a drain shall do with VMs of which only a person can say it.
 */
#include "config.h"

#include "cli/drain-ask.h"

#include "base/text.h"
#include "cli/exit-status.h"
#include "cli/i18n.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

gboolean
tern_drain_ask_is_possible (TernCli *cli)
{
  return !tern_args_has (cli->args, TERN_OPTION_JSON) && isatty (STDIN_FILENO)
         && isatty (STDERR_FILENO);
}

/* Returns: (transfer full) (nullable): %NULL at the end of input */
static char *
read_answer (void)
{
  char *line = NULL;
  size_t size = 0;
  ssize_t len = getline (&line, &size, stdin);
  char *answer = len >= 0 ? g_ascii_strdown (line, len) : NULL;

  free (line);
  return answer != NULL ? g_strstrip (answer) : NULL;
}

/* Returns: (nullable): the action; %NULL if that is no answer. Who says no leaves it to be asked
 * about. */
static const char *
understand (const char *answer)
{
  static const struct
  {
    const char *answer, *action;
  } answers[] = { { "y", "migrate" },      { "yes", "migrate" }, { "n", "ask" },
                  { "no", "ask" },         { "s", "skip" },      { "skip", "skip" },
                  { "c", "cold" },         { "cold", "cold" },   { "shutdown", "shutdown" },
                  { "migrate", "migrate" } };

  for (guint i = 0; i < G_N_ELEMENTS (answers); i++)
    if (strcmp (answer, answers[i].answer) == 0)
      return answers[i].action;
  return NULL;
}

static gboolean
ask_one (GVariant *item, GHashTable *answers, GError **error)
{
  g_autofree char *vm = tern_text_visible (tern_props_string (item, "Vm"), 0);
  const char *action = NULL;

  while (action == NULL)
    {
      g_autofree char *answer = NULL;

      g_printerr (_ ("%s on %s is to be asked about. Move it? [y]es, [n]o: it stays and is left; "
                     "[s]kip: it stays and is no hindrance; cold, shutdown: "),
                  vm, tern_props_string (item, "Host"));
      answer = read_answer ();
      if (answer == NULL)
        {
          g_printerr ("\n");
          g_set_error (error, TERN_EXIT_ERROR, TERN_EXIT_CANCELLED,
                       _ ("There was no answer; nothing was changed"));
          return FALSE;
        }
      action = understand (answer);
    }
  g_hash_table_insert (answers, g_strdup (tern_props_string (item, "VmUuid")), g_strdup (action));
  return TRUE;
}

gboolean
tern_drain_ask (const TernDrainDocument *document, GHashTable *answers, GError **error)
{
  for (gsize i = 0; i < g_variant_n_children (document->items); i++)
    {
      g_autoptr (GVariant) item = g_variant_get_child_value (document->items, i);

      if (strcmp (tern_props_string (item, "Action"), "ask") == 0
          && strcmp (tern_props_string (item, "State"), "skipped") != 0
          && !ask_one (item, answers, error))
        return FALSE;
    }
  return TRUE;
}
