/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What simulated hosts refuse, start and change: the port's calls besides the migration itself,
 * which is tested in test-sim.
 */
#include "config.h"

#include "drivers/sim.h"

#include "base/error.h"
#include "model/drain.h"
#include "model/list.h"
#include "tern-check.h"

#include <string.h>

#define SECOND G_USEC_PER_SEC
#define VM_UUID "11111111-1111-4111-8111-111111111111"

static TernClock *tern_clock;
static TernSim *sim;
static TernHypervisor *a;
static TernHypervisor *b;

static void
drain (void)
{
  while (g_main_context_iteration (NULL, FALSE))
    ;
}

static void
advance (gint64 us)
{
  for (gint64 step = SECOND / 20; us > 0; us -= step)
    {
      tern_clock_advance (tern_clock, MIN (us, step));
      drain ();
    }
}

static void
keep_result (GObject *source, GAsyncResult *result, gpointer data)
{
  (void) source;
  *(GAsyncResult **) data = g_object_ref (result);
}

static TernHypervisor *
open_port (const char *name)
{
  g_autofree char *uri = g_strdup_printf ("sim://%s/", name);
  g_autoptr (TernHostConfig) config = tern_host_config_new (name, uri);
  TernHypervisor *port = tern_sim_factory (config, sim, NULL);
  g_autoptr (GAsyncResult) result = NULL;

  tern_hypervisor_connect_async (port, NULL, keep_result, &result);
  drain ();
  ck_assert (tern_hypervisor_connect_finish (port, result, NULL));
  return port;
}

/* Two hosts with what is given of each, and one VM "v" on a. */
static void
build (const char *host_a, const char *host_b, const char *vm, const char *more)
{
  g_autoptr (GString) text = g_string_new (NULL);
  g_autoptr (GError) error = NULL;

  g_string_printf (text,
                   "{'virtern-snapshot':1,'hosts':["
                   "{'name':'a','memory-mib':8192,'cpus':4,'link-mbps':10000%s},"
                   "{'name':'b','memory-mib':8192,'cpus':4,'link-mbps':10000%s}],"
                   "'vms':[{'name':'v','uuid':'" VM_UUID "','host':'a','memory-mib':1024%s}]%s}",
                   host_a, host_b, vm, more);
  g_string_replace (text, "'", "\"", 0);
  tern_clock = tern_clock_new_fake (0);
  sim = tern_sim_new (tern_clock);
  ck_assert_msg (tern_sim_load_data (sim, text->str, -1, "test.json", &error), "%s",
                 error != NULL ? error->message : "");
  a = open_port ("a");
  b = open_port ("b");
}

static void
clear (void)
{
  tern_hypervisor_disconnect (a);
  tern_hypervisor_disconnect (b);
  drain ();
  g_clear_object (&a);
  g_clear_object (&b);
  g_assert_finalize_object (g_steal_pointer (&sim));
  g_clear_object (&tern_clock);
}

static void
wait_for (GAsyncResult **result)
{
  drain ();
  for (guint i = 0; i < 200 && *result == NULL; i++)
    advance (SECOND);
  ck_assert_ptr_nonnull (*result);
}

/* Returns: (transfer full): "ok", or "NAME: message" */
static char *
say (gboolean good, const GError *error)
{
  return good ? g_strdup ("ok")
              : g_strdup_printf ("%s: %s", tern_error_code_to_name (error->code), error->message);
}

static char *
move (TernMigrateFlags flags)
{
  TernMigrateParams params = { .peer_uri = "sim://b/", .persistent = TRUE, .flags = flags };
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  gboolean good;

  tern_hypervisor_migrate_async (a, VM_UUID, &params, NULL, keep_result, &result);
  wait_for (&result);
  good = tern_hypervisor_migrate_finish (a, result, &error);
  return say (good, error);
}

static char *
start (TernHypervisor *port)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  gboolean good;

  tern_hypervisor_start_async (port, VM_UUID, NULL, keep_result, &result);
  wait_for (&result);
  good = tern_hypervisor_start_finish (port, result, &error);
  return say (good, error);
}

static char *
eject (TernHypervisor *port, const char *target, const char *source)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  gboolean good;

  tern_hypervisor_eject_async (port, VM_UUID, target, source, NULL, keep_result, &result);
  wait_for (&result);
  good = tern_hypervisor_eject_finish (port, result, &error);
  return say (good, error);
}

static char *
set_lock (TernHypervisor *port, const TernLock *lock)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  gboolean good;

  tern_hypervisor_set_lock_async (port, VM_UUID, lock, NULL, keep_result, &result);
  wait_for (&result);
  good = tern_hypervisor_set_lock_finish (port, result, &error);
  return say (good, error);
}

static char *
set_cpu (TernHypervisor *port, const TernCpu *cpu)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  gboolean good;

  tern_hypervisor_set_cpu_async (port, VM_UUID, cpu, NULL, keep_result, &result);
  wait_for (&result);
  good = tern_hypervisor_set_cpu_finish (port, result, &error);
  return say (good, error);
}

