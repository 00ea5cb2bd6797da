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

START_TEST (each_flag_has_its_counterpart_and_unsafe_has_none)
{
  for (unsigned int flags = 0; flags < 4; flags++)
    {
      const TernMigrateParams params = { .peer_uri = "x:///", .flags = flags };
      unsigned int result = tern_libvirt_migrate_flags (&params);

      ck_assert_int_eq ((result & VIR_MIGRATE_AUTO_CONVERGE) != 0,
                        (flags & TERN_MIGRATE_AUTO_CONVERGE) != 0);
      ck_assert_int_eq ((result & VIR_MIGRATE_POSTCOPY) != 0, (flags & TERN_MIGRATE_POSTCOPY) != 0);
      ck_assert_uint_eq (result & VIR_MIGRATE_UNSAFE, 0);
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
                 tcase_add_loop_test (tcase, the_migration_address_becomes_a_uri, 0,
                                      G_N_ELEMENTS (addresses));
                 tcase_add_loop_test (tcase,
                                      a_bandwidth_is_told_in_mib_and_never_rounds_down_to_no_limit,
                                      0, G_N_ELEMENTS (bandwidths));
                 tcase_add_loop_test (tcase, ssh_is_told_to_ask_nobody, 0, G_N_ELEMENTS (uris));)
