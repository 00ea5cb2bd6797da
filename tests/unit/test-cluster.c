/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The cluster and its indexes, which must say what looking through all of it would say; lists,
 * reservations, score parts.
 */
#include "config.h"

#include "model/cluster.h"

#include "base/error.h"
#include "model/list.h"
#include "model/reservation.h"
#include "model/settings.h"
#include "random-cluster.h"
#include "tern-check.h"

#include <string.h>

#define LIST(...) ((const char *const[]){ __VA_ARGS__, NULL })
#define UUID_A "aaaaaaaa-1111-4111-8111-111111111111"
#define UUID_B "bbbbbbbb-1111-4111-8111-111111111111"
#define UUID_C "cccccccc-1111-4111-8111-111111111111"
#define N_RANDOM 200

static void
add_vm (GPtrArray *vms, const char *uuid, const char *name, const char *host, TernVmState state)
{
  TernVm *vm = tern_vm_new (uuid, name, host);

  vm->state = state;
  vm->vcpus = 2;
  vm->memory = 1 << 30;
  g_ptr_array_add (vms, vm);
}

static GPtrArray *
new_vms (void)
{
  return g_ptr_array_new_with_free_func ((GDestroyNotify) tern_vm_unref);
}

/* Hosts c, a, b. */
static TernCluster *
make_cluster (const GPtrArray *vms)
{
  g_autoptr (GPtrArray) hosts = g_ptr_array_new_with_free_func ((GDestroyNotify) tern_host_unref);

  for (guint i = 0; i < 3; i++)
    {
      g_autoptr (TernHostConfig) config =
          tern_host_config_new (LIST ("c", "a", "b")[i], "sim://x/");

      g_ptr_array_add (hosts, tern_host_new (config, TERN_HOST_UP, NULL, 0, NULL));
    }
  return tern_cluster_new (hosts, vms, LIST ("/s"), 5, 7);
}

START_TEST (hosts_and_vms_are_sorted_whatever_their_order_was)
{
  g_autoptr (GPtrArray) vms = new_vms ();
  g_autoptr (TernCluster) cluster = NULL;
  const TernVm *first, *last;

  add_vm (vms, UUID_B, "web", "a", TERN_VM_RUNNING);
  add_vm (vms, UUID_A, "web", "b", TERN_VM_RUNNING);
  add_vm (vms, UUID_C, "app", "a", TERN_VM_RUNNING);
  cluster = make_cluster (vms);
  for (guint i = 0; i < 3; i++)
    {
      const TernHost *host = cluster->hosts->pdata[i];

      ck_assert_str_eq (host->config->name, LIST ("a", "b", "c")[i]);
      ck_assert_int_eq (tern_cluster_get_host_index (cluster, host->config->name), i);
      ck_assert_ptr_eq (tern_cluster_find_host (cluster, host->config->name), host);
    }
  first = cluster->vms->pdata[0];
  last = cluster->vms->pdata[2];
  ck_assert_str_eq (first->name, "app");
  ck_assert_str_eq (last->uuid, UUID_B);
  ck_assert_ptr_null (tern_cluster_find_host (cluster, "d"));
  ck_assert_int_eq (tern_cluster_get_host_index (cluster, "d"), -1);
  ck_assert_uint_eq (cluster->generation, 5);
  ck_assert_int_eq (cluster->taken_us, 7);
  ck_assert_str_eq (cluster->shared_paths[0], "/s");
}
END_TEST

START_TEST (of_copies_on_two_hosts_the_one_that_runs_counts)
{
  static const struct
  {
    TernVmState on_a, on_b;
    const char *counts;
  } cases[] = {
    { TERN_VM_SHUT_OFF, TERN_VM_RUNNING, "b" },     { TERN_VM_RUNNING, TERN_VM_SHUT_OFF, "a" },
    { TERN_VM_RUNNING, TERN_VM_RUNNING, "a" },      { TERN_VM_SHUT_OFF, TERN_VM_SHUT_OFF, "a" },
    { TERN_VM_UNKNOWN, TERN_VM_PAUSED, "b" },       { TERN_VM_UNKNOWN, TERN_VM_CRASHED, "a" },
    { TERN_VM_PAUSED, TERN_VM_SHUTTING_DOWN, "b" },
  };

  /* Also when the copies have different names. */
  for (guint i = 0; i < 2 * G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GPtrArray) vms = new_vms ();
      g_autoptr (TernCluster) cluster = NULL;
      const GPtrArray *copies;

      add_vm (vms, UUID_A, i % 2 ? "zzz" : "web", "a", cases[i / 2].on_a);
      add_vm (vms, UUID_A, "web", "b", cases[i / 2].on_b);
      cluster = make_cluster (vms);
      copies = tern_cluster_get_copies (cluster, UUID_A);
      ck_assert_str_eq (tern_cluster_find_vm (cluster, UUID_A)->host, cases[i / 2].counts);
      ck_assert_uint_eq (copies->len, 2);
      ck_assert_str_eq (((TernVm *) copies->pdata[0])->host, "a");
      ck_assert_str_eq (((TernVm *) copies->pdata[1])->host, "b");
    }
}
END_TEST