static TernVm *
fetch (TernHypervisor *port)
{
  g_autoptr (GAsyncResult) result = NULL;

  tern_hypervisor_fetch_vm_async (port, VM_UUID, NULL, keep_result, &result);
  wait_for (&result);
  return tern_hypervisor_fetch_vm_finish (port, result, NULL);
}

static TernHostFacts *
fetch_facts (TernHypervisor *port)
{
  g_autoptr (GAsyncResult) result = NULL;

  tern_hypervisor_fetch_facts_async (port, NULL, keep_result, &result);
  wait_for (&result);
  return tern_hypervisor_fetch_facts_finish (port, result, NULL);
}

#define assert_says(call, expected)                                                                \
  do                                                                                               \
    {                                                                                              \
      g_autofree char *said = call;                                                                \
      ck_assert_msg (strstr (said, expected) != NULL, "“%s” not in: %s", expected, said);          \
    }                                                                                              \
  while (0)

/* --- moves --- */

typedef struct
{
  const char *host_a;
  const char *host_b;
  const char *vm;
  const char *says; /* "ok", or a part of what libvirt says */
} MoveCase;

#define SHARED                                                                                     \
  ",'pools':[{'name':'p','type':'netfs','path':'/s','source':'nfs://f/x','remote':true}]"
#define OTHER                                                                                      \
  ","                                                                                              \
  "'pools':[{'name':'p','type':'netfs','path':'/s','source':'nfs://f/y','remote':true}]"
#define IDLE                                                                                       \
  ",'pools':[{'name':'p','type':'netfs','path':'/s','source':'nfs://f/"                            \
  "x','remote':true,'active':false}]"
#define FOLDER(stamp) ",'pools':[{'name':'p','type':'dir','path':'/s','volumes':['x\\t" stamp "']}]"
#define DISK(more) ",'disks':[{'target':'vda','source':'/s/x'" more "}]"
#define VOLUME ",'disks':[{'target':'vda','type':'volume','source':'p/x','pool':'p','volume':'x'}]"
#define ISO(more)                                                                                  \
  ",'disks':[{'target':'sda','device':'cdrom','readonly':true,'source':'/root/t.iso'" more "}]"
#define NET(more) ",'nics':[{'source':'n'" more "}]"
#define NETWORK(more) ",'networks':[{'name':'n'" more "}]"

/* clang-format off */
static const MoveCase move_cases[] = {
  { "", "", "", "ok" },
  { "", "", ",'snapshots':2", "cannot migrate domain with 2 snapshots" },
  { "", "", ",'backup':true", "backup job" },
  { SHARED, SHARED, DISK (",'job':true"), "active block job" },
  { SHARED, SHARED, DISK (",'transient':true"), "transient disk" },
  { "", "", ",'hostdevs':[{'type':'pci','address':'0000:01:00.0'}]", "type='pci'" },
  { "", "", ",'hostdevs':[{'type':'usb','address':'046d:c077'}]", "ok" },
  { "", "", ",'filesystems':['virtiofs:home']", "virtiofs" },
  { "", "", ",'shmems':['x']", "shmem" },
  { "", "", ",'tpm':'passthrough'", "tpm-passthrough" },
  { "", "", ",'tpm':'emulator'", "ok" },
  { ",'cpu-features':['invtsc']", ",'cpu-features':['invtsc']", ",'cpu-features':['invtsc']", "invtsc" },
  /* Disks. */
  { "", "", DISK (""), "Migration without shared storage is unsafe" },
  { SHARED, SHARED, DISK (""), "ok" },
  { SHARED, OTHER, DISK (""), "Cannot access storage file '/s/x'" },
  { SHARED, IDLE, DISK (""), "Cannot access storage file '/s/x'" },
  { SHARED, "", DISK (""), "Cannot access storage file '/s/x'" },
  { FOLDER ("1"), FOLDER ("1"), DISK (""), "ok" },
  { FOLDER ("1"), FOLDER ("2"), DISK (""), "Migration without shared storage is unsafe" },
  { SHARED, SHARED, DISK (",'backing':['/t/base']"), "Cannot access backing file '/t/base'" },
  { "", "", DISK (",'type':'block'"), "Cannot access storage file '/s/x'" },
  { "", "", DISK (",'type':'network'"), "ok" },
  { SHARED, SHARED, VOLUME, "ok" },
  { SHARED, OTHER, VOLUME, "no storage vol with matching name 'x'" },
  { SHARED, IDLE, VOLUME, "is not active" },
  { SHARED, ",'pools':[]", VOLUME, "no storage pool with matching name 'p'" },
  { "", "", DISK (",'type':'network','secret':'ceph:x'"), "ok" },
  { "", ",'secrets':['ceph:x']", DISK (",'type':'network','secret':'ceph:x'"), "ok" },
  { "", ",'secrets':[]", DISK (",'type':'network','secret':'ceph:x'"), "no secret with matching 'ceph:x'" },
  /* Media. */
  { "", "", ISO (""), "Cannot access storage file '/root/t.iso'" },
  { "", "", ISO (",'startup-policy':'mandatory'"), "Cannot access storage file '/root/t.iso'" },
  { "", "", ISO (",'startup-policy':'requisite'"), "ok" },
  { "", "", ISO (",'startup-policy':'optional'"), "ok" },
  { "", "", ",'disks':[{'target':'sda','device':'cdrom','readonly':true}]", "ok" },
  /* Networks. */
  { "", "", NET (""), "ok" },
  { "", NETWORK (""), NET (""), "ok" },
  { "", ",'networks':[]", NET (""), "no network with matching name 'n'" },
  { "", NETWORK (",'active':false"), NET (""), "network 'n' is not active" },
  { "", ",'interfaces':['br0']", ",'nics':[{'type':'bridge','source':'br0'}]", "ok" },
  { "", ",'interfaces':['br0']", ",'nics':[{'type':'bridge','source':'br9'}]", "'br9': No such device" },
  { "", ",'interfaces':[]", ",'nics':[{'type':'user'}]", "ok" },
  /* The machine. */
  { "", ",'machines':['pc-q35-7.2']", "", "ok" },
  { "", ",'machines':['pc-q35-6.2']", "", "does not support machine type 'pc-q35-7.2'" },
  { "", ",'virt-types':['qemu']", "", "virt type 'kvm'" },
  { "", ",'arch':'aarch64'", "", "arch 'x86_64'" },
  { "", ",'max-vcpus':2", ",'vcpus':3", "machine type limit 2" },
  { "", "", ",'pinned-cpus':'0-3'", "ok" },
  { "", "", ",'pinned-cpus':'0-1,4'", "cannot set CPU affinity" },
  { "", ",'numa-nodes':1", ",'numa-nodes':'1'", "NUMA node 1 is unavailable" },
  { "", ",'tsc-hz':2000000000", ",'tsc-hz':2000000400", "ok" },
  { "", ",'tsc-hz':2000000000", ",'tsc-hz':2001000000", "TSC frequency" },
  { "", ",'tsc-hz':2000000000,'tsc-scaling':true", ",'tsc-hz':2001000000", "ok" },
  { "", ",'hugepages':[{'size-kib':2048,'total':1000,'free':512}]", ",'hugepages':true", "ok" },
  { "", ",'hugepages':[{'size-kib':2048,'total':1000,'free':511}]", ",'hugepages':true", "Insufficient free host memory" },
  { "", ",'hugepages':[{'size-kib':2048,'total':1000,'free':512}]", ",'hugepages':true,'hugepage-size-kib':1048576", "hugetlbfs" },
  /* CPUs. */
  { "", ",'cpu-features':['aes']", ",'cpu-mode':'custom','cpu-features':['aes','avx','sse4.2']", "missing features: avx,sse4.2" },
  { "", ",'cpu-features':[]", ",'cpu-mode':'host-passthrough','cpu-features':['avx']", "ok" },
  { "", ",'cpu-known':false", ",'cpu-mode':'custom','cpu-features':['avx']", "ok" },
  { "", ",'cpu-vendor':'AMD'", ",'cpu-mode':'custom','cpu-vendor':'Intel'", "required CPU vendor Intel" },
  /* What stands there before. */
  { "", "", ",'state':'shut-off'", "domain 'v' is not running" },
};
/* clang-format on */

