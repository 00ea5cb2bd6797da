/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "drivers/libvirt-cpu.h"

#include "base/error.h"
#include "base/text.h"
#include "drivers/libvirt-caps-xml.h"
#include "drivers/libvirt-cpu-xml.h"
#include "drivers/libvirt-error.h"
#include "drivers/libvirt-query.h"
#include "drivers/libvirt-xml.h"

#include <libvirt/virterror.h>
#include <stdlib.h>
#include <string.h>

/* Model names come from definitions that anybody may write. */
#define MAX_MODELS 256

static char *
take_string (char *text)
{
  char *copy = g_strdup (text);

  free (text);
  return copy;
}

/* %NULL: libvirt cannot tell, for now or at all. */
static GStrv
ask_for_model (TernLibvirtConn *self, const char *arch, const char *model)
{
  g_autofree char *cpu = tern_libvirt_model_to_xml (arch, model);
  const char *cpus[] = { cpu };
  g_autofree char *xml = take_string (virConnectBaselineCPU (
      tern_libvirt_conn_get (self), cpus, 1, VIR_CONNECT_BASELINE_CPU_EXPAND_FEATURES));

  virResetLastError ();
  return xml != NULL ? tern_libvirt_parse_model (xml, NULL) : NULL;
}

/* The memory of what was asked holds unknown models too: as %NULL. */
static const char *const *
get_model_features (TernLibvirtConn *self, const char *arch, const char *model)
{
  GHashTable *models = tern_libvirt_conn_get_memo (self)->models;
  g_autofree char *key = g_strconcat (arch, "/", model, NULL);
  gpointer features;

  if (!g_hash_table_lookup_extended (models, key, NULL, &features))
    {
      if (g_hash_table_size (models) >= MAX_MODELS)
        g_hash_table_remove_all (models);
      features = ask_for_model (self, arch, model);
      g_hash_table_insert (models, g_steal_pointer (&key), features);
    }
  return features;
}

TernCpu *
tern_libvirt_expand (TernLibvirtConn *conn, const char *arch, TernCpu *cpu)
{
  const char *const *features;
  TernCpu *expanded;

  if (cpu == NULL || cpu->expanded || cpu->model == NULL || arch == NULL)
    return cpu;

  features = get_model_features (conn, arch, cpu->model);
  if (features == NULL)
    return cpu;
  expanded = tern_libvirt_cpu_expand (cpu, features);
  tern_cpu_unref (cpu);
  return expanded;
}

/* One line each, in front of the cpu element. */
enum
{
  PART_ARCH,
  PART_MACHINE,
  PART_VIRT_TYPE,
  PART_CPU,
  N_PARTS
};

static char *
pack (const char *xml, GError **error)
{
  g_autoptr (xmlDoc) doc = tern_xml_parse (xml, "domain", error);
  g_autofree char *arch = NULL;
  g_autofree char *machine = NULL;
  g_autofree char *virt_type = NULL;
  g_autofree char *cpu = NULL;
  const xmlNode *root;
  const xmlNode *type;

  if (doc == NULL)
    return NULL;

  root = xmlDocGetRootElement (doc);
  type = tern_xml_child (tern_xml_child (root, "os"), "type");
  if (tern_xml_child (root, "cpu") == NULL)
    {
      g_set_error (error, TERN_ERROR, TERN_ERROR_NOT_SUPPORTED, "the VM names no CPU");
      return NULL;
    }
  arch = tern_xml_attr (type, "arch");
  machine = tern_xml_attr (type, "machine");
  virt_type = tern_xml_attr (root, "type");
  cpu = tern_xml_format (tern_xml_child (root, "cpu"));
  return g_strjoin ("\n", arch != NULL ? arch : "", machine != NULL ? machine : "",
                    virt_type != NULL ? virt_type : "", cpu, NULL);
}

char *
tern_libvirt_fetch_cpu_xml (TernLibvirtConn *conn, const char *uuid, GError **error)
{
  g_autoptr (virDomain) dom = tern_libvirt_lookup (conn, uuid, error);
  g_autofree char *xml = NULL;

  if (dom == NULL)
    return NULL;
  xml = take_string (virDomainGetXMLDesc (dom, 0));
  return xml != NULL ? pack (xml, error) : tern_error_take_libvirt_domain (dom, error);
}

static const char *
null_if_empty (const char *text)
{
  return *text != '\0' ? text : NULL;
}

/* A machine type that the host does not know is a reason of its own; about the CPU it can still
 * answer. */
static int
compare (virConnectPtr conn, char **parts, gboolean with_machine)
{
  return virConnectCompareHypervisorCPU (conn, NULL, null_if_empty (parts[PART_ARCH]),
                                         with_machine ? null_if_empty (parts[PART_MACHINE]) : NULL,
                                         null_if_empty (parts[PART_VIRT_TYPE]), parts[PART_CPU],
                                         VIR_CONNECT_COMPARE_CPU_FAIL_INCOMPATIBLE);
}

