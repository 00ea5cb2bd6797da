// SPDX-License-Identifier: LGPL-2.1-or-later
// The texts of reasons: complete, the same as the command's, true to what the daemon says.

import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

const top = process.env.TOP_SRCDIR ?? '.';
const read = file => readFileSync(join(top, file), 'utf8');

// A language in which every text is in angle brackets, unless one is switched to English.
let english = false;
const translate = text => (english ? text : `‹${text}›`);
globalThis.cockpit = {
  language: 'en',
  gettext: (...args) => translate(args[args.length - 1]),
  ngettext: (one, many, n) => translate(n === 1 ? one : many),
};
const { REASONS, WORDS, reasonText, remedyText } = await import('../../cockpit/model/reasons.js');

/** docs/reasons.md: parameters, and whether there is a remedy, by code. */
const documented = Object.fromEntries([...read('docs/reasons.md')
  .matchAll(/^\| `([\w.-]+)` \| \w+ \| (.*?) \| .* \| (.*?) \|$/gm)]
  .map(([, code, parameters, remedy]) =>
    [code, { parameters: parameters === '-' ? [] : parameters.split(', '), hasRemedy: remedy !== '-' }]));

const split = choice => (typeof choice === 'string' ? [null, choice] : choice);
const placesOf = text => [...text.matchAll(/\{([^}]*)\}/g)].map(match => match[1]);
const rows = Object.entries(REASONS).flatMap(([code, parts]) => ['sentence', 'remedy'].flatMap(part =>
  parts[part].map(choice => ({ code, part, condition: split(choice)[0], text: split(choice)[1] }))));

/** The text of adjacent C string literals. */
const literal = text => [...text.matchAll(/"((?:[^"\\]|\\.)*)"/g)]
  .map(match => JSON.parse(`"${match[1]}"`)).join('');

/** A reason for which `row` is the text, with every parameter there. */
function reasonFor({ code, part, condition }) {
  const reason = {
    code: code,
    severity: 'warns',
    sentence: 'the daemon says so',
    remedy: 'run “do this” and “do that”',
    parameters: Object.fromEntries(documented[code].parameters.map((name, i) => [name, `${i + 1}234`])),
  };
  if (condition === 'blocks' || condition === 'warns')
    reason.severity = condition;
  else if (condition?.startsWith('^'))
    reason[part] = `${condition.slice(1)} “do this” and “do that”`;
  else if (condition?.startsWith('$'))
    reason[part] = `it is so${condition.slice(1)}`;
  else if (condition !== null)
    reason.parameters[condition.split('=')[0]] = condition.split('=')[1];
  return reason;
}

const say = { sentence: reasonText, remedy: remedyText };

test('every documented code has a text, and no other code has', () => {
  assert.ok(Object.keys(documented).length > 50);
  assert.deepEqual(Object.keys(REASONS), Object.keys(documented));
  for (const [code, { sentence }] of Object.entries(REASONS))
    assert.ok(sentence.length > 0, code);
});

test('a code has remedies just if they are documented', () => {
  for (const [code, { remedy }] of Object.entries(REASONS))
    assert.equal(remedy.length > 0, documented[code].hasRemedy || code === 'host.virt-type', code);
});

test('every parameter that a text or a condition names is documented for its code', () => {
  const always = ['VM', 'HOST', 'command', 'command2'];
  for (const { code, condition, text } of rows) {
    for (const name of placesOf(text))
      assert.ok([...always, ...documented[code].parameters].includes(name), `${code}: {${name}}`);
    const [name, value] = /^[\w-]+=/.test(condition ?? '') ? condition.split('=') : [];
    assert.ok(value === undefined || documented[code].parameters.includes(name), `${code}: ${condition}`);
  }
});

test('the command has the same texts in the same order', () => {
  const c = read('src/cli/reason-table.c');
  const table = [...c.matchAll(/^ {2}(SENTENCE|REMEDY)(_IF)? \(\s*("[^"]*"),\s*(?:("[^"]*"),\s*)?N_ \(([^]*?)\)\),$/gm)]
    .map(([, part, , code, condition, text]) => ({
      code: literal(code),
      part: part.toLowerCase(),
      condition: condition === undefined ? null : literal(condition),
      text: literal(text),
    }));
  assert.deepEqual(table, rows);
  const words = [...c.matchAll(/^ {2}\{ ("[^"]*"),\s*NC_ \("state of a VM",\s*("[^"]*")\) \},$/gm)]
    .map(([, value, text]) => [literal(value), literal(text)]);
  assert.deepEqual(Object.fromEntries(words), WORDS);
});

test('what a condition looks for is what the daemon says', () => {
  const sources = ['src/plan', 'src/engine'].flatMap(folder => readdirSync(join(top, folder))
    .filter(name => name.endsWith('.c')).map(name => read(`${folder}/${name}`)))
    .join('\n').replace(/"\s*\n\s*"/g, '');
  for (const { code, condition } of rows.filter(row => /^[\^$]/.test(row.condition ?? ''))) {
    const wanted = condition.slice(1);
    const at = condition.startsWith('^') ? `"${wanted}` : `${wanted}"`;
    assert.ok(sources.includes(at) || sources.includes(`"shut ${wanted}`), `${code}: ${condition}`);
  }
});

