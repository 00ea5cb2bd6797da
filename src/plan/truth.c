/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Where is the VM, after a migration? A table over what both hosts say.
 *
 * The rows were read from libvirt's sources (src/qemu/qemu_migration.c, 9.0):
 * the source pauses the guest with reason "migration" before the destination
 * starts it; the destination shows a paused guest from Prepare on; a lost answer
 * to Finish can leave both running. So: act only on what both hosts say
 * together, and on nothing while one of them is silent. Once post-copy began, the
 * memory on the source is old: it is never started again, whatever became of the
 * destination.
 */
#include "config.h"

#include "plan/truth.h"

typedef enum
{
  SOURCE_UNKNOWN,
  SOURCE_JOB,
  SOURCE_RUNNING,
  SOURCE_HELD,
  SOURCE_POSTCOPY,
  SOURCE_POSTCOPY_FAILED,
  SOURCE_PAUSED,
  SOURCE_OFF_MIGRATED,
  SOURCE_OFF,
  SOURCE_ABSENT,
  N_SOURCES
} SourceClass;

typedef enum
{
  DEST_UNKNOWN,
  DEST_ARRIVED,
  DEST_RUNNING,
  DEST_POSTCOPY,
  DEST_POSTCOPY_FAILED,
  DEST_INCOMING,
  DEST_PAUSED,
  DEST_OFF,
  DEST_ABSENT,
  N_DESTS
} DestClass;

/*
 * Shut off on the source and arrived on the destination is "defined twice" whatever the reason of
 * the first: a libvirtd that was restarted has forgotten it, and a definition that stays could
 * be started, by hand or at the next boot.
 *
 * "arrived": it runs, and because of a migration; "running": for any other reason, such as being
 * booted there by hand; "postcopy": it is half way through that. Only the first proves that the
 * copy held on the source may go.
 *
 * Held on the source and shut off on the destination is not "resume the source": the guest
 * may have run over there and ended, and its disks are newer than the memory held here. libvirt
 * defines a persistent guest before it starts it (qemuMigrationDstFinishFresh); one without a
 * definition leaves nothing when it ended there, so that held here and absent there proves nothing.
 *
 * Half way through post-copy without a source that has the other half: the destination shows
 * "migrated" as soon as it has all of it. Until then it did not arrive, and no try can help it.
 */
/* clang-format off */
#define U TERN_TRUTH_UNKNOWN
#define J TERN_TRUTH_JOB
#define M TERN_TRUTH_MOVED
#define S TERN_TRUTH_STAYED
#define B TERN_TRUTH_BETWEEN
#define H TERN_TRUTH_SOURCE_HELD
#define L TERN_TRUTH_LEFTOVER
#define D TERN_TRUTH_DEFINED_TWICE
#define T TERN_TRUTH_TWO_COPIES
#define P TERN_TRUTH_POSTCOPY_ALARMED
#define Q TERN_TRUTH_POSTCOPY_SILENT
#define X TERN_TRUTH_POSTCOPY_LOST
#define O TERN_TRUTH_POSTCOPY_ORPHANED
#define G TERN_TRUTH_GONE
static const TernTruth table[N_SOURCES][N_DESTS] = {
/* destination:               unknown arrived running postcopy pc-fail incoming paused off absent */
  [SOURCE_UNKNOWN]         = { U,      U,      U,      U,       Q,      U,       U,     U,  U },
  [SOURCE_JOB]             = { J,      J,      J,      J,       P,      J,       J,     J,  J },
  [SOURCE_RUNNING]         = { U,      T,      T,      T,       P,      B,       B,     S,  S },
  [SOURCE_HELD]            = { U,      L,      B,      B,       P,      B,       B,     B,  H },
  [SOURCE_POSTCOPY]        = { U,      B,      B,      B,       P,      P,       P,     X,  X },
  [SOURCE_POSTCOPY_FAILED] = { Q,      P,      P,      P,       P,      P,       P,     X,  X },
  [SOURCE_PAUSED]          = { U,      B,      B,      B,       P,      B,       B,     S,  S },
  [SOURCE_OFF_MIGRATED]    = { U,      D,      D,      O,       O,      B,       M,     G,  G },
  [SOURCE_OFF]             = { U,      D,      M,      O,       O,      B,       M,     S,  S },
  [SOURCE_ABSENT]          = { U,      M,      M,      O,       O,      B,       M,     G,  G },
};
#undef U
#undef J
#undef M
#undef S
#undef B
#undef H
#undef L
#undef D
#undef T
#undef P
#undef Q
#undef X
#undef O
#undef G
/* clang-format on */

