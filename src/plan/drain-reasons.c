/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Why a VM cannot leave, in short: what several hosts have in common is told once, with how many
 * they are; what the VM itself has, without any host; and of those that only lack memory, which one
 * is nearest, and by how much.
 */
#include "config.h"

#include "base/text.h"
#include "plan/drain-private.h"

#define MAX_NAME_SHOWN 60
#define MAX_HOSTS_NAMED 4
#define MIB (G_GUINT64_CONSTANT (1) << 20)

/* Hosts that refuse for one reason. */
typedef struct
{
  TernReason *first;
  GPtrArray *hosts; /* of names */
} Group;

static void
group_free (Group *self)
{
  tern_reason_free (self->first);
  g_ptr_array_unref (self->hosts);
  g_free (self);
}

gboolean
tern_drain_add_own (TernDrainItem *item, const TernJudge *judge)
{
  guint before = item->reasons->len;

  for (guint i = 0; i < judge->own_reasons->len; i++)
    {
      const TernReason *reason = judge->own_reasons->pdata[i];

      if (reason->severity == TERN_SEVERITY_BLOCKS)
        tern_drain_item_add (item, reason->info->code, g_strdup (reason->sentence),
                             g_strdup (reason->remedy));
    }
  return item->reasons->len > before;
}

static gboolean
is_own (const TernJudge *judge, const TernReason *reason)
{
  for (guint i = 0; i < judge->own_reasons->len; i++)
    {
      const TernReason *own = judge->own_reasons->pdata[i];

      if (own->info == reason->info && g_str_equal (own->sentence, reason->sentence))
        return TRUE;
    }
  return FALSE;
}

/* What the reason says, without the host that says it. */
static char *
key_of (const TernReason *reason)
{
  GString *key = g_string_new (reason->info->code);

  if (!g_str_has_prefix (reason->info->code, "host.")
      && !g_str_has_prefix (reason->info->code, "memory."))
    for (guint i = 0; reason->parameters[i] != NULL; i++)
      g_string_append_printf (key, "\n%s", reason->parameters[i]);
  return g_string_free (key, FALSE);
}

/* Returns: whether anything but memory keeps the VM from going there */
static gboolean
group_host (TernJudge *judge, const TernHost *host, GPtrArray *groups, GHashTable *by_key)
{
  TernVerdict *verdict = tern_judge_host (judge, host);
  gboolean blocked = FALSE;

  for (guint i = 0; i < verdict->reasons->len; i++)
    {
      const TernReason *reason = verdict->reasons->pdata[i];
      g_autofree char *key = NULL;
      Group *group;

      if (reason->severity != TERN_SEVERITY_BLOCKS || is_own (judge, reason))
        continue;
      blocked = TRUE;
      key = key_of (reason);
      group = g_hash_table_lookup (by_key, key);
      if (group == NULL)
        {
          group = g_new0 (Group, 1);
          group->first = tern_reason_copy (reason);
          group->hosts = g_ptr_array_new ();
          g_ptr_array_add (groups, group);
          g_hash_table_insert (by_key, g_steal_pointer (&key), group);
        }
      if (group->hosts->len == 0
          || group->hosts->pdata[group->hosts->len - 1] != (gpointer) host->config->name)
        g_ptr_array_add (group->hosts, host->config->name);
    }
  tern_verdict_free (verdict);
  return blocked;
}

static char *
list_hosts (const GPtrArray *hosts)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < hosts->len && i < MAX_HOSTS_NAMED; i++)
    g_string_append_printf (text, "%s%s", i > 0 ? ", " : "", (const char *) hosts->pdata[i]);
  if (hosts->len > MAX_HOSTS_NAMED)
    g_string_append (text, ", …");
  return g_string_free (text, FALSE);
}

/* What several hosts lack, for the kinds that are common; others give the words of the first. */
static char *
describe_group (const Group *group, const char *shown, guint n_hosts)
{
  static const struct
  {
    const char *code, *what, *parameter;
  } kinds[] = {
    { "cpu.feature-missing", "lack features of its CPU", "features" },
    { "cpu.vendor", "have no CPU of its vendor", "needed" },
    { "network.missing", "lack the network", "network" },
    { "network.bridge-missing", "lack the bridge or network interface", "interface" },
    { "storage.pool-missing", "lack the storage pool", "pool" },
    { "machine-type.missing", "do not know its machine type", "machine" },
    { "qemu.older", "have a QEMU older than", "needed" },
    { "host.unreachable", "cannot be reached now", NULL },
    { "host.maintenance", "are closed", NULL },
  };
  const TernReason *first = group->first;
  g_autofree char *names = list_hosts (group->hosts);

  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
    if (g_str_equal (kinds[i].code, first->info->code))
      {
        const char *value = kinds[i].parameter != NULL
                                ? tern_reason_get_parameter (first, kinds[i].parameter)
                                : NULL;
        g_autofree char *visible = value != NULL ? tern_text_visible (value, 120) : NULL;

        return g_strdup_printf ("%s cannot go to %u of %u hosts (%s): they %s%s%s", shown,
                                group->hosts->len, n_hosts, names, kinds[i].what,
                                visible != NULL ? " " : "", visible != NULL ? visible : "");
      }
  return g_strdup_printf ("%s cannot go to %u of %u hosts (%s): %s", shown, group->hosts->len,
                          n_hosts, names, first->sentence);
}

