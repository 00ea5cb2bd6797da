/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A task's record on the bus: any record makes a message that the bus can carry.
 */
#include "config.h"

#include "service/record-variant.h"

#include "tern-check.h"

static GVariant *
to_variant (const TernTaskRecord *record)
{
  return g_variant_ref_sink (tern_record_to_variant (record, TRUE, TERN_RECORD_WHOLE));
}

static void
assert_text (GVariant *dict, const char *key, const char *expected)
{
  const char *text = NULL;

  ck_assert_msg (g_variant_lookup (dict, key, "&s", &text), "%s is missing", key);
  ck_assert_str_eq (text, expected);
}

START_TEST (an_empty_record_has_all_keys)
{
  g_autoptr (TernTaskRecord) record = tern_task_record_new ();
  g_autoptr (GVariant) dict = to_variant (record);
  guint32 progress = 7;
  gboolean valid = TRUE;
  gint64 downtime = 0;

  ck_assert_uint_eq (g_variant_n_children (dict), 42);
  assert_text (dict, "Kind", "migrate");
  assert_text (dict, "Vm", "");
  assert_text (dict, "Error", "");
  assert_text (dict, "State", "queued");
  ck_assert (g_variant_lookup (dict, "Progress", "u", &progress));
  ck_assert (g_variant_lookup (dict, "ProgressValid", "b", &valid));
  ck_assert (g_variant_lookup (dict, "Downtime", "x", &downtime));
  ck_assert_uint_eq (progress, 0);
  ck_assert (!valid);
  ck_assert_int_eq (downtime, -1);
}
END_TEST

START_TEST (a_trace_is_told_with_all_steps_also_those_without_a_time)
{
  g_autoptr (TernTaskRecord) record = tern_task_record_new ();
  g_autoptr (GVariant) trace = NULL;
  g_autofree char *text = NULL;
  TernTraceSample sample = { 30, G_MAXUINT64, 2, 3, 4, 5 };

  record->steps = g_strsplit ("first,second\x1b,third", ",", -1);
  record->created_us = 10;
  tern_task_record_trace_phase (record, 10);
  record->phase = TERN_PHASE_COPYING;
  tern_task_record_trace_phase (record, 20);
  tern_trace_add_sample (record->trace, &sample);
  tern_trace_add_step (record->trace, 1, 25);
  trace = g_variant_ref_sink (
      g_variant_new ("(@a(xs)@a(xttttu)@a(xs))", tern_record_trace_phases (record),
                     tern_record_trace_samples (record), tern_record_trace_steps (record)));
  text = g_variant_print (trace, FALSE);
  ck_assert_str_eq (text, "([(10, 'queued'), (20, 'copying')], "
                          "[(30, 18446744073709551615, 2, 3, 4, 5)], "
                          "[(0, 'first'), (25, 'second\\\\x1b'), (0, 'third')])");
}
END_TEST

START_TEST (a_record_without_a_trace_has_its_steps_all_the_same)
{
  g_autoptr (TernTaskRecord) record = tern_task_record_new ();
  g_autoptr (GVariant) phases = NULL;
  g_autoptr (GVariant) samples = NULL;
  g_autoptr (GVariant) steps = NULL;

  record->steps = g_strsplit ("first,second", ",", -1);
  phases = g_variant_ref_sink (tern_record_trace_phases (record));
  samples = g_variant_ref_sink (tern_record_trace_samples (record));
  steps = g_variant_ref_sink (tern_record_trace_steps (record));
  ck_assert_uint_eq (g_variant_n_children (phases), 0);
  ck_assert_uint_eq (g_variant_n_children (samples), 0);
  ck_assert_uint_eq (g_variant_n_children (steps), 2);
}
END_TEST

START_TEST (bytes_that_are_no_text_are_made_visible)
{
  g_autoptr (TernTaskRecord) record = tern_task_record_new ();
  g_autoptr (GVariant) dict = NULL;

  record->vm_name = g_strdup ("a\xff"
                              "b\nc");
  record->error = g_strdup ("libvirt said \x1b[31mno");
  dict = to_variant (record);
  assert_text (dict, "Vm", "a\\xffb\\x0ac");
  assert_text (dict, "Error", "libvirt said \\x1b[31mno");
}
END_TEST

START_TEST (what_was_taken_out_of_drives_is_told)
{
  g_autoptr (TernTaskRecord) record = tern_task_record_new ();
  g_autoptr (GVariant) dict = NULL;
  g_autofree const char **ejected = NULL;
  guint64 group = 0;

  record->group = 7;
  record->ejected = g_strdupv ((char *[]){ (char *) "sda=/iso/x.iso", (char *) "fda=/a\nb", NULL });
  dict = to_variant (record);
  ck_assert (g_variant_lookup (dict, "Group", "t", &group));
  ck_assert_uint_eq (group, 7);
  ck_assert (g_variant_lookup (dict, "Ejected", "^a&s", &ejected));
  ck_assert_str_eq (ejected[0], "sda=/iso/x.iso");
  ck_assert_str_eq (ejected[1], "fda=/a\\x0ab");
  ck_assert_ptr_null (ejected[2]);
}
END_TEST