static SourceClass
classify_paused_source (TernVmReason reason)
{
  switch (reason)
    {
    case TERN_REASON_MIGRATION:
      return SOURCE_HELD;
    case TERN_REASON_POSTCOPY:
      return SOURCE_POSTCOPY;
    default:
      return SOURCE_PAUSED;
    }
}

static SourceClass
classify_source (const TernSighting *seen)
{
  if (!seen->known)
    return SOURCE_UNKNOWN;
  if (!seen->present)
    return SOURCE_ABSENT;
  if (seen->reason == TERN_REASON_POSTCOPY_FAILED)
    return SOURCE_POSTCOPY_FAILED;
  if (seen->job_active && seen->job_outgoing)
    return SOURCE_JOB;

  switch (seen->state)
    {
    case TERN_VM_RUNNING:
    case TERN_VM_SHUTTING_DOWN:
      return SOURCE_RUNNING;
    case TERN_VM_PAUSED:
      return classify_paused_source (seen->reason);
    case TERN_VM_SUSPENDED:
      return SOURCE_PAUSED;
    case TERN_VM_SHUT_OFF:
      return seen->reason == TERN_REASON_MIGRATED ? SOURCE_OFF_MIGRATED : SOURCE_OFF;
    case TERN_VM_CRASHED:
      return SOURCE_OFF;
    default:
      return SOURCE_UNKNOWN;
    }
}

static DestClass
classify_destination (const TernSighting *seen)
{
  if (!seen->known)
    return DEST_UNKNOWN;
  if (!seen->present)
    return DEST_ABSENT;
  if (seen->reason == TERN_REASON_POSTCOPY_FAILED)
    return DEST_POSTCOPY_FAILED;

  switch (seen->state)
    {
    case TERN_VM_RUNNING:
    case TERN_VM_SHUTTING_DOWN:
      if (seen->reason == TERN_REASON_POSTCOPY)
        return DEST_POSTCOPY;
      return seen->reason == TERN_REASON_MIGRATED ? DEST_ARRIVED : DEST_RUNNING;
    case TERN_VM_PAUSED:
      return seen->reason == TERN_REASON_MIGRATION ? DEST_INCOMING : DEST_PAUSED;
    case TERN_VM_SUSPENDED:
      return DEST_PAUSED;
    case TERN_VM_SHUT_OFF:
    case TERN_VM_CRASHED:
      return DEST_OFF;
    default:
      return DEST_UNKNOWN;
    }
}

/* Somebody else may have moved the guest, without its definition: the one here is the last. */
static gboolean
is_last_definition (const TernSighting *source, const TernSighting *destination)
{
  return source->known && source->present && source->persistent && !destination->persistent;
}

TernTruth
tern_truth_judge (const TernSighting *source, const TernSighting *destination)
{
  TernTruth truth = table[classify_source (source)][classify_destination (destination)];

  if (truth == TERN_TRUTH_SOURCE_HELD && !source->persistent)
    return TERN_TRUTH_HELD_DOUBTFUL;
  if (!is_last_definition (source, destination))
    return truth;
  if (truth == TERN_TRUTH_DEFINED_TWICE)
    return TERN_TRUTH_MOVED;
  return truth == TERN_TRUTH_LEFTOVER ? TERN_TRUTH_BETWEEN : truth;
}

/* The hosts are not asked at the same instant: what calls for an act or an alarm must be seen
 * twice in a row. */
static gboolean
is_confirmed (const TernVerifying *verifying)
{
  return verifying->looks >= 2;
}

static gboolean
is_at_its_place (TernTruth truth)
{
  return truth == TERN_TRUTH_MOVED || truth == TERN_TRUTH_STAYED;
}

/* Each try gets the link some more time to come back. */
static TernTaskEvent
judge_broken (const TernVerifying *verifying)
{
  if (!is_confirmed (verifying))
    return TERN_EVENT_UNSETTLED;
  if (verifying->recoveries >= TERN_VERIFY_MAX_RECOVERIES)
    return TERN_EVENT_UNKNOWABLE;
  return verifying->elapsed_us < tern_recover_delay_us (verifying->recoveries)
             ? TERN_EVENT_UNSETTLED
             : TERN_EVENT_BROKEN;
}

