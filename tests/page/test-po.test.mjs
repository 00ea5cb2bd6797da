// SPDX-License-Identifier: LGPL-2.1-or-later
// What the build reads of .po files: nothing is lost, and a plural form is arithmetic, not a program.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import vm from 'node:vm';
import { keyOf, parseHeader, parsePlurals, parsePo } from '../../cockpit/build/po.mjs';

const top = process.env.TOP_SRCDIR ?? '.';
const folder = mkdtempSync(join(tmpdir(), 'virtern-po.'));
after(() => rmSync(folder, { recursive: true }));

const HEADER = `msgid ""
msgstr ""
"Language: pl\\n"
"Plural-Forms: nplurals=3; plural=(n==1 ? 0 : n%10>=2 && n%10<=4 "
"&& (n%100<10 || n%100>=20) ? 1 : 2);\\n"
`;

test('a message is read whole, whatever it is made of', () => {
  const [message] = parsePo('# note\n#. for translators\n#, c-format\nmsgctxt "state"\nmsgid ""\n' +
    '"two \\"lines\\"\\n"\n"and a \\\\ tab\\t"\nmsgid_plural "many"\nmsgstr[0] "a"\nmsgstr[1] "b"\n"c"\n', 'x.po');
  assert.deepEqual(message, { context: 'state', id: 'two "lines"\nand a \\ tab\t', plural: 'many',
    translations: ['a', 'bc'], fuzzy: false });
  assert.equal(keyOf(message), 'state\x04two "lines"\nand a \\ tab\t');
});

test('messages without a blank line between them are two', () => {
  const messages = parsePo('msgid "a"\nmsgstr "1"\nmsgid "b"\nmsgstr "2"\n', 'x.po');
  assert.deepEqual(messages.map(m => [m.id, m.translations[0]]), [['a', '1'], ['b', '2']]);
});

test('obsolete messages are left out, and fuzzy ones are told', () => {
  const messages = parsePo('#, fuzzy, c-format\nmsgid "a"\nmsgstr "1"\n\n#~ msgid "b"\n#~ msgstr "2"\n' +
    '\nmsgid "c"\nmsgstr "3"\n', 'x.po');
  assert.deepEqual(messages.map(m => [m.id, m.fuzzy]), [['a', true], ['c', false]]);
});

test('what is no .po file is refused with its line', () => {
  for (const text of ['msgid "a"\nmsgstr "1"\nstray\n', 'msgid "a"\nmsgstr "1\n', 'msgid "a" x\n'])
    assert.throws(() => parsePo(text, 'x.po'), /^Error: x\.po:\d: /);
});

test('the header has its fields, also those of several lines', () => {
  const header = parseHeader(parsePo(HEADER, 'x.po'));
  assert.equal(header.language, 'pl');
  assert.equal(parsePlurals(header['plural-forms']).count, 3);
});

test('a plural form that is more than arithmetic is refused', () => {
  for (const field of ['nplurals=1; plural=alert(1);', 'nplurals=2; plural=n!=1; x', 'nplurals=2; plural=n=>n;a',
    'nplurals=2; plural=`n`;', 'nplurals=2; plural=n[0];', 'plural=0;', 'nplurals=2; plural=this;', ''])
    assert.throws(() => parsePlurals(field), /no plural forms/);
});

test('a catalog has what is translated of the page, and the right form for every number', () => {
  mkdirSync(join(folder, 'po'));
  writeFileSync(join(folder, 'page.pot'), 'msgid "$0 VM"\nmsgid_plural "$0 VMs"\nmsgstr[0] ""\nmsgstr[1] ""\n\n' +
    'msgid "drain"\nmsgstr ""\n\nmsgid "fuzzy"\nmsgstr ""\n\nmsgid "empty"\nmsgstr ""\n');
  writeFileSync(join(folder, 'po/pl.po'), `${HEADER}
msgid "$0 VM"
msgid_plural "$0 VMs"
msgstr[0] "one"
msgstr[1] "few"
msgstr[2] "many"

msgid "drain"
msgstr "</script>\\"\\\\"

#, fuzzy
msgid "fuzzy"
msgstr "x"

msgid "empty"
msgstr ""

msgid "of the command"
msgstr "x"
`);
  execFileSync(process.execPath, [join(top, 'cockpit/build/translations.mjs'), join(folder, 'page.pot'),
    join(folder, 'po'), folder, 'pl']);
  const load = name => {
    let catalog = null;
    vm.runInNewContext(readFileSync(join(folder, name), 'utf8'), { cockpit: { locale: c => { catalog = c; } } });
    return catalog;
  };
  const page = load('po.pl.js'), menu = load('po.manifest.pl.js');

  assert.deepEqual(Object.keys(page), ['', '$0 VM', 'drain']);
  assert.deepEqual([...page.drain], [null, '</script>"\\']);
  assert.deepEqual(Object.keys(menu), ['', 'drain']);
  const form = n => page['$0 VM'][Number(page['']['plural-forms'](n)) + 1];
  assert.deepEqual([0, 1, 2, 4, 5, 11, 12, 21, 22, 25, 112, 122].map(form), ['many', 'one', 'few', 'few',
    'many', 'many', 'many', 'many', 'few', 'many', 'many', 'few']);
});
