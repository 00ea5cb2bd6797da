/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "drivers/libvirt-edit-xml.h"

#include "base/error.h"
#include "base/text.h"
#include "drivers/libvirt-domain-xml.h"

#include <string.h>

/* What of a cpu element says which CPU it is; the rest is how it is arranged. */
static const char *const cpu_attrs[] = { "mode", "match", "check", "migratable" };

/* Those with a mode belong to the choice in that mode only: libvirt refuses them for any CPU but
 * the host's own. */
static const struct
{
  const char *name;
  const char *mode;
} cpu_children[] = {
  { "model", NULL },
  { "vendor", NULL },
  { "feature", NULL },
  { "cache", "passthrough" },
  { "maxphysaddr", "passthrough" },
};

static gboolean
is_of_choice (const xmlNode *node)
{
  if (node->type != XML_ELEMENT_NODE)
    return FALSE;
  for (guint i = 0; i < G_N_ELEMENTS (cpu_children); i++)
    if (strcmp ((const char *) node->name, cpu_children[i].name) == 0)
      return cpu_children[i].mode == NULL || tern_xml_attr_is (node, "mode", cpu_children[i].mode);
  return FALSE;
}

static void
remove_node (xmlNode *node)
{
  xmlUnlinkNode (node);
  xmlFreeNode (node);
}

static void
clear_choice (xmlNode *cpu)
{
  xmlNode *next;

  for (guint i = 0; i < G_N_ELEMENTS (cpu_attrs); i++)
    (void) xmlUnsetProp (cpu, BAD_CAST cpu_attrs[i]);
  for (xmlNode *node = cpu->children; node != NULL; node = next)
    {
      next = node->next;
      if (is_of_choice (node))
        remove_node (node);
    }
}

/* In no namespace, whatever was made of the mask meanwhile. */
static xmlNode *
copy_plain (const xmlNode *node, xmlDoc *doc)
{
  static const char *const attrs[] = { "fallback", "vendor_id", "policy", "name",
                                       "mode",     "limit",     "bits",   "level" };
  g_autofree char *text = tern_xml_text (node);
  xmlNode *copy = xmlNewDocNode (doc, NULL, node->name, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (attrs); i++)
    {
      g_autofree char *value = tern_xml_attr (node, attrs[i]);

      if (value != NULL)
        xmlNewProp (copy, BAD_CAST attrs[i], BAD_CAST value);
    }
  if (text != NULL)
    xmlNodeAddContent (copy, BAD_CAST text);
  return copy;
}

/* In front of what stays, in their order. */
static void
copy_choice (const xmlNode *from, xmlNode *to)
{
  xmlNode *first = to->children;

  for (guint i = 0; i < G_N_ELEMENTS (cpu_attrs); i++)
    {
      g_autofree char *value = tern_xml_attr (from, cpu_attrs[i]);

      if (value != NULL)
        xmlNewProp (to, BAD_CAST cpu_attrs[i], BAD_CAST value);
    }
  for (const xmlNode *node = from->children; node != NULL; node = node->next)
    if (is_of_choice (node))
      {
        xmlNode *copy = copy_plain (node, to->doc);

        if (first != NULL)
          xmlAddPrevSibling (first, copy);
        else
          xmlAddChild (to, copy);
      }
}

static xmlNode *
new_choice (xmlDoc *doc, const TernCpu *cpu)
{
  xmlNode *node = xmlNewDocNode (doc, NULL, BAD_CAST "cpu", NULL);
  char **const lists[] = { cpu->features, cpu->disabled };
  static const char *const policies[] = { "require", "disable" };

  xmlNewProp (node, BAD_CAST "mode", BAD_CAST "custom");
  xmlNewProp (node, BAD_CAST "match", BAD_CAST "exact");
  /* A host that lacks something must refuse to start it, rather than start it with less. */
  xmlNewProp (node, BAD_CAST "check", BAD_CAST "partial");
  if (cpu->model != NULL)
    xmlNewProp (xmlNewTextChild (node, NULL, BAD_CAST "model", BAD_CAST cpu->model),
                BAD_CAST "fallback", BAD_CAST "forbid");
  if (cpu->vendor != NULL)
    xmlNewTextChild (node, NULL, BAD_CAST "vendor", BAD_CAST cpu->vendor);
  for (guint i = 0; i < G_N_ELEMENTS (lists); i++)
    for (guint j = 0; lists[i] != NULL && lists[i][j] != NULL; j++)
      {
        xmlNode *feature = xmlNewChild (node, NULL, BAD_CAST "feature", NULL);

        xmlNewProp (feature, BAD_CAST "policy", BAD_CAST policies[i]);
        xmlNewProp (feature, BAD_CAST "name", BAD_CAST lists[i][j]);
      }
  return node;
}

/* Our own prefix, so that the cpu inside is in no namespace. */
static void
add_mask (xmlNode *root, const xmlNode *cpu)
{
  xmlNode *metadata = (xmlNode *) tern_xml_child (root, "metadata");
  xmlNode *mask;

  if (metadata == NULL)
    metadata = xmlNewChild (root, NULL, BAD_CAST "metadata", NULL);
  mask = xmlNewChild (metadata, NULL, BAD_CAST "mask", NULL);
  xmlSetNs (mask, xmlNewNs (mask, BAD_CAST TERN_LIBVIRT_MASK_NS, BAD_CAST TERN_LIBVIRT_MASK_KEY));
  if (cpu != NULL)
    {
      xmlNode *kept = xmlNewDocNode (root->doc, NULL, BAD_CAST "cpu", NULL);

      copy_choice (cpu, kept);
      xmlAddChild (mask, kept);
    }
}

