// SPDX-License-Identifier: LGPL-2.1-or-later
// A new host: it is stored only when it answered.

import { addHost } from '../bus/calls.js';
import { _, format } from '../i18n.js';
import { newHostProblems } from '../model/host-settings.js';
import { inOrder } from '../model/order.js';
import { perform } from '../perform.js';
import { working } from '../ui/bar.js';
import { h, replace } from '../ui/dom.js';
import { openDialog } from '../ui/dialog.js';
import { field, form, showProblems, textInput } from '../ui/form.js';
import { toast } from '../ui/toast.js';

const REMEDIES = {
  Unreachable: () =>
    _(
      'Look whether the name is right, the host is on, and virternd’s user may open that address: “virsh -c URI list” on this machine, as root, shows the same. Nothing was stored.'
    ),
  TimedOut: () =>
    _(
      'It did not answer within 10 seconds. Look whether a firewall is in between. Nothing was stored.'
    ),
  NotAuthorized: () => '',
};

function fieldsOf(clusters) {
  const make = (label, hint, attributes) => field({ label, hint, control: textInput(attributes) });
  return {
    name: make(_('Name'), _('As you call it here; letters, digits, “.”, “_” and “-”'), {
      placeholder: 'node4',
      maxlength: '255',
    }),
    uri: make(
      _('libvirt URI'),
      _('As virternd opens it, such as qemu+ssh://root@node4/system or qemu+tls://node4/system'),
      { placeholder: 'qemu+ssh://root@node4/system' }
    ),
    migrationAddress: make(
      _('Migration address (optional)'),
      _('Address or name on the network that guest memory shall take; libvirt chooses if empty'),
      { placeholder: '10.0.0.4' }
    ),
    peerUri: make(
      _('Peer URI (optional)'),
      _('As the other hosts open it, if that is another than above'),
      {}
    ),
    cluster: make(_('Cluster'), _('Hosts of one cluster may exchange VMs'), {
      value: 'default',
      list: clusters.id,
    }),
  };
}

function clusterList(hosts) {
  const names = inOrder([...hosts.values()].map(host => host.cluster));
  return h(
    'datalist',
    { id: 'virtern-clusters' },
    names.map(name => h('option', { value: name }))
  );
}

function optionsOf(fields) {
  return {
    cluster: fields.cluster.value || undefined,
    'peer-uri': fields.peerUri.value || undefined,
    'migration-address': fields.migrationAddress.value || undefined,
  };
}

/* Where it belongs to a field it stands there; all else is thrown on. */
function placeError(error, { name, uri }) {
  const remedy = REMEDIES[error.name] && REMEDIES[error.name]();
  if (remedy) error.message += '. ' + remedy;
  if (error.name === 'Exists') name.setError(error.message);
  else if (error.name === 'InvalidArgument' && error.message.includes(uri.value))
    uri.setError(error.message);
  else throw error;
}

/** Opens the dialog. `cluster` is the mirror. */
export function openHostAdd(cluster) {
  const clusters = clusterList(cluster.hosts);
  const fields = fieldsOf(clusters);
  const busy = h('div', { role: 'status' });

  async function add() {
    const name = fields.name.value;
    const uri = fields.uri.value;
    if (!showProblems(fields, newHostProblems({ name, uri }, cluster.hosts))) return false;
    const words = format(_('Connecting to $0; this takes 10 seconds at most…'), uri);
    replace(busy, working(_('Connecting'), words));
    try {
      await perform(access => addHost(name, uri, optionsOf(fields), access));
    } catch (error) {
      placeError(error, fields);
      return false;
    } finally {
      replace(busy);
    }
    toast('success', format(_('$0 was added'), name));
    return true;
  }

  const dialog = openDialog({
    title: _('Add a host'),
    actions: [{ label: _('Add'), run: add }],
    body: [
      h(
        'p',
        { class: 'virtern-intro' },
        _(
          'Nothing is installed on the host but libvirt, and nothing on it changes. Its VMs appear here.'
        )
      ),
      form(
        () => dialog.press(0),
        Object.values(fields).map(one => one.element)
      ),
      clusters,
      busy,
    ],
  });
  fields.name.input.focus();
}
