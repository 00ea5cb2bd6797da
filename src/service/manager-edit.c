/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Methods of the Manager that change one VM without a task: LockVm, UnlockVm, MaskVm, SetVm.
 */
#include "config.h"

#include "service/call.h"

#include "base/error.h"
#include "base/names.h"
#include "base/text.h"
#include "service/bus-text.h"
#include "service/options.h"
#include "service/user-name.h"

#define MAX_LOCK_REASON 1024
#define MAX_LOCK_OWNER 255
#define MAX_CPU_WORD 64
#define MAX_CPU_FEATURES 500
/* The end of the year 9999: what shows times cannot show later ones. */
#define MAX_EXPIRES_US (G_GINT64_CONSTANT (253402300799) * G_USEC_PER_SEC)

/* clang-format off */
static const TernOption lock_options[] = {
  { "expires", "x" },
  { "owner",   "s" },
  { NULL,      NULL },
};
static const TernOption mask_options[] = {
  { "model",    "s" },
  { "baseline", "b" },
  { "disable",  "as" },
  { "clear",    "b" },
  { "dry-run",  "b" },
  { NULL,       NULL },
};
static const TernOption set_options[] = {
  { "drain-action", "s" },
  { NULL,           NULL },
};
/* clang-format on */

/* Takes over @call. */
static void
authorize (TernCall *call, const char *action, const char *vm_name, GAsyncReadyCallback cb)
{
  g_autofree char *shown = tern_bus_text (vm_name);
  const char *details[] = { "vm", shown, NULL };

  tern_authority_check_async (call->parts->authority, call->invocation, action, details, cb, call);
}

/* LockVm */

static gboolean
parse_expires (TernParts *parts, TernLock *lock, GVariant *options, GError **error)
{
  if (!g_variant_lookup (options, "expires", "x", &lock->expires_us))
    return TRUE;

  if (lock->expires_us <= tern_clock_wall_us (parts->clock))
    g_set_error (error, TERN_ERROR, TERN_ERROR_INVALID_ARGUMENT,
                 "The option “expires” is %" G_GINT64_FORMAT
                 ", which is not in the future; it counts microseconds since 1970 UTC, and a lock "
                 "that shall not expire is set without it",
                 lock->expires_us);
  else if (lock->expires_us > MAX_EXPIRES_US)
    g_set_error_literal (error, TERN_ERROR, TERN_ERROR_INVALID_ARGUMENT,
                         "The option “expires” is after the year 9999; a lock that shall not "
                         "expire is set without it");
  else
    return TRUE;
  return FALSE;
}

static TernLock *
parse_lock (TernParts *parts, const char *reason, GVariant *options, GError **error)
{
  g_autoptr (TernLock) lock = NULL;

  if (!tern_options_check (options, lock_options, error)
      || !tern_call_check_text ("The reason of the lock", reason, MAX_LOCK_REASON, error))
    return NULL;

  lock = tern_lock_new (NULL, reason, tern_clock_wall_us (parts->clock), 0);
  if (!parse_expires (parts, lock, options, error))
    return NULL;
  if (g_variant_lookup (options, "owner", "s", &lock->owner)
      && !tern_call_check_text ("The owner of the lock", lock->owner, MAX_LOCK_OWNER, error))
    return NULL;
  return g_steal_pointer (&lock);
}

static void
on_locked (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (TernCall) call = data;
  g_autoptr (GError) error = NULL;

  (void) source;
  if (!tern_vm_edit_lock_finish (result, &error))
    tern_bus_return_error (call->invocation, error);
  else if (call->lock != NULL)
    tern_bus_manager_complete_lock_vm (call->bus, call->invocation);
  else
    tern_bus_manager_complete_unlock_vm (call->bus, call->invocation);
}

/* Takes over @call. */
static void
lock (TernCall *call)
{
  tern_vm_edit_lock_async (call->parts->assessor, call->vm_uuid, call->lock, on_locked, call);
}

static void
on_user_name (GObject *source, GAsyncResult *result, gpointer data)
{
  TernCall *call = data;

  (void) source;
  call->lock->owner = tern_user_name_fetch_finish (result);
  lock (call);
}

static void
on_lock_authorized (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (TernCall) call = data;
  g_autoptr (GError) error = NULL;
  gint64 uid;

  if (!tern_authority_check_finish (TERN_AUTHORITY (source), result, &uid, &error))
    tern_bus_return_error (call->invocation, error);
  else if (call->lock != NULL && call->lock->owner == NULL)
    tern_user_name_fetch_async (uid, on_user_name, g_steal_pointer (&call));
  else
    lock (g_steal_pointer (&call));
}

