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
#include "engine/host-watch.h"

/* A driver gives up connecting after 10 s; the first facts may have to wait for QEMU's probing. */
#define ADD_BOUND_US (20 * G_USEC_PER_SEC)
/* Two hosts may both show a VM running for a moment, while events are on their way. */
#define TWICE_GRACE_US (5 * G_USEC_PER_SEC)

struct _TernInventory
{
  GObject parent;

  TernClock *clock;
  TernStore *store;
  TernHypervisorFactory factory;
  gpointer factory_data;
  GPtrArray *watches;   /* by name */
  GHashTable *adding;   /* names, and "/UUID" of machines, being added */
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

/* Which copy of a VM counts: the one whose CPUs run, then the one that could run again. */
static int
rank (const TernVm *vm)
{
  switch (vm->state)
    {
    case TERN_VM_RUNNING:
    case TERN_VM_SHUTTING_DOWN:
      return 5;
    case TERN_VM_PAUSED:
    case TERN_VM_SUSPENDED:
      return vm->reason == TERN_REASON_MIGRATION ? 3 : 4;
    case TERN_VM_UNKNOWN:
      return 2;
    default:
      return 1;
    }
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
      if (best == NULL || rank (vm) > rank (best)
          || (rank (vm) == rank (best) && g_strcmp0 (vm->host, home) == 0))
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

/* Adding a host: connect, ask who it is, compare, store, watch. */

typedef struct
{
  TernHostConfig *config;
  TernHypervisor *hypervisor;
  TernHostFacts *facts;
  char *machine; /* our mark in "adding" for its UUID; no host name has a slash */
  GCancellable *cancellable;
  guint timer;
} AddHost;

static void
add_host_free (AddHost *add)
{
  tern_host_config_unref (add->config);
  g_clear_object (&add->hypervisor);
  g_clear_object (&add->cancellable);
  tern_host_facts_unref (add->facts);
  g_free (add->machine);
  g_free (add);
}

static void
finish_add (GTask *task, GError *error)
{
  TernInventory *self = g_task_get_source_object (task);
  AddHost *add = g_task_get_task_data (task);

  tern_clock_clear_timer (self->clock, &add->timer);
  g_hash_table_remove (self->adding, add->config->name);
  if (add->machine != NULL)
    g_hash_table_remove (self->adding, add->machine);
  if (error == NULL)
    g_task_return_boolean (task, TRUE);
  else
    {
      if (add->hypervisor != NULL)
        tern_hypervisor_disconnect (add->hypervisor);
      g_prefix_error (&error, "Adding host %s: ", add->config->name);
      g_task_return_error (task, error);
    }
  g_object_unref (task);
}

/* A cancelled step means our own bound has passed. */
static GError *
translate_bound (GError *error)
{
  if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return error;
  g_error_free (error);
  return g_error_new (TERN_ERROR, TERN_ERROR_TIMED_OUT,
                      "it was reached but did not say who it is within %d s",
                      (int) (ADD_BOUND_US / G_USEC_PER_SEC));
}

static GError *
find_same_machine (TernInventory *self, const char *uuid)
{
  for (guint i = 0; i < self->watches->len; i++)
    {
      const TernHost *host = tern_host_watch_get_host (self->watches->pdata[i]);
      const char *known = host->facts != NULL ? host->facts->uuid : host->config->uuid;

      if (known != NULL && g_ascii_strcasecmp (known, uuid) == 0)
        return g_error_new (TERN_ERROR, TERN_ERROR_EXISTS,
                            "this machine is a host already, as %s (host UUID %s); if they are two "
                            "machines, set a different host_uuid in one's libvirtd.conf",
                            host->config->name, uuid);
    }
  return NULL;
}

static void
on_add_stored (GObject *source, GAsyncResult *result, gpointer data)
{
  GTask *task = data;
  TernInventory *self = g_task_get_source_object (task);
  AddHost *add = g_task_get_task_data (task);
  GError *error = NULL;

  if (!tern_store_write_finish (TERN_STORE (source), result, &error))
    {
      finish_add (task, error);
      return;
    }

  tern_log (G_LOG_LEVEL_MESSAGE, TERN_MSG_HOST_ADDED,
            TERN_FIELDS (TERN_LOG_HOST, add->config->name), "Host %s was added as %s",
            add->config->name, add->config->uri);
  add_watch (self, add->config, add->hypervisor, add->facts);
  finish_add (task, NULL);
}

static void
on_add_facts (GObject *source, GAsyncResult *result, gpointer data)
{
  GTask *task = data;
  TernInventory *self = g_task_get_source_object (task);
  AddHost *add = g_task_get_task_data (task);
  GError *error = NULL;

  add->facts = tern_hypervisor_fetch_facts_finish (TERN_HYPERVISOR (source), result, &error);
  if (add->facts != NULL && add->facts->uuid == NULL)
    error = g_error_new (TERN_ERROR, TERN_ERROR_NOT_SUPPORTED,
                         "it does not say its host UUID, and without one it cannot be told apart");
  else if (add->facts != NULL)
    error = find_same_machine (self, add->facts->uuid);
  if (error != NULL)
    {
      finish_add (task, translate_bound (error));
      return;
    }

  add->config->uuid = g_strdup (add->facts->uuid);
  add->machine = g_strconcat ("/", add->facts->uuid, NULL);
  if (!g_hash_table_add (self->adding, g_strdup (add->machine)))
    {
      g_clear_pointer (&add->machine, g_free);
      finish_add (task, g_error_new (TERN_ERROR, TERN_ERROR_EXISTS,
                                     "this machine is being added under another name right now"));
      return;
    }
  tern_store_put_host_async (self->store, add->config, on_add_stored, task);
}

static void
on_add_connected (GObject *source, GAsyncResult *result, gpointer data)
{
  GTask *task = data;
  AddHost *add = g_task_get_task_data (task);
  GError *error = NULL;

  if (!tern_hypervisor_connect_finish (TERN_HYPERVISOR (source), result, &error))
    {
      finish_add (task, translate_bound (error));
      return;
    }
  tern_hypervisor_fetch_facts_async (add->hypervisor, add->cancellable, on_add_facts, task);
}

static gboolean
on_add_bound (gpointer data)
{
  AddHost *add = data;

  add->timer = 0;
  g_cancellable_cancel (add->cancellable);
  return G_SOURCE_REMOVE;
}

static gboolean
check_new_host (TernInventory *self, const TernHostConfig *config, GError **error)
{
  if (!tern_host_name_check (config->name, error) || !tern_host_uri_check (config->uri, error))
    return FALSE;
  if (config->peer_uri != NULL && !tern_host_uri_check (config->peer_uri, error))
    return FALSE;
  if (find_watch (self, config->name) != NULL || g_hash_table_contains (self->adding, config->name))
    {
      g_set_error (error, TERN_ERROR, TERN_ERROR_EXISTS, "There is a host called %s already",
                   config->name);
      return FALSE;
    }
  return TRUE;
}

void
tern_inventory_add_host_async (TernInventory *self, const TernHostConfig *config,
                               GCancellable *cancellable, GAsyncReadyCallback cb, gpointer data)
{
  GTask *task;
  AddHost *add;
  GError *error = NULL;

  g_return_if_fail (TERN_IS_INVENTORY (self));
  (void) cancellable;

  task = g_task_new (self, NULL, cb, data);
  add = g_new0 (AddHost, 1);
  add->config = tern_host_config_copy (config);
  add->cancellable = g_cancellable_new ();
  g_task_set_task_data (task, add, (GDestroyNotify) add_host_free);

  if (check_new_host (self, config, &error))
    add->hypervisor = self->factory (add->config, self->factory_data, &error);
  if (add->hypervisor == NULL)
    {
      g_task_return_error (task, error);
      g_object_unref (task);
      return;
    }

  g_hash_table_add (self->adding, g_strdup (config->name));
  add->timer = tern_clock_add_timer (self->clock, ADD_BOUND_US, on_add_bound, add);
  tern_hypervisor_connect_async (add->hypervisor, add->cancellable, on_add_connected, task);
}

gboolean
tern_inventory_add_host_finish (TernInventory *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  return g_task_propagate_boolean (G_TASK (result), error);
}

/* Removing a host */

static GError *
no_such_host (const char *name)
{
  g_autofree char *shown = tern_text_visible (name, 60);

  return g_error_new (TERN_ERROR, TERN_ERROR_NOT_FOUND,
                      "There is no host called “%s”; “virtern host list” shows them all", shown);
}

static void
remove_watch (TernInventory *self, TernHostWatch *watch)
{
  g_autoptr (TernHostWatch) alive = g_object_ref (watch);
  g_autofree char *name = g_strdup (watch_name (watch));
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

static void
on_removed (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  TernInventory *self = g_task_get_source_object (task);
  TernHostWatch *watch = find_watch (self, g_task_get_task_data (task));
  GError *error = NULL;

  if (!tern_store_write_finish (TERN_STORE (source), result, &error))
    {
      g_task_return_error (task, error);
      return;
    }
  if (watch == NULL)
    {
      g_task_return_error (task, no_such_host (g_task_get_task_data (task)));
      return;
    }
  remove_watch (self, watch);
  g_task_return_boolean (task, TRUE);
}

void
tern_inventory_remove_host_async (TernInventory *self, const char *name, GAsyncReadyCallback cb,
                                  gpointer data)
{
  GTask *task;

  g_return_if_fail (TERN_IS_INVENTORY (self));

  task = g_task_new (self, NULL, cb, data);
  g_task_set_task_data (task, g_strdup (name), g_free);
  if (find_watch (self, name) == NULL)
    {
      g_task_return_error (task, no_such_host (name));
      g_object_unref (task);
      return;
    }
  tern_store_remove_host_async (self->store, name, on_removed, task);
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
    g_propagate_error (error, no_such_host (name));
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

  all = tern_inventory_get_vms (self);
  for (guint i = 0; i < all->len; i++)
    {
      TernVm *vm = all->pdata[i];
      g_autofree char *visible = tern_text_visible (vm->name, 0);

      /* People type what they were shown. */
      if (g_str_equal (vm->name, name_or_uuid) || g_str_equal (visible, name_or_uuid))
        g_ptr_array_add (found, vm);
    }
  if (found->len == 1)
    return choose_copy (self, ((TernVm *) found->pdata[0])->uuid);

  if (found->len == 0)
    g_propagate_error (error, no_such_vm (self, shown));
  else
    g_propagate_error (error, ambiguous_name (shown, found));
  return NULL;
}

static void
on_vm_refreshed (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;

  tern_host_watch_refresh_vm_finish (TERN_HOST_WATCH (source), result);
  g_task_return_boolean (task, TRUE);
}

void
tern_inventory_refresh_vm_async (TernInventory *self, const char *host, const char *uuid,
                                 GAsyncReadyCallback cb, gpointer data)
{
  GTask *task;
  TernHostWatch *watch;

  g_return_if_fail (TERN_IS_INVENTORY (self));

  task = g_task_new (self, NULL, cb, data);
  watch = find_watch (self, host);
  if (watch != NULL)
    {
      tern_host_watch_refresh_vm_async (watch, uuid, on_vm_refreshed, task);
      return;
    }
  g_task_return_boolean (task, TRUE);
  g_object_unref (task);
}

static void
tern_inventory_init (TernInventory *self)
{
  self->watches = g_ptr_array_new_with_free_func (g_object_unref);
  self->adding = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
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
  g_hash_table_unref (self->adding);
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

  self->clock = g_object_ref (clock);
  self->store = g_object_ref (store);
  self->factory = factory;
  self->factory_data = factory_data;
  return self;
}
