/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * libvirt's domain XML as our VM. Pure. What its disks, network cards and other devices are is in
 * libvirt-device-xml.c.
 */
#include "config.h"

#include "drivers/libvirt-domain-xml.h"

#include "base/error.h"
#include "drivers/libvirt-cpu-xml.h"
#include "drivers/libvirt-device-xml.h"
#include "drivers/libvirt-lock-xml.h"
#include "model/drain.h"

#include <string.h>

/* libvirt's own bounds (VIR_DOMAIN_CPUMASK_LEN). */
#define MAX_CPUS 16384

const xmlNode *
tern_libvirt_metadata (const xmlNode *domain, const char *name, const char *ns)
{
  TERN_XML_FOR_EACH (node, tern_xml_child (domain, "metadata"), name)
  if (node->ns != NULL && xmlStrEqual (node->ns->href, BAD_CAST ns))
    return node;
  return NULL;
}

/* One part of "0-3,8,^2" into the set. What cannot be read is left out. */
static void
add_range (guint8 *set, const char *text)
{
  gboolean off = *text == '^';
  g_auto (GStrv) ends = g_strsplit (off ? text + 1 : text, "-", 2);
  guint64 first, last;

  if (ends[0] == NULL
      || !g_ascii_string_to_unsigned (g_strstrip (ends[0]), 10, 0, MAX_CPUS - 1, &first, NULL))
    return;
  last = first;
  if (ends[1] != NULL
      && !g_ascii_string_to_unsigned (g_strstrip (ends[1]), 10, first, MAX_CPUS - 1, &last, NULL))
    return;
  for (guint64 i = first; i <= last; i++)
    set[i] = !off;
}

/* The exclusions of one text hold for that text only. */
static void
add_set (guint8 *set, const char *text)
{
  g_autofree guint8 *own = NULL;
  g_auto (GStrv) parts = NULL;

  if (text == NULL)
    return;
  own = g_new0 (guint8, MAX_CPUS);
  parts = g_strsplit (text, ",", MAX_CPUS);
  for (guint i = 0; parts[i] != NULL; i++)
    add_range (own, g_strstrip (parts[i]));
  for (guint i = 0; i < MAX_CPUS; i++)
    set[i] |= own[i];
}

static char *
format_set (const guint8 *set)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < MAX_CPUS; i++)
    {
      guint last = i;

      if (!set[i])
        continue;
      while (last + 1 < MAX_CPUS && set[last + 1])
        last++;
      g_string_append_printf (text, text->len > 0 ? ",%u" : "%u", i);
      if (last > i)
        g_string_append_printf (text, "-%u", last);
      i = last;
    }
  return g_string_free (text, text->len == 0);
}

static void
add_pins (guint8 *set, const xmlNode *parent, const char *element)
{
  TERN_XML_FOR_EACH (node, parent, element)
  {
    g_autofree char *cpus = tern_xml_attr (node, "cpuset");

    add_set (set, cpus);
  }
}

/* placement='auto': libvirt chose the CPUs and will choose others elsewhere. */
static char *
get_pinned_cpus (const xmlNode *root)
{
  g_autofree guint8 *set = g_new0 (guint8, MAX_CPUS);
  const xmlNode *tune = tern_xml_child (root, "cputune");

  if (!tern_xml_attr_is (tern_xml_child (root, "vcpu"), "placement", "auto"))
    add_pins (set, root, "vcpu");
  add_pins (set, tune, "vcpupin");
  add_pins (set, tune, "emulatorpin");
  add_pins (set, tune, "iothreadpin");
  return format_set (set);
}

static void
add_strict_nodes (guint8 *set, const xmlNode *node)
{
  g_autofree char *nodes = NULL;

  if (node == NULL || tern_xml_attr_is (node, "placement", "auto"))
    return;
  nodes = tern_xml_attr (node, "nodeset");
  add_set (set, nodes);
}

/* Without a mode libvirt means "strict". */
static gboolean
is_strict (const xmlNode *node)
{
  g_autofree char *mode = tern_xml_attr (node, "mode");

  return mode == NULL || strcmp (mode, "strict") == 0;
}

static char *
get_numa_nodes (const xmlNode *root)
{
  g_autofree guint8 *set = g_new0 (guint8, MAX_CPUS);
  const xmlNode *tune = tern_xml_child (root, "numatune");

  TERN_XML_FOR_EACH (node, tune, "memory")
  if (is_strict (node))
    add_strict_nodes (set, node);
  TERN_XML_FOR_EACH (node, tune, "memnode")
  if (is_strict (node))
    add_strict_nodes (set, node);
  return format_set (set);
}

static void
fill_hugepages (TernVm *vm, const xmlNode *pages)
{
  const xmlNode *page = tern_xml_child (pages, "page");
  g_autofree char *unit = tern_xml_attr (page, "unit");
  guint64 size;

  vm->hugepages = pages != NULL;
  if (tern_xml_attr_number (page, "size", 10, G_MAXUINT64, &size)
      && !__builtin_mul_overflow (size, tern_xml_unit_factor (unit), &size))
    vm->hugepage_size = size;
}

