/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Changes to hosts that are there:
 *
 *   asked -> queue -> looked up and edited -> stored -> holds -> told
 *
 * Whoever is next looks at what the one before left, since looking up and editing wait for that.
 */
#include "config.h"

#include "engine/host-editor.h"

#include "base/error.h"
#include "base/log.h"
#include "base/names.h"
#include "base/text.h"

struct _TernHostEditor
{
  TernStore *store;
  TernHostEditorOwner owner;
  GQueue waiting; /* GTask */
  gboolean busy;
};

typedef struct
{
  TernHostEditor *editor;
  char *name;
  TernHostEdit edit; /* NULL: the host is to be removed */
  gpointer edit_data;
  TernHostConfig *config; /* as edited */
} Change;

static void
change_free (Change *change)
{
  tern_host_config_unref (change->config);
  g_free (change->name);
  g_free (change);
}

GError *
tern_host_editor_no_such_host (const char *name)
{
  g_autofree char *shown = tern_text_visible (name, 60);

  return g_error_new (TERN_ERROR, TERN_ERROR_NOT_FOUND,
                      "There is no host called “%s”; “virtern host list” shows them all", shown);
}

static void start_next (TernHostEditor *self);

/* Gives @task and @error away. */
static void
end_change (GTask *task, GError *error)
{
  Change *change = g_task_get_task_data (task);
  TernHostEditor *self = change->editor;

  if (error == NULL)
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
  self->busy = FALSE;
  start_next (self);
  g_object_unref (task);
}

/* Returns: (transfer full) (nullable): why not: the daemon ends */
static GError *
carry_out (const Change *change)
{
  const TernHostEditorOwner *owner = &change->editor->owner;

  if (owner->find (change->name, owner->data) == NULL)
    return tern_host_editor_no_such_host (change->name);
  if (change->config == NULL)
    {
      owner->drop (change->name, owner->data);
      return NULL;
    }
  owner->adopt (change->config, owner->data);
  tern_log (G_LOG_LEVEL_MESSAGE, TERN_MSG_HOST_CHANGED, TERN_FIELDS (TERN_LOG_HOST, change->name),
            "Host %s is used in another way from now on", change->name);
  return NULL;
}

static void
on_stored (GObject *source, GAsyncResult *result, gpointer data)
{
  GTask *task = data;
  const Change *change = g_task_get_task_data (task);
  GError *error = NULL;

  if (tern_store_write_finish (TERN_STORE (source), result, &error))
    error = carry_out (change);
  end_change (task, error);
}

/* A host that is reached in another way is another host, until it says that it is not. */
static gboolean
check_same_host (const TernHostConfig *old, const TernHostConfig *new, GError **error)
{
  if (g_str_equal (old->name, new->name) && g_str_equal (old->uri, new->uri))
    return TRUE;
  g_set_error (error, TERN_ERROR, TERN_ERROR_INVALID_ARGUMENT,
               "Host %s keeps its name and its URI; remove it and add it again to change them",
               old->name);
  return FALSE;
}

static gboolean
edit_config (Change *change, const TernHostConfig *old, GError **error)
{
  change->config = tern_host_config_copy (old);
  return change->edit (change->config, change->edit_data, error)
         && check_same_host (old, change->config, error);
}

static void
begin_change (TernHostEditor *self, GTask *task)
{
  Change *change = g_task_get_task_data (task);
  const TernHost *host = self->owner.find (change->name, self->owner.data);
  GError *error = NULL;

  if (host == NULL)
    end_change (task, tern_host_editor_no_such_host (change->name));
  else if (change->edit == NULL)
    tern_store_remove_host_async (self->store, change->name, on_stored, task);
  else if (!edit_config (change, host->config, &error))
    end_change (task, error);
  else
    tern_store_put_host_async (self->store, change->config, on_stored, task);
}

static void
start_next (TernHostEditor *self)
{
  if (self->busy || g_queue_is_empty (&self->waiting))
    return;
  self->busy = TRUE;
  begin_change (self, g_queue_pop_head (&self->waiting));
}

void
tern_host_editor_run (TernHostEditor *self, const char *name, TernHostEdit edit, gpointer edit_data,
                      GTask *task)
{
  Change *change = g_new0 (Change, 1);

  change->editor = self;
  change->name = g_strdup (name);
  change->edit = edit;
  change->edit_data = edit_data;
  g_task_set_task_data (task, change, (GDestroyNotify) change_free);
  g_queue_push_tail (&self->waiting, task);
  start_next (self);
}

TernHostEditor *
tern_host_editor_new (TernStore *store, const TernHostEditorOwner *owner)
{
  TernHostEditor *self = g_new0 (TernHostEditor, 1);

  self->store = g_object_ref (store);
  self->owner = *owner;
  g_queue_init (&self->waiting);
  return self;
}

void
tern_host_editor_free (TernHostEditor *self)
{
  if (self == NULL)
    return;

  g_object_unref (self->store);
  g_free (self);
}
