// SPDX-License-Identifier: LGPL-2.1-or-later
// Breaks a small page in every way that tools/check-page looks for, and sees it noticed.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';

const tool = join(process.env.TOP_SRCDIR ?? '.', 'tools/check-page');
const folder = mkdtempSync(join(tmpdir(), 'virtern-page.'));
after(() => rmSync(folder, { recursive: true }));

const head = '// SPDX-License-Identifier: LGPL-2.1-or-later\n// What this file is good for.\n';
const CLEAN = {
  'cockpit/Makefile.inc': `COCKPIT_TOP = \\
\tcockpit/app.js \\
\tcockpit/i18n.js \\
\tcockpit/index.html \\
\tcockpit/manifest.json \\
\tcockpit/virtern.css
COCKPIT_BUS = cockpit/bus/calls.js
COCKPIT_DIALOGS =
COCKPIT_MODEL = cockpit/model/words.js
COCKPIT_UI = cockpit/ui/dom.js
COCKPIT_VIEWS = cockpit/views/tasks.js
COCKPIT_BUILD = cockpit/build/manifest-words.js
`,
  'cockpit/app.js': `${head}import './views/tasks.js';\n`,
  'cockpit/i18n.js': `${head}export const _ = text => cockpit.gettext(text);\n`,
  'cockpit/index.html': '<link href="patternfly.css"><script src="../base1/cockpit.js"></script>' +
    '<script src="app.js"></script>\n',
  'cockpit/manifest.json': '{ "menu": { "index": { "label": "Page", "keywords": [{ "matches": ["vm"] }] } } }',
  'cockpit/virtern.css': '.pf-v6-c-table__td.pf-m-x, .pf-v6-l-flex, .pf-v6-u-screen-reader { margin: 0; }\n',
  'cockpit/bus/calls.js': `${head}export const bus = () => cockpit.dbus('a.b');\n`,
  'cockpit/model/words.js': `${head}import { _ } from '../i18n.js';\nexport const a = _('a');\n`,
  'cockpit/ui/dom.js': `${head}// Never innerHTML, never eval (x).\n` +
    "export const h = tag => document.createElement(tag); const quote = /['\"]/; // cockpit.spawn\n" +
    "export const p = new Intl.NumberFormat('ja', { style: 'percent' });\n",
  'cockpit/views/tasks.js': `${head}import { bus } from '../bus/calls.js';\nexport const go = bus;\n`,
  'cockpit/build/manifest-words.js': `${head}const N_ = t => t; export const W = [N_('Page'), N_('vm')];\n`,
  'cockpit/build/components.list': '# Sheets\npatternfly-base.css\ncomponents/Table/table.css\n' +
    'components/Table/table-grid.css\nlayouts/Flex/flex.css\nutilities/Accessibility/accessibility.css\n',
  'po/POTFILES.in': 'cockpit/app.js\ncockpit/build/manifest-words.js\ncockpit/bus/calls.js\n' +
    'cockpit/i18n.js\ncockpit/model/words.js\ncockpit/ui/dom.js\ncockpit/views/tasks.js\n',
};

/** The numbers of the checks that fail on the clean page with these changes. */
function failing(changes) {
  rmSync(folder, { recursive: true });
  for (const [file, text] of Object.entries({ ...CLEAN, ...changes })) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), text);
  }
  const { stdout, status } = spawnSync(process.execPath, [tool, folder], { encoding: 'utf8' });
  const numbers = [...stdout.matchAll(/^not ok (\d+)/gm)].map(match => Number(match[1]));
  assert.equal(status, numbers.length > 0 ? 1 : 0, stdout);
  assert.match(stdout, /^ok /m);
  return numbers;
}

const add = (file, line) => ({ [file]: `${CLEAN[file]}${line}\n` });

