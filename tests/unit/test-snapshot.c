/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "model/snapshot.h"

#include "base/error.h"
#include "base/text.h"
#include "model/list.h"
#include "model/snapshot-tables.h"
#include "random-cluster.h"
#include "tern-check.h"

#include <glib/gstdio.h>
#include <json-glib/json-glib.h>

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MIB (G_GUINT64_CONSTANT (1) << 20)
#define N_RANDOM 500

static TernSnapshot *
parse (const char *json, GError **error)
{
  g_autoptr (GString) text = g_string_new (json);

  g_string_replace (text, "'", "\"", 0);
  return tern_snapshot_parse (text->str, -1, "test.json", NULL, error);
}

/* --- a round trip --- */

static void
assert_same_hugepages (const GPtrArray *a, const GPtrArray *b)
{
  ck_assert_int_eq (a == NULL, b == NULL);
  ck_assert (a == NULL || a->len == b->len);
  for (guint i = 0; a != NULL && i < a->len; i++)
    {
      const TernHugepages *x = a->pdata[i], *y = b->pdata[i];

      ck_assert (x->size == y->size && x->total == y->total && x->free == y->free);
    }
}

static void
assert_same_facts (const TernHostFacts *a, const TernHostFacts *b)
{
  ck_assert_int_eq (a == NULL, b == NULL);
  if (a == NULL)
    return;
  ck_assert_pstr_eq (a->uuid, b->uuid);
  ck_assert_pstr_eq (a->hostname, b->hostname);
  ck_assert_uint_eq (a->memory_total, b->memory_total);
  ck_assert_uint_eq (a->memory_free, b->memory_free);
  ck_assert_uint_eq (a->cpus, b->cpus);
  ck_assert_uint_eq (a->cpu_mhz, b->cpu_mhz);
  ck_assert_pstr_eq (a->arch, b->arch);
  ck_assert (tern_cpu_equal (a->cpu, b->cpu));
  ck_assert_uint_eq (a->libvirt_version, b->libvirt_version);
  ck_assert_uint_eq (a->qemu_version, b->qemu_version);
  ck_assert_int_eq (a->load_permille, b->load_permille);
  ck_assert (tern_strv_equal0 (a->virt_types, b->virt_types));
  ck_assert (tern_strv_equal0 (a->machines, b->machines));
  ck_assert_uint_eq (a->max_vcpus, b->max_vcpus);
  ck_assert (tern_strv_equal0 (a->cpu_models, b->cpu_models));
  ck_assert_pstr_eq (a->cpu_signature, b->cpu_signature);
  ck_assert_uint_eq (a->tsc_hz, b->tsc_hz);
  ck_assert_int_eq (a->tsc_scaling, b->tsc_scaling);
  ck_assert_uint_eq (a->numa_nodes, b->numa_nodes);
  assert_same_hugepages (a->hugepages, b->hugepages);
  ck_assert (tern_list_equal (a->networks, b->networks, (GEqualFunc) tern_network_equal));
  ck_assert (tern_strv_equal0 (a->interfaces, b->interfaces));
  ck_assert (tern_list_equal (a->pools, b->pools, (GEqualFunc) tern_pool_equal));
  ck_assert (tern_strv_equal0 (a->secrets, b->secrets));
}

static void
assert_same_host (const TernHost *a, const TernHost *b)
{
  ck_assert_str_eq (a->config->name, b->config->name);
  ck_assert_str_eq (a->config->cluster, b->config->cluster);
  ck_assert_int_eq (a->config->duty, b->config->duty);
  ck_assert_uint_eq (a->config->memory_reserve, b->config->memory_reserve);
  ck_assert_int_eq (a->state, b->state);
  ck_assert_int_eq (a->seen_us, b->seen_us);
  ck_assert_pstr_eq (a->error, b->error);
  assert_same_facts (a->facts, b->facts);
}

static void
assert_same_cluster (const TernCluster *a, const TernCluster *b)
{
  ck_assert_int_eq (a->taken_us, b->taken_us);
  ck_assert (tern_strv_equal0 (a->shared_paths, b->shared_paths));
  ck_assert_uint_eq (a->hosts->len, b->hosts->len);
  ck_assert_uint_eq (a->vms->len, b->vms->len);
  for (guint i = 0; i < a->hosts->len; i++)
    {
      assert_same_host (a->hosts->pdata[i], b->hosts->pdata[i]);
      ck_assert_uint_eq (tern_cluster_get_memory_used (a, i), tern_cluster_get_memory_used (b, i));
    }
  for (guint i = 0; i < a->vms->len; i++)
    ck_assert (tern_vm_equal (a->vms->pdata[i], b->vms->pdata[i]));
}

