/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a person may decide about two copies, as a table over what both hosts show.
 *
 * A copy is ended only if the other one was seen, and is whole; memory is whole where the guest
 * runs outside of post-copy, or where a move paused it before anything ran on the other side.
 * Memory that was held while the guest ran elsewhere is stale: its disks are newer.
 */
#include "config.h"

#include "plan/resolve.h"

#include "base/error.h"

/* What a host shows of the copy. The destination's "paused (migration)" is half of a memory, the
 * source's is all of it. */
typedef enum
{
  COPY_UNKNOWN,
  COPY_JOB,
  COPY_ABSENT,
  COPY_POSTCOPY,
  COPY_INCOMING,
  COPY_RUNNING,
  COPY_HELD,
  COPY_PAUSED,
  COPY_UNCLEAR,
  COPY_OFF,
  N_COPIES
} Copy;

typedef enum
{
  NOTHING_TO_DO,
  REMOVE,
  REMOVE_AND_RUN,
  RUN,
  REFUSE_SILENT,
  REFUSE_JOB,
  REFUSE_ABSENT,
  REFUSE_HALF,
  REFUSE_STALE,
  REFUSE_UNCLEAR,
  REFUSE_OFF
} Outcome;

static const char *const keep_names[TERN_N_KEEPS] = {
  [TERN_KEEP_SOURCE] = "source",
  [TERN_KEEP_DESTINATION] = "destination",
};

/* clang-format off */
#define N NOTHING_TO_DO
#define R REMOVE
#define G REMOVE_AND_RUN
#define L RUN
#define S REFUSE_SILENT
#define J REFUSE_JOB
#define A REFUSE_ABSENT
#define H REFUSE_HALF
#define T REFUSE_STALE
#define U REFUSE_UNCLEAR
#define O REFUSE_OFF
static const Outcome outcomes[N_COPIES][N_COPIES] = {
/* the other:         unknown job absent postcopy incoming running held paused unclear off */
  [COPY_UNKNOWN]  = { S,      S,  S,     S,       S,       S,      S,   S,     S,      S },
  [COPY_JOB]      = { S,      J,  J,     J,       J,       J,      J,   J,     J,      J },
  [COPY_ABSENT]   = { S,      J,  N,     A,       A,       A,      A,   A,     A,      A },
  [COPY_POSTCOPY] = { S,      J,  H,     H,       H,       H,      H,   H,     H,      H },
  [COPY_INCOMING] = { S,      J,  H,     H,       H,       H,      H,   H,     H,      H },
  [COPY_RUNNING]  = { S,      J,  N,     H,       R,       R,      R,   R,     R,      R },
  [COPY_HELD]     = { S,      J,  L,     H,       G,       T,      T,   T,     U,      T },
  [COPY_PAUSED]   = { S,      J,  L,     H,       G,       G,      G,   G,     G,      G },
  [COPY_UNCLEAR]  = { S,      J,  U,     H,       U,       U,      U,   U,     U,      U },
  [COPY_OFF]      = { S,      J,  N,     H,       R,       O,      R,   O,     O,      N },
};
#undef N
#undef R
#undef G
#undef L
#undef S
#undef J
#undef A
#undef H
#undef T
#undef U
#undef O
/* clang-format on */

const char *
tern_keep_to_string (TernKeep keep)
{
  g_return_val_if_fail ((guint) keep < TERN_N_KEEPS, "unknown");
  return keep_names[keep];
}

gboolean
tern_keep_from_string (const char *name, TernKeep *out_keep)
{
  for (guint i = 0; i < TERN_N_KEEPS; i++)
    if (g_strcmp0 (name, keep_names[i]) == 0)
      {
        *out_keep = i;
        return TRUE;
      }
  return FALSE;
}

