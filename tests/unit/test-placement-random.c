/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Ten thousand random clusters. What the planner says is held against arithmetic and rules of this
 * file, written once more and as plainly as can be: nothing is over-committed, no VM goes where it
 * may not, nothing that fits is refused, and the same input gives the same plan.
 */
#include "config.h"

#include "plan/placement.h"

#include "tern-check.h"

#include <math.h>

#define N_CLUSTERS 10000
#define MIB (G_GUINT64_CONSTANT (1) << 20)
#define GIB (G_GUINT64_CONSTANT (1) << 30)
#define NOW_US 1000000
#define MAX_HOSTS 6
#define MAX_VMS 12

typedef struct
{
  guint64 state;
} Dice;

/* xorshift64*: the same numbers on every machine. */
static guint64
roll (Dice *dice)
{
  dice->state ^= dice->state >> 12;
  dice->state ^= dice->state << 25;
  dice->state ^= dice->state >> 27;
  return dice->state * G_GUINT64_CONSTANT (2685821657736338717);
}

static guint
below (Dice *dice, guint n)
{
  return (guint) (roll (dice) >> 33) % n;
}

static gboolean
one_in (Dice *dice, guint n)
{
  return below (dice, n) == 0;
}

static const char *const features[] = { "aes", "avx", "avx2", "sse4.2", NULL };
static const char *const sources[] = { "nfs://a/x", "nfs://b/x" };
static const char *const macs[] = { "52:54:00:00:00:01", "52:54:00:00:00:02", "52:54:00:00:00:03" };

static TernCpu *
random_cpu (Dice *dice, const char *mode, guint keep_one_in)
{
  const char *chosen[G_N_ELEMENTS (features)];
  guint n = 0;
  TernCpu *cpu;

  for (guint i = 0; features[i] != NULL; i++)
    if ((keep_one_in == 1) != one_in (dice, 6))
      chosen[n++] = features[i];
  chosen[n] = NULL;
  cpu = tern_cpu_new (mode, NULL, one_in (dice, 24) ? "AMD" : "Intel", chosen, NULL);
  cpu->expanded = TRUE;
  return cpu;
}

static TernHost *
random_host (Dice *dice, guint i)
{
  g_autofree char *name = g_strdup_printf ("host%u", i);
  g_autoptr (TernHostConfig) config = tern_host_config_new (name, "sim:///");
  g_autoptr (TernHostFacts) facts = tern_host_facts_new ();
  TernPool *pool = tern_pool_new ("images", "netfs");

  facts->memory_total = (6 + below (dice, 18)) * GIB + below (dice, 1000) * 4096;
  facts->memory_free = one_in (dice, 4) ? below (dice, 8) * GIB : facts->memory_total;
  facts->cpus = 2 + below (dice, 8);
  facts->arch = g_strdup ("x86_64");
  facts->cpu = random_cpu (dice, "host-model", 1);
  facts->load_permille = one_in (dice, 2) ? (int) below (dice, 1000) : -1;
  facts->qemu_version = one_in (dice, 8) ? 7001000 : 7002000;
  facts->networks = g_ptr_array_new_with_free_func ((GDestroyNotify) tern_network_free);
  if (!one_in (dice, 12))
    g_ptr_array_add (facts->networks, tern_network_new ("lan", !one_in (dice, 12)));
  pool->active = !one_in (dice, 12);
  pool->remote = TRUE;
  pool->path = g_strdup ("/srv/images");
  pool->source = g_strdup (sources[one_in (dice, 8)]);
  facts->pools = g_ptr_array_new_with_free_func ((GDestroyNotify) tern_pool_free);
  g_ptr_array_add (facts->pools, pool);
  config->duty = one_in (dice, 10) ? TERN_DUTY_MAINTENANCE : TERN_DUTY_ACTIVE;
  config->memory_reserve = one_in (dice, 3) ? GIB : 0;
  if (one_in (dice, 10))
    {
      g_free (config->cluster);
      config->cluster = g_strdup ("lab");
    }
  return tern_host_new (config, one_in (dice, 10) ? TERN_HOST_UNREACHABLE : TERN_HOST_UP, facts, 1,
                        NULL);
}

