/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Sentences about a copy: why a step is taken, and what is out of the ordinary.
 */
#include "config.h"

#include "plan/converge-private.h"

#include "base/text.h"
#include "base/units.h"

#define NOTE_STILL_US (3 * G_USEC_PER_SEC)
#define MAX_NAME 64

static char *
format_bytes (double bytes)
{
  return tern_units_format_bytes ((guint64) MIN (bytes, (double) G_MAXINT64));
}

/* "64 MiB are left after each pass, the link carries 9.5 MiB/s" */
static char *
describe_passes (const TernCopyWatch *watch)
{
  g_autofree char *left = format_bytes (watch->pass_size);
  g_autofree char *rate = tern_units_format_rate ((guint64) MIN (watch->bps, (double) G_MAXINT64));

  return watch->bps > 0
             ? g_strdup_printf ("%s have to be sent again, the link carries %s", left, rate)
             : g_strdup_printf ("%s have to be sent again", left);
}

static char *
describe_duration (const TernCopyWatch *watch, gint64 since_us)
{
  return tern_units_format_duration (MAX (watch->now_us - since_us, 0));
}

/* Why a step, other than the end, is taken. */
static char *
describe_why (const TernConverge *self, TernStepCause cause)
{
  const TernCopyWatch *watch = &self->watch;
  g_autofree char *passes = describe_passes (watch);

  if (cause == TERN_CAUSE_BOUND)
    return g_strdup_printf ("the time of the policy %s is over (%s)",
                            tern_policy_to_string (self->setup.policy), passes);
  return g_strdup_printf ("this pass is not smaller than those before it (%s)", passes);
}

/* What else may be tried, after this policy. */
static const char *
get_advice (TernPolicy policy)
{
  static const char *const advice[TERN_N_POLICIES] = {
    [TERN_POLICY_CAREFUL] = "try the policy default, which slows it down, or postcopy",
    [TERN_POLICY_DEFAULT] = "try the policy postcopy or force, or move it when it has less to do",
    [TERN_POLICY_POSTCOPY] = "try the policy force, or move it when it has less to do",
    [TERN_POLICY_FORCE] =
        "try the policy postcopy, a faster link, or a time when it has less to do",
  };

  return advice[policy];
}

static char *
describe_not_converging (const TernConverge *self, const char *vm)
{
  g_autofree char *passes = describe_passes (&self->watch);

  return g_strdup_printf ("%s writes its memory faster than the link takes it: after %u passes %s; "
                          "%s",
                          vm, self->watch.passes, passes, get_advice (self->setup.policy));
}

static char *
describe_bound (const TernConverge *self, const char *vm)
{
  TernPolicy policy = self->setup.policy;
  g_autofree char *bound =
      tern_units_format_duration (tern_converge_get_bound_us (policy, self->setup.memory));
  g_autofree char *passes = describe_passes (&self->watch);

  if (self->watch.passes == 0)
    return g_strdup_printf (
        "%s was not copied once in %s, the bound of the policy %s; use a faster "
        "link",
        vm, bound, tern_policy_to_string (policy));
  return g_strdup_printf ("%s was not over after %s, the bound of the policy %s (%s); %s", vm,
                          bound, tern_policy_to_string (policy), passes, get_advice (policy));
}

static char *
describe_end (const TernConverge *self, TernStepCause cause, const char *vm)
{
  const TernBounds *bounds = &self->setup.bounds;
  g_autofree char *idle = tern_units_format_duration (tern_copy_watch_get_idle (&self->watch));
  g_autofree char *still = describe_duration (&self->watch, self->still_us);
  g_autofree char *prepare = tern_units_format_duration (bounds->prepare_us);

  switch (cause)
    {
    case TERN_CAUSE_STALLED:
      return g_strdup_printf (
          "nothing of %s was sent for %s; check the migration link between both "
          "hosts",
          vm, idle);
    case TERN_CAUSE_SWITCHOVER:
      return g_strdup_printf ("%s stood still for %s and its last memory was not over; it runs on "
                              "where it was",
                              vm, still);
    case TERN_CAUSE_PREPARING:
      return g_strdup_printf ("the destination did not get ready for %s within %s; look at its "
                              "libvirt and at its hooks",
                              vm, prepare);
    case TERN_CAUSE_BOUND:
      return describe_bound (self, vm);
    case TERN_CAUSE_NOT_CONVERGING:
    case TERN_CAUSE_NONE:
      break;
    }
  return describe_not_converging (self, vm);
}

