/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Orders for whole hosts:
 *
 *   checked -> stored -> the hosts get their duty -> told; it goes on by itself
 *
 * and orders about earlier ones: resume is the same order again, undo is a return of what a drain
 * moved.
 */
#include "config.h"

#include "engine/drainer-private.h"

#include "base/error.h"
#include "plan/drain-document.h"

#include <json-glib/json-glib.h>

/* Nobody waits for an answer when the daemon ends. */
static gboolean
has_ended (TernDrainer *self)
{
  return self->parts.store == NULL;
}

static GError *
make_end_error (void)
{
  return g_error_new (TERN_ERROR, TERN_ERROR_CANCELLED, "virternd ends");
}

/* Storing and beginning */

typedef struct
{
  TernDrainer *self;
  GTask *gtask;
  TernTaskRecord *record;
} Storing;

static void
storing_free (Storing *storing)
{
  g_object_unref (storing->self);
  g_object_unref (storing->gtask);
  tern_task_record_free (storing->record);
  g_free (storing);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Storing, storing_free)

static void
on_begun (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) gtask = data;
  TernDrainRun *run = TERN_DRAIN_RUN (source);

  tern_drain_run_begin_finish (run, result);
  g_task_return_pointer (gtask, g_object_ref (tern_drain_run_get_task (run)), g_object_unref);
}

static void
on_stored (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (Storing) storing = data;
  TernDrainer *self = storing->self;
  GError *error = NULL;
  gboolean stored = tern_store_write_finish (TERN_STORE (source), result, &error);

  g_ptr_array_remove (self->pending, storing->record);
  if (stored && has_ended (self))
    error = make_end_error ();
  else if (!stored)
    g_prefix_error (&error, "Nothing was begun: ");
  if (error != NULL)
    {
      g_task_return_error (storing->gtask, error);
      return;
    }
  tern_drain_run_begin_async (tern_drainer_take_up (self, g_steal_pointer (&storing->record), NULL),
                              on_begun, g_object_ref (storing->gtask));
}

static TernTaskRecord *
make_record (TernDrainer *self, const TernDrainCommand *command)
{
  TernTaskRecord *record = tern_task_record_new ();
  gboolean is_drain = g_str_equal (command->kind, "drain");
  char *hosts = g_strjoinv (",", command->drain->hosts);

  g_free (record->kind);
  record->id = tern_migrator_take_id (self->parts.migrator);
  record->kind = g_strdup (command->kind);
  record->vm_uuid = g_strdup ("");
  record->vm_name = g_strdup ("");
  record->source = is_drain ? hosts : g_strdup ("");
  record->destination = is_drain ? g_strdup ("") : hosts;
  record->phase = is_drain ? TERN_PHASE_DRAINING : TERN_PHASE_RETURNING;
  record->created_us = tern_clock_wall_us (self->parts.clock);
  record->started_us = record->created_us;
  record->started_by_uid = command->uid;
  record->options = command->options != NULL
                        ? *command->options
                        : tern_assessor_get_settings (self->parts.assessor)->move;
  record->drain = tern_drain_copy (command->drain);
  tern_task_record_trace_phase (record, record->created_us);
  return record;
}

void
tern_drainer_command (TernDrainer *self, const TernDrainCommand *command, GTask *gtask)
{
  Storing *storing = g_new0 (Storing, 1);

  storing->self = g_object_ref (self);
  storing->gtask = gtask;
  storing->record = make_record (self, command);
  g_ptr_array_add (self->pending, storing->record);
  tern_store_put_task_async (self->parts.store, storing->record, on_stored, storing);
}

/* Orders */

/* Returns: whether the hosts can be drained now */
static gboolean
check_drain (TernDrainer *self, const TernDrain *drain, GError **error)
{
  g_autoptr (TernDrainView) view = tern_drain_view_new (&self->parts, drain, NULL, NULL);

  return tern_drainer_check_free (self, (const char *const *) drain->hosts, 0, TERN_ERROR_EXISTS,
                                  error)
         && tern_drain_check (&view->question, error);
}

