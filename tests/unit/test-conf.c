/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The configuration files: what counts, and what is refused how.
 */
#include "config.h"

#include "daemon/conf.h"

#include "base/error.h"
#include "model/drain.h"
#include "tern-check.h"

#include <glib/gstdio.h>

static char *folder;

static void
setup (void)
{
  folder = g_dir_make_tmp ("tern-config-XXXXXX", NULL);
  ck_assert_ptr_nonnull (folder);
}

static void
teardown (void)
{
  static const char *const names[] = { "virternd.conf", "conf.d/10-a.conf", "conf.d/20-b.conf",
                                       "conf.d/note.txt", "conf.d" };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *path = g_build_filename (folder, names[i], NULL);

      (void) g_remove (path); /* not every test makes each */
    }
  ck_assert_int_eq (g_rmdir (folder), 0);
  g_clear_pointer (&folder, g_free);
}

static void
put (const char *name, const char *text)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);
  g_autofree char *parent = g_path_get_dirname (path);

  ck_assert_int_eq (g_mkdir_with_parents (parent, 0700), 0);
  ck_assert (g_file_set_contents (path, text, -1, NULL));
}

static TernConfig *
load (gboolean required, GError **error)
{
  g_autofree char *path = g_build_filename (folder, "virternd.conf", NULL);

  return tern_config_load (path, required, error);
}

static void
assert_refused (const char *text, const char *sentence)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *expected = g_strdup_printf ("%s/virternd.conf:%s", folder, sentence);

  put ("virternd.conf", text);
  ck_assert_ptr_null (load (TRUE, &error));
  ck_assert_str_eq (error->message, expected);
}

static void
assert_default_settings (const TernConfig *config)
{
  const TernSettings defaults = TERN_SETTINGS_INIT;

  ck_assert_double_eq (config->settings.memory_ratio, defaults.memory_ratio);
  ck_assert_uint_eq (config->settings.memory_reserve, defaults.memory_reserve);
  for (guint i = 0; i < TERN_SCORE_PARTS; i++)
    ck_assert_double_eq (config->settings.weights[i], defaults.weights[i]);
  ck_assert_int_eq (config->settings.move.policy, defaults.move.policy);
  ck_assert_int_eq (config->settings.move.priority, defaults.move.priority);
  ck_assert_uint_eq (config->settings.move.bandwidth_bps, defaults.move.bandwidth_bps);
  ck_assert_int_eq (config->settings.bounds.stall_us, defaults.bounds.stall_us);
  ck_assert_int_eq (config->settings.bounds.switchover_us, defaults.bounds.switchover_us);
  ck_assert_int_eq (config->settings.bounds.prepare_us, defaults.bounds.prepare_us);
  ck_assert_uint_eq (config->settings.limits.out, defaults.limits.out);
  ck_assert_uint_eq (config->settings.limits.in, defaults.limits.in);
  ck_assert_uint_eq (config->settings.limits.cluster, defaults.limits.cluster);
  ck_assert_int_eq (config->settings.shutdown_us, defaults.shutdown_us);
}

START_TEST (a_missing_file_is_fine_unless_it_was_asked_for)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (TernConfig) config = load (FALSE, &error);

  ck_assert_ptr_nonnull (config);
  ck_assert_ptr_null (config->state_dir);
  ck_assert (!config->debug);
  assert_default_settings (config);
  ck_assert_ptr_null (config->shared_paths);
  ck_assert_ptr_null (load (TRUE, &error));
  ck_assert_ptr_nonnull (error);
}
END_TEST

START_TEST (every_key_of_the_example_is_known)
{
  g_autofree char *path = g_build_filename (TERN_SRC_DIR, "data", "virternd.conf", NULL);
  g_autofree char *text = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (TernConfig) config = NULL;
  g_autoptr (GRegex) commented = g_regex_new ("^#([a-z-]+ =)", G_REGEX_MULTILINE, 0, NULL);
  g_autofree char *live = NULL;

  ck_assert (g_file_get_contents (path, &text, NULL, NULL));
  live = g_regex_replace (commented, text, -1, 0, "\\1", 0, NULL);
  put ("virternd.conf", live);
  config = load (TRUE, &error);
  ck_assert_msg (config != NULL, "%s", error != NULL ? error->message : "");
  ck_assert_str_eq (config->state_dir, "/var/lib/virtern");
  assert_default_settings (config);
}
END_TEST

