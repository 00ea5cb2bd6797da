/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What tells this daemon's cluster from others. It is made once and lives in the store: whoever
 * copies the store copies it.
 */
#include "config.h"

#include "daemon/identity.h"

#include "base/error.h"

#include <errno.h>
#include <sys/random.h>

#define KEY_CLUSTER_ID "cluster-id"
#define KEY_PLAN_KEY "plan-key"
#define PLAN_KEY_BYTES 32

void
tern_identity_free (TernIdentity *self)
{
  if (self == NULL)
    return;

  g_free (self->cluster_id);
  g_clear_pointer (&self->plan_key, g_bytes_unref);
  g_free (self);
}

static char *
make_cluster_id (GError **error)
{
  (void) error;
  return g_uuid_string_random ();
}

static char *
make_plan_key (GError **error)
{
  guint8 key[PLAN_KEY_BYTES];

  if (getrandom (key, sizeof key, 0) == (gssize) sizeof key)
    return g_base64_encode (key, sizeof key);
  g_set_error (error, TERN_ERROR, TERN_ERROR_FAILED, "The kernel gives no random numbers: %s",
               g_strerror (errno));
  return NULL;
}

/* Returns: (transfer full) (nullable) */
static char *
load_or_make (TernStore *store, const char *key, char *(*make) (GError **error), GError **error)
{
  g_autoptr (GError) local = NULL;
  g_autofree char *text = tern_store_load_text (store, key, &local);

  if (text != NULL)
    return g_steal_pointer (&text);
  if (local != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&local));
      return NULL;
    }
  text = make (error);
  if (text == NULL || !tern_store_save_text (store, key, text, error))
    return NULL;
  return g_steal_pointer (&text);
}

static gboolean
refuse (const char *key, GError **error)
{
  g_set_error (error, TERN_ERROR, TERN_ERROR_STORE,
               "The store's “%s” is damaged; restore the store from a backup", key);
  return FALSE;
}

static gboolean
decode_key (const char *text, GBytes **out_key, GError **error)
{
  gsize size = 0;
  g_autofree guchar *bytes = g_base64_decode (text, &size);
  g_autofree char *again = g_base64_encode (bytes, size);

  if (size != PLAN_KEY_BYTES || !g_str_equal (again, text))
    return refuse (KEY_PLAN_KEY, error);
  *out_key = g_bytes_new (bytes, size);
  return TRUE;
}

TernIdentity *
tern_identity_load (TernStore *store, GError **error)
{
  g_autoptr (TernIdentity) self = g_new0 (TernIdentity, 1);
  g_autofree char *key = NULL;

  self->cluster_id = load_or_make (store, KEY_CLUSTER_ID, make_cluster_id, error);
  if (self->cluster_id == NULL)
    return NULL;
  if (!g_uuid_string_is_valid (self->cluster_id))
    {
      (void) refuse (KEY_CLUSTER_ID, error);
      return NULL;
    }
  key = load_or_make (store, KEY_PLAN_KEY, make_plan_key, error);
  if (key == NULL || !decode_key (key, &self->plan_key, error))
    return NULL;
  return g_steal_pointer (&self);
}
