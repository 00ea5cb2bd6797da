// SPDX-License-Identifier: LGPL-2.1-or-later
// Which VM goes where, and which find no place, with the reasons of all hosts.

import { _, format, ngettext } from '../i18n.js';
import { number } from '../model/format.js';
import { groupReasons, inWords } from '../model/places.js';
import { none } from '../model/words.js';
import { alert } from '../ui/alert.js';
import { h } from '../ui/dom.js';
import { label } from '../ui/label.js';
import { nameText } from '../ui/name.js';
import { plainTable } from '../ui/parts.js';
import { reasonList } from './places.js';

function verdictOn(move) {
  const warnings = move.warnings.map(reason => inWords(reason, move.vm, move.destination));
  return warnings.length ? [label('orange', _('Fits, with warnings')), reasonList(warnings)] : label('green', _('Fits'));
}

/** The moves of a plan as a table. */
export function moveTable(moves, title) {
  return plainTable(title, [_('VM'), _('From'), _('To'), _('Verdict')],
                    moves.map(move => [nameText(move.vm), move.source ? nameText(move.source) : none(), nameText(move.destination), verdictOn(move)]),
                    { keys: moves.map(move => move.vmUuid) });
}

function reasonsOf({ vm, hosts, hostsLeftOut }) {
  if (!hosts.length) return h('p', {}, _('The reasons are too many to be shown here: look at the VM alone.'));
  const groups = groupReasons(hosts, vm);
  return [
    h('ul', { class: 'virtern-reasons' }, groups.map(({ reason, hosts: on }) =>
      h('li', {}, h('strong', {}, on.length === hosts.length && on.length > 1 ? _('On every host') : on.join(', ')), ': ', reason.sentence,
        reason.remedy ? h('span', { class: 'virtern-remedy' }, reason.remedy) : null))),
    hostsLeftOut ? h('p', {}, format(ngettext('$0 more host is not told of.', '$0 more hosts are not told of.', hostsLeftOut), number(hostsLeftOut))) : null,
  ];
}

/** VMs that find no place, each with all reasons; null for none. */
export function refusedList(refused) {
  if (!refused.length) return null;
  return alert('warning', format(ngettext('$0 VM finds no place', '$0 VMs find no place', refused.length), number(refused.length)),
               refused.map(one => h('details', { class: 'virtern-details', open: refused.length <= 5, 'data-key': one.vmUuid },
                                    h('summary', {}, format(_('$0 on $1'), one.vm, one.source)), reasonsOf(one))));
}
