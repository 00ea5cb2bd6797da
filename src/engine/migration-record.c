/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What events change in a move's record. All of it is stored before anything is done about it, so
 * that a daemon that takes the task up knows what was decided.
 */
#include "config.h"

#include "engine/migration.h"

#include "base/error.h"
#include "base/log.h"
#include "base/text.h"
#include "base/units.h"
#include "engine/task-private.h"
#include "plan/retry.h"

/* The steps are the history that is stored: this is found in them again. */
#define SEEN_ON_BOTH " was seen running on both "

static char *
show_vm (const TernTaskRecord *record)
{
  return tern_text_visible (record->vm_name, 60);
}

static void
append (GStrv *list, char *sentence)
{
  guint n = *list != NULL ? g_strv_length (*list) : 0;

  *list = g_renew (char *, *list, n + 2);
  (*list)[n] = sentence;
  (*list)[n + 1] = NULL;
}

/* To what was taken out before, for another destination. */
static void
add_media (TernTaskRecord *record, GStrv media)
{
  for (guint i = 0; media[i] != NULL; i++)
    if (record->ejected == NULL
        || !g_strv_contains ((const char *const *) record->ejected, media[i]))
      append (&record->ejected, g_strdup (media[i]));
}

static void
add_decision (TernMigration *self, TernTaskRecord *record)
{
  g_autofree char *vm = show_vm (record);
  g_autofree char *what = tern_converge_describe (self->converge, self->decision, vm);

  tern_run_append_step (&self->run, record, what);
}

static void
add_recovery (TernMigration *self, TernTaskRecord *record)
{
  g_autofree char *what =
      g_strdup_printf ("the post-copy broke and is taken up again (try %u of %d)",
                       record->recoveries, TERN_VERIFY_MAX_RECOVERIES);

  tern_run_append_step (&self->run, record, what);
}

/* After a restart the reason is there already. */
static void
put_abort_reason (TernMigration *self, TernTaskRecord *record)
{
  g_autofree char *vm = show_vm (record);

  if (record->abort_reason == NULL)
    record->abort_reason = tern_converge_describe (self->converge, self->decision, vm);
}

/* Its table begins anew, and so does the time it has: no step and a time of one tell that. */
static void
switch_policy (TernMigration *self, TernTaskRecord *record)
{
  gint64 now_us = tern_clock_now_us (self->run.clock);
  gboolean begun = record->phase != TERN_PHASE_QUEUED && record->phase != TERN_PHASE_CHECKING;
  gboolean slow =
      begun && self->unslowed && tern_policy_needs_auto_converge (self->run.wanted_policy);
  g_autofree char *what =
      g_strdup_printf ("the policy is %s now%s", tern_policy_to_string (self->run.wanted_policy),
                       slow ? "; it was begun without slowing the guest down, which cannot be "
                              "added"
                            : "");

  tern_run_append_step (&self->run, record, what);
  record->options.policy = self->run.wanted_policy;
  record->step = 0;
  record->step_us = tern_clock_wall_us (self->run.clock);
  if (self->converge != NULL)
    tern_converge_switch (self->converge, record->options.policy, now_us);
}

/* Nothing can be done, or what was told is not carried out: what is known is said, and the ways
 * out. */
static char *
describe_overdue (const TernTaskRecord *record, TernTaskPhase phase, gboolean silent,
                  gint64 idle_us, const char *vm)
{
  g_autofree char *idle = tern_units_format_duration (idle_us);

  if (silent && phase != TERN_PHASE_CANCELLING)
    return g_strdup_printf ("%s is in the middle of a post-copy from %s to %s, and %s has not told "
                            "for minutes how that "
                            "goes. Its memory is partly on each of them: destroy neither copy",
                            vm, record->source, record->destination, record->source);
  if (phase == TERN_PHASE_POSTCOPY)
    return g_strdup_printf (
        "%s is in the middle of a post-copy from %s to %s, and nothing has come over for %s: "
        "the guest stands still where it lacks memory. If the link between them is cut, mend the "
        "link, and it goes on by itself; destroy neither copy",
        vm, record->source, record->destination, idle);
  if (phase == TERN_PHASE_RECOVERING)
    return g_strdup_printf (
        "the post-copy of %s from %s to %s broke, and taking it up again does not come to an end: "
        "QEMU on %s may be stuck. Its memory is partly on each of them: destroy neither while it "
        "may still answer",
        vm, record->source, record->destination, record->destination);
  return g_strdup_printf ("%s was told for five minutes to stop moving %s, and the move still goes "
                          "on there; it may still end on %s. Look at it with “virsh domjobinfo” "
                          "on %s",
                          record->source, vm, record->destination, record->source);
}

