// SPDX-License-Identifier: LGPL-2.1-or-later
// Gives VMs an older CPU in their definition, after showing what the guest loses and which hosts it gains.

import { maskVm } from '../bus/calls.js';
import { _, format, ngettext } from '../i18n.js';
import { forEach } from '../model/each.js';
import { number } from '../model/format.js';
import { baselineStoppers, hostsChange, maskOptions, modelsOf } from '../model/mask.js';
import { none } from '../model/words.js';
import { perform } from '../perform.js';
import { alert } from '../ui/alert.js';
import { openDialog } from '../ui/dialog.js';
import { h, replace, uniqueId } from '../ui/dom.js';
import { facts, field, radios, textInput } from '../ui/form.js';
import { toast } from '../ui/toast.js';
import { leftOut, vmsText } from './many.js';

const PAUSE_MS = 400;
const PREVIEWS_AT_MOST = 20;

const list = words => (words.length ? words.join(', ') : none());

const stopWords = hosts =>
  format(ngettext('There is no baseline while the CPU of $0 is not known, as it is of the same cluster. Choose a model, or get the host back first.',
                  'There is no baseline while the CPUs of $0 are not known, as they are of the same cluster. Choose a model, or get the hosts back first.', hosts.length),
         hosts.join(', '));

function preview(vm, result, several) {
  const { kept, won, lost } = hostsChange(result);
  const known = result.model !== '';
  return h('section', { class: 'virtern-preview', 'aria-label': vm.name },
           several ? h('h3', { class: 'virtern-heading' }, vm.name) : null,
           facts([
             [_('CPU model'), known ? result.model : _('as its definition had it before the mask')],
             [_('Features switched off'), result.disabled.length ? list(result.disabled) : ''],
             [_('The guest loses'), result.removed.length ? list(result.removed) : _('nothing')],
             [_('CPU fits before'), list(result.hostsBefore)],
             [_('CPU fits after'), known ? list([...kept, ...won]) : _('not known before it is started')],
             [_('Hosts gained'), known ? list(won) : ''],
             [_('Hosts lost'), lost.length && known ? list(lost) : ''],
             [_('Not counted: CPU not known'), result.hostsUnknown.length ? list(result.hostsUnknown) : ''],
           ], format(_('What changes for $0'), vm.name)),
           h('p', { class: 'virtern-strong' }, result.running
             ? _('It goes on with the CPU it has: the change takes effect when it is shut down and started again. A reboot from within is not enough.')
             : _('It takes effect at the next start.')));
}

const refusal = (vm, sentence, several) =>
  alert('danger', several ? format(_('$0: $1'), vm.name, sentence) : sentence);

class MaskDialog {
  constructor(app, vms, cannot) {
    this.vms = vms;
    this.hosts = app.cluster.hosts;
    const stoppers = new Set(vms.flatMap(vm => baselineStoppers(vm, this.hosts)));
    this.baselineStops = stoppers.size ? stopWords([...stoppers].sort()) : '';
    this.kind = this.baselineStops ? 'model' : 'baseline';
    this.timer = 0;
    this.asked = 0;
    this.#build(app, cannot);
    this.#ask(0);
  }

  #build(app, cannot) {
    const models = uniqueId('models');
    const later = () => this.#ask(PAUSE_MS);
    this.model = field({ label: _('CPU model'), control: textInput({ list: models, oninput: later }),
                         hint: _('One that hosts have, or any other that libvirt knows') });
    this.features = field({ label: _('Features to switch off'), control: textInput({ oninput: later }),
                            hint: _('Names as in “cpuid”, with commas between them: avx512f, vmx') });
    this.preview = h('div', { class: 'virtern-rows', 'aria-live': 'polite' });
    this.dialog = openDialog({
      title: format(_('Mask the CPU of $0'), vmsText(this.vms)),
      body: h('div', { class: 'virtern-rows pf-v6-c-form' }, leftOut(cannot),
              h('p', {}, _('Gives the guest an older CPU, so that older hosts can take it.')),
              this.#kinds(),
              this.model.element, this.features.element,
              h('datalist', { id: models }, modelsOf(app.cluster.hosts.values()).map(value => h('option', { value }))), this.preview),
      actions: [{ label: format(_('Mask $0'), vmsText(this.vms)), disabled: true, run: () => this.#run() }],
      onClose: () => {
        clearTimeout(this.timer);
        this.asked++;
      },
    });
    this.#showFields();
  }

  #kinds() {
    const masked = this.vms.some(vm => vm.cpuMasked);
    const choices = [
      ['baseline', _('Baseline'), this.baselineStops || _('The newest CPU that all hosts of its cluster can give')],
      ['model', _('A model'), ''],
      ['disable', _('Switch single features off'), ''],
      ...(masked ? [['clear', _('Remove the mask'), _('The CPU its definition had before')]] : []),
    ].map(([value, text, help]) => ({ value, text, help }));
    return radios(_('New CPU'), choices, this.kind, kind => {
      this.kind = kind;
      this.#showFields();
      this.#ask(0);
    });
  }

  #showFields() {
    this.model.element.hidden = this.kind !== 'model';
    this.features.element.hidden = this.kind !== 'disable';
    this.dialog.setActionLabel(0, format(this.kind === 'clear' ? _('Remove the mask of $0') : _('Mask $0'), vmsText(this.vms)));
  }

  #options() {
    return maskOptions(this.kind, this.model.value, this.features.value);
  }

  #ask(pauseMs) {
    const mine = ++this.asked;
    clearTimeout(this.timer);
    this.dialog.setDisabled(0, true);
    const options = this.#options();
    if (!options) {
      replace(this.preview);
      this.dialog.setWhy(this.kind === 'model' ? _('Name a CPU model first.') : _('Name the features first.'));
      return;
    }
    this.dialog.setWhy('');
    this.timer = setTimeout(() => this.#look(mine, options), pauseMs);
  }

  async #look(mine, options) {
    const shown = this.vms.slice(0, PREVIEWS_AT_MOST);
    const several = this.vms.length > 1;
    let able = 0;
    let refused = 0;
    const parts = await Promise.all(shown.map(async vm => {
      try {
        const result = await maskVm(vm.uuid, { ...options, 'dry-run': true });
        const stoppers = options.baseline ? baselineStoppers(vm, this.hosts, result.hostsUnknown) : [];
        if (stoppers.length) {
          refused++;
          return refusal(vm, stopWords(stoppers), several);
        }
        able++;
        return preview(vm, result, several);
      } catch (error) {
        return refusal(vm, error.message, several);
      }
    }));
    if (mine !== this.asked) return;
    replace(this.preview, parts, this.vms.length > shown.length
      ? h('p', { class: 'virtern-quiet' }, format(_('$0 more VMs are not shown.'), number(this.vms.length - shown.length))) : null);
    this.dialog.setDisabled(0, able === 0);
    this.dialog.setWhy(able === 0 && refused > 0 ? _('This baseline would be refused.') : '');
  }

  async #run() {
    const options = this.#options();
    await forEach(this.vms, vm => vm.name, vm => perform(access => maskVm(vm.uuid, options, access)));
    toast('success', format(this.kind === 'clear' ? _('$0: the mask is removed, from the next cold start on') : _('$0: masked, from the next cold start on'), vmsText(this.vms)));
    return true;
  }
}

/** Opens the dialog; `cannot`: those that were chosen and are left out. */
export function openMask(app, vms, cannot = []) {
  return new MaskDialog(app, vms, cannot);
}
