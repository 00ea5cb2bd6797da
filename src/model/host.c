/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Hosts: what is stored of them, what they say of themselves, how they are now.
 */
#include "config.h"

#include "model/host.h"

#include "base/error.h"
#include "base/text.h"

#define MAX_NAME 255
#define MAX_URI 1024

static const char *const state_names[TERN_HOST_N_STATES] = {
  [TERN_HOST_CONNECTING] = "connecting",
  [TERN_HOST_UP] = "up",
  [TERN_HOST_UNREACHABLE] = "unreachable",
};

const char *
tern_host_state_to_string (TernHostState state)
{
  g_return_val_if_fail ((guint) state < TERN_HOST_N_STATES, "unknown");
  return state_names[state];
}

TernHostFacts *
tern_host_facts_new (void)
{
  TernHostFacts *self = g_new0 (TernHostFacts, 1);

  g_atomic_ref_count_init (&self->refs);
  self->load_permille = -1;
  return self;
}

static GPtrArray *
share_list (GPtrArray *list)
{
  return list != NULL ? g_ptr_array_ref (list) : NULL;
}

TernHostFacts *
tern_host_facts_copy (const TernHostFacts *self)
{
  TernHostFacts *copy = g_memdup2 (self, sizeof *self);

  g_atomic_ref_count_init (&copy->refs);
  copy->uuid = g_strdup (self->uuid);
  copy->hostname = g_strdup (self->hostname);
  copy->arch = g_strdup (self->arch);
  copy->cpu = self->cpu != NULL ? tern_cpu_ref (self->cpu) : NULL;
  copy->virt_types = g_strdupv (self->virt_types);
  copy->machines = g_strdupv (self->machines);
  copy->cpu_models = g_strdupv (self->cpu_models);
  copy->cpu_signature = g_strdup (self->cpu_signature);
  copy->hugepages = share_list (self->hugepages);
  copy->networks = share_list (self->networks);
  copy->interfaces = g_strdupv (self->interfaces);
  copy->pools = share_list (self->pools);
  copy->secrets = g_strdupv (self->secrets);
  return copy;
}

TernHostFacts *
tern_host_facts_ref (TernHostFacts *self)
{
  g_atomic_ref_count_inc (&self->refs);
  return self;
}

void
tern_host_facts_unref (TernHostFacts *self)
{
  if (self == NULL || !g_atomic_ref_count_dec (&self->refs))
    return;

  g_free (self->uuid);
  g_free (self->hostname);
  g_free (self->arch);
  tern_cpu_unref (self->cpu);
  g_strfreev (self->virt_types);
  g_strfreev (self->machines);
  g_strfreev (self->cpu_models);
  g_free (self->cpu_signature);
  g_clear_pointer (&self->hugepages, g_ptr_array_unref);
  g_clear_pointer (&self->networks, g_ptr_array_unref);
  g_strfreev (self->interfaces);
  g_clear_pointer (&self->pools, g_ptr_array_unref);
  g_strfreev (self->secrets);
  g_free (self);
}

TernHostConfig *
tern_host_config_new (const char *name, const char *uri)
{
  TernHostConfig *self = g_new0 (TernHostConfig, 1);

  g_atomic_ref_count_init (&self->refs);
  self->name = g_strdup (name);
  self->uri = g_strdup (uri);
  self->cluster = g_strdup (TERN_CLUSTER_DEFAULT);
  return self;
}

TernHostConfig *
tern_host_config_copy (const TernHostConfig *self)
{
  TernHostConfig *copy = tern_host_config_new (self->name, self->uri);

  copy->peer_uri = g_strdup (self->peer_uri);
  copy->migration_address = g_strdup (self->migration_address);
  copy->uuid = g_strdup (self->uuid);
  g_free (copy->cluster);
  copy->cluster = g_strdup (self->cluster);
  copy->memory_reserve = self->memory_reserve;
  copy->duty = self->duty;
  copy->duty_task = self->duty_task;
  copy->limit_out = self->limit_out;
  copy->limit_in = self->limit_in;
  copy->link_bps = self->link_bps;
  copy->bandwidth_bps = self->bandwidth_bps;
  return copy;
}

TernHostConfig *
tern_host_config_ref (TernHostConfig *self)
{
  g_atomic_ref_count_inc (&self->refs);
  return self;
}

void
tern_host_config_unref (TernHostConfig *self)
{
  if (self == NULL || !g_atomic_ref_count_dec (&self->refs))
    return;

  g_free (self->name);
  g_free (self->uri);
  g_free (self->peer_uri);
  g_free (self->migration_address);
  g_free (self->uuid);
  g_free (self->cluster);
  g_free (self);
}

