/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "model/drain.h"

#include "base/error.h"
#include "tern-check.h"

#include <string.h>

#define UUID "0c5e2ad1-4b3a-4f0e-9f8e-0d6a5b1c2d3e"

static const char *const hosts[] = { "alpha", "beta", NULL };

/* Each field differs from what it is in a new one, and from its neighbours. */
static TernDrain *
make_full (void)
{
  TernDrain *drain = tern_drain_new (hosts);
  TernDrainItem *item = tern_drain_item_new (UUID, "db “1”\n\\");

  drain->actions = g_strsplit (UUID "=cold, x=skip", ", ", -1);
  drain->preferred = g_strsplit (UUID "=gamma", ", ", -1);
  drain->move_shut_off = TRUE;
  drain->deadline_us = G_MAXINT64;
  drain->abort = TRUE;
  drain->only = g_strsplit (UUID, ", ", -1);
  drain->keep_duty = TRUE;
  drain->room_moves = g_strsplit ("a,b", ",", -1);

  item->host = g_strdup ("alpha");
  item->action = TERN_DRAIN_COLD;
  item->for_room = TRUE;
  item->state = TERN_ITEM_LEFT;
  item->destination = g_strdup ("gamma");
  item->task_id = G_MAXUINT64;
  item->attempts = G_MAXUINT;
  item->memory = G_MAXUINT64 - 1;
  item->begin_us = -5;
  item->end_us = 7;
  g_ptr_array_add (item->reasons, tern_item_reason_new ("memory.short", "No room", "Add some"));
  g_ptr_array_add (item->reasons, tern_item_reason_new ("vm.locked", "Locked", NULL));
  g_ptr_array_add (drain->items, item);
  g_ptr_array_add (drain->items, tern_drain_item_new ("other", NULL));
  return drain;
}

static void
assert_same_reasons (const GPtrArray *a, const GPtrArray *b)
{
  ck_assert_uint_eq (a->len, b->len);
  for (guint i = 0; i < a->len; i++)
    {
      const TernItemReason *x = a->pdata[i], *y = b->pdata[i];

      ck_assert_str_eq (x->code, y->code);
      ck_assert_str_eq (x->sentence, y->sentence);
      ck_assert_pstr_eq (x->remedy, y->remedy);
    }
}

static void
assert_same_item (const TernDrainItem *a, const TernDrainItem *b)
{
  ck_assert_str_eq (a->vm_uuid, b->vm_uuid);
  ck_assert_pstr_eq (a->vm_name, b->vm_name);
  ck_assert_pstr_eq (a->host, b->host);
  ck_assert_int_eq (a->action, b->action);
  ck_assert_int_eq (a->for_room, b->for_room);
  ck_assert_int_eq (a->state, b->state);
  ck_assert_pstr_eq (a->destination, b->destination);
  ck_assert_uint_eq (a->task_id, b->task_id);
  ck_assert_uint_eq (a->attempts, b->attempts);
  ck_assert_uint_eq (a->memory, b->memory);
  ck_assert_int_eq (a->begin_us, b->begin_us);
  ck_assert_int_eq (a->end_us, b->end_us);
  assert_same_reasons (a->reasons, b->reasons);
}

static void
assert_same_texts (GStrv a, GStrv b)
{
  ck_assert_int_eq (a == NULL, b == NULL);
  if (a != NULL)
    ck_assert (g_strv_equal ((const char *const *) a, (const char *const *) b));
}

static void
assert_same (const TernDrain *a, const TernDrain *b)
{
  assert_same_texts (a->hosts, b->hosts);
  assert_same_texts (a->actions, b->actions);
  assert_same_texts (a->preferred, b->preferred);
  ck_assert_int_eq (a->move_shut_off, b->move_shut_off);
  ck_assert_int_eq (a->deadline_us, b->deadline_us);
  ck_assert_int_eq (a->abort, b->abort);
  assert_same_texts (a->only, b->only);
  ck_assert_int_eq (a->keep_duty, b->keep_duty);
  assert_same_texts (a->room_moves, b->room_moves);
  ck_assert_uint_eq (a->items->len, b->items->len);
  for (guint i = 0; i < a->items->len; i++)
    assert_same_item (a->items->pdata[i], b->items->pdata[i]);
}

