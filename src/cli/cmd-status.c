/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * virtern status: the whole of it on half a screen.
 */
#include "config.h"

#include "cli/cmd.h"

#include "base/names.h"
#include "cli/drain-items.h"
#include "cli/i18n.h"
#include "cli/kind-words.h"
#include "cli/output.h"

#include <inttypes.h>
#include <string.h>

static guint
count_word (GPtrArray *list, const char *key, const char *word)
{
  guint count = 0;

  for (guint i = 0; i < list->len; i++)
    if (strcmp (tern_props_string (list->pdata[i], key), word) == 0)
      count++;
  return count;
}

static guint
count_state (GPtrArray *list, const char *state)
{
  return count_word (list, "State", state);
}

static void
look_at_hosts (GPtrArray *hosts, GPtrArray *sentences)
{
  for (guint i = 0; i < hosts->len; i++)
    if (strcmp (tern_props_string (hosts->pdata[i], "State"), "unreachable") == 0)
      g_ptr_array_add (sentences, g_strdup_printf (_ ("Host %s is unreachable: %s"),
                                                   tern_props_string (hosts->pdata[i], "Name"),
                                                   tern_props_string (hosts->pdata[i], "Error")));
}

static void
look_at_store (GVariant *manager, GPtrArray *sentences)
{
  const char *why = tern_props_string (manager, "StoreError");

  if (*why != '\0')
    g_ptr_array_add (sentences, g_strdup (why));
}

/* @hosts: (element-type GVariant). Returns: empty if there is none of that name */
static const char *
find_uri (GPtrArray *hosts, const char *name)
{
  for (guint i = 0; i < hosts->len; i++)
    if (strcmp (tern_props_string (hosts->pdata[i], "Name"), name) == 0)
      return tern_props_string (hosts->pdata[i], "Uri");
  return "";
}

static gboolean
is_being_moved (GPtrArray *tasks, const char *vm_uuid)
{
  for (guint i = 0; i < tasks->len; i++)
    if (strcmp (tern_props_string (tasks->pdata[i], "State"), "running") == 0
        && strcmp (tern_props_string (tasks->pdata[i], "VmUuid"), vm_uuid) == 0)
      return TRUE;
  return FALSE;
}

/* What to say of a copy that does not run, on another host than the one that counts. Of one
 * that is not seen now, nothing: that its host is unreachable is said already. So is a
 * second one that runs. */
static char *
format_other_copy (GVariant *vm, const char *host, const char *state, const char *uri)
{
  const char *name = tern_props_string (vm, "Name");
  const char *uuid = tern_props_string (vm, "Uuid");

  if (strcmp (state, "shut-off") == 0)
    return g_strdup_printf (_ ("VM %s is also defined on %s (%s): starting it there would make a "
                               "second copy; undefine it with “virsh -c %s undefine %s”"),
                            name, host, state, uri, uuid);
  if (strcmp (state, "unknown") == 0 || strcmp (state, "running") == 0)
    return NULL;
  return g_strdup_printf (_ ("VM %s is also on %s (%s); see “virtern vm show %s”"), name, host,
                          state, uuid);
}

static void
look_at_copies_of (GVariant *vm, GPtrArray *hosts, GPtrArray *sentences)
{
  g_autoptr (GVariant) seen = g_variant_lookup_value (vm, "SeenOn", G_VARIANT_TYPE ("a(ss)"));
  const char *here = tern_props_string (vm, "Host");
  const char *host, *state;
  GVariantIter iter;
  char *sentence;

  if (seen == NULL)
    return;

  g_variant_iter_init (&iter, seen);
  while (g_variant_iter_next (&iter, "(&s&s)", &host, &state))
    if (strcmp (host, here) != 0
        && (sentence = format_other_copy (vm, host, state, find_uri (hosts, host))) != NULL)
      g_ptr_array_add (sentences, sentence);
}

static void
look_at_copies (GPtrArray *vms, GPtrArray *hosts, GPtrArray *tasks, GPtrArray *sentences)
{
  for (guint i = 0; i < vms->len; i++)
    if (!is_being_moved (tasks, tern_props_string (vms->pdata[i], "Uuid")))
      look_at_copies_of (vms->pdata[i], hosts, sentences);
}

static gboolean
runs_twice (GVariant *vm)
{
  g_autoptr (GVariant) seen = g_variant_lookup_value (vm, "SeenOn", G_VARIANT_TYPE ("a(ss)"));
  const char *state;
  GVariantIter iter;
  guint running = 0;

  if (seen == NULL)
    return FALSE;

  g_variant_iter_init (&iter, seen);
  while (g_variant_iter_next (&iter, "(&s&s)", NULL, &state))
    if (strcmp (state, "running") == 0)
      running++;
  return running > 1;
}

