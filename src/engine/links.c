/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * How fast the migration links are. What the admin said counts; else what moves showed.
 *
 * A move shows the rate of a link only if it had the link for itself: one that shared a host with
 * another move, or was held to a bandwidth, shows how much it got. Such a rate only says that the
 * link carries at least so much.
 */
#include "config.h"

#include "engine/links.h"

/* The last moves; more do not make it better known. */
#define MAX_SIGHTS 256

/* What one move showed. */
typedef struct
{
  guint64 id;
  char *source;
  char *destination;
  gint64 from_us;
  gint64 to_us;  /* G_MAXINT64 while it runs */
  gboolean held; /* it was not to take more */
  guint64 bps;   /* 0: nothing, but it was there */
} Sight;

struct _TernLinks
{
  TernInventory *inventory;
  GPtrArray *sights; /* Sight, by id */

  gboolean known;      /* what follows is made from @sights */
  GHashTable *hosts;   /* name -> guint64 */
  GHashTable *paths;   /* "SOURCE/DESTINATION", both sorted -> guint64 */
  GHashTable *streams; /* name of a source -> guint64: the most that one move took */
};

const char *
tern_link_source_to_string (TernLinkSource source)
{
  static const char *const names[] = {
    [TERN_LINK_UNKNOWN] = "unknown",
    [TERN_LINK_CONFIGURED] = "configured",
    [TERN_LINK_SEEN] = "seen",
  };

  g_return_val_if_fail ((guint) source < G_N_ELEMENTS (names), "unknown");
  return names[source];
}

static void
sight_free (Sight *sight)
{
  g_free (sight->source);
  g_free (sight->destination);
  g_free (sight);
}

TernLinks *
tern_links_new (TernInventory *inventory)
{
  TernLinks *self = g_new0 (TernLinks, 1);

  self->inventory = g_object_ref (inventory);
  self->sights = g_ptr_array_new_with_free_func ((GDestroyNotify) sight_free);
  self->hosts = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  self->paths = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  self->streams = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  return self;
}

void
tern_links_free (TernLinks *self)
{
  if (self == NULL)
    return;

  g_object_unref (self->inventory);
  g_ptr_array_unref (self->sights);
  g_hash_table_unref (self->hosts);
  g_hash_table_unref (self->paths);
  g_hash_table_unref (self->streams);
  g_free (self);
}

/* Learning */

/* Returns: index of the first with this id or a higher one */
static guint
find_place (const TernLinks *self, guint64 id)
{
  guint i = self->sights->len;

  while (i > 0 && ((const Sight *) self->sights->pdata[i - 1])->id >= id)
    i--;
  return i;
}

static gboolean
is_held (const TernTaskRecord *record)
{
  return record->options.bandwidth_bps > 0;
}

static void
update_sight (TernLinks *self, Sight *sight, const TernTaskRecord *record)
{
  gint64 to_us = record->finished_us > 0 ? record->finished_us : G_MAXINT64;

  if (sight->bps == record->link_bps && sight->from_us == record->copy_began_us
      && sight->to_us == to_us && g_str_equal (sight->destination, record->destination))
    return;
  g_free (sight->destination);
  sight->destination = g_strdup (record->destination);
  sight->from_us = record->copy_began_us;
  sight->to_us = to_us;
  sight->held = is_held (record);
  sight->bps = record->link_bps;
  self->known = FALSE;
}

void
tern_links_learn (TernLinks *self, const TernTaskRecord *record)
{
  guint place;
  Sight *sight;

  g_return_if_fail (self != NULL);

  if (tern_task_record_is_start (record) || record->copy_began_us == 0)
    return;
  place = find_place (self, record->id);
  sight = place < self->sights->len ? self->sights->pdata[place] : NULL;
  if (sight == NULL || sight->id != record->id)
    {
      sight = g_new0 (Sight, 1);
      sight->id = record->id;
      sight->source = g_strdup (record->source);
      sight->destination = g_strdup (record->destination);
      g_ptr_array_insert (self->sights, (int) place, sight);
    }
  update_sight (self, sight, record);
  if (self->sights->len > MAX_SIGHTS)
    g_ptr_array_remove_index (self->sights, 0);
}

/* Concluding */

static gboolean
touches (const Sight *sight, const char *host)
{
  return g_str_equal (sight->source, host) || g_str_equal (sight->destination, host);
}

