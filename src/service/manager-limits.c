/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * How many moves go on at a time: the property Limits and the method SetLimits. What a call does
 * not name stays as the call before left it, so they are carried out one after the other.
 */
#include "config.h"

#include "service/call.h"

#include "base/error.h"
#include "base/names.h"
#include "service/options.h"

/* clang-format off */
static const TernOption limit_options[] = {
  { "out",     "u" },
  { "in",      "u" },
  { "cluster", "u" },
  { "reset",   "b" },
  { NULL,      NULL },
};
/* clang-format on */

#define LINE_KEY "virtern-limits-line"

/* Calls that may; belongs to the Manager, which each of them keeps. */
typedef struct
{
  GQueue waiting; /* TernCall */
  TernCall *current;
} Line;

static void
tell_limits (TernParts *parts, TernBusManager *bus)
{
  TernLimits limits = tern_migrator_get_limits (parts->migrator);
  GVariantBuilder builder;

  g_variant_builder_init (&builder, G_VARIANT_TYPE_VARDICT);
  g_variant_builder_add (&builder, "{sv}", "out", g_variant_new_uint32 (limits.out));
  g_variant_builder_add (&builder, "{sv}", "in", g_variant_new_uint32 (limits.in));
  g_variant_builder_add (&builder, "{sv}", "cluster", g_variant_new_uint32 (limits.cluster));
  g_variant_builder_add (&builder, "{sv}", "configured",
                         g_variant_new_boolean (!tern_migrator_has_own_limits (parts->migrator)));
  tern_bus_manager_set_limits (bus, g_variant_builder_end (&builder));
}

static gboolean
apply_limit (GVariant *options, const char *key, const char *none, guint *limit, GError **error)
{
  if (!g_variant_lookup (options, key, "u", limit) || *limit <= TERN_LIMIT_MAX)
    return TRUE;
  g_set_error (error, TERN_ERROR, TERN_ERROR_INVALID_ARGUMENT,
               "The option “%s” is %u; it must be 1 to %d, or 0 for %s", key, *limit,
               TERN_LIMIT_MAX, none);
  return FALSE;
}

/* What is not given stays. */
static gboolean
apply_limits (GVariant *options, TernLimits *limits, GError **error)
{
  return apply_limit (options, "out", "as many as fill a host's link", &limits->out, error)
         && apply_limit (options, "in", "two", &limits->in, error)
         && apply_limit (options, "cluster", "no limit", &limits->cluster, error);
}

static gboolean
wants_reset (GVariant *options)
{
  gboolean reset = FALSE;

  return g_variant_lookup (options, "reset", "b", &reset) && reset;
}

static gboolean
check_limits (GVariant *options, GError **error)
{
  TernLimits tried = { 0 };
  gsize n = g_variant_n_children (options);

  if (!tern_options_check (options, limit_options, error) || !apply_limits (options, &tried, error))
    return FALSE;
  if (wants_reset (options) ? n == 1 : n > 0 && !g_variant_lookup (options, "reset", "b", NULL))
    return TRUE;
  g_set_error_literal (error, TERN_ERROR, TERN_ERROR_INVALID_ARGUMENT,
                       "Give at least one of the options “out”, “in” and “cluster”, or “reset” "
                       "alone and true");
  return FALSE;
}

static void take_next (Line *line);

static void
on_limits_set (GObject *source, GAsyncResult *result, gpointer data)
{
  Line *line = data;
  g_autoptr (TernCall) call = g_steal_pointer (&line->current);
  g_autoptr (GError) error = NULL;

  if (tern_migrator_set_limits_finish (TERN_MIGRATOR (source), result, &error))
    {
      tell_limits (call->parts, call->bus);
      g_dbus_interface_skeleton_flush (G_DBUS_INTERFACE_SKELETON (call->bus));
      tern_bus_manager_complete_set_limits (call->bus, call->invocation);
    }
  else
    tern_bus_return_error (call->invocation, error);
  take_next (line);
}

static void
take_next (Line *line)
{
  TernMigrator *migrator;
  TernLimits limits;

  if (line->current != NULL || g_queue_is_empty (&line->waiting))
    return;
  line->current = g_queue_pop_head (&line->waiting);
  migrator = line->current->parts->migrator;
  limits = tern_migrator_get_limits (migrator);
  (void) apply_limits (line->current->options, &limits, NULL); /* checked when it came */
  tern_migrator_set_limits_async (migrator, wants_reset (line->current->options) ? NULL : &limits,
                                  on_limits_set, line);
}

static void
on_authorized (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (TernCall) call = data;
  g_autoptr (GError) error = NULL;
  Line *line = g_object_get_data (G_OBJECT (call->bus), LINE_KEY);

  if (!tern_authority_check_finish (TERN_AUTHORITY (source), result, NULL, &error))
    {
      tern_bus_return_error (call->invocation, error);
      return;
    }
  g_queue_push_tail (&line->waiting, g_steal_pointer (&call));
  take_next (line);
}

static gboolean
on_handle_set_limits (TernBusManager *bus, GDBusMethodInvocation *invocation, GVariant *options,
                      gpointer data)
{
  TernParts *parts = data;
  static const char *const details[] = { NULL };
  g_autoptr (GError) error = NULL;
  TernCall *call;

  if (!check_limits (options, &error))
    return tern_call_refuse (invocation, error);

  call = tern_call_new (parts, bus, invocation);
  call->options = g_variant_ref (options);
  tern_authority_check_async (parts->authority, invocation, TERN_POLKIT_LIMITS, details,
                              on_authorized, call);
  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

void
tern_manager_connect_limits (TernBusManager *bus, TernParts *parts)
{
  g_object_set_data_full (G_OBJECT (bus), LINE_KEY, g_new0 (Line, 1), g_free);
  tell_limits (parts, bus);
  tern_call_connect (bus, "handle-set-limits", G_CALLBACK (on_handle_set_limits), parts);
}
