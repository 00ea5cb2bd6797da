// SPDX-License-Identifier: LGPL-2.1-or-later
// Draining hosts: the plan first, then exactly that plan.

import { planDrain } from '../bus/calls.js';
import { nowUs } from '../bus/clock.js';
import { _, format } from '../i18n.js';
import {
  basisOf,
  carryOutOptions,
  keepActions,
  obstacleTo,
  planOptions,
  stopSentence,
  stoppedBy,
} from '../model/drain-plan.js';
import { POLICY_NAMES, PRIORITY_NAMES, policy, policyHint, priority } from '../model/words.js';
import { alert } from '../ui/alert.js';
import { link } from '../ui/button.js';
import { h, replace } from '../ui/dom.js';
import { openDialog } from '../ui/dialog.js';
import { check, field, select } from '../ui/form.js';
import { PlanView, carryOut } from './plan-view.js';

// One choice changed after another is one question to the daemon.
const SETTLE_MS = 150;
// What others do comes in bursts, and a plan that changes more often cannot be read.
const CHANGED_MS = 1000;

/** One opened dialog: what was chosen, and the plan that stands for it. */
class DrainDialog {
  constructor(app, hosts) {
    this.app = app;
    this.hosts = hosts;
    this.choice = {
      actions: new Map(),
      deadline: null,
      moveShutOff: false,
      policy: '',
      priority: '',
    };
    this.ticked = new Set();
    this.answer = null;
    this.asked = 0;
    this.timer = 0;
    this.applying = false;
    this.basis = basisOf(hosts, app.cluster);
    this.view = new PlanView({
      kind: 'drain',
      several: hosts.length > 1,
      onAction: (uuid, action) => this.#choose(uuid, action),
    });
    this.stops = h('div', { class: 'virtern-stops' });
    const names = hosts.join(', ');
    this.dialog = openDialog({
      title: format(_('Drain $0'), names),
      size: 'large',
      body: [
        h(
          'p',
          { class: 'virtern-intro' },
          _(
            'The VMs move to other hosts while they run, and nothing new is placed here. Nothing has been changed yet: this is the plan.'
          )
        ),
        this.#options(),
        this.view.element,
        this.stops,
      ],
      actions: [{ label: format(_('Drain $0'), names), disabled: true, run: () => this.#apply() }],
      onClose: () => this.#close(),
    });
    this.unsubscribe = app.cluster.subscribe(changes => this.#changed(changes));
    this.#plan();
  }

  // A plan is worth what it was made of: the hosts' duties and the VMs on those that are drained.
  #changed(changes) {
    if (this.applying || !(changes.status || changes.hosts.size || changes.vms.size)) return;
    const basis = basisOf(this.hosts, this.app.cluster);
    if (basis === this.basis) return;
    this.basis = basis;
    if (obstacleTo(this.hosts, this.app.cluster)) this.#plan();
    else this.#planSoon(CHANGED_MS);
  }

  #options() {
    const again = (key, read) => event => {
      this.choice[key] = read(event.target);
      this.#planSoon();
    };
    this.deadline = field({
      label: _('Begin no further VM after'),
      hint: _('Empty: no deadline'),
      control: h('input', {
        type: 'datetime-local',
        onchange: again('deadline', control =>
          control.value ? new Date(control.value).getTime() : null
        ),
      }),
    });
    const hintOf = name => (name ? policyHint(name) : _('As virternd is configured'));
    const policyField = field({
      label: _('If a copy does not converge'),
      hint: hintOf(''),
      control: select(
        [['', _('As configured')], ...POLICY_NAMES.map(name => [name, policy(name)])],
        '',
        {
          onchange: event => {
            again('policy', control => control.value)(event);
            policyField.setHint(hintOf(event.target.value));
          },
        }
      ),
    });
    const priorityField = field({
      label: _('Priority'),
      hint: _('Against other moves that wait'),
      control: select(
        [['', _('As configured')], ...PRIORITY_NAMES.map(name => [name, priority(name)])],
        '',
        { onchange: again('priority', control => control.value) }
      ),
    });
    const off = check(
      _('Take the VMs that are shut off, too'),
      { onchange: again('moveShutOff', control => control.checked) },
      _('Their definitions go to other hosts; they stay off')
    );
    return h(
      'div',
      { class: 'pf-v6-c-form virtern-options', role: 'group', 'aria-label': _('Options') },
      this.deadline.element,
      policyField.element,
      priorityField.element,
      off
    );
  }

  #choose(uuid, action) {
    this.choice.actions.set(uuid, action);
    this.ticked.delete(uuid);
    this.#planSoon();
  }

