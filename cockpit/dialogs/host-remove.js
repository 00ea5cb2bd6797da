// SPDX-License-Identifier: LGPL-2.1-or-later
// Forgetting a host; nothing on it changes.

import { removeHost } from '../bus/calls.js';
import { _, format, ngettext } from '../i18n.js';
import { number } from '../model/format.js';
import { perform } from '../perform.js';
import { toast } from '../ui/toast.js';
import { confirm } from './confirm.js';

/** @param {object} host @param {number} vms how many it has @param {Function} then called when it is gone */
export function openHostRemove(host, vms, then) {
  async function remove() {
    try {
      await perform(access => removeHost(host.name, access));
    } catch (error) {
      if (error.name === 'Busy')
        error.message = format(
          _('$0 cannot be removed now: $1. Wait for that task or cancel it, then try again.'),
          host.name,
          error.message
        );
      throw error;
    }
    toast('success', format(_('$0 was removed'), host.name));
    if (then) then();
  }

  confirm({
    title: format(_('Remove host $0?'), host.name),
    action: format(_('Remove $0'), host.name),
    variant: 'danger',
    body: [
      _(
        'Virtern forgets the host. Nothing happens on it: the host stays as it is and its VMs run on; they are no longer shown or moved.'
      ),
      vms > 0 ? format(ngettext('$0 VM is on it.', '$0 VMs are on it.', vms), number(vms)) : null,
      host.state === 'unreachable'
        ? _(
            'It does not answer: a task in attention because of it ends as failed, since nobody can look at it any more.'
          )
        : null,
      _('It can be added again at any time.'),
    ],
    run: remove,
  });
}
