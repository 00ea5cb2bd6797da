/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * TernNoticeKind: what others are told of
 * @TERN_NOTICE_TASK_ENDED: "task.ended": a task ended: done, failed or cancelled
 * @TERN_NOTICE_ATTENTION: "task.attention": a task needs a person
 * @TERN_NOTICE_REMAINDER: "drain.remainder": a drain or return ended with VMs left
 * @TERN_NOTICE_HOST_LOST: "host.lost": a host has not answered for 30 s
 * @TERN_NOTICE_HOST_BACK: "host.back": it answers again
 * @TERN_NOTICE_TEST: "test": somebody asked whether a webhook works
 */
typedef enum
{
  TERN_NOTICE_TASK_ENDED,
  TERN_NOTICE_ATTENTION,
  TERN_NOTICE_REMAINDER,
  TERN_NOTICE_HOST_LOST,
  TERN_NOTICE_HOST_BACK,
  TERN_NOTICE_TEST,
  TERN_N_NOTICES
} TernNoticeKind;

const char *tern_notice_kind_to_string (TernNoticeKind kind);
gboolean tern_notice_kind_from_string (const char *name, TernNoticeKind *out_kind);

/**
 * TernWebhook: an endpoint that is told
 * @name: as a host's, see tern_host_name_check()
 * @url: https://…, or http:// to a loopback address only; no user or password in it
 * @kinds: (nullable) (array zero-terminated=1): words of #TernNoticeKind; %NULL for all
 * @ca_file: (nullable): absolute path: only certificates of these authorities are taken
 * @pin: (nullable): "sha256//BASE64" of the endpoint's public key (as curl's
 *   CURLOPT_PINNEDPUBLICKEY), up to four with ";" between them: checked besides the certificate
 * @secret_file: (nullable): absolute path of a file of mode 0600 or less, or a bare name: that of a
 *   credential in $CREDENTIALS_DIRECTORY. It holds the key of the signature; the key itself is
 *   never stored
 * @created_us: wall time
 */
typedef struct
{
  char *name;
  char *url;
  GStrv kinds;
  char *ca_file;
  char *pin;
  char *secret_file;
  gint64 created_us;
} TernWebhook;

TernWebhook *tern_webhook_new (const char *name, const char *url);
TernWebhook *tern_webhook_copy (const TernWebhook *self);
void tern_webhook_free (TernWebhook *self);
/** tern_webhook_check: everything but whether the files are there. @error:
 * %TERN_ERROR_INVALID_ARGUMENT */
gboolean tern_webhook_check (const TernWebhook *self, GError **error);
/** tern_webhook_wants: Returns: whether its filter lets @kind pass; a test always passes */
gboolean tern_webhook_wants (const TernWebhook *self, TernNoticeKind kind);

/**
 * TernNotice: one thing that somebody is to be told
 * @id: of the row, 0 before it is stored
 * @webhook: name of the one it goes to; (nullable) before it was handed out to them
 * @uid: the CloudEvents id: a UUID; the same whenever it is sent again
 * @kind: what it is
 * @subject: what it is about: UUID of the VM, or "host/NAME", or "task/ID" for a drain; notices of
 *   one subject reach an endpoint in their order
 * @time_us: wall time of what happened
 * @body: the CloudEvents document, JSON
 * @attempts: how often it was sent
 * @next_us: wall time before which it is not sent again
 * @error: (nullable): why the last attempt failed
 */
typedef struct
{
  guint64 id;
  char *webhook;
  char *uid;
  TernNoticeKind kind;
  char *subject;
  gint64 time_us;
  char *body;
  guint attempts;
  gint64 next_us;
  char *error;
} TernNotice;

TernNotice *tern_notice_new (TernNoticeKind kind, const char *subject);
TernNotice *tern_notice_copy (const TernNotice *self);
void tern_notice_free (TernNotice *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TernWebhook, tern_webhook_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TernNotice, tern_notice_free)

G_END_DECLS
