// SPDX-License-Identifier: LGPL-2.1-or-later
// How a move is made: policy, priority and what experts set.

import { _, format } from '../i18n.js';
import { moveNumbers } from '../model/move-numbers.js';
import { POLICY_NAMES, PRIORITY_NAMES, policy, policyHint, priority } from '../model/words.js';
import { h, refill, replace } from '../ui/dom.js';
import { check, expandable, field, select, setOptions, textInput } from '../ui/form.js';

/**
 * `onChange()` is called when something else is asked for. options() gives them as Migrate takes them;
 * a field that holds no such number says so, and isValid() is false as long as one does.
 */
export class MoveOptions {
  constructor(onChange) {
    this.onChange = onChange;
    this.configured = '';
    this.#build();
  }

  /** The options of Migrate; undefined where the configuration decides. */
  options() {
    const { policy: name, priority: rank, compression, tls } = this.fields;
    return {
      policy: name.value || undefined,
      priority: rank.value || undefined,
      ...this.#numbers().options,
      compression: compression.value || undefined,
      tls: tls.value === '' ? undefined : tls.value === 'yes',
    };
  }

  /** Whether what was typed are numbers that can be asked for: else nothing may be begun. */
  isValid() {
    return Object.keys(this.#numbers().problems).length === 0;
  }

  /** Tells what policy holds when none is chosen, as the forecast said. */
  setConfigured(name) {
    if (this.configured === name) return;
    this.configured = name;
    this.#showPolicies();
  }

  setPolicy(name) {
    this.fields.policy.input.value = name;
    this.#changed();
  }

  #numbers() {
    const { bandwidth, parallel } = this.fields;
    return moveNumbers({ bandwidth: bandwidth.value, parallel: parallel.value });
  }

  #policies() {
    const first = this.configured ? format(_('As configured: $0'), policy(this.configured)) : _('As configured');
    return [['', first], ...POLICY_NAMES.map(name => [name, policy(name)])];
  }

  #showPolicies() {
    const { input, value, setHint } = this.fields.policy;
    setOptions(input, this.#policies(), value);
    setHint(policyHint(value || this.configured));
  }

  #changed() {
    const { problems } = this.#numbers();
    for (const name of ['bandwidth', 'parallel']) this.fields[name].setError(problems[name] || '');
    this.#showPolicies();
    this.onChange();
  }

  #build() {
    const onchange = () => this.#changed();
    const number = (label, hint, unit) =>
      field({ label, hint, unit, control: textInput({ inputmode: 'decimal', placeholder: _('as configured'), oninput: onchange }) });
    const choice = (label, options, hint) =>
      field({ label, hint, control: select([['', _('As configured')], ...options], '', { onchange }) });
    this.fields = {
      policy: field({ label: _('Policy, if it does not end by itself'), control: select(this.#policies(), '', { onchange }) }),
      priority: choice(_('Priority'), PRIORITY_NAMES.map(name => [name, priority(name)]),
                       _('Who waits for a place in the queue is taken in this order')),
      bandwidth: number(_('Bandwidth at most'), _('0 for no limit'), 'MiB/s'),
      parallel: number(_('Connections side by side'), _('1 to 32; 0 for the one that libvirt makes')),
      compression: choice(_('Compression'), [['none', _('None')], ...['xbzrle', 'zlib', 'zstd'].map(name => [name, name])]),
      tls: choice(_('Encryption (TLS)'), [['yes', _('Encrypted')], ['no', _('Not encrypted')]]),
    };
    const { policy: first, priority: second, ...advanced } = this.fields;
    const group = (...fields) => h('div', { class: 'virtern-fields' }, fields.map(({ element }) => element));
    this.element = h('div', { class: 'pf-v6-c-form' }, group(first, second),
                     expandable(_('Advanced'), group(...Object.values(advanced))));
  }
}

function ejectTick(media, checked, onchange) {
  const names = media.map(({ drive, file }) => format(_('$0 holds $1'), drive, file)).join('; ');
  return check(_('Take local media out of their drives first'), { checked, onchange: event => onchange(event.target.checked) },
               format(_('The other host may not have them: $0. They are not put back afterwards.'), names));
}

/** The tick for media in the way: element; show(media), see mediaInTheWay(); options() of Migrate. */
export class MediaTick {
  /** @param {function()} onChange */
  constructor(onChange) {
    this.onChange = onChange;
    this.wanted = false;
    this.media = [];
    this.element = h('div', { hidden: true });
  }

  /** With the tick set they are not in the way any more, and still told of. */
  show(media) {
    if (!this.wanted || media.length) this.media = media;
    this.element.hidden = !this.media.length;
    refill(this.element, JSON.stringify(this.media), box => {
      replace(box, this.media.length ? ejectTick(this.media, this.wanted, checked => this.#tick(checked)) : null);
    });
  }

  options() {
    return { 'eject-local-media': this.wanted || undefined };
  }

  #tick(checked) {
    this.wanted = checked;
    this.onChange();
  }
}
