// SPDX-License-Identifier: LGPL-2.1-or-later
// How a host is used: its limits, its link, its addresses, what is kept free on it.

import { setHost } from '../bus/calls.js';
import { _, format } from '../i18n.js';
import { size } from '../model/format.js';
import { bits, linkFromText } from '../model/hosts.js';
import { changesOf, formOf, problemsOf } from '../model/host-settings.js';
import { perform } from '../perform.js';
import { h } from '../ui/dom.js';
import { openDialog } from '../ui/dialog.js';
import { field, form, showProblems, textInput } from '../ui/form.js';
import { toast } from '../ui/toast.js';

function fieldsOf(host, before) {
  const text = (key, label, hint) =>
    field({ label, hint, control: textInput({ value: before[key] }) });
  const amount = (key, label, unit, hint) =>
    field({ label, hint, unit, control: textInput({ value: before[key], inputmode: 'decimal' }) });
  const seen =
    host.linkRateFrom === 'seen'
      ? format(_('Empty: what moves show, at present $0'), bits(host.linkRate))
      : _('Empty: what moves show');
  return {
    limitOut: amount(
      'limitOut',
      _('Moves away from it at a time'),
      _('moves'),
      _('Empty: as all hosts')
    ),
    limitIn: amount(
      'limitIn',
      _('Moves and starts to it at a time'),
      _('moves'),
      _('Empty: as all hosts')
    ),
    linkRate: amount('linkRate', _('Rate of its migration link'), 'Gbit/s', seen),
    bandwidth: amount(
      'bandwidth',
      _('Bandwidth for all moves together'),
      'MiB/s',
      _('Empty: no limit')
    ),
    memoryReserve: amount(
      'memoryReserve',
      _('Memory that no VM may be given'),
      'GiB',
      format(
        _(
          'For the host itself; at present $0. Empty: none of its own, as configured for all hosts'
        ),
        size(host.memoryReserve || 0)
      )
    ),
    migrationAddress: text(
      'migrationAddress',
      _('Migration address'),
      _('Where guest memory is sent; empty: libvirt chooses')
    ),
    peerUri: text(
      'peerUri',
      _('Peer URI'),
      _('As the other hosts open it; empty: as virternd does')
    ),
    cluster: text('cluster', _('Cluster'), _('Hosts of one cluster may exchange VMs')),
  };
}

/** Opens the dialog for a host. */
export function openHostSet(host) {
  const before = formOf(host);
  const fields = fieldsOf(host, before);

  async function save() {
    const after = Object.fromEntries(Object.entries(fields).map(([key, one]) => [key, one.value]));
    if (!showProblems(fields, problemsOf(after))) return false;
    const options = changesOf(before, after);
    if (Object.keys(options).length > 0) {
      await perform(access => setHost(host.name, options, access));
      toast('success', format(_('The settings of $0 are changed'), host.name));
    }
    return true;
  }

  const group = (title, ...keys) =>
    h(
      'fieldset',
      { class: 'virtern-fieldset' },
      h('legend', {}, title),
      h(
        'div',
        { class: 'virtern-fields' },
        keys.map(key => fields[key].element)
      )
    );
  const dialog = openDialog({
    title: format(_('Settings of $0'), host.name),
    actions: [{ label: _('Save'), run: save }],
    body: [
      h(
        'p',
        { class: 'virtern-intro' },
        format(
          _(
            'They hold from now on, and after a restart. Moves that run go on as they were begun. $0'
          ),
          linkNote(host)
        )
      ),
      form(
        () => dialog.press(0),
        group(_('Moves'), 'limitOut', 'limitIn', 'linkRate', 'bandwidth'),
        group(_('Memory'), 'memoryReserve'),
        group(_('Addresses'), 'migrationAddress', 'peerUri', 'cluster')
      ),
    ],
  });
}

function linkNote(host) {
  return host.linkRate > 0
    ? format(_('Its link carries $0, $1.'), bits(host.linkRate), linkFromText(host))
    : '';
}
