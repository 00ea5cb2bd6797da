// SPDX-License-Identifier: LGPL-2.1-or-later
// Every language of po/LINGUAS is complete: command, polkit policy, page and menu entry.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import vm from 'node:vm';
import { keyOf, parseHeader, parsePlurals, parsePo } from '../../cockpit/build/po.mjs';

const top = process.env.TOP_SRCDIR ?? '.', build = process.env.TOP_BUILDDIR ?? top;
const read = file => readFileSync(join(top, file), 'utf8');
const folder = mkdtempSync(join(tmpdir(), 'virtern-po.'));
after(() => rmSync(folder, { recursive: true }));

const lines = file => read(file).split('\n').map(line => line.trim())
  .filter(line => line !== '' && !line.startsWith('#'));
const languages = lines('po/LINGUAS'), potfiles = lines('po/POTFILES.in');

let complaints = '';

/** All messages of the sources as they are now, by key. */
function extract() {
  const makevars = read('po/Makevars').replace(/\\\n/g, ' ');
  const options = /^XGETTEXT_OPTIONS = (.*)$/m.exec(makevars)[1].trim().split(/\s+/);
  const template = join(folder, 'virtern.pot');
  const { status, stderr } = spawnSync('xgettext', [...options, `--directory=${top}`,
    '--files-from=-', `--output=${template}`], {
    input: potfiles.join('\n'),
    encoding: 'utf8',
    env: { ...process.env, GETTEXTDATADIRS: join(top, 'data'), LC_ALL: 'C' },
  });
  assert.equal(status, 0, stderr);
  complaints = stderr;
  return byKey(parsePo(readFileSync(template, 'utf8'), template));
}

const byKey = messages => new Map(messages.filter(m => m.id !== '').map(m => [keyOf(m), m]));
const wanted = extract();
const shown = key => JSON.stringify(key.replace('\x04', ' | '));

function catalogOf(language) {
  const file = `po/${language}.po`;
  const messages = parsePo(read(file), file);
  return { messages: byKey(messages), header: parseHeader(messages), text: read(file) };
}

/** Fails with the first of these messages, and how many more there are. */
function none(messages, what) {
  const few = messages.slice(0, 20).map(shown).join('\n  ');
  assert.equal(messages.length, 0, `${messages.length} ${what}:\n  ${few}`);
}

// What a translation must keep: places for values, and options of commands.
const KEPT = /\{[\w-]+\}|\$\d|\$\(\w+\)|--[a-z][a-z-]+/g;
const kept = text => [...new Set(text.match(KEPT) ?? [])].sort().join(' ');

/** Whether each form of a translation has what the English text of one or of many has. */
const keepsAll = (english, translations) => translations.every(text =>
  [english.id, english.plural ?? english.id].some(source => kept(source) === kept(text)));

test('every file that speaks to people is in po/POTFILES.in', () => {
  const sources = readdirSync(join(top, 'src/cli')).filter(name => /\.[ch]$/.test(name))
    .map(name => `src/cli/${name}`).filter(file => /\b(_|N_|C_|NC_|ngettext) \("/.test(read(file)));
  assert.ok(sources.length > 20);
  assert.deepEqual(sources.filter(file => !potfiles.includes(file)), []);
});

// In a regular expression it takes a slash within [] for the end, and reads no further.
test('xgettext understands every file', () => assert.equal(complaints, ''));

test('every marked text of the page is found', () => {
  const plain = /(?<![\w.])(?:(?:_|N_|ngettext)\(|N?C_\('((?:[^'\\]|\\.)*)', )'((?:[^'\\]|\\.)*)'/g;
  const unescape = text => text.replace(/\\u([0-9a-f]{4})/g, (all, hex) => String.fromCharCode(parseInt(hex, 16)))
    .replace(/\\(.)/g, '$1');
  const marked = potfiles.filter(file => file.endsWith('.js')).flatMap(file =>
    [...read(file).matchAll(plain)].map(([, context, text]) =>
      (context === undefined ? '' : `${context}\x04`) + unescape(text)));
  assert.ok(marked.length > 300);
  none(marked.filter(key => !wanted.has(key)), 'are not found');
});

test('the sources have sentences of the command, the policy, the page and its menu entry', () => {
  for (const key of ['No host can take %s', 'Start VMs', '{VM} is on {HOST} already', 'VM migration'])
    assert.ok(wanted.has(key), key);
});

for (const language of languages) {
  const { messages, header, text } = catalogOf(language);
  const plurals = parsePlurals(header['plural-forms']);

  test(`${language}: msgfmt accepts the file`, () => {
    const { status, stderr } = spawnSync('msgfmt', ['--check', '--output-file=/dev/null',
      join(top, `po/${language}.po`)], { encoding: 'utf8', env: { ...process.env, LC_ALL: 'C' } });
    assert.equal(status, 0, stderr);
    assert.equal(header.language, language);
  });

  test(`${language}: no message is missing`, () =>
    none([...wanted.keys()].filter(key => !messages.has(key)), 'are missing'));

  test(`${language}: no message is without a translation`, () =>
    none([...messages].filter(([, m]) => m.translations.some(t => t === '')).map(([key]) => key), 'are empty'));

  test(`${language}: no message is fuzzy`, () =>
    none([...messages].filter(([, m]) => m.fuzzy).map(([key]) => key), 'are fuzzy'));

  test(`${language}: no message is left over`, () => {
    none([...messages.keys()].filter(key => !wanted.has(key)), 'are in no source any more');
    assert.doesNotMatch(text, /^#~/m);
  });

  test(`${language}: translations have the same places for values, and the same options`, () =>
    none([...messages].filter(([, m]) => !keepsAll(m, m.translations)).map(([key]) => key),
      'lose or invent some'));

  test(`${language}: every message has all plural forms`, () =>
    none([...messages].filter(([, m]) => m.translations.length !== (m.plural === null ? 1 : plurals.count))
      .map(([key]) => key), 'have other numbers of forms'));

  test(`${language}: the page gets each of its messages, and the menu its own`, () => {
    const page = byKey(parsePo(readFileSync(join(build, 'cockpit/messages.pot'), 'utf8'), 'messages.pot'));
    const load = name => {
      let catalog = null;
      vm.runInNewContext(readFileSync(join(build, 'cockpit', name), 'utf8'),
        { cockpit: { locale: data => { catalog = data; } } });
      return catalog;
    };
    const all = load(`po.${language}.js`), menu = load(`po.manifest.${language}.js`);

    assert.ok(page.size > 100);
    none([...page.keys()].filter(key => !Object.hasOwn(all, key)), 'do not reach the page');
    for (const [key, message] of page)
      assert.deepEqual([...all[key]], [null, ...messages.get(key).translations]);
    assert.deepEqual(Object.keys(all).filter(key => key !== '' && !page.has(key)), []);
    assert.ok(Object.hasOwn(menu, 'VM migration') && Object.hasOwn(menu, 'drain'));
    assert.equal(all[''].language, language);
    for (let n = 0; n < 250; n++)
      assert.ok([...Array(plurals.count).keys()].includes(Number(all['']['plural-forms'](n))), `${n}`);
  });
}
