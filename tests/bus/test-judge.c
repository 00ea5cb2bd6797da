/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What only judges: CheckVm, Plan, GetBaseline, GetSnapshot. tests/bus/judge.json is the cluster.
 */
#include "config.h"

#include "bus-fixture.h"
#include "tern-check.h"

#define UUID_MODERN "aaaaaaaa-0000-4000-8000-000000000001"
#define UUID_TWIN "aaaaaaaa-0000-4000-8000-000000000002"

static void
setup (void)
{
  g_autofree char *text = NULL;

  ck_assert (g_file_get_contents (TERN_SRC_DIR "/tests/bus/judge.json", &text, NULL, NULL));
  fixture_start ();
  fixture_simulate (text, "20");
}

static GVariant *
check_args (const char *vm, const char *option_text)
{
  return g_variant_new ("(s@a{sv})", vm, options (option_text));
}

/* @names: GVariant text of an "as" */
static GVariant *
group_args (const char *names, const char *option_text)
{
  GVariant *list = g_variant_parse (G_VARIANT_TYPE ("as"), names, NULL, NULL, NULL);

  ck_assert_ptr_nonnull (list);
  return g_variant_new ("(@as@a{sv})", list, options (option_text));
}

/* (transfer full): the hosts of CheckVm */
static GVariant *
check_vm (const char *vm, const char *option_text)
{
  g_autoptr (GVariant) reply = call ("CheckVm", check_args (vm, option_text));

  return g_variant_get_child_value (reply, 0);
}

static char *
get_text (GVariant *dict, const char *key)
{
  char *text = NULL;

  ck_assert_msg (g_variant_lookup (dict, key, "s", &text), "%s is missing", key);
  return text;
}

static void
assert_text (GVariant *dict, const char *key, const char *expected)
{
  g_autofree char *text = get_text (dict, key);

  ck_assert_str_eq (text, expected);
}

/* "HOST VERDICT CODE,CODE; …" */
static char *
summarize (GVariant *hosts)
{
  g_autoptr (GString) text = g_string_new (NULL);

  for (gsize i = 0; i < g_variant_n_children (hosts); i++)
    {
      g_autoptr (GVariant) host = g_variant_get_child_value (hosts, i);
      g_autoptr (GVariant) reasons = g_variant_lookup_value (host, "Reasons", NULL);
      g_autofree char *name = get_text (host, "Host");
      g_autofree char *verdict = get_text (host, "Verdict");

      g_string_append_printf (text, "%s%s %s", i > 0 ? "; " : "", name, verdict);
      for (gsize j = 0; j < g_variant_n_children (reasons); j++)
        {
          g_autoptr (GVariant) reason = g_variant_get_child_value (reasons, j);
          g_autofree char *code = get_text (reason, "Code");

          g_string_append_printf (text, "%s%s", j > 0 ? "," : " ", code);
        }
    }
  return g_strdup (text->str);
}

static void
assert_checked (const char *vm, const char *option_text, const char *expected)
{
  g_autoptr (GVariant) hosts = check_vm (vm, option_text);
  g_autofree char *summary = summarize (hosts);

  ck_assert_str_eq (summary, expected);
}

START_TEST (every_host_is_judged_the_best_first)
{
  assert_checked ("modern", "{}",
                  "new2 yes; new1 no host.same; old no cpu.feature-missing; "
                  "rack no host.other-cluster");
  assert_checked ("locked", "{}",
                  "new1 no vm.locked,host.same; new2 no vm.locked; old no vm.locked; "
                  "rack no vm.locked,host.other-cluster");
}
END_TEST

START_TEST (a_reason_names_what_is_missing_and_what_would_help)
{
  g_autoptr (GVariant) hosts = check_vm (UUID_MODERN, "{'destination': <'old'>}");
  g_autoptr (GVariant) host = g_variant_get_child_value (hosts, 0);
  g_autoptr (GVariant) reasons = g_variant_lookup_value (host, "Reasons", NULL);
  g_autoptr (GVariant) reason = g_variant_get_child_value (reasons, 0);
  g_autoptr (GVariant) parameters = g_variant_lookup_value (reason, "Parameters", NULL);
  g_autofree char *remedy = get_text (reason, "Remedy");
  g_autofree char *detail = get_text (reason, "Detail");

  assert_text (reason, "Severity", "blocks");
  assert_text (parameters, "features", "aes,avx");
  ck_assert_ptr_nonnull (strstr (remedy, "virtern vm mask modern"));
  ck_assert_msg (*detail != '\0', "the host's libvirt was not asked");
}
END_TEST