TernTaskEvent
tern_truth_to_event (TernTruth truth, const TernVerifying *verifying)
{
  gboolean late = verifying->elapsed_us >= TERN_VERIFY_BOUND_US;
  gboolean may_repair = verifying->repairs < TERN_VERIFY_MAX_REPAIRS;

  if (verifying->resolved && verifying->stands && is_at_its_place (truth))
    return is_confirmed (verifying) ? TERN_EVENT_UNKNOWABLE : TERN_EVENT_UNSETTLED;
  switch (truth)
    {
    case TERN_TRUTH_JOB:
      return TERN_EVENT_JOB_SEEN;
    case TERN_TRUTH_MOVED:
      return TERN_EVENT_MOVED;
    case TERN_TRUTH_STAYED:
      if (!verifying->answered && verifying->looks < TERN_VERIFY_LOOKS_UNANSWERED)
        return TERN_EVENT_UNSETTLED;
      return verifying->cancel_requested ? TERN_EVENT_CALLED_OFF : TERN_EVENT_STAYED;
    case TERN_TRUTH_SOURCE_HELD:
      /* What ran there has ended, and its disks are newer than the memory that is held here. */
      if (!may_repair || verifying->ran_there)
        return is_confirmed (verifying) ? TERN_EVENT_UNKNOWABLE : TERN_EVENT_UNSETTLED;
      return is_confirmed (verifying) ? TERN_EVENT_SOURCE_HELD : TERN_EVENT_UNSETTLED;
    case TERN_TRUTH_LEFTOVER:
      if (!may_repair)
        return TERN_EVENT_UNKNOWABLE;
      return is_confirmed (verifying) ? TERN_EVENT_LEFTOVER : TERN_EVENT_UNSETTLED;
    case TERN_TRUTH_DEFINED_TWICE:
      /* It moved, whether or not the tidying works: the verdict names what is left. */
      if (!may_repair)
        return TERN_EVENT_MOVED;
      return is_confirmed (verifying) ? TERN_EVENT_LEFTOVER : TERN_EVENT_UNSETTLED;
    case TERN_TRUTH_POSTCOPY_ALARMED:
      return judge_broken (verifying);
    case TERN_TRUTH_GONE:
      if (verifying->resolved && is_confirmed (verifying))
        return TERN_EVENT_STAYED;
      return is_confirmed (verifying) ? TERN_EVENT_UNKNOWABLE : TERN_EVENT_UNSETTLED;
    case TERN_TRUTH_TWO_COPIES:
    case TERN_TRUTH_POSTCOPY_LOST:
    case TERN_TRUTH_HELD_DOUBTFUL:
      return is_confirmed (verifying) ? TERN_EVENT_UNKNOWABLE : TERN_EVENT_UNSETTLED;
    default:
      /* It needed attention before: it does not look settled for minutes because a person asked. */
      late |= verifying->asked && is_confirmed (verifying);
      return late ? TERN_EVENT_UNKNOWABLE : TERN_EVENT_UNSETTLED;
    }
}

gint64
tern_recover_delay_us (guint recoveries)
{
  return recoveries < 6 ? (gint64) G_USEC_PER_SEC << recoveries : 60 * G_USEC_PER_SEC;
}

gint64
tern_verify_delay_us (guint looks)
{
  gint64 first_us = G_USEC_PER_SEC / 10;

  return looks <= 6 ? first_us << (MAX (looks, 1) - 1) : 5 * G_USEC_PER_SEC;
}

/* A host that answers is worth a statement, even while the other is silent. */
static char *
explain_unknown (const char *vm, const char *seen_on, const TernSighting *seen,
                 const char *silent_host)
{
  if (!seen->present)
    return g_strdup_printf ("%s is not on %s, and it is not known whether it runs on %s", vm,
                            seen_on, silent_host);
  return g_strdup_printf ("%s is %s on %s, and it is not known whether it runs on %s as well", vm,
                          tern_vm_state_to_string (seen->state), seen_on, silent_host);
}

static char *
explain_unknown_pair (const char *vm, const char *source, const TernSighting *there,
                      const char *destination, const TernSighting *here)
{
  g_autofree char *what = NULL;

  if (there->known && !here->known)
    what = explain_unknown (vm, source, there, destination);
  else if (here->known && !there->known)
    what = explain_unknown (vm, destination, here, source);
  else
    what = g_strdup_printf ("it is not known whether %s runs on %s, on %s or on both", vm, source,
                            destination);
  return g_strdup_printf ("%s; nothing was touched, and it is looked at again when both answer",
                          what);
}

