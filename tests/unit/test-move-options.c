/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Which options of a move go together: every combination that is refused, the neighbour that is
 * not, and all others.
 */
#include "config.h"

#include "plan/move-options.h"

#include "base/error.h"

#include "tern-check.h"

#include <string.h>

#define MIB (G_GUINT64_CONSTANT (1) << 20)
#define V(major, minor) ((major) *1000000 + (minor) *1000)
#define OK (-1)

typedef struct
{
  TernMoveOptions options;
  gboolean paused;
  guint64 libvirt[2]; /* of source and destination; both 0: not known yet */
  guint64 qemu[2];
  int code; /* or OK */
  const char *says;
} Row;

/* clang-format off */
static const Row rows[] = {
  { .code = OK },
  { { .parallel = 32 }, .code = OK },
  { { .parallel = 33 }, .code = TERN_ERROR_INVALID_ARGUMENT, .says = "at most 32" },
  { { .compression = TERN_COMPRESSION_XBZRLE }, .code = OK },
  { { .compression = TERN_COMPRESSION_XBZRLE, .parallel = 2 },
    .code = TERN_ERROR_INVALID_ARGUMENT, .says = "xbzrle" },
  { { .compression = TERN_COMPRESSION_ZLIB },
    .code = TERN_ERROR_INVALID_ARGUMENT, .says = "need several connections" },
  { { .compression = TERN_COMPRESSION_ZSTD },
    .code = TERN_ERROR_INVALID_ARGUMENT, .says = "need several connections" },
  { { .compression = TERN_COMPRESSION_ZSTD, .parallel = 2 }, .code = OK },
  { { .compression = TERN_COMPRESSION_ZLIB, .parallel = 2 },
    .libvirt = { V (9, 4), V (9, 4) }, .qemu = { V (8, 0), V (8, 0) }, .code = OK },
  { { .compression = TERN_COMPRESSION_ZLIB, .parallel = 2 },
    .libvirt = { V (9, 3), V (9, 4) }, .qemu = { V (8, 0), V (8, 0) },
    .code = TERN_ERROR_REFUSED, .says = "source: libvirt 9.3.0" },
  { { .compression = TERN_COMPRESSION_ZSTD, .parallel = 2 },
    .libvirt = { V (9, 4), V (9, 0) }, .qemu = { V (8, 0), V (8, 0) },
    .code = TERN_ERROR_REFUSED, .says = "destination: libvirt 9.0.0" },
  { { .compression = TERN_COMPRESSION_XBZRLE },
    .libvirt = { V (9, 0), V (9, 0) }, .qemu = { V (7, 2), V (7, 2) }, .code = OK },
  { { .policy = TERN_POLICY_POSTCOPY, .parallel = 2 }, .code = OK },
  { { .policy = TERN_POLICY_POSTCOPY, .parallel = 2 },
    .libvirt = { V (11, 0), V (11, 0) }, .qemu = { V (10, 1), V (10, 1) }, .code = OK },
  { { .policy = TERN_POLICY_POSTCOPY, .parallel = 2 },
    .libvirt = { V (11, 0), V (11, 0) }, .qemu = { V (10, 0), V (10, 1) },
    .code = TERN_ERROR_REFUSED, .says = "QEMU 10.1" },
  { { .policy = TERN_POLICY_POSTCOPY, .parallel = 2 },
    .libvirt = { V (11, 0), V (11, 0) }, .qemu = { V (10, 1), V (7, 2) },
    .code = TERN_ERROR_REFUSED, .says = "destination: libvirt 11.0.0, QEMU 7.2.0" },
  { { .policy = TERN_POLICY_POSTCOPY, .parallel = 2 },
    .libvirt = { V (11, 0), V (11, 0) }, .qemu = { V (10, 1), 0 },
    .code = TERN_ERROR_REFUSED, .says = "can end shut off" },
  { { .policy = TERN_POLICY_FORCE, .parallel = 2 },
    .libvirt = { V (9, 0), V (9, 0) }, .qemu = { V (7, 2), V (7, 2) }, .code = OK },
  { { .policy = TERN_POLICY_POSTCOPY },
    .libvirt = { V (9, 0), V (9, 0) }, .qemu = { V (7, 2), V (7, 2) }, .code = OK },
  { { .policy = TERN_POLICY_POSTCOPY }, .paused = TRUE,
    .code = TERN_ERROR_REFUSED, .says = "is paused" },
  { { .policy = TERN_POLICY_CAREFUL }, .paused = TRUE, .code = OK },
  { { .bandwidth_bps = MIB }, .code = OK },
  { { .bandwidth_bps = MIB - 1 }, .code = TERN_ERROR_INVALID_ARGUMENT, .says = "1 MiB/s" },
  { { .bandwidth_bps = 1 }, .code = TERN_ERROR_INVALID_ARGUMENT, .says = "no limit at all" },
  { { .postcopy_bandwidth_bps = MIB }, .code = OK },
  { { .postcopy_bandwidth_bps = MIB - 1 },
    .code = TERN_ERROR_INVALID_ARGUMENT, .says = "post-copy bandwidth" },
  { { .bandwidth_bps = G_MAXINT64 }, .code = OK },
  { { .bandwidth_bps = G_MAXUINT64 }, .code = TERN_ERROR_INVALID_ARGUMENT, .says = "can count" },
  { { .postcopy_bandwidth_bps = G_MAXUINT64 },
    .code = TERN_ERROR_INVALID_ARGUMENT, .says = "can count" },
  { { .tls = TRUE, .parallel = 4, .policy = TERN_POLICY_DEFAULT }, .code = OK },
};
/* clang-format on */