static void
assert_same_reservations (const GPtrArray *a, const GPtrArray *b)
{
  ck_assert_uint_eq (a->len, b->len);
  for (guint i = 0; i < a->len; i++)
    {
      const TernReservation *x = a->pdata[i], *y = b->pdata[i];

      ck_assert_uint_eq (x->task_id, y->task_id);
      ck_assert_str_eq (x->vm_uuid, y->vm_uuid);
      ck_assert_str_eq (x->source, y->source);
      ck_assert_str_eq (x->destination, y->destination);
      ck_assert_uint_eq (x->memory, y->memory);
      ck_assert_uint_eq (x->vcpus, y->vcpus);
    }
}

START_TEST (what_was_written_comes_back_the_same_byte_for_byte)
{
  for (guint seed = 0; seed < N_RANDOM; seed++)
    {
      g_autoptr (TernCluster) cluster = test_random_cluster (seed, 8, 40);
      TernSettings settings = test_random_settings (seed);
      g_autoptr (GPtrArray) reservations = test_random_reservations (seed, cluster);
      g_autofree char *first = tern_snapshot_format (cluster, &settings, reservations);
      g_autoptr (GError) error = NULL;
      g_autoptr (TernSnapshot) snapshot =
          tern_snapshot_parse (first, -1, "random.json", NULL, &error);
      g_autofree char *second = NULL;
      g_autofree char *third = NULL;
      g_autoptr (TernSnapshot) again = NULL;

      ck_assert_msg (snapshot != NULL, "seed %u: %s", seed, error != NULL ? error->message : "");
      assert_same_cluster (cluster, snapshot->cluster);
      assert_same_reservations (reservations, snapshot->reservations);
      ck_assert_mem_eq (&settings, &snapshot->settings, sizeof settings);
      second =
          tern_snapshot_format (snapshot->cluster, &snapshot->settings, snapshot->reservations);
      again = tern_snapshot_parse (second, -1, "again.json", NULL, &error);
      ck_assert_ptr_nonnull (again);
      third = tern_snapshot_format (again->cluster, &again->settings, again->reservations);
      ck_assert_str_eq (second, third);
    }
}
END_TEST

START_TEST (the_smallest_file_is_an_empty_cluster_with_the_defaults)
{
  static const TernSettings defaults = TERN_SETTINGS_INIT;
  g_autoptr (TernSnapshot) snapshot = parse ("{'virtern-snapshot':1}", NULL);

  ck_assert_ptr_nonnull (snapshot);
  ck_assert_uint_eq (snapshot->cluster->hosts->len, 0);
  ck_assert_uint_eq (snapshot->cluster->vms->len, 0);
  ck_assert_mem_eq (&defaults, &snapshot->settings, sizeof defaults);
}
END_TEST

/* --- what is refused --- */

typedef struct
{
  const char *json;
  const char *says;
} BadFile;

#define TOP "{'virtern-snapshot':1,"
#define HOST(more) TOP "'hosts':[{'name':'x','memory-mib':1,'cpus':1" more "}]}"
#define VM(more)                                                                                   \
  TOP "'hosts':[{'name':'x','memory-mib':1,'cpus':1}],"                                            \
      "'vms':[{'name':'v','host':'x','memory-mib':1" more "}]}"

