/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <string.h>

#include "plan/pack.h"

#include "pack-replay.h"
#include "tern-check.h"

#define MAX_HOSTS 6
#define MAX_VMS 10

/* What a VM is besides its size. */
typedef enum
{
  STAYS = 0,
  LEAVES = 1 << 0,
  SPARE = 1 << 1,
} Kind;

typedef struct
{
  guint size;
  guint host;
  Kind kind;
  guint vcpus;
  int home;          /* index + 1 */
  int preferred;     /* index + 1 */
  const char *hosts; /* digits of those that allow it; NULL for all */
} Vm;

/* Sizes are small numbers here: a byte is as good as a GiB. */
typedef struct
{
  const char *what;
  TernPackHost hosts[MAX_HOSTS];
  Vm vms[MAX_VMS];
  const char *expected; /* "vm:from>to", "+" before those for room; then "!vm" for those left */
} Case;

typedef struct
{
  const Case *c;
  TernPack pack;
  TernPackHost hosts[MAX_HOSTS];
  TernPackVm vms[MAX_VMS];
} Problem;

static gboolean
allows (guint vm, guint host, gpointer data)
{
  const Problem *p = data;
  const char *hosts = p->c->vms[vm].hosts;

  return hosts == NULL || strchr (hosts, (int) ('0' + host)) != NULL;
}

static void
problem_init (Problem *p, const Case *c)
{
  memset (p, 0, sizeof *p);
  p->c = c;
  p->pack = (TernPack){ .hosts = p->hosts, .vms = p->vms, .allows = allows, .data = p };
  while (p->pack.n_hosts < MAX_HOSTS
         && (c->hosts[p->pack.n_hosts].capacity > 0 || c->hosts[p->pack.n_hosts].drained))
    {
      p->hosts[p->pack.n_hosts] = c->hosts[p->pack.n_hosts];
      p->pack.n_hosts++;
    }
  for (; p->pack.n_vms < MAX_VMS && c->vms[p->pack.n_vms].size > 0; p->pack.n_vms++)
    {
      const Vm *from = &c->vms[p->pack.n_vms];
      TernPackVm *to = &p->vms[p->pack.n_vms];

      to->size = from->size;
      to->vcpus = from->vcpus;
      to->host = from->host;
      to->must_leave = (from->kind & LEAVES) != 0;
      to->spare = (from->kind & SPARE) != 0;
      to->home = from->home - 1;
      to->preferred = from->preferred - 1;
      p->hosts[to->host].used += to->size;
      p->hosts[to->host].vcpus_used += to->vcpus;
    }
}

static char *
format_result (const TernPackResult *result)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < result->moves->len; i++)
    {
      const TernPackMove *move = &g_array_index (result->moves, TernPackMove, i);

      g_string_append_printf (text, "%s%s%u:%u>%u", text->len > 0 ? " " : "",
                              move->for_room ? "+" : "", move->vm, move->from, move->to);
    }
  for (guint i = 0; i < result->stranded->len; i++)
    g_string_append_printf (text, "%s!%u", text->len > 0 ? " " : "",
                            g_array_index (result->stranded, guint, i));
  return g_string_free (text, FALSE);
}

#define DRAINED(bytes)                                                                             \
  {                                                                                                \
    .capacity = (bytes), .drained = TRUE                                                           \
  }
#define CLOSED(bytes)                                                                              \
  {                                                                                                \
    .capacity = (bytes), .closed = TRUE                                                            \
  }
#define OPEN(bytes)                                                                                \
  {                                                                                                \
    .capacity = (bytes)                                                                            \
  }
#define TAKEN(bytes, taken)                                                                        \
  {                                                                                                \
    .capacity = (bytes), .used = (taken)                                                           \
  }

