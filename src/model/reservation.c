/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "model/reservation.h"

TernReservation *
tern_reservation_copy (const TernReservation *self)
{
  TernReservation *copy = g_new0 (TernReservation, 1);

  *copy = *self;
  copy->vm_uuid = g_strdup (self->vm_uuid);
  copy->source = g_strdup (self->source);
  copy->destination = g_strdup (self->destination);
  return copy;
}

void
tern_reservation_free (TernReservation *self)
{
  if (self == NULL)
    return;

  g_free (self->vm_uuid);
  g_free (self->source);
  g_free (self->destination);
  g_free (self);
}