gboolean
tern_host_name_check (const char *name, GError **error)
{
  g_autofree char *shown = tern_text_visible (name, 40);
  gsize length = name != NULL ? strlen (name) : 0;
  gboolean good = length > 0 && g_ascii_isalnum (name[0]);

  for (gsize i = 0; good && i < length; i++)
    good = g_ascii_isalnum (name[i]) || strchr ("._-", name[i]) != NULL;
  if (good && length <= MAX_NAME)
    return TRUE;

  if (length > MAX_NAME)
    g_set_error (error, TERN_ERROR, TERN_ERROR_INVALID_ARGUMENT,
                 "The host name “%s” is %zu characters long; at most %d are allowed", shown, length,
                 MAX_NAME);
  else
    g_set_error (error, TERN_ERROR, TERN_ERROR_INVALID_ARGUMENT,
                 "“%s” cannot be a host name: use letters, digits, “.”, “_” and “-”, and start "
                 "with a letter or digit",
                 shown);
  return FALSE;
}

static gboolean
scheme_is_known (const char *scheme)
{
  static const char *const known[] = { "qemu",         "qemu+ssh",  "qemu+tls",
                                       "qemu+tcp",     "qemu+unix", "qemu+libssh",
                                       "qemu+libssh2", "test",      "sim" };

  for (guint i = 0; i < G_N_ELEMENTS (known); i++)
    if (g_ascii_strcasecmp (scheme, known[i]) == 0)
      return TRUE;
  return FALSE;
}

/* What cannot be shown as it is could be taken for the URI of another host. */
static gboolean
has_bad_character (const char *uri)
{
  g_autofree char *visible = tern_text_visible (uri, 0);

  return !g_str_equal (uri, visible) || strpbrk (uri, " \"'<>") != NULL;
}

/*
 * The parameters of libvirt's remote driver that only say how to connect. Not "command" and
 * "netcat": they name a program, which would run as the daemon's user, or, in a peer URI, as root
 * on the other hosts.
 */
static gboolean
has_good_parameters (GUri *uri)
{
  static const char *const allowed[] = { "mode",
                                         "proxy",
                                         "socket",
                                         "keyfile",
                                         "known_hosts",
                                         "pkipath",
                                         "no_verify",
                                         "known_hosts_verify",
                                         "tls_priority",
                                         "no_tty",
                                         "sshauth",
                                         "no_sanity",
                                         NULL };
  const char *query = g_uri_get_query (uri);
  g_autoptr (GHashTable) params = NULL;
  GHashTableIter iter;
  gpointer name;

  if (query == NULL || *query == '\0')
    return TRUE;
  params = g_uri_parse_params (query, -1, "&;", G_URI_PARAMS_NONE, NULL);
  if (params == NULL)
    return FALSE;
  g_hash_table_iter_init (&iter, params);
  while (g_hash_table_iter_next (&iter, &name, NULL))
    if (!g_strv_contains (allowed, name))
      return FALSE;
  return TRUE;
}

/* What begins with a dash could be taken for an option of ssh. */
static gboolean
has_good_authority (GUri *uri)
{
  const char *host = g_uri_get_host (uri), *user = g_uri_get_userinfo (uri);

  return (host == NULL || host[0] != '-') && (user == NULL || user[0] != '-')
         && g_uri_get_fragment (uri) == NULL;
}

gboolean
tern_host_uri_check (const char *uri, GError **error)
{
  g_autofree char *shown = tern_text_visible (uri, 80);
  g_autoptr (GUri) parsed = NULL;

  if (uri != NULL && strlen (uri) <= MAX_URI && !has_bad_character (uri))
    parsed = g_uri_parse (uri, G_URI_FLAGS_NON_DNS | G_URI_FLAGS_ENCODED, NULL);
  if (parsed != NULL && scheme_is_known (g_uri_get_scheme (parsed)) && has_good_authority (parsed)
      && has_good_parameters (parsed))
    return TRUE;

  g_set_error (error, TERN_ERROR, TERN_ERROR_INVALID_ARGUMENT,
               "“%s” is not a libvirt URI that can be used here; examples: "
               "qemu+ssh://root@HOST/system, qemu+tls://HOST/system",
               shown);
  return FALSE;
}

TernHost *
tern_host_new (TernHostConfig *config, TernHostState state, TernHostFacts *facts, gint64 seen_us,
               const char *error)
{
  TernHost *self = g_new0 (TernHost, 1);

  g_atomic_ref_count_init (&self->refs);
  self->config = tern_host_config_ref (config);
  self->state = state;
  self->facts = facts != NULL ? tern_host_facts_ref (facts) : NULL;
  self->seen_us = seen_us;
  self->error = g_strdup (error);
  return self;
}

TernHost *
tern_host_ref (TernHost *self)
{
  g_atomic_ref_count_inc (&self->refs);
  return self;
}

void
tern_host_unref (TernHost *self)
{
  if (self == NULL || !g_atomic_ref_count_dec (&self->refs))
    return;

  tern_host_config_unref (self->config);
  tern_host_facts_unref (self->facts);
  g_free (self->error);
  g_free (self);
}
