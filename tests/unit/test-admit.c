/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What speaks against a move: every reason is reached, and none hides another.
 */
#include "config.h"

#include "plan/admit.h"

#include "tern-check.h"

#define UUID "6b3c0d4e-1111-4222-8333-444455556666"
#define GIB (G_GUINT64_CONSTANT (1) << 30)

/* A move that nothing speaks against; tests spoil one thing each. */
typedef struct
{
  TernVm *vm;
  TernHost *source;
  TernHost *destination;
  TernHostFacts *facts;
  TernTaskRecord *task;
  TernAdmission admission;
} Fixture;

static TernHost *
host_new (const char *name, TernHostState state, TernHostFacts *facts)
{
  TernHostConfig *config = tern_host_config_new (name, "sim:///");
  TernHost *host = tern_host_new (config, state, facts, 0, state == TERN_HOST_UP ? NULL : "no");

  tern_host_config_unref (config);
  return host;
}

static void
fixture_init (Fixture *f)
{
  f->facts = tern_host_facts_new ();
  f->facts->memory_total = 16 * GIB;
  f->facts->memory_free = 8 * GIB;
  f->source = host_new ("anna", TERN_HOST_UP, f->facts);
  f->destination = host_new ("bert", TERN_HOST_UP, f->facts);
  f->vm = tern_vm_new (UUID, "web01", "anna");
  f->vm->state = TERN_VM_RUNNING;
  f->vm->memory = 2 * GIB;
  f->task = tern_task_record_new ();
  f->task->id = 5;
  f->task->source = g_strdup ("anna");
  f->task->destination = g_strdup ("bert");
  f->task->phase = TERN_PHASE_COPYING;
  f->admission = (TernAdmission){ .vm = f->vm, .source = f->source, .destination = f->destination };
}

static void
fixture_clear (Fixture *f)
{
  tern_vm_unref (f->vm);
  tern_host_unref (f->source);
  tern_host_unref (f->destination);
  tern_host_facts_unref (f->facts);
  tern_task_record_free (f->task);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Fixture, fixture_clear)

static void
spoil_destination (Fixture *f, const char *name, TernHostState state)
{
  tern_host_unref (f->destination);
  f->destination = host_new (name, state, f->facts);
  f->admission.destination = f->destination;
}

static char *
codes_of (GPtrArray *reasons)
{
  GString *codes = g_string_new (NULL);

  for (guint i = 0; i < reasons->len; i++)
    {
      const TernObjection *reason = reasons->pdata[i];

      ck_assert_ptr_nonnull (strstr (reason->sentence, " "));
      g_string_append_printf (codes, "%s%s", i > 0 ? " " : "", reason->code);
    }
  return g_string_free (codes, FALSE);
}

static void
expect (const Fixture *f, const char *codes, TernError error)
{
  g_autoptr (GPtrArray) reasons = tern_admit (&f->admission);
  g_autofree char *found = codes_of (reasons);

  ck_assert_str_eq (found, codes);
  if (reasons->len > 0)
    ck_assert_int_eq (((TernObjection *) reasons->pdata[0])->error, error);
}

START_TEST (a_running_vm_may_go_to_a_host_with_room)
{
  g_auto (Fixture) f;

  fixture_init (&f);
  expect (&f, "", 0);
}
END_TEST

START_TEST (each_reason_is_given_by_its_code)
{
  g_auto (Fixture) f;

  fixture_init (&f);
  f.admission.open_task = f.task;
  expect (&f, "vm.moving", TERN_ERROR_BUSY);
  f.task->phase = TERN_PHASE_ATTENTION;
  expect (&f, "vm.attention", TERN_ERROR_ATTENTION);
  f.admission.open_task = NULL;

  f.admission.source = NULL;
  expect (&f, "host.unknown", TERN_ERROR_UNREACHABLE);
  f.admission.source = f.source;

  f.admission.reserved = 7 * GIB;
  expect (&f, "memory.short", TERN_ERROR_REFUSED);
  f.admission.reserved = 0;

  spoil_destination (&f, "bert", TERN_HOST_UNREACHABLE);
  expect (&f, "host.unreachable", TERN_ERROR_UNREACHABLE);
  spoil_destination (&f, "bert", TERN_HOST_CONNECTING);
  expect (&f, "host.unreachable", TERN_ERROR_UNREACHABLE);
  spoil_destination (&f, "anna", TERN_HOST_UP);
  expect (&f, "host.same", TERN_ERROR_REFUSED);
}
END_TEST

