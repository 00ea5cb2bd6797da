/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A new host, step by step: connect, ask who it is, compare, store. What is refused leaves
 * nothing behind.
 */
#include "config.h"

#include "engine/host-adder.h"

#include "base/error.h"
#include "base/log.h"
#include "base/names.h"

/* A driver gives up connecting after 10 s; the first facts may have to wait for QEMU's probing. */
#define ADD_BOUND_US (20 * G_USEC_PER_SEC)

struct _TernHostAdder
{
  TernClock *clock;
  TernStore *store;
  TernHypervisorFactory factory;
  gpointer factory_data;
  TernHostAdderOwner owner;
  GHashTable *adding; /* names, and "/UUID" of machines, being added */
};

typedef struct
{
  TernHostAdder *adder;
  TernNewHost host;
  char *machine; /* our mark in "adding" for its UUID; no host name has a slash */
  GCancellable *cancellable;
  guint timer;
} AddHost;

static void
add_host_free (AddHost *add)
{
  tern_host_config_unref (add->host.config);
  g_clear_object (&add->host.hypervisor);
  g_clear_object (&add->cancellable);
  tern_host_facts_unref (add->host.facts);
  g_free (add->machine);
  g_free (add);
}

static void
finish_add (GTask *task, GError *error)
{
  AddHost *add = g_task_get_task_data (task);

  tern_clock_clear_timer (add->adder->clock, &add->timer);
  g_hash_table_remove (add->adder->adding, add->host.config->name);
  if (add->machine != NULL)
    g_hash_table_remove (add->adder->adding, add->machine);
  if (error == NULL)
    g_task_return_boolean (task, TRUE);
  else
    {
      if (add->host.hypervisor != NULL)
        tern_hypervisor_disconnect (add->host.hypervisor);
      g_prefix_error (&error, "Adding host %s: ", add->host.config->name);
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
find_same_machine (TernHostAdder *self, const char *uuid)
{
  g_autoptr (GPtrArray) hosts = self->owner.get_hosts (self->owner.data);

  for (guint i = 0; i < hosts->len; i++)
    {
      const TernHost *host = hosts->pdata[i];
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
  AddHost *add = g_task_get_task_data (task);
  GError *error = NULL;

  if (!tern_store_write_finish (TERN_STORE (source), result, &error))
    {
      finish_add (task, error);
      return;
    }

  tern_log (G_LOG_LEVEL_MESSAGE, TERN_MSG_HOST_ADDED,
            TERN_FIELDS (TERN_LOG_HOST, add->host.config->name), "Host %s was added as %s",
            add->host.config->name, add->host.config->uri);
  add->adder->owner.adopt (&add->host, add->adder->owner.data);
  finish_add (task, NULL);
}

static void
on_add_facts (GObject *source, GAsyncResult *result, gpointer data)
{
  GTask *task = data;
  AddHost *add = g_task_get_task_data (task);
  GError *error = NULL;

  add->host.facts = tern_hypervisor_fetch_facts_finish (TERN_HYPERVISOR (source), result, &error);
  if (add->host.facts != NULL && add->host.facts->uuid == NULL)
    error = g_error_new (TERN_ERROR, TERN_ERROR_NOT_SUPPORTED,
                         "it does not say its host UUID, and without one it cannot be told apart");
  else if (add->host.facts != NULL)
    error = find_same_machine (add->adder, add->host.facts->uuid);
  if (error != NULL)
    {
      finish_add (task, translate_bound (error));
      return;
    }

  add->host.config->uuid = g_strdup (add->host.facts->uuid);
  add->machine = g_strconcat ("/", add->host.facts->uuid, NULL);
  if (!g_hash_table_add (add->adder->adding, g_strdup (add->machine)))
    {
      g_clear_pointer (&add->machine, g_free);
      finish_add (task, g_error_new (TERN_ERROR, TERN_ERROR_EXISTS,
                                     "this machine is being added under another name right now"));
      return;
    }
  tern_store_put_host_async (add->adder->store, add->host.config, on_add_stored, task);
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
  tern_hypervisor_fetch_facts_async (add->host.hypervisor, add->cancellable, on_add_facts, task);
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
has_host (TernHostAdder *self, const char *name)
{
  g_autoptr (GPtrArray) hosts = self->owner.get_hosts (self->owner.data);

  for (guint i = 0; i < hosts->len; i++)
    if (g_str_equal (((const TernHost *) hosts->pdata[i])->config->name, name))
      return TRUE;
  return g_hash_table_contains (self->adding, name);
}

static gboolean
check_new_host (TernHostAdder *self, const TernHostConfig *config, GError **error)
{
  if (!tern_host_name_check (config->name, error) || !tern_host_uri_check (config->uri, error))
    return FALSE;
  if (config->peer_uri != NULL && !tern_host_uri_check (config->peer_uri, error))
    return FALSE;
  if (has_host (self, config->name))
    {
      g_set_error (error, TERN_ERROR, TERN_ERROR_EXISTS, "There is a host called %s already",
                   config->name);
      return FALSE;
    }
  return TRUE;
}

void
tern_host_adder_run (TernHostAdder *self, const TernHostConfig *config, GTask *task)
{
  AddHost *add = g_new0 (AddHost, 1);
  GError *error = NULL;

  add->adder = self;
  add->host.config = tern_host_config_copy (config);
  add->cancellable = g_cancellable_new ();
  g_task_set_task_data (task, add, (GDestroyNotify) add_host_free);

  if (check_new_host (self, config, &error))
    add->host.hypervisor = self->factory (add->host.config, self->factory_data, &error);
  if (add->host.hypervisor == NULL)
    {
      g_task_return_error (task, error);
      g_object_unref (task);
      return;
    }

  g_hash_table_add (self->adding, g_strdup (config->name));
  add->timer = tern_clock_add_timer (self->clock, ADD_BOUND_US, on_add_bound, add);
  tern_hypervisor_connect_async (add->host.hypervisor, add->cancellable, on_add_connected, task);
}

TernHostAdder *
tern_host_adder_new (TernClock *clock, TernStore *store, TernHypervisorFactory factory,
                     gpointer factory_data, const TernHostAdderOwner *owner)
{
  TernHostAdder *self = g_new0 (TernHostAdder, 1);

  self->clock = g_object_ref (clock);
  self->store = g_object_ref (store);
  self->factory = factory;
  self->factory_data = factory_data;
  self->owner = *owner;
  self->adding = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  return self;
}

void
tern_host_adder_free (TernHostAdder *self)
{
  if (self == NULL)
    return;

  g_hash_table_unref (self->adding);
  g_object_unref (self->store);
  g_object_unref (self->clock);
  g_free (self);
}