static TernHostFacts *
make_facts (const Row *row, guint host)
{
  TernHostFacts *facts;

  if (row->libvirt[0] == 0 && row->libvirt[1] == 0)
    return NULL;
  facts = tern_host_facts_new ();
  facts->libvirt_version = row->libvirt[host];
  facts->qemu_version = row->qemu[host];
  return facts;
}

static gboolean
check (const Row *row, GError **error)
{
  TernHostFacts *source = make_facts (row, 0);
  TernHostFacts *destination = make_facts (row, 1);
  g_autoptr (TernVm) vm = tern_vm_new ("6f9e6e9e-0d2c-4d3f-8a54-0c1d8c2a8d11", "we\nb", "anna");
  gboolean possible;

  vm->state = row->paused ? TERN_VM_PAUSED : TERN_VM_RUNNING;
  possible = tern_move_options_check (&row->options, vm, source, destination, error);
  g_clear_pointer (&source, tern_host_facts_unref);
  g_clear_pointer (&destination, tern_host_facts_unref);
  return possible;
}

START_TEST (every_row_is_judged_as_it_should_be)
{
  const Row *row = &rows[_i];
  g_autoptr (GError) error = NULL;

  ck_assert_int_eq (check (row, &error), row->code == OK);
  if (row->code == OK)
    {
      ck_assert_ptr_null (error);
      return;
    }
  ck_assert (g_error_matches (error, TERN_ERROR, row->code));
  ck_assert_msg (strstr (error->message, row->says) != NULL, "%s", error->message);
  /* The sentence names the VM, fit to be shown. */
  ck_assert_ptr_nonnull (strstr (error->message, "we\\x0ab: "));
}
END_TEST

START_TEST (options_alone_are_judged_without_a_vm_or_hosts)
{
  TernMoveOptions options = TERN_MOVE_OPTIONS_INIT;
  g_autoptr (GError) error = NULL;

  ck_assert (tern_move_options_check (&options, NULL, NULL, NULL, &error));
  options.parallel = 2;
  options.compression = TERN_COMPRESSION_XBZRLE;
  ck_assert (!tern_move_options_check (&options, NULL, NULL, NULL, &error));
  ck_assert (g_error_matches (error, TERN_ERROR, TERN_ERROR_INVALID_ARGUMENT));
  ck_assert (g_str_has_prefix (error->message, "xbzrle "));
}
END_TEST

/* What must never get through, said once more without the table. */
static gboolean
is_bad (const TernMoveOptions *options)
{
  gboolean multi = options->compression == TERN_COMPRESSION_ZLIB
                   || options->compression == TERN_COMPRESSION_ZSTD;

  return options->parallel > 32 || (multi && options->parallel == 0)
         || (options->compression == TERN_COMPRESSION_XBZRLE && options->parallel > 0)
         || (options->bandwidth_bps > 0 && options->bandwidth_bps < MIB);
}

START_TEST (all_combinations_are_judged_alike)
{
  static const guint connections[] = { 0, 1, 4, 32, 33 };
  static const guint64 bandwidths[] = { 0, 1, MIB - 1, MIB, 100 * MIB };

  for (guint policy = 0; policy < TERN_N_POLICIES; policy++)
    for (guint compression = 0; compression < TERN_N_COMPRESSIONS; compression++)
      for (guint i = 0; i < G_N_ELEMENTS (connections); i++)
        for (guint j = 0; j < G_N_ELEMENTS (bandwidths); j++)
          {
            TernMoveOptions options = { .policy = policy,
                                        .compression = compression,
                                        .parallel = connections[i],
                                        .bandwidth_bps = bandwidths[j] };

            ck_assert_int_eq (tern_move_options_check (&options, NULL, NULL, NULL, NULL),
                              !is_bad (&options));
          }
}
END_TEST

TERN_CHECK_MAIN ("move-options", tcase_add_loop_test (tcase, every_row_is_judged_as_it_should_be, 0,
                                                      G_N_ELEMENTS (rows));
                 tcase_add_test (tcase, options_alone_are_judged_without_a_vm_or_hosts);
                 tcase_add_test (tcase, all_combinations_are_judged_alike);)
