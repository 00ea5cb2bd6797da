/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The history of tasks: ListTasks, GetTask and GetTrace. Ended tasks come from the store; of a task
 * that lives the engine knows more (rate, remaining, whether it can be cancelled; and its end,
 * also when that could not be stored), so its record counts instead.
 */
#include "config.h"

#include "service/history.h"

#include "base/error.h"
#include "base/text.h"
#include "service/options.h"
#include "service/record-variant.h"

#define DEFAULT_LIMIT 100
#define MAX_LIMIT 1000
/* The store counts in signed 64 bits. */
#define MAX_ID ((guint64) G_MAXINT64)

/* clang-format off */
static const TernOption list_options[] = {
  { "before", "t" },
  { "limit",  "u" },
  { "vm",     "s" },
  { "host",   "s" },
  { "state",  "s" },
  { "parent", "t" },
  { NULL,     NULL },
};
/* clang-format on */

typedef struct _Query Query;

/* A query in flight; of GetTask and GetTrace only @id and @answer count, of ListTasks the filter.
 */
struct _Query
{
  TernParts *parts;
  TernBusManager *bus;
  GDBusMethodInvocation *invocation;
  guint64 id;
  void (*answer) (Query *query, const TernTaskRecord *record);
  TernTaskFilter filter;
  char *vm_uuid;
  char *host;
  char *state;
  GPtrArray *page;
};

static Query *
query_new (TernParts *parts, TernBusManager *bus, GDBusMethodInvocation *invocation)
{
  Query *query = g_new0 (Query, 1);

  query->parts = tern_parts_ref (parts);
  query->bus = g_object_ref (bus);
  query->invocation = invocation;
  return query;
}

static void
query_free (Query *query)
{
  g_clear_pointer (&query->page, g_ptr_array_unref);
  g_free (query->vm_uuid);
  g_free (query->host);
  g_free (query->state);
  g_object_unref (query->bus);
  tern_parts_unref (query->parts);
  g_free (query);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Query, query_free)

static guint64
get_id (GPtrArray *page, guint n)
{
  return ((const TernTaskRecord *) g_ptr_array_index (page, n))->id;
}

static gboolean
fits (const TernTaskFilter *filter, const TernTaskRecord *record)
{
  return (filter->state == NULL
          || g_str_equal (filter->state, tern_task_phase_to_state (record->phase)))
         && (filter->parent == 0 || record->parent == filter->parent)
         && (filter->before_id == 0 || record->id < filter->before_id)
         && (filter->vm_uuid == NULL || g_str_equal (filter->vm_uuid, record->vm_uuid))
         && (filter->host == NULL || tern_task_record_has_host (record, filter->host));
}

static int
compare_newest_first (gconstpointer a, gconstpointer b)
{
  const TernTaskRecord *x = *(const TernTaskRecord *const *) a;
  const TernTaskRecord *y = *(const TernTaskRecord *const *) b;

  return x->id < y->id ? 1 : x->id > y->id ? -1 : 0;
}

/* Puts what the engine knows in the place of what is stored: a task whose state has changed
 * since does not fit any more, or does so only now. @lowest: the page ends there. */
static void
take_living (Query *query, guint64 lowest)
{
  g_autoptr (GPtrArray) tasks = tern_task_list_get_all (query->parts->tasks);
  GPtrArray *page = query->page;

  for (guint i = page->len; i > 0; i--)
    if (tern_task_list_find (query->parts->tasks, get_id (page, i - 1)) != NULL)
      g_ptr_array_remove_index (page, i - 1);
  for (guint i = 0; i < tasks->len; i++)
    {
      const TernTaskRecord *live = tern_task_get_record (tasks->pdata[i]);

      if (live->id >= lowest && fits (&query->filter, live))
        g_ptr_array_add (page, tern_task_record_copy (live));
    }
  g_ptr_array_sort (page, compare_newest_first);
}

static GVariant *
format_record (TernParts *parts, const TernTaskRecord *record, TernRecordForm form)
{
  TernTask *task = tern_task_list_find (parts->tasks, record->id);

  return tern_record_to_variant (record, task != NULL && tern_task_is_cancelable (task), form);
}

