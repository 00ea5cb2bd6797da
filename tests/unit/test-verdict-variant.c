/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Judgements on the bus: every key is there, of the type that the contract names, and foreign
 * text in them is made safe.
 */
#include "config.h"

#include "plan/verdict-variant.h"

#include "tern-check.h"

#define UUID "0b5c4f6e-1c1d-4b8e-9d6c-3f2a1b0c9d8e"

typedef struct
{
  const char *key;
  const char *type;
} Key;

static const Key verdict_keys[] = {
  { "Host", "s" },       { "Verdict", "s" },      { "Score", "d" }, { "ScoreParts", "a{sd}" },
  { "MemoryFree", "t" }, { "MemoryNeed", "t" },   { "State", "s" }, { "Cluster", "s" },
  { "CpuModel", "s" },   { "Reasons", "aa{sv}" },
};
static const Key reason_keys[] = {
  { "Code", "s" },   { "Severity", "s" },       { "Sentence", "s" },
  { "Remedy", "s" }, { "Parameters", "a{ss}" }, { "Detail", "s" },
};
static const Key move_keys[] = {
  { "Number", "u" }, { "Act", "s" },         { "Vm", "s" },    { "VmUuid", "s" },
  { "Source", "s" }, { "Destination", "s" }, { "Score", "d" }, { "Warnings", "aa{sv}" },
};
static const Key refusal_keys[] = {
  { "Vm", "s" },         { "VmUuid", "s" },       { "Source", "s" },
  { "Hosts", "aa{sv}" }, { "HostsLeftOut", "u" },
};

#define assert_keys(dict, keys) assert_keys_of (dict, keys, G_N_ELEMENTS (keys))

static void
assert_keys_of (GVariant *dict, const Key *keys, guint n)
{
  ck_assert_uint_eq (g_variant_n_children (dict), n);
  for (guint i = 0; i < n; i++)
    {
      g_autoptr (GVariant) value =
          g_variant_lookup_value (dict, keys[i].key, G_VARIANT_TYPE (keys[i].type));

      ck_assert_msg (value != NULL, "%s is missing, or not of type %s", keys[i].key, keys[i].type);
    }
}

static void
assert_text (GVariant *dict, const char *key, const char *expected)
{
  const char *text = NULL;

  ck_assert_msg (g_variant_lookup (dict, key, "&s", &text), "%s is missing", key);
  ck_assert_str_eq (text, expected);
}

static TernReason *
new_reason (TernSeverity severity)
{
  TernReason *reason =
      tern_reason_new ("memory.short", g_strdup ("web\x1b[31m is 5 MiB short"),
                       g_strdup ("free it"), "need", "10", "free", "\xff", "short", "5", NULL);

  reason->severity = severity;
  return reason;
}

/* (transfer full): @allowed with warnings, or with what blocks */
static TernVerdict *
new_verdict (TernHost *host, gboolean allowed, guint n_reasons)
{
  TernVerdict *verdict = g_new0 (TernVerdict, 1);

  verdict->host = host;
  verdict->allowed = allowed;
  verdict->reasons = g_ptr_array_new_with_free_func ((GDestroyNotify) tern_reason_free);
  for (guint i = 0; i < n_reasons; i++)
    g_ptr_array_add (verdict->reasons,
                     new_reason (allowed ? TERN_SEVERITY_WARNS : TERN_SEVERITY_BLOCKS));
  verdict->memory_free = G_MAXUINT64;
  verdict->memory_need = 7;
  verdict->score = 0.5;
  for (guint i = 0; i < TERN_SCORE_PARTS; i++)
    verdict->parts[i] = 0.25;
  return verdict;
}

static TernHost *
new_host (void)
{
  g_autoptr (TernHostConfig) config = tern_host_config_new ("node1", "sim://node1/");

  return tern_host_new (config, TERN_HOST_UP, NULL, 0, NULL);
}

static GVariant *
verdict_to_variant (gboolean allowed, guint n_reasons)
{
  g_autoptr (TernHost) host = new_host ();
  g_autoptr (GPtrArray) verdicts =
      g_ptr_array_new_with_free_func ((GDestroyNotify) tern_verdict_free);
  g_autoptr (GVariant) list = NULL;

  g_ptr_array_add (verdicts, new_verdict (host, allowed, n_reasons));
  list = g_variant_ref_sink (tern_verdicts_to_variant (verdicts));
  ck_assert_uint_eq (g_variant_n_children (list), 1);
  return g_variant_get_child_value (list, 0);
}

START_TEST (a_verdict_has_all_keys_also_of_a_host_that_never_answered)
{
  g_autoptr (GVariant) dict = verdict_to_variant (TRUE, 0);
  guint64 free = 0;

  assert_keys (dict, verdict_keys);
  assert_text (dict, "Host", "node1");
  assert_text (dict, "CpuModel", "");
  assert_text (dict, "Cluster", "default");
  ck_assert (g_variant_lookup (dict, "MemoryFree", "t", &free));
  ck_assert_uint_eq (free, G_MAXUINT64);
}
END_TEST

START_TEST (the_word_of_a_verdict_follows_what_is_allowed_and_what_warns)
{
  static const struct
  {
    gboolean allowed;
    guint n_reasons;
    const char *word;
    guint n_parts;
  } cases[] = {
    { TRUE, 0, "yes", TERN_SCORE_PARTS },
    { TRUE, 2, "warnings", TERN_SCORE_PARTS },
    { FALSE, 1, "no", 0 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GVariant) dict = verdict_to_variant (cases[i].allowed, cases[i].n_reasons);
      g_autoptr (GVariant) parts = g_variant_lookup_value (dict, "ScoreParts", NULL);
      g_autoptr (GVariant) reasons = g_variant_lookup_value (dict, "Reasons", NULL);
      double score = -1;

      assert_text (dict, "Verdict", cases[i].word);
      ck_assert_uint_eq (g_variant_n_children (parts), cases[i].n_parts);
      ck_assert_uint_eq (g_variant_n_children (reasons), cases[i].n_reasons);
      ck_assert (g_variant_lookup (dict, "Score", "d", &score));
      ck_assert_double_eq (score, cases[i].allowed ? 0.5 : 0);
    }
}
END_TEST

