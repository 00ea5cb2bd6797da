// SPDX-License-Identifier: LGPL-2.1-or-later
// Tells of tasks that ended, or need a person, while one looks elsewhere: each in a sentence, and of
// an order of several VMs in one.

import { N_, _, format } from './i18n.js';
import { number } from './model/format.js';
import { hostsOf, isOfHosts, isOpen, title } from './model/tasks.js';
import { taskState } from './model/words.js';
import { link } from './ui/button.js';
import { toast } from './ui/toast.js';

const TONES = { done: 'success', failed: 'danger', attention: 'danger', remainder: 'warning', cancelled: 'info' };

/* $0 is the VM, or the hosts of a drain; $1 where it goes. */
const SENTENCES = {
  migrate: {
    done: N_('$0 was migrated to $1'),
    failed: N_('Migrating $0 to $1 failed'),
    cancelled: N_('Migrating $0 to $1 was cancelled'),
    attention: N_('Migrating $0 needs your decision: look at $0 before anything else'),
  },
  start: {
    done: N_('$0 was started on $1'),
    failed: N_('Starting $0 failed'),
    cancelled: N_('Starting $0 was cancelled'),
    attention: N_('Starting $0 needs a person: look at $0 before anything else'),
  },
  drain: {
    done: N_('$0 is drained'),
    failed: N_('Draining $0 failed'),
    cancelled: N_('Draining $0 was cancelled'),
    remainder: N_('Draining $0 has ended, and VMs are left there'),
  },
  return: {
    done: N_('The VMs of $0 are back'),
    failed: N_('Bringing the VMs of $0 back failed'),
    cancelled: N_('Bringing the VMs of $0 back was cancelled'),
    remainder: N_('Some VMs of $0 did not come back'),
  },
};

const TWICE = () => _('$0 RUNS TWICE, on $1 and on $2: it needs your decision now');

function runsTwice(task, cluster) {
  const vm = cluster.vms && cluster.vms.get(task.vmUuid);
  const hosts = vm ? vm.seenOn.filter(([, state]) => state === 'running').map(([host]) => host) : [];
  return hosts.length > 1 ? hosts : null;
}

function sentence(task, cluster) {
  const twice = task.state === 'attention' && runsTwice(task, cluster);
  if (twice) return format(TWICE(), task.vm, ...twice);
  const words = (SENTENCES[task.kind] || {})[task.state];
  const known = isOfHosts(task) || task.destination || !words || !words.includes('$1');
  if (!words || !known) return format(_('$0: $1'), title(task), taskState(task.state));
  return format(_(words), isOfHosts(task) ? hostsOf(task).join(', ') : task.vm, task.destination);
}

const PARTS = [['done', N_('$0 done')], ['failed', N_('$0 failed')], ['cancelled', N_('$0 cancelled')], ['attention', N_('$0 to be decided')]];

function orderSentence(states, ended) {
  const count = state => states.filter(one => one === state).length;
  const parts = PARTS.filter(([state]) => count(state)).map(([state, text]) => format(_(text), number(count(state))));
  return format(ended ? _('The order for $0 VMs has ended: $1') : _('The order for $0 VMs goes on: $1'),
                number(states.length), parts.join(', '));
}

function orderTone(states) {
  return ['attention', 'failed', 'cancelled'].filter(state => states.includes(state)).map(state => TONES[state])[0] || 'success';
}

/* States of the tasks of each order that has not ended yet. */
class Orders {
  constructor() {
    this.orders = new Map();
  }

  note(task) {
    if (!task.group || task.parent) return;
    if (!this.orders.has(task.group)) this.orders.set(task.group, new Map());
    this.orders.get(task.group).set(task.id, task.state);
  }

  forget(id) {
    for (const members of this.orders.values()) members.delete(id);
  }

  /** States of the order that a task is of; null if it stands alone. */
  statesOf(task) {
    const members = !task.parent && this.orders.get(task.group);
    return members && members.size > 1 ? [...members.values()] : null;
  }

  /** Lets go of orders of which nothing is open. */
  tidy() {
    for (const [id, members] of this.orders)
      if (![...members.values()].some(state => isOpen({ state }))) this.orders.delete(id);
  }
}

/**
 * Watches the tasks of a cluster; `isInView(task)` says whether the person sees it anyway, and
 * `tell(tone, sentence, task, order)` shows it; `order` is the id of an order that is told as one.
 */
export function watchTasks(cluster, isInView, tell = show) {
  const states = new Map();
  const orders = new Orders();

  /* Of an order the end is told, and before that only what is bad. */
  function tellOrder(task, all) {
    const ended = !all.some(state => isOpen({ state }));
    if (ended || task.state === 'failed') tell(orderTone(all), orderSentence(all, ended), task, task.group);
  }

  function seen(id, quiet) {
    const task = cluster.tasks.get(id);
    const before = states.get(id);
    if (!task || quiet || before === task.state) return null;
    // What a drain does is told by the drain.
    if (!(task.state in TONES) || (task.parent && task.state !== 'attention') || isInView(task)) return null;
    return task;
  }

  function remember(id) {
    const task = cluster.tasks.get(id);
    if (task) {
      states.set(id, task.state);
      orders.note(task);
    } else if (states.delete(id)) {
      orders.forget(id);
    }
  }

  cluster.subscribe(changes => {
    // After the daemon was away the states are taken as they are: what ended meanwhile is history.
    const news = [...changes.tasks].map(id => seen(id, changes.status)).filter(Boolean);
    for (const id of changes.tasks) remember(id);
    const told = new Set();
    for (const task of news) {
      const all = orders.statesOf(task);
      if (!all || task.state === 'attention') tell(TONES[task.state], sentence(task, cluster), task);
      // Several that ended at once are one piece of news.
      if (all && !told.has(task.group + task.state)) tellOrder(task, all);
      told.add(task.group + task.state);
    }
    orders.tidy();
  });
}

function show(tone, text, task, order) {
  if (order) toast(tone, text, link(['tasks'], _('Show the tasks')), { key: 'order ' + order });
  else toast(tone, text, link(['tasks', String(task.id)], _('Show the task')));
}
