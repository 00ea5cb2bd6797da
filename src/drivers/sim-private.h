/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What the parts of the simulation share:
 *
 *   sim.c       the cluster: hosts, domains, faults, what tests may change
 *   sim-file.c  the snapshot file becomes hosts and domains
 *   sim-move.c  a migration in virtual time; sim-copy.c: its passes over memory;
 *               sim-fault.c: when it does not end well;
 *               sim-postcopy.c: when its guest goes ahead; sim-link.c: how fast it is
 *   sim-steer.c what a migration is told while it runs, and what a person does to copies
 *   sim-check.c what libvirt refuses to move, take in or start
 *   sim-host.c  the hypervisor port: connections, signals; sim-call.c: what is asked
 *   sim-edit.c  starting a VM and changing its definition; sim-cpu.c: CPUs compared
 *   sim-shutdown.c  a guest that is asked to shut down
 *
 * Hosts live as long as the cluster; a domain is one host's copy of a VM.
 */

#include "drivers/sim.h"
#include "model/settings.h"

G_BEGIN_DECLS

/* What a guest takes to shut down, unless the file says otherwise. */
#define SIM_SHUTDOWN_US (5 * G_USEC_PER_SEC)
#define SIM_CALL_TIMEOUT_US (10 * G_USEC_PER_SEC)
#define SIM_KEEPALIVE_US (30 * G_USEC_PER_SEC)
/* What Linux takes by default to give up a connection whose other end is silent (tcp_retries2). */
#define SIM_TCP_US (924 * G_USEC_PER_SEC)

typedef struct _SimHost SimHost;
typedef struct _SimDomain SimDomain;
typedef struct _SimFault SimFault;
typedef struct _SimMove SimMove;
typedef struct _SimCall SimCall;

/* The network between two hosts, where it is not as fast as the links of both. */
typedef struct
{
  SimHost *a;
  SimHost *b;
  guint64 bps; /* 0: cut */
  guint64 left;
  guint unserved;
} SimLink;

struct _SimHost
{
  TernSim *sim;
  const char *name; /* of @config */
  TernHostConfig *config;
  TernHostFacts *facts; /* as in the file; what changes is counted when they are asked for */
  guint64 memory_other; /* bytes that are in use by other things than VMs */
  gboolean overcommitted;
  guint64 link_bps;
  guint64 out_left; /* while what the links carry is divided */
  guint64 in_left;
  guint out_unserved;
  guint in_unserved;
  gboolean listed;
  TernSimHostState state;

  GHashTable *domains; /* uuid -> SimDomain */
  GPtrArray *ports;    /* connected ones, not owned */
  GPtrArray *parked;   /* SimCall: what the hanging libvirtd has not read yet */
  guint keepalive;     /* timer: until connections to a hanging host break */
  guint reset;         /* timer: they break at once */
};

struct _SimDomain
{
  TernVm *vm;         /* as this host shows it; replaced, never changed */
  TernCpu *defined;   /* (nullable): the definition's CPU; the running one is in @vm */
  TernCpu *original;  /* (nullable): what the definition had before it was masked */
  SimHost *home;      /* where its local files are */
  gboolean arrived;   /* or was started, since the file was read */
  SimHost *host;      /* not owned: where this copy is */
  guint start_timer;  /* a start that hangs */
  gboolean starting;  /* likewise, with or without an end */
  gint64 shutdown_us; /* how long its guest takes to shut down */
  guint shutdown_timer;
  gint64 off_us; /* when that fires, by the clock */
  guint64 dirty_bps;
  SimMove *move; /* not owned: the job on it, on both sides */
  gboolean has_completed;
  TernJobStats completed;
};

struct _SimFault
{
  char *vm; /* name or UUID; NULL for a fault of a host */
  TernSimPhase phase;
  TernSimFault fault;
  guint times;
  gint64 length_us; /* of a hang; 0 for ever */

  TernSim *sim;
  SimHost *host;
  TernSimHostState state;
  guint timer;
};

struct _TernSim
{
  GObject parent;

  TernClock *clock;
  GPtrArray *hosts;        /* SimHost */
  GPtrArray *moves;        /* SimMove, in the order they began */
  GPtrArray *faults;       /* SimFault */
  GArray *links;           /* SimLink */
  GPtrArray *shared_paths; /* char * */
  TernSettings settings;   /* of the last file that has some */
};

