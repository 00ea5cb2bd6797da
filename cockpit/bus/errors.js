// SPDX-License-Identifier: LGPL-2.1-or-later
// What can go wrong with a call: the daemon's own errors by name, and those of the way to it.

import { _, format } from '../i18n.js';

const OWN = 'org.virtern.Virtern1.Error.';

const BY_DBUS_NAME = {
  'org.freedesktop.DBus.Error.ServiceUnknown': 'Absent',
  'org.freedesktop.DBus.Error.NameHasNoOwner': 'Absent',
  'org.freedesktop.DBus.Error.Spawn.ServiceNotFound': 'Absent',
  'org.freedesktop.DBus.Error.Spawn.ChildExited': 'Absent',
  'org.freedesktop.DBus.Error.Spawn.Failed': 'Absent',
  'org.freedesktop.systemd1.NoSuchUnit': 'Absent',
  'org.freedesktop.DBus.Error.Disconnected': 'Disconnected',
  'org.freedesktop.DBus.Error.NoReply': 'Lost',
  'org.freedesktop.DBus.Error.Timeout': 'Lost',
  'org.freedesktop.DBus.Error.TimedOut': 'Lost',
  'org.freedesktop.DBus.Error.UnknownMethod': 'Gone',
  'org.freedesktop.DBus.Error.UnknownInterface': 'Gone',
  'org.freedesktop.DBus.Error.UnknownObject': 'Gone',
  'org.freedesktop.DBus.Error.AccessDenied': 'NotAuthorized',
};

const BY_PROBLEM = {
  'access-denied': 'NotAuthorized',
  'authentication-failed': 'NotAuthorized',
  'not-found': 'Absent',
  'no-session': 'Disconnected',
  disconnected: 'Disconnected',
  terminated: 'Disconnected',
  cancelled: 'Disconnected',
  timeout: 'Lost',
  'internal-error': 'Failed',
};

/* What the bus and Cockpit say of these are words for programmers. */
const SENTENCES = {
  Absent: () => _('virternd does not answer.'),
  Lost: () => _('virternd was asked, and no answer came.'),
  Disconnected: () => _('The connection to the server was lost before an answer came.'),
  Gone: () => _('virternd does not have it any more.'),
  NotAuthorized: () => _('You are not allowed to do this.'),
};

/**
 * An error of a call. `name` is the last part of the daemon's error (Refused, Busy, TimedOut, …;
 * see the API), or Absent (no daemon answers: nothing was begun), Lost (it was asked and went, or
 * has not answered in time) or Disconnected (Cockpit's own connection is gone): then nobody knows
 * whether it was begun; Gone (no such object any more), NotAuthorized or Failed.
 */
class BusError extends Error {
  constructor(name, message) {
    super(message);
    this.name = name;
  }
}

/** Makes a BusError of what cockpit.dbus rejects or closes with. */
export function fromCockpit(reason) {
  const dbus = (reason && reason.name) || '';
  const message = (reason && reason.message) || (reason && reason.problem) || dbus || 'unknown';
  if (dbus.startsWith(OWN)) return new BusError(dbus.slice(OWN.length), message);
  const name = BY_DBUS_NAME[dbus] || BY_PROBLEM[reason && reason.problem] || 'Failed';
  return new BusError(name, SENTENCES[name] ? SENTENCES[name]() : format(_('It failed: $0'), message));
}
