/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * CPUs as sets: older to newer fits, newer to older does not, by name; and what a cluster has in
 * common.
 */
#include "config.h"

#include "plan/cpu-compat.h"

#include "plan-world.h"
#include "tern-check.h"

/* Features of three models as libvirt 9.0 lists them (cpu_map/x86_*.xml, Debian 12). */
#define NEHALEM                                                                                    \
  "apic clflush cmov cx16 cx8 de fpu fxsr lahf_lm lm mca mce mmx msr mtrr nx pae pat pge pni "     \
  "popcnt pse pse36 sep sse sse2 sse4.1 sse4.2 ssse3 syscall tsc"
#define WESTMERE NEHALEM " aes"
#define SANDY_BRIDGE WESTMERE " avx pclmuldq rdtscp tsc-deadline x2apic xsave"

static const struct
{
  const char *name, *features;
} generations[] = {
  { "Xeon 5500", NEHALEM },
  { "Xeon 5600", WESTMERE },
  { "Xeon E5-2600", SANDY_BRIDGE },
};

static TernHostFacts *
facts_with (const char *mode, const char *vendor, const char *features)
{
  TernHostFacts *facts = tern_host_facts_new ();

  facts->cpu = plan_cpu (mode, vendor, features);
  return facts;
}

START_TEST (the_six_pairs_of_three_generations_come_out_as_published)
{
  static const char *const missing[3][3] = {
    { "", "", "" },
    { "aes", "", "" },
    { "aes,avx,pclmuldq,rdtscp,tsc-deadline,x2apic,xsave",
      "avx,pclmuldq,rdtscp,tsc-deadline,x2apic,xsave", "" },
  };

  for (guint from = 0; from < 3; from++)
    for (guint to = 0; to < 3; to++)
      {
        g_autoptr (TernCpu) cpu = plan_cpu ("custom", "Intel", generations[from].features);
        g_autoptr (TernHostFacts) facts =
            facts_with ("host-model", "Intel", generations[to].features);
        g_autofree char *list = NULL;
        TernCpuFit fit;

        tern_cpu_fit (cpu, FALSE, NULL, facts, &fit);
        list = g_strjoinv (",", fit.missing);
        ck_assert (fit.known && !fit.vendor_differs && !fit.same_silicon_needed && !fit.differs);
        ck_assert_msg (g_str_equal (list, missing[from][to]), "%s to %s: %s",
                       generations[from].name, generations[to].name, list);
        ck_assert_int_eq (tern_cpu_has_all ((const char *const *) cpu->features,
                                            (const char *const *) facts->cpu->features),
                          list[0] == '\0');
        tern_cpu_fit_clear (&fit);
      }
}
END_TEST

/* Every pair of subsets of five names, against the definition of a difference. */
START_TEST (the_difference_is_what_is_needed_and_not_offered)
{
  static const char *const names[] = { "a", "ab", "b", "ba", "c" };

  for (guint needed = 0; needed < 32; needed++)
    for (guint offered = 0; offered < 32; offered++)
      {
        const char *a[6] = { NULL }, *b[6] = { NULL }, *expected[6] = { NULL };
        guint n_a = 0, n_b = 0, n = 0;
        g_auto (GStrv) missing = NULL;

        for (guint i = 0; i < 5; i++)
          {
            if (needed >> i & 1)
              a[n_a++] = names[i];
            if (offered >> i & 1)
              b[n_b++] = names[i];
            if ((needed & ~offered) >> i & 1)
              expected[n++] = names[i];
          }
        missing = tern_cpu_missing (a, b);
        ck_assert (g_strv_equal ((const char *const *) missing, expected));
        ck_assert_int_eq (tern_cpu_has_all (a, b), n == 0);
      }
}
END_TEST

typedef struct
{
  const char *mode, *vendor, *features;
  gboolean expanded, start;
  const char *source_signature, *signature;
  gboolean known, missing, vendor_differs, same_silicon, differs;
} Row;

