/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Hosts that are lost, and that are back.
 *
 *   there ── not up ──> missed ── for 30 s, and not up ──> lost: told
 *     ^                   │ up for 10 s on end               │ up for 10 s on end: told
 *     └───────────────────┴──────────────────────────────────┘
 *
 * So a host that comes and goes is told once.
 */
#include "config.h"

#include "engine/herald-private.h"

typedef struct
{
  TernHerald *herald; /* not held */
  char *name;
  char *error;
  gboolean is_up;
  gboolean is_told;
  gint64 since_us;       /* wall time since when it is missed, 0: it is there */
  gint64 since_clock_us; /* the same, by the monotonic clock */
  guint timer;
} Watch;

static void
watch_free (gpointer data)
{
  Watch *watch = data;

  tern_clock_clear_timer (watch->herald->clock, &watch->timer);
  g_free (watch->name);
  g_free (watch->error);
  g_free (watch);
}

static void
put_lost (TernHerald *self)
{
  g_autoptr (GPtrArray) names = g_ptr_array_new ();
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, self->hosts);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    if (((const Watch *) value)->is_told)
      g_ptr_array_add (names, ((const Watch *) value)->name);
  g_ptr_array_add (names, NULL);
  tern_herald_put_lost (self, g_strdupv ((char **) names->pdata));
}

static void
tell (Watch *watch, TernNoticeKind kind)
{
  TernHerald *self = watch->herald;

  tern_herald_tell (self,
                    tern_herald_notice_of_host (self->source, kind, watch->name, watch->since_us,
                                                watch->error, tern_clock_wall_us (self->clock)),
                    NULL);
  put_lost (self);
}

static gboolean
on_timer (gpointer data)
{
  Watch *watch = data;
  gboolean was_told = watch->is_told;

  watch->timer = 0;
  watch->is_told = !watch->is_up;
  if (watch->is_up && was_told)
    tell (watch, TERN_NOTICE_HOST_BACK);
  else if (!watch->is_up && !was_told)
    tell (watch, TERN_NOTICE_HOST_LOST);
  if (watch->is_up)
    watch->since_us = 0;
  return G_SOURCE_REMOVE;
}

static void
arm (Watch *watch)
{
  TernClock *clock = watch->herald->clock;
  gint64 missed_us = tern_clock_now_us (clock) - watch->since_clock_us;

  tern_clock_clear_timer (clock, &watch->timer);
  if (watch->is_up && watch->since_us != 0)
    watch->timer = tern_clock_add_timer (clock, TERN_HERALD_BACK_US, on_timer, watch);
  else if (!watch->is_up && !watch->is_told)
    watch->timer =
        tern_clock_add_timer (clock, MAX (TERN_HERALD_LOST_US - missed_us, 0), on_timer, watch);
}

static void
begin_to_miss (Watch *watch)
{
  watch->since_us = tern_clock_wall_us (watch->herald->clock);
  watch->since_clock_us = tern_clock_now_us (watch->herald->clock);
}

/* A host is new as one that is up, so that the first look decides. */
static Watch *
watch_new (TernHerald *self, const char *name)
{
  Watch *watch = g_new0 (Watch, 1);

  watch->herald = self;
  watch->name = g_strdup (name);
  watch->is_up = TRUE;
  g_hash_table_insert (self->hosts, watch->name, watch);
  return watch;
}

static void
on_host_changed (TernInventory *inventory, const TernHost *host, TernHerald *self)
{
  gboolean is_up = host->state == TERN_HOST_UP;
  Watch *watch = g_hash_table_lookup (self->hosts, host->config->name);

  (void) inventory;
  if (watch == NULL)
    watch = watch_new (self, host->config->name);
  if (host->error != NULL && g_strcmp0 (watch->error, host->error) != 0)
    {
      g_free (watch->error);
      watch->error = g_strdup (host->error);
    }
  if (is_up == watch->is_up)
    return;

  watch->is_up = is_up;
  if (watch->since_us == 0)
    begin_to_miss (watch);
  arm (watch);
}

static void
on_host_removed (TernInventory *inventory, const char *name, TernHerald *self)
{
  const Watch *watch = g_hash_table_lookup (self->hosts, name);
  gboolean was_told = watch != NULL && watch->is_told;

  (void) inventory;
  g_hash_table_remove (self->hosts, name);
  if (was_told)
    put_lost (self);
}

void
tern_herald_watch_hosts (TernHerald *self)
{
  g_autoptr (GPtrArray) hosts = tern_inventory_get_hosts (self->inventory);

  self->hosts = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, watch_free);
  g_signal_connect_object (self->inventory, "host-changed", G_CALLBACK (on_host_changed), self, 0);
  g_signal_connect_object (self->inventory, "host-removed", G_CALLBACK (on_host_removed), self, 0);
  for (guint i = 0; i < hosts->len; i++)
    on_host_changed (self->inventory, hosts->pdata[i], self);
}

void
tern_herald_load_lost (TernHerald *self, const char *const *lost)
{
  for (; lost != NULL && *lost != NULL; lost++)
    {
      Watch *watch = g_hash_table_lookup (self->hosts, *lost);

      if (watch == NULL)
        continue;
      watch->is_told = TRUE;
      if (watch->since_us == 0)
        begin_to_miss (watch);
      arm (watch);
    }
}

void
tern_herald_forget_hosts (TernHerald *self)
{
  g_clear_pointer (&self->hosts, g_hash_table_unref);
}
