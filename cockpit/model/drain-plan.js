// SPDX-License-Identifier: LGPL-2.1-or-later
// The document of a drain's or return's plan (docs/api.md) as a person reads it, and the options
// that a plan is asked for with.

import { _, format, ngettext } from '../i18n.js';
import { duration, number, percent, size } from './format.js';
import { whyNoDrain } from './hosts.js';
import { reasonText } from './reasons.js';
import { none } from './words.js';

const SECOND_US = 1000000;

const STOPPING = new Set(['cold', 'shutdown']);

/** What a person can choose for a VM; "ask" is for the command line alone. */
export const CHOICES = ['migrate', 'skip', 'cold', 'shutdown'];

/**
 * The rows of a plan, in the order the moves begin, then those that stay. Each has what an item of
 * the document has, and: move (its entry in moves, or null), order (a number to sort by).
 */
export function rowsOf(plan) {
  const moves = new Map(plan.moves.map(move => [move.uuid, move]));
  const rows = plan.items.map((item, index) => {
    const move = moves.get(item.uuid) || null;
    return { ...item, move, order: move ? move.number : plan.moves.length + 1 + index };
  });
  return rows.sort((a, b) => a.order - b.order);
}

/** VMs that cannot leave (or come home), with their reasons. */
export const leftOf = plan => plan.items.filter(item => item.state === 'left');

/** VMs of this plan whose guests would be stopped. */
export const stoppedBy = plan =>
  plan.items.filter(
    item =>
      STOPPING.has(item.action) &&
      item.state !== 'left' &&
      item.state !== 'skipped' &&
      !item['for-room']
  );

/** What a tick must be set for before the plan may be carried out: it names the VM and the act. */
export function stopSentence(item) {
  if (item.action === 'cold')
    return item.destination
      ? format(
          _('Shut down $0 and start it on $1: its guest is off meanwhile'),
          item.vm,
          item.destination
        )
      : format(_('Shut down $0 and start it on another host: its guest is off meanwhile'), item.vm);
  return format(_('Shut down $0: its guest stays off until somebody starts it'), item.vm);
}

/** When a row is expected to begin and end, from the start: "0 s – 19 s". */
export function whenText(row) {
  if (row.begin === undefined || row.end === undefined) return row.move ? _('not known') : none();
  return format(_('$0 – $1'), seconds(row.begin), seconds(row.end));
}

/** Whole seconds upwards: a plan is no more exact than that. */
export function seconds(value) {
  return value <= 0 ? format(_('$0 s'), number(0)) : duration(Math.ceil(value) * SECOND_US);
}

/** What is to be known of a row besides, in short sentences. */
export function notesOf(row, plan) {
  const notes = [];
  if (row['for-room']) notes.push(format(_('Leaves $0 only to make room'), row.host));
  if (row.state === 'left')
    notes.push(
      plan.kind === 'return' ? _('Cannot come home now, see above') : _('Cannot leave, see above')
    );
  if (row.state === 'skipped' && row.reasons.length === 0)
    notes.push(
      row.action === 'skip' ? _('Stays where it is') : _('Is shut off, and stays where it is')
    );
  if (row.state === 'skipped') notes.push(...row.reasons.map(({ sentence }) => sentence));
  if (row.move && row.move.how === 'start') notes.push(_('Is shut down, then started there'));
  if (row.move && row.move.how === 'definition')
    notes.push(_('Shut off: only its definition goes'));
  if (row.action === 'shutdown' && row.state === 'waiting')
    notes.push(_('Is shut down, and stays off'));
  if (row.move && row.move.after.length > 0)
    notes.push(format(_('After $0 made room'), namesOf(row.move.after, plan)));
  return notes;
}

function namesOf(numbers, plan) {
  const byNumber = new Map(plan.moves.map(move => [move.number, move.vm]));
  return numbers
    .map(one => byNumber.get(one))
    .filter(Boolean)
    .join(', ');
}

/** The numbers of a plan: leaving, shutDown (stopped and staying), left, skipped (VMs), makespan (seconds; null if not known). */
export function summaryOf(plan) {
  const own = plan.items.filter(item => !item['for-room']);
  const count = state => own.filter(item => item.state === state).length;
  const shutDown = own.filter(
    item => item.action === 'shutdown' && (item.state === 'waiting' || item.state === 'moving')
  ).length;
  return {
    leaving: count('waiting') + count('moving') - shutDown,
    shutDown,
    left: count('left'),
    skipped: count('skipped'),
    forRoom: plan.items.length - own.length,
    makespan: plan.makespan > 0 ? plan.makespan : null,
    highestUse: plan['highest-use'] / 1000,
    shortMemory: plan['short-memory'],
  };
}