/* clang-format off */
static const Case cases[] = {
  { "nobody has to leave",
    { OPEN (10), OPEN (10) }, { { 3, 0, SPARE } }, "" },
  { "it goes where the use is lowest",
    { DRAINED (10), TAKEN (10, 5), TAKEN (20, 8), TAKEN (10, 6) }, { { 2, 0, LEAVES } }, "0:0>2" },
  { "of equal hosts it takes the first",
    { DRAINED (10), OPEN (10), OPEN (10) }, { { 2, 0, LEAVES } }, "0:0>1" },
  { "it fits to the last byte",
    { DRAINED (10), TAKEN (10, 6) }, { { 4, 0, LEAVES } }, "0:0>1" },
  { "it does not fit by one byte",
    { DRAINED (10), TAKEN (10, 7) }, { { 4, 0, LEAVES } }, "!0" },
  { "nothing goes to a closed host, nor to one of unknown size, nor to one that is over its limit",
    { DRAINED (10), CLOSED (10), { .drained = TRUE }, TAKEN (5, 7) }, { { 1, 0, LEAVES } }, "!0" },
  { "several hosts are drained together, and none of them takes anything",
    { DRAINED (10), DRAINED (10), OPEN (10) }, { { 2, 0, LEAVES }, { 3, 1, LEAVES } },
    "1:1>2 0:0>2" },
  { "virtual CPUs are a limit of their own",
    { DRAINED (10), { .capacity = 90, .vcpus = 4, .vcpus_used = 2 }, TAKEN (10, 8) },
    { { 1, 0, LEAVES, 3 } }, "0:0>2" },
  { "no limit of virtual CPUs is none",
    { DRAINED (10), { .capacity = 10, .vcpus_used = 1000 } }, { { 1, 0, LEAVES, 300 } }, "0:0>1" },
  { "room is made for virtual CPUs",
    { DRAINED (10), { .capacity = 10, .vcpus = 4 }, TAKEN (10, 9) },
    { { 5, 0, LEAVES, 2 }, { 1, 1, SPARE, 3 } }, "+1:1>2 0:0>1" },
  { "what is not spare is not moved for room",
    { DRAINED (10), OPEN (10), OPEN (10) }, { { 8, 0, LEAVES }, { 4, 1 }, { 5, 2 } }, "!0" },
  { "room is made by the smallest that suffices",
    { DRAINED (10), OPEN (10), TAKEN (10, 6) },
    { { 5, 0, LEAVES }, { 4, 1, SPARE }, { 3, 1, SPARE }, { 1, 1, SPARE } }, "+2:1>2 0:0>1" },
  { "room is made by two where one is not enough",
    { DRAINED (10), OPEN (10), TAKEN (10, 7), TAKEN (10, 8) },
    { { 9, 0, LEAVES }, { 3, 1, SPARE }, { 2, 1, SPARE } }, "+1:1>2 +2:1>3 0:0>1" },
  { "a chain of three: each makes room for the one before",
    { DRAINED (10), OPEN (10), OPEN (8), OPEN (5), TAKEN (4, 1) },
    { { 9, 0, LEAVES, .hosts = "1" }, { 7, 1, SPARE, .hosts = "2" }, { 4, 2, SPARE, .hosts = "3" },
      { 3, 3, SPARE, .hosts = "4" } },
    "+3:3>4 +2:2>3 +1:1>2 0:0>1" },
  { "no move is spent on room where none is needed",
    { DRAINED (10), TAKEN (10, 1), TAKEN (10, 1) },
    { { 5, 0, LEAVES }, { 4, 1, SPARE }, { 4, 2, SPARE } }, "0:0>1" },
  { "one that may go anywhere leaves the only host of another to it",
    { DRAINED (20), OPEN (10), TAKEN (10, 2) },
    { { 8, 0, LEAVES }, { 7, 0, LEAVES, .hosts = "1" } }, "0:0>2 1:0>1" },
  { "a lattice: each takes what the next ones leave",
    { DRAINED (30), OPEN (10), OPEN (10), OPEN (10) },
    { { 8, 0, LEAVES, .hosts = "123" }, { 7, 0, LEAVES, .hosts = "12" },
      { 6, 0, LEAVES, .hosts = "1" } }, "1:0>2 0:0>3 2:0>1" },
  { "the others go although one cannot",
    { DRAINED (20), OPEN (10) },
    { { 12, 0, LEAVES }, { 4, 0, LEAVES }, { 3, 0, LEAVES, .hosts = "" } }, "1:0>1 !0 !2" },
  { "rather two small ones than one large one",
    { DRAINED (20), OPEN (8) }, { { 8, 0, LEAVES }, { 4, 0, LEAVES }, { 4, 0, LEAVES } },
    "1:0>1 2:0>1 !0" },
  { "it goes where it is preferred",
    { DRAINED (10), OPEN (10), TAKEN (10, 5) }, { { 2, 0, LEAVES, .preferred = 3 } }, "0:0>2" },
  { "what is preferred gives way to a place for all",
    { DRAINED (20), OPEN (10), TAKEN (10, 2) },
    { { 8, 0, LEAVES, .preferred = 2 }, { 7, 0, LEAVES, .hosts = "1" } }, "0:0>2 1:0>1" },
  { "one with a home goes there and nowhere else",
    { OPEN (10), OPEN (10), TAKEN (10, 7) },
    { { 3, 0, LEAVES, .home = 3 }, { 4, 0, LEAVES, .home = 3 } }, "0:0>2 !1" },
  { "one that is at home stays",
    { OPEN (10), OPEN (10) }, { { 3, 0, STAYS, .home = 1 } }, "" },
  { "one that goes home makes room for another that goes home",
    { OPEN (10), OPEN (10), OPEN (10) },
    { { 8, 0, LEAVES, .home = 2 }, { 7, 1, LEAVES, .home = 3 } }, "1:1>2 0:0>1" },
  { "two change places over a third host",
    { OPEN (10), OPEN (10), OPEN (8) },
    { { 8, 0, LEAVES | SPARE, .home = 2 }, { 7, 1, LEAVES | SPARE, .home = 1 } },
    "+1:1>2 0:0>1 1:2>0" },
  { "two cannot change places without a third host: while it moves a VM is on both",
    { OPEN (10), OPEN (10), OPEN (6) },
    { { 8, 0, LEAVES | SPARE, .home = 2 }, { 7, 1, LEAVES | SPARE, .home = 1 } }, "!0 !1" },
  { "two that may be nowhere else meanwhile cannot change places",
    { OPEN (10), OPEN (10), OPEN (8) },
    { { 8, 0, LEAVES, .home = 2 }, { 7, 1, LEAVES, .home = 1 } }, "!0 !1" },
  { "three change places in a ring, over a fourth host",
    { OPEN (10), OPEN (10), OPEN (10), OPEN (9) },
    { { 9, 0, LEAVES | SPARE, .home = 2 }, { 9, 1, LEAVES | SPARE, .home = 3 },
      { 9, 2, LEAVES | SPARE, .home = 1 } }, "+1:1>3 0:0>1 2:2>0 1:3>2" },
  { "who is in the way at home is moved if it is spare",
    { OPEN (10), OPEN (10) }, { { 6, 0, LEAVES, .home = 2 }, { 5, 1, SPARE } }, "!0" },
  { "who is in the way at home is moved to where there is room",
    { OPEN (10), OPEN (10), OPEN (5) }, { { 6, 0, LEAVES, .home = 2 }, { 5, 1, SPARE } },
    "+1:1>2 0:0>1" },
  { "who is at home already does not make way",
    { OPEN (10), OPEN (10), OPEN (5) },
    { { 6, 0, LEAVES, .home = 2 }, { 5, 1, SPARE, .home = 2 } }, "!0" },
};
/* clang-format on */

