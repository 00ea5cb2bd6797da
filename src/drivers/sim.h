/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/clock.h"
#include "model/settings.h"
#include "ports/hypervisor.h"

G_BEGIN_DECLS

/**
 * TernSim:
 *
 * A simulated cluster behind the hypervisor port: hosts, VMs, links, migrations and
 * their faults, in the time of the clock it is given. Ships in the daemon
 * (`virternd --simulate FILE`), and serves the tests.
 *
 * The cluster lives apart from the ports that are opened to it: dropping every port
 * (tern_hypervisor_disconnect(), then unref) and making new ones is what the death and
 * return of the daemon looks like; migrations go on meanwhile, as peer-to-peer ones do.
 *
 * What it does as libvirt does, and where it is simpler:
 * - a call answers at once (on the main loop's next turn); the time that passes is that
 *   of migrations and of hosts that do not answer;
 * - a migration goes through: 20 ms until a job exists; 180 ms until the destination is
 *   prepared (from its start it shows a paused VM); passes over memory at the rate of the
 *   narrower link, shared by the moves on it, while the guest dirties pages anew; when the
 *   rest fits into the downtime limit (300 ms unless told otherwise), the switchover (source
 *   paused), 20 ms longer than the rest takes; the destination runs; 50 ms later the source is
 * gone;
 * - auto-converge slows the guest as QEMU does (20 %, then 10 % more a pass, up to 99 %);
 * - post-copy, in a migration that was begun with it: the source stands still for 20 ms, then the
 *   guest runs on the destination while the rest goes over. Source paused (postcopy), destination
 *   running (postcopy), then as above. An abort is an error there. What breaks it leaves both in
 *   postcopy-failed and the job in place, until the same call takes it up again;
 * - a pause stops the guest (paused, migration) with its job; it runs again where the job ends;
 * - several connections, compression and TLS are accepted and change nothing;
 * - memory is written to at the rate of the file, which is what measuring tells 1 s later;
 * - what libvirt refuses is refused, in its words: snapshots, block jobs, devices and folders of
 *   the host, disks on local storage, media, networks, secrets and machine types that the
 *   destination lacks, CPU features late, while preparing. What the file does not tell of a host
 *   stands in nobody's way, but a disk must be known to be shared;
 * - free memory is *not* checked, as libvirt does not: tern_sim_get_overcommitted() tells of it;
 * - a start takes no time;
 * - a guest that is asked to shut down is off 5 s later, or as the file says, wherever it runs by
 *   then; a migration of it fails with that. Meanwhile it shows as running, and it may be asked
 *   again;
 * - a job ends with "job-changed" on success only; an abort during copying changes nothing
 *   on the source.
 */
#define TERN_TYPE_SIM (tern_sim_get_type ())
G_DECLARE_FINAL_TYPE (TernSim, tern_sim, TERN, SIM, GObject)

/**
 * TernSimHostState:
 * @TERN_SIM_HOST_UP: all is well. VMs that were running when it went down are shut off
 *   (persistent) or gone (transient)
 * @TERN_SIM_HOST_DOWN: no power: connections break at once, VMs stop. A migration *to* it
 *   fails 30 s later (keepalive) and the source goes on; one *from* it is lost, unless the
 *   destination was running already
 * @TERN_SIM_HOST_CUT: cannot be reached by the daemon, all else goes on: connections
 *   break at once, VMs run, hosts reach one another
 * @TERN_SIM_HOST_HANG: its libvirtd does not answer: calls end with %TERN_ERROR_TIMED_OUT after
 *   10 s, connections break after 30 s (keepalive); VMs run. A migration from or to it gets
 *   no further than the end of its stage or pass; one *to* it fails after 30 s. When it wakes
 *   it carries out what still waits
 */
typedef enum
{
  TERN_SIM_HOST_UP,
  TERN_SIM_HOST_DOWN,
  TERN_SIM_HOST_CUT,
  TERN_SIM_HOST_HANG,
  TERN_SIM_HOST_N_STATES
} TernSimHostState;

