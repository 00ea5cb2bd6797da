// SPDX-License-Identifier: LGPL-2.1-or-later
// Moves a VM: every host is judged before anything is begun, and again while one looks.

import { migrate, plan } from '../bus/calls.js';
import { _, format } from '../i18n.js';
import { fits, mediaInTheWay, placesOf, whyBest } from '../model/places.js';
import { perform } from '../perform.js';
import { alert } from '../ui/alert.js';
import { link } from '../ui/button.js';
import { openDialog } from '../ui/dialog.js';
import { h, replace } from '../ui/dom.js';
import { toast } from '../ui/toast.js';
import { ForecastBox } from './forecast-box.js';
import { MediaTick, MoveOptions } from './move-options.js';
import { Places, stillChosen } from './places.js';
import { judgeHosts, keepJudged } from './rejudge.js';

class MigrateDialog {
  constructor(app, vm, onBegun) {
    this.app = app;
    this.vm = vm;
    this.onBegun = onBegun;
    this.chosen = '';
    this.planned = '';
    this.judged = false;
    this.placesNow = [];
    this.#build();
  }

  #build() {
    this.places = new Places({ choosable: true, title: _('Hosts'), onChoose: host => this.#choose(host) });
    this.moveOptions = new MoveOptions(() => {
      this.#changed();
      if (this.moveOptions.isValid()) this.watch.now();
    });
    this.forecast = new ForecastBox(this.vm, {
      onOffer: name => this.moveOptions.setPolicy(name),
      onKnown: result => { if (!this.moveOptions.options().policy) this.moveOptions.setConfigured(result.policy); },
    });
    this.notice = h('div', { 'aria-live': 'polite' });
    this.media = new MediaTick(() => this.watch.now());
    this.dialog = openDialog({
      title: format(_('Migrate $0'), this.vm.name),
      size: 'large',
      body: h('div', { class: 'virtern-rows' },
              h('div', {}, h('p', { class: 'virtern-quiet' }, format(_('It runs on $0 and goes on running while it moves.'), this.vm.host)), this.notice),
              h('div', { class: 'virtern-two' }, h('div', { class: 'virtern-rows' }, this.media.element, this.places.element),
                h('div', { class: 'virtern-rows virtern-aside' }, this.forecast.element, this.moveOptions.element))),
      actions: [{ label: format(_('Migrate $0'), this.vm.name), disabled: true, run: () => this.#run() }],
      onClose: () => {
        this.watch.stop();
        this.forecast.stop();
      },
    });
    this.places.setAuto(_('All hosts are being judged…'), false);
    this.watch = keepJudged(this.app.cluster, changes => changes.hosts.size > 0 || changes.vms.has(this.vm.uuid) || changes.tasks.size > 0,
                            () => this.#judge());
  }

  async #judge() {
    const eject = this.media.options();
    const { uuid } = this.vm;
    try {
      const [judged, planned] = await Promise.all([
        judgeHosts(uuid, { act: 'move', ...eject }), plan([uuid], { ...this.moveOptions.options(), ...eject }),
      ]);
      this.placesNow = placesOf(judged, this.app.cluster.hosts, this.vm.name);
      this.planned = planned.moves.length ? planned.moves[0].destination : '';
      this.judged = true;
      replace(this.notice);
    } catch (error) {
      // What was said of the hosts before may not hold any more.
      this.judged = false;
      this.placesNow = [];
      replace(this.notice, alert('danger', error.message));
    }
    if (this.dialog.element.isConnected) this.#show();
  }

  #show() {
    if (this.judged) this.chosen = stillChosen(this.placesNow, this.chosen, this.notice);
    const able = this.placesNow.some(fits);
    this.places.setAuto(this.#autoText(able), this.judged && !this.planned);
    this.places.update(this.placesNow, this.chosen);
    this.media.show(mediaInTheWay(this.placesNow));
    this.#changed();
  }

  #autoText(able) {
    if (!this.judged) return _('Not judged');
    if (this.planned)
      return format(_('Now that would be $0: $1. Should it fail, another one may be tried.'), this.planned, whyBest(this.placesNow, this.planned));
    return able ? _('None of its own cluster fits; take one from the list if you want it to leave the cluster.')
      : _('No host fits now; the reasons are below.');
  }

  #choose(host) {
    this.chosen = host;
    replace(this.notice);
    this.places.choose(host);
    this.#changed();
  }

  #target() {
    return this.chosen === '' ? this.planned : this.chosen || '';
  }

  #changed() {
    const { name } = this.vm;
    const target = this.#target();
    this.dialog.setDisabled(0, !this.judged || !target || !this.moveOptions.isValid());
    this.dialog.setWhy(this.moveOptions.isValid() ? '' : _('Mend what is marked among the options.'));
    if (!target || !this.judged) this.dialog.setActionLabel(0, format(_('Migrate $0'), name));
    else if (this.chosen) this.dialog.setActionLabel(0, format(_('Migrate $0 to $1'), name, target));
    else this.dialog.setActionLabel(0, format(_('Migrate $0 to the best host, now $1'), name, target));
    this.forecast.ask(this.judged ? target : '', this.moveOptions.options());
  }

  async #run() {
    const { uuid, name } = this.vm;
    const target = this.#target();
    let task;
    try {
      task = await perform(access => migrate(uuid, this.chosen, { ...this.moveOptions.options(), ...this.media.options() }, access));
    } catch (error) {
      this.watch.now();
      throw error;
    }
    this.onBegun();
    toast('info', this.chosen ? format(_('$0 goes to $1'), name, target) : format(_('$0 goes to the best host'), name),
          link(['tasks', String(task)], _('Show the task')));
    return true;
  }
}

/** Opens the dialog to move one VM; `onBegun` is called when the move has begun. */
export function openMigrate(app, vm, onBegun = () => {}) {
  return new MigrateDialog(app, vm, onBegun);
}