/* Returns: (transfer full): that order, with whom the drains before it stopped and did not start */
static TernDrain *
add_stopped (TernDrainer *self, const TernDrain *order)
{
  TernDrain *drain = tern_drain_copy (order);
  g_autoptr (GPtrArray) tasks = tern_task_list_get_all (self->parts.tasks);
  g_autoptr (GStrvBuilder) stopped = g_strv_builder_new ();

  g_strv_builder_addv (
      stopped, (const char **) (order->stopped != NULL ? order->stopped : (char *[]){ NULL }));
  for (guint i = 0; i < tasks->len; i++)
    {
      const TernTaskRecord *task = tern_task_get_record (tasks->pdata[i]);

      for (guint k = 0; drain->hosts[k] != NULL; k++)
        {
          const TernHost *host = tern_inventory_find_host (self->parts.inventory, drain->hosts[k]);

          if (host != NULL && task->drain != NULL && task->drain->stopped != NULL
              && host->config->duty_task == task->id)
            g_strv_builder_addv (stopped, (const char **) task->drain->stopped);
        }
    }
  g_strfreev (drain->stopped);
  drain->stopped = g_strv_builder_end (stopped);
  return drain;
}

/* @gtask: (transfer full) */
static void
order_drain (TernDrainer *self, const TernDrain *order, const TernMoveOptions *options, gint64 uid,
             GTask *gtask)
{
  g_autoptr (TernDrain) drain = add_stopped (self, order);
  const TernDrainCommand command = { "drain", drain, options, uid };
  GError *error = NULL;

  if (check_drain (self, drain, &error))
    {
      tern_drainer_command (self, &command, gtask);
      return;
    }
  g_task_return_error (gtask, error);
  g_object_unref (gtask);
}

void
tern_drainer_order_async (TernDrainer *self, const TernDrain *order, const TernMoveOptions *options,
                          gint64 uid, GAsyncReadyCallback cb, gpointer data)
{
  g_return_if_fail (TERN_IS_DRAINER (self));
  g_return_if_fail (order->hosts != NULL && order->hosts[0] != NULL);

  order_drain (self, order, options, uid, g_task_new (self, NULL, cb, data));
}

TernTask *
tern_drainer_order_finish (TernDrainer *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);
  return g_task_propagate_pointer (G_TASK (result), error);
}

TernDrain *
tern_drainer_parse_plan (TernDrainer *self, const char *document, GError **error)
{
  g_return_val_if_fail (TERN_IS_DRAINER (self), NULL);

  if (self->key == NULL)
    {
      g_set_error_literal (error, TERN_ERROR, TERN_ERROR_NOT_SUPPORTED,
                           "Kept plans cannot be carried out: virternd has no key to check them "
                           "with");
      return NULL;
    }
  return tern_drain_document_parse (document, self->cluster_id, self->key, error);
}

/* @document: parsed well before */
static gboolean
is_return (const char *document)
{
  g_autoptr (JsonParser) parser = json_parser_new_immutable ();
  JsonNode *root;

  if (!json_parser_load_from_data (parser, document, -1, NULL))
    return FALSE;
  root = json_parser_get_root (parser);
  return root != NULL && JSON_NODE_HOLDS_OBJECT (root)
         && g_strcmp0 (json_object_get_string_member_with_default (json_node_get_object (root),
                                                                   "kind", NULL),
                       "return")
                == 0;
}

/* Returns: whether what the plan stood on still holds */
static gboolean
check_plan (TernDrainer *self, const char *document, const TernDrain *drain, gboolean returning,
            GError **error)
{
  GPtrArray *origins = returning ? tern_drainer_find_origins (drain, self) : NULL;
  g_autoptr (TernDrainView) view = tern_drain_view_new (&self->parts, drain, origins, NULL);

  for (guint i = 0; drain->hosts[i] != NULL; i++)
    if (tern_inventory_lookup_host (self->parts.inventory, drain->hosts[i], error) == NULL)
      return FALSE;
  if (!tern_drainer_check_free (self, (const char *const *) drain->hosts, 0,
                                returning ? TERN_ERROR_BUSY : TERN_ERROR_EXISTS, error)
      || (!returning && !tern_drain_check (&view->question, error)))
    return FALSE;
  return tern_drain_document_holds (document, &view->question, error);
}

void
tern_drainer_apply_async (TernDrainer *self, const char *document, const TernMoveOptions *options,
                          gint64 uid, GAsyncReadyCallback cb, gpointer data)
{
  g_autoptr (TernDrain) drain = NULL;
  gboolean returning = FALSE;
  TernDrainCommand command;
  GTask *gtask;
  GError *error = NULL;

  g_return_if_fail (TERN_IS_DRAINER (self));

  gtask = g_task_new (self, NULL, cb, data);
  drain = tern_drainer_parse_plan (self, document, &error);
  if (drain != NULL)
    returning = is_return (document);
  if (drain == NULL || !check_plan (self, document, drain, returning, &error))
    {
      g_task_return_error (gtask, error);
      g_object_unref (gtask);
      return;
    }
  command = (TernDrainCommand){ returning ? "return" : "drain", drain, options, uid };
  tern_drainer_command (self, &command, gtask);
}