START_TEST (each_setting_of_placement_goes_where_it_belongs)
{
  g_autoptr (TernConfig) config = NULL;

  put ("virternd.conf", "[placement]\nmemory-ratio=1.5\nmemory-reserve=2048\nweight-memory=0\n"
                        "weight-cpu=0.25\nweight-generation=1000\nweight-spread=3\n");
  config = load (TRUE, NULL);
  ck_assert_ptr_nonnull (config);
  ck_assert_double_eq (config->settings.memory_ratio, 1.5);
  ck_assert_uint_eq (config->settings.memory_reserve, G_GUINT64_CONSTANT (2048) << 20);
  ck_assert_double_eq (config->settings.weights[TERN_SCORE_MEMORY], 0);
  ck_assert_double_eq (config->settings.weights[TERN_SCORE_CPU], 0.25);
  ck_assert_double_eq (config->settings.weights[TERN_SCORE_GENERATION], 1000);
  ck_assert_double_eq (config->settings.weights[TERN_SCORE_SPREAD], 3);
}
END_TEST

START_TEST (each_setting_of_migration_goes_where_it_belongs)
{
  g_autoptr (TernConfig) config = NULL;
  g_autoptr (GError) error = NULL;
  const TernSettings *settings;

  put ("virternd.conf",
       "[migration]\npolicy=force\npriority=high\nbandwidth=100\npostcopy-bandwidth=200\n"
       "parallel=4\ncompression=zstd\ntls=yes\nprepare-postcopy=true\nstall-timeout=30\n"
       "switchover-timeout=50\nprepare-timeout=70\nlimit-out=3\nlimit-in=4\nlimit-cluster=5\n");
  config = load (TRUE, &error);
  ck_assert_msg (config != NULL, "%s", error != NULL ? error->message : "");
  settings = &config->settings;
  ck_assert_int_eq (settings->move.policy, TERN_POLICY_FORCE);
  ck_assert_int_eq (settings->move.priority, TERN_PRIORITY_HIGH);
  ck_assert_uint_eq (settings->move.bandwidth_bps, 100 << 20);
  ck_assert_uint_eq (settings->move.postcopy_bandwidth_bps, 200 << 20);
  ck_assert_uint_eq (settings->move.parallel, 4);
  ck_assert_int_eq (settings->move.compression, TERN_COMPRESSION_ZSTD);
  ck_assert (settings->move.tls);
  ck_assert (settings->prepare_postcopy);
  ck_assert_int_eq (settings->bounds.stall_us, 30 * G_USEC_PER_SEC);
  ck_assert_int_eq (settings->bounds.switchover_us, 50 * G_USEC_PER_SEC);
  ck_assert_int_eq (settings->bounds.prepare_us, 70 * G_USEC_PER_SEC);
  ck_assert_uint_eq (settings->limits.out, 3);
  ck_assert_uint_eq (settings->limits.in, 4);
  ck_assert_uint_eq (settings->limits.cluster, 5);
}
END_TEST

