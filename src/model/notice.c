/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Who is told of what.
 */
#include "config.h"

#include "model/notice.h"

#include "base/error.h"
#include "base/text.h"
#include "model/host.h"

#include <gio/gio.h>

#include <string.h>

#define MAX_URL 2048
#define MAX_PATH 4096
#define MAX_PINS 4
#define PIN_PREFIX "sha256//"
#define SHA256_SIZE 32

static const char *const kinds[TERN_N_NOTICES] = {
  [TERN_NOTICE_TASK_ENDED] = "task.ended",     [TERN_NOTICE_ATTENTION] = "task.attention",
  [TERN_NOTICE_REMAINDER] = "drain.remainder", [TERN_NOTICE_HOST_LOST] = "host.lost",
  [TERN_NOTICE_HOST_BACK] = "host.back",       [TERN_NOTICE_TEST] = "test",
};

const char *
tern_notice_kind_to_string (TernNoticeKind kind)
{
  g_return_val_if_fail ((guint) kind < TERN_N_NOTICES, "unknown");
  return kinds[kind];
}

gboolean
tern_notice_kind_from_string (const char *name, TernNoticeKind *out_kind)
{
  for (guint i = 0; i < TERN_N_NOTICES; i++)
    if (g_strcmp0 (name, kinds[i]) == 0)
      {
        *out_kind = i;
        return TRUE;
      }
  return FALSE;
}

TernWebhook *
tern_webhook_new (const char *name, const char *url)
{
  TernWebhook *self = g_new0 (TernWebhook, 1);

  self->name = g_strdup (name);
  self->url = g_strdup (url);
  return self;
}

TernWebhook *
tern_webhook_copy (const TernWebhook *self)
{
  TernWebhook *copy = tern_webhook_new (self->name, self->url);

  copy->kinds = g_strdupv (self->kinds);
  copy->ca_file = g_strdup (self->ca_file);
  copy->pin = g_strdup (self->pin);
  copy->secret_file = g_strdup (self->secret_file);
  copy->created_us = self->created_us;
  return copy;
}

void
tern_webhook_free (TernWebhook *self)
{
  if (self == NULL)
    return;

  g_free (self->name);
  g_free (self->url);
  g_strfreev (self->kinds);
  g_free (self->ca_file);
  g_free (self->pin);
  g_free (self->secret_file);
  g_free (self);
}

/* --- checks --- */

static gboolean
refuse (GError **error, const char *sentence)
{
  g_set_error_literal (error, TERN_ERROR, TERN_ERROR_INVALID_ARGUMENT, sentence);
  return FALSE;
}

static gboolean
consists_of (const char *text, const char *others)
{
  for (; *text != '\0'; text++)
    if (!g_ascii_isalnum (*text) && strchr (others, *text) == NULL)
      return FALSE;
  return TRUE;
}

static gboolean
is_loopback (const char *host)
{
  g_autoptr (GInetAddress) address = g_inet_address_new_from_string (host);

  if (address == NULL)
    return g_ascii_strcasecmp (host, "localhost") == 0;
  return g_inet_address_get_is_loopback (address);
}

/* As it is written: GUri has a host's escapes decoded already. */
static gboolean
has_plain_host (const char *url)
{
  const char *start = strstr (url, "://");
  g_autofree char *authority = NULL;

  if (start == NULL)
    return FALSE;
  start += strlen ("://");
  authority = g_strndup (start, strcspn (start, "/?#"));
  return *authority != '\0' && consists_of (authority, "-.:[]");
}

/* The URL is read by another parser when it is used: so only what all understand alike passes.
 * Nothing of it is repeated, since there may be a secret in it. */
static gboolean
check_url (const char *url, gboolean *out_is_tls, GError **error)
{
  g_autoptr (GUri) uri = NULL;
  const char *host;

  if (strlen (url) > MAX_URL || !consists_of (url, "-._~:/?#[]@!$&'()*+,;=%")
      || (uri = g_uri_parse (url, G_URI_FLAGS_ENCODED, NULL)) == NULL)
    return refuse (error, "The URL of a webhook is one such as https://hooks.example.org/virtern, "
                          "of at most 2048 characters");
  *out_is_tls = g_str_equal (g_uri_get_scheme (uri), "https");
  if (!*out_is_tls && !g_str_equal (g_uri_get_scheme (uri), "http"))
    return refuse (error, "The URL of a webhook begins with https://");
  if (g_uri_get_userinfo (uri) != NULL)
    return refuse (error, "The URL of a webhook has no user or password in it: it is stored and "
                          "shown. Use a secret file");
  if (g_uri_get_fragment (uri) != NULL)
    return refuse (error, "The URL of a webhook has no fragment (“#…”): it would not be sent");
  host = g_uri_get_host (uri);
  if (host == NULL || *host == '\0' || !has_plain_host (url) || g_uri_get_port (uri) == 0)
    return refuse (error, "The URL of a webhook names a host, such as https://hooks.example.org/");
  if (!*out_is_tls && !is_loopback (host))
    return refuse (error,
                   "The URL of a webhook begins with https://; http:// is only for receivers "
                   "on this machine (localhost, 127.0.0.1 or [::1])");
  return TRUE;
}

