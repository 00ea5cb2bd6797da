/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "model/vm.h"

#include "tern-check.h"

#define UUID "0B5C4F6E-1C1D-4B8E-9D6C-3F2A1B0C9D8E"

START_TEST (every_state_and_reason_comes_back_from_its_word)
{
  for (guint i = 0; i < TERN_VM_N_STATES; i++)
    {
      TernVmState state = TERN_VM_N_STATES;

      ck_assert (tern_vm_state_from_string (tern_vm_state_to_string (i), &state));
      ck_assert_int_eq (state, i);
    }
  for (guint i = 0; i < TERN_REASON_N; i++)
    {
      TernVmReason reason = TERN_REASON_N;

      ck_assert (tern_vm_reason_from_string (tern_vm_reason_to_string (i), &reason));
      ck_assert_int_eq (reason, i);
    }
}
END_TEST

START_TEST (unknown_words_are_refused)
{
  TernVmState state;
  TernVmReason reason;

  ck_assert (!tern_vm_state_from_string ("Running", &state));
  ck_assert (!tern_vm_state_from_string (NULL, &state));
  ck_assert (!tern_vm_reason_from_string ("", &reason));
}
END_TEST

START_TEST (a_vm_is_active_exactly_if_it_has_a_process)
{
  static const gboolean active[TERN_VM_N_STATES] = {
    [TERN_VM_RUNNING] = TRUE,
    [TERN_VM_PAUSED] = TRUE,
    [TERN_VM_SHUTTING_DOWN] = TRUE,
    [TERN_VM_SUSPENDED] = TRUE,
  };

  for (guint i = 0; i < TERN_VM_N_STATES; i++)
    ck_assert_int_eq (tern_vm_state_is_active (i), active[i]);
}
END_TEST

static TernVm *
new_vm (void)
{
  TernVm *vm = tern_vm_new (UUID, "web", "a");
  TernDisk *disk = tern_disk_new ();
  TernNic *nic = tern_nic_new ();

  vm->state = TERN_VM_RUNNING;
  vm->memory = 1;
  vm->memory_current = 2;
  vm->vcpus = 3;
  vm->arch = g_strdup ("x86_64");
  vm->machine = g_strdup ("q35");
  vm->virt_type = g_strdup ("kvm");
  vm->cpu = tern_cpu_new ("custom", "m", NULL, NULL, NULL);
  disk->target = g_strdup ("vda");
  disk->source = g_strdup ("/x");
  g_ptr_array_add (vm->disks, disk);
  nic->type = g_strdup ("network");
  nic->mac = g_strdup ("52:54:00:00:00:01");
  g_ptr_array_add (vm->nics, nic);
  return vm;
}

static void
replace (char **text, const char *with)
{
  g_free (*text);
  *text = g_strdup (with);
}

/* Changes field number @n. Returns: FALSE when there is none */
static gboolean
change_field (TernVm *vm, guint n)
{
  TernDisk *disk = vm->disks->pdata[0];
  TernNic *nic = vm->nics->pdata[0];
  char **texts[] = { &vm->uuid,      &vm->name,     &vm->host,     &vm->arch,   &vm->machine,
                     &vm->virt_type, &disk->target, &disk->device, &disk->type, &disk->source,
                     &disk->cache,   &nic->type,    &nic->source,  &nic->mac };
  gboolean *flags[] = { &vm->persistent, &disk->readonly, &disk->shareable };

  if (n < G_N_ELEMENTS (texts))
    {
      replace (texts[n], "other");
      return TRUE;
    }
  n -= G_N_ELEMENTS (texts);
  if (n < G_N_ELEMENTS (flags))
    {
      *flags[n] = !*flags[n];
      return TRUE;
    }
  n -= G_N_ELEMENTS (flags);
  switch (n)
    {
    case 0:
      vm->state = TERN_VM_PAUSED;
      return TRUE;
    case 1:
      vm->reason = TERN_REASON_USER;
      return TRUE;
    case 2:
      vm->memory++;
      return TRUE;
    case 3:
      vm->memory_current++;
      return TRUE;
    case 4:
      vm->vcpus++;
      return TRUE;
    case 5:
      g_clear_pointer (&vm->cpu, tern_cpu_unref);
      return TRUE;
    case 6:
      g_ptr_array_set_size (vm->disks, 0);
      return TRUE;
    case 7:
      g_ptr_array_add (vm->nics, tern_nic_new ());
      return TRUE;
    default:
      return FALSE;
    }
}

