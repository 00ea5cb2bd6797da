/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "drivers/libvirt-error.h"
#include "tern-check.h"

#include <string.h>

static const struct
{
  int code;
  int from;
  const char *text;
  gboolean connected;
  TernError error;
} table[] = {
  { VIR_ERR_NO_DOMAIN, VIR_FROM_QEMU, "Domain not found", TRUE, TERN_ERROR_NOT_FOUND },
  { VIR_ERR_OPERATION_ABORTED, VIR_FROM_QEMU, "canceled by client", TRUE, TERN_ERROR_CANCELLED },
  { VIR_ERR_OPERATION_TIMEOUT, VIR_FROM_QEMU, "cannot acquire state change lock", TRUE,
    TERN_ERROR_BUSY },
  { VIR_ERR_CPU_INCOMPATIBLE, VIR_FROM_CPU, "the CPU is incompatible", TRUE, TERN_ERROR_REFUSED },
  { VIR_ERR_MIGRATE_UNSAFE, VIR_FROM_QEMU, "Unsafe migration", TRUE, TERN_ERROR_REFUSED },
  { VIR_ERR_OPERATION_FAILED, VIR_FROM_QEMU,
    "guest CPU doesn't match specification: missing features: sse4.2,aes", TRUE,
    TERN_ERROR_REFUSED },
  { VIR_ERR_OPERATION_FAILED, VIR_FROM_QEMU, "domain is already active", TRUE, TERN_ERROR_FAILED },
  { VIR_ERR_INTERNAL_ERROR, VIR_FROM_QEMU, "qemu unexpectedly closed the monitor", TRUE,
    TERN_ERROR_FAILED },
  { VIR_ERR_RESOURCE_BUSY, VIR_FROM_QEMU, "busy", TRUE, TERN_ERROR_BUSY },
  { VIR_ERR_INVALID_ARG, VIR_FROM_QEMU, "bad", TRUE, TERN_ERROR_INVALID_ARGUMENT },
  { VIR_ERR_AUTH_FAILED, VIR_FROM_RPC, "authentication failed", FALSE, TERN_ERROR_NOT_AUTHORIZED },
  { VIR_ERR_AUTH_CANCELLED, VIR_FROM_RPC, "", FALSE, TERN_ERROR_NOT_AUTHORIZED },
  { VIR_ERR_AUTH_UNAVAILABLE, VIR_FROM_RPC, "", FALSE, TERN_ERROR_NOT_AUTHORIZED },
  { VIR_ERR_ACCESS_DENIED, VIR_FROM_ACCESS, "", TRUE, TERN_ERROR_NOT_AUTHORIZED },
  { VIR_ERR_OPERATION_DENIED, VIR_FROM_DOMAIN, "read only", TRUE, TERN_ERROR_NOT_AUTHORIZED },
  { VIR_ERR_NO_SUPPORT, VIR_FROM_TEST, "", TRUE, TERN_ERROR_NOT_SUPPORTED },
  { VIR_ERR_CONFIG_UNSUPPORTED, VIR_FROM_QEMU, "", TRUE, TERN_ERROR_NOT_SUPPORTED },
  { VIR_ERR_OPERATION_UNSUPPORTED, VIR_FROM_QEMU, "", TRUE, TERN_ERROR_NOT_SUPPORTED },
  { VIR_ERR_ARGUMENT_UNSUPPORTED, VIR_FROM_QEMU, "", TRUE, TERN_ERROR_NOT_SUPPORTED },
  /* our own connection, gone */
  { VIR_ERR_SYSTEM_ERROR, VIR_FROM_RPC, "Connection reset by peer", FALSE, TERN_ERROR_UNREACHABLE },
  { VIR_ERR_INTERNAL_ERROR, VIR_FROM_RPC, "client socket is closed", FALSE,
    TERN_ERROR_UNREACHABLE },
  { VIR_ERR_INTERNAL_ERROR, VIR_FROM_REMOTE, "", FALSE, TERN_ERROR_UNREACHABLE },
  { VIR_ERR_NO_CONNECT, VIR_FROM_NONE, "", FALSE, TERN_ERROR_UNREACHABLE },
  { VIR_ERR_INVALID_CONN, VIR_FROM_DOMAIN, "", FALSE, TERN_ERROR_UNREACHABLE },
  /* the source's connection to the destination: ours still stands */
  { VIR_ERR_SYSTEM_ERROR, VIR_FROM_RPC, "unable to connect to server at 'node2:16509'", TRUE,
    TERN_ERROR_FAILED },
  { VIR_ERR_INTERNAL_ERROR, VIR_FROM_RPC, "connection closed due to keepalive timeout", TRUE,
    TERN_ERROR_FAILED },
  /* ssh did not let us in */
  { VIR_ERR_SYSTEM_ERROR, VIR_FROM_RPC, "End of file: root@node: Permission denied (publickey).",
    FALSE, TERN_ERROR_NOT_AUTHORIZED },
  { VIR_ERR_SYSTEM_ERROR, VIR_FROM_RPC, "Host key verification failed.", FALSE,
    TERN_ERROR_NOT_AUTHORIZED },
};

