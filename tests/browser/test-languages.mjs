// SPDX-License-Identifier: LGPL-2.1-or-later
// The page in the languages of po/LINGUAS, as Cockpit serves them by the reader's cookie.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { keyOf, parsePo } from '../../cockpit/build/po.mjs';
import { startStage } from './lib/stage.mjs';
import { run, test } from './lib/tap.mjs';

const top = process.env.TOP_SRCDIR ?? '.';
const read = file => readFileSync(join(top, file), 'utf8');
const languages = read('po/LINGUAS').split('\n').filter(line => line !== '' && !line.startsWith('#'));
const stage = await startStage();

/** What a language's .po says for a message. */
function translation(language, key) {
  const message = parsePo(read(`po/${language}.po`), language).find(one => keyOf(one) === key);
  if (!message || message.translations[0] === key)
    throw new Error(`po/${language}.po has no translation of “${key}”`);
  return message.translations[0];
}

for (const lang of languages) {
  test(`${lang}: tabs and headings are in that language`, async () => {
    const page = await stage.open('tasks', { lang });

    for (const word of ['Tasks', 'VMs', 'Hosts'])
      await page.expectText(translation(lang, word));
  });

  test(`${lang}: the page says which language it is in`, async () => {
    const page = await stage.open('hosts', { lang });

    await page.expectText(translation(lang, 'Hosts'));
    const said = await page.raw.evaluate(() => document.documentElement.lang);
    if (said !== lang)
      throw new Error(`<html lang="${said}">, not "${lang}"`);
  });
}

test('a language that is not there is English', async () => {
  const page = await stage.open('tasks', { lang: 'cs' });

  await page.expectText('Tasks');
});

await run();
