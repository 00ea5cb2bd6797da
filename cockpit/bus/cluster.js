// SPDX-License-Identifier: LGPL-2.1-or-later
// A mirror of the daemon's objects: hosts, VMs, open tasks. It fills itself again when the daemon
// comes back, and says what changed in batches.

import { ROOT, call, channelOf, closeChannel, plain, tryAdmin } from './client.js';
import { fromCockpit } from './errors.js';

const MANAGER = 'org.virtern.Virtern1.Manager';
const KINDS = {
  'org.virtern.Virtern1.Host': { map: 'hosts', key: 'name' },
  'org.virtern.Virtern1.Vm': { map: 'vms', key: 'uuid' },
  'org.virtern.Virtern1.Task': { map: 'tasks', key: 'id' },
};
const RETRY_MS = 3000;
// A daemon that hangs keeps its name, and tells nothing: so it is asked, and not answering shows.
const PULSE_MS = 10000;
const PULSE_TIMEOUT_MS = 15000;

/**
 * status: "connecting" (nothing is known yet), "ready", "absent" (no daemon answers; the maps hold
 * what was last seen, at `seenAt`, milliseconds since 1970), "denied" (this user may not talk to it).
 * hosts by name, vms by UUID, tasks by id: property names begin in lower case. Objects are
 * replaced by new ones when they change, never altered.
 */
export class Cluster {
  /** @param {{pulseMs, pulseTimeoutMs, retryMs}} [times] other ones than usual, for tests */
  constructor({ pulseMs = PULSE_MS, pulseTimeoutMs = PULSE_TIMEOUT_MS, retryMs = RETRY_MS } = {}) {
    this.times = { pulseMs, pulseTimeoutMs, retryMs };
    this.status = 'connecting';
    this.problem = null;
    this.seenAt = 0;
    this.heardAt = 0;
    this.manager = {};
    this.hosts = new Map();
    this.vms = new Map();
    this.tasks = new Map();
    this.paths = new Map();
    this.listeners = new Set();
    this.changes = null;
    this.loaded = false;
    this.waiting = [];
    this.owner = undefined;
    this.epoch = 0;
    this.channel = null;
    this.retry = 0;
    this.pulse = 0;
  }

  /** `listener({status, manager, hosts, vms, tasks})`: flags, and sets of keys that changed or went. */
  subscribe(listener) {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Begins to watch; returns at once. */
  start() {
    clearTimeout(this.retry);
    this.channel = channelOf('user');
    this.owner = undefined;
    const channel = this.channel;
    channel.addEventListener('owner', (event, owner) => this.#ownerChanged(channel, owner));
    channel.addEventListener('close', (event, options) => this.#closed(channel, options));
    for (const iface of ['org.freedesktop.DBus.ObjectManager', 'org.freedesktop.DBus.Properties'])
      channel.subscribe({ interface: iface, path_namespace: ROOT },
                        (path, from, name, args) => this.#signal(channel, path, name, args));
    this.#load();
  }

  /** Tries again at once. */
  reconnect() {
    this.channel = null;
    closeChannel('user');
    this.start();
  }

  /* Over the channel that there is: closing it would cut off what is asked of the daemon now. */
  #again() {
    if (this.loaded) return;
    if (this.channel) this.#load();
    else this.start();
  }

  async #load() {
    clearTimeout(this.retry);
    const epoch = ++this.epoch;
    this.waiting = [];
    let objects;
    try {
      [objects] = await call(ROOT, 'org.freedesktop.DBus.ObjectManager', 'GetManagedObjects', '', []);
      const [manager] = await call(ROOT, 'org.freedesktop.DBus.Properties', 'GetAll', 's', [MANAGER]);
      this.manager = manager;
    } catch (error) {
      if (epoch === this.epoch) this.#failed(error);
      return;
    }
    if (epoch !== this.epoch) return;
    this.heardAt = Date.now();
    this.#replace(objects);
    this.#pulseLater();
  }

  #pulseLater() {
    clearTimeout(this.pulse);
    this.pulse = setTimeout(() => this.#feel(), this.times.pulseMs);
  }

  async #feel() {
    const { epoch } = this;
    let silent = null;
    try {
      await call(ROOT, 'org.freedesktop.DBus.Properties', 'Get', 'ss', [MANAGER, 'Version'],
                 { timeoutMs: this.times.pulseTimeoutMs });
    } catch (error) {
      if (error.name === 'Lost') silent = error;
    }
    if (epoch !== this.epoch || !this.loaded) return;
    if (silent) {
      this.#failed(silent);
      return;
    }
    this.heardAt = Date.now();
    this.#pulseLater();
  }

  #replace(objects) {
    for (const map of ['hosts', 'vms', 'tasks']) {
      for (const key of this[map].keys()) this.#touch(map, key);
      this[map].clear();
    }
    this.paths.clear();
    for (const [path, interfaces] of Object.entries(objects)) this.#add(path, interfaces);
    this.loaded = true;
    // Those that the answer held already do no harm: the last of each says what is so now.
    for (const [path, name, args] of this.waiting.splice(0)) this.#apply(path, name, args);
    this.problem = null;
    this.#setStatus('ready');
    this.#touch('manager');
  }

