/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "drivers/libvirt-conn.h"
#include "drivers/libvirt-migrate.h"
#include "tern-check.h"

static const char *
get_string (virTypedParameterPtr list, int n, const char *name)
{
  const char *value = NULL;

  ck_assert_int_ge (virTypedParamsGetString (list, n, name, &value), 0);
  return value;
}

START_TEST (a_persistent_vm_moves_house_a_transient_one_just_moves)
{
  const TernMigrateParams transient = { .peer_uri = "qemu+tcp://b/system" };
  const TernMigrateParams persistent = { .peer_uri = "qemu+tcp://b/system", .persistent = TRUE };
  const unsigned int house = VIR_MIGRATE_PERSIST_DEST | VIR_MIGRATE_UNDEFINE_SOURCE;

  ck_assert_uint_eq (tern_libvirt_migrate_flags (&transient),
                     VIR_MIGRATE_LIVE | VIR_MIGRATE_PEER2PEER | VIR_MIGRATE_ABORT_ON_ERROR);
  ck_assert_uint_eq (tern_libvirt_migrate_flags (&persistent),
                     VIR_MIGRATE_LIVE | VIR_MIGRATE_PEER2PEER | VIR_MIGRATE_ABORT_ON_ERROR | house);
}
END_TEST

START_TEST (an_offline_move_copies_a_definition_and_takes_none_away)
{
  const TernMigrateParams offline = { .peer_uri = "qemu+tcp://b/system",
                                      .migration_address = "192.0.2.1",
                                      .bandwidth_bps = 1 << 20,
                                      .persistent = TRUE,
                                      .flags = TERN_MIGRATE_OFFLINE | TERN_MIGRATE_POSTCOPY };
  int n_params = -1;

  ck_assert_uint_eq (tern_libvirt_migrate_flags (&offline),
                     VIR_MIGRATE_OFFLINE | VIR_MIGRATE_PERSIST_DEST | VIR_MIGRATE_PEER2PEER);
  ck_assert_ptr_null (tern_libvirt_migrate_params (&offline, &n_params));
  ck_assert_int_eq (n_params, 0);
}
END_TEST

/* libvirt 8.9 was the first to know KEEP_TPM; others refuse the whole call. */
START_TEST (an_old_host_is_not_told_to_keep_what_it_knows_nothing_of)
{
  const unsigned int both = VIR_DOMAIN_UNDEFINE_KEEP_NVRAM | VIR_DOMAIN_UNDEFINE_KEEP_TPM;

  ck_assert_uint_eq (tern_libvirt_undefine_flags (9000000), both);
  ck_assert_uint_eq (tern_libvirt_undefine_flags (8009000), both);
  ck_assert_uint_eq (tern_libvirt_undefine_flags (8008000), VIR_DOMAIN_UNDEFINE_KEEP_NVRAM);
}
END_TEST

static const struct
{
  TernMigrateFlags ours;
  unsigned int libvirt;
} flag_pairs[] = {
  { TERN_MIGRATE_AUTO_CONVERGE, VIR_MIGRATE_AUTO_CONVERGE },
  { TERN_MIGRATE_POSTCOPY, VIR_MIGRATE_POSTCOPY },
  { TERN_MIGRATE_POSTCOPY_RESUME, VIR_MIGRATE_POSTCOPY | VIR_MIGRATE_POSTCOPY_RESUME },
  { TERN_MIGRATE_TLS, VIR_MIGRATE_TLS },
};

START_TEST (each_flag_has_its_counterpart_and_unsafe_has_none)
{
  for (unsigned int subset = 0; subset < 1u << G_N_ELEMENTS (flag_pairs); subset++)
    {
      TernMigrateParams params = { .peer_uri = "x:///" };
      unsigned int wanted = VIR_MIGRATE_LIVE | VIR_MIGRATE_PEER2PEER | VIR_MIGRATE_ABORT_ON_ERROR;

      for (guint i = 0; i < G_N_ELEMENTS (flag_pairs); i++)
        if (subset & 1u << i)
          {
            params.flags |= flag_pairs[i].ours;
            wanted |= flag_pairs[i].libvirt;
          }
      ck_assert_uint_eq (tern_libvirt_migrate_flags (&params), wanted);
    }
}
END_TEST