  #planSoon(wait = SETTLE_MS) {
    this.#outdate();
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.#plan(), wait);
  }

  // From now on the plan shown is not the one that was asked for.
  #outdate() {
    this.answer = null;
    this.asked++;
    this.view.setBusy(true);
    this.dialog.setDisabled(0, true);
  }

  async #plan() {
    clearTimeout(this.timer);
    this.#outdate();
    const obstacle = obstacleTo(this.hosts, this.app.cluster);
    if (obstacle) {
      this.#showObstacle(obstacle);
      return;
    }
    const asked = this.asked;
    this.choice.actions = keepActions(this.choice.actions, this.app.cluster.vms, this.hosts);
    let answer = null;
    let problem = null;
    try {
      this.#checkDeadline();
      answer = await planDrain(this.hosts, planOptions(this.choice));
    } catch (error) {
      problem = error;
    }
    if (asked !== this.asked) return;
    this.answer = answer;
    this.view.setBusy(false);
    if (answer) this.view.show(answer.plan);
    else this.view.showError(problem, this.#vmsWithoutPlan());
    this.#showStops();
  }

  #showObstacle({ text, task }) {
    const more = task ? link(['tasks', String(task)], _('Show the task')) : null;
    if (more) more.addEventListener('click', () => this.dialog.close());
    this.dialog.showError(null);
    this.view.setBusy(false);
    this.view.showError({ message: text }, [], more);
    this.#showStops();
  }

  #checkDeadline() {
    const late = this.choice.deadline !== null && this.choice.deadline * 1000 <= nowUs();
    this.deadline.setError(late ? _('This is in the past: choose a later time, or none.') : '');
    if (late) throw new Error(_('The deadline is in the past: no VM could be begun.'));
  }

  // What can be chosen where nothing can be planned: leaving some VMs may be the way out.
  #vmsWithoutPlan() {
    return [...this.app.cluster.vms.values()]
      .filter(vm => this.hosts.includes(vm.host) && vm.state !== 'shut-off')
      .sort((a, b) => b.memory - a.memory)
      .map(vm => ({
        uuid: vm.uuid,
        vm: vm.name,
        host: vm.host,
        memory: vm.memory,
        reasons: [],
        move: null,
        action: this.choice.actions.get(vm.uuid) || vm.drainAction || 'migrate',
      }));
  }

  #showStops() {
    const items = this.answer ? stoppedBy(this.answer.plan) : [];
    const ticks = items.map(item =>
      check(stopSentence(item), {
        checked: this.ticked.has(item.uuid),
        onchange: event => {
          if (event.target.checked) this.ticked.add(item.uuid);
          else this.ticked.delete(item.uuid);
          this.#allow(items);
        },
      })
    );
    replace(
      this.stops,
      ticks.length ? alert('danger', _('These guests will be stopped; tick each one'), ticks) : null
    );
    this.#allow(items);
  }

  #allow(items) {
    this.dialog.setDisabled(0, !this.answer || !items.every(item => this.ticked.has(item.uuid)));
  }

  async #apply() {
    this.applying = true;
    let id;
    try {
      id = await carryOut(this.answer.document, carryOutOptions(this.choice), () => this.#plan());
    } catch (error) {
      this.applying = false;
      this.#changed({ status: true });
      throw error;
    }
    this.app.go(['tasks', String(id)]);
    return true;
  }

  #close() {
    this.asked++;
    clearTimeout(this.timer);
    this.unsubscribe();
  }
}

/** Opens the dialog. @param {object} app @param {string[]} hosts names */
export function openDrain(app, hosts) {
  return new DrainDialog(app, hosts).dialog;
}
