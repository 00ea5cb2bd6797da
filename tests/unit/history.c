/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Random histories: how one is made from a seed, told, and made smaller. How it is lived through is
 * in history-life.
 */
#include "config.h"

#include "history.h"

#include "drivers/sim-private.h"

#define MS 1000
#define MAX_HAPPENS 14
/* MiB per second, more than a link carries. */
#define BUSY 1500
#define MIB (G_GUINT64_CONSTANT (1) << 20)

typedef struct
{
  const char *name;
  guint weight;
} Kind;

/* clang-format off */
static const Kind kinds[HAPPENS_N_KINDS] = {
  [HAPPENS_ORDER]   = { "order", 24 },
  [HAPPENS_CANCEL]  = { "cancel", 8 },
  [HAPPENS_SWITCH]  = { "switch", 6 },
  [HAPPENS_RESOLVE] = { "resolve", 6 },
  [HAPPENS_RECHECK] = { "recheck", 4 },
  [HAPPENS_LIMITS]  = { "limits", 3 },
  [HAPPENS_HOST]    = { "host", 10 },
  [HAPPENS_LINK]    = { "link", 8 },
  [HAPPENS_FAULT]   = { "fault", 14 },
  [HAPPENS_RELEASE] = { "release", 3 },
  [HAPPENS_END]     = { "end", 2 },
  [HAPPENS_STORE]   = { "store", 5 },
  [HAPPENS_CRASH]   = { "crash", 12 },
  [HAPPENS_DRAIN]   = { "drain", 8 },
  [HAPPENS_ACTIVATE] = { "activate", 5 },
  [HAPPENS_RESUME]  = { "resume", 2 },
  [HAPPENS_UNDO]    = { "undo", 3 },
  [HAPPENS_DEATH]   = { "death", 5 },
};
/* clang-format on */

static const char *const host_names[] = { "anna", "bert", "carl", "chosen" };
static const char *const vm_names[] = { "web", "db", "mail" };

static guint
below (GRand *rand, guint n)
{
  return n > 1 ? (guint) g_rand_int_range (rand, 0, (gint) n) : 0;
}

static HappensKind
choose_kind (GRand *rand)
{
  guint sum = 0, at;

  for (guint i = 0; i < HAPPENS_N_KINDS; i++)
    sum += kinds[i].weight;
  at = below (rand, sum);
  for (guint i = 0; i < HAPPENS_N_KINDS; i++)
    {
      if (at < kinds[i].weight)
        return i;
      at -= kinds[i].weight;
    }
  return HAPPENS_ORDER;
}

/* A guest that its policy gives to the destination, where half of its memory is late. */
static gboolean
is_about_postcopy (const History *self)
{
  return self->seed % 3 == 0;
}

/* Something that can strike a move, in a phase where it can. */
static void
choose_fault (GRand *rand, const History *self, Happens *made)
{
  static const TernSimPhase phases[] = { TERN_SIM_PREPARE, TERN_SIM_COPY, TERN_SIM_SWITCH,
                                         TERN_SIM_FINISH, TERN_SIM_POSTCOPY };

  made->more = below (rand, TERN_SIM_FAULT_HELD_SOURCE + 1);
  made->what = phases[below (rand, G_N_ELEMENTS (phases))];
  if (is_about_postcopy (self) && below (rand, 2) == 0)
    made->what = TERN_SIM_POSTCOPY;
  if (made->more >= TERN_SIM_FAULT_BOTH_RUN && made->more <= TERN_SIM_FAULT_LEFTOVER_PAUSED_SOURCE)
    made->what = TERN_SIM_FINISH;
  else if (made->more == TERN_SIM_FAULT_REFUSED)
    made->what = TERN_SIM_PREPARE;
  else if (made->more == TERN_SIM_FAULT_HELD_SOURCE)
    made->what = TERN_SIM_SWITCH;
}

static void
choose_policy (GRand *rand, const History *self, Happens *made)
{
  made->what = below (rand, TERN_N_POLICIES);
  if (is_about_postcopy (self) && below (rand, 3) > 0)
    made->what = TERN_POLICY_POSTCOPY;
}

