// SPDX-License-Identifier: LGPL-2.1-or-later
// Acts on a task as buttons and menus offer them: their words, and what they open.

import { recheckTask } from '../bus/calls.js';
import { openCancel, openCancelAll } from '../dialogs/cancel-task.js';
import { openResume, openUndo } from '../dialogs/drain-again.js';
import { openPolicy } from '../dialogs/policy.js';
import { openResolve } from '../dialogs/resolve.js';
import { openRetry } from '../dialogs/retry.js';
import { N_, _, format } from '../i18n.js';
import { actsOf } from '../model/task-acts.js';
import { hasEnded, hostsOf, isOpen } from '../model/tasks.js';
import { perform } from '../perform.js';
import { toast } from '../ui/toast.js';

const ACTS = {
  resolve: { text: N_('Decide…'), run: (app, task) => openResolve(app, task) },
  recheck: { text: N_('Look again'), run: (app, task) => recheck(task) },
  retry: { text: N_('Retry…'), run: (app, task) => openRetry(app, task) },
  resume: { text: N_('Resume…'), run: (app, task) => openResume(app, task) },
  policy: { text: N_('Change policy…'), run: (app, task) => openPolicy(task) },
  undo: { text: N_('Undo…'), run: (app, task) => openUndo(app, task) },
  cancel: { text: N_('Cancel…'), run: (app, task) => openCancel(task) },
};

async function recheck(task) {
  try {
    await perform(access => recheckTask(task.id, access));
    toast('info', format(_('Both hosts are asked again about $0'), task.vm));
  } catch (error) {
    if (error.name !== 'Declined') toast('danger', error.message);
  }
}

function worldOf({ cluster }, book, task) {
  const busy = one => one.id !== task.id && one.vmUuid === task.vmUuid && !hasEnded(one);
  return {
    vm: cluster.vms.get(task.vmUuid),
    other: task.vmUuid ? [...cluster.tasks.values()].find(busy) : undefined,
    parent: book.tasks.get(task.parent),
    hostsAreOpen: hostsOf(task).every(name => (cluster.hosts.get(name) || { duty: 'active' }).duty === 'active'),
  };
}

/**
 * What can be done with a task now: {id, label, why (not; empty if it can), danger, run()}.
 * @param {TaskBook} book knows the tasks that ordered others
 */
export function actsNow(app, book, task) {
  const gone = app.cluster.status === 'ready' ? '' : _('virternd does not answer.');
  // Objects of ended tasks go after a while, and the acts on them with them; a retry is a new order.
  const past = app.cluster.tasks.has(task.id) ? '' : format(_('Task $0 has ended long ago; there is nothing left to do to it.'), task.id);
  return actsOf(task, worldOf(app, book, task)).map(act => ({
    ...act, why: gone || act.why || (act.id === 'retry' ? '' : past), label: _(ACTS[act.id].text), run: () => ACTS[act.id].run(app, task),
  }));
}

/** What can be done with all tasks of one order, for a menu. `members()` are they as they are now. */
export function groupActs(app, members) {
  const open = members().filter(isOpen);
  const able = open.filter(task => task.cancelable && !task.cancelRequested);
  const why = app.cluster.status !== 'ready' ? _('virternd does not answer.')
    : open.length ? _('None of them can be cancelled any more.') : _('All of them have ended.');
  return [{ label: _('Cancel all that are open…'), disabled: !able.length || app.cluster.status !== 'ready',
            why: able.length && app.cluster.status === 'ready' ? '' : why, run: () => openCancelAll(members) }];
}