START_TEST (a_copy_that_a_migration_holds_counts_less_than_one_a_person_paused)
{
  g_autoptr (TernVm) held = tern_vm_new (UUID_A, "v", "a");
  g_autoptr (TernVm) paused = tern_vm_new (UUID_A, "v", "b");

  held->state = paused->state = TERN_VM_PAUSED;
  held->reason = TERN_REASON_MIGRATION;
  paused->reason = TERN_REASON_USER;
  ck_assert_int_lt (tern_vm_get_rank (held), tern_vm_get_rank (paused));
}
END_TEST

START_TEST (a_vm_is_found_by_name_or_uuid_as_people_write_them)
{
  g_autoptr (GPtrArray) vms = new_vms ();
  g_autoptr (TernCluster) cluster = NULL;

  add_vm (vms, UUID_A, "web", "a", TERN_VM_SHUT_OFF);
  add_vm (vms, UUID_A, "web", "b", TERN_VM_RUNNING);
  cluster = make_cluster (vms);
  ck_assert_str_eq (tern_cluster_lookup_vm (cluster, "web", NULL)->host, "b");
  ck_assert_str_eq (tern_cluster_lookup_vm (cluster, UUID_A, NULL)->host, "b");
  ck_assert_str_eq (
      tern_cluster_lookup_vm (cluster, "AAAAAAAA-1111-4111-8111-111111111111", NULL)->host, "b");
}
END_TEST

START_TEST (a_name_of_several_vms_is_ambiguous_and_all_their_uuids_are_named)
{
  g_autoptr (GPtrArray) vms = new_vms ();
  g_autoptr (TernCluster) cluster = NULL;
  g_autoptr (GError) error = NULL;

  add_vm (vms, UUID_C, "web", "b", TERN_VM_RUNNING);
  add_vm (vms, UUID_B, "web", "a", TERN_VM_RUNNING);
  add_vm (vms, UUID_A, "web", "a", TERN_VM_RUNNING);
  add_vm (vms, UUID_A, "web", "c", TERN_VM_SHUT_OFF);
  cluster = make_cluster (vms);
  ck_assert_ptr_null (tern_cluster_lookup_vm (cluster, "web", &error));
  ck_assert (g_error_matches (error, TERN_ERROR, TERN_ERROR_AMBIGUOUS));
  ck_assert_msg (g_str_has_suffix (error->message, ": " UUID_A ", " UUID_B ", " UUID_C), "%s",
                 error->message);
}
END_TEST

START_TEST (a_vm_that_is_not_there_is_named_visibly)
{
  g_autoptr (GPtrArray) vms = new_vms ();
  g_autoptr (TernCluster) cluster = make_cluster (vms);
  g_autoptr (GError) error = NULL;

  ck_assert_ptr_null (tern_cluster_lookup_vm (cluster, "we\x1b[31mb", &error));
  ck_assert (g_error_matches (error, TERN_ERROR, TERN_ERROR_NOT_FOUND));
  ck_assert_str_eq (error->message, "There is no VM “we\\x1b[31mb”");
}
END_TEST

/* --- indexes --- */

typedef gboolean (*FitsFunc) (const TernVm *vm, const char *key);

static gboolean
has_name (const TernVm *vm, const char *name)
{
  return g_str_equal (vm->name, name);
}

static gboolean
has_mac (const TernVm *vm, const char *mac)
{
  for (guint i = 0; i < vm->nics->len; i++)
    if (g_strcmp0 (((TernNic *) vm->nics->pdata[i])->mac, mac) == 0)
      return TRUE;
  return FALSE;
}