static gboolean
is_pin (const char *pin)
{
  g_autofree guint8 *bytes = NULL;
  g_autofree char *again = NULL;
  gsize size = 0;

  if (!g_str_has_prefix (pin, PIN_PREFIX))
    return FALSE;
  pin += strlen (PIN_PREFIX);
  bytes = g_base64_decode (pin, &size);
  again = g_base64_encode (bytes, size);
  return size == SHA256_SIZE && g_str_equal (again, pin);
}

static gboolean
check_pin (const char *pin, GError **error)
{
  g_auto (GStrv) pins = g_strsplit (pin, ";", 0);
  guint n = g_strv_length (pins);

  for (guint i = 0; i < n; i++)
    if (!is_pin (pins[i]))
      n = 0;
  return (n > 0 && n <= MAX_PINS)
         || refuse (error, "A pin is “sha256//” and the SHA-256 of the public key in Base64, 44 "
                           "characters; up to four with “;” between them");
}

static gboolean
is_shown_as_it_is (const char *text)
{
  g_autofree char *visible = tern_text_visible (text, 0);

  return g_str_equal (visible, text);
}

static gboolean
is_path (const char *path)
{
  return g_path_is_absolute (path) && strlen (path) < MAX_PATH && is_shown_as_it_is (path);
}

static gboolean
is_credential (const char *name)
{
  return *name != '\0' && *name != '.' && strlen (name) <= 255 && strchr (name, '/') == NULL
         && is_shown_as_it_is (name);
}

static gboolean
check_kinds (char **words, GError **error)
{
  TernNoticeKind kind;

  if (words[0] == NULL)
    return refuse (error, "A webhook that wants no event has no use; name at least one, or none to "
                          "have all");
  for (; *words != NULL; words++)
    if (!tern_notice_kind_from_string (*words, &kind) || kind == TERN_NOTICE_TEST)
      {
        g_autofree char *visible = tern_text_visible (*words, 60);

        g_set_error (error, TERN_ERROR, TERN_ERROR_INVALID_ARGUMENT,
                     "There is no event “%s”; there are task.ended, task.attention, "
                     "drain.remainder, host.lost and host.back",
                     visible);
        return FALSE;
      }
  return TRUE;
}

gboolean
tern_webhook_check (const TernWebhook *self, GError **error)
{
  gboolean is_tls;

  if (!tern_host_name_check (self->name, NULL))
    return refuse (error,
                   "The name of a webhook is 1 to 255 letters, digits, “.”, “_” and “-”, and "
                   "begins with a letter or digit");
  if (!check_url (self->url, &is_tls, error))
    return FALSE;
  if (!is_tls && (self->ca_file != NULL || self->pin != NULL))
    return refuse (error, "A CA file or a pin is for https:// only");
  if (self->ca_file != NULL && !is_path (self->ca_file))
    return refuse (error, "The CA file of a webhook is an absolute path");
  if (self->pin != NULL && !check_pin (self->pin, error))
    return FALSE;
  if (self->secret_file != NULL && !is_path (self->secret_file)
      && !is_credential (self->secret_file))
    return refuse (error, "The secret file of a webhook is an absolute path, or the name of a "
                          "credential of the service");
  return self->kinds == NULL || check_kinds (self->kinds, error);
}

gboolean
tern_webhook_wants (const TernWebhook *self, TernNoticeKind kind)
{
  return self->kinds == NULL || kind == TERN_NOTICE_TEST
         || g_strv_contains ((const char *const *) self->kinds, tern_notice_kind_to_string (kind));
}

TernNotice *
tern_notice_new (TernNoticeKind kind, const char *subject)
{
  TernNotice *self = g_new0 (TernNotice, 1);

  self->kind = kind;
  self->subject = g_strdup (subject);
  return self;
}

TernNotice *
tern_notice_copy (const TernNotice *self)
{
  TernNotice *copy = g_new0 (TernNotice, 1);

  *copy = *self;
  copy->webhook = g_strdup (self->webhook);
  copy->uid = g_strdup (self->uid);
  copy->subject = g_strdup (self->subject);
  copy->body = g_strdup (self->body);
  copy->error = g_strdup (self->error);
  return copy;
}

void
tern_notice_free (TernNotice *self)
{
  if (self == NULL)
    return;

  g_free (self->webhook);
  g_free (self->uid);
  g_free (self->subject);
  g_free (self->body);
  g_free (self->error);
  g_free (self);
}