START_TEST (a_move_ends_as_libvirt_ends_it)
{
  const MoveCase *c = &move_cases[_i];
  g_autoptr (TernVm) left = NULL;
  g_autoptr (TernVm) there = NULL;

  build (c->host_a, c->host_b, c->vm, "");
  assert_says (move (TERN_MIGRATE_NONE), c->says);
  left = fetch (a);
  there = fetch (b);
  ck_assert_int_eq (left == NULL, g_str_equal (c->says, "ok"));
  ck_assert_int_eq (there != NULL, g_str_equal (c->says, "ok"));
  clear ();
}
END_TEST

START_TEST (folders_that_the_admin_calls_shared_are_shared)
{
  build ("", "", DISK (""), ",'shared-paths':['/s/']");
  assert_says (move (TERN_MIGRATE_NONE), "ok");
  clear ();
}
END_TEST

START_TEST (too_little_memory_is_no_obstacle_but_is_remembered)
{
  for (guint mib = 100; mib <= 1200; mib += 1100)
    {
      g_autofree char *more = g_strdup_printf (
          "{\"virtern-snapshot\":1,\"vms\":[{\"name\":\"w\",\"host\":\"b\",\"memory-mib\":%u}]}",
          8192 - 100 - mib);
      g_auto (GStrv) over = NULL;

      build ("", "", "", "");
      ck_assert (tern_sim_load_data (sim, more, -1, "more.json", NULL));
      assert_says (move (TERN_MIGRATE_NONE), "ok");
      over = tern_sim_get_overcommitted (sim);
      if (mib == 100)
        ck_assert_str_eq (over[0], "b");
      else
        ck_assert_ptr_null (over[0]);
      clear ();
    }
}
END_TEST

