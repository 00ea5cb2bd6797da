// SPDX-License-Identifier: LGPL-2.1-or-later
// The VMs: table, filters, what can be done with one or many.

import { nowUs } from '../bus/clock.js';
import { actsMenu, manyMenu, openActForMany } from '../dialogs/vm-acts.js';
import { _, format, ngettext } from '../i18n.js';
import { number } from '../model/format.js';
import { choices, isFiltered, matches, readFilters, writeFilters } from '../model/vm-filters.js';
import { chosenText, cpuWords, openTasks, partBy, runsTwice } from '../model/vms.js';
import { vmState } from '../model/words.js';
import { button } from '../ui/button.js';
import { h, replace } from '../ui/dom.js';
import { emptyState } from '../ui/empty.js';
import { select, setOptions } from '../ui/form.js';
import { label } from '../ui/label.js';
import { menu } from '../ui/menu.js';
import { nameLink } from '../ui/name.js';
import { Table } from '../ui/table.js';
import { fillTask, remarkNodes, remarkText, taskValue, vmColumns } from './vm-cells.js';
import { VmPage } from './vm.js';

// Locks expire without anybody telling.
const TICK_MS = 30000;

function fillRemarks(cell, vm) {
  const nodes = remarkNodes(vm, nowUs());
  replace(cell, nodes.length ? h('div', {}, nodes) : null);
}

function columns(tasks) {
  const { name, state, memory, vcpus, load } = vmColumns();
  return [
    name, state,
    { id: 'host', label: _('Host'), value: vm => vm.host, render: (cell, vm) => replace(cell, nameLink(['hosts', vm.host], vm.host)) },
    memory, vcpus, load,
    {
      id: 'cpu', label: _('CPU'), hideable: true, value: vm => cpuWords(vm) + (vm.cpuMasked ? ' +' : ''),
      render: (cell, vm) => replace(cell, cpuWords(vm), vm.cpuMasked ? [' ', label('grey', _('masked'))] : null),
    },
    { id: 'remarks', label: _('Remarks'), value: vm => remarkText(vm, nowUs()), render: (cell, vm) => fillRemarks(cell, vm) },
    { id: 'now', label: _('Now'), value: vm => taskValue(tasks().get(vm.uuid)), render: (cell, vm) => fillTask(cell, tasks().get(vm.uuid)) },
  ];
}

/**
 * A view has: element; show(location), when it comes into view or its address changes; update(changes)
 * while it is in view (see Cluster.subscribe); hide().
 */
export class VmsView {
  constructor(app) {
    this.app = app;
    this.tasks = new Map();
    this.filters = readFilters({});
    this.page = null;
    this.timer = 0;
    this.#buildTable();
    this.#buildToolbar();
    this.list = h('div', {}, this.toolbar, this.table.element);
    this.element = h('div', {}, h('h1', { class: 'pf-v6-screen-reader' }, _('VMs')), this.list);
  }

  show(location) {
    clearInterval(this.timer);
    if (location.path.length > 1) {
      this.#showPage(location.path[1]);
      return;
    }
    this.#closePage();
    this.filters = readFilters(location.options);
    this.#fillToolbar();
    this.#fill();
    this.timer = setInterval(() => this.#fill(), TICK_MS);
  }

  update(changes) {
    if (this.page) {
      this.page.update(changes);
      return;
    }
    if (!changes.vms.size && !changes.tasks.size && !changes.hosts.size) return;
    const { vms, hosts } = this.app.cluster;
    const before = this.tasks;
    this.tasks = openTasks(this.app.cluster.tasks.values());
    const touched = this.#touched(changes, before);
    const same = uuid => vms.has(uuid) && Boolean(this.table.row(uuid)) === matches(vms.get(uuid), this.filters, hosts);
    if (changes.status || this.#hostsChanged() || [...changes.vms].some(uuid => !same(uuid))) {
      this.#fillToolbar();
      this.#fill();
    } else {
      this.table.refresh([...touched].map(uuid => vms.get(uuid)).filter(Boolean));
      this.#showSelection();
    }
  }

  hide() {
    clearInterval(this.timer);
    this.#closePage();
  }

  /* Hosts change all the time; which there are, and in which cluster, hardly ever. */
  #hostsChanged() {
    const state = JSON.stringify([...this.app.cluster.hosts.values()].map(host => [host.name, host.cluster]));
    const changed = state !== this.hostsState;
    this.hostsState = state;
    return changed;
  }

