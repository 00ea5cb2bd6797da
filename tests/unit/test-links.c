/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What moves show of the links they went over, and what they do not.
 */
#include "config.h"

#include "engine/links.h"
#include "tern-check.h"
#include "world.h"

#define SECONDS(n) ((gint64) (n) *G_USEC_PER_SEC)
#define MIB (G_GUINT64_CONSTANT (1) << 20)

/* What one move showed: hosts by their first letter, seconds, MiB per second. */
typedef struct
{
  guint64 id;
  char source, destination;
  guint from, to;
  guint mib;
  guint limit_mib;
} Moved;

static const char *
host_of (char letter)
{
  return letter == 'a' ? "anna" : letter == 'b' ? "bert" : "carl";
}

static void
learn (TernLinks *links, const Moved *moved)
{
  g_autoptr (TernTaskRecord) record = tern_task_record_new ();

  record->id = moved->id;
  record->source = g_strdup (host_of (moved->source));
  record->destination = g_strdup (host_of (moved->destination));
  record->copy_began_us = SECONDS (moved->from);
  record->finished_us = SECONDS (moved->to);
  record->link_bps = moved->mib * MIB;
  record->options.bandwidth_bps = moved->limit_mib * MIB;
  tern_links_learn (links, record);
}

static void
check_path (const TernLinks *links, const char *ends, guint mib, TernLinkSource source)
{
  TernLinkSource told;

  ck_assert_uint_eq (tern_links_get_path (links, host_of (ends[0]), host_of (ends[1]), &told) / MIB,
                     mib);
  ck_assert_int_eq (told, source);
}