/* @phase: the one that went on for too long */
static void
put_overdue (TernMigration *self, TernTaskRecord *record, TernTaskPhase phase)
{
  g_autofree char *vm = show_vm (record);
  gint64 idle_us = tern_clock_now_us (self->run.clock) - self->last_moved_us;
  g_autofree char *what = describe_overdue (record, phase, self->unanswered_us != 0, idle_us, vm);

  self->stalled = phase == TERN_PHASE_POSTCOPY && self->unanswered_us == 0 && self->broken_us == 0;
  self->stalled_at = self->last_processed;

  /* Both were not looked at: of ways out nothing is known but this one. */
  g_clear_pointer (&self->run.offers, g_free);
  g_free (record->verdict);
  record->verdict =
      g_strdup_printf ("%s; this is looked at again when one of the hosts shows a change, or by "
                       "“virtern task resolve %" G_GUINT64_FORMAT " --recheck”",
                       what, record->id);
}

/* What was seen stays, whatever the hosts show later, or do not. */
static void
keep_two_copies (TernMigration *self, TernTaskRecord *record)
{
  g_autofree char *vm = show_vm (record);
  g_autofree char *when = NULL;
  g_autofree char *what = NULL;

  if (self->run.last_truth != TERN_TRUTH_TWO_COPIES || tern_migration_find_two_copies (record))
    return;
  when = tern_units_format_time (tern_clock_wall_us (self->run.clock));
  what = g_strdup_printf ("%s" SEEN_ON_BOTH "%s and %s at %s", vm, record->source,
                          record->destination, when);
  tern_run_append_step (&self->run, record, what);
}

const char *
tern_migration_find_two_copies (const TernTaskRecord *record)
{
  g_autofree char *vm = show_vm (record);
  g_autofree char *what = g_strdup_printf (": %s" SEEN_ON_BOTH "%s and %s at ", vm, record->source,
                                           record->destination);

  for (guint i = 0; record->steps != NULL && record->steps[i] != NULL; i++)
    {
      const char *found = strstr (record->steps[i], what);

      if (found != NULL)
        return found + strlen (": ");
    }
  return NULL;
}

char *
tern_migration_describe_late_cancel (TernMigration *self, TernTaskPhase phase)
{
  const TernTaskRecord *record = tern_run_get_record (&self->run);
  g_autofree char *vm = show_vm (record);

  if (phase == TERN_PHASE_POSTCOPY || phase == TERN_PHASE_RECOVERING)
    return g_strdup_printf ("the cancel came too late: %s runs on %s already and fetches the rest "
                            "of its memory from %s",
                            vm, record->destination, record->source);
  if (phase == TERN_PHASE_VERIFYING || phase == TERN_PHASE_REPAIRING)
    return g_strdup_printf (
        "the cancel came after the copy had ended; where %s is is being looked at", vm);
  return NULL;
}

static void
put_late_cancel (TernMigration *self, TernTaskPhase phase)
{
  char *note = tern_migration_describe_late_cancel (self, phase);

  if (note != NULL)
    tern_run_set_note (&self->run, note);
}

static void
forget_verdict (TernTaskRecord *record, gpointer data)
{
  (void) data;
  g_clear_pointer (&record->verdict, g_free);
}

/* Retry */

static void
begin_attempt (TernTaskRecord *record, gpointer data)
{
  (void) data;
  record->iteration = 0;
  record->memory_processed = 0;
  record->rate_bps = 0;
  record->remaining = 0;
  record->dirty_bps = 0;
  record->eta_min_us = 0;
  record->eta_max_us = 0;
  record->convergence = TERN_CONVERGENCE_UNKNOWN;
  record->link_bps = 0;
  record->downtime_us = -1;
  record->postcopy_ready = FALSE;
  record->copy_began_us = 0;
  record->step = 0;
  record->step_us = 0;
  record->recoveries = 0;
  g_clear_pointer (&record->verdict, g_free);
  g_clear_pointer (&record->abort_reason, g_free);
  g_clear_pointer (&record->note, g_free);
}

void
tern_migration_begin_attempt (TernMigration *self)
{
  if (self->attempt != NULL)
    g_cancellable_cancel (self->attempt);
  g_clear_object (&self->attempt);
  self->attempt = g_cancellable_new ();
  self->watching = self->look_again = FALSE;
  self->stepping = self->pacing = FALSE;
}

static void
forget_attempt (TernMigration *self)
{
  tern_migration_begin_attempt (self);
  g_clear_pointer (&self->converge, tern_converge_free);
  g_clear_pointer (&self->last_source, tern_sighting_free);
  g_clear_pointer (&self->abort_error, g_free);
  self->progress = (TernProgress) TERN_PROGRESS_INIT;
  self->decision = (TernDecision){ 0 };
  self->emptied = FALSE;
  self->stopping_us = 0;
  self->last_moved_us = 0;
  tern_run_forget_attempt (&self->run);
}

static void
go_elsewhere (TernMigration *self, TernTaskRecord *record)
{
  g_autofree char *why = tern_run_describe_failure (&self->run, record);
  g_autofree char *vm = show_vm (record);

  tern_log (G_LOG_LEVEL_MESSAGE, NULL, NULL,
            "Task %" G_GUINT64_FORMAT ": %s did not take %s; %s is tried next: %s", record->id,
            record->destination, vm, self->run.next_destination, why);
  append (&record->tried, g_strdup_printf ("%s=%s", record->destination, why));
  g_free (record->destination);
  record->destination = g_steal_pointer (&self->run.next_destination);
  /* What is shown while that is written must not be put back. */
  tern_run_edit (&self->run, begin_attempt, NULL);
  begin_attempt (record, NULL);
  forget_attempt (self);
}

