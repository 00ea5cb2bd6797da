/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "drivers/libvirt-job.h"
#include "tern-check.h"

/* A typed parameter list that grows. */
typedef struct
{
  virTypedParameterPtr list;
  int n;
  int max;
} Params;

static void
add_number (Params *params, const char *name, unsigned long long value)
{
  ck_assert_int_eq (virTypedParamsAddULLong (&params->list, &params->n, &params->max, name, value),
                    0);
}

static void
add_int (Params *params, const char *name, int value)
{
  ck_assert_int_eq (virTypedParamsAddInt (&params->list, &params->n, &params->max, name, value), 0);
}

/* The numbers of a guest of 128 MiB on the way from one lab node to another at 40 Mbit/s. */
static void
add_recorded (Params *params)
{
  add_int (params, VIR_DOMAIN_JOB_OPERATION, VIR_DOMAIN_JOB_OPERATION_MIGRATION_OUT);
  add_number (params, VIR_DOMAIN_JOB_TIME_ELAPSED, 1436);
  add_number (params, VIR_DOMAIN_JOB_MEMORY_TOTAL, 134750208);
  add_number (params, VIR_DOMAIN_JOB_MEMORY_PROCESSED, 6925687);
  add_number (params, VIR_DOMAIN_JOB_MEMORY_REMAINING, 126853120);
  add_number (params, VIR_DOMAIN_JOB_MEMORY_BPS, 5739782);
  add_number (params, VIR_DOMAIN_JOB_MEMORY_DIRTY_RATE, 100);
  add_number (params, VIR_DOMAIN_JOB_MEMORY_PAGE_SIZE, 4096);
  add_number (params, VIR_DOMAIN_JOB_MEMORY_ITERATION, 2);
  add_number (params, VIR_DOMAIN_JOB_SETUP_TIME, 4);
  add_number (params, VIR_DOMAIN_JOB_DOWNTIME, 300);
}

START_TEST (a_running_migration_is_read_in_our_units)
{
  Params params = { 0 };
  TernJobStats stats;

  add_recorded (&params);
  tern_libvirt_job_stats (VIR_DOMAIN_JOB_UNBOUNDED, params.list, params.n, &stats);
  ck_assert (stats.active);
  ck_assert (stats.outgoing);
  ck_assert_int_eq (stats.elapsed_us, 1436000);
  ck_assert_uint_eq (stats.memory_total, 134750208);
  ck_assert_uint_eq (stats.memory_processed, 6925687);
  ck_assert_uint_eq (stats.memory_remaining, 126853120);
  ck_assert_uint_eq (stats.memory_bps, 5739782);
  ck_assert_uint_eq (stats.dirty_bps, 409600);
  ck_assert_uint_eq (stats.iteration, 2);
  ck_assert_int_eq (stats.setup_us, 4000);
  virTypedParamsFree (params.list, params.n);
}
END_TEST

START_TEST (a_downtime_is_measured_only_once_the_job_is_completed)
{
  Params params = { 0 };
  TernJobStats stats;

  add_recorded (&params);
  tern_libvirt_job_stats (VIR_DOMAIN_JOB_UNBOUNDED, params.list, params.n, &stats);
  ck_assert (!stats.has_downtime);
  ck_assert_int_eq (stats.downtime_us, 0);

  tern_libvirt_job_stats (VIR_DOMAIN_JOB_COMPLETED, params.list, params.n, &stats);
  ck_assert (!stats.active);
  ck_assert (stats.has_downtime);
  ck_assert_int_eq (stats.downtime_us, 300000);
  virTypedParamsFree (params.list, params.n);
}
END_TEST

static const struct
{
  int type;
  gboolean active;
} types[] = {
  { VIR_DOMAIN_JOB_NONE, FALSE },
  { VIR_DOMAIN_JOB_BOUNDED, TRUE },
  { VIR_DOMAIN_JOB_UNBOUNDED, TRUE },
  { VIR_DOMAIN_JOB_COMPLETED, FALSE },
  { VIR_DOMAIN_JOB_FAILED, FALSE },
  { VIR_DOMAIN_JOB_CANCELLED, FALSE },
  { 77, FALSE },
};

