// SPDX-License-Identifier: LGPL-2.1-or-later
// Asks before a task is cancelled, and of a drain what becomes of what is under way.

import { cancelTask } from '../bus/calls.js';
import { _, format, ngettext } from '../i18n.js';
import { forEach } from '../model/each.js';
import { number } from '../model/format.js';
import { isOfHosts, isOpen, subject, title } from '../model/tasks.js';
import { perform } from '../perform.js';
import { openDialog } from '../ui/dialog.js';
import { h } from '../ui/dom.js';
import { radios } from '../ui/form.js';

function whatHappens(task) {
  if (task.kind === 'start') return format(_('The start of $0 is given up, if it has not happened yet.'), subject(task));
  if (task.state === 'queued') return format(_('$0 stays on $1; its move is not begun.'), task.vm, task.source);
  if (task.kind === 'migrate')
    return format(_('$0 goes on running on $1, and what was copied to $2 is thrown away. If it has switched over by then, the move ends done.'),
                  task.vm, task.source, task.destination);
  return _('What can still be stopped is stopped; the task then tells what came of it.');
}

/* The words for each kind of task of whole hosts. */
const OF_HOSTS = {
  drain: {
    title: () => _('Cancel the drain of $0?'),
    action: () => _('Cancel the drain'),
    after: () => _('No further VM is begun, and the hosts are open again. What was moved stays where it is; “Undo” brings it back.'),
  },
  return: {
    title: () => _('Stop bringing VMs back to $0?'),
    action: () => _('Stop'),
    after: () => _('No further VM is begun; what came home stays there.'),
  },
};

function openForHosts(task) {
  let abort = false;
  const words = OF_HOSTS[task.kind];
  const moving = (task.items || []).filter(item => item.state === 'moving').length;
  const under = moving ? format(ngettext('$0 VM is under way.', '$0 VMs are under way.', moving), number(moving)) : _('No VM is under way now.');
  openDialog({
    title: format(words.title(), subject(task)), size: 'small',
    body: [
      h('p', {}, words.after(), ' ', under),
      radios(_('What is under way'), [
        { value: 'finish', text: _('Let those under way finish') },
        { value: 'abort', text: _('Cancel those under way, too'), help: _('Each goes on running where it is now.') },
      ], task.cancelRequested ? null : 'finish', value => { abort = value === 'abort'; }),
    ],
    actions: [{ label: words.action(), variant: 'danger', run: () => perform(access => cancelTask(task.id, { abort: abort || undefined }, access)) }],
    closeLabel: _('Do not cancel'),
  });
}

/** @param {object} task one that is open */
export function openCancel(task) {
  if (isOfHosts(task)) {
    openForHosts(task);
    return;
  }
  openDialog({
    title: format(_('Cancel: $0?'), title(task)), size: 'small', body: h('p', {}, whatHappens(task)),
    actions: [{ label: _('Cancel the task'), variant: 'danger', run: () => perform(access => cancelTask(task.id, {}, access)) }],
    closeLabel: _('Do not cancel'),
  });
}

const cancelable = tasks => tasks.filter(task => isOpen(task) && task.cancelable && !task.cancelRequested);

/**
 * Asks before all tasks of one order are cancelled that still can be.
 * @param {function(): Array} members the tasks as they are now
 */
export function openCancelAll(members) {
  const count = cancelable(members()).length;
  const all = members().length;
  // What ended meanwhile is nothing to fail on.
  const cancelOne = async ({ id }) => {
    try {
      await perform(access => cancelTask(id, {}, access));
    } catch (error) {
      const now = members().find(task => task.id === id);
      if (error.name === 'Declined' || (now && isOpen(now))) throw error;
    }
  };
  openDialog({
    title: format(ngettext('Cancel $0 task?', 'Cancel $0 tasks?', count), number(count)), size: 'small',
    body: h('div', { class: 'virtern-stacked' },
            h('p', {}, format(ngettext('Of $0 task of this order $1 can still be cancelled.', 'Of $0 tasks of this order $1 can still be cancelled.', all), number(all), number(count))),
            h('p', {}, _('Those VMs go on running where they are, and what was copied of them is thrown away. One that has switched over by then ends done. What was moved stays where it is.'))),
    actions: [{ label: format(ngettext('Cancel $0 task', 'Cancel $0 tasks', count), number(count)), variant: 'danger',
                 run: () => forEach(cancelable(members()), title, cancelOne) }],
    closeLabel: _('Do not cancel'),
  });
}
