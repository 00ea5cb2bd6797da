/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What speaks against moving or starting a VM wherever it shall go: its state, its task, its lock,
 * and a disk that somebody else writes to.
 */
#include "config.h"

#include "base/units.h"
#include "plan/verdict-private.h"

static void
judge_task (TernCase *c)
{
  const TernTaskRecord *task = c->judge->question.open_task;
  const char *shown = c->judge->shown;
  g_autofree char *id = NULL;

  if (task == NULL)
    return;

  (void) tern_case_found (c, TERN_SEVERITY_BLOCKS);
  id = g_strdup_printf ("%" G_GUINT64_FORMAT, task->id);
  if (task->phase == TERN_PHASE_ATTENTION)
    tern_case_add (
        c, "vm.attention",
        g_strdup_printf ("%s needs attention since task %s and is left alone before that "
                         "is settled",
                         shown, id),
        g_strdup_printf ("see “virtern task show %s”", id), "task", id, NULL);
  else
    tern_case_add (c, "vm.moving",
                   g_str_equal (task->kind, "start")
                       ? g_strdup_printf ("%s is already being started on %s by task %s", shown,
                                          task->destination, id)
                       : g_strdup_printf ("%s is already being moved from %s to %s by task %s",
                                          shown, task->source, task->destination, id),
                   g_strdup_printf ("wait for it, or cancel it with “virtern task cancel %s”", id),
                   "task", id, "source", task->source, "destination", task->destination, NULL);
}

static void
add_not_running (TernCase *c, const TernVm *vm)
{
  const char *shown = c->judge->shown, *state = tern_vm_state_to_string (vm->state);
  gboolean dead = vm->state == TERN_VM_SHUT_OFF || vm->state == TERN_VM_CRASHED;

  tern_case_add (
      c, "vm.not-running",
      dead ? g_strdup_printf ("%s is shut off on %s; only a running VM can be moved live", shown,
                              vm->host)
           : g_strdup_printf ("%s is %s (%s) on %s; only a running VM can be moved live", shown,
                              state, tern_vm_reason_to_string (vm->reason), vm->host),
      dead ? g_strdup_printf ("start it with “virtern vm start %s”", c->judge->handle) : NULL,
      "host", vm->host, "state", state, NULL);
}

static void
judge_state_for_move (TernCase *c)
{
  const TernVm *vm = c->judge->question.vm;
  const char *shown = c->judge->shown;

  /* What the inventory does not know is asked of the host right before the call. */
  if (vm->state == TERN_VM_RUNNING || vm->state == TERN_VM_UNKNOWN)
    return;

  (void) tern_case_found (c, TERN_SEVERITY_BLOCKS);
  if (vm->state != TERN_VM_PAUSED)
    add_not_running (c, vm);
  else if (vm->reason == TERN_REASON_IO_ERROR)
    tern_case_add (c, "vm.io-error",
                   g_strdup_printf ("%s is paused on %s because one of its disks could not be read "
                                    "or written",
                                    shown, vm->host),
                   g_strdup_printf ("mend the storage, then “virsh resume %s” on %s",
                                    c->judge->handle, vm->host),
                   "host", vm->host, NULL);
  else
    tern_case_add (c, "vm.paused",
                   g_strdup_printf ("%s is paused (%s) on %s; only a running VM can be moved live",
                                    shown, tern_vm_reason_to_string (vm->reason), vm->host),
                   vm->reason == TERN_REASON_USER
                       ? g_strdup_printf ("“virsh resume %s” on %s", c->judge->handle, vm->host)
                       : NULL,
                   "host", vm->host, "why", tern_vm_reason_to_string (vm->reason), NULL);
}

/* One copy runs, or is about to, and the other stands still for a migration: somebody else's. */
static gboolean
looks_like_a_move (const TernVm *vm, const TernVm *copy)
{
  const TernVm *held = copy->state == TERN_VM_PAUSED ? copy : vm;

  return held->state == TERN_VM_PAUSED
         && (held->reason == TERN_REASON_MIGRATION || held->reason == TERN_REASON_POSTCOPY);
}

