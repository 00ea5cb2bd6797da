/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The best host for a VM, and places for a group. What must hold for every cluster is in
 * test-placement-random.c.
 */
#include "config.h"

#include "plan/placement.h"

#include "plan-world.h"
#include "tern-check.h"

#include <math.h>

/* A cluster of hosts named by one letter each, and VMs on the first of them. */
typedef struct
{
  GPtrArray *hosts;
  GPtrArray *facts; /* borrowed */
  GPtrArray *vms;
  TernCluster *cluster;
  TernSettings settings;
} Site;

static void
site_init (Site *self, const char *names)
{
  TernSettings settings = TERN_SETTINGS_INIT;

  *self = (Site){ .settings = settings };
  self->settings.memory_reserve = 0;
  self->hosts = g_ptr_array_new_with_free_func ((GDestroyNotify) tern_host_unref);
  self->facts = g_ptr_array_new ();
  self->vms = g_ptr_array_new_with_free_func ((GDestroyNotify) tern_vm_unref);
  for (const char *p = names; *p != '\0'; p++)
    {
      char name[] = { *p, '\0' };
      g_autoptr (TernHostConfig) config = tern_host_config_new (name, "sim:///");
      g_autoptr (TernHostFacts) facts = tern_host_facts_new ();

      facts->memory_total = facts->memory_free = 16 * GIB;
      facts->cpus = 16;
      facts->load_permille = 0;
      facts->cpu = plan_cpu ("host-model", "Intel", "aes");
      g_ptr_array_add (self->facts, facts);
      g_ptr_array_add (self->hosts, tern_host_new (config, TERN_HOST_UP, facts, 1, NULL));
    }
}

static void
site_clear (Site *self)
{
  g_ptr_array_unref (self->hosts);
  g_ptr_array_unref (self->facts);
  g_ptr_array_unref (self->vms);
  tern_cluster_unref (self->cluster);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Site, site_clear)

static TernHostFacts *
facts_of (Site *self, guint i)
{
  return self->facts->pdata[i];
}

static TernVm *
add_vm (Site *self, const char *name, guint64 memory)
{
  g_autofree char *uuid = g_strdup_printf ("%08x-0000-4000-8000-000000000000", self->vms->len + 1);
  TernVm *vm = tern_vm_new (uuid, name, ((TernHost *) self->hosts->pdata[0])->config->name);

  vm->state = TERN_VM_RUNNING;
  vm->memory = vm->memory_current = memory;
  vm->vcpus = 1;
  vm->cpu = plan_cpu ("custom", "Intel", "aes");
  vm->load_permille = 0;
  g_ptr_array_add (self->vms, vm);
  return vm;
}

static TernPlan *
place (Site *self, const char *destination)
{
  TernGroup group = { .settings = &self->settings,
                      .vms = self->vms,
                      .act = TERN_ACT_MOVE,
                      .destination = destination,
                      .now_us = 1 };

  tern_cluster_unref (self->cluster);
  self->cluster = tern_cluster_new (self->hosts, self->vms, NULL, 1, 1);
  group.cluster = self->cluster;
  return tern_place (&group);
}

/* "name>host …", then "!name …" for those that were refused. */
static char *
describe (const TernPlan *plan)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < plan->moves->len; i++)
    {
      const TernMove *move = plan->moves->pdata[i];

      ck_assert_uint_eq (move->number, i + 1);
      g_string_append_printf (text, "%s>%s ", move->vm->name, move->destination);
    }
  for (guint i = 0; i < plan->refusals->len; i++)
    g_string_append_printf (text, "!%s ", ((TernRefusal *) plan->refusals->pdata[i])->vm->name);
  g_strchomp (text->str);
  return g_string_free (text, FALSE);
}

static void
expect_plan (Site *self, const char *expected)
{
  g_autoptr (TernPlan) plan = place (self, NULL);
  g_autofree char *found = describe (plan);

  ck_assert_str_eq (found, expected);
}

START_TEST (equal_hosts_are_taken_by_name)
{
  g_auto (Site) s;

  site_init (&s, "xcba");
  add_vm (&s, "vm", GIB);
  expect_plan (&s, "vm>a");
}
END_TEST

START_TEST (each_part_of_the_score_draws_to_its_host)
{
  static const guint parts[] = { TERN_SCORE_MEMORY, TERN_SCORE_CPU, TERN_SCORE_GENERATION };

  for (guint i = 0; i < G_N_ELEMENTS (parts); i++)
    {
      g_auto (Site) s;

      site_init (&s, "xab");
      for (guint j = 0; j < TERN_SCORE_PARTS; j++)
        s.settings.weights[j] = j == parts[i];
      facts_of (&s, 1)->memory_free = 8 * GIB;
      facts_of (&s, 1)->load_permille = 500;
      tern_cpu_unref (facts_of (&s, 1)->cpu);
      facts_of (&s, 1)->cpu = plan_cpu ("host-model", "Intel", "aes avx avx2");
      add_vm (&s, "vm", GIB);
      expect_plan (&s, "vm>b");
    }
}
END_TEST