/* libvirt 9.0 takes a broken post-copy up again only if it is told the same as the first time. */
START_TEST (taking_post_copy_up_again_says_all_that_was_said_at_first)
{
  const TernMigrateParams first = { .peer_uri = "qemu+tcp://b/system",
                                    .migration_address = "192.0.2.1",
                                    .persistent = TRUE,
                                    .postcopy_bandwidth_bps = 5 << 20,
                                    .flags = TERN_MIGRATE_POSTCOPY | TERN_MIGRATE_TLS };
  TernMigrateParams again = first;
  virTypedParameterPtr list, list_again;
  int n, n_again;

  again.flags |= TERN_MIGRATE_POSTCOPY_RESUME;
  ck_assert_uint_eq (tern_libvirt_migrate_flags (&again),
                     tern_libvirt_migrate_flags (&first) | VIR_MIGRATE_POSTCOPY_RESUME);
  list = tern_libvirt_migrate_params (&first, &n);
  list_again = tern_libvirt_migrate_params (&again, &n_again);
  ck_assert_int_eq (n, n_again);
  for (int i = 0; i < n; i++)
    ck_assert_str_eq (list[i].field, list_again[i].field);
  virTypedParamsFree (list, n);
  virTypedParamsFree (list_again, n_again);
}
END_TEST

START_TEST (connections_side_by_side_need_their_flag_and_their_number)
{
  for (guint parallel = 0; parallel <= TERN_MOVE_MAX_PARALLEL + 1; parallel++)
    {
      const TernMigrateParams params = { .peer_uri = "x:///", .parallel = parallel };
      int connections = 0, n;
      virTypedParameterPtr list = tern_libvirt_migrate_params (&params, &n);

      ck_assert_int_eq ((tern_libvirt_migrate_flags (&params) & VIR_MIGRATE_PARALLEL) != 0,
                        parallel > 0);
      ck_assert_int_eq (
          virTypedParamsGetInt (list, n, VIR_MIGRATE_PARAM_PARALLEL_CONNECTIONS, &connections),
          parallel > 0);
      ck_assert_int_eq (connections, MIN (parallel, TERN_MOVE_MAX_PARALLEL));
      virTypedParamsFree (list, n);
    }
}
END_TEST

START_TEST (each_compression_is_named_as_libvirt_does_and_none_is_not)
{
  static const char *const names[TERN_N_COMPRESSIONS] = { NULL, "xbzrle", "zlib", "zstd" };

  for (guint i = 0; i < TERN_N_COMPRESSIONS; i++)
    {
      const TernMigrateParams params = { .peer_uri = "x:///", .compression = i };
      int n;
      virTypedParameterPtr list = tern_libvirt_migrate_params (&params, &n);

      ck_assert_int_eq ((tern_libvirt_migrate_flags (&params) & VIR_MIGRATE_COMPRESSED) != 0,
                        i > 0);
      ck_assert_pstr_eq (get_string (list, n, VIR_MIGRATE_PARAM_COMPRESSION), names[i]);
      virTypedParamsFree (list, n);
    }
}
END_TEST

/* libvirt refuses what tunes something that is not switched on. */
START_TEST (what_tunes_a_part_of_a_move_is_told_only_with_that_part)
{
  for (int with = 0; with < 2; with++)
    {
      const TernMigrateParams params = { .peer_uri = "x:///",
                                         .tls_destination = "node2.example",
                                         .postcopy_bandwidth_bps = 7 << 20,
                                         .flags =
                                             with ? TERN_MIGRATE_TLS | TERN_MIGRATE_POSTCOPY : 0 };
      unsigned long long mib = 0;
      int n;
      virTypedParameterPtr list = tern_libvirt_migrate_params (&params, &n);

      ck_assert_pstr_eq (get_string (list, n, VIR_MIGRATE_PARAM_TLS_DESTINATION),
                         with ? "node2.example" : NULL);
      ck_assert_int_eq (
          virTypedParamsGetULLong (list, n, VIR_MIGRATE_PARAM_BANDWIDTH_POSTCOPY, &mib), with);
      ck_assert_uint_eq (mib, with ? 7 : 0);
      virTypedParamsFree (list, n);
    }
}
END_TEST

