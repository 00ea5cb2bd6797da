/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "model/move.h"

#include "base/error.h"

static const char *const policies[TERN_N_POLICIES + 1] = {
  [TERN_POLICY_CAREFUL] = "careful",
  [TERN_POLICY_DEFAULT] = "default",
  [TERN_POLICY_POSTCOPY] = "postcopy",
  [TERN_POLICY_FORCE] = "force",
};

static const char *const priorities[TERN_N_PRIORITIES + 1] = {
  [TERN_PRIORITY_LOW] = "low",
  [TERN_PRIORITY_NORMAL] = "normal",
  [TERN_PRIORITY_HIGH] = "high",
};

static const char *const compressions[TERN_N_COMPRESSIONS + 1] = {
  [TERN_COMPRESSION_NONE] = "none",
  [TERN_COMPRESSION_XBZRLE] = "xbzrle",
  [TERN_COMPRESSION_ZLIB] = "zlib",
  [TERN_COMPRESSION_ZSTD] = "zstd",
};

int
tern_words_find (const char *const *words, const char *word, GError **error)
{
  g_autoptr (GString) list = g_string_new (NULL);

  for (int i = 0; words[i] != NULL; i++)
    if (g_str_equal (words[i], word))
      return i;
  for (guint i = 0; words[i] != NULL; i++)
    g_string_append_printf (list, "%s%s",
                            i == 0                 ? ""
                            : words[i + 1] != NULL ? ", "
                                                   : " or ",
                            words[i]);
  g_set_error (error, TERN_ERROR, TERN_ERROR_INVALID_ARGUMENT, "must be %s", list->str);
  return -1;
}

static gboolean
find_word (const char *const *words, guint n_words, const char *word, guint *out_index)
{
  for (guint i = 0; i < n_words; i++)
    if (g_strcmp0 (word, words[i]) == 0)
      {
        *out_index = i;
        return TRUE;
      }
  return FALSE;
}

const char *
tern_policy_to_string (TernPolicy policy)
{
  g_return_val_if_fail ((guint) policy < TERN_N_POLICIES, "unknown");
  return policies[policy];
}

const char *const *
tern_policy_get_words (void)
{
  return policies;
}

gboolean
tern_policy_from_string (const char *name, TernPolicy *out_policy)
{
  return find_word (policies, TERN_N_POLICIES, name, (guint *) out_policy);
}

const char *
tern_priority_to_string (TernPriority priority)
{
  g_return_val_if_fail ((guint) priority < TERN_N_PRIORITIES, "unknown");
  return priorities[priority];
}

const char *const *
tern_priority_get_words (void)
{
  return priorities;
}

gboolean
tern_priority_from_string (const char *name, TernPriority *out_priority)
{
  return find_word (priorities, TERN_N_PRIORITIES, name, (guint *) out_priority);
}

const char *
tern_compression_to_string (TernCompression compression)
{
  g_return_val_if_fail ((guint) compression < TERN_N_COMPRESSIONS, "unknown");
  return compressions[compression];
}

const char *const *
tern_compression_get_words (void)
{
  return compressions;
}

gboolean
tern_compression_from_string (const char *name, TernCompression *out_compression)
{
  return find_word (compressions, TERN_N_COMPRESSIONS, name, (guint *) out_compression);
}