START_TEST (free_memory_and_huge_pages_follow_the_moves)
{
  g_autoptr (TernHostFacts) before = NULL;
  g_autoptr (TernHostFacts) after = NULL;
  guint64 need;

  build ("", ",'memory-free-mib':7000,'hugepages':[{'size-kib':2048,'total':900,'free':600}]",
         ",'hugepages':true", "");
  before = fetch_facts (b);
  ck_assert_uint_eq (before->memory_free, G_GUINT64_CONSTANT (7000) << 20);
  assert_says (move (TERN_MIGRATE_NONE), "ok");
  after = fetch_facts (b);
  {
    g_autoptr (TernVm) vm = fetch (b);

    need = tern_vm_get_memory_need (vm);
  }
  ck_assert_uint_eq (before->memory_free - after->memory_free, need);
  ck_assert_uint_eq (((TernHugepages *) before->hugepages->pdata[0])->free, 600);
  ck_assert_uint_eq (((TernHugepages *) after->hugepages->pdata[0])->free, 88);
  clear ();
}
END_TEST

/* --- definitions that go over --- */

START_TEST (an_offline_move_copies_the_definition_and_leaves_the_source_its_own)
{
  g_autoptr (TernVm) here = NULL;
  g_autoptr (TernVm) there = NULL;

  build ("", "", ",'state':'shut-off'", "");
  assert_says (move (TERN_MIGRATE_OFFLINE), "ok");
  here = fetch (a);
  there = fetch (b);
  ck_assert_int_eq (here->state, TERN_VM_SHUT_OFF);
  ck_assert_int_eq (there->state, TERN_VM_SHUT_OFF);
  ck_assert (there->persistent);
  assert_says (start (b), "ok");
  clear ();
}
END_TEST

START_TEST (an_offline_move_of_a_running_vm_is_refused)
{
  build ("", "", "", "");
  assert_says (move (TERN_MIGRATE_OFFLINE), "cannot perform offline migration on a running domain");
  clear ();
}
END_TEST

START_TEST (an_offline_move_to_a_host_that_dies_ends_without_a_copy)
{
  TernMigrateParams params = { .peer_uri = "sim://b/", .flags = TERN_MIGRATE_OFFLINE };
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (TernVm) there = NULL;

  build ("", "", ",'state':'shut-off'", "");
  tern_hypervisor_migrate_async (a, VM_UUID, &params, NULL, keep_result, &result);
  drain ();
  tern_sim_set_host_state (sim, "b", TERN_SIM_HOST_DOWN);
  wait_for (&result);
  ck_assert (!tern_hypervisor_migrate_finish (a, result, NULL));
  g_clear_object (&result);
  tern_sim_set_host_state (sim, "b", TERN_SIM_HOST_UP);
  g_clear_object (&b);
  b = open_port ("b");
  there = fetch (b);
  ck_assert_ptr_null (there);
  clear ();
}
END_TEST

START_TEST (a_definition_far_from_its_disk_does_not_start)
{
  build ("", "", DISK ("") ",'state':'shut-off'", "");
  assert_says (move (TERN_MIGRATE_OFFLINE), "ok");
  assert_says (start (b), "Cannot access storage file '/s/x'");
  assert_says (start (a), "ok");
  clear ();
}
END_TEST

/* --- starts --- */

START_TEST (a_start_runs_a_shut_off_vm_and_nothing_else)
{
  static const char *const others[] = { "running", "paused", "crashed", "unknown" };
  g_autoptr (TernVm) vm = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (others); i++)
    {
      g_autofree char *state = g_strdup_printf (",'state':'%s'", others[i]);

      build ("", "", state, "");
      assert_says (start (a), "Refused");
      clear ();
    }
  build ("", "", ",'state':'shut-off','managed-save':true", "");
  assert_says (start (a), "Refused");
  clear ();
  build ("", "", ",'state':'shut-off'", "");
  assert_says (start (b), "NotFound");
  assert_says (start (a), "ok");
  vm = fetch (a);
  ck_assert_int_eq (vm->state, TERN_VM_RUNNING);
  clear ();
}
END_TEST

START_TEST (each_fault_of_a_start_leaves_what_it_says)
{
  static const struct
  {
    const char *fault;
    const char *says;
    TernVmState state;
  } cases[] = {
    { "'fault':'error'", "Failed", TERN_VM_SHUT_OFF },
    { "'fault':'hang'", "TimedOut", TERN_VM_SHUT_OFF },
    { "'fault':'hang','seconds':5", "TimedOut", TERN_VM_RUNNING },
    { "'fault':'lose-connection'", "Unreachable", TERN_VM_RUNNING },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *fault =
          g_strdup_printf (",'faults':[{'vm':'v','phase':'start',%s}]", cases[i].fault);
      g_autoptr (TernVm) vm = NULL;

      build ("", "", ",'state':'shut-off'", fault);
      assert_says (start (a), cases[i].says);
      if (!tern_hypervisor_is_connected (a))
        {
          g_clear_object (&a);
          a = open_port ("a");
        }
      vm = fetch (a);
      ck_assert_int_eq (vm->state, cases[i].state);
      clear ();
    }
}
END_TEST

START_TEST (a_start_that_hangs_goes_on_when_it_is_released_and_ends_with_its_host)
{
  for (guint die = 0; die < 2; die++)
    {
      g_autoptr (TernVm) vm = NULL;

      build ("", "", ",'state':'shut-off'",
             ",'faults':[{'vm':'v','phase':'start','fault':'hang','seconds':60}]");
      assert_says (start (a), "TimedOut");
      assert_says (start (a), "Refused");
      if (die)
        {
          tern_sim_set_host_state (sim, "a", TERN_SIM_HOST_DOWN);
          advance (100 * SECOND);
          tern_sim_set_host_state (sim, "a", TERN_SIM_HOST_UP);
          g_clear_object (&a);
          a = open_port ("a");
        }
      else
        tern_sim_release (sim, "v");
      vm = fetch (a);
      ck_assert_int_eq (vm->state, die ? TERN_VM_SHUT_OFF : TERN_VM_RUNNING);
      clear ();
    }
}
END_TEST

