/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A store in memory that fails when it is told to.
 */
#include "config.h"

#include "fake-store.h"

#include "base/error.h"

#include <string.h>

/* What a write does when it counts, with whatever @what is. */
typedef void (*WriteFunc) (FakeStore *self, gpointer what);

typedef struct
{
  GTask *task;
  GPtrArray *records; /* TernTaskRecord; NULL for a write of anything else */
  WriteFunc run;
  gpointer what;
  GDestroyNotify free_what;
} Write;

static void fake_store_iface_init (TernStoreInterface *iface);

G_DEFINE_TYPE_WITH_CODE (FakeStore, fake_store, G_TYPE_OBJECT,
                         G_IMPLEMENT_INTERFACE (TERN_TYPE_STORE, fake_store_iface_init))

static void
write_free (Write *write)
{
  g_object_unref (write->task);
  g_clear_pointer (&write->records, g_ptr_array_unref);
  if (write->free_what != NULL)
    write->free_what (write->what);
  g_free (write);
}

/* Without a trace of its own it leaves the one that is there. */
static void
keep (FakeStore *self, const TernTaskRecord *record)
{
  const TernTaskRecord *before = fake_store_find_task (self, record->id);
  TernTaskRecord *kept = tern_task_record_copy (record);

  if (kept->trace == NULL && before != NULL && before->trace != NULL)
    kept->trace = tern_trace_copy (before->trace);
  g_hash_table_replace (self->tasks, g_memdup2 (&record->id, sizeof record->id), kept);
}

/* From here on it is on the disk. */
static void
carry_out (FakeStore *self, Write *write)
{
  for (guint i = 0; write->records != NULL && i < write->records->len; i++)
    {
      const TernTaskRecord *record = write->records->pdata[i];

      g_ptr_array_add (self->journal,
                       g_strdup_printf ("stored %" G_GUINT64_FORMAT " %s", record->id,
                                        tern_task_phase_to_string (record->phase)));
      keep (self, record);
    }
  if (write->run != NULL)
    write->run (self, write->what);
}

static void
refuse (Write *write, const char *why)
{
  g_task_return_new_error (write->task, TERN_ERROR, TERN_ERROR_STORE, "%s", why);
  write_free (write);
}

void
fake_store_drop_writes (FakeStore *self)
{
  Write *write;

  while ((write = g_queue_pop_head (&self->writes)) != NULL)
    refuse (write, "the daemon is dead");
}

/* The machine is dead: nothing that was asked for and not yet carried out ever is. */
static void
crash (FakeStore *self, Write *write)
{
  if (self->crash_durable)
    carry_out (self, write);
  self->crash_at = 0;
  self->on_crash (self->crash_data);
  refuse (write, "the daemon is dead");
  fake_store_drop_writes (self);
}

static void
end_write (FakeStore *self, Write *write)
{
  guint number = 0;

  if (write->records != NULL)
    number = ++self->n_writes;
  if (number > 0 && number == self->crash_at)
    crash (self, write);
  else if (number == 0 && self->fail_others)
    refuse (write, "No space left on device");
  else if (number >= MAX (self->fail_first, 1) && number <= self->fail_last)
    refuse (write, "No space left on device");
  else
    {
      carry_out (self, write);
      g_task_return_boolean (write->task, TRUE);
      write_free (write);
    }
}

static void start_pump (FakeStore *self);

static gboolean
on_pump (gpointer data)
{
  g_autoptr (FakeStore) self = g_object_ref (data);
  Write *write = g_queue_pop_head (&self->writes);

  self->pumping = FALSE;
  if (write != NULL)
    end_write (self, write);
  start_pump (self);
  return G_SOURCE_REMOVE;
}

static void
start_pump (FakeStore *self)
{
  if (self->pumping || g_queue_is_empty (&self->writes))
    return;
  self->pumping = TRUE;
  if (self->delay_us > 0)
    (void) tern_clock_add_timer (self->clock, self->delay_us, on_pump, self);
  else
    g_idle_add_full (G_PRIORITY_DEFAULT, on_pump, g_object_ref (self), g_object_unref);
}

static Write *
queue_write (FakeStore *self, GAsyncReadyCallback cb, gpointer data)
{
  Write *write = g_new0 (Write, 1);

  write->task = g_task_new (self, NULL, cb, data);
  g_queue_push_tail (&self->writes, write);
  start_pump (self);
  return write;
}