const CASES = [
  ['a clean page passes', {}, []],
  ['a module in no list is noticed',
    { 'cockpit/ui/new.js': head, ...add('po/POTFILES.in', 'cockpit/ui/new.js') }, [1]],
  ['a test that nobody runs is noticed', { 'tests/page/test-a.test.mjs': head }, [2]],
  ['a list that is not sorted is noticed',
    { 'cockpit/Makefile.inc': CLEAN['cockpit/Makefile.inc'].replace('app', 'zzz').replace('i18n', 'app')
      .replace('zzz', 'i18n') }, [1]],
  ['a module that is not translated is noticed',
    { 'po/POTFILES.in': CLEAN['po/POTFILES.in'].replace('cockpit/app.js\n', '') }, [3]],
  ['an import of what is not installed is noticed', add('cockpit/app.js', "import './gone.js';"), [4]],
  ['an import of several lines is read',
    add('cockpit/app.js', "import {\n  a,\n} from './gone.js';"), [4]],
  ['an import within a function is read', add('cockpit/app.js', "const a = await import('./gone.js');"), [4]],
  ['words like those of an import are none',
    add('cockpit/app.js', "const a = ['from', 'to'], b = x === 'from' && y !== 'import';\nexport const NAME = 'a';"), []],
  ['a sheet that is not installed is noticed', add('cockpit/index.html', '<link href="other.css">'), [4]],
  ['a menu entry without its page is noticed',
    { 'cockpit/manifest.json': '{ "menu": { "tasks": { "label": "Page" } } }' }, [4]],
  ['a label that is not translated is noticed',
    { 'cockpit/manifest.json': '{ "menu": { "index": { "label": "Other" } } }' }, [5]],
  ['a model that imports ui is noticed',
    add('cockpit/model/words.js', "import { h } from '../ui/dom.js';"), [6]],
  ['a module of somebody else is noticed', add('cockpit/ui/dom.js', "import 'react';"), [4, 6]],
  ['ui that imports the bus is noticed',
    add('cockpit/ui/dom.js', "export { bus } from '../bus/calls.js';"), [6]],
  ['a view that runs a program is noticed', add('cockpit/views/tasks.js', "cockpit.spawn(['ls']);"), [7]],
  ['a view that hides what it calls is noticed', add('cockpit/views/tasks.js', "cockpit['dbus']();"), [7]],
  ['a model that reads the document is noticed', add('cockpit/model/words.js', 'document.title();'), [8]],
  ['markup made of text is noticed', add('cockpit/ui/dom.js', 'node.innerHTML = a;'), [9]],
  ['markup put in somewhere is noticed', add('cockpit/ui/dom.js', "n.insertAdjacentHTML('a', b);"), [9]],
  ['text that is run is noticed', add('cockpit/ui/dom.js', 'eval(a);'), [9]],
  ['a timer that runs text is noticed', add('cockpit/ui/dom.js', "setTimeout('a()', 1);"), [9]],
  ['a style attribute is noticed', add('cockpit/ui/dom.js', "h('p', { style: 'color: red' });"), [9]],
  ['a set style attribute is noticed', add('cockpit/ui/dom.js', "p.setAttribute('style', a);"), [9]],
  ['a script within the page is noticed', add('cockpit/index.html', '<script>a()</script>'), [9]],
  ['something from outside is noticed', add('cockpit/ui/dom.js', "const a = 'https://example.org/a';"), [10]],
  ['a block of PatternFly without its sheet is noticed',
    add('cockpit/ui/dom.js', "const c = 'pf-v6-c-card__title';"), [11]],
  ['a sheet that nothing uses is noticed',
    add('cockpit/build/components.list', 'components/Card/card.css'), [11]],
  ['a module without its licence is noticed', { 'cockpit/app.js': "import './views/tasks.js';\n" }, [12]],
  ['a module without its purpose is noticed',
    { 'cockpit/app.js': `${head.split('\n')[0]}\nimport './views/tasks.js';\n` }, [12]],
  ['a file that is too long is noticed', add('cockpit/app.js', '\n'.repeat(600)), [13]],
];

for (const [sentence, changes, expected] of CASES)
  test(sentence, () => assert.deepEqual(failing(changes), expected));