static TernDrain *
there_and_back (const TernDrain *drain)
{
  g_autofree char *json = tern_drain_to_json (drain);
  g_autoptr (GError) error = NULL;
  TernDrain *back = tern_drain_from_json (json, &error);

  ck_assert_msg (back != NULL, "%s: %s", json, error != NULL ? error->message : "no reason");
  ck_assert_ptr_null (strchr (json, '\n'));
  return back;
}

START_TEST (a_drain_comes_back_as_it_was_stored)
{
  g_autoptr (TernDrain) full = make_full ();
  g_autoptr (TernDrain) empty = tern_drain_new (hosts);
  g_autoptr (TernDrain) full_again = there_and_back (full);
  g_autoptr (TernDrain) empty_again = there_and_back (empty);

  assert_same (full, full_again);
  assert_same (empty, empty_again);
}
END_TEST

START_TEST (a_copy_of_a_drain_is_the_same_and_its_own)
{
  g_autoptr (TernDrain) full = make_full ();
  g_autoptr (TernDrain) copy = tern_drain_copy (full);
  g_autoptr (TernDrain) again = make_full ();

  assert_same (full, copy);
  tern_drain_free (g_steal_pointer (&full));
  assert_same (again, copy);
}
END_TEST

START_TEST (no_order_and_an_order_for_nothing_are_told_apart)
{
  g_autoptr (TernDrain) drain = tern_drain_new (hosts);
  g_autoptr (TernDrain) back = NULL;

  drain->only = g_new0 (char *, 1);
  back = there_and_back (drain);
  ck_assert_ptr_nonnull (back->only);
  ck_assert_ptr_null (back->only[0]);
  ck_assert_ptr_null (back->actions);
}
END_TEST

START_TEST (every_state_and_every_action_is_kept)
{
  for (guint state = 0; state < TERN_N_ITEM_STATES; state++)
    for (guint action = 0; action < TERN_N_DRAIN_ACTIONS; action++)
      {
        g_autoptr (TernDrain) drain = tern_drain_new (hosts);
        TernDrainItem *item = tern_drain_item_new (UUID, "vm");
        g_autoptr (TernDrain) back = NULL;

        item->state = state;
        item->action = action;
        g_ptr_array_add (drain->items, item);
        back = there_and_back (drain);
        assert_same (drain, back);
      }
}
END_TEST

START_TEST (a_name_that_is_no_utf8_is_kept_byte_for_byte)
{
  g_autoptr (TernDrain) drain = tern_drain_new (hosts);
  g_autoptr (TernDrain) back = NULL;

  g_ptr_array_add (drain->items, tern_drain_item_new (UUID, "b\xff\x01"));
  back = there_and_back (drain);
  assert_same (drain, back);
}
END_TEST

#define ITEM(rest) "{\"hosts\": [\"a\"], \"items\": [{\"vm_uuid\": \"u\"" rest "}]}"

/* clang-format off */
static const char *const damaged[] = {
  "", "x", "{}", "[]", "null", "{\"hosts\": []}", "{\"hosts\": \"a\"}", "{\"hosts\": [1]}",
  "{\"hosts\": [\"a\"]", "{\"hosts\": [\"a\"]} {}", "{\"hosts\": [\"a\"], \"hosts\": [\"a\"]}",
  "{\"hosts\": [\"a\"], \"colour\": 1}", "{\"hosts\": [\"a\xff\"]}",
  "{\"hosts\": [\"a\"], \"abort\": 1}", "{\"hosts\": [\"a\"], \"deadline_us\": 1.5}",
  "{\"hosts\": [\"a\"], \"deadline_us\": 9223372036854775808}",
  "{\"hosts\": [\"a\"], \"actions\": [\"u\"]}", "{\"hosts\": [\"a\"], \"actions\": [\"=cold\"]}",
  "{\"hosts\": [\"a\"], \"actions\": [\"u=freeze\"]}",
  "{\"hosts\": [\"a\"], \"preferred\": [\"u=\"]}", "{\"hosts\": [\"a\"], \"items\": {}}",
  "{\"hosts\": [\"a\"], \"items\": [1]}", "{\"hosts\": [\"a\"], \"items\": [{}]}",
  ITEM (", \"state\": \"flying\""), ITEM (", \"action\": \"Cold\""), ITEM (", \"task_id\": -1"),
  ITEM (", \"task_id\": 18446744073709551616"), ITEM (", \"attempts\": 4294967296"),
  ITEM (", \"reasons\": [{\"code\": \"c\"}]"), ITEM (", \"reasons\": [[[[[[]]]]]]"),
  ITEM (", \"reasons\": [{\"code\": null, \"sentence\": \"s\"}]"), ITEM (", \"vm_uuid\": \"u\""),
};
/* clang-format on */