/* clang-format off */
static const BadFile bad_files[] = {
  { TOP "'taken':1.5}", "the document: “taken” must be a whole number of microseconds" },
  { TOP "'taken':9223372036854775808}", "“taken” must be" },
  { TOP "'taken':-9223372036854775809}", "“taken” must be" },
  { TOP "'hosts':[],'hosts':[]}", "“hosts” stands there twice" },
  { TOP "'shared-paths':['a',1]}", "“shared-paths” must be an array of strings" },
  { TOP "'settings':[]}", "“settings” must be an object" },
  { TOP "'settings':{'weights':{'luck':1}}}", "settings.weights: unknown field “luck”" },
  { TOP "'settings':{'memory-ratio':-1}}", "settings: “memory-ratio” must be a number from 0" },
  { TOP "'settings':{'memory-ratio':1e400}}", "settings: “memory-ratio” must be" },
  { TOP "'settings':{'memory-ratio':NaN}}", "settings: “memory-ratio” must be" },
  { TOP "'reservations':[{'vm':'x','source':'a','destination':'b','memory-mib':1}]}", "reservations[0]: “vm” is no UUID" },
  { TOP "'reservations':[{'vm':'11111111-1111-4111-8111-111111111111','source':'a','destination':'b','memory-mib':1}]}", "reservations[0]: there is no host “a”" },
  { TOP "'hosts':[{'name':'x','cpus':1}]}", "“memory-mib” is missing" },
  { TOP "'hosts':[{'name':'x','memory-mib':1}]}", "“cpus” is missing" },
  { TOP "'hosts':[{'name':null,'memory-mib':1,'cpus':1}]}", "“name” must be a string" },
  { HOST (",'seen':false"), "“seen” is false" },
  { HOST (",'memory-bytes':1"), "give “memory-mib” or “memory-bytes”, not both" },
  { HOST (",'memory-free-mib':1099511627777"), "“memory-free-mib” must be a whole number from 0 to 1099511627776" },
  { HOST (",'cpu-mhz':1,'cpu-mhz':1"), "“cpu-mhz” stands there twice" },
  { HOST (",'qemu-version':'7.2'"), "“qemu-version” must be a version" },
  { HOST (",'qemu-version':'7.2000.1'"), "“qemu-version” must be a version" },
  { HOST (",'tsc-hz':18446744073709551616"), "“tsc-hz” must be" },
  { HOST (",'tsc-hz':-1"), "“tsc-hz” must be" },
  { HOST (",'tsc-hz':1e3"), "“tsc-hz” must be" },
  { HOST (",'load-permille':2147483648"), "“load-permille” must be" },
  { HOST (",'pools':[{'name':'p'},{'name':'q','type':1}]"), "line 1: hosts[0].pools[1]: “type” must be a string" },
  { HOST (",\n'pools':[\n{'name':'p','size':1}]"), "line 3: hosts[0].pools[0]: unknown field “size”" },
  { HOST (",'pools':[{}]"), "hosts[0].pools[0]: “name” is missing" },
  { HOST (",'networks':{}"), "“networks” must be an array" },
  { HOST (",'hugepages':[{'total':1}]"), "“size-kib” is missing" },
  { HOST (",'cluster':''"), "“cluster” is empty" },
  { HOST (",'duty':'asleep'"), "“duty” must be one of active, draining, maintenance, returning" },
  { HOST (",'maintenance':true,'duty':'active'"), "“maintenance” is true, but “duty” is “active”" },
  { HOST (",'duty':'draining','maintenance':true"), "“maintenance” is true, but “duty” is “draining”" },
  { VM (",'drain-action':'freeze'"), "“drain-action” must be one of migrate, skip, cold, shutdown, ask" },
  { VM (",'drain-action':-1"), "“drain-action” must be" },
  { VM (",'shutdown-seconds':-1"), "“shutdown-seconds” must be" },
  { HOST (",'error':{'base64':'AA=='}"), "“error” must be a string" },
  { HOST (",'error':{'base64':'YQ=='}"), "“error” must be a string" },
  { HOST (",'error':{'base64':'/w='}"), "“error” must be a string" },
  { HOST (",'error':'a\\u0000b'"), "“error” must be a string" },
  { VM (",'memory-bytes':1"), "give “memory-mib” or “memory-bytes”, not both" },
  { VM (",'vcpus':4097"), "“vcpus” must be" },
  { VM (",'vcpus':01"), "“vcpus” must be" },
  { VM (",'lock':true"), "“lock” must be an object" },
  { VM (",'lock':{'owner':'a','since':'b'}"), "vms[0].lock: “since” must be" },
  { VM (",'disks':[{'readonly':1}]"), "vms[0].disks[0]: “readonly” must be true or false" },
  { VM (",'disks':[{'backing':'/x'}]"), "“backing” must be an array of strings" },
  { VM (",'nics':[{'target':'x'}]"), "vms[0].nics[0]: unknown field “target”" },
  { VM (",'persistent':1"), "“persistent” must be true or false" },
  { VM (",'x':1,"), "unknown field “x”" },
  { VM ("}{"), "no JSON" },
  { TOP "'faults':[{'vm':'v','phase':'start','fault':'source-dies'}]}", "cannot happen in the phase “start”" },
  { TOP "'faults':[{'vm':'v','phase':'begin','fault':'error'}]}", "“phase” must be start, prepare" },
  { TOP "'faults':[{'vm':'v','phase':'shutdown','fault':'hang'}]}", "cannot happen in the phase “shutdown”" },
  { TOP "'faults':[{'vm':'v','phase':'copy','fault':'ignored'}]}", "happens in the phase “shutdown” only" },
};
/* clang-format on */