/* --- changes --- */

START_TEST (a_medium_is_ejected_only_if_it_is_the_one_that_was_named)
{
  g_autoptr (TernVm) vm = NULL;

  build ("", "", ISO (""), "");
  assert_says (eject (a, "sda", "/other.iso"), "Refused");
  assert_says (eject (a, "sdb", "/root/t.iso"), "Refused");
  assert_says (eject (a, "sda", "/root/t.iso"), "ok");
  assert_says (eject (a, "sda", "/root/t.iso"), "Refused");
  vm = fetch (a);
  ck_assert_ptr_null (((TernDisk *) vm->disks->pdata[0])->source);
  assert_says (move (TERN_MIGRATE_NONE), "ok");
  clear ();
}
END_TEST

START_TEST (a_disk_is_never_ejected)
{
  build ("", "", DISK (""), "");
  assert_says (eject (a, "vda", "/s/x"), "Refused");
  clear ();
}
END_TEST

START_TEST (a_lock_goes_along_with_the_vm_also_when_it_is_set_under_way)
{
  TernMigrateParams params = { .peer_uri = "sim://b/", .persistent = TRUE };
  g_autoptr (TernLock) lock = tern_lock_new ("me", "why", 1, 2);
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (TernVm) locked = NULL;
  g_autoptr (TernVm) unlocked = NULL;

  build ("", "", "", "");
  tern_hypervisor_migrate_async (a, VM_UUID, &params, NULL, keep_result, &result);
  advance (SECOND / 2);
  ck_assert_ptr_null (result);
  assert_says (set_lock (a, lock), "ok");
  wait_for (&result);
  locked = fetch (b);
  ck_assert (tern_lock_equal (locked->lock, lock));
  assert_says (set_lock (b, NULL), "ok");
  assert_says (set_lock (b, NULL), "ok");
  unlocked = fetch (b);
  ck_assert_ptr_null (unlocked->lock);
  g_clear_object (&result);
  clear ();
}
END_TEST

#define CPUS_A ",'cpu-model':'New','cpu-vendor':'Intel','cpu-features':['aes','avx','sse4.2']"
#define CPUS_B ",'cpu-model':'Old','cpu-vendor':'Intel','cpu-features':['sse4.2']"
#define CPU_V                                                                                      \
  ",'cpu-mode':'custom','cpu-model':'New','cpu-features':['aes','avx','sse4.2'],'cpu-expanded':"   \
  "true"

START_TEST (a_mask_holds_from_the_next_start_on_and_can_be_taken_back)
{
  g_autoptr (TernCpu) old = tern_cpu_new ("custom", "Old", NULL, NULL, NULL);
  g_autoptr (TernVm) running = NULL;
  g_autoptr (TernVm) again = NULL;
  g_autoptr (TernVm) cleared = NULL;

  build (CPUS_A, CPUS_B, CPU_V, "");
  assert_says (set_cpu (a, NULL), "NotFound");
  assert_says (set_cpu (a, old), "ok");
  running = fetch (a);
  ck_assert (running->masked);
  ck_assert_str_eq (running->cpu->model, "New");
  assert_says (move (TERN_MIGRATE_NONE), "missing features: aes,avx");

  tern_sim_set_vm_state (sim, "a", "v", TERN_VM_SHUT_OFF, TERN_REASON_OTHER);
  assert_says (start (a), "ok");
  again = fetch (a);
  ck_assert_str_eq (again->cpu->model, "Old");
  ck_assert (again->cpu->expanded);
  ck_assert_str_eq (again->cpu->features[0], "sse4.2");
  assert_says (move (TERN_MIGRATE_NONE), "ok");

  assert_says (set_cpu (b, NULL), "ok");
  tern_sim_set_vm_state (sim, "b", "v", TERN_VM_SHUT_OFF, TERN_REASON_OTHER);
  cleared = fetch (b);
  ck_assert (!cleared->masked);
  ck_assert (tern_cpu_equal (cleared->cpu, running->cpu));
  clear ();
}
END_TEST

START_TEST (a_transient_vm_cannot_be_masked)
{
  g_autoptr (TernCpu) old = tern_cpu_new ("custom", "Old", NULL, NULL, NULL);

  build (CPUS_A, CPUS_B, ",'persistent':false", "");
  assert_says (set_cpu (a, old), "Refused");
  clear ();
}
END_TEST

START_TEST (host_model_becomes_what_the_host_has_when_it_starts)
{
  g_autoptr (TernVm) vm = NULL;

  build (CPUS_A, CPUS_B, ",'cpu-mode':'host-model','state':'shut-off'", "");
  assert_says (start (a), "ok");
  vm = fetch (a);
  ck_assert_str_eq (vm->cpu->mode, "custom");
  ck_assert_str_eq (vm->cpu->model, "New");
  ck_assert_uint_eq (g_strv_length (vm->cpu->features), 3);
  assert_says (move (TERN_MIGRATE_NONE), "missing features: aes,avx");
  clear ();
}
END_TEST