START_TEST (a_host_that_is_named_is_judged_alone_and_as_named)
{
  assert_checked ("modern", "{'destination': <'rack'>}", "rack warnings host.other-cluster");
  assert_checked ("modern", "{'destination': <'new2'>}", "new2 yes");
}
END_TEST

START_TEST (a_medium_that_will_be_taken_out_does_not_block)
{
  assert_checked ("iso", "{'destination': <'new2'>}", "new2 no cdrom.local");
  assert_checked ("iso", "{'destination': <'new2'>, 'eject-local-media': <true>}",
                  "new2 warnings cdrom.local");
}
END_TEST

START_TEST (a_vm_that_is_shut_off_is_judged_for_a_start_unless_told_otherwise)
{
  g_autoptr (GVariant) hosts = check_vm ("off", "{'act': <'move'>}");
  g_autofree char *summary = summarize (hosts);

  assert_checked ("off", "{'destination': <'new1'>}", "new1 yes");
  assert_checked ("off", "{'destination': <'new1'>, 'act': <'start'>}", "new1 yes");
  ck_assert_ptr_nonnull (strstr (summary, "new2 no vm.not-running"));
}
END_TEST

START_TEST (a_plan_is_made_through_one_ledger_and_begins_nothing)
{
  g_autoptr (GVariant) reply =
      call ("Plan", group_args ("['big1', 'big2', 'locked']", "{'destination': <'new2'>}"));
  g_autoptr (GVariant) moves = g_variant_get_child_value (reply, 0);
  g_autoptr (GVariant) refused = g_variant_get_child_value (reply, 1);
  g_autoptr (GVariant) move = g_variant_get_child_value (moves, 0);
  g_autoptr (GVariant) first = g_variant_get_child_value (refused, 0);
  g_autoptr (GVariant) second = g_variant_get_child_value (refused, 1);
  g_autoptr (GVariant) hosts = g_variant_lookup_value (first, "Hosts", NULL);
  g_autoptr (GVariant) reserved =
      get_property (TERN_BUS_PATH_HOSTS "/new2", TERN_IFACE_HOST, "MemoryReserved");
  g_autoptr (GVariant) history = call ("ListTasks", g_variant_new ("(@a{sv})", no_options ()));
  g_autoptr (GVariant) tasks = g_variant_get_child_value (history, 0);
  g_autofree char *summary = summarize (hosts);

  ck_assert_uint_eq (g_variant_n_children (moves), 1);
  ck_assert_uint_eq (g_variant_n_children (refused), 2);
  assert_text (move, "Vm", "big1");
  assert_text (move, "Act", "move");
  assert_text (move, "Source", "new1");
  assert_text (move, "Destination", "new2");
  assert_text (first, "Vm", "big2");
  assert_text (second, "Vm", "locked");
  ck_assert_str_eq (summary, "new2 no memory.short");
  ck_assert_uint_eq (g_variant_get_uint64 (reserved), 0);
  ck_assert_uint_eq (g_variant_n_children (tasks), 0);
}
END_TEST

START_TEST (the_same_question_has_the_same_answer)
{
  g_autoptr (GVariant) first = call ("Plan", group_args ("['big2', 'big1', 'modern']", "{}"));
  g_autoptr (GVariant) again = call ("Plan", group_args ("['big2', 'big1', 'modern']", "{}"));
  g_autofree char *a = g_variant_print (first, FALSE);
  g_autofree char *b = g_variant_print (again, FALSE);

  ck_assert_str_eq (a, b);
}
END_TEST

typedef struct
{
  const char *names;
  const char *options;
  const char *error;
  const char *part;
} BadGroup;

