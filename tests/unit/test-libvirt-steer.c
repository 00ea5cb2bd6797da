/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a look at a VM allows, over everything that can be seen of it, and the numbers that go to
 * and come from libvirt. The calls themselves are tested in tests/lab/test-steer.sh.
 */
#include "config.h"

#include "base/error.h"
#include "drivers/libvirt-measure.h"
#include "drivers/libvirt-steer.h"
#include "tern-check.h"

typedef void (*EachFunc) (const TernSighting *seen);

static void
for_each_sighting (EachFunc func)
{
  for (int state = 0; state < TERN_VM_N_STATES; state++)
    for (int reason = 0; reason < TERN_REASON_N; reason++)
      for (int bits = 0; bits < 8; bits++)
        {
          const TernSighting seen = { .known = TRUE,
                                      .present = (bits & 1) != 0,
                                      .state = state,
                                      .reason = reason,
                                      .job_active = (bits & 2) != 0,
                                      .job_outgoing = (bits & 4) != 0 };

          func (&seen);
        }
}

static gboolean
has_job (const TernSighting *seen)
{
  return seen->present && seen->job_active && seen->job_outgoing;
}

static void
check_without_job (const TernSighting *seen)
{
  if (has_job (seen))
    return;
  ck_assert_int_eq (tern_libvirt_look_start_postcopy (seen), TERN_STEER_NO_JOB);
  ck_assert_int_eq (tern_libvirt_look_pause (seen), TERN_STEER_NO_JOB);
}

START_TEST (nothing_is_done_to_a_vm_that_does_not_leave_this_host)
{
  for_each_sighting (check_without_job);
}
END_TEST

static void
check_pause (const TernSighting *seen)
{
  gboolean in_postcopy =
      seen->reason == TERN_REASON_POSTCOPY || seen->reason == TERN_REASON_POSTCOPY_FAILED;
  TernSteerLook look = tern_libvirt_look_pause (seen);

  ck_assert_int_eq (look == TERN_STEER_ACT,
                    has_job (seen) && seen->state == TERN_VM_RUNNING && !in_postcopy);
  ck_assert_int_eq (look == TERN_STEER_IS_DONE,
                    has_job (seen) && seen->state == TERN_VM_PAUSED && !in_postcopy);
}

START_TEST (only_a_vm_that_runs_before_post_copy_is_paused) { for_each_sighting (check_pause); }
END_TEST

static void
check_postcopy (const TernSighting *seen)
{
  gboolean in_postcopy =
      seen->reason == TERN_REASON_POSTCOPY || seen->reason == TERN_REASON_POSTCOPY_FAILED;

  if (has_job (seen))
    ck_assert_int_eq (tern_libvirt_look_start_postcopy (seen),
                      in_postcopy ? TERN_STEER_IS_DONE : TERN_STEER_ACT);
}

START_TEST (post_copy_is_started_once) { for_each_sighting (check_postcopy); }
END_TEST

static const struct
{
  guint64 bps;
  gboolean postcopy;
  guint64 told;
} speeds[] = {
  { 0, FALSE, G_GUINT64_CONSTANT (8796093022207) },
  { 0, TRUE, 0 },
  { 1, FALSE, 1 },
  { 1, TRUE, 1 },
  { (3 << 20) + 5, FALSE, 3 },
  { (3 << 20) + 5, TRUE, 3 },
  { G_MAXINT64, FALSE, G_GUINT64_CONSTANT (8796093022207) },
};

START_TEST (a_speed_is_told_in_mib_and_no_limit_in_libvirts_way)
{
  ck_assert_uint_eq (tern_libvirt_speed (speeds[_i].bps, speeds[_i].postcopy), speeds[_i].told);
}
END_TEST

typedef struct
{
  virTypedParameterPtr list;
  int n;
  int max;
} Params;

static void
add_status (Params *params, int status)
{
  ck_assert_int_eq (virTypedParamsAddInt (&params->list, &params->n, &params->max,
                                          "dirtyrate.calc_status", status),
                    0);
}

static void
add_rate (Params *params, long long mib)
{
  ck_assert_int_eq (virTypedParamsAddLLong (&params->list, &params->n, &params->max,
                                            "dirtyrate.megabytes_per_second", mib),
                    0);
}

static const struct
{
  long long mib;
  guint64 bps;
} rates[] = {
  { 0, 0 },
  { 54, 54 << 20 },
  { -1, 0 },
  { G_MAXINT64, G_GUINT64_CONSTANT (8796093022207) << 20 },
};

START_TEST (a_measured_rate_is_told_in_bytes)
{
  Params params = { 0 };
  g_autoptr (GError) error = NULL;
  g_autofree guint64 *bps = NULL;

  add_status (&params, VIR_DOMAIN_DIRTYRATE_MEASURED);
  add_rate (&params, rates[_i].mib);
  bps = tern_libvirt_dirty_rate (params.list, params.n, &error);
  ck_assert_ptr_nonnull (bps);
  ck_assert_uint_eq (*bps, rates[_i].bps);
  virTypedParamsFree (params.list, params.n);
}
END_TEST

/* Also one that is left from before, which libvirt tells together with the state. */
START_TEST (a_rate_that_is_being_measured_is_no_rate)
{
  for (int status = -1; status < VIR_DOMAIN_DIRTYRATE_MEASURED; status++)
    {
      Params params = { 0 };
      g_autoptr (GError) error = NULL;

      if (status >= 0)
        add_status (&params, status);
      add_rate (&params, 12);
      ck_assert_ptr_null (tern_libvirt_dirty_rate (params.list, params.n, &error));
      ck_assert (g_error_matches (error, TERN_ERROR, TERN_ERROR_BUSY));
      virTypedParamsFree (params.list, params.n);
    }
}
END_TEST

TERN_CHECK_MAIN ("libvirt-steer", virInitialize ();
                 tcase_add_test (tcase, nothing_is_done_to_a_vm_that_does_not_leave_this_host);
                 tcase_add_test (tcase, only_a_vm_that_runs_before_post_copy_is_paused);
                 tcase_add_test (tcase, post_copy_is_started_once);
                 tcase_add_loop_test (tcase, a_speed_is_told_in_mib_and_no_limit_in_libvirts_way, 0,
                                      G_N_ELEMENTS (speeds));
                 tcase_add_loop_test (tcase, a_measured_rate_is_told_in_bytes, 0,
                                      G_N_ELEMENTS (rates));
                 tcase_add_test (tcase, a_rate_that_is_being_measured_is_no_rate);)
