// SPDX-License-Identifier: LGPL-2.1-or-later
// One VM: what it is, where it could run, what was done with it.

import { listTasks } from '../bus/calls.js';
import { nowUs } from '../bus/clock.js';
import { Places } from '../dialogs/places.js';
import { judgeHosts, keepJudged } from '../dialogs/rejudge.js';
import { actsMenu, openAct } from '../dialogs/vm-acts.js';
import { _, format } from '../i18n.js';
import { duration, number, size, time } from '../model/format.js';
import { placesOf } from '../model/places.js';
import { actsOf, cpuWords, drainAction, loadHint, lockWords, openTasks, runsTwice } from '../model/vms.js';
import { kind, none, taskState, taskTone, vmState } from '../model/words.js';
import { alert } from '../ui/alert.js';
import { button, link } from '../ui/button.js';
import { h, replace } from '../ui/dom.js';
import { emptyState } from '../ui/empty.js';
import { fillFacts } from '../ui/form.js';
import { label } from '../ui/label.js';
import { menu } from '../ui/menu.js';
import { card, crumbs, plainTable } from '../ui/parts.js';
import { fillTask, stateNodes } from './vm-cells.js';

const TASKS_SHOWN = 20;

function diskTable(vm) {
  if (!vm.disks.length) return h('p', { class: 'virtern-quiet' }, _('It has none.'));
  const more = disk => [disk.readonly ? _('read-only') : '', disk.shareable ? _('shareable') : ''].filter(Boolean).join(', ');
  return plainTable(_('Disks'), [_('Drive'), _('Device'), _('Kind'), _('Source'), _('Cache'), _('Remarks')],
                     vm.disks.map(disk => [disk.target, disk.device, disk.type, disk.source || _('empty'), disk.cache || none(), more(disk) || none()]));
}

function nicTable(vm) {
  if (!vm.nics.length) return h('p', { class: 'virtern-quiet' }, _('It has none.'));
  return plainTable(_('Network cards'), [_('Kind'), _('Source'), _('Address')], vm.nics.map(nic => [nic.type, nic.source || none(), nic.mac || none()]));
}

function taskRow(task) {
  const where = task.kind === 'start' || task.source === task.destination ? task.destination : format(_('$0 → $1'), task.source || none(), task.destination || none());
  return [
    link(['tasks', String(task.id)], format(_('$0, task $1'), kind(task.kind), task.id)), where || none(),
    label(taskTone(task.state), taskState(task.state)), task.started ? time(task.started) : none(),
    task.finished && task.started ? duration(task.finished - task.started) : none(), task.error || none(),
  ];
}

/** The page of a VM: element, uuid, update(changes), close(). */
export class VmPage {
  constructor(app, uuid) {
    this.app = app;
    this.uuid = uuid;
    this.there = false;
    this.element = h('div', { class: 'virtern-rows' });
    this.places = new Places({ choosable: false, title: _('Where it could run') });
    this.placesNote = h('div', { 'aria-live': 'polite' }, _('All hosts are being judged…'));
    this.history = h('div', {});
    this.watch = null;
    this.#build();
  }

  update(changes) {
    if (changes.vms.has(this.uuid) || changes.status) this.#show();
    if (changes.tasks.size) this.#showTask(changes);
  }

  close() {
    if (this.watch) this.watch.stop();
    this.watch = null;
  }

