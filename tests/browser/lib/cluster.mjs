// SPDX-License-Identifier: LGPL-2.1-or-later
// A bus of our own, and the daemon with a simulated cluster on it.

import { chmodSync, chownSync, copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync }
  from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { eventually, runProgram, startProgram } from './processes.mjs';
import { within } from './tap.mjs';

/** Where the sources are and where they were built. */
export const srcdir = process.env.TOP_SRCDIR
  ?? join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..');
export const builddir = process.env.TOP_BUILDDIR ?? srcdir;

const BUS_NAME = 'org.virtern.Virtern1';
/* "nobody": somebody who is neither root nor whoever runs the tests. */
const OTHER_UID = 65534;

/* As many calls at a time as Debian's system bus grants. */
const busConfig = (folder, closed) => `<!DOCTYPE busconfig PUBLIC
  "-//freedesktop//DTD D-BUS Bus Configuration 1.0//EN"
  "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>custom</type>
  <listen>unix:path=${folder}/bus</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow user="*"/>
    <allow own="*"/>
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    ${closed ? `<deny send_destination="${BUS_NAME}"/>` : ''}
  </policy>
  <limit name="max_replies_per_connection">128</limit>
</busconfig>
`;

/** Reads what a program wrote, for sentences about it. */
const tail = (path) => (existsSync(path) ? readFileSync(path, 'utf8').slice(-700) : '');

async function startBus(folder, closed) {
  const config = join(folder, 'bus.conf');

  writeFileSync(config, busConfig(folder, closed));
  const program = startProgram('dbus-daemon',
    ['dbus-daemon', `--config-file=${config}`, '--nofork', '--print-address'],
    { log: join(folder, 'bus.log'), pipe: true });
  const address = await within(new Promise((resolve) => {
    program.child.stdout.setEncoding('utf8').once('data', (text) => resolve(text.trim()));
    program.ended.then(() => resolve(''));
  }), 10000, 'the address of the bus');
  if (!address)
    throw new Error(`no private bus: ${tail(join(folder, 'bus.log'))}`);
  return address;
}

/** A bus with virternd on it; made by startCluster(). */
export class Cluster {
  constructor(folder, address, options) {
    this.folder = folder;
    this.address = address;
    this.options = options;
    this.daemon = null;
    this.env = { ...process.env, DBUS_SESSION_BUS_ADDRESS: address,
      DBUS_SYSTEM_BUS_ADDRESS: address, LC_ALL: 'C.UTF-8', TZ: 'UTC' };
    delete this.env.NOTIFY_SOCKET;
    delete this.env.VIRTERN_BUS;
  }

  get #log() { return join(this.folder, 'virternd.log'); }

  /* Without root, polkit is asked, which is not on this bus; with root, which polkit is not
   * asked about, the daemon is somebody else's, whom it alone serves on a session bus; the build folder may
   * be closed to that user. */
  #arguments(refusing) {
    const { simulate, speed } = this.options;
    const state = join(this.folder, refusing ? 'state-other' : 'state');
    const uid = refusing && process.getuid() === 0 ? OTHER_UID : undefined;
    let program = join(builddir, 'virternd');

    mkdirSync(state, { recursive: true, mode: 0o700 });
    if (uid !== undefined) {
      chownSync(state, uid, uid);
      program = join(this.folder, 'virternd');
      copyFileSync(join(builddir, 'virternd'), program);
    }
    const argv = [program, '--config', join(this.folder, 'virternd.conf'),
      '--simulate', simulate, '--speed', String(speed), '--state-dir', state];
    if (!refusing || uid !== undefined)
      argv.push('--session');
    return { argv, uid };
  }

  /**
   * Starts the daemon; returns when it has its name on the bus.
   * @param {{refusing?: boolean}} [options] refusing: nobody is allowed to do anything
   */
  async start({ refusing = false } = {}) {
    const { argv, uid } = this.#arguments(refusing);

    this.daemon = startProgram('virternd', argv, { env: this.env, log: this.#log, uid });
    await eventually(async () => {
      if (!this.daemon.runs)
        throw new Error(`virternd ended (${this.daemon.status}): ${tail(this.#log)}`);
      return (await this.busCall('org.freedesktop.DBus', '/org/freedesktop/DBus',
        'org.freedesktop.DBus', 'NameHasOwner', 's', BUS_NAME)).trim() === 'b true';
    }, 'virternd on the bus', 30000);
  }

  /** Ends the daemon. @param {string} [signal] SIGKILL for a crash */
  async stop(signal = 'SIGTERM') {
    await this.daemon?.end(signal);
  }

  /**
   * Calls a method as busctl does.
   * @returns {Promise<string>} what busctl printed
   */
  async busCall(...words) {
    const { status, stdout, stderr } = await runProgram(
      ['busctl', `--address=${this.address}`, '--timeout=30', 'call', ...words],
      { env: this.env, timeout: 40000 });

    if (status !== 0)
      throw new Error(`${words.slice(3).join(' ')}: ${stderr.trim()}`);
    return stdout;
  }

  /**
   * Runs the command on this cluster, however it ends.
   * @param {string[]} argv without "virtern" and "--session"
   * @returns {Promise<{status: number|string, stdout: string, stderr: string}>}
   */
  tryVirtern(...argv) {
    return runProgram([join(builddir, 'virtern'), '--session', ...argv],
      { env: this.env, timeout: 60000 });
  }

  /**
   * As tryVirtern(), but throws unless it ended with 0.
   * @returns {Promise<string>} its standard output
   */
  async virtern(...argv) {
    const { status, stdout, stderr } = await this.tryVirtern(...argv);

    if (status !== 0)
      throw new Error(`virtern ${argv.join(' ')} ended with ${status}: ${stderr}`);
    return stdout;
  }

  /** As virtern(), with --json. @returns {Promise<object>} */
  async json(...argv) { return JSON.parse(await this.virtern('--json', ...argv)); }

  /** What the daemon wrote, for failures. @returns {string} */
  log() { return tail(this.#log); }
}

function writeSnapshot(folder, cluster) {
  const path = join(folder, 'cluster.json');

  if (typeof cluster === 'string')
    copyFileSync(isAbsolute(cluster) ? cluster : join(srcdir, cluster), path);
  else
    writeFileSync(path, JSON.stringify({ 'virtern-snapshot': 1, ...cluster }));
  return path;
}

/**
 * Starts a bus, and virternd with a simulated cluster on it.
 * @param {string} folder for its files
 * @param {{cluster?: string|object, speed?: number, config?: string, daemon?: boolean,
 *   closed?: boolean, address?: string}} [options] the snapshot, as a path below the sources or as an object; how fast
 *   its time runs; the text of virternd.conf; daemon: false for a bus alone; closed: the bus lets
 *   nobody talk to the daemon; address: of a bus on which a daemon is served already
 * @returns {Promise<Cluster>}
 */
export async function startCluster(folder, options = {}) {
  const { cluster = 'tests/browser/clusters/office.json', speed = 1, daemon = true,
    closed = false, address = null, config = '[migration]\nstall-timeout = 3600\n' } = options;

  chmodSync(folder, 0o755);
  writeFileSync(join(folder, 'virternd.conf'), config);
  if (address !== null)
    return new Cluster(folder, address, {});
  const made = new Cluster(folder, await startBus(folder, closed),
    { simulate: writeSnapshot(folder, cluster), speed });
  if (daemon)
    await made.start();
  return made;
}