START_TEST (a_new_host_is_kept_for_those_that_need_it)
{
  g_auto (Site) s;

  site_init (&s, "xnewo");
  for (guint i = 1; i < 4; i++)
    {
      tern_cpu_unref (facts_of (&s, i)->cpu);
      facts_of (&s, i)->cpu = plan_cpu ("host-model", "Intel", "aes avx avx2 sha-ni");
    }
  add_vm (&s, "plain", GIB);
  expect_plan (&s, "plain>o");
}
END_TEST

START_TEST (a_group_spreads_and_takes_nothing_twice)
{
  g_auto (Site) s;

  site_init (&s, "xab");
  facts_of (&s, 0)->memory_total = facts_of (&s, 0)->memory_free = 64 * GIB;
  for (guint i = 0; i < 10; i++)
    {
      g_autofree char *name = g_strdup_printf ("vm%u", i);

      add_vm (&s, name, 4 * GIB);
    }
  /* Three of 4 GiB and what QEMU takes fit into 16 GiB. */
  expect_plan (&s, "vm0>a vm1>b vm2>a vm3>b vm4>a vm5>b !vm6 !vm7 !vm8 !vm9");
}
END_TEST

START_TEST (the_refused_are_told_how_much_memory_is_missing_after_the_others)
{
  g_auto (Site) s;
  g_autoptr (TernPlan) plan = NULL;
  const TernRefusal *refusal;
  const TernVerdict *verdict;
  const TernReason *reason;

  site_init (&s, "xa");
  add_vm (&s, "big", 10 * GIB);
  add_vm (&s, "small", 8 * GIB);
  plan = place (&s, NULL);
  ck_assert_uint_eq (plan->refusals->len, 1);
  refusal = plan->refusals->pdata[0];
  ck_assert_str_eq (refusal->vm->name, "small");
  ck_assert_uint_eq (refusal->verdicts->len, 2);
  verdict = refusal->verdicts->pdata[0];
  reason = verdict->reasons->pdata[0];
  ck_assert_str_eq (reason->info->code, "memory.short");
  /* 8 GiB, 16 and 98 MiB; 6 GiB less 20 and 98 MiB. */
  ck_assert_str_eq (tern_reason_get_parameter (reason, "need"), "8306");
  ck_assert_str_eq (tern_reason_get_parameter (reason, "free"), "6026");
  ck_assert_str_eq (tern_reason_get_parameter (reason, "short"), "2280");
}
END_TEST

START_TEST (a_second_order_is_tried_when_the_largest_took_the_only_place_of_another)
{
  g_auto (Site) s;
  TernVm *picky;

  site_init (&s, "xab");
  s.settings.weights[TERN_SCORE_MEMORY] = 4;
  for (guint i = TERN_SCORE_CPU; i < TERN_SCORE_PARTS; i++)
    s.settings.weights[i] = 0;
  /* a is the larger one, so the large VM likes it; only a has avx. */
  facts_of (&s, 1)->memory_total = facts_of (&s, 1)->memory_free = 17 * GIB;
  tern_cpu_unref (facts_of (&s, 1)->cpu);
  facts_of (&s, 1)->cpu = plan_cpu ("host-model", "Intel", "aes avx");
  add_vm (&s, "large", 12 * GIB);
  picky = add_vm (&s, "picky", 10 * GIB);
  tern_cpu_unref (picky->cpu);
  picky->cpu = plan_cpu ("custom", "Intel", "avx");
  expect_plan (&s, "picky>a large>b");
}
END_TEST

START_TEST (two_of_one_name_do_not_go_to_one_host)
{
  g_auto (Site) s;
  g_autoptr (TernPlan) plan = NULL;
  g_autofree char *text = NULL;

  site_init (&s, "xya");
  add_vm (&s, "twin", GIB);
  add_vm (&s, "twin", GIB);
  plan_set (&((TernVm *) s.vms->pdata[1])->host, "y");
  plan = place (&s, "a");
  text = describe (plan);
  ck_assert_str_eq (text, "twin>a !twin");
}
END_TEST

