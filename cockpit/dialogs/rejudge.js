// SPDX-License-Identifier: LGPL-2.1-or-later
// Asks the daemon anew while a dialog is open and the cluster changes: never twice at a time, and
// not more often than people can read.

import { checkVm } from '../bus/calls.js';

const GAP_MS = 2000;
// What takes the daemon long is asked less often: a fifth of the time at most.
const REST = 4;
const OTHER_CLUSTER = 'host.other-cluster';
const NAMED_AT_MOST = 20;

/**
 * Judges all hosts for a VM. Who takes a host from a list names it, and so need not be told to name
 * one of another cluster: these are judged as named ones.
 * @param {string} vm its UUID
 * @param {object} options of CheckVm
 * @returns {Promise<Array>} as of CheckVm; throws a BusError
 */
export async function judgeHosts(vm, options) {
  const judged = await checkVm(vm, options);
  const away = judged.filter(one => one.reasons.some(({ severity, code }) => severity === 'blocks' && code === OTHER_CLUSTER));
  const named = new Map();
  await Promise.all(away.slice(0, NAMED_AT_MOST).map(async ({ host }) => {
    const answer = await checkVm(vm, { ...options, destination: host });
    const one = answer.find(place => place.host === host);
    if (one) named.set(host, one);
  }));
  const all = judged.map(one => named.get(one.host) || one);
  return [...all.filter(one => one.verdict !== 'no'), ...all.filter(one => one.verdict === 'no')];
}

/**
 * Runs `judge` now and whenever `matters(changes)` says that what it found may be old.
 * @param {object} cluster
 * @param {(changes: object) => boolean} matters
 * @param {() => Promise<void>} judge must not throw
 * @returns {{now(): Promise<void>, stop()}} now(): at once, e.g. when options changed
 */
export function keepJudged(cluster, matters, judge) {
  let running = null;
  let again = false;
  let timer = 0;
  let gap = GAP_MS;
  let stopped = false;

  async function run() {
    clearTimeout(timer);
    timer = 0;
    if (running) {
      again = true;
      return running;
    }
    const begun = performance.now();
    running = judge();
    await running;
    running = null;
    gap = Math.max(GAP_MS, REST * (performance.now() - begun));
    if (again && !stopped) {
      again = false;
      return run();
    }
    return undefined;
  }

  const unsubscribe = cluster.subscribe(changes => {
    if (stopped || timer || cluster.status !== 'ready' || !(changes.status || matters(changes))) return;
    timer = setTimeout(run, gap);
  });
  run();
  return {
    now: run,
    stop() {
      stopped = true;
      clearTimeout(timer);
      unsubscribe();
    },
  };
}