/* --- CPUs --- */

START_TEST (a_host_says_in_libvirts_words_what_its_cpu_lacks)
{
  g_autoptr (GAsyncResult) text_result = NULL;
  g_autofree char *text = NULL;
  TernHypervisor *const *ports[] = { &a, &b };
  const char *const says[] = {
    NULL, "the CPU is incompatible with host CPU: Host CPU does not provide required features: "
          "aes, avx"
  };

  build (CPUS_A, CPUS_B, CPU_V, "");
  tern_hypervisor_fetch_cpu_xml_async (a, VM_UUID, NULL, keep_result, &text_result);
  wait_for (&text_result);
  text = tern_hypervisor_fetch_cpu_xml_finish (a, text_result, NULL);
  ck_assert_ptr_nonnull (text);
  g_clear_object (&text_result);
  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (GAsyncResult) result = NULL;
      g_autofree char *refusal = NULL;

      tern_hypervisor_compare_cpu_async (*ports[i], text, NULL, keep_result, &result);
      wait_for (&result);
      ck_assert (tern_hypervisor_compare_cpu_finish (*ports[i], result, &refusal, NULL));
      ck_assert_pstr_eq (refusal, says[i]);
    }
  clear ();
}
END_TEST

static TernCpuDefinition *
baseline (TernCpu *first, TernCpu *second, GError **error)
{
  g_autoptr (GPtrArray) cpus = g_ptr_array_new ();
  g_autoptr (GAsyncResult) result = NULL;

  g_ptr_array_add (cpus, first);
  if (second != NULL)
    g_ptr_array_add (cpus, second);
  tern_hypervisor_baseline_cpu_async (a, cpus, NULL, keep_result, &result);
  wait_for (&result);
  return tern_hypervisor_baseline_cpu_finish (a, result, error);
}

START_TEST (the_baseline_of_two_hosts_is_what_both_have)
{
  g_autoptr (TernHostFacts) facts_a = NULL;
  g_autoptr (TernHostFacts) facts_b = NULL;
  g_autoptr (TernCpuDefinition) common = NULL;

  build (CPUS_A, CPUS_B, "", "");
  facts_a = fetch_facts (a);
  facts_b = fetch_facts (b);
  common = baseline (facts_a->cpu, facts_b->cpu, NULL);
  ck_assert_ptr_nonnull (common);
  ck_assert_str_eq (common->definition->model, "Old");
  ck_assert_ptr_null (common->definition->features[0]);
  ck_assert_uint_eq (g_strv_length (common->expanded->features), 1);
  ck_assert_str_eq (common->expanded->features[0], "sse4.2");
  clear ();
}
END_TEST

START_TEST (a_model_is_spelled_out_and_an_unknown_one_refused)
{
  const char *const without[] = { "avx", NULL };
  g_autoptr (TernCpu) known = tern_cpu_new ("custom", "New", NULL, NULL, without);
  g_autoptr (TernCpu) unknown = tern_cpu_new ("custom", "Newest", NULL, NULL, NULL);
  g_autoptr (TernCpu) amd = tern_cpu_new ("custom", "New", "AMD", NULL, NULL);
  g_autoptr (TernCpu) intel = tern_cpu_new ("custom", "Old", "Intel", NULL, NULL);
  g_autoptr (TernCpuDefinition) spelled = NULL;
  g_autoptr (GError) model_error = NULL;
  g_autoptr (GError) vendor_error = NULL;

  build (CPUS_A, CPUS_B, "", "");
  spelled = baseline (known, NULL, NULL);
  ck_assert_str_eq (spelled->definition->model, "New");
  ck_assert_str_eq (spelled->definition->disabled[0], "avx");
  ck_assert (spelled->expanded->expanded);
  ck_assert (!tern_strv_has ((const char *const *) spelled->expanded->features, "avx"));
  ck_assert (tern_strv_has ((const char *const *) spelled->expanded->features, "aes"));
  ck_assert_ptr_null (baseline (unknown, NULL, &model_error));
  ck_assert (g_error_matches (model_error, TERN_ERROR, TERN_ERROR_INVALID_ARGUMENT));
  ck_assert_ptr_null (baseline (amd, intel, &vendor_error));
  ck_assert (g_error_matches (vendor_error, TERN_ERROR, TERN_ERROR_REFUSED));
  clear ();
}
END_TEST

/* --- hosts that do not answer --- */

START_TEST (a_host_that_hangs_times_out_and_does_it_when_it_wakes)
{
  g_autoptr (GAsyncResult) late = NULL;
  g_autoptr (TernVm) vm = NULL;

  build ("", "", ",'state':'shut-off'", "");
  tern_sim_set_host_state (sim, "a", TERN_SIM_HOST_HANG);
  assert_says (start (a), "TimedOut");
  tern_hypervisor_start_async (a, VM_UUID, NULL, keep_result, &late);
  drain ();
  ck_assert_ptr_null (late);
  tern_sim_set_host_state (sim, "a", TERN_SIM_HOST_UP);
  drain ();
  ck_assert (tern_hypervisor_start_finish (a, late, NULL));
  g_clear_object (&late);
  vm = fetch (a);
  ck_assert_int_eq (vm->state, TERN_VM_RUNNING);
  clear ();
}
END_TEST

