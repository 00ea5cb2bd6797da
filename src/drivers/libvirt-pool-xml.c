/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a host has for guests besides its CPU: storage pools, volumes, networks. Pure.
 */
#include "config.h"

#include "drivers/libvirt-pool-xml.h"

#include "base/error.h"
#include "model/list.h"

#include <gio/gio.h>
#include <string.h>

#define MAX_NAMES 4096

static char *
join_hosts (const xmlNode *source, const char *default_port)
{
  GPtrArray *hosts = g_ptr_array_new_with_free_func (g_free);
  g_auto (GStrv) sorted = NULL;

  TERN_XML_FOR_EACH (host, source, "host")
  {
    g_autofree char *name = tern_xml_attr (host, "name");
    g_autofree char *lower = name != NULL ? g_ascii_strdown (name, -1) : NULL;
    g_autofree char *port = tern_xml_attr (host, "port");

    if (lower == NULL || hosts->len >= MAX_NAMES)
      continue;
    if (port != NULL && g_strcmp0 (port, default_port) != 0)
      g_ptr_array_add (hosts, g_strdup_printf ("%s:%s", lower, port));
    else
      g_ptr_array_add (hosts, g_steal_pointer (&lower));
  }
  sorted = tern_xml_take_set (hosts);
  return g_strjoinv (",", sorted);
}

/* "/export/" and "/export" are the same to every server. */
static char *
without_slashes (char *path)
{
  gsize length = path != NULL ? strlen (path) : 0;

  while (length > 1 && path[length - 1] == '/')
    path[--length] = '\0';
  return path;
}

static char *
netfs_source (const xmlNode *source)
{
  g_autofree char *hosts = join_hosts (source, "2049");
  g_autofree char *dir = without_slashes (tern_xml_attr (tern_xml_child (source, "dir"), "path"));
  g_autofree char *format = tern_xml_attr (tern_xml_child (source, "format"), "type");

  if (*hosts == '\0' || dir == NULL)
    return NULL;
  return g_strdup_printf ("%s://%s%s%s",
                          format != NULL && strcmp (format, "auto") != 0 ? format : "nfs", hosts,
                          *dir == '/' ? "" : "/", dir);
}

static char *
iscsi_source (const xmlNode *source)
{
  g_autofree char *hosts = join_hosts (source, "3260");
  g_autofree char *iqn = tern_xml_attr (tern_xml_child (source, "device"), "path");

  return *hosts != '\0' && iqn != NULL ? g_strdup_printf ("iscsi://%s/%s", hosts, iqn) : NULL;
}

static char *
rbd_source (const xmlNode *source)
{
  g_autofree char *hosts = join_hosts (source, "6789");
  g_autofree char *name = tern_xml_child_text (source, "name");

  return *hosts != '\0' && name != NULL ? g_strdup_printf ("rbd://%s/%s", hosts, name) : NULL;
}

static char *
gluster_source (const xmlNode *source)
{
  g_autofree char *hosts = join_hosts (source, "24007");
  g_autofree char *name = tern_xml_child_text (source, "name");
  g_autofree char *dir = without_slashes (tern_xml_attr (tern_xml_child (source, "dir"), "path"));

  if (*hosts == '\0' || name == NULL)
    return NULL;
  return g_strdup_printf ("gluster://%s/%s%s%s", hosts, name, dir != NULL && *dir != '/' ? "/" : "",
                          dir != NULL && strcmp (dir, "/") != 0 ? dir : "");
}

static char *
sheepdog_source (const xmlNode *source)
{
  g_autofree char *hosts = join_hosts (source, "7000");
  g_autofree char *name = tern_xml_child_text (source, "name");

  return *hosts != '\0' && name != NULL ? g_strdup_printf ("sheepdog://%s/%s", hosts, name) : NULL;
}

static char *
group_source (const xmlNode *source)
{
  g_autofree char *name = tern_xml_child_text (source, "name");

  return name != NULL ? g_strconcat ("vg://", name, NULL) : NULL;
}

static char *
zfs_source (const xmlNode *source)
{
  g_autofree char *name = tern_xml_child_text (source, "name");

  return name != NULL ? g_strconcat ("zfs://", name, NULL) : NULL;
}

static char *
device_source (const xmlNode *source)
{
  g_autofree char *path = tern_xml_attr (tern_xml_child (source, "device"), "path");

  return path != NULL ? g_strconcat ("device://", path, NULL) : NULL;
}

static const struct
{
  const char *type;
  char *(*source) (const xmlNode *source);
  gboolean remote;
  gboolean directory;
} kinds[] = {
  { "dir", NULL, FALSE, TRUE },
  { "fs", device_source, FALSE, TRUE },
  { "netfs", netfs_source, TRUE, TRUE },
  { "disk", device_source, FALSE, FALSE },
  { "logical", group_source, FALSE, FALSE },
  { "zfs", zfs_source, FALSE, FALSE },
  { "iscsi", iscsi_source, TRUE, FALSE },
  { "iscsi-direct", iscsi_source, TRUE, FALSE },
  { "rbd", rbd_source, TRUE, FALSE },
  { "gluster", gluster_source, TRUE, FALSE },
  { "sheepdog", sheepdog_source, TRUE, FALSE },
};

