/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * One host, watched.
 *
 *   connecting --connected--> listing --facts and VMs--> up
 *       ^  \________failed_______/ |                      |
 *       |                          v                      | disconnected,
 *       +------ backoff ---- unreachable <----------------+ or no answer
 *
 * Events do not replay, so the port registers for them while it connects, then
 * everything is listed; after that an event only says "look at that VM again".
 */
#include "config.h"

#include "engine/host-watch.h"

#include "base/error.h"
#include "base/log.h"
#include "base/names.h"

#define BACKOFF_FIRST_US (1 * G_USEC_PER_SEC)
#define BACKOFF_MAX_US (30 * G_USEC_PER_SEC)
/* A host that was up for less is one that comes and goes: it is tried again ever more rarely. */
#define STEADY_US (60 * G_USEC_PER_SEC)
#define FACTS_EVERY_US (15 * G_USEC_PER_SEC)
/* Every so many looks at the facts, all VMs are listed again too. */
#define LIST_EVERY 8

/* Looks at VMs under way at once. A host asks one by one, and the time for an answer counts from
 * the question: of a hundred at once the last would come too late, and inspections with them. */
#define MAX_LOOKS 4

typedef enum
{
  LOOK_WAITING,
  LOOK_UNDER_WAY,
  LOOK_ONCE_MORE,
} LookState;

struct _TernHostWatch
{
  GObject parent;

  TernClock *clock;
  TernHypervisor *hypervisor;
  TernHost *host;
  GHashTable *vms;     /* uuid -> TernVm */
  GHashTable *looking; /* uuid -> LookState */
  GQueue waiting;      /* uuids to be looked at, in order */
  guint looks;         /* under way */
  GCancellable *cancellable;
  gint64 backoff_us;
  gint64 up_since_us; /* 0 while it is not up */
  guint retry_timer;
  guint facts_timer;
  guint facts_looks;
  gboolean facts_fetching;
  gboolean listed;
  gboolean list_again;
  gboolean listing;
  gboolean ever_listed;
  GHashTable *touched; /* uuids with news while a listing was under way */
};