/* --- guests that shut down, and drains --- */

static char *
ask_to_shut_down (TernHypervisor *port)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  gboolean good;

  tern_hypervisor_shutdown_async (port, VM_UUID, NULL, keep_result, &result);
  wait_for (&result);
  good = tern_hypervisor_shutdown_finish (port, result, &error);
  return say (good, error);
}

static void
assert_asked (TernHypervisor *port, const char *answer)
{
  g_autofree char *said = ask_to_shut_down (port);

  ck_assert_msg (g_str_has_prefix (said, answer), "%s", said);
}

/* TERN_VM_N_STATES: it is not there. */
static void
assert_state (TernHypervisor *port, TernVmState state)
{
  g_autoptr (TernVm) vm = fetch (port);

  ck_assert_int_eq (vm != NULL ? vm->state : TERN_VM_N_STATES, state);
}

START_TEST (a_guest_that_is_asked_is_off_when_it_is_done_and_no_sooner)
{
  static const struct
  {
    const char *vm;
    gint64 length_us;
    TernVmState end;
  } cases[] = {
    { "", 5 * SECOND, TERN_VM_SHUT_OFF },
    { ",'shutdown-seconds':2.5", 5 * SECOND / 2, TERN_VM_SHUT_OFF },
    { ",'shutdown-seconds':100,'persistent':false", 100 * SECOND, TERN_VM_N_STATES },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      build ("", "", cases[i].vm, "");
      assert_asked (a, "ok");
      advance (cases[i].length_us - SECOND / 10);
      assert_state (a, TERN_VM_RUNNING);
      assert_asked (a, "ok");
      advance (SECOND / 10);
      assert_state (a, cases[i].end);
      clear ();
    }
}
END_TEST

START_TEST (a_guest_may_ignore_that_it_was_asked)
{
  build ("", "", "", ",'faults':[{'vm':'v','phase':'shutdown','fault':'ignored','times':2}]");
  for (guint i = 0; i < 2; i++)
    {
      assert_asked (a, "ok");
      advance (10 * SECOND);
      assert_state (a, TERN_VM_RUNNING);
    }
  assert_asked (a, "ok");
  advance (5 * SECOND);
  assert_state (a, TERN_VM_SHUT_OFF);
  clear ();
}
END_TEST

START_TEST (only_a_guest_that_runs_by_itself_can_be_asked)
{
  TernMigrateParams params = { .peer_uri = "sim://b/", .persistent = TRUE };
  g_autoptr (GAsyncResult) result = NULL;

  build ("", "", ",'dirty-mbps':900000", "");
  tern_sim_set_vm_state (sim, "a", "v", TERN_VM_PAUSED, TERN_REASON_USER);
  assert_asked (a, "Refused: The VM v on host a is paused");
  tern_sim_set_vm_state (sim, "a", "v", TERN_VM_SHUT_OFF, TERN_REASON_OTHER);
  assert_asked (a, "Refused");
  assert_asked (b, "NotFound");
  tern_sim_set_vm_state (sim, "a", "v", TERN_VM_RUNNING, TERN_REASON_OTHER);
  tern_hypervisor_migrate_async (a, VM_UUID, &params, NULL, keep_result, &result);
  advance (2 * SECOND);
  assert_asked (a, "Busy");
  advance (20 * SECOND);
  assert_state (a, TERN_VM_RUNNING);
  ck_assert_ptr_null (result);
  tern_hypervisor_disconnect (a);
  wait_for (&result);
  g_clear_object (&result);
  clear ();
}
END_TEST

START_TEST (a_guest_on_its_way_down_is_off_wherever_it_runs_by_then)
{
  g_autofree char *moved = NULL;

  build ("", "", "", "");
  assert_asked (a, "ok");
  moved = move (TERN_MIGRATE_NONE);
  ck_assert_str_eq (moved, "ok");
  assert_state (a, TERN_VM_N_STATES);
  assert_state (b, TERN_VM_RUNNING);
  advance (5 * SECOND);
  assert_state (b, TERN_VM_SHUT_OFF);
  clear ();
}
END_TEST

START_TEST (a_guest_that_goes_down_takes_its_migration_with_it)
{
  g_autofree char *moved = NULL;

  build ("", "", ",'dirty-mbps':900000", "");
  assert_asked (a, "ok");
  moved = move (TERN_MIGRATE_NONE);
  ck_assert_str_eq (moved, "Failed: operation failed: domain is not running");
  assert_state (a, TERN_VM_SHUT_OFF);
  assert_state (b, TERN_VM_N_STATES);
  clear ();
}
END_TEST

START_TEST (a_guest_that_was_started_anew_was_not_asked)
{
  g_autofree char *started = NULL;

  build ("", "", "", "");
  assert_asked (a, "ok");
  advance (SECOND);
  tern_sim_set_vm_state (sim, "a", "v", TERN_VM_SHUT_OFF, TERN_REASON_OTHER);
  started = start (a);
  ck_assert_str_eq (started, "ok");
  advance (20 * SECOND);
  assert_state (a, TERN_VM_RUNNING);
  clear ();
}
END_TEST

