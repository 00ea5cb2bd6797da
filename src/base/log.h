/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * tern_log:
 * @level: %G_LOG_LEVEL_WARNING, %G_LOG_LEVEL_MESSAGE, %G_LOG_LEVEL_INFO or %G_LOG_LEVEL_DEBUG
 * @message_id: (nullable): one of TERN_MSG_… (base/names.h) for events that scripts may rely on
 * @fields: (nullable): pairs of field name (TERN_LOG_…) and value, %NULL-terminated;
 *   a pair whose value is %NULL is left out
 * @format: sentence, printf style
 *
 * One structured log entry. Goes to the journal when stderr is connected to it, to
 * stderr otherwise. Foreign text in the sentence is made visible first, see
 * tern_text_visible().
 */
void tern_log (GLogLevelFlags level, const char *message_id, const char *const *fields,
               const char *format, ...) G_GNUC_PRINTF (4, 5);

/* Field lists: tern_log (…, TERN_FIELDS (TERN_LOG_HOST, name), "…"). */
#define TERN_FIELDS(...) ((const char *const[]){ __VA_ARGS__, NULL, NULL })

/**
 * tern_log_init:
 * @debug: also write debug messages
 *
 * Installs the writer. Called once, by main().
 */
void tern_log_init (gboolean debug);

G_END_DECLS