/* @what: (transfer full) */
static void
queue_other (TernStore *store, WriteFunc run, gpointer what, GDestroyNotify free_what,
             GAsyncReadyCallback cb, gpointer data)
{
  Write *write = queue_write (FAKE_STORE (store), cb, data);

  write->run = run;
  write->what = what;
  write->free_what = free_what;
}

static GPtrArray *
new_records (void)
{
  return g_ptr_array_new_with_free_func ((GDestroyNotify) tern_task_record_free);
}

static void
put_task_async (TernStore *store, const TernTaskRecord *task, GAsyncReadyCallback cb, gpointer data)
{
  GPtrArray *records = new_records ();

  g_ptr_array_add (records, tern_task_record_copy (task));
  queue_write (FAKE_STORE (store), cb, data)->records = records;
}

/* One write: all of them or none. */
static void
put_tasks_async (TernStore *store, const GPtrArray *tasks, GAsyncReadyCallback cb, gpointer data)
{
  GPtrArray *records = new_records ();

  for (guint i = 0; i < tasks->len; i++)
    g_ptr_array_add (records, tern_task_record_copy (tasks->pdata[i]));
  queue_write (FAKE_STORE (store), cb, data)->records = records;
}

static void
remove_host (FakeStore *self, gpointer name)
{
  for (guint i = 0; i < self->hosts->len; i++)
    if (g_str_equal (((TernHostConfig *) self->hosts->pdata[i])->name, name))
      g_ptr_array_remove_index (self->hosts, i--);
}

static void
put_host (FakeStore *self, gpointer what)
{
  const TernHostConfig *host = what;

  remove_host (self, host->name);
  g_ptr_array_add (self->hosts, tern_host_config_copy (host));
}

static void
put_host_async (TernStore *store, const TernHostConfig *host, GAsyncReadyCallback cb, gpointer data)
{
  queue_other (store, put_host, tern_host_config_copy (host),
               (GDestroyNotify) tern_host_config_unref, cb, data);
}

static void
remove_host_async (TernStore *store, const char *name, GAsyncReadyCallback cb, gpointer data)
{
  queue_other (store, remove_host, g_strdup (name), g_free, cb, data);
}

static void
remove_origin (FakeStore *self, gpointer vm_uuid)
{
  for (guint i = 0; i < self->origins->len; i++)
    if (g_str_equal (((TernOrigin *) self->origins->pdata[i])->vm_uuid, vm_uuid))
      g_ptr_array_remove_index (self->origins, i--);
}

static void
put_origin (FakeStore *self, gpointer what)
{
  const TernOrigin *origin = what;

  remove_origin (self, origin->vm_uuid);
  g_ptr_array_add (self->origins, tern_origin_copy (origin));
}

static void
put_origin_async (TernStore *store, const TernOrigin *origin, GAsyncReadyCallback cb, gpointer data)
{
  queue_other (store, put_origin, tern_origin_copy (origin), (GDestroyNotify) tern_origin_free, cb,
               data);
}

static void
remove_origin_async (TernStore *store, const char *vm_uuid, GAsyncReadyCallback cb, gpointer data)
{
  queue_other (store, remove_origin, g_strdup (vm_uuid), g_free, cb, data);
}

/* @what: (nullable) */
static void
put_limits (FakeStore *self, gpointer what)
{
  g_free (self->limits);
  self->limits = g_memdup2 (what, sizeof *self->limits);
}

static void
put_limits_async (TernStore *store, const TernLimits *limits, GAsyncReadyCallback cb, gpointer data)
{
  queue_other (store, put_limits, g_memdup2 (limits, sizeof *limits), g_free, cb, data);
}

static gboolean
write_finish (TernStore *store, GAsyncResult *result, GError **error)
{
  (void) store;
  return g_task_propagate_boolean (G_TASK (result), error);
}

static GPtrArray *
load_hosts (TernStore *store, GError **error)
{
  FakeStore *self = FAKE_STORE (store);
  GPtrArray *hosts = g_ptr_array_new_with_free_func ((GDestroyNotify) tern_host_config_unref);

  (void) error;
  for (guint i = 0; i < self->hosts->len; i++)
    g_ptr_array_add (hosts, tern_host_config_ref (self->hosts->pdata[i]));
  return hosts;
}

