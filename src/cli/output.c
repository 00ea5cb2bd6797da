/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What is printed: JSON, "label value" lines, error sentences.
 */
#include "config.h"

#include "cli/output.h"

#include "base/json.h"
#include "base/text.h"
#include "cli/i18n.h"
#include "cli/width.h"

#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define LABEL_COLUMNS 20

static gboolean use_color = FALSE;

/* g_print() would write "?" for a quotation mark that LANG=C does not have; iconv knows better. */
char *
tern_output_to_locale (const char *text)
{
  g_autofree char *target = NULL;
  const char *charset;
  char *converted;

  if (g_get_charset (&charset))
    return g_strdup (text);

  target = g_strconcat (charset, "//TRANSLIT", NULL);
  converted = g_convert_with_fallback (text, -1, target, "UTF-8", "?", NULL, NULL, NULL);
  return converted != NULL ? converted : g_strdup ("?");
}

static void
print_converted (FILE *stream, const char *text)
{
  g_autofree char *converted = tern_output_to_locale (text);

  /* In one file or pipe both shall stand in the order in which they were printed. */
  if (stream == stderr)
    (void) fflush (stdout);
  (void) fputs (converted, stream);
  if (stream == stderr)
    (void) fflush (stream);
}

static void
print_stdout (const char *text)
{
  print_converted (stdout, text);
}

static void
print_stderr (const char *text)
{
  print_converted (stderr, text);
}

void
tern_output_init (void)
{
  (void) g_set_print_handler (print_stdout);
  (void) g_set_printerr_handler (print_stderr);
}

void
tern_output_set_color (gboolean wanted)
{
  const char *no_color = g_getenv ("NO_COLOR");
  const char *term = g_getenv ("TERM");

  use_color = wanted && (no_color == NULL || *no_color == '\0') && g_strcmp0 (term, "dumb") != 0
              && isatty (STDOUT_FILENO);
}

gboolean
tern_output_has_color (void)
{
  return use_color;
}

gboolean
tern_output_has_utf8 (void)
{
  return g_get_charset (NULL);
}

const char *
tern_output_arrow (void)
{
  return tern_output_has_utf8 () ? " → " : " -> ";
}

