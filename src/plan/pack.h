/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * TernPackHost: a host, as a box
 * @capacity: bytes that may be promised when it is empty; 0 if that is not known: nothing goes
 * there
 * @used: bytes taken by everything on it and promised on it; VMs of the problem that are on it
 *   included
 * @vcpus: virtual CPUs it may carry; 0 for no limit
 * @vcpus_used: likewise
 * @drained: its VMs shall leave
 * @closed: nothing may go there; those that are @drained are, too
 */
typedef struct
{
  guint64 capacity;
  guint64 used;
  guint vcpus;
  guint vcpus_used;
  gboolean drained;
  gboolean closed;
} TernPackHost;

/**
 * TernPackVm: a VM, as what goes into boxes
 * @size: bytes
 * @vcpus: virtual CPUs
 * @host: index of the one it is on; it takes @size there until it has left
 * @must_leave: it shall go away from there
 * @spare: it may be moved to make room for others
 * @home: (of a return) index of the host it shall get to, and no other; -1 for any
 * @preferred: index of the host it goes to if it can; -1 for none
 */
typedef struct
{
  guint64 size;
  guint vcpus;
  guint host;
  gboolean must_leave;
  gboolean spare;
  int home;
  int preferred;
} TernPackVm;

/**
 * TernPackAllows:
 *
 * Returns: whether everything but room lets @vm go to @host: CPU, disks, networks, rules, locks. It
 * may be slow: it is asked as seldom as possible, at most once for a pair.
 */
typedef gboolean (*TernPackAllows) (guint vm, guint host, gpointer data);

/** TernPack: the problem */
typedef struct
{
  const TernPackHost *hosts;
  guint n_hosts;
  const TernPackVm *vms;
  guint n_vms;
  TernPackAllows allows;
  gpointer data;
} TernPack;

/** TernPackMove: @for_room: it does not leave a drained host (or go home), but makes room */
typedef struct
{
  guint vm;
  guint from;
  guint to;
  gboolean for_room;
} TernPackMove;

/**
 * TernPackResult:
 * @moves: (element-type TernPackMove): in an order in which each fits when all before it are over:
 *   no host is over its capacity or vCPUs at any step, with the VM counted on both hosts while it
 *   moves
 * @stranded: (element-type guint): VMs that must leave and find no place
 */
typedef struct
{
  GArray *moves;
  GArray *stranded;
} TernPackResult;

void tern_pack_result_free (TernPackResult *self);

/**
 * tern_pack:
 *
 * Finds a place for every VM that must leave. Strands as few as it can: makes room by moving spare
 * VMs (ejection chains) and, for small problems, searches further; then keeps the highest use of
 * the hosts low (bound: the water-fill level, or the lowest use plus the largest VM), then the
 * number of moves. The effort is bounded; the same problem gives the same result; ties go to the
 * lower index.
 *
 * Returns: (transfer full)
 */
TernPackResult *tern_pack (const TernPack *pack);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TernPackResult, tern_pack_result_free)

G_END_DECLS
