// SPDX-License-Identifier: LGPL-2.1-or-later
// The hosts a VM could be on, each with its verdict and all reasons in place; one can be chosen.

import { _, format } from '../i18n.js';
import { number, size } from '../model/format.js';
import { fits, keepChoice, loadText } from '../model/places.js';
import { none } from '../model/words.js';
import { alert } from '../ui/alert.js';
import { h, replace, uniqueId } from '../ui/dom.js';
import { label } from '../ui/label.js';
import { nameText } from '../ui/name.js';

const VERDICTS = {
  yes: ['green', () => _('Fits')],
  warnings: ['orange', () => _('Fits, with warnings')],
  no: ['red', () => _('Does not fit')],
};
const FIND_FROM = 12;
const AT_MOST = 100;

/** Reasons as a list: each sentence with what helps. */
export function reasonList(reasons) {
  return h('ul', { class: 'virtern-reasons' }, reasons.map(({ sentence, remedy, detail }) =>
    h('li', {}, h('span', {}, sentence), remedy ? h('span', { class: 'virtern-remedy' }, remedy) : null,
      detail ? h('span', { class: 'virtern-remedy' }, detail) : null)));
}

function verdict(place) {
  const [tone, text] = VERDICTS[place.verdict] || VERDICTS.no;
  const reasons = [...place.blocks, ...place.warns];
  return h('div', {}, label(tone, text()), reasons.length ? reasonList(reasons) : null);
}

/**
 * What stays chosen after hosts were judged anew: see keepChoice(). `notice` says so if it is gone.
 * @returns {string|null}
 */
export function stillChosen(places, chosen, notice) {
  const kept = keepChoice(places, chosen);
  if (kept === null && chosen)
    replace(notice, alert('warning', format(_('$0 does not fit any more; its reasons are below. Choose again.'), chosen)));
  return kept;
}

/** `choosable`: with radio buttons; `onChoose(host)` when a person takes one, "" for the first line. */
export class Places {
  constructor({ choosable, onChoose, title }) {
    this.choosable = choosable;
    this.onChoose = onChoose || (() => {});
    this.group = uniqueId('place');
    this.rows = new Map();
    this.places = [];
    this.#build(title);
  }

  /** @param {Array} places see placesOf() @param {string|null} chosen a host, "" for the daemon's choice */
  update(places, chosen) {
    this.places = places;
    this.find.hidden = places.length < FIND_FROM;
    this.#layOut();
    this.choose(chosen);
  }

  choose(chosen) {
    if (!this.choosable) return;
    this.auto.checked = chosen === '';
    for (const [host, { input, element }] of this.rows) {
      input.checked = host === chosen;
      element.classList.toggle('pf-m-selected', host === chosen);
    }
  }

  /** The first line: what the daemon would choose now; disabled if there is nothing to choose. */
  setAuto(text, disabled) {
    this.auto.disabled = disabled;
    if (this.autoText.textContent !== text) this.autoText.textContent = text;
  }

  #build(title) {
    const head = [[_('Host')], [_('Free memory'), 'virtern-numeric'], [_('CPU')], [_('Load'), 'virtern-numeric'], [_('Verdict')]]
      .map(([text, classes = '']) => h('th', { class: 'pf-v6-c-table__th ' + classes, scope: 'col' }, text));
    this.body = h('tbody', { class: 'pf-v6-c-table__tbody', role: 'rowgroup' });
    this.find = h('input', { type: 'search', class: 'virtern-find', 'aria-label': _('Find a host'), placeholder: _('Find a host'),
                             oninput: () => this.#layOut() });
    this.more = h('p', { class: 'virtern-quiet', hidden: true });
    const table = h('table', { class: 'pf-v6-c-table pf-m-compact pf-m-grid-md virtern-simple virtern-places', 'aria-label': title },
                    h('thead', { class: 'pf-v6-c-table__thead' }, h('tr', { class: 'pf-v6-c-table__tr' }, head)), this.body);
    this.element = h('div', { class: 'virtern-places-box' }, this.choosable ? this.#firstLine() : null, this.find, table, this.more);
  }

  #firstLine() {
    this.autoText = h('span', { class: 'pf-v6-c-radio__description', id: uniqueId('auto'), 'aria-live': 'polite' });
    this.auto = h('input', { class: 'pf-v6-c-radio__input', type: 'radio', name: this.group, id: uniqueId('auto'), checked: true,
                             autofocus: true, 'aria-describedby': this.autoText.id, onchange: () => this.onChoose('') });
    return h('div', { class: 'pf-v6-c-radio virtern-auto' }, this.auto,
             h('label', { class: 'pf-v6-c-radio__label', for: this.auto.id }, _('Choose for me')), this.autoText);
  }

  #layOut() {
    const wanted = this.find.value.trim().toLocaleLowerCase();
    const found = this.places.filter(place => place.host.toLocaleLowerCase().includes(wanted));
    const shown = found.slice(0, AT_MOST);
    const keys = new Set(shown.map(place => place.host));
    for (const [host, { element }] of this.rows)
      if (!keys.has(host)) {
        element.remove();
        this.rows.delete(host);
      }
    shown.forEach((place, index) => {
      const row = this.rows.get(place.host) || this.#addRow(place.host);
      if (this.body.children[index] !== row.element) this.body.insertBefore(row.element, this.body.children[index] || null);
      this.#fill(row, place);
    });
    this.more.hidden = found.length <= AT_MOST;
    this.more.textContent = format(_('$0 more hosts: find them by name'), number(found.length - AT_MOST));
  }

  #addRow(host) {
    const cell = (text, classes = '') => h('td', { class: 'pf-v6-c-table__td ' + classes, 'data-label': text });
    const row = { memory: cell(_('Free memory'), 'virtern-tight virtern-numeric'), cpu: cell(_('CPU')), load: cell(_('Load'), 'virtern-tight virtern-numeric'), verdict: cell(_('Verdict')), seen: '' };
    const id = uniqueId('host');
    row.input = h('input', { class: 'pf-v6-c-radio__input', type: 'radio', name: this.group, id, onchange: () => this.onChoose(host) });
    const name = this.choosable
      ? h('div', { class: 'pf-v6-c-radio virtern-place' }, row.input, h('label', { class: 'pf-v6-c-radio__label', for: id }, nameText(host)))
      : h('div', { class: 'virtern-place' }, nameText(host));
    row.element = h('tr', { class: 'pf-v6-c-table__tr', 'data-key': host },
                    h('th', { class: 'pf-v6-c-table__th virtern-tight', scope: 'row', 'data-label': _('Host') }, name),
                    row.memory, row.cpu, row.load, row.verdict);
    this.rows.set(host, row);
    return row;
  }

  #fill(row, place) {
    const seen = JSON.stringify(place);
    if (row.seen === seen) return;
    row.seen = seen;
    row.input.disabled = !fits(place);
    row.element.classList.toggle('virtern-refused', !fits(place));
    row.memory.textContent = place.state === 'up' ? size(place.memoryFree) : none();
    replace(row.cpu, h('div', { class: 'virtern-place' }, place.cpuModel || none()));
    row.load.textContent = loadText(place) || none();
    replace(row.verdict, verdict(place));
  }
}
