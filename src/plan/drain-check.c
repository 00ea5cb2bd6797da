/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Whether a drain makes sense at all, before anything is changed.
 */
#include "config.h"

#include "base/text.h"
#include "plan/drain-private.h"

#define MAX_NAME_SHOWN 60
#define MAX_HOSTS_NAMED 8
#define MIB (G_GUINT64_CONSTANT (1) << 20)
#define UUID_LENGTH 36

static gboolean
check_host (const TernDrainQuestion *question, const char *name, GError **error)
{
  const TernHost *host = tern_cluster_find_host (question->cluster, name);

  if (host == NULL)
    {
      g_set_error (error, TERN_ERROR, TERN_ERROR_NOT_FOUND,
                   "there is no host %s; see “virtern host list”", name);
      return FALSE;
    }
  if (host->config->duty == TERN_DUTY_MAINTENANCE)
    {
      g_set_error (error, TERN_ERROR, TERN_ERROR_EXISTS,
                   "%s is drained already; “virtern activate %s” opens it again", name, name);
      return FALSE;
    }
  if (host->state != TERN_HOST_UP)
    {
      g_set_error (error, TERN_ERROR, TERN_ERROR_UNREACHABLE,
                   "%s cannot be reached now, so nothing can be moved away from it; see “virtern "
                   "host show %s”",
                   name, name);
      return FALSE;
    }
  return TRUE;
}

static gboolean
check_hosts (const TernDrainQuestion *question, GError **error)
{
  GStrv hosts = question->drain->hosts;

  if (hosts == NULL || hosts[0] == NULL)
    {
      g_set_error (error, TERN_ERROR, TERN_ERROR_INVALID_ARGUMENT, "no host was named");
      return FALSE;
    }
  for (guint i = 0; hosts[i] != NULL; i++)
    {
      for (guint j = 0; j < i; j++)
        if (g_str_equal (hosts[i], hosts[j]))
          {
            g_set_error (error, TERN_ERROR, TERN_ERROR_INVALID_ARGUMENT, "%s is named twice",
                         hosts[i]);
            return FALSE;
          }
      if (!check_host (question, hosts[i], error))
        return FALSE;
    }
  return TRUE;
}

static gboolean
check_deadline (const TernDrainQuestion *question, GError **error)
{
  gint64 deadline = question->drain->deadline_us;

  if (deadline == 0 || deadline > question->now_us)
    return TRUE;
  g_set_error (error, TERN_ERROR, TERN_ERROR_INVALID_ARGUMENT,
               "the deadline is in the past: no VM could be begun");
  return FALSE;
}

static gboolean
is_on_hosts (const TernDrainQuestion *question, const char *uuid)
{
  const GPtrArray *copies = tern_cluster_get_copies (question->cluster, uuid);

  for (guint i = 0; copies != NULL && i < copies->len; i++)
    if (tern_drain_has_host (question->drain, ((const TernVm *) copies->pdata[i])->host))
      return TRUE;
  return FALSE;
}

static gboolean
refuse_action (const TernDrainQuestion *question, const char *uuid, GError **error)
{
  const TernVm *vm = tern_cluster_find_vm (question->cluster, uuid);
  g_autofree char *shown = vm != NULL ? tern_text_visible (vm->name, MAX_NAME_SHOWN) : NULL;
  g_autofree char *hosts = g_strjoinv (", ", question->drain->hosts);

  if (vm != NULL)
    g_set_error (error, TERN_ERROR, TERN_ERROR_INVALID_ARGUMENT,
                 "An action was given for %s, which is on %s and not on %s", shown, vm->host,
                 hosts);
  else
    g_set_error (error, TERN_ERROR, TERN_ERROR_INVALID_ARGUMENT,
                 "An action was given for VM %s, which no host shows", uuid);
  return FALSE;
}

static gboolean
check_actions (const TernDrainQuestion *question, GError **error)
{
  GStrv actions = question->drain->actions;

  for (guint i = 0; actions != NULL && actions[i] != NULL; i++)
    {
      g_autofree char *uuid = g_strndup (actions[i], strcspn (actions[i], "="));
      TernDrainAction action;

      if (!tern_uuid_is_valid (uuid) || actions[i][UUID_LENGTH] != '='
          || !tern_drain_action_from_string (actions[i] + UUID_LENGTH + 1, &action))
        {
          g_set_error (error, TERN_ERROR, TERN_ERROR_INVALID_ARGUMENT,
                       "an action must be migrate, skip, cold, shutdown or ask, for the UUID of a "
                       "VM");
          return FALSE;
        }
      if (is_on_hosts (question, uuid))
        continue;
      return refuse_action (question, uuid, error);
    }
  return TRUE;
}

