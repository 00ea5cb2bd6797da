/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The VMs of a drain on the bus: all that is known of each, and never more than the bus carries.
 */
#include "config.h"

#include "service/items-variant.h"

#include "tern-check.h"

/* What the bus carries in one message, with room for all else that is in it. */
#define CARRIED (24 << 20)

static TernDrain *
make_drain (void)
{
  const char *const hosts[] = { "node1", NULL };

  return tern_drain_new (hosts);
}

/* @n_reasons: each of so many bytes in its sentence and its remedy */
static void
add_item (TernDrain *drain, guint n_reasons, gsize length)
{
  TernDrainItem *item = tern_drain_item_new ("aaaaaaaa-0000-4000-8000-000000000001", "web");
  g_autofree char *text = g_strnfill (length, 'x');

  item->host = g_strdup ("node1");
  item->state = TERN_ITEM_LEFT;
  for (guint i = 0; i < n_reasons; i++)
    g_ptr_array_add (item->reasons, tern_item_reason_new ("cpu.feature-missing", text, text));
  g_ptr_array_add (drain->items, item);
}

static GVariant *
to_variant (const TernDrain *drain)
{
  return g_variant_ref_sink (tern_items_to_variant (drain));
}

static guint
count_reasons (GVariant *items, guint n)
{
  g_autoptr (GVariant) item = g_variant_get_child_value (items, n);
  g_autoptr (GVariant) reasons =
      g_variant_lookup_value (item, "Reasons", G_VARIANT_TYPE ("aa{sv}"));

  ck_assert_ptr_nonnull (reasons);
  return (guint) g_variant_n_children (reasons);
}

START_TEST (what_is_no_drain_has_no_items)
{
  g_autoptr (GVariant) items = to_variant (NULL);

  ck_assert (g_variant_is_of_type (items, G_VARIANT_TYPE ("aa{sv}")));
  ck_assert_uint_eq (g_variant_n_children (items), 0);
}
END_TEST

START_TEST (an_item_says_everything_of_its_vm)
{
  g_autoptr (TernDrain) drain = make_drain ();
  g_autoptr (GVariant) items = NULL;
  g_autoptr (GVariant) item = NULL;
  g_autofree char *text = NULL;
  TernDrainItem *web;

  add_item (drain, 1, 3);
  web = drain->items->pdata[0];
  g_free (web->vm_name);
  web->vm_name = g_strdup ("w\xff\n");
  web->action = TERN_DRAIN_COLD;
  web->for_room = TRUE;
  web->destination = g_strdup ("node2");
  web->task_id = 7;
  web->attempts = 2;
  web->memory = 1 << 20;
  web->begin_us = 3;
  web->end_us = 4;

  items = to_variant (drain);
  item = g_variant_get_child_value (items, 0);
  ck_assert_uint_eq (g_variant_n_children (item), 13);
  text = g_variant_print (item, TRUE);
  ck_assert_str_eq (
      text, "{'VmUuid': <'aaaaaaaa-0000-4000-8000-000000000001'>, 'Vm': <'w\\\\xff\\\\x0a'>, "
            "'Host': <'node1'>, 'Action': <'cold'>, 'ForRoom': <true>, 'State': <'left'>, "
            "'Destination': <'node2'>, 'Task': <uint64 7>, 'Attempts': <uint32 2>, "
            "'Memory': <uint64 1048576>, 'Begin': <int64 3>, 'End': <int64 4>, 'Reasons': "
            "<[{'Code': <'cpu.feature-missing'>, 'Sentence': <'xxx'>, 'Remedy': <'xxx'>}]>}");
}
END_TEST

/* A thousand VMs with reasons as plans have them: nothing is left out. */
START_TEST (a_thousand_vms_say_all_their_reasons)
{
  g_autoptr (TernDrain) drain = make_drain ();
  g_autoptr (GVariant) items = NULL;

  for (guint i = 0; i < 1000; i++)
    add_item (drain, 10, 300);
  items = to_variant (drain);
  ck_assert_uint_eq (count_reasons (items, 999), 10);
  ck_assert_uint_lt (g_variant_get_size (items), CARRIED);
}
END_TEST

START_TEST (reasons_that_are_too_long_together_are_cut_to_the_first_and_that_in_short)
{
  g_autoptr (TernDrain) drain = make_drain ();
  g_autoptr (GVariant) items = NULL;

  for (guint i = 0; i < 1000; i++)
    add_item (drain, 20, 10000);
  items = to_variant (drain);
  ck_assert_uint_eq (g_variant_n_children (items), 1000);
  ck_assert_uint_eq (count_reasons (items, 0), 1);
  ck_assert_uint_lt (g_variant_get_size (items), CARRIED);
}
END_TEST

START_TEST (of_more_vms_than_any_drain_has_each_is_told_without_reasons)
{
  g_autoptr (TernDrain) drain = make_drain ();
  g_autoptr (GVariant) items = NULL;

  for (guint i = 0; i < 40000; i++)
    add_item (drain, 2, 400);
  items = to_variant (drain);
  ck_assert_uint_eq (g_variant_n_children (items), 40000);
  ck_assert_uint_eq (count_reasons (items, 39999), 0);
  ck_assert_uint_lt (g_variant_get_size (items), CARRIED);
}
END_TEST

/* clang-format off */
TERN_CHECK_MAIN ("items-variant",
  tcase_add_test (tcase, what_is_no_drain_has_no_items);
  tcase_add_test (tcase, an_item_says_everything_of_its_vm);
  tcase_add_test (tcase, a_thousand_vms_say_all_their_reasons);
  tcase_add_test (tcase, reasons_that_are_too_long_together_are_cut_to_the_first_and_that_in_short);
  tcase_add_test (tcase, of_more_vms_than_any_drain_has_each_is_told_without_reasons);
)
/* clang-format on */
