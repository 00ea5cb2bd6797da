/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Forecasts of the moves of a plan:
 *
 *   NO  VM     TAKES    STANDS STILL  GUEST WRITES  LINK                      CONVERGES  POLICY
 *    1  web01  12-40 s        300 ms      38 MiB/s  1000 Mbit/s, configured   yes        default
 *
 * Each is measured for a second or two, so many are asked for side by side.
 */
#include "config.h"

#include "cli/forecasts.h"

#include "base/names.h"
#include "base/text.h"
#include "base/units.h"
#include "cli/i18n.h"
#include "cli/move-words.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "cli/table.h"
#include "cli/words.h"

#include <string.h>

#define MAX_SIDE_BY_SIDE 8
#define TIMEOUT_MS 60000

typedef struct
{
  TernCli *cli;
  GVariant *moves;
  GMainLoop *loop;
  TernProgress *progress;
  GPtrArray *forecasts;
  guint next;
  guint ended;
} Asking;

typedef struct
{
  Asking *asking;
  guint place;
} Question;

static void ask_more (Asking *self);

static void
show_progress (Asking *self)
{
  g_autofree char *text =
      g_strdup_printf (_ ("Forecast: %u of %u measured"), self->ended, self->forecasts->len);

  tern_progress_show_text (self->progress, text);
}

/* Only the first line: what follows tells how to look things up. */
static GVariant *
make_failure (Asking *self, GError *error)
{
  GError *translated = g_error_copy (error);
  g_auto (GStrv) lines = NULL;
  GVariantDict dict;

  tern_client_translate_error (self->cli->client, &translated);
  lines = g_strsplit (translated->message, "\n", 2);
  g_variant_dict_init (&dict, NULL);
  g_variant_dict_insert (&dict, "Error", "s", lines[0] != NULL ? lines[0] : "");
  g_error_free (translated);
  return g_variant_ref_sink (g_variant_dict_end (&dict));
}

static void
on_answer (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autofree Question *question = data;
  Asking *self = question->asking;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply =
      g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, &error);

  self->forecasts->pdata[question->place] =
      reply != NULL ? g_variant_get_child_value (reply, 0) : make_failure (self, error);
  self->ended++;
  show_progress (self);
  ask_more (self);
}

static void
ask (Asking *self, guint place)
{
  g_autoptr (GVariant) move = g_variant_get_child_value (self->moves, place);
  Question *question = g_new0 (Question, 1);
  GVariantBuilder options;

  *question = (Question){ self, place };
  g_variant_builder_init (&options, G_VARIANT_TYPE_VARDICT);
  tern_move_words_add (&options, self->cli->args);
  g_dbus_connection_call (tern_client_get_bus (self->cli->client), TERN_BUS_NAME, TERN_BUS_PATH,
                          TERN_IFACE_MANAGER, "Forecast",
                          g_variant_new ("(ssa{sv})", tern_props_string (move, "VmUuid"),
                                         tern_props_string (move, "Destination"), &options),
                          G_VARIANT_TYPE ("(a{sv})"), G_DBUS_CALL_FLAGS_NONE, TIMEOUT_MS, NULL,
                          on_answer, question);
}

static void
ask_more (Asking *self)
{
  while (self->next < self->forecasts->len && self->next - self->ended < MAX_SIDE_BY_SIDE)
    ask (self, self->next++);
  if (self->ended == self->forecasts->len)
    g_main_loop_quit (self->loop);
}

GPtrArray *
tern_forecasts_fetch (TernCli *cli, GVariant *moves)
{
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  g_autoptr (TernProgress) progress =
      tern_progress_new_for_stderr (tern_args_has (cli->args, TERN_OPTION_JSON));
  Asking self = {
    .cli = cli,
    .moves = moves,
    .loop = loop,
    .progress = progress,
    .forecasts = g_ptr_array_new_with_free_func ((GDestroyNotify) g_variant_unref),
  };

  g_ptr_array_set_size (self.forecasts, (int) g_variant_n_children (moves));
  if (self.forecasts->len == 0)
    return self.forecasts;

  show_progress (&self);
  ask_more (&self);
  g_main_loop_run (loop);
  tern_progress_clear (progress);
  return self.forecasts;
}

/* --- text --- */

static gboolean
has_failed (GVariant *forecast)
{
  return *tern_props_string (forecast, "Error") != '\0';
}

static char *
format_converges (GVariant *forecast)
{
  if (!tern_props_boolean (forecast, "Known") || !tern_props_boolean (forecast, "DirtyKnown"))
    return g_strdup ("-");
  return g_strdup (tern_props_boolean (forecast, "Converges") ? _ ("yes") : _ ("no"));
}