START_TEST (a_mistake_is_refused_with_its_file_place_and_field)
{
  const BadFile *bad = &bad_files[_i];
  g_autoptr (GError) error = NULL;

  ck_assert_ptr_null (parse (bad->json, &error));
  ck_assert (g_error_matches (error, TERN_ERROR, TERN_ERROR_INVALID_ARGUMENT));
  ck_assert_msg (strstr (error->message, bad->says) != NULL, "“%s” not in: %s", bad->says,
                 error->message);
  ck_assert_msg (g_str_has_prefix (error->message, "test.json: "), "%s", error->message);
}
END_TEST

START_TEST (bytes_that_are_not_utf_8_are_refused_with_their_line)
{
  g_autoptr (GError) error = NULL;

  ck_assert_ptr_null (parse ("{\n'virtern-snapshot\xff':1}", &error));
  ck_assert_str_eq (error->message, "test.json: no JSON: line 2: it is not UTF-8");
}
END_TEST

START_TEST (every_beginning_of_a_file_is_refused)
{
  g_autoptr (TernCluster) cluster = test_random_cluster (7, 4, 6);
  g_autofree char *text = tern_snapshot_format (cluster, NULL, NULL);
  gsize length = strlen (text);

  while (length > 0 && text[length - 1] != '}')
    length--;
  for (gsize i = 0; i < length; i++)
    {
      g_autoptr (GError) error = NULL;

      ck_assert_ptr_null (tern_snapshot_parse (text, (gssize) i, "cut", NULL, &error));
      ck_assert_ptr_nonnull (error);
    }
}
END_TEST

/* --- files --- */

static char *
make_path (char **out_folder, const char *name)
{
  *out_folder = g_dir_make_tmp ("virtern-test-XXXXXX", NULL);
  ck_assert_ptr_nonnull (*out_folder);
  return g_build_filename (*out_folder, name, NULL);
}

START_TEST (a_file_of_200_mb_is_refused_without_reading_it)
{
  g_autofree char *folder = NULL;
  g_autofree char *path = make_path (&folder, "large.json");
  g_autofree char *expected = g_strdup_printf ("%s: the document: is larger than 64 MiB", path);
  g_autoptr (GError) error = NULL;
  int fd = g_open (path, O_CREAT | O_WRONLY, 0600);
  gint64 before = g_get_monotonic_time ();

  ck_assert_int_eq (ftruncate (fd, 200 * 1000 * 1000), 0);
  close (fd);
  ck_assert_ptr_null (tern_snapshot_load (path, &error));
  ck_assert_str_eq (error->message, expected);
  ck_assert_int_lt (g_get_monotonic_time () - before, 5 * G_USEC_PER_SEC);
  g_unlink (path);
  g_rmdir (folder);
}
END_TEST

START_TEST (text_that_is_too_long_is_refused)
{
  g_autofree char *large = g_strnfill (TERN_SNAPSHOT_MAX + 1, ' ');
  g_autoptr (GError) error = NULL;

  ck_assert_ptr_null (tern_snapshot_parse (large, -1, "large.json", NULL, &error));
  ck_assert_str_eq (error->message, "large.json: the document: is larger than 64 MiB");
}
END_TEST

START_TEST (a_file_nested_deeper_than_the_format_is_refused)
{
  static const char *const beginnings[] = { "", "{\"virtern-snapshot\":1,\"hosts\":" };

  for (guint i = 0; i < G_N_ELEMENTS (beginnings); i++)
    {
      g_autofree char *brackets = g_strnfill (1 << 20, '[');
      g_autofree char *text = g_strconcat (beginnings[i], brackets, NULL);
      g_autoptr (GError) error = NULL;

      ck_assert_ptr_null (tern_snapshot_parse (text, -1, "deep.json", NULL, &error));
      ck_assert_str_eq (error->message, "deep.json: no JSON: line 1: it is nested too deep");
    }
}
END_TEST

START_TEST (what_is_no_regular_file_is_refused_and_never_waited_for)
{
  g_autofree char *folder = NULL;
  g_autofree char *pipe = make_path (&folder, "pipe");
  const char *const paths[] = { "/dev/zero", "/dev/null", "/", pipe };

  ck_assert_int_eq (mkfifo (pipe, 0600), 0);
  for (guint i = 0; i < G_N_ELEMENTS (paths); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autofree char *sentence = g_strconcat (paths[i], " is not a regular file", NULL);

      ck_assert_ptr_null (tern_snapshot_load (paths[i], &error));
      ck_assert_str_eq (error->message, sentence);
    }
  g_unlink (pipe);
  g_rmdir (folder);
}
END_TEST