START_TEST (each_mode_is_compared_in_its_way)
{
  /* clang-format off */
  static const Row rows[] = {
    /* mode            vendor   features exp.   start  signatures   known  miss.  vendor silicon differs */
    { "custom",           "Intel", "aes",   TRUE,  FALSE, NULL, NULL, TRUE,  FALSE, FALSE, FALSE, FALSE },
    { "custom",           NULL,    "aes",   TRUE,  FALSE, NULL, NULL, TRUE,  FALSE, FALSE, FALSE, FALSE },
    { "custom",           "AMD",   "aes",   TRUE,  FALSE, NULL, NULL, TRUE,  FALSE, TRUE,  FALSE, FALSE },
    { "custom",           "Intel", "amx",   TRUE,  FALSE, NULL, NULL, TRUE,  TRUE,  FALSE, FALSE, FALSE },
    { "custom",           "Intel", "amx",   FALSE, FALSE, NULL, NULL, TRUE,  TRUE,  FALSE, FALSE, FALSE },
    { "custom",           "Intel", "aes",   FALSE, FALSE, NULL, NULL, FALSE, FALSE, FALSE, FALSE, FALSE },
    { "custom",           "Intel", "amx",   TRUE,  TRUE,  NULL, NULL, TRUE,  TRUE,  FALSE, FALSE, FALSE },
    { "custom",           "Intel", "amx",   FALSE, TRUE,  NULL, NULL, TRUE,  TRUE,  FALSE, FALSE, FALSE },
    { "host-model",       NULL,    "",      FALSE, FALSE, NULL, NULL, FALSE, FALSE, FALSE, FALSE, FALSE },
    { "host-model",       NULL,    "",      FALSE, TRUE,  NULL, NULL, TRUE,  FALSE, FALSE, FALSE, FALSE },
    { "host-model",       NULL,    "amx",   FALSE, TRUE,  NULL, NULL, TRUE,  TRUE,  FALSE, FALSE, FALSE },
    { "host-model",       NULL,    "aes",   FALSE, TRUE,  NULL, NULL, TRUE,  FALSE, FALSE, FALSE, FALSE },
    { "host-passthrough", NULL,    "amx",   TRUE,  FALSE, "x",  "x",  TRUE,  FALSE, FALSE, TRUE,  FALSE },
    { "host-passthrough", NULL,    "",      FALSE, FALSE, "x",  "y",  TRUE,  FALSE, FALSE, TRUE,  TRUE },
    { "host-passthrough", NULL,    "",      FALSE, FALSE, NULL, "x",  TRUE,  FALSE, FALSE, TRUE,  TRUE },
    { "maximum",          NULL,    "",      FALSE, FALSE, "x",  NULL, TRUE,  FALSE, FALSE, TRUE,  TRUE },
    { "host-passthrough", NULL,    "",      FALSE, TRUE,  "x",  "y",  TRUE,  FALSE, FALSE, FALSE, FALSE },
    { "",                 NULL,    "",      FALSE, FALSE, NULL, NULL, TRUE,  FALSE, FALSE, FALSE, FALSE },
  };
  /* clang-format on */
  const Row *row = &rows[_i];
  g_autoptr (TernCpu) cpu = plan_cpu (row->mode, row->vendor, row->features);
  g_autoptr (TernHostFacts) source = facts_with ("host-model", "Intel", "aes");
  g_autoptr (TernHostFacts) destination = facts_with ("host-model", "Intel", "aes");
  TernCpuFit fit;

  cpu->expanded = row->expanded;
  plan_set (&source->cpu_signature, row->source_signature);
  plan_set (&destination->cpu_signature, row->signature);
  tern_cpu_fit (cpu, row->start, source, destination, &fit);
  ck_assert_int_eq (fit.known, row->known);
  ck_assert_int_eq (fit.missing[0] != NULL, row->missing);
  ck_assert_int_eq (fit.vendor_differs, row->vendor_differs);
  ck_assert_int_eq (fit.same_silicon_needed, row->same_silicon);
  ck_assert_int_eq (fit.differs, row->differs);
  tern_cpu_fit_clear (&fit);
}
END_TEST

#define N_ROWS 18

START_TEST (what_a_host_does_not_tell_is_not_guessed)
{
  g_autoptr (TernCpu) cpu = plan_cpu ("custom", "Intel", "aes");
  g_autoptr (TernHostFacts) nothing = tern_host_facts_new ();
  g_autoptr (TernHostFacts) short_list = facts_with ("host-model", "Intel", "");
  TernCpuFit fit;

  tern_cpu_fit (cpu, FALSE, NULL, nothing, &fit);
  ck_assert (!fit.known && fit.missing[0] == NULL);
  tern_cpu_fit_clear (&fit);
  short_list->cpu->expanded = FALSE;
  tern_cpu_fit (cpu, FALSE, NULL, short_list, &fit);
  ck_assert (!fit.known && fit.missing[0] == NULL);
  tern_cpu_fit_clear (&fit);
  tern_cpu_fit (NULL, FALSE, NULL, nothing, &fit);
  ck_assert (fit.known);
  tern_cpu_fit_clear (&fit);
}
END_TEST

