// SPDX-License-Identifier: LGPL-2.1-or-later
// Buttons and links in PatternFly's clothes.

import { h } from './dom.js';

/** @param {string} variant primary, secondary, danger, link, plain */
export function button(variant, text, onclick, attributes) {
  return h('button', { class: 'pf-v6-c-button pf-m-' + variant, type: 'button', onclick, ...attributes }, text);
}

/** The address of a path with options, as cockpit.location reads it: for it a "+" is no blank. */
export function address(path, options) {
  const pairs = Object.entries(options || {}).map(pair => pair.map(encodeURIComponent).join('='));
  return '#/' + path.map(encodeURIComponent).join('/') + (pairs.length ? '?' + pairs.join('&') : '');
}

/** A link within the page: path as for cockpit.location, such as ["tasks", "12"]. */
export function link(path, text, options) {
  return h('a', { href: address(path, options) }, text);
}
