/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ports/hypervisor.h"

G_BEGIN_DECLS

/**
 * TernLibvirtHost:
 *
 * The hypervisor port to one libvirt host. See ports/hypervisor.h for what it promises.
 */
#define TERN_TYPE_LIBVIRT_HOST (tern_libvirt_host_get_type ())
G_DECLARE_FINAL_TYPE (TernLibvirtHost, tern_libvirt_host, TERN, LIBVIRT_HOST, GObject)

/**
 * tern_libvirt_init:
 *
 * Puts libvirt on the default main context and silences its own messages on stderr. Called
 * on the main thread, before the first host is made; more calls do nothing.
 */
void tern_libvirt_init (void);

/**
 * tern_libvirt_host_new: a #TernHypervisorFactory
 * @data: not used
 * @error: %TERN_ERROR_INVALID_ARGUMENT for a URI that is none of libvirt's
 *
 * Returns: (transfer full) (nullable)
 */
TernHypervisor *tern_libvirt_host_new (TernHostConfig *config, gpointer data, GError **error);

G_END_DECLS