static gboolean
had_the_link (const TernLinks *self, const Sight *sight)
{
  if (sight->held)
    return FALSE;
  for (guint i = 0; i < self->sights->len; i++)
    {
      const Sight *other = self->sights->pdata[i];

      if (other != sight && other->from_us < sight->to_us && sight->from_us < other->to_us
          && (touches (other, sight->source) || touches (other, sight->destination)))
        return FALSE;
    }
  return TRUE;
}

static char *
make_key (const char *source, const char *destination)
{
  gboolean sorted = strcmp (source, destination) < 0;

  return g_strdup_printf ("%s/%s", sorted ? source : destination, sorted ? destination : source);
}

static guint64
look_up (GHashTable *table, const char *key)
{
  const guint64 *value = g_hash_table_lookup (table, key);

  return value != NULL ? *value : 0;
}

static void
put (GHashTable *table, const char *key, guint64 bps)
{
  g_hash_table_replace (table, g_strdup (key), g_memdup2 (&bps, sizeof bps));
}

static void
raise_to (GHashTable *table, const char *host, guint64 bps)
{
  if (bps > look_up (table, host))
    put (table, host, bps);
}

/* Both ends of a path carry at least what went over it. */
static void
conclude (TernLinks *self)
{
  GHashTableIter iter;
  gpointer key, value;

  if (self->known)
    return;
  self->known = TRUE;
  g_hash_table_remove_all (self->hosts);
  g_hash_table_remove_all (self->paths);
  g_hash_table_remove_all (self->streams);
  for (guint i = 0; i < self->sights->len; i++)
    {
      const Sight *sight = self->sights->pdata[i];
      g_autofree char *path = make_key (sight->source, sight->destination);

      if (sight->bps > 0
          && (had_the_link (self, sight) || sight->bps > look_up (self->paths, path)))
        put (self->paths, path, sight->bps);
      if (!sight->held)
        raise_to (self->streams, sight->source, sight->bps);
    }
  g_hash_table_iter_init (&iter, self->paths);
  while (g_hash_table_iter_next (&iter, &key, &value))
    {
      g_auto (GStrv) ends = g_strsplit (key, "/", 2);

      raise_to (self->hosts, ends[0], *(guint64 *) value);
      raise_to (self->hosts, ends[1], *(guint64 *) value);
    }
}

/* Answers */

static guint64
get_configured (const TernLinks *self, const char *name)
{
  const TernHost *host = tern_inventory_find_host (self->inventory, name);

  return host != NULL ? host->config->link_bps : 0;
}

static guint64
answer (guint64 bps, TernLinkSource source, TernLinkSource *out_source)
{
  if (out_source != NULL)
    *out_source = bps > 0 ? source : TERN_LINK_UNKNOWN;
  return bps;
}

guint64
tern_links_get_host (const TernLinks *self, const char *host, TernLinkSource *out_source)
{
  guint64 configured;

  g_return_val_if_fail (self != NULL, 0);

  configured = get_configured (self, host);
  if (configured > 0)
    return answer (configured, TERN_LINK_CONFIGURED, out_source);
  conclude ((TernLinks *) self);
  return answer (look_up (self->hosts, host), TERN_LINK_SEEN, out_source);
}

/* The narrower end, of those that are known. */
static guint64
get_narrower (const TernLinks *self, const char *source, const char *destination,
              TernLinkSource *out_source)
{
  TernLinkSource at_source, at_destination;
  guint64 one = tern_links_get_host (self, source, &at_source);
  guint64 other = tern_links_get_host (self, destination, &at_destination);

  if (other == 0 || (one > 0 && one <= other))
    return answer (one, at_source, out_source);
  return answer (other, at_destination, out_source);
}

guint64
tern_links_get_path (const TernLinks *self, const char *source, const char *destination,
                     TernLinkSource *out_source)
{
  g_autofree char *path = NULL;
  guint64 seen;

  g_return_val_if_fail (self != NULL, 0);

  path = make_key (source, destination);
  conclude ((TernLinks *) self);
  seen = look_up (self->paths, path);
  if (seen == 0 || (get_configured (self, source) > 0 && get_configured (self, destination) > 0))
    return get_narrower (self, source, destination, out_source);
  return answer (seen, TERN_LINK_SEEN, out_source);
}

guint64
tern_links_get_stream (const TernLinks *self, const char *host)
{
  g_return_val_if_fail (self != NULL, 0);

  conclude ((TernLinks *) self);
  return look_up (self->streams, host);
}