static gboolean
writes_to (const TernVm *vm, const char *source)
{
  for (guint i = 0; i < vm->disks->len; i++)
    {
      const TernDisk *disk = vm->disks->pdata[i];

      if (g_strcmp0 (disk->source, source) == 0 && !disk->readonly
          && !tern_disk_is_removable (disk))
        return TRUE;
    }
  return FALSE;
}

static void
assert_lists (const TernCluster *cluster, const GPtrArray *list, FitsFunc fits, const char *key)
{
  guint n = 0;

  for (guint i = 0; i < cluster->vms->len; i++)
    {
      const TernVm *vm = cluster->vms->pdata[i];

      if (!fits (vm, key))
        continue;
      ck_assert_ptr_nonnull (list);
      ck_assert (g_ptr_array_find ((GPtrArray *) list, vm, NULL));
      n++;
    }
  ck_assert_uint_eq (list != NULL ? list->len : 0, n);
}

START_TEST (an_index_says_what_looking_through_all_would_say)
{
  for (guint seed = 0; seed < N_RANDOM; seed++)
    {
      g_autoptr (TernCluster) cluster = test_random_cluster (seed, 6, 40);

      for (guint i = 0; i < cluster->vms->len; i++)
        {
          const TernVm *vm = cluster->vms->pdata[i];

          assert_lists (cluster, tern_cluster_get_named (cluster, vm->name), has_name, vm->name);
          for (guint j = 0; j < vm->nics->len; j++)
            {
              const char *mac = ((TernNic *) vm->nics->pdata[j])->mac;

              assert_lists (cluster, tern_cluster_get_with_mac (cluster, mac), has_mac, mac);
            }
          for (guint j = 0; j < vm->disks->len; j++)
            {
              const char *source = ((TernDisk *) vm->disks->pdata[j])->source;

              if (source != NULL)
                assert_lists (cluster, tern_cluster_get_with_disk (cluster, source), writes_to,
                              source);
            }
        }
      assert_lists (cluster, tern_cluster_get_named (cluster, "nobody"), has_name, "nobody");
    }
}
END_TEST

START_TEST (memory_and_vcpus_are_those_of_vms_that_have_a_process_or_may_have)
{
  for (guint seed = 0; seed < N_RANDOM; seed++)
    {
      g_autoptr (TernCluster) cluster = test_random_cluster (seed, 6, 40);

      for (guint i = 0; i < cluster->hosts->len; i++)
        {
          const TernHost *host = cluster->hosts->pdata[i];
          const GPtrArray *on = tern_cluster_get_vms_on (cluster, i);
          guint64 memory = 0;
          guint vcpus = 0, n = 0;

          for (guint j = 0; j < cluster->vms->len; j++)
            {
              const TernVm *vm = cluster->vms->pdata[j];

              if (!g_str_equal (vm->host, host->config->name))
                continue;
              n++;
              if (!tern_vm_state_is_active (vm->state) && vm->state != TERN_VM_UNKNOWN)
                continue;
              memory += tern_vm_get_memory_need (vm);
              vcpus += vm->vcpus;
            }
          ck_assert_uint_eq (on != NULL ? on->len : 0, n);
          ck_assert_uint_eq (tern_cluster_get_memory_used (cluster, i), memory);
          ck_assert_uint_eq (tern_cluster_get_vcpus_used (cluster, i), vcpus);
        }
    }
}
END_TEST

START_TEST (memory_that_no_number_holds_is_the_largest_number)
{
  g_autoptr (GPtrArray) vms = new_vms ();
  g_autoptr (TernCluster) cluster = NULL;

  for (guint i = 0; i < 2; i++)
    {
      add_vm (vms, i ? UUID_A : UUID_B, i ? "v" : "w", "a", TERN_VM_RUNNING);
      ((TernVm *) vms->pdata[i])->memory = G_MAXUINT64 - 5;
    }
  cluster = make_cluster (vms);
  ck_assert (tern_vm_get_memory_need (vms->pdata[0]) == G_MAXUINT64);
  ck_assert (tern_cluster_get_memory_used (cluster, 0) == G_MAXUINT64);
}
END_TEST

/* --- lists and small things --- */

