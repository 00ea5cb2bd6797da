/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The port against libvirt's own test driver (no migration, no jobs: those are tested in the
 * lab), and against a listener that accepts and never answers.
 */
#include "config.h"

#include "base/error.h"
#include "drivers/libvirt-host.h"
#include "tern-check.h"

#include <libvirt/libvirt.h>
#include <string.h>
#include <unistd.h>

#define TEST_UUID "6695eb01-f6a4-8304-79aa-97f2502e193f"

typedef struct
{
  TernHypervisor *hypervisor;
  GAsyncResult *result;
  int vm_changes;
  int job_changes;
  int disconnects;
} Fixture;

static void
on_result (GObject *source, GAsyncResult *result, gpointer data)
{
  Fixture *f = data;

  ck_assert_ptr_null (f->result);
  f->result = g_object_ref (result);
}

static GAsyncResult *
wait_result (Fixture *f)
{
  while (f->result == NULL)
    g_main_context_iteration (NULL, TRUE);
  return g_steal_pointer (&f->result);
}

static void
on_vm_changed (TernHypervisor *hypervisor, const char *uuid, Fixture *f)
{
  ck_assert (tern_hypervisor_is_connected (hypervisor));
  ck_assert_str_eq (uuid, TEST_UUID);
  f->vm_changes++;
}

static void
on_disconnected (TernHypervisor *hypervisor, const GError *error, Fixture *f)
{
  f->disconnects++;
}

static void
setup (Fixture *f, const char *uri)
{
  g_autoptr (TernHostConfig) config = tern_host_config_new ("node1", uri);

  tern_libvirt_init ();
  memset (f, 0, sizeof *f);
  f->hypervisor = tern_libvirt_host_new (config, NULL, NULL);
  ck_assert_ptr_nonnull (f->hypervisor);
  g_signal_connect (f->hypervisor, "vm-changed", G_CALLBACK (on_vm_changed), f);
  g_signal_connect (f->hypervisor, "disconnected", G_CALLBACK (on_disconnected), f);
}

static void
teardown (Fixture *f)
{
  tern_hypervisor_disconnect (f->hypervisor);
  g_clear_object (&f->hypervisor);
  while (g_main_context_iteration (NULL, FALSE))
    ;
}

static gboolean
connect_now (Fixture *f, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  tern_hypervisor_connect_async (f->hypervisor, NULL, on_result, f);
  result = wait_result (f);
  return tern_hypervisor_connect_finish (f->hypervisor, result, error);
}

START_TEST (a_uri_of_another_kind_is_refused)
{
  static const char *const uris[] = { "sim:x", "http://x", "nonsense", "" };

  for (guint i = 0; i < G_N_ELEMENTS (uris); i++)
    {
      g_autoptr (TernHostConfig) config = tern_host_config_new ("node1", uris[i]);
      g_autoptr (GError) error = NULL;

      ck_assert_ptr_null (tern_libvirt_host_new (config, NULL, &error));
      ck_assert (g_error_matches (error, TERN_ERROR, TERN_ERROR_INVALID_ARGUMENT));
    }
}
END_TEST

START_TEST (a_call_before_connecting_ends_with_unreachable)
{
  Fixture f;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  setup (&f, "test:///default");
  ck_assert (!tern_hypervisor_is_connected (f.hypervisor));
  tern_hypervisor_fetch_vms_async (f.hypervisor, NULL, on_result, &f);
  result = wait_result (&f);
  ck_assert_ptr_null (tern_hypervisor_fetch_vms_finish (f.hypervisor, result, &error));
  ck_assert (g_error_matches (error, TERN_ERROR, TERN_ERROR_UNREACHABLE));
  ck_assert_ptr_nonnull (strstr (error->message, "node1"));
  teardown (&f);
}
END_TEST

