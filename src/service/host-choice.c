/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * How an admin wants a host to be used: one reader for AddHost and SetHost.
 */
#include "config.h"

#include "service/host-choice.h"

#include "base/error.h"
#include "base/text.h"
#include "model/move.h"

#define MAX_ADDRESS 255
#define MAX_RESERVE (G_GUINT64_CONSTANT (1) << 50)
/* libvirt counts in MiB/s; a link that carries less than one moves no VM. */
#define MIN_RATE (G_GUINT64_CONSTANT (1) << 20)
#define MAX_RATE (G_GUINT64_CONSTANT (1) << 50)

/* A host name, an IPv4 address, or an IPv6 address with or without brackets. */
static gboolean
check_address (const char *address, GError **error)
{
  gsize length = strlen (address);
  g_autofree char *bare = g_strdup (address);
  g_autofree char *shown = NULL;

  /* What has a colon is an IPv6 address: the port is the destination's to choose. */
  if (length > 2 && address[0] == '[' && address[length - 1] == ']')
    {
      g_free (bare);
      bare = g_strndup (address + 1, length - 2);
      if (g_hostname_is_ip_address (bare))
        return TRUE;
    }
  else if (length > 0 && length <= MAX_ADDRESS && address[0] != '-'
           && (g_hostname_is_ip_address (address)
               || strspn (address, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS ".-_") == length))
    return TRUE;

  shown = tern_text_visible (address, 60);
  g_set_error (error, TERN_ERROR, TERN_ERROR_INVALID_ARGUMENT,
               "The option “migration-address” is “%s”; it must be a host name or an IP address",
               shown);
  return FALSE;
}

static gboolean
check_peer_uri (const char *uri, GError **error)
{
  if (tern_host_uri_check (uri, error))
    return TRUE;
  g_prefix_error (error, "The option “peer-uri”: ");
  return FALSE;
}

/* The same letters as for hosts: it goes into commands and files. */
static gboolean
check_cluster (const char *cluster, GError **error)
{
  if (tern_host_name_check (cluster, error))
    return TRUE;
  g_prefix_error (error, "The option “cluster”: ");
  return FALSE;
}

/* @none: (nullable): what "" stands for */
static gboolean
apply_text (GVariant *options, const char *key,
            gboolean (*check) (const char *text, GError **error), const char *none, char **field,
            GError **error)
{
  const char *text;

  if (!g_variant_lookup (options, key, "&s", &text))
    return TRUE;
  if (*text == '\0')
    text = none;
  else if (!check (text, error))
    return FALSE;
  g_free (*field);
  *field = g_strdup (text);
  return TRUE;
}

static gboolean
apply_reserve (GVariant *options, TernHostConfig *config, GError **error)
{
  if (!g_variant_lookup (options, "memory-reserve", "t", &config->memory_reserve)
      || config->memory_reserve <= MAX_RESERVE)
    return TRUE;
  g_set_error (error, TERN_ERROR, TERN_ERROR_INVALID_ARGUMENT,
               "The option “memory-reserve” is %" G_GUINT64_FORMAT
               " bytes; more than %" G_GUINT64_FORMAT " (1 PiB) makes no sense",
               config->memory_reserve, MAX_RESERVE);
  return FALSE;
}

static gboolean
apply_limit (GVariant *options, const char *key, guint *limit, GError **error)
{
  if (!g_variant_lookup (options, key, "u", limit) || *limit <= TERN_LIMIT_MAX)
    return TRUE;
  g_set_error (error, TERN_ERROR, TERN_ERROR_INVALID_ARGUMENT,
               "The option “%s” is %u; it must be 1 to %d, or 0 for the limit of all hosts", key,
               *limit, TERN_LIMIT_MAX);
  return FALSE;
}

static gboolean
apply_rate (GVariant *options, const char *key, const char *none, guint64 *rate, GError **error)
{
  if (!g_variant_lookup (options, key, "t", rate) || *rate == 0
      || (*rate >= MIN_RATE && *rate <= MAX_RATE))
    return TRUE;
  g_set_error (error, TERN_ERROR, TERN_ERROR_INVALID_ARGUMENT,
               "The option “%s” is %" G_GUINT64_FORMAT
               " bytes per second; it must be %" G_GUINT64_FORMAT " (1 MiB/s) to %" G_GUINT64_FORMAT
               " (1 PiB/s), or 0 for %s",
               key, *rate, MIN_RATE, MAX_RATE, none);
  return FALSE;
}

gboolean
tern_host_choice_apply (GVariant *options, TernHostConfig *config, GError **error)
{
  return apply_text (options, "peer-uri", check_peer_uri, NULL, &config->peer_uri, error)
         && apply_text (options, "migration-address", check_address, NULL,
                        &config->migration_address, error)
         && apply_text (options, "cluster", check_cluster, TERN_CLUSTER_DEFAULT, &config->cluster,
                        error)
         && apply_reserve (options, config, error)
         && apply_limit (options, "limit-out", &config->limit_out, error)
         && apply_limit (options, "limit-in", &config->limit_in, error)
         && apply_rate (options, "link-rate", "what moves show", &config->link_bps, error)
         && apply_rate (options, "bandwidth", "no limit", &config->bandwidth_bps, error);
}
