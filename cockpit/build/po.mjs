// SPDX-License-Identifier: LGPL-2.1-or-later
// Reads gettext's .po and .pot files.

const ESCAPES = { n: '\n', t: '\t', r: '\r', a: '\x07', b: '\b', f: '\f', v: '\v' };

/** The text of one quoted string of a .po file. */
function unquote(quoted, where) {
  if (!/^"(?:[^"\\]|\\.)*"$/.test(quoted))
    throw new Error(`${where}: this is not a quoted text: ${quoted}`);
  return quoted.slice(1, -1).replace(/\\(.)/g, (whole, c) => ESCAPES[c] ?? c);
}

/**
 * @typedef {object} Message
 * @property {string|null} context
 * @property {string} id the English text, one thing
 * @property {string|null} plural the English text, many things
 * @property {string[]} translations one, or one for each plural form; '' if it is missing
 * @property {boolean} fuzzy translated before the English text changed
 */

/** What a message is found by: Cockpit's catalogs and gettext's have the context before it. */
export const keyOf = message =>
  message.context === null ? message.id : `${message.context}\x04${message.id}`;

const emptyMessage = () =>
  ({ context: null, id: null, plural: null, translations: [], fuzzy: false });

/**
 * Reads a .po file, the header's message (whose id is '') among the others; without obsolete ones.
 * @param {string} text
 * @param {string} name of the file, for errors
 * @returns {Message[]}
 * @throws {Error} that names file and line if it is not a .po file
 */
export function parsePo(text, name) {
  const messages = [];
  let message = emptyMessage(), append = null;

  const finish = () => {
    if (message.id !== null)
      messages.push(message);
    message = emptyMessage();
    append = null;
  };
  const setters = {
    msgctxt: () => t => { message.context = (message.context ?? '') + t; },
    msgid: () => t => { message.id = (message.id ?? '') + t; },
    msgid_plural: () => t => { message.plural = (message.plural ?? '') + t; },
    msgstr: index => t => {
      message.translations[index ?? 0] = (message.translations[index ?? 0] ?? '') + t;
    },
  };

  text.split('\n').forEach((raw, i) => {
    const line = raw.trim(), where = `${name}:${i + 1}`;
    const match = /^(msgctxt|msgid_plural|msgid|msgstr)(?:\[(\d+)\])?\s+(".*)$/.exec(line);
    const isFirst = line.startsWith('#') || match?.[1] === 'msgctxt' || match?.[1] === 'msgid';
    if (isFirst && message.translations.length > 0)
      finish();
    if (match) {
      append = setters[match[1]](match[2] === undefined ? undefined : Number(match[2]));
      append(unquote(match[3], where));
    } else if (line.startsWith('"') && append !== null) {
      append(unquote(line, where));
    } else if (line.startsWith('#,')) {
      message.fuzzy = /\bfuzzy\b/.test(line);
    } else if (line !== '' && !line.startsWith('#')) {
      throw new Error(`${where}: this does not belong into a .po file: ${line}`);
    }
  });
  finish();
  return messages;
}

/** The header's fields, by their names in lower case. */
export function parseHeader(messages) {
  const header = messages.find(m => m.id === '' && m.context === null);
  const lines = (header?.translations[0] ?? '').split('\n');
  return Object.fromEntries(lines.filter(line => line.includes(':')).map(line =>
    [line.slice(0, line.indexOf(':')).trim().toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]));
}

/**
 * The plural forms of a language.
 * @param {string} field such as "nplurals=2; plural=(n != 1);"
 * @returns {{count: number, expression: string}}
 * @throws {Error} if the expression is anything but C arithmetic on n
 */
export function parsePlurals(field) {
  const match = /^nplurals\s*=\s*(\d+)\s*;\s*plural\s*=\s*([n\d\s()!=<>&|?:%+*/-]+?);?$/.exec(field);
  if (!match)
    throw new Error(`these are no plural forms: ${field}`);
  return { count: Number(match[1]), expression: match[2].trim() };
}