static guint64
get_tsc_hz (const xmlNode *clock)
{
  guint64 hz = 0;

  TERN_XML_FOR_EACH (timer, clock, "timer")
  if (tern_xml_attr_is (timer, "name", "tsc")
      && tern_xml_attr_number (timer, "frequency", 10, G_MAXUINT64, &hz))
    return hz;
  return 0;
}

static char *
get_nvram (const xmlNode *os)
{
  const xmlNode *nvram = tern_xml_child (os, "nvram");
  const xmlNode *source = tern_xml_child (nvram, "source");

  return source != NULL ? tern_xml_attr (source, "file") : tern_xml_text (nvram);
}

/* A definition with check='none': QEMU is started with what the host has of it, without a word. */
static TernCpu *
read_cpu (const xmlNode *root, const xmlNode *cpu)
{
  g_autoptr (TernCpu) parsed = tern_libvirt_cpu_from_node (cpu, NULL);
  TernCpu *undemanding;

  if (xmlHasProp ((xmlNode *) root, BAD_CAST "id") || strcmp (parsed->mode, "custom") != 0
      || !tern_xml_attr_is (cpu, "check", "none"))
    return g_steal_pointer (&parsed);

  undemanding = tern_cpu_new (parsed->mode, parsed->model, NULL, NULL,
                              (const char *const *) parsed->disabled);
  undemanding->expanded = TRUE;
  return undemanding;
}

/* <drain xmlns="urn:virtern:drain:1" action="cold"/>; others may write it too, so that a word
 * nobody knows counts as not said. */
static int
get_drain_action (const xmlNode *root)
{
  const xmlNode *node = tern_libvirt_metadata (root, "drain", TERN_LIBVIRT_DRAIN_NS);
  g_autofree char *word = node != NULL ? tern_xml_attr (node, "action") : NULL;
  TernDrainAction action;

  return tern_drain_action_from_string (word, &action) ? (int) action : -1;
}

static void
fill_vm (TernVm *vm, const xmlNode *root)
{
  const xmlNode *os = tern_xml_child (root, "os");
  const xmlNode *type = tern_xml_child (os, "type");
  const xmlNode *cpu = tern_xml_child (root, "cpu");
  const xmlNode *current = tern_xml_child (root, "currentMemory");

  vm->memory = tern_xml_bytes (tern_xml_child (root, "memory"));
  vm->memory_current = current != NULL ? tern_xml_bytes (current) : vm->memory;
  vm->vcpus = (guint) tern_xml_number (tern_xml_child (root, "vcpu"), G_MAXUINT);
  vm->virt_type = tern_xml_attr (root, "type");
  vm->arch = tern_xml_attr (type, "arch");
  vm->machine = tern_xml_attr (type, "machine");
  if (cpu != NULL)
    vm->cpu = read_cpu (root, cpu);
  vm->nvram = get_nvram (os);
  vm->pinned_cpus = get_pinned_cpus (root);
  vm->numa_nodes = get_numa_nodes (root);
  fill_hugepages (vm, tern_xml_child (tern_xml_child (root, "memoryBacking"), "hugepages"));
  vm->tsc_hz = get_tsc_hz (tern_xml_child (root, "clock"));
  vm->masked = tern_libvirt_metadata (root, "mask", TERN_LIBVIRT_MASK_NS) != NULL;
  vm->lock =
      tern_libvirt_lock_from_node (tern_libvirt_metadata (root, "lock", TERN_LIBVIRT_LOCK_NS));
  vm->drain_action = get_drain_action (root);
  tern_libvirt_add_devices (vm, tern_xml_child (root, "devices"));
}

TernVm *
tern_libvirt_parse_domain (const char *xml, const char *host, GError **error)
{
  g_autoptr (xmlDoc) doc = tern_xml_parse (xml, "domain", error);
  g_autofree char *uuid = NULL;
  g_autofree char *name = NULL;
  const xmlNode *root;
  TernVm *vm;

  if (doc == NULL)
    return NULL;

  root = xmlDocGetRootElement (doc);
  uuid = tern_xml_child_text (root, "uuid");
  /* Not stripped: a name may begin with a space. */
  name = tern_xml_child (root, "name") != NULL
             ? tern_xml_take (xmlNodeGetContent (tern_xml_child (root, "name")))
             : NULL;
  if (!tern_uuid_is_valid (uuid) || name == NULL || *name == '\0')
    {
      g_set_error (error, TERN_ERROR, TERN_ERROR_FAILED, "its domain XML has no UUID or no name");
      return NULL;
    }

  vm = tern_vm_new (uuid, name, host);
  fill_vm (vm, root);
  return vm;
}