START_TEST (a_reason_has_all_keys_and_its_text_is_made_visible)
{
  g_autoptr (GPtrArray) reasons =
      g_ptr_array_new_with_free_func ((GDestroyNotify) tern_reason_free);
  g_autoptr (GVariant) list = NULL;
  g_autoptr (GVariant) dict = NULL;
  g_autoptr (GVariant) parameters = NULL;

  g_ptr_array_add (reasons, new_reason (TERN_SEVERITY_BLOCKS));
  ((TernReason *) reasons->pdata[0])->detail = g_strdup ("libvirt:\nno");
  list = g_variant_ref_sink (tern_reasons_to_variant (reasons));
  dict = g_variant_get_child_value (list, 0);
  assert_keys (dict, reason_keys);
  assert_text (dict, "Code", "memory.short");
  assert_text (dict, "Severity", "blocks");
  assert_text (dict, "Sentence", "web\\x1b[31m is 5 MiB short");
  assert_text (dict, "Detail", "libvirt:\\x0ano");
  parameters = g_variant_lookup_value (dict, "Parameters", NULL);
  assert_keys (parameters, ((Key[]){ { "need", "s" }, { "free", "s" }, { "short", "s" } }));
  assert_text (parameters, "free", "\\xff");
}
END_TEST

/* Two VMs that are where they are told to go. */
static TernPlan *
make_plan (void)
{
  g_autoptr (TernHost) host = new_host ();
  g_autoptr (GPtrArray) hosts = g_ptr_array_new ();
  g_autoptr (GPtrArray) vms = g_ptr_array_new ();
  g_autoptr (TernVm) web = tern_vm_new (UUID, "web\n", "node1");
  g_autoptr (TernVm) db = tern_vm_new ("1" UUID, "db", "node1");
  g_autoptr (TernCluster) cluster = NULL;

  g_ptr_array_add (hosts, host);
  g_ptr_array_add (vms, web);
  g_ptr_array_add (vms, db);
  cluster = tern_cluster_new (hosts, vms, NULL, 1, 0);
  return tern_place (&(TernGroup){ .cluster = cluster, .vms = vms, .destination = "node1" });
}

START_TEST (what_finds_no_place_is_told_with_its_hosts_or_in_brief)
{
  g_autoptr (TernPlan) plan = make_plan ();
  g_autoptr (GVariant) whole = g_variant_ref_sink (tern_refusals_to_variant (plan, FALSE));
  g_autoptr (GVariant) brief = g_variant_ref_sink (tern_refusals_to_variant (plan, TRUE));
  g_autoptr (GVariant) first = g_variant_get_child_value (whole, 0);
  g_autoptr (GVariant) short_first = g_variant_get_child_value (brief, 0);
  g_autoptr (GVariant) hosts = g_variant_lookup_value (first, "Hosts", NULL);
  g_autoptr (GVariant) no_hosts = g_variant_lookup_value (short_first, "Hosts", NULL);
  guint32 left_out = 99;

  ck_assert_uint_eq (g_variant_n_children (whole), 2);
  ck_assert_uint_eq (g_variant_n_children (brief), 2);
  assert_keys (first, refusal_keys);
  assert_keys (short_first, refusal_keys);
  assert_text (first, "Vm", "web\\x0a");
  ck_assert_uint_eq (g_variant_n_children (hosts), 1);
  ck_assert_uint_eq (g_variant_n_children (no_hosts), 0);
  ck_assert (g_variant_lookup (first, "HostsLeftOut", "u", &left_out) && left_out == 0);
  ck_assert (g_variant_lookup (short_first, "HostsLeftOut", "u", &left_out) && left_out == 1);
}
END_TEST

START_TEST (a_move_has_all_keys)
{
  g_autoptr (TernPlan) plan = make_plan ();
  TernMove move = { .number = 3, .act = TERN_ACT_START, .destination = (char *) "node2" };
  g_autoptr (GPtrArray) moves = g_ptr_array_new ();
  TernPlan shown = *plan;
  g_autoptr (GVariant) list = NULL;
  g_autoptr (GVariant) dict = NULL;
  guint32 number = 0;

  move.vm = ((TernRefusal *) plan->refusals->pdata[0])->vm;
  g_ptr_array_add (moves, &move);
  shown.moves = moves;
  list = g_variant_ref_sink (tern_moves_to_variant (&shown));
  dict = g_variant_get_child_value (list, 0);
  assert_keys (dict, move_keys);
  assert_text (dict, "Act", "start");
  assert_text (dict, "Vm", "web\\x0a");
  assert_text (dict, "VmUuid", UUID);
  ck_assert (g_variant_lookup (dict, "Number", "u", &number));
  ck_assert_uint_eq (number, 3);
}
END_TEST

/* clang-format off */
TERN_CHECK_MAIN ("verdict-variant",
  tcase_add_test (tcase, a_verdict_has_all_keys_also_of_a_host_that_never_answered);
  tcase_add_test (tcase, the_word_of_a_verdict_follows_what_is_allowed_and_what_warns);
  tcase_add_test (tcase, a_reason_has_all_keys_and_its_text_is_made_visible);
  tcase_add_test (tcase, what_finds_no_place_is_told_with_its_hosts_or_in_brief);
  tcase_add_test (tcase, a_move_has_all_keys);)
/* clang-format on */
