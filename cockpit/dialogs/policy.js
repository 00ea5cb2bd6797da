// SPDX-License-Identifier: LGPL-2.1-or-later
// Carries a move on by another policy.

import { switchPolicy } from '../bus/calls.js';
import { _, format } from '../i18n.js';
import { isStuck } from '../model/tasks.js';
import { POLICY_NAMES, policy, policyHint } from '../model/words.js';
import { perform } from '../perform.js';
import { alert } from '../ui/alert.js';
import { openDialog } from '../ui/dialog.js';
import { h } from '../ui/dom.js';
import { radios } from '../ui/form.js';

/** Why a policy cannot be had now; empty if it can. */
function whyNotPolicy(task, name) {
  if (name !== 'postcopy' || task.postcopyReady || task.policy === 'postcopy' || task.phase === 'queued') return '';
  return _('Post-copy was not prepared when the copy began, and cannot be added while it runs.');
}

function choiceOf(task, name) {
  const why = whyNotPolicy(task, name);
  return { value: name, text: policy(name), disabled: why, help: [policyHint(name), why ? h('strong', {}, ' ' + why) : null] };
}

/** @param {object} task an open move */
export function openPolicy(task) {
  let chosen = task.policy;
  const dialog = openDialog({
    title: format(_('Change the policy: $0'), task.vm), size: 'medium',
    body: [
      isStuck(task) ? alert('warning', _('The guest writes faster than its memory is copied: by itself this does not end.')) : null,
      h('p', {}, format(_('What is done if the copy does not come to an end by itself. Now: $0.'), policy(task.policy))),
      radios(_('Policy'), POLICY_NAMES.map(name => choiceOf(task, name)), task.policy, name => {
        chosen = name;
        dialog.setDisabled(0, name === task.policy);
      }),
    ],
    actions: [{ label: _('Change policy'), disabled: true, run: () => perform(access => switchPolicy(task.id, chosen, access)) }],
  });
}