static const BadGroup bad_groups[] = {
  { "[]", "{}", "InvalidArgument", "name at least one" },
  { "['modern', 'modern']", "{}", "InvalidArgument", "the same VM" },
  { "['modern', '" UUID_MODERN "']", "{}", "InvalidArgument", "“modern” and “" UUID_MODERN "”" },
  { "['modern', 'AAAAAAAA-0000-4000-8000-000000000001']", "{}", "InvalidArgument", "the same VM" },
  { "['modern', 'nobody']", "{}", "NotFound", "nobody" },
  { "['modern', '\\u001b[2J']", "{}", "NotFound", "\\x1b[2J" },
  { "['']", "{}", "NotFound", "" },
  { "['twin']", "{}", "Ambiguous", UUID_TWIN },
  { "['modern']", "{'destination': <'nowhere'>}", "NotFound", "nowhere" },
  { "['modern']", "{'destination': <''>}", "NotFound", "" },
  { "['modern']", "{'destination': <5>}", "InvalidArgument", "must be of type “s”" },
  { "['modern']", "{'destinaton': <'new2'>}", "InvalidArgument", "“destinaton”" },
  { "['modern']", "{'eject-local-media': <'yes'>}", "InvalidArgument", "must be of type “b”" },
};

START_TEST (a_list_of_vms_that_is_no_good_is_refused_by_name)
{
  static const char *const methods[] = { "Plan", "MigrateGroup" };

  for (guint m = 0; m < G_N_ELEMENTS (methods); m++)
    for (guint i = 0; i < G_N_ELEMENTS (bad_groups); i++)
      assert_error (methods[m], group_args (bad_groups[i].names, bad_groups[i].options),
                    bad_groups[i].error, bad_groups[i].part);
  assert_error ("Plan", group_args ("['modern']", "{'act': <'stop'>}"), "InvalidArgument",
                "“stop”; it must be “move” or “start”");
  assert_error ("Plan", group_args ("['modern']", "{'partial': <true>}"), "InvalidArgument",
                "“partial”");
}
END_TEST

START_TEST (more_than_a_thousand_vms_are_too_many)
{
  static const char *const methods[] = { "Plan", "MigrateGroup" };

  for (guint m = 0; m < G_N_ELEMENTS (methods); m++)
    {
      GVariantBuilder builder;

      g_variant_builder_init (&builder, G_VARIANT_TYPE ("as"));
      for (guint i = 0; i < 1001; i++)
        g_variant_builder_add (&builder, "s", "modern");
      assert_error (methods[m],
                    g_variant_new ("(@as@a{sv})", g_variant_builder_end (&builder), no_options ()),
                    "InvalidArgument", "1001 VMs are named; at most 1000");
    }
}
END_TEST

START_TEST (a_question_that_is_no_good_is_refused_by_name)
{
  g_autofree char *longest = g_strnfill (100000, 'x');

  assert_error ("CheckVm", check_args ("nobody", "{}"), "NotFound", "nobody");
  assert_error ("CheckVm", check_args ("twin", "{}"), "Ambiguous", UUID_TWIN);
  assert_error ("CheckVm", check_args (longest, "{}"), "InvalidArgument", "xxx…");
  assert_error ("CheckVm", check_args ("modern", "{'act': <'fly\x1b'>}"), "InvalidArgument",
                "“fly\\x1b”");
  assert_error ("CheckVm", check_args ("modern", "{'act': <true>}"), "InvalidArgument", "“act”");
  assert_error ("CheckVm", check_args ("modern", "{'destination': <'nowhere'>}"), "NotFound",
                "nowhere");
  assert_error ("CheckVm", check_args ("modern", "{'explain': <true>}"), "InvalidArgument",
                "“explain”");
  assert_error ("GetBaseline", g_variant_new ("(@a{sv})", options ("{'cluster': <'none'>}")),
                "NotFound", "“none”");
  assert_error ("GetBaseline", g_variant_new ("(@a{sv})", options ("{'host': <'new1'>}")),
                "InvalidArgument", "“host”");
  assert_error ("GetSnapshot", g_variant_new ("(@a{sv})", options ("{'hosts': <true>}")),
                "InvalidArgument", "“hosts”");
}
END_TEST

/* (transfer full): what GetBaseline says; @key of it as "A,B" */
static GVariant *
get_baseline (const char *option_text, const char *key, char **out_joined)
{
  g_autoptr (GVariant) reply =
      call ("GetBaseline", g_variant_new ("(@a{sv})", options (option_text)));
  g_autoptr (GVariant) baseline = g_variant_get_child_value (reply, 0);
  g_autofree const char **texts = NULL;

  ck_assert (g_variant_lookup (baseline, key, "^a&s", &texts));
  *out_joined = g_strjoinv (",", (char **) texts);
  return g_steal_pointer (&baseline);
}