static void
add_foreign_move (TernCase *c, const TernVm *copy)
{
  const TernVm *vm = c->judge->question.vm;

  tern_case_add (c, "vm.job-running",
                 g_strdup_printf ("%s is %s on %s and stands still for a migration on %s: it is "
                                  "being moved by somebody else",
                                  c->judge->shown, tern_vm_state_to_string (vm->state), vm->host,
                                  copy->host),
                 g_strdup_printf ("wait for that to end; “virsh domjobinfo %s” on %s shows it",
                                  c->judge->handle, vm->host),
                 "host", vm->host, "job", "migration", NULL);
}

/* While a task moves it, two hosts may well show it; that task is a reason of its own. */
static void
judge_copies_for_move (TernCase *c)
{
  const TernVm *vm = c->judge->question.vm;
  const GPtrArray *copies = c->judge->copies;

  if (copies == NULL || c->judge->question.open_task != NULL)
    return;
  for (guint i = 0; i < copies->len; i++)
    {
      const TernVm *copy = copies->pdata[i];

      if (g_str_equal (copy->host, vm->host) || !tern_vm_state_is_active (copy->state))
        continue;
      (void) tern_case_found (c, TERN_SEVERITY_BLOCKS);
      if (looks_like_a_move (vm, copy))
        {
          add_foreign_move (c, copy);
          continue;
        }
      tern_case_add (c, "vm.twice",
                     g_strdup_printf ("%s is %s on %s and %s on %s: both may write to its disks",
                                      c->judge->shown, tern_vm_state_to_string (vm->state),
                                      vm->host, tern_vm_state_to_string (copy->state), copy->host),
                     g_strdup_printf ("find out which one is right and stop the other with “virsh "
                                      "destroy %s” there",
                                      c->judge->handle),
                     "host", copy->host, "state", tern_vm_state_to_string (copy->state), NULL);
    }
}

static void
judge_copy_for_start (TernCase *c, const TernVm *copy)
{
  const char *state = tern_vm_state_to_string (copy->state);
  gboolean unknown = copy->state == TERN_VM_UNKNOWN;

  if (!tern_vm_state_is_active (copy->state) && !unknown)
    return;
  if (c->judge->question.will_be_off && copy->state == TERN_VM_RUNNING
      && g_str_equal (copy->host, c->judge->question.vm->host))
    return;

  (void) tern_case_found (c, TERN_SEVERITY_BLOCKS);
  tern_case_add (
      c, "vm.running",
      unknown ? g_strdup_printf ("%s may be running on %s, which does not say; it must never "
                                 "run twice",
                                 c->judge->shown, copy->host)
              : g_strdup_printf ("%s is %s on %s already", c->judge->shown, state, copy->host),
      unknown
          ? g_strdup_printf ("see “virtern host show %s”", copy->host)
          : g_strdup_printf ("to have it on another host: “virtern migrate %s”", c->judge->handle),
      "host", copy->host, "state", state, NULL);
}

static void
judge_state_for_start (TernCase *c)
{
  const GPtrArray *copies = c->judge->copies;
  gboolean seen = FALSE;

  for (guint i = 0; copies != NULL && i < copies->len; i++)
    {
      judge_copy_for_start (c, copies->pdata[i]);
      seen = seen || copies->pdata[i] == c->judge->question.vm;
    }
  if (!seen)
    judge_copy_for_start (c, c->judge->question.vm);
}