START_TEST (a_list_that_is_not_known_is_not_an_empty_one)
{
  const char *const *none = LIST (NULL);
  g_autoptr (GPtrArray) empty = g_ptr_array_new ();

  ck_assert (tern_strv_equal0 (NULL, NULL));
  ck_assert (!tern_strv_equal0 (NULL, none));
  ck_assert (!tern_strv_equal0 (none, NULL));
  ck_assert (tern_strv_equal0 (none, none));
  ck_assert (tern_list_equal (NULL, NULL, g_str_equal));
  ck_assert (!tern_list_equal (NULL, empty, g_str_equal));
  ck_assert (tern_list_equal (empty, empty, g_str_equal));
  ck_assert_ptr_null (tern_list_copy (NULL, NULL, NULL));
}
END_TEST

START_TEST (a_sorted_set_has_exactly_what_was_put_in)
{
  for (guint seed = 0; seed < N_RANDOM; seed++)
    {
      static const char *const words[] = { "a", "b", "ab", "", "z", "é" };
      TestRandom random = { seed };
      g_autoptr (GPtrArray) in = g_ptr_array_new ();
      g_auto (GStrv) set = NULL;

      for (guint i = test_random_below (&random, 8); i > 0; i--)
        g_ptr_array_add (in, (gpointer) words[test_random_below (&random, G_N_ELEMENTS (words))]);
      g_ptr_array_add (in, NULL);
      set = tern_strv_sorted ((const char *const *) in->pdata);
      for (guint i = 0; set[i] != NULL && set[i + 1] != NULL; i++)
        ck_assert_int_lt (strcmp (set[i], set[i + 1]), 0);
      for (guint i = 0; i < G_N_ELEMENTS (words); i++)
        ck_assert_int_eq (tern_strv_has ((const char *const *) set, words[i]),
                          g_strv_contains ((const char *const *) in->pdata, words[i]));
    }
  ck_assert (!tern_strv_has (NULL, "a"));
}
END_TEST

START_TEST (a_copy_of_a_reservation_is_the_same_and_apart)
{
  TernReservation one = { 7, (char *) UUID_A, (char *) "a", (char *) "b", 9, 3 };
  g_autoptr (TernReservation) copy = tern_reservation_copy (&one);

  ck_assert_uint_eq (copy->task_id, 7);
  ck_assert_str_eq (copy->vm_uuid, UUID_A);
  ck_assert_str_eq (copy->source, "a");
  ck_assert_str_eq (copy->destination, "b");
  ck_assert_uint_eq (copy->memory, 9);
  ck_assert_uint_eq (copy->vcpus, 3);
  ck_assert_ptr_ne (copy->vm_uuid, one.vm_uuid);
  tern_reservation_free (NULL);
}
END_TEST

START_TEST (every_part_of_a_score_has_a_word_of_its_own)
{
  for (guint i = 0; i < TERN_SCORE_PARTS; i++)
    for (guint j = 0; j < i; j++)
      ck_assert_str_ne (tern_score_part_to_string (i), tern_score_part_to_string (j));
}
END_TEST

/* clang-format off */
TERN_CHECK_MAIN ("cluster",
  tcase_add_test (tcase, hosts_and_vms_are_sorted_whatever_their_order_was);
  tcase_add_test (tcase, of_copies_on_two_hosts_the_one_that_runs_counts);
  tcase_add_test (tcase, a_copy_that_a_migration_holds_counts_less_than_one_a_person_paused);
  tcase_add_test (tcase, a_vm_is_found_by_name_or_uuid_as_people_write_them);
  tcase_add_test (tcase, a_name_of_several_vms_is_ambiguous_and_all_their_uuids_are_named);
  tcase_add_test (tcase, a_vm_that_is_not_there_is_named_visibly);
  tcase_add_test (tcase, an_index_says_what_looking_through_all_would_say);
  tcase_add_test (tcase, memory_and_vcpus_are_those_of_vms_that_have_a_process_or_may_have);
  tcase_add_test (tcase, memory_that_no_number_holds_is_the_largest_number);
  tcase_add_test (tcase, a_list_that_is_not_known_is_not_an_empty_one);
  tcase_add_test (tcase, a_sorted_set_has_exactly_what_was_put_in);
  tcase_add_test (tcase, a_copy_of_a_reservation_is_the_same_and_apart);
  tcase_add_test (tcase, every_part_of_a_score_has_a_word_of_its_own);
)
/* clang-format on */
