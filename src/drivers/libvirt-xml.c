/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * libvirt's domain, capabilities and cpu XML in our model. Pure: works on strings only. Walks
 * the tree instead of asking XPath: names are few, and a walk cannot match where it should not
 * (a <cpu> inside <metadata>, say).
 */
#include "config.h"

#include "drivers/libvirt-xml.h"

#include "base/error.h"
#include "base/text.h"

#include <libxml/parser.h>
#include <libxml/tree.h>
#include <string.h>

/* More than libvirt itself allows; what is beyond is left out. */
#define MAX_FEATURES 4096
#define MAX_DEVICES 4096

G_DEFINE_AUTOPTR_CLEANUP_FUNC (xmlDoc, xmlFreeDoc)

static void
ignore_error (void *data, xmlErrorPtr error)
{
}

static xmlDoc *
parse_document (const char *xml, const char *root_name, GError **error)
{
  const int options =
      XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING | XML_PARSE_NOBLANKS;
  gsize length = strlen (xml);
  g_autoptr (xmlDoc) doc = NULL;
  const xmlNode *root;

  if (length > TERN_LIBVIRT_XML_MAX)
    {
      g_set_error (error, TERN_ERROR, TERN_ERROR_FAILED, "its %s XML is too long (%zu bytes)",
                   root_name, length);
      return NULL;
    }

  xmlSetStructuredErrorFunc (NULL, ignore_error);
  doc = xmlReadMemory (xml, (int) length, NULL, NULL, options);
  root = doc != NULL && doc->intSubset == NULL ? xmlDocGetRootElement (doc) : NULL;
  if (root == NULL || !xmlStrEqual (root->name, BAD_CAST root_name))
    {
      g_set_error (error, TERN_ERROR, TERN_ERROR_FAILED, "its %s XML cannot be read", root_name);
      return NULL;
    }
  return g_steal_pointer (&doc);
}

static const xmlNode *
next_element (const xmlNode *node, const char *name)
{
  for (; node != NULL; node = node->next)
    if (node->type == XML_ELEMENT_NODE && xmlStrEqual (node->name, BAD_CAST name))
      return node;
  return NULL;
}

/* @node may be NULL, so that lookups chain. */
static const xmlNode *
child (const xmlNode *node, const char *name)
{
  return node != NULL ? next_element (node->children, name) : NULL;
}

#define FOR_EACH_CHILD(var, parent, name)                                                          \
  for (const xmlNode *var = child (parent, name); var != NULL; var = next_element (var->next, name))

static char *
take_xml_string (xmlChar *text)
{
  char *copy = text != NULL ? g_strdup ((char *) text) : NULL;

  xmlFree (text);
  return copy;
}

static char *
get_attr (const xmlNode *node, const char *name)
{
  return node != NULL ? take_xml_string (xmlGetNoNsProp (node, BAD_CAST name)) : NULL;
}

static gboolean
attr_is (const xmlNode *node, const char *name, const char *value)
{
  g_autofree char *text = get_attr (node, name);

  return g_strcmp0 (text, value) == 0;
}

/* The text of an element without the white space around it, NULL if there is none. */
static char *
get_text (const xmlNode *node)
{
  g_autofree char *text = NULL;

  if (node == NULL)
    return NULL;
  text = take_xml_string (xmlNodeGetContent (node));
  if (text == NULL || *g_strstrip (text) == '\0')
    return NULL;
  return g_steal_pointer (&text);
}

static char *
get_child_text (const xmlNode *node, const char *name)
{
  return get_text (child (node, name));
}

static const struct
{
  const char *unit;
  guint64 factor;
} units[] = {
  { "b", 1 },
  { "bytes", 1 },
  { "KB", 1000 },
  { "k", 1024 },
  { "KiB", 1024 },
  { "MB", 1000000 },
  { "M", 1 << 20 },
  { "MiB", 1 << 20 },
  { "GB", 1000000000 },
  { "G", 1 << 30 },
  { "GiB", 1 << 30 },
  { "TB", G_GUINT64_CONSTANT (1000000000000) },
  { "T", G_GUINT64_CONSTANT (1) << 40 },
  { "TiB", G_GUINT64_CONSTANT (1) << 40 },
};

