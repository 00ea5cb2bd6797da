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
#include "model/drain.h"
#include "model/list.h"
#include "plan/move-options.h"

typedef struct KeyInfo KeyInfo;
typedef gboolean (*KeyParser) (TernConfig *config, const KeyInfo *info, const char *value,
                               GError **error);

/* @offset, @min, @max: of a number; @get_words: of a word */
struct KeyInfo
{
  const char *group;
  const char *key;
  KeyParser parse;
  gsize offset;
  double min, max;
  const char *const *(*get_words) (void);
};

/* Where a key was given its value. */
typedef struct
{
  const KeyInfo *info;
  char *path;
  guint line;
} Place;

/* One file being read. */
typedef struct
{
  const char *path;
  char *text;
  GKeyFile *keys;
  GPtrArray *places; /* of all files until now: not owned */
} File;

static void
place_free (Place *place)
{
  g_free (place->path);
  g_free (place);
}

static void
file_clear (File *file)
{
  g_clear_pointer (&file->keys, g_key_file_unref);
  g_clear_pointer (&file->text, g_free);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (File, file_clear)

static gboolean G_GNUC_PRINTF (2, 3) refuse (GError **error, const char *format, ...)
{
  va_list args;

  va_start (args, format);
  g_clear_error (error);
  *error = g_error_new_valist (TERN_ERROR, TERN_ERROR_INVALID_ARGUMENT, format, args);
  va_end (args);
  return FALSE;
}

static gboolean
parse_state_dir (TernConfig *config, const KeyInfo *info, const char *value, GError **error)
{
  (void) info;
  if (!g_path_is_absolute (value))
    return refuse (error, "must be an absolute path");
  g_free (config->state_dir);
  config->state_dir = g_strdup (value);
  return TRUE;
}

static gboolean
parse_log_level (TernConfig *config, const KeyInfo *info, const char *value, GError **error)
{
  gboolean debug = g_str_equal (value, "debug");

  (void) info;
  if (!debug && !g_str_equal (value, "info"))
    return refuse (error, "must be “info” or “debug”");
  config->debug = debug;
  return TRUE;
}

/* Digits with at most one point: neither "1e9" nor "nan" is what an admin means. */
static gboolean
parse_number (TernConfig *config, const KeyInfo *info, const char *value, GError **error)
{
  const char *point = strchr (value, '.');
  gboolean good = strspn (value, "0123456789.") == strlen (value) && g_ascii_isdigit (value[0])
                  && (point == NULL || strchr (point + 1, '.') == NULL);
  double number = good ? g_ascii_strtod (value, NULL) : 0;

  if (!good || number < info->min || number > info->max)
    return refuse (error, "must be a number from %g to %g", info->min, info->max);
  G_STRUCT_MEMBER (double, &config->settings, info->offset) = number;
  return TRUE;
}

static gboolean
parse_word (TernConfig *config, const KeyInfo *info, const char *value, GError **error)
{
  int found = tern_words_find (info->get_words (), value, error);

  if (found >= 0)
    G_STRUCT_MEMBER (int, &config->settings, info->offset) = found; /* an enum */
  return found >= 0;
}

static gboolean
parse_bool (TernConfig *config, const KeyInfo *info, const char *value, GError **error)
{
  gboolean yes = g_str_equal (value, "yes") || g_str_equal (value, "true");

  if (!yes && !g_str_equal (value, "no") && !g_str_equal (value, "false"))
    return refuse (error, "must be “yes” or “no”");
  G_STRUCT_MEMBER (gboolean, &config->settings, info->offset) = yes;
  return TRUE;
}

static gboolean
parse_count (TernConfig *config, const KeyInfo *info, const char *value, GError **error)
{
  guint64 number;

  if (!g_ascii_string_to_unsigned (value, 10, (guint64) info->min, (guint64) info->max, &number,
                                   NULL))
    return refuse (error, "must be a whole number from %.0f to %.0f", info->min, info->max);
  G_STRUCT_MEMBER (guint, &config->settings, info->offset) = (guint) number;
  return TRUE;
}

static gboolean
parse_seconds (TernConfig *config, const KeyInfo *info, const char *value, GError **error)
{
  guint64 number;

  if (!g_ascii_string_to_unsigned (value, 10, (guint64) info->min, (guint64) info->max, &number,
                                   NULL))
    return refuse (error, "must be a whole number of seconds from %.0f to %.0f", info->min,
                   info->max);
  G_STRUCT_MEMBER (gint64, &config->settings, info->offset) = (gint64) number * G_USEC_PER_SEC;
  return TRUE;
}

static gboolean
parse_mib (TernConfig *config, const KeyInfo *info, const char *value, GError **error)
{
  guint64 number;

  if (!g_ascii_string_to_unsigned (value, 10, (guint64) info->min, (guint64) info->max, &number,
                                   NULL))
    return refuse (error, "must be a whole number of MiB from %.0f to %.0f", info->min, info->max);
  G_STRUCT_MEMBER (guint64, &config->settings, info->offset) = number << 20;
  return TRUE;
}

/* What is compared with the paths of disks must have the one form that they have. */
static gboolean
check_shared_path (const char *path, GError **error)
{
  g_autofree char *clean = g_path_is_absolute (path) ? g_canonicalize_filename (path, "/") : NULL;
  g_autofree char *visible = tern_text_visible (path, 0);
  g_autofree char *shown = tern_text_visible (path, 60);

  if (clean == NULL)
    return refuse (error, "“%s” must be an absolute path", shown);
  if (!g_str_equal (path, visible))
    return refuse (error, "“%s” has characters that cannot be shown", shown);
  if (g_str_equal (clean, "/"))
    return refuse (error, "“/” would make every disk a shared one; name the folders that are");
  if (!g_str_equal (clean, path))
    return refuse (error, "“%s” must be written “%s”", shown, clean);
  return TRUE;
}

/* The last one may end in a semicolon, as in other files of this kind. */
static GStrv
split_list (const char *value)
{
  GStrv parts = g_strsplit (value, ";", -1);
  guint n = g_strv_length (parts);

  if (n > 0 && parts[n - 1][0] == '\0')
    g_clear_pointer (&parts[n - 1], g_free);
  for (guint i = 0; parts[i] != NULL; i++)
    g_strstrip (parts[i]);
  return parts;
}

static gboolean
parse_shared_paths (TernConfig *config, const KeyInfo *info, const char *value, GError **error)
{
  g_auto (GStrv) paths = split_list (value);

  (void) info;
  for (guint i = 0; paths[i] != NULL; i++)
    if (!check_shared_path (paths[i], error))
      return FALSE;
  g_strfreev (config->shared_paths);
  config->shared_paths = tern_strv_sorted ((const char *const *) paths);
  return TRUE;
}

/* In their order: the first that fits counts. */
static gboolean
parse_drain_rules (TernConfig *config, const KeyInfo *info, const char *value, GError **error)
{
  g_auto (GStrv) rules = split_list (value);

  (void) info;
  for (guint i = 0; rules[i] != NULL; i++)
    if (!tern_drain_rule_check (rules[i], error))
      return FALSE;
  g_strfreev (config->drain_rules);
  config->drain_rules = g_steal_pointer (&rules);
  config->settings.drain_rules = (const char *const *) config->drain_rules;
  return TRUE;
}

#define SETTING(field) G_STRUCT_OFFSET (TernSettings, field)
#define MAX_WEIGHT 1000
#define MAX_RESERVE_MIB 1073741824
#define MAX_BANDWIDTH_MIB 1073741824
/* A hypervisor may say nothing for some seconds; no guest may stand still for an hour. */
#define MIN_STALL_S 10
#define MAX_STALL_S 3600
#define MAX_SWITCHOVER_S 3600
#define MIN_PREPARE_S 30
#define MAX_PREPARE_S 86400
#define MIN_SHUTDOWN_S 10
#define MAX_SHUTDOWN_S 86400

/* clang-format off */
static const KeyInfo known_keys[] = {
  { "daemon",    "state-dir",          parse_state_dir, 0, 0, 0, NULL },
  { "daemon",    "log-level",          parse_log_level, 0, 0, 0, NULL },
  { "placement", "memory-ratio",       parse_number, SETTING (memory_ratio), 0.1, 10, NULL },
  { "placement", "memory-reserve",     parse_mib, SETTING (memory_reserve), 0, MAX_RESERVE_MIB, NULL },
  { "placement", "weight-memory",      parse_number, SETTING (weights[TERN_SCORE_MEMORY]), 0, MAX_WEIGHT, NULL },
  { "placement", "weight-cpu",         parse_number, SETTING (weights[TERN_SCORE_CPU]), 0, MAX_WEIGHT, NULL },
  { "placement", "weight-generation",  parse_number, SETTING (weights[TERN_SCORE_GENERATION]), 0, MAX_WEIGHT, NULL },
  { "placement", "weight-spread",      parse_number, SETTING (weights[TERN_SCORE_SPREAD]), 0, MAX_WEIGHT, NULL },
  { "migration", "policy",             parse_word, SETTING (move.policy), 0, 0, tern_policy_get_words },
  { "migration", "priority",           parse_word, SETTING (move.priority), 0, 0, tern_priority_get_words },
  { "migration", "bandwidth",          parse_mib, SETTING (move.bandwidth_bps), 0, MAX_BANDWIDTH_MIB, NULL },
  { "migration", "postcopy-bandwidth", parse_mib, SETTING (move.postcopy_bandwidth_bps), 0, MAX_BANDWIDTH_MIB, NULL },
  { "migration", "parallel",           parse_count, SETTING (move.parallel), 0, TERN_MOVE_MAX_PARALLEL, NULL },
  { "migration", "compression",        parse_word, SETTING (move.compression), 0, 0, tern_compression_get_words },
  { "migration", "tls",                parse_bool, SETTING (move.tls), 0, 0, NULL },
  { "migration", "prepare-postcopy",   parse_bool, SETTING (prepare_postcopy), 0, 0, NULL },
  { "migration", "stall-timeout",      parse_seconds, SETTING (bounds.stall_us), MIN_STALL_S, MAX_STALL_S, NULL },
  { "migration", "switchover-timeout", parse_seconds, SETTING (bounds.switchover_us), 1, MAX_SWITCHOVER_S, NULL },
  { "migration", "prepare-timeout",    parse_seconds, SETTING (bounds.prepare_us), MIN_PREPARE_S, MAX_PREPARE_S, NULL },
  { "migration", "limit-out",          parse_count, SETTING (limits.out), 0, TERN_LIMIT_MAX, NULL },
  { "migration", "limit-in",           parse_count, SETTING (limits.in), 0, TERN_LIMIT_MAX, NULL },
  { "migration", "limit-cluster",      parse_count, SETTING (limits.cluster), 0, TERN_LIMIT_MAX, NULL },
  { "drain",     "rules",              parse_drain_rules, 0, 0, 0, NULL },
  { "drain",     "shutdown-timeout",   parse_seconds, SETTING (shutdown_us), MIN_SHUTDOWN_S, MAX_SHUTDOWN_S, NULL },
  { "storage",   "shared-paths",       parse_shared_paths, 0, 0, 0, NULL },
};
/* clang-format on */

void
tern_config_free (TernConfig *self)
{
  if (self == NULL)
    return;

  g_free (self->state_dir);
  g_strfreev (self->shared_paths);
  g_strfreev (self->drain_rules);
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

static void
note_place (const File *file, const KeyInfo *info)
{
  Place *place = g_new0 (Place, 1);

  place->info = info;
  place->path = g_strdup (file->path);
  place->line = find_line (file, info->group, info->key);
  g_ptr_array_add (file->places, place);
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
  if (local == NULL && info->parse (config, info, value, &local))
    {
      note_place (file, info);
      return TRUE;
    }

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
read_file (TernConfig *config, const char *path, GPtrArray *places, GError **error)
{
  g_auto (File) file = { .path = path, .keys = g_key_file_new (), .places = places };
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

static gboolean
check_weights (const TernConfig *config, const char *path, GError **error)
{
  for (guint i = 0; i < TERN_SCORE_PARTS; i++)
    if (config->settings.weights[i] > 0)
      return TRUE;
  g_set_error (error, TERN_ERROR, TERN_ERROR_INVALID_ARGUMENT,
               "%s: all weights of “[placement]” are 0; at least one must count", path);
  return FALSE;
}

/* Would it do if this key had its default? Then it is a part of what cannot be. */
static gboolean
is_to_blame (const TernSettings *settings, const KeyInfo *info)
{
  const TernSettings defaults = TERN_SETTINGS_INIT;
  TernSettings tried = *settings;

  if (!g_str_equal (info->group, "migration"))
    return FALSE;
  if (info->parse == parse_mib)
    G_STRUCT_MEMBER (guint64, &tried, info->offset) =
        G_STRUCT_MEMBER (guint64, &defaults, info->offset);
  else if (info->parse != parse_seconds) /* a word, a count, yes or no */
    G_STRUCT_MEMBER (int, &tried, info->offset) = G_STRUCT_MEMBER (int, &defaults, info->offset);
  return tern_move_options_check (&tried.move, NULL, NULL, NULL, NULL);
}

/* The key that was read last of those that do not go together. */
static gboolean
check_move (const TernConfig *config, const char *path, const GPtrArray *places, GError **error)
{
  g_autoptr (GError) local = NULL;

  if (tern_move_options_check (&config->settings.move, NULL, NULL, NULL, &local))
    return TRUE;
  for (guint i = places->len; i > 0; i--)
    {
      const Place *place = places->pdata[i - 1];

      if (!is_to_blame (&config->settings, place->info))
        continue;
      g_set_error (error, TERN_ERROR, TERN_ERROR_INVALID_ARGUMENT, "%s:%u: “%s”: %s", place->path,
                   place->line, place->info->key, local->message);
      return FALSE;
    }
  g_set_error (error, TERN_ERROR, TERN_ERROR_INVALID_ARGUMENT, "%s: “[migration]”: %s", path,
               local->message);
  return FALSE;
}

TernConfig *
tern_config_load (const char *path, gboolean required, GError **error)
{
  const TernSettings defaults = TERN_SETTINGS_INIT;
  g_autoptr (TernConfig) config = g_new0 (TernConfig, 1);
  g_autoptr (GPtrArray) drop_ins = list_drop_ins (path);
  g_autoptr (GPtrArray) places = g_ptr_array_new_with_free_func ((GDestroyNotify) place_free);
  g_autoptr (GError) local = NULL;

  config->settings = defaults;
  if (!read_file (config, path, places, &local)
      && (required || !g_error_matches (local, G_FILE_ERROR, G_FILE_ERROR_NOENT)))
    {
      g_propagate_error (error, g_steal_pointer (&local));
      return NULL;
    }
  for (guint i = 0; i < drop_ins->len; i++)
    if (!read_file (config, g_ptr_array_index (drop_ins, i), places, error))
      return NULL;
  if (!check_weights (config, path, error) || !check_move (config, path, places, error))
    return NULL;
  return g_steal_pointer (&config);
}
