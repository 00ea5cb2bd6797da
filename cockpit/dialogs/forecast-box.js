// SPDX-License-Identifier: LGPL-2.1-or-later
// The forecast of a move, measured while one looks: how long, how still, and whether it ends.

import { forecast } from '../bus/calls.js';
import { _, format } from '../i18n.js';
import { forecastWords } from '../model/forecast.js';
import { policy } from '../model/words.js';
import { alert } from '../ui/alert.js';
import { working } from '../ui/bar.js';
import { button } from '../ui/button.js';
import { h, replace } from '../ui/dom.js';
import { facts } from '../ui/form.js';

// So that who goes through a list by the arrow keys does not have every host measured.
const PAUSE_MS = 350;

/** `onOffer(policy)`: the better policy is wanted; `onKnown(forecast)`: what was measured. */
export class ForecastBox {
  constructor(vm, { onOffer, onKnown }) {
    this.vm = vm;
    this.onOffer = onOffer;
    this.onKnown = onKnown;
    this.asked = '';
    this.timer = 0;
    this.box = h('div', { 'aria-live': 'polite' });
    this.element = h('section', { class: 'virtern-forecast', 'aria-label': _('Forecast') },
                     h('h2', { class: 'virtern-heading' }, _('Forecast')), this.box);
    this.#say(_('Choose a host to have it measured.'));
  }

  /** Measures for a host unless that is what is shown; "" for none. */
  ask(host, options) {
    const { policy: name, bandwidth, parallel, compression, tls } = options;
    const asked = host ? JSON.stringify([host, name, bandwidth, parallel, compression, tls]) : '';
    if (asked === this.asked) return;
    this.asked = asked;
    clearTimeout(this.timer);
    if (!host) {
      this.#say(_('Choose a host to have it measured.'));
      return;
    }
    replace(this.box, working(_('Measuring'), format(_('Measuring how fast $0 writes to its memory…'), this.vm.name)));
    this.timer = setTimeout(() => this.#measure(asked, host, { policy: name, bandwidth, parallel, compression, tls }), PAUSE_MS);
  }

  stop() {
    clearTimeout(this.timer);
    this.asked = '';
  }

  #say(text) {
    replace(this.box, h('p', { class: 'virtern-quiet' }, text));
  }

  async #measure(asked, host, options) {
    let result;
    try {
      result = await forecast(this.vm.uuid, host, options);
    } catch (error) {
      if (asked === this.asked)
        replace(this.box, alert('warning', format(_('No forecast: $0'), error.message)));
      return;
    }
    if (asked !== this.asked) return;
    this.#show(host, result);
    this.onKnown(result);
  }

  #show(host, result) {
    const words = forecastWords(result);
    const offer = words.offer
      ? button('link', format(_('Use the policy “$0”'), policy(words.offer)), () => this.onOffer(words.offer), { class: 'pf-v6-c-button pf-m-link pf-m-inline' })
      : null;
    const verdict = offer ? alert(words.tone, words.text, offer) : alert(words.tone, words.text);
    verdict.classList.add('pf-m-plain');
    replace(this.box, facts(words.facts, format(_('Forecast for $0'), host)), verdict);
  }
}
