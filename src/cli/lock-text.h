/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/*
 * A VM's lock, in words. @vm is the properties of the Vm; foreign text is not made visible yet.
 */

/** tern_lock_text_is_stale: Returns: whether it has expired at the wall time @now_us */
gboolean tern_lock_text_is_stale (GVariant *vm, gint64 now_us);

/** tern_lock_text_format_short: Returns: (transfer full): "backup 3 d", "stale: backup, 3 d"; "" if
 * the VM is not locked */
char *tern_lock_text_format_short (GVariant *vm, gint64 now_us);

/** tern_lock_text_format_age: Returns: (transfer full): in its largest unit, rounded down: "3 d" */
char *tern_lock_text_format_age (gint64 age_us);

/** tern_lock_text_print: the lines of `vm show`; nothing if the VM is not locked */
void tern_lock_text_print (GVariant *vm, gint64 now_us);

G_END_DECLS
