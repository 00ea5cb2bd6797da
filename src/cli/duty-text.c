/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a host is there for, and who belongs on it.
 */
#include "config.h"

#include "cli/duty-text.h"

#include "cli/i18n.h"

#include <inttypes.h>
#include <string.h>

char *
tern_duty_text_format (GVariant *host)
{
  const char *duty = tern_props_string (host, "Duty");
  const char *name = tern_props_string (host, "Name");
  guint64 id = tern_props_uint64 (host, "DutyTask");

  if (strcmp (duty, "draining") == 0)
    return g_strdup_printf (_ ("%s by task %" PRIu64
                               ": nothing is placed on it; “virtern task show "
                               "%" PRIu64 "” shows how far it is"),
                            duty, id, id);
  if (strcmp (duty, "maintenance") == 0)
    return g_strdup_printf (_ ("%s: nothing is placed on it; “virtern activate %s” opens it"), duty,
                            name);
  if (strcmp (duty, "returning") == 0)
    return g_strdup_printf (_ ("%s: task %" PRIu64 " brings VMs back"), duty, id);
  return g_strdup (duty);
}

GVariant *
tern_origins_fetch (TernClient *client, const char *host, GError **error)
{
  GVariantBuilder options;
  g_autoptr (GVariant) reply = NULL;

  g_variant_builder_init (&options, G_VARIANT_TYPE_VARDICT);
  g_variant_builder_add (&options, "{sv}", "host", g_variant_new_string (host));
  reply = tern_client_call_manager (client, TERN_CALL_READ, "ListOrigins",
                                    g_variant_new ("(a{sv})", &options), error);
  return reply != NULL ? g_variant_get_child_value (reply, 0) : NULL;
}

char *
tern_origin_format (GVariant *origin)
{
  const char *vm = tern_props_string (origin, "Vm");
  const char *on = tern_props_string (origin, "On");
  const char *why = tern_props_string (origin, "Status");
  g_autofree char *where = *on != '\0' ? g_strdup_printf (_ ("%s, on %s"), vm, on)
                                       : g_strdup_printf (_ ("%s, which no host shows now"), vm);

  if (*why == '\0')
    return g_steal_pointer (&where);
  return g_strdup_printf ("%s: %s", where, why);
}