START_TEST (connecting_twice_is_busy_and_disconnecting_allows_it_again)
{
  Fixture f;
  g_autoptr (GError) error = NULL;

  setup (&f, "test:///default");
  ck_assert (connect_now (&f, NULL));
  ck_assert (tern_hypervisor_is_connected (f.hypervisor));
  ck_assert (!connect_now (&f, &error));
  ck_assert (g_error_matches (error, TERN_ERROR, TERN_ERROR_BUSY));
  tern_hypervisor_disconnect (f.hypervisor);
  ck_assert (!tern_hypervisor_is_connected (f.hypervisor));
  ck_assert (connect_now (&f, NULL));
  ck_assert_int_eq (f.disconnects, 0);
  teardown (&f);
}
END_TEST

START_TEST (vms_are_listed_and_found_by_uuid)
{
  Fixture f;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GAsyncResult) second = NULL;
  g_autoptr (GPtrArray) vms = NULL;
  g_autoptr (TernVm) vm = NULL;

  setup (&f, "test:///default");
  ck_assert (connect_now (&f, NULL));
  tern_hypervisor_fetch_vms_async (f.hypervisor, NULL, on_result, &f);
  result = wait_result (&f);
  vms = tern_hypervisor_fetch_vms_finish (f.hypervisor, result, NULL);
  ck_assert_uint_eq (vms->len, 1);

  tern_hypervisor_fetch_vm_async (f.hypervisor, TEST_UUID, NULL, on_result, &f);
  second = wait_result (&f);
  vm = tern_hypervisor_fetch_vm_finish (f.hypervisor, second, NULL);
  ck_assert (tern_vm_equal (vm, vms->pdata[0]));
  ck_assert_str_eq (vm->host, "node1");
  ck_assert_int_eq (vm->state, TERN_VM_RUNNING);
  ck_assert (vm->persistent);
  teardown (&f);
}
END_TEST

/* Returns: the URI of a test host with two VMs, one of them with more text than is read */
static char *
make_host_with_long_vm (const char *path)
{
  g_autofree char *text = g_strnfill (5 * 1024 * 1024, 'x');
  g_autofree char *xml = g_strdup_printf (
      "<node>"
      "<domain type='test'><name>short</name><memory>1024</memory><os><type>hvm</type></os>"
      "</domain>"
      "<domain type='test'><name>long</name><memory>2048</memory><os><type>hvm</type></os>"
      "<description>%s</description></domain>"
      "</node>",
      text);

  ck_assert (g_file_set_contents (path, xml, -1, NULL));
  return g_strconcat ("test://", path, NULL);
}

START_TEST (a_vm_that_cannot_be_read_does_not_hide_the_others)
{
  Fixture f;
  g_autofree char *path = g_build_filename (g_get_tmp_dir (), "test-libvirt-host-XXXXXX", NULL);
  int fd = g_mkstemp (path);
  g_autofree char *uri = make_host_with_long_vm (path);
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GPtrArray) vms = NULL;
  g_autoptr (GError) error = NULL;

  close (fd);
  setup (&f, uri);
  ck_assert (connect_now (&f, NULL));
  tern_hypervisor_fetch_vms_async (f.hypervisor, NULL, on_result, &f);
  result = wait_result (&f);
  vms = tern_hypervisor_fetch_vms_finish (f.hypervisor, result, &error);
  unlink (path);
  ck_assert_msg (vms != NULL, "%s", error != NULL ? error->message : "");
  ck_assert_uint_eq (vms->len, 2);
  for (guint i = 0; i < vms->len; i++)
    {
      const TernVm *vm = vms->pdata[i];

      ck_assert_int_eq (vm->state, TERN_VM_RUNNING);
      ck_assert_uint_eq (vm->memory, (g_str_equal (vm->name, "long") ? 2 : 1) << 20);
    }
  teardown (&f);
}
END_TEST

START_TEST (a_vm_that_is_not_there_is_a_sighting_but_not_a_vm)
{
  Fixture f;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GAsyncResult) second = NULL;
  g_autoptr (TernSighting) seen = NULL;
  g_autoptr (GError) error = NULL;
  const char *nobody = "00000000-0000-0000-0000-000000000001";

  setup (&f, "test:///default");
  ck_assert (connect_now (&f, NULL));
  tern_hypervisor_inspect_async (f.hypervisor, nobody, NULL, on_result, &f);
  result = wait_result (&f);
  seen = tern_hypervisor_inspect_finish (f.hypervisor, result, NULL);
  ck_assert (seen->known && !seen->present);

  tern_hypervisor_fetch_vm_async (f.hypervisor, nobody, NULL, on_result, &f);
  second = wait_result (&f);
  ck_assert_ptr_null (tern_hypervisor_fetch_vm_finish (f.hypervisor, second, &error));
  ck_assert (g_error_matches (error, TERN_ERROR, TERN_ERROR_NOT_FOUND));
  teardown (&f);
}
END_TEST