static gboolean
load_limits (TernStore *store, TernLimits *out_limits, GError **error)
{
  FakeStore *self = FAKE_STORE (store);

  (void) error;
  if (self->limits == NULL)
    return FALSE;
  *out_limits = *self->limits;
  return TRUE;
}

static int
compare_tasks (gconstpointer a, gconstpointer b)
{
  const TernTaskRecord *x = *(TernTaskRecord *const *) a, *y = *(TernTaskRecord *const *) b;

  return x->id < y->id ? -1 : x->id > y->id;
}

static TernTaskRecord *
copy_without_trace (const TernTaskRecord *record)
{
  TernTaskRecord *copy = tern_task_record_copy (record);

  g_clear_pointer (&copy->trace, tern_trace_free);
  return copy;
}

static gboolean
is_open (FakeStore *self, const TernTaskRecord *record, guint64 unused)
{
  (void) self, (void) unused;
  return !tern_task_phase_is_final (record->phase) || record->phase == TERN_PHASE_ATTENTION;
}

/* By id, those that @wanted accepts. */
static GPtrArray *
select_tasks (FakeStore *self,
              gboolean (*wanted) (FakeStore *self, const TernTaskRecord *record, guint64 number),
              guint64 number)
{
  GPtrArray *tasks = new_records ();
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, self->tasks);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    if (wanted (self, value, number))
      g_ptr_array_add (tasks, wanted == is_open ? tern_task_record_copy (value)
                                                : copy_without_trace (value));
  g_ptr_array_sort (tasks, compare_tasks);
  return tasks;
}

static gboolean
is_any (FakeStore *self, const TernTaskRecord *record, guint64 unused)
{
  (void) self, (void) record, (void) unused;
  return TRUE;
}

static gboolean
is_child (FakeStore *self, const TernTaskRecord *record, guint64 parent)
{
  (void) self;
  return parent > 0 && record->parent == parent;
}

/* Nobody is told of anything here. */
static gboolean
is_untold (FakeStore *self, const TernTaskRecord *record, guint64 unused)
{
  (void) self, (void) unused;
  return tern_task_phase_is_final (record->phase);
}

static GPtrArray *
load_open_tasks (TernStore *store, guint64 *out_last_id, GError **error)
{
  g_autoptr (GPtrArray) all = select_tasks (FAKE_STORE (store), is_any, 0);

  (void) error;
  *out_last_id = all->len > 0 ? ((TernTaskRecord *) all->pdata[all->len - 1])->id : 0;
  return select_tasks (FAKE_STORE (store), is_open, 0);
}

static GPtrArray *
load_children (TernStore *store, guint64 parent, GError **error)
{
  (void) error;
  return select_tasks (FAKE_STORE (store), is_child, parent);
}

static GPtrArray *
load_untold (TernStore *store, GError **error)
{
  (void) error;
  return select_tasks (FAKE_STORE (store), is_untold, 0);
}

static int
compare_origins (gconstpointer a, gconstpointer b)
{
  return strcmp ((*(TernOrigin *const *) a)->vm_uuid, (*(TernOrigin *const *) b)->vm_uuid);
}

static GPtrArray *
load_origins (TernStore *store, GError **error)
{
  FakeStore *self = FAKE_STORE (store);
  GPtrArray *origins = g_ptr_array_new_with_free_func ((GDestroyNotify) tern_origin_free);

  (void) error;
  for (guint i = 0; i < self->origins->len; i++)
    g_ptr_array_add (origins, tern_origin_copy (self->origins->pdata[i]));
  g_ptr_array_sort (origins, compare_origins);
  return origins;
}

static char *
load_text (TernStore *store, const char *key, GError **error)
{
  (void) error;
  return g_strdup (g_hash_table_lookup (FAKE_STORE (store)->texts, key));
}

static gboolean
save_text (TernStore *store, const char *key, const char *text, GError **error)
{
  (void) error;
  g_hash_table_replace (FAKE_STORE (store)->texts, g_strdup (key), g_strdup (text));
  return TRUE;
}

/* Of a drain or return the hosts stand with commas. */
static gboolean
is_host (const TernTaskRecord *record, const char *hosts, const char *host)
{
  g_auto (GStrv) names = NULL;

  if (hosts == NULL || !tern_task_record_is_drain (record))
    return g_strcmp0 (hosts, host) == 0;
  names = g_strsplit (hosts, ",", -1);
  return g_strv_contains ((const char *const *) names, host);
}