static void
look_at_doubles (GPtrArray *vms, GPtrArray *sentences)
{
  for (guint i = 0; i < vms->len; i++)
    {
      const char *name = tern_props_string (vms->pdata[i], "Name");

      if (runs_twice (vms->pdata[i]))
        g_ptr_array_add (
            sentences,
            g_strdup_printf (_ ("VM %s runs on more than one host; see “virtern vm show %s”"), name,
                             tern_props_string (vms->pdata[i], "Uuid")));
    }
}

static void
look_at_tasks (GPtrArray *tasks, GPtrArray *sentences)
{
  for (guint i = 0; i < tasks->len; i++)
    if (strcmp (tern_props_string (tasks->pdata[i], "State"), "attention") == 0)
      {
        guint64 id = tern_props_uint64 (tasks->pdata[i], "Id");
        g_autofree char *subject = tern_kind_format_subject (tasks->pdata[i]);

        g_ptr_array_add (
            sentences,
            g_strdup_printf (_ ("Task %" PRIu64 " (%s): %s; “virtern task show %" PRIu64
                                "” tells what was seen and names the ways out"),
                             id, subject, tern_props_string (tasks->pdata[i], "Error"), id));
      }
}

/* Nothing is to be decided: it goes on by itself, but not as usual. What is queued waits, which is
 * usual. */
static void
look_at_notes (GPtrArray *tasks, GPtrArray *sentences)
{
  for (guint i = 0; i < tasks->len; i++)
    {
      const char *note = tern_props_string (tasks->pdata[i], "Note");
      guint64 id = tern_props_uint64 (tasks->pdata[i], "Id");
      g_autofree char *subject = tern_kind_format_subject (tasks->pdata[i]);

      /* How far a drain is, is told with its hosts. */
      if (tern_kind_is_drain (tasks->pdata[i]))
        continue;
      if (*note != '\0' && strcmp (tern_props_string (tasks->pdata[i], "State"), "running") == 0)
        g_ptr_array_add (
            sentences,
            g_strdup_printf (_ ("Task %" PRIu64 " (%s): %s; see “virtern task show %" PRIu64 "”"),
                             id, subject, note, id));
    }
}

/* --- drains --- */

/* Returns: (nullable): the drain or return that a host's duty comes from, if it still goes on */
static GVariant *
find_under_way (GVariant *host, GPtrArray *tasks)
{
  guint64 id = tern_props_uint64 (host, "DutyTask");

  for (guint i = 0; id > 0 && i < tasks->len; i++)
    if (tern_props_uint64 (tasks->pdata[i], "Id") == id)
      {
        const char *state = tern_props_string (tasks->pdata[i], "State");
        gboolean open = strcmp (state, "running") == 0 || strcmp (state, "queued") == 0;

        return open ? tasks->pdata[i] : NULL;
      }
  return NULL;
}

static gboolean
has_duty (GVariant *host, const char *duty)
{
  return strcmp (tern_props_string (host, "Duty"), duty) == 0;
}

/* Guests that a drain shut down and could not start. */
static void
look_at_stopped (TernCli *cli, guint64 id, GPtrArray *sentences)
{
  g_autoptr (GVariant) task = tern_client_fetch_task (cli->client, id, NULL);
  g_autoptr (GVariant) items = task != NULL ? tern_drain_items_get (task) : NULL;

  for (gsize i = 0; items != NULL && i < g_variant_n_children (items); i++)
    {
      g_autoptr (GVariant) item = g_variant_get_child_value (items, i);
      g_autofree char *sentence = tern_drain_items_find_reason (item, "vm.not-running");

      if (sentence != NULL && strcmp (tern_props_string (item, "State"), "left") == 0)
        g_ptr_array_add (sentences, g_steal_pointer (&sentence));
    }
}

/* A drain that is over and left VMs behind. */
static void
look_at_remainders (TernCli *cli, GPtrArray *hosts, GPtrArray *tasks, GPtrArray *sentences)
{
  for (guint i = 0; i < hosts->len; i++)
    if (has_duty (hosts->pdata[i], "draining") && find_under_way (hosts->pdata[i], tasks) == NULL)
      {
        guint64 id = tern_props_uint64 (hosts->pdata[i], "DutyTask");

        g_ptr_array_add (
            sentences,
            g_strdup_printf (_ ("Host %s is closed, and its drain left VMs on it; “virtern task "
                                "show %" PRIu64 "” says which and why"),
                             tern_props_string (hosts->pdata[i], "Name"), id));
        look_at_stopped (cli, id, sentences);
      }
}

