/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>
#include <libvirt/libvirt.h>

G_BEGIN_DECLS

/**
 * TernLibvirtEventKind:
 * @TERN_LIBVIRT_EVENT_VM: something happened to a VM
 * @TERN_LIBVIRT_EVENT_JOB: a migration job of a VM moved on or ended
 * @TERN_LIBVIRT_EVENT_HOST: something of the host changed (networks, pools, secrets)
 * @TERN_LIBVIRT_EVENT_CLOSED: the connection is gone
 */
typedef enum
{
  TERN_LIBVIRT_EVENT_VM,
  TERN_LIBVIRT_EVENT_JOB,
  TERN_LIBVIRT_EVENT_HOST,
  TERN_LIBVIRT_EVENT_CLOSED,
} TernLibvirtEventKind;

/**
 * TernLibvirtEventFunc:
 * @text: (nullable): the VM's UUID; of a closed connection, why
 *
 * Called on the main context.
 */
typedef void (*TernLibvirtEventFunc) (TernLibvirtEventKind kind, const char *text, gpointer data);

/**
 * TernLibvirtSink:
 *
 * Where the events of a connection go. libvirt calls back from whatever thread it likes and
 * keeps what it was given until it feels like freeing it: so it gets one of these, which
 * outlives the receiver, and carries every event to the main context.
 */
typedef struct _TernLibvirtSink TernLibvirtSink;

/** tern_libvirt_sink_new: Returns: (transfer full) */
TernLibvirtSink *tern_libvirt_sink_new (TernLibvirtEventFunc func, gpointer data);
TernLibvirtSink *tern_libvirt_sink_ref (TernLibvirtSink *self);
void tern_libvirt_sink_unref (TernLibvirtSink *self);
/** tern_libvirt_sink_mute: on the main thread: no event reaches the receiver after this */
void tern_libvirt_sink_mute (TernLibvirtSink *self);

/**
 * TernLibvirtConn:
 *
 * An open connection to libvirt. References may be taken and dropped in any thread: the last
 * one hands the closing, which asks the host and may hang, to a thread of its own.
 *
 * *One call at a time*: libvirt allows more, but in 9.0 the client crashes when keepalive has
 * given up a connection that two threads wait on, and the host then speaks again: the first
 * thread leaves a watch behind that points into its stack, and the second, which was not told
 * of the end, polls it (virNetClientIOEventLoop).
 */
typedef struct _TernLibvirtConn TernLibvirtConn;

/**
 * tern_libvirt_conn_open: blocks; only in a worker
 * @uri: as the admin gave it
 * @sink: (nullable): register for events; %NULL for connections that only carry calls
 *
 * Returns: (transfer full)
 */
TernLibvirtConn *tern_libvirt_conn_open (const char *uri, TernLibvirtSink *sink, GError **error);
TernLibvirtConn *tern_libvirt_conn_ref (TernLibvirtConn *self);
void tern_libvirt_conn_unref (TernLibvirtConn *self);

/** tern_libvirt_conn_get: Returns: (transfer none): for calls in a worker */
virConnectPtr tern_libvirt_conn_get (TernLibvirtConn *self);

/**
 * TernLibvirtMemo:
 * @models: "ARCH/MODEL" -> (nullable) (array zero-terminated=1): what libvirt said of CPU models
 * @cpu_total: CPU time of the host when it was last asked for, 0 if never
 * @cpu_idle: how much of it was idle
 *
 * What the one who asks on a connection remembers with it. Its worker's alone.
 */
typedef struct
{
  GHashTable *models;
  guint64 cpu_total;
  guint64 cpu_idle;
} TernLibvirtMemo;

/** tern_libvirt_conn_get_memo: Returns: (transfer none) */
TernLibvirtMemo *tern_libvirt_conn_get_memo (TernLibvirtConn *self);

/** tern_libvirt_conn_is_open: Returns: %FALSE once it was seen to break. No I/O. */
gboolean tern_libvirt_conn_is_open (TernLibvirtConn *self);

/**
 * tern_libvirt_conn_report_broken: in any thread
 * @why: a sentence
 *
 * For calls that found the connection dead, should the close callback not have come.
 */
void tern_libvirt_conn_report_broken (TernLibvirtConn *self, const char *why);

/**
 * TernLibvirtLink:
 *
 * A connection for one worker alone, opened when it is first needed, and again after it broke.
 */
typedef struct _TernLibvirtLink TernLibvirtLink;

/** tern_libvirt_link_new: @conn: (nullable): one that is open already */
TernLibvirtLink *tern_libvirt_link_new (const char *uri, TernLibvirtConn *conn);
TernLibvirtLink *tern_libvirt_link_ref (TernLibvirtLink *self);
void tern_libvirt_link_unref (TernLibvirtLink *self);

/** tern_libvirt_link_get: blocks; only in the link's worker. Returns: (transfer full) */
TernLibvirtConn *tern_libvirt_link_get (TernLibvirtLink *self, GError **error);

/**
 * tern_libvirt_unattended_uri:
 * @uri: a libvirt URI
 *
 * Returns: (transfer full): @uri, with ssh told not to ask anybody anything
 */
char *tern_libvirt_unattended_uri (const char *uri);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TernLibvirtSink, tern_libvirt_sink_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TernLibvirtLink, tern_libvirt_link_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TernLibvirtConn, tern_libvirt_conn_unref)

G_END_DECLS
