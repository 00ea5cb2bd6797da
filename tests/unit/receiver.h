/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

/*
 * receiver.py as a child of the test, and certificates for it.
 */
typedef struct
{
  GSubprocess *process;
  char *dir; /* scratch: its log, and whatever the test puts there; removed with it */
  char *log;
  guint port;
  gboolean is_tls;
} Receiver;

/** receiver_make_certificates: once per program, before the tests; removed at its end */
void receiver_make_certificates (void);
/** receiver_certificate: Returns: (transfer full): path of a file of make-certificates */
char *receiver_certificate (const char *file);
/** receiver_pin: Returns: (transfer full): of the certificate "good" */
char *receiver_pin (void);

/** receiver_init: @certificate: (nullable): its name, NULL to speak plain HTTP; @secret: (nullable)
 */
void receiver_init (Receiver *self, const char *certificate, const char *secret);
void receiver_clear (Receiver *self);
/** receiver_url: Returns: (transfer full) */
char *receiver_url (const Receiver *self, const char *path);
/** receiver_read_log: Returns: (transfer full) (array zero-terminated=1): lines of JSON */
GStrv receiver_read_log (const Receiver *self);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Receiver, receiver_clear)
