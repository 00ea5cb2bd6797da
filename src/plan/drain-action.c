/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What is to be done with each VM: the order says first, then the VM's own metadata, then the
 * admin's rules; otherwise it is moved while it runs. Nothing but these stops a VM.
 */
#include "config.h"

#include "plan/drain-private.h"

#include <string.h>

const char *
tern_drain_find_word (const char *const *entries, const char *vm_uuid)
{
  gsize length = strlen (vm_uuid);

  for (; entries != NULL && *entries != NULL; entries++)
    if (strncmp (*entries, vm_uuid, length) == 0 && (*entries)[length] == '=')
      return *entries + length + 1;
  return NULL;
}

TernDrainAction
tern_drain_action_of (const TernDrainQuestion *question, const TernVm *vm)
{
  TernDrainAction action = TERN_DRAIN_MIGRATE;

  if (tern_drain_get_action (question->drain, vm->uuid, &action))
    return action;
  if (vm->drain_action >= 0 && vm->drain_action < TERN_N_DRAIN_ACTIONS)
    return (TernDrainAction) vm->drain_action;
  (void) tern_drain_rules_find (question->rules, vm->name, &action);
  return action;
}