START_TEST (a_host_may_fail_to_ask_or_to_say_that_it_asked)
{
  build ("", "", "",
         ",'faults':[{'vm':'v','phase':'shutdown','fault':'error'},"
         "{'vm':'v','phase':'shutdown','fault':'lose-connection'}]");
  assert_asked (a, "Failed: ");
  advance (20 * SECOND);
  assert_state (a, TERN_VM_RUNNING);
  assert_asked (a, "Unreachable: ");
  advance (20 * SECOND);
  g_clear_object (&a);
  a = open_port ("a");
  assert_state (a, TERN_VM_SHUT_OFF);
  clear ();
}
END_TEST

static void
set_drain_action (TernHypervisor *port, int action)
{
  g_autoptr (GAsyncResult) result = NULL;

  tern_hypervisor_set_drain_action_async (port, VM_UUID, action, NULL, keep_result, &result);
  wait_for (&result);
  ck_assert (tern_hypervisor_set_drain_action_finish (port, result, NULL));
}

static void
assert_drain_action (TernHypervisor *port, int action)
{
  g_autoptr (TernVm) vm = fetch (port);

  ck_assert_int_eq (vm->drain_action, action);
}

START_TEST (what_a_drain_does_is_kept_and_travels)
{
  TernMigrateParams params = { .peer_uri = "sim://b/", .persistent = TRUE };
  g_autoptr (GAsyncResult) result = NULL;

  build ("", "", ",'drain-action':'ask'", "");
  assert_drain_action (a, TERN_DRAIN_ASK);
  set_drain_action (a, -1);
  assert_drain_action (a, -1);
  tern_hypervisor_migrate_async (a, VM_UUID, &params, NULL, keep_result, &result);
  advance (SECOND / 2);
  set_drain_action (a, TERN_DRAIN_COLD);
  wait_for (&result);
  ck_assert (tern_hypervisor_migrate_finish (a, result, NULL));
  g_clear_object (&result);
  assert_drain_action (b, TERN_DRAIN_COLD);
  clear ();
}
END_TEST

/* clang-format off */
TERN_CHECK_MAIN ("sim-check",
  tcase_add_loop_test (tcase, a_move_ends_as_libvirt_ends_it, 0, G_N_ELEMENTS (move_cases));
  tcase_add_test (tcase, folders_that_the_admin_calls_shared_are_shared);
  tcase_add_test (tcase, too_little_memory_is_no_obstacle_but_is_remembered);
  tcase_add_test (tcase, free_memory_and_huge_pages_follow_the_moves);
  tcase_add_test (tcase, an_offline_move_copies_the_definition_and_leaves_the_source_its_own);
  tcase_add_test (tcase, an_offline_move_of_a_running_vm_is_refused);
  tcase_add_test (tcase, an_offline_move_to_a_host_that_dies_ends_without_a_copy);
  tcase_add_test (tcase, a_definition_far_from_its_disk_does_not_start);
  tcase_add_test (tcase, a_start_runs_a_shut_off_vm_and_nothing_else);
  tcase_add_test (tcase, each_fault_of_a_start_leaves_what_it_says);
  tcase_add_test (tcase, a_start_that_hangs_goes_on_when_it_is_released_and_ends_with_its_host);
  tcase_add_test (tcase, a_medium_is_ejected_only_if_it_is_the_one_that_was_named);
  tcase_add_test (tcase, a_disk_is_never_ejected);
  tcase_add_test (tcase, a_lock_goes_along_with_the_vm_also_when_it_is_set_under_way);
  tcase_add_test (tcase, a_mask_holds_from_the_next_start_on_and_can_be_taken_back);
  tcase_add_test (tcase, a_transient_vm_cannot_be_masked);
  tcase_add_test (tcase, host_model_becomes_what_the_host_has_when_it_starts);
  tcase_add_test (tcase, a_host_says_in_libvirts_words_what_its_cpu_lacks);
  tcase_add_test (tcase, the_baseline_of_two_hosts_is_what_both_have);
  tcase_add_test (tcase, a_model_is_spelled_out_and_an_unknown_one_refused);
  tcase_add_test (tcase, a_host_that_hangs_times_out_and_does_it_when_it_wakes);
  tcase_add_test (tcase, a_guest_that_is_asked_is_off_when_it_is_done_and_no_sooner);
  tcase_add_test (tcase, a_guest_may_ignore_that_it_was_asked);
  tcase_add_test (tcase, only_a_guest_that_runs_by_itself_can_be_asked);
  tcase_add_test (tcase, a_guest_on_its_way_down_is_off_wherever_it_runs_by_then);
  tcase_add_test (tcase, a_guest_that_goes_down_takes_its_migration_with_it);
  tcase_add_test (tcase, a_guest_that_was_started_anew_was_not_asked);
  tcase_add_test (tcase, a_host_may_fail_to_ask_or_to_say_that_it_asked);
  tcase_add_test (tcase, what_a_drain_does_is_kept_and_travels);
)
/* clang-format on */
