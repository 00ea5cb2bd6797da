/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The VMs of a drain or return on the bus. A drain of a thousand VMs that all cannot leave, each
 * for a reason of every host, is more than the bus carries; so reasons are bounded together.
 */
#include "config.h"

#include "service/items-variant.h"

#include "base/text.h"
#include "service/bus-text.h"

#define MAX_BRIEF 200

/* How much is said of reasons. */
typedef enum
{
  REASONS_ALL,
  REASONS_FIRST, /* and that in short */
  REASONS_NONE,
} Fullness;

static void
add_text (GVariantBuilder *builder, const char *key, const char *text)
{
  g_variant_builder_add (builder, "{sv}", key, tern_bus_new_text (text));
}

static void
add_bounded (GVariantBuilder *builder, const char *key, const char *text, gsize max)
{
  g_variant_builder_add (builder, "{sv}", key,
                         g_variant_new_take_string (tern_text_visible (text, max)));
}

static GVariant *
build_reasons (const GPtrArray *reasons, Fullness fullness)
{
  guint n = reasons == NULL || fullness == REASONS_NONE ? 0 : reasons->len;
  GVariantBuilder builder;

  g_variant_builder_init (&builder, G_VARIANT_TYPE ("aa{sv}"));
  for (guint i = 0; i < (fullness == REASONS_FIRST ? MIN (n, 1) : n); i++)
    {
      const TernItemReason *reason = reasons->pdata[i];
      gsize max = fullness == REASONS_FIRST ? MAX_BRIEF : 0;

      g_variant_builder_open (&builder, G_VARIANT_TYPE_VARDICT);
      add_text (&builder, "Code", reason->code);
      add_bounded (&builder, "Sentence", reason->sentence, max);
      add_bounded (&builder, "Remedy", reason->remedy, max);
      g_variant_builder_close (&builder);
    }
  return g_variant_builder_end (&builder);
}

static GVariant *
build_item (const TernDrainItem *item, Fullness fullness)
{
  GVariantBuilder builder;

  g_variant_builder_init (&builder, G_VARIANT_TYPE_VARDICT);
  add_text (&builder, "VmUuid", item->vm_uuid);
  add_text (&builder, "Vm", item->vm_name);
  add_text (&builder, "Host", item->host);
  add_text (&builder, "Action", tern_drain_action_to_string (item->action));
  g_variant_builder_add (&builder, "{sv}", "ForRoom", g_variant_new_boolean (item->for_room));
  add_text (&builder, "State", tern_item_state_to_string (item->state));
  add_text (&builder, "Destination", item->destination);
  g_variant_builder_add (&builder, "{sv}", "Task", g_variant_new_uint64 (item->task_id));
  g_variant_builder_add (&builder, "{sv}", "Attempts", g_variant_new_uint32 (item->attempts));
  g_variant_builder_add (&builder, "{sv}", "Memory", g_variant_new_uint64 (item->memory));
  g_variant_builder_add (&builder, "{sv}", "Begin", g_variant_new_int64 (item->begin_us));
  g_variant_builder_add (&builder, "{sv}", "End", g_variant_new_int64 (item->end_us));
  g_variant_builder_add (&builder, "{sv}", "Reasons", build_reasons (item->reasons, fullness));
  return g_variant_builder_end (&builder);
}

static gsize
measure (const char *text)
{
  return text != NULL ? strlen (text) : 0;
}

/* Bytes that the reasons take, or a little less: control characters grow when they are shown. */
static gsize
measure_reasons (const TernDrain *drain, Fullness fullness)
{
  gsize size = 0;

  for (guint i = 0; i < drain->items->len; i++)
    {
      const GPtrArray *reasons = ((const TernDrainItem *) drain->items->pdata[i])->reasons;
      guint n = reasons == NULL ? 0 : reasons->len;

      for (guint j = 0; j < (fullness == REASONS_FIRST ? MIN (n, 1) : n); j++)
        {
          const TernItemReason *reason = reasons->pdata[j];
          gsize max = fullness == REASONS_FIRST ? MAX_BRIEF : G_MAXSIZE;

          size += measure (reason->code) + MIN (measure (reason->sentence), max)
                  + MIN (measure (reason->remedy), max);
        }
    }
  return size;
}

static Fullness
choose_fullness (const TernDrain *drain)
{
  for (Fullness fullness = REASONS_ALL; fullness < REASONS_NONE; fullness++)
    if (measure_reasons (drain, fullness) <= TERN_ITEMS_MAX)
      return fullness;
  return REASONS_NONE;
}

GVariant *
tern_items_to_variant (const TernDrain *drain)
{
  GVariantBuilder builder;

  g_variant_builder_init (&builder, G_VARIANT_TYPE ("aa{sv}"));
  if (drain != NULL && drain->items != NULL)
    {
      Fullness fullness = choose_fullness (drain);

      for (guint i = 0; i < drain->items->len; i++)
        g_variant_builder_add_value (&builder, build_item (drain->items->pdata[i], fullness));
    }
  return g_variant_builder_end (&builder);
}
