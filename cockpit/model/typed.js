// SPDX-License-Identifier: LGPL-2.1-or-later
// Numbers as people type them: with the decimal mark of their language, and never guessed at.

import { language } from '../i18n.js';

function marks() {
  const parts = new Intl.NumberFormat(language()).formatToParts(1234567.5);
  const of = type => (parts.find(part => part.type === type) || { value: '' }).value;
  return { decimal: of('decimal'), group: of('group') };
}

/**
 * The number that was typed, at least 0; null if it is none, or if it might mean two: “1,234” is
 * refused where a comma groups thousands. A point is a decimal mark wherever it does not group.
 */
export function typedNumber(text) {
  const { decimal, group } = marks();
  const allowed = group === '.' ? [decimal] : [decimal, '.'];
  const found = /^(\d{1,15})(?:([^\d\s])(\d{1,9}))?$/.exec(text.trim());
  if (!found || (found[2] !== undefined && !allowed.includes(found[2]))) return null;
  return Number(found[1] + '.' + (found[3] || '0'));
}

/** A number as it can be typed again. */
export function numberToType(value) {
  return String(value).replace('.', marks().decimal);
}