static TernVm *
random_vm (Dice *dice, guint i, guint n_hosts)
{
  g_autofree char *uuid = g_strdup_printf ("%08x-0000-4000-8000-000000000000", i);
  g_autofree char *name = g_strdup_printf ("vm%u", one_in (dice, 8) ? 1 : i);
  g_autofree char *host = g_strdup_printf ("host%u", below (dice, n_hosts));
  TernVm *vm = tern_vm_new (uuid, name, host);
  TernDisk *disk = tern_disk_new ();
  TernNic *nic = tern_nic_new ();

  vm->state = one_in (dice, 4)    ? TERN_VM_SHUT_OFF
              : one_in (dice, 12) ? TERN_VM_PAUSED
                                  : TERN_VM_RUNNING;
  vm->memory = vm->memory_current = (1 + below (dice, 24)) * GIB / 4;
  vm->vcpus = 1 + below (dice, 4);
  vm->load_permille = one_in (dice, 2) ? (int) below (dice, 2000) : -1;
  vm->cpu = random_cpu (dice, "custom", 6);
  vm->snapshots = one_in (dice, 16);
  if (one_in (dice, 12))
    vm->lock = tern_lock_new ("x", "y", 1, one_in (dice, 2) ? NOW_US : 0);
  disk->target = g_strdup ("vda");
  disk->device = g_strdup ("disk");
  disk->type = g_strdup ("file");
  disk->cache = g_strdup ("none");
  disk->source = g_strdup_printf ("/srv/%s/%u.img", one_in (dice, 24) ? "local" : "images", i);
  g_ptr_array_add (vm->disks, disk);
  nic->type = g_strdup ("network");
  nic->source = g_strdup ("lan");
  if (one_in (dice, 4))
    nic->mac = g_strdup (macs[below (dice, G_N_ELEMENTS (macs))]);
  g_ptr_array_add (vm->nics, nic);
  return vm;
}

/* A cluster and the same one from shuffled lists. */
typedef struct
{
  GPtrArray *hosts;
  GPtrArray *vms;
  TernCluster *cluster;
  TernCluster *shuffled;
  TernLedger *ledger;
  TernSettings settings;
  GPtrArray *group;
  GPtrArray *group_reversed;
  TernAct act;
} Setting;

static void
shuffle (Dice *dice, GPtrArray *list)
{
  for (guint i = list->len; i > 1; i--)
    {
      guint j = below (dice, i);
      gpointer item = list->pdata[j];

      list->pdata[j] = list->pdata[i - 1];
      list->pdata[i - 1] = item;
    }
}

/* libvirt has no two VMs of one name on one host. */
static gboolean
name_is_free (const GPtrArray *vms, const TernVm *vm)
{
  for (guint i = 0; i < vms->len; i++)
    {
      const TernVm *other = vms->pdata[i];

      if (g_str_equal (other->name, vm->name) && g_str_equal (other->host, vm->host))
        return FALSE;
    }
  return TRUE;
}

static void
add_promises (Dice *dice, Setting *s)
{
  s->ledger = tern_ledger_new ();
  for (guint i = 0; i < s->vms->len; i++)
    {
      const TernVm *vm = s->vms->pdata[i];
      const TernHost *to = s->hosts->pdata[below (dice, s->hosts->len)];
      TernReservation reservation = { .task_id = i + 1,
                                      .vm_uuid = vm->uuid,
                                      .source = vm->host,
                                      .destination = to->config->name,
                                      .memory = GIB,
                                      .vcpus = 1 };

      if (one_in (dice, 6))
        tern_ledger_add (s->ledger, &reservation);
    }
}

/* One that is under way has a task, and is not asked for a second time. */
static gboolean
is_promised (const Setting *s, const TernVm *vm)
{
  return tern_ledger_find (s->ledger, vm->uuid) != NULL;
}

