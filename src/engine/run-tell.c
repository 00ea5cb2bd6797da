/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a task's end is called, for people, and what the log hears of its phases.
 */
#include "config.h"

#include "engine/run.h"

#include "base/error.h"
#include "base/log.h"
#include "base/names.h"
#include "base/text.h"
#include "base/units.h"

#define MAX_NAME_SHOWN 60

/* "moving web from anna to bert" */
static char *
describe_task (const TernTaskRecord *record)
{
  g_autofree char *vm = tern_text_visible (record->vm_name, MAX_NAME_SHOWN);

  if (g_str_equal (record->kind, "relocate"))
    return g_strdup_printf ("moving the definition of %s from %s to %s", vm, record->source,
                            record->destination);
  if (g_str_equal (record->kind, "shutdown"))
    return g_strdup_printf ("shutting down %s on %s", vm, record->source);
  if (!tern_task_record_is_start (record))
    return g_strdup_printf ("moving %s from %s to %s", vm, record->source, record->destination);
  if (g_str_equal (record->source, record->destination))
    return g_strdup_printf ("starting %s on %s", vm, record->destination);
  return g_strdup_printf ("starting %s on %s (defined on %s)", vm, record->destination,
                          record->source);
}

/* What was or may have been taken out of the guest's drives must not be forgotten. */
static void
add_media (const TernTaskRecord *record, GString *text)
{
  g_autofree char *joined = NULL;
  g_autofree char *media = NULL;

  if (record->ejected == NULL || record->ejected[0] == NULL)
    return;
  joined = g_strjoinv (", ", record->ejected);
  media = tern_text_visible (joined, 0);
  g_string_append_printf (text,
                          "; before that its drives were emptied, or about to be: %s (“virsh "
                          "change-media” puts them back)",
                          media);
}

/* "; before that it was tried on bert: no space; on carl: …" */
static void
add_tried (TernRun *self, const TernTaskRecord *record, GString *text)
{
  for (guint i = 0; record->tried != NULL && record->tried[i] != NULL; i++)
    {
      g_auto (GStrv) parts = g_strsplit (record->tried[i], "=", 2);

      g_string_append_printf (text, "; %son %s: %s", i == 0 ? "before that it was tried " : "",
                              parts[0], parts[1] != NULL ? parts[1] : "");
    }
  if (self->no_other != NULL)
    g_string_append_printf (text, "; no other host can be tried: %s", self->no_other);
}

static gboolean
was_given_up (TernRun *self, const TernTaskRecord *record)
{
  return record->abort_reason != NULL && record->resolution == NULL && !self->dismissed;
}

char *
tern_run_describe_failure (TernRun *self, const TernTaskRecord *record)
{
  gboolean is_move = g_str_equal (record->kind, "migrate");

  if (was_given_up (self, record))
    return record->verdict != NULL
               ? g_strdup_printf ("%s; %s", record->abort_reason, record->verdict)
               : g_strdup (record->abort_reason);
  if (self->call_error == NULL && record->verdict == NULL)
    return g_strdup_printf (
        "virternd was restarted before anything was started; order the %s again",
        is_move ? "move" : record->kind);
  if (self->call_error == NULL)
    return g_strdup (record->verdict);
  /* An answer that got lost does not say what became of it, and none says that it ended. */
  if ((!is_move || !self->answered || self->ended) && record->verdict != NULL)
    return g_strdup_printf ("%s; %s", self->call_error->message, record->verdict);
  return g_strdup (self->call_error->message);
}

static TernError
find_failure_code (TernRun *self, const TernTaskRecord *record)
{
  if (was_given_up (self, record))
    return TERN_ERROR_TIMED_OUT;
  if (self->call_error != NULL && self->call_error->domain == TERN_ERROR)
    return self->call_error->code;
  return TERN_ERROR_FAILED;
}

static void
add_attention (TernRun *self, const TernTaskRecord *record, GString *text)
{
  g_string_append_printf (text, ": %s", record->verdict != NULL ? record->verdict : "");
  if (self->call_error != NULL)
    g_string_append_printf (text, "; libvirt had said: %s", self->call_error->message);
  add_media (record, text);
  if (self->offers != NULL && *self->offers != '\0')
    g_string_append_printf (text, "; %s", self->offers);
}

static void
add_failure (TernRun *self, const TernTaskRecord *record, GString *text)
{
  g_autofree char *why = tern_run_describe_failure (self, record);

  g_string_append_printf (text, ": %s", why);
  add_tried (self, record, text);
  add_media (record, text);
}

