// SPDX-License-Identifier: LGPL-2.1-or-later
// Writes the page with all its modules named in its head: a browser that learns of a module only
// from the one that imports it waits for one after another.
//
// usage: node preload.mjs INDEX_HTML MODULE…     (modules as cockpit/…; writes to standard output)

import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

// Behind cockpit.js, which everything waits for.
const FIRST_MODULE = /^[ \t]*<script type="module"/m;
const EARLY = /^cockpit\/(start\.js|bus\/)/;

/**
 * The page with a modulepreload line for each module, before its first module: those that ask the
 * daemon come first.
 * @param {string} html
 * @param {string[]} files of the page, as cockpit/…; what is no module is passed over
 * @returns {string}; throws an Error if the page has no module
 */
export function preload(html, files) {
  if (!FIRST_MODULE.test(html)) throw new Error('the page has no module');
  const modules = files.filter(file => file.endsWith('.js'));
  const lines = [...modules.filter(file => EARLY.test(file)), ...modules.filter(file => !EARLY.test(file))]
    .map(file => `    <link rel="modulepreload" href="${file.replace(/^cockpit\//, '')}">\n`);
  return html.replace(FIRST_MODULE, script => lines.join('') + script);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const [page, ...files] = process.argv.slice(2);
  process.stdout.write(preload(readFileSync(page, 'utf8'), files));
}
