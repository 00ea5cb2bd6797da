// SPDX-License-Identifier: LGPL-2.1-or-later
// What a drain does with VMs, kept with them.

import { setDrainAction } from '../bus/calls.js';
import { _, format } from '../i18n.js';
import { forEach } from '../model/each.js';
import { DRAIN_ACTIONS, drainAction, drainActionHint } from '../model/vms.js';
import { perform } from '../perform.js';
import { openDialog } from '../ui/dialog.js';
import { h } from '../ui/dom.js';
import { radios } from '../ui/form.js';
import { toast } from '../ui/toast.js';
import { leftOut, vmsText, whichVms } from './many.js';

/** Opens the dialog; `cannot`: those that were chosen and are left out. */
export function openDrainAction(app, vms, cannot = []) {
  const known = word => (word in DRAIN_ACTIONS ? word : '');
  let chosen = vms.every(vm => vm.drainAction === vms[0].drainAction) ? known(vms[0].drainAction) : '';
  openDialog({
    title: format(_('Drain action of $0'), vmsText(vms)),
    size: 'small',
    body: h('div', { class: 'virtern-rows' }, leftOut(cannot), whichVms(vms),
            h('p', {}, _('When its host is drained. Who orders the drain may still choose otherwise for this drain.')),
            radios(_('Drain action'), Object.keys(DRAIN_ACTIONS).map(value => ({ value, text: drainAction(value), help: drainActionHint(value) })),
                   chosen, value => { chosen = value; })),
    actions: [{
      label: _('Save'),
      run: async () => {
        await forEach(vms, vm => vm.name, vm => perform(access => setDrainAction(vm.uuid, chosen, access)));
        toast('success', format(_('$0: drain action is “$1”'), vmsText(vms), drainAction(chosen)));
      },
    }],
  });
}
