/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "model/vm.h"

#include "model/snapshot-tables.h"
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

/* --- every field, by the tables of the snapshot file --- */

static void
add_text (GStrv *list, const char *text)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

  if (*list != NULL)
    g_strv_builder_addv (builder, (const char **) *list);
  g_strv_builder_add (builder, text);
  g_strfreev (*list);
  *list = g_strv_builder_end (builder);
}

/* Gives the field another value. */
static void
change_place (const TernField *field, gpointer place)
{
  switch (field->kind)
    {
    case TERN_FIELD_TEXT:
      replace (place, *(char **) place == NULL ? "" : "other");
      break;
    case TERN_FIELD_TEXTS:
    case TERN_FIELD_SET:
      add_text (place, "other");
      break;
    case TERN_FIELD_FLAG:
      *(gboolean *) place = !*(gboolean *) place;
      break;
    case TERN_FIELD_UINT:
    case TERN_FIELD_LEVEL:
    case TERN_FIELD_WORD:
      *(guint *) place += 1;
      break;
    case TERN_FIELD_SIZE:
    case TERN_FIELD_VERSION:
      *(guint64 *) place += 1;
      break;
    case TERN_FIELD_TIME:
      *(gint64 *) place += 1;
      break;
    case TERN_FIELD_OBJECT:
      *(TernLock **) place = tern_lock_new ("me", NULL, 0, 0);
      break;
    case TERN_FIELD_LIST:
      g_ptr_array_add (*(GPtrArray **) place, g_malloc0 (field->shape->size));
      break;
    default:
      ck_abort_msg ("%s: no such kind in a VM", field->name);
    }
}

START_TEST (every_field_of_a_vm_is_copied_compared_and_freed)
{
  for (guint i = 0; i < tern_shape_vm.n_fields; i++)
    {
      const TernField *field = &tern_shape_vm.fields[i];
      g_autoptr (TernVm) plain = new_vm ();
      g_autoptr (TernVm) changed = tern_vm_copy (plain);
      g_autoptr (TernVm) copy = NULL;

      change_place (field, G_STRUCT_MEMBER_P (changed, field->offset));
      copy = tern_vm_copy (changed);
      ck_assert_msg (!tern_vm_equal (plain, changed), "%s is not compared", field->name);
      ck_assert_msg (tern_vm_equal (changed, copy), "%s is not copied", field->name);
    }
}
END_TEST

static const TernShape *
find_shape (const char *name)
{
  for (guint i = 0; i < tern_shape_vm.n_fields; i++)
    if (g_str_equal (tern_shape_vm.fields[i].name, name))
      return tern_shape_vm.fields[i].shape;
  ck_abort_msg ("no %s", name);
}

typedef struct
{
  const char *name;
  gpointer (*copy) (gconstpointer item);
  gboolean (*equal) (gconstpointer a, gconstpointer b);
} Item;

static const Item items[] = {
  { "disks", (gpointer (*) (gconstpointer)) tern_disk_copy, (GEqualFunc) tern_disk_equal },
  { "nics", (gpointer (*) (gconstpointer)) tern_nic_copy, (GEqualFunc) tern_nic_equal },
  { "hostdevs", (gpointer (*) (gconstpointer)) tern_hostdev_copy, (GEqualFunc) tern_hostdev_equal },
  { "lock", (gpointer (*) (gconstpointer)) tern_lock_copy, (GEqualFunc) tern_lock_equal },
};

START_TEST (every_field_of_a_device_is_copied_compared_and_freed)
{
  const Item *item = &items[_i];
  const TernShape *shape = find_shape (item->name);

  for (guint i = 0; i < shape->n_fields; i++)
    {
      const TernField *field = &shape->fields[i];
      gpointer plain = g_malloc0 (shape->size), changed = item->copy (plain), copy;

      ck_assert (item->equal (plain, changed));
      change_place (field, G_STRUCT_MEMBER_P (changed, field->offset));
      copy = item->copy (changed);
      ck_assert_msg (!item->equal (plain, changed), "%s is not compared", field->name);
      ck_assert_msg (item->equal (changed, copy), "%s is not copied", field->name);
      shape->free_item (plain);
      shape->free_item (changed);
      shape->free_item (copy);
    }
  shape->free_item (NULL);
}
END_TEST

