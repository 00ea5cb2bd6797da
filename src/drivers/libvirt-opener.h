/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "drivers/libvirt-conn.h"
#include "model/host.h"

G_BEGIN_DECLS

/**
 * TernLibvirtOpener:
 *
 * Opens connections to one host, each in a thread of its own, at most 10 s each. A libvirtd
 * that accepts and never answers (stopped, or out of workers) keeps such a thread for as long
 * as it pleases: when 3 are stuck, opening ends with %TERN_ERROR_UNREACHABLE until one
 * comes back. Main thread only.
 */
typedef struct _TernLibvirtOpener TernLibvirtOpener;

/** tern_libvirt_opener_new: Returns: (transfer full) */
TernLibvirtOpener *tern_libvirt_opener_new (TernHostConfig *config);

/** tern_libvirt_opener_open_async: @sink: (nullable): where events go */
void tern_libvirt_opener_open_async (TernLibvirtOpener *self, TernLibvirtSink *sink,
                                     GCancellable *cancellable, GAsyncReadyCallback cb,
                                     gpointer data);
/** tern_libvirt_opener_open_finish: Returns: (transfer full) */
TernLibvirtConn *tern_libvirt_opener_open_finish (GAsyncResult *result, GError **error);

/** tern_libvirt_opener_close: openings under way end with @reason; the object can be used on */
void tern_libvirt_opener_close (TernLibvirtOpener *self, const GError *reason);
void tern_libvirt_opener_free (TernLibvirtOpener *self);

G_END_DECLS
