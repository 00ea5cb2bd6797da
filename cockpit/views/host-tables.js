// SPDX-License-Identifier: LGPL-2.1-or-later
// Tables of a host's page: its VMs, moves under way, VMs that wait to come home.

import { nowUs } from '../bus/clock.js';
import { _, format } from '../i18n.js';
import { time } from '../model/format.js';
import { isClosed } from '../model/hosts.js';
import { progressOf, progressText, toneOf, troubleOf } from '../model/tasks.js';
import { lockWords } from '../model/vms.js';
import { kind, none, phase, taskState } from '../model/words.js';
import { progressBar } from '../ui/bar.js';
import { link } from '../ui/button.js';
import { h, replace } from '../ui/dom.js';
import { label } from '../ui/label.js';
import { Table } from '../ui/table.js';
import { vmColumns } from './vm-cells.js';

const PAGE = 25;

const taskLink = (id, text) => link(['tasks', String(id)], text);

/** The VMs of a host. */
export function vmsTable() {
  const { name, state, memory, vcpus, load } = vmColumns();
  const lock = { id: 'locked', label: _('Lock'), value: vm => lockWords(vm, nowUs()), sortable: false };
  return new Table({
    label: _('VMs'),
    key: vm => vm.uuid,
    pageSize: PAGE,
    columns: [name, state, memory, vcpus, load, lock],
    empty: h('p', { class: 'virtern-quiet virtern-pad' }, _('There is no VM on this host.')),
  });
}

function fillMove(cell, task) {
  replace(cell, taskLink(task.id, format(_('$0: $1'), kind(task.kind), task.vm)));
}

function fillState(cell, task) {
  const word = task.state === 'running' ? phase(task.phase) : taskState(task.state);
  replace(cell, label(toneOf(task), word));
}

function fillProgress(cell, task) {
  const percent = progressOf(task);
  const text = troubleOf(task) || (percent === null ? '' : progressText(task));
  progressBar(cell, percent, text, format(_('Progress of $0'), task.vm), toneOf(task));
}

/** Moves from and to a host: rows are tasks. */
export function movesTable() {
  const way = task => format(_('$0 → $1'), task.source || none(), task.destination || none());
  const columns = [
    { id: 'what', label: _('Task'), header: true, value: task => task.vm, render: fillMove },
    { id: 'way', label: _('From, to'), value: way },
    { id: 'state', label: _('State'), value: task => task.state + task.phase + troubleOf(task), render: fillState },
    { id: 'progress', label: _('Progress'), value: task => troubleOf(task) || (progressOf(task) ?? -1), render: fillProgress },
  ];
  return new Table({
    label: _('Moves under way'),
    key: task => task.id,
    pageSize: PAGE,
    columns: columns.map(column => ({ ...column, sortable: false })),
  });
}

/** VMs that drains took away: rows as of listOrigins(). @param {function(): object} hostNow */
export function originsTable(hostNow) {
  const why = row => {
    if (row.status) return row.status;
    return isClosed(hostNow() || {}) ? _('The host is closed') : _('Nobody asked for it yet');
  };
  const fillTask = (cell, { task }) =>
    replace(cell, task ? taskLink(task, format(_('Task $0'), task)) : none());
  return new Table({
    label: _('VMs that wait to come home'),
    key: row => row.vmUuid,
    pageSize: PAGE,
    columns: [
      { id: 'vm', label: _('VM'), header: true, value: row => row.vm },
      { id: 'on', label: _('Now on'), value: row => row.on || _('not seen anywhere') },
      { id: 'since', label: _('Away since'), value: row => row.since, text: row => time(row.since) },
      { id: 'task', label: _('Drain'), value: row => row.task, render: fillTask },
      { id: 'status', label: _('Why it is not home'), sortable: false, value: why },
    ],
  });
}
