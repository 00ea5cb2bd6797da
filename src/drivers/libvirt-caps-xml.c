/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * libvirt's capabilities of a host and of its QEMU. Pure.
 */
#include "config.h"

#include "drivers/libvirt-caps-xml.h"

#include "drivers/libvirt-cpu-xml.h"
#include "model/list.h"
#include "model/vm.h"

/* More than any host has; what is beyond is left out. */
#define MAX_NAMES 8192
#define MAX_CELLS 4096

static void
add_name (GPtrArray *names, char *name)
{
  if (name != NULL && names->len < MAX_NAMES)
    g_ptr_array_add (names, name);
  else
    g_free (name);
}

/* <machine canonical='pc-i440fx-7.2'>pc</machine>: a guest's XML has the long name, a definition
 * may have been written with the short one. */
static void
add_machines (GPtrArray *machines, const xmlNode *parent)
{
  TERN_XML_FOR_EACH (machine, parent, "machine")
  {
    add_name (machines, tern_xml_text (machine));
    add_name (machines, tern_xml_attr (machine, "canonical"));
  }
}

static void
read_guests (TernLibvirtCaps *caps, const xmlNode *root)
{
  GPtrArray *types = g_ptr_array_new_with_free_func (g_free);
  GPtrArray *machines = g_ptr_array_new_with_free_func (g_free);

  TERN_XML_FOR_EACH (guest, root, "guest")
  {
    const xmlNode *arch = tern_xml_child (guest, "arch");

    if (!tern_xml_attr_is (arch, "name", caps->arch))
      continue;
    add_machines (machines, arch);
    TERN_XML_FOR_EACH (domain, arch, "domain")
    {
      add_name (types, tern_xml_attr (domain, "type"));
      add_machines (machines, domain);
    }
  }
  caps->virt_types = tern_xml_take_set (types);
  caps->machines = tern_xml_take_set (machines);
}

static void
append_attrs (GString *text, const xmlNode *node, const char *const *names)
{
  for (; *names != NULL; names++)
    {
      g_autofree char *value = tern_xml_attr (node, *names);

      g_string_append_printf (text, "%s=%s\n", *names, value != NULL ? value : "");
    }
}

/* What a guest with host-passthrough sees of the silicon. The topology and the exact frequency are
 * not among it. */
static char *
make_signature (const xmlNode *cpu, const TernCpu *parsed)
{
  static const char *const of_microcode[] = { "version", NULL };
  static const char *const of_signature[] = { "family", "model", "stepping", NULL };
  static const char *const of_address[] = { "bits", NULL };
  g_autofree char *features = g_strjoinv (",", parsed->features);
  g_autoptr (GString) text = g_string_new (NULL);

  g_string_append_printf (text, "%s\n%s\n%s\n", parsed->model,
                          parsed->vendor != NULL ? parsed->vendor : "", features);
  append_attrs (text, tern_xml_child (cpu, "microcode"), of_microcode);
  append_attrs (text, tern_xml_child (cpu, "signature"), of_signature);
  append_attrs (text, tern_xml_child (cpu, "maxphysaddr"), of_address);
  return g_compute_checksum_for_string (G_CHECKSUM_SHA256, text->str, (gssize) text->len);
}

static void
read_host_cpu (TernLibvirtCaps *caps, const xmlNode *cpu)
{
  g_autoptr (TernCpu) parsed = NULL;

  if (cpu == NULL)
    return;

  caps->arch = tern_xml_child_text (cpu, "arch");
  parsed = tern_libvirt_cpu_from_node (cpu, NULL);
  if (parsed->model != NULL)
    caps->cpu_signature = make_signature (cpu, parsed);

  TERN_XML_FOR_EACH (counter, cpu, "counter")
  if (tern_xml_attr_is (counter, "name", "tsc"))
    {
      (void) tern_xml_attr_number (counter, "frequency", 10, G_MAXUINT64, &caps->tsc_hz);
      caps->tsc_scaling = tern_xml_attr_is (counter, "scaling", "yes");
    }
}

static TernHugepages *
find_pages (GPtrArray *list, guint64 size)
{
  TernHugepages *pages;

  for (guint i = 0; i < list->len; i++)
    if (((TernHugepages *) list->pdata[i])->size == size)
      return list->pdata[i];

  pages = g_new0 (TernHugepages, 1);
  pages->size = size;
  g_ptr_array_add (list, pages);
  return pages;
}

static int
compare_pages (gconstpointer a, gconstpointer b)
{
  const TernHugepages *const *left = a, *const *right = b;

  return ((*left)->size > (*right)->size) - ((*left)->size < (*right)->size);
}