static guint64
unit_factor (const char *unit)
{
  for (guint i = 0; unit != NULL && i < G_N_ELEMENTS (units); i++)
    if (strcmp (unit, units[i].unit) == 0)
      return units[i].factor;
  return 1024;
}

static guint64
get_number (const xmlNode *node, guint64 max)
{
  g_autofree char *text = get_text (node);
  guint64 number;

  if (text == NULL || !g_ascii_string_to_unsigned (text, 10, 0, max, &number, NULL))
    return 0;
  return number;
}

static guint64
get_bytes (const xmlNode *node)
{
  g_autofree char *unit = get_attr (node, "unit");
  guint64 number = get_number (node, G_MAXUINT64);
  guint64 bytes;

  return __builtin_mul_overflow (number, unit_factor (unit), &bytes) ? 0 : bytes;
}

static void
collect_features (const xmlNode *cpu, GPtrArray *features, GPtrArray *disabled)
{
  guint count = 0;

  FOR_EACH_CHILD (node, cpu, "feature")
  {
    g_autofree char *name = get_attr (node, "name");
    g_autofree char *policy = get_attr (node, "policy");

    if (name == NULL || *name == '\0' || ++count > MAX_FEATURES)
      continue;
    if (policy == NULL || g_str_equal (policy, "require") || g_str_equal (policy, "force"))
      g_ptr_array_add (features, g_steal_pointer (&name));
    else if (g_str_equal (policy, "disable") || g_str_equal (policy, "forbid"))
      g_ptr_array_add (disabled, g_steal_pointer (&name));
    /* "optional" says nothing yet: libvirt turns it into one of the others at start */
  }
}

static TernCpu *
cpu_from_node (const xmlNode *node, const char *mode)
{
  g_autoptr (GPtrArray) features = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GPtrArray) disabled = g_ptr_array_new_with_free_func (g_free);
  g_autofree char *own_mode = get_attr (node, "mode");
  g_autofree char *model = get_child_text (node, "model");
  g_autofree char *vendor = get_child_text (node, "vendor");

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
  g_autoptr (xmlDoc) doc = parse_document (xml, "cpu", error);

  return doc != NULL ? cpu_from_node (xmlDocGetRootElement (doc), mode) : NULL;
}

static char *
disk_source (const xmlNode *source, const char *type)
{
  static const struct
  {
    const char *type;
    const char *attr;
  } attrs[] = { { "file", "file" }, { "block", "dev" }, { "dir", "dir" }, { "vhostuser", "path" } };

  if (source == NULL || type == NULL)
    return NULL;

  for (guint i = 0; i < G_N_ELEMENTS (attrs); i++)
    if (strcmp (type, attrs[i].type) == 0)
      return get_attr (source, attrs[i].attr);

  {
    gboolean volume = strcmp (type, "volume") == 0;
    g_autofree char *first = get_attr (source, volume ? "pool" : "protocol");
    g_autofree char *second = get_attr (source, volume ? "volume" : "name");

    if (first == NULL)
      return NULL;
    return g_strconcat (first, volume ? "/" : ":", second != NULL ? second : "", NULL);
  }
}

static TernDisk *
disk_from_node (const xmlNode *node)
{
  TernDisk *disk = tern_disk_new ();

  disk->target = get_attr (child (node, "target"), "dev");
  disk->device = get_attr (node, "device");
  if (disk->device == NULL)
    disk->device = g_strdup ("disk");
  disk->type = get_attr (node, "type");
  disk->source = disk_source (child (node, "source"), disk->type);
  disk->cache = get_attr (child (node, "driver"), "cache");
  disk->readonly = child (node, "readonly") != NULL;
  disk->shareable = child (node, "shareable") != NULL;
  return disk;
}

static TernNic *
nic_from_node (const xmlNode *node)
{
  TernNic *nic = tern_nic_new ();
  const xmlNode *source = child (node, "source");

  /* While the VM runs, libvirt shows what its network became: type 'bridge', with the network
   * still named. The network is what another host must have. */
  nic->source = get_attr (source, "network");
  nic->type = nic->source != NULL ? g_strdup ("network") : get_attr (node, "type");
  if (nic->source == NULL)
    nic->source = get_attr (source, "bridge");
  if (nic->source == NULL)
    nic->source = get_attr (source, "dev");
  nic->mac = get_attr (child (node, "mac"), "address");
  return nic;
}

