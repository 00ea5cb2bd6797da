// SPDX-License-Identifier: LGPL-2.1-or-later
// Names of the users who asked for tasks, from the system's own directory (also LDAP and the like).

import { _ } from '../i18n.js';

const names = new Map();
const listeners = new Set();

async function ask(uid) {
  let name = '';
  try {
    const line = await globalThis.cockpit.spawn(['getent', 'passwd', String(uid)], { err: 'ignore' });
    name = line.split(':')[0];
  } catch {
    // No such user any more: the number is all there is.
  }
  names.set(uid, name || String(uid));
  for (const listener of listeners) listener();
}

/** The name of a uid: its number until the name is known, "Virtern" for the daemon itself (-1). */
export function userName(uid) {
  if (uid === undefined || uid < 0) return _('Virtern');
  if (!names.has(uid)) {
    names.set(uid, String(uid));
    if (globalThis.cockpit) ask(uid);
  }
  return names.get(uid);
}

/** `listener()` is called when a name became known. */
export function onUsers(listener) {
  listeners.add(listener);
}