START_TEST (the_baseline_is_what_all_hosts_offer)
{
  g_autofree char *all = NULL;
  g_autofree char *one = NULL;
  g_autoptr (GVariant) baseline = get_baseline ("{}", "Features", &all);
  g_autoptr (GVariant) rack = get_baseline ("{'cluster': <'rack2'>}", "Features", &one);
  g_autoptr (GVariant) vms = g_variant_lookup_value (baseline, "Vms", NULL);
  g_autoptr (GVariant) hosts = g_variant_lookup_value (baseline, "Hosts", NULL);
  g_autoptr (GVariant) rack_hosts = g_variant_lookup_value (rack, "Hosts", NULL);
  g_autoptr (GVariant) modern = g_variant_get_child_value (vms, 0);

  ck_assert_str_eq (all, "sse2");
  ck_assert_str_eq (one, "aes,avx,sse2");
  assert_text (baseline, "Model", "Nehalem");
  assert_text (baseline, "Vendor", "Intel");
  ck_assert_uint_eq (g_variant_n_children (hosts), 4);
  ck_assert_uint_eq (g_variant_n_children (rack_hosts), 1);
  ck_assert_uint_eq (g_variant_n_children (vms), 1);
  assert_text (modern, "Vm", "modern");
}
END_TEST

/* Every answer of CheckVm as text, for all VMs that have a name of their own. */
static char *
check_everything (void)
{
  static const char *const vms[] = { "plain", "modern", "iso",       "locked",  "stale",
                                     "off",   "big1",   "two words", UUID_TWIN, "filler" };
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint i = 0; i < G_N_ELEMENTS (vms); i++)
    {
      g_autoptr (GVariant) moved = check_vm (vms[i], "{'act': <'move'>}");
      g_autoptr (GVariant) started = check_vm (vms[i], "{'act': <'start'>}");
      g_autofree char *a = g_variant_print (moved, FALSE);
      g_autofree char *b = g_variant_print (started, FALSE);

      g_string_append_printf (text, "%s\n%s\n%s\n", vms[i], a, b);
    }
  return g_strdup (text->str);
}

START_TEST (a_snapshot_can_be_simulated_and_gives_the_same_verdicts)
{
  g_autoptr (GVariant) reply = call ("GetSnapshot", g_variant_new ("(@a{sv})", no_options ()));
  g_autofree char *before = check_everything ();
  g_autofree char *after = NULL;
  const char *document;

  g_variant_get (reply, "(&s)", &document);
  ck_assert_int_eq (fixture_stop_daemon (), 0);
  fixture_simulate (document, "20");
  after = check_everything ();
  ck_assert_str_eq (before, after);
}
END_TEST

/* clang-format off */
TERN_CHECK_MAIN ("judge",
  tcase_add_checked_fixture (tcase, setup, fixture_end);
  tcase_add_test (tcase, every_host_is_judged_the_best_first);
  tcase_add_test (tcase, a_reason_names_what_is_missing_and_what_would_help);
  tcase_add_test (tcase, a_host_that_is_named_is_judged_alone_and_as_named);
  tcase_add_test (tcase, a_medium_that_will_be_taken_out_does_not_block);
  tcase_add_test (tcase, a_vm_that_is_shut_off_is_judged_for_a_start_unless_told_otherwise);
  tcase_add_test (tcase, a_plan_is_made_through_one_ledger_and_begins_nothing);
  tcase_add_test (tcase, the_same_question_has_the_same_answer);
  tcase_add_test (tcase, a_list_of_vms_that_is_no_good_is_refused_by_name);
  tcase_add_test (tcase, more_than_a_thousand_vms_are_too_many);
  tcase_add_test (tcase, a_question_that_is_no_good_is_refused_by_name);
  tcase_add_test (tcase, the_baseline_is_what_all_hosts_offer);
  tcase_add_test (tcase, a_snapshot_can_be_simulated_and_gives_the_same_verdicts);)
/* clang-format on */
