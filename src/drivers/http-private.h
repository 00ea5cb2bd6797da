/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "drivers/http.h"

#include <curl/curl.h>

G_BEGIN_DECLS

/**
 * TernHttpTransfer: one request, and what came back so far
 * @task: of the caller
 * @easy: (nullable): %NULL while it waits for its turn
 * @cancel: (nullable): tells of the caller's cancellable
 */
typedef struct
{
  GTask *task;
  CURL *easy;
  GSource *cancel;

  char *method;
  char *url;
  char *endpoint; /* scheme, host and port: all that people are told of the URL */
  struct curl_slist *headers;
  GBytes *body;
  char *ca_file;
  char *pin;
  guint connect_ms;
  guint total_ms;
  gsize max_response;

  char error[CURL_ERROR_SIZE];
  GString *answer;
  gsize header_size;
  gboolean header_ended; /* of the final answer, not of a 1xx */
} TernHttpTransfer;

/** tern_http_transfer_new: checks the URL. Returns: (transfer full) (nullable): without @task */
TernHttpTransfer *tern_http_transfer_new (const TernHttpRequest *request, GError **error);
void tern_http_transfer_free (TernHttpTransfer *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TernHttpTransfer, tern_http_transfer_free)

/** tern_http_transfer_open: makes @easy, with everything set but who drives it */
gboolean tern_http_transfer_open (TernHttpTransfer *self, GError **error);

/** tern_http_transfer_end: what became of it. Returns: (transfer full) (nullable) */
TernHttpResponse *tern_http_transfer_end (TernHttpTransfer *self, CURLcode code, GError **error);

G_END_DECLS
