/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "base/error.h"
#include "drivers/libvirt-domain-xml.h"
#include "drivers/libvirt-edit-xml.h"
#include "drivers/libvirt-lock-xml.h"
#include "model/drain.h"
#include "tern-check.h"

#include <string.h>

#define HEAD                                                                                       \
  "<domain type='kvm'>\n  <name>a</name>\n  <uuid>aa91760d-ba7b-4aa0-8e5e-5a3b2608a051</uuid>\n"

static const char *const definitions[] = {
  HEAD "  <cpu mode='host-model' check='partial'/>\n</domain>",
  HEAD "  <cpu mode='host-passthrough' check='none' migratable='on'>\n"
       "    <topology sockets='1' dies='1' cores='2' threads='1'/>\n"
       "    <numa><cell id='0' cpus='0-1' memory='1'/></numa>\n  </cpu>\n</domain>",
  HEAD
  "  <cpu mode='custom' match='exact' check='full'>\n    <model fallback='allow'>EPYC</model>\n"
  "    <vendor>AMD</vendor>\n    <maxphysaddr mode='emulate' bits='40'/>\n"
  "    <feature policy='disable' name='svm'/>\n  </cpu>\n</domain>",
  HEAD "  <metadata>\n    <o:other xmlns:o='urn:other'><cpu>theirs</cpu></o:other>\n  </metadata>\n"
       "  <cpu mode='maximum'/>\n</domain>",
  HEAD "</domain>",
};

static TernCpu *
make_cpu (const char *model)
{
  const char *const features[] = { "aes", NULL };
  const char *const off[] = { "avx", "x&y", NULL };

  return tern_cpu_new ("custom", model, NULL, features, off);
}

static char *
edit (const char *xml, const TernCpu *cpu)
{
  g_autofree char *mask = NULL;
  char *changed = tern_libvirt_edit_cpu (xml, cpu, &mask, NULL);

  ck_assert_ptr_nonnull (changed);
  ck_assert ((mask != NULL) == (cpu != NULL));
  return changed;
}

/* White space and the kind of quotes do not matter to libvirt. */
static char *
normal (const char *xml)
{
  g_autoptr (xmlDoc) doc = tern_xml_parse (xml, "domain", NULL);

  ck_assert_ptr_nonnull (doc);
  return tern_xml_format (xmlDocGetRootElement (doc));
}

/* Attributes come back at the end of the list: their order does not matter either. */
static gboolean
same_cpu (const char *a, const char *b)
{
  g_autoptr (TernVm) left = tern_libvirt_parse_domain (a, "h", NULL);
  g_autoptr (TernVm) right = tern_libvirt_parse_domain (b, "h", NULL);

  return tern_vm_equal (left, right);
}

START_TEST (a_mask_is_taken_off_without_a_trace_however_often_it_was_changed)
{
  for (guint i = 0; i < G_N_ELEMENTS (definitions); i++)
    {
      g_autoptr (TernCpu) first = make_cpu ("Nehalem");
      g_autoptr (TernCpu) second = make_cpu ("Penryn");
      g_autofree char *once = edit (definitions[i], first);
      g_autofree char *twice = edit (once, second);
      g_autofree char *back = edit (twice, NULL);
      g_autofree char *before = normal (definitions[i]);
      g_autofree char *after = normal (back);

      ck_assert_uint_eq (strlen (before), strlen (after));
      ck_assert (same_cpu (definitions[i], back));
      ck_assert_ptr_null (strstr (back, "virtern"));
    }
}
END_TEST

START_TEST (a_masked_definition_has_the_new_cpu_and_keeps_the_rest)
{
  for (guint i = 0; i < G_N_ELEMENTS (definitions); i++)
    {
      g_autoptr (TernCpu) cpu = make_cpu ("Nehalem");
      g_autofree char *changed = edit (definitions[i], cpu);
      g_autoptr (TernVm) vm = tern_libvirt_parse_domain (changed, "h", NULL);
      static const char *const kept[] = { "<topology", "<numa", "<maxphysaddr", "theirs" };

      ck_assert (vm->masked);
      ck_assert (tern_cpu_equal (vm->cpu, cpu));
      ck_assert_ptr_nonnull (strstr (changed, "check=\"partial\""));
      for (guint j = 0; j < G_N_ELEMENTS (kept); j++)
        ck_assert ((strstr (changed, kept[j]) != NULL)
                   == (strstr (definitions[i], kept[j]) != NULL));
    }
}
END_TEST