START_TEST (a_file_that_is_not_there_is_named)
{
  g_autoptr (GError) error = NULL;

  ck_assert_ptr_null (tern_snapshot_load ("/nonexistent/x.json", &error));
  ck_assert_str_eq (error->message, "Cannot read /nonexistent/x.json: No such file or directory");
}
END_TEST

/* --- what is read --- */

START_TEST (what_a_file_leaves_out_has_the_values_of_the_manual)
{
  g_autoptr (TernSnapshot) snapshot = parse (VM (""), NULL);
  const TernHost *host = snapshot->cluster->hosts->pdata[0];
  const TernVm *vm = snapshot->cluster->vms->pdata[0];
  const TernSnapshotHost *link = snapshot->sim_hosts->pdata[0];

  ck_assert_int_eq (host->state, TERN_HOST_UP);
  ck_assert_str_eq (host->config->cluster, "default");
  ck_assert_str_eq (host->config->uri, "sim://x/");
  ck_assert_str_eq (host->facts->arch, "x86_64");
  ck_assert_uint_eq (host->facts->libvirt_version, 9000000);
  ck_assert_uint_eq (host->facts->qemu_version, 7002000);
  ck_assert_int_eq (host->facts->load_permille, -1);
  ck_assert_ptr_null (host->facts->pools);
  ck_assert_uint_eq (host->facts->memory_free, 0);
  ck_assert_uint_eq (link->link_bps, 1250000000);
  ck_assert (link->listed);
  ck_assert_int_eq (vm->state, TERN_VM_RUNNING);
  ck_assert (vm->persistent);
  ck_assert_uint_eq (vm->memory_current, MIB);
  ck_assert_uint_eq (vm->vcpus, 1);
  ck_assert_str_eq (vm->machine, "pc-q35-7.2");
  ck_assert_ptr_null (vm->lock);
  ck_assert_int_eq (vm->load_permille, -1);
}
END_TEST

START_TEST (free_memory_that_is_not_told_is_what_active_vms_leave)
{
  g_autoptr (TernSnapshot) snapshot =
      parse (TOP "'hosts':[{'name':'x','memory-mib':4096,'cpus':1},{'name':'y','memory-mib':4096,"
                 "'cpus':1,'memory-free-bytes':12345}],'vms':["
                 "{'name':'v','host':'x','memory-mib':1024},"
                 "{'name':'w','host':'x','memory-mib':1024,'state':'shut-off'}]}",
             NULL);
  const TernHost *x = snapshot->cluster->hosts->pdata[0], *y = snapshot->cluster->hosts->pdata[1];

  ck_assert_uint_eq (x->facts->memory_free, (4096 - 1024 - 100) * MIB);
  ck_assert_uint_eq (y->facts->memory_free, 12345);
}
END_TEST

START_TEST (numbers_are_exact_up_to_their_last_digit)
{
  g_autoptr (TernSnapshot) snapshot = parse (
      TOP "'taken':-9223372036854775808,'hosts':[{'name':'x','memory-bytes':9007199254740993,"
          "'cpus':1,'tsc-hz':18446744073709551615}]}",
      NULL);
  const TernHost *host = snapshot->cluster->hosts->pdata[0];

  ck_assert (snapshot->cluster->taken_us == G_MININT64);
  ck_assert (host->facts->memory_total == G_GUINT64_CONSTANT (9007199254740993));
  ck_assert (host->facts->tsc_hz == G_MAXUINT64);
}
END_TEST

START_TEST (a_name_that_is_not_utf_8_is_written_as_base64)
{
  g_autoptr (TernSnapshot) snapshot = parse (
      TOP "'hosts':[{'name':'x','memory-mib':1,'cpus':1}],'vms':[{'name':{'base64':'d2Vi/w=='},"
          "'host':'x','memory-mib':1}]}",
      NULL);
  g_autofree char *text = NULL;

  ck_assert_ptr_nonnull (snapshot);
  ck_assert_str_eq (((TernVm *) snapshot->cluster->vms->pdata[0])->name, "web\xff");
  text = tern_snapshot_format (snapshot->cluster, NULL, NULL);
  ck_assert (g_utf8_validate (text, -1, NULL));
  ck_assert_ptr_nonnull (strstr (text, "{\"base64\": \"d2Vi/w==\"}"));
}
END_TEST

