// SPDX-License-Identifier: LGPL-2.1-or-later
// Locks VMs, so that they neither move nor start, and takes locks away.

import { lockVm, unlockVm } from '../bus/calls.js';
import { nowUs } from '../bus/clock.js';
import { _, format } from '../i18n.js';
import { eachOnce } from '../model/each.js';
import { expiryOf, expiryProblem } from '../model/expiry.js';
import { fullTime } from '../model/format.js';
import { lockWords } from '../model/vms.js';
import { perform } from '../perform.js';
import { openDialog } from '../ui/dialog.js';
import { h, replace, uniqueId } from '../ui/dom.js';
import { check as tick, field, form, textInput } from '../ui/form.js';
import { toast } from '../ui/toast.js';
import { leftOut, vmsText, whichVms } from './many.js';

const REASON_MOST_BYTES = 1024;

class Expiry {
  constructor() {
    this.kind = 'never';
    const problem = uniqueId('problem');
    const take = kind => () => {
      this.kind = kind;
      this.hours.disabled = kind !== 'hours';
      this.date.disabled = kind !== 'date';
      this.check();
      if (kind !== 'never') this[kind].focus();
    };
    const later = { disabled: true, 'aria-describedby': problem, oninput: () => this.check() };
    const radio = (kind, text) => tick(text, { type: 'radio', name: 'expiry', checked: kind === 'never', onchange: take(kind) });
    this.hours = h('input', { type: 'text', inputmode: 'decimal', value: '8', 'aria-label': _('Hours'), ...later });
    this.date = h('input', { type: 'datetime-local', 'aria-label': _('Date and time'), ...later });
    this.problem = h('div', { id: problem, class: 'virtern-error-text', 'aria-live': 'polite' });
    const row = (first, input) => h('div', { class: 'virtern-until' }, first, h('span', { class: 'pf-v6-c-form-control' }, input));
    this.element = h('fieldset', { class: 'virtern-fieldset' }, h('legend', { class: 'pf-v6-c-form__label-text' }, _('How long')),
                     radio('never', _('Until somebody unlocks it')),
                     row(radio('hours', _('For so many hours')), this.hours),
                     row(radio('date', _('Until')), this.date), this.problem);
  }

  /** Says what is wrong with it, if something is. @returns {boolean} whether nothing is */
  check() {
    const sentence = expiryProblem(this.kind, this.hours.value, this.date.value, nowUs());
    replace(this.problem, sentence);
    for (const kind of ['hours', 'date']) this[kind].setAttribute('aria-invalid', String(kind === this.kind && sentence !== ''));
    return sentence === '';
  }

  /** Takes the keyboard to what is wrong. */
  focus() {
    this[this.kind].focus();
  }

  /** Microseconds since 1970, undefined for never, null if it is none. */
  value() {
    return expiryOf(this.kind, this.hours.value, this.date.value, nowUs());
  }
}

/* Two people who lock the same VM shall know of each other. */
function refuseIfLockedMeanwhile(app, shown) {
  const now = app.cluster.vms.get(shown.uuid);
  if (now && now.locked && (now.lockSince !== shown.lockSince || now.lockReason !== shown.lockReason))
    throw new Error(format(_('Meanwhile $0 was locked by $1: $2. Unlock it first if that lock shall not hold.'),
                           now.name, now.lockOwner, now.lockReason));
}

function reasonProblem(text) {
  if (!text) return _('Say why: whoever is refused because of the lock reads it.');
  return new TextEncoder().encode(text).length > REASON_MOST_BYTES ? _('This is too long: say it in fewer words.') : '';
}

/** Opens the dialog to lock VMs; `cannot`: those that were chosen and are left out. */
export function openLock(app, vms, cannot = []) {
  const reason = field({
    label: _('Reason'), hint: _('Whoever is refused because of the lock reads it'),
    control: textInput({ autofocus: true, required: true, oninput: () => reason.setError('') }),
  });
  const expiry = new Expiry();
  const each = eachOnce(vms, vm => vm.name);

  function check() {
    const sentence = reasonProblem(reason.value);
    reason.setError(sentence);
    const lasts = expiry.check();
    if (sentence) reason.input.focus();
    else if (!lasts) expiry.focus();
    return !sentence && lasts;
  }

  const dialog = openDialog({
    title: format(_('Lock $0'), vmsText(vms)),
    size: 'small',
    body: h('div', { class: 'virtern-rows' }, leftOut(cannot), whichVms(vms),
            h('p', {}, _('While it is locked, a VM is neither migrated nor started by Virtern; a drain leaves it.')),
            form(() => dialog.press(0), reason.element, expiry.element)),
    actions: [{
      label: format(_('Lock $0'), vmsText(vms)),
      run: async () => {
        if (!check()) return false;
        const expires = expiry.value();
        await each(vm => {
          refuseIfLockedMeanwhile(app, vm);
          return perform(access => lockVm(vm.uuid, reason.value, expires, access));
        });
        toast('success', format(expires ? _('$0: locked until $1') : _('$0: locked'), vmsText(vms), expires ? fullTime(expires) : ''));
        return true;
      },
    }],
  });
}

/** Asks before locks are taken away, naming who set each and why. */
export function openUnlock(app, vms, cannot = []) {
  const each = eachOnce(vms, vm => vm.name);
  openDialog({
    title: format(_('Unlock $0'), vmsText(vms)),
    size: 'small',
    body: h('div', { class: 'virtern-rows' }, leftOut(cannot),
            h('ul', { class: 'virtern-reasons' }, vms.map(vm => h('li', {}, vms.length > 1 ? format(_('$0: $1'), vm.name, lockWords(vm, nowUs())) : lockWords(vm, nowUs())))),
            h('p', {}, _('Once it is unlocked, drains and people may move it. Ask who locked it if you do not know why it is locked.'))),
    actions: [{
      label: format(_('Unlock $0'), vmsText(vms)), variant: 'warning',
      run: async () => {
        await each(vm => perform(access => unlockVm(vm.uuid, access)));
        toast('success', format(_('$0: unlocked'), vmsText(vms)));
      },
    }],
  });
}
