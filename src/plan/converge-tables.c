/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What each policy does, step by step, and how long it may take. docs/ARCHITECTURE.md says
 * where the numbers come from.
 */
#include "config.h"

#include "plan/converge-private.h"

#define SECOND ((gint64) G_USEC_PER_SEC)
#define MOST_ROWS 8

/* Tables are read by column. */
/* clang-format off */
static const TernPolicyRow rows[TERN_N_POLICIES][MOST_ROWS] = {
  /*                          act     ms  passes  wait */
  [TERN_POLICY_CAREFUL] = {
    { TERN_STEP_DOWNTIME,    400, 1,  2 * SECOND },
    { TERN_STEP_DOWNTIME,    500, 1,  2 * SECOND },
    { TERN_STEP_DOWNTIME,    700, 2,  5 * SECOND },
    { TERN_STEP_DOWNTIME,   1000, 2,  5 * SECOND },
    { TERN_STEP_GIVE_UP,       0, 6, 30 * SECOND },
  },
  [TERN_POLICY_DEFAULT] = {
    { TERN_STEP_DOWNTIME,    400, 1,  2 * SECOND },
    { TERN_STEP_DOWNTIME,    500, 1,  2 * SECOND },
    { TERN_STEP_DOWNTIME,    700, 1,  5 * SECOND },
    { TERN_STEP_DOWNTIME,   1000, 2,  5 * SECOND },
    { TERN_STEP_DOWNTIME,   1500, 2,  5 * SECOND },
    { TERN_STEP_DOWNTIME,   2000, 2,  5 * SECOND },
    { TERN_STEP_GIVE_UP,       0, 8, 30 * SECOND },
  },
  [TERN_POLICY_POSTCOPY] = {
    { TERN_STEP_DOWNTIME,    500, 1,  2 * SECOND },
    { TERN_STEP_DOWNTIME,   1000, 1,  2 * SECOND },
    { TERN_STEP_POSTCOPY,      0, 1,  2 * SECOND },
    { TERN_STEP_GIVE_UP,       0, 6, 30 * SECOND },
  },
  [TERN_POLICY_FORCE] = {
    { TERN_STEP_DOWNTIME,    500, 1,  2 * SECOND },
    { TERN_STEP_DOWNTIME,   1000, 1,  2 * SECOND },
    { TERN_STEP_DOWNTIME,   2000, 2,  5 * SECOND },
    { TERN_STEP_PAUSE,         0, 3, 10 * SECOND },
    { TERN_STEP_GIVE_UP,       0, 6, 30 * SECOND },
  },
};

static const struct
{
  guint base_s;
  guint gib_s; /* for each GiB */
} bounds[TERN_N_POLICIES] = {
  [TERN_POLICY_CAREFUL]  = { 240, 240 },
  [TERN_POLICY_DEFAULT]  = { 300, 240 },
  [TERN_POLICY_POSTCOPY] = { 120, 240 },
  [TERN_POLICY_FORCE]    = { 240, 240 },
};
/* clang-format on */

const TernPolicyRow *
tern_policy_get_row (TernPolicy policy, guint step)
{
  g_return_val_if_fail ((guint) policy < TERN_N_POLICIES, NULL);

  if (step >= MOST_ROWS || rows[policy][step].act == TERN_STEP_NONE)
    return NULL;
  return &rows[policy][step];
}

gint64
tern_converge_get_bound_us (TernPolicy policy, guint64 memory)
{
  double seconds;

  g_return_val_if_fail ((guint) policy < TERN_N_POLICIES, 0);

  seconds = bounds[policy].base_s + bounds[policy].gib_s * ((double) memory / (1 << 30));
  /* A year, for a VM that claims more memory than there is. */
  return (gint64) (MIN (seconds, 365.0 * 24 * 3600) * SECOND);
}

gboolean
tern_policy_needs_auto_converge (TernPolicy policy)
{
  return policy == TERN_POLICY_DEFAULT || policy == TERN_POLICY_FORCE;
}
