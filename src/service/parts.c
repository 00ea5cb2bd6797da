/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What every file of the service needs: the engine's objects, and the way errors go out.
 */
#include "config.h"

#include "service/parts.h"

#include "base/error.h"
#include "base/text.h"

TernParts *
tern_parts_new (const TernParts *parts)
{
  TernParts *self = g_rc_box_dup (sizeof *parts, (gpointer) parts);

  g_object_ref (self->clock);
  g_object_ref (self->store);
  g_object_ref (self->inventory);
  g_object_ref (self->tasks);
  g_object_ref (self->assessor);
  g_object_ref (self->migrator);
  g_object_ref (self->authority);
  if (self->drainer != NULL)
    g_object_ref (self->drainer);
  if (self->herald != NULL)
    g_object_ref (self->herald);
  return self;
}

TernParts *
tern_parts_ref (TernParts *self)
{
  return g_rc_box_acquire (self);
}

static void
parts_clear (TernParts *self)
{
  g_clear_object (&self->herald);
  g_clear_object (&self->drainer);
  g_object_unref (self->authority);
  g_object_unref (self->migrator);
  g_object_unref (self->assessor);
  g_object_unref (self->tasks);
  g_object_unref (self->inventory);
  g_object_unref (self->store);
  g_object_unref (self->clock);
}

void
tern_parts_unref (TernParts *self)
{
  if (self != NULL)
    g_rc_box_release_full (self, (GDestroyNotify) parts_clear);
}

void
tern_bus_return_error (GDBusMethodInvocation *invocation, const GError *error)
{
  g_autofree char *sentence = tern_text_visible (error->message, 0);
  int code = error->domain == TERN_ERROR ? error->code : TERN_ERROR_FAILED;

  g_dbus_method_invocation_return_error_literal (invocation, TERN_ERROR, code, sentence);
}