START_TEST (how_it_goes_and_what_was_done_is_told)
{
  g_autoptr (TernTaskRecord) record = tern_task_record_new ();
  g_autoptr (GVariant) dict = NULL;
  g_autofree const char **steps = NULL;
  g_autofree const char **tried = NULL;
  gint64 min = 0, max = 0;
  guint32 attempt = 0;
  gboolean ready = FALSE;
  guint64 link = 0;

  record->options.policy = TERN_POLICY_FORCE;
  record->options.priority = TERN_PRIORITY_HIGH;
  record->convergence = TERN_CONVERGENCE_NO;
  record->eta_min_us = 11;
  record->eta_max_us = 12;
  record->note = g_strdup ("not converging:\nit writes faster");
  record->steps = g_strdupv ((char *[]){ (char *) "1 s: a", (char *) "2 s: b", NULL });
  record->tried = g_strdupv ((char *[]){ (char *) "anna=no\xff", NULL });
  record->attempt = 2;
  record->postcopy_ready = TRUE;
  record->link_bps = 13;
  dict = to_variant (record);

  assert_text (dict, "Policy", "force");
  assert_text (dict, "Priority", "high");
  assert_text (dict, "Convergence", "not-converging");
  assert_text (dict, "Note", "not converging:\\x0ait writes faster");
  ck_assert (g_variant_lookup (dict, "EstimatedEndMin", "x", &min));
  ck_assert (g_variant_lookup (dict, "EstimatedEndMax", "x", &max));
  ck_assert_int_eq (min, 11);
  ck_assert_int_eq (max, 12);
  ck_assert (g_variant_lookup (dict, "Steps", "^a&s", &steps));
  ck_assert_uint_eq (g_strv_length ((GStrv) steps), 2);
  ck_assert_str_eq (steps[1], "2 s: b");
  ck_assert (g_variant_lookup (dict, "Tried", "^a&s", &tried));
  ck_assert_str_eq (tried[0], "anna=no\\xff");
  ck_assert (g_variant_lookup (dict, "Attempt", "u", &attempt));
  ck_assert (g_variant_lookup (dict, "PostcopyReady", "b", &ready));
  ck_assert (g_variant_lookup (dict, "LinkRate", "t", &link));
  ck_assert_uint_eq (attempt, 2);
  ck_assert (ready);
  ck_assert_uint_eq (link, 13);
}
END_TEST

static TernTaskRecord *
make_drain_record (guint n_items)
{
  const char *const hosts[] = { "node1", NULL };
  TernTaskRecord *record = tern_task_record_new ();

  g_free (record->kind);
  record->kind = g_strdup ("drain");
  record->drain = tern_drain_new (hosts);
  record->drain->deadline_us = 99;
  for (guint i = 0; i < n_items; i++)
    g_ptr_array_add (record->drain->items, tern_drain_item_new ("uuid", "web"));
  return record;
}

START_TEST (a_drain_tells_its_deadline_and_its_vms)
{
  g_autoptr (TernTaskRecord) record = make_drain_record (2);
  g_autoptr (GVariant) dict = NULL;
  g_autoptr (GVariant) items = NULL;
  guint64 parent = 0;
  gint64 deadline = 0;

  record->parent = 7;
  dict = to_variant (record);
  items = g_variant_lookup_value (dict, "Items", G_VARIANT_TYPE ("aa{sv}"));
  ck_assert (g_variant_lookup (dict, "Parent", "t", &parent));
  ck_assert (g_variant_lookup (dict, "Deadline", "x", &deadline));
  ck_assert_uint_eq (parent, 7);
  ck_assert_int_eq (deadline, 99);
  ck_assert_uint_eq (g_variant_n_children (items), 2);
}
END_TEST

START_TEST (in_a_list_the_vms_of_drains_are_left_out)
{
  g_autoptr (TernTaskRecord) record = make_drain_record (2);
  g_autoptr (GVariant) dict =
      g_variant_ref_sink (tern_record_to_variant (record, TRUE, TERN_RECORD_LISTED));

  ck_assert_uint_eq (g_variant_n_children (dict), 41);
  ck_assert_ptr_null (g_variant_lookup_value (dict, "Items", NULL));
}
END_TEST

START_TEST (every_phase_is_told_with_its_state)
{
  for (guint phase = 0; phase < TERN_N_PHASES; phase++)
    {
      g_autoptr (TernTaskRecord) record = tern_task_record_new ();
      g_autoptr (GVariant) dict = NULL;

      record->phase = phase;
      dict = to_variant (record);
      assert_text (dict, "Phase", tern_task_phase_to_string (phase));
      assert_text (dict, "State", tern_task_phase_to_state (phase));
    }
}
END_TEST

START_TEST (large_numbers_are_kept)
{
  g_autoptr (TernTaskRecord) record = tern_task_record_new ();
  g_autoptr (GVariant) dict = NULL;
  guint64 total = 0;
  guint32 progress = 0;

  record->memory_total = G_MAXUINT64;
  record->progress = 100;
  dict = to_variant (record);
  ck_assert (g_variant_lookup (dict, "MemoryTotal", "t", &total));
  ck_assert (g_variant_lookup (dict, "Progress", "u", &progress));
  ck_assert_uint_eq (total, G_MAXUINT64);
  ck_assert_uint_eq (progress, 100);
}
END_TEST

/* clang-format off */
TERN_CHECK_MAIN ("record-variant",
  tcase_add_test (tcase, an_empty_record_has_all_keys);
  tcase_add_test (tcase, a_trace_is_told_with_all_steps_also_those_without_a_time);
  tcase_add_test (tcase, a_record_without_a_trace_has_its_steps_all_the_same);
  tcase_add_test (tcase, bytes_that_are_no_text_are_made_visible);
  tcase_add_test (tcase, what_was_taken_out_of_drives_is_told);
  tcase_add_test (tcase, how_it_goes_and_what_was_done_is_told);
  tcase_add_test (tcase, a_drain_tells_its_deadline_and_its_vms);
  tcase_add_test (tcase, in_a_list_the_vms_of_drains_are_left_out);
  tcase_add_test (tcase, every_phase_is_told_with_its_state);
  tcase_add_test (tcase, large_numbers_are_kept);)
/* clang-format on */