static char *
explain_stayed (const char *vm, const char *source, const TernSighting *seen)
{
  if (seen->state == TERN_VM_RUNNING || seen->state == TERN_VM_SHUTTING_DOWN)
    return g_strdup_printf ("%s runs on %s, where it was", vm, source);
  if (tern_vm_state_is_active (seen->state))
    return g_strdup_printf ("%s is on %s, where it was, and is %s", vm, source,
                            tern_vm_state_to_string (seen->state));
  return g_strdup_printf ("%s does not run any more: it %s on %s while it was being moved; see its "
                          "log there, and start it with “virsh start” on %s",
                          vm, seen->state == TERN_VM_CRASHED ? "crashed" : "was shut off", source,
                          source);
}

static char *
explain_meaning (TernTruth truth, const char *vm, const char *source, const char *destination)
{
  switch (truth)
    {
    case TERN_TRUTH_JOB:
      return g_strdup_printf ("%s is still being moved from %s to %s", vm, source, destination);
    case TERN_TRUTH_MOVED:
      return g_strdup_printf ("%s is on %s", vm, destination);
    case TERN_TRUTH_SOURCE_HELD:
      return g_strdup_printf ("%s is held on %s by a move that ended", vm, source);
    case TERN_TRUTH_HELD_DOUBTFUL:
      return g_strdup_printf (
          "%s is held on %s by a move that ended, and it is not known whether it "
          "ran on %s in between: then its disks are newer than its memory; see "
          "its log on %s",
          vm, source, destination, destination);
    case TERN_TRUTH_LEFTOVER:
      return g_strdup_printf ("%s runs on %s and left a paused copy on %s", vm, destination,
                              source);
    case TERN_TRUTH_DEFINED_TWICE:
      return g_strdup_printf ("%s runs on %s and is still defined on %s", vm, destination, source);
    case TERN_TRUTH_TWO_COPIES:
      return g_strdup_printf (
          "%s RUNS TWICE, on %s and on %s; both may write to its disks: look at "
          "both guests now, and stop the wrong one with “virsh destroy” there",
          vm, source, destination);
    case TERN_TRUTH_POSTCOPY_ALARMED:
    case TERN_TRUTH_POSTCOPY_SILENT:
      return g_strdup_printf ("the post-copy move of %s broke half way and the guest stands still; "
                              "its memory is partly on %s and partly on %s: destroy neither, mend "
                              "the link between them",
                              vm, source, destination);
    case TERN_TRUTH_POSTCOPY_LOST:
      return g_strdup_printf ("%s ended on %s in the middle of a post-copy move; what %s still has "
                              "is only a half that can never run: end it with “virsh destroy” on "
                              "%s, then start the VM anew",
                              vm, destination, source, source);
    case TERN_TRUTH_POSTCOPY_ORPHANED:
      /* libvirt 9.0 keeps the job of a source's QEMU that died in post-copy. */
      return g_strdup_printf ("%s was in the middle of a post-copy move, and what %s had of its "
                              "memory is gone; %s does not show that it has all of it, and nothing "
                              "can be taken up again: look at the guest, and if it stands still, "
                              "end it with “virsh destroy” on %s, then start it anew; if libvirt "
                              "on %s says then that a migration holds its lock, restart libvirt "
                              "there first, which stops no guest",
                              vm, source, destination, destination, source);
    case TERN_TRUTH_GONE:
      return g_strdup_printf ("%s runs neither on %s nor on %s: it ended during or after the move",
                              vm, source, destination);
    case TERN_TRUTH_BETWEEN:
      return g_strdup_printf ("%s is on both %s and %s, and not running on both; nothing was "
                              "touched: look at both with “virsh domstate --reason”",
                              vm, source, destination);
    default:
      return NULL;
    }
}

char *
tern_truth_explain (TernTruth truth, const char *vm, const char *source,
                    const TernSighting *source_sighting, const char *destination,
                    const TernSighting *destination_sighting)
{
  g_autofree char *meaning = NULL;
  g_autofree char *there = tern_sighting_to_string (source_sighting);
  g_autofree char *here = tern_sighting_to_string (destination_sighting);

  if (truth == TERN_TRUTH_MOVED && is_last_definition (source_sighting, destination_sighting))
    meaning = g_strdup_printf ("%s runs on %s without a definition there, and the one on %s was "
                               "left: it is the last",
                               vm, destination, source);
  else if (truth == TERN_TRUTH_STAYED)
    meaning = explain_stayed (vm, source, source_sighting);
  else if (truth == TERN_TRUTH_UNKNOWN)
    meaning = explain_unknown_pair (vm, source, source_sighting, destination, destination_sighting);
  else
    meaning = explain_meaning (truth, vm, source, destination);
  return g_strdup_printf ("%s (seen on %s: %s; on %s: %s)", meaning, source, there, destination,
                          here);
}
