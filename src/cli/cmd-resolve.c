/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * virtern task resolve: a person's decision on a task in attention. What was seen and what would
 * be ended for good is told first; then the VM's name has to be given. The dialogue is on stderr.
 */
#include "config.h"

#include "cli/cmd.h"

#include "base/text.h"
#include "cli/attention.h"
#include "cli/exit-status.h"
#include "cli/i18n.h"
#include "cli/outcome.h"
#include "cli/output.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/*
 * @keep: (nullable): "source" or "destination"; NULL to look again only
 * @stays: host whose copy stays
 * @goes: host whose copy is ended
 */
typedef struct
{
  TernCli *cli;
  guint64 id;
  const char *keep;
  GVariant *task;
  const char *stays;
  const char *goes;
} Resolving;

/* --- what there is --- */

static char *
find_state (GVariant *vm, const char *host)
{
  g_autoptr (GVariant) seen = g_variant_lookup_value (vm, "SeenOn", G_VARIANT_TYPE ("a(ss)"));
  const char *name, *state;
  GVariantIter iter;

  if (seen == NULL)
    return NULL;
  g_variant_iter_init (&iter, seen);
  while (g_variant_iter_next (&iter, "(&s&s)", &name, &state))
    if (strcmp (name, host) == 0)
      return g_strdup (state);
  return NULL;
}

/* A host that is not up shows nothing, which is not the same as having no copy. */
static char *
format_sighting (TernCli *cli, GVariant *vm, const char *name)
{
  g_autoptr (GVariant) host = tern_client_fetch_host (cli->client, name, NULL);
  const char *host_state = host != NULL ? tern_props_string (host, "State") : _ ("not a host now");
  g_autofree char *state = vm != NULL ? find_state (vm, name) : NULL;

  if (strcmp (host_state, "up") != 0)
    return g_strdup_printf (_ ("not known, the host is %s"), host_state);
  return state != NULL ? g_steal_pointer (&state) : g_strdup (_ ("not there"));
}

static void
tell_sightings (Resolving *self)
{
  const char *const hosts[] = { tern_props_string (self->task, "Source"),
                                tern_props_string (self->task, "Destination") };
  g_autoptr (GVariant) vm =
      tern_client_fetch_vm (self->cli->client, tern_props_string (self->task, "VmUuid"), NULL);
  g_autofree char *name = tern_text_visible (tern_props_string (self->task, "Vm"), 0);
  g_autofree char *verdict = tern_text_visible (tern_props_string (self->task, "Verdict"), 0);

  g_printerr (_ ("Task %" PRIu64 ", %s: %s%s%s\n"), self->id, name, hosts[0], tern_output_arrow (),
              hosts[1]);
  if (*verdict != '\0')
    g_printerr (_ ("  When it ended: %s\n"), verdict);
  for (guint i = 0; i < G_N_ELEMENTS (hosts); i++)
    {
      g_autofree char *state = format_sighting (self->cli, vm, hosts[i]);

      g_printerr (_ ("  Now on %s: %s\n"), hosts[i], state);
    }
  g_printerr (
      _ ("If the daemon takes this decision, the copy on %s stays and runs on, and the copy "
         "on %s is ended for good, with everything that only its memory holds.\n"),
      self->stays, self->goes);
}

/* --- the question --- */

static char *
ask_name (Resolving *self)
{
  char *line = NULL;
  size_t size = 0;
  ssize_t len;
  g_autofree char *name = NULL;

  g_printerr (_ ("To end the copy on %s, type the name of the VM; anything else changes nothing: "),
              self->goes);
  len = getline (&line, &size, stdin);
  name = g_strndup (len > 0 ? line : "", len > 0 ? (gsize) len : 0);
  free (line);
  g_strchomp (name);
  return g_steal_pointer (&name);
}

/* As the host has it, or as it is shown. */
static gboolean
is_name (GVariant *task, const char *typed)
{
  const char *vm = tern_props_string (task, "Vm");
  g_autofree char *visible = tern_text_visible (vm, 0);

  return *typed != '\0' && (strcmp (typed, vm) == 0 || strcmp (typed, visible) == 0);
}

static gboolean
confirm (Resolving *self, GError **error)
{
  const char *given = tern_args_get (self->cli->args, TERN_OPTION_VM_NAME);
  g_autofree char *typed = given != NULL ? g_strdup (given) : ask_name (self);

  if (is_name (self->task, typed))
    return TRUE;
  g_set_error (error, TERN_EXIT_ERROR, TERN_EXIT_USAGE,
               _ ("“%s” is not the name of the VM of task %" PRIu64 ", which is “%s”; nothing "
                  "was changed"),
               typed, self->id, tern_props_string (self->task, "Vm"));
  return FALSE;
}

static gboolean
check_attention (Resolving *self, GError **error)
{
  if (tern_attention_is_in (self->task))
    return TRUE;
  g_set_error (error, TERN_EXIT_ERROR, TERN_EXIT_REFUSED,
               _ ("Task %" PRIu64 " (%s) needs no attention: it is %s; see “virtern task show "
                  "%" PRIu64 "”"),
               self->id, tern_props_string (self->task, "Vm"),
               tern_props_string (self->task, "State"), self->id);
  return FALSE;
}