/**
 * TernSimPhase: when a fault strikes
 * @TERN_SIM_PREPARE: half-way through preparing
 * @TERN_SIM_COPY: half-way through the first pass
 * @TERN_SIM_SWITCH: when the source has just been paused
 * @TERN_SIM_FINISH: when the last page is over
 * @TERN_SIM_START: when the VM is started: error, hang (shut off until it is over; the call ends
 *   with %TERN_ERROR_TIMED_OUT) and lose-connection (it starts) only
 * @TERN_SIM_POSTCOPY: when half of what was left is over, in post-copy; again each time that it is
 *   taken up
 * @TERN_SIM_SHUTDOWN: when its guest is asked to shut down: error (it was not asked),
 *   lose-connection (it was) and ignored only
 */
typedef enum
{
  TERN_SIM_PREPARE,
  TERN_SIM_COPY,
  TERN_SIM_SWITCH,
  TERN_SIM_FINISH,
  TERN_SIM_START,
  TERN_SIM_POSTCOPY,
  TERN_SIM_SHUTDOWN,
  TERN_SIM_N_PHASES
} TernSimPhase;

/**
 * TernSimFault: what goes wrong with a migration, and what both hosts show afterwards
 * @TERN_SIM_FAULT_ERROR: it fails. Source running (from the switchover on: reason
 *   migration-cancelled), destination without it. From post-copy on: both postcopy-failed
 * @TERN_SIM_FAULT_HANG: nothing moves, for ever or for "seconds". The job stays active, its
 *   rate is 0. Prepare: an abort is remembered and takes effect when it goes on. Copy and
 *   switch: an abort works. Finish: the destination runs, the source is paused, an abort does
 *   nothing. Post-copy: what the guest lacks does not come
 * @TERN_SIM_FAULT_LOSE_CONNECTION: the daemon's connections to the source break, and can be made
 *   again at once; the migration goes on
 * @TERN_SIM_FAULT_SOURCE_DIES: as %TERN_SIM_HOST_DOWN of the source
 * @TERN_SIM_FAULT_DESTINATION_DIES: as %TERN_SIM_HOST_DOWN of the destination
 * @TERN_SIM_FAULT_BOTH_RUN: (finish) the destination runs, its answer is lost, the source's CPUs
 *   are started again: running (migration-cancelled) and running (migrated). After a post-copy, as
 *   the paused leftover: paused (postcopy-failed) with its job, and running (migrated)
 * @TERN_SIM_FAULT_LEFTOVER_SOURCE: (finish) success, but the source keeps a definition: shut off
 *   (migrated)
 * @TERN_SIM_FAULT_LEFTOVER_PAUSED_SOURCE: (finish) the destination runs; the source is never told:
 *   paused (migration), without a job
 * @TERN_SIM_FAULT_REFUSED: (prepare) a hook of the destination does not let it in, and the error
 *   names the host
 * @TERN_SIM_FAULT_STUCK: from here on the source's QEMU does not take orders, for ever or for
 *   "seconds": aborts and whatever steers the migration end with %TERN_ERROR_TIMED_OUT after 10 s,
 *   and the migration goes on
 * @TERN_SIM_FAULT_HELD_SOURCE: (switch) the libvirtd of the source is restarted when all is over
 * but the destination has not started the guest: connections break, and nobody goes on with it:
 * paused (migration), without a job, and nothing on the destination
 * @TERN_SIM_FAULT_IGNORED: (shutdown) the guest goes on as if it had not been asked
 */
typedef enum
{
  TERN_SIM_FAULT_ERROR,
  TERN_SIM_FAULT_HANG,
  TERN_SIM_FAULT_LOSE_CONNECTION,
  TERN_SIM_FAULT_SOURCE_DIES,
  TERN_SIM_FAULT_DESTINATION_DIES,
  TERN_SIM_FAULT_BOTH_RUN,
  TERN_SIM_FAULT_LEFTOVER_SOURCE,
  TERN_SIM_FAULT_LEFTOVER_PAUSED_SOURCE,
  TERN_SIM_FAULT_REFUSED,
  TERN_SIM_FAULT_STUCK,
  TERN_SIM_FAULT_HELD_SOURCE,
  TERN_SIM_FAULT_IGNORED,
  TERN_SIM_N_FAULTS
} TernSimFault;

