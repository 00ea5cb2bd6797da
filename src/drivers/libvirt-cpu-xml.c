/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * libvirt's cpu elements as our CPUs, and back. Pure.
 *
 * What a model stands for is asked of virConnectBaselineCPU(), one model at a time:
 * virConnectBaselineHypervisorCPU() leaves out features of the model that the host's QEMU does not
 * have (libvirt 9.0: x2apic, hle, rtm under TCG), which virConnectCompareHypervisorCPU() then
 * still asks for.
 */
#include "config.h"

#include "drivers/libvirt-cpu-xml.h"

#include "base/error.h"
#include "model/list.h"

/* More than libvirt itself allows; what is beyond is left out. */
#define MAX_FEATURES 4096

static void
collect_features (const xmlNode *cpu, GPtrArray *features, GPtrArray *disabled)
{
  guint count = 0;

  TERN_XML_FOR_EACH (node, cpu, "feature")
  {
    g_autofree char *name = tern_xml_attr (node, "name");
    g_autofree char *policy = tern_xml_attr (node, "policy");

    if (name == NULL || *name == '\0' || ++count > MAX_FEATURES)
      continue;
    if (policy == NULL || g_str_equal (policy, "require") || g_str_equal (policy, "force"))
      g_ptr_array_add (features, g_steal_pointer (&name));
    else if (g_str_equal (policy, "disable") || g_str_equal (policy, "forbid"))
      g_ptr_array_add (disabled, g_steal_pointer (&name));
    /* "optional" says nothing yet: libvirt turns it into one of the others at start */
  }
}

TernCpu *
tern_libvirt_cpu_from_node (const xmlNode *node, const char *mode)
{
  g_autoptr (GPtrArray) features = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GPtrArray) disabled = g_ptr_array_new_with_free_func (g_free);
  g_autofree char *own_mode = tern_xml_attr (node, "mode");
  g_autofree char *model = tern_xml_child_text (node, "model");
  g_autofree char *vendor = tern_xml_child_text (node, "vendor");

  collect_features (node, features, disabled);
  g_ptr_array_add (features, NULL);
  g_ptr_array_add (disabled, NULL);

  /* A cpu element with a model and no mode is "custom": libvirt's own default. */
  if (mode == NULL)
    mode = own_mode != NULL ? own_mode : (model != NULL ? "custom" : "");
  return tern_cpu_new (mode, model, vendor, (const char *const *) features->pdata,
                       (const char *const *) disabled->pdata);
}

TernCpu *
tern_libvirt_parse_cpu (const char *xml, const char *mode, GError **error)
{
  g_autoptr (xmlDoc) doc = tern_xml_parse (xml, "cpu", error);

  return doc != NULL ? tern_libvirt_cpu_from_node (xmlDocGetRootElement (doc), mode) : NULL;
}

char *
tern_libvirt_model_to_xml (const char *arch, const char *model)
{
  return g_markup_printf_escaped ("<cpu><arch>%s</arch><model>%s</model></cpu>", arch, model);
}

static void (add_all) (GPtrArray *to, const char *const *names)
{
  for (; names != NULL && *names != NULL; names++)
    g_ptr_array_add (to, g_strdup (*names));
}
#define add_all(to, names) (add_all) (to, (const char *const *) (names))

GStrv
tern_libvirt_parse_model (const char *xml, GError **error)
{
  g_autoptr (TernCpu) cpu = tern_libvirt_parse_cpu (xml, NULL, error);
  GPtrArray *all;

  if (cpu == NULL)
    return NULL;
  all = g_ptr_array_new_with_free_func (g_free);
  add_all (all, cpu->features);
  add_all (all, cpu->disabled);
  return tern_xml_take_set (all);
}

TernCpu *
tern_libvirt_cpu_expand (const TernCpu *cpu, const char *const *model_features)
{
  g_autoptr (GPtrArray) all = g_ptr_array_new_with_free_func (g_free);
  TernCpu *expanded;

  for (guint i = 0; model_features[i] != NULL; i++)
    if (!tern_strv_has ((const char *const *) cpu->disabled, model_features[i]))
      g_ptr_array_add (all, g_strdup (model_features[i]));
  add_all (all, cpu->features);
  g_ptr_array_add (all, NULL);

  expanded = tern_cpu_new (cpu->mode, cpu->model, cpu->vendor, (const char *const *) all->pdata,
                           (const char *const *) cpu->disabled);
  expanded->expanded = TRUE;
  return expanded;
}

static void (append_features) (GString *xml, const char *policy, const char *const *names)
{
  for (; names != NULL && *names != NULL; names++)
    {
      g_autofree char *element =
          g_markup_printf_escaped ("<feature policy='%s' name='%s'/>", policy, *names);

      g_string_append (xml, element);
    }
}
#define append_features(xml, policy, names)                                                        \
  (append_features) (xml, policy, (const char *const *) (names))

char *
tern_libvirt_cpu_to_xml (const TernCpu *cpu)
{
  GString *xml = g_string_new ("<cpu mode='custom' match='exact'>");

  if (cpu->model != NULL)
    {
      g_autofree char *model =
          g_markup_printf_escaped ("<model fallback='forbid'>%s</model>", cpu->model);

      g_string_append (xml, model);
    }
  if (cpu->vendor != NULL)
    {
      g_autofree char *vendor = g_markup_printf_escaped ("<vendor>%s</vendor>", cpu->vendor);

      g_string_append (xml, vendor);
    }
  append_features (xml, "require", cpu->features);
  append_features (xml, "disable", cpu->disabled);
  g_string_append (xml, "</cpu>");
  return g_string_free (xml, FALSE);
}
