/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What is promised: each VM once, on one host, and not twice when the host shows it already.
 */
#include "config.h"

#include "plan/ledger.h"

#include "plan-world.h"
#include "tern-check.h"

static void
add (TernLedger *ledger, const char *uuid, const char *destination, guint64 memory, guint vcpus)
{
  TernReservation reservation = { .vm_uuid = (char *) uuid,
                                  .source = (char *) "anna",
                                  .destination = (char *) destination,
                                  .memory = memory,
                                  .vcpus = vcpus };

  tern_ledger_add (ledger, &reservation);
}

START_TEST (a_vm_has_one_entry_and_the_last_one_counts)
{
  g_auto (PlanWorld) w;
  TernLedger *l;

  plan_world_init (&w);
  l = w.ledger;
  (void) plan_world_question (&w);
  add (l, "a", "bert", 3 * GIB, 2);
  add (l, "b", "bert", GIB, 1);
  add (l, "a", "bert", 5 * GIB, 4);
  ck_assert_uint_eq (tern_ledger_get_size (l), 2);
  ck_assert_uint_eq (tern_ledger_get_memory (l, w.cluster, "bert", NULL), 6 * GIB);
  ck_assert_uint_eq (tern_ledger_get_vcpus (l, w.cluster, "bert", NULL), 5);
  ck_assert_uint_eq (tern_ledger_get_memory (l, w.cluster, "bert", "a"), GIB);
  ck_assert_uint_eq (tern_ledger_get_memory (l, w.cluster, "anna", NULL), 0);
  add (l, "a", "anna", GIB, 1);
  ck_assert_uint_eq (tern_ledger_get_memory (l, w.cluster, "bert", NULL), GIB);
  ck_assert_str_eq (tern_ledger_find (l, "a")->destination, "anna");
  ck_assert (tern_ledger_remove (l, "a"));
  ck_assert (!tern_ledger_remove (l, "a"));
  ck_assert_ptr_null (tern_ledger_find (l, "a"));
  ck_assert_ptr_null (tern_ledger_get_arrivals (l, "anna"));
}
END_TEST

START_TEST (a_vm_that_shows_on_its_destination_is_not_counted_again)
{
  for (guint state = 0; state < TERN_VM_N_STATES; state++)
    {
      g_auto (PlanWorld) w;
      gboolean dead = state == TERN_VM_SHUT_OFF || state == TERN_VM_CRASHED;

      plan_world_init (&w);
      plan_other (&w, "db01", "bert")->state = state;
      (void) plan_world_question (&w);
      add (w.ledger, PLAN_OTHER_UUID, "bert", GIB, 2);
      ck_assert_uint_eq (tern_ledger_get_memory (w.ledger, w.cluster, "bert", NULL),
                         dead ? GIB : 0);
      ck_assert_uint_eq (tern_ledger_get_vcpus (w.ledger, w.cluster, "bert", NULL), dead ? 2 : 0);
      /* Whoever counts with the cluster never misses it. */
      ck_assert_uint_gt (tern_ledger_get_memory (w.ledger, w.cluster, "bert", NULL)
                             + tern_cluster_get_memory_used (w.cluster, 1),
                         0);
    }
}
END_TEST

START_TEST (sums_do_not_wrap)
{
  g_auto (PlanWorld) w;

  plan_world_init (&w);
  (void) plan_world_question (&w);
  add (w.ledger, "a", "bert", G_MAXUINT64, G_MAXUINT);
  add (w.ledger, "b", "bert", 1, 1);
  ck_assert_uint_eq (tern_ledger_get_memory (w.ledger, w.cluster, "bert", NULL), G_MAXUINT64);
  ck_assert_uint_eq (tern_ledger_get_vcpus (w.ledger, w.cluster, "bert", NULL), G_MAXUINT);
}
END_TEST

START_TEST (a_copy_is_promised_to_nobody)
{
  g_auto (PlanWorld) w;
  g_autoptr (TernLedger) copy = NULL;

  plan_world_init (&w);
  (void) plan_world_question (&w);
  add (w.ledger, "a", "bert", GIB, 1);
  copy = tern_ledger_copy (w.ledger);
  add (copy, "b", "bert", GIB, 1);
  (void) tern_ledger_remove (copy, "a");
  ck_assert_uint_eq (tern_ledger_get_size (w.ledger), 1);
  ck_assert_uint_eq (tern_ledger_get_memory (w.ledger, w.cluster, "bert", "b"), GIB);
  ck_assert_uint_eq (tern_ledger_get_memory (NULL, w.cluster, "bert", NULL), 0);
}
END_TEST

TERN_CHECK_MAIN ("ledger", tcase_add_test (tcase, a_vm_has_one_entry_and_the_last_one_counts);
                 tcase_add_test (tcase, a_vm_that_shows_on_its_destination_is_not_counted_again);
                 tcase_add_test (tcase, sums_do_not_wrap);
                 tcase_add_test (tcase, a_copy_is_promised_to_nobody);)