static TernCluster *
three_generations (const char *third_vendor, gboolean third_known, const char *third_cluster)
{
  g_autoptr (GPtrArray) hosts = g_ptr_array_new_with_free_func ((GDestroyNotify) tern_host_unref);
  g_autoptr (GPtrArray) vms = g_ptr_array_new ();
  static const char *const names[] = { "node1", "node2", "node3" };

  for (guint i = 0; i < 3; i++)
    {
      g_autoptr (TernHostConfig) config = tern_host_config_new (names[i], "sim:///");
      g_autoptr (TernHostFacts) facts =
          facts_with ("host-model", i == 2 ? third_vendor : "Intel", generations[i].features);

      if (i == 2)
        plan_set (&config->cluster, third_cluster);
      if (i == 2 && !third_known)
        facts->cpu->expanded = FALSE;
      g_ptr_array_add (hosts, tern_host_new (config, TERN_HOST_UP, facts, 1, NULL));
    }
  return tern_cluster_new (hosts, vms, NULL, 1, 1);
}

static void
expect_strv (const GStrv list, const char *expected)
{
  g_autofree char *joined = g_strjoinv (" ", list);

  ck_assert_str_eq (joined, expected);
}

START_TEST (the_baseline_is_what_all_hosts_of_the_cluster_offer)
{
  g_autoptr (TernCluster) cluster = three_generations ("Intel", TRUE, "default");
  g_autoptr (TernBaseline) baseline = tern_baseline_compute (cluster, NULL);
  const TernHost *newest = cluster->hosts->pdata[2], *oldest = cluster->hosts->pdata[0];
  g_auto (GStrv) beyond = tern_baseline_get_beyond (baseline, newest->facts->cpu);
  g_auto (GStrv) nothing = tern_baseline_get_beyond (baseline, oldest->facts->cpu);

  expect_strv (baseline->hosts, "node1 node2 node3");
  expect_strv (baseline->unknown, "");
  expect_strv (baseline->features, NEHALEM);
  ck_assert_str_eq (baseline->vendor, "Intel");
  expect_strv (beyond, "aes avx pclmuldq rdtscp tsc-deadline x2apic xsave");
  expect_strv (nothing, "");
}
END_TEST

START_TEST (a_baseline_leaves_out_who_is_unknown_or_of_another_cluster)
{
  g_autoptr (TernCluster) unknown = three_generations ("Intel", FALSE, "default");
  g_autoptr (TernCluster) apart = three_generations ("Intel", TRUE, "lab");
  g_autoptr (TernCluster) mixed = three_generations ("AMD", TRUE, "default");
  g_autoptr (TernBaseline) a = tern_baseline_compute (unknown, NULL);
  g_autoptr (TernBaseline) b = tern_baseline_compute (apart, "lab");
  g_autoptr (TernBaseline) c = tern_baseline_compute (mixed, "default");
  g_autoptr (TernBaseline) d = tern_baseline_compute (mixed, "nowhere");

  expect_strv (a->hosts, "node1 node2");
  expect_strv (a->unknown, "node3");
  expect_strv (b->hosts, "node3");
  ck_assert_uint_eq (g_strv_length (b->features), 38);
  ck_assert_ptr_null (c->vendor);
  expect_strv (c->features, NEHALEM);
  expect_strv (d->hosts, "");
  expect_strv (d->features, "");
  ck_assert_ptr_null (d->vendor);
}
END_TEST

TERN_CHECK_MAIN ("cpu-compat",
                 tcase_add_test (tcase, the_six_pairs_of_three_generations_come_out_as_published);
                 tcase_add_test (tcase, the_difference_is_what_is_needed_and_not_offered);
                 tcase_add_loop_test (tcase, each_mode_is_compared_in_its_way, 0, N_ROWS);
                 tcase_add_test (tcase, what_a_host_does_not_tell_is_not_guessed);
                 tcase_add_test (tcase, the_baseline_is_what_all_hosts_of_the_cluster_offer);
                 tcase_add_test (tcase,
                                 a_baseline_leaves_out_who_is_unknown_or_of_another_cluster);)
