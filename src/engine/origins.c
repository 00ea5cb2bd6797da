/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Who left which host by a drain.
 *
 * Writing is by VM: what is in @dirty is not in the store yet as it is here, one write at a time
 * for each, and again after a pause when the store refused.
 */
#include "config.h"

#include "engine/origins.h"

#include "base/log.h"
#include "base/names.h"

#define AGAIN_US (5 * G_USEC_PER_SEC)

struct _TernOrigins
{
  GObject parent;

  TernDrainParts parts; /* references */
  GHashTable *origins;  /* UUID -> TernOrigin */
  GHashTable *dirty;    /* UUIDs */
  GHashTable *writing;  /* UUIDs */
  guint again_timer;
  gboolean complained;
  gboolean closed;
};

enum
{
  CHANGED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

G_DEFINE_TYPE (TernOrigins, tern_origins, G_TYPE_OBJECT)

/* The store */

typedef struct
{
  TernOrigins *self;
  char *uuid;
} Writing;

static void write_dirty (TernOrigins *self);

static gboolean
on_again (gpointer data)
{
  TernOrigins *self = data;

  self->again_timer = 0;
  write_dirty (self);
  return G_SOURCE_REMOVE;
}

static void
complain (TernOrigins *self, const GError *error)
{
  if (!self->complained)
    tern_log (G_LOG_LEVEL_WARNING, TERN_MSG_STORE_FAILED, NULL,
              "Which VMs belong to a drained host cannot be stored; trying again until it can: %s",
              error->message);
  self->complained = TRUE;
  if (self->again_timer == 0)
    self->again_timer = tern_clock_add_timer (self->parts.clock, AGAIN_US, on_again, self);
}

static void
on_written (GObject *source, GAsyncResult *result, gpointer data)
{
  Writing *writing = data;
  g_autoptr (TernOrigins) self = writing->self;
  g_autofree char *uuid = writing->uuid;
  g_autoptr (GError) error = NULL;
  gboolean written = tern_store_write_finish (TERN_STORE (source), result, &error);

  g_free (writing);
  g_hash_table_remove (self->writing, uuid);
  if (self->closed)
    return;
  if (written)
    {
      self->complained = FALSE;
      if (g_hash_table_contains (self->dirty, uuid))
        write_dirty (self);
      return;
    }
  g_hash_table_add (self->dirty, g_strdup (uuid));
  complain (self, error);
}

static void
write_one (TernOrigins *self, const char *uuid)
{
  const TernOrigin *origin = g_hash_table_lookup (self->origins, uuid);
  Writing *writing = g_new0 (Writing, 1);

  writing->self = g_object_ref (self);
  writing->uuid = g_strdup (uuid);
  g_hash_table_add (self->writing, g_strdup (uuid));
  if (origin != NULL)
    tern_store_put_origin_async (self->parts.store, origin, on_written, writing);
  else
    tern_store_remove_origin_async (self->parts.store, uuid, on_written, writing);
}

/* Returns: (transfer full): copies: the table may change while they are gone through */
static GStrv
copy_keys (GHashTable *table)
{
  g_autoptr (GStrvBuilder) keys = g_strv_builder_new ();
  GHashTableIter iter;
  gpointer key;

  g_hash_table_iter_init (&iter, table);
  while (g_hash_table_iter_next (&iter, &key, NULL))
    g_strv_builder_add (keys, key);
  return g_strv_builder_end (keys);
}

static void
write_dirty (TernOrigins *self)
{
  g_auto (GStrv) uuids = NULL;

  if (self->again_timer != 0)
    return;
  uuids = copy_keys (self->dirty);
  for (guint i = 0; uuids[i] != NULL; i++)
    {
      if (g_hash_table_contains (self->writing, uuids[i]))
        continue;
      g_hash_table_remove (self->dirty, uuids[i]);
      write_one (self, uuids[i]);
    }
}

static void
touch (TernOrigins *self, const char *uuid)
{
  g_hash_table_add (self->dirty, g_strdup (uuid));
  write_dirty (self);
  g_signal_emit (self, signals[CHANGED], 0, uuid);
}

static void
drop (TernOrigins *self, const char *uuid)
{
  g_autofree char *key = g_strdup (uuid);

  if (g_hash_table_remove (self->origins, key))
    touch (self, key);
}

/* Tasks */

static void
remember (TernOrigins *self, const TernTaskRecord *record)
{
  TernOrigin *origin = tern_origin_new (record->vm_uuid, record->vm_name, record->source);

  origin->drain_id = record->parent;
  origin->since_us = record->finished_us;
  g_hash_table_replace (self->origins, g_strdup (record->vm_uuid), origin);
  touch (self, record->vm_uuid);
}

static gboolean
is_of_return (TernOrigins *self, const TernTaskRecord *record)
{
  TernTask *parent = tern_task_list_find (self->parts.tasks, record->parent);

  return parent != NULL && g_str_equal (tern_task_get_record (parent)->kind, "return");
}

/* What was moved by a drain, a return or a person is somewhere else now. */
static void
follow (TernOrigins *self, const TernTaskRecord *record)
{
  const TernOrigin *origin = g_hash_table_lookup (self->origins, record->vm_uuid);

  if (record->phase != TERN_PHASE_DONE || tern_task_record_is_drain (record)
      || g_str_equal (record->source, record->destination))
    return;
  if (origin != NULL && (record->parent == 0 || g_str_equal (record->destination, origin->host)))
    drop (self, record->vm_uuid);
  else if (origin == NULL && record->parent != 0 && !is_of_return (self, record))
    remember (self, record);
}

static void
on_task_ended (TernTask *task, TernOrigins *self)
{
  follow (self, tern_task_get_record (task));
}

static void
on_task_added (TernTaskList *list, TernTask *task, TernOrigins *self)
{
  (void) list;
  g_signal_connect_object (task, "ended", G_CALLBACK (on_task_ended), self, 0);
}

void
tern_origins_take (TernOrigins *self, const TernTaskRecord *record)
{
  g_return_if_fail (TERN_IS_ORIGINS (self));

  if (record->phase == TERN_PHASE_DONE && record->parent != 0
      && !g_str_equal (record->source, record->destination)
      && !g_hash_table_contains (self->origins, record->vm_uuid))
    remember (self, record);
}

/* The inventory */

static gboolean
is_everyone_here (TernOrigins *self)
{
  g_autoptr (GPtrArray) hosts = tern_inventory_get_hosts (self->parts.inventory);

  for (guint i = 0; i < hosts->len; i++)
    {
      const TernHost *host = hosts->pdata[i];

      if (host->state != TERN_HOST_UP
          || !tern_inventory_has_listed (self->parts.inventory, host->config->name))
        return FALSE;
    }
  return TRUE;
}

/* Somebody moved it home by hand, or removed it for good. */
static void
look_at (TernOrigins *self, const char *uuid)
{
  const TernOrigin *origin = g_hash_table_lookup (self->origins, uuid);
  g_autoptr (GPtrArray) copies = NULL;

  if (origin == NULL || tern_task_list_find_open_by_vm (self->parts.tasks, uuid) != NULL)
    return;
  copies = tern_inventory_get_sightings (self->parts.inventory, uuid);
  if (copies->len == 0
          ? is_everyone_here (self)
          : copies->len == 1
                && g_str_equal (((const TernVm *) copies->pdata[0])->host, origin->host)
                && is_everyone_here (self))
    drop (self, uuid);
}

static void
on_vm_changed (TernInventory *inventory, const char *uuid, TernOrigins *self)
{
  (void) inventory;
  look_at (self, uuid);
}

static void
look_at_all (TernOrigins *self)
{
  g_auto (GStrv) uuids = copy_keys (self->origins);

  for (guint i = 0; uuids[i] != NULL; i++)
    look_at (self, uuids[i]);
}

static void
on_host_changed (TernInventory *inventory, TernHost *host, TernOrigins *self)
{
  (void) inventory;
  if (host->state == TERN_HOST_UP && g_hash_table_size (self->origins) > 0)
    look_at_all (self);
}

/* There is no way back to a host that is none of ours any more. */
static void
on_host_removed (TernInventory *inventory, const char *name, TernOrigins *self)
{
  g_autoptr (GPtrArray) gone = tern_origins_get (self, name);

  (void) inventory;
  for (guint i = 0; i < gone->len; i++)
    drop (self, ((const TernOrigin *) gone->pdata[i])->vm_uuid);
}

/* Questions */

const TernOrigin *
tern_origins_find (TernOrigins *self, const char *vm_uuid)
{
  g_return_val_if_fail (TERN_IS_ORIGINS (self), NULL);
  return g_hash_table_lookup (self->origins, vm_uuid);
}

static int
compare_origins (gconstpointer a, gconstpointer b)
{
  const TernOrigin *x = *(TernOrigin *const *) a, *y = *(TernOrigin *const *) b;
  int by_name = g_strcmp0 (x->vm_name, y->vm_name);

  return by_name != 0 ? by_name : strcmp (x->vm_uuid, y->vm_uuid);
}

GPtrArray *
tern_origins_get (TernOrigins *self, const char *host)
{
  GPtrArray *found = g_ptr_array_new_with_free_func ((GDestroyNotify) tern_origin_free);
  GHashTableIter iter;
  gpointer value;

  g_return_val_if_fail (TERN_IS_ORIGINS (self), found);

  g_hash_table_iter_init (&iter, self->origins);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    if (host == NULL || g_str_equal (((const TernOrigin *) value)->host, host))
      g_ptr_array_add (found, tern_origin_copy (value));
  g_ptr_array_sort (found, compare_origins);
  return found;
}

static char *
join_reasons (const GPtrArray *reasons)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < reasons->len; i++)
    g_string_append_printf (text, "%s%s", i > 0 ? "; " : "",
                            ((const TernItemReason *) reasons->pdata[i])->sentence);
  return g_string_free (text, FALSE);
}