START_TEST (a_job_is_active_while_it_is_bounded_or_unbounded)
{
  TernJobStats stats;

  tern_libvirt_job_stats (types[_i].type, NULL, 0, &stats);
  ck_assert_int_eq (stats.active, types[_i].active);
}
END_TEST

START_TEST (only_an_outgoing_migration_counts_as_outgoing)
{
  for (int operation = 0; operation < 20; operation++)
    {
      Params params = { 0 };
      TernJobStats stats;

      add_int (&params, VIR_DOMAIN_JOB_OPERATION, operation);
      tern_libvirt_job_stats (VIR_DOMAIN_JOB_UNBOUNDED, params.list, params.n, &stats);
      ck_assert_int_eq (stats.outgoing, operation == 5);
      virTypedParamsFree (params.list, params.n);
    }
}
END_TEST

START_TEST (how_far_a_guest_is_slowed_and_what_post_copy_asked_for_are_told)
{
  Params params = { 0 };
  TernJobStats stats;

  add_recorded (&params);
  tern_libvirt_job_stats (VIR_DOMAIN_JOB_UNBOUNDED, params.list, params.n, &stats);
  ck_assert_uint_eq (stats.throttle, 0);
  ck_assert_uint_eq (stats.page_requests, 0);

  add_int (&params, VIR_DOMAIN_JOB_AUTO_CONVERGE_THROTTLE, 30);
  add_number (&params, VIR_DOMAIN_JOB_MEMORY_POSTCOPY_REQS, 596);
  tern_libvirt_job_stats (VIR_DOMAIN_JOB_UNBOUNDED, params.list, params.n, &stats);
  ck_assert_uint_eq (stats.throttle, 30);
  ck_assert_uint_eq (stats.page_requests, 596);
  virTypedParamsFree (params.list, params.n);
}
END_TEST

START_TEST (nonsense_is_bounded_not_wrapped)
{
  Params params = { 0 };
  TernJobStats stats;

  add_number (&params, VIR_DOMAIN_JOB_TIME_ELAPSED, G_MAXUINT64);
  add_number (&params, VIR_DOMAIN_JOB_MEMORY_DIRTY_RATE, G_MAXUINT64);
  add_number (&params, VIR_DOMAIN_JOB_MEMORY_ITERATION, G_MAXUINT64);
  add_int (&params, VIR_DOMAIN_JOB_MEMORY_TOTAL, -5);
  add_number (&params, VIR_DOMAIN_JOB_AUTO_CONVERGE_THROTTLE, 4000000000);
  ck_assert_int_eq (virTypedParamsAddString (&params.list, &params.n, &params.max,
                                             VIR_DOMAIN_JOB_MEMORY_BPS, "fast"),
                    0);
  tern_libvirt_job_stats (VIR_DOMAIN_JOB_UNBOUNDED, params.list, params.n, &stats);
  ck_assert_int_eq (stats.elapsed_us, G_MAXINT64);
  ck_assert_uint_eq (stats.dirty_bps, G_MAXUINT64);
  ck_assert_uint_eq (stats.iteration, G_MAXUINT);
  ck_assert_uint_eq (stats.memory_total, 0);
  ck_assert_uint_eq (stats.throttle, 99);
  ck_assert_uint_eq (stats.memory_bps, 0);
  virTypedParamsFree (params.list, params.n);
}
END_TEST

TERN_CHECK_MAIN ("libvirt-job", virInitialize ();
                 tcase_add_test (tcase, a_running_migration_is_read_in_our_units);
                 tcase_add_test (tcase, a_downtime_is_measured_only_once_the_job_is_completed);
                 tcase_add_loop_test (tcase, a_job_is_active_while_it_is_bounded_or_unbounded, 0,
                                      G_N_ELEMENTS (types));
                 tcase_add_test (tcase, only_an_outgoing_migration_counts_as_outgoing);
                 tcase_add_test (tcase,
                                 how_far_a_guest_is_slowed_and_what_post_copy_asked_for_are_told);
                 tcase_add_test (tcase, nonsense_is_bounded_not_wrapped);)