static char *
describe_pause (const TernConverge *self, const char *vm, const char *why)
{
  const TernCopyWatch *watch = &self->watch;
  gint64 needed_us = tern_copy_watch_get_needed_us (watch, tern_copy_watch_get_left (watch));
  g_autofree char *needed = tern_units_format_duration (needed_us);

  return g_strdup_printf ("%s; %s is paused until all is over, for about %s", why, vm, needed);
}

char *
tern_converge_describe (const TernConverge *self, TernDecision decision, const char *vm)
{
  g_autofree char *name = tern_text_visible (vm, MAX_NAME);
  g_autofree char *why = describe_why (self, decision.cause);
  g_autofree char *idle = tern_units_format_duration (tern_copy_watch_get_idle (&self->watch));

  switch (decision.act)
    {
    case TERN_STEP_NONE:
      break;
    case TERN_STEP_DOWNTIME:
      return g_strdup_printf ("%s; %s may stand still for %u ms", why, name, decision.downtime_ms);
    case TERN_STEP_POSTCOPY:
      return g_strdup_printf ("%s; %s goes on at the destination and fetches the rest (post-copy)",
                              why, name);
    case TERN_STEP_PAUSE:
      return describe_pause (self, name, why);
    case TERN_STEP_GIVE_UP:
      return describe_end (self, decision.cause, name);
    case TERN_STEP_ALARM:
      return g_strdup_printf (
          "nothing of %s was sent for %s in post-copy; it goes on when the link is back", name,
          idle);
    }
  return g_strdup_printf ("%s is copied", name);
}

static char *
note_stillness (const TernConverge *self, const char *name)
{
  g_autofree char *still = describe_duration (&self->watch, self->still_us);

  if (self->watch.now_us - self->still_us < NOTE_STILL_US)
    return NULL;
  return self->paused
             ? g_strdup_printf ("%s is paused until all is over, for %s by now", name, still)
             : g_strdup_printf ("%s stands still for %s", name, still);
}

static char *
note_not_converging (const TernConverge *self, const char *name)
{
  const TernCopyWatch *watch = &self->watch;
  gint64 needed_us = tern_copy_watch_get_needed_us (watch, watch->pass_size);
  g_autofree char *needed = tern_units_format_duration (needed_us);
  g_autofree char *passes = describe_passes (watch);
  g_autofree char *slowed =
      watch->last.throttle > 0
          ? g_strdup_printf (", and it is slowed by %u %%", MIN (watch->last.throttle, 100))
          : g_strdup ("");

  return g_strdup_printf ("not converging: after each pass of %s %s, which takes %s%s", name,
                          passes, needed, slowed);
}

char *
tern_converge_note (const TernConverge *self, const char *vm)
{
  g_autofree char *name = tern_text_visible (vm, MAX_NAME);
  gint64 idle_us = tern_copy_watch_get_idle (&self->watch);
  g_autofree char *idle = tern_units_format_duration (idle_us);

  if (self->watch.answered && idle_us >= TERN_NOTE_IDLE_US)
    return g_strdup_printf ("nothing was sent for %s", idle);
  if (self->still && !self->postcopy)
    return note_stillness (self, name);
  if (tern_converge_get_convergence (self) == TERN_CONVERGENCE_NO)
    return note_not_converging (self, name);
  if (self->watch.last.throttle > 0 && !self->postcopy)
    return g_strdup_printf ("%s is slowed by %u %%", name, MIN (self->watch.last.throttle, 100));
  return NULL;
}

char *
tern_converge_note_stall (const TernConverge *self, const char *vm, const char *source,
                          const char *destination)
{
  g_autofree char *name = tern_text_visible (vm, MAX_NAME);
  gint64 idle_us = tern_copy_watch_get_idle (&self->watch);
  g_autofree char *idle = tern_units_format_duration (idle_us);

  if (!self->postcopy || idle_us < TERN_NOTE_IDLE_US)
    return NULL;
  return g_strdup_printf (
      "%s stands still where it lacks memory: nothing of it was seen to go over "
      "for %s; look at the migration link between %s and %s",
      name, idle, source, destination);
}
