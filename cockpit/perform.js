// SPDX-License-Identifier: LGPL-2.1-or-later
// Acts, first with the user's own rights, so that the task says who asked; with Cockpit's
// administrative access if those do not suffice and the person wants it.

import { _, format } from './i18n.js';
import { h } from './ui/dom.js';
import { openDialog } from './ui/dialog.js';

/** Thrown when a person does not want to go on; nothing is said of it. */
export class Declined extends Error {
  constructor() {
    super('declined');
    this.name = 'Declined';
  }
}

function askForAccess() {
  return new Promise((resolve, reject) => {
    let wanted = false;
    openDialog({
      title: _('Administrative access is needed'),
      size: 'small',
      body: h('p', {}, _('Your user may not do this. It can be done with Cockpit\'s administrative access, if that is turned on; the task then says that root asked for it.')),
      actions: [{ label: _('Use administrative access'), run: () => { wanted = true; } }],
      onClose: () => (wanted ? resolve() : reject(new Declined())),
    });
  });
}

const REFUSED = () => _('You are not allowed to do this. Turn on administrative access at the top of the page, or ask an administrator.');
const UNKNOWN = () => _('$0 What was ordered may have been begun all the same: look at the tasks before you order it again.');
const NOTHING = () => _('$0 Nothing was begun.');
const WORDS = { NotAuthorized: REFUSED, Lost: UNKNOWN, Disconnected: UNKNOWN, Absent: NOTHING };

/* What came of an act is told as far as it is known, and no farther. */
function told(error) {
  if (WORDS[error.name]) error.message = format(WORDS[error.name](), error.message);
  return error;
}

/**
 * Makes perform(). `ask()` asks the person whether administrative access is to be used; it throws
 * Declined if not.
 */
export function makePerform(ask) {
  let asking = null;
  let agreed = false;

  /* Several acts at once are one question. */
  function agree() {
    asking = asking || ask().finally(() => { asking = null; });
    return asking;
  }

  return async act => {
    try {
      return await act('user');
    } catch (error) {
      if (error.name !== 'NotAuthorized') throw told(error);
    }
    if (!agreed) await agree();
    try {
      const result = await act('admin');
      agreed = true;
      return result;
    } catch (error) {
      // The access was given up meanwhile, or never there: the next time it is asked for again.
      if (error.name === 'NotAuthorized') agreed = false;
      throw told(error);
    }
  };
}

/**
 * Runs an act. `act(access)` calls the daemon with "user" or "admin": always as the user first, so
 * that the task says who asked; with administrative access only if that is refused, and after the
 * person agreed once. Throws what the call throws, or Declined.
 */
export const perform = makePerform(askForAccess);