/* How many VMs belong on a host and are elsewhere. */
static guint
count_away (GPtrArray *vms, const char *host)
{
  guint count = 0;

  for (guint i = 0; i < vms->len; i++)
    count += strcmp (tern_props_string (vms->pdata[i], "Origin"), host) == 0 ? 1 : 0;
  return count;
}

/* @task: (nullable): that is under way */
static char *
format_duty (GVariant *host, GVariant *task)
{
  const char *name = tern_props_string (host, "Name");
  const char *note = task != NULL ? tern_props_string (task, "Note") : "";
  guint64 id = tern_props_uint64 (host, "DutyTask");
  g_autofree char *far = *note != '\0' ? g_strconcat (": ", note, NULL) : g_strdup ("");

  if (has_duty (host, "maintenance"))
    return g_strdup_printf (_ ("Host %s is in maintenance; “virtern activate %s” opens it"), name,
                            name);
  if (task != NULL && has_duty (host, "draining"))
    return g_strdup_printf (
        _ ("Host %s is being drained%s; “virtern task watch %" PRIu64 "” follows it"), name, far,
        id);
  if (task != NULL && has_duty (host, "returning"))
    return g_strdup_printf (_ ("VMs are being brought back to host %s%s; “virtern task watch "
                               "%" PRIu64 "” follows it"),
                            name, far, id);
  return NULL;
}

/* Nothing is wrong; somebody should not forget it. */
static void
look_at_duties (GPtrArray *hosts, GPtrArray *vms, GPtrArray *tasks, GPtrArray *sentences)
{
  for (guint i = 0; i < hosts->len; i++)
    {
      const char *name = tern_props_string (hosts->pdata[i], "Name");
      GVariant *under_way = find_under_way (hosts->pdata[i], tasks);
      char *duty = format_duty (hosts->pdata[i], under_way);
      guint away = count_away (vms, name);

      if (duty != NULL)
        g_ptr_array_add (sentences, duty);
      if (away > 0 && under_way == NULL)
        g_ptr_array_add (
            sentences,
            g_strdup_printf (ngettext ("%u VM belongs on %s and is away; “virtern activate %s "
                                       "--return” brings it back",
                                       "%u VMs belong on %s and are away; “virtern activate %s "
                                       "--return” brings them back",
                                       away),
                             away, name, name));
    }
}

/* Who may not see them is not told of them. */
static void
look_at_webhooks (TernCli *cli, GPtrArray *sentences)
{
  g_autoptr (GVariant) reply = tern_client_call_manager (
      cli->client, TERN_CALL_READ, "ListWebhooks", g_variant_new ("(a{sv})", NULL), NULL);
  g_autoptr (GVariant) list = reply != NULL ? g_variant_get_child_value (reply, 0) : NULL;
  gsize n = list != NULL ? g_variant_n_children (list) : 0;

  for (gsize i = 0; i < n; i++)
    {
      g_autoptr (GVariant) webhook = g_variant_get_child_value (list, i);
      const char *why = tern_props_string (webhook, "Error");
      guint64 waiting = tern_props_uint64 (webhook, "Waiting");

      if (*why != '\0')
        g_ptr_array_add (sentences,
                         g_strdup_printf (_ ("Webhook %s fails, %" PRIu64 " notices wait: %s"),
                                          tern_props_string (webhook, "Name"), waiting, why));
    }
}

/* Everything status knows, so that text and JSON tell the same. */
typedef struct
{
  GVariant *manager;
  GPtrArray *hosts;
  GPtrArray *vms;
  GPtrArray *tasks;
  GPtrArray *attention;
  GPtrArray *odd;
} Status;

static void
print_json_list (JsonBuilder *builder, const char *name, const char *key, GPtrArray *list,
                 const char *const *states)
{
  json_builder_set_member_name (builder, name);
  json_builder_begin_object (builder);
  for (guint i = 0; states[i] != NULL; i++)
    {
      json_builder_set_member_name (builder, states[i]);
      json_builder_add_int_value (builder, count_word (list, key, states[i]));
    }
  json_builder_end_object (builder);
}

static void
print_json_sentences (JsonBuilder *builder, const char *name, GPtrArray *sentences)
{
  json_builder_set_member_name (builder, name);
  json_builder_begin_array (builder);
  for (guint i = 0; i < sentences->len; i++)
    json_builder_add_string_value (builder, sentences->pdata[i]);
  json_builder_end_array (builder);
}