static Copy
classify_paused (TernVmReason reason, gboolean is_source)
{
  if (reason == TERN_REASON_MIGRATION)
    return is_source ? COPY_HELD : COPY_INCOMING;
  /* On the destination: whether anything ran there is not known. */
  if (!is_source && reason != TERN_REASON_USER && reason != TERN_REASON_IO_ERROR)
    return COPY_UNCLEAR;
  return COPY_PAUSED;
}

static Copy
classify (const TernSighting *seen, gboolean is_source)
{
  if (!seen->known)
    return COPY_UNKNOWN;
  if (!seen->present)
    return COPY_ABSENT;
  if (seen->job_active)
    return COPY_JOB;
  if (tern_vm_state_is_active (seen->state)
      && (seen->reason == TERN_REASON_POSTCOPY || seen->reason == TERN_REASON_POSTCOPY_FAILED))
    return COPY_POSTCOPY;

  switch (seen->state)
    {
    case TERN_VM_RUNNING:
    case TERN_VM_SHUTTING_DOWN:
      return COPY_RUNNING;
    case TERN_VM_PAUSED:
      return classify_paused (seen->reason, is_source);
    case TERN_VM_SUSPENDED:
      return COPY_PAUSED;
    case TERN_VM_SHUT_OFF:
    case TERN_VM_CRASHED:
      return COPY_OFF;
    default:
      return COPY_UNKNOWN;
    }
}

typedef struct
{
  const char *host;
  const TernSighting *seen;
  Copy copy;
} Side;

static void
refuse_silent (const char *vm, const Side *kept, const Side *other, GError **error)
{
  const char *silent = kept->copy == COPY_UNKNOWN ? kept->host : other->host;

  g_set_error (error, TERN_ERROR, TERN_ERROR_REFUSED,
               "%s cannot be asked about %s, so that nothing may be ended or started; when it "
               "answers, this is looked at again. If it is gone for good, make sure that it is "
               "switched off, then “virtern host remove %s”",
               silent, vm, silent);
}

static gboolean
is_gone (const Side *side)
{
  return side->copy == COPY_ABSENT || side->copy == COPY_OFF;
}

/* A link can be mended only between two halves that are there. */
static char *
explain_half (const Side *kept, const Side *other)
{
  const Side *gone = is_gone (kept) ? kept : other;
  const Side *left = gone == kept ? other : kept;

  if (is_gone (gone))
    return g_strdup_printf (
        "what %s had of its memory is gone; look at the guest, and if it stands "
        "still, end what %s has with “virsh destroy” there",
        gone->host, left->host);
  return g_strdup_printf ("its memory is partly on %s and partly on %s, and neither half may be "
                          "ended while the other lives; mend the link between them, then look "
                          "again with “virtern task resolve --recheck”",
                          kept->host, other->host);
}

static void
refuse (Outcome outcome, const char *vm, const Side *kept, const Side *other, GError **error)
{
  g_autofree char *there = tern_sighting_to_string (kept->seen);
  g_autofree char *here = tern_sighting_to_string (other->seen);
  g_autofree char *why = NULL;

  switch (outcome)
    {
    case REFUSE_JOB:
      why = g_strdup ("a job still runs on it; cancel the task, or wait until it ends");
      break;
    case REFUSE_ABSENT:
      why = g_strdup_printf ("there is nothing to keep on %s", kept->host);
      break;
    case REFUSE_HALF:
      why = explain_half (kept, other);
      break;
    case REFUSE_UNCLEAR:
      why = g_strdup_printf ("it is not known which of %s and %s holds all of its memory; look at "
                             "both with “virsh domstate --reason”, and end the wrong one there",
                             kept->host, other->host);
      break;
    case REFUSE_STALE:
      why = g_strdup_printf ("it ran on %s since, so that its disks are newer than the memory that "
                             "%s holds; keep the other copy",
                             other->host, kept->host);
      break;
    default:
      why = g_strdup_printf ("it is alive on %s; keep that one", other->host);
      break;
    }
  g_set_error (error, TERN_ERROR, TERN_ERROR_REFUSED,
               "%s cannot be kept on %s: %s (seen on %s: %s; on %s: %s)", vm, kept->host, why,
               kept->host, there, other->host, here);
}

