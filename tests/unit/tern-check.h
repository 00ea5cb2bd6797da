/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The main() of every Check program: one suite, TAP on stdout.
 *
 *   TERN_CHECK_MAIN ("clock", tcase_add_test (tcase, a_timer_fires_once);)
 */

#include <check.h>
#include <stdlib.h>

#define TERN_CHECK_MAIN(name, ...)                                                                 \
  int main (void)                                                                                  \
  {                                                                                                \
    Suite *suite = suite_create (name);                                                            \
    TCase *tcase = tcase_create (name);                                                            \
    SRunner *runner;                                                                               \
    int failed;                                                                                    \
                                                                                                   \
    tcase_set_timeout (tcase, 120);                                                                \
    __VA_ARGS__                                                                                    \
    suite_add_tcase (suite, tcase);                                                                \
    runner = srunner_create (suite);                                                               \
    srunner_set_tap (runner, "-");                                                                 \
    srunner_run_all (runner, CK_SILENT);                                                           \
    failed = srunner_ntests_failed (runner);                                                       \
    srunner_free (runner);                                                                         \
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;                                              \
  }
