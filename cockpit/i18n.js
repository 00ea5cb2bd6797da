// SPDX-License-Identifier: LGPL-2.1-or-later
// Texts in the reader's language: the gettext domain of the command, as Cockpit loads it.

const cockpit = globalThis.cockpit;

/** Marks a text for translation where it stands in a table. */
export const N_ = text => text;

/** Marks a text that C_() translates in that context, where it stands in a table. */
export const NC_ = (context, text) => text;

/** The text in the reader's language. */
export function _(text) {
  return cockpit ? cockpit.gettext(text) : text;
}

/** The text in the reader's language, in a context that tells equal words apart. */
export function C_(context, text) {
  return cockpit ? cockpit.gettext(context, text) : text;
}

/** The form for `count` things. */
export function ngettext(one, many, count) {
  if (cockpit) return cockpit.ngettext(one, many, count);
  return count === 1 ? one : many;
}

/** Puts arguments in the place of $0, $1…; what is put in is not looked at again. */
export function format(text, ...args) {
  return text.replace(/\$(\d)/g, (whole, index) => (index in args ? String(args[index]) : whole));
}

/** The language the page is shown in, as a BCP 47 tag such as "ja" or "pt-BR". */
export function language() {
  return ((cockpit && cockpit.language) || 'en').replace('_', '-');
}