/* Returns: (transfer full): names of the order's hosts in @cluster */
static char *
list_hosts (const TernDrainQuestion *question, const char *cluster)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; question->drain->hosts[i] != NULL; i++)
    {
      const TernHost *host = tern_cluster_find_host (question->cluster, question->drain->hosts[i]);

      if (g_str_equal (host->config->cluster, cluster))
        g_string_append_printf (text, "%s%s", text->len > 0 ? ", " : "", host->config->name);
    }
  return g_string_free (text, FALSE);
}

/* "n2 is closed, n3 cannot be reached" */
static void
add_other (GString *others, const TernHost *host)
{
  g_string_append_printf (others, "%s%s %s", others->len > 0 ? ", " : "", host->config->name,
                          tern_duty_is_closed (host->config->duty) ? "is closed"
                                                                   : "cannot be reached");
}

/* Each host's VMs must find another host of its own cluster. */
static gboolean
check_others (const TernDrainQuestion *question, const char *name, GError **error)
{
  const char *cluster = tern_cluster_find_host (question->cluster, name)->config->cluster;
  g_autofree char *hosts = list_hosts (question, cluster);
  g_autoptr (GString) others = g_string_new (NULL);
  guint n = 0;

  for (guint i = 0; i < question->cluster->hosts->len; i++)
    {
      const TernHost *other = question->cluster->hosts->pdata[i];

      if (!g_str_equal (other->config->cluster, cluster)
          || tern_drain_has_host (question->drain, other->config->name))
        continue;
      if (!tern_duty_is_closed (other->config->duty) && other->state == TERN_HOST_UP)
        return TRUE;
      if (++n <= MAX_HOSTS_NAMED)
        add_other (others, other);
    }
  if (n > MAX_HOSTS_NAMED)
    g_string_append_printf (others, " and %u more likewise", n - MAX_HOSTS_NAMED);
  if (n == 0)
    g_set_error (error, TERN_ERROR, TERN_ERROR_REFUSED,
                 "No host of cluster %s would be left beside %s to take the VMs; add one with "
                 "“virtern host add”, or drain fewer hosts at a time",
                 cluster, hosts);
  else
    g_set_error (error, TERN_ERROR, TERN_ERROR_REFUSED,
                 "No open host of cluster %s would be left beside %s to take the VMs: %s; open "
                 "one with “virtern activate HOST”, or drain fewer hosts at a time",
                 cluster, hosts, others->str);
  return FALSE;
}

/* What leaves in all, for the sentence; shut-off VMs and those that stay take nothing. */
static guint64
sum_waiting (const TernDrainPlan *plan)
{
  guint64 sum = 0;

  for (guint i = 0; i < plan->items->len; i++)
    {
      const TernDrainItem *item = plan->items->pdata[i];

      if (!item->for_room && item->action != TERN_DRAIN_SHUTDOWN
          && (item->state == TERN_ITEM_WAITING || item->state == TERN_ITEM_LEFT))
        sum += item->memory;
    }
  return sum;
}

static gboolean
check_room (const TernDrainQuestion *question, GError **error)
{
  g_autoptr (TernDrainPlan) plan = tern_drain_plan (question);
  g_autofree char *hosts = g_strjoinv (", ", question->drain->hosts);

  if (plan->short_memory == 0)
    return TRUE;
  g_set_error (error, TERN_ERROR, TERN_ERROR_REFUSED,
               "the other open hosts cannot hold the VMs of %s: these need %" G_GUINT64_FORMAT
               " MiB, and all others together are %" G_GUINT64_FORMAT
               " MiB short; leave VMs with --action VM=skip or VM=shutdown, or open another host",
               hosts, sum_waiting (plan) / MIB, (plan->short_memory + MIB - 1) / MIB);
  return FALSE;
}

gboolean
tern_drain_check (const TernDrainQuestion *question, GError **error)
{
  if (!check_hosts (question, error) || !check_deadline (question, error)
      || !check_actions (question, error))
    return FALSE;
  for (guint i = 0; question->drain->hosts[i] != NULL; i++)
    if (!check_others (question, question->drain->hosts[i], error))
      return FALSE;
  return check_room (question, error);
}
