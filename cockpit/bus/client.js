// SPDX-License-Identifier: LGPL-2.1-or-later
// The connection to the daemon: one channel as the user, one with administrative access if it
// is ever needed. Everything above this folder sees plain values only.

import { fromCockpit } from './errors.js';

const NAME = 'org.virtern.Virtern1';
/** The path of the manager; all other objects are below it. */
export const ROOT = '/org/virtern/Virtern1';
const CALL_TIMEOUT_MS = 60000;

const channels = { user: null, admin: null };
let superuserOfUser;

function isVariant(value) {
  return typeof value.t === 'string' && 'v' in value && Object.keys(value).length === 2;
}

function lowerFirst(key) {
  return key.charAt(0).toLowerCase() + key.slice(1);
}

/** D-Bus values without variants; the keys of dictionaries of variants begin in lower case. */
export function plain(value) {
  if (Array.isArray(value)) return value.map(plain);
  if (value === null || typeof value !== 'object') return value;
  if (isVariant(value)) return plain(value.v);
  const result = {};
  for (const [key, item] of Object.entries(value)) {
    const wrapped = item !== null && typeof item === 'object' && !Array.isArray(item) && isVariant(item);
    result[wrapped ? lowerFirst(key) : key] = plain(item);
  }
  return result;
}

function open(access) {
  const options = { bus: 'system' };
  const superuser = access === 'admin' ? 'require' : superuserOfUser;
  if (superuser) options.superuser = superuser;
  const channel = globalThis.cockpit.dbus(NAME, options);
  channel.addEventListener('close', () => {
    if (channels[access] === channel) channels[access] = null;
  });
  channels[access] = channel;
  return channel;
}

/** The open channel for an access, "user" or "admin". */
export function channelOf(access) {
  return channels[access] || open(access);
}

/** From now on the user's channels are opened with administrative access if there is some: for whom
 * the bus does not let talk to the daemon at all. */
export function tryAdmin() {
  superuserOfUser = 'try';
}

/** Closes a channel, so that the next call opens a new one. */
export function closeChannel(access) {
  const channel = channels[access];
  channels[access] = null;
  if (channel) channel.close();
}

/**
 * Calls a method. `signature` is that of the arguments. Throws a BusError; nothing waits longer
 * than `timeoutMs`.
 * @returns {Promise<Array>} the plain results
 */
export async function call(path, iface, method, signature, args,
                           { access = 'user', timeoutMs = CALL_TIMEOUT_MS } = {}) {
  let result;
  try {
    result = await channelOf(access).call(path, iface, method, args,
                                          { type: signature, timeout: timeoutMs });
  } catch (reason) {
    throw fromCockpit(reason);
  }
  return plain(result);
}

/** A variant of a D-Bus type, for options. */
export function variant(type, value) {
  return { t: type, v: value };
}