START_TEST (a_lock_holds_until_the_moment_it_expires)
{
  g_autoptr (TernLock) ends = tern_lock_new ("me", "why", 1, 100);
  g_autoptr (TernLock) stays = tern_lock_new ("me", "why", 1, 0);

  ck_assert (tern_lock_holds (ends, 99));
  ck_assert (!tern_lock_holds (ends, 100));
  ck_assert (tern_lock_holds (stays, G_MAXINT64));
}
END_TEST

#define MIB (G_GUINT64_CONSTANT (1) << 20)

START_TEST (a_vm_needs_its_memory_and_what_qemu_takes_besides)
{
  g_autoptr (TernVm) vm = tern_vm_new (UUID, "web", "a");
  guint64 plain;

  vm->memory = 4096 * MIB;
  vm->vcpus = 4;
  plain = (4096 + 8 + 4 * 8 + 8 + 50 + 32) * MIB;
  ck_assert_uint_eq (tern_vm_get_memory_need (vm), plain);
  g_ptr_array_add (vm->hostdevs, tern_hostdev_new ("usb", "x"));
  ck_assert_uint_eq (tern_vm_get_memory_need (vm), plain);
  g_ptr_array_add (vm->hostdevs, tern_hostdev_new ("pci", "x"));
  g_ptr_array_add (vm->hostdevs, tern_hostdev_new ("pci", "y"));
  ck_assert_uint_eq (tern_vm_get_memory_need (vm), plain + 1024 * MIB);
  vm->tpm = g_strdup ("emulator");
  ck_assert_uint_eq (tern_vm_get_memory_need (vm), plain + (1024 + 53) * MIB);
  vm->hugepages = TRUE;
  ck_assert_uint_eq (tern_vm_get_memory_need (vm), plain + (1024 + 53 - 4096) * MIB);
}
END_TEST

START_TEST (a_drive_is_what_a_medium_can_be_taken_out_of)
{
  g_autoptr (TernDisk) disk = tern_disk_new ();

  ck_assert (!tern_disk_is_removable (disk));
  ck_assert (!tern_disk_is_local_path (disk));
  disk->type = g_strdup ("file");
  ck_assert (!tern_disk_is_local_path (disk));
  disk->source = g_strdup ("/x");
  ck_assert (tern_disk_is_local_path (disk));
  replace (&disk->type, "network");
  ck_assert (!tern_disk_is_local_path (disk));
  replace (&disk->device, "cdrom");
  ck_assert (tern_disk_is_removable (disk));
  replace (&disk->device, "floppy");
  ck_assert (tern_disk_is_removable (disk));
  replace (&disk->device, "lun");
  ck_assert (!tern_disk_is_removable (disk));
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
  tcase_add_test (tcase, every_field_of_a_vm_is_copied_compared_and_freed);
  tcase_add_loop_test (tcase, every_field_of_a_device_is_copied_compared_and_freed, 0,
                       G_N_ELEMENTS (items));
  tcase_add_test (tcase, a_lock_holds_until_the_moment_it_expires);
  tcase_add_test (tcase, a_vm_needs_its_memory_and_what_qemu_takes_besides);
  tcase_add_test (tcase, a_drive_is_what_a_medium_can_be_taken_out_of);
  tcase_add_test (tcase, uuids_are_kept_in_lower_case);
  tcase_add_test (tcase, a_uuid_is_36_characters_of_the_usual_form);
  tcase_add_test (tcase, a_sighting_reads_as_a_person_would_say_it);
)
/* clang-format on */
