/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/*
 * Links, limits and spans of time in words. All return (transfer full).
 */

/** tern_words_link: @from: "configured" or "seen". "10000 Mbit/s, configured"; "not known yet:
 * moves will show it" for 0 */
char *tern_words_link (guint64 bytes_per_second, const char *from);

/** tern_words_limit: @zero: what 0 stands for. "2 at a time" */
char *tern_words_limit (guint limit, const char *zero);

/** tern_words_bandwidth: "100 MiB/s"; "no limit" for 0 */
char *tern_words_bandwidth (guint64 bytes_per_second);

/**
 * tern_words_span:
 * @min_us: at least
 * @max_us: at most; not less
 *
 * An estimate, in as few figures as it deserves: "12-40 s", "50 s - 3 min", "1-2 h". The range that
 * is told holds the one that is given.
 */
char *tern_words_span (gint64 min_us, gint64 max_us);

/**
 * tern_words_end:
 * @min_us: wall time at which it may be over at the earliest, 0 for not known
 * @max_us: at the latest; 0 for not known
 * @convergence: "not-converging" if it will not be over by itself
 * @now_us: wall time
 *
 * "done in 12-40 s", "done in 12 s at the earliest", "not converging"; "" if nothing is known.
 */
char *tern_words_end (gint64 min_us, gint64 max_us, const char *convergence, gint64 now_us);

G_END_DECLS