START_TEST (a_named_host_binds_and_is_the_only_one_looked_at)
{
  g_auto (Site) s;
  g_autoptr (TernPlan) free_choice = NULL, bound = NULL, nowhere = NULL;
  g_autofree char *a = NULL, *b = NULL, *c = NULL;
  TernHost *other;

  site_init (&s, "xb");
  other = s.hosts->pdata[1];
  plan_set (&other->config->cluster, "lab");
  add_vm (&s, "vm", GIB);
  add_vm (&s, "huge", 64 * GIB);
  free_choice = place (&s, NULL);
  a = describe (free_choice);
  ck_assert_str_eq (a, "!vm !huge");
  bound = place (&s, "b");
  b = describe (bound);
  ck_assert_str_eq (b, "vm>b !huge");
  ck_assert_uint_eq (((TernMove *) bound->moves->pdata[0])->warnings->len, 1);
  ck_assert_uint_eq (((TernRefusal *) bound->refusals->pdata[0])->verdicts->len, 1);
  nowhere = place (&s, "z");
  c = describe (nowhere);
  ck_assert_str_eq (c, "!vm !huge");
  ck_assert_uint_eq (((TernRefusal *) nowhere->refusals->pdata[0])->verdicts->len, 0);
}
END_TEST

START_TEST (one_that_is_under_way_is_refused_and_the_rest_goes)
{
  g_auto (Site) s;
  g_autoptr (TernPlan) plan = NULL;
  g_autoptr (TernTaskRecord) task = tern_task_record_new ();
  g_autoptr (GPtrArray) tasks = g_ptr_array_new ();
  g_autofree char *text = NULL;
  TernGroup group;

  site_init (&s, "xa");
  add_vm (&s, "busy", GIB);
  add_vm (&s, "idle", GIB);
  task->source = g_strdup ("x");
  task->destination = g_strdup ("a");
  g_ptr_array_add (tasks, task);
  g_ptr_array_add (tasks, NULL);
  s.cluster = tern_cluster_new (s.hosts, s.vms, NULL, 1, 1);
  group = (TernGroup){ .cluster = s.cluster, .vms = s.vms, .open_tasks = tasks, .now_us = 1 };
  plan = tern_place (&group);
  text = describe (plan);
  ck_assert_str_eq (text, "idle>a !busy");
}
END_TEST

START_TEST (a_group_of_none_is_a_plan_of_nothing)
{
  g_auto (Site) s;

  site_init (&s, "xa");
  expect_plan (&s, "");
}
END_TEST

START_TEST (a_great_many_refusals_do_not_make_an_endless_plan)
{
  static const guint n_vms = 500;
  g_auto (Site) s;
  g_autoptr (TernPlan) plan = NULL;
  guint told = 0;

  site_init (&s, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");
  for (guint i = 0; i < n_vms; i++)
    add_vm (&s, "giant", 17 * GIB);
  plan = place (&s, NULL);

  ck_assert_uint_eq (plan->refusals->len, n_vms);
  for (guint i = 0; i < n_vms; i++)
    {
      const TernRefusal *refusal = plan->refusals->pdata[i];

      ck_assert_uint_ge (refusal->verdicts->len, 8);
      ck_assert_uint_eq (refusal->verdicts->len + refusal->left_out, s.hosts->len);
      told += refusal->verdicts->len;
    }
  ck_assert_uint_gt (n_vms * s.hosts->len, TERN_PLAN_MAX_VERDICTS);
  ck_assert_uint_le (told, TERN_PLAN_MAX_VERDICTS);
}
END_TEST

START_TEST (no_weight_makes_a_score_that_is_no_number)
{
  static const double odd[] = { 0, -1, NAN, INFINITY, 1e300, 1e-300 };

  for (guint i = 0; i < G_N_ELEMENTS (odd); i++)
    {
      g_auto (Site) s;
      g_autoptr (TernPlan) plan = NULL;
      const TernMove *move;

      site_init (&s, "xab");
      for (guint j = 0; j < TERN_SCORE_PARTS; j++)
        s.settings.weights[j] = odd[i];
      add_vm (&s, "vm", GIB);
      plan = place (&s, NULL);
      move = plan->moves->pdata[0];
      ck_assert_str_eq (move->destination, "a");
      ck_assert (move->score >= 0 && move->score <= 1);
    }
}
END_TEST

TERN_CHECK_MAIN (
    "placement", tcase_add_test (tcase, equal_hosts_are_taken_by_name);
    tcase_add_test (tcase, each_part_of_the_score_draws_to_its_host);
    tcase_add_test (tcase, a_great_many_refusals_do_not_make_an_endless_plan);
    tcase_add_test (tcase, a_new_host_is_kept_for_those_that_need_it);
    tcase_add_test (tcase, a_group_spreads_and_takes_nothing_twice);
    tcase_add_test (tcase, the_refused_are_told_how_much_memory_is_missing_after_the_others);
    tcase_add_test (tcase, a_second_order_is_tried_when_the_largest_took_the_only_place_of_another);
    tcase_add_test (tcase, two_of_one_name_do_not_go_to_one_host);
    tcase_add_test (tcase, a_named_host_binds_and_is_the_only_one_looked_at);
    tcase_add_test (tcase, one_that_is_under_way_is_refused_and_the_rest_goes);
    tcase_add_test (tcase, a_group_of_none_is_a_plan_of_nothing);
    tcase_add_test (tcase, no_weight_makes_a_score_that_is_no_number);)