enum
{
  HOST_CHANGED,
  VM_CHANGED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

G_DEFINE_TYPE (TernHostWatch, tern_host_watch, G_TYPE_OBJECT)

static void start_connecting (TernHostWatch *self);
static void fetch_list (TernHostWatch *self);
static void look_at_vm (TernHostWatch *self, const char *uuid);
static void start_look (TernHostWatch *self, const char *uuid);

static const char *
get_name (TernHostWatch *self)
{
  return self->host->config->name;
}

static void
set_host (TernHostWatch *self, TernHostState state, TernHostFacts *facts, const char *error)
{
  TernHost *old = self->host;
  gint64 seen_us = facts != old->facts ? tern_clock_wall_us (self->clock) : old->seen_us;

  self->host = tern_host_new (old->config, state, facts, seen_us, error);
  if (old->state != state && state == TERN_HOST_UP)
    tern_log (G_LOG_LEVEL_MESSAGE, TERN_MSG_HOST_UP, TERN_FIELDS (TERN_LOG_HOST, get_name (self)),
              "Host %s is up", get_name (self));
  else if (old->state != state && state == TERN_HOST_UNREACHABLE)
    tern_log (G_LOG_LEVEL_WARNING, TERN_MSG_HOST_DOWN, TERN_FIELDS (TERN_LOG_HOST, get_name (self)),
              "Host %s cannot be reached; trying again until it can: %s", get_name (self), error);
  tern_host_unref (old);
  g_signal_emit (self, signals[HOST_CHANGED], 0);
}

static void
tell_vm (TernHostWatch *self, const char *uuid)
{
  g_signal_emit (self, signals[VM_CHANGED], 0, uuid);
}

/* Takes up what was seen of one VM; NULL: it is not there. */
static void
put_vm (TernHostWatch *self, const char *uuid, TernVm *vm)
{
  TernVm *old = g_hash_table_lookup (self->vms, uuid);
  g_autofree char *key = g_strdup (uuid);

  if (vm == NULL && old == NULL)
    return;
  if (vm != NULL && old != NULL && tern_vm_equal (vm, old))
    return;

  if (vm == NULL)
    g_hash_table_remove (self->vms, key);
  else
    g_hash_table_replace (self->vms, g_strdup (key), tern_vm_ref (vm));
  tell_vm (self, key);
}

/* What was seen last stays, but nobody may take it for the present. */
static void
forget_states (TernHostWatch *self)
{
  g_autoptr (GPtrArray) copies = g_ptr_array_new_with_free_func ((GDestroyNotify) tern_vm_unref);
  GHashTableIter iter;
  gpointer vm;

  g_hash_table_iter_init (&iter, self->vms);
  while (g_hash_table_iter_next (&iter, NULL, &vm))
    {
      TernVm *copy = tern_vm_copy (vm);

      copy->state = TERN_VM_UNKNOWN;
      copy->reason = TERN_REASON_OTHER;
      g_ptr_array_add (copies, copy);
    }
  for (guint i = 0; i < copies->len; i++)
    put_vm (self, ((TernVm *) copies->pdata[i])->uuid, copies->pdata[i]);
}

static gboolean
on_retry (gpointer data)
{
  TernHostWatch *self = data;

  self->retry_timer = 0;
  start_connecting (self);
  return G_SOURCE_REMOVE;
}

static void
stop_asking (TernHostWatch *self)
{
  g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
  tern_clock_clear_timer (self->clock, &self->facts_timer);
  tern_clock_clear_timer (self->clock, &self->retry_timer);
  g_hash_table_remove_all (self->looking);
  g_queue_clear_full (&self->waiting, g_free);
  self->looks = 0;
  g_hash_table_remove_all (self->touched);
  self->facts_fetching = FALSE;
  self->listing = FALSE;
  self->listed = FALSE;
}

/* The connection is of no use any more: drop it and try again later. Each call under way then
 * ends with an error as well, and says the same once more. */
static void
lose_host (TernHostWatch *self, const GError *error)
{
  g_autoptr (TernHostWatch) alive = g_object_ref (self);
  g_autofree char *message = g_strdup (error->message);

  if (self->cancellable == NULL)
    return;
  stop_asking (self);
  tern_hypervisor_disconnect (self->hypervisor);
  if (self->up_since_us != 0 && tern_clock_now_us (self->clock) - self->up_since_us >= STEADY_US)
    self->backoff_us = BACKOFF_FIRST_US;
  self->up_since_us = 0;
  self->retry_timer = tern_clock_add_timer (self->clock, self->backoff_us, on_retry, self);
  self->backoff_us = MIN (self->backoff_us * 2, BACKOFF_MAX_US);
  forget_states (self);
  set_host (self, TERN_HOST_UNREACHABLE, self->host->facts, message);
  (void) alive;
}

/* Was this answer asked for by a connection that is gone? */
static gboolean
is_stale (const GError *error)
{
  return g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

static void
become_up_if_complete (TernHostWatch *self)
{
  if (!self->listed || self->facts_fetching || self->host->facts == NULL)
    return;
  if (self->host->state == TERN_HOST_UP)
    return;
  self->up_since_us = MAX (tern_clock_now_us (self->clock), 1);
  set_host (self, TERN_HOST_UP, self->host->facts, NULL);
}

/* Returns: whether they are those of the machine that was added. */
static gboolean
take_up_facts (TernHostWatch *self, TernHostFacts *facts, GError **error)
{
  if (self->host->config->uuid != NULL && facts->uuid != NULL
      && g_ascii_strcasecmp (self->host->config->uuid, facts->uuid) != 0)
    {
      g_set_error (error, TERN_ERROR, TERN_ERROR_REFUSED,
                   "another machine answers at %s: its UUID is %s, and %s was added with %s; if "
                   "that is right, remove the host and add it again",
                   self->host->config->uri, facts->uuid, get_name (self), self->host->config->uuid);
      return FALSE;
    }
  set_host (self, self->host->state, facts, self->host->error);
  return TRUE;
}

static void
on_facts (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (TernHostWatch) self = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (TernHostFacts) facts =
      tern_hypervisor_fetch_facts_finish (TERN_HYPERVISOR (source), result, &error);

  if (facts == NULL && is_stale (error))
    return;
  self->facts_fetching = FALSE;
  if (facts == NULL || !take_up_facts (self, facts, &error))
    lose_host (self, error);
  else
    become_up_if_complete (self);
}

static void
fetch_facts (TernHostWatch *self)
{
  if (self->facts_fetching)
    return;
  self->facts_fetching = TRUE;
  tern_hypervisor_fetch_facts_async (self->hypervisor, self->cancellable, on_facts,
                                     g_object_ref (self));
}

static gboolean
on_facts_timer (gpointer data)
{
  TernHostWatch *self = data;

  fetch_facts (self);
  if (++self->facts_looks % LIST_EVERY == 0)
    fetch_list (self);
  return G_SOURCE_CONTINUE;
}

static void
take_up_list (TernHostWatch *self, GPtrArray *vms)
{
  g_autoptr (GHashTable) seen = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr (GPtrArray) gone = g_ptr_array_new_with_free_func (g_free);
  GHashTableIter iter;
  gpointer key;

  for (guint i = 0; i < vms->len; i++)
    {
      TernVm *vm = vms->pdata[i];

      g_hash_table_add (seen, vm->uuid);
      /* What an event made us look at meanwhile is newer than the list. */
      if (!g_hash_table_contains (self->touched, vm->uuid))
        put_vm (self, vm->uuid, vm);
    }

  g_hash_table_iter_init (&iter, self->vms);
  while (g_hash_table_iter_next (&iter, &key, NULL))
    if (!g_hash_table_contains (seen, key) && !g_hash_table_contains (self->touched, key))
      g_ptr_array_add (gone, g_strdup (key));
  for (guint i = 0; i < gone->len; i++)
    put_vm (self, gone->pdata[i], NULL);
}

static void
on_list (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (TernHostWatch) self = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) vms =
      tern_hypervisor_fetch_vms_finish (TERN_HYPERVISOR (source), result, &error);

  if (vms == NULL && is_stale (error))
    return;
  self->listing = FALSE;
  if (vms == NULL)
    {
      lose_host (self, error);
      return;
    }

  take_up_list (self, vms);
  g_hash_table_remove_all (self->touched);
  self->listed = TRUE;
  self->ever_listed = TRUE;
  become_up_if_complete (self);
}

static void
fetch_list (TernHostWatch *self)
{
  if (self->listing)
    return;
  self->listing = TRUE;
  g_hash_table_remove_all (self->touched);
  tern_hypervisor_fetch_vms_async (self->hypervisor, self->cancellable, on_list,
                                   g_object_ref (self));
}

static void
start_listing (TernHostWatch *self)
{
  tern_clock_clear_timer (self->clock, &self->facts_timer);
  self->facts_timer = tern_clock_add_timer (self->clock, FACTS_EVERY_US, on_facts_timer, self);
  fetch_facts (self);
  fetch_list (self);
}

static void
on_connected (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (TernHostWatch) self = data;
  g_autoptr (GError) error = NULL;

  if (!tern_hypervisor_connect_finish (TERN_HYPERVISOR (source), result, &error))
    {
      if (!is_stale (error))
        lose_host (self, error);
      return;
    }
  /* Connected although nobody waits for it any more: stopped meanwhile. */
  if (self->cancellable == NULL)
    {
      tern_hypervisor_disconnect (self->hypervisor);
      return;
    }
  start_listing (self);
}

static void
start_connecting (TernHostWatch *self)
{
  g_clear_object (&self->cancellable);
  self->cancellable = g_cancellable_new ();
  tern_hypervisor_connect_async (self->hypervisor, self->cancellable, on_connected,
                                 g_object_ref (self));
}

typedef struct
{
  TernHostWatch *watch;
  GCancellable *cancellable; /* of the connection it was asked on */
  char *uuid;
} VmLook;

static VmLook *
vm_look_new (TernHostWatch *watch, const char *uuid)
{
  VmLook *look = g_new0 (VmLook, 1);

  look->watch = g_object_ref (watch);
  look->cancellable = g_object_ref (watch->cancellable);
  look->uuid = g_strdup (uuid);
  return look;
}

static void
vm_look_free (VmLook *look)
{
  g_object_unref (look->watch);
  g_object_unref (look->cancellable);
  g_free (look->uuid);
  g_free (look);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmLook, vm_look_free)

static gboolean
is_no_answer (const GError *error)
{
  return g_error_matches (error, TERN_ERROR, TERN_ERROR_UNREACHABLE)
         || g_error_matches (error, TERN_ERROR, TERN_ERROR_TIMED_OUT);
}

/* Takes up the answer about one VM. Returns: whether the host answered. */
static gboolean
take_up_vm (TernHostWatch *self, const char *uuid, TernVm *vm, const GError *error)
{
  if (vm == NULL && is_no_answer (error))
    return FALSE;
  if (vm == NULL && !g_error_matches (error, TERN_ERROR, TERN_ERROR_NOT_FOUND))
    {
      /* One VM that cannot be read must not cost us the others. */
      tern_log (G_LOG_LEVEL_WARNING, NULL,
                TERN_FIELDS (TERN_LOG_HOST, get_name (self), TERN_LOG_VM_UUID, uuid),
                "VM %s on %s cannot be read and is shown as it was: %s", uuid, get_name (self),
                error->message);
      return TRUE;
    }
  if (self->listing)
    g_hash_table_add (self->touched, g_strdup (uuid));
  put_vm (self, uuid, vm);
  return TRUE;
}

static void
look_at_next (TernHostWatch *self)
{
  g_autofree char *uuid = g_queue_pop_head (&self->waiting);

  if (uuid != NULL)
    start_look (self, uuid);
}

static void
on_vm (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (VmLook) look = data;
  TernHostWatch *self = look->watch;
  g_autoptr (GError) error = NULL;
  g_autoptr (TernVm) vm =
      tern_hypervisor_fetch_vm_finish (TERN_HYPERVISOR (source), result, &error);
  gboolean again;

  if (look->cancellable != self->cancellable)
    return;
  again = GPOINTER_TO_INT (g_hash_table_lookup (self->looking, look->uuid)) == LOOK_ONCE_MORE;
  g_hash_table_remove (self->looking, look->uuid);
  self->looks--;
  if (!take_up_vm (self, look->uuid, vm, error))
    {
      lose_host (self, error);
      return;
    }
  look_at_next (self);
  if (again)
    look_at_vm (self, look->uuid);
}

static void
start_look (TernHostWatch *self, const char *uuid)
{
  self->looks++;
  g_hash_table_replace (self->looking, g_strdup (uuid), GINT_TO_POINTER (LOOK_UNDER_WAY));
  tern_hypervisor_fetch_vm_async (self->hypervisor, uuid, self->cancellable, on_vm,
                                  vm_look_new (self, uuid));
}

static void
look_at_vm (TernHostWatch *self, const char *uuid)
{
  gpointer state;

  if (self->cancellable == NULL)
    return;
  if (g_hash_table_lookup_extended (self->looking, uuid, NULL, &state))
    {
      if (GPOINTER_TO_INT (state) == LOOK_UNDER_WAY)
        g_hash_table_replace (self->looking, g_strdup (uuid), GINT_TO_POINTER (LOOK_ONCE_MORE));
      return;
    }
  if (self->looks < MAX_LOOKS)
    {
      start_look (self, uuid);
      return;
    }
  g_hash_table_replace (self->looking, g_strdup (uuid), GINT_TO_POINTER (LOOK_WAITING));
  g_queue_push_tail (&self->waiting, g_strdup (uuid));
}

static void
on_port_vm_changed (TernHypervisor *hypervisor, const char *uuid, TernHostWatch *self)
{
  (void) hypervisor;
  look_at_vm (self, uuid);
}

static void
on_port_host_changed (TernHypervisor *hypervisor, TernHostWatch *self)
{
  (void) hypervisor;
  if (self->cancellable != NULL)
    fetch_facts (self);
}

static void
on_port_disconnected (TernHypervisor *hypervisor, const GError *error, TernHostWatch *self)
{
  (void) hypervisor;
  if (self->cancellable != NULL)
    lose_host (self, error);
}

/* Asked on purpose, just now: the answer, or why there is none, is the caller's. */

static GTask *
begin_refresh (TernHostWatch *self, GAsyncReadyCallback cb, gpointer data)
{
  GTask *task = g_task_new (self, NULL, cb, data);

  if (self->cancellable != NULL && tern_hypervisor_is_connected (self->hypervisor))
    return task;
  g_task_return_new_error (task, TERN_ERROR, TERN_ERROR_UNREACHABLE, "%s cannot be reached now%s%s",
                           get_name (self), self->host->error != NULL ? ": " : "",
                           self->host->error != NULL ? self->host->error : "");
  g_object_unref (task);
  return NULL;
}

static void
on_vm_refreshed (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  TernHostWatch *self = g_task_get_source_object (task);
  GError *error = NULL;
  g_autoptr (TernVm) vm =
      tern_hypervisor_fetch_vm_finish (TERN_HYPERVISOR (source), result, &error);

  if (self->cancellable != NULL && !is_stale (error))
    (void) take_up_vm (self, g_task_get_task_data (task), vm, error);
  if (vm == NULL && !g_error_matches (error, TERN_ERROR, TERN_ERROR_NOT_FOUND))
    {
      g_task_return_error (task, error);
      return;
    }
  g_clear_error (&error);
  g_task_return_boolean (task, TRUE);
}

void
tern_host_watch_refresh_vm_async (TernHostWatch *self, const char *uuid, GAsyncReadyCallback cb,
                                  gpointer data)
{
  GTask *task = begin_refresh (self, cb, data);

  if (task == NULL)
    return;
  g_task_set_task_data (task, g_strdup (uuid), g_free);
  tern_hypervisor_fetch_vm_async (self->hypervisor, uuid, self->cancellable, on_vm_refreshed, task);
}

static void
on_facts_refreshed (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  TernHostWatch *self = g_task_get_source_object (task);
  GError *error = NULL;
  g_autoptr (TernHostFacts) facts =
      tern_hypervisor_fetch_facts_finish (TERN_HYPERVISOR (source), result, &error);

  if (facts != NULL && self->cancellable != NULL)
    (void) take_up_facts (self, facts, &error);
  if (error != NULL)
    g_task_return_error (task, error);
  else
    g_task_return_boolean (task, TRUE);
}

void
tern_host_watch_refresh_facts_async (TernHostWatch *self, GAsyncReadyCallback cb, gpointer data)
{
  GTask *task = begin_refresh (self, cb, data);

  if (task != NULL)
    tern_hypervisor_fetch_facts_async (self->hypervisor, self->cancellable, on_facts_refreshed,
                                       task);
}

gboolean
tern_host_watch_refresh_finish (TernHostWatch *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  return g_task_propagate_boolean (G_TASK (result), error);
}

static void
tern_host_watch_init (TernHostWatch *self)
{
  self->vms =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) tern_vm_unref);
  self->looking = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->touched = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_queue_init (&self->waiting);
  self->backoff_us = BACKOFF_FIRST_US;
}