static void
add_devices (TernVm *vm, const xmlNode *devices)
{
  FOR_EACH_CHILD (node, devices, "disk")
  if (vm->disks->len < MAX_DEVICES)
    g_ptr_array_add (vm->disks, disk_from_node (node));

  FOR_EACH_CHILD (node, devices, "interface")
  if (vm->nics->len < MAX_DEVICES)
    g_ptr_array_add (vm->nics, nic_from_node (node));
}

static void
fill_vm (TernVm *vm, const xmlNode *root)
{
  const xmlNode *type = child (child (root, "os"), "type");
  const xmlNode *cpu = child (root, "cpu");
  const xmlNode *current = child (root, "currentMemory");

  vm->memory = get_bytes (child (root, "memory"));
  vm->memory_current = current != NULL ? get_bytes (current) : vm->memory;
  vm->vcpus = (guint) get_number (child (root, "vcpu"), G_MAXUINT);
  vm->virt_type = get_attr (root, "type");
  vm->arch = get_attr (type, "arch");
  vm->machine = get_attr (type, "machine");
  if (cpu != NULL)
    vm->cpu = cpu_from_node (cpu, NULL);
  add_devices (vm, child (root, "devices"));
}

TernVm *
tern_libvirt_parse_domain (const char *xml, const char *host, GError **error)
{
  g_autoptr (xmlDoc) doc = parse_document (xml, "domain", error);
  g_autofree char *uuid = NULL;
  g_autofree char *name = NULL;
  const xmlNode *root;
  TernVm *vm;

  if (doc == NULL)
    return NULL;

  root = xmlDocGetRootElement (doc);
  uuid = get_child_text (root, "uuid");
  /* Not stripped: a name may begin with a space. */
  name = child (root, "name") != NULL ? take_xml_string (xmlNodeGetContent (child (root, "name")))
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

static gboolean
caps_offer_kvm (const xmlNode *root, const char *host_arch)
{
  FOR_EACH_CHILD (guest, root, "guest")
  {
    const xmlNode *arch = child (guest, "arch");

    if (!attr_is (arch, "name", host_arch))
      continue;
    FOR_EACH_CHILD (domain, arch, "domain")
    if (attr_is (domain, "type", "kvm"))
      return TRUE;
  }
  return FALSE;
}

TernLibvirtCaps *
tern_libvirt_parse_caps (const char *xml, GError **error)
{
  g_autoptr (xmlDoc) doc = parse_document (xml, "capabilities", error);
  g_autofree char *uuid = NULL;
  TernLibvirtCaps *caps;
  const xmlNode *root;
  const xmlNode *host;

  if (doc == NULL)
    return NULL;

  root = xmlDocGetRootElement (doc);
  host = child (root, "host");
  caps = g_new0 (TernLibvirtCaps, 1);
  uuid = get_child_text (host, "uuid");
  if (tern_uuid_is_valid (uuid))
    caps->uuid = g_ascii_strdown (uuid, -1);
  caps->arch = get_child_text (child (host, "cpu"), "arch");
  caps->virt_type = g_strdup (caps_offer_kvm (root, caps->arch) ? "kvm" : "qemu");
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
  g_free (self);
}

/* The model is a guess of libvirt's to be mended by features: fallback must be kept. */
static char *
cpu_xml_from_mode (const xmlNode *mode)
{
  xmlBufferPtr buffer = xmlBufferCreate ();
  GString *xml = g_string_new ("<cpu>");

  for (xmlNode *node = mode->children; node != NULL; node = node->next)
    if (node->type == XML_ELEMENT_NODE)
      xmlNodeDump (buffer, mode->doc, node, 0, 0);
  g_string_append (xml, (const char *) xmlBufferContent (buffer));
  g_string_append (xml, "</cpu>");
  xmlBufferFree (buffer);
  return g_string_free (xml, FALSE);
}

char *
tern_libvirt_domcaps_to_cpu_xml (const char *xml, GError **error)
{
  g_autoptr (xmlDoc) doc = parse_document (xml, "domainCapabilities", error);

  if (doc == NULL)
    return NULL;

  FOR_EACH_CHILD (mode, child (xmlDocGetRootElement (doc), "cpu"), "mode")
  if (attr_is (mode, "name", "host-model") && attr_is (mode, "supported", "yes")
      && child (mode, "model") != NULL)
    return cpu_xml_from_mode (mode);
  return NULL;
}