START_TEST (facts_come_without_a_cpu_from_a_host_that_does_not_tell)
{
  Fixture f;

  setup (&f, "test:///default");
  ck_assert (connect_now (&f, NULL));
  /* the second time from memory, but for the free memory */
  for (int i = 0; i < 2; i++)
    {
      g_autoptr (GAsyncResult) result = NULL;
      g_autoptr (TernHostFacts) facts = NULL;

      tern_hypervisor_fetch_facts_async (f.hypervisor, NULL, on_result, &f);
      result = wait_result (&f);
      facts = tern_hypervisor_fetch_facts_finish (f.hypervisor, result, NULL);
      ck_assert_ptr_nonnull (facts);
      ck_assert_str_eq (facts->arch, "i686");
      ck_assert_uint_eq (facts->cpus, 16);
      ck_assert_uint_gt (facts->memory_free, 0);
      ck_assert_ptr_null (facts->cpu);
    }
  teardown (&f);
}
END_TEST

START_TEST (a_running_vm_is_neither_resumed_nor_discarded)
{
  Fixture f;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GAsyncResult) second = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GError) second_error = NULL;

  setup (&f, "test:///default");
  ck_assert (connect_now (&f, NULL));
  tern_hypervisor_resume_async (f.hypervisor, TEST_UUID, NULL, on_result, &f);
  result = wait_result (&f);
  ck_assert (!tern_hypervisor_resume_finish (f.hypervisor, result, &error));
  ck_assert (g_error_matches (error, TERN_ERROR, TERN_ERROR_REFUSED));

  tern_hypervisor_discard_async (f.hypervisor, TEST_UUID, NULL, on_result, &f);
  second = wait_result (&f);
  ck_assert (!tern_hypervisor_discard_finish (f.hypervisor, second, &second_error));
  ck_assert (g_error_matches (second_error, TERN_ERROR, TERN_ERROR_REFUSED));
  teardown (&f);
}
END_TEST

/* test:///default is one per process: what another connection does there shows here. */
static TernHostFacts *
fetch_facts (Fixture *f)
{
  g_autoptr (GAsyncResult) result = NULL;
  TernHostFacts *facts;

  tern_hypervisor_fetch_facts_async (f->hypervisor, NULL, on_result, f);
  result = wait_result (f);
  facts = tern_hypervisor_fetch_facts_finish (f->hypervisor, result, NULL);
  ck_assert_ptr_nonnull (facts);
  return facts;
}

START_TEST (a_list_that_a_host_cannot_tell_stays_unknown_beside_those_it_tells)
{
  Fixture f;
  g_autoptr (TernHostFacts) facts = NULL;

  setup (&f, "test:///default");
  ck_assert (connect_now (&f, NULL));
  facts = fetch_facts (&f);
  ck_assert_ptr_null (facts->secrets);
  ck_assert_uint_eq (facts->networks->len, 1);
  ck_assert (((TernNetwork *) facts->networks->pdata[0])->active);
  ck_assert_uint_eq (facts->pools->len, 1);
  ck_assert_str_eq (((TernPool *) facts->pools->pdata[0])->name, "default-pool");
  ck_assert (g_strv_contains ((const char *const *) facts->interfaces, "eth1"));
  ck_assert_uint_eq (facts->numa_nodes, 2);
  teardown (&f);
}
END_TEST

static void
on_host_changed (TernHypervisor *hypervisor, gboolean *changed)
{
  *changed = TRUE;
}