static void
finish_list (Query *query, guint64 next)
{
  GVariantBuilder builder;

  g_variant_builder_init (&builder, G_VARIANT_TYPE ("aa{sv}"));
  for (guint i = 0; i < query->page->len; i++)
    g_variant_builder_add_value (
        &builder,
        format_record (query->parts, g_ptr_array_index (query->page, i), TERN_RECORD_LISTED));
  tern_bus_manager_complete_list_tasks (query->bus, query->invocation,
                                        g_variant_builder_end (&builder), next);
}

static gboolean
living_fits (Query *query)
{
  g_autoptr (GPtrArray) tasks = tern_task_list_get_all (query->parts->tasks);

  for (guint i = 0; i < tasks->len; i++)
    if (fits (&query->filter, tern_task_get_record (tasks->pdata[i])))
      return TRUE;
  return FALSE;
}

static void
on_peeked (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (Query) query = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) more = tern_store_list_tasks_finish (TERN_STORE (source), result, &error);

  if (more == NULL)
    tern_bus_return_error (query->invocation, error);
  else
    finish_list (query, more->len > 0 || living_fits (query) ? query->filter.before_id : 0);
}

/* A full page: is there another? Only then is there a "next". */
static void
peek (Query *query, guint64 lowest)
{
  query->filter.before_id = lowest;
  query->filter.limit = 1;
  tern_store_list_tasks_async (query->parts->store, &query->filter, on_peeked, query);
}

/* More fit now than before: the page is cut where it is full. */
static guint64
cut_page (Query *query)
{
  g_ptr_array_set_size (query->page, (gint) query->filter.limit);
  return get_id (query->page, query->filter.limit - 1);
}

static void
on_listed (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (Query) query = data;
  g_autoptr (GError) error = NULL;
  guint64 lowest = 0;

  query->page = tern_store_list_tasks_finish (TERN_STORE (source), result, &error);
  if (query->page == NULL)
    {
      tern_bus_return_error (query->invocation, error);
      return;
    }

  if (query->page->len > 0 && query->page->len >= query->filter.limit)
    lowest = get_id (query->page, query->page->len - 1);
  take_living (query, lowest);
  if (query->page->len > query->filter.limit)
    finish_list (query, cut_page (query));
  else if (lowest > 0)
    peek (g_steal_pointer (&query), lowest);
  else
    finish_list (query, 0);
}

static gboolean
parse_numbers (Query *query, GVariant *options, GError **error)
{
  guint32 limit = DEFAULT_LIMIT;
  guint64 before = 0;

  g_variant_lookup (options, "limit", "u", &limit);
  if (limit < 1 || limit > MAX_LIMIT)
    {
      g_set_error (error, TERN_ERROR, TERN_ERROR_INVALID_ARGUMENT,
                   "The option “limit” must be 1 to %d, not %u", MAX_LIMIT, limit);
      return FALSE;
    }

  g_variant_lookup (options, "before", "t", &before);
  g_variant_lookup (options, "parent", "t", &query->filter.parent);
  if (query->filter.parent > MAX_ID)
    {
      g_set_error (error, TERN_ERROR, TERN_ERROR_INVALID_ARGUMENT,
                   "The option “parent” is %" G_GUINT64_FORMAT ", which is no id of a task",
                   query->filter.parent);
      return FALSE;
    }

  query->filter.limit = limit;
  query->filter.before_id = MIN (before, MAX_ID);
  return TRUE;
}

static gboolean
parse_state (Query *query, GVariant *options, GError **error)
{
  g_autofree char *shown = NULL;

  if (!g_variant_lookup (options, "state", "s", &query->state))
    return TRUE;

  query->filter.state = query->state;
  for (guint phase = 0; phase < TERN_N_PHASES; phase++)
    if (g_str_equal (tern_task_phase_to_state (phase), query->state))
      return TRUE;

  shown = tern_text_visible (query->state, 40);
  g_set_error (error, TERN_ERROR, TERN_ERROR_INVALID_ARGUMENT,
               "The option “state” is “%s”; it must be queued, running, done, failed, "
               "remainder, cancelled or attention",
               shown);
  return FALSE;
}

