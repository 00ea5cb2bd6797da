/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Whether a link of 1000 has room for one more: a table of what is under way, then what is true of
 * any.
 */
#include "config.h"

#include "plan/link-load.h"

#include "tern-check.h"

#define LINK 1000.0
#define LONG 1e6

/* Under way: one that prepares; one that copies: just now, for long, nearly over, for ever; one
 * whose bytes are over; one that has none. */
#define PREPARES(expected)                                                                         \
  {                                                                                                \
    FALSE, FALSE, FALSE, FALSE, 0, expected, LONG                                                  \
  }
#define BEGAN(rate, expected)                                                                      \
  {                                                                                                \
    TRUE, FALSE, FALSE, FALSE, rate, expected, LONG                                                \
  }
#define COPIES(rate, expected)                                                                     \
  {                                                                                                \
    TRUE, FALSE, TRUE, FALSE, rate, expected, LONG                                                 \
  }
#define NEARLY(rate)                                                                               \
  {                                                                                                \
    TRUE, FALSE, TRUE, FALSE, rate, rate, rate * 2                                                 \
  }
#define LATE(rate)                                                                                 \
  {                                                                                                \
    TRUE, FALSE, TRUE, TRUE, rate, rate, LONG                                                      \
  }
#define ENDS(expected)                                                                             \
  {                                                                                                \
    FALSE, TRUE, FALSE, FALSE, 0, expected, 0                                                      \
  }

typedef struct
{
  const char *what;
  guint n;
  TernLinkUse uses[4];
  TernLink link;
  gboolean room;
} Case;

static const TernLink known = { LINK, FALSE, 9 * LONG, 600 };
static const TernLink seen = { LINK, TRUE, 9 * LONG, 600 };
static const TernLink unknown = { 0, FALSE, 9 * LONG, 600 };
static const TernLink last = { LINK, FALSE, 0, 600 };

static gboolean
has_room (const TernLinkUse *uses, guint n, const TernLink *link)
{
  TernLinkLoad load = { 0 };

  for (guint i = 0; i < n; i++)
    tern_link_load_add (&load, &uses[i]);
  return tern_link_load_has_room (&load, link);
}

START_TEST (a_link_has_room_while_what_will_be_copied_then_does_not_fill_it)
{
  const Case cases[] = {
    { "nothing", 0, { { 0 } }, known, TRUE },
    { "one that will fill it", 1, { PREPARES (1000) }, known, FALSE },
    { "one that will take less", 1, { PREPARES (899) }, known, TRUE },
    { "one that will leave a tenth", 1, { PREPARES (900) }, known, FALSE },
    { "one that turned out to take less", 1, { COPIES (500, 1000) }, known, TRUE },
    { "one of which that is not sure", 1, { BEGAN (500, 1000) }, known, FALSE },
    { "two that share it", 2, { COPIES (500, 1000), COPIES (500, 1000) }, known, FALSE },
    { "two, one is nearly over: the other takes it",
      2,
      { COPIES (500, 1000), NEARLY (500) },
      known,
      FALSE },
    { "two, one is over: the other does not show it yet",
      2,
      { COPIES (500, 1000), ENDS (1000) },
      known,
      FALSE },
    { "one that is nearly over", 1, { NEARLY (1000) }, known, TRUE },
    { "one that is late", 1, { LATE (1000) }, known, TRUE },
    { "two that are late", 2, { LATE (500), LATE (500) }, known, FALSE },
    { "one that fills what was seen", 1, { PREPARES (1000) }, seen, TRUE },
    { "two that fill what was seen", 2, { COPIES (500, 500), COPIES (500, 500) }, seen, FALSE },
    { "one on an unknown link", 1, { PREPARES (1000) }, unknown, TRUE },
    { "two on an unknown link", 2, { COPIES (1, 1), COPIES (1, 1) }, unknown, FALSE },
    { "the last one would take longer", 1, { PREPARES (600) }, last, FALSE },
    { "the last one keeps its rate", 1, { PREPARES (400) }, last, TRUE },
    { "others take as long as the last", 1, { PREPARES (600) }, { LINK, FALSE, LONG, 600 }, TRUE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    ck_assert_msg (has_room (cases[i].uses, cases[i].n, &cases[i].link) == cases[i].room, "%s",
                   cases[i].what);
}
END_TEST

START_TEST (small_ones_are_prepared_together)
{
  const TernLinkUse small = { FALSE, FALSE, FALSE, FALSE, 0, LINK, LINK / 2 };
  TernLinkLoad load = { 0 };

  /* What is sent in two seconds: four of half a second each. */
  for (guint i = 0; i < 5; i++)
    {
      ck_assert (tern_link_load_has_room (&load, &known));
      tern_link_load_add (&load, &small);
    }
  ck_assert (!tern_link_load_has_room (&load, &known));
}
END_TEST

START_TEST (no_link_takes_more_than_sixteen_and_what_sends_nothing_counts)
{
  TernLinkLoad load = { 0 };

  for (guint i = 0; i < 16; i++)
    {
      ck_assert (tern_link_load_has_room (&load, &known));
      tern_link_load_add (&load, NULL);
    }
  ck_assert (!tern_link_load_has_room (&load, &known));
}
END_TEST

TERN_CHECK_MAIN ("link-load",
                 tcase_add_test (tcase,
                                 a_link_has_room_while_what_will_be_copied_then_does_not_fill_it);
                 tcase_add_test (tcase, small_ones_are_prepared_together);
                 tcase_add_test (tcase,
                                 no_link_takes_more_than_sixteen_and_what_sends_nothing_counts);)
