/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What is promised, by VM and by destination. A question about one host looks only at what is on
 * its way there, so that a thousand hosts can be asked for each of a hundred VMs.
 */
#include "config.h"

#include "plan/ledger.h"

struct _TernLedger
{
  GHashTable *by_vm;   /* UUID -> TernReservation, owned */
  GHashTable *by_host; /* name of the destination, owned -> GPtrArray of TernReservation */
};

TernLedger *
tern_ledger_new (void)
{
  TernLedger *self = g_new0 (TernLedger, 1);

  self->by_vm =
      g_hash_table_new_full (g_str_hash, g_str_equal, NULL, (GDestroyNotify) tern_reservation_free);
  self->by_host =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) g_ptr_array_unref);
  return self;
}

TernLedger *
tern_ledger_copy (const TernLedger *self)
{
  TernLedger *copy = tern_ledger_new ();
  GHashTableIter iter;
  gpointer reservation;

  g_hash_table_iter_init (&iter, self->by_vm);
  while (g_hash_table_iter_next (&iter, NULL, &reservation))
    tern_ledger_add (copy, reservation);
  return copy;
}

void
tern_ledger_free (TernLedger *self)
{
  if (self == NULL)
    return;

  g_hash_table_unref (self->by_host);
  g_hash_table_unref (self->by_vm);
  g_free (self);
}

void
tern_ledger_add (TernLedger *self, const TernReservation *reservation)
{
  TernReservation *copy;
  GPtrArray *arrivals;

  g_return_if_fail (reservation->vm_uuid != NULL && reservation->destination != NULL);

  copy = tern_reservation_copy (reservation);
  (void) tern_ledger_remove (self, copy->vm_uuid);
  g_hash_table_insert (self->by_vm, copy->vm_uuid, copy);
  arrivals = g_hash_table_lookup (self->by_host, copy->destination);
  if (arrivals == NULL)
    {
      arrivals = g_ptr_array_new ();
      g_hash_table_insert (self->by_host, g_strdup (copy->destination), arrivals);
    }
  g_ptr_array_add (arrivals, copy);
}

gboolean
tern_ledger_remove (TernLedger *self, const char *vm_uuid)
{
  TernReservation *reservation = g_hash_table_lookup (self->by_vm, vm_uuid);

  if (reservation == NULL)
    return FALSE;

  g_ptr_array_remove (g_hash_table_lookup (self->by_host, reservation->destination), reservation);
  return g_hash_table_remove (self->by_vm, vm_uuid);
}

const TernReservation *
tern_ledger_find (const TernLedger *self, const char *vm_uuid)
{
  return g_hash_table_lookup (self->by_vm, vm_uuid);
}

guint
tern_ledger_get_size (const TernLedger *self)
{
  return g_hash_table_size (self->by_vm);
}

const GPtrArray *
tern_ledger_get_arrivals (const TernLedger *self, const char *host)
{
  const GPtrArray *arrivals = self != NULL ? g_hash_table_lookup (self->by_host, host) : NULL;

  return arrivals != NULL && arrivals->len > 0 ? arrivals : NULL;
}

/* The same copies that tern_cluster_get_memory_used() counts. */
static gboolean
is_counted_there (const TernCluster *cluster, const char *vm_uuid, const char *host)
{
  const GPtrArray *copies = tern_cluster_get_copies (cluster, vm_uuid);

  for (guint i = 0; copies != NULL && i < copies->len; i++)
    {
      const TernVm *copy = copies->pdata[i];

      if ((tern_vm_state_is_active (copy->state) || copy->state == TERN_VM_UNKNOWN)
          && g_str_equal (copy->host, host))
        return TRUE;
    }
  return FALSE;
}

static gboolean
counts (const TernReservation *reservation, const TernCluster *cluster, const char *host,
        const char *except_uuid)
{
  return g_strcmp0 (reservation->vm_uuid, except_uuid) != 0
         && !is_counted_there (cluster, reservation->vm_uuid, host);
}

guint64
tern_ledger_get_memory (const TernLedger *self, const TernCluster *cluster, const char *host,
                        const char *except_uuid)
{
  const GPtrArray *arrivals = tern_ledger_get_arrivals (self, host);
  guint64 sum = 0;

  for (guint i = 0; arrivals != NULL && i < arrivals->len; i++)
    {
      const TernReservation *reservation = arrivals->pdata[i];

      if (counts (reservation, cluster, host, except_uuid)
          && __builtin_add_overflow (sum, reservation->memory, &sum))
        return G_MAXUINT64;
    }
  return sum;
}

guint
tern_ledger_get_vcpus (const TernLedger *self, const TernCluster *cluster, const char *host,
                       const char *except_uuid)
{
  const GPtrArray *arrivals = tern_ledger_get_arrivals (self, host);
  guint sum = 0;

  for (guint i = 0; arrivals != NULL && i < arrivals->len; i++)
    {
      const TernReservation *reservation = arrivals->pdata[i];

      if (counts (reservation, cluster, host, except_uuid)
          && __builtin_add_overflow (sum, reservation->vcpus, &sum))
        return G_MAXUINT;
    }
  return sum;
}
