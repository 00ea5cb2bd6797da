/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What is told: a CloudEvents 1.0 document. Keys of its data are those of the bus.
 */
#include "config.h"

#include "engine/herald-private.h"

#include "base/json.h"
#include "base/text.h"

#define TYPE_PREFIX "org.virtern."
/* A drain of thousands that all stay must not make a document that no endpoint takes. */
#define MAX_LEFT 200
#define MAX_REASONS 10
#define MAX_TEXT 4000

static void
add_text (JsonBuilder *builder, const char *key, const char *text)
{
  g_autofree char *visible = tern_text_visible (text, MAX_TEXT);

  json_builder_set_member_name (builder, key);
  json_builder_add_string_value (builder, visible);
}

static void
add_int (JsonBuilder *builder, const char *key, gint64 value)
{
  json_builder_set_member_name (builder, key);
  json_builder_add_int_value (builder, value);
}

static char *
format_time (gint64 wall_us)
{
  g_autoptr (GDateTime) time = g_date_time_new_from_unix_utc (wall_us / G_USEC_PER_SEC);
  g_autofree char *text = NULL;

  if (time == NULL)
    return g_strdup ("1970-01-01T00:00:00Z");
  text = g_date_time_format (time, "%Y-%m-%dT%H:%M:%S");
  return g_strdup_printf ("%s.%06dZ", text, (int) (wall_us % G_USEC_PER_SEC));
}

/* --- the envelope --- */

static TernNotice *
begin_notice (TernNoticeKind kind, const char *subject, gint64 time_us)
{
  TernNotice *notice = tern_notice_new (kind, subject);

  notice->uid = g_uuid_string_random ();
  notice->time_us = time_us;
  return notice;
}

static JsonBuilder *
begin_document (const TernNotice *notice, const char *source)
{
  JsonBuilder *builder = json_builder_new ();
  g_autofree char *type =
      g_strconcat (TYPE_PREFIX, tern_notice_kind_to_string (notice->kind), NULL);
  g_autofree char *time = format_time (notice->time_us);

  json_builder_begin_object (builder);
  add_text (builder, "specversion", "1.0");
  add_text (builder, "id", notice->uid);
  add_text (builder, "source", source);
  add_text (builder, "type", type);
  add_text (builder, "subject", notice->subject);
  add_text (builder, "time", time);
  add_text (builder, "datacontenttype", "application/json");
  json_builder_set_member_name (builder, "data");
  json_builder_begin_object (builder);
  return builder;
}

static void
end_document (TernNotice *notice, JsonBuilder *builder)
{
  g_autoptr (JsonNode) root = NULL;

  json_builder_end_object (builder);
  json_builder_end_object (builder);
  root = json_builder_get_root (builder);
  notice->body = json_to_string (root, FALSE);
}

/* --- tasks --- */

static void
add_record (JsonBuilder *builder, const TernTaskRecord *record)
{
  add_int (builder, "Id", (gint64) record->id);
  add_text (builder, "Kind", record->kind);
  add_text (builder, "Vm", record->vm_name);
  add_text (builder, "VmUuid", record->vm_uuid);
  add_int (builder, "Parent", (gint64) record->parent);
  add_int (builder, "Group", (gint64) record->group);
  add_text (builder, "Source", record->source);
  add_text (builder, "Destination", record->destination);
  add_text (builder, "State", tern_task_phase_to_state (record->phase));
  add_text (builder, "Phase", tern_task_phase_to_string (record->phase));
  add_text (builder, "ErrorName", record->error_name);
  add_text (builder, "Error", record->error);
  add_text (builder, "Verdict", record->verdict);
  add_int (builder, "Created", record->created_us);
  add_int (builder, "Started", record->started_us);
  add_int (builder, "Finished", record->finished_us);
  add_int (builder, "StartedByUid", record->started_by_uid);
}

