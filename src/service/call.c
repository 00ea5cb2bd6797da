/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the methods of the Manager share.
 */
#include "config.h"

#include "service/call.h"

#include "base/error.h"
#include "base/text.h"
#include "base/units.h"
#include "service/move-choice.h"

/* A VM's name is foreign text of any kind; longer ones can be called by their UUID. */
#define MAX_VM_ARGUMENT 16384

/* dbus-daemon takes 32 MiB on the system bus, and closes the connection of who sends more. */
#define MAX_REPLY (31 << 20)

TernCall *
tern_call_new (TernParts *parts, TernBusManager *bus, GDBusMethodInvocation *invocation)
{
  TernCall *self = g_new0 (TernCall, 1);

  self->parts = tern_parts_ref (parts);
  self->bus = g_object_ref (bus);
  self->invocation = invocation;
  return self;
}

static void
mask_free (TernMask *mask)
{
  g_free (mask->model);
  g_strfreev (mask->disable);
  g_free (mask);
}

void
tern_call_free (TernCall *self)
{
  if (self == NULL)
    return;

  tern_host_config_unref (self->config);
  g_free (self->host);
  g_free (self->vm_uuid);
  g_clear_pointer (&self->order, tern_order_free);
  tern_lock_free (self->lock);
  g_clear_pointer (&self->mask, mask_free);
  tern_drain_free (self->drain);
  g_free (self->move);
  g_free (self->document);
  tern_webhook_free (self->webhook);
  g_free (self->name);
  g_clear_pointer (&self->options, g_variant_unref);
  g_object_unref (self->bus);
  tern_parts_unref (self->parts);
  g_free (self);
}

gboolean
tern_call_refuse (GDBusMethodInvocation *invocation, const GError *error)
{
  tern_bus_return_error (invocation, error);
  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

gboolean
tern_call_fits (GDBusMethodInvocation *invocation, GVariant *reply, const char *what,
                const char *next)
{
  gsize size = g_variant_get_size (reply);
  g_autofree char *shown = NULL;

  if (size <= MAX_REPLY)
    return TRUE;
  shown = tern_units_format_bytes (size);
  g_dbus_method_invocation_return_error (
      invocation, TERN_ERROR, TERN_ERROR_NOT_SUPPORTED,
      "%s is %s long, and the bus carries no more than %d MiB at a time; %s", what, shown,
      MAX_REPLY >> 20, next);
  return FALSE;
}

static gboolean
check_vm_argument (const char *name, GError **error)
{
  g_autofree char *shown = NULL;

  if (strlen (name) <= MAX_VM_ARGUMENT)
    return TRUE;
  shown = tern_text_visible (name, 60);
  g_set_error (error, TERN_ERROR, TERN_ERROR_INVALID_ARGUMENT,
               "“%s” is too long for the name of a VM; use its UUID", shown);
  return FALSE;
}

/* The cluster has an index of names; the inventory knows what to say of one that is not there, and
 * which of equal copies is the one that is shown. */
static const TernVm *
lookup_in (TernParts *parts, const TernCluster *cluster, const char *name, GError **error)
{
  const TernVm *vm;

  if (!check_vm_argument (name, error))
    return NULL;
  vm = tern_cluster_lookup_vm (cluster, name, NULL);
  return tern_inventory_lookup_vm (parts->inventory, vm != NULL ? vm->uuid : name, error);
}

const TernVm *
tern_call_lookup_vm (TernParts *parts, const char *name_or_uuid, GError **error)
{
  return lookup_in (parts, tern_assessor_get_cluster (parts->assessor), name_or_uuid, error);
}

static gboolean
check_count (guint n, GError **error)
{
  if (n > 0 && n <= TERN_MAX_VMS)
    return TRUE;
  if (n == 0)
    g_set_error_literal (error, TERN_ERROR, TERN_ERROR_INVALID_ARGUMENT,
                         "No VM is named; name at least one");
  else
    g_set_error (error, TERN_ERROR, TERN_ERROR_INVALID_ARGUMENT,
                 "%u VMs are named; at most %d can be ordered at a time", n, TERN_MAX_VMS);
  return FALSE;
}

static gboolean
refuse_twice (const char *first, const char *second, GError **error)
{
  g_autofree char *a = tern_text_visible (first, 60);
  g_autofree char *b = tern_text_visible (second, 60);

  g_set_error (error, TERN_ERROR, TERN_ERROR_INVALID_ARGUMENT,
               "“%s” and “%s” are the same VM; name each VM once", a, b);
  return FALSE;
}

gboolean
tern_call_lookup_vms (TernParts *parts, const char *const *names, GPtrArray **out_vms,
                      GError **error)
{
  TernCluster *cluster = tern_assessor_get_cluster (parts->assessor);
  g_autoptr (GHashTable) seen = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr (GPtrArray) vms = g_ptr_array_new ();

  if (!check_count (g_strv_length ((GStrv) names), error))
    return FALSE;
  for (guint i = 0; names[i] != NULL; i++)
    {
      const TernVm *vm = lookup_in (parts, cluster, names[i], error);

      if (vm == NULL)
        return FALSE;
      if (g_hash_table_contains (seen, vm->uuid))
        return refuse_twice (g_hash_table_lookup (seen, vm->uuid), names[i], error);
      g_hash_table_insert (seen, vm->uuid, (gpointer) names[i]);
      g_ptr_array_add (vms, (gpointer) vm);
    }
  *out_vms = g_steal_pointer (&vms);
  return TRUE;
}

TernMoveOptions *
tern_call_parse_move (TernParts *parts, GVariant *options, GError **error)
{
  TernMoveOptions move = tern_assessor_get_settings (parts->assessor)->move;

  if (!tern_move_choice_parse (options, &move, error))
    return NULL;
  return g_memdup2 (&move, sizeof move);
}

static gboolean
is_blank (const char *text)
{
  for (const char *p = text; *p != '\0'; p = g_utf8_next_char (p))
    if (!g_unichar_isspace (g_utf8_get_char (p)) && !g_unichar_iszerowidth (g_utf8_get_char (p)))
      return FALSE;
  return TRUE;
}

gboolean
tern_call_check_text (const char *what, const char *text, gsize max, GError **error)
{
  g_autofree char *visible = tern_text_visible (text, 0);
  g_autofree char *shown = tern_text_visible (text, 60);

  if (is_blank (text))
    g_set_error (error, TERN_ERROR, TERN_ERROR_INVALID_ARGUMENT, "%s says nothing", what);
  else if (strlen (text) > max)
    g_set_error (error, TERN_ERROR, TERN_ERROR_INVALID_ARGUMENT,
                 "%s is %zu bytes long; at most %zu are allowed", what, strlen (text), max);
  else if (!g_str_equal (text, visible))
    g_set_error (error, TERN_ERROR, TERN_ERROR_INVALID_ARGUMENT,
                 "%s has characters that cannot be shown on one line: “%s”", what, shown);
  else
    return TRUE;
  return FALSE;
}

void
tern_call_connect (TernBusManager *bus, const char *signal, GCallback handler, TernParts *parts)
{
  g_signal_connect_data (bus, signal, handler, tern_parts_ref (parts),
                         (GClosureNotify) (GCallback) tern_parts_unref, 0);
}
