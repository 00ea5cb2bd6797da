/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The command line, taken apart and checked against the table of commands, so that every
 * error of usage is found before anybody is asked to do anything.
 */
#include "config.h"

#include "cli/args.h"

#include "cli/exit-status.h"
#include "cli/i18n.h"

#include <inttypes.h>
#include <string.h>

#define usage_error(error, ...) g_set_error (error, TERN_EXIT_ERROR, TERN_EXIT_USAGE, __VA_ARGS__)

static gboolean
find_option (const char *name, gsize len, TernOption *out_option)
{
  for (guint i = 0; i < TERN_N_OPTIONS; i++)
    {
      const char *known = tern_option_get_info (i)->name;

      if (strlen (known) == len && strncmp (known, name, len) == 0)
        {
          *out_option = i;
          return TRUE;
        }
    }

  return FALSE;
}

static gboolean
find_letter (const char *word, TernOption *out_option)
{
  for (guint i = 0; i < TERN_N_OPTIONS; i++)
    if (word[1] == tern_option_get_info (i)->letter && word[2] == '\0')
      {
        *out_option = i;
        return TRUE;
      }
  return FALSE;
}

static gboolean
check_number (TernArgs *self, TernOption option, GError **error)
{
  const TernOptionInfo *info = tern_option_get_info (option);
  const char *value = tern_args_get (self, option);

  if (g_ascii_string_to_unsigned (value, 10, 1, info->max, &self->numbers[option], NULL))
    return TRUE;
  if (info->zero != NULL)
    usage_error (error, _ ("--%s needs a whole number from 1 to %" PRIu64 ", or “%s”, not “%s”"),
                 info->name, info->max, info->zero, value);
  else
    usage_error (error, _ ("--%s needs a whole number from 1 to %" PRIu64 ", not “%s”"), info->name,
                 info->max, value);
  return FALSE;
}

static gboolean
check_value (TernArgs *self, TernOption option, const char *value, GError **error)
{
  const TernOptionInfo *info = tern_option_get_info (option);
  g_auto (GStrv) choices = NULL;

  if (*value == '\0')
    {
      usage_error (error, _ ("--%s needs a value"), info->name);
      return FALSE;
    }
  if (g_strcmp0 (value, info->zero) == 0)
    return TRUE;
  if (info->max > 0 && !check_number (self, option, error))
    return FALSE;
  if (info->check != NULL)
    return info->check (value, error);
  if (info->choices == NULL)
    return TRUE;

  choices = g_strsplit (info->choices, "|", -1);
  if (g_strv_contains ((const char *const *) choices, value))
    return TRUE;
  usage_error (error, _ ("--%s must be one of %s, not “%s”"), info->name, info->choices, value);
  return FALSE;
}

/* Returns how many words the option used up; 0 with @error. */
static guint
take_value (TernArgs *self, TernOption option, const char *attached, const char *next,
            GError **error)
{
  const TernOptionInfo *info = tern_option_get_info (option);

  if (self->given[option] && !info->repeats)
    {
      usage_error (error, _ ("--%s is given twice"), info->name);
      return 0;
    }
  if (attached == NULL && (next == NULL || g_str_has_prefix (next, "--")))
    {
      usage_error (error, _ ("--%s needs a value: --%s %s"), info->name, info->name, info->value);
      return 0;
    }

  self->given[option] = TRUE;
  if (self->values[option] == NULL)
    self->values[option] = g_ptr_array_new_with_free_func (g_free);
  g_ptr_array_add (self->values[option], g_strdup (attached != NULL ? attached : next));
  return attached != NULL ? 1 : 2;
}

static guint
take_option (TernArgs *self, const char *word, const char *next, GError **error)
{
  gboolean is_long = g_str_has_prefix (word, "--");
  const char *equals = is_long ? strchr (word, '=') : NULL;
  gsize len = equals != NULL ? (gsize) (equals - word - 2) : strlen (word) - 2;
  TernOption option;

  if (!(is_long ? find_option (word + 2, len, &option) : find_letter (word, &option)))
    {
      usage_error (error, _ ("There is no option %s; “virtern help” lists them"), word);
      return 0;
    }
  if (tern_option_get_info (option)->value != NULL)
    return take_value (self, option, equals != NULL ? equals + 1 : NULL, next, error);
  if (equals != NULL)
    {
      usage_error (error, _ ("--%s takes no value"), tern_option_get_info (option)->name);
      return 0;
    }

  self->given[option] = TRUE;
  return 1;
}