/** The summary in sentences. */
export function summaryText(plan) {
  const { leaving, shutDown, makespan, forRoom, highestUse } = summaryOf(plan);
  const hosts = plan.hosts.join(', ');
  const text = [];
  if (leaving === 0)
    text.push(
      plan.kind === 'return'
        ? format(_('No VM can be brought back to $0 now.'), hosts)
        : plan.items.length === 0
          ? format(_('There is no VM on $0.'), hosts)
          : format(_('No VM leaves $0.'), hosts)
    );
  else if (plan.kind === 'return')
    text.push(
      format(
        ngettext('$0 VM comes back to $1.', '$0 VMs come back to $1.', leaving),
        number(leaving),
        hosts
      )
    );
  else
    text.push(
      format(ngettext('$0 VM leaves $1.', '$0 VMs leave $1.', leaving), number(leaving), hosts)
    );
  if (leaving > 0)
    text.push(
      makespan === null
        ? _('How long it takes is not known: the rate of a link is not known yet.')
        : format(_('Expected to take $0.'), seconds(makespan))
    );
  if (shutDown > 0)
    text.push(
      format(ngettext('$0 VM is shut down.', '$0 VMs are shut down.', shutDown), number(shutDown))
    );
  if (forRoom > 0)
    text.push(
      format(
        ngettext(
          '$0 VM of another host moves to make room.',
          '$0 VMs of other hosts move to make room.',
          forRoom
        ),
        number(forRoom)
      )
    );
  if (leaving > 0 && highestUse > 0)
    text.push(format(_('The fullest host is then used to $0.'), percent(highestUse)));
  return text.join(' ');
}

/** What is said of VMs that cannot leave; empty if all can. */
export function leftText(plan) {
  const { left } = summaryOf(plan);
  if (left === 0) return '';
  return plan.kind === 'return'
    ? format(
        ngettext('$0 VM cannot come home now', '$0 VMs cannot come home now', left),
        number(left)
      )
    : format(ngettext('$0 VM cannot leave', '$0 VMs cannot leave', left), number(left));
}

/** By how much the other hosts are too small; empty if they are not. */
export function shortText(plan) {
  const short = plan['short-memory'];
  return short > 0
    ? format(_('All other hosts together lack $0 of memory for these VMs'), size(short))
    : '';
}

/**
 * The options that a plan is asked for with. `choice`: actions (Map of UUID to action), deadline
 * (milliseconds since 1970, or null), moveShutOff, policy and priority ("" for what is configured).
 */
export function planOptions(choice) {
  const options = carryOutOptions(choice);
  if (choice.deadline) options.deadline = choice.deadline * 1000;
  if (choice.moveShutOff) options['move-shut-off'] = true;
  if (choice.actions.size > 0) options.actions = Object.fromEntries(choice.actions);
  return options;
}

/** The options that a plan is carried out with: all else is in the plan. */
export function carryOutOptions({ policy, priority }) {
  const options = {};
  if (policy) options.policy = policy;
  if (priority) options.priority = priority;
  return options;
}

/**
 * Why nothing can be planned for these hosts now, whatever was planned before.
 * @param {string[]} names of hosts
 * @param {object} cluster status, hosts
 * @returns {{text: string, task: number}|null} task: that holds the host, 0 if none does
 */
export function obstacleTo(names, cluster) {
  if (cluster.status !== 'ready')
    return {
      text: _('virternd does not answer. When it is back, this is planned anew by itself.'),
      task: 0,
    };
  for (const name of names) {
    const host = cluster.hosts.get(name);
    if (!host) return { text: format(_('$0 is not a host of ours any more.'), name), task: 0 };
    const text = whyNoDrain(host);
    if (text) return { text, task: host.dutyTask || 0 };
  }
  return null;
}

/** What a plan for these hosts depends on, as one text: another text calls for another plan. */
export function basisOf(names, cluster) {
  const hosts = [...cluster.hosts.values()].map(({ name, state, duty }) => [name, state, duty]);
  const vms = [...cluster.vms.values()]
    .filter(vm => names.includes(vm.host))
    .map(({ uuid, state, locked, drainAction }) => [uuid, state, locked, drainAction]);
  return JSON.stringify([cluster.status, hosts.sort(), vms.sort()]);
}

/** Without actions for VMs that are on none of the plan's hosts any more: the daemon refuses them. */
export function keepActions(actions, vms, hosts) {
  return new Map(
    [...actions].filter(([uuid]) => vms.has(uuid) && hosts.includes(vms.get(uuid).host))
  );
}
