/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Figures that change all the time: clients are told of those that matter.
 */
#include "config.h"

#include "service/bus-text.h"

#include "tern-check.h"
#include "virtern-bus.h"

static void
count (GObject *object, GParamSpec *pspec, guint *n)
{
  (void) object, (void) pspec;
  (*n)++;
}

START_TEST (a_load_is_told_when_it_changed_by_a_hundredth_or_is_not_measured)
{
  static const struct
  {
    int load, shown;
  } looks[] = {
    { -1, -1 },    { 7, 7 },     { 16, 7 },      { 17, 17 },     { 8, 17 },  { 7, 7 },
    { 0, 7 },      { -1, -1 },   { 0, 0 },       { 9, 0 },       { -1, -1 }, { 1000, 1000 },
    { 991, 1000 }, { 990, 990 }, { 4000, 4000 }, { 4009, 4000 },
  };
  TernBusVm *bus = tern_bus_vm_skeleton_new ();
  guint told = 0, changes = 0;
  int before = -1;

  tern_bus_vm_set_cpu_load (bus, -1);
  g_signal_connect (bus, "notify::cpu-load", G_CALLBACK (count), &told);
  for (guint i = 0; i < G_N_ELEMENTS (looks); i++)
    {
      tern_bus_set_load (bus, "cpu-load", looks[i].load);
      ck_assert_msg (tern_bus_vm_get_cpu_load (bus) == looks[i].shown, "look %u: %d is shown as %d",
                     i, looks[i].load, tern_bus_vm_get_cpu_load (bus));
      changes += looks[i].shown != before;
      before = looks[i].shown;
    }
  ck_assert_uint_eq (told, changes);
  g_object_unref (bus);
}
END_TEST

/* However it wanders, what is shown is never away from it by more than a hundredth. */
START_TEST (a_load_that_creeps_is_told_all_the_same)
{
  TernBusHost *bus = tern_bus_host_skeleton_new ();
  guint told = 0;

  g_signal_connect (bus, "notify::cpu-load", G_CALLBACK (count), &told);
  for (int load = 0; load <= 1000; load++)
    {
      tern_bus_set_load (bus, "cpu-load", load);
      ck_assert_int_lt (ABS (tern_bus_host_get_cpu_load (bus) - load), 10);
    }
  ck_assert_uint_eq (told, 100);
  g_object_unref (bus);
}
END_TEST

/* clang-format off */
TERN_CHECK_MAIN ("bus-text",
  tcase_add_test (tcase, a_load_is_told_when_it_changed_by_a_hundredth_or_is_not_measured);
  tcase_add_test (tcase, a_load_that_creeps_is_told_all_the_same);
)
/* clang-format on */
