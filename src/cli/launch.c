/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What comes after an order to move or to start: the wait and its end, or the refusal.
 */
#include "config.h"

#include "cli/launch.h"

#include "base/error.h"
#include "base/text.h"
#include "cli/exit-status.h"
#include "cli/i18n.h"
#include "cli/kind-words.h"
#include "cli/outcome.h"
#include "cli/output.h"
#include "cli/places.h"

#include <inttypes.h>
#include <string.h>

static gboolean
wants_json (TernCli *cli)
{
  return tern_args_has (cli->args, TERN_OPTION_JSON);
}

static gboolean
parse_path (const char *path, guint64 *out_id, GError **error)
{
  *out_id = tern_client_parse_task_path (path);
  if (*out_id > 0)
    return TRUE;
  g_set_error (
      error, TERN_ERROR, TERN_ERROR_FAILED,
      _ ("virternd answered with a task that has no id; do the versions fit? “virtern task "
         "list” shows what was begun"));
  return FALSE;
}

static void
print_begun (GVariant *task)
{
  g_autofree char *what = tern_kind_format_begun (task);
  guint64 id = tern_props_uint64 (task, "Id");

  g_print (_ ("Task %" PRIu64 " %s; “virtern task watch %" PRIu64 "” follows it.\n"), id, what, id);
}

static gboolean
report_begun (TernCli *cli, guint64 id, GError **error)
{
  g_autoptr (GVariant) task = tern_client_fetch_task (cli->client, id, error);

  if (task == NULL)
    return FALSE;
  if (wants_json (cli))
    tern_output_json (tern_output_properties_to_json (task));
  else
    print_begun (task);
  return TRUE;
}

gboolean
tern_launch_one (TernCli *cli, const char *path, GError **error)
{
  g_autoptr (GVariant) task = NULL;
  guint64 id;

  if (!parse_path (path, &id, error))
    return FALSE;
  if (tern_args_has (cli->args, TERN_OPTION_NO_WAIT))
    return report_begun (cli, id, error);

  task = tern_outcome_wait (cli, id, TRUE, error);
  return task != NULL && tern_outcome_report (cli, task, error);
}

/* --- groups --- */

static GArray *
parse_paths (GVariant *paths, GError **error)
{
  g_autoptr (GArray) ids = g_array_new (FALSE, FALSE, sizeof (guint64));
  gsize n = g_variant_n_children (paths);

  for (gsize i = 0; i < n; i++)
    {
      g_autoptr (GVariant) path = g_variant_get_child_value (paths, i);
      guint64 id;

      if (!parse_path (g_variant_get_string (path, NULL), &id, error))
        return NULL;
      g_array_append_val (ids, id);
    }
  return g_steal_pointer (&ids);
}

static GPtrArray *
fetch_tasks (TernCli *cli, const GArray *ids, GError **error)
{
  g_autoptr (GPtrArray) tasks = g_ptr_array_new_with_free_func ((GDestroyNotify) g_variant_unref);

  for (guint i = 0; i < ids->len; i++)
    {
      GVariant *task = tern_client_fetch_task (cli->client, g_array_index (ids, guint64, i), error);

      if (task == NULL)
        return NULL;
      g_ptr_array_add (tasks, task);
    }
  return g_steal_pointer (&tasks);
}

static void
print_left_behind (GVariant *refused)
{
  if (g_variant_n_children (refused) == 0)
    return;
  tern_places_print_refused (refused);
  g_print ("\n");
}

gboolean
tern_launch_all (TernCli *cli, GVariant *paths, GVariant *refused, GError **error)
{
  gboolean no_wait = tern_args_has (cli->args, TERN_OPTION_NO_WAIT);
  g_autoptr (GArray) ids = parse_paths (paths, error);
  g_autoptr (GPtrArray) tasks = NULL;

  if (ids == NULL)
    return FALSE;
  if (!wants_json (cli))
    print_left_behind (refused);
  if (ids->len == 0)
    tasks = g_ptr_array_new ();
  else
    tasks = no_wait ? fetch_tasks (cli, ids, error) : tern_outcome_wait_all (cli, ids, error);
  if (tasks == NULL)
    return FALSE;

  if (wants_json (cli))
    tern_output_json (tern_places_started_to_json (tasks, refused));
  else if (no_wait)
    g_ptr_array_foreach (tasks, (GFunc) (void (*) (void)) print_begun, NULL);

  if (ids->len == 0)
    {
      g_set_error (error, TERN_EXIT_ERROR, TERN_EXIT_REFUSED,
                   _ ("No VM finds a place; nothing was changed"));
      return FALSE;
    }
  return no_wait || tern_outcome_judge_all (tasks, error);
}

/* --- refusals --- */

static gboolean
is_refusal (const GError *error)
{
  return g_error_matches (error, TERN_ERROR, TERN_ERROR_REFUSED)
         || g_error_matches (error, TERN_ERROR, TERN_ERROR_BUSY)
         || g_error_matches (error, TERN_ERROR, TERN_ERROR_UNREACHABLE)
         || g_error_matches (error, TERN_ERROR, TERN_ERROR_ATTENTION);
}

/* One sentence; the reasons are told already. @status: that of attention is kept */
static GError *
make_short_error (const TernAsk *ask, GVariant *refused, TernExit status)
{
  guint n = g_strv_length ((GStrv) ask->vms);
  gboolean is_start = g_strcmp0 (ask->act, "start") == 0;
  g_autoptr (GVariant) first = g_variant_get_child_value (refused, 0);
  const char *vm = tern_props_string (first, "Vm");

  if (n > 1 && g_variant_n_children (refused) == n)
    return g_error_new (TERN_EXIT_ERROR, (int) status,
                        _ ("None of the %u VMs finds a place; nothing was changed"), n);
  if (n > 1)
    return g_error_new (TERN_EXIT_ERROR, (int) status,
                        _ ("%u of %u VMs find no place, so none was moved; --partial moves the "
                           "others"),
                        (guint) g_variant_n_children (refused), n);
  if (ask->destination != NULL)
    return g_error_new (TERN_EXIT_ERROR, (int) status,
                        is_start ? _ ("%s cannot be started on %s; nothing was changed")
                                 : _ ("%s cannot be moved to %s; nothing was changed"),
                        vm, ask->destination);
  return g_error_new (TERN_EXIT_ERROR, (int) status,
                      is_start ? _ ("%s cannot be started on any host; nothing was changed")
                               : _ ("%s cannot be moved to any other host; nothing was changed"),
                      vm);
}

void
tern_launch_explain_refusal (TernCli *cli, const TernAsk *ask, GError **error)
{
  g_autoptr (GVariant) plan = NULL;
  g_autoptr (GVariant) refused = NULL;
  TernExit status = TERN_EXIT_REFUSED;

  if (!is_refusal (*error))
    return;
  plan = tern_ask_plan (cli, ask, NULL);
  if (plan == NULL)
    return;
  refused = g_variant_get_child_value (plan, 1);
  if (g_variant_n_children (refused) == 0)
    return;

  if (wants_json (cli))
    tern_output_json (tern_places_started_to_json (NULL, refused));
  else
    tern_places_print_refused (refused);

  if (g_error_matches (*error, TERN_ERROR, TERN_ERROR_ATTENTION))
    status = TERN_EXIT_ATTENTION;
  g_clear_error (error);
  *error = make_short_error (ask, refused, status);
}