START_TEST (what_was_told_once_is_asked_again_when_the_host_says_that_it_changed)
{
  Fixture f;
  g_autoptr (TernHostFacts) before = NULL;
  g_autoptr (TernHostFacts) known = NULL;
  g_autoptr (TernHostFacts) after = NULL;
  virConnectPtr conn;
  virNetworkPtr network;
  gboolean changed = FALSE;

  setup (&f, "test:///default");
  g_signal_connect (f.hypervisor, "host-changed", G_CALLBACK (on_host_changed), &changed);
  ck_assert (connect_now (&f, NULL));
  before = fetch_facts (&f);
  known = fetch_facts (&f);
  ck_assert_ptr_eq (known->networks, before->networks);

  conn = virConnectOpen ("test:///default");
  network = virNetworkLookupByName (conn, "default");
  ck_assert_int_eq (virNetworkDestroy (network), 0);
  while (!changed)
    g_main_context_iteration (NULL, TRUE);
  after = fetch_facts (&f);
  ck_assert (!((TernNetwork *) after->networks->pdata[0])->active);
  virNetworkFree (network);
  virConnectClose (conn);
  teardown (&f);
}
END_TEST

static TernVm *
fetch_vm (Fixture *f)
{
  g_autoptr (GAsyncResult) result = NULL;

  tern_hypervisor_fetch_vm_async (f->hypervisor, TEST_UUID, NULL, on_result, f);
  result = wait_result (f);
  return tern_hypervisor_fetch_vm_finish (f->hypervisor, result, NULL);
}

static void
set_lock (Fixture *f, const TernLock *lock)
{
  g_autoptr (GAsyncResult) result = NULL;

  tern_hypervisor_set_lock_async (f->hypervisor, TEST_UUID, lock, NULL, on_result, f);
  result = wait_result (f);
  ck_assert (tern_hypervisor_set_lock_finish (f->hypervisor, result, NULL));
}

START_TEST (a_lock_is_kept_until_it_is_taken_away_and_taking_away_none_is_fine)
{
  Fixture f;
  g_autoptr (TernLock) lock = tern_lock_new ("me", "because <&>", 1700000000000000, 0);
  g_autoptr (TernVm) locked = NULL;
  g_autoptr (TernVm) free_again = NULL;

  setup (&f, "test:///default");
  ck_assert (connect_now (&f, NULL));
  set_lock (&f, lock);
  locked = fetch_vm (&f);
  ck_assert_ptr_nonnull (locked->lock);
  ck_assert (tern_lock_equal (locked->lock, lock));
  set_lock (&f, NULL);
  set_lock (&f, NULL);
  free_again = fetch_vm (&f);
  ck_assert_ptr_null (free_again->lock);
  teardown (&f);
}
END_TEST

START_TEST (a_vm_that_runs_is_not_started)
{
  Fixture f;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  setup (&f, "test:///default");
  ck_assert (connect_now (&f, NULL));
  tern_hypervisor_start_async (f.hypervisor, TEST_UUID, NULL, on_result, &f);
  result = wait_result (&f);
  ck_assert (!tern_hypervisor_start_finish (f.hypervisor, result, &error));
  ck_assert (g_error_matches (error, TERN_ERROR, TERN_ERROR_REFUSED));
  teardown (&f);
}
END_TEST

static void
ask_downtime (TernHypervisor *self, Fixture *f)
{
  tern_hypervisor_set_downtime_async (self, TEST_UUID, 500, NULL, on_result, f);
}

static void
ask_speed (TernHypervisor *self, Fixture *f)
{
  tern_hypervisor_set_speed_async (self, TEST_UUID, 1 << 20, FALSE, NULL, on_result, f);
}

static void
ask_postcopy (TernHypervisor *self, Fixture *f)
{
  tern_hypervisor_start_postcopy_async (self, TEST_UUID, NULL, on_result, f);
}

static void
ask_pause (TernHypervisor *self, Fixture *f)
{
  tern_hypervisor_pause_async (self, TEST_UUID, NULL, on_result, f);
}