static const struct
{
  const char *address;
  const char *uri;
  const char *listen;
} addresses[] = {
  { NULL, NULL, NULL },
  { "192.0.2.7", "tcp://192.0.2.7", "192.0.2.7" },
  { "2001:db8::7", "tcp://[2001:db8::7]", "2001:db8::7" },
  { "[2001:db8::7]", "tcp://[2001:db8::7]", "2001:db8::7" },
  { "node2-migr", "tcp://node2-migr", NULL },
};

START_TEST (the_migration_address_becomes_a_uri)
{
  const TernMigrateParams params = { .peer_uri = "x:///",
                                     .migration_address = addresses[_i].address };
  int n;
  virTypedParameterPtr list = tern_libvirt_migrate_params (&params, &n);

  ck_assert_pstr_eq (get_string (list, n, VIR_MIGRATE_PARAM_URI), addresses[_i].uri);
  ck_assert_pstr_eq (get_string (list, n, VIR_MIGRATE_PARAM_LISTEN_ADDRESS), addresses[_i].listen);
  virTypedParamsFree (list, n);
}
END_TEST

static const struct
{
  guint64 bps;
  unsigned long long mib;
} bandwidths[] = {
  { 0, 0 },
  { 1, 1 },
  { 1 << 20, 1 },
  { (3 << 20) + 5, 3 },
  { G_GUINT64_CONSTANT (10) << 30, 10240 },
};

START_TEST (a_bandwidth_is_told_in_mib_and_never_rounds_down_to_no_limit)
{
  const TernMigrateParams params = { .peer_uri = "x:///", .bandwidth_bps = bandwidths[_i].bps };
  unsigned long long mib = 0;
  int n;
  virTypedParameterPtr list = tern_libvirt_migrate_params (&params, &n);

  ck_assert_int_eq (virTypedParamsGetULLong (list, n, VIR_MIGRATE_PARAM_BANDWIDTH, &mib),
                    bandwidths[_i].mib > 0);
  ck_assert_uint_eq (mib, bandwidths[_i].mib);
  virTypedParamsFree (list, n);
}
END_TEST

static const struct
{
  const char *uri;
  const char *unattended;
} uris[] = {
  { "qemu+ssh://root@n/system", "qemu+ssh://root@n/system?no_tty=1" },
  { "qemu+ssh://n/system?keyfile=/k", "qemu+ssh://n/system?keyfile=/k&no_tty=1" },
  { "qemu+ssh://n/system?no_tty=0", "qemu+ssh://n/system?no_tty=0" },
  { "qemu+ssh://n/system?a=1&no_tty=1", "qemu+ssh://n/system?a=1&no_tty=1" },
  { "qemu+tls://n/system", "qemu+tls://n/system" },
  { "qemu:///system", "qemu:///system" },
  { "test:///default", "test:///default" },
  { "nonsense", "nonsense" },
};

START_TEST (ssh_is_told_to_ask_nobody)
{
  g_autofree char *uri = tern_libvirt_unattended_uri (uris[_i].uri);

  ck_assert_str_eq (uri, uris[_i].unattended);
}
END_TEST

TERN_CHECK_MAIN ("libvirt-migrate", virInitialize ();
                 tcase_add_test (tcase, a_persistent_vm_moves_house_a_transient_one_just_moves);
                 tcase_add_test (tcase, an_offline_move_copies_a_definition_and_takes_none_away);
                 tcase_add_test (tcase, an_old_host_is_not_told_to_keep_what_it_knows_nothing_of);
                 tcase_add_test (tcase, each_flag_has_its_counterpart_and_unsafe_has_none);
                 tcase_add_test (tcase, taking_post_copy_up_again_says_all_that_was_said_at_first);
                 tcase_add_test (tcase, connections_side_by_side_need_their_flag_and_their_number);
                 tcase_add_test (tcase, each_compression_is_named_as_libvirt_does_and_none_is_not);
                 tcase_add_test (tcase, what_tunes_a_part_of_a_move_is_told_only_with_that_part);
                 tcase_add_loop_test (tcase, the_migration_address_becomes_a_uri, 0,
                                      G_N_ELEMENTS (addresses));
                 tcase_add_loop_test (tcase,
                                      a_bandwidth_is_told_in_mib_and_never_rounds_down_to_no_limit,
                                      0, G_N_ELEMENTS (bandwidths));
                 tcase_add_loop_test (tcase, ssh_is_told_to_ask_nobody, 0, G_N_ELEMENTS (uris));)