  #add(path, interfaces) {
    for (const [name, props] of Object.entries(interfaces)) {
      const kind = KINDS[name];
      if (!kind) continue;
      const object = { ...props, path };
      const key = object[kind.key];
      this.paths.set(path, { map: kind.map, key });
      this[kind.map].set(key, object);
      this.#touch(kind.map, key);
    }
  }

  #signal(channel, path, name, args) {
    if (channel !== this.channel) return;
    this.heardAt = Date.now();
    if (this.loaded) this.#apply(path, name, args);
    else this.waiting.push([path, name, args]);
  }

  #apply(path, name, args) {
    if (name === 'InterfacesAdded') this.#add(args[0], plain(args[1]));
    else if (name === 'InterfacesRemoved') this.#remove(args[0]);
    else if (name === 'PropertiesChanged') this.#changed(path, args[0], plain(args[1]));
  }

  #remove(path) {
    const where = this.paths.get(path);
    if (!where) return;
    this.paths.delete(path);
    this[where.map].delete(where.key);
    this.#touch(where.map, where.key);
  }

  #changed(path, iface, props) {
    if (iface === MANAGER) {
      this.manager = { ...this.manager, ...props };
      this.#touch('manager');
      return;
    }
    const where = this.paths.get(path);
    if (!where) return;
    this[where.map].set(where.key, { ...this[where.map].get(where.key), ...props });
    this.#touch(where.map, where.key);
  }

  #ownerChanged(channel, owner) {
    if (channel !== this.channel) return;
    const first = this.owner === undefined;
    this.owner = owner || null;
    // A new channel tells its owner while the first call is under way: asking twice takes twice as long.
    if (first) return;
    this.epoch++;
    this.loaded = false;
    if (owner) this.#load();
    else this.#failed({ name: 'Absent', message: '' });
  }

  #closed(channel, options) {
    if (channel !== this.channel) return;
    this.channel = null;
    this.epoch++;
    this.#failed(fromCockpit(options || {}));
  }

  #failed(error) {
    if (this.status === 'ready') this.seenAt = this.heardAt;
    this.loaded = false;
    this.problem = error;
    const denied = error.name === 'NotAuthorized';
    this.#setStatus(denied ? 'denied' : 'absent');
    clearTimeout(this.pulse);
    clearTimeout(this.retry);
    this.retry = setTimeout(() => {
      // Whom the bus does not let in may have administrative access by now.
      if (denied) {
        tryAdmin();
        this.reconnect();
      } else {
        this.#again();
      }
    }, this.times.retryMs);
  }

  #setStatus(status) {
    // Still away is no news; ready again is, since everything was read anew.
    if (status === this.status && status !== 'ready') return;
    this.status = status;
    this.#touch('status');
  }

  #touch(what, key) {
    if (!this.changes) {
      this.changes = { status: false, manager: false, hosts: new Set(), vms: new Set(), tasks: new Set() };
      // Not by animation frame: a page in the background would collect without end.
      setTimeout(() => this.#tell(), 0);
    }
    if (key === undefined) this.changes[what] = true;
    else this.changes[what].add(key);
  }

  #tell() {
    const changes = this.changes;
    this.changes = null;
    for (const listener of this.listeners) {
      try {
        listener(changes);
      } catch (error) {
        // The others are told all the same, or they would show as current what is not.
        globalThis.reportError(error);
      }
    }
  }
}
