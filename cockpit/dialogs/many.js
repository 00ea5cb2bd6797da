// SPDX-License-Identifier: LGPL-2.1-or-later
// The same act for several VMs: how many they are, and which are left out and why.

import { _, format, ngettext } from '../i18n.js';
import { compareTexts, number } from '../model/format.js';
import { alert } from '../ui/alert.js';
import { h } from '../ui/dom.js';
import { nameText } from '../ui/name.js';

const NAMED = 20;

/** "web01" or "3 VMs". */
export function vmsText(vms) {
  return vms.length === 1 ? vms[0].name : format(ngettext('$0 VM', '$0 VMs', vms.length), number(vms.length));
}

/** Names them, if they are several; null if it is one, which the title names. */
export function whichVms(vms) {
  if (vms.length < 2) return null;
  const names = vms.map(vm => vm.name).sort(compareTexts);
  const shown = names.slice(0, NAMED).map(name => h('li', {}, nameText(name)));
  const rest = names.length - shown.length;
  return h('ul', { class: 'virtern-reasons', 'aria-label': _('The chosen VMs') }, shown,
           rest > 0 ? h('li', {}, format(ngettext('and $0 more', 'and $0 more', rest), number(rest))) : null);
}

/** Says which VMs are left out: [{vm, why}]; null for none. */
export function leftOut(cannot) {
  if (!cannot.length) return null;
  return alert('info', format(ngettext('$0 VM is left out', '$0 VMs are left out', cannot.length), number(cannot.length)),
               h('ul', { class: 'virtern-reasons' }, cannot.map(({ vm, why }) => h('li', {}, format(_('$0: $1'), vm.name, why)))));
}
