// SPDX-License-Identifier: LGPL-2.1-or-later
// What is said of a call that failed: never a word of the bus alone, and never that nothing
// happened where nobody knows.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromCockpit } from '../../cockpit/bus/errors.js';

const DBUS = 'org.freedesktop.DBus.Error.';
const OWN = 'org.virtern.Virtern1.Error.';

test('an error of the daemon keeps its name and its sentence', () => {
  const error = fromCockpit({ name: OWN + 'Refused', message: 'node1 is full' });
  assert.equal(error.name, 'Refused');
  assert.equal(error.message, 'node1 is full');
});

test('a host that did not answer the daemon is another thing than a daemon that did not answer us', () => {
  assert.equal(fromCockpit({ name: OWN + 'TimedOut', message: 'node9 …' }).name, 'TimedOut');
  for (const reason of [{ name: DBUS + 'NoReply', message: 'x' }, { name: DBUS + 'Timeout', message: 'x' }, { problem: 'timeout' }])
    assert.equal(fromCockpit(reason).name, 'Lost');
});

test('no path, no interface and no word for programmers is all that a person reads', () => {
  const raw = [
    { name: DBUS + 'UnknownMethod', message: 'No such interface “org.virtern.Virtern1.Task” on object at path /org/virtern/Virtern1/tasks/12' },
    { name: DBUS + 'UnknownObject', message: 'Object does not exist at path “/org/virtern/Virtern1/tasks/12”' },
    { name: DBUS + 'ServiceUnknown', message: 'The name org.virtern.Virtern1 was not provided by any .service files' },
    { name: DBUS + 'NoReply', message: 'Message recipient disconnected from message bus without replying' },
    { name: DBUS + 'AccessDenied', message: 'Rejected send message, 2 matched rules; type="method_call"' },
    { problem: 'disconnected' }, { problem: 'terminated' }, { problem: 'access-denied' }, { problem: 'not-found' },
    { problem: 'cancelled' },
  ];
  for (const reason of raw) {
    const { message } = fromCockpit(reason);
    assert.doesNotMatch(message, /org[./]|matched rules|without replying/);
    assert.match(message, / .*\.$/, JSON.stringify(reason));
  }
});

test('what is not understood is told as it came, and that it failed', () => {
  const error = fromCockpit({ name: DBUS + 'NoMemory', message: 'out of it' });
  assert.equal(error.name, 'Failed');
  assert.match(error.message, /failed.*out of it/);
});
