/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/** tern_units_format_bytes: Returns: (transfer full): binary units, up to 1023 of each: "512 B",
 * "128 MiB", "1.5 GiB" */
char *tern_units_format_bytes (guint64 bytes);

/** tern_units_format_rate: Returns: (transfer full): as tern_units_format_bytes() with "/s" */
char *tern_units_format_rate (guint64 bytes_per_second);

/** tern_units_format_duration: Returns: (transfer full): "83 ms", "4.2 s", "3 min 05 s", "2 h 07
 * min", "3 d 04 h"; "-" for a negative one */
char *tern_units_format_duration (gint64 duration_us);

/** tern_units_format_time: Returns: (transfer full): local "2026-01-31 23:59:59"; "-" for 0 */
char *tern_units_format_time (gint64 wall_us);

/** tern_units_format_version: @version: major * 1,000,000 + minor * 1,000 + release, as libvirt
 * counts. Returns: (transfer full): "9.0.0"; "-" for 0 */
char *tern_units_format_version (guint64 version);

G_END_DECLS