/* A UUID needs no VM: its history outlives it. */
static gboolean
parse_vm (Query *query, GVariant *options, GError **error)
{
  g_autofree char *name = NULL;
  TernVm *vm;

  if (!g_variant_lookup (options, "vm", "s", &name))
    return TRUE;

  if (tern_uuid_is_valid (name))
    query->vm_uuid = g_ascii_strdown (name, -1);
  else if ((vm = tern_inventory_lookup_vm (query->parts->inventory, name, error)) != NULL)
    query->vm_uuid = g_strdup (vm->uuid);
  query->filter.vm_uuid = query->vm_uuid;
  return query->vm_uuid != NULL;
}

/* The history of a host outlives it too, so only its form is checked. */
static gboolean
parse_host (Query *query, GVariant *options, GError **error)
{
  if (!g_variant_lookup (options, "host", "s", &query->host))
    return TRUE;

  query->filter.host = query->host;
  return tern_host_name_check (query->host, error);
}

void
tern_history_list (TernParts *parts, TernBusManager *bus, GDBusMethodInvocation *invocation,
                   GVariant *options)
{
  g_autoptr (Query) query = query_new (parts, bus, invocation);
  g_autoptr (GError) error = NULL;

  if (!tern_options_check (options, list_options, &error) || !parse_numbers (query, options, &error)
      || !parse_state (query, options, &error) || !parse_vm (query, options, &error)
      || !parse_host (query, options, &error))
    {
      tern_bus_return_error (invocation, error);
      return;
    }

  tern_store_list_tasks_async (parts->store, &query->filter, on_listed, query);
  g_steal_pointer (&query);
}

static void
return_no_task (Query *query)
{
  g_autoptr (GError) error = g_error_new (TERN_ERROR, TERN_ERROR_NOT_FOUND,
                                          "There is no task %" G_GUINT64_FORMAT, query->id);

  tern_bus_return_error (query->invocation, error);
}

static void
on_got (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (Query) query = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) found = tern_store_list_tasks_finish (TERN_STORE (source), result, &error);
  const TernTaskRecord *record =
      found != NULL && found->len > 0 ? g_ptr_array_index (found, 0) : NULL;

  if (found == NULL)
    tern_bus_return_error (query->invocation, error);
  else if (record == NULL || record->id != query->id)
    return_no_task (query);
  else
    query->answer (query, record);
}

/* Takes over @query. */
static void
look_up (Query *taken, guint64 id)
{
  g_autoptr (Query) query = taken;
  TernTask *task = tern_task_list_find (query->parts->tasks, id);

  query->id = id;
  if (task != NULL)
    {
      query->answer (query, tern_task_get_record (task));
      return;
    }
  if (id < 1 || id >= MAX_ID)
    {
      return_no_task (query);
      return;
    }

  /* The newest one before the next id is that one, if it is there at all. */
  query->filter.before_id = id + 1;
  query->filter.limit = 1;
  tern_store_list_tasks_async (query->parts->store, &query->filter, on_got, query);
  g_steal_pointer (&query);
}

static void
answer_task (Query *query, const TernTaskRecord *record)
{
  tern_bus_manager_complete_get_task (query->bus, query->invocation,
                                      format_record (query->parts, record, TERN_RECORD_WHOLE));
}

void
tern_history_get (TernParts *parts, TernBusManager *bus, GDBusMethodInvocation *invocation,
                  guint64 id)
{
  Query *query = query_new (parts, bus, invocation);

  query->answer = answer_task;
  look_up (query, id);
}

static void
answer_trace (Query *query, const TernTaskRecord *record)
{
  tern_bus_manager_complete_get_trace (
      query->bus, query->invocation, tern_record_trace_phases (record),
      tern_record_trace_samples (record), tern_record_trace_steps (record));
}

void
tern_history_trace (TernParts *parts, TernBusManager *bus, GDBusMethodInvocation *invocation,
                    guint64 id, GVariant *options)
{
  g_autoptr (GError) error = NULL;
  Query *query;

  if (!tern_options_check (options, TERN_NO_OPTIONS, &error))
    {
      tern_bus_return_error (invocation, error);
      return;
    }
  query = query_new (parts, bus, invocation);
  query->answer = answer_trace;
  query->filter.traces = TRUE;
  look_up (query, id);
}
