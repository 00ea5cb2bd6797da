/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "drivers/libvirt-xml.h"
#include "model/resource.h"

G_BEGIN_DECLS

/** tern_libvirt_parse_pool: Returns: (transfer full): whether it is active and its volumes are not
 * in the XML */
TernPool *tern_libvirt_parse_pool (const char *xml, GError **error);

/** tern_libvirt_pool_is_directory: Returns: whether its volumes are files whose times tell one
 * directory from another */
gboolean tern_libvirt_pool_is_directory (const TernPool *self);

/** tern_libvirt_parse_volume: Returns: (transfer full) (nullable): "NAME\tSTAMP", see TernPool;
 * %NULL without error if it has no time */
char *tern_libvirt_parse_volume (const char *xml, GError **error);

/** tern_libvirt_parse_network: Returns: (transfer full): not active */
TernNetwork *tern_libvirt_parse_network (const char *xml, GError **error);

/** tern_libvirt_parse_net_device: Returns: (transfer full) (nullable): the interface's name in a
 * node device of the capability "net"; %NULL without error if it is none */
char *tern_libvirt_parse_net_device (const char *xml, GError **error);

G_END_DECLS
