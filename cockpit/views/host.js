// SPDX-License-Identifier: LGPL-2.1-or-later
// The page of a host: what it is, its VMs, moves under way, VMs that wait to come home.

import { listOrigins } from '../bus/calls.js';
import { openActivate } from '../dialogs/activate.js';
import { openCancel } from '../dialogs/cancel-task.js';
import { openDrain } from '../dialogs/drain.js';
import { openHostSet } from '../dialogs/host-set.js';
import { _, format } from '../i18n.js';
import { countVms, dutyActs, movesOf, seenText, whyNoDrain } from '../model/hosts.js';
import { byName } from '../model/order.js';
import { alert } from '../ui/alert.js';
import { button, link } from '../ui/button.js';
import { h, refill, replace } from '../ui/dom.js';
import { emptyState } from '../ui/empty.js';
import { fillFacts } from '../ui/form.js';
import { menu } from '../ui/menu.js';
import { card, crumbs } from '../ui/parts.js';
import { aboutFacts, cpuFacts, linkFacts, memoryFacts } from './host-facts.js';
import { dutyTaskOf, fillCpu, fillMemory, hostActions, stateLabels } from './host-parts.js';
import { movesTable, originsTable, vmsTable } from './host-tables.js';

const ORIGINS_SETTLE_MS = 1500;

/** What stands at #/hosts/NAME: element; show(name); update(changes); refresh(). */
export class HostPage {
  constructor(app, baseline) {
    this.app = app;
    this.baseline = baseline;
    this.name = '';
    this.origins = [];
    this.originsTimer = 0;
    this.built = '';
    this.element = h('div', { hidden: true });
  }

  show(name) {
    if (name !== this.name) this.origins = [];
    this.name = name;
    if (name) this.#askOrigins();
  }

  update(changes) {
    if (changes.tasks.size || changes.status || changes.hosts.has(this.name))
      this.#askOriginsSoon();
    this.refresh();
  }

  /** Shows what the mirror says now. */
  refresh() {
    const host = this.app.cluster.hosts.get(this.name);
    if (!host) {
      if (this.built === '-' + this.name) return;
      this.built = '-' + this.name;
      replace(
        this.element,
        this.#crumbs(),
        h('h1', { class: 'pf-v6-screen-reader' }, this.name),
        emptyState(
          format(_('There is no host $0'), this.name),
          _('It may have been removed.'),
          link(['hosts'], _('All hosts'))
        )
      );
      return;
    }
    if (this.built !== this.name) this.#build(host);
    this.#fill(host);
  }

