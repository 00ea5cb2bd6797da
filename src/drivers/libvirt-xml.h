/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <libxml/tree.h>

G_BEGIN_DECLS

/*
 * For the readers of libvirt's XML. All of it is foreign text: at most TERN_LIBVIRT_XML_MAX bytes,
 * no network, no entities of its own, bounded counts. What is missing stays %NULL or 0; only what
 * makes the answer useless is an error (%TERN_ERROR_FAILED). Each @node may be %NULL, so that
 * lookups chain.
 */
#define TERN_LIBVIRT_XML_MAX (4 * 1024 * 1024)

/** tern_xml_parse: @root_name: what the document must be. Returns: (transfer full) */
xmlDoc *tern_xml_parse (const char *xml, const char *root_name, GError **error);

/** tern_xml_parse_to_edit: likewise, keeping the white space */
xmlDoc *tern_xml_parse_to_edit (const char *xml, const char *root_name, GError **error);

/** tern_xml_format: Returns: (transfer full): the element as text, without a header */
char *tern_xml_format (const xmlNode *node);

/** tern_xml_next: Returns: (nullable): @node or the first of its siblings after it called @name */
const xmlNode *tern_xml_next (const xmlNode *node, const char *name);

/** tern_xml_child: Returns: (nullable): the first child called @name */
const xmlNode *tern_xml_child (const xmlNode *node, const char *name);

#define TERN_XML_FOR_EACH(var, parent, name)                                                       \
  for (const xmlNode *var = tern_xml_child (parent, name); var != NULL;                            \
       var = tern_xml_next (var->next, name))

/** tern_xml_take: @text: (transfer full) (nullable). Returns: (nullable): in GLib's memory */
char *tern_xml_take (xmlChar *text);

/** tern_xml_attr: Returns: (transfer full) (nullable) */
char *tern_xml_attr (const xmlNode *node, const char *name);
gboolean tern_xml_attr_is (const xmlNode *node, const char *name, const char *value);

/** tern_xml_attr_number: @base: 10, or 0 for C's prefixes. Returns: whether it is a number up to
 * @max */
gboolean tern_xml_attr_number (const xmlNode *node, const char *name, guint base, guint64 max,
                               guint64 *out_number);

/** tern_xml_text: Returns: (transfer full) (nullable): the text without the white space around it,
 * %NULL if there is none */
char *tern_xml_text (const xmlNode *node);
char *tern_xml_child_text (const xmlNode *node, const char *name);

/** tern_xml_number: Returns: the text as a number, 0 if it is none or above @max */
guint64 tern_xml_number (const xmlNode *node, guint64 max);

/** tern_xml_unit_factor: Returns: bytes in libvirt's @unit, 1024 if it is not known */
guint64 tern_xml_unit_factor (const char *unit);

/** tern_xml_bytes: Returns: the text in its "unit", in bytes */
guint64 tern_xml_bytes (const xmlNode *node);

/** tern_xml_take_set: @names: (transfer full) (element-type utf8). Returns: (transfer full):
 * sorted, without repeats */
GStrv tern_xml_take_set (GPtrArray *names);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (xmlDoc, xmlFreeDoc)

G_END_DECLS