static void
setting_init (Setting *s, guint seed)
{
  static const double weights[] = { 4, 0, 1, -1, 1e300, NAN, INFINITY, 0.001 };
  Dice dice = { .state = (seed + 1) * G_GUINT64_CONSTANT (0x9E3779B97F4A7C15) };
  TernSettings settings = TERN_SETTINGS_INIT;
  guint n_hosts = 1 + below (&dice, MAX_HOSTS), n_vms = 1 + below (&dice, MAX_VMS);

  *s = (Setting){ .settings = settings };
  s->settings.memory_reserve = below (&dice, 3) * 512 * MIB;
  for (guint i = 0; one_in (&dice, 4) && i < TERN_SCORE_PARTS; i++)
    s->settings.weights[i] = weights[below (&dice, G_N_ELEMENTS (weights))];
  s->hosts = g_ptr_array_new_with_free_func ((GDestroyNotify) tern_host_unref);
  s->vms = g_ptr_array_new_with_free_func ((GDestroyNotify) tern_vm_unref);
  for (guint i = 0; i < n_hosts; i++)
    g_ptr_array_add (s->hosts, random_host (&dice, i));
  for (guint i = 0; i < n_vms; i++)
    {
      g_autoptr (TernVm) vm = random_vm (&dice, i, n_hosts);

      if (name_is_free (s->vms, vm))
        g_ptr_array_add (s->vms, g_steal_pointer (&vm));
    }
  s->cluster = tern_cluster_new (s->hosts, s->vms, NULL, 1, NOW_US);
  add_promises (&dice, s);
  s->act = one_in (&dice, 3) ? TERN_ACT_START : TERN_ACT_MOVE;
  s->group = g_ptr_array_new ();
  s->group_reversed = g_ptr_array_new ();
  for (guint i = 0; i < s->vms->len; i++)
    if (!one_in (&dice, 3) && !is_promised (s, s->vms->pdata[i]))
      g_ptr_array_add (s->group, s->vms->pdata[i]);
  for (guint i = s->group->len; i > 0; i--)
    g_ptr_array_add (s->group_reversed, s->group->pdata[i - 1]);
  shuffle (&dice, s->hosts);
  shuffle (&dice, s->vms);
  s->shuffled = tern_cluster_new (s->hosts, s->vms, NULL, 1, NOW_US);
}

static void
setting_clear (Setting *s)
{
  tern_cluster_unref (s->cluster);
  tern_cluster_unref (s->shuffled);
  tern_ledger_free (s->ledger);
  g_ptr_array_unref (s->group);
  g_ptr_array_unref (s->group_reversed);
  g_ptr_array_unref (s->hosts);
  g_ptr_array_unref (s->vms);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Setting, setting_clear)

/* ---- the rules, once more ---- */

static gboolean
runs (const TernVm *vm)
{
  return vm->state == TERN_VM_RUNNING || vm->state == TERN_VM_PAUSED;
}

static guint64
need_of (const TernVm *vm)
{
  return vm->memory + vm->memory / 512 + (90 + 8 * vm->vcpus) * MIB;
}

/* What is left on the host, by its figures and by its own word; may be negative. */
static gint64
left_on (const Setting *s, const TernHost *host, const TernVm *except)
{
  gint64 promised = host->facts->memory_total, really = host->facts->memory_free;
  guint64 reserve = host->config->memory_reserve;

  promised -= reserve != 0 ? reserve : s->settings.memory_reserve;
  for (guint i = 0; i < s->vms->len; i++)
    {
      const TernVm *vm = s->vms->pdata[i];
      const TernReservation *r = tern_ledger_find (s->ledger, vm->uuid);
      gboolean here = g_str_equal (vm->host, host->config->name) && runs (vm);

      if (here)
        promised -= need_of (vm);
      if (r == NULL || vm == except || !g_str_equal (r->destination, host->config->name))
        continue;
      /* One that shows there has taken some of what is free already. */
      if (!here)
        {
          really -= r->memory;
          promised -= r->memory;
        }
    }
  return MIN (promised, really);
}

static gboolean
lacks_features (const TernCpu *vm, const TernCpu *host)
{
  if (!g_str_equal (vm->vendor, host->vendor))
    return TRUE;
  for (guint i = 0; vm->features[i] != NULL; i++)
    if (!g_strv_contains ((const char *const *) host->features, vm->features[i]))
      return TRUE;
  return FALSE;
}

/* Will be on @host when @vm comes: is there, or is on its way. */
static gboolean
will_be_on (const Setting *s, const TernVm *vm, const TernHost *host)
{
  const TernReservation *r = tern_ledger_find (s->ledger, vm->uuid);

  return g_str_equal (vm->host, host->config->name)
         || (r != NULL && g_str_equal (r->destination, host->config->name));
}

static gboolean
same_mac (const TernVm *a, const TernVm *b)
{
  const char *x = ((TernNic *) a->nics->pdata[0])->mac, *y = ((TernNic *) b->nics->pdata[0])->mac;

  return x != NULL && g_strcmp0 (x, y) == 0;
}

static gboolean
collides (const Setting *s, const TernVm *vm, const TernHost *host)
{
  for (guint i = 0; i < s->vms->len; i++)
    {
      const TernVm *other = s->vms->pdata[i];
      gboolean there = g_str_equal (other->host, host->config->name);

      if (other == vm || !will_be_on (s, other, host))
        continue;
      if (g_str_equal (other->name, vm->name) || (same_mac (other, vm) && (runs (other) || !there)))
        return TRUE;
    }
  return FALSE;
}

