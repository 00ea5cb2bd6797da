/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * How a drain or a return ended: who has left, who is left, why, and how it goes on.
 */
#include "config.h"

#include "cli/drain-outcome.h"

#include "base/units.h"
#include "cli/client.h"
#include "cli/drain-items.h"
#include "cli/i18n.h"
#include "cli/kind-words.h"

#include <inttypes.h>
#include <string.h>

typedef struct
{
  guint gone;
  guint skipped;
  guint left;
} Counts;

static Counts
count (GVariant *task)
{
  g_autoptr (GVariant) items = tern_drain_items_get (task);

  return (Counts){
    .gone = tern_drain_items_count (items, "gone"),
    .skipped = tern_drain_items_count (items, "skipped"),
    .left = tern_drain_items_count (items, "left") + tern_drain_items_count (items, "waiting")
            + tern_drain_items_count (items, "moving"),
  };
}

static gboolean
is_in (GVariant *task, const char *state)
{
  return strcmp (tern_props_string (task, "State"), state) == 0;
}

static char *
format_took (GVariant *task)
{
  gint64 started = tern_props_int64 (task, "Started");
  gint64 finished = tern_props_int64 (task, "Finished");

  return tern_units_format_duration (MAX (finished - started, 0));
}

/* Of "node1,node2" it needs no second host to say how one opens them. */
static char *
format_first_host (GVariant *task)
{
  g_autofree char *hosts = tern_kind_format_hosts (task);

  return strchr (hosts, ',') != NULL ? g_strdup ("HOST") : g_steal_pointer (&hosts);
}

static char *
format_returned (GVariant *task)
{
  Counts n = count (task);
  g_autofree char *hosts = tern_kind_format_hosts (task);
  g_autofree char *took = format_took (task);

  if (n.left > 0)
    return g_strdup_printf (ngettext ("%u of %u VM is home on %s again: %s",
                                      "%u of %u VMs are home on %s again: %s", n.gone + n.left),
                            n.gone, n.gone + n.left, hosts, took);
  return g_strdup_printf (
      ngettext ("%u VM is home on %s again: %s", "%u VMs are home on %s again: %s", n.gone), n.gone,
      hosts, took);
}

char *
tern_drain_outcome_format_done (GVariant *task)
{
  Counts n = count (task);
  g_autofree char *hosts = tern_kind_format_hosts (task);
  g_autofree char *took = format_took (task);
  g_autofree char *skipped = NULL;

  if (tern_kind_is_return (task))
    return format_returned (task);
  skipped =
      n.skipped > 0
          ? g_strdup_printf (ngettext (", %u stays as was said or since it is off",
                                       ", %u stay as was said or since they are off", n.skipped),
                             n.skipped)
          : g_strdup ("");
  return g_strdup_printf (strchr (hosts, ',') != NULL
                              ? ngettext ("%s are drained: %u VM has left%s: %s",
                                          "%s are drained: %u VMs have left%s: %s", n.gone)
                              : ngettext ("%s is drained: %u VM has left%s: %s",
                                          "%s is drained: %u VMs have left%s: %s", n.gone),
                          hosts, n.gone, skipped, took);
}

static void
print_done (GVariant *task)
{
  g_autofree char *sentence = tern_drain_outcome_format_done (task);
  g_autofree char *host = format_first_host (task);

  g_print ("%s\n", sentence);
  if (!tern_kind_is_return (task))
    g_print (_ ("“virtern activate %s --return” opens it again and brings its VMs back.\n"), host);
}

static void
print_cancelled (GVariant *task)
{
  Counts n = count (task);
  g_autofree char *hosts = tern_kind_format_hosts (task);
  guint64 id = tern_props_uint64 (task, "Id");

  if (tern_kind_is_return (task))
    {
      g_print (ngettext ("Task %" PRIu64 " is cancelled; %u VM was brought back to %s\n",
                         "Task %" PRIu64 " is cancelled; %u VMs were brought back to %s\n", n.gone),
               id, n.gone, hosts);
      return;
    }
  if (strchr (hosts, ',') != NULL)
    g_print (ngettext ("Task %" PRIu64 " is cancelled, and %s are open to VMs; %u VM had left\n",
                       "Task %" PRIu64 " is cancelled, and %s are open to VMs; %u VMs had left\n",
                       n.gone),
             id, hosts, n.gone);
  else
    g_print (ngettext ("Task %" PRIu64 " is cancelled, and %s is open to VMs; %u VM had left\n",
                       "Task %" PRIu64 " is cancelled, and %s is open to VMs; %u VMs had left\n",
                       n.gone),
             id, hosts, n.gone);
  g_print (_ ("“virtern task resume %" PRIu64 "” goes on; “virtern task undo %" PRIu64
              "” brings back what was moved.\n"),
           id, id);
}

static void
print_remainder (GVariant *task)
{
  g_autoptr (GVariant) items = tern_drain_items_get (task);
  gboolean returns = tern_kind_is_return (task);

  if (returns)
    print_done (task);
  tern_drain_items_print_state (items);
  tern_drain_items_print_reasons (items, "left",
                                  returns ? _ ("cannot go home yet") : _ ("could not leave"));
  if (returns)
    {
      g_autofree char *host = format_first_host (task);

      g_print (_ ("\nThey go on running where they are; “virtern activate %s --return” tries "
                  "again.\n"),
               host);
    }
}

void
tern_drain_outcome_print (GVariant *task)
{
  if (is_in (task, "done"))
    print_done (task);
  else if (is_in (task, "cancelled"))
    print_cancelled (task);
  else
    print_remainder (task);
}

static void
set_remainder (GVariant *task, TernExit status, GError **error)
{
  g_autofree char *hosts = tern_kind_format_hosts (task);
  guint64 id = tern_props_uint64 (task, "Id");
  guint left = count (task).left;
  g_autofree char *what = g_strdup_printf (
      strchr (hosts, ',') != NULL ? ngettext ("%s are not drained: %u VM is left",
                                              "%s are not drained: %u VMs are left", left)
                                  : ngettext ("%s is not drained: %u VM is left",
                                              "%s is not drained: %u VMs are left", left),
      hosts, left);

  g_set_error (error, TERN_EXIT_ERROR, (int) status,
               strchr (hosts, ',') != NULL
                   ? _ ("%s\nNothing is placed there; “virtern task resume %" PRIu64
                        "” tries again, “virtern task undo %" PRIu64
                        "” opens them again and brings back what was moved")
                   : _ ("%s\nNothing is placed there; “virtern task resume %" PRIu64
                        "” tries again, “virtern task undo %" PRIu64
                        "” opens it again and brings back what was moved"),
               what, id, id);
}

void
tern_drain_outcome_set_error (GVariant *task, TernExit status, GError **error)
{
  g_autofree char *hosts = tern_kind_format_hosts (task);
  guint64 id = tern_props_uint64 (task, "Id");
  const char *why = tern_props_string (task, "Error");

  if (status == TERN_EXIT_CANCELLED)
    g_set_error (error, TERN_EXIT_ERROR, (int) status, _ ("Task %" PRIu64 " was cancelled\n%s"), id,
                 tern_props_string (task, "Verdict"));
  else if (is_in (task, "remainder"))
    set_remainder (task, status, error);
  else
    g_set_error (error, TERN_EXIT_ERROR, (int) status,
                 _ ("Task %" PRIu64 " (%s) ended as “%s”: %s\nSee “virtern task show %" PRIu64 "”"),
                 id, hosts, tern_props_string (task, "State"), why, id);
}
