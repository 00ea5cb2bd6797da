/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/*
 * Lists inside the model. %NULL is a list too: one that nobody could be asked for, which is
 * something else than an empty one.
 */

/** tern_strv_equal0: @a: (nullable), @b: (nullable). Returns: whether both hold the same, in order
 */
gboolean tern_strv_equal0 (const char *const *a, const char *const *b);
#define tern_strv_equal0(a, b)                                                                     \
  (tern_strv_equal0) ((const char *const *) (a), (const char *const *) (b))

/** tern_strv_sorted: @names: (nullable). Returns: (transfer full): a copy, sorted, without repeats
 */
GStrv tern_strv_sorted (const char *const *names);

/** tern_strv_has: @set: (nullable): sorted. Returns: whether @name is in it */
gboolean tern_strv_has (const char *const *set, const char *name);

/** tern_list_copy: @list: (nullable). Returns: (transfer full) (nullable): a deep copy; @copy makes
 * one item, @free_item ends one */
GPtrArray *tern_list_copy (const GPtrArray *list, gpointer (*copy) (gconstpointer item),
                           GDestroyNotify free_item);

/** tern_list_equal: @a: (nullable), @b: (nullable). Returns: whether all items are, in order */
gboolean tern_list_equal (const GPtrArray *a, const GPtrArray *b, GEqualFunc equal);

G_END_DECLS
