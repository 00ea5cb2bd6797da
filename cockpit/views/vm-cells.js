// SPDX-License-Identifier: LGPL-2.1-or-later
// What is shown of a VM, in the table as in its page.

import { _, format } from '../i18n.js';
import { number, size, time } from '../model/format.js';
import { isStalled, progressOf, progressText, toneOf, troubleOf } from '../model/tasks.js';
import { drainAction, loadHint, loadOf, loadWords, lockHolds, lockWords, runsTwice, stateReason } from '../model/vms.js';
import { none, phase, taskState, vmState, vmTone } from '../model/words.js';
import { progressBar } from '../ui/bar.js';
import { link } from '../ui/button.js';
import { h, replace } from '../ui/dom.js';
import { label } from '../ui/label.js';
import { nameLink } from '../ui/name.js';

/** The state with its reason; an alarm if it runs twice. @returns {Array} nodes */
export function stateNodes(vm) {
  const twice = runsTwice(vm);
  const reason = stateReason(vm);
  return [
    label(vmTone(vm.state), vmState(vm.state)),
    reason ? h('div', { class: 'virtern-quiet' }, reason) : null,
    vm.state === 'unknown' ? h('div', { class: 'virtern-quiet' }, format(_('$0 does not answer'), vm.host)) : null,
    twice.length ? h('div', { class: 'virtern-alarm' }, format(_('Runs twice: on $0. Its disks are in danger.'), twice.join(', '))) : null,
  ];
}

/** Columns of tables of VMs, by id: see Table. */
export function vmColumns() {
  return {
    name: { id: 'name', label: _('Name'), header: true, value: vm => vm.name,
            render: (cell, vm) => replace(cell, nameLink(['vms', vm.uuid], vm.name)) },
    state: { id: 'state', label: _('State'), value: vm => [vmState(vm.state), stateReason(vm), runsTwice(vm)].join(' '),
             render: (cell, vm) => replace(cell, h('div', {}, stateNodes(vm))) },
    memory: { id: 'memory', label: _('Memory'), numeric: true, value: vm => vm.memory, text: vm => size(vm.memory) },
    vcpus: { id: 'vcpus', label: _('vCPUs'), numeric: true, value: vm => vm.vcpus, text: vm => number(vm.vcpus) },
    load: { id: 'load', label: _('CPU load'), numeric: true, value: vm => loadOf(vm) ?? -1, render: fillLoad },
  };
}

function fillLoad(cell, vm) {
  cell.title = loadHint(vm);
  cell.textContent = loadWords(vm) || none();
}

/** Lock, drain action, origin: each a line. @returns {Array} nodes */
export function remarkNodes(vm, nowUs) {
  const lines = [];
  if (vm.locked)
    lines.push(h('div', { class: 'virtern-remark' + (lockHolds(vm, nowUs) ? '' : ' virtern-quiet'), title: vm.lockSince ? format(_('Locked since $0'), time(vm.lockSince)) : null },
                 lockWords(vm, nowUs)));
  if (vm.drainAction) lines.push(h('div', { class: 'virtern-remark' }, format(_('Drain: $0'), drainAction(vm.drainAction))));
  if (vm.origin) lines.push(h('div', { class: 'virtern-remark' }, format(_('Away from $0'), vm.origin)));
  return lines;
}

/** The same as text, to compare and sort by. */
export function remarkText(vm, nowUs) {
  return [lockWords(vm, nowUs), vm.drainAction, vm.origin].filter(Boolean).join(' ');
}

/** What goes on with a VM: fills the cell, and keeps its link and bar while the task is the same. */
export function fillTask(cell, task) {
  if (cell.dataset.task !== (task ? String(task.id) : '')) {
    cell.dataset.task = task ? String(task.id) : '';
    cell.replaceChildren();
    if (task) cell.append(link(['tasks', String(task.id)], ''), h('div', { class: 'virtern-now' }));
  }
  if (!task) return;
  const [anchor, box] = cell.children;
  anchor.textContent = taskTitle(task);
  const running = task.state === 'running';
  const value = progressOf(task);
  const words = running ? [phase(task.phase), troubleOf(task) || (value === null ? '' : progressText(task))] : [taskState(task.state)];
  progressBar(box, value === null && !running ? 0 : value, words.filter(Boolean).join(' · '),
              format(_('Progress of $0'), task.vm), running || task.state === 'attention' ? toneOf(task) : 'blue');
  // A bar that moves would say that something goes on.
  box.firstElementChild.hidden = isStalled(task);
}

function taskTitle(task) {
  const to = task.destination;
  switch (task.kind) {
  case 'migrate': return to ? format(_('Migrates to $0'), to) : _('Migrates');
  case 'start': return to ? format(_('Starts on $0'), to) : _('Starts');
  case 'relocate': return to ? format(_('Its definition goes to $0'), to) : _('Its definition goes elsewhere');
  case 'shutdown': return _('Shuts down');
  default: return format(_('Task $0'), task.id);
  }
}

/** Compared to see whether fillTask() has anything new to show. */
export function taskValue(task) {
  return task ? [task.state, task.phase, progressOf(task), troubleOf(task), task.destination, task.id].join(' ') : '';
}