  #crumbs() {
    return crumbs('hosts', _('Hosts'), this.name);
  }

  #build(host) {
    this.built = host.name;
    const box = () => h('div', {});
    this.boxes = {
      labels: h('div', { class: 'virtern-labels' }),
      actions: h('div', { class: 'virtern-toolbar' }),
      alerts: h('div', { class: 'virtern-stacked' }),
      memory: box(),
      memoryFacts: box(),
      cpu: box(),
      cpuFacts: box(),
      link: box(),
      about: box(),
    };
    this.moves = movesTable();
    this.vms = vmsTable();
    this.away = originsTable(() => this.app.cluster.hosts.get(this.name));
    this.movesCard = card(_('Moves under way'), this.moves.element);
    this.awayCard = card(_('VMs that wait to come home'), this.away.element);
    const { boxes } = this;
    replace(
      this.element,
      this.#crumbs(),
      h(
        'header',
        { class: 'virtern-host-head' },
        h('h1', { class: 'pf-v6-c-title pf-m-xl' }, host.name),
        boxes.labels,
        h('span', { class: 'virtern-toolbar-end' }),
        boxes.actions
      ),
      boxes.alerts,
      h(
        'div',
        { class: 'virtern-cards' },
        card(_('Memory'), boxes.memory, boxes.memoryFacts),
        card(_('CPU'), boxes.cpu, boxes.cpuFacts),
        card(_('Moves and link'), boxes.link),
        card(_('About this host'), boxes.about)
      ),
      this.movesCard,
      this.awayCard,
      card(_('VMs'), this.vms.element)
    );
  }

  #fill(host) {
    refill(this.boxes.labels, [host.state, host.duty, host.dutyTask].join(), box =>
      replace(box, stateLabels(host))
    );
    this.#fillAlerts(host);
    this.#fillActions(host);
    this.#fillFacts(host);
    const { tasks, vms } = this.app.cluster;
    const moves = movesOf(host.name, tasks.values());
    this.moves.update(moves);
    this.movesCard.hidden = moves.length === 0;
    this.vms.update([...vms.values()].filter(vm => vm.host === host.name).sort(byName));
    this.away.update(this.origins);
    this.awayCard.hidden = this.origins.length === 0;
  }

  #fillAlerts(host) {
    const task = dutyTaskOf(this.app, host);
    const alerts = [];
    if (host.state === 'unreachable')
      alerts.push(
        alert(
          'danger',
          format(_('$0 cannot be reached'), host.name),
          h('p', {}, host.error),
          h('p', {}, seenText(host)),
          h('p', {}, _('Its VMs run on if the host does. It is tried again all the time.'))
        )
      );
    else if (host.state === 'connecting')
      alerts.push(alert('info', format(_('Connecting to $0'), host.name), seenText(host)));
    if (task && task.state === 'remainder')
      alerts.push(
        alert(
          'warning',
          format(_('The drain of $0 left VMs behind'), host.name),
          _('Nothing new is placed on this host. The task says of each VM why it is left. '),
          link(['tasks', String(task.id)], _('Show the task'))
        )
      );
    refill(this.boxes.alerts, alerts.map(one => one.textContent).join('\n'), box =>
      replace(box, alerts)
    );
  }

  #fillActions(host) {
    const acts = dutyActs(host, dutyTaskOf(this.app, host));
    const cancelIt = () => openCancel(dutyTaskOf(this.app, now()));
    const now = () => this.app.cluster.hosts.get(this.name);
    refill(this.boxes.actions, [...acts, host.state, host.duty].join(), box =>
      replace(
        box,
        acts.has('activate')
          ? button('primary', _('Activate…'), () => openActivate(this.app, now()))
          : acts.has('cancel')
            ? button(
                'secondary',
                host.duty === 'returning' ? _('Stop bringing VMs back…') : _('Cancel the drain…'),
                cancelIt
              )
            : button('primary', _('Drain…'), () => openDrain(this.app, [this.name]), {
                disabled: !acts.has('drain'),
                title: whyNoDrain(host) || null,
              }),
        button('secondary', _('Settings…'), () => openHostSet(now())),
        menu(host.name, () =>
          hostActions(this.app, this.name, { gone: () => this.app.go(['hosts']) })
        )
      )
    );
  }

  #fillFacts(host) {
    const { boxes } = this;
    fillMemory(boxes.memory, host);
    fillCpu(boxes.cpu, host);
    fillFacts(boxes.memoryFacts, memoryFacts(host), _('Memory'));
    fillFacts(boxes.cpuFacts, cpuFacts(host, this.baseline.of(host.name)), _('CPU'));
    fillFacts(boxes.link, linkFacts(host), _('Moves and link'));
    const count = countVms(this.app.cluster.vms.values()).get(host.name);
    fillFacts(boxes.about, aboutFacts(host, count), _('About this host'));
  }

  #askOriginsSoon() {
    // Moves under way change all the time: waiting for quiet would be waiting for their end.
    if (this.originsTimer) return;
    this.originsTimer = setTimeout(() => {
      this.originsTimer = 0;
      this.#askOrigins();
    }, ORIGINS_SETTLE_MS);
  }

  async #askOrigins() {
    const { name } = this;
    if (!name || this.app.cluster.status !== 'ready') return;
    let origins = [];
    try {
      origins = await listOrigins(name);
    } catch (error) {
      // A host that went away meanwhile; the mirror says so itself.
      return;
    }
    if (name !== this.name) return;
    this.origins = origins;
    this.refresh();
  }
}
