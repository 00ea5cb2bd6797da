// SPDX-License-Identifier: LGPL-2.1-or-later
// The toolbar of the table of tasks: search, filters, export.

import { C_, N_, _ } from '../i18n.js';
import { FILTER_STATES, SPAN_NAMES, hasFilters } from '../model/task-filter.js';
import { taskState } from '../model/words.js';
import { button } from '../ui/button.js';
import { h, replace, uniqueId } from '../ui/dom.js';
import { select, setOptions, textInput } from '../ui/form.js';

const SPAN_TEXTS = { '1h': N_('Last hour'), '24h': N_('Last 24 hours'), '7d': N_('Last 7 days'), '30d': N_('Last 30 days') };
const TYPING_MS = 250;

const stateOptions = () => [
  ['', _('All states')],
  ...FILTER_STATES.map(value => [value, value === 'open' ? _('Open (queued or running)') : taskState(value)]),
];

const timeOptions = () => [
  ['', _('Any time')],
  ...SPAN_NAMES.map(value => [value, _(SPAN_TEXTS[value])]),
  ['between', _('Between…')],
];

/* A field of the toolbar, named for screen readers: {element, input}. */
function named(label, make, attributes) {
  const element = make({ 'aria-label': label, ...attributes });
  element.classList.add('virtern-field');
  return { element, input: element.firstElementChild };
}

const textField = (label, attributes) =>
  named(label, textInput, { spellcheck: 'false', autocomplete: 'off', ...attributes });

const choiceField = (label, options, attributes) => named(label, all => select(options, '', all), attributes);

/** element; show(filters) sets the fields; setNames(hosts, vms) what can be chosen. */
export class TaskFilters {
  /**
   * @param {function(object)} changed with the new filters
   * @param {function()} exportTasks
   */
  constructor(changed, exportTasks) {
    this.changed = changed;
    this.filters = {};
    this.timer = 0;
    this.#build(exportTasks);
  }

  show(filters) {
    this.filters = filters;
    if (document.activeElement !== this.search.input) this.search.input.value = filters.q;
    if (document.activeElement !== this.vm.input) this.vm.input.value = filters.vm;
    this.state.input.value = filters.state;
    this.#nameHosts();
    this.time.input.value = filters.time;
    this.between.hidden = filters.time !== 'between';
    this.from.input.value = filters.since;
    this.to.input.value = filters.until;
    this.clear.hidden = !hasFilters(filters);
  }

  setNames(hosts, vms) {
    this.hosts = hosts;
    this.#nameHosts();
    const key = vms.join('\n');
    if (key === this.vmKey) return;
    this.vmKey = key;
    replace(this.list, vms.map(name => h('option', { value: name })));
  }

  #nameHosts() {
    const names = [...(this.hosts || [])];
    if (this.filters.host && !names.includes(this.filters.host)) names.push(this.filters.host);
    setOptions(this.host.input, [['', _('All hosts')], ...names.map(name => [name, name])], this.filters.host || '');
  }

  #set(name, value) {
    clearTimeout(this.timer);
    this.changed({ ...this.filters, [name]: value });
  }

  #typed(name, value) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.#set(name, value.trim()), TYPING_MS);
  }

  #build(exportTasks) {
    const listId = uniqueId('vms');
    this.list = h('datalist', { id: listId });
    const set = (name, read = text => text) => event => this.#set(name, read(event.target.value));
    const minute = text => text.slice(0, 16);
    this.search = textField(_('Search tasks'), { type: 'search', placeholder: _('Search…'),
                                                 oninput: event => this.#typed('q', event.target.value) });
    this.state = choiceField(_('State'), stateOptions(), { onchange: set('state') });
    this.vm = textField(_('VM'), { placeholder: _('All VMs'), list: listId, onchange: set('vm', text => text.trim()) });
    this.host = choiceField(_('Host'), [], { onchange: set('host') });
    this.time = choiceField(_('Time'), timeOptions(), { onchange: set('time') });
    this.from = textField(C_('a time', 'From'), { type: 'datetime-local', onchange: set('since', minute) });
    this.to = textField(C_('a time', 'Until'), { type: 'datetime-local', onchange: set('until', minute) });
    this.between = h('span', { class: 'virtern-between', hidden: true }, this.from.element,
                     h('span', { 'aria-hidden': 'true' }, '–'), this.to.element);
    this.clear = button('link', _('Clear filters'),
                        () => this.changed({ state: '', vm: '', host: '', time: '', since: '', until: '', q: '' }));
    this.search.element.classList.add('virtern-field-search');
    this.element = h('div', { class: 'virtern-toolbar', role: 'search', 'aria-label': _('Filter tasks') },
                     this.search.element, this.state.element, this.vm.element, this.host.element, this.time.element,
                     this.between, this.clear, this.list,
                     h('span', { class: 'virtern-toolbar-end' }, button('secondary', _('Export…'), exportTasks)));
  }
}