START_TEST (what_is_seen_is_the_newest_that_had_the_link_for_itself)
{
  static const struct
  {
    Moved moved[3];
    guint mib;
  } cases[] = {
    { { { 1, 'a', 'b', 10, 20, 100, 0 } }, 100 },
    /* Newer: slower by now. */
    { { { 1, 'a', 'b', 10, 20, 100, 0 }, { 2, 'a', 'b', 30, 40, 50, 0 } }, 50 },
    /* Told in any order, and either way. */
    { { { 2, 'b', 'a', 30, 40, 50, 0 }, { 1, 'a', 'b', 10, 20, 100, 0 } }, 50 },
    /* Two at a time had half each. */
    { { { 1, 'a', 'b', 10, 20, 100, 0 },
        { 2, 'a', 'b', 30, 40, 50, 0 },
        { 3, 'a', 'c', 31, 39, 45, 0 } },
      100 },
    /* But the link carries what went over it. */
    { { { 1, 'a', 'b', 10, 20, 30, 0 },
        { 2, 'a', 'b', 30, 40, 50, 0 },
        { 3, 'a', 'c', 31, 39, 45, 0 } },
      50 },
    /* Held to a bandwidth. */
    { { { 1, 'a', 'b', 10, 20, 100, 0 }, { 2, 'a', 'b', 30, 40, 10, 10 } }, 100 },
    /* One that ended and showed nothing. */
    { { { 1, 'a', 'b', 10, 20, 100, 0 }, { 2, 'a', 'b', 30, 40, 0, 0 } }, 100 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_auto (World) world;
      g_autoptr (TernLinks) links = NULL;

      world_init (&world);
      links = tern_links_new (world.inventory);
      for (guint k = 0; k < 3 && cases[i].moved[k].id > 0; k++)
        learn (links, &cases[i].moved[k]);
      check_path (links, "ab", cases[i].mib, TERN_LINK_SEEN);
      check_path (links, "ba", cases[i].mib, TERN_LINK_SEEN);
    }
}
END_TEST

START_TEST (a_move_is_learnt_from_while_it_runs_and_counts_once)
{
  g_auto (World) world;
  g_autoptr (TernLinks) links = NULL;

  world_init (&world);
  links = tern_links_new (world.inventory);
  for (guint mib = 10; mib <= 90; mib += 10)
    {
      learn (links, &(Moved){ 1, 'a', 'b', 10, 0, mib, 0 });
      check_path (links, "ab", mib, TERN_LINK_SEEN);
    }
  learn (links, &(Moved){ 1, 'a', 'b', 10, 20, 90, 0 });
  check_path (links, "ab", 90, TERN_LINK_SEEN);
}
END_TEST

START_TEST (a_path_nobody_went_is_as_wide_as_its_narrower_end_is_known_to_be)
{
  g_auto (World) world;
  g_autoptr (TernLinks) links = NULL;
  TernLinkSource source;

  world_init (&world);
  links = tern_links_new (world.inventory);
  check_path (links, "ab", 0, TERN_LINK_UNKNOWN);
  learn (links, &(Moved){ 1, 'a', 'b', 10, 20, 100, 0 });
  check_path (links, "bc", 100, TERN_LINK_SEEN);
  learn (links, &(Moved){ 2, 'a', 'c', 30, 40, 40, 0 });
  check_path (links, "bc", 40, TERN_LINK_SEEN);
  ck_assert_uint_eq (tern_links_get_host (links, "anna", &source), 100 * MIB);
  ck_assert_int_eq (source, TERN_LINK_SEEN);
}
END_TEST

static gboolean
set_link (TernHostConfig *config, gpointer data, GError **error)
{
  (void) error;
  config->link_bps = GPOINTER_TO_UINT (data) * MIB;
  return TRUE;
}

static void
configure (World *world, const char *name, guint mib)
{
  tern_inventory_update_host_async (world->inventory, name, set_link, GUINT_TO_POINTER (mib), NULL,
                                    NULL);
  world_run (world, SECONDS (1));
}

START_TEST (what_the_admin_says_counts_before_what_was_seen)
{
  g_auto (World) world;
  g_autoptr (TernLinks) links = NULL;
  TernLinkSource source;

  world_init (&world);
  links = tern_links_new (world.inventory);
  configure (&world, "anna", 200);
  check_path (links, "ab", 200, TERN_LINK_CONFIGURED);
  learn (links, &(Moved){ 1, 'a', 'b', 10, 20, 100, 0 });
  ck_assert_uint_eq (tern_links_get_host (links, "anna", &source), 200 * MIB);
  ck_assert_int_eq (source, TERN_LINK_CONFIGURED);
  check_path (links, "ab", 100, TERN_LINK_SEEN);
  configure (&world, "bert", 150);
  check_path (links, "ab", 150, TERN_LINK_CONFIGURED);
  check_path (links, "ac", 200, TERN_LINK_CONFIGURED);
}
END_TEST

START_TEST (starts_and_moves_that_did_not_copy_show_nothing)
{
  g_auto (World) world;
  g_autoptr (TernLinks) links = NULL;

  world_init (&world);
  links = tern_links_new (world.inventory);
  learn (links, &(Moved){ 1, 'a', 'b', 0, 20, 100, 0 });
  check_path (links, "ab", 0, TERN_LINK_UNKNOWN);
}
END_TEST

START_TEST (a_thousand_moves_leave_what_the_last_ones_showed)
{
  g_auto (World) world;
  g_autoptr (TernLinks) links = NULL;

  world_init (&world);
  links = tern_links_new (world.inventory);
  for (guint i = 1; i <= 1000; i++)
    learn (links, &(Moved){ i, 'a', 'b', 10 * i, 10 * i + 5, i, 0 });
  check_path (links, "ab", 1000, TERN_LINK_SEEN);
  learn (links, &(Moved){ 1, 'a', 'b', 10, 15, 7, 0 });
  check_path (links, "ab", 1000, TERN_LINK_SEEN);
}
END_TEST

TERN_CHECK_MAIN ("links",
                 tcase_add_test (tcase, what_is_seen_is_the_newest_that_had_the_link_for_itself);
                 tcase_add_test (tcase, a_move_is_learnt_from_while_it_runs_and_counts_once);
                 tcase_add_test (tcase,
                                 a_path_nobody_went_is_as_wide_as_its_narrower_end_is_known_to_be);
                 tcase_add_test (tcase, what_the_admin_says_counts_before_what_was_seen);
                 tcase_add_test (tcase, starts_and_moves_that_did_not_copy_show_nothing);
                 tcase_add_test (tcase, a_thousand_moves_leave_what_the_last_ones_showed);)
