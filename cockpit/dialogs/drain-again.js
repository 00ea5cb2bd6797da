// SPDX-License-Identifier: LGPL-2.1-or-later
// Drains that are resumed or undone: what will happen is told with the names of the VMs.

import { resumeDrain, undoDrain } from '../bus/calls.js';
import { _, format, ngettext } from '../i18n.js';
import { number } from '../model/format.js';
import { hostsOf, isOpen } from '../model/tasks.js';
import { perform } from '../perform.js';
import { openDialog } from '../ui/dialog.js';
import { h } from '../ui/dom.js';

const AT_MOST = 20;

function names(items) {
  if (!items.length) return null;
  return h('ul', { class: 'virtern-reasons' }, items.slice(0, AT_MOST).map(item => h('li', {}, h('bdi', {}, item.vm))),
           items.length > AT_MOST ? h('li', {}, format(ngettext('and $0 more', 'and $0 more', items.length - AT_MOST), number(items.length - AT_MOST))) : null);
}

/** @param {object} task a drain that was cancelled or left a remainder */
export function openResume(app, task) {
  const rest = (task.items || []).filter(item => item.state !== 'gone' && item.state !== 'skipped' && !item.forRoom);
  const hosts = hostsOf(task).join(', ');
  openDialog({
    title: format(_('Resume the drain of $0?'), hosts), size: 'small',
    body: [
      h('p', {}, format(_('A new drain moves away what is still on $0. No VM is stopped unless its own drain action says so; what cannot leave stays where it is.'), hosts)),
      rest.length ? h('p', {}, format(ngettext('$0 VM was left:', '$0 VMs were left:', rest.length), number(rest.length))) : null,
      names(rest),
    ],
    actions: [{ label: _('Resume the drain'), run: async () => app.go(['tasks', String(await perform(access => resumeDrain(task.id, access)))]) }],
  });
}

/** @param {object} task a drain */
export function openUndo(app, task) {
  const moved = (task.items || []).filter(item => item.state === 'gone' && item.action !== 'shutdown');
  const hosts = hostsOf(task).join(', ');
  openDialog({
    title: format(_('Undo the drain of $0?'), hosts), size: 'small',
    body: [
      h('p', {}, isOpen(task) ? _('The drain is cancelled first; what is under way comes to its end.') + ' ' : null,
        format(_('$0 is opened again, and the VMs that the drain moved away come back, live.'), hosts)),
      moved.length ? h('p', {}, format(ngettext('$0 VM was moved:', '$0 VMs were moved:', moved.length), number(moved.length))) : null,
      names(moved),
    ],
    actions: [{ label: _('Undo the drain'), run: async () => app.go(['tasks', String(await perform(access => undoDrain(task.id, access)))]) }],
  });
}
