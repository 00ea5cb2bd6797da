// SPDX-License-Identifier: LGPL-2.1-or-later
// The view of hosts: all of them at a glance; #/hosts/NAME shows one.

import { getBaseline } from '../bus/calls.js';
import { openDrain } from '../dialogs/drain.js';
import { openHostAdd } from '../dialogs/host-add.js';
import { _, format, ngettext } from '../i18n.js';
import { beyondBaseline, countVms, isUp, matches, whyNoDrain } from '../model/hosts.js';
import { number } from '../model/format.js';
import { byName, inOrder } from '../model/order.js';
import { button } from '../ui/button.js';
import { h } from '../ui/dom.js';
import { emptyState } from '../ui/empty.js';
import { menu } from '../ui/menu.js';
import { Table } from '../ui/table.js';
import { HostPage } from './host.js';
import { hostColumns } from './host-columns.js';
import { hostActions } from './host-parts.js';

// The daemon compares all CPUs for an answer; hosts come in bursts when it starts.
const BASELINE_SETTLE_MS = 500;
const CPU_FACTS = ['cpuModel', 'cpuFeatures', 'state', 'cluster'];

/** What each host's CPU has beyond the others', asked for again when a CPU came, went or changed. */
class Baseline {
  constructor(cluster, onChange) {
    this.cluster = cluster;
    this.onChange = onChange;
    this.byHost = new Map();
    this.asked = '';
    this.timer = 0;
    this.epoch = 0;
  }

  /** Asks again if what it depends on changed. */
  refresh() {
    const state = [...this.cluster.hosts.values()]
      .map(host => host.name + CPU_FACTS.map(key => host[key]).join())
      .join(';');
    if (state === this.asked || this.cluster.status !== 'ready') return;
    this.asked = state;
    clearTimeout(this.timer);
    this.timer = setTimeout(
      () => this.#ask(++this.epoch),
      this.byHost.size > 0 ? BASELINE_SETTLE_MS : 0
    );
  }

  /** @returns {object} {known, beyond}, or undefined as long as it is not known */
  of(name) {
    return this.byHost.get(name);
  }

  async #ask(epoch) {
    const clusters = [...new Set([...this.cluster.hosts.values()].map(host => host.cluster))];
    try {
      const answers = await Promise.all(clusters.map(cluster => getBaseline({ cluster })));
      if (epoch !== this.epoch) return;
      this.byHost = new Map(answers.flatMap(answer => [...beyondBaseline(answer)]));
    } catch (error) {
      // It is asked again with the next change, or when the daemon is back.
      if (epoch === this.epoch) this.asked = '';
      return;
    }
    this.onChange();
  }
}

/**
 * A view has: element; show(location), when it comes into view or its address changes; update(changes)
 * while it is in view (see Cluster.subscribe); hide().
 */
export class HostsView {
  constructor(app) {
    this.app = app;
    this.counts = new Map();
    this.filter = '';
    this.baseline = new Baseline(app.cluster, () => this.#shown());
    this.page = new HostPage(app, this.baseline);
    this.table = this.#makeTable();
    this.list = h(
      'div',
      {},
      h('h1', { class: 'pf-v6-screen-reader' }, _('Hosts')),
      this.#toolbar(),
      this.table.element
    );
    this.element = h('div', {}, this.list, this.page.element);
  }

  show(location) {
    const name = location.path[1] || '';
    this.list.hidden = Boolean(name);
    this.page.element.hidden = !name;
    this.page.show(name);
    this.baseline.refresh();
    this.#shown();
  }

  update(changes) {
    if (changes.hosts.size || changes.status) this.baseline.refresh();
    if (!this.page.element.hidden) this.page.update(changes);
    else if (changes.hosts.size || changes.vms.size || changes.status) this.#shown();
  }

  hide() {}

  #shown() {
    const { hosts, vms } = this.app.cluster;
    if (!this.page.element.hidden) {
      this.page.refresh();
      return;
    }
    this.counts = countVms(vms.values());
    const all = [...hosts.values()];
    const rows = all.filter(host => matches(host, this.filter)).sort(byName);
    this.table.update(rows);
    const several = new Set(all.map(host => host.cluster)).size > 1;
    this.table.element.classList.toggle('virtern-one-cluster', !several);
    const up = all.filter(isUp).length;
    const text =
      up === all.length
        ? format(ngettext('$0 host', '$0 hosts', all.length), number(all.length))
        : format(_('$0 of $1 hosts up'), number(up), number(all.length));
    // It is read out whenever it is written, also if it is the same.
    if (this.count.textContent !== text) this.count.textContent = text;
  }

  #toolbar() {
    const search = h('input', {
      type: 'search',
      placeholder: _('Filter hosts'),
      'aria-label': _('Filter hosts'),
      oninput: () => {
        this.filter = search.value;
        this.#shown();
      },
    });
    this.count = h('span', { class: 'virtern-quiet', role: 'status' });
    this.drainButton = button(
      'secondary',
      _('Drain…'),
      () => openDrain(this.app, inOrder(this.table.selected)),
      { disabled: true }
    );
    return h(
      'div',
      { class: 'virtern-toolbar' },
      h('span', { class: 'pf-v6-c-form-control virtern-search' }, search),
      this.count,
      h('span', { class: 'virtern-toolbar-end' }),
      this.drainButton,
      button('primary', _('Add host…'), () => openHostAdd(this.app.cluster))
    );
  }

  #selected(keys) {
    this.drainButton.disabled = keys.size === 0;
    this.drainButton.textContent =
      keys.size === 0
        ? _('Drain…')
        : format(ngettext('Drain $0 host…', 'Drain $0 hosts…', keys.size), number(keys.size));
  }

  #makeTable() {
    return new Table({
      label: _('Hosts'),
      key: row => row.name,
      columns: hostColumns(
        name => this.counts.get(name),
        name => this.baseline.of(name)
      ),
      selectable: row => whyNoDrain(row) === '',
      selectLabel: row => row.name,
      onSelect: keys => this.#selected(keys),
      rowClass: row => (isUp(row) ? '' : 'virtern-row-stale'),
      actions: row => [menu(row.name, () => hostActions(this.app, row.name))],
      empty: emptyState(
        _('No host'),
        _(
          'Add a host, or change the filter. A host is any machine with libvirt that virternd can reach, by ssh for example.'
        ),
        button('primary', _('Add host…'), () => openHostAdd(this.app.cluster))
      ),
    });
  }
}