static Happens
make_happens (GRand *rand, const History *self)
{
  Happens made = { .kind = choose_kind (rand) };

  /* Close together, most of them: that is where it hurts. */
  made.at_us = (gint64) below (rand, below (rand, 4) == 0 ? 60000 : 8000) * MS;
  made.vm = below (rand, self->n_vms);
  made.host = below (rand, self->n_hosts);
  made.other = (made.host + 1 + below (rand, self->n_hosts - 1)) % self->n_hosts;
  made.what = below (rand, 8);
  made.more = below (rand, 8);
  if (made.kind == HAPPENS_ORDER)
    {
      made.host = below (rand, self->n_hosts + 1);
      choose_policy (rand, self, &made);
      made.more = below (rand, TERN_N_PRIORITIES);
    }
  else if (made.kind == HAPPENS_HOST)
    made.what = below (rand, TERN_SIM_HOST_N_STATES);
  else if (made.kind == HAPPENS_LINK)
    made.what = below (rand, 3);
  else if (made.kind == HAPPENS_FAULT)
    choose_fault (rand, self, &made);
  else if (made.kind == HAPPENS_CRASH)
    made.more = below (rand, 2);
  return made;
}

static int
compare_times (gconstpointer a, gconstpointer b)
{
  const Happens *x = a, *y = b;

  return x->at_us < y->at_us ? -1 : x->at_us > y->at_us;
}

static guint64
choose_dirty_rate (GRand *rand, const History *self)
{
  if (below (rand, is_about_postcopy (self) ? 2 : 8) == 0)
    return BUSY * MIB;
  return (guint64) below (rand, 8) * 50 * MIB;
}

static void
make_vms (GRand *rand, History *self)
{
  for (guint i = 0; i < self->n_vms; i++)
    self->vms[i] = (HistoryVm){
      .host = below (rand, self->n_hosts),
      .memory = (512 << below (rand, 4)) * MIB,
      .dirty_bps = choose_dirty_rate (rand, self),
      .persistent = below (rand, 5) > 0,
    };
}

/* Without an order there is nothing to go wrong; and mostly it does. */
static void
add_first_order (GRand *rand, History *self)
{
  Happens order = { .kind = HAPPENS_ORDER };
  Happens fault = { .kind = HAPPENS_FAULT };

  order.vm = fault.vm = below (rand, self->n_vms);
  order.host = below (rand, self->n_hosts + 1);
  order.more = TERN_PRIORITY_NORMAL;
  choose_policy (rand, self, &order);
  choose_fault (rand, self, &fault);
  if (below (rand, 3) > 0)
    g_array_append_val (self->happens, fault);
  g_array_append_val (self->happens, order);
}

/* A host is drained, and then opened, or that is undone, sooner or later. */
static void
add_drain (GRand *rand, History *self)
{
  static const HappensKind afterwards[] = { HAPPENS_ACTIVATE, HAPPENS_UNDO, HAPPENS_RESUME };
  Happens drain = { .kind = HAPPENS_DRAIN, .more = 1 };
  Happens after = { .kind = afterwards[below (rand, G_N_ELEMENTS (afterwards))] };

  drain.at_us = (gint64) below (rand, 4000) * MS;
  drain.host = after.host = self->vms[0].host;
  after.at_us = drain.at_us + (gint64) (1 + below (rand, below (rand, 2) == 0 ? 4000 : 60000)) * MS;
  after.what = below (rand, 4);
  g_array_append_val (self->happens, drain);
  g_array_append_val (self->happens, after);
}

