/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A plan that cannot be carried out, told in one sentence. Who wants all of it has the verdicts.
 */
#include "config.h"

#include "plan/refusal.h"

#include "base/text.h"

#define MAX_NAME_SHOWN 60
#define MAX_HOSTS_TOLD 10
#define MAX_VMS_TOLD 10

static const TernReason *
find_first_block (const TernVerdict *verdict)
{
  for (guint i = 0; i < verdict->reasons->len; i++)
    if (((const TernReason *) verdict->reasons->pdata[i])->severity == TERN_SEVERITY_BLOCKS)
      return verdict->reasons->pdata[i];
  return NULL;
}

/* The VM's own host has the same reasons as all others, or only that the VM is on it. */
static gboolean
is_home (const TernRefusal *refusal, const TernVerdict *verdict)
{
  const TernReason *first = find_first_block (verdict);

  return first != NULL && g_str_equal (first->info->code, "host.same")
         && g_str_equal (verdict->host->config->name, refusal->vm->host);
}

static void
append_host (GString *text, const TernVerdict *verdict)
{
  gboolean any = FALSE;

  g_string_append_printf (text, "; on %s: ", verdict->host->config->name);
  for (guint i = 0; i < verdict->reasons->len; i++)
    {
      const TernReason *reason = verdict->reasons->pdata[i];

      if (reason->severity != TERN_SEVERITY_BLOCKS)
        continue;
      g_string_append_printf (text, "%s%s", any ? ", and " : "", reason->sentence);
      any = TRUE;
    }
  /* Allowed when it was judged alone: the group took the room. */
  if (!any)
    g_string_append (text, "others of the order take the room");
}

static void
append_hosts (GString *text, const TernRefusal *refusal)
{
  g_autofree char *vm = tern_text_visible (refusal->vm->name, MAX_NAME_SHOWN);
  guint n = refusal->left_out, told = 0;

  for (guint i = 0; i < refusal->verdicts->len; i++)
    n += !is_home (refusal, refusal->verdicts->pdata[i]);
  if (n == 0)
    {
      g_string_append_printf (text, "There is no other host that could take %s", vm);
      return;
    }
  if (n == 1)
    g_string_append_printf (text, "The only host there is cannot take %s", vm);
  else
    g_string_append_printf (text, "None of %u hosts can take %s", n, vm);
  for (guint i = 0; i < refusal->verdicts->len && told < MAX_HOSTS_TOLD; i++)
    if (!is_home (refusal, refusal->verdicts->pdata[i]))
      {
        append_host (text, refusal->verdicts->pdata[i]);
        told++;
      }
  if (n > told)
    g_string_append_printf (text, "; and %u more: see “virtern check”", n - told);
}

/* Returns: the code that all reasons which stand first have, else "refused" */
static TernError
find_code (const TernRefusal *refusal)
{
  const TernReasonInfo *info = NULL;

  if (refusal->left_out > 0)
    return TERN_ERROR_REFUSED;
  for (guint i = 0; i < refusal->verdicts->len; i++)
    {
      const TernVerdict *verdict = refusal->verdicts->pdata[i];
      const TernReason *first = find_first_block (verdict);

      if (first == NULL || is_home (refusal, verdict))
        continue;
      if (info != NULL && info->error != first->info->error)
        return TERN_ERROR_REFUSED;
      info = first->info;
    }
  return info != NULL ? info->error : TERN_ERROR_REFUSED;
}

static GError *
refuse_one (const TernRefusal *refusal, const char *destination)
{
  g_autoptr (GString) text = NULL;

  if (destination != NULL && refusal->verdicts->len == 1
      && find_first_block (refusal->verdicts->pdata[0]) != NULL)
    return tern_reasons_to_error (((const TernVerdict *) refusal->verdicts->pdata[0])->reasons);
  text = g_string_new (NULL);
  append_hosts (text, refusal);
  return g_error_new_literal (TERN_ERROR, find_code (refusal), text->str);
}

GError *
tern_plan_refusal (const TernPlan *plan, const char *destination)
{
  g_autoptr (GString) text = NULL;
  TernError code;

  g_return_val_if_fail (plan->refusals->len > 0, NULL);

  code = find_code (plan->refusals->pdata[0]);
  if (plan->refusals->len + plan->moves->len == 1)
    return refuse_one (plan->refusals->pdata[0], destination);
  text = g_string_new (NULL);
  g_string_append_printf (text, "%u of %u VMs find no place, and nothing was begun",
                          plan->refusals->len, plan->refusals->len + plan->moves->len);
  for (guint i = 0; i < plan->refusals->len && i < MAX_VMS_TOLD; i++)
    {
      g_autoptr (GError) one = refuse_one (plan->refusals->pdata[i], destination);

      g_string_append_printf (text, "%s%s", i == 0 ? ": " : "; ", one->message);
    }
  if (plan->refusals->len > MAX_VMS_TOLD)
    g_string_append_printf (text, "; and %u more", plan->refusals->len - MAX_VMS_TOLD);
  return g_error_new_literal (TERN_ERROR, code, text->str);
}