/** tern_sim_new: an empty cluster in the time of @clock, which is kept */
TernSim *tern_sim_new (TernClock *clock);

/**
 * tern_sim_load:
 * @path: a snapshot file, see data/virtern-snapshot.schema.json; at most 64 MiB
 * @error: %TERN_ERROR_INVALID_ARGUMENT, naming the file and the field; nothing was added then
 *
 * Adds what the file describes.
 */
gboolean tern_sim_load (TernSim *self, const char *path, GError **error);

/** tern_sim_load_data: as tern_sim_load(), from memory; @name stands for the file in errors.
 * VMs may be put on hosts that are there already: so a test adds a VM. */
gboolean tern_sim_load_data (TernSim *self, const char *data, gssize length, const char *name,
                             GError **error);

/** tern_sim_get_overcommitted: Returns: (transfer full): names of hosts on which, by a move or a
 * start, VMs needed more memory at one time than the host has */
GStrv tern_sim_get_overcommitted (TernSim *self);

/** tern_sim_get_settings: Returns: (transfer none): as in the file, defaults where it says nothing
 */
const TernSettings *tern_sim_get_settings (TernSim *self);
/** tern_sim_dup_shared_paths: Returns: (transfer full): of the file */
GStrv tern_sim_dup_shared_paths (TernSim *self);

/** tern_sim_get_host_configs: the hosts that are listed, file by file and by name.
 * Returns: (transfer full) (element-type TernHostConfig): URIs are sim://NAME/ */
GPtrArray *tern_sim_get_host_configs (TernSim *self);

/** tern_sim_factory: a #TernHypervisorFactory for URIs sim://NAME/; @sim is the #TernSim. A host
 * that the cluster has not is unreachable when connected to. */
TernHypervisor *tern_sim_factory (TernHostConfig *config, gpointer sim, GError **error);

/* What tests change. Hosts are named as in the file, VMs by name or UUID; what is not there
 * is a programming error. */

void tern_sim_set_host_state (TernSim *self, const char *host, TernSimHostState state);
/** tern_sim_set_vm_state: as if something on that host had changed it; a VM in a migration too */
void tern_sim_set_vm_state (TernSim *self, const char *host, const char *vm, TernVmState state,
                            TernVmReason reason);
/** tern_sim_remove_vm: it ends and is undefined */
void tern_sim_remove_vm (TernSim *self, const char *host, const char *vm);
/** tern_sim_set_dirty_rate: bytes per second; takes effect with the next pass */
void tern_sim_set_dirty_rate (TernSim *self, const char *host, const char *vm,
                              guint64 bytes_per_second);
/** tern_sim_add_fault: for the next @times migrations of @vm that reach @phase */
void tern_sim_add_fault (TernSim *self, const char *vm, TernSimPhase phase, TernSimFault fault,
                         guint times);

/** No link of its own between two hosts: as fast as the links of both. */
#define TERN_SIM_LINK_OPEN G_MAXUINT64

/**
 * tern_sim_set_link: what the migration network carries between two hosts, both ways together
 * @bytes_per_second: 0: it is cut. Nothing goes over then and nobody is told: copies and
 * switchovers stand still with their job active, a guest in post-copy stands still though both
 * hosts show it as before, until TCP gives up after 15 minutes, which breaks it; libvirt's own
 * connections, and with them aborts, are not touched. %TERN_SIM_LINK_OPEN: as at first
 */
void tern_sim_set_link (TernSim *self, const char *a, const char *b, guint64 bytes_per_second);
/** tern_sim_release: lets hung migrations and starts of @vm go on, and frees a stuck monitor */
void tern_sim_release (TernSim *self, const char *vm);

G_END_DECLS
