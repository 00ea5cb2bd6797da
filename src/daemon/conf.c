/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The configuration: GKeyFile does the syntax, a table says which keys there are. GKeyFile
 * does not keep line numbers, so they are looked for when there is something to complain of.
 * (Not config.c: a config.h in this folder would hide the one that configure makes.)
 */
#include "config.h"

#include "daemon/conf.h"

#include "base/error.h"
#include "base/text.h"

typedef gboolean (*KeyParser) (TernConfig *config, const char *value, GError **error);

typedef struct
{
  const char *group;
  const char *key;
  KeyParser parse;
} KeyInfo;

/* One file being read. */
typedef struct
{
  const char *path;
  char *text;
  GKeyFile *keys;
} File;

static void
file_clear (File *file)
{
  g_clear_pointer (&file->keys, g_key_file_unref);
  g_clear_pointer (&file->text, g_free);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (File, file_clear)

static gboolean
parse_state_dir (TernConfig *config, const char *value, GError **error)
{
  if (!g_path_is_absolute (value))
    {
      g_set_error_literal (error, TERN_ERROR, TERN_ERROR_INVALID_ARGUMENT,
                           "must be an absolute path");
      return FALSE;
    }
  g_free (config->state_dir);
  config->state_dir = g_strdup (value);
  return TRUE;
}

static gboolean
parse_log_level (TernConfig *config, const char *value, GError **error)
{
  gboolean debug = g_str_equal (value, "debug");

  if (!debug && !g_str_equal (value, "info"))
    {
      g_set_error_literal (error, TERN_ERROR, TERN_ERROR_INVALID_ARGUMENT,
                           "must be “info” or “debug”");
      return FALSE;
    }
  config->debug = debug;
  return TRUE;
}

static const KeyInfo known_keys[] = {
  { "daemon", "state-dir", parse_state_dir },
  { "daemon", "log-level", parse_log_level },
};

void
tern_config_free (TernConfig *self)
{
  if (self == NULL)
    return;

  g_free (self->state_dir);
  g_free (self);
}

static const KeyInfo *
find_key (const char *group, const char *key)
{
  for (guint i = 0; i < G_N_ELEMENTS (known_keys); i++)
    if (g_str_equal (known_keys[i].group, group)
        && (key == NULL || g_str_equal (known_keys[i].key, key)))
      return &known_keys[i];
  return NULL;
}

static gboolean
line_is_key (const char *line, const char *key)
{
  gsize length = strlen (key);

  if (strncmp (line, key, length) != 0)
    return FALSE;
  line += length;
  return line[strspn (line, " \t")] == '=';
}

/* @key: (nullable): %NULL for the group's own line. The last one counts, as in GKeyFile. */
static guint
find_line (const File *file, const char *group, const char *key)
{
  g_auto (GStrv) lines = g_strsplit (file->text, "\n", -1);
  g_autofree char *header = g_strdup_printf ("[%s]", group);
  gboolean inside = FALSE;
  guint found = 0;

  for (guint i = 0; lines[i] != NULL; i++)
    {
      const char *line = g_strstrip (lines[i]);

      if (line[0] == '[')
        inside = g_str_has_prefix (line, header);
      if (inside && (key == NULL ? line[0] == '[' : line_is_key (line, key)))
        found = i + 1;
    }
  return found;
}

static gboolean
refuse_name (const File *file, const char *group, const char *key, GError **error)
{
  g_autofree char *shown_group = tern_text_visible (group, 60);
  g_autofree char *shown_key = tern_text_visible (key, 60);
  guint line = find_line (file, group, key);

  if (key == NULL)
    g_set_error (error, TERN_ERROR, TERN_ERROR_INVALID_ARGUMENT, "%s:%u: unknown group “[%s]”",
                 file->path, line, shown_group);
  else
    g_set_error (error, TERN_ERROR, TERN_ERROR_INVALID_ARGUMENT,
                 "%s:%u: unknown key “%s” in group “[%s]”", file->path, line, shown_key,
                 shown_group);
  return FALSE;
}

static gboolean
read_key (TernConfig *config, const File *file, const char *group, const char *key, GError **error)
{
  const KeyInfo *info = find_key (group, key);
  g_autoptr (GError) local = NULL;
  g_autofree char *value = NULL;
  g_autofree char *shown = NULL;
  g_autofree char *why = NULL;

  if (info == NULL)
    return refuse_name (file, group, key, error);

  /* A bad escape is an error with what could be read of the value, not without. */
  value = g_key_file_get_string (file->keys, group, key, &local);
  if (local == NULL && info->parse (config, value, &local))
    return TRUE;

  shown = tern_text_visible (value, 60);
  why = tern_text_visible (local->message, 0);
  g_set_error (error, TERN_ERROR, TERN_ERROR_INVALID_ARGUMENT, "%s:%u: “%s” is “%s”: %s",
               file->path, find_line (file, group, key), key, shown, why);
  return FALSE;
}

static gboolean
read_group (TernConfig *config, const File *file, const char *group, GError **error)
{
  g_auto (GStrv) keys = NULL;

  if (find_key (group, NULL) == NULL)
    return refuse_name (file, group, NULL, error);

  keys = g_key_file_get_keys (file->keys, group, NULL, NULL);
  for (guint i = 0; keys != NULL && keys[i] != NULL; i++)
    if (!read_key (config, file, group, keys[i], error))
      return FALSE;
  return TRUE;
}

/* GKeyFile says what is wrong, but not where. */
static guint
find_garbage (const File *file)
{
  g_auto (GStrv) lines = g_strsplit (file->text, "\n", -1);
  gboolean in_group = FALSE;

  for (guint i = 0; lines[i] != NULL; i++)
    {
      const char *line = g_strstrip (lines[i]);

      if (line[0] == '\0' || line[0] == '#')
        continue;
      if (line[0] == '[' && line[1] != ']' && g_str_has_suffix (line, "]"))
        in_group = TRUE;
      else if (!in_group || line[0] == '[' || line[0] == '=' || strchr (line, '=') == NULL)
        return i + 1;
    }
  return 0;
}

static gboolean
parse_text (const File *file, gsize length, GError **error)
{
  g_autoptr (GError) local = NULL;
  guint line;

  if (g_key_file_load_from_data (file->keys, file->text, length, G_KEY_FILE_NONE, &local))
    return TRUE;

  line = find_garbage (file);
  if (line > 0)
    g_set_error (error, TERN_ERROR, TERN_ERROR_INVALID_ARGUMENT,
                 "%s:%u: must be “[GROUP]”, “KEY = VALUE” in a group, or a comment after “#”",
                 file->path, line);
  else
    {
      /* GKeyFile repeats the line as it found it. */
      g_autofree char *why = tern_text_visible (local->message, 400);

      g_set_error (error, TERN_ERROR, TERN_ERROR_INVALID_ARGUMENT, "%s: %s", file->path, why);
    }
  return FALSE;
}

static gboolean
read_file (TernConfig *config, const char *path, GError **error)
{
  g_auto (File) file = { .path = path, .keys = g_key_file_new () };
  g_auto (GStrv) groups = NULL;
  g_autoptr (GError) local = NULL;
  gsize length;

  if (!g_file_get_contents (path, &file.text, &length, error))
    return FALSE;
  if (!g_utf8_validate_len (file.text, length, NULL))
    {
      g_set_error (error, TERN_ERROR, TERN_ERROR_INVALID_ARGUMENT, "%s is not a text in UTF-8",
                   path);
      return FALSE;
    }
  if (!parse_text (&file, length, error))
    return FALSE;

  groups = g_key_file_get_groups (file.keys, NULL);
  for (guint i = 0; groups[i] != NULL; i++)
    if (!read_group (config, &file, groups[i], error))
      return FALSE;
  return TRUE;
}

static int
compare_paths (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

/* (element-type utf8): the drop-ins beside @path; a folder that is not there has none */
static GPtrArray *
list_drop_ins (const char *path)
{
  GPtrArray *found = g_ptr_array_new_with_free_func (g_free);
  g_autofree char *parent = g_path_get_dirname (path);
  g_autofree char *folder = g_build_filename (parent, "conf.d", NULL);
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    if (g_str_has_suffix (name, ".conf") && name[0] != '.')
      g_ptr_array_add (found, g_build_filename (folder, name, NULL));
  g_ptr_array_sort (found, compare_paths);
  return found;
}

TernConfig *
tern_config_load (const char *path, gboolean required, GError **error)
{
  g_autoptr (TernConfig) config = g_new0 (TernConfig, 1);
  g_autoptr (GPtrArray) drop_ins = list_drop_ins (path);
  g_autoptr (GError) local = NULL;

  if (!read_file (config, path, &local)
      && (required || !g_error_matches (local, G_FILE_ERROR, G_FILE_ERROR_NOENT)))
    {
      g_propagate_error (error, g_steal_pointer (&local));
      return NULL;
    }
  for (guint i = 0; i < drop_ins->len; i++)
    if (!read_file (config, g_ptr_array_index (drop_ins, i), error))
      return NULL;
  return g_steal_pointer (&config);
}