START_TEST (nothing_in_a_written_file_can_upset_a_terminal)
{
  for (guint seed = 0; seed < 50; seed++)
    {
      g_autoptr (TernCluster) cluster = test_random_cluster (seed, 6, 40);
      g_autofree char *text = tern_snapshot_format (cluster, NULL, NULL);
      g_auto (GStrv) lines = g_strsplit (text, "\n", -1);

      for (guint i = 0; lines[i] != NULL; i++)
        {
          g_autofree char *visible = tern_text_visible (lines[i], 0);

          ck_assert_str_eq (lines[i], visible);
        }
    }
}
END_TEST

START_TEST (a_vm_may_be_called_what_another_has_as_its_uuid)
{
  static const char uuid[] = "3c61516c-92bb-4c6f-8df0-e695c49b3a56";
  g_autofree char *file = g_strdup_printf (
      "{\"virtern-snapshot\":1,\"hosts\":[{\"name\":\"x\",\"memory-mib\":9,\"cpus\":1}],"
      "\"vms\":[{\"name\":\"a\",\"uuid\":\"%s\",\"host\":\"x\",\"memory-mib\":1},"
      "{\"name\":\"%s\",\"host\":\"x\",\"memory-mib\":1}]}",
      uuid, uuid);
  g_autoptr (GError) error = NULL;
  g_autoptr (TernSnapshot) snapshot = tern_snapshot_parse (file, -1, "names.json", NULL, &error);

  ck_assert_msg (snapshot != NULL, "%s", error != NULL ? error->message : "");
  ck_assert_uint_eq (snapshot->cluster->vms->len, 2);
}
END_TEST

START_TEST (vms_may_be_on_hosts_that_are_there_already)
{
  static const char more[] = "{\"virtern-snapshot\":1,\"vms\":[{\"name\":\"%s\",\"host\":"
                             "\"x\",\"memory-mib\":1}]}";
  g_autoptr (TernSnapshot) first = parse (VM (""), NULL);
  g_autofree char *new_vm = g_strdup_printf (more, "new");
  g_autofree char *old_vm = g_strdup_printf (more, "v");
  g_autoptr (TernSnapshot) second =
      tern_snapshot_parse (new_vm, -1, "more.json", first->cluster, NULL);
  g_autoptr (GError) error = NULL;

  ck_assert_ptr_nonnull (second);
  ck_assert_uint_eq (second->cluster->hosts->len, 0);
  ck_assert_uint_eq (second->cluster->vms->len, 1);
  ck_assert_ptr_null (tern_snapshot_parse (old_vm, -1, "more.json", first->cluster, &error));
  ck_assert_ptr_nonnull (strstr (error->message, "host “x” has such a VM already"));
}
END_TEST

START_TEST (what_cannot_be_in_a_file_is_left_out_of_it)
{
  g_autoptr (TernSnapshot) snapshot = parse (VM (""), NULL);
  g_autoptr (TernVm) gone = tern_vm_copy (snapshot->cluster->vms->pdata[0]);
  g_autoptr (TernVm) ended = tern_vm_copy (gone);
  g_autoptr (GPtrArray) vms = g_ptr_array_new ();
  g_autoptr (TernCluster) cluster = NULL;
  g_autoptr (TernSnapshot) again = NULL;
  g_autofree char *text = NULL;

  g_free (gone->host);
  gone->host = g_strdup ("nowhere");
  ended->persistent = FALSE;
  ended->state = TERN_VM_SHUT_OFF;
  g_ptr_array_add (vms, gone);
  g_ptr_array_add (vms, ended);
  cluster = tern_cluster_new (snapshot->cluster->hosts, vms, NULL, 0, 0);
  text = tern_snapshot_format (cluster, NULL, NULL);
  again = tern_snapshot_parse (text, -1, "again.json", NULL, NULL);
  ck_assert_ptr_nonnull (again);
  ck_assert_uint_eq (again->cluster->vms->len, 0);
}
END_TEST

/* --- copies, by what would be written of them --- */

static char *
write_facts (const TernHostFacts *facts)
{
  GString *out = g_string_new (NULL);
  TernSection section = { &tern_shape_facts, (gpointer) facts };

  tern_fields_write (out, &section, 1);
  return g_string_free (out, FALSE);
}