static const struct
{
  void (*ask) (TernHypervisor *self, Fixture *f);
  gboolean (*finish) (TernHypervisor *self, GAsyncResult *result, GError **error);
} steering[] = {
  { ask_downtime, tern_hypervisor_set_downtime_finish },
  { ask_speed, tern_hypervisor_set_speed_finish },
  { ask_postcopy, tern_hypervisor_start_postcopy_finish },
  { ask_pause, tern_hypervisor_pause_finish },
};

START_TEST (a_vm_that_does_not_move_is_not_steered_and_runs_on)
{
  Fixture f;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (TernVm) vm = NULL;

  setup (&f, "test:///default");
  ck_assert (connect_now (&f, NULL));
  steering[_i].ask (f.hypervisor, &f);
  result = wait_result (&f);
  ck_assert (!steering[_i].finish (f.hypervisor, result, &error));
  ck_assert (g_error_matches (error, TERN_ERROR, TERN_ERROR_NOT_FOUND));
  vm = fetch_vm (&f);
  ck_assert_int_eq (vm->state, TERN_VM_RUNNING);
  teardown (&f);
}
END_TEST

START_TEST (a_host_that_cannot_measure_says_so)
{
  Fixture f;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  guint64 bps = 77;

  setup (&f, "test:///default");
  ck_assert (connect_now (&f, NULL));
  tern_hypervisor_measure_dirty_async (f.hypervisor, TEST_UUID, NULL, on_result, &f);
  result = wait_result (&f);
  ck_assert (!tern_hypervisor_measure_dirty_finish (f.hypervisor, result, &bps, &error));
  ck_assert (g_error_matches (error, TERN_ERROR, TERN_ERROR_NOT_SUPPORTED));
  ck_assert_uint_eq (bps, 77);
  teardown (&f);
}
END_TEST

static gboolean
let_run (Fixture *f)
{
  g_autoptr (GAsyncResult) result = NULL;

  tern_hypervisor_let_run_async (f->hypervisor, TEST_UUID, NULL, on_result, f);
  result = wait_result (f);
  return tern_hypervisor_let_run_finish (f->hypervisor, result, NULL);
}

static gboolean
remove_copy (Fixture *f)
{
  g_autoptr (GAsyncResult) result = NULL;

  tern_hypervisor_remove_copy_async (f->hypervisor, TEST_UUID, FALSE, NULL, on_result, f);
  result = wait_result (f);
  return tern_hypervisor_remove_copy_finish (f->hypervisor, result, NULL);
}

static void
suspend_beside_us (void)
{
  virConnectPtr conn = virConnectOpen ("test:///default");
  virDomainPtr dom = virDomainLookupByUUIDString (conn, TEST_UUID);

  ck_assert_int_eq (virDomainSuspend (dom), 0);
  virDomainFree (dom);
  virConnectClose (conn);
}

START_TEST (a_copy_runs_or_ends_as_a_person_decided)
{
  Fixture f;
  g_autoptr (TernVm) paused = NULL;
  g_autoptr (TernVm) running = NULL;
  g_autoptr (TernVm) ended = NULL;

  setup (&f, "test:///default");
  ck_assert (connect_now (&f, NULL));
  suspend_beside_us ();
  paused = fetch_vm (&f);
  ck_assert_int_eq (paused->state, TERN_VM_PAUSED);
  for (int i = 0; i < 2; i++)
    ck_assert (let_run (&f));
  running = fetch_vm (&f);
  ck_assert_int_eq (running->state, TERN_VM_RUNNING);

  for (int i = 0; i < 2; i++)
    ck_assert (remove_copy (&f));
  ended = fetch_vm (&f);
  ck_assert_int_eq (ended->state, TERN_VM_SHUT_OFF);
  ck_assert (!let_run (&f));
  teardown (&f);
}
END_TEST

static gboolean
ask_to_shut_down (Fixture *f, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  tern_hypervisor_shutdown_async (f->hypervisor, TEST_UUID, NULL, on_result, f);
  result = wait_result (f);
  return tern_hypervisor_shutdown_finish (f->hypervisor, result, error);
}