static gboolean
matches (const TernTaskRecord *record, const TernTaskFilter *filter)
{
  return (filter->before_id == 0 || record->id < filter->before_id)
         && (filter->vm_uuid == NULL || g_str_equal (filter->vm_uuid, record->vm_uuid))
         && (filter->parent == 0 || filter->parent == record->parent)
         && (filter->host == NULL || is_host (record, record->source, filter->host)
             || is_host (record, record->destination, filter->host))
         && (filter->state == NULL
             || g_str_equal (filter->state, tern_task_phase_to_state (record->phase)));
}

static void
list_tasks_async (TernStore *store, const TernTaskFilter *filter, GAsyncReadyCallback cb,
                  gpointer data)
{
  FakeStore *self = FAKE_STORE (store);
  g_autoptr (GTask) task = g_task_new (self, NULL, cb, data);
  g_autoptr (GPtrArray) found = g_ptr_array_new ();
  GPtrArray *page = new_records ();
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, self->tasks);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    if (matches (value, filter))
      g_ptr_array_add (found, value);
  g_ptr_array_sort (found, compare_tasks);
  for (guint i = found->len; i-- > 0 && page->len < filter->limit;)
    g_ptr_array_add (page, filter->traces ? tern_task_record_copy (found->pdata[i])
                                          : copy_without_trace (found->pdata[i]));
  g_task_return_pointer (task, page, (GDestroyNotify) g_ptr_array_unref);
}

static GPtrArray *
list_tasks_finish (TernStore *store, GAsyncResult *result, GError **error)
{
  (void) store;
  return g_task_propagate_pointer (G_TASK (result), error);
}

static void
fake_store_iface_init (TernStoreInterface *iface)
{
  iface->list_tasks_async = list_tasks_async;
  iface->list_tasks_finish = list_tasks_finish;
  iface->load_hosts = load_hosts;
  iface->load_open_tasks = load_open_tasks;
  iface->put_host_async = put_host_async;
  iface->remove_host_async = remove_host_async;
  iface->put_task_async = put_task_async;
  iface->put_tasks_async = put_tasks_async;
  iface->load_children = load_children;
  iface->load_untold = load_untold;
  iface->load_origins = load_origins;
  iface->put_origin_async = put_origin_async;
  iface->remove_origin_async = remove_origin_async;
  iface->load_text = load_text;
  iface->save_text = save_text;
  iface->load_limits = load_limits;
  iface->put_limits_async = put_limits_async;
  iface->write_finish = write_finish;
}

static void
fake_store_init (FakeStore *self)
{
  self->hosts = g_ptr_array_new_with_free_func ((GDestroyNotify) tern_host_config_unref);
  self->tasks = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free,
                                       (GDestroyNotify) tern_task_record_free);
  self->origins = g_ptr_array_new_with_free_func ((GDestroyNotify) tern_origin_free);
  self->texts = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  g_queue_init (&self->writes);
}

static void
fake_store_finalize (GObject *object)
{
  FakeStore *self = FAKE_STORE (object);

  g_ptr_array_unref (self->hosts);
  g_hash_table_unref (self->tasks);
  g_ptr_array_unref (self->origins);
  g_hash_table_unref (self->texts);
  g_free (self->limits);
  g_object_unref (self->clock);
  G_OBJECT_CLASS (fake_store_parent_class)->finalize (object);
}

static void
fake_store_class_init (FakeStoreClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = fake_store_finalize;
}

FakeStore *
fake_store_new (TernClock *clock, GPtrArray *journal)
{
  FakeStore *self = g_object_new (FAKE_TYPE_STORE, NULL);

  self->clock = g_object_ref (clock);
  self->journal = journal;
  return self;
}

const TernTaskRecord *
fake_store_find_task (FakeStore *self, guint64 id)
{
  return g_hash_table_lookup (self->tasks, &id);
}

const TernOrigin *
fake_store_find_origin (FakeStore *self, const char *vm_uuid)
{
  for (guint i = 0; i < self->origins->len; i++)
    if (g_str_equal (((TernOrigin *) self->origins->pdata[i])->vm_uuid, vm_uuid))
      return self->origins->pdata[i];
  return NULL;
}