char *
tern_libvirt_compare_cpu (TernLibvirtConn *self, const char *cpu_xml, GError **error)
{
  virConnectPtr conn = tern_libvirt_conn_get (self);
  g_auto (GStrv) parts = g_strsplit (cpu_xml, "\n", N_PARTS);
  int result;

  if (g_strv_length (parts) != N_PARTS)
    {
      g_set_error (error, TERN_ERROR, TERN_ERROR_INVALID_ARGUMENT, "that is no CPU of a VM");
      return NULL;
    }

  result = compare (conn, parts, TRUE);
  if (result < 0 && tern_error_libvirt_code () == VIR_ERR_INVALID_ARG)
    result = compare (conn, parts, FALSE);
  if (result == VIR_CPU_COMPARE_IDENTICAL || result == VIR_CPU_COMPARE_SUPERSET)
    return g_strdup ("");
  if (result == VIR_CPU_COMPARE_INCOMPATIBLE)
    return g_strdup ("the CPU is incompatible with that of the host");
  if (tern_error_libvirt_code () == VIR_ERR_CPU_INCOMPATIBLE)
    {
      const char *message = virGetLastErrorMessage ();
      char *words = tern_text_visible (message, 2000);

      virResetLastError ();
      return words;
    }
  return tern_error_take_libvirt (conn, error);
}

/* What the host runs its guests with: the same as for its facts. */
static TernLibvirtCaps *
get_caps (virConnectPtr conn, GError **error)
{
  g_autofree char *xml = take_string (virConnectGetCapabilities (conn));

  return xml != NULL ? tern_libvirt_parse_caps (xml, error) : tern_error_take_libvirt (conn, error);
}

/* libvirt calls what it does not know an internal error (9.0). */
static void
translate_baseline_error (virConnectPtr conn, GError **error)
{
  tern_error_take_libvirt (conn, error);
  if (error == NULL || !g_error_matches (*error, TERN_ERROR, TERN_ERROR_FAILED))
    return;
  if (strstr ((*error)->message, "Unknown CPU ") != NULL
      || strstr ((*error)->message, "unknown CPU ") != NULL)
    (*error)->code = TERN_ERROR_INVALID_ARGUMENT;
  else
    (*error)->code = TERN_ERROR_REFUSED;
}

static char *
ask_for_baseline (virConnectPtr conn, const TernLibvirtCaps *caps, const GPtrArray *cpus,
                  GError **error)
{
  g_autoptr (GPtrArray) xmls = g_ptr_array_new_with_free_func (g_free);
  char *baseline;

  for (guint i = 0; i < cpus->len; i++)
    g_ptr_array_add (xmls, tern_libvirt_cpu_to_xml (cpus->pdata[i]));

  baseline = take_string (virConnectBaselineHypervisorCPU (
      conn, NULL, caps->arch, NULL, caps->virt_type, (const char **) xmls->pdata, xmls->len,
      VIR_CONNECT_BASELINE_CPU_MIGRATABLE));
  if (baseline == NULL)
    translate_baseline_error (conn, error);
  return baseline;
}

/* A single custom CPU is only checked: libvirt would leave out of it what this host's QEMU does not
 * have, or choose another model. */
static gboolean
is_to_be_spelled_out (const GPtrArray *cpus)
{
  return cpus->len == 1 && strcmp (((const TernCpu *) cpus->pdata[0])->mode, "custom") == 0;
}

TernCpuDefinition *
tern_libvirt_baseline_cpu (TernLibvirtConn *self, const GPtrArray *cpus, GError **error)
{
  virConnectPtr conn = tern_libvirt_conn_get (self);
  g_autoptr (GError) local = NULL;
  g_autoptr (TernLibvirtCaps) caps = get_caps (conn, &local);
  g_autofree char *xml = caps != NULL ? ask_for_baseline (conn, caps, cpus, &local) : NULL;
  g_autoptr (TernCpu) definition = NULL;
  g_autoptr (TernCpu) expanded = NULL;

  if (xml != NULL)
    definition = is_to_be_spelled_out (cpus) ? tern_cpu_ref (cpus->pdata[0])
                                             : tern_libvirt_parse_cpu (xml, "custom", &local);
  if (definition == NULL)
    {
      g_propagate_error (error, g_steal_pointer (&local));
      return NULL;
    }

  expanded = tern_libvirt_expand (self, caps->arch, tern_cpu_ref (definition));
  if (!expanded->expanded)
    {
      g_set_error (error, TERN_ERROR, TERN_ERROR_NOT_SUPPORTED,
                   "its libvirt cannot spell out the CPU model %s",
                   definition->model != NULL ? definition->model : "(none)");
      return NULL;
    }
  return tern_cpu_definition_new (definition, expanded);
}

gboolean
tern_libvirt_check_cpu (TernLibvirtConn *self, const TernCpu *cpu, GError **error)
{
  virConnectPtr conn = tern_libvirt_conn_get (self);
  g_autoptr (GPtrArray) cpus = g_ptr_array_new ();
  g_autoptr (TernLibvirtCaps) caps = get_caps (conn, error);
  g_autofree char *xml = NULL;

  if (caps == NULL)
    return FALSE;
  g_ptr_array_add (cpus, (gpointer) cpu);
  xml = ask_for_baseline (conn, caps, cpus, error);
  return xml != NULL;
}