START_TEST (each_error_of_libvirt_says_what_the_caller_can_do)
{
  ck_assert_int_eq (
      tern_error_from_libvirt (table[_i].code, table[_i].from, table[_i].text, table[_i].connected),
      table[_i].error);
}
END_TEST

START_TEST (numbers_of_any_kind_give_a_code)
{
  for (int code = -1; code < 200; code++)
    for (int from = -1; from < 90; from++)
      ck_assert (tern_error_from_libvirt (code, from, NULL, TRUE) < TERN_ERROR_N_CODES);
}
END_TEST

START_TEST (a_taken_error_keeps_text_and_number)
{
  g_autoptr (GError) error = NULL;
  virConnectPtr conn = virConnectOpen ("test:///default");

  ck_assert_ptr_nonnull (conn);
  ck_assert_ptr_null (virDomainLookupByName (conn, "no such VM"));
  ck_assert_ptr_null (tern_error_take_libvirt (conn, &error));
  ck_assert (g_error_matches (error, TERN_ERROR, TERN_ERROR_NOT_FOUND));
  ck_assert_ptr_nonnull (strstr (error->message, "libvirt error 42"));
  ck_assert_ptr_nonnull (strstr (error->message, "Domain not found"));
  ck_assert_int_eq (tern_error_libvirt_code (), 0);
  virConnectClose (conn);
}
END_TEST

START_TEST (an_error_after_a_call_on_a_domain_is_not_wiped)
{
  g_autoptr (GError) error = NULL;
  virConnectPtr conn = virConnectOpen ("test:///default");
  virDomainPtr dom = virDomainLookupByName (conn, "test");

  ck_assert_ptr_nonnull (dom);
  ck_assert_int_lt (virDomainAbortJob (dom), 0);
  ck_assert_ptr_null (tern_error_take_libvirt_domain (dom, &error));
  ck_assert (g_error_matches (error, TERN_ERROR, TERN_ERROR_NOT_SUPPORTED));
  virDomainFree (dom);
  virConnectClose (conn);
}
END_TEST

START_TEST (a_failure_without_an_error_is_still_an_error)
{
  g_autoptr (GError) error = NULL;

  virResetLastError ();
  tern_error_take_libvirt (NULL, &error);
  ck_assert (g_error_matches (error, TERN_ERROR, TERN_ERROR_UNREACHABLE));
}
END_TEST

TERN_CHECK_MAIN ("libvirt-error", virInitialize ();
                 tcase_add_loop_test (tcase, each_error_of_libvirt_says_what_the_caller_can_do, 0,
                                      G_N_ELEMENTS (table));
                 tcase_add_test (tcase, numbers_of_any_kind_give_a_code);
                 tcase_add_test (tcase, a_taken_error_keeps_text_and_number);
                 tcase_add_test (tcase, an_error_after_a_call_on_a_domain_is_not_wiped);
                 tcase_add_test (tcase, a_failure_without_an_error_is_still_an_error);)
