// SPDX-License-Identifier: LGPL-2.1-or-later
// Tests one after another, told as TAP. Node's own runner tells differently from release to release.

import { inspect } from 'node:util';

const DEFAULT_TIMEOUT_MS = 60000;
const FILE_TIMEOUT_MS = 60000 * Number(process.env.TERN_BROWSER_MINUTES ?? 15);

const tests = [];
const cleanups = [];
const failureHooks = [];
const afterHooks = [];
let ending = null;

const COLOURS = /\x1b\[[0-9;]*m/g;
const diagnostic = (text) => console.log(String(text).replace(COLOURS, '').replace(/^/gm, '# '));

/**
 * Declares a test; run() runs them in this order.
 * @param {string} sentence says what holds
 * @param {() => Promise<void>} body throws if it does not hold
 * @param {{timeout?: number, skip?: string}} [options] timeout in milliseconds; why it is skipped
 */
export function test(sentence, body, options = {}) {
  tests.push({ sentence, body, ...options });
}

/** Writes a line that is no result. @param {string} text */
export const note = diagnostic;

/** Has something ended when the file ends, however it ends: the last first. */
export const atEnd = (cleanup) => cleanups.push(cleanup);

/** Calls a function after each test that passed so far; what it throws fails that test. */
export const afterEach = (hook) => afterHooks.push(hook);

/** Calls a function with the sentence of a test that failed, to keep what can be seen. */
export const onFailure = (hook) => failureHooks.push(hook);

/**
 * Ends everything that was begun; safe to be called again.
 * @returns {Promise<void>}
 */
export function endAll() {
  ending ??= (async () => {
    while (cleanups.length > 0) {
      try {
        await cleanups.pop()();
      } catch (error) {
        diagnostic(`while ending: ${error.message}`);
      }
    }
  })();
  return ending;
}

async function leave(status) {
  await endAll();
  process.exit(status);
}

/** Skips the whole file, with the reason. @param {string} reason */
export async function skipAll(reason) {
  console.log(`1..0 # SKIP ${reason}`);
  await leave(77);
}

async function bailOut(reason) {
  console.log(`Bail out! ${reason}`);
  await leave(1);
}

for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'])
  process.on(signal, () => bailOut(`ended by ${signal}`));
process.on('uncaughtException', (error) => bailOut(error.stack ?? error));
process.on('unhandledRejection', (error) => bailOut(error?.stack ?? inspect(error)));
setTimeout(() => bailOut(`not done after ${FILE_TIMEOUT_MS / 1000} s`), FILE_TIMEOUT_MS).unref();

/**
 * Waits for a promise, but not for ever.
 * @param {Promise<T>} promise
 * @param {number} ms
 * @param {string} what for the sentence of the error
 * @returns {Promise<T>}
 * @template T
 */
export async function within(promise, ms, what) {
  let timer;
  const late = new Promise((resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: nothing within ${ms / 1000} s`)), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

async function attempt({ sentence, body, timeout = DEFAULT_TIMEOUT_MS }) {
  try {
    await within(Promise.resolve().then(body), timeout, 'the test');
    for (const hook of afterHooks)
      await within(hook(), timeout, 'what follows the test');
    return null;
  } catch (error) {
    for (const hook of failureHooks) {
      try {
        await within(hook(sentence), 20000, 'looking at the failure');
      } catch (second) {
        diagnostic(second.message);
      }
    }
    return error;
  }
}

/**
 * Runs the tests and ends the process: 0, or 1 if one failed. TERN_BROWSER_ONLY is a regular
 * expression for the sentences of those to run.
 * @param {{story?: boolean}} [options] story: each goes on where the one before ended, so that none
 *   is run after one that failed
 */
export async function run({ story = false } = {}) {
  const only = new RegExp(process.env.TERN_BROWSER_ONLY ?? '');
  const chosen = tests.filter(({ sentence }) => only.test(sentence));
  let failed = 0;

  console.log(`1..${chosen.length}`);
  for (const [i, one] of chosen.entries()) {
    if (one.skip) {
      console.log(`ok ${i + 1} - ${one.sentence} # SKIP ${one.skip}`);
      continue;
    }
    const error = story && failed > 0 ? 'the one before it failed' : await attempt(one);
    console.log(`${error ? 'not ok' : 'ok'} ${i + 1} - ${one.sentence}`);
    if (error) {
      failed += 1;
      diagnostic(error.stack ?? error);
    }
  }
  await leave(failed > 0 ? 1 : 0);
}