History *
history_new (guint32 seed)
{
  History *self = g_new0 (History, 1);
  g_autoptr (GRand) rand = g_rand_new_with_seed (seed);
  guint n;

  self->seed = seed;
  self->n_hosts = 2 + below (rand, HISTORY_MAX_HOSTS - 1);
  /* One is enough for most of what can go wrong. */
  self->n_vms = 1 + below (rand, 1 + below (rand, HISTORY_MAX_VMS));
  self->slow_store = below (rand, 4) == 0;
  self->prepare_postcopy = below (rand, 2) == 0;
  self->patient = below (rand, 4) == 0;
  make_vms (rand, self);
  self->happens = g_array_new (FALSE, FALSE, sizeof (Happens));
  n = 2 + below (rand, MAX_HAPPENS - 1);
  add_first_order (rand, self);
  if (below (rand, 4) == 0)
    add_drain (rand, self);
  for (guint i = 1; i < n; i++)
    {
      Happens made = make_happens (rand, self);

      g_array_append_val (self->happens, made);
    }
  g_array_sort (self->happens, compare_times);
  return self;
}

void
history_free (History *self)
{
  g_array_unref (self->happens);
  g_free (self);
}

/* --- telling --- */

static const char *
tell_host (const History *self, guint host)
{
  return host < self->n_hosts ? host_names[host] : "a chosen host";
}

static void
tell_happens (const History *self, const Happens *it, GString *text)
{
  g_string_append_printf (text, "%8.3f s  %s", (double) it->at_us / G_USEC_PER_SEC,
                          kinds[it->kind].name);
  switch (it->kind)
    {
    case HAPPENS_ORDER:
      g_string_append_printf (text, " %s to %s, %s, %s\n", vm_names[it->vm],
                              tell_host (self, it->host), tern_policy_to_string (it->what),
                              tern_priority_to_string (it->more));
      break;
    case HAPPENS_HOST:
      g_string_append_printf (text, " %s is %s\n", host_names[it->host],
                              tern_sim_host_state_to_string (it->what));
      break;
    case HAPPENS_DRAIN:
    case HAPPENS_ACTIVATE:
      g_string_append_printf (text, " %s (%u)\n", host_names[it->host], it->more);
      break;
    case HAPPENS_LINK:
      g_string_append_printf (text, " %s to %s is %s\n", host_names[it->host],
                              host_names[it->other],
                              it->what == 0   ? "cut"
                              : it->what == 1 ? "slow"
                                              : "open");
      break;
    case HAPPENS_FAULT:
      g_string_append_printf (text, " %s in %s of %s\n", tern_sim_fault_to_string (it->more),
                              tern_sim_phase_to_string (it->what), vm_names[it->vm]);
      break;
    default:
      g_string_append_printf (text, " (%s, %u, %u)\n", vm_names[it->vm], it->what, it->more);
    }
}

char *
history_tell (const History *self)
{
  GString *text = g_string_new (NULL);

  g_string_append_printf (text, "seed %u: %u hosts%s%s%s\n", self->seed, self->n_hosts,
                          self->slow_store ? ", a slow store" : "",
                          self->prepare_postcopy ? ", always ready for post-copy" : "",
                          self->patient ? ", nobody in a hurry" : "");
  for (guint i = 0; i < self->n_vms; i++)
    g_string_append_printf (text, "  %s on %s: %u MiB, writes %u MiB/s%s\n", vm_names[i],
                            host_names[self->vms[i].host], (guint) (self->vms[i].memory / MIB),
                            (guint) (self->vms[i].dirty_bps / MIB),
                            self->vms[i].persistent ? "" : ", transient");
  for (guint i = 0; i < self->happens->len; i++)
    tell_happens (self, &g_array_index (self->happens, Happens, i), text);
  return g_string_free (text, FALSE);
}

/* --- making it smaller --- */

/* Returns: whether it still goes wrong without number @i; it is left out then */
static gboolean
leave_out (History *self, guint i, char **wrong)
{
  Happens out = g_array_index (self->happens, Happens, i);
  char *still;

  g_array_remove_index (self->happens, i);
  still = history_live (self, NULL);
  if (still == NULL)
    {
      g_array_insert_val (self->happens, i, out);
      return FALSE;
    }
  g_free (*wrong);
  *wrong = still;
  return TRUE;
}

char *
history_shrink (History *self)
{
  char *wrong = history_live (self, NULL);
  gboolean smaller = wrong != NULL;

  while (smaller)
    {
      smaller = FALSE;
      for (guint i = self->happens->len; i-- > 0;)
        smaller |= leave_out (self, i, &wrong);
    }
  return wrong;
}