static void
read_cell_pages (GPtrArray *list, const xmlNode *cell)
{
  TERN_XML_FOR_EACH (node, cell, "pages")
  {
    g_autofree char *unit = tern_xml_attr (node, "unit");
    guint64 number, size;

    if (list->len < MAX_CELLS && tern_xml_attr_number (node, "size", 10, G_MAXUINT64, &number)
        && !__builtin_mul_overflow (number, tern_xml_unit_factor (unit), &size) && size > 0)
      find_pages (list, size)->total += tern_xml_number (node, G_MAXUINT32);
  }
}

static void
read_topology (TernLibvirtCaps *caps, const xmlNode *topology)
{
  caps->hugepages = g_ptr_array_new_with_free_func (g_free);
  TERN_XML_FOR_EACH (cell, tern_xml_child (topology, "cells"), "cell")
  if (caps->numa_nodes < MAX_CELLS)
    {
      caps->numa_nodes++;
      read_cell_pages (caps->hugepages, cell);
    }

  /* The smallest are the ordinary ones. */
  g_ptr_array_sort (caps->hugepages, compare_pages);
  if (caps->hugepages->len > 0)
    g_ptr_array_remove_index (caps->hugepages, 0);
}

TernLibvirtCaps *
tern_libvirt_parse_caps (const char *xml, GError **error)
{
  g_autoptr (xmlDoc) doc = tern_xml_parse (xml, "capabilities", error);
  g_autofree char *uuid = NULL;
  TernLibvirtCaps *caps;
  const xmlNode *root;
  const xmlNode *host;

  if (doc == NULL)
    return NULL;

  root = xmlDocGetRootElement (doc);
  host = tern_xml_child (root, "host");
  caps = g_new0 (TernLibvirtCaps, 1);
  uuid = tern_xml_child_text (host, "uuid");
  if (tern_uuid_is_valid (uuid))
    caps->uuid = g_ascii_strdown (uuid, -1);
  read_host_cpu (caps, tern_xml_child (host, "cpu"));
  read_topology (caps, tern_xml_child (host, "topology"));
  read_guests (caps, root);
  caps->virt_type =
      g_strdup (tern_strv_has ((const char *const *) caps->virt_types, "kvm") ? "kvm" : "qemu");
  return caps;
}

void
tern_libvirt_caps_free (TernLibvirtCaps *self)
{
  if (self == NULL)
    return;

  g_free (self->uuid);
  g_free (self->arch);
  g_free (self->virt_type);
  g_strfreev (self->virt_types);
  g_strfreev (self->machines);
  g_free (self->cpu_signature);
  g_ptr_array_unref (self->hugepages);
  g_free (self);
}

static GStrv
read_models (const xmlNode *mode)
{
  GPtrArray *models = g_ptr_array_new_with_free_func (g_free);

  TERN_XML_FOR_EACH (model, mode, "model")
  if (tern_xml_attr_is (model, "usable", "yes"))
    add_name (models, tern_xml_text (model));
  return tern_xml_take_set (models);
}

TernLibvirtDomcaps *
tern_libvirt_parse_domcaps (const char *xml, GError **error)
{
  g_autoptr (xmlDoc) doc = tern_xml_parse (xml, "domainCapabilities", error);
  TernLibvirtDomcaps *caps;
  const xmlNode *root;
  guint64 max;

  if (doc == NULL)
    return NULL;

  root = xmlDocGetRootElement (doc);
  caps = g_new0 (TernLibvirtDomcaps, 1);
  if (tern_xml_attr_number (tern_xml_child (root, "vcpu"), "max", 10, G_MAXUINT, &max))
    caps->max_vcpus = (guint) max;
  TERN_XML_FOR_EACH (mode, tern_xml_child (root, "cpu"), "mode")
  {
    if (!tern_xml_attr_is (mode, "supported", "yes"))
      continue;
    if (tern_xml_attr_is (mode, "name", "custom") && caps->cpu_models == NULL)
      caps->cpu_models = read_models (mode);
    if (tern_xml_attr_is (mode, "name", "host-model") && caps->cpu == NULL
        && tern_xml_child (mode, "model") != NULL)
      caps->cpu = tern_libvirt_cpu_from_node (mode, "host-model");
  }
  return caps;
}

void
tern_libvirt_domcaps_free (TernLibvirtDomcaps *self)
{
  if (self == NULL)
    return;

  tern_cpu_unref (self->cpu);
  g_strfreev (self->cpu_models);
  g_free (self);
}
