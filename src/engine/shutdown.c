/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * One guest is asked to shut down: looked at first, asked once, then only watched. Source and
 * destination of its task are the same host.
 */
#include "config.h"

#include "engine/shutdown.h"

#include "base/error.h"
#include "base/text.h"
#include "plan/shutdown-fsm.h"

#define MAX_NAME_SHOWN 60

struct _TernShutdown
{
  TernRun run;
};

G_DEFINE_TYPE (TernShutdown, tern_shutdown, TERN_TYPE_RUN)

/* Returns: (transfer full) (nullable): why it is not asked */
static GError *
judge_sighting (const TernTaskRecord *record, const TernSighting *seen)
{
  g_autofree char *vm = tern_text_visible (record->vm_name, MAX_NAME_SHOWN);
  g_autofree char *what = tern_sighting_to_string (seen);

  if (!seen->known)
    return g_error_new (TERN_ERROR, TERN_ERROR_UNREACHABLE, "%s could not be asked about %s: %s",
                        record->source, vm, what);
  if (!seen->present)
    return g_error_new (TERN_ERROR, TERN_ERROR_NOT_FOUND, "%s is not on %s any more", vm,
                        record->source);
  if (!seen->persistent)
    return g_error_new (TERN_ERROR, TERN_ERROR_REFUSED,
                        "%s is transient: its definition would be lost with its shutdown", vm);
  if (seen->job_active)
    return g_error_new (TERN_ERROR, TERN_ERROR_BUSY,
                        "a job runs on %s (a migration or a backup); wait for its end", vm);
  if (seen->state != TERN_VM_RUNNING && seen->state != TERN_VM_SHUTTING_DOWN)
    return g_error_new (TERN_ERROR, TERN_ERROR_REFUSED,
                        "%s is %s on %s, and a guest that does not run cannot be asked", vm, what,
                        record->source);
  return NULL;
}

static gboolean
is_off (const TernSighting *seen)
{
  return seen->known && seen->present && seen->persistent
         && (seen->state == TERN_VM_SHUT_OFF || seen->state == TERN_VM_CRASHED);
}

static void
on_checked (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (TernShutdown) self = data;
  TernRun *run = TERN_RUN (source);
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) seen = tern_run_check_finish (run, result, &error);

  if (seen == NULL && error == NULL)
    return;
  if (error == NULL && is_off (seen->pdata[0]))
    {
      tern_run_feed (run, TERN_EVENT_MOVED);
      return;
    }
  if (error == NULL)
    error = judge_sighting (tern_run_get_record (run), seen->pdata[0]);
  if (error != NULL)
    tern_run_refuse (run, error);
  else
    tern_run_feed (run, TERN_EVENT_CHECKED);
}

static void
check (TernRun *run)
{
  const TernTaskRecord *record = tern_run_get_record (run);
  const char *const hosts[] = { record->source, record->destination, NULL };

  tern_run_check_async (run, hosts, on_checked, g_object_ref (run));
}

static void
on_asked (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (TernShutdown) self = data;
  g_autoptr (GError) error = NULL;

  (void) tern_hypervisor_shutdown_finish (TERN_HYPERVISOR (source), result, &error);
  tern_run_call_ended (&self->run, error);
}

static void
ask (TernRun *run)
{
  const TernTaskRecord *record = tern_run_get_record (run);
  g_autoptr (GError) error = NULL;
  TernHypervisor *port = tern_run_port (run, record->source, &error);

  if (port == NULL)
    tern_run_call_ended (run, error);
  else
    tern_hypervisor_shutdown_async (port, record->vm_uuid, run->cancellable, on_asked,
                                    g_object_ref (run));
}

static void
act (TernRun *run, TernTaskAction action)
{
  if (action == TERN_ACTION_CHECK)
    check (run);
  else if (action == TERN_ACTION_SHUT_DOWN)
    ask (run);
}

static TernTaskEvent
conclude (TernRun *run, const TernSighting *source, const TernSighting *seen, char **out_verdict)
{
  const TernTaskRecord *record = tern_run_get_record (run);
  TernVerifying verifying = tern_run_count_look (run, seen->known ? seen->present : 2);
  gboolean refused = run->answered && run->call_error != NULL;
  g_autofree char *vm = tern_text_visible (record->vm_name, MAX_NAME_SHOWN);

  (void) source;
  *out_verdict = tern_shutdown_explain (seen, vm, record->source);
  return tern_shutdown_judge (seen, refused, &verifying,
                              tern_assessor_get_settings (run->assessor)->shutdown_us);
}

static void
tern_shutdown_init (TernShutdown *self)
{
  (void) self;
}

static void
tern_shutdown_class_init (TernShutdownClass *klass)
{
  TernRunClass *run_class = (TernRunClass *) klass;

  run_class->next = tern_shutdown_fsm_next;
  run_class->act = act;
  run_class->conclude = conclude;
}