START_TEST (a_value_of_migration_that_cannot_be_is_refused_with_what_can)
{
  static const struct
  {
    const char *key;
    const char *value;
    const char *sentence;
  } bad[] = {
    { "policy", "brutal", "must be careful, default, postcopy or force" },
    { "policy", "", "must be careful, default, postcopy or force" },
    { "priority", "High", "must be low, normal or high" },
    { "compression", "lz4", "must be none, xbzrle, zlib or zstd" },
    { "tls", "1", "must be “yes” or “no”" },
    { "prepare-postcopy", "maybe", "must be “yes” or “no”" },
    { "bandwidth", "1.5", "must be a whole number of MiB from 0 to 1073741824" },
    { "postcopy-bandwidth", "-1", "must be a whole number of MiB from 0 to 1073741824" },
    { "parallel", "33", "must be a whole number from 0 to 32" },
    { "stall-timeout", "9", "must be a whole number of seconds from 10 to 3600" },
    { "switchover-timeout", "0", "must be a whole number of seconds from 1 to 3600" },
    { "prepare-timeout", "10m", "must be a whole number of seconds from 30 to 86400" },
    { "limit-out", "1001", "must be a whole number from 0 to 1000" },
    { "limit-in", "auto", "must be a whole number from 0 to 1000" },
    { "limit-cluster", "4294967297", "must be a whole number from 0 to 1000" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autofree char *text = g_strdup_printf ("[migration]\n%s=%s\n", bad[i].key, bad[i].value);
      g_autofree char *sentence =
          g_strdup_printf ("2: “%s” is “%s”: %s", bad[i].key, bad[i].value, bad[i].sentence);

      assert_refused (text, sentence);
    }
}
END_TEST

/* The last place that has a part in it is named; which parts there are, plan/move-options says. */
START_TEST (a_combination_that_can_never_be_is_refused_where_it_comes_about)
{
  g_autofree char *drop_in = g_build_filename (folder, "conf.d", "10-a.conf", NULL);
  g_autofree char *place = g_strdup_printf ("%s:3: “compression”: ", drop_in);
  g_autoptr (GError) error = NULL;
  g_autoptr (GError) other = NULL;
  g_autoptr (TernConfig) config = NULL;

  put ("virternd.conf", "[migration]\nparallel=4\nlimit-out=2\n");
  put ("conf.d/10-a.conf", "[migration]\ntls=yes\ncompression=xbzrle\nlimit-in=2\n");
  ck_assert_ptr_null (load (TRUE, &error));
  ck_assert_msg (g_str_has_prefix (error->message, place), "%s", error->message);
  ck_assert (g_error_matches (error, TERN_ERROR, TERN_ERROR_INVALID_ARGUMENT));

  put ("conf.d/20-b.conf", "[migration]\ncompression=zstd\n");
  config = load (TRUE, &other);
  ck_assert_msg (config != NULL, "%s", other != NULL ? other->message : "");
}
END_TEST

START_TEST (a_number_that_is_none_or_out_of_bounds_is_refused)
{
  static const char *const bad[] = { "",      "nan", "inf", "-1",  "1e3",  "0x10",   "1,5",
                                     "1.2.3", ".5",  "+1",  "1 2", "1001", "1000.1", "four" };
  static const char *const bad_mib[] = { "",          "-1", "1.5", "1e3", "18446744073709551616",
                                         "1073741825" };

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autofree char *text = g_strdup_printf ("[placement]\nweight-cpu=%s\n", bad[i]);
      g_autofree char *sentence =
          g_strdup_printf ("2: “weight-cpu” is “%s”: must be a number from 0 to 1000", bad[i]);

      assert_refused (text, sentence);
    }
  for (guint i = 0; i < G_N_ELEMENTS (bad_mib); i++)
    {
      g_autofree char *text = g_strdup_printf ("[placement]\nmemory-reserve=%s\n", bad_mib[i]);
      g_autofree char *sentence = g_strdup_printf (
          "2: “memory-reserve” is “%s”: must be a whole number of MiB from 0 to 1073741824",
          bad_mib[i]);

      assert_refused (text, sentence);
    }
  assert_refused ("[placement]\nmemory-ratio=0\n",
                  "2: “memory-ratio” is “0”: must be a number from 0.1 to 10");
  assert_refused ("[placement]\nmemory-ratio=10.01\n",
                  "2: “memory-ratio” is “10.01”: must be a number from 0.1 to 10");
}
END_TEST

START_TEST (weights_that_are_all_zero_choose_nothing_and_are_refused)
{
  g_autoptr (TernConfig) config = NULL;

  put ("conf.d/10-a.conf", "[placement]\nweight-memory=0\nweight-cpu=0\n");
  assert_refused ("[placement]\nweight-generation=0\nweight-spread=0\n",
                  " all weights of “[placement]” are 0; at least one must count");
  put ("conf.d/20-b.conf", "[placement]\nweight-spread=0.001\n");
  config = load (TRUE, NULL);
  ck_assert_ptr_nonnull (config);
}
END_TEST

START_TEST (shared_paths_are_sorted_and_a_later_list_counts)
{
  g_autoptr (TernConfig) config = NULL;
  g_autoptr (TernConfig) none = NULL;

  put ("virternd.conf", "[storage]\nshared-paths = /srv/vms ; /data/iso;/srv/vms;\n");
  config = load (TRUE, NULL);
  ck_assert_ptr_nonnull (config);
  ck_assert_uint_eq (g_strv_length (config->shared_paths), 2);
  ck_assert_str_eq (config->shared_paths[0], "/data/iso");
  ck_assert_str_eq (config->shared_paths[1], "/srv/vms");

  put ("conf.d/10-a.conf", "[storage]\nshared-paths =\n");
  none = load (TRUE, NULL);
  ck_assert_uint_eq (g_strv_length (none->shared_paths), 0);
}
END_TEST