static char *
describe_lock (const char *vm, const TernLock *lock, gint64 now_us, gboolean holds)
{
  g_autofree char *owner = tern_show (lock->owner), *reason = tern_show (lock->reason);
  g_autofree char *age = tern_units_format_duration (now_us - lock->since_us);
  g_autofree char *over = tern_units_format_duration (now_us - lock->expires_us);
  g_autoptr (GString) text = g_string_new (NULL);

  g_string_append_printf (text, "%s %s locked by %s", vm, holds ? "is" : "was",
                          owner[0] != '\0' ? owner : "somebody who gave no name");
  if (lock->since_us > 0 && lock->since_us <= now_us)
    g_string_append_printf (text, " %s ago", age);
  if (reason[0] != '\0')
    g_string_append_printf (text, " (%s)", reason);
  if (!holds)
    g_string_append_printf (text, "; the lock expired %s ago and does not hold any more", over);
  return g_strdup (text->str);
}

static void
judge_lock (TernCase *c)
{
  const TernLock *lock = c->judge->question.vm->lock;
  gint64 now_us = c->judge->question.now_us;
  g_autofree char *since = NULL, *expires = NULL;
  gboolean holds;

  if (lock == NULL)
    return;

  holds = tern_lock_holds (lock, now_us);
  since = g_strdup_printf ("%" G_GINT64_FORMAT, lock->since_us);
  expires = g_strdup_printf ("%" G_GINT64_FORMAT, lock->expires_us);
  (void) tern_case_found (c, holds ? TERN_SEVERITY_BLOCKS : TERN_SEVERITY_WARNS);
  tern_case_add (c, holds ? "vm.locked" : "vm.lock-stale",
                 describe_lock (c->judge->shown, lock, now_us, holds),
                 g_strdup_printf ("“virtern vm unlock %s”", c->judge->handle), "owner", lock->owner,
                 "reason", lock->reason, "since", since, "expires", expires, NULL);
}

static void
judge_source (TernCase *c)
{
  const char *name = c->judge->question.vm->host;

  if (c->host == NULL)
    {
      (void) tern_case_found (c, TERN_SEVERITY_BLOCKS);
      tern_case_add (c, "host.unknown",
                     g_strdup_printf ("%s was on %s, which is not a host of ours any more",
                                      c->judge->shown, name),
                     g_strdup_printf ("add it with “virtern host add %s URI”", name), "host", name,
                     NULL);
    }
  else if (c->host->state != TERN_HOST_UP && c->judge->question.act == TERN_ACT_MOVE)
    tern_rule_of_silence (c, c->host);
}

static void
judge_jobs (TernCase *c)
{
  const TernVm *vm = c->judge->question.vm;

  if (vm->backup)
    {
      (void) tern_case_found (c, TERN_SEVERITY_BLOCKS);
      tern_case_add (c, "vm.backup",
                     g_strdup_printf ("a backup of %s runs on %s", c->judge->shown, vm->host),
                     g_strdup_printf ("wait for it, or end it with “virsh domjobabort %s” on %s",
                                      c->judge->handle, vm->host),
                     "host", vm->host, NULL);
    }
  for (guint i = 0; i < vm->disks->len; i++)
    {
      const TernDisk *disk = vm->disks->pdata[i];
      g_autofree char *target = tern_show (disk->target);

      if (!disk->job)
        continue;
      (void) tern_case_found (c, TERN_SEVERITY_BLOCKS);
      tern_case_add (c, "vm.block-job",
                     g_strdup_printf ("disk %s of %s is being copied or committed on %s", target,
                                      c->judge->shown, vm->host),
                     g_strdup_printf ("wait for it, or end it with “virsh blockjob %s %s --abort” "
                                      "on %s",
                                      c->judge->handle, target, vm->host),
                     "disk", disk->target, NULL);
    }
}

void
tern_rules_of_vm (TernCase *c)
{
  judge_task (c);
  judge_source (c);
  judge_lock (c);
  if (c->judge->question.act == TERN_ACT_START)
    judge_state_for_start (c);
  else
    {
      judge_state_for_move (c);
      judge_copies_for_move (c);
      tern_rules_of_baggage (c);
      tern_rules_of_moving_disks (c);
    }
  judge_jobs (c);
  tern_rules_of_guest_cluster (c);
}
