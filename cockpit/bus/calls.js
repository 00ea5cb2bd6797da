// SPDX-License-Identifier: LGPL-2.1-or-later
// Every method of the daemon that the page uses, with plain arguments and results. Options are
// given by the names of the API (data/org.virtern.Virtern1.xml); what is undefined is left out.
// All throw a BusError. `access` is "user" or "admin".

import { _, format } from '../i18n.js';
import { ROOT, call, variant } from './client.js';

const MANAGER = 'org.virtern.Virtern1.Manager';
const TASK = 'org.virtern.Virtern1.Task';
// Placing thousands of VMs takes the daemon longer than other calls.
const PLAN_TIMEOUT_MS = 120000;

const TYPES = {
  'eject-local-media': 'b', partial: 'b', destination: 's', act: 's', policy: 's', priority: 's',
  bandwidth: 't', 'postcopy-bandwidth': 't', parallel: 'u', compression: 's', tls: 'b',
  expires: 'x', owner: 's', model: 's', baseline: 'b', disable: 'as', clear: 'b', 'dry-run': 'b',
  'peer-uri': 's', 'migration-address': 's', cluster: 's', 'memory-reserve': 't',
  'limit-out': 'u', 'limit-in': 'u', 'link-rate': 't', deadline: 'x', actions: 'a{ss}',
  'move-shut-off': 'b', return: 'b', 'drain-action': 's', abort: 'b', vm: 's', host: 's',
  state: 's', before: 't', limit: 'u', parent: 't', out: 'u', in: 'u', reset: 'b',
};

function optionsOf(values) {
  const options = {};
  for (const [key, value] of Object.entries(values || {})) {
    if (value === undefined) continue;
    if (!(key in TYPES)) throw new TypeError('no option: ' + key);
    options[key] = variant(TYPES[key], value);
  }
  return options;
}

async function manager(method, signature, args, options, how) {
  return call(ROOT, MANAGER, method, signature + 'a{sv}', [...args, optionsOf(options)], how);
}

async function onTask(id, method, signature, args, options, access) {
  try {
    return await call(ROOT + '/tasks/' + id, TASK, method, signature + 'a{sv}',
                      [...args, optionsOf(options)], { access });
  } catch (error) {
    if (error.name === 'Gone')
      error.message = format(_('Task $0 has ended long ago; there is nothing left to do to it.'), id);
    throw error;
  }
}

/** The id of a task from its object path; 0 for none. */
function taskId(path) {
  return path === '/' ? 0 : Number(path.slice(path.lastIndexOf('/') + 1));
}

// What may be asked by everybody

/** @returns {Promise<Array>} a judgement for each host, the best first: see CheckVm */
export async function checkVm(vm, options) {
  return (await manager('CheckVm', 's', [vm], options))[0];
}

/** Measures for a second or two. @returns {Promise<object>} see Forecast */
export async function forecast(vm, destination, options) {
  return (await manager('Forecast', 'ss', [vm, destination], options))[0];
}

/** @returns {Promise<{moves: Array, refused: Array}>} what migrateGroup would do */
export async function plan(vms, options) {
  const [moves, refused] = await manager('Plan', 'as', [vms], options, { timeoutMs: PLAN_TIMEOUT_MS });
  return { moves, refused };
}

/** @returns {Promise<{document: string, plan: object}>} the sealed plan, as text and read */
export async function planDrain(hosts, options) {
  const [document] = await manager('PlanDrain', 'as', [hosts], options, { timeoutMs: PLAN_TIMEOUT_MS });
  return { document, plan: JSON.parse(document) };
}

/** @returns {Promise<{document: string, plan: object}>} */
export async function planReturn(host) {
  const [document] = await manager('PlanReturn', 's', [host], {}, { timeoutMs: PLAN_TIMEOUT_MS });
  return { document, plan: JSON.parse(document) };
}

/** @returns {Promise<Array>} VMs that drains took away and that are not home */
export async function listOrigins(host) {
  return (await manager('ListOrigins', '', [], { host }))[0];
}

/** @returns {Promise<{tasks: Array, next: number}>} one page of the history, newest first */
export async function listTasks(options) {
  const [tasks, next] = await manager('ListTasks', '', [], options);
  return { tasks, next };
}

/** @returns {Promise<object>} a task, also one that ended long ago */
export async function getTask(id) {
  return (await call(ROOT, MANAGER, 'GetTask', 't', [id]))[0];
}