#define STATES(...) ((const char *const[]){ __VA_ARGS__, NULL })

static void
print_json (const Status *status)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();

  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "version");
  json_builder_add_string_value (builder, tern_props_string (status->manager, "Version"));
  json_builder_set_member_name (builder, "simulated");
  json_builder_add_boolean_value (builder, tern_props_boolean (status->manager, "Simulated"));
  print_json_list (builder, "hosts", "State", status->hosts,
                   STATES ("up", "connecting", "unreachable"));
  print_json_list (builder, "duties", "Duty", status->hosts,
                   STATES ("active", "draining", "maintenance", "returning"));
  print_json_list (
      builder, "vms", "State", status->vms,
      STATES ("running", "paused", "shutting-down", "shut-off", "crashed", "suspended", "unknown"));
  print_json_list (builder, "tasks", "State", status->tasks,
                   STATES ("queued", "running", "attention"));
  print_json_sentences (builder, "attention", status->attention);
  print_json_sentences (builder, "worth-a-look", status->odd);
  json_builder_end_object (builder);
  tern_output_json (json_builder_get_root (builder));
}

/* "3: 2 up, 1 unreachable"; states that nobody is in are left out. */
static char *
format_counts (GPtrArray *list, const char *const *states)
{
  GString *text = g_string_new (NULL);
  const char *separator = ": ";

  g_string_append_printf (text, "%u", list->len);
  for (guint i = 0; states[i] != NULL; i++)
    {
      guint count = count_state (list, states[i]);

      if (count == 0)
        continue;
      g_string_append_printf (text, "%s%u %s", separator, count, states[i]);
      separator = ", ";
    }
  return g_string_free (text, FALSE);
}

static void
print_text (const Status *status)
{
  tern_output_take_field ("virternd", g_strconcat (tern_props_string (status->manager, "Version"),
                                                   tern_props_boolean (status->manager, "Simulated")
                                                       ? _ (", the hosts are simulated")
                                                       : "",
                                                   NULL));
  tern_output_take_field (
      _ ("Hosts"), format_counts (status->hosts, STATES ("up", "connecting", "unreachable")));
  tern_output_take_field (
      _ ("VMs"),
      format_counts (status->vms, STATES ("running", "paused", "shutting-down", "shut-off",
                                          "crashed", "suspended", "unknown")));
  tern_output_take_field (_ ("Tasks"), g_strdup_printf (_ ("%u running, %u queued"),
                                                        count_state (status->tasks, "running"),
                                                        count_state (status->tasks, "queued")));
  if (status->attention->len == 0)
    tern_output_field (_ ("Attention"), _ ("nothing needs it"));
  for (guint i = 0; i < status->attention->len; i++)
    tern_output_field (i == 0 ? _ ("Attention") : "", status->attention->pdata[i]);
  for (guint i = 0; i < status->odd->len; i++)
    tern_output_field (i == 0 ? _ ("Worth a look") : "", status->odd->pdata[i]);
}

gboolean
tern_cmd_status (TernCli *cli, GError **error)
{
  g_autoptr (GVariant) manager = tern_client_fetch_manager (cli->client, error);
  g_autoptr (GVariant) objects = NULL;
  g_autoptr (GPtrArray) hosts = NULL;
  g_autoptr (GPtrArray) vms = NULL;
  g_autoptr (GPtrArray) tasks = NULL;
  g_autoptr (GPtrArray) attention = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GPtrArray) odd = g_ptr_array_new_with_free_func (g_free);

  if (manager == NULL)
    return FALSE;
  objects = tern_client_fetch_objects (cli->client, TERN_CALL_READ, error);
  if (objects == NULL)
    return FALSE;

  hosts = tern_objects_collect (objects, TERN_IFACE_HOST, "Name");
  vms = tern_objects_collect (objects, TERN_IFACE_VM, "Name");
  tasks = tern_objects_collect (objects, TERN_IFACE_TASK, "Vm");
  look_at_store (manager, attention);
  look_at_doubles (vms, attention);
  look_at_tasks (tasks, attention);
  look_at_copies (vms, hosts, tasks, attention);
  look_at_hosts (hosts, attention);
  look_at_remainders (cli, hosts, tasks, attention);
  look_at_notes (tasks, odd);
  look_at_duties (hosts, vms, tasks, odd);
  look_at_webhooks (cli, odd);

  Status status = { manager, hosts, vms, tasks, attention, odd };
  if (tern_args_has (cli->args, TERN_OPTION_JSON))
    print_json (&status);
  else
    print_text (&status);
  return TRUE;
}
