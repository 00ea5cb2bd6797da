/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "drivers/libvirt-calls.h"
#include "drivers/libvirt-conn.h"
#include "drivers/libvirt-host.h"
#include "drivers/libvirt-opener.h"
#include "drivers/worker.h"

G_BEGIN_DECLS

/* The port to one libvirt host in parts: its connections and what it is asked (libvirt-host.c),
 * what it is told (-acts), migrations (-move), and what steers them (-steer). */

/** TernLibvirtLine: the threads of a host; libvirt-host.c tells what each is for */
typedef enum
{
  TERN_LINE_CONTROL,
  TERN_LINE_LISTS,
  TERN_LINE_JOB,
  TERN_LINE_STEER,
  TERN_LINE_ABORT,
  TERN_LINE_POOLS,
  TERN_LINE_ACTS,
  TERN_LINE_MEASURE,
  TERN_LINE_OFF,
  TERN_LINE_OFF_LAST = TERN_LINE_OFF + 3,
  TERN_N_LINES
} TernLibvirtLine;

struct _TernLibvirtHost
{
  GObject parent;

  TernHostConfig *config;
  TernLibvirtOpener *opener;
  gboolean connecting;

  /* while connected */
  TernLibvirtConn *conn;
  TernLibvirtSink *sink;
  TernWorker *lines[TERN_N_LINES];
  TernLibvirtLink *links[TERN_N_LINES];
  GPtrArray *left_behind; /* (element-type TernWorker): closed, their threads hang in a call */
  GPtrArray *migrations;  /* those that have a thread; owned by their tasks */
  TernHostFacts *known_facts;
  guint facts_told; /* since all of them were asked for; 0: ask for all the next time */
};

/** tern_libvirt_host_refuse: ends @task if there is no connection. Returns: whether it did */
gboolean tern_libvirt_host_refuse (TernLibvirtHost *self, GTask *task, const char *what);

/**
 * tern_libvirt_host_begin:
 * @uuid: (nullable)
 * @task: (transfer full) on failure
 *
 * Returns: (transfer full) (nullable): what the call takes to its thread, still to be filled, for
 *   tern_libvirt_host_send(); %NULL when the task was ended
 */
TernLibvirtInput *tern_libvirt_host_begin (TernLibvirtHost *self, TernLibvirtLine line,
                                           const TernCallKind *kind, const char *uuid, GTask *task);

/** tern_libvirt_host_send: @task: (transfer full), @input: (transfer full) */
void tern_libvirt_host_send (TernLibvirtHost *self, TernLibvirtLine line, const TernCallKind *kind,
                             GTask *task, TernLibvirtInput *input);

/** tern_libvirt_host_start: a call that needs nothing but the VM's UUID, if that */
void tern_libvirt_host_start (TernHypervisor *hypervisor, TernLibvirtLine line,
                              const TernCallKind *kind, const char *uuid, GCancellable *cancellable,
                              GAsyncReadyCallback cb, gpointer data);

/** tern_libvirt_host_close_migrations: all end with @reason; the hosts go on with them */
void tern_libvirt_host_close_migrations (TernLibvirtHost *self, const GError *reason);

/* The parts' share of the interface. */
void tern_libvirt_host_add_acts (TernHypervisorInterface *iface);
void tern_libvirt_host_add_moves (TernHypervisorInterface *iface);
void tern_libvirt_host_add_steering (TernHypervisorInterface *iface);

G_END_DECLS