static void
tern_host_watch_dispose (GObject *object)
{
  TernHostWatch *self = TERN_HOST_WATCH (object);

  if (self->clock != NULL)
    tern_host_watch_stop (self);
  g_clear_object (&self->hypervisor);
  g_clear_object (&self->clock);
  G_OBJECT_CLASS (tern_host_watch_parent_class)->dispose (object);
}

static void
tern_host_watch_finalize (GObject *object)
{
  TernHostWatch *self = TERN_HOST_WATCH (object);

  tern_host_unref (self->host);
  g_hash_table_unref (self->vms);
  g_hash_table_unref (self->looking);
  g_hash_table_unref (self->touched);
  G_OBJECT_CLASS (tern_host_watch_parent_class)->finalize (object);
}

static void
tern_host_watch_class_init (TernHostWatchClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = tern_host_watch_dispose;
  object_class->finalize = tern_host_watch_finalize;
  signals[HOST_CHANGED] = g_signal_new ("host-changed", TERN_TYPE_HOST_WATCH, G_SIGNAL_RUN_LAST, 0,
                                        NULL, NULL, NULL, G_TYPE_NONE, 0);
  signals[VM_CHANGED] = g_signal_new ("vm-changed", TERN_TYPE_HOST_WATCH, G_SIGNAL_RUN_LAST, 0,
                                      NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_STRING);
}

