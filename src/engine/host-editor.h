/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "engine/inventory.h"

G_BEGIN_DECLS

/**
 * TernHostEditor:
 *
 * Changes and removes hosts for the inventory, which owns it: stores that, then lets it hold. One
 * after the other, so that an edit sees what the one before it did, and none brings back a host
 * that was removed.
 */
typedef struct _TernHostEditor TernHostEditor;

/**
 * TernHostEditorOwner:
 * @find: Returns: (transfer none) (nullable): the host of that name
 * @adopt: @config was stored and holds from now on
 * @drop: the host of that name is not stored any more
 * @data: given to all
 */
typedef struct
{
  TernHost *(*find) (const char *name, gpointer data);
  void (*adopt) (TernHostConfig *config, gpointer data);
  void (*drop) (const char *name, gpointer data);
  gpointer data;
} TernHostEditorOwner;

TernHostEditor *tern_host_editor_new (TernStore *store, const TernHostEditorOwner *owner);
void tern_host_editor_free (TernHostEditor *self);

/** tern_host_editor_run: see tern_inventory_update_host_async(); @edit: (nullable): %NULL to remove
 * the host; @task: (transfer full): ends with a boolean; its source object keeps the editor */
void tern_host_editor_run (TernHostEditor *self, const char *name, TernHostEdit edit,
                           gpointer edit_data, GTask *task);

/** tern_host_editor_no_such_host: Returns: (transfer full): %TERN_ERROR_NOT_FOUND */
GError *tern_host_editor_no_such_host (const char *name);

G_END_DECLS
