/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Which VM the methods of the Manager mean: the copy that everything else means, too.
 */
#include "config.h"

#include "service/call.h"

#include "tern-check.h"
#include "world.h"

#define SECONDS(n) ((gint64) (n) *G_USEC_PER_SEC)

static TernParts *
make_parts (World *world)
{
  g_autoptr (TernAuthority) authority = tern_authority_new_session ();
  TernParts parts = {
    .clock = world->clock,
    .store = TERN_STORE (world->store),
    .inventory = world->inventory,
    .tasks = world->tasks,
    .assessor = world->assessor,
    .migrator = world->migrator,
    .authority = authority,
  };

  return tern_parts_new (&parts);
}

/* The VM was last seen alive on carl, and is defined on all three hosts. */
static void
define_everywhere (World *world)
{
  SimDomain *web = tern_sim_host_find_domain (tern_sim_find_host (world->sim, "anna"), WORLD_VM);
  static const char *const others[] = { "bert", "carl" };

  tern_sim_set_vm_state (world->sim, "anna", "web", TERN_VM_SHUT_OFF, TERN_REASON_OTHER);
  for (guint i = 0; i < G_N_ELEMENTS (others); i++)
    {
      SimHost *host = tern_sim_find_host (world->sim, others[i]);

      (void) tern_sim_host_put_domain (host, web->vm, 0);
      tern_sim_host_emit_vm (host, WORLD_VM);
    }
  world_run (world, SECONDS (1));
  tern_sim_set_vm_state (world->sim, "carl", "web", TERN_VM_RUNNING, TERN_REASON_OTHER);
  world_run (world, SECONDS (1));
  tern_sim_set_vm_state (world->sim, "carl", "web", TERN_VM_SHUT_OFF, TERN_REASON_OTHER);
  world_run (world, SECONDS (1));
}

START_TEST (of_equal_copies_the_one_that_is_shown_is_meant)
{
  static const char *const names[] = { "web", WORLD_VM };
  g_auto (World) world;
  g_autoptr (TernParts) parts = NULL;

  world_init (&world);
  define_everywhere (&world);
  parts = make_parts (&world);
  ck_assert_str_eq (tern_inventory_find_vm (world.inventory, WORLD_VM)->host, "carl");
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      const char *const list[] = { names[i], NULL };
      g_autoptr (GPtrArray) vms = NULL;

      ck_assert_str_eq (tern_call_lookup_vm (parts, names[i], NULL)->host, "carl");
      ck_assert (tern_call_lookup_vms (parts, list, &vms, NULL));
      ck_assert_str_eq (((const TernVm *) vms->pdata[0])->host, "carl");
    }
}
END_TEST

TERN_CHECK_MAIN ("call", tcase_add_test (tcase, of_equal_copies_the_one_that_is_shown_is_meant);)
