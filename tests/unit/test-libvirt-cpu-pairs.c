/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a CPU lacks on a host, by our own arithmetic and by libvirt's recorded answers: see
 * tests/fixtures/libvirt/cpu-pairs/README.
 */
#include "config.h"

#include "drivers/libvirt-caps-xml.h"
#include "drivers/libvirt-cpu-xml.h"
#include "model/host.h"
#include "model/list.h"
#include "plan/cpu-compat.h"
#include "tern-check.h"

#include <string.h>

static const char REQUIRED[] = "does not provide required features: ";

static char *
load (const char *kind, const char *name)
{
  g_autofree char *file = g_strdup_printf ("%s%s%s", kind, name, *kind != '\0' ? ".xml" : "");
  g_autofree char *path =
      g_build_filename (TERN_SRC_DIR, "tests", "fixtures", "libvirt", "cpu-pairs", file, NULL);
  char *text = NULL;

  ck_assert_msg (g_file_get_contents (path, &text, NULL, NULL), "no %s", path);
  return text;
}

/* As the driver does it, with the recorded models in place of the host. */
static TernCpu *
expand (TernCpu *cpu)
{
  g_autofree char *xml = load ("model-", cpu->model);
  g_auto (GStrv) features = tern_libvirt_parse_model (xml, NULL);
  TernCpu *expanded = tern_libvirt_cpu_expand (cpu, (const char *const *) features);

  tern_cpu_unref (cpu);
  return expanded;
}

static TernHostFacts *
load_host (const char *name)
{
  g_autofree char *xml = load ("host-", name);
  g_autoptr (TernLibvirtDomcaps) caps = tern_libvirt_parse_domcaps (xml, NULL);
  TernHostFacts *facts = tern_host_facts_new ();

  facts->cpu = expand (g_steal_pointer (&caps->cpu));
  return facts;
}

static TernCpu *
load_guest (const char *name)
{
  g_autofree char *xml = load ("guest-", name);

  return expand (tern_libvirt_parse_cpu (xml, NULL, NULL));
}

static GStrv
features_named_in (const char *answer)
{
  const char *list = strstr (answer, REQUIRED);
  g_auto (GStrv) names = g_strsplit (list != NULL ? list + strlen (REQUIRED) : "", ", ", -1);

  return tern_strv_sorted ((const char *const *) names);
}

static void
check_answer (const char *guest, const char *host, const char *answer)
{
  g_autoptr (TernCpu) cpu = load_guest (guest);
  g_autoptr (TernHostFacts) facts = load_host (host);
  g_auto (GStrv) named = features_named_in (answer);
  g_autofree char *theirs = g_strjoinv (" ", named);
  g_autofree char *ours = NULL;
  gboolean of_vendor = strstr (answer, "vendor does not match") != NULL;
  TernCpuFit fit;

  tern_cpu_fit (cpu, FALSE, NULL, facts, &fit);
  ours = g_strjoinv (" ", fit.missing);
  ck_assert_msg (fit.known, "%s on %s is not judged", guest, host);
  ck_assert_msg (fit.vendor_differs == of_vendor, "%s on %s: the vendor", guest, host);
  /* Of another vendor's CPU libvirt looks no further. */
  if (!of_vendor)
    ck_assert_msg (strcmp (ours, theirs) == 0, "%s on %s: we miss “%s”, libvirt “%s”", guest, host,
                   ours, theirs);
  if (strcmp (answer, "fits") != 0)
    ck_assert_msg (*theirs != '\0' || of_vendor, "an answer nobody understands: %s", answer);
  tern_cpu_fit_clear (&fit);
}

START_TEST (our_difference_is_libvirt_s_for_every_guest_on_every_generation)
{
  g_autofree char *text = load ("", "answers");
  g_auto (GStrv) lines = g_strsplit (g_strchomp (text), "\n", -1);
  guint fitting = 0;

  for (guint i = 0; lines[i] != NULL; i++)
    {
      g_auto (GStrv) words = g_strsplit (lines[i], "\t", 3);

      ck_assert_uint_eq (g_strv_length (words), 3);
      check_answer (words[0], words[1], words[2]);
      fitting += strcmp (words[2], "fits") == 0;
    }
  /* Both kinds of answers were there to agree with. */
  ck_assert_uint_ge (fitting, 20);
  ck_assert_uint_ge (g_strv_length (lines) - fitting, 20);
}
END_TEST

START_TEST (an_older_generation_is_a_part_of_a_newer_one)
{
  static const char *const generations[] = { "older", "old", "new" };

  for (guint i = 1; i < G_N_ELEMENTS (generations); i++)
    {
      g_autoptr (TernHostFacts) older = load_host (generations[i - 1]);
      g_autoptr (TernHostFacts) newer = load_host (generations[i]);

      ck_assert (tern_cpu_has_all ((const char *const *) older->cpu->features,
                                   (const char *const *) newer->cpu->features));
      ck_assert (!tern_cpu_has_all ((const char *const *) newer->cpu->features,
                                    (const char *const *) older->cpu->features));
    }
}
END_TEST

START_TEST (what_is_switched_off_is_not_needed_even_if_the_model_has_it)
{
  const char *const model[] = { "aes", "sse", "sse2", NULL };
  const char *const more[] = { "vmx", "sse", NULL };
  const char *const off[] = { "aes", "avx", NULL };
  g_autoptr (TernCpu) cpu = tern_cpu_new ("custom", "M", "V", more, off);
  g_autoptr (TernCpu) expanded = tern_libvirt_cpu_expand (cpu, model);
  g_autofree char *features = g_strjoinv (" ", expanded->features);

  ck_assert (expanded->expanded && !cpu->expanded);
  ck_assert_str_eq (features, "sse sse2 vmx");
  ck_assert_str_eq (expanded->model, "M");
  ck_assert_str_eq (expanded->vendor, "V");
  ck_assert_uint_eq (g_strv_length (expanded->disabled), 2);
}
END_TEST

START_TEST (a_cpu_written_for_libvirt_is_read_back_the_same)
{
  const char *const features[] = { "a&b", "sse", NULL };
  const char *const off[] = { "<avx>", NULL };
  g_autoptr (TernCpu) cpu = tern_cpu_new ("custom", "Mo'del", "Intel", features, off);
  g_autofree char *xml = tern_libvirt_cpu_to_xml (cpu);
  g_autoptr (TernCpu) again = tern_libvirt_parse_cpu (xml, NULL, NULL);

  ck_assert (tern_cpu_equal (cpu, again));
}
END_TEST

TERN_CHECK_MAIN ("libvirt-cpu-pairs",
                 tcase_add_test (tcase,
                                 our_difference_is_libvirt_s_for_every_guest_on_every_generation);
                 tcase_add_test (tcase, an_older_generation_is_a_part_of_a_newer_one);
                 tcase_add_test (tcase,
                                 what_is_switched_off_is_not_needed_even_if_the_model_has_it);
                 tcase_add_test (tcase, a_cpu_written_for_libvirt_is_read_back_the_same);)