START_TEST (each_case_comes_to_the_order_that_is_right_for_it)
{
  const Case *c = &cases[_i];
  g_autoptr (TernPackResult) result = NULL;
  g_autofree char *text = NULL, *wrong = NULL;
  Problem p;

  problem_init (&p, c);
  result = tern_pack (&p.pack);
  wrong = test_pack_replay (&p.pack, result, NULL);
  ck_assert_msg (wrong == NULL, "%s: %s", c->what, wrong);
  text = format_result (result);
  ck_assert_msg (g_str_equal (text, c->expected), "%s: \"%s\" instead of \"%s\"", c->what, text,
                 c->expected);
}
END_TEST

START_TEST (no_host_and_no_vm_are_no_problem)
{
  const TernPack empty = { NULL };
  g_autoptr (TernPackResult) result = tern_pack (&empty);

  ck_assert_uint_eq (result->moves->len, 0);
  ck_assert_uint_eq (result->stranded->len, 0);
  tern_pack_result_free (NULL);
}
END_TEST

/* The largest first alone comes to 7 and 5. */
START_TEST (the_fullest_host_is_no_fuller_than_it_must_be)
{
  static const Case c = {
    "",
    { DRAINED (20), OPEN (10), OPEN (10) },
    { { 3, 0, LEAVES }, { 3, 0, LEAVES }, { 2, 0, LEAVES }, { 2, 0, LEAVES }, { 2, 0, LEAVES } },
    NULL,
  };
  g_autoptr (TernPackResult) result = NULL;
  g_autofree char *wrong = NULL;
  TestPackOutcome out;
  Problem p;

  problem_init (&p, &c);
  result = tern_pack (&p.pack);
  wrong = test_pack_replay (&p.pack, result, &out);
  ck_assert_msg (wrong == NULL, "%s", wrong);
  ck_assert_uint_eq (out.stranded, 0);
  ck_assert_double_eq_tol (out.highest, test_pack_bound (&p.pack), 1e-9);
}
END_TEST

TERN_CHECK_MAIN ("pack",
                 tcase_add_loop_test (tcase, each_case_comes_to_the_order_that_is_right_for_it, 0,
                                      (int) G_N_ELEMENTS (cases));
                 tcase_add_test (tcase, no_host_and_no_vm_are_no_problem);
                 tcase_add_test (tcase, the_fullest_host_is_no_fuller_than_it_must_be);)