START_TEST (only_a_guest_that_runs_is_asked_to_shut_down)
{
  Fixture f;
  g_autoptr (TernVm) paused = NULL;
  g_autoptr (TernVm) off = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GError) again = NULL;

  setup (&f, "test:///default");
  ck_assert (connect_now (&f, NULL));
  suspend_beside_us ();
  ck_assert (!ask_to_shut_down (&f, &error));
  ck_assert (g_error_matches (error, TERN_ERROR, TERN_ERROR_REFUSED));
  paused = fetch_vm (&f);
  ck_assert_int_eq (paused->state, TERN_VM_PAUSED);

  ck_assert (let_run (&f));
  ck_assert (ask_to_shut_down (&f, NULL));
  off = fetch_vm (&f);
  ck_assert_int_eq (off->state, TERN_VM_SHUT_OFF);
  ck_assert (!ask_to_shut_down (&f, &again));
  ck_assert (g_error_matches (again, TERN_ERROR, TERN_ERROR_REFUSED));
  teardown (&f);
}
END_TEST

static gboolean
set_drain_action (Fixture *f, int action)
{
  g_autoptr (GAsyncResult) result = NULL;

  tern_hypervisor_set_drain_action_async (f->hypervisor, TEST_UUID, action, NULL, on_result, f);
  result = wait_result (f);
  return tern_hypervisor_set_drain_action_finish (f->hypervisor, result, NULL);
}

START_TEST (what_a_drain_does_is_written_into_the_metadata_and_read_from_there)
{
  Fixture f;

  setup (&f, "test:///default");
  ck_assert (connect_now (&f, NULL));
  for (int action = TERN_N_DRAIN_ACTIONS - 1; action >= -1; action--)
    {
      g_autoptr (TernVm) vm = NULL;

      ck_assert (set_drain_action (&f, action));
      vm = fetch_vm (&f);
      ck_assert_int_eq (vm->drain_action, action);
    }
  ck_assert (set_drain_action (&f, -1));
  teardown (&f);
}
END_TEST

START_TEST (a_change_is_signalled_while_connected_and_not_after)
{
  Fixture f;
  virConnectPtr other;
  virDomainPtr dom;

  setup (&f, "test:///default");
  ck_assert (connect_now (&f, NULL));
  other = virConnectOpen ("test:///default");
  dom = virDomainLookupByUUIDString (other, TEST_UUID);
  ck_assert_int_eq (virDomainSuspend (dom), 0);
  while (f.vm_changes == 0)
    g_main_context_iteration (NULL, TRUE);

  tern_hypervisor_disconnect (f.hypervisor);
  f.vm_changes = 0;
  ck_assert_int_eq (virDomainResume (dom), 0);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  ck_assert_int_eq (f.vm_changes, 0);
  virDomainFree (dom);
  virConnectClose (other);
  teardown (&f);
}
END_TEST

START_TEST (nobody_listening_is_unreachable)
{
  Fixture f;
  g_autoptr (GError) error = NULL;

  setup (&f, "qemu+tcp://127.0.0.1:1/system");
  ck_assert (!connect_now (&f, &error));
  ck_assert (g_error_matches (error, TERN_ERROR, TERN_ERROR_UNREACHABLE));
  ck_assert_ptr_nonnull (strstr (error->message, "node1: connecting: "));
  teardown (&f);
}
END_TEST

/* A listener whose connections are accepted by the kernel and answered by nobody. */
static GSocketListener *
silent_listener (char **out_uri)
{
  g_autoptr (GInetAddress) loopback = g_inet_address_new_loopback (G_SOCKET_FAMILY_IPV4);
  g_autoptr (GSocketAddress) any = g_inet_socket_address_new (loopback, 0);
  g_autoptr (GSocketAddress) bound = NULL;
  GSocketListener *listener = g_socket_listener_new ();

  ck_assert (g_socket_listener_add_address (listener, any, G_SOCKET_TYPE_STREAM,
                                            G_SOCKET_PROTOCOL_TCP, NULL, &bound, NULL));
  *out_uri = g_strdup_printf ("qemu+tcp://127.0.0.1:%u/system",
                              g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (bound)));
  return listener;
}

static gboolean
cancel (gpointer data)
{
  g_cancellable_cancel (data);
  return G_SOURCE_REMOVE;
}

