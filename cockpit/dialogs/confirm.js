// SPDX-License-Identifier: LGPL-2.1-or-later
// The question before what cannot be undone, or what people should know of first.

import { _, format } from '../i18n.js';
import { h } from '../ui/dom.js';
import { openDialog } from '../ui/dialog.js';
import { field, form, textInput } from '../ui/form.js';

/**
 * Asks, then acts.
 * @param {object} options title (a question that names what will happen); body (sentences, or
 *   nodes); action (the word on the button); variant ("danger" if something is ended for good,
 *   "primary"); typed (a name that must be typed first); run: async () => …, what it throws is
 *   shown and the dialog stays; onClose
 * @returns {object} the dialog
 */
export function confirm({ title, body, action, variant = 'primary', typed, run, onClose }) {
  const parts = [body]
    .flat()
    .filter(Boolean)
    .map(part => (typeof part === 'string' ? h('p', {}, part) : part));
  let dialog = null;
  if (typed) {
    const one = field({
      label: format(_('Type “$0” to confirm'), typed),
      control: textInput({ oninput: () => dialog.setDisabled(0, one.value !== typed) }),
    });
    parts.push(form(() => dialog.press(0), one.element));
  }
  dialog = openDialog({
    title,
    size: 'small',
    onClose,
    body: h('div', { class: 'pf-v6-c-content virtern-confirm' }, parts),
    actions: [{ label: action, variant, disabled: Boolean(typed), run }],
  });
  return dialog;
}
