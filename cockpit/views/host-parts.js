// SPDX-License-Identifier: LGPL-2.1-or-later
// Pieces that the list of hosts and a host's own page share: labels, bars, the menu.

import { openActivate } from '../dialogs/activate.js';
import { openCancel } from '../dialogs/cancel-task.js';
import { openDrain } from '../dialogs/drain.js';
import { openResume, openUndo } from '../dialogs/drain-again.js';
import { openHostRemove } from '../dialogs/host-remove.js';
import { openHostSet } from '../dialogs/host-set.js';
import { _, format } from '../i18n.js';
import {
  cpuLoad,
  cpuText,
  dutyActs,
  hostDuty,
  hostState,
  loadTone,
  memoryOf,
  memoryParts,
  memoryText,
  memoryWords,
  whyNoDrain,
} from '../model/hosts.js';
import { size } from '../model/format.js';
import { hasEnded } from '../model/tasks.js';
import { stackedBar } from '../ui/bar.js';
import { link } from '../ui/button.js';
import { h, refill, replace } from '../ui/dom.js';
import { label } from '../ui/label.js';

/** State and duty as labels, with a link to the task that holds the duty. */
export function stateLabels(host) {
  const state = hostState(host);
  const duty = hostDuty(host);
  const labels = [label(state.tone, state.text)];
  if (duty) {
    labels.push(' ', label(duty.tone, duty.text));
    if (host.dutyTask)
      labels.push(' ', link(['tasks', String(host.dutyTask)], format(_('Task $0'), host.dutyTask)));
  }
  return labels;
}

/** Fills `box` with the memory bar and its words. */
export function fillMemory(box, host) {
  const memory = memoryOf(host);
  refill(box, JSON.stringify(memory), () => drawMemory(box, host, memory));
}

function drawMemory(box, host, memory) {
  if (!memory) {
    replace(box, h('span', { class: 'virtern-quiet' }, _('not known')));
    return;
  }
  stackedBar(
    box,
    memory.total,
    memoryParts(memory),
    format(_('Memory of $0: $1'), host.name, memoryText(memory))
  );
  box.querySelector('.virtern-stack').setAttribute('title', memoryText(memory));
  box
    .querySelector('.virtern-stack-text')
    .replaceWith(
      h(
        'div',
        { class: 'virtern-bar-words' },
        format(_('$0 of $1 used'), size(memory.used), size(memory.total))
      ),
      h('div', { class: 'virtern-quiet' }, memoryWords(memory))
    );
}

/** Fills `box` with the CPU bar and its words. */
export function fillCpu(box, host) {
  const load = cpuLoad(host);
  if (load === null) {
    replace(box, h('span', { class: 'virtern-quiet' }, cpuText(host)));
    return;
  }
  stackedBar(
    box,
    1,
    [{ value: load, tone: loadTone(load), text: '' }],
    format(_('CPU of $0: $1'), host.name, cpuText(host))
  );
  box
    .querySelector('.virtern-stack-text')
    .replaceWith(h('div', { class: 'virtern-bar-words' }, cpuText(host)));
}

/** The task that holds a host's duty, as it is now; undefined if there is none or it is long over. */
export const dutyTaskOf = (app, host) =>
  host.dutyTask ? app.cluster.tasks.get(host.dutyTask) : undefined;

/** What can be done with a host, for menu(). `away`: whether VMs wait to come home, if that is known. */
export function hostActions(app, name, { gone } = {}) {
  const host = app.cluster.hosts.get(name);
  if (!host) return [];
  const task = dutyTaskOf(app, host);
  const acts = dutyActs(host, task);
  const items = [];
  if (acts.has('activate'))
    items.push({ label: _('Activate…'), run: () => openActivate(app, host) });
  else if (acts.has('drain') || !task || hasEnded(task))
    items.push({
      label: _('Drain…'),
      disabled: !acts.has('drain'),
      why: whyNoDrain(host),
      run: () => openDrain(app, [name]),
    });
  if (acts.has('resume'))
    items.push({ label: _('Resume the drain…'), run: () => openResume(app, task) });
  if (acts.has('cancel'))
    items.push({
      label: task.kind === 'return' ? _('Stop bringing VMs back…') : _('Cancel the drain…'),
      run: () => openCancel(task),
    });
  if (acts.has('undo'))
    items.push({ label: _('Undo the drain…'), run: () => openUndo(app, task) });
  if (host.duty === 'active')
    items.push({
      label: _('Bring its VMs back…'),
      disabled: host.state !== 'up',
      run: () => openActivate(app, host),
    });
  items.push({ label: _('Settings…'), run: () => openHostSet(host) });
  items.push({
    label: _('Remove…'),
    danger: true,
    run: () => openHostRemove(host, vmsOn(app, name), gone),
  });
  return items;
}

function vmsOn(app, name) {
  let count = 0;
  for (const vm of app.cluster.vms.values()) if (vm.host === name) count++;
  return count;
}