  #touched(changes, before) {
    const touched = new Set(changes.vms);
    const looks = (map, uuid) => taskValue(map.get(uuid));
    for (const uuid of new Set([...before.keys(), ...this.tasks.keys()]))
      if (looks(before, uuid) !== looks(this.tasks, uuid)) touched.add(uuid);
    return touched;
  }

  #buildTable() {
    this.table = new Table({
      label: _('VMs'), key: vm => vm.uuid, columns: columns(() => this.tasks), sort: { id: 'name', descending: false },
      selectable: () => true, keeps: uuid => this.app.cluster.vms.has(uuid), selectLabel: vm => vm.name, onSelect: () => this.#showSelection(),
      actions: vm => [menu(vm.name, () => this.#menuOf(vm.uuid))],
      rowClass: vm => (runsTwice(vm).length ? 'virtern-row-alarm' : ''),
      empty: h('div', {}),
    });
    this.table.element.classList.add('virtern-vms');
  }

  #menuOf(uuid) {
    const vm = this.app.cluster.vms.get(uuid);
    return vm ? actsMenu(this.app, vm, this.tasks.get(uuid)) : [];
  }

  #buildToolbar() {
    const filter = key => event => this.#filter({ [key]: event.target.value });
    this.search = h('input', { type: 'search', 'aria-label': _('Search VMs'), placeholder: _('Search'), oninput: filter('search') });
    const choice = (name, key) => select([], '', { 'aria-label': name, onchange: filter(key) });
    this.state = choice(_('State'), 'state');
    this.host = choice(_('Host'), 'host');
    this.cluster = choice(_('Cluster'), 'cluster');
    this.count = h('span', { role: 'status', class: 'virtern-quiet' });
    this.migrate = button('primary', _('Migrate…'), () => this.#migrate());
    this.chosen = h('span', { role: 'status', class: 'virtern-quiet' });
    this.chooseNone = button('link', _('Choose none'), () => this.table.clearSelection(), { hidden: true });
    this.more = menu(_('the chosen VMs'), () => manyMenu(this.app, this.#selected(), this.tasks, () => this.table.clearSelection()));
    this.toolbar = h('div', { class: 'virtern-toolbar', role: 'search' },
                     h('span', { class: 'pf-v6-c-form-control virtern-search' }, this.search), this.state, this.host, this.cluster, this.count,
                     h('span', { class: 'virtern-toolbar-end virtern-toolbar' }, this.chosen, this.chooseNone, this.migrate, this.more));
  }

  #fillToolbar() {
    const { vms, hosts } = this.app.cluster;
    const { states, hosts: names, clusters } = choices(vms.values(), hosts);
    const fill = (control, all, values, text, value) => {
      const known = value && !values.includes(value) ? [...values, value] : values;
      setOptions(control.firstElementChild, [['', all], ...known.map(one => [one, text(one)])], value);
    };
    fill(this.state, _('All states'), states, vmState, this.filters.state);
    fill(this.host, _('All hosts'), names, name => name, this.filters.host);
    fill(this.cluster, _('All clusters'), clusters, name => name, this.filters.cluster);
    this.cluster.hidden = clusters.length < 2 && !this.filters.cluster;
    if (document.activeElement !== this.search) this.search.value = this.filters.search;
  }

  #filter(change) {
    this.filters = { ...this.filters, ...change };
    this.app.replace(['vms'], writeFilters(this.filters));
  }

  #fill() {
    const { vms, hosts, tasks } = this.app.cluster;
    this.tasks = openTasks(tasks.values());
    const shown = [...vms.values()].filter(vm => matches(vm, this.filters, hosts));
    this.table.update(shown);
    if (!shown.length) replace(this.table.emptyBox, this.#nothing());
    const text = shown.length === vms.size ? format(ngettext('$0 VM', '$0 VMs', vms.size), number(vms.size))
      : format(_('$0 of $1 VMs'), number(shown.length), number(vms.size));
    if (this.count.textContent !== text) this.count.textContent = text;
    this.#showSelection();
  }

  #nothing() {
    if (isFiltered(this.filters))
      return emptyState(_('No VM is like that'), _('No VM matches what is searched and filtered by.'),
                        button('link', _('Show all VMs'), () => this.app.replace(['vms'])));
    if (this.app.cluster.hosts.size)
      return emptyState(_('No VMs'), _('The hosts have none. Make one with virt-install, virt-manager or Cockpit\'s own page; it appears here at once.'));
    return emptyState(_('No hosts yet'), _('Virtern shows the VMs of its hosts, and has none.'),
                      button('primary', _('Go to the hosts'), () => this.app.go(['hosts'])));
  }

  #selected() {
    return [...this.table.selected].map(uuid => this.app.cluster.vms.get(uuid)).filter(Boolean);
  }

  #showSelection() {
    const chosen = this.#selected();
    const { can } = partBy('migrate', chosen, this.tasks, nowUs());
    this.migrate.disabled = !can.length;
    this.more.disabled = !chosen.length;
    const text = chosenText(chosen.length, this.table.hiddenCount);
    if (this.chosen.textContent !== text) this.chosen.textContent = text;
    this.chooseNone.hidden = !chosen.length;
    this.migrate.title = can.length || !chosen.length ? '' : _('None of the chosen VMs can be migrated now: the menu of each says why');
  }

  #migrate() {
    openActForMany(this.app, 'migrate', this.#selected(), this.tasks, () => this.table.clearSelection());
  }

  #showPage(uuid) {
    if (this.page && this.page.uuid === uuid) return;
    this.#closePage();
    this.page = new VmPage(this.app, uuid);
    this.list.hidden = true;
    this.element.append(this.page.element);
  }

  #closePage() {
    if (!this.page) return;
    this.page.close();
    this.page.element.remove();
    this.page = null;
    this.list.hidden = false;
  }
}
