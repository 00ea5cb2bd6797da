// SPDX-License-Identifier: LGPL-2.1-or-later
// Building elements. Text only ever becomes text: there is no way to give markup.

const SVG = 'http://www.w3.org/2000/svg';
const PROPERTIES = new Set(['checked', 'disabled', 'value', 'hidden', 'indeterminate', 'selected', 'open']);

function setAttribute(element, name, value) {
  if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
  else if (name === 'class') element.setAttribute('class', value);
  else if (PROPERTIES.has(name)) element[name] = value;
  else if (value === true) element.setAttribute(name, '');
  else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, value);
}

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes || {})) setAttribute(element, name, value);
  append(element, children);
  return element;
}

function append(element, children) {
  for (const child of children) {
    if (child === null || child === undefined || child === false) continue;
    if (Array.isArray(child)) append(element, child);
    else element.append(child);
  }
}

/**
 * An HTML element. Attributes: "class", "onclick" and the like (functions), properties such as
 * disabled, anything else as it is; false, null and undefined leave it out. Children: nodes,
 * strings, arrays of them; null and false are left out.
 */
export function h(tag, attributes, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

/** The same for SVG. */
export function svg(tag, attributes, ...children) {
  return fill(document.createElementNS(SVG, tag), attributes, children);
}

/** Puts these children in the place of all that are there. */
export function replace(element, ...children) {
  element.replaceChildren();
  append(element, children);
  return element;
}

const filled = new WeakMap();

/**
 * Fills an element only if `state`, a text that stands for what is to be in it, is another than
 * last time: what has the focus, or is under the pointer, stays.
 */
export function refill(element, state, fill) {
  if (filled.get(element) === state) return;
  filled.set(element, state);
  fill(element);
}

let lastId = 0;

/** An id that no other element of the page has. */
export function uniqueId(prefix) {
  return prefix + '-' + ++lastId;
}
