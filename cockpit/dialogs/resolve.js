// SPDX-License-Identifier: LGPL-2.1-or-later
// A person's decision on a task in attention: what was seen on each host is told in full, and the
// copy that goes is ended only if the VM's name was typed.

import { recheckTask, resolveTask } from '../bus/calls.js';
import { _, format } from '../i18n.js';
import { sighting, whereNow } from '../model/task-seen.js';
import { perform } from '../perform.js';
import { alert } from '../ui/alert.js';
import { openDialog } from '../ui/dialog.js';
import { h, replace } from '../ui/dom.js';
import { expandable, facts, field, radios, textInput } from '../ui/form.js';

function sightings(cluster, task) {
  const record = [...new Set([task.error, task.verdict])].filter(Boolean);
  return [
    facts([
      [format(_('Now on $0'), task.source), sighting(cluster, task.vmUuid, task.source)],
      [format(_('Now on $0'), task.destination), sighting(cluster, task.vmUuid, task.destination)],
    ], _('What was seen')),
    // Its words are on the page below; what it says of commands is what this dialog does.
    record.length ? expandable(_('As the daemon put it'), h('code', { class: 'virtern-raw' }, longest(record))) : null,
  ];
}

/* What is a part of another sentence says nothing of its own. */
const longest = texts => texts.filter(text => !texts.some(one => one !== text && one.includes(text))).join('\n');

class ResolveDialog {
  constructor(app, task) {
    this.app = app;
    this.task = task;
    this.keep = '';
    this.seen = h('div', {});
    this.consequence = h('div', { 'aria-live': 'polite' });
    this.name = field({ label: format(_('To end the other copy, type the name of the VM: $0'), task.vm),
                        control: textInput({ autocomplete: 'off', spellcheck: 'false', oninput: () => this.#check() }) });
    this.name.element.hidden = true;
    this.dialog = openDialog({
      title: format(_('Decide on $0'), task.vm), size: 'medium', body: this.#body(),
      actions: [{ label: _('End the other copy'), variant: 'danger', disabled: true, run: () => this.#run() },
                { label: _('Look again'), variant: 'secondary', run: () => perform(access => recheckTask(task.id, access)) }],
      closeLabel: _('Decide later'),
      onClose: () => this.unsubscribe(),
    });
    this.unsubscribe = app.cluster.subscribe(changes => this.#update(changes));
    this.#see();
  }

  #body() {
    const { task } = this;
    const choices = ['source', 'destination'].map(value => ({ value, text: format(_('Keep the copy on $0'), task[value]) }));
    return h('div', { class: 'virtern-stacked' },
             h('p', {}, _('Virtern does not decide this. Log in to both hosts, look which copy your users work with, and keep that one. “Look again” asks both hosts once more and ends nothing.')),
             this.seen,
             radios(_('Which copy stays'), choices, null, keep => this.#choose(keep)),
             this.consequence, this.name.element);
  }

  #see() {
    const key = JSON.stringify([this.task.verdict, this.task.error, whereNow(this.app.cluster, this.task), sighting(this.app.cluster, this.task.vmUuid, this.task.source),
                                sighting(this.app.cluster, this.task.vmUuid, this.task.destination)]);
    if (key === this.key) return;
    this.key = key;
    const where = whereNow(this.app.cluster, this.task);
    replace(this.seen, where ? h('p', {}, h('strong', {}, where)) : null, sightings(this.app.cluster, this.task));
  }

  #update() {
    const now = this.app.cluster.tasks.get(this.task.id);
    if (now && now.state !== 'attention' && !this.acting) {
      this.dialog.close();
      return;
    }
    if (now) this.task = now;
    this.#see();
  }

  #choose(keep) {
    this.keep = keep;
    const { source, destination, vm } = this.task;
    const [stays, goes] = keep === 'source' ? [source, destination] : [destination, source];
    replace(this.consequence, alert('danger', format(_('The copy on $0 is ended for good'), goes),
      format(_('Everything that only its memory holds is lost, and $0 runs on with the copy on $1. This cannot be undone.'), vm, stays)));
    this.dialog.setActionLabel(0, format(_('End the copy on $0'), goes));
    this.name.element.hidden = false;
    this.#check();
  }

  #check() {
    this.dialog.setDisabled(0, !this.keep || this.name.value !== this.task.vm.trim());
  }

  async #run() {
    this.acting = true;
    try {
      await perform(access => resolveTask(this.task.id, this.keep, this.task.vm, access));
    } finally {
      this.acting = false;
    }
  }
}

/** @param {object} app with the cluster @param {object} task in attention, of a move */
export function openResolve(app, task) {
  return new ResolveDialog(app, task);
}
