// SPDX-License-Identifier: LGPL-2.1-or-later
// Programs that the tests start: they end with the tests, whichever way those end.

import { spawn } from 'node:child_process';
import { createWriteStream, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { atEnd, within } from './tap.mjs';

const END_TIMEOUT_MS = 10000;

/** A folder that is gone after the tests. @returns {string} its path */
export function makeFolder() {
  const folder = mkdtempSync(join(process.env.TMPDIR ?? tmpdir(), 'tern-browser-'));

  atEnd(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 }));
  return folder;
}

/**
 * Resolves after some time, for loops that look again.
 * @param {number} ms
 */
export const pause = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });

/**
 * Looks again and again until something is so.
 * @param {() => Promise<T>} look returns something true when it is so; an error counts as not yet
 * @param {string} what completes "waited for", in the sentence of the error
 * @param {number} [ms] how long at most
 * @returns {Promise<T>} what look returned
 * @template T
 */
export async function eventually(look, what, ms = 15000) {
  const until = Date.now() + ms;
  let last = null;

  for (;;) {
    try {
      const found = await look();
      if (found)
        return found;
      last = null;
    } catch (error) {
      last = error;
    }
    if (Date.now() > until)
      throw new Error(`waited ${ms / 1000} s for ${what}${last ? `: ${last.message}` : ''}`);
    await pause(50);
  }
}

/** One program that runs. */
class Program {
  constructor(name, child) {
    this.name = name;
    this.child = child;
    this.status = null;
    this.ended = new Promise((resolve) => {
      child.on('error', (error) => { this.status = error.message; resolve(); });
      child.on('exit', (code, signal) => { this.status = signal ?? code; resolve(); });
    });
  }

  get runs() { return this.status === null; }

  get pid() { return this.child.pid; }

  /** Sends a signal. @param {string} signal such as SIGSTOP */
  signal(signal) { this.child.kill(signal); }

  /** Ends it, gently first. @param {string} [signal] the first to be sent */
  async end(signal = 'SIGTERM') {
    if (!this.runs)
      return;
    this.child.kill(signal);
    this.child.kill('SIGCONT');
    try {
      await within(this.ended, END_TIMEOUT_MS, `the end of ${this.name}`);
    } catch {
      this.child.kill('SIGKILL');
      await this.ended;
    }
  }
}

/**
 * Starts a program. It is killed if this process dies, too.
 * @param {string} name for sentences
 * @param {string[]} argv
 * @param {{env?: object, log: string, uid?: number, pipe?: boolean}} options its environment; the
 *   file for what it writes; as whom it runs; whether child.stdout is wanted
 * @returns {Program}
 */
export function startProgram(name, argv, { env = process.env, log, uid, pipe = false }) {
  const file = createWriteStream(log, { flags: 'a' });
  const wrapper = ['--pdeathsig', 'KILL'];

  if (uid !== undefined)
    wrapper.push(`--reuid=${uid}`, `--regid=${uid}`, '--clear-groups');
  const child = spawn('setpriv', [...wrapper, '--', ...argv],
    { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const program = new Program(name, child);
  child.stderr.pipe(file);
  if (!pipe)
    child.stdout.pipe(file, { end: false });
  atEnd(() => program.end());
  return program;
}

/**
 * Runs a program to its end.
 * @param {string[]} argv
 * @param {{env?: object, timeout?: number}} [options] timeout in milliseconds
 * @returns {Promise<{status: number|string, stdout: string, stderr: string}>}
 */
export async function runProgram(argv, { env = process.env, timeout = 30000 } = {}) {
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', '--', ...argv],
    { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const program = new Program(argv[0], child);
  const out = { stdout: '', stderr: '' };

  for (const name of ['stdout', 'stderr'])
    child[name].setEncoding('utf8').on('data', (text) => { out[name] += text; });
  const closed = new Promise((resolve) => { child.on('close', resolve); });
  try {
    await within(Promise.all([program.ended, closed]), timeout, argv.join(' '));
  } finally {
    await program.end('SIGKILL');
  }
  return { status: program.status, ...out };
}
