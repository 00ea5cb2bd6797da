// SPDX-License-Identifier: LGPL-2.1-or-later
// What can be done with VMs, as entries of a menu: those that cannot be done now say why.

import { nowUs } from '../bus/clock.js';
import { _, format, ngettext } from '../i18n.js';
import { number } from '../model/format.js';
import { actsOf, partBy } from '../model/vms.js';
import { openDrainAction } from './drain-action.js';
import { openLock, openUnlock } from './lock.js';
import { openMask } from './mask.js';
import { openMigrateGroup } from './migrate-group.js';
import { openMigrate } from './migrate.js';
import { openStart, openStartGroup } from './start.js';

const ACTS = [
  { id: 'migrate', label: () => _('Migrate…'), one: openMigrate, many: openMigrateGroup },
  { id: 'start', label: () => _('Start…'), one: openStart, many: openStartGroup },
  { id: 'lock', label: () => _('Lock…'), one: (app, vm) => openLock(app, [vm]), many: openLock },
  { id: 'unlock', label: () => _('Unlock…'), one: (app, vm) => openUnlock(app, [vm]), many: openUnlock },
  { id: 'mask', label: () => _('Mask the CPU…'), one: (app, vm) => openMask(app, [vm]), many: openMask },
  { id: 'drain-action', label: () => _('Drain action…'), one: (app, vm) => openDrainAction(app, [vm]), many: openDrainAction },
];

/** Opens the dialog of an act for one VM. */
export function openAct(app, id, vm) {
  ACTS.find(act => act.id === id).one(app, vm);
}

/**
 * The same for several; those for which it cannot be done are told of there. `onBegun` is called when
 * what was ordered has begun.
 */
export function openActForMany(app, id, vms, tasks, onBegun = () => {}) {
  const { can, cannot } = partBy(id, vms, tasks, nowUs());
  const act = ACTS.find(one => one.id === id);
  if (can.length === 1 && !cannot.length) act.one(app, can[0], onBegun);
  else act.many(app, can, cannot, onBegun);
}

/** Entries for a menu of one VM: see ui/menu.js. */
export function actsMenu(app, vm, task) {
  const acts = actsOf(vm, task, nowUs());
  const items = ACTS.filter(({ id }) => (id === 'unlock' ? vm.locked : id !== 'lock' || !vm.locked || acts.lock.can))
    .map(({ id, label }) => ({ label: label(), disabled: !acts[id].can, why: acts[id].why, run: () => openAct(app, id, vm) }));
  if (task)
    items.unshift({ label: format(_('Show task $0'), task.id), run: () => app.go(['tasks', String(task.id)]) });
  return items;
}

/** Entries for a menu of several VMs, without migrate: that has a button of its own. */
export function manyMenu(app, vms, tasks, onBegun) {
  return ACTS.filter(({ id }) => id !== 'migrate').map(({ id, label }) => {
    const { can, cannot } = partBy(id, vms, tasks, nowUs());
    return {
      label: label(), disabled: !can.length,
      why: can.length || !cannot.length ? '' : vms.length === 1 ? cannot[0].why
        : format(ngettext('Not possible for the VM that is chosen', 'Not possible for any of the $0 VMs that are chosen', vms.length), number(vms.length)),
      run: () => openActForMany(app, id, vms, tasks, onBegun),
    };
  });
}