/**
 * How a task went: phases {time, phase}, samples {time, remaining, processed, dirtyRate, rate,
 * iteration} and steps {time, sentence}; times in microseconds since 1970, 0 if not known.
 * @returns {Promise<{phases: Array, samples: Array, steps: Array}>}
 */
export async function getTrace(id) {
  const [phases, samples, steps] = await manager('GetTrace', 't', [id], {});
  return {
    phases: phases.map(([time, phase]) => ({ time, phase })),
    samples: samples.map(([time, remaining, processed, dirtyRate, rate, iteration]) =>
      ({ time, remaining, processed, dirtyRate, rate, iteration })),
    steps: steps.map(([time, sentence]) => ({ time, sentence })),
  };
}

/** @returns {Promise<object>} see GetBaseline */
export async function getBaseline(options) {
  return (await manager('GetBaseline', '', [], options))[0];
}

// Acts

/** @returns {Promise<number>} the task's id */
export async function migrate(vm, destination, options, access) {
  return taskId((await manager('Migrate', 'ss', [vm, destination], options, { access }))[0]);
}

/** @returns {Promise<{tasks: number[], refused: Array}>} */
export async function migrateGroup(vms, options, access) {
  const [paths, refused] = await manager('MigrateGroup', 'as', [vms], options, { access });
  return { tasks: paths.map(taskId), refused };
}

/** @returns {Promise<number>} the task's id */
export async function startVm(vm, host, access) {
  return taskId((await manager('StartVm', 'ss', [vm, host], {}, { access }))[0]);
}

/** `expires` is in microseconds since 1970, or undefined for never. */
export async function lockVm(vm, reason, expires, access) {
  await manager('LockVm', 'ss', [vm, reason], { expires }, { access });
}

/** Takes a lock away. */
export async function unlockVm(vm, access) {
  await manager('UnlockVm', 's', [vm], {}, { access });
}

/** @returns {Promise<object>} see MaskVm; nothing is changed with "dry-run" */
export async function maskVm(vm, options, access) {
  return (await manager('MaskVm', 's', [vm], options, { access }))[0];
}

/** Sets what a drain does with a VM; "" forgets it. */
export async function setDrainAction(vm, action, access) {
  await manager('SetVm', 's', [vm], { 'drain-action': action }, { access });
}

/** Stores a host, once it has answered. @param {object} options of AddHost */
export async function addHost(name, uri, options, access) {
  await manager('AddHost', 'ss', [name, uri], options, { access });
}

/** Forgets a host; nothing on it changes. */
export async function removeHost(name, access) {
  await manager('RemoveHost', 's', [name], {}, { access });
}

/** @param {object} options of SetHost: only what is to change */
export async function setHost(name, options, access) {
  await manager('SetHost', 's', [name], options, { access });
}

/** Carries out a plan of planDrain or planReturn. @returns {Promise<number>} the task's id */
export async function applyPlan(document, options, access) {
  return taskId((await manager('ApplyPlan', 's', [document], options, { access }))[0]);
}

/** @returns {Promise<number>} the return task's id; 0 if nobody was to be brought back */
export async function activate(host, bringBack, access) {
  return taskId((await manager('Activate', 's', [host], { return: bringBack }, { access }))[0]);
}

/** @param {object} options abort: of a drain, cancel also what is under way */
export async function cancelTask(id, { abort } = {}, access) {
  await onTask(id, 'Cancel', '', [], { abort }, access);
}

/** Carries a move on by another policy. */
export async function switchPolicy(id, policy, access) {
  await onTask(id, 'SwitchPolicy', 's', [policy], {}, access);
}

/** `keep` is "source" or "destination"; `vm` the VM's name, typed once more. */
export async function resolveTask(id, keep, vm, access) {
  await onTask(id, 'Resolve', 's', [keep], { vm }, access);
}

/** Has both hosts of a task in attention asked once more; nothing is ended. */
export async function recheckTask(id, access) {
  await onTask(id, 'Recheck', '', [], {}, access);
}

/** @returns {Promise<number>} the new drain's id */
export async function resumeDrain(id, access) {
  return taskId((await onTask(id, 'Resume', '', [], {}, access))[0]);
}

/** @returns {Promise<number>} the return task's id */
export async function undoDrain(id, access) {
  return taskId((await onTask(id, 'Undo', '', [], {}, access))[0]);
}
