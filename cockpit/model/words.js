// SPDX-License-Identifier: LGPL-2.1-or-later
// The daemon's words (states, phases, kinds, …) as people read them.

import { C_, NC_, N_, _ } from '../i18n.js';

const STATES = {
  queued: { text: NC_('task state', 'Queued'), tone: 'grey' },
  running: { text: NC_('task state', 'Running'), tone: 'blue' },
  done: { text: NC_('task state', 'Done'), tone: 'green' },
  failed: { text: NC_('task state', 'Failed'), tone: 'red' },
  cancelled: { text: NC_('task state', 'Cancelled'), tone: 'grey' },
  remainder: { text: NC_('task state', 'Remainder'), tone: 'orange' },
  attention: { text: NC_('task state', 'Attention'), tone: 'red' },
};

const PHASES = {
  queued: N_('Waiting'),
  checking: N_('Checking'),
  preparing: N_('Preparing'),
  copying: N_('Copying memory'),
  switching: N_('Switching over'),
  'post-copy': N_('Post-copy'),
  recovering: N_('Recovering post-copy'),
  cancelling: N_('Cancelling'),
  following: N_('Following'),
  verifying: N_('Verifying'),
  repairing: N_('Repairing'),
  resolving: N_('Resolving'),
  defining: N_('Defining'),
  starting: N_('Starting'),
  'shutting-down': N_('Shutting down'),
  draining: N_('Draining'),
  returning: N_('Bringing back'),
  done: N_('Done'),
  failed: N_('Failed'),
  cancelled: N_('Cancelled'),
  remainder: N_('Remainder'),
  attention: N_('Attention'),
};

const KINDS = {
  migrate: NC_('kind of task', 'Migrate'),
  start: NC_('kind of task', 'Start'),
  relocate: NC_('kind of task', 'Relocate'),
  shutdown: NC_('kind of task', 'Shut down'),
  drain: NC_('kind of task', 'Drain'),
  return: NC_('kind of task', 'Return'),
};

const VM_STATES = {
  running: { text: NC_('VM state', 'Running'), tone: 'green' },
  paused: { text: NC_('VM state', 'Paused'), tone: 'orange' },
  'shutting-down': { text: NC_('VM state', 'Shutting down'), tone: 'orange' },
  'shut-off': { text: NC_('VM state', 'Shut off'), tone: 'grey' },
  crashed: { text: NC_('VM state', 'Crashed'), tone: 'red' },
  suspended: { text: NC_('VM state', 'Suspended'), tone: 'orange' },
  unknown: { text: NC_('VM state', 'Unknown'), tone: 'red' },
};

const DUTIES = {
  active: NC_('duty of a host', 'Active'),
  draining: NC_('duty of a host', 'Draining'),
  maintenance: NC_('duty of a host', 'Maintenance'),
  returning: NC_('duty of a host', 'Returning'),
};

const POLICIES = {
  careful: { text: N_('Careful'), hint: N_('Lengthens the switchover step by step, then gives up; the guest is never slowed down') },
  default: { text: N_('Default'), hint: N_('Also slows the guest down if its memory changes too fast, then gives up') },
  postcopy: { text: N_('Post-copy'), hint: N_('Switches over first and brings the rest of the memory afterwards; if the network fails then, the guest stands still') },
  force: { text: N_('Force'), hint: N_('Pauses the guest for as long as the rest of the copy takes') },
};

const PRIORITIES = { low: N_('Low'), normal: N_('Normal'), high: N_('High') };

/* In many languages a task, a VM and a host are “running” or “draining” in different words. */
function look(table, word, context) {
  const entry = table[word];
  if (!entry) return word;
  const text = typeof entry === 'string' ? entry : entry.text;
  return context ? C_(context, text) : _(text);
}

/** A task's state. */
export const taskState = word => look(STATES, word, 'task state');
/** The colour of a task's state: grey, blue, green, orange or red. */
export const taskTone = word => (STATES[word] || { tone: 'grey' }).tone;
/** What a task does now. */
export const phase = word => look(PHASES, word);
/** The kind of a task. */
export const kind = word => look(KINDS, word, 'kind of task');
/** A VM's state. */
export const vmState = word => look(VM_STATES, word, 'VM state');
/** The colour of a VM's state. */
export const vmTone = word => (VM_STATES[word] || { tone: 'grey' }).tone;
/** What a host is there for. */
export const duty = word => look(DUTIES, word, 'duty of a host');
/** A policy's name. */
export const policy = word => look(POLICIES, word);
/** A sentence on what a policy does. */
export const policyHint = word => (POLICIES[word] ? _(POLICIES[word].hint) : '');
/** A priority's name. */
export const priority = word => look(PRIORITIES, word);
/** All policies, in the order people choose from. */
export const POLICY_NAMES = Object.keys(POLICIES);
/** All priorities, the highest first. */
export const PRIORITY_NAMES = ['high', 'normal', 'low'];
/** All states of a task. */
export const TASK_STATES = Object.keys(STATES);

/** What is shown where there is nothing to show. */
export const none = () => C_('no value', '–');
