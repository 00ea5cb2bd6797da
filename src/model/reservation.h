/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * TernReservation: what a move or a start under way takes
 * @task_id: of the task that holds it; 0 for one that is only planned
 * @vm_uuid: lower case
 * @source: host it leaves; its memory there is not free before it is gone
 * @destination: host it goes to
 * @memory: bytes, see tern_vm_get_memory_need()
 * @vcpus: virtual CPUs
 */
typedef struct
{
  guint64 task_id;
  char *vm_uuid;
  char *source;
  char *destination;
  guint64 memory;
  guint vcpus;
} TernReservation;

TernReservation *tern_reservation_copy (const TernReservation *self);
void tern_reservation_free (TernReservation *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TernReservation, tern_reservation_free)

G_END_DECLS
