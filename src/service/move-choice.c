/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * How a caller wants a move to be made: one reader for every method that takes that.
 */
#include "config.h"

#include "service/move-choice.h"

#include "base/error.h"
#include "base/text.h"
#include "plan/move-options.h"

/* libvirt counts in MiB/s, and takes no more of them than 32 bits hold. */
#define MIN_BANDWIDTH (G_GUINT64_CONSTANT (1) << 20)
#define MAX_BANDWIDTH (G_GUINT64_CONSTANT (1) << 50)

/* @value: an enum of the model */
static gboolean
parse_word (const char *what, const char *const *words, const char *word, int *out_value,
            GError **error)
{
  int value = tern_words_find (words, word, error);
  g_autofree char *shown = NULL;

  if (value >= 0)
    {
      *out_value = value;
      return TRUE;
    }
  shown = tern_text_visible (word, 40);
  g_prefix_error (error, "%s is “%s”; it ", what, shown);
  return FALSE;
}

static gboolean
parse_word_option (GVariant *options, const char *key, const char *const *words, int *value,
                   GError **error)
{
  g_autofree char *what = g_strdup_printf ("The option “%s”", key);
  const char *word;

  return !g_variant_lookup (options, key, "&s", &word)
         || parse_word (what, words, word, value, error);
}

static gboolean
parse_words (GVariant *options, TernMoveOptions *move, GError **error)
{
  int policy = move->policy, priority = move->priority, compression = move->compression;

  if (!parse_word_option (options, "policy", tern_policy_get_words (), &policy, error)
      || !parse_word_option (options, "priority", tern_priority_get_words (), &priority, error)
      || !parse_word_option (options, "compression", tern_compression_get_words (), &compression,
                             error))
    return FALSE;
  move->policy = policy;
  move->priority = priority;
  move->compression = compression;
  return TRUE;
}

static gboolean
parse_bandwidth (GVariant *options, const char *key, guint64 *bandwidth, GError **error)
{
  if (!g_variant_lookup (options, key, "t", bandwidth) || *bandwidth == 0
      || (*bandwidth >= MIN_BANDWIDTH && *bandwidth <= MAX_BANDWIDTH))
    return TRUE;
  g_set_error (error, TERN_ERROR, TERN_ERROR_INVALID_ARGUMENT,
               "The option “%s” is %" G_GUINT64_FORMAT
               " bytes per second; it must be %" G_GUINT64_FORMAT " (1 MiB/s) to %" G_GUINT64_FORMAT
               " (1 PiB/s), or 0 for no limit",
               key, *bandwidth, MIN_BANDWIDTH, MAX_BANDWIDTH);
  return FALSE;
}

static gboolean
parse_parallel (GVariant *options, guint *parallel, GError **error)
{
  if (!g_variant_lookup (options, "parallel", "u", parallel) || *parallel <= TERN_MOVE_MAX_PARALLEL)
    return TRUE;
  g_set_error (error, TERN_ERROR, TERN_ERROR_INVALID_ARGUMENT,
               "The option “parallel” is %u; it must be 0 (one connection, as libvirt makes it) to "
               "%d",
               *parallel, TERN_MOVE_MAX_PARALLEL);
  return FALSE;
}

gboolean
tern_move_choice_parse (GVariant *options, TernMoveOptions *move, GError **error)
{
  if (!parse_words (options, move, error)
      || !parse_bandwidth (options, "bandwidth", &move->bandwidth_bps, error)
      || !parse_bandwidth (options, "postcopy-bandwidth", &move->postcopy_bandwidth_bps, error)
      || !parse_parallel (options, &move->parallel, error))
    return FALSE;
  g_variant_lookup (options, "tls", "b", &move->tls);
  return tern_move_options_check (move, NULL, NULL, NULL, error);
}

gboolean
tern_move_choice_parse_policy (const char *what, const char *word, TernPolicy *out_policy,
                               GError **error)
{
  int policy;

  if (!parse_word (what, tern_policy_get_words (), word, &policy, error))
    return FALSE;
  *out_policy = policy;
  return TRUE;
}