START_TEST (a_copy_of_facts_says_the_same_and_is_freed_apart)
{
  for (guint seed = 0; seed < 50; seed++)
    {
      g_autoptr (TernCluster) cluster = test_random_cluster (seed, 6, 0);

      for (guint i = 0; i < cluster->hosts->len; i++)
        {
          TernHostFacts *facts = ((TernHost *) cluster->hosts->pdata[i])->facts;
          g_autoptr (TernHostFacts) copy = facts != NULL ? tern_host_facts_copy (facts) : NULL;

          assert_same_facts (facts, copy);
        }
    }
}
END_TEST

START_TEST (a_host_that_is_written_has_every_fact_that_is_known)
{
  g_autoptr (TernHostFacts) facts = tern_host_facts_new ();
  g_autofree char *empty = NULL;
  g_autofree char *filled = NULL;

  empty = write_facts (facts);
  facts->machines = g_strdupv ((char *[]){ (char *) "q35", NULL });
  facts->pools = g_ptr_array_new_with_free_func ((GDestroyNotify) tern_pool_free);
  filled = write_facts (facts);
  ck_assert_ptr_null (strstr (empty, "machines"));
  ck_assert_ptr_null (strstr (empty, "pools"));
  ck_assert_ptr_nonnull (strstr (filled, "\"machines\": [\"q35\"]"));
  ck_assert_ptr_nonnull (strstr (filled, "\"pools\": []"));
}
END_TEST

/* --- the schema --- */

static JsonObject *
find_properties (JsonObject *schema, const char *definition)
{
  JsonObject *all = json_object_get_object_member (schema, "$defs");

  return json_object_get_object_member (json_object_get_object_member (all, definition),
                                        "properties");
}

/* The names of both, sorted. */
static void
assert_same_names (JsonObject *properties, const TernShape *const *shapes, guint n_shapes)
{
  g_autoptr (GPtrArray) in_table = g_ptr_array_new ();
  g_autoptr (GPtrArray) in_schema = g_ptr_array_new ();
  g_autoptr (GList) members = json_object_get_members (properties);
  g_auto (GStrv) table = NULL;
  g_auto (GStrv) schema = NULL;
  g_autofree char *table_text = NULL;
  g_autofree char *schema_text = NULL;

  for (guint i = 0; i < n_shapes; i++)
    for (guint j = 0; j < shapes[i]->n_fields; j++)
      g_ptr_array_add (in_table, (gpointer) shapes[i]->fields[j].name);
  for (GList *l = members; l != NULL; l = l->next)
    g_ptr_array_add (in_schema, l->data);
  g_ptr_array_add (in_table, NULL);
  g_ptr_array_add (in_schema, NULL);
  table = tern_strv_sorted ((const char *const *) in_table->pdata);
  schema = tern_strv_sorted ((const char *const *) in_schema->pdata);
  table_text = g_strjoinv ("\n", table);
  schema_text = g_strjoinv ("\n", schema);
  ck_assert_str_eq (table_text, schema_text);
}

static const TernShape *
find_shape (const TernShape *in, const char *name)
{
  for (guint i = 0; i < in->n_fields; i++)
    if (g_str_equal (in->fields[i].name, name))
      return in->fields[i].shape;
  return NULL;
}

START_TEST (the_schema_has_the_fields_that_the_reader_has)
{
  static const struct
  {
    const char *definition;
    const TernShape *shapes[4];
  } entries[] = {
    { "host",
      { &tern_shape_host_entry, &tern_shape_link, &tern_shape_facts, &tern_shape_host_cpu } },
    { "vm", { &tern_shape_vm_entry, &tern_shape_simulated, &tern_shape_vm, &tern_shape_vm_cpu } },
    { "settings", { &tern_shape_settings } },
    { "reservation", { &tern_shape_reservation } },
  };
  static const struct
  {
    const char *definition;
    const TernShape *in;
    const char *field;
  } lists[] = {
    { "pool", &tern_shape_facts, "pools" },
    { "network", &tern_shape_facts, "networks" },
    { "hugepages", &tern_shape_facts, "hugepages" },
    { "disk", &tern_shape_vm, "disks" },
    { "nic", &tern_shape_vm, "nics" },
    { "hostdev", &tern_shape_vm, "hostdevs" },
    { "lock", &tern_shape_vm, "lock" },
  };
  g_autoptr (JsonParser) parser = json_parser_new ();
  JsonObject *schema;

  ck_assert (
      json_parser_load_from_file (parser, TERN_SRC_DIR "/data/virtern-snapshot.schema.json", NULL));
  schema = json_node_get_object (json_parser_get_root (parser));
  for (guint i = 0; i < G_N_ELEMENTS (entries); i++)
    {
      guint n = 0;

      while (n < 4 && entries[i].shapes[n] != NULL)
        n++;
      assert_same_names (find_properties (schema, entries[i].definition), entries[i].shapes, n);
    }
  for (guint i = 0; i < G_N_ELEMENTS (lists); i++)
    {
      const TernShape *shape = find_shape (lists[i].in, lists[i].field);

      ck_assert_ptr_nonnull (shape);
      assert_same_names (find_properties (schema, lists[i].definition), &shape, 1);
    }
}
END_TEST