START_TEST (a_copy_is_equal_until_any_field_changes)
{
  g_autoptr (TernVm) vm = new_vm ();
  gboolean more = TRUE;

  for (guint n = 0; more; n++)
    {
      g_autoptr (TernVm) copy = tern_vm_copy (vm);

      ck_assert (tern_vm_equal (vm, copy));
      more = change_field (copy, n);
      ck_assert_msg (tern_vm_equal (vm, copy) == !more, "field %u", n);
    }
}
END_TEST

START_TEST (uuids_are_kept_in_lower_case)
{
  g_autoptr (TernVm) vm = tern_vm_new (UUID, "web", "a");

  ck_assert_str_eq (vm->uuid, "0b5c4f6e-1c1d-4b8e-9d6c-3f2a1b0c9d8e");
}
END_TEST

START_TEST (a_uuid_is_36_characters_of_the_usual_form)
{
  static const char *const bad[] = { NULL,
                                     "",
                                     "web",
                                     "0b5c4f6e1c1d4b8e9d6c3f2a1b0c9d8e",
                                     "0b5c4f6e-1c1d-4b8e-9d6c-3f2a1b0c9d8",
                                     "0b5c4f6e-1c1d-4b8e-9d6c-3f2a1b0c9d8e ",
                                     "gb5c4f6e-1c1d-4b8e-9d6c-3f2a1b0c9d8e" };

  ck_assert (tern_uuid_is_valid (UUID));
  ck_assert (tern_uuid_is_valid ("0b5c4f6e-1c1d-4b8e-9d6c-3f2a1b0c9d8e"));
  /* A machine's UUID need not follow RFC 4122. */
  ck_assert (tern_uuid_is_valid ("ffffffff-ffff-ffff-ffff-ffffffffffff"));
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    ck_assert (!tern_uuid_is_valid (bad[i]));
}
END_TEST

START_TEST (a_sighting_reads_as_a_person_would_say_it)
{
  g_autoptr (TernSighting) sighting = tern_sighting_new ();
  g_autoptr (TernSighting) copy = NULL;
  g_autofree char *unknown = tern_sighting_to_string (sighting);
  g_autofree char *why = NULL;
  g_autofree char *absent = NULL;
  g_autofree char *plain = NULL;
  g_autofree char *reason = NULL;

  sighting->error = g_strdup ("timed out");
  copy = tern_sighting_copy (sighting);
  why = tern_sighting_to_string (copy);
  sighting->known = TRUE;
  absent = tern_sighting_to_string (sighting);
  sighting->present = TRUE;
  sighting->state = TERN_VM_RUNNING;
  plain = tern_sighting_to_string (sighting);
  sighting->reason = TERN_REASON_MIGRATED;
  reason = tern_sighting_to_string (sighting);

  ck_assert_str_eq (unknown, "not known (it could not be asked)");
  ck_assert_str_eq (why, "not known (timed out)");
  ck_assert_str_eq (absent, "not there");
  ck_assert_str_eq (plain, "running");
  ck_assert_str_eq (reason, "running (migrated)");
}
END_TEST

/* clang-format off */
TERN_CHECK_MAIN ("vm",
  tcase_add_test (tcase, every_state_and_reason_comes_back_from_its_word);
  tcase_add_test (tcase, unknown_words_are_refused);
  tcase_add_test (tcase, a_vm_is_active_exactly_if_it_has_a_process);
  tcase_add_test (tcase, a_copy_is_equal_until_any_field_changes);
  tcase_add_test (tcase, uuids_are_kept_in_lower_case);
  tcase_add_test (tcase, a_uuid_is_36_characters_of_the_usual_form);
  tcase_add_test (tcase, a_sighting_reads_as_a_person_would_say_it);
)
/* clang-format on */