test('each text can be reached, and holds every parameter that it names', () => {
  for (const row of rows) {
    const reason = reasonFor(row);
    // What stands before it in the list must not hold as well: take away what only that needs.
    const earlier = REASONS[row.code][row.part].map(split).map(([condition, text]) => ({ condition, text }));
    const needed = new Set([...placesOf(row.text), row.condition?.split('=')[0]]);
    for (const { condition, text } of earlier.slice(0, earlier.findIndex(e => e.text === row.text))) {
      const spare = placesOf(text).find(name => !needed.has(name));
      if (condition !== null)
        continue;
      if (spare?.startsWith('command') || spare === undefined)
        reason.remedy = row.part === 'remedy' ? (row.condition ?? '^do it').slice(1) : reason.remedy;
      else
        reason.parameters[spare] = '';
    }
    const said = say[row.part](reason, 'web01', 'node2');
    const frame = row.text.split(/\{[\w-]+\}/);
    assert.ok(said.startsWith('‹') && frame.every(piece => said.includes(piece)), `${row.code}: ${row.text} became ${said}`);
    assert.doesNotMatch(said, /[{}]|undefined|null/);
  }
});

test('without its parameters a reason is told in the words of the daemon', () => {
  for (const row of rows) {
    const reason = { ...reasonFor(row), parameters: undefined };
    const said = say[row.part](reason, 'web01', 'node2');
    const own = row.part === 'sentence' ? reason.sentence : reason.remedy;
    const free = REASONS[row.code][row.part].some(choice =>
      placesOf(split(choice)[1]).every(name => ['VM', 'HOST', 'command', 'command2'].includes(name)) &&
      !/=/.test(split(choice)[0] ?? ''));
    assert.ok(said === own || free, `${row.code}: ${said}`);
  }
});

test('a lock whose owner is not told is not said to have none', () => {
  const reason = { code: 'vm.locked', severity: 'blocks', sentence: 'web01 is locked by root', remedy: '' };
  assert.equal(reasonText(reason, 'web01', 'node2'), 'web01 is locked by root');
});

test('English readers have the words of the daemon', () => {
  english = true;
  try {
    for (const row of rows) {
      const reason = reasonFor(row);
      assert.equal(reasonText(reason, 'web01', 'node2'), reason.sentence);
      assert.equal(remedyText(reason, 'web01', 'node2'), reason.remedy);
    }
  } finally {
    english = false;
  }
});

test('a code that is not known is told in the words of the daemon', () => {
  for (const code of ['vm.other', 'constructor', '__proto__', 'toString', '']) {
    const reason = { code: code, sentence: 'so it is', remedy: 'do “it”', parameters: { a: 'b' } };
    assert.equal(reasonText(reason, 'web01', 'node2'), 'so it is');
    assert.equal(remedyText(reason, 'web01', 'node2'), 'do “it”');
  }
});

test('a name that looks like a place in a text is shown as it is', () => {
  const reason = { code: 'host.same', severity: 'blocks', sentence: 'x', remedy: '', parameters: {} };
  assert.equal(reasonText(reason, '{HOST} $& $1', 'node2'), '‹{HOST} $& $1 is on node2 already›');
});

test('nothing is run that a name with quotation marks has torn apart', () => {
  const remedy = name => ({ code: 'network.inactive', severity: 'blocks', sentence: 'x',
    remedy: `“virsh net-start ${name}” on node2`, parameters: { network: name } });
  assert.equal(remedyText(remedy('lan'), 'web01', 'node2'), '‹“virsh net-start lan” on node2›');
  for (const name of ['a”; b', 'a“b”c', '”', '“']) {
    const reason = remedy(name);
    assert.equal(remedyText(reason, 'web01', 'node2'), reason.remedy);
  }
});

test('sizes, times and lists are written for people', () => {
  const need = { code: 'memory.short', severity: 'blocks', sentence: 'x', remedy: '',
    parameters: { need: '12288', free: '0', short: '12288' } };
  assert.match(reasonText(need, 'web01', 'node2'), /needs 12,288\u00a0MiB and node2 has 0\u00a0MiB/);
  const features = { code: 'cpu.feature-missing', severity: 'blocks', sentence: 'x', remedy: '',
    parameters: { features: 'aes,avx2' } };
  assert.match(reasonText(features, 'web01', 'node2'), /aes, avx2/);
  const lock = { code: 'vm.locked', severity: 'blocks', sentence: 'x', remedy: '',
    parameters: { owner: 'root', reason: 'its backup', since: '1772000000000000', expires: '0' } };
  assert.match(reasonText(lock, 'web01', 'node2'), /by root since .*2026.*: its backup/);
  const state = { code: 'vm.not-running', severity: 'blocks', sentence: 'x', remedy: '',
    parameters: { host: 'node1', state: 'paused (migration)' } };
  assert.match(reasonText(state, 'web01', 'node2'), /\(‹paused› \(‹by a migration›\)\)/);
});

test('a reason of a plan, which has no parameters, is told in full or in the words of the daemon', () => {
  let translated = 0;
  for (const row of rows) {
    const { parameters, severity, ...reason } = reasonFor(row);
    const text = say[row.part](reason, 'web01');
    if (text === reason[row.part]) continue;
    translated++;
    assert.doesNotMatch(text, /\{/);
    const choices = REASONS[row.code][row.part].map(split);
    assert.ok(choices.every(([condition]) => condition === null || /^[$^]/.test(condition)), row.code);
  }
  assert.ok(translated > 10);
  const lock = { code: 'vm.locked', sentence: 'web01 is locked by root', remedy: 'unlock it with “virtern vm unlock web01”' };
  assert.equal(reasonText(lock, 'web01'), lock.sentence);
  assert.equal(remedyText(lock, 'web01'), '‹unlock it with “virtern vm unlock web01”›');
});
