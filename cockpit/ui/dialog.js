// SPDX-License-Identifier: LGPL-2.1-or-later
// Modal dialogs on the browser's own <dialog>: it keeps the focus inside and closes by Escape.

import { _ } from '../i18n.js';
import { h, replace, uniqueId } from './dom.js';
import { alert } from './alert.js';
import { button } from './button.js';
import { toast } from './toast.js';

function frame(title, size, body, buttons) {
  const id = uniqueId('dialog');
  return h('dialog', { class: 'virtern-dialog virtern-dialog-' + size, 'aria-labelledby': id },
           h('div', { class: 'pf-v6-c-modal-box virtern-dialog-box' },
             h('header', { class: 'pf-v6-c-modal-box__header' },
               h('h1', { class: 'pf-v6-c-modal-box__title', id }, title)),
             h('div', { class: 'pf-v6-c-modal-box__body', tabindex: '0' }, body),
             h('footer', { class: 'pf-v6-c-modal-box__footer' }, buttons)));
}

/* The browser gives the focus back to what had it, unless that is gone. */
function keepFocus() {
  const main = document.querySelector('main');
  if (main && (!document.activeElement || document.activeElement === document.body)) main.focus();
}

/**
 * Opens a dialog.
 * @param {object} options title; body (node); size ("small", "medium", "large"); actions: each
 *   {label, variant: "primary"|"danger"|"secondary"|"link", run: async dialog => …, disabled}.
 *   A dialog closes when run() ends; it stays, with the error in it, when run() throws, and stays
 *   also if run() returns false. A "Cancel" is always there; closeLabel gives it another word.
 *   onClose is called once, however it was closed.
 * @returns {object} element, close(), press(index), setDisabled(index, bool), setActionLabel(index, text), setWhy(text), showError(error)
 */
export function openDialog({ title, body, size = 'medium', actions = [], closeLabel, onClose }) {
  const errors = h('div', { 'aria-live': 'polite' });
  const buttons = actions.map(action => button(action.variant || 'primary', action.label, () => press(action),
                                               { disabled: Boolean(action.disabled) }));
  const why = h('span', { class: 'virtern-quiet', 'aria-live': 'polite' });
  const cancel = button('link', closeLabel || _('Cancel'), () => element.close());
  const element = frame(title, size, [errors, body], [buttons, cancel, why]);
  element.addEventListener('close', closed);
  const dialog = { element, close: () => element.close(), setDisabled, setActionLabel, setWhy, showError,
                   press: index => buttons[index].disabled || press(actions[index]) };
  const wanted = actions.map(action => Boolean(action.disabled));
  let busy = false;

  function setDisabled(index, disabled) {
    wanted[index] = disabled;
    buttons[index].disabled = busy || disabled;
  }

  /* What is missing while a button is disabled stands beside it. */
  function setWhy(text) {
    if (why.textContent !== text) why.textContent = text;
  }

  function setActionLabel(index, text) {
    buttons[index].textContent = text;
  }

  function setBusy(value, action) {
    busy = value;
    buttons.forEach((one, index) => {
      one.disabled = busy || wanted[index];
      one.classList.toggle('pf-m-in-progress', busy && actions[index] === action);
    });
    element.setAttribute('aria-busy', String(busy));
    // What was sent is not taken back by closing.
    cancel.textContent = busy ? _('Close') : closeLabel || _('Cancel');
  }

  function showError(error) {
    // Who closed it meanwhile is told all the same.
    if (error && !element.isConnected) toast('danger', error.message);
    replace(errors, error ? alert('danger', error.message) : null);
  }

  async function press(action) {
    if (busy) return;
    showError(null);
    setBusy(true, action);
    try {
      if ((await action.run(dialog)) !== false) element.close();
    } catch (error) {
      if (error.name !== 'Declined') showError(error);
    } finally {
      setBusy(false);
    }
  }

  function closed() {
    element.remove();
    keepFocus();
    if (onClose) onClose();
  }

  document.body.append(element);
  element.showModal();
  return dialog;
}