/* --- sim.c --- */

SimHost *tern_sim_find_host (TernSim *self, const char *name);
/** tern_sim_adopt_host: takes over a host that is filled in */
void tern_sim_adopt_host (TernSim *self, SimHost *host);
SimHost *tern_sim_host_new (TernHostConfig *config);
void tern_sim_host_free (SimHost *self);

/** tern_sim_host_get_used: Returns: bytes that its active VMs need */
guint64 tern_sim_host_get_used (SimHost *self);
/** tern_sim_host_note_free: what its facts call free is so with the VMs it has now */
void tern_sim_host_note_free (SimHost *self);
/** tern_sim_host_check_memory: remembers if it has promised more than it has */
void tern_sim_host_check_memory (SimHost *self);

/** tern_sim_host_find_domain: by UUID. Returns: (nullable) */
SimDomain *tern_sim_host_find_domain (SimHost *self, const char *uuid);
/** tern_sim_host_find_domain_by_name: by name or UUID. Returns: (nullable) */
SimDomain *tern_sim_host_find_domain_by_name (SimHost *self, const char *name);
/** tern_sim_host_put_domain: adds a domain; @vm is copied and told its host */
SimDomain *tern_sim_host_put_domain (SimHost *self, const TernVm *vm, guint64 dirty_bps);
void tern_sim_host_remove_domain (SimHost *self, const char *uuid);
void tern_sim_domain_set_state (SimDomain *self, TernVmState state, TernVmReason reason);
void tern_sim_domain_set_persistent (SimDomain *self, gboolean persistent);
/** tern_sim_domain_edit: Returns: its VM, a copy that is shown from now on and may be changed
 * until somebody is told */
TernVm *tern_sim_domain_edit (SimDomain *self);
/** tern_sim_domain_set_cpu: @cpu: (transfer none) (nullable) */
void tern_sim_domain_set_cpu (SimDomain *self, TernCpu *cpu);
/** tern_sim_domain_inherit: takes over definition, mask and home of the copy on another host */
void tern_sim_domain_inherit (SimDomain *self, const SimDomain *from);

/** tern_sim_take_fault: the fault that strikes @vm in @phase now, counted down. Returns: whether
 * there is one */
gboolean tern_sim_take_fault (TernSim *self, const TernVm *vm, TernSimPhase phase,
                              TernSimFault *out_fault, gint64 *out_length_us);
/** tern_sim_adopt_fault: takes over a fault; one of a host strikes @delay_us from now */
void tern_sim_adopt_fault (TernSim *self, SimFault *fault, gint64 delay_us);
void tern_sim_fault_free (SimFault *self);

const char *tern_sim_host_state_to_string (TernSimHostState state);
const char *tern_sim_phase_to_string (TernSimPhase phase);
const char *tern_sim_fault_to_string (TernSimFault fault);
gboolean tern_sim_host_state_from_string (const char *name, TernSimHostState *out_state);
gboolean tern_sim_phase_from_string (const char *name, TernSimPhase *out_phase);
gboolean tern_sim_fault_from_string (const char *name, TernSimFault *out_fault);

/* --- sim-move.c, sim-fault.c, sim-postcopy.c --- */

/** tern_sim_move_start: begins a migration and answers @call when it ends; on refusal sets @error
 */
gboolean tern_sim_move_start (SimHost *source, const char *uuid, const TernMigrateParams *params,
                              SimCall *call, GError **error);
void tern_sim_move_free (SimMove *self);
/** tern_sim_move_has_job: Returns: whether the source knows of a job already */
gboolean tern_sim_move_has_job (const SimMove *self);
gboolean tern_sim_move_is_outgoing (const SimMove *self, const SimHost *host);
void tern_sim_move_get_stats (SimMove *self, TernJobStats *out_stats);
/** tern_sim_move_abort: Returns: whether it may be (or have come too late); not in post-copy */
gboolean tern_sim_move_abort (SimMove *self);
/** tern_sim_move_is_stuck: Returns: whether its QEMU takes no orders */
gboolean tern_sim_move_is_stuck (const SimMove *self);
void tern_sim_move_set_downtime (SimMove *self, guint downtime_ms);
void tern_sim_move_set_speed (SimMove *self, guint64 bandwidth_bps, gboolean postcopy);
/** tern_sim_move_pause: Returns: whether the guest stands still now */
gboolean tern_sim_move_pause (SimMove *self);
gboolean tern_sim_move_start_postcopy (SimMove *self, GError **error);
/** tern_sim_move_take_up: goes on with a broken post-copy and answers @call when that ends */
gboolean tern_sim_move_take_up (SimMove *self, const SimHost *dest, SimCall *call, GError **error);
/** tern_sim_move_lose_copy: the copy on @host is about to be ended by a person; frees the move if
 * it ends with that */