/* Both ways to say it, and the one in which it is written. */
START_TEST (a_host_keeps_its_duty_however_it_was_said)
{
  static const struct
  {
    const char *said, *written;
    TernDuty duty;
  } cases[] = {
    { "", NULL, TERN_DUTY_ACTIVE },
    { ",'duty':'active'", NULL, TERN_DUTY_ACTIVE },
    { ",'maintenance':false,'duty':'draining'", "\"duty\": \"draining\"", TERN_DUTY_DRAINING },
    { ",'maintenance':true", "\"duty\": \"maintenance\"", TERN_DUTY_MAINTENANCE },
    { ",'maintenance':true,'duty':'maintenance'", "\"duty\": \"maintenance\"",
      TERN_DUTY_MAINTENANCE },
    { ",'duty':'returning'", "\"duty\": \"returning\"", TERN_DUTY_RETURNING },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *json = g_strdup_printf (HOST ("%s"), cases[i].said);
      g_autoptr (GError) error = NULL;
      g_autoptr (TernSnapshot) read = parse (json, &error);
      g_autofree char *written = NULL;
      const TernHost *host;

      ck_assert_msg (read != NULL, "%s", error != NULL ? error->message : "");
      host = read->cluster->hosts->pdata[0];
      ck_assert_int_eq (host->config->duty, cases[i].duty);
      written = tern_snapshot_format (read->cluster, NULL, NULL);
      ck_assert_ptr_null (strstr (written, "\"maintenance\":"));
      if (cases[i].written != NULL)
        ck_assert_ptr_nonnull (strstr (written, cases[i].written));
      else
        ck_assert_ptr_null (strstr (written, "\"duty\""));
    }
}
END_TEST

/* clang-format off */
TERN_CHECK_MAIN ("snapshot",
  tcase_add_loop_test (tcase, a_mistake_is_refused_with_its_file_place_and_field, 0,
                       G_N_ELEMENTS (bad_files));
  tcase_add_test (tcase, a_host_keeps_its_duty_however_it_was_said);
  tcase_add_test (tcase, bytes_that_are_not_utf_8_are_refused_with_their_line);
  tcase_add_test (tcase, every_beginning_of_a_file_is_refused);
  tcase_add_test (tcase, a_file_of_200_mb_is_refused_without_reading_it);
  tcase_add_test (tcase, text_that_is_too_long_is_refused);
  tcase_add_test (tcase, a_file_nested_deeper_than_the_format_is_refused);
  tcase_add_test (tcase, what_is_no_regular_file_is_refused_and_never_waited_for);
  tcase_add_test (tcase, a_file_that_is_not_there_is_named);
  tcase_add_test (tcase, what_a_file_leaves_out_has_the_values_of_the_manual);
  tcase_add_test (tcase, free_memory_that_is_not_told_is_what_active_vms_leave);
  tcase_add_test (tcase, numbers_are_exact_up_to_their_last_digit);
  tcase_add_test (tcase, a_name_that_is_not_utf_8_is_written_as_base64);
  tcase_add_test (tcase, nothing_in_a_written_file_can_upset_a_terminal);
  tcase_add_test (tcase, a_vm_may_be_called_what_another_has_as_its_uuid);
                 tcase_add_test (tcase, vms_may_be_on_hosts_that_are_there_already);
  tcase_add_test (tcase, what_cannot_be_in_a_file_is_left_out_of_it);
  tcase_add_test (tcase, a_copy_of_facts_says_the_same_and_is_freed_apart);
  tcase_add_test (tcase, a_host_that_is_written_has_every_fact_that_is_known);
  tcase_add_test (tcase, the_schema_has_the_fields_that_the_reader_has);
  tcase_add_test (tcase, what_was_written_comes_back_the_same_byte_for_byte);
  tcase_add_test (tcase, the_smallest_file_is_an_empty_cluster_with_the_defaults);
)
/* clang-format on */