START_TEST (what_this_version_never_writes_is_refused)
{
  g_autoptr (GError) error = NULL;

  ck_assert_ptr_null (tern_drain_from_json (damaged[_i], &error));
  ck_assert_msg (g_error_matches (error, TERN_ERROR, TERN_ERROR_STORE), "%s", damaged[_i]);
  ck_assert_str_ne (error->message, "");
}
END_TEST

START_TEST (what_stands_there_cut_short_is_refused_wherever_it_ends)
{
  g_autoptr (TernDrain) full = make_full ();
  g_autofree char *json = tern_drain_to_json (full);

  for (gsize length = 0; length < strlen (json); length++)
    {
      g_autofree char *part = g_strndup (json, length);

      ck_assert_ptr_null (tern_drain_from_json (part, NULL));
    }
}
END_TEST

START_TEST (every_duty_has_a_word_and_only_two_close_a_host)
{
  static const gboolean closed[TERN_N_DUTIES] = { FALSE, TRUE, TRUE, FALSE };

  for (guint i = 0; i < TERN_N_DUTIES; i++)
    {
      TernDuty duty = TERN_N_DUTIES;

      ck_assert (tern_duty_from_string (tern_duty_to_string (i), &duty));
      ck_assert_int_eq (duty, i);
      ck_assert_int_eq (tern_duty_is_closed (i), closed[i]);
    }
}
END_TEST

START_TEST (an_action_is_found_by_the_whole_uuid)
{
  static const char *const said[] = { "ab=skip", "a=cold", "abc=freeze", NULL };
  g_autoptr (TernDrain) drain = tern_drain_new (hosts);
  TernDrainAction action = TERN_DRAIN_ASK;

  drain->actions = g_strdupv ((GStrv) said);
  ck_assert (tern_drain_get_action (drain, "a", &action));
  ck_assert_int_eq (action, TERN_DRAIN_COLD);
  ck_assert (tern_drain_get_action (drain, "ab", &action));
  ck_assert_int_eq (action, TERN_DRAIN_SKIP);
  ck_assert (!tern_drain_get_action (drain, "abc", &action));
  ck_assert (!tern_drain_get_action (drain, "b", &action));
  ck_assert (!tern_drain_get_action (drain, "", &action));
  ck_assert_int_eq (action, TERN_DRAIN_SKIP);
}
END_TEST

/* clang-format off */
TERN_CHECK_MAIN ("drain-record",
  tcase_add_test (tcase, a_drain_comes_back_as_it_was_stored);
  tcase_add_test (tcase, a_copy_of_a_drain_is_the_same_and_its_own);
  tcase_add_test (tcase, no_order_and_an_order_for_nothing_are_told_apart);
  tcase_add_test (tcase, every_state_and_every_action_is_kept);
  tcase_add_test (tcase, a_name_that_is_no_utf8_is_kept_byte_for_byte);
  tcase_add_loop_test (tcase, what_this_version_never_writes_is_refused, 0,
                       G_N_ELEMENTS (damaged));
  tcase_add_test (tcase, what_stands_there_cut_short_is_refused_wherever_it_ends);
  tcase_add_test (tcase, every_duty_has_a_word_and_only_two_close_a_host);
  tcase_add_test (tcase, an_action_is_found_by_the_whole_uuid);
)
/* clang-format on */
