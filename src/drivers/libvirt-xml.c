/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the readers of libvirt's XML share. Walks the tree instead of asking XPath: names are few,
 * and a walk cannot match where it should not (a <cpu> inside <metadata>, say).
 */
#include "config.h"

#include "drivers/libvirt-xml.h"

#include "base/error.h"
#include "model/list.h"

#include <libxml/parser.h>
#include <string.h>

static void
ignore_error (void *data, xmlErrorPtr error)
{
}

static xmlDoc *
parse (const char *xml, const char *root_name, int more_options, GError **error)
{
  const int options = XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING | more_options;
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

xmlDoc *
tern_xml_parse (const char *xml, const char *root_name, GError **error)
{
  return parse (xml, root_name, XML_PARSE_NOBLANKS, error);
}

xmlDoc *
tern_xml_parse_to_edit (const char *xml, const char *root_name, GError **error)
{
  return parse (xml, root_name, 0, error);
}

char *
tern_xml_format (const xmlNode *node)
{
  xmlBufferPtr buffer = xmlBufferCreate ();
  char *text;

  xmlNodeDump (buffer, node->doc, (xmlNode *) node, 0, 0);
  text = g_strdup ((const char *) xmlBufferContent (buffer));
  xmlBufferFree (buffer);
  return text;
}

const xmlNode *
tern_xml_next (const xmlNode *node, const char *name)
{
  for (; node != NULL; node = node->next)
    if (node->type == XML_ELEMENT_NODE && xmlStrEqual (node->name, BAD_CAST name))
      return node;
  return NULL;
}

const xmlNode *
tern_xml_child (const xmlNode *node, const char *name)
{
  return node != NULL ? tern_xml_next (node->children, name) : NULL;
}

char *
tern_xml_take (xmlChar *text)
{
  char *copy = text != NULL ? g_strdup ((char *) text) : NULL;

  xmlFree (text);
  return copy;
}

char *
tern_xml_attr (const xmlNode *node, const char *name)
{
  return node != NULL ? tern_xml_take (xmlGetNoNsProp (node, BAD_CAST name)) : NULL;
}

gboolean
tern_xml_attr_is (const xmlNode *node, const char *name, const char *value)
{
  g_autofree char *text = tern_xml_attr (node, name);

  return g_strcmp0 (text, value) == 0;
}

char *
tern_xml_text (const xmlNode *node)
{
  g_autofree char *text = NULL;

  if (node == NULL)
    return NULL;
  text = tern_xml_take (xmlNodeGetContent (node));
  if (text == NULL || *g_strstrip (text) == '\0')
    return NULL;
  return g_steal_pointer (&text);
}

char *
tern_xml_child_text (const xmlNode *node, const char *name)
{
  return tern_xml_text (tern_xml_child (node, name));
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

guint64
tern_xml_unit_factor (const char *unit)
{
  for (guint i = 0; unit != NULL && i < G_N_ELEMENTS (units); i++)
    if (strcmp (unit, units[i].unit) == 0)
      return units[i].factor;
  return 1024;
}

guint64
tern_xml_number (const xmlNode *node, guint64 max)
{
  g_autofree char *text = tern_xml_text (node);
  guint64 number;

  if (text == NULL || !g_ascii_string_to_unsigned (text, 10, 0, max, &number, NULL))
    return 0;
  return number;
}

guint64
tern_xml_bytes (const xmlNode *node)
{
  g_autofree char *unit = tern_xml_attr (node, "unit");
  guint64 number = tern_xml_number (node, G_MAXUINT64);
  guint64 bytes;

  return __builtin_mul_overflow (number, tern_xml_unit_factor (unit), &bytes) ? 0 : bytes;
}

gboolean
tern_xml_attr_number (const xmlNode *node, const char *name, guint base, guint64 max,
                      guint64 *out_number)
{
  g_autofree char *text = tern_xml_attr (node, name);
  const char *digits = text;

  if (text == NULL)
    return FALSE;
  if (base == 0)
    {
      base = g_str_has_prefix (text, "0x") ? 16 : 10;
      digits = base == 16 ? text + 2 : text;
    }
  return g_ascii_string_to_unsigned (digits, base, 0, max, out_number, NULL);
}

GStrv
tern_xml_take_set (GPtrArray *names)
{
  GStrv set;

  g_ptr_array_add (names, NULL);
  set = tern_strv_sorted ((const char *const *) names->pdata);
  g_ptr_array_unref (names);
  return set;
}
