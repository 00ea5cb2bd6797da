// SPDX-License-Identifier: LGPL-2.1-or-later
// The mirror of the daemon's objects: what is shown is what was told, whatever order it comes in,
// and a daemon that says nothing more is not taken for one that has nothing to say.

import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';

const ROOT = '/org/virtern/Virtern1';
const VM = 'org.virtern.Virtern1.Vm';
const TIMES = { pulseMs: 5, pulseTimeoutMs: 5, retryMs: 5 };

const wrap = props => Object.fromEntries(Object.entries(props).map(([key, v]) => [key, { t: 's', v }]));
const vmPath = uuid => ROOT + '/vms/' + uuid;
const vmObject = (uuid, props) => ({ [VM]: wrap({ Uuid: uuid, Name: uuid, ...props }) });

/* Cockpit's side of one channel: what it is asked waits until the test answers. */
class Channel {
  constructor(options) {
    this.options = options;
    this.handlers = { owner: [], close: [] };
    this.asked = [];
    this.closed = false;
  }

  addEventListener(name, handler) {
    this.handlers[name].push(handler);
  }

  subscribe(rule, handler) {
    this.handlers[rule.interface] = [handler];
  }

  call(path, iface, method, args) {
    return new Promise((resolve, reject) => {
      this.asked.push({ method, args, resolve, reject });
    });
  }

  tell(name, ...args) {
    for (const handler of this.handlers[name]) handler({}, ...args);
  }

  signal(path, name, args) {
    const iface = name === 'PropertiesChanged' ? 'org.freedesktop.DBus.Properties' : 'org.freedesktop.DBus.ObjectManager';
    this.handlers[iface][0](path, iface, name, args);
  }

  close(options) {
    if (this.closed) return;
    this.closed = true;
    for (const one of this.asked.splice(0)) one.reject({ problem: 'disconnected' });
    this.tell('close', options || {});
  }
}

const channels = [];
globalThis.cockpit = {
  dbus: (name, options) => {
    channels.push(new Channel(options));
    return channels[channels.length - 1];
  },
  gettext: text => text,
};
const { Cluster } = await import('../../cockpit/bus/cluster.js');

const turn = () => new Promise(resolve => { setImmediate(resolve); });
async function until(look, what) {
  for (let i = 0; i < 2000; i++) {
    if (look()) return;
    await new Promise(resolve => { setTimeout(resolve, 1); });
  }
  assert.fail('in vain: ' + what);
}

let running = null;
afterEach(() => {
  clearTimeout(running.retry);
  clearTimeout(running.pulse);
  running.channel = null;
  for (const channel of channels.splice(0)) channel.close();
  clearTimeout(running.retry);
});

function start(times = { ...TIMES, pulseMs: 1e6 }) {
  running = new Cluster(times);
  running.start();
  return { cluster: running, channel: channels[channels.length - 1] };
}

async function answer(channel, method, ...result) {
  await until(() => channel.asked.some(one => one.method === method), method + ' is asked for');
  const at = channel.asked.findIndex(one => one.method === method);
  channel.asked.splice(at, 1)[0].resolve(result);
  await turn();
}

async function load(channel, objects) {
  await answer(channel, 'GetManagedObjects', Object.fromEntries(objects.map(([uuid, props]) => [vmPath(uuid), vmObject(uuid, props)])));
  await answer(channel, 'GetAll', {});
}

async function loaded(objects, times) {
  const one = start(times);
  await load(one.channel, objects);
  return one;
}

test('what is told while everything is read counts, in the order in which it was told', async () => {
  const { cluster, channel } = start();
  channel.signal(vmPath('b'), 'PropertiesChanged', [VM, wrap({ State: 'lost' }), []]);
  channel.signal(ROOT, 'InterfacesAdded', [vmPath('b'), vmObject('b', { State: 'running' })]);
  channel.signal(vmPath('b'), 'PropertiesChanged', [VM, wrap({ State: 'paused' }), []]);
  channel.signal(ROOT, 'InterfacesRemoved', [vmPath('a'), [VM]]);
  channel.signal(ROOT, 'InterfacesAdded', [vmPath('c'), vmObject('c')]);
  channel.signal(ROOT, 'InterfacesRemoved', [vmPath('c'), [VM]]);
  await load(channel, [['a', {}], ['b', { State: 'running' }]]);
  assert.deepEqual([...cluster.vms.keys()], ['b']);
  assert.equal(cluster.vms.get('b').state, 'paused');
});