START_TEST (a_shared_path_that_no_disk_could_match_is_refused)
{
#define PATHS(value, why)                                                                          \
  assert_refused ("[storage]\nshared-paths=" value "\n", "2: “shared-paths” is “" value "”: " why)
  PATHS ("srv/vms", "“srv/vms” must be an absolute path");
  PATHS ("/srv/vms;;/b", "“” must be an absolute path");
  PATHS ("/srv/vms/", "“/srv/vms/” must be written “/srv/vms”");
  PATHS ("/srv/../vms", "“/srv/../vms” must be written “/vms”");
  PATHS ("/a;/srv//vms", "“/srv//vms” must be written “/srv/vms”");
  PATHS ("/", "“/” would make every disk a shared one; name the folders that are");
  assert_refused ("[storage]\nshared-paths=/srv\\tvms\n",
                  "2: “shared-paths” is “/srv\\x09vms”: “/srv\\x09vms” has characters that cannot "
                  "be shown");
}
END_TEST

START_TEST (drain_rules_keep_their_order_and_a_later_list_counts)
{
  g_autoptr (TernConfig) config = NULL;
  g_autoptr (TernConfig) other = NULL;
  TernDrainAction action;

  put ("virternd.conf",
       "[drain]\nrules = web*=ask ; *=skip;build-?\?=cold;\nshutdown-timeout=10\n");
  config = load (TRUE, NULL);
  ck_assert_ptr_nonnull (config);
  ck_assert_int_eq (config->settings.shutdown_us, 10 * G_USEC_PER_SEC);
  ck_assert_uint_eq (g_strv_length (config->drain_rules), 3);
  ck_assert (tern_drain_rules_find (config->settings.drain_rules, "web1", &action));
  ck_assert_int_eq (action, TERN_DRAIN_ASK);
  ck_assert (tern_drain_rules_find (config->settings.drain_rules, "build-01", &action));
  ck_assert_int_eq (action, TERN_DRAIN_SKIP);

  put ("conf.d/10-a.conf", "[drain]\nrules =\n");
  other = load (TRUE, NULL);
  ck_assert (!tern_drain_rules_find (other->settings.drain_rules, "web1", &action));
}
END_TEST

START_TEST (a_drain_rule_or_timeout_that_cannot_be_is_refused_with_line_and_value)
{
#define RULES(value, why)                                                                          \
  assert_refused ("[drain]\nrules=" value "\n", "2: “rules” is “" value "”: " why)
  RULES ("web", "“web” must have the form NAME=ACTION, as in “build-*=skip”");
  RULES ("=skip", "“=skip” must have the form NAME=ACTION, as in “build-*=skip”");
  RULES ("web=skip;;a=skip", "“” must have the form NAME=ACTION, as in “build-*=skip”");
  RULES ("web=skip;db=stop",
         "“db=stop” must end in one of the actions migrate, skip, cold, shutdown, ask");
  assert_refused (
      "[drain]\nshutdown-timeout=9\n",
      "2: “shutdown-timeout” is “9”: must be a whole number of seconds from 10 to 86400");
}
END_TEST

START_TEST (drop_ins_count_in_the_order_of_their_names)
{
  g_autoptr (TernConfig) config = NULL;

  put ("virternd.conf", "[daemon]\nstate-dir=/one\nlog-level=debug\n");
  put ("conf.d/20-b.conf", "[daemon]\nstate-dir=/three\n");
  put ("conf.d/10-a.conf", "[daemon]\nstate-dir=/two\n");
  put ("conf.d/note.txt", "this is no configuration");
  config = load (TRUE, NULL);
  ck_assert_ptr_nonnull (config);
  ck_assert_str_eq (config->state_dir, "/three");
  ck_assert (config->debug);
}
END_TEST

START_TEST (an_unknown_key_is_refused_with_file_line_and_name)
{
  assert_refused ("# a comment\n[daemon]\nlog-level=info\nstate_dir=/x\n",
                  "4: unknown key “state_dir” in group “[daemon]”");
}
END_TEST

START_TEST (an_unknown_group_is_refused_with_file_line_and_name)
{
  assert_refused ("[daemon]\n\n[limits]\nincoming=2\n", "3: unknown group “[limits]”");
}
END_TEST

START_TEST (a_bad_value_is_refused_with_file_line_and_key)
{
  assert_refused ("[daemon]\nlog-level=loud\n",
                  "2: “log-level” is “loud”: must be “info” or “debug”");
  assert_refused ("[daemon]\nstate-dir = var/lib\n",
                  "2: “state-dir” is “var/lib”: must be an absolute path");
}
END_TEST

