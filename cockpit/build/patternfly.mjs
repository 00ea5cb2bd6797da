// SPDX-License-Identifier: LGPL-2.1-or-later
// Puts the style sheets of a list together, without fonts, icons and themes that the page has not.
//
// usage: node patternfly.mjs LIST PACKAGE_DIRECTORY OUTPUT

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

// Icons come as characters of fonts, which are not installed; Cockpit knows light and dark only.
const LEFT_OUT = [
  /^(:root )?\.(fa[srlb]?|fa-[\w-]+|pficon|pficon-[\w-]+|pf-v6-pficon[\w-]*|pf-v6-icon-[\w-]+)(?![\w-])/,
  /\.pf-v6-theme-(felt|glass|high-contrast|redhat)(?![\w-])/,
];
const LEFT_OUT_RULES = /^@font-face\b/;

/** The list's lines, without comments. */
function readList(path) {
  return readFileSync(path, 'utf8').split('\n').map(line => line.trim())
    .filter(line => line !== '' && !line.startsWith('#'));
}

/** Where the comment or string that begins at `at` ends; `at` itself if none begins there. */
function skipOpaque(text, at) {
  if (text.startsWith('/*', at)) {
    const end = text.indexOf('*/', at + 2);
    return end < 0 ? text.length : end + 2;
  }
  const quote = text[at];
  if (quote !== '"' && quote !== "'")
    return at;
  let end = at + 1;
  while (end < text.length && text[end] !== quote)
    end += text[end] === '\\' ? 2 : 1;
  return end + 1;
}

/**
 * Cuts a style sheet, or the inside of a block, into statements.
 * @returns {{prelude: string, body: string|null}[]} body is null for one that ends in a semicolon
 * @throws {Error} if a block is not closed
 */
function parse(text) {
  const statements = [];
  let start = 0, open = -1, depth = 0, parens = 0;
  for (let at = 0; at < text.length;) {
    const skipped = skipOpaque(text, at);
    if (skipped !== at) {
      at = skipped;
      continue;
    }
    const c = text[at++];
    if (c === '(')
      parens++;
    else if (c === ')')
      parens--;
    else if (parens > 0)
      continue;
    else if (c === '{' && depth++ === 0)
      open = at;
    else if (c === '}' && --depth === 0) {
      statements.push({ prelude: text.slice(start, open - 1).trim(), body: text.slice(open, at - 1) });
      start = at;
    } else if (c === ';' && depth === 0) {
      statements.push({ prelude: text.slice(start, at - 1).trim(), body: null });
      start = at;
    }
  }
  if (depth !== 0 || parens !== 0)
    throw new Error('a block or a parenthesis is not closed');
  const rest = text.slice(start).trim();
  if (rest !== '')
    statements.push({ prelude: rest, body: null });
  return statements;
}

/** Cuts a list of selectors at its outer commas. */
function splitSelectors(prelude) {
  const selectors = [];
  let depth = 0, start = 0;
  for (let at = 0; at < prelude.length; at++) {
    if ('(['.includes(prelude[at]))
      depth++;
    else if (')]'.includes(prelude[at]))
      depth--;
    else if (prelude[at] === ',' && depth === 0) {
      selectors.push(prelude.slice(start, at).trim());
      start = at + 1;
    }
  }
  selectors.push(prelude.slice(start).trim());
  return selectors;
}

const bare = prelude => prelude.replace(/\/\*[^]*?\*\//g, '').trim();
const isUnused = selector => LEFT_OUT.some(pattern => pattern.test(selector));

/** One statement as it is written to the output; '' if nothing of it is used. */
function keep({ prelude, body }) {
  const name = bare(prelude);
  if (body === null)
    return name === '' || name.startsWith('@charset') || /\burl\(/.test(name) ? '' : `${name};\n`;
  if (LEFT_OUT_RULES.test(name) || splitSelectors(name).every(isUnused))
    return '';
  const inside = parse(body).map(keep).join('');
  return inside === '' ? '' : `${name} {\n${inside}}\n`;
}

/** The style sheet without what the page does not use. */
export function reduce(text) {
  return parse(text).map(keep).join('');
}

function main([list, folder, output]) {
  const sheets = readList(list).map(name => {
    try {
      return `/* PatternFly: ${name} */\n${reduce(readFileSync(join(folder, name), 'utf8'))}`;
    } catch (error) {
      throw new Error(`${list} names ${name}, which cannot be used: ${error.message}`);
    }
  });
  const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  writeFileSync(output, `/* PatternFly ${version}, MIT licence */\n${sheets.join('')}`);
}

if (process.argv[1]?.endsWith('patternfly.mjs')) {
  try {
    main(process.argv.slice(2));
  } catch (error) {
    console.error(`patternfly.mjs: ${error.message}`);
    process.exit(1);
  }
}