static gboolean
disk_is_shared (const TernVm *vm, const TernHost *from, const TernHost *to)
{
  const TernPool *a = from->facts->pools->pdata[0], *b = to->facts->pools->pdata[0];

  return g_str_has_prefix (((TernDisk *) vm->disks->pdata[0])->source, "/srv/images/") && a->active
         && b->active && g_str_equal (a->source, b->source);
}

static gboolean
may_go (const Setting *s, const TernVm *vm, const TernHost *to)
{
  const TernHost *from = tern_cluster_find_host (s->cluster, vm->host);
  const GPtrArray *networks = to->facts->networks;
  gboolean move = s->act == TERN_ACT_MOVE, elsewhere = from != to;

  if (move ? vm->state != TERN_VM_RUNNING || !elsewhere : runs (vm))
    return FALSE;
  if (vm->lock != NULL && vm->lock->expires_us == 0)
    return FALSE;
  if (from->state != TERN_HOST_UP || to->state != TERN_HOST_UP
      || tern_duty_is_closed (to->config->duty)
      || !g_str_equal (from->config->cluster, to->config->cluster))
    return FALSE;
  if (vm->vcpus > to->facts->cpus || lacks_features (vm->cpu, to->facts->cpu)
      || (move && to->facts->qemu_version < from->facts->qemu_version))
    return FALSE;
  if (networks->len == 0 || !((TernNetwork *) networks->pdata[0])->active)
    return FALSE;
  if (elsewhere && (vm->snapshots > 0 || !disk_is_shared (vm, from, to)))
    return FALSE;
  return !collides (s, vm, to) && (gint64) need_of (vm) <= left_on (s, to, vm);
}

/* ---- what must always hold ---- */

static void
check_verdicts (const Setting *s, guint seed)
{
  for (guint i = 0; i < s->vms->len; i++)
    {
      TernQuestion question = { .cluster = s->cluster,
                                .ledger = s->ledger,
                                .settings = &s->settings,
                                .vm = s->vms->pdata[i],
                                .act = s->act,
                                .now_us = NOW_US };
      g_autoptr (TernJudge) judge = tern_judge_new (&question);
      g_autoptr (GPtrArray) verdicts = tern_judge_all (judge);

      for (guint j = 0; j < verdicts->len; j++)
        {
          const TernVerdict *verdict = verdicts->pdata[j];

          ck_assert_msg (verdict->allowed == may_go (s, question.vm, verdict->host),
                         "seed %u: %s to %s: %d", seed, question.vm->name,
                         verdict->host->config->name, verdict->allowed);
          ck_assert (verdict->allowed == tern_judge_allows (judge, verdict->host));
          ck_assert (verdict->allowed == !tern_reasons_block (verdict->reasons));
        }
    }
}

static TernPlan *
place (const Setting *s, TernCluster *cluster, const GPtrArray *vms)
{
  TernGroup group = { .cluster = cluster,
                      .ledger = s->ledger,
                      .settings = &s->settings,
                      .vms = vms,
                      .act = s->act,
                      .now_us = NOW_US };

  return tern_place (&group);
}

/* Takes the moves one after another, as the hosts would. */
static void
check_moves (Setting *s, const TernPlan *plan, guint seed)
{
  g_autoptr (TernLedger) before = tern_ledger_copy (s->ledger);

  for (guint i = 0; i < plan->moves->len; i++)
    {
      const TernMove *move = plan->moves->pdata[i];
      const TernHost *to = tern_cluster_find_host (s->cluster, move->destination);
      TernReservation reservation = { .vm_uuid = move->vm->uuid,
                                      .source = move->vm->host,
                                      .destination = move->destination,
                                      .memory = need_of (move->vm),
                                      .vcpus = move->vm->vcpus };

      ck_assert_uint_eq (move->number, i + 1);
      ck_assert_msg (may_go (s, move->vm, to), "seed %u: step %u", seed, i + 1);
      ck_assert (move->score >= 0 && move->score <= 1);
      ck_assert (!tern_reasons_block (move->warnings));
      tern_ledger_add (s->ledger, &reservation);
      ck_assert_msg (left_on (s, to, NULL) >= 0, "seed %u: %s is over-committed", seed,
                     to->config->name);
    }
  tern_ledger_free (s->ledger);
  s->ledger = g_steal_pointer (&before);
}

static guint
count_movable (const Setting *s)
{
  guint n = 0;

  for (guint i = 0; i < s->group->len; i++)
    for (guint j = 0; j < s->cluster->hosts->len; j++)
      if (may_go (s, s->group->pdata[i], s->cluster->hosts->pdata[j]))
        {
          n++;
          break;
        }
  return n;
}