/* Where options share a name, the command's own is meant; until now it counted as the first. */
static void
settle_names (TernArgs *self)
{
  const TernOption *own = self->command->options;

  for (guint i = 0; i < TERN_N_OPTIONS; i++)
    for (guint k = 0; k < TERN_N_OPTIONS; k++)
      if (self->given[i] && !tern_option_set_has (own, i) && tern_option_set_has (own, k)
          && strcmp (tern_option_get_info (i)->name, tern_option_get_info (k)->name) == 0)
        {
          self->given[i] = FALSE;
          self->given[k] = TRUE;
          self->values[k] = g_steal_pointer (&self->values[i]);
        }
}

static gboolean
check_values (TernArgs *self, GError **error)
{
  for (guint i = 0; i < TERN_N_OPTIONS; i++)
    for (guint k = 0; k < tern_args_count (self, i); k++)
      if (!check_value (self, i, tern_args_get_nth (self, i, k), error))
        return FALSE;
  return TRUE;
}

static gboolean
check_options (const TernArgs *self, const char *name, GError **error)
{
  const TernCommand *command = self->command;

  for (guint i = 0; i < TERN_N_OPTIONS; i++)
    {
      gboolean given = self->given[i];
      gboolean known = tern_option_is_global (i) || tern_option_set_has (command->options, i);
      const TernOptionInfo *info = tern_option_get_info (i);

      if (given && !known)
        {
          usage_error (error, _ ("“virtern %s” has no option --%s; see “virtern help %s”"), name,
                       info->name, name);
          return FALSE;
        }
      if (!given && tern_option_set_has (command->required, i))
        {
          usage_error (error, _ ("“virtern %s” needs --%s %s"), name, info->name, info->value);
          return FALSE;
        }
    }

  return TRUE;
}

/* @set: (nullable) */
static guint
count_given (const TernArgs *self, const TernOption *set)
{
  guint n = 0;

  for (guint i = 0; i < TERN_N_OPTIONS; i++)
    n += self->given[i] && tern_option_set_has (set, i) ? 1 : 0;
  return n;
}

static gboolean
check_alternatives (const TernArgs *self, GError **error)
{
  g_autofree char *usage = tern_command_format_usage (self->command);
  guint given = count_given (self, self->command->one_of);

  if (self->command->one_of == NULL || given == 1)
    return TRUE;
  usage_error (error,
               given == 0 ? _ ("One of the options in brackets is needed: %s")
                          : _ ("Only one of the options in brackets can be given: %s"),
               usage);
  return FALSE;
}

static gboolean
check_given (const TernArgs *self, GError **error)
{
  g_autofree char *usage = tern_command_format_usage (self->command);

  if ((self->command->flags & TERN_COMMAND_NEEDS_OPTION) == 0
      || count_given (self, self->command->options) > 0)
    return TRUE;
  usage_error (error, _ ("Nothing to change is given: %s"), usage);
  return FALSE;
}

static gboolean
check_operands (const TernArgs *self, GError **error)
{
  g_autofree char *usage = tern_command_format_usage (self->command);
  guint given = g_strv_length (self->operands);
  guint min, max;

  tern_command_get_operands (self->command, &min, &max);
  if (given < min)
    {
      usage_error (error, _ ("Something is missing: %s"), usage);
      return FALSE;
    }
  if (given > max)
    {
      usage_error (error, _ ("“%s” is too much: %s"), self->operands[max], usage);
      return FALSE;
    }
  for (guint i = 0; i < given; i++)
    if (self->operands[i][0] == '\0')
      {
        usage_error (error, _ ("An argument is empty: %s"), usage);
        return FALSE;
      }

  return TRUE;
}

