// SPDX-License-Identifier: LGPL-2.1-or-later
// Cockpit's web server on a free port of this machine, with the page in it and nobody to log in.

import { existsSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { eventually, startProgram } from './processes.mjs';
import { builddir } from './cluster.mjs';

const SERVERS = ['/usr/lib/cockpit/cockpit-ws', '/usr/libexec/cockpit-ws'];

/** Where the page was put together to be served. */
export const pageFolder = () => process.env.TERN_PAGE_DIR ?? join(builddir, 'cockpit-stage', 'virtern');

/** Path of cockpit-ws, or undefined. */
export const findServer = () => SERVERS.find((path) => existsSync(path));

const freePort = () => new Promise((resolve, reject) => {
  const server = createServer();

  server.on('error', reject);
  server.listen(0, '127.0.0.1', () => {
    const { port } = server.address();
    server.close(() => resolve(port));
  });
});

/* Only what is named here: neither the machine's own settings of Cockpit nor those of who runs
 * the tests. */
function environment(folder, address) {
  const places = { HOME: 'home', XDG_DATA_HOME: 'data', XDG_CONFIG_HOME: 'config',
    XDG_CONFIG_DIRS: 'no-config', XDG_RUNTIME_DIR: 'run', XDG_CACHE_HOME: 'cache' };
  const env = { PATH: process.env.PATH, LC_ALL: 'C.UTF-8', TZ: 'UTC', XDG_DATA_DIRS: '/usr/share',
    DBUS_SYSTEM_BUS_ADDRESS: address, DBUS_SESSION_BUS_ADDRESS: 'disabled:' };

  for (const [name, place] of Object.entries(places)) {
    env[name] = join(folder, 'cockpit', place);
    mkdirSync(env[name], { recursive: true, mode: 0o700 });
  }
  return env;
}

/** cockpit-ws with one session; it ends by itself when no page was open for 15 s. */
export class Cockpit {
  constructor(folder, address) {
    this.folder = folder;
    this.env = environment(folder, address);
    this.program = null;
    this.origin = '';
    mkdirSync(join(this.env.XDG_DATA_HOME, 'cockpit'));
    symlinkSync(pageFolder(), join(this.env.XDG_DATA_HOME, 'cockpit', 'virtern'));
  }

  get #log() { return join(this.folder, 'cockpit.log'); }

  async #start() {
    const port = await freePort();

    this.program = startProgram('cockpit-ws',
      [findServer(), '--no-tls', '-a', '127.0.0.1', '-p', String(port),
        '--local-session=/usr/bin/cockpit-bridge'], { env: this.env, log: this.#log });
    this.origin = `http://127.0.0.1:${port}`;
    await eventually(async () => {
      if (!this.program.runs)
        throw new Error(readFileSync(this.#log, 'utf8').slice(-1000));
      return (await fetch(`${this.origin}/ping`)).ok;
    }, 'cockpit-ws to answer');
  }

  /**
   * Address of the page, once the server answers; starts it if it does not run.
   * @returns {Promise<string>}
   */
  async address() {
    for (let i = 0; i < 3 && !this.program?.runs; i += 1) {
      try {
        await this.#start();
      } catch (error) {
        if (i === 2)
          throw error;
        await this.program.end();
      }
    }
    return `${this.origin}/cockpit/@localhost/virtern/index.html`;
  }

  /** What it and the bridge wrote. @returns {string} */
  log() { return existsSync(this.#log) ? readFileSync(this.#log, 'utf8').slice(-500) : ''; }

  async stop() { await this.program?.end(); }
}