/* The definition of the copy that is ended may be the only one there is. */
static gboolean
check_definitions (TernKeep keep, const char *vm, const Side *kept, const Side *other,
                   GError **error)
{
  if (keep == TERN_KEEP_DESTINATION || kept->seen->persistent || !other->seen->persistent)
    return TRUE;
  g_set_error (error, TERN_ERROR, TERN_ERROR_REFUSED,
               "%s has no definition on %s, and the one on %s is the last; save that with “virsh "
               "dumpxml” and define it on %s first",
               vm, kept->host, other->host, kept->host);
  return FALSE;
}

gboolean
tern_resolve (TernKeep keep, const char *vm, const char *source_host, const TernSighting *source,
              const char *destination_host, const TernSighting *destination,
              TernResolution *out_resolution, GError **error)
{
  Side here = { source_host, source, classify (source, TRUE) };
  Side there = { destination_host, destination, classify (destination, FALSE) };
  const Side *kept = keep == TERN_KEEP_SOURCE ? &here : &there;
  const Side *other = keep == TERN_KEEP_SOURCE ? &there : &here;
  Outcome outcome = outcomes[kept->copy][other->copy];
  gboolean removes = outcome == REMOVE || outcome == REMOVE_AND_RUN;

  *out_resolution = (TernResolution){ 0 };
  if (outcome == REFUSE_SILENT)
    refuse_silent (vm, kept, other, error);
  else if (outcome > RUN)
    refuse (outcome, vm, kept, other, error);
  if (outcome > RUN || (removes && !check_definitions (keep, vm, kept, other, error)))
    return FALSE;

  out_resolution->remove_definition = removes && kept->seen->persistent && other->seen->persistent;
  out_resolution->remove_other =
      removes && (other->copy != COPY_OFF || out_resolution->remove_definition);
  out_resolution->let_run = outcome == REMOVE_AND_RUN || outcome == RUN;
  return TRUE;
}

static void
add_offer (GString *text, guint64 task_id, TernKeep keep, const TernResolution *resolution,
           const char *kept, const char *other)
{
  g_string_append_printf (text, "%s“virtern task resolve %" G_GUINT64_FORMAT " --keep-%s” ",
                          text->len > 0 ? "; " : "", task_id, tern_keep_to_string (keep));
  if (resolution->remove_other && resolution->let_run)
    g_string_append_printf (text, "ends the copy on %s and lets it run on %s", other, kept);
  else if (resolution->remove_other)
    g_string_append_printf (text, "ends the copy on %s and keeps the one on %s", other, kept);
  else if (resolution->let_run)
    g_string_append_printf (text, "lets it run on %s", kept);
  else
    g_string_append_printf (text, "leaves it as it is on %s and ends the task", kept);
}

char *
tern_resolve_offers (guint64 task_id, const char *vm, const char *source_host,
                     const TernSighting *source, const char *destination_host,
                     const TernSighting *destination)
{
  GString *text = g_string_new (NULL);

  for (guint keep = 0; keep < TERN_N_KEEPS; keep++)
    {
      gboolean source_stays = keep == TERN_KEEP_SOURCE;
      TernResolution resolution;

      if (tern_resolve (keep, vm, source_host, source, destination_host, destination, &resolution,
                        NULL))
        add_offer (text, task_id, keep, &resolution, source_stays ? source_host : destination_host,
                   source_stays ? destination_host : source_host);
    }
  g_string_append_printf (
      text, "%s“virtern task resolve %" G_GUINT64_FORMAT " --recheck” looks at both hosts again",
      text->len > 0 ? "; " : "", task_id);
  return g_string_free (text, FALSE);
}