static gboolean
on_handle_lock_vm (TernBusManager *bus, GDBusMethodInvocation *invocation, const char *name,
                   const char *reason, GVariant *options, gpointer data)
{
  TernParts *parts = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (TernLock) new_lock = parse_lock (parts, reason, options, &error);
  const TernVm *vm = new_lock != NULL ? tern_call_lookup_vm (parts, name, &error) : NULL;
  TernCall *call;

  if (vm == NULL)
    return tern_call_refuse (invocation, error);
  call = tern_call_new (parts, bus, invocation);
  call->vm_uuid = g_strdup (vm->uuid);
  call->lock = g_steal_pointer (&new_lock);
  authorize (call, TERN_POLKIT_LOCK, vm->name, on_lock_authorized);
  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

/* UnlockVm */

static gboolean
on_handle_unlock_vm (TernBusManager *bus, GDBusMethodInvocation *invocation, const char *name,
                     GVariant *options, gpointer data)
{
  TernParts *parts = data;
  g_autoptr (GError) error = NULL;
  const TernVm *vm = NULL;
  TernCall *call;

  if (tern_options_check (options, TERN_NO_OPTIONS, &error))
    vm = tern_call_lookup_vm (parts, name, &error);
  if (vm == NULL)
    return tern_call_refuse (invocation, error);
  call = tern_call_new (parts, bus, invocation);
  call->vm_uuid = g_strdup (vm->uuid);
  authorize (call, TERN_POLKIT_LOCK, vm->name, on_lock_authorized);
  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

/* MaskVm */

static gboolean
check_disabled (const char *const *features, GError **error)
{
  guint n = g_strv_length ((GStrv) features);

  if (n == 0 || n > MAX_CPU_FEATURES)
    {
      g_set_error (error, TERN_ERROR, TERN_ERROR_INVALID_ARGUMENT,
                   "The option “disable” names %u features; it must name 1 to %d", n,
                   MAX_CPU_FEATURES);
      return FALSE;
    }
  for (guint i = 0; i < n; i++)
    if (!tern_call_check_text ("A feature in the option “disable”", features[i], MAX_CPU_WORD,
                               error))
      return FALSE;
  return TRUE;
}

static gboolean
check_choice (const TernMask *mask, GError **error)
{
  guint chosen = (mask->model != NULL) + (mask->baseline != FALSE) + (mask->disable != NULL)
                 + (mask->clear != FALSE);

  if (chosen == 1)
    return TRUE;
  g_set_error (error, TERN_ERROR, TERN_ERROR_INVALID_ARGUMENT,
               "Give exactly one of the options “model”, “baseline”, “disable” and “clear”, not %u",
               chosen);
  return FALSE;
}

static void
parse_mask (TernMask *mask, GVariant *options)
{
  g_variant_lookup (options, "model", "s", &mask->model);
  g_variant_lookup (options, "baseline", "b", &mask->baseline);
  g_variant_lookup (options, "disable", "^as", &mask->disable);
  g_variant_lookup (options, "clear", "b", &mask->clear);
  g_variant_lookup (options, "dry-run", "b", &mask->dry_run);
}

static gboolean
check_mask (const TernMask *mask, GError **error)
{
  return check_choice (mask, error)
         && (mask->model == NULL
             || tern_call_check_text ("The option “model”", mask->model, MAX_CPU_WORD, error))
         && (mask->disable == NULL || check_disabled ((const char *const *) mask->disable, error));
}

static void
add_texts (GVariantBuilder *builder, const char *key, char **texts)
{
  g_variant_builder_add (builder, "{sv}", key, tern_bus_new_texts (texts));
}

static GVariant *
build_mask_result (const TernMaskResult *mask)
{
  const TernCpu *cpu = mask->definition;
  GVariantBuilder builder;

  g_variant_builder_init (&builder, G_VARIANT_TYPE_VARDICT);
  g_variant_builder_add (&builder, "{sv}", "Model",
                         tern_bus_new_text (cpu != NULL ? cpu->model : NULL));
  add_texts (&builder, "Features", cpu != NULL ? cpu->features : NULL);
  add_texts (&builder, "Disabled", cpu != NULL ? cpu->disabled : NULL);
  add_texts (&builder, "Removed", mask->removed);
  add_texts (&builder, "HostsBefore", mask->hosts_before);
  add_texts (&builder, "HostsAfter", mask->hosts_after);
  add_texts (&builder, "HostsUnknown", mask->hosts_unknown);
  g_variant_builder_add (&builder, "{sv}", "Running", g_variant_new_boolean (mask->running));
  return g_variant_builder_end (&builder);
}

static void
on_masked (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (TernCall) call = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (TernMaskResult) mask = tern_vm_edit_mask_finish (result, &error);

  (void) source;
  if (mask == NULL)
    tern_bus_return_error (call->invocation, error);
  else
    tern_bus_manager_complete_mask_vm (call->bus, call->invocation, build_mask_result (mask));
}

/* Takes over @call. */
static void
mask_vm (TernCall *call)
{
  tern_vm_edit_mask_async (call->parts->assessor, call->vm_uuid, call->mask, on_masked, call);
}

static void
on_mask_authorized (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (TernCall) call = data;
  g_autoptr (GError) error = NULL;

  if (tern_authority_check_finish (TERN_AUTHORITY (source), result, NULL, &error))
    mask_vm (g_steal_pointer (&call));
  else
    tern_bus_return_error (call->invocation, error);
}

static gboolean
on_handle_mask_vm (TernBusManager *bus, GDBusMethodInvocation *invocation, const char *name,
                   GVariant *options, gpointer data)
{
  TernParts *parts = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (TernCall) call = NULL;
  const TernVm *vm;

  if (!tern_options_check (options, mask_options, &error))
    return tern_call_refuse (invocation, error);

  call = tern_call_new (parts, bus, invocation);
  call->mask = g_new0 (TernMask, 1);
  parse_mask (call->mask, options);
  if (!check_mask (call->mask, &error) || (vm = tern_call_lookup_vm (parts, name, &error)) == NULL)
    return tern_call_refuse (invocation, error);

  call->vm_uuid = g_strdup (vm->uuid);
  /* What changes nothing everybody may ask. */
  if (call->mask->dry_run)
    mask_vm (g_steal_pointer (&call));
  else
    authorize (g_steal_pointer (&call), TERN_POLKIT_MASK, vm->name, on_mask_authorized);
  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

/* SetVm */

/* @out_action: a TernDrainAction, or -1 to forget it */
static gboolean
parse_drain_action (GVariant *options, int *out_action, GError **error)
{
  g_autofree char *shown = NULL;
  TernDrainAction action;
  const char *word;

  if (!g_variant_lookup (options, "drain-action", "&s", &word))
    {
      g_set_error_literal (error, TERN_ERROR, TERN_ERROR_INVALID_ARGUMENT,
                           "No option is given; say what is to change");
      return FALSE;
    }
  if (*word == '\0' || tern_drain_action_from_string (word, &action))
    {
      *out_action = *word == '\0' ? -1 : (int) action;
      return TRUE;
    }
  shown = tern_text_visible (word, 40);
  g_set_error (error, TERN_ERROR, TERN_ERROR_INVALID_ARGUMENT,
               "The option “drain-action” is “%s”; it must be migrate, skip, cold, shutdown, ask, "
               "or empty to forget it",
               shown);
  return FALSE;
}

static void
on_vm_set (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (TernCall) call = data;
  g_autoptr (GError) error = NULL;

  (void) source;
  if (tern_vm_edit_drain_action_finish (result, &error))
    tern_bus_manager_complete_set_vm (call->bus, call->invocation);
  else
    tern_bus_return_error (call->invocation, error);
}

static void
on_set_vm_authorized (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (TernCall) call = data;
  g_autoptr (GError) error = NULL;
  TernAssessor *assessor = call->parts->assessor;
  const char *uuid = call->vm_uuid;
  int action = call->drain_action;

  if (tern_authority_check_finish (TERN_AUTHORITY (source), result, NULL, &error))
    tern_vm_edit_drain_action_async (assessor, uuid, action, on_vm_set, g_steal_pointer (&call));
  else
    tern_bus_return_error (call->invocation, error);
}

static gboolean
on_handle_set_vm (TernBusManager *bus, GDBusMethodInvocation *invocation, const char *name,
                  GVariant *options, gpointer data)
{
  TernParts *parts = data;
  g_autoptr (GError) error = NULL;
  const TernVm *vm = NULL;
  int action = -1;
  TernCall *call;

  if (tern_options_check (options, set_options, &error)
      && parse_drain_action (options, &action, &error))
    vm = tern_call_lookup_vm (parts, name, &error);
  if (vm == NULL)
    return tern_call_refuse (invocation, error);
  call = tern_call_new (parts, bus, invocation);
  call->vm_uuid = g_strdup (vm->uuid);
  call->drain_action = action;
  authorize (call, TERN_POLKIT_LOCK, vm->name, on_set_vm_authorized);
  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

void
tern_manager_connect_edits (TernBusManager *bus, TernParts *parts)
{
  tern_call_connect (bus, "handle-lock-vm", G_CALLBACK (on_handle_lock_vm), parts);
  tern_call_connect (bus, "handle-unlock-vm", G_CALLBACK (on_handle_unlock_vm), parts);
  tern_call_connect (bus, "handle-mask-vm", G_CALLBACK (on_handle_mask_vm), parts);
  tern_call_connect (bus, "handle-set-vm", G_CALLBACK (on_handle_set_vm), parts);
}