static void
add_cancel (const TernTaskRecord *record, GString *text)
{
  g_string_append (text, " was cancelled");
  if (g_str_equal (record->kind, "shutdown") && record->attempt > 0)
    g_string_append (text, "; its guest had been asked already, and may still shut down");
  if (!g_str_equal (record->kind, "migrate") && record->verdict != NULL)
    g_string_append_printf (text, ": %s", record->verdict);
  else
    add_media (record, text);
}

void
tern_run_describe_end (TernRun *self, TernTaskRecord *record)
{
  g_autofree char *what = describe_task (record);
  GString *text = g_string_new (what);
  TernError code = TERN_ERROR_CANCELLED;

  *text->str = g_ascii_toupper (*text->str);
  g_clear_pointer (&record->error, g_free);
  g_clear_pointer (&record->error_name, g_free);
  switch (record->phase)
    {
    case TERN_PHASE_FAILED:
      code = find_failure_code (self, record);
      add_failure (self, record, text);
      break;
    case TERN_PHASE_CANCELLED:
      add_cancel (record, text);
      break;
    case TERN_PHASE_ATTENTION:
      code = TERN_ERROR_ATTENTION;
      add_attention (self, record, text);
      break;
    default:
      g_string_free (text, TRUE);
      return;
    }
  record->error = g_string_free (text, FALSE);
  record->error_name = g_strdup (tern_error_code_to_name (code));
}

static void
append (GStrv *list, char *sentence)
{
  guint n = *list != NULL ? g_strv_length (*list) : 0;

  *list = g_renew (char *, *list, n + 2);
  (*list)[n] = sentence;
  (*list)[n + 1] = NULL;
}

void
tern_run_append_step (TernRun *self, TernTaskRecord *record, const char *what)
{
  gint64 now_us = tern_clock_wall_us (self->clock);
  g_autofree char *elapsed = tern_units_format_duration (MAX (now_us - record->started_us, 0));

  if (record->trace != NULL)
    tern_trace_add_step (record->trace, record->steps != NULL ? g_strv_length (record->steps) : 0,
                         now_us);
  if (record->started_us == 0)
    append (&record->steps, g_strdup_printf ("before it began: %s", what));
  else if (record->iteration > 0)
    append (&record->steps, g_strdup_printf ("%s, pass %u: %s", elapsed, record->iteration, what));
  else
    append (&record->steps, g_strdup_printf ("%s: %s", elapsed, what));
}

typedef struct
{
  TernRun *run;
  const char *what;
} NewStep;

static void
add_step (TernTaskRecord *record, gpointer data)
{
  const NewStep *step = data;

  tern_run_append_step (step->run, record, step->what);
}

void
tern_run_add_step (TernRun *self, const char *what)
{
  NewStep step = { .run = self, .what = what };

  tern_run_edit (self, add_step, &step);
  self->dirty = TRUE;
}

void
tern_run_log_phase (TernRun *self)
{
  const TernTaskRecord *record = tern_run_get_record (self);
  gboolean ended = tern_task_phase_is_final (record->phase);
  gboolean attention = record->phase == TERN_PHASE_ATTENTION;
  g_autofree char *id = g_strdup_printf ("%" G_GUINT64_FORMAT, record->id);
  g_autofree char *vm = tern_text_visible (record->vm_name, MAX_NAME_SHOWN);
  g_autofree char *what = describe_task (record);
  const char *const *fields =
      TERN_FIELDS (TERN_LOG_TASK, id, TERN_LOG_VM, vm, TERN_LOG_VM_UUID, record->vm_uuid,
                   TERN_LOG_SOURCE, record->source, TERN_LOG_DEST, record->destination,
                   TERN_LOG_STATE, tern_task_phase_to_string (record->phase));

  tern_log (attention ? G_LOG_LEVEL_WARNING
            : ended   ? G_LOG_LEVEL_MESSAGE
                      : G_LOG_LEVEL_INFO,
            attention ? TERN_MSG_ATTENTION
            : ended   ? TERN_MSG_TASK_ENDED
                      : TERN_MSG_TASK_STATE,
            fields, "Task %s: %s: %s%s%s", id, what, tern_task_phase_to_string (record->phase),
            record->error != NULL ? ": " : "", record->error != NULL ? record->error : "");
}
