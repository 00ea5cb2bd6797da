// SPDX-License-Identifier: LGPL-2.1-or-later
// Orders what failed or was cancelled once more: what will happen is planned and told first.

import { migrate, plan, startVm } from '../bus/calls.js';
import { _, format } from '../i18n.js';
import { inWords } from '../model/places.js';
import { isMove, title } from '../model/tasks.js';
import { policy, priority } from '../model/words.js';
import { perform } from '../perform.js';
import { alert } from '../ui/alert.js';
import { openDialog } from '../ui/dialog.js';
import { h, replace } from '../ui/dom.js';
import { radios } from '../ui/form.js';
import { reasonList } from './places.js';

class RetryDialog {
  constructor(app, task) {
    this.app = app;
    this.task = task;
    this.destination = task.destination;
    this.asked = 0;
    this.outcome = h('div', { class: 'virtern-outcome', 'aria-live': 'polite' });
    this.dialog = openDialog({
      title: format(_('Once more: $0'), title(task)), size: 'medium', body: this.#body(),
      actions: [{ label: _('Begin'), disabled: true, run: () => this.#run() }],
    });
    this.#plan();
  }

  #body() {
    const { task } = this;
    return h('div', { class: 'virtern-stacked' },
             radios(_('Destination'), [
               ...(task.destination ? [{ value: task.destination, text: format(_('To $0, as before'), task.destination) }] : []),
               { value: '', text: _('Choose the best host for me') },
             ], task.destination, destination => this.#choose(destination)),
             isMove(task) ? h('p', { class: 'virtern-quiet' }, format(_('Policy: $0. Priority: $1.'), policy(task.policy), priority(task.priority))) : null,
             this.outcome);
  }

  #choose(destination) {
    this.destination = destination;
    this.#plan();
  }

  #options() {
    const { task } = this;
    return isMove(task) ? { policy: task.policy || undefined, priority: task.priority || undefined } : {};
  }

  async #plan() {
    const asked = ++this.asked;
    this.dialog.setDisabled(0, true);
    replace(this.outcome, h('p', {}, _('All hosts are being judged…')));
    try {
      const result = await plan([this.task.vmUuid], { ...this.#options(), act: isMove(this.task) ? undefined : 'start', destination: this.destination || undefined });
      if (asked === this.asked) this.#tell(result);
    } catch (error) {
      if (asked === this.asked) replace(this.outcome, alert('danger', error.message));
    }
  }

  #tell({ moves, refused }) {
    const [move] = moves;
    this.dialog.setDisabled(0, !move);
    if (move) {
      const sentence = isMove(this.task) ? format(_('$0 moves from $1 to $2 and goes on running meanwhile.'), this.task.vm, move.source, move.destination)
        : format(_('$0 is started on $1.'), this.task.vm, move.destination);
      replace(this.outcome, alert('info', sentence), move.warnings && move.warnings.length ? reasonList(move.warnings.map(reason => inWords(reason, move.vm, move.destination))) : null);
      return;
    }
    const hosts = (refused[0] && refused[0].hosts) || [];
    replace(this.outcome, alert('danger', _('It cannot be begun now')),
            hosts.map(host => h('div', {}, h('h2', { class: 'virtern-small-title' }, host.host), reasonList(host.reasons.filter(reason => reason.severity === 'blocks')
              .map(reason => inWords(reason, this.task.vm, host.host))))));
  }

  async #run() {
    const { task, destination } = this;
    const id = await perform(access => (isMove(task) ? migrate(task.vmUuid, destination, this.#options(), access) : startVm(task.vmUuid, destination, access)));
    this.app.go(['tasks', String(id)]);
  }
}

/** @param {object} task a move or a start that failed or was cancelled */
export function openRetry(app, task) {
  return new RetryDialog(app, task);
}