test('an answer of the daemon that went is not taken for one of the daemon that came', async () => {
  const { cluster, channel } = start();
  channel.tell('owner', ':1.1');
  const old = channel.asked.shift();
  channel.tell('owner', '');
  channel.tell('owner', ':1.2');
  await load(channel, [['new', {}]]);
  old.resolve([{ [vmPath('old')]: vmObject('old') }]);
  await turn();
  assert.deepEqual([...cluster.vms.keys()], ['new']);
  assert.equal(cluster.status, 'ready');
});

test('a daemon that is back just before it is tried again is read in peace', async () => {
  const { cluster, channel } = await loaded([['a', {}]]);
  channel.tell('owner', ':1.1');
  channel.tell('owner', '');
  assert.equal(cluster.status, 'absent');
  channel.tell('owner', ':1.2');
  await load(channel, [['a', {}]]);
  assert.equal(channels.length, 1, 'the channel stays, with what is asked over it');
  assert.ok(!channel.closed);
  assert.equal(cluster.status, 'ready');
});

test('while the daemon is away nobody is told so again and again', async () => {
  const { cluster, channel } = await loaded([['a', {}]]);
  await turn();
  channel.tell('owner', ':1.1');
  channel.tell('owner', '');
  await turn();
  let told = 0;
  cluster.subscribe(changes => { told += changes.status ? 1 : 0; });
  for (let i = 0; i < 3; i++) {
    await until(() => channel.asked.some(one => one.method === 'GetManagedObjects'), 'another try');
    channel.asked.pop().reject({ name: 'org.freedesktop.DBus.Error.ServiceUnknown', message: 'x' });
    await turn();
  }
  await turn();
  assert.ok(told <= 1, String(told));
});

test('a daemon that hangs is told of, with the time at which it was last heard', async () => {
  const { cluster, channel } = await loaded([['a', {}]], TIMES);
  await until(() => channel.asked.some(one => one.method === 'Get'), 'a look whether it answers');
  const heard = cluster.heardAt;
  channel.asked.pop().reject({ name: 'org.freedesktop.DBus.Error.NoReply', message: 'x' });
  await until(() => cluster.status === 'absent', 'that it does not answer');
  assert.equal(cluster.seenAt, heard);
  assert.ok(!channel.closed, 'what was ordered is still waited for');
  await load(channel, [['a', {}]]);
  assert.equal(cluster.status, 'ready');
});

test('a daemon that answers, if only with an error, is there', async () => {
  const { cluster, channel } = await loaded([['a', {}]], TIMES);
  await until(() => channel.asked.some(one => one.method === 'Get'), 'a look whether it answers');
  channel.asked.pop().reject({ name: 'org.freedesktop.DBus.Error.InvalidArgs', message: 'x' });
  await until(() => channel.asked.some(one => one.method === 'Get'), 'the next look');
  assert.equal(cluster.status, 'ready');
});

test('one who listens and fails does not keep news from the others', async () => {
  const { cluster, channel } = await loaded([['a', {}]]);
  await turn();
  const errors = [];
  const heard = [];
  globalThis.reportError = error => errors.push(error.message);
  cluster.subscribe(() => { throw new Error('broken'); });
  cluster.subscribe(changes => heard.push(...changes.vms));
  channel.signal(vmPath('a'), 'PropertiesChanged', [VM, wrap({ State: 'paused' }), []]);
  await until(() => heard.length > 0, 'the news');
  assert.deepEqual(heard, ['a']);
  assert.deepEqual(errors, ['broken'], 'it is not hidden either');
});

test('whom the bus does not let in comes in by administrative access once it is there', async () => {
  const { cluster, channel } = start();
  const denied = { name: 'org.freedesktop.DBus.Error.AccessDenied', message: 'x' };
  channel.asked.shift().reject(denied);
  await until(() => channels.length === 2, 'another channel');
  assert.equal(cluster.status, 'denied');
  assert.equal(channels[1].options.superuser, 'try');
  await load(channels[1], [['a', {}]]);
  assert.equal(cluster.status, 'ready');
});
