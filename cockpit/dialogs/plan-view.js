// SPDX-License-Identifier: LGPL-2.1-or-later
// A plan as it is shown before it is carried out: numbers, table, what cannot go with every reason.

import { applyPlan } from '../bus/calls.js';
import { _, format } from '../i18n.js';
import {
  CHOICES,
  leftOf,
  leftText,
  notesOf,
  rowsOf,
  shortText,
  summaryText,
  whenText,
} from '../model/drain-plan.js';
import { size } from '../model/format.js';
import { reasonText, remedyText } from '../model/reasons.js';
import { drainAction, drainActionHint } from '../model/vms.js';
import { none } from '../model/words.js';
import { perform } from '../perform.js';
import { alert } from '../ui/alert.js';
import { h, replace } from '../ui/dom.js';
import { select, setOptions } from '../ui/form.js';
import { Table } from '../ui/table.js';

function reasonItem(reason, vm) {
  const remedy = remedyText(reason, vm);
  return h(
    'li',
    { 'data-code': reason.code },
    h('span', { class: 'virtern-reason' }, reasonText(reason, vm)),
    remedy ? h('div', { class: 'virtern-remedy' }, format(_('Remedy: $0'), remedy)) : null
  );
}

function leftBox(plan) {
  const left = leftOf(plan);
  if (left.length === 0) return null;
  return alert(
    'warning',
    leftText(plan),
    left.map(item =>
      h(
        'section',
        { class: 'virtern-left', 'data-left': item.uuid },
        h('h2', {}, plan.kind === 'return' ? item.vm : format(_('$0 on $1'), item.vm, item.host)),
        h('ul', { class: 'pf-v6-c-list' }, item.reasons.map(reason => reasonItem(reason, item.vm)))
      )
    )
  );
}

/**
 * @param {object} options kind "drain" or "return"; several (show which host each VM is on);
 *   onAction(row, action): a person chose one; missing: actions are not shown
 */
export class PlanView {
  constructor({ kind, several, onAction }) {
    this.onAction = onAction;
    this.summary = h('p', { class: 'virtern-plan-summary', role: 'status' });
    this.busy = h(
      'div',
      { class: 'virtern-busy', hidden: true },
      h('progress', { 'aria-label': _('Planning') }),
      h('span', {}, _('Planning…'))
    );
    this.problems = h('div', { class: 'virtern-stacked' });
    this.table = new Table({
      label: _('Plan'),
      key: row => row.uuid,
      columns: this.#columns(kind, several),
      pageSize: 100,
    });
    this.element = h(
      'div',
      { class: 'virtern-plan' },
      h('div', { class: 'virtern-plan-head' }, this.summary, this.busy),
      this.problems,
      this.table.element
    );
  }

  /** Shows that a plan is computed; what is there stays, paler. */
  setBusy(busy) {
    this.busy.hidden = !busy;
    this.element.classList.toggle('virtern-pale', busy);
    this.element.setAttribute('aria-busy', String(busy));
  }

  /** Shows a plan. */
  show(plan) {
    this.plan = plan;
    replace(this.summary, summaryText(plan));
    const short = shortText(plan);
    replace(this.problems, short ? alert('danger', short) : null, leftBox(plan));
    this.table.update(rowsOf(plan));
    this.table.element.hidden = plan.items.length === 0;
  }

  /** Shows why there is no plan, and `more`, above `rows`: the VMs with the actions that can be changed. */
  showError(error, rows, more = null) {
    this.plan = null;
    replace(this.summary);
    replace(this.problems, more ? alert('danger', error.message, more) : alert('danger', error.message));
    this.table.update(rows);
    this.table.element.hidden = rows.length === 0;
  }

  #columns(kind, several) {
    const columns = [
      { id: 'vm', label: _('VM'), value: row => row.vm, header: true, sortable: false },
    ];
    if (several || kind === 'return')
      columns.push({
        id: 'host',
        label: kind === 'return' ? _('Now on') : _('From'),
        value: row => row.host,
        sortable: false,
      });
    columns.push({
      id: 'memory',
      label: _('Memory'),
      value: row => row.memory,
      text: row => size(row.memory),
      numeric: true,
      sortable: false,
    });
    if (this.onAction)
      columns.push({
        id: 'action',
        label: _('Action'),
        value: row => row.action,
        sortable: false,
        render: (cell, row) => this.#fillAction(cell, row),
      });
    columns.push(
      { id: 'to', label: _('To'), value: row => row.destination || none(), sortable: false },
      {
        id: 'when',
        label: _('Expected'),
        value: row => (this.plan ? whenText(row) : none()),
        sortable: false,
      },
      {
        id: 'notes',
        label: _('Notes'),
        value: row => (this.plan ? notesOf(row, this.plan).join('. ') : ''),
        sortable: false,
      }
    );
    return columns;
  }

  #fillAction(cell, row) {
    if (row['for-room']) {
      replace(cell, drainAction(row.action));
      return;
    }
    let control = cell.querySelector('select');
    if (!control) {
      const { uuid, vm } = row;
      const box = select([], '', {
        'aria-label': format(_('Action for $0'), vm),
        onchange: event => this.onAction(uuid, event.target.value),
      });
      box.classList.add('virtern-select-small');
      control = box.firstElementChild;
      replace(cell, box);
    }
    const choices = CHOICES.includes(row.action) ? CHOICES : [row.action, ...CHOICES];
    setOptions(
      control,
      choices.map(action => [action, drainAction(action)]),
      row.action
    );
    control.setAttribute('title', drainActionHint(row.action));
  }
}

/**
 * Carries out a plan. If it does not hold any more, `planAnew` is called and the error says so.
 * @param {string} document of planDrain() or planReturn()
 * @param {object} options of ApplyPlan
 * @param {function()} planAnew
 * @returns {Promise<number>} the task's id; 0 if there was nothing to do
 */
export async function carryOut(document, options, planAnew) {
  try {
    return await perform(access => applyPlan(document, options, access));
  } catch (error) {
    if (error.name === 'Refused' || error.name === 'Exists') {
      error.message = format(
        _(
          'This plan does not hold any more, and nothing was changed: $0. It is planned anew: look at it again.'
        ),
        error.message
      );
      planAnew();
    }
    throw error;
  }
}
