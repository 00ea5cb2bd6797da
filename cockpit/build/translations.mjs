// SPDX-License-Identifier: LGPL-2.1-or-later
// Writes what Cockpit loads for a language: po.LANG.js with the messages of the page and its menu
// entry, and po.manifest.LANG.js with the latter alone, which the shell of newer Cockpits reads.
//
// usage: node translations.mjs TEMPLATE PO_DIRECTORY OUTPUT_DIRECTORY LANGUAGE…
//
// TEMPLATE is a .pot of the page's messages: the .po files have those of the command as well.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { MANIFEST_WORDS } from './manifest-words.js';
import { keyOf, parseHeader, parsePlurals, parsePo } from './po.mjs';

const RIGHT_TO_LEFT = /^(ar|fa|he|ps|sd|ug|ur|yi)\b/;

const isTranslated = message =>
  !message.fuzzy && message.translations.length > 0 && message.translations.every(t => t !== '');

/** A script that gives Cockpit the messages: [null, TRANSLATION, FORM…] by key. */
function catalogScript(language, header, messages) {
  const plurals = header['plural-forms']
    ? parsePlurals(header['plural-forms']).expression : 'n == 1 ? 0 : 1';
  const direction = RIGHT_TO_LEFT.test(language) ? 'rtl' : 'ltr';
  const lines = messages.map(message =>
    ` ${JSON.stringify(keyOf(message))}: ${JSON.stringify([null, ...message.translations])}`);
  const head = ` "": {\n  "plural-forms": (n) => ${plurals},\n` +
    `  "language": ${JSON.stringify(language)},\n  "language-direction": "${direction}"\n }`;
  return `cockpit.locale({\n${[head, ...lines].join(',\n')}\n});\n`;
}

/** Writes the two files of one language. */
function writeLanguage(language, wanted, poFolder, outputFolder) {
  const path = join(poFolder, `${language}.po`);
  const all = parsePo(readFileSync(path, 'utf8'), path);
  const header = parseHeader(all);
  const translated = all.filter(message => message.id !== '' && isTranslated(message));
  const page = translated.filter(message => wanted.has(keyOf(message)));
  const menu = translated.filter(message => message.context === null && MANIFEST_WORDS.includes(message.id));

  writeFileSync(join(outputFolder, `po.${language}.js`), catalogScript(language, header, page));
  writeFileSync(join(outputFolder, `po.manifest.${language}.js`),
    catalogScript(language, header, menu));
}

function main([template, poFolder, outputFolder, ...languages]) {
  const wanted = new Set(parsePo(readFileSync(template, 'utf8'), template).map(keyOf));
  for (const language of languages)
    writeLanguage(language, wanted, poFolder, outputFolder);
}

try {
  main(process.argv.slice(2));
} catch (error) {
  console.error(`translations.mjs: ${error.message}`);
  process.exit(1);
}
