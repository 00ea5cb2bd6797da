/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Structured logging on GLib: the journal when it listens, else one line on stderr.
 */
#include "config.h"

#include "base/log.h"

#include "base/text.h"

#include <stdio.h>
#include <unistd.h>

#define MAX_FIELDS 16

static gboolean log_debug = FALSE;
static gboolean log_to_journal = FALSE;

static const char *
level_priority (GLogLevelFlags level)
{
  switch (level & G_LOG_LEVEL_MASK)
    {
    case G_LOG_LEVEL_ERROR:
    case G_LOG_LEVEL_CRITICAL:
      return "3";
    case G_LOG_LEVEL_WARNING:
      return "4";
    case G_LOG_LEVEL_MESSAGE:
      return "5";
    case G_LOG_LEVEL_INFO:
      return "6";
    default:
      return "7";
    }
}

static const char *
level_name (GLogLevelFlags level)
{
  switch (level & G_LOG_LEVEL_MASK)
    {
    case G_LOG_LEVEL_ERROR:
    case G_LOG_LEVEL_CRITICAL:
      return "critical";
    case G_LOG_LEVEL_WARNING:
      return "warning";
    case G_LOG_LEVEL_DEBUG:
      return "debug";
    default:
      return "info";
    }
}

void
tern_log (GLogLevelFlags level, const char *message_id, const char *const *fields,
          const char *format, ...)
{
  GLogField log_fields[MAX_FIELDS];
  g_autofree char *raw = NULL;
  g_autofree char *message = NULL;
  gsize n = 0;
  va_list args;

  va_start (args, format);
  raw = g_strdup_vprintf (format, args);
  va_end (args);
  message = tern_text_visible (raw, 0);

  log_fields[n++] = (GLogField){ "MESSAGE", message, -1 };
  log_fields[n++] = (GLogField){ "PRIORITY", level_priority (level), -1 };
  log_fields[n++] = (GLogField){ "GLIB_DOMAIN", G_LOG_DOMAIN, -1 };
  if (message_id != NULL)
    log_fields[n++] = (GLogField){ "MESSAGE_ID", message_id, -1 };
  for (; fields != NULL && fields[0] != NULL && n < MAX_FIELDS; fields += 2)
    if (fields[1] != NULL)
      log_fields[n++] = (GLogField){ fields[0], fields[1], -1 };

  g_log_structured_array (level, log_fields, n);
}

static GLogWriterOutput
write_stderr (GLogLevelFlags level, const GLogField *fields, gsize n_fields)
{
  const char *message = "";

  for (gsize i = 0; i < n_fields; i++)
    if (g_strcmp0 (fields[i].key, "MESSAGE") == 0)
      message = fields[i].value;

  fprintf (stderr, "%s: %s: %s\n", g_get_prgname () != NULL ? g_get_prgname () : "virtern",
           level_name (level), message);
  return G_LOG_WRITER_HANDLED;
}

static gboolean
is_ours (const GLogField *fields, gsize n_fields)
{
  for (gsize i = 0; i < n_fields; i++)
    if (g_strcmp0 (fields[i].key, "GLIB_DOMAIN") == 0)
      return g_strcmp0 (fields[i].value, G_LOG_DOMAIN) == 0;
  return FALSE;
}

static GLogWriterOutput
write_log (GLogLevelFlags level, const GLogField *fields, gsize n_fields, gpointer unused)
{
  (void) unused;

  /* Of other libraries' debug messages there are thousands. */
  if ((level & G_LOG_LEVEL_DEBUG) && (!log_debug || !is_ours (fields, n_fields)))
    return G_LOG_WRITER_HANDLED;
  if (log_to_journal
      && g_log_writer_journald (level, fields, n_fields, NULL) == G_LOG_WRITER_HANDLED)
    return G_LOG_WRITER_HANDLED;
  return write_stderr (level, fields, n_fields);
}

void
tern_log_init (gboolean debug)
{
  log_debug = debug;
  log_to_journal = g_log_writer_is_journald (STDERR_FILENO);
  g_log_set_writer_func (write_log, NULL, NULL);
}