void tern_sim_move_lose_copy (SimMove *self, const SimHost *host);
void tern_sim_move_release (SimMove *self);
/** tern_sim_moves_host_changed: tells every migration that @host is in another state now */
void tern_sim_moves_host_changed (SimHost *host);

/* --- sim-check.c: (transfer full) (nullable): why not, as libvirt says it --- */

/** tern_sim_find_departure_problem: what the source finds before it asks the destination */
char *tern_sim_find_departure_problem (const SimDomain *domain, TernMigrateFlags flags);
/** tern_sim_find_machine_problem: why the host takes no such definition */
char *tern_sim_find_machine_problem (const TernHostFacts *facts, const TernVm *vm);
/** tern_sim_find_arrival_problem: what the destination, or the host that starts it, lacks */
char *tern_sim_find_arrival_problem (SimHost *host, const SimDomain *domain);
/** tern_sim_count_pages_taken: Returns: huge pages that VMs took which are new to @host */
guint64 tern_sim_count_pages_taken (SimHost *host, guint64 size);
/** tern_sim_find_cpu_problem: what shows only when the guest's CPU is made */
char *tern_sim_find_cpu_problem (const SimHost *host, const TernVm *vm);

/* --- sim-edit.c --- */

/** tern_sim_domain_run: a shut-off VM is started */
void tern_sim_domain_run (SimHost *host, SimDomain *domain);

/* --- sim-shutdown.c --- */

/** tern_sim_domain_forget_shutdown: its guest is not on its way down any more */
void tern_sim_domain_forget_shutdown (SimDomain *domain);
/** tern_sim_domain_inherit_shutdown: a guest on its way down goes on with it wherever it runs */
void tern_sim_domain_inherit_shutdown (SimDomain *domain, const SimDomain *from);

/* --- sim-cpu.c --- */

/** tern_sim_cpu_missing: Returns: (transfer full) (nullable): features, separated by @separator */
char *tern_sim_cpu_missing (const TernCpu *need, const TernCpu *have, const char *separator);
/** tern_sim_cpu_expand: the CPU with all features of its model, which some host of the cluster has.
 * Returns: (transfer full) (nullable): %NULL for a model that nobody knows */
TernCpu *tern_sim_cpu_expand (TernSim *sim, const TernCpu *cpu);
/** tern_sim_cpu_start: Returns: (transfer full) (nullable): what a definition's CPU becomes on
 * @host */
TernCpu *tern_sim_cpu_start (const SimHost *host, TernCpu *defined);
char *tern_sim_cpu_to_text (const TernCpu *cpu);
/** tern_sim_cpu_from_text: Returns: (transfer full) (nullable) */
TernCpu *tern_sim_cpu_from_text (const char *text);
/** tern_sim_cpu_baseline: @cpus: (element-type TernCpu). Returns: (transfer full) (nullable) */
TernCpuDefinition *tern_sim_cpu_baseline (TernSim *sim, const GPtrArray *cpus, GError **error);

/* --- sim-host.c, sim-call.c --- */

void tern_sim_host_emit_vm (SimHost *self, const char *uuid);
void tern_sim_host_emit_job (SimHost *self, const char *uuid);
/** tern_sim_host_drop_connections: each open port is told and its calls end */
void tern_sim_host_drop_connections (SimHost *self, const char *why);
/** tern_sim_host_reset_connections: the same, as the clock's next event */
void tern_sim_host_reset_connections (SimHost *self);
/** tern_sim_host_wake: carries out what waited while the host hung */
void tern_sim_host_wake (SimHost *self);

SimCall *tern_sim_call_ref (SimCall *self);
void tern_sim_call_unref (SimCall *self);
/** tern_sim_call_end: answers a migration's call; @error: (transfer full) (nullable). A call that
 * was answered before is left alone */
void tern_sim_call_end (SimCall *self, GError *error);

G_END_DECLS