/* libvirt refuses these for every other CPU. */
START_TEST (what_only_the_hosts_own_cpu_may_have_goes_and_comes_back_with_it)
{
  const char *xml = HEAD "  <cpu mode='host-passthrough' check='none'><cache mode='passthrough'/>"
                         "<maxphysaddr mode='passthrough' limit='40'/></cpu>\n</domain>";
  g_autoptr (TernCpu) cpu = make_cpu ("Nehalem");
  g_autofree char *changed = edit (xml, cpu);
  g_autofree char *back = edit (changed, NULL);
  const char *now = strstr (changed, "<cpu mode=\"custom\"");

  ck_assert_ptr_nonnull (now);
  ck_assert_ptr_null (g_strstr_len (now, strstr (now, "</cpu>") - now, "passthrough"));
  ck_assert_ptr_nonnull (strstr (back, "<cache mode=\"passthrough\"/>"));
  ck_assert_ptr_nonnull (strstr (back, "<maxphysaddr mode=\"passthrough\" limit=\"40\"/>"));
}
END_TEST

START_TEST (there_is_nothing_to_put_back_where_nothing_was_changed)
{
  for (guint i = 0; i < G_N_ELEMENTS (definitions); i++)
    {
      g_autoptr (GError) error = NULL;
      char *mask = NULL;

      ck_assert_ptr_null (tern_libvirt_edit_cpu (definitions[i], NULL, &mask, &error));
      ck_assert (g_error_matches (error, TERN_ERROR, TERN_ERROR_NOT_FOUND));
    }
}
END_TEST

/* libvirt gives all elements of a metadata element its prefix when it is set while the VM runs. */
START_TEST (a_mask_whose_children_got_a_prefix_is_taken_off_the_same)
{
  g_autofree char *back = edit (
      HEAD
      "<metadata><m:mask xmlns:m='urn:virtern:mask:1'><m:cpu mode='custom' match='exact'>"
      "<m:model fallback='allow'>EPYC</m:model><m:feature policy='disable' name='svm'/></m:cpu>"
      "</m:mask></metadata><cpu mode='maximum'/></domain>",
      NULL);
  g_autofree char *plain =
      normal (HEAD "<cpu mode='custom' match='exact'><model fallback='allow'>EPYC</model>"
                   "<feature policy='disable' name='svm'/></cpu></domain>");
  g_autofree char *got = normal (back);

  ck_assert_str_eq (got, plain);
}
END_TEST

START_TEST (a_recorded_definition_is_put_back_as_it_was)
{
  g_autofree char *path =
      g_build_filename (TERN_SRC_DIR, "tests", "fixtures", "libvirt", "domain-masked.xml", NULL);
  g_autofree char *xml = NULL;
  g_autofree char *back = NULL;
  g_autoptr (TernVm) vm = NULL;

  ck_assert (g_file_get_contents (path, &xml, NULL, NULL));
  back = edit (xml, NULL);
  vm = tern_libvirt_parse_domain (back, "h", NULL);
  ck_assert_str_eq (vm->cpu->mode, "host-model");
  ck_assert_ptr_null (vm->cpu->model);
  ck_assert (!vm->masked && vm->lock != NULL);
  ck_assert_ptr_nonnull (strstr (back, "urn:virtern:lock:1"));
  ck_assert_ptr_null (strstr (back, "urn:virtern:mask:1"));
  ck_assert_ptr_null (strstr (back, "Penryn"));
}
END_TEST

