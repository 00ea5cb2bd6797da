// SPDX-License-Identifier: LGPL-2.1-or-later
// Moves several VMs as one order: first which goes where, then all of them or, if so ticked, those
// that find a place.

import { migrateGroup, plan } from '../bus/calls.js';
import { _, format } from '../i18n.js';
import { number } from '../model/format.js';
import { inOrder } from '../model/order.js';
import { mediaInTheWay, placesOf } from '../model/places.js';
import { openTasks } from '../model/vms.js';
import { perform } from '../perform.js';
import { alert } from '../ui/alert.js';
import { working } from '../ui/bar.js';
import { link } from '../ui/button.js';
import { openDialog } from '../ui/dialog.js';
import { h, replace } from '../ui/dom.js';
import { check, field, select } from '../ui/form.js';
import { toast } from '../ui/toast.js';
import { moveTable, refusedList } from './group-plan.js';
import { leftOut, vmsText } from './many.js';
import { MediaTick, MoveOptions } from './move-options.js';
import { keepJudged } from './rejudge.js';

class MigrateGroupDialog {
  constructor(app, vms, cannot, onBegun) {
    this.app = app;
    this.vms = vms;
    this.onBegun = onBegun;
    this.planned = null;
    this.#build(cannot);
  }

  #build(cannot) {
    this.asked = 0;
    this.moveOptions = new MoveOptions(() => this.#judgeAnew());
    const hosts = inOrder(this.app.cluster.hosts.keys());
    const choices = [['', _('The best host for each')], ...hosts.map(name => [name, format(_('All to $0'), name)])];
    this.destination = field({ label: _('Where to'),
                               control: select(choices, '', { autofocus: true, onchange: () => this.#judgeAnew() }) });
    this.notice = h('div', { 'aria-live': 'polite' });
    this.planBox = h('div', { class: 'virtern-places-box' }, working(_('Planning'), _('All hosts are being judged…')));
    this.refusedBox = h('div', {});
    this.media = new MediaTick(() => this.#judgeAnew());
    this.busy = h('div', { role: 'status' });
    this.partial = check(_('Move the others all the same'), { onchange: () => this.#showAction() },
                         _('Without this tick none is moved while one finds no place.'));
    this.partial.hidden = true;
    this.dialog = openDialog({
      title: format(_('Migrate $0'), vmsText(this.vms)),
      size: 'large',
      body: h('div', { class: 'virtern-rows' }, this.busy, leftOut(cannot),
              h('div', { class: 'virtern-fields pf-v6-c-form' }, this.destination.element, this.notice),
              this.refusedBox, this.partial, this.media.element, this.planBox, this.moveOptions.element),
      actions: [{ label: format(_('Migrate $0'), vmsText(this.vms)), disabled: true, run: () => this.#run() }],
      onClose: () => this.watch.stop(),
    });
    this.watch = keepJudged(this.app.cluster, changes => changes.hosts.size > 0 || this.vms.some(vm => changes.vms.has(vm.uuid)),
                            () => this.#judge());
  }

  #options() {
    return {
      ...this.moveOptions.options(), destination: this.destination.value || undefined,
      ...this.media.options(),
    };
  }

  /* From now on the plan that is shown is not the one that was asked for. */
  #judgeAnew() {
    this.asked++;
    this.planned = null;
    this.dialog.setDisabled(0, true);
    this.watch.now();
  }

  async #judge() {
    const { asked } = this;
    let planned = null;
    let problem = null;
    try {
      planned = await plan(this.vms.map(vm => vm.uuid), this.#options());
    } catch (error) {
      problem = error;
    }
    if (asked !== this.asked) return;
    this.planned = planned;
    replace(this.notice, problem ? alert('danger', problem.message) : null);
    if (this.dialog.element.isConnected) this.#show();
  }

  #show() {
    const state = JSON.stringify(this.planned);
    if (state !== this.shown) {
      this.shown = state;
      const { moves, refused } = this.planned || { moves: [], refused: [] };
      replace(this.planBox, moves.length ? moveTable(moves, _('Which VM goes where')) : null);
      replace(this.refusedBox, refusedList(refused));
      this.partial.hidden = !refused.length || !moves.length;
      this.media.show(mediaInTheWay(refused.flatMap(one => placesOf(one.hosts, this.app.cluster.hosts, one.vm))));
    }
    this.#showAction();
  }

  #partially() {
    return !this.partial.hidden && this.partial.firstElementChild.checked;
  }

  #showAction() {
    const moves = this.planned ? this.planned.moves.length : 0;
    const refused = this.planned ? this.planned.refused.length : 0;
    const ticked = !refused || this.#partially();
    this.dialog.setDisabled(0, !moves || !ticked || !this.moveOptions.isValid());
    this.dialog.setWhy(this.#missing(moves, ticked));
    this.dialog.setActionLabel(0, refused && moves && this.#partially()
      ? format(_('Migrate $0 of $1 VMs'), number(moves), number(this.vms.length)) : format(_('Migrate $0'), vmsText(this.vms)));
  }

  #missing(moves, ticked) {
    if (!this.planned) return '';
    if (!moves) return _('None of them finds a place.');
    if (!ticked) return format(_('Tick “$0”, or choose again.'), _('Move the others all the same'));
    return this.moveOptions.isValid() ? '' : _('Mend what is marked among the options.');
  }

  /* Beginning many takes its time: how many have a task is seen, the rest is not. */
  #showBeginning() {
    const text = h('span', {});
    const all = this.vms.length;
    const count = () => {
      const begun = openTasks(this.app.cluster.tasks.values());
      const value = this.vms.filter(vm => begun.has(vm.uuid)).length;
      const words = format(_('$0 of $1 moves have begun or wait for their turn…'), number(value), number(all));
      if (text.textContent !== words) text.textContent = words;
    };
    count();
    replace(this.busy, working(_('The moves begin'), text));
    this.busy.scrollIntoView({ block: 'nearest' });
    const stop = this.app.cluster.subscribe(changes => changes.tasks.size && count());
    return () => {
      stop();
      replace(this.busy);
    };
  }

  async #run() {
    const options = { ...this.#options(), partial: this.#partially() || undefined };
    const shown = this.#showBeginning();
    let result;
    try {
      result = await perform(access => migrateGroup(this.vms.map(vm => vm.uuid), options, access));
    } catch (error) {
      this.watch.now();
      throw error;
    } finally {
      shown();
    }
    this.onBegun();
    const { tasks, refused } = result;
    toast('info', format(_('$0 of $1 VMs move'), number(tasks.length), number(this.vms.length)), link(['tasks'], _('Show the tasks')));
    if (refused.length)
      toast('warning', format(_('These stay where they are: $0'), refused.map(one => one.vm).join(', ')));
    return true;
  }
}

/**
 * Opens the dialog to move several VMs; `cannot`: those that were chosen and are left out;
 * `onBegun` is called when the moves have begun.
 */
export function openMigrateGroup(app, vms, cannot = [], onBegun = () => {}) {
  return new MigrateGroupDialog(app, vms, cannot, onBegun);
}