/* "localhost" is another machine on each host. Of a gluster volume every server has the same. */
static gboolean
is_of_this_host (const TernPool *pool, const xmlNode *source)
{
  if (pool->source == NULL || g_str_has_prefix (pool->source, "gluster"))
    return FALSE;
  TERN_XML_FOR_EACH (host, source, "host")
  {
    g_autofree char *name = tern_xml_attr (host, "name");
    g_autoptr (GInetAddress) address = name != NULL ? g_inet_address_new_from_string (name) : NULL;

    if (name != NULL && g_ascii_strcasecmp (name, "localhost") != 0
        && (address == NULL || !g_inet_address_get_is_loopback (address)))
      return FALSE;
  }
  return TRUE;
}

TernPool *
tern_libvirt_parse_pool (const char *xml, GError **error)
{
  g_autoptr (xmlDoc) doc = tern_xml_parse (xml, "pool", error);
  g_autofree char *name = NULL;
  g_autofree char *type = NULL;
  const xmlNode *root;
  TernPool *pool;

  if (doc == NULL)
    return NULL;

  root = xmlDocGetRootElement (doc);
  name = tern_xml_child_text (root, "name");
  type = tern_xml_attr (root, "type");
  if (name == NULL || type == NULL)
    {
      g_set_error (error, TERN_ERROR, TERN_ERROR_FAILED, "its pool XML has no name or no type");
      return NULL;
    }

  pool = tern_pool_new (name, type);
  pool->path = tern_xml_child_text (tern_xml_child (root, "target"), "path");
  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
    if (strcmp (kinds[i].type, type) == 0 && kinds[i].source != NULL)
      pool->source = kinds[i].source (tern_xml_child (root, "source"));
  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
    if (strcmp (kinds[i].type, type) == 0)
      pool->remote = kinds[i].remote && pool->source != NULL
                     && !is_of_this_host (pool, tern_xml_child (root, "source"));
  return pool;
}

gboolean
tern_libvirt_pool_is_directory (const TernPool *self)
{
  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
    if (strcmp (kinds[i].type, self->type) == 0)
      return kinds[i].directory;
  return FALSE;
}

/* "SECONDS.NANOSECONDS", the latter with nine digits, to nanoseconds. */
static char *
read_stamp (const xmlNode *node)
{
  g_autofree char *text = tern_xml_text (node);
  g_auto (GStrv) parts = text != NULL ? g_strsplit (text, ".", 2) : NULL;

  if (parts == NULL || parts[0] == NULL || *parts[0] == '\0'
      || strspn (parts[0], "0123456789") != strlen (parts[0]))
    return NULL;
  if (parts[1] == NULL)
    return g_strconcat (parts[0], "000000000", NULL);
  return strlen (parts[1]) == 9 && strspn (parts[1], "0123456789") == 9
             ? g_strconcat (parts[0], parts[1], NULL)
             : NULL;
}

char *
tern_libvirt_parse_volume (const char *xml, GError **error)
{
  g_autoptr (xmlDoc) doc = tern_xml_parse (xml, "volume", error);
  g_autofree char *name = NULL;
  g_autofree char *stamp = NULL;
  const xmlNode *times;

  if (doc == NULL)
    return NULL;

  times = tern_xml_child (tern_xml_child (xmlDocGetRootElement (doc), "target"), "timestamps");
  name = tern_xml_child_text (xmlDocGetRootElement (doc), "name");
  stamp = read_stamp (tern_xml_child (times, "ctime"));
  if (name == NULL || strpbrk (name, "\t\n") != NULL || stamp == NULL)
    return NULL;
  return g_strdup_printf ("%s\t%s", name, stamp);
}

TernNetwork *
tern_libvirt_parse_network (const char *xml, GError **error)
{
  g_autoptr (xmlDoc) doc = tern_xml_parse (xml, "network", error);
  g_autofree char *name = NULL;
  GPtrArray *groups;
  TernNetwork *network;

  if (doc == NULL)
    return NULL;

  name = tern_xml_child_text (xmlDocGetRootElement (doc), "name");
  if (name == NULL)
    {
      g_set_error (error, TERN_ERROR, TERN_ERROR_FAILED, "its network XML has no name");
      return NULL;
    }

  groups = g_ptr_array_new_with_free_func (g_free);
  TERN_XML_FOR_EACH (group, xmlDocGetRootElement (doc), "portgroup")
  {
    g_autofree char *group_name = tern_xml_attr (group, "name");

    if (group_name != NULL && groups->len < MAX_NAMES)
      g_ptr_array_add (groups, g_steal_pointer (&group_name));
  }
  network = tern_network_new (name, FALSE);
  network->portgroups = tern_xml_take_set (groups);
  return network;
}

char *
tern_libvirt_parse_net_device (const char *xml, GError **error)
{
  g_autoptr (xmlDoc) doc = tern_xml_parse (xml, "device", error);

  if (doc == NULL)
    return NULL;
  TERN_XML_FOR_EACH (capability, xmlDocGetRootElement (doc), "capability")
  if (tern_xml_attr_is (capability, "type", "net"))
    return tern_xml_child_text (capability, "interface");
  return NULL;
}