TernHostWatch *
tern_host_watch_new (TernClock *clock, TernHostConfig *config, TernHypervisor *hypervisor,
                     TernHostFacts *facts)
{
  TernHostWatch *self = g_object_new (TERN_TYPE_HOST_WATCH, NULL);

  self->clock = g_object_ref (clock);
  self->hypervisor = g_object_ref (hypervisor);
  self->host = tern_host_new (config, TERN_HOST_CONNECTING, facts,
                              facts != NULL ? tern_clock_wall_us (clock) : 0, NULL);
  g_signal_connect_object (hypervisor, "vm-changed", G_CALLBACK (on_port_vm_changed), self, 0);
  g_signal_connect_object (hypervisor, "host-changed", G_CALLBACK (on_port_host_changed), self, 0);
  g_signal_connect_object (hypervisor, "disconnected", G_CALLBACK (on_port_disconnected), self, 0);
  return self;
}

void
tern_host_watch_start (TernHostWatch *self)
{
  if (!tern_hypervisor_is_connected (self->hypervisor))
    {
      start_connecting (self);
      return;
    }
  self->cancellable = g_cancellable_new ();
  start_listing (self);
}

void
tern_host_watch_stop (TernHostWatch *self)
{
  stop_asking (self);
  if (self->hypervisor != NULL)
    tern_hypervisor_disconnect (self->hypervisor);
}

TernHost *
tern_host_watch_get_host (TernHostWatch *self)
{
  return self->host;
}

void
tern_host_watch_set_config (TernHostWatch *self, TernHostConfig *config)
{
  TernHost *old = self->host;

  self->host = tern_host_new (config, old->state, old->facts, old->seen_us, old->error);
  tern_host_unref (old);
  g_signal_emit (self, signals[HOST_CHANGED], 0);
}

TernHypervisor *
tern_host_watch_get_hypervisor (TernHostWatch *self)
{
  return self->hypervisor;
}

TernVm *
tern_host_watch_find_vm (TernHostWatch *self, const char *uuid)
{
  return g_hash_table_lookup (self->vms, uuid);
}

GHashTable *
tern_host_watch_get_vms (TernHostWatch *self)
{
  return self->vms;
}

gboolean
tern_host_watch_has_listed (TernHostWatch *self)
{
  return self->ever_listed;
}