const char *
tern_output_color_of_state (const char *state)
{
  static const struct
  {
    const char *state, *color;
  } colors[] = {
    { "unreachable", "red" },    { "crashed", "red" },       { "failed", "red" },
    { "attention", "red" },      { "connecting", "yellow" }, { "paused", "yellow" },
    { "unknown", "yellow" },     { "cancelled", "yellow" },  { "up", "green" },
    { "done", "green" },         { "running", "green" },     { "draining", "yellow" },
    { "maintenance", "yellow" }, { "returning", "yellow" },  { "remainder", "yellow" },
    { "left", "yellow" },        { "gone", "green" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (colors); i++)
    if (g_strcmp0 (state, colors[i].state) == 0)
      return colors[i].color;
  return NULL;
}

void
tern_output_error (const char *message)
{
  g_auto (GStrv) lines = g_strsplit (message, "\n", -1);

  for (guint i = 0; lines[i] != NULL; i++)
    {
      g_autofree char *visible = tern_text_visible (lines[i], 0);

      if (i == 0)
        g_printerr ("virtern: %s\n", visible);
      else if (*visible != '\0')
        g_printerr ("  %s\n", visible);
    }
}

char *
tern_output_key (const char *property)
{
  GString *key = g_string_new (NULL);

  for (const char *p = property; *p != '\0'; p++)
    {
      if (g_ascii_isupper (*p) && p != property)
        g_string_append_c (key, '-');
      g_string_append_c (key, g_ascii_tolower (*p));
    }
  return g_string_free (key, FALSE);
}

/* Pairs of host and state are named in JSON; a position alone would say nothing. */
static JsonNode *
sightings_to_json (GVariant *pairs)
{
  g_autoptr (JsonArray) array = json_array_new ();
  const char *host, *state;
  GVariantIter iter;

  g_variant_iter_init (&iter, pairs);
  while (g_variant_iter_next (&iter, "(&s&s)", &host, &state))
    {
      JsonObject *object = json_object_new ();

      json_object_set_string_member (object, "host", host);
      json_object_set_string_member (object, "state", state);
      json_array_add_object_element (array, object);
    }
  return json_node_init_array (json_node_alloc (), array);
}

static JsonNode *
array_to_json (GVariant *list)
{
  g_autoptr (JsonArray) array = json_array_new ();
  gsize n = g_variant_n_children (list);

  for (gsize i = 0; i < n; i++)
    {
      g_autoptr (GVariant) item = g_variant_get_child_value (list, i);

      json_array_add_element (array, tern_output_properties_to_json (item));
    }
  return json_node_init_array (json_node_alloc (), array);
}

JsonNode *
tern_output_variant_to_json (GVariant *value)
{
  if (g_variant_is_of_type (value, G_VARIANT_TYPE_VARDICT))
    return tern_output_properties_to_json (value);
  if (g_variant_is_of_type (value, G_VARIANT_TYPE ("aa{sv}")))
    return array_to_json (value);
  if (g_variant_is_of_type (value, G_VARIANT_TYPE ("a(ss)")))
    return sightings_to_json (value);
  return tern_json_from_variant (value);
}

JsonNode *
tern_output_properties_to_json (GVariant *props)
{
  g_autoptr (JsonObject) object = json_object_new ();
  gsize n = g_variant_n_children (props);

  for (gsize i = 0; i < n; i++)
    {
      g_autoptr (GVariant) entry = g_variant_get_child_value (props, i);
      g_autoptr (GVariant) name = g_variant_get_child_value (entry, 0);
      g_autoptr (GVariant) box = g_variant_get_child_value (entry, 1);
      g_autoptr (GVariant) value = g_variant_get_variant (box);
      g_autofree char *key = tern_output_key (g_variant_get_string (name, NULL));

      json_object_set_member (object, key, tern_output_variant_to_json (value));
    }
  return json_node_init_object (json_node_alloc (), object);
}

JsonNode *
tern_output_list_to_json (GPtrArray *list)
{
  g_autoptr (JsonArray) array = json_array_sized_new (list->len);

  for (guint i = 0; i < list->len; i++)
    json_array_add_element (array, tern_output_properties_to_json (list->pdata[i]));
  return json_node_init_array (json_node_alloc (), array);
}

void
tern_output_json (JsonNode *node)
{
  g_autofree char *text = tern_json_to_string (node);

  /* JSON is UTF-8 whatever the locale is: not g_print(). */
  (void) fputs (text, stdout);
  (void) fputc ('\n', stdout);
  json_node_unref (node);
}

void
tern_output_field (const char *label, const char *value)
{
  g_autofree char *visible = tern_text_visible (value, 0);
  guint columns = isatty (STDOUT_FILENO) ? tern_width_of_terminal (STDOUT_FILENO) : 0;
  g_autofree char *wrapped = tern_width_wrap (visible, LABEL_COLUMNS, columns);
  guint label_width = tern_width_of (label);
  int padding = label_width + 1 < LABEL_COLUMNS ? (int) (LABEL_COLUMNS - label_width) : 1;

  if (*visible != '\0')
    g_print ("%s%*s%s\n", label, padding, "", wrapped);
}

void
tern_output_take_field (const char *label, char *value)
{
  tern_output_field (label, value);
  g_free (value);
}

void
tern_output_paragraph (guint indent, const char *lead, const char *text)
{
  g_autofree char *visible = tern_text_visible (text, 0);
  g_autofree char *whole = g_strconcat (lead, visible, NULL);
  guint columns = isatty (STDOUT_FILENO) ? tern_width_of_terminal (STDOUT_FILENO) : 0;
  g_autofree char *wrapped = tern_width_wrap (whole, indent, columns);

  if (*visible != '\0')
    g_print ("%*s%s\n", (int) indent, "", wrapped);
}

char *
tern_output_user_name (gint64 uid)
{
  struct passwd *entry;

  if (uid < 0)
    return g_strdup ("virternd");

  entry = getpwuid ((uid_t) uid);
  if (entry != NULL)
    return tern_text_visible (entry->pw_name, 32);
  return g_strdup_printf ("%" G_GINT64_FORMAT, uid);
}