START_TEST (only_a_drive_that_still_holds_the_medium_is_emptied)
{
  static const struct
  {
    const char *disk;
    int error; /* -1: it may be emptied, -2: it is empty */
  } cases[] = {
    { "<disk type='file' device='cdrom'><source file='/x'/><target dev='sda'/></disk>", -1 },
    { "<disk type='file' device='floppy'><source file='/x'/><target dev='sda'/></disk>", -1 },
    { "<disk type='block' device='cdrom'><source dev='/x'/><backingStore/><target "
      "dev='sda'/></disk>",
      -1 },
    { "<disk type='file' device='cdrom'><target dev='sda'/></disk>", -2 },
    { "<disk type='file' device='cdrom'><source file='/y'/><target dev='sda'/></disk>",
      TERN_ERROR_REFUSED },
    { "<disk type='file' device='disk'><source file='/x'/><target dev='sda'/></disk>",
      TERN_ERROR_REFUSED },
    { "<disk type='file'><source file='/x'/><target dev='sda'/></disk>", TERN_ERROR_REFUSED },
    { "<disk type='file' device='cdrom'><source file='/x'/><target dev='sdb'/></disk>",
      TERN_ERROR_NOT_FOUND },
    { "", TERN_ERROR_NOT_FOUND },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *xml = g_strdup_printf (HEAD "<devices>%s</devices></domain>", cases[i].disk);
      g_autofree char *device = NULL;
      g_autoptr (GError) error = NULL;
      gboolean good = tern_libvirt_edit_eject (xml, "sda", "/x", &device, &error);

      ck_assert_msg (good == (cases[i].error < 0), "%s", cases[i].disk);
      ck_assert ((device != NULL) == (cases[i].error == -1));
      if (device != NULL)
        {
          ck_assert_ptr_null (strstr (device, "/x"));
          ck_assert_ptr_nonnull (strstr (device, "type=\"file\""));
          ck_assert_ptr_nonnull (strstr (device, "sda"));
        }
      if (!good)
        ck_assert (g_error_matches (error, TERN_ERROR, cases[i].error));
    }
}
END_TEST

static TernLock *
read_lock (const char *element)
{
  g_autofree char *xml = g_strdup_printf (HEAD "<metadata>%s</metadata></domain>", element);
  g_autoptr (TernVm) vm = tern_libvirt_parse_domain (xml, "h", NULL);

  return vm->lock != NULL ? tern_lock_copy (vm->lock) : NULL;
}

START_TEST (a_lock_is_read_as_it_comes)
{
  static const struct
  {
    const char *xml;
    const char *owner;
    const char *reason;
    gint64 since_us;
    gint64 expires_us;
  } cases[] = {
    { "<lock xmlns='urn:virtern:lock:1' owner='me' since='2023-11-14T22:13:20Z' "
      "expires='2023-11-14T23:13:20+01:00'> why </lock>",
      "me", "why", G_GINT64_CONSTANT (1700000000000000), G_GINT64_CONSTANT (1700000000000000) },
    { "<v:lock xmlns:v='urn:virtern:lock:1'/>", "", "", 0, 0 },
    { "<lock xmlns='urn:virtern:lock:1' since='yesterday' expires='soon'/>", "", "", 0, 0 },
    { "<lock xmlns='urn:virtern:lock:1' expires='2023-11-14'/>", "", "", 0, 0 },
    { "<lock xmlns='urn:virtern:lock:1' expires='1960-01-01T00:00:00Z'/>", "", "", 0, 1 },
    { "<lock xmlns='urn:virtern:lock:1' expires='99999-01-01T00:00:00Z'/>", "", "", 0, 0 },
    { "<lock xmlns='urn:virtern:lock:1'>a<b>c</b></lock>", "", "ac", 0, 0 },
    { "<lock xmlns='urn:virtern:lock:1' expires='2023-11-14T22:13:20.5'/>", "", "", 0,
      G_GINT64_CONSTANT (1700000000500000) },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (TernLock) lock = read_lock (cases[i].xml);

      ck_assert_msg (lock != NULL, "%s", cases[i].xml);
      ck_assert_str_eq (lock->owner, cases[i].owner);
      ck_assert_str_eq (lock->reason, cases[i].reason);
      ck_assert_int_eq (lock->since_us, cases[i].since_us);
      ck_assert_int_eq (lock->expires_us, cases[i].expires_us);
    }
}
END_TEST