static GStrv
list_failed_hosts (const TernTaskRecord *record)
{
  GStrv hosts = NULL;

  for (guint i = 0; record->tried != NULL && record->tried[i] != NULL; i++)
    append (&hosts, g_strndup (record->tried[i], strcspn (record->tried[i], "=")));
  append (&hosts, g_strdup (record->destination));
  return hosts;
}

gboolean
tern_migration_retry (TernRun *run, TernTaskEvent event)
{
  TernMigration *self = TERN_MIGRATION (run);
  const TernTaskRecord *record = tern_run_get_record (run);
  const TernSighting *source = event == TERN_EVENT_STAYED ? self->last_source : NULL;
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) failed = NULL;

  /* It was told to need a person: it does not begin anew behind that one's back. */
  if (run->alarmed)
    return FALSE;
  /* Without an error nobody knows that the reason lies with the destination. */
  if ((event != TERN_EVENT_STAYED && event != TERN_EVENT_REFUSED) || run->call_error == NULL
      || run->call_error->domain != TERN_ERROR || (event == TERN_EVENT_STAYED && source == NULL)
      || !tern_retry_allows (record, run->call_error->code, source))
    return FALSE;
  failed = list_failed_hosts (record);
  run->next_destination =
      tern_assessor_choose_again (run->assessor, record, (const char *const *) failed, &error);
  g_clear_pointer (&run->no_other, g_free);
  if (run->next_destination == NULL)
    run->no_other = g_strdup (error->message);
  return run->next_destination != NULL;
}

/* Our own end */

static gboolean
is_under_way (TernTaskPhase phase)
{
  return phase == TERN_PHASE_PREPARING || phase == TERN_PHASE_COPYING
         || phase == TERN_PHASE_SWITCHING;
}

static void
note_cut (TernMigration *self, TernTaskEvent event)
{
  if (event == TERN_EVENT_RESTARTED)
    self->was_cut = is_under_way (tern_run_get_record (&self->run)->phase);
  else if (event == TERN_EVENT_STARTED || event == TERN_EVENT_SWITCHOVER
           || event == TERN_EVENT_POSTCOPY)
    self->was_cut = FALSE;
}

/* Only what was seen: nothing of it went on, and the guest runs as it did. */
static void
tell_broken_off (TernMigration *self, TernTaskRecord *record)
{
  const TernSighting *source = self->last_source;

  if (self->was_cut && !self->run.ended && self->run.call_error == NULL && source != NULL
      && source->state == TERN_VM_RUNNING && record->abort_reason == NULL
      && record->resolution == NULL && record->phase == TERN_PHASE_FAILED)
    tern_run_append_step (&self->run, record, TERN_STEP_BROKEN_OFF);
}

/* All of it */

static gboolean
is_copying (TernTaskPhase phase)
{
  return phase == TERN_PHASE_COPYING || phase == TERN_PHASE_SWITCHING
         || phase == TERN_PHASE_POSTCOPY;
}

void
tern_migration_amend (TernRun *run, TernTaskEvent event, TernTaskRecord *record)
{
  TernMigration *self = TERN_MIGRATION (run);

  record->progress = MAX (record->progress, self->progress.percent);
  self->stalled = FALSE;
  note_cut (self, event);
  if (is_copying (record->phase) && record->copy_began_us == 0)
    record->copy_began_us = tern_clock_wall_us (run->clock);
  switch (event)
    {
    case TERN_EVENT_MEDIA:
      add_media (record, run->media);
      break;
    case TERN_EVENT_CHECKED:
      record->postcopy_ready = tern_migration_can_postcopy (self, &record->options);
      break;
    case TERN_EVENT_STEP:
      add_decision (self, record);
      break;
    case TERN_EVENT_SWITCHED:
      switch_policy (self, record);
      break;
    case TERN_EVENT_GIVE_UP:
      put_abort_reason (self, record);
      break;
    case TERN_EVENT_CANCEL:
      put_late_cancel (self, record->phase);
      break;
    case TERN_EVENT_STAYED:
      tell_broken_off (self, record);
      break;
    case TERN_EVENT_POSTCOPY:
      /* Out of attention: it goes on. */
      if (tern_run_get_record (run)->phase == TERN_PHASE_ATTENTION)
        tern_run_edit (run, forget_verdict, NULL);
      break;
    case TERN_EVENT_OVERDUE:
      put_overdue (self, record, tern_run_get_record (run)->phase);
      break;
    case TERN_EVENT_UNKNOWABLE:
      keep_two_copies (self, record);
      break;
    case TERN_EVENT_BROKEN:
      record->recoveries++;
      add_recovery (self, record);
      break;
    case TERN_EVENT_RETRY:
      go_elsewhere (self, record);
      break;
    case TERN_EVENT_RESOLVE:
      g_free (record->resolution);
      record->resolution = g_strdup (tern_keep_to_string (run->keep));
      record->resolved_by_uid = run->keep_uid;
      break;
    default:
      break;
    }
}