/* With --help and --version nothing else needs to be right. */
static gboolean
check_all (TernArgs *self, const char *const *words, GError **error)
{
  g_autoptr (GError) local_error = NULL;
  g_autofree char *name = NULL;
  guint used = 0;

  self->command = tern_command_find (words, &used, &local_error);
  if (tern_args_has (self, TERN_OPTION_HELP) || tern_args_has (self, TERN_OPTION_VERSION))
    {
      self->operands = g_new0 (char *, 1);
      if (self->command != NULL || words[0] == NULL
          || (words[1] == NULL && tern_command_is_group (words[0])))
        return TRUE;
    }
  if (self->command == NULL)
    {
      g_propagate_error (error, g_steal_pointer (&local_error));
      return FALSE;
    }

  self->operands = g_strdupv ((char **) words + used);
  name = tern_command_get_name (self->command);
  settle_names (self);
  return check_options (self, name, error) && check_values (self, error)
         && check_alternatives (self, error) && check_given (self, error)
         && check_operands (self, error);
}

static gboolean
check_encoding (const char *const *argv, GError **error)
{
  for (guint i = 0; argv[i] != NULL; i++)
    if (!g_utf8_validate (argv[i], -1, NULL))
      {
        usage_error (error, _ ("Argument %u is not UTF-8; give a UUID or an id instead"), i + 1);
        return FALSE;
      }
  return TRUE;
}

TernArgs *
tern_args_parse (const char *const *argv, GError **error)
{
  g_autoptr (TernArgs) self = g_new0 (TernArgs, 1);
  g_autoptr (GPtrArray) words = g_ptr_array_new ();
  gboolean options_end = FALSE;
  guint used;

  if (!check_encoding (argv, error))
    return NULL;

  for (guint i = 0; argv[i] != NULL; i += used)
    {
      used = 1;
      if (options_end || argv[i][0] != '-' || argv[i][1] == '\0')
        g_ptr_array_add (words, (gpointer) argv[i]);
      else if (strcmp (argv[i], "--") == 0)
        options_end = TRUE;
      else
        used = take_option (self, argv[i], argv[i + 1], error);

      if (used == 0)
        return NULL;
    }

  g_ptr_array_add (words, NULL);
  if (!check_all (self, (const char *const *) words->pdata, error))
    return NULL;
  return g_steal_pointer (&self);
}

void
tern_args_free (TernArgs *self)
{
  if (self == NULL)
    return;

  for (guint i = 0; i < TERN_N_OPTIONS; i++)
    g_clear_pointer (&self->values[i], g_ptr_array_unref);
  g_strfreev (self->operands);
  g_free (self);
}

gboolean
tern_args_has (const TernArgs *self, TernOption option)
{
  return self->given[option];
}

const char *
tern_args_get (const TernArgs *self, TernOption option)
{
  return tern_args_count (self, option) > 0 ? tern_args_get_nth (self, option, 0) : NULL;
}

guint
tern_args_count (const TernArgs *self, TernOption option)
{
  return self->values[option] != NULL ? self->values[option]->len : 0;
}

const char *
tern_args_get_nth (const TernArgs *self, TernOption option, guint n)
{
  g_return_val_if_fail (n < tern_args_count (self, option), NULL);
  return self->values[option]->pdata[n];
}

guint64
tern_args_get_number (const TernArgs *self, TernOption option, guint64 fallback)
{
  return tern_args_has (self, option) ? self->numbers[option] : fallback;
}

gboolean
tern_args_is_offline (const TernArgs *self)
{
  TernCommandFlags flags = self->command->flags;

  return (flags & TERN_COMMAND_OFFLINE) != 0
         || ((flags & TERN_COMMAND_OFFLINE_WITH_FILE) != 0
             && tern_args_has (self, TERN_OPTION_SNAPSHOT));
}

gboolean
tern_args_parse_id (const char *text, guint64 *out_id, GError **error)
{
  if (g_ascii_string_to_unsigned (text, 10, 1, G_MAXUINT64, out_id, NULL))
    return TRUE;

  usage_error (error, _ ("“%s” is no task id; “virtern task list” shows them"), text);
  return FALSE;
}
