/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "model/cpu.h"

#include "tern-check.h"

#define LIST(...) ((const char *const[]){ __VA_ARGS__, NULL })

START_TEST (features_are_sorted_and_named_once)
{
  g_autoptr (TernCpu) cpu =
      tern_cpu_new ("custom", "m", "v", LIST ("vmx", "aes", "vmx", "avx", "aes"), LIST ("b", "a"));

  ck_assert (g_strv_equal ((const char *const *) cpu->features, LIST ("aes", "avx", "vmx")));
  ck_assert (g_strv_equal ((const char *const *) cpu->disabled, LIST ("a", "b")));
}
END_TEST

START_TEST (what_is_not_given_is_empty_not_missing)
{
  g_autoptr (TernCpu) cpu = tern_cpu_new (NULL, NULL, NULL, NULL, NULL);

  ck_assert_str_eq (cpu->mode, "");
  ck_assert_ptr_null (cpu->model);
  ck_assert_ptr_null (cpu->vendor);
  ck_assert_uint_eq (g_strv_length (cpu->features), 0);
  ck_assert_uint_eq (g_strv_length (cpu->disabled), 0);
}
END_TEST

START_TEST (the_order_of_features_makes_no_other_cpu)
{
  g_autoptr (TernCpu) one = tern_cpu_new ("custom", "m", "v", LIST ("a", "b"), NULL);
  g_autoptr (TernCpu) two = tern_cpu_new ("custom", "m", "v", LIST ("b", "a", "b"), NULL);

  ck_assert (tern_cpu_equal (one, two));
  ck_assert (tern_cpu_equal (one, one));
  ck_assert (tern_cpu_equal (NULL, NULL));
  ck_assert (!tern_cpu_equal (one, NULL));
  ck_assert (!tern_cpu_equal (NULL, one));
}
END_TEST

START_TEST (a_cpu_that_is_spelled_out_is_another_one)
{
  g_autoptr (TernCpu) plain = tern_cpu_new ("custom", "m", "v", LIST ("a"), NULL);
  g_autoptr (TernCpu) spelled = tern_cpu_new ("custom", "m", "v", LIST ("a"), NULL);

  ck_assert (!plain->expanded);
  spelled->expanded = TRUE;
  ck_assert (!tern_cpu_equal (plain, spelled));
}
END_TEST

START_TEST (every_field_makes_another_cpu)
{
  g_autoptr (TernCpu) base = tern_cpu_new ("custom", "m", "v", LIST ("a"), LIST ("b"));
  TernCpu *others[] = {
    tern_cpu_new ("host-model", "m", "v", LIST ("a"), LIST ("b")),
    tern_cpu_new ("custom", "n", "v", LIST ("a"), LIST ("b")),
    tern_cpu_new ("custom", NULL, "v", LIST ("a"), LIST ("b")),
    tern_cpu_new ("custom", "m", "w", LIST ("a"), LIST ("b")),
    tern_cpu_new ("custom", "m", "v", LIST ("a", "c"), LIST ("b")),
    tern_cpu_new ("custom", "m", "v", LIST ("a"), NULL),
  };

  for (guint i = 0; i < G_N_ELEMENTS (others); i++)
    {
      ck_assert (!tern_cpu_equal (base, others[i]));
      tern_cpu_unref (others[i]);
    }
}
END_TEST

START_TEST (references_are_counted)
{
  TernCpu *cpu = tern_cpu_new ("custom", NULL, NULL, NULL, NULL);

  ck_assert_ptr_eq (tern_cpu_ref (cpu), cpu);
  tern_cpu_unref (cpu);
  ck_assert_str_eq (cpu->mode, "custom");
  tern_cpu_unref (cpu);
  tern_cpu_unref (NULL);
}
END_TEST

/* clang-format off */
TERN_CHECK_MAIN ("cpu",
  tcase_add_test (tcase, features_are_sorted_and_named_once);
  tcase_add_test (tcase, what_is_not_given_is_empty_not_missing);
  tcase_add_test (tcase, the_order_of_features_makes_no_other_cpu);
  tcase_add_test (tcase, a_cpu_that_is_spelled_out_is_another_one);
  tcase_add_test (tcase, every_field_makes_another_cpu);
  tcase_add_test (tcase, references_are_counted);
)
/* clang-format on */
