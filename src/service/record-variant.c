/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A task's record as the bus shows it. The Task object (bus-task.c) and the history
 * (ListTasks, GetTask) say the same of a task: the object's properties are set from here.
 */
#include "config.h"

#include "service/record-variant.h"

#include "service/bus-text.h"
#include "service/items-variant.h"

static void
add_text (GVariantDict *dict, const char *key, const char *text)
{
  g_variant_dict_insert_value (dict, key, tern_bus_new_text (text));
}

static void
add_identity (GVariantDict *dict, const TernTaskRecord *record)
{
  g_variant_dict_insert (dict, "Id", "t", record->id);
  add_text (dict, "Kind", record->kind);
  add_text (dict, "Vm", record->vm_name);
  add_text (dict, "VmUuid", record->vm_uuid);
  g_variant_dict_insert (dict, "Group", "t", record->group);
  g_variant_dict_insert (dict, "Parent", "t", record->parent);
  g_variant_dict_insert (dict, "Deadline", "x",
                         record->drain != NULL ? record->drain->deadline_us : 0);
  add_text (dict, "Source", record->source);
  add_text (dict, "Destination", record->destination);
  g_variant_dict_insert (dict, "Created", "x", record->created_us);
  g_variant_dict_insert (dict, "Started", "x", record->started_us);
  g_variant_dict_insert (dict, "Finished", "x", record->finished_us);
  g_variant_dict_insert (dict, "StartedByUid", "x", record->started_by_uid);
}

static void
add_numbers (GVariantDict *dict, const TernTaskRecord *record)
{
  g_variant_dict_insert (dict, "Progress", "u", tern_record_get_progress (record));
  g_variant_dict_insert (dict, "ProgressValid", "b", record->progress >= 0);
  g_variant_dict_insert (dict, "Rate", "t", record->rate_bps);
  g_variant_dict_insert (dict, "Remaining", "t", record->remaining);
  g_variant_dict_insert (dict, "DirtyRate", "t", record->dirty_bps);
  g_variant_dict_insert (dict, "Iteration", "u", record->iteration);
  g_variant_dict_insert (dict, "MemoryTotal", "t", record->memory_total);
  g_variant_dict_insert (dict, "MemoryProcessed", "t", record->memory_processed);
  g_variant_dict_insert (dict, "Downtime", "x", record->downtime_us);
}

static void
add_outcome (GVariantDict *dict, const TernTaskRecord *record, gboolean cancelable)
{
  add_text (dict, "State", tern_task_phase_to_state (record->phase));
  add_text (dict, "Phase", tern_task_phase_to_string (record->phase));
  g_variant_dict_insert (dict, "Cancelable", "b", cancelable);
  g_variant_dict_insert (dict, "CancelRequested", "b", record->cancel_requested);
  add_text (dict, "ErrorName", record->error_name);
  add_text (dict, "Error", record->error);
  add_text (dict, "Verdict", record->verdict);
  g_variant_dict_insert_value (dict, "Ejected", tern_bus_new_texts (record->ejected));
}

static void
add_convergence (GVariantDict *dict, const TernTaskRecord *record)
{
  add_text (dict, "Policy", tern_policy_to_string (record->options.policy));
  add_text (dict, "Priority", tern_priority_to_string (record->options.priority));
  add_text (dict, "Convergence", tern_convergence_to_string (record->convergence));
  g_variant_dict_insert (dict, "EstimatedEndMin", "x", record->eta_min_us);
  g_variant_dict_insert (dict, "EstimatedEndMax", "x", record->eta_max_us);
  add_text (dict, "Note", record->note);
  g_variant_dict_insert_value (dict, "Steps", tern_bus_new_texts (record->steps));
  g_variant_dict_insert_value (dict, "Tried", tern_bus_new_texts (record->tried));
  g_variant_dict_insert (dict, "Attempt", "u", record->attempt);
  g_variant_dict_insert (dict, "PostcopyReady", "b", record->postcopy_ready);
  g_variant_dict_insert (dict, "LinkRate", "t", record->link_bps);
}

guint
tern_record_get_progress (const TernTaskRecord *record)
{
  return record->progress > 0 ? (guint) record->progress : 0;
}

GVariant *
tern_record_to_variant (const TernTaskRecord *record, gboolean cancelable, TernRecordForm form)
{
  g_auto (GVariantDict) dict = G_VARIANT_DICT_INIT (NULL);

  add_identity (&dict, record);
  add_numbers (&dict, record);
  add_outcome (&dict, record, cancelable);
  add_convergence (&dict, record);
  if (form == TERN_RECORD_WHOLE)
    g_variant_dict_insert_value (&dict, "Items", tern_items_to_variant (record->drain));
  return g_variant_dict_end (&dict);
}

/* How it went */

GVariant *
tern_record_trace_phases (const TernTaskRecord *record)
{
  GVariantBuilder builder;

  g_variant_builder_init (&builder, G_VARIANT_TYPE ("a(xs)"));
  for (guint i = 0; record->trace != NULL && i < record->trace->phases->len; i++)
    {
      const TernTracePhase *phase = &g_array_index (record->trace->phases, TernTracePhase, i);

      g_variant_builder_add (&builder, "(xs)", phase->at_us, phase->word);
    }
  return g_variant_builder_end (&builder);
}

GVariant *
tern_record_trace_samples (const TernTaskRecord *record)
{
  GVariantBuilder builder;

  g_variant_builder_init (&builder, G_VARIANT_TYPE ("a(xttttu)"));
  for (guint i = 0; record->trace != NULL && i < record->trace->samples->len; i++)
    {
      const TernTraceSample *sample = &g_array_index (record->trace->samples, TernTraceSample, i);

      g_variant_builder_add (&builder, "(xttttu)", sample->at_us, sample->remaining,
                             sample->processed, sample->dirty_bps, sample->rate_bps,
                             sample->iteration);
    }
  return g_variant_builder_end (&builder);
}

GVariant *
tern_record_trace_steps (const TernTaskRecord *record)
{
  GVariantBuilder builder;

  g_variant_builder_init (&builder, G_VARIANT_TYPE ("a(xs)"));
  for (guint i = 0; record->steps != NULL && record->steps[i] != NULL; i++)
    {
      g_autofree char *sentence = tern_bus_text (record->steps[i]);

      g_variant_builder_add (&builder, "(xs)", tern_trace_get_step (record->trace, i), sentence);
    }
  return g_variant_builder_end (&builder);
}