/* What is not known is not told as 0; a guest that is not moved does not stand still either. */
static void
add_figures (TernTable *table, GVariant *forecast)
{
  gboolean known = tern_props_boolean (forecast, "Known");
  guint64 link = tern_props_uint64 (forecast, "LinkRate");

  tern_table_take (table, 2,
                   known ? tern_words_span (tern_props_int64 (forecast, "Min"),
                                            tern_props_int64 (forecast, "Max"))
                         : g_strdup ("-"));
  tern_table_take (table, 3,
                   known && !tern_props_boolean (forecast, "GivesUp")
                       ? tern_units_format_duration (tern_props_int64 (forecast, "Downtime"))
                       : g_strdup ("-"));
  tern_table_take (table, 4,
                   tern_props_boolean (forecast, "DirtyKnown")
                       ? tern_units_format_rate (tern_props_uint64 (forecast, "DirtyRate"))
                       : g_strdup ("-"));
  tern_table_take (table, 5,
                   link > 0 ? tern_words_link (link, tern_props_string (forecast, "LinkRateFrom"))
                            : g_strdup (_ ("not known")));
  tern_table_take (table, 6, format_converges (forecast));
  tern_table_set (table, 7, known ? tern_props_string (forecast, "Recommended") : "-");
}

static void
add_row (TernTable *table, GVariant *move, GVariant *forecast)
{
  tern_table_add_row (table);
  tern_table_take (table, 0, g_strdup_printf ("%u", tern_props_uint (move, "Number")));
  tern_table_set (table, 1, tern_props_string (move, "Vm"));
  if (has_failed (forecast))
    tern_table_set (table, 2, _ ("no forecast"));
  else
    add_figures (table, forecast);
}

static gboolean
is_ordinary (GVariant *forecast)
{
  return !has_failed (forecast) && tern_props_boolean (forecast, "Known")
         && tern_props_boolean (forecast, "DirtyKnown")
         && tern_props_boolean (forecast, "Converges") && !tern_props_boolean (forecast, "GivesUp");
}

static void
print_sentence (GVariant *move, GVariant *forecast)
{
  const char *recommended = tern_props_string (forecast, "Recommended");
  g_autofree char *vm = tern_text_visible (tern_props_string (move, "Vm"), 0);
  g_autofree char *lead = g_strdup_printf ("%u  %s: ", tern_props_uint (move, "Number"), vm);
  g_autofree char *remedy = NULL;

  if (has_failed (forecast))
    {
      g_autofree char *why =
          g_strdup_printf (_ ("no forecast: %s"), tern_props_string (forecast, "Error"));

      tern_output_paragraph (0, lead, why);
      return;
    }
  tern_output_paragraph (0, lead, tern_props_string (forecast, "Sentence"));
  if (!tern_props_boolean (forecast, "GivesUp") || *recommended == '\0'
      || strcmp (recommended, tern_props_string (forecast, "Policy")) == 0)
    return;
  remedy = g_strdup_printf ("--policy %s", recommended);
  tern_output_paragraph (2, _ ("Recommended: "), remedy);
}

void
tern_forecasts_print (GVariant *moves, GPtrArray *forecasts)
{
  static const TernColumn columns[] = {
    { N_ ("NO"), TERN_COLUMN_NUMBER },           { N_ ("VM"), TERN_COLUMN_NAME },
    { N_ ("TAKES"), TERN_COLUMN_TEXT },          { N_ ("STANDS STILL"), TERN_COLUMN_NUMBER },
    { N_ ("GUEST WRITES"), TERN_COLUMN_NUMBER }, { N_ ("LINK"), TERN_COLUMN_NOTE },
    { N_ ("CONVERGES"), TERN_COLUMN_TEXT },      { N_ ("POLICY"), TERN_COLUMN_TEXT },
  };
  g_autoptr (TernTable) table = tern_table_new (columns, G_N_ELEMENTS (columns));

  if (forecasts->len == 0)
    return;
  g_print (_ ("\nForecast, an estimate; POLICY is the gentlest that is expected to do:\n"));
  for (guint i = 0; i < forecasts->len; i++)
    {
      g_autoptr (GVariant) move = g_variant_get_child_value (moves, i);

      add_row (table, move, forecasts->pdata[i]);
    }
  tern_table_print (table);
  for (guint i = 0; i < forecasts->len; i++)
    {
      g_autoptr (GVariant) move = g_variant_get_child_value (moves, i);

      if (forecasts->len == 1 || !is_ordinary (forecasts->pdata[i]))
        print_sentence (move, forecasts->pdata[i]);
    }
}

/* --- JSON --- */

void
tern_forecasts_add_to_json (JsonNode *plan, GPtrArray *forecasts)
{
  JsonArray *moves = json_object_get_array_member (json_node_get_object (plan), "moves");

  for (guint i = 0; i < forecasts->len; i++)
    {
      JsonObject *move = json_array_get_object_element (moves, i);
      GVariant *forecast = forecasts->pdata[i];

      if (has_failed (forecast))
        json_object_set_string_member (move, "forecast-error",
                                       tern_props_string (forecast, "Error"));
      else
        json_object_set_member (move, "forecast", tern_output_properties_to_json (forecast));
    }
}