static void
add_reasons (JsonBuilder *builder, const GPtrArray *reasons)
{
  json_builder_set_member_name (builder, "Reasons");
  json_builder_begin_array (builder);
  for (guint i = 0; reasons != NULL && i < MIN (reasons->len, MAX_REASONS); i++)
    {
      const TernItemReason *reason = reasons->pdata[i];

      json_builder_begin_object (builder);
      add_text (builder, "Code", reason->code);
      add_text (builder, "Sentence", reason->sentence);
      add_text (builder, "Remedy", reason->remedy);
      json_builder_end_object (builder);
    }
  json_builder_end_array (builder);
}

static void
add_item (JsonBuilder *builder, const TernDrainItem *item)
{
  json_builder_begin_object (builder);
  add_text (builder, "Vm", item->vm_name);
  add_text (builder, "VmUuid", item->vm_uuid);
  add_text (builder, "Host", item->host);
  add_text (builder, "Action", tern_drain_action_to_string (item->action));
  add_text (builder, "State", tern_item_state_to_string (item->state));
  add_int (builder, "Task", (gint64) item->task_id);
  add_reasons (builder, item->reasons);
  json_builder_end_object (builder);
}

/* Only what is left is told one by one; the rest is a number, and the bus has it all. */
static void
add_items (JsonBuilder *builder, const TernDrain *drain)
{
  guint counts[TERN_N_ITEM_STATES] = { 0 };

  json_builder_set_member_name (builder, "Left");
  json_builder_begin_array (builder);
  for (guint i = 0; i < drain->items->len; i++)
    {
      const TernDrainItem *item = drain->items->pdata[i];

      if (++counts[item->state] <= MAX_LEFT && item->state == TERN_ITEM_LEFT)
        add_item (builder, item);
    }
  json_builder_end_array (builder);
  add_int (builder, "LeftCount", counts[TERN_ITEM_LEFT]);
  add_int (builder, "GoneCount", counts[TERN_ITEM_GONE]);
  add_int (builder, "SkippedCount", counts[TERN_ITEM_SKIPPED]);
}

static TernNoticeKind
get_kind (TernTaskPhase phase)
{
  if (phase == TERN_PHASE_ATTENTION)
    return TERN_NOTICE_ATTENTION;
  return phase == TERN_PHASE_REMAINDER ? TERN_NOTICE_REMAINDER : TERN_NOTICE_TASK_ENDED;
}

TernNotice *
tern_herald_notice_of_task (const char *source, const TernTaskRecord *record, gint64 now_us)
{
  g_autofree char *subject = record->vm_uuid == NULL || *record->vm_uuid == '\0'
                                 ? g_strdup_printf ("task/%" G_GUINT64_FORMAT, record->id)
                                 : g_strdup (record->vm_uuid);
  gint64 time_us = record->finished_us > 0 ? record->finished_us : now_us;
  TernNotice *notice = begin_notice (get_kind (record->phase), subject, time_us);
  g_autoptr (JsonBuilder) builder = begin_document (notice, source);

  add_record (builder, record);
  if (record->drain != NULL)
    add_items (builder, record->drain);
  end_document (notice, builder);
  return notice;
}

/* --- hosts and tests --- */

TernNotice *
tern_herald_notice_of_host (const char *source, TernNoticeKind kind, const char *name,
                            gint64 since_us, const char *error, gint64 now_us)
{
  g_autofree char *subject = g_strconcat ("host/", name, NULL);
  TernNotice *notice = begin_notice (kind, subject, now_us);
  g_autoptr (JsonBuilder) builder = begin_document (notice, source);

  add_text (builder, "Name", name);
  add_int (builder, "Since", since_us);
  add_text (builder, "Error", error);
  end_document (notice, builder);
  return notice;
}

TernNotice *
tern_herald_notice_of_test (const char *source, const char *webhook, gint64 now_us)
{
  g_autofree char *subject = g_strconcat ("webhook/", webhook, NULL);
  TernNotice *notice = begin_notice (TERN_NOTICE_TEST, subject, now_us);
  g_autoptr (JsonBuilder) builder = begin_document (notice, source);

  add_text (builder, "Webhook", webhook);
  end_document (notice, builder);
  return notice;
}
