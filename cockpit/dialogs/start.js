// SPDX-License-Identifier: LGPL-2.1-or-later
// Starts VMs that are shut off: where, judged beforehand.

import { plan, startVm } from '../bus/calls.js';
import { _, format } from '../i18n.js';
import { forEach } from '../model/each.js';
import { number } from '../model/format.js';
import { fits, placesOf, whyBest } from '../model/places.js';
import { perform } from '../perform.js';
import { alert } from '../ui/alert.js';
import { working } from '../ui/bar.js';
import { link } from '../ui/button.js';
import { openDialog } from '../ui/dialog.js';
import { h, replace } from '../ui/dom.js';
import { check } from '../ui/form.js';
import { toast } from '../ui/toast.js';
import { moveTable, refusedList } from './group-plan.js';
import { leftOut, vmsText } from './many.js';
import { Places, stillChosen } from './places.js';
import { judgeHosts, keepJudged } from './rejudge.js';

class StartDialog {
  constructor(app, vm) {
    this.app = app;
    this.vm = vm;
    this.chosen = '';
    this.placesNow = [];
    this.judged = false;
    this.places = new Places({ choosable: true, title: _('Hosts'), onChoose: host => this.#choose(host) });
    this.notice = h('div', { 'aria-live': 'polite' });
    this.dialog = openDialog({
      title: format(_('Start $0'), vm.name),
      size: 'large',
      body: h('div', { class: 'virtern-rows' },
              h('div', {}, h('p', { class: 'virtern-quiet' }, format(_('It is defined on $0. On another host its definition goes there first.'), vm.host)), this.notice),
              this.places.element),
      actions: [{ label: format(_('Start $0'), vm.name), disabled: true, run: () => this.#run() }],
      onClose: () => this.watch.stop(),
    });
    this.places.setAuto(_('All hosts are being judged…'), false);
    this.watch = keepJudged(app.cluster, changes => changes.hosts.size > 0 || changes.vms.has(vm.uuid), () => this.#judge());
  }

  async #judge() {
    try {
      this.placesNow = placesOf(await judgeHosts(this.vm.uuid, { act: 'start' }), this.app.cluster.hosts, this.vm.name);
      this.judged = true;
      replace(this.notice);
    } catch (error) {
      this.judged = false;
      replace(this.notice, alert('danger', error.message));
    }
    if (this.dialog.element.isConnected) this.#show();
  }

  #best() {
    const home = this.app.cluster.hosts.get(this.vm.host);
    const best = this.placesNow.find(place => fits(place) && (!home || place.cluster === home.cluster));
    return best ? best.host : '';
  }

  #show() {
    const best = this.#best();
    this.chosen = stillChosen(this.placesNow, this.chosen, this.notice);
    this.places.setAuto(best ? format(_('Now that would be $0: $1.'), best, whyBest(this.placesNow, best)) : _('No host fits now; the reasons are below.'),
                        this.judged && !best);
    this.places.update(this.placesNow, this.chosen);
    this.#showAction();
  }

  #choose(host) {
    this.chosen = host;
    replace(this.notice);
    this.places.choose(host);
    this.#showAction();
  }

  #showAction() {
    const { name } = this.vm;
    const target = this.chosen === '' ? this.#best() : this.chosen;
    this.dialog.setDisabled(0, !this.judged || !target);
    if (!target) this.dialog.setActionLabel(0, format(_('Start $0'), name));
    else if (this.chosen) this.dialog.setActionLabel(0, format(_('Start $0 on $1'), name, target));
    else this.dialog.setActionLabel(0, format(_('Start $0 on the best host, now $1'), name, target));
  }

  async #run() {
    let task;
    try {
      task = await perform(access => startVm(this.vm.uuid, this.chosen, access));
    } catch (error) {
      this.watch.now();
      throw error;
    }
    toast('info', format(_('$0 is being started'), this.vm.name), link(['tasks', String(task)], _('Show the task')));
    return true;
  }
}

/** Opens the dialog to start one VM. */
export function openStart(app, vm) {
  return new StartDialog(app, vm);
}

/**
 * Opens the dialog to start several VMs, each where the plan says; `cannot`: those left out; `onBegun`
 * is called when they are being started.
 */
export function openStartGroup(app, vms, cannot = [], onBegun = () => {}) {
  let planned = null;
  let dialog = null;
  const box = h('div', { class: 'virtern-rows' }, working(_('Planning'), _('All hosts are being judged…')));
  const partial = check(_('Start the others all the same'), { onchange: () => showAction() });

  function showAction() {
    const moves = planned ? planned.moves.length : 0;
    const refused = planned ? planned.refused.length : 0;
    const some = partial.firstElementChild.checked;
    dialog.setDisabled(0, !moves || (refused > 0 && !some));
    if (!planned) dialog.setWhy('');
    else if (!moves) dialog.setWhy(_('None of them finds a place.'));
    else dialog.setWhy(refused && !some ? format(_('Tick “$0”, or choose again.'), _('Start the others all the same')) : '');
    dialog.setActionLabel(0, refused && moves && some ? format(_('Start $0 of $1 VMs'), number(moves), number(vms.length)) : format(_('Start $0'), vmsText(vms)));
  }

  async function judge() {
    try {
      planned = await plan(vms.map(vm => vm.uuid), { act: 'start' });
      replace(box, refusedList(planned.refused), planned.refused.length && planned.moves.length ? partial : null,
              planned.moves.length ? moveTable(planned.moves, _('Which VM is started where')) : null);
    } catch (error) {
      planned = null;
      replace(box, alert('danger', error.message));
    }
    showAction();
  }

  dialog = openDialog({
    title: format(_('Start $0'), vmsText(vms)), size: 'large',
    body: h('div', { class: 'virtern-rows' }, leftOut(cannot), box),
    actions: [{
      label: format(_('Start $0'), vmsText(vms)), disabled: true,
      run: async () => {
        const { moves } = planned;
        try {
          await forEach(moves, move => move.vm, move => perform(access => startVm(move.vmUuid, move.destination, access)));
        } catch (error) {
          watch.now();
          throw error;
        }
        onBegun();
        toast('info', format(_('$0 of $1 VMs are being started'), number(moves.length), number(vms.length)), link(['tasks'], _('Show the tasks')));
      },
    }],
    onClose: () => watch.stop(),
  });
  const watch = keepJudged(app.cluster, changes => changes.hosts.size > 0, judge);
}