START_TEST (a_lock_of_another_namespace_is_none)
{
  ck_assert_ptr_null (read_lock (""));
  ck_assert_ptr_null (read_lock ("<lock>x</lock>"));
  ck_assert_ptr_null (read_lock ("<lock xmlns='urn:other'>x</lock>"));
  ck_assert_ptr_null (read_lock ("<o xmlns='urn:virtern:lock:1'><lock>x</lock></o>"));
}
END_TEST

static int
read_action (const char *element)
{
  g_autofree char *xml = g_strdup_printf (HEAD "<metadata>%s</metadata></domain>", element);
  g_autoptr (TernVm) vm = tern_libvirt_parse_domain (xml, "h", NULL);

  return vm->drain_action;
}

START_TEST (a_drain_action_is_one_of_ours_or_none)
{
  static const char *const others[] = {
    "",
    "<drain action='cold'/>",
    "<drain xmlns='urn:other' action='cold'/>",
    "<drain xmlns='urn:virtern:drain:1'/>",
    "<drain xmlns='urn:virtern:drain:1' action=''/>",
    "<drain xmlns='urn:virtern:drain:1' action='Cold'/>",
    "<drain xmlns='urn:virtern:drain:1' action='destroy'/>",
    "<drain xmlns='urn:virtern:drain:1'>cold</drain>",
    "<o xmlns='urn:virtern:drain:1'><drain action='cold'/></o>",
  };

  for (guint i = 0; i < G_N_ELEMENTS (others); i++)
    ck_assert_msg (read_action (others[i]) == -1, "%s", others[i]);
  for (guint i = 0; i < TERN_N_DRAIN_ACTIONS; i++)
    {
      g_autofree char *plain = g_strdup_printf ("<drain xmlns='urn:virtern:drain:1' action='%s'/>",
                                                tern_drain_action_to_string (i));
      g_autofree char *prefixed =
          g_strdup_printf ("<virtern-drain:drain xmlns:virtern-drain='urn:virtern:drain:1' "
                           "action='%s'/>",
                           tern_drain_action_to_string (i));

      ck_assert_int_eq (read_action (plain), i);
      ck_assert_int_eq (read_action (prefixed), i);
    }
}
END_TEST

START_TEST (a_lock_that_is_written_is_read_back)
{
  static const char *const texts[] = { "plain", "", "<&>'\"", "ünï", "a\tb\nc\x01", "\xff\xfe" };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autoptr (TernLock) lock = tern_lock_new (texts[i], texts[i], 1700000000123456, 0);
      g_autofree char *xml = tern_libvirt_lock_to_xml (lock);
      g_autoptr (GString) placed = g_string_new (xml);
      g_autoptr (TernLock) again = NULL;

      ck_assert (g_str_has_prefix (xml, "<lock"));
      g_string_insert (placed, strlen ("<lock"), " xmlns='urn:virtern:lock:1'");
      again = read_lock (placed->str);
      ck_assert_msg (again != NULL, "%s", xml);
      ck_assert_int_eq (again->since_us, lock->since_us);
      ck_assert_int_eq (again->expires_us, 0);
      if (i < 4)
        ck_assert (tern_lock_equal (lock, again));
    }
}
END_TEST

TERN_CHECK_MAIN ("libvirt-edit-xml",
                 tcase_add_test (tcase,
                                 a_mask_is_taken_off_without_a_trace_however_often_it_was_changed);
                 tcase_add_test (tcase, a_masked_definition_has_the_new_cpu_and_keeps_the_rest);
                 tcase_add_test (tcase,
                                 what_only_the_hosts_own_cpu_may_have_goes_and_comes_back_with_it);
                 tcase_add_test (tcase, there_is_nothing_to_put_back_where_nothing_was_changed);
                 tcase_add_test (tcase, a_mask_whose_children_got_a_prefix_is_taken_off_the_same);
                 tcase_add_test (tcase, a_recorded_definition_is_put_back_as_it_was);
                 tcase_add_test (tcase, only_a_drive_that_still_holds_the_medium_is_emptied);
                 tcase_add_test (tcase, a_lock_is_read_as_it_comes);
                 tcase_add_test (tcase, a_drain_action_is_one_of_ours_or_none);
                 tcase_add_test (tcase, a_lock_of_another_namespace_is_none);
                 tcase_add_test (tcase, a_lock_that_is_written_is_read_back);)