static void
check_refusals (const Setting *s, const TernPlan *plan, guint seed)
{
  ck_assert_uint_eq (plan->moves->len + plan->refusals->len, s->group->len);
  ck_assert_uint_le (plan->moves->len, count_movable (s));
  ck_assert (plan->moves->len > 0 || count_movable (s) == 0);
  for (guint i = 0; i < plan->refusals->len; i++)
    {
      const TernRefusal *refusal = plan->refusals->pdata[i];

      ck_assert_uint_eq (refusal->verdicts->len, s->cluster->hosts->len);
      for (guint j = 0; j < refusal->verdicts->len; j++)
        ck_assert_msg (!((TernVerdict *) refusal->verdicts->pdata[j])->allowed,
                       "seed %u: refused, and would fit", seed);
    }
}

static void
check_same (const TernPlan *a, const TernPlan *b, guint seed)
{
  ck_assert_uint_eq (a->moves->len, b->moves->len);
  ck_assert_uint_eq (a->refusals->len, b->refusals->len);
  for (guint i = 0; i < a->moves->len; i++)
    {
      const TernMove *x = a->moves->pdata[i], *y = b->moves->pdata[i];

      ck_assert_msg (x->vm == y->vm && g_str_equal (x->destination, y->destination)
                         && x->score == y->score,
                     "seed %u: step %u differs", seed, i + 1);
    }
}

static void
check_single (const Setting *s, const TernVm *vm)
{
  g_autoptr (GPtrArray) alone = g_ptr_array_new ();
  g_autoptr (TernPlan) plan = NULL;
  TernQuestion question = { .cluster = s->cluster,
                            .ledger = s->ledger,
                            .settings = &s->settings,
                            .vm = vm,
                            .act = s->act,
                            .now_us = NOW_US };
  g_autoptr (TernJudge) judge = tern_judge_new (&question);
  g_autoptr (GPtrArray) verdicts = tern_judge_all (judge);
  const TernVerdict *best;

  g_ptr_array_add (alone, (gpointer) vm);
  plan = place (s, s->cluster, alone);
  tern_placement_score (&question, verdicts);
  best = verdicts->pdata[0];
  ck_assert_uint_eq (plan->moves->len, best->allowed);
  if (!best->allowed)
    return;
  ck_assert_str_eq (((TernMove *) plan->moves->pdata[0])->destination, best->host->config->name);
  ck_assert (((TernMove *) plan->moves->pdata[0])->score == best->score);
  for (guint i = 0; i < TERN_SCORE_PARTS; i++)
    ck_assert (best->parts[i] >= 0 && best->parts[i] <= 1);
}

/* Counts what the random clusters are like: a test of nothing but refusals would test nothing. */
typedef struct
{
  guint moves, refusals, second_thoughts;
} Tally;

static void
check_cluster (guint seed, Tally *tally)
{
  g_auto (Setting) s = { NULL };
  g_autoptr (TernPlan) plan = NULL, again = NULL, reversed = NULL;

  setting_init (&s, seed);
  check_verdicts (&s, seed);
  plan = place (&s, s.cluster, s.group);
  again = place (&s, s.cluster, s.group);
  reversed = place (&s, s.shuffled, s.group_reversed);
  check_moves (&s, plan, seed);
  check_refusals (&s, plan, seed);
  check_same (plan, again, seed);
  check_same (plan, reversed, seed);
  if (s.group->len > 0)
    check_single (&s, s.group->pdata[seed % s.group->len]);
  tally->moves += plan->moves->len;
  tally->refusals += plan->refusals->len;
  tally->second_thoughts += count_movable (&s) > plan->moves->len;
}

START_TEST (no_plan_for_a_random_cluster_breaks_a_rule)
{
  Tally tally = { 0 };
  /* Under valgrind, which is slow, a part will do. */
  guint n = g_getenv ("TERN_TEST_COARSE") != NULL ? 200 : N_CLUSTERS;

  for (guint seed = 0; seed < n; seed++)
    check_cluster (seed, &tally);
  ck_assert_uint_gt (tally.moves, n / 4);
  ck_assert_uint_gt (tally.refusals, n / 2);
  ck_assert_uint_gt (tally.second_thoughts, n / 100);
}
END_TEST

TERN_CHECK_MAIN ("placement-random",
                 tcase_add_test (tcase, no_plan_for_a_random_cluster_breaks_a_rule);)