START_TEST (a_line_that_is_nothing_is_refused_with_file_and_line)
{
#define MUST_BE ": must be “[GROUP]”, “KEY = VALUE” in a group, or a comment after “#”"
  assert_refused ("state-dir\n", "1" MUST_BE);
  assert_refused ("log-level = info\n[daemon]\n", "1" MUST_BE);
  assert_refused ("# fine\n\n[daemon]\nlog-level = info\ngarbage here\n", "5" MUST_BE);
  assert_refused ("[daemon]\n= info\n", "2" MUST_BE);
  assert_refused ("[daemon\nlog-level = info\n", "1" MUST_BE);
  assert_refused ("[]\n", "1" MUST_BE);
}
END_TEST

START_TEST (what_is_no_text_is_refused_with_the_file)
{
  g_autoptr (GError) error = NULL;

  put ("virternd.conf", "[daemon]\nlog-level=\xff\n");
  ck_assert_ptr_null (load (TRUE, &error));
  ck_assert_ptr_nonnull (strstr (error->message, "UTF-8"));
}
END_TEST

START_TEST (a_bad_escape_is_refused_and_not_dropped)
{
  g_autoptr (GError) error = NULL;

  put ("virternd.conf", "[daemon]\nstate-dir=/var\\qlib\n");
  ck_assert_ptr_null (load (TRUE, &error));
  ck_assert (g_error_matches (error, TERN_ERROR, TERN_ERROR_INVALID_ARGUMENT));
  ck_assert_ptr_nonnull (strstr (error->message, "virternd.conf:2: “state-dir” is "));
}
END_TEST

START_TEST (a_refused_line_is_never_shown_raw)
{
  g_autoptr (GError) error = NULL;

  put ("virternd.conf", "[daemon]\nstate\033[31mdir\n");
  ck_assert_ptr_null (load (TRUE, &error));
  ck_assert (g_error_matches (error, TERN_ERROR, TERN_ERROR_INVALID_ARGUMENT));
  ck_assert_ptr_null (strchr (error->message, '\033'));
}
END_TEST

START_TEST (a_broken_drop_in_is_refused_too)
{
  g_autoptr (GError) error = NULL;

  put ("conf.d/10-a.conf", "[daemon]\nlog-level=loud\n");
  ck_assert_ptr_null (load (FALSE, &error));
  ck_assert_ptr_nonnull (strstr (error->message, "conf.d/10-a.conf:2: "));
}
END_TEST

/* clang-format off */
TERN_CHECK_MAIN ("conf",
  tcase_add_checked_fixture (tcase, setup, teardown);
  tcase_add_test (tcase, a_missing_file_is_fine_unless_it_was_asked_for);
  tcase_add_test (tcase, every_key_of_the_example_is_known);
  tcase_add_test (tcase, each_setting_of_placement_goes_where_it_belongs);
  tcase_add_test (tcase, each_setting_of_migration_goes_where_it_belongs);
  tcase_add_test (tcase, a_value_of_migration_that_cannot_be_is_refused_with_what_can);
  tcase_add_test (tcase, a_combination_that_can_never_be_is_refused_where_it_comes_about);
  tcase_add_test (tcase, a_number_that_is_none_or_out_of_bounds_is_refused);
  tcase_add_test (tcase, weights_that_are_all_zero_choose_nothing_and_are_refused);
  tcase_add_test (tcase, shared_paths_are_sorted_and_a_later_list_counts);
  tcase_add_test (tcase, a_shared_path_that_no_disk_could_match_is_refused);
  tcase_add_test (tcase, drain_rules_keep_their_order_and_a_later_list_counts);
  tcase_add_test (tcase, a_drain_rule_or_timeout_that_cannot_be_is_refused_with_line_and_value);
  tcase_add_test (tcase, drop_ins_count_in_the_order_of_their_names);
  tcase_add_test (tcase, an_unknown_key_is_refused_with_file_line_and_name);
  tcase_add_test (tcase, an_unknown_group_is_refused_with_file_line_and_name);
  tcase_add_test (tcase, a_bad_value_is_refused_with_file_line_and_key);
  tcase_add_test (tcase, a_bad_escape_is_refused_and_not_dropped);
  tcase_add_test (tcase, a_refused_line_is_never_shown_raw);
  tcase_add_test (tcase, a_line_that_is_nothing_is_refused_with_file_and_line);
  tcase_add_test (tcase, what_is_no_text_is_refused_with_the_file);
  tcase_add_test (tcase, a_broken_drop_in_is_refused_too);)
/* clang-format on */