static void
set_choice (xmlNode *root, const xmlNode *choice)
{
  xmlNode *cpu = (xmlNode *) tern_xml_child (root, "cpu");

  if (cpu == NULL)
    cpu = xmlNewChild (root, NULL, BAD_CAST "cpu", NULL);
  clear_choice (cpu);
  copy_choice (choice, cpu);
}

static gboolean
restore (xmlNode *root, GError **error)
{
  const xmlNode *mask = tern_libvirt_metadata (root, "mask", TERN_LIBVIRT_MASK_NS);
  const xmlNode *kept = tern_xml_child (mask, "cpu");

  if (mask == NULL)
    {
      g_set_error (error, TERN_ERROR, TERN_ERROR_NOT_FOUND,
                   "the VM's definition keeps no earlier CPU: it was not changed here");
      return FALSE;
    }
  if (kept != NULL)
    set_choice (root, kept);
  else if (tern_xml_child (root, "cpu") != NULL)
    remove_node ((xmlNode *) tern_xml_child (root, "cpu"));

  while ((mask = tern_libvirt_metadata (root, "mask", TERN_LIBVIRT_MASK_NS)) != NULL)
    remove_node ((xmlNode *) mask);
  if (xmlChildElementCount ((xmlNode *) tern_xml_child (root, "metadata")) == 0)
    remove_node ((xmlNode *) tern_xml_child (root, "metadata"));
  return TRUE;
}

static void
change (xmlNode *root, const TernCpu *cpu)
{
  xmlNode *choice = new_choice (root->doc, cpu);

  if (tern_libvirt_metadata (root, "mask", TERN_LIBVIRT_MASK_NS) == NULL)
    add_mask (root, tern_xml_child (root, "cpu"));
  set_choice (root, choice);
  xmlFreeNode (choice);
}

static char *
format_mask (const xmlNode *root)
{
  const xmlNode *mask = tern_libvirt_metadata (root, "mask", TERN_LIBVIRT_MASK_NS);
  const xmlNode *kept = tern_xml_child (mask, "cpu");
  g_autofree char *cpu = kept != NULL ? tern_xml_format (kept) : NULL;

  return mask != NULL ? g_strconcat ("<mask>", cpu != NULL ? cpu : "", "</mask>", NULL) : NULL;
}

char *
tern_libvirt_edit_cpu (const char *xml, const TernCpu *cpu, char **out_mask, GError **error)
{
  g_autoptr (xmlDoc) doc = tern_xml_parse_to_edit (xml, "domain", error);
  xmlNode *root;

  if (doc == NULL)
    return NULL;

  root = xmlDocGetRootElement (doc);
  if (cpu != NULL)
    change (root, cpu);
  else if (!restore (root, error))
    return NULL;

  *out_mask = format_mask (root);
  return tern_xml_format (root);
}

static xmlNode *
find_drive (xmlNode *root, const char *target)
{
  TERN_XML_FOR_EACH (disk, tern_xml_child (root, "devices"), "disk")
  if (tern_xml_attr_is (tern_xml_child (disk, "target"), "dev", target))
    return (xmlNode *) disk;
  return NULL;
}

/* An empty drive of another type than "file" is refused by libvirt. */
static char *
without_medium (xmlNode *disk)
{
  static const char *const of_medium[] = { "source", "backingStore", "auth", "encryption",
                                           "mirror" };

  for (guint i = 0; i < G_N_ELEMENTS (of_medium); i++)
    {
      xmlNode *node;

      while ((node = (xmlNode *) tern_xml_child (disk, of_medium[i])) != NULL)
        remove_node (node);
    }
  xmlSetProp (disk, BAD_CAST "type", BAD_CAST "file");
  return tern_xml_format (disk);
}

gboolean
tern_libvirt_edit_eject (const char *xml, const char *target, const char *source, char **out_device,
                         GError **error)
{
  g_autoptr (xmlDoc) doc = tern_xml_parse (xml, "domain", error);
  g_autofree char *there = NULL;
  xmlNode *disk;

  if (doc == NULL)
    return FALSE;

  disk = find_drive (xmlDocGetRootElement (doc), target);
  if (disk == NULL)
    {
      g_set_error (error, TERN_ERROR, TERN_ERROR_NOT_FOUND, "the VM has no drive %s", target);
      return FALSE;
    }
  if (!tern_xml_attr_is (disk, "device", "cdrom") && !tern_xml_attr_is (disk, "device", "floppy"))
    {
      g_set_error (error, TERN_ERROR, TERN_ERROR_REFUSED, "%s is no CD-ROM or floppy drive",
                   target);
      return FALSE;
    }

  there = tern_libvirt_disk_source (disk);
  if (there != NULL && strcmp (there, source) != 0)
    {
      g_autofree char *shown = tern_text_visible (there, 200);

      g_set_error (error, TERN_ERROR, TERN_ERROR_REFUSED, "%s holds %s by now", target, shown);
      return FALSE;
    }
  *out_device = there != NULL ? without_medium (disk) : NULL;
  return TRUE;
}
