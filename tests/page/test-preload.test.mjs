// SPDX-License-Identifier: LGPL-2.1-or-later
// The page that is installed names all its modules, so that none is waited for after another.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { preload } from '../../cockpit/build/preload.mjs';

const source = process.env.TOP_SRCDIR ?? '.';
const build = process.env.TOP_BUILDDIR ?? '.';
const page = readFileSync(join(source, 'cockpit/index.html'), 'utf8');
const hrefs = html => [...html.matchAll(/<link rel="modulepreload" href="([^"]*)">/g)].map(m => m[1]);

test('modules are named before the first script, and nothing else is changed', () => {
  const made = preload(page, ['cockpit/app.js', 'cockpit/manifest.json', 'cockpit/ui/dom.js']);
  assert.deepEqual(hrefs(made), ['app.js', 'ui/dom.js']);
  assert.ok(made.lastIndexOf('modulepreload') < made.indexOf('<script type="module"'));
  assert.ok(made.indexOf('cockpit.js') < made.indexOf('modulepreload'));
  assert.equal(made.replace(/^ *<link rel="modulepreload".*\n/gm, ''), page);
  assert.throws(() => preload('<html></html>', []), /no module/);
});

test('the page that is installed names every module, once', () => {
  const made = hrefs(readFileSync(join(build, 'cockpit/installed/index.html'), 'utf8'));
  const text = readFileSync(join(source, 'cockpit/Makefile.inc'), 'utf8').replace(/\\\n/g, ' ');
  const listed = [...text.matchAll(/^COCKPIT_(?:TOP|BUS|DIALOGS|MODEL|UI|VIEWS) =(.*)$/gm)]
    .flatMap(([, files]) => files.trim().split(/\s+/)).filter(file => file.endsWith('.js'))
    .map(file => file.replace('cockpit/', ''));
  assert.ok(listed.length > 50);
  assert.deepEqual([...made].sort(), listed.sort());
});