/* Gives each attempt time to reach libvirt, then stops waiting for it. */
static void
connect_and_give_up (Fixture *f, GError **error)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GAsyncResult) result = NULL;

  g_timeout_add (200, cancel, cancellable);
  tern_hypervisor_connect_async (f->hypervisor, cancellable, on_result, f);
  result = wait_result (f);
  ck_assert (!tern_hypervisor_connect_finish (f->hypervisor, result, error));
  while (!g_cancellable_is_cancelled (cancellable))
    g_main_context_iteration (NULL, TRUE);
}

START_TEST (three_attempts_that_hang_are_enough)
{
  Fixture f;
  g_autofree char *uri = NULL;
  g_autoptr (GSocketListener) listener = silent_listener (&uri);
  g_autoptr (GError) fourth = NULL;

  setup (&f, uri);
  for (int i = 0; i < 3; i++)
    {
      g_autoptr (GError) error = NULL;

      connect_and_give_up (&f, &error);
      ck_assert (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED));
    }
  connect_and_give_up (&f, &fourth);
  ck_assert (g_error_matches (fourth, TERN_ERROR, TERN_ERROR_UNREACHABLE));
  ck_assert_ptr_nonnull (strstr (fourth->message, "3 attempts"));
  teardown (&f);
}
END_TEST

START_TEST (disconnecting_ends_an_attempt_that_hangs)
{
  Fixture f;
  g_autofree char *uri = NULL;
  g_autoptr (GSocketListener) listener = silent_listener (&uri);
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  setup (&f, uri);
  tern_hypervisor_connect_async (f.hypervisor, NULL, on_result, &f);
  tern_hypervisor_disconnect (f.hypervisor);
  result = wait_result (&f);
  ck_assert (!tern_hypervisor_connect_finish (f.hypervisor, result, &error));
  ck_assert (g_error_matches (error, TERN_ERROR, TERN_ERROR_UNREACHABLE));
  ck_assert (!tern_hypervisor_is_connected (f.hypervisor));
  teardown (&f);
}
END_TEST

TERN_CHECK_MAIN (
    "libvirt-host", tcase_add_test (tcase, a_uri_of_another_kind_is_refused);
    tcase_add_test (tcase, a_call_before_connecting_ends_with_unreachable);
    tcase_add_test (tcase, connecting_twice_is_busy_and_disconnecting_allows_it_again);
    tcase_add_test (tcase, vms_are_listed_and_found_by_uuid);
    tcase_add_test (tcase, a_vm_that_cannot_be_read_does_not_hide_the_others);
    tcase_add_test (tcase, a_vm_that_is_not_there_is_a_sighting_but_not_a_vm);
    tcase_add_test (tcase, facts_come_without_a_cpu_from_a_host_that_does_not_tell);
    tcase_add_test (tcase, a_running_vm_is_neither_resumed_nor_discarded);
    tcase_add_test (tcase, a_list_that_a_host_cannot_tell_stays_unknown_beside_those_it_tells);
    tcase_add_test (tcase, what_was_told_once_is_asked_again_when_the_host_says_that_it_changed);
    tcase_add_test (tcase, a_lock_is_kept_until_it_is_taken_away_and_taking_away_none_is_fine);
    tcase_add_test (tcase, a_vm_that_runs_is_not_started);
    tcase_add_loop_test (tcase, a_vm_that_does_not_move_is_not_steered_and_runs_on, 0,
                         G_N_ELEMENTS (steering));
    tcase_add_test (tcase, a_host_that_cannot_measure_says_so);
    tcase_add_test (tcase, a_copy_runs_or_ends_as_a_person_decided);
    tcase_add_test (tcase, only_a_guest_that_runs_is_asked_to_shut_down);
    tcase_add_test (tcase, what_a_drain_does_is_written_into_the_metadata_and_read_from_there);
    tcase_add_test (tcase, a_change_is_signalled_while_connected_and_not_after);
    tcase_add_test (tcase, nobody_listening_is_unreachable);
    tcase_add_test (tcase, three_attempts_that_hang_are_enough);
    tcase_add_test (tcase, disconnecting_ends_an_attempt_that_hangs);)