/* Whom shall a script ask? */
static gboolean
check_words (TernCli *cli, const char *keep, GError **error)
{
  gboolean named = tern_args_has (cli->args, TERN_OPTION_VM_NAME);

  if (keep == NULL && named)
    g_set_error (error, TERN_EXIT_ERROR, TERN_EXIT_USAGE,
                 _ ("--vm goes with --keep-source and --keep-destination only; --recheck ends "
                    "nothing"));
  else if (keep != NULL && !named && !(isatty (STDIN_FILENO) && isatty (STDERR_FILENO)))
    g_set_error (error, TERN_EXIT_ERROR, TERN_EXIT_USAGE,
                 _ ("A copy of the VM would be ended for good, and there is no terminal to ask "
                    "for its name: add --vm NAME"));
  else
    return TRUE;
  return FALSE;
}

/* --- the decision --- */

static gboolean
decide (gpointer data, GError **error)
{
  Resolving *self = data;
  TernClient *client = self->cli->client;
  GVariantBuilder options;

  if (self->keep == NULL)
    return tern_client_call_task (client, self->id, "Recheck", g_variant_new ("(a{sv})", NULL),
                                  error);

  g_variant_builder_init (&options, G_VARIANT_TYPE_VARDICT);
  g_variant_builder_add (&options, "{sv}", "vm",
                         g_variant_new_string (tern_props_string (self->task, "Vm")));
  return tern_client_call_task (client, self->id, "Resolve",
                                g_variant_new ("(sa{sv})", self->keep, &options), error);
}

/* A move whose source stays does not end done; what was wanted is that the VM is there. Returns:
 * (nullable): the state it was seen in there */
static char *
find_kept (Resolving *self, GVariant *task)
{
  g_autoptr (GVariant) vm =
      tern_client_fetch_vm (self->cli->client, tern_props_string (task, "VmUuid"), NULL);

  if (g_strcmp0 (self->keep, "source") != 0 || tern_attention_is_in (task) || vm == NULL
      || strcmp (tern_props_string (vm, "Host"), self->stays) != 0
      || strcmp (tern_props_string (vm, "State"), "unknown") == 0)
    return NULL;
  return g_strdup (tern_props_string (vm, "State"));
}

static gboolean
report (Resolving *self, GVariant *task, GError **error)
{
  g_autofree char *vm = tern_text_visible (tern_props_string (task, "Vm"), 0);
  g_autofree char *verdict = tern_text_visible (tern_props_string (task, "Verdict"), 0);
  g_autofree char *state = find_kept (self, task);

  if (state == NULL)
    return tern_outcome_report (self->cli, task, error);

  if (tern_args_has (self->cli->args, TERN_OPTION_JSON))
    {
      tern_output_json (tern_output_properties_to_json (task));
      return TRUE;
    }
  g_print (_ ("%s is on %s (%s), and task %" PRIu64 " has ended (%s)\n"), vm, self->stays, state,
           self->id, tern_props_string (task, "State"));
  if (*verdict != '\0')
    g_print ("%s\n", verdict);
  return TRUE;
}

static gboolean
decide_only (Resolving *self, GError **error)
{
  g_autoptr (GVariant) task = NULL;

  if (!decide (self, error))
    return FALSE;
  if (!tern_args_has (self->cli->args, TERN_OPTION_JSON))
    {
      g_print (_ ("It is being done; “virtern task watch %" PRIu64 "” follows it.\n"), self->id);
      return TRUE;
    }
  task = tern_client_fetch_task (self->cli->client, self->id, error);
  if (task == NULL)
    return FALSE;
  tern_output_json (tern_output_properties_to_json (task));
  return TRUE;
}

static gboolean
decide_and_follow (Resolving *self, GError **error)
{
  TernFollow follow = {
    .ids = &self->id,
    .n_ids = 1,
    .timeout_s = tern_outcome_get_timeout (self->cli),
    .is_ours = TRUE,
    .from_attention = TRUE,
    .begin = decide,
    .data = self,
  };
  g_autoptr (GVariant) task = tern_outcome_follow (self->cli, &follow, error);

  return task != NULL && report (self, task, error);
}

gboolean
tern_cmd_task_resolve (TernCli *cli, GError **error)
{
  g_autoptr (GVariant) task = NULL;
  Resolving self = { .cli = cli };

  if (tern_args_has (cli->args, TERN_OPTION_KEEP_SOURCE))
    self.keep = "source";
  else if (tern_args_has (cli->args, TERN_OPTION_KEEP_DESTINATION))
    self.keep = "destination";

  if (!tern_args_parse_id (cli->args->operands[0], &self.id, error)
      || !check_words (cli, self.keep, error))
    return FALSE;
  task = tern_client_fetch_task (cli->client, self.id, error);
  if (task == NULL)
    return FALSE;
  self.task = task;
  self.stays =
      tern_props_string (task, g_strcmp0 (self.keep, "source") == 0 ? "Source" : "Destination");
  self.goes =
      tern_props_string (task, g_strcmp0 (self.keep, "source") == 0 ? "Destination" : "Source");
  if (!check_attention (&self, error))
    return FALSE;

  if (self.keep != NULL)
    {
      tell_sightings (&self);
      if (!confirm (&self, error))
        return FALSE;
    }
  return tern_args_has (cli->args, TERN_OPTION_NO_WAIT) ? decide_only (&self, error)
                                                        : decide_and_follow (&self, error);
}
