// SPDX-License-Identifier: LGPL-2.1-or-later
// VMs of a drain or return: what becomes of each, and why some stay.

import { reasonList } from '../dialogs/places.js';
import { C_, N_, _, format, ngettext } from '../i18n.js';
import { duration, number } from '../model/format.js';
import { drainAction } from '../model/vms.js';
import { none } from '../model/words.js';
import { link } from '../ui/button.js';
import { h, replace } from '../ui/dom.js';
import { label } from '../ui/label.js';
import { Table } from '../ui/table.js';
import { nameText } from './task-columns.js';

const STATES = {
  waiting: { text: N_('Waits'), tone: 'grey' },
  moving: { text: N_('Moving'), tone: 'blue' },
  gone: { text: N_('Off the host'), tone: 'green' },
  skipped: { text: N_('Skipped'), tone: 'grey' },
  left: { text: N_('Not moved'), tone: 'orange' },
};
const ORDER = ['moving', 'left', 'waiting', 'skipped', 'gone'];

function stateText(item, isReturn) {
  if (isReturn && item.state === 'gone') return C_('state of a VM of a return', 'Home');
  return item.state in STATES ? _(STATES[item.state].text) : item.state;
}

const tone = item => (STATES[item.state] || { tone: 'grey' }).tone;

function goesTo(item) {
  const stays = item.state === 'left' || item.state === 'skipped' || !item.destination || item.destination === item.host;
  return stays ? [nameText(item.host || '')] : [nameText(item.host || ''), ' → ', nameText(item.destination)];
}

function remark(item) {
  if (item.forRoom) return _('makes room for others');
  if (item.state === 'skipped' && !item.reasons.length)
    return item.action === 'skip' ? _('stays, as was said') : _('stays: it is shut off');
  return '';
}

function when(item) {
  if (!item.end || (item.state !== 'waiting' && item.state !== 'moving')) return none();
  return format(_('$0 to $1 from the start'), duration(item.begin), duration(item.end));
}

function fillWhy(cell, item) {
  replace(cell, remark(item) || null, item.reasons.length ? reasonList(item.reasons) : null,
          item.attempts > 1 ? h('div', { class: 'virtern-quiet' }, format(ngettext('$0 attempt', '$0 attempts', item.attempts), number(item.attempts))) : null);
}

function columns(isReturn) {
  return [
    { id: 'vm', label: _('VM'), header: true, value: item => item.vm, render: (cell, item) => replace(cell, nameText(item.vm)) },
    { id: 'way', label: C_('a column: hosts', 'From → to'), value: item => [item.state, item.host, item.destination].join(' '),
      render: (cell, item) => replace(cell, goesTo(item)) },
    { id: 'action', label: _('Action'), value: item => drainAction(item.action) || none() },
    { id: 'state', label: _('State'), value: item => item.state, sortValue: item => ORDER.indexOf(item.state),
      render: (cell, item) => replace(cell, label(tone(item), stateText(item, isReturn))) },
    { id: 'when', label: C_('a column: when a VM is expected to move', 'Expected'), value: when, sortValue: item => item.begin, hideable: true },
    { id: 'task', label: _('Task'), value: item => item.task,
      render: (cell, item) => replace(cell, item.task ? link(['tasks', String(item.task)], '#' + item.task) : none()) },
    { id: 'why', label: _('Why'), sortable: false, value: item => JSON.stringify([item.state, item.reasons, item.attempts, item.forRoom]), render: fillWhy },
  ];
}

/** The table of a drain's VMs: those that move and those that are left stand first. */
export class ItemsTable {
  constructor(isReturn) {
    this.table = new Table({ label: _('VMs of this task'), key: item => item.vmUuid, columns: columns(isReturn), pageSize: 50,
                             sort: { id: 'state', descending: false } });
    this.element = this.table.element;
  }

  update(items) {
    const key = items.map(item => item.vmUuid + item.state).join();
    if (key === this.key) this.table.refresh(items);
    else this.table.update(items);
    this.key = key;
  }
}