  #vm() {
    return this.app.cluster.vms.get(this.uuid);
  }

  #task() {
    return openTasks(this.app.cluster.tasks.values()).get(this.uuid);
  }

  #build() {
    const vm = this.#vm();
    this.there = Boolean(vm);
    this.headState = '';
    const way = crumbs('vms', _('VMs'), vm ? vm.name : this.uuid);
    if (!vm) {
      replace(this.element, way, emptyState(_('There is no such VM'), _('It was removed, or its host was. What was done with it stays among the tasks.'),
                                               button('primary', _('Show all VMs'), () => this.app.go(['vms']))), card(_('Tasks'), this.history));
      this.#loadHistory();
      return;
    }
    this.head = h('div', { class: 'virtern-toolbar' });
    this.now = h('div', { class: 'virtern-card', hidden: true });
    this.facts = h('div', {});
    this.disks = h('div', {});
    this.nics = h('div', {});
    replace(this.element, way, this.head, this.now,
            h('div', { class: 'virtern-cards' }, card(_('What it is'), this.facts), card(_('Tasks'), this.history)),
            card(_('Where it could run'), this.placesNote, this.places.element), card(_('Disks'), this.disks), card(_('Network cards'), this.nics));
    this.#show();
    this.#showNow();
    this.#loadHistory();
    this.watch = keepJudged(this.app.cluster, changes => changes.hosts.size > 0 || changes.vms.has(this.uuid), () => this.#judge());
  }

  #show() {
    const vm = this.#vm();
    if (Boolean(vm) !== this.there) {
      this.close();
      this.#build();
      return;
    }
    if (!vm) return;
    this.#showHead(vm);
    fillFacts(this.facts, this.#facts(vm), _('What it is'));
    replace(this.disks, diskTable(vm));
    replace(this.nics, nicTable(vm));
  }

  #showHead(vm) {
    const acts = actsOf(vm, this.#task(), nowUs());
    const main = acts.start.can ? 'start' : 'migrate';
    const state = JSON.stringify([vm.name, vm.state, vm.reason, vm.seenOn, acts]);
    if (this.headState === state) return;
    this.headState = state;
    const act = button('primary', main === 'start' ? _('Start…') : _('Migrate…'), () => openAct(this.app, main, this.#vm()),
                       { disabled: !acts[main].can, title: acts[main].why });
    replace(this.head, h('h1', { class: 'virtern-title' }, vm.name), stateNodes(vm),
            h('span', { class: 'virtern-toolbar-end virtern-toolbar' }, acts[main].can ? null : h('span', { class: 'virtern-quiet' }, acts[main].why), act,
              menu(vm.name, () => actsMenu(this.app, this.#vm(), this.#task()))));
  }

  #facts(vm) {
    const features = [...vm.cpuFeatures.map(name => '+' + name), ...vm.cpuDisabled.map(name => '−' + name)].join(' ');
    const twice = runsTwice(vm);
    return [
      [_('Host'), link(['hosts', vm.host], vm.host)],
      [_('Seen on'), vm.seenOn.map(([host, state]) => format(_('$0 ($1)'), host, vmState(state))).join(', ')],
      [_('Alarm'), twice.length ? h('span', { class: 'virtern-alarm' }, format(_('Runs twice: on $0. Its disks are in danger.'), twice.join(', '))) : ''],
      [_('Memory'), vm.memoryCurrent && vm.memoryCurrent !== vm.memory ? format(_('$0 of at most $1'), size(vm.memoryCurrent), size(vm.memory)) : size(vm.memory)],
      [_('vCPUs'), number(vm.vcpus)],
      [_('CPU load'), loadHint(vm)],
      [_('CPU'), vm.cpuMasked ? format(_('$0, masked'), cpuWords(vm)) : cpuWords(vm)],
      [_('CPU features'), features],
      [_('Machine'), [vm.arch, vm.machine, vm.virtType].filter(Boolean).join(', ')],
      [_('Definition'), vm.persistent ? _('stays when it is shut down') : _('goes when it is shut down')],
      [_('Lock'), lockWords(vm, nowUs())],
      [_('Drain action'), vm.drainAction ? drainAction(vm.drainAction) : ''],
      [_('Home'), vm.origin ? link(['hosts', vm.origin], vm.origin) : ''],
      [_('UUID'), vm.uuid],
    ];
  }

  #showTask(changes) {
    const known = [...changes.tasks].some(id => {
      const task = this.app.cluster.tasks.get(id);
      return !task || task.vmUuid === this.uuid;
    });
    if (!known || !this.#vm()) return;
    this.#showNow();
    this.#showHead(this.#vm());
    const task = this.#task();
    const state = task ? task.id + task.state : '';
    if (state !== this.taskState) {
      this.taskState = state;
      this.#loadHistory();
    }
  }

  #showNow() {
    const task = this.#task();
    this.now.hidden = !task;
    fillTask(this.now, task);
  }

  async #judge() {
    try {
      const judged = await judgeHosts(this.uuid, {});
      const vm = this.#vm();
      this.places.update(placesOf(judged, this.app.cluster.hosts, vm ? vm.name : this.uuid), null);
      replace(this.placesNote);
    } catch (error) {
      replace(this.placesNote, alert('warning', error.message));
    }
  }

  async #loadHistory() {
    try {
      const { tasks, next } = await listTasks({ vm: this.uuid, limit: TASKS_SHOWN });
      replace(this.history, tasks.length
        ? plainTable(_('Tasks'), [_('Task'), _('Where'), _('State'), _('Started'), _('Duration'), _('Error')], tasks.map(taskRow))
        : h('p', { class: 'virtern-quiet' }, _('Nothing was done with it so far.')),
              next ? h('p', {}, link(['tasks'], _('Show all of its tasks'), { vm: this.#vm() ? this.#vm().name : this.uuid })) : null);
    } catch (error) {
      replace(this.history, alert('warning', error.message));
    }
  }
}
