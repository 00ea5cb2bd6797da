/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * JSON keys and the JSON of properties: an interface for scripts.
 */
#include "config.h"

#include "base/json.h"
#include "cli/client.h"
#include "cli/output.h"
#include "tern-check.h"

#include <string.h>

START_TEST (a_key_is_the_property_in_lower_case_with_dashes)
{
  static const struct
  {
    const char *property, *key;
  } cases[] = {
    { "Id", "id" },
    { "VmUuid", "vm-uuid" },
    { "MemoryTotal", "memory-total" },
    { "StartedByUid", "started-by-uid" },
    { "CpuMhz", "cpu-mhz" },
    { "readonly", "readonly" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *key = tern_output_key (cases[i].property);

      ck_assert_str_eq (key, cases[i].key);
    }
}
END_TEST

/* Reads the contract itself, so that a new property cannot clash with an old key. */
START_TEST (no_two_properties_of_an_interface_share_a_key)
{
  g_autofree char *path = g_build_filename (TERN_SRC_DIR, "data", "org.virtern.Virtern1.xml", NULL);
  g_autofree char *xml = NULL;
  g_autoptr (GDBusNodeInfo) node = NULL;

  ck_assert (g_file_get_contents (path, &xml, NULL, NULL));
  node = g_dbus_node_info_new_for_xml (xml, NULL);
  ck_assert_ptr_nonnull (node);

  for (guint i = 0; node->interfaces[i] != NULL; i++)
    {
      GDBusPropertyInfo **properties = node->interfaces[i]->properties;
      g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

      for (guint k = 0; properties != NULL && properties[k] != NULL; k++)
        ck_assert_msg (g_hash_table_add (seen, tern_output_key (properties[k]->name)), "%s",
                       properties[k]->name);
    }
}
END_TEST

START_TEST (properties_become_an_object_and_sightings_name_their_host)
{
  g_autoptr (GVariant) props = g_variant_ref_sink (g_variant_new_parsed (
      "{'MemoryTotal': <uint64 18446744073709551615>, 'Downtime': <int64 -1>, "
      "'SeenOn': <[('node1', 'running'), ('node3', 'paused')]>, "
      "'Disks': <[{'target': <'vda'>, 'readonly': <true>}]>, 'CpuFeatures': <@as []>}"));
  JsonNode *node = tern_output_properties_to_json (props);
  g_autofree char *text = tern_json_to_string (node);
  g_auto (GStrv) words = g_strsplit_set (text, " \n", -1);
  g_autofree char *dense = g_strjoinv ("", words);

  ck_assert_str_eq (dense, "{\"memory-total\":\"18446744073709551615\",\"downtime\":-1,"
                           "\"seen-on\":[{\"host\":\"node1\",\"state\":\"running\"},"
                           "{\"host\":\"node3\",\"state\":\"paused\"}],"
                           "\"disks\":[{\"target\":\"vda\",\"readonly\":true}],"
                           "\"cpu-features\":[]}");
  json_node_unref (node);
}
END_TEST

START_TEST (what_is_nested_has_such_keys_too_and_parameters_keep_their_names)
{
  g_autoptr (GVariant) hosts = g_variant_ref_sink (g_variant_new_parsed (
      "[{'Host': <'node1'>, 'ScoreParts': <{'memory': 0.5}>, "
      "'Reasons': <[{'Code': <'cpu.vendor'>, 'Parameters': <{'vmVendor': 'Intel'}>}]>}]"));
  JsonNode *node = tern_output_variant_to_json (hosts);
  g_autofree char *text = tern_json_to_string (node);
  g_auto (GStrv) words = g_strsplit_set (text, " \n", -1);
  g_autofree char *dense = g_strjoinv ("", words);

  ck_assert_str_eq (dense, "[{\"host\":\"node1\",\"score-parts\":{\"memory\":0.5},\"reasons\":"
                           "[{\"code\":\"cpu.vendor\",\"parameters\":{\"vmVendor\":\"Intel\"}}]}]");
  json_node_unref (node);
}
END_TEST

START_TEST (an_empty_list_is_an_empty_array)
{
  g_autoptr (GPtrArray) list = g_ptr_array_new ();
  JsonNode *node = tern_output_list_to_json (list);
  g_autofree char *text = tern_json_to_string (node);

  ck_assert_str_eq (text, "[]");
  json_node_unref (node);
}
END_TEST

START_TEST (a_property_of_another_type_counts_as_missing)
{
  g_autoptr (GVariant) props =
      g_variant_ref_sink (g_variant_new_parsed ("{'Name': <uint32 5>, 'Memory': <'much'>}"));

  ck_assert_str_eq (tern_props_string (props, "Name"), "");
  ck_assert_str_eq (tern_props_string (props, "Host"), "");
  ck_assert_uint_eq (tern_props_uint64 (props, "Memory"), 0);
}
END_TEST

START_TEST (objects_are_collected_by_interface_and_sorted_by_name)
{
  g_autoptr (GVariant) objects = g_variant_ref_sink (g_variant_new_parsed (
      "@a{oa{sa{sv}}} {'/b': {'i.Vm': {'Name': <'b'>}}, '/x': {'i.Host': {'Name': <'x'>}}, "
      "'/a': {'i.Vm': {'Name': <'a'>}, 'i.Other': {}}}"));
  g_autoptr (GPtrArray) vms = tern_objects_collect (objects, "i.Vm", "Name");

  ck_assert_uint_eq (vms->len, 2);
  ck_assert_str_eq (tern_props_string (vms->pdata[0], "Name"), "a");
  ck_assert_str_eq (tern_props_string (vms->pdata[1], "Name"), "b");
}
END_TEST

TERN_CHECK_MAIN ("cli-output",
                 tcase_add_test (tcase, a_key_is_the_property_in_lower_case_with_dashes);
                 tcase_add_test (tcase, no_two_properties_of_an_interface_share_a_key);
                 tcase_add_test (tcase, properties_become_an_object_and_sightings_name_their_host);
                 tcase_add_test (tcase,
                                 what_is_nested_has_such_keys_too_and_parameters_keep_their_names);
                 tcase_add_test (tcase, an_empty_list_is_an_empty_array);
                 tcase_add_test (tcase, a_property_of_another_type_counts_as_missing);
                 tcase_add_test (tcase, objects_are_collected_by_interface_and_sorted_by_name);)
