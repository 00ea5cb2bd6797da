// SPDX-License-Identifier: LGPL-2.1-or-later
// Opening a host again, with or without bringing back the VMs that drains took from it.

import { activate, planReturn } from '../bus/calls.js';
import { _, format } from '../i18n.js';
import { isClosed } from '../model/hosts.js';
import { perform } from '../perform.js';
import { h } from '../ui/dom.js';
import { openDialog } from '../ui/dialog.js';
import { check } from '../ui/form.js';
import { toast } from '../ui/toast.js';
import { PlanView, carryOut } from './plan-view.js';

class ActivateDialog {
  constructor(app, host) {
    this.app = app;
    this.name = host.name;
    this.closed = isClosed(host);
    this.answer = null;
    this.asked = 0;
    this.view = new PlanView({ kind: 'return' });
    this.back = check(
      _('Bring its VMs back'),
      { checked: true, onchange: () => this.#choose() },
      _('Those that drains took from it and that are not home yet; they run on while they move')
    );
    this.dialog = openDialog({
      title: this.closed
        ? format(_('Activate $0'), host.name)
        : format(_('Bring VMs back to $0'), host.name),
      size: 'large',
      body: [
        h(
          'p',
          { class: 'virtern-intro' },
          this.closed
            ? _('The host is opened: VMs may be placed on it again.')
            : _('The VMs that drains took from this host move back while they run.')
        ),
        this.closed ? h('div', { class: 'virtern-options' }, this.back) : null,
        this.view.element,
      ],
      actions: [{ label: this.#label(), disabled: true, run: () => this.#apply() }],
      onClose: () => {
        this.asked++;
      },
    });
    this.#plan();
  }

  get wanted() {
    return this.back.firstElementChild.checked;
  }

  #label() {
    if (!this.closed) return _('Bring VMs back');
    return this.wanted
      ? format(_('Activate $0 and bring VMs back'), this.name)
      : format(_('Activate $0'), this.name);
  }

  #choose() {
    this.dialog.setActionLabel(0, this.#label());
    this.view.element.hidden = !this.wanted;
    if (this.wanted && !this.answer) this.#plan();
    else this.#allow();
  }

  #allow() {
    this.dialog.setDisabled(0, this.wanted && !this.answer);
  }

  async #plan() {
    const asked = ++this.asked;
    this.answer = null;
    this.view.setBusy(true);
    this.#allow();
    let answer = null;
    let problem = null;
    try {
      answer = await planReturn(this.name);
    } catch (error) {
      problem = error;
    }
    if (asked !== this.asked) return;
    this.answer = answer;
    this.view.setBusy(false);
    if (answer) this.view.show(answer.plan);
    else this.view.showError(problem, []);
    this.#allow();
  }

  async #apply() {
    if (!this.wanted || (this.answer && this.answer.plan.items.length === 0)) {
      await perform(access => activate(this.name, false, access));
      toast('success', format(_('$0 is open again'), this.name));
      return true;
    }
    const id = await carryOut(this.answer.document, {}, () => this.#plan());
    if (id) this.app.go(['tasks', String(id)]);
    return true;
  }
}

/** Opens the dialog. @param {object} app @param {object} host */
export function openActivate(app, host) {
  return new ActivateDialog(app, host).dialog;
}
