/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * All hosts and VMs. Watching one host is host-watch.c's part; here hosts come
 * and go, and what several hosts say of one VM becomes one answer.
 */
#include "config.h"

#include "engine/inventory.h"

#include "base/error.h"
#include "base/log.h"
#include "base/names.h"
#include "base/text.h"
#include "engine/host-adder.h"
#include "engine/host-editor.h"
#include "engine/host-watch.h"

/* Two hosts may both show a VM running for a moment, while events are on their way. */
#define TWICE_GRACE_US (5 * G_USEC_PER_SEC)

struct _TernInventory
{
  GObject parent;

  TernClock *clock;
  TernStore *store;
  TernHypervisorFactory factory;
  gpointer factory_data;
  GPtrArray *watches; /* by name */
  TernHostAdder *adder;
  TernHostEditor *editor;
  GHashTable *homes;    /* VM uuid -> name of the host whose copy counts */
  GHashTable *suspects; /* VM uuid -> wall time since when it was seen to run twice */
  guint twice_timer;
};

enum
{
  HOST_CHANGED,
  HOST_REMOVED,
  VM_CHANGED,
  VM_REMOVED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

G_DEFINE_TYPE (TernInventory, tern_inventory, G_TYPE_OBJECT)

static const char *
watch_name (TernHostWatch *watch)
{
  return tern_host_watch_get_host (watch)->config->name;
}

static int
compare_watches (gconstpointer a, gconstpointer b)
{
  return strcmp (watch_name (*(TernHostWatch *const *) a),
                 watch_name (*(TernHostWatch *const *) b));
}

static TernHostWatch *
find_watch (TernInventory *self, const char *name)
{
  for (guint i = 0; i < self->watches->len; i++)
    if (g_str_equal (watch_name (self->watches->pdata[i]), name))
      return self->watches->pdata[i];
  return NULL;
}

static TernVm *
choose_copy (TernInventory *self, const char *uuid)
{
  const char *home = g_hash_table_lookup (self->homes, uuid);
  TernVm *best = NULL;

  for (guint i = 0; i < self->watches->len; i++)
    {
      TernVm *vm = tern_host_watch_find_vm (self->watches->pdata[i], uuid);

      if (vm == NULL)
        continue;
      if (best == NULL || tern_vm_get_rank (vm) > tern_vm_get_rank (best)
          || (tern_vm_get_rank (vm) == tern_vm_get_rank (best) && g_strcmp0 (vm->host, home) == 0))
        best = vm;
    }
  return best;
}

static guint
count_running (TernInventory *self, const char *uuid)
{
  guint running = 0;

  for (guint i = 0; i < self->watches->len; i++)
    {
      TernVm *vm = tern_host_watch_find_vm (self->watches->pdata[i], uuid);

      running += vm != NULL && vm->state == TERN_VM_RUNNING;
    }
  return running;
}

static gboolean
on_twice_timer (gpointer data)
{
  TernInventory *self = data;
  GHashTableIter iter;
  gpointer uuid;

  self->twice_timer = 0;
  g_hash_table_iter_init (&iter, self->suspects);
  while (g_hash_table_iter_next (&iter, &uuid, NULL))
    {
      TernVm *vm = choose_copy (self, uuid);

      if (count_running (self, uuid) > 1)
        tern_log (G_LOG_LEVEL_WARNING, TERN_MSG_VM_TWICE,
                  TERN_FIELDS (TERN_LOG_VM, vm->name, TERN_LOG_VM_UUID, uuid),
                  "VM %s (%s) runs on more than one host: both may write to its disks; see "
                  "“virtern vm show %s” and stop the wrong one",
                  vm->name, (char *) uuid, (char *) uuid);
      g_hash_table_iter_remove (&iter);
    }
  return G_SOURCE_REMOVE;
}

static void
suspect_twice (TernInventory *self, const char *uuid)
{
  if (count_running (self, uuid) < 2 || !g_hash_table_add (self->suspects, g_strdup (uuid)))
    return;
  if (self->twice_timer == 0)
    self->twice_timer = tern_clock_add_timer (self->clock, TWICE_GRACE_US, on_twice_timer, self);
}

static void
on_watch_vm_changed (TernHostWatch *watch, const char *uuid, TernInventory *self)
{
  TernVm *vm = choose_copy (self, uuid);

  (void) watch;
  if (vm == NULL)
    {
      if (g_hash_table_remove (self->homes, uuid))
        g_signal_emit (self, signals[VM_REMOVED], 0, uuid);
      return;
    }
  g_hash_table_replace (self->homes, g_strdup (uuid), g_strdup (vm->host));
  suspect_twice (self, uuid);
  g_signal_emit (self, signals[VM_CHANGED], 0, uuid);
}

static void
on_watch_host_changed (TernHostWatch *watch, TernInventory *self)
{
  g_signal_emit (self, signals[HOST_CHANGED], 0, tern_host_watch_get_host (watch));
}

static void
add_watch (TernInventory *self, TernHostConfig *config, TernHypervisor *hypervisor,
           TernHostFacts *facts)
{
  TernHostWatch *watch = tern_host_watch_new (self->clock, config, hypervisor, facts);

  g_signal_connect_object (watch, "vm-changed", G_CALLBACK (on_watch_vm_changed), self, 0);
  g_signal_connect_object (watch, "host-changed", G_CALLBACK (on_watch_host_changed), self, 0);
  g_ptr_array_add (self->watches, watch);
  g_ptr_array_sort (self->watches, compare_watches);
  on_watch_host_changed (watch, self);
  tern_host_watch_start (watch);
}

void
tern_inventory_load (TernInventory *self, GPtrArray *hosts)
{
  g_return_if_fail (TERN_IS_INVENTORY (self));

  for (guint i = 0; i < hosts->len; i++)
    {
      TernHostConfig *config = hosts->pdata[i];
      g_autoptr (GError) error = NULL;
      g_autoptr (TernHypervisor) hypervisor = self->factory (config, self->factory_data, &error);

      if (hypervisor != NULL)
        add_watch (self, config, hypervisor, NULL);
      else
        tern_log (G_LOG_LEVEL_WARNING, TERN_MSG_HOST_DOWN,
                  TERN_FIELDS (TERN_LOG_HOST, config->name), "Host %s is left out: %s",
                  config->name, error->message);
    }
}

/* Adding a host is host-adder.c's part. */

static GPtrArray *
get_hosts (gpointer data)
{
  return tern_inventory_get_hosts (data);
}

static void
adopt_host (const TernNewHost *host, gpointer data)
{
  add_watch (data, host->config, host->hypervisor, host->facts);
}

void
tern_inventory_add_host_async (TernInventory *self, const TernHostConfig *config,
                               GCancellable *cancellable, GAsyncReadyCallback cb, gpointer data)
{
  g_return_if_fail (TERN_IS_INVENTORY (self));
  (void) cancellable;

  tern_host_adder_run (self->adder, config, g_task_new (self, NULL, cb, data));
}

gboolean
tern_inventory_add_host_finish (TernInventory *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  return g_task_propagate_boolean (G_TASK (result), error);
}

/* Changing and removing hosts is host-editor.c's part. */

static TernHost *
find_host (const char *name, gpointer data)
{
  return tern_inventory_find_host (data, name);
}

static void
change_host (TernHostConfig *config, gpointer data)
{
  tern_host_watch_set_config (find_watch (data, config->name), config);
}

static void
drop_host (const char *name, gpointer data)
{
  TernInventory *self = data;
  g_autoptr (TernHostWatch) watch = g_object_ref (find_watch (self, name));
  g_autoptr (GList) uuids = g_hash_table_get_keys (tern_host_watch_get_vms (watch));

  g_signal_handlers_disconnect_by_data (watch, self);
  g_ptr_array_remove (self->watches, watch);
  tern_host_watch_stop (watch);
  for (GList *i = uuids; i != NULL; i = i->next)
    on_watch_vm_changed (watch, i->data, self);
  g_signal_emit (self, signals[HOST_REMOVED], 0, name);
  tern_log (G_LOG_LEVEL_MESSAGE, TERN_MSG_HOST_REMOVED, TERN_FIELDS (TERN_LOG_HOST, name),
            "Host %s was removed; its VMs were left as they are", name);
}

void
tern_inventory_update_host_async (TernInventory *self, const char *name, TernHostEdit edit,
                                  gpointer edit_data, GAsyncReadyCallback cb, gpointer data)
{
  g_return_if_fail (TERN_IS_INVENTORY (self));
  g_return_if_fail (edit != NULL);
  tern_host_editor_run (self->editor, name, edit, edit_data, g_task_new (self, NULL, cb, data));
}

gboolean
tern_inventory_update_host_finish (TernInventory *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  return g_task_propagate_boolean (G_TASK (result), error);
}

void
tern_inventory_remove_host_async (TernInventory *self, const char *name, GAsyncReadyCallback cb,
                                  gpointer data)
{
  g_return_if_fail (TERN_IS_INVENTORY (self));
  tern_host_editor_run (self->editor, name, NULL, NULL, g_task_new (self, NULL, cb, data));
}

gboolean
tern_inventory_remove_host_finish (TernInventory *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  return g_task_propagate_boolean (G_TASK (result), error);
}

/* Looking things up */

TernHost *
tern_inventory_find_host (TernInventory *self, const char *name)
{
  TernHostWatch *watch;

  g_return_val_if_fail (TERN_IS_INVENTORY (self), NULL);

  watch = find_watch (self, name);
  return watch != NULL ? tern_host_watch_get_host (watch) : NULL;
}

TernHost *
tern_inventory_lookup_host (TernInventory *self, const char *name, GError **error)
{
  TernHost *host = tern_inventory_find_host (self, name);

  if (host == NULL)
    g_propagate_error (error, tern_host_editor_no_such_host (name));
  return host;
}

GPtrArray *
tern_inventory_get_hosts (TernInventory *self)
{
  GPtrArray *hosts = g_ptr_array_new_with_free_func ((GDestroyNotify) tern_host_unref);

  g_return_val_if_fail (TERN_IS_INVENTORY (self), hosts);

  for (guint i = 0; i < self->watches->len; i++)
    g_ptr_array_add (hosts, tern_host_ref (tern_host_watch_get_host (self->watches->pdata[i])));
  return hosts;
}

TernHypervisor *
tern_inventory_find_hypervisor (TernInventory *self, const char *host)
{
  TernHostWatch *watch;

  g_return_val_if_fail (TERN_IS_INVENTORY (self), NULL);

  watch = find_watch (self, host);
  return watch != NULL ? tern_host_watch_get_hypervisor (watch) : NULL;
}

gboolean
tern_inventory_has_listed (TernInventory *self, const char *host)
{
  TernHostWatch *watch;

  g_return_val_if_fail (TERN_IS_INVENTORY (self), FALSE);

  watch = find_watch (self, host);
  return watch != NULL && tern_host_watch_has_listed (watch);
}

TernVm *
tern_inventory_find_vm (TernInventory *self, const char *uuid)
{
  g_return_val_if_fail (TERN_IS_INVENTORY (self), NULL);
  return choose_copy (self, uuid);
}

static int
compare_vms (gconstpointer a, gconstpointer b)
{
  const TernVm *x = *(const TernVm *const *) a, *y = *(const TernVm *const *) b;
  int order = strcmp (x->name, y->name);

  return order != 0 ? order : strcmp (x->uuid, y->uuid);
}

GPtrArray *
tern_inventory_get_vms (TernInventory *self)
{
  GPtrArray *vms = g_ptr_array_new_with_free_func ((GDestroyNotify) tern_vm_unref);
  GHashTableIter iter;
  gpointer uuid;

  g_return_val_if_fail (TERN_IS_INVENTORY (self), vms);

  g_hash_table_iter_init (&iter, self->homes);
  while (g_hash_table_iter_next (&iter, &uuid, NULL))
    g_ptr_array_add (vms, tern_vm_ref (choose_copy (self, uuid)));
  g_ptr_array_sort (vms, compare_vms);
  return vms;
}

GPtrArray *
tern_inventory_get_sightings (TernInventory *self, const char *uuid)
{
  GPtrArray *copies = g_ptr_array_new_with_free_func ((GDestroyNotify) tern_vm_unref);

  g_return_val_if_fail (TERN_IS_INVENTORY (self), copies);

  for (guint i = 0; i < self->watches->len; i++)
    {
      TernVm *vm = tern_host_watch_find_vm (self->watches->pdata[i], uuid);

      if (vm != NULL)
        g_ptr_array_add (copies, tern_vm_ref (vm));
    }
  return copies;
}

static GError *
ambiguous_name (const char *shown, const GPtrArray *found)
{
  GString *uuids = g_string_new (NULL);
  GError *error;

  for (guint i = 0; i < found->len && i < 10; i++)
    {
      const TernVm *vm = found->pdata[i];

      g_string_append_printf (uuids, "%s%s on %s", i > 0 ? ", " : "", vm->uuid, vm->host);
    }
  error = g_error_new (TERN_ERROR, TERN_ERROR_AMBIGUOUS, "%u VMs are called “%s”; use the UUID: %s",
                       found->len, shown, uuids->str);
  g_string_free (uuids, TRUE);
  return error;
}

/* Returns: the names of hosts that are not up, or NULL when all are. */
static char *
name_silent_hosts (TernInventory *self)
{
  GString *names = NULL;

  for (guint i = 0; i < self->watches->len; i++)
    {
      const TernHost *host = tern_host_watch_get_host (self->watches->pdata[i]);

      if (host->state == TERN_HOST_UP)
        continue;
      if (names == NULL)
        names = g_string_new (NULL);
      g_string_append_printf (names, "%s%s (%s)", names->len > 0 ? ", " : "", host->config->name,
                              tern_host_state_to_string (host->state));
    }
  return names != NULL ? g_string_free (names, FALSE) : NULL;
}

/* "There is none" can only be said by all hosts together. */
static GError *
no_such_vm (TernInventory *self, const char *shown)
{
  g_autofree char *silent = name_silent_hosts (self);

  if (silent == NULL)
    return g_error_new (TERN_ERROR, TERN_ERROR_NOT_FOUND,
                        "There is no VM called “%s” on any host; “virtern vm list” shows them all",
                        shown);
  return g_error_new (TERN_ERROR, TERN_ERROR_UNREACHABLE,
                      "No host that answers has a VM called “%s”, but it may be on one that does "
                      "not: %s",
                      shown, silent);
}

TernVm *
tern_inventory_lookup_vm (TernInventory *self, const char *name_or_uuid, GError **error)
{
  g_autofree char *shown = tern_text_visible (name_or_uuid, 60);
  g_autoptr (GPtrArray) all = NULL;
  g_autoptr (GPtrArray) found = g_ptr_array_new ();

  g_return_val_if_fail (TERN_IS_INVENTORY (self), NULL);

  if (tern_uuid_is_valid (name_or_uuid))
    {
      g_autofree char *uuid = g_ascii_strdown (name_or_uuid, -1);
      TernVm *vm = choose_copy (self, uuid);

      if (vm != NULL)
        return vm;
    }

  /* Copies, and only then which of them count: with a thousand hosts that is much less to do. */
  all = tern_inventory_get_copies (self);
  for (guint i = 0; i < all->len; i++)
    {
      const TernVm *copy = all->pdata[i];
      g_autofree char *visible = tern_text_visible (copy->name, 0);
      TernVm *vm;

      /* People type what they were shown. */
      if (!g_str_equal (copy->name, name_or_uuid) && !g_str_equal (visible, name_or_uuid))
        continue;
      vm = choose_copy (self, copy->uuid);
      if (!g_ptr_array_find (found, vm, NULL))
        g_ptr_array_add (found, vm);
    }
  g_ptr_array_sort (found, compare_vms);
  if (found->len == 1)
    return choose_copy (self, ((TernVm *) found->pdata[0])->uuid);

  if (found->len == 0)
    g_propagate_error (error, no_such_vm (self, shown));
  else
    g_propagate_error (error, ambiguous_name (shown, found));
  return NULL;
}

GPtrArray *
tern_inventory_get_copies (TernInventory *self)
{
  GPtrArray *copies = g_ptr_array_new_with_free_func ((GDestroyNotify) tern_vm_unref);

  g_return_val_if_fail (TERN_IS_INVENTORY (self), copies);

  for (guint i = 0; i < self->watches->len; i++)
    {
      GHashTableIter iter;
      gpointer vm;

      g_hash_table_iter_init (&iter, tern_host_watch_get_vms (self->watches->pdata[i]));
      while (g_hash_table_iter_next (&iter, NULL, &vm))
        g_ptr_array_add (copies, tern_vm_ref (vm));
    }
  return copies;
}

static void
on_refreshed (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  GError *error = NULL;

  if (tern_host_watch_refresh_finish (TERN_HOST_WATCH (source), result, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

static void
refresh (TernInventory *self, const char *host, const char *uuid, GTask *task)
{
  TernHostWatch *watch = find_watch (self, host);

  if (watch == NULL)
    {
      g_task_return_new_error (task, TERN_ERROR, TERN_ERROR_UNREACHABLE,
                               "%s is not a host of ours any more", host);
      g_object_unref (task);
    }
  else if (uuid != NULL)
    tern_host_watch_refresh_vm_async (watch, uuid, on_refreshed, task);
  else
    tern_host_watch_refresh_facts_async (watch, on_refreshed, task);
}

void
tern_inventory_refresh_vm_async (TernInventory *self, const char *host, const char *uuid,
                                 GAsyncReadyCallback cb, gpointer data)
{
  g_return_if_fail (TERN_IS_INVENTORY (self));
  refresh (self, host, uuid, g_task_new (self, NULL, cb, data));
}

void
tern_inventory_refresh_facts_async (TernInventory *self, const char *host, GAsyncReadyCallback cb,
                                    gpointer data)
{
  g_return_if_fail (TERN_IS_INVENTORY (self));
  refresh (self, host, NULL, g_task_new (self, NULL, cb, data));
}

gboolean
tern_inventory_refresh_finish (TernInventory *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  return g_task_propagate_boolean (G_TASK (result), error);
}

static void
tern_inventory_init (TernInventory *self)
{
  self->watches = g_ptr_array_new_with_free_func (g_object_unref);
  self->homes = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  self->suspects = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
}

static void
tern_inventory_dispose (GObject *object)
{
  TernInventory *self = TERN_INVENTORY (object);

  for (guint i = 0; i < self->watches->len; i++)
    {
      g_signal_handlers_disconnect_by_data (self->watches->pdata[i], self);
      tern_host_watch_stop (self->watches->pdata[i]);
    }
  g_ptr_array_set_size (self->watches, 0);
  if (self->clock != NULL)
    tern_clock_clear_timer (self->clock, &self->twice_timer);
  g_clear_object (&self->store);
  g_clear_object (&self->clock);
  G_OBJECT_CLASS (tern_inventory_parent_class)->dispose (object);
}

static void
tern_inventory_finalize (GObject *object)
{
  TernInventory *self = TERN_INVENTORY (object);

  g_ptr_array_unref (self->watches);
  tern_host_adder_free (self->adder);
  tern_host_editor_free (self->editor);
  g_hash_table_unref (self->homes);
  g_hash_table_unref (self->suspects);
  G_OBJECT_CLASS (tern_inventory_parent_class)->finalize (object);
}

static void
tern_inventory_class_init (TernInventoryClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = tern_inventory_dispose;
  object_class->finalize = tern_inventory_finalize;
  signals[HOST_CHANGED] = g_signal_new ("host-changed", TERN_TYPE_INVENTORY, G_SIGNAL_RUN_LAST, 0,
                                        NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_POINTER);
  signals[HOST_REMOVED] = g_signal_new ("host-removed", TERN_TYPE_INVENTORY, G_SIGNAL_RUN_LAST, 0,
                                        NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_STRING);
  signals[VM_CHANGED] = g_signal_new ("vm-changed", TERN_TYPE_INVENTORY, G_SIGNAL_RUN_LAST, 0, NULL,
                                      NULL, NULL, G_TYPE_NONE, 1, G_TYPE_STRING);
  signals[VM_REMOVED] = g_signal_new ("vm-removed", TERN_TYPE_INVENTORY, G_SIGNAL_RUN_LAST, 0, NULL,
                                      NULL, NULL, G_TYPE_NONE, 1, G_TYPE_STRING);
}

TernInventory *
tern_inventory_new (TernClock *clock, TernStore *store, TernHypervisorFactory factory,
                    gpointer factory_data)
{
  TernInventory *self = g_object_new (TERN_TYPE_INVENTORY, NULL);
  TernHostAdderOwner owner = { .get_hosts = get_hosts, .adopt = adopt_host };
  TernHostEditorOwner editor = {
    .find = find_host, .adopt = change_host, .drop = drop_host, .data = self
  };

  self->clock = g_object_ref (clock);
  self->store = g_object_ref (store);
  self->factory = factory;
  self->factory_data = factory_data;
  owner.data = self;
  self->adder = tern_host_adder_new (clock, store, factory, factory_data, &owner);
  self->editor = tern_host_editor_new (store, &editor);
  return self;
}