START_TEST (only_a_running_vm_is_moved)
{
  for (guint state = 0; state < TERN_VM_N_STATES; state++)
    {
      g_auto (Fixture) f;
      /* What the inventory does not know is asked of the host right before the call. */
      gboolean may = state == TERN_VM_RUNNING || state == TERN_VM_UNKNOWN;

      fixture_init (&f);
      f.vm->state = state;
      expect (&f, may ? "" : "vm.not-running", TERN_ERROR_REFUSED);
    }
}
END_TEST

START_TEST (no_reason_hides_another)
{
  g_auto (Fixture) f;

  fixture_init (&f);
  f.admission.open_task = f.task;
  f.admission.source = NULL;
  f.admission.reserved = G_MAXUINT64;
  f.vm->state = TERN_VM_PAUSED;
  expect (&f, "vm.moving vm.not-running host.unknown memory.short", TERN_ERROR_BUSY);
}
END_TEST

START_TEST (memory_is_judged_to_the_byte_and_beyond_signed_numbers)
{
  static const struct
  {
    guint64 need, free, reserved;
    const char *shortage;
  } rows[] = {
    { 0, 0, 0, NULL },
    { 0, 0, G_MAXUINT64, NULL },
    { GIB, GIB, 0, NULL },
    { GIB, GIB - 1, 0, "1 MiB short" },
    { GIB, 2 * GIB, GIB, NULL },
    { GIB, 2 * GIB, GIB + 1, "1 MiB short" },
    { GIB, 2 * GIB, 3 * GIB, "1024 MiB short" },
    { GIB, G_MAXUINT64, G_MAXUINT64, "1024 MiB short" },
    { G_MAXUINT64, G_MAXUINT64, 0, NULL },
    { G_MAXUINT64, G_MAXUINT64, 1, "1 MiB short" },
    { G_MAXUINT64, 0, 0, "17592186044416 MiB short" },
    { (guint64) G_MAXINT64 + 1, G_MAXINT64, 0, "1 MiB short" },
    { (guint64) G_MAXINT64 + 1, (guint64) G_MAXINT64 + 1, 0, NULL },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_auto (Fixture) f;
      g_autoptr (GPtrArray) reasons = NULL;

      fixture_init (&f);
      f.vm->memory = rows[i].need;
      f.facts->memory_free = rows[i].free;
      f.admission.reserved = rows[i].reserved;
      reasons = tern_admit (&f.admission);
      ck_assert_msg ((reasons->len > 0) == (rows[i].shortage != NULL), "row %u", i);
      if (rows[i].shortage != NULL)
        ck_assert_ptr_nonnull (
            strstr (((TernObjection *) reasons->pdata[0])->sentence, rows[i].shortage));
    }
}
END_TEST

START_TEST (a_foreign_name_cannot_write_to_a_terminal)
{
  g_auto (Fixture) f;
  g_autoptr (GPtrArray) reasons = NULL;

  fixture_init (&f);
  g_free (f.vm->name);
  f.vm->name = g_strdup ("web\033[2J\n01");
  f.vm->state = TERN_VM_SHUT_OFF;
  reasons = tern_admit (&f.admission);
  ck_assert_uint_eq (reasons->len, 1);
  ck_assert_ptr_null (strpbrk (((TernObjection *) reasons->pdata[0])->sentence, "\033\n"));
}
END_TEST

static void
expect_sightings (const TernSighting *source, const TernSighting *destination, const char *codes)
{
  g_autoptr (GPtrArray) reasons =
      tern_admit_sightings ("web01", "anna", source, "bert", destination);
  g_autofree char *found = codes_of (reasons);

  ck_assert_str_eq (found, codes);
}

