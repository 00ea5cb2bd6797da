/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Between sim-host.c, the port, and sim-call.c, what is asked through it.
 */

#include "drivers/sim-private.h"

#include "base/error.h"

G_BEGIN_DECLS

typedef enum
{
  CALL_CONNECT,
  CALL_FACTS,
  CALL_VMS,
  CALL_VM,
  CALL_INSPECT,
  CALL_MIGRATE,
  CALL_JOB,
  CALL_COMPLETED_JOB,
  CALL_ABORT,
  CALL_RESUME,
  CALL_DISCARD,
  CALL_SET_DOWNTIME,
  CALL_SET_SPEED,
  CALL_START_POSTCOPY,
  CALL_PAUSE,
  CALL_MEASURE_DIRTY,
  CALL_REMOVE_COPY,
  CALL_LET_RUN,
  CALL_START,
  CALL_EJECT,
  CALL_SHUTDOWN,
  CALL_SET_LOCK,
  CALL_SET_DRAIN_ACTION,
  CALL_SET_CPU,
  CALL_CPU_TEXT,
  CALL_COMPARE_CPU,
  CALL_BASELINE_CPU
} CallKind;

/* What a call is about besides a VM; each is (nullable). @flag: of post-copy (speed); the
 * definition too (removing a copy). */
typedef struct
{
  guint downtime_ms;
  guint64 bandwidth_bps;
  gboolean flag;
  int action;
  const TernMigrateParams *params;
  const char *target;
  const char *source;
  const char *cpu_text;
  const TernLock *lock;
  const TernCpu *cpu;
  const GPtrArray *cpus;
} CallArgs;

typedef enum
{
  LINK_CLOSED,
  LINK_OPENING,
  LINK_OPEN
} LinkState;

#define TERN_TYPE_SIM_PORT (tern_sim_port_get_type ())
G_DECLARE_FINAL_TYPE (TernSimPort, tern_sim_port, TERN, SIM_PORT, GObject)

struct _TernSimPort
{
  GObject parent;

  TernSim *sim;
  TernHostConfig *config;
  char *host_name; /* from the URI; @config has the admin's name for it */
  LinkState link;
  SimHost *host;    /* NULL while closed */
  GPtrArray *calls; /* SimCall: not answered yet */
};

struct _SimCall
{
  guint refs;
  TernSimPort *port; /* not owned; the task holds it */
  CallKind kind;
  char *uuid;
  char *peer_uri;
  TernMigrateParams params;
  guint downtime_ms;
  guint64 bandwidth_bps;
  gboolean flag;
  int action;
  char *target;
  char *source;
  char *cpu_text;
  TernLock *lock;
  TernCpu *cpu;
  GPtrArray *cpus;
  GTask *task; /* NULL once answered */
  GSource *cancel;
  guint timer;
};

/** tern_sim_call_start: makes a call and answers it at once, or leaves it with a libvirtd that does
 * not read it. @args: (nullable): copied */
void tern_sim_call_start (TernSimPort *port, CallKind kind, const char *uuid, const CallArgs *args,
                          GCancellable *cancellable, GAsyncReadyCallback cb, gpointer data);
/** tern_sim_call_answer: does what was asked */
void tern_sim_call_answer (SimCall *self);
/** tern_sim_call_fail: ends the call with that error */
void tern_sim_call_fail (SimCall *self, TernError code, const char *message);
/** tern_sim_call_return: ends the call with a value; @value: (transfer full) */
void tern_sim_call_return (SimCall *self, gpointer value, GDestroyNotify destroy);
/** tern_sim_call_refuse: ends the call: the VM in its state cannot be @what */
void tern_sim_call_refuse (SimCall *self, const SimDomain *domain, const char *what);
/** tern_sim_call_wait: ends the call with a time-out, unless it is answered before */
void tern_sim_call_wait (SimCall *self);

/** tern_sim_call_fail_without_job: ends the call: there is no outgoing migration to tell it to */
void tern_sim_call_fail_without_job (SimCall *self);

/* --- sim-steer.c --- */

/** tern_sim_answer_steer: a call that tells a running migration something, or measures its guest */
void tern_sim_answer_steer (SimCall *self, SimHost *host, SimDomain *domain);
/** tern_sim_answer_remove_copy: @domain: (nullable) */
void tern_sim_answer_remove_copy (SimCall *self, SimHost *host, SimDomain *domain);
void tern_sim_answer_let_run (SimCall *self, SimHost *host, SimDomain *domain);

/* --- sim-edit.c --- */

/** tern_sim_answer_edit: a call that starts a VM or changes it */
void tern_sim_answer_edit (SimCall *self, SimHost *host, SimDomain *domain);
/** tern_sim_call_is_barred: Returns: whether a migration does not let it be; then the call ended */
gboolean tern_sim_call_is_barred (SimCall *self, const SimDomain *domain);
/** tern_sim_answer_cpu: a call that compares CPUs */
void tern_sim_answer_cpu (SimCall *self, SimHost *host);

/* --- sim-shutdown.c --- */

void tern_sim_answer_shutdown (SimCall *self, SimHost *host, SimDomain *domain);

G_END_DECLS