void
tern_origins_note (TernOrigins *self, const TernTaskRecord *record)
{
  g_return_if_fail (TERN_IS_ORIGINS (self));

  for (guint i = 0; i < record->drain->items->len; i++)
    {
      const TernDrainItem *item = record->drain->items->pdata[i];
      TernOrigin *origin = g_hash_table_lookup (self->origins, item->vm_uuid);

      if (origin == NULL || item->state != TERN_ITEM_LEFT)
        continue;
      g_free (origin->status);
      origin->status = join_reasons (item->reasons);
      origin->tried_us = record->finished_us;
      touch (self, item->vm_uuid);
    }
}

void
tern_origins_load (TernOrigins *self, const GPtrArray *origins)
{
  g_return_if_fail (TERN_IS_ORIGINS (self));

  for (guint i = 0; i < origins->len; i++)
    {
      TernOrigin *origin = tern_origin_copy (origins->pdata[i]);

      g_hash_table_replace (self->origins, g_strdup (origin->vm_uuid), origin);
    }
}

/* Life */

void
tern_origins_close (TernOrigins *self)
{
  if (self->closed)
    return;
  self->closed = TRUE;
  tern_clock_clear_timer (self->parts.clock, &self->again_timer);
  g_signal_handlers_disconnect_by_data (self->parts.tasks, self);
  g_signal_handlers_disconnect_by_data (self->parts.inventory, self);
}