/* What holds for the most hosts first; that one of them is silent explains the least. */
static int
compare_groups (gconstpointer a, gconstpointer b)
{
  const Group *x = *(const Group *const *) a, *y = *(const Group *const *) b;
  gboolean silent_x = g_str_equal (x->first->info->code, "host.unreachable");
  gboolean silent_y = g_str_equal (y->first->info->code, "host.unreachable");

  if (x->hosts->len != y->hosts->len)
    return x->hosts->len > y->hosts->len ? -1 : 1;
  return silent_x - silent_y;
}

static void
add_groups (TernDrainItem *item, const GPtrArray *groups, const char *shown, guint n_hosts)
{
  for (guint i = 0; i < groups->len; i++)
    {
      const Group *group = groups->pdata[i];

      tern_drain_item_add (item, group->first->info->code,
                           group->hosts->len == 1 ? g_strdup (group->first->sentence)
                                                  : describe_group (group, shown, n_hosts),
                           g_strdup (group->first->remedy));
    }
}

/* Those that would take it, and how much the nearest of them lacks. */
typedef struct
{
  guint n;
  const char *nearest;
  guint64 short_bytes;
} Shortage;

static void
add_shortage (TernDrainItem *item, const Shortage *shortage, const char *shown)
{
  guint64 mib = shortage->short_bytes / MIB + (shortage->short_bytes % MIB != 0);

  if (mib == 0)
    tern_drain_item_add (item, "memory.short",
                         g_strdup_printf ("%s would take %s, but there is no order of moves in "
                                          "which all of them fit",
                                          shortage->nearest, shown),
                         g_strdup_printf ("try again when the other moves are over"));
  else
    tern_drain_item_add (
        item, "memory.short",
        shortage->n == 1 ? g_strdup_printf ("only %s would take %s, and is %" G_GUINT64_FORMAT
                                            " MiB short once the others have arrived",
                                            shortage->nearest, shown, mib)
                         : g_strdup_printf (
                             "%u hosts would take %s and have too little memory; the nearest, "
                             "%s, is %" G_GUINT64_FORMAT " MiB short once the others have arrived",
                             shortage->n, shown, shortage->nearest, mib),
        g_strdup_printf ("free %" G_GUINT64_FORMAT " MiB on %s: move or stop a VM there", mib,
                         shortage->nearest));
}

static gboolean
concerns (const TernDrainWork *work, const TernDrainGuest *guest, guint index)
{
  const TernHost *host = work->question->cluster->hosts->pdata[index];
  const TernHost *source = work->question->cluster->hosts->pdata[guest->host];

  if (guest->home >= 0)
    return (int) index == guest->home;
  return index != guest->host && g_str_equal (host->config->cluster, source->config->cluster)
         && !tern_drain_has_host (work->question->drain, host->config->name);
}

static void
look (const TernDrainWork *work, const TernDrainGuest *guest, TernJudge *judge, const guint64 *free,
      guint max_hosts)
{
  const GPtrArray *hosts = work->question->cluster->hosts;
  g_autofree char *shown = tern_text_visible (guest->vm->name, MAX_NAME_SHOWN);
  g_autoptr (GPtrArray) groups = g_ptr_array_new_with_free_func ((GDestroyNotify) group_free);
  g_autoptr (GHashTable) by_key = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  guint64 need = guest->away ? 0 : guest->item->memory;
  guint n = 0, n_avoided = 0;
  Shortage shortage = { 0 };

  for (guint i = 0; i < hosts->len && n < max_hosts; i++)
    {
      const TernHost *host = hosts->pdata[i];
      guint64 lacks = need > free[i] ? need - free[i] : 0;

      if (!concerns (work, guest, i))
        continue;
      n++;
      if (guest->avoid != NULL && g_hash_table_contains (guest->avoid, host->config->name))
        n_avoided++;
      else if (!group_host (judge, host, groups, by_key)
               && (shortage.n++ == 0 || lacks < shortage.short_bytes))
        {
          shortage.nearest = host->config->name;
          shortage.short_bytes = lacks;
        }
    }
  if (n == 0)
    tern_drain_item_add (guest->item, "Refused",
                         g_strdup_printf ("there is no other host that could take %s", shown),
                         NULL);
  if (shortage.n > 0 && !judge->own_blocked)
    add_shortage (guest->item, &shortage, shown);
  /* Where a host would take it, the VM's own reasons are all there is to settle. */
  g_ptr_array_sort (groups, compare_groups);
  if (!judge->own_blocked || shortage.n == 0)
    add_groups (guest->item, groups, shown, n);
  if (n_avoided > 0)
    tern_drain_item_add (guest->item, "Failed",
                         g_strdup_printf ("%u host%s did not take %s when it was tried", n_avoided,
                                          n_avoided == 1 ? "" : "s", shown),
                         NULL);
}

void
tern_drain_explain (const TernDrainWork *work, const TernDrainGuest *guest, const guint64 *free,
                    guint max_hosts)
{
  g_autoptr (TernJudge) judge = tern_drain_judge (work, guest->vm, guest->act);

  (void) tern_drain_add_own (guest->item, judge);
  look (work, guest, judge, free, max_hosts);
}
