/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Judgements in the form of the API.
 */
#include "config.h"

#include "plan/verdict-variant.h"

#include "base/text.h"

static void
add_text (GVariantBuilder *builder, const char *key, const char *text)
{
  g_variant_builder_add (builder, "{sv}", key,
                         g_variant_new_take_string (tern_text_visible (text, 0)));
}

static GVariant *
build_parameters (const TernReason *reason)
{
  GVariantBuilder builder;

  g_variant_builder_init (&builder, G_VARIANT_TYPE ("a{ss}"));
  for (guint i = 0; reason->parameters != NULL && reason->parameters[i] != NULL
                    && reason->parameters[i + 1] != NULL;
       i += 2)
    {
      g_autofree char *value = tern_text_visible (reason->parameters[i + 1], 0);

      g_variant_builder_add (&builder, "{ss}", reason->parameters[i], value);
    }
  return g_variant_builder_end (&builder);
}

GVariant *
tern_reasons_to_variant (const GPtrArray *reasons)
{
  GVariantBuilder builder;

  g_variant_builder_init (&builder, G_VARIANT_TYPE ("aa{sv}"));
  for (guint i = 0; reasons != NULL && i < reasons->len; i++)
    {
      const TernReason *reason = reasons->pdata[i];

      g_variant_builder_open (&builder, G_VARIANT_TYPE_VARDICT);
      add_text (&builder, "Code", reason->info->code);
      add_text (&builder, "Severity", tern_severity_to_string (reason->severity));
      add_text (&builder, "Sentence", reason->sentence);
      add_text (&builder, "Remedy", reason->remedy);
      g_variant_builder_add (&builder, "{sv}", "Parameters", build_parameters (reason));
      add_text (&builder, "Detail", reason->detail);
      g_variant_builder_close (&builder);
    }
  return g_variant_builder_end (&builder);
}

static GVariant *
build_score_parts (const TernVerdict *verdict)
{
  GVariantBuilder builder;

  g_variant_builder_init (&builder, G_VARIANT_TYPE ("a{sd}"));
  for (guint i = 0; verdict->allowed && i < TERN_SCORE_PARTS; i++)
    g_variant_builder_add (&builder, "{sd}", tern_score_part_to_string (i), verdict->parts[i]);
  return g_variant_builder_end (&builder);
}

static const char *
get_word (const TernVerdict *verdict)
{
  if (!verdict->allowed)
    return "no";
  return verdict->reasons->len > 0 ? "warnings" : "yes";
}

static const char *
get_cpu_model (const TernHost *host)
{
  return host->facts != NULL && host->facts->cpu != NULL ? host->facts->cpu->model : NULL;
}

static void
add_verdict (GVariantBuilder *builder, const TernVerdict *verdict)
{
  const TernHost *host = verdict->host;

  g_variant_builder_open (builder, G_VARIANT_TYPE_VARDICT);
  add_text (builder, "Host", host->config->name);
  add_text (builder, "Verdict", get_word (verdict));
  g_variant_builder_add (builder, "{sv}", "Score",
                         g_variant_new_double (verdict->allowed ? verdict->score : 0));
  g_variant_builder_add (builder, "{sv}", "ScoreParts", build_score_parts (verdict));
  g_variant_builder_add (builder, "{sv}", "MemoryFree",
                         g_variant_new_uint64 (verdict->memory_free));
  g_variant_builder_add (builder, "{sv}", "MemoryNeed",
                         g_variant_new_uint64 (verdict->memory_need));
  add_text (builder, "State", tern_host_state_to_string (host->state));
  add_text (builder, "Cluster", host->config->cluster);
  add_text (builder, "CpuModel", get_cpu_model (host));
  g_variant_builder_add (builder, "{sv}", "Reasons", tern_reasons_to_variant (verdict->reasons));
  g_variant_builder_close (builder);
}

GVariant *
tern_verdicts_to_variant (const GPtrArray *verdicts)
{
  GVariantBuilder builder;

  g_variant_builder_init (&builder, G_VARIANT_TYPE ("aa{sv}"));
  for (guint i = 0; verdicts != NULL && i < verdicts->len; i++)
    add_verdict (&builder, verdicts->pdata[i]);
  return g_variant_builder_end (&builder);
}

static void
add_vm (GVariantBuilder *builder, const TernVm *vm)
{
  add_text (builder, "Vm", vm->name);
  add_text (builder, "VmUuid", vm->uuid);
  add_text (builder, "Source", vm->host);
}

GVariant *
tern_moves_to_variant (const TernPlan *plan)
{
  GVariantBuilder builder;

  g_variant_builder_init (&builder, G_VARIANT_TYPE ("aa{sv}"));
  for (guint i = 0; i < plan->moves->len; i++)
    {
      const TernMove *move = plan->moves->pdata[i];

      g_variant_builder_open (&builder, G_VARIANT_TYPE_VARDICT);
      g_variant_builder_add (&builder, "{sv}", "Number", g_variant_new_uint32 (move->number));
      add_text (&builder, "Act", move->act == TERN_ACT_START ? "start" : "move");
      add_vm (&builder, move->vm);
      add_text (&builder, "Destination", move->destination);
      g_variant_builder_add (&builder, "{sv}", "Score", g_variant_new_double (move->score));
      g_variant_builder_add (&builder, "{sv}", "Warnings",
                             tern_reasons_to_variant (move->warnings));
      g_variant_builder_close (&builder);
    }
  return g_variant_builder_end (&builder);
}

GVariant *
tern_refusals_to_variant (const TernPlan *plan, gboolean brief)
{
  GVariantBuilder builder;

  g_variant_builder_init (&builder, G_VARIANT_TYPE ("aa{sv}"));
  for (guint i = 0; i < plan->refusals->len; i++)
    {
      const TernRefusal *refusal = plan->refusals->pdata[i];

      g_variant_builder_open (&builder, G_VARIANT_TYPE_VARDICT);
      add_vm (&builder, refusal->vm);
      g_variant_builder_add (&builder, "{sv}", "Hosts",
                             tern_verdicts_to_variant (brief ? NULL : refusal->verdicts));
      g_variant_builder_add (
          &builder, "{sv}", "HostsLeftOut",
          g_variant_new_uint32 (refusal->left_out + (brief ? refusal->verdicts->len : 0)));
      g_variant_builder_close (&builder);
    }
  return g_variant_builder_end (&builder);
}