static void
tern_origins_init (TernOrigins *self)
{
  self->origins =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) tern_origin_free);
  self->dirty = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->writing = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
}

static void
tern_origins_dispose (GObject *object)
{
  TernOrigins *self = TERN_ORIGINS (object);

  if (self->parts.clock != NULL)
    tern_origins_close (self);
  g_clear_object (&self->parts.tasks);
  g_clear_object (&self->parts.inventory);
  g_clear_object (&self->parts.store);
  g_clear_object (&self->parts.clock);
  G_OBJECT_CLASS (tern_origins_parent_class)->dispose (object);
}

static void
tern_origins_finalize (GObject *object)
{
  TernOrigins *self = TERN_ORIGINS (object);

  g_hash_table_unref (self->origins);
  g_hash_table_unref (self->dirty);
  g_hash_table_unref (self->writing);
  G_OBJECT_CLASS (tern_origins_parent_class)->finalize (object);
}

static void
tern_origins_class_init (TernOriginsClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = tern_origins_dispose;
  object_class->finalize = tern_origins_finalize;
  signals[CHANGED] = g_signal_new ("changed", TERN_TYPE_ORIGINS, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                   NULL, G_TYPE_NONE, 1, G_TYPE_STRING);
}

TernOrigins *
tern_origins_new (const TernDrainParts *parts)
{
  TernOrigins *self = g_object_new (TERN_TYPE_ORIGINS, NULL);

  self->parts = (TernDrainParts){
    .clock = g_object_ref (parts->clock),
    .store = g_object_ref (parts->store),
    .inventory = g_object_ref (parts->inventory),
    .tasks = g_object_ref (parts->tasks),
  };
  g_signal_connect_object (parts->tasks, "task-added", G_CALLBACK (on_task_added), self, 0);
  g_signal_connect_object (parts->inventory, "vm-changed", G_CALLBACK (on_vm_changed), self, 0);
  g_signal_connect_object (parts->inventory, "vm-removed", G_CALLBACK (on_vm_changed), self, 0);
  g_signal_connect_object (parts->inventory, "host-changed", G_CALLBACK (on_host_changed), self, 0);
  g_signal_connect_object (parts->inventory, "host-removed", G_CALLBACK (on_host_removed), self, 0);
  return self;
}
