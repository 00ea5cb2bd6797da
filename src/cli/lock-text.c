/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A VM's lock, as `vm list` and `vm show` tell it.
 */
#include "config.h"

#include "cli/lock-text.h"

#include "base/units.h"
#include "cli/client.h"
#include "cli/i18n.h"
#include "cli/output.h"

gboolean
tern_lock_text_is_stale (GVariant *vm, gint64 now_us)
{
  gint64 expires = tern_props_int64 (vm, "LockExpires");

  return expires > 0 && expires <= now_us;
}

char *
tern_lock_text_format_age (gint64 age_us)
{
  gint64 seconds = MAX (age_us, 0) / G_USEC_PER_SEC;

  if (seconds < 60)
    return g_strdup_printf ("%" G_GINT64_FORMAT " s", seconds);
  if (seconds < 3600)
    return g_strdup_printf ("%" G_GINT64_FORMAT " min", seconds / 60);
  if (seconds < 86400)
    return g_strdup_printf ("%" G_GINT64_FORMAT " h", seconds / 3600);
  return g_strdup_printf ("%" G_GINT64_FORMAT " d", seconds / 86400);
}

char *
tern_lock_text_format_short (GVariant *vm, gint64 now_us)
{
  const char *owner = tern_props_string (vm, "LockOwner");
  const char *who = *owner != '\0' ? owner : _ ("locked");
  gboolean stale = tern_lock_text_is_stale (vm, now_us);
  gint64 since = tern_props_int64 (vm, "LockSince");
  g_autofree char *age = tern_lock_text_format_age (now_us - since);

  if (!tern_props_boolean (vm, "Locked"))
    return g_strdup ("");
  if (since <= 0)
    return stale ? g_strdup_printf (_ ("stale: %s"), who) : g_strdup (who);
  return g_strdup_printf (stale ? _ ("stale: %s, %s") : "%s %s", who, age);
}

void
tern_lock_text_print (GVariant *vm, gint64 now_us)
{
  gint64 since = tern_props_int64 (vm, "LockSince");
  gint64 expires = tern_props_int64 (vm, "LockExpires");
  g_autofree char *age = tern_lock_text_format_age (now_us - since);
  g_autofree char *since_text = tern_units_format_time (since);
  g_autofree char *expires_text = tern_units_format_time (expires);

  if (!tern_props_boolean (vm, "Locked"))
    return;
  tern_output_field (_ ("Lock"), tern_lock_text_is_stale (vm, now_us)
                                     ? _ ("stale: it has expired and does not hold")
                                     : _ ("holds: the VM is neither moved nor started"));
  tern_output_field (_ ("Locked by"), tern_props_string (vm, "LockOwner"));
  tern_output_field (_ ("Lock reason"), tern_props_string (vm, "LockReason"));
  if (since > 0)
    tern_output_take_field (_ ("Locked since"),
                            g_strdup_printf (_ ("%s (%s ago)"), since_text, age));
  tern_output_field (_ ("Lock expires"), expires > 0 ? expires_text : _ ("never"));
}
