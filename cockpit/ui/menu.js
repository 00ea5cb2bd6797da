// SPDX-License-Identifier: LGPL-2.1-or-later
// The menu behind "⋮": what can be done with one thing.

import { _, format } from '../i18n.js';
import { h, replace } from './dom.js';

let openMenu = null;

function closeMenu(focus) {
  if (!openMenu) return;
  const { toggle, box } = openMenu;
  openMenu = null;
  toggle.setAttribute('aria-expanded', 'false');
  box.remove();
  if (focus) toggle.focus();
}

document.addEventListener('click', event => {
  if (openMenu && !openMenu.box.contains(event.target) && !openMenu.toggle.contains(event.target)) closeMenu(false);
});

function onKey(event) {
  const items = [...openMenu.box.querySelectorAll('button')];
  const at = items.indexOf(document.activeElement);
  const to = { ArrowDown: at + 1, ArrowUp: at - 1 + items.length, Home: 0, End: items.length - 1 }[event.key];
  if (event.key === 'Escape' || event.key === 'Tab') closeMenu(event.key === 'Escape');
  if (to === undefined || !items.length) return;
  event.preventDefault();
  items[to % items.length].focus();
}

function place(toggle, box) {
  const at = toggle.getBoundingClientRect();
  const width = box.offsetWidth;
  const below = at.bottom + box.offsetHeight < window.innerHeight;
  box.style.setProperty('left', Math.max(4, Math.min(at.right - width, window.innerWidth - width - 4)) + 'px');
  box.style.setProperty('top', (below ? at.bottom : Math.max(4, at.top - box.offsetHeight)) + 'px');
}

/* What cannot be done stays within reach of the keyboard, so that its reason can be read. */
function entry({ label, disabled, why, danger, run }) {
  const use = () => {
    if (disabled) return;
    closeMenu(true);
    run();
  };
  return h('li', { class: 'pf-v6-c-menu__list-item' + (danger ? ' pf-m-danger' : '') + (disabled ? ' pf-m-aria-disabled' : ''), role: 'none' },
           h('button', { class: 'pf-v6-c-menu__item', type: 'button', role: 'menuitem',
                         'aria-disabled': disabled ? 'true' : null, onclick: use },
             h('span', { class: 'pf-v6-c-menu__item-main' }, h('span', { class: 'pf-v6-c-menu__item-text' }, label)),
             why ? h('span', { class: 'pf-v6-c-menu__item-description' }, why) : null));
}

function show(toggle, items) {
  const list = items().map(entry);
  const box = h('div', { class: 'pf-v6-c-menu virtern-menu', onkeydown: onKey },
                h('div', { class: 'pf-v6-c-menu__content' }, h('ul', { class: 'pf-v6-c-menu__list', role: 'menu' }, list)));
  (toggle.closest('dialog') || toggle.closest('main') || document.body).append(box);
  openMenu = { toggle, box };
  toggle.setAttribute('aria-expanded', 'true');
  place(toggle, box);
  const first = box.querySelector('button');
  if (first) first.focus();
}

/**
 * A kebab menu. `items` is asked each time it opens: [{label, run(), disabled, why, danger}].
 * @param {string} name of the thing, for screen readers
 */
export function menu(name, items) {
  const toggle = h('button', {
    class: 'pf-v6-c-menu-toggle pf-m-plain', type: 'button', 'aria-haspopup': 'menu', 'aria-expanded': 'false',
    'aria-label': format(_('Actions for $0'), name),
    onclick: () => {
      const again = openMenu && openMenu.toggle === toggle;
      closeMenu(false);
      if (!again) show(toggle, items);
    },
  });
  replace(toggle, h('span', { class: 'pf-v6-c-menu-toggle__icon', 'aria-hidden': 'true' }, '⋮'));
  return toggle;
}