START_TEST (the_last_look_lets_only_a_running_vm_go_to_a_host_without_it)
{
  TernSighting here = { .known = TRUE, .present = TRUE, .state = TERN_VM_RUNNING };
  TernSighting absent = { .known = TRUE }, silent = { .known = FALSE };
  TernSighting off = { .known = TRUE, .present = TRUE, .state = TERN_VM_SHUT_OFF };
  TernSighting odd = { .known = TRUE, .present = TRUE, .state = TERN_VM_UNKNOWN };
  TernSighting busy = here, leaving = here;

  busy.job_active = TRUE;
  leaving.job_active = leaving.job_outgoing = TRUE;
  expect_sightings (&here, &absent, "");
  expect_sightings (&here, &off, "");
  expect_sightings (&silent, &absent, "host.unreachable");
  expect_sightings (&here, &silent, "host.unreachable");
  expect_sightings (&silent, &silent, "host.unreachable host.unreachable");
  expect_sightings (&absent, &absent, "vm.not-running");
  expect_sightings (&off, &absent, "vm.not-running");
  expect_sightings (&odd, &absent, "vm.not-running");
  expect_sightings (&busy, &absent, "vm.job-running");
  expect_sightings (&leaving, &absent, "vm.job-running");
  expect_sightings (&here, &here, "vm.twice");
  expect_sightings (&here, &odd, "vm.twice");
  expect_sightings (&absent, &here, "vm.not-running vm.twice");
}
END_TEST

START_TEST (no_call_is_made_while_the_destination_may_hold_a_living_copy)
{
  TernSighting source = { .known = TRUE, .present = TRUE, .state = TERN_VM_RUNNING };

  for (guint state = 0; state < TERN_VM_N_STATES; state++)
    for (guint reason = 0; reason < TERN_REASON_N; reason++)
      {
        TernSighting seen = { .known = TRUE, .present = TRUE, .state = state, .reason = reason };
        gboolean dead = state == TERN_VM_SHUT_OFF || state == TERN_VM_CRASHED;

        expect_sightings (&source, &seen, dead ? "" : "vm.twice");
      }
}
END_TEST

START_TEST (an_error_holds_every_sentence_and_the_first_code)
{
  g_auto (Fixture) f;
  g_autoptr (GPtrArray) reasons = NULL;
  g_autoptr (GError) error = NULL;

  fixture_init (&f);
  f.admission.open_task = f.task;
  f.vm->memory = 100 * GIB;
  reasons = tern_admit (&f.admission);
  error = tern_objections_to_error (reasons);
  ck_assert (g_error_matches (error, TERN_ERROR, TERN_ERROR_BUSY));
  ck_assert_ptr_nonnull (strstr (error->message, "by task 5"));
  ck_assert_ptr_nonnull (strstr (error->message, "; "));
  ck_assert_ptr_nonnull (strstr (error->message, "MiB short"));
}
END_TEST

START_TEST (a_vm_that_lives_on_a_third_host_too_is_not_moved)
{
  Fixture f;
  g_autoptr (TernVm) copy = tern_vm_new (UUID, "web01", "carl");
  g_autoptr (GPtrArray) copies = g_ptr_array_new ();
  g_autoptr (GPtrArray) reasons = NULL;

  fixture_init (&f);
  copy->state = _i;
  g_ptr_array_add (copies, f.vm);
  g_ptr_array_add (copies, copy);
  f.admission.copies = copies;
  reasons = tern_admit (&f.admission);
  ck_assert_uint_eq (reasons->len, tern_vm_state_is_active (_i) ? 1 : 0);
  if (reasons->len == 1)
    {
      const TernObjection *reason = reasons->pdata[0];

      ck_assert_str_eq (reason->code, "vm.twice");
      ck_assert_int_eq (reason->error, TERN_ERROR_ATTENTION);
      ck_assert_ptr_nonnull (strstr (reason->sentence, "carl"));
    }
  fixture_clear (&f);
}
END_TEST

TERN_CHECK_MAIN ("admit", tcase_add_test (tcase, a_running_vm_may_go_to_a_host_with_room);
                 tcase_add_test (tcase, each_reason_is_given_by_its_code);
                 tcase_add_test (tcase, only_a_running_vm_is_moved);
                 tcase_add_test (tcase, no_reason_hides_another);
                 tcase_add_test (tcase, memory_is_judged_to_the_byte_and_beyond_signed_numbers);
                 tcase_add_test (tcase, a_foreign_name_cannot_write_to_a_terminal);
                 tcase_add_test (tcase,
                                 the_last_look_lets_only_a_running_vm_go_to_a_host_without_it);
                 tcase_add_test (tcase,
                                 no_call_is_made_while_the_destination_may_hold_a_living_copy);
                 tcase_add_test (tcase, an_error_holds_every_sentence_and_the_first_code);
                 tcase_add_loop_test (tcase, a_vm_that_lives_on_a_third_host_too_is_not_moved, 0,
                                      TERN_VM_N_STATES);)
