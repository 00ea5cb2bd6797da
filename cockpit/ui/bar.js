// SPDX-License-Identifier: LGPL-2.1-or-later
// Bars: progress of a task, parts of a whole, and what takes a moment.

import { h, replace } from './dom.js';

/**
 * Fills `box` with a progress bar, or changes the one it holds.
 * @param {number|null} percent 0 to 100; null if nothing was seen to tell it by
 * @param {string} text shown beside it
 * @param {string} label names it for screen readers
 * @param {string} tone blue, green, red, orange or grey
 */
export function progressBar(box, percent, text, label, tone) {
  let bar = box.querySelector('progress');
  if (!bar) {
    bar = h('progress', { class: 'virtern-progress', max: '100' });
    replace(box, bar, h('span', { class: 'virtern-progress-text' }));
  }
  if (percent === null) bar.removeAttribute('value');
  else bar.setAttribute('value', String(percent));
  bar.setAttribute('aria-label', label);
  bar.dataset.tone = tone;
  box.querySelector('.virtern-progress-text').textContent = text;
}

/**
 * A bar of parts, such as memory used, reserved and free. Parts: {value, tone, text}; the rest of
 * `total` is left empty. The words stand beside it: nothing is told by colour alone.
 */
export function stackedBar(box, total, parts, label) {
  const width = value => (total > 0 ? Math.max(0, Math.min(100, (100 * value) / total)) : 0);
  const pieces = parts.map(part => {
    const piece = h('span', { class: 'virtern-piece', 'data-tone': part.tone });
    piece.style.setProperty('width', width(part.value) + '%');
    return piece;
  });
  replace(box, h('div', { class: 'virtern-stack', role: 'img', 'aria-label': label }, pieces),
          h('div', { class: 'virtern-stack-text' }, parts.filter(part => part.text).map(part => part.text).join(' · ')));
}

/** Says that something is under way whose end nobody knows; `label` names it for screen readers. */
export function working(label, text) {
  return h('p', { class: 'virtern-measuring' }, h('progress', { 'aria-label': label }), text);
}
