// SPDX-License-Identifier: LGPL-2.1-or-later
// What the build keeps of PatternFly's style sheets, and what it leaves out.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { reduce } from '../../cockpit/build/patternfly.mjs';

const build = process.env.TOP_BUILDDIR ?? '.';
const flat = css => reduce(css).replace(/\s+/g, ' ').trim();

test('rules are kept as they are', () => {
  assert.equal(flat('.a, .b:is(.c, .d) { color: red; --x: "}"; }'), '.a, .b:is(.c, .d) { color: red; --x: "}"; }');
  assert.equal(flat('@media (width > 1px) { .a { b: c } }'), '@media (width > 1px) { .a { b: c; } }');
  assert.equal(flat('@keyframes k { from { a: b } to { a: c } }'), '@keyframes k { from { a: b; } to { a: c; } }');
});

test('fonts, icons and other themes are left out', () => {
  for (const css of ['@font-face { src: url("a.woff2"); }', '.fa-user:before { content: "x"; }',
    '.pficon-add:before, .fas { content: "x"; }', ':root:where(.pf-v6-theme-dark.pf-v6-theme-glass) { a: b; }',
    '.a { background: url(x.svg); }', '@media print { .fa-x { a: b; } }'])
    assert.equal(flat(css), '', css);
});

test('a rule for something that is used as well is kept', () => {
  const css = '.fa-user, .pf-v6-c-button { color: red; }';
  assert.equal(flat(css), css);
  assert.equal(flat('.fancy { color: red; }'), '.fancy { color: red; }');
});

test('a sheet that is cut short is refused', () => {
  assert.throws(() => reduce('.a { color: red;'), /not closed/);
  assert.throws(() => reduce('.a:is(.b { color: red; }'), /not closed/);
});

test('the sheet that is installed is whole, has the dark theme, and loads nothing', () => {
  const css = readFileSync(join(build, 'cockpit/patternfly.css'), 'utf8').replace(/\/\*[^]*?\*\//g, '');
  assert.equal(css.split('{').length, css.split('}').length);
  assert.match(css, /:root:where\(\.pf-v6-theme-dark\) \{/);
  assert.match(css, /\.pf-v6-c-button \{/);
  assert.doesNotMatch(css, /url\(|@import|@font-face/);
});
