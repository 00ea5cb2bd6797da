// SPDX-License-Identifier: LGPL-2.1-or-later
// Everybody can use every view and dialog: no violation that axe sees, light and dark; nothing is
// wider than the screen at 360 and 1920 pixels, in any language; the keyboard alone is enough.

import { eventually } from './lib/processes.mjs';
import { openScene, prepare, scenes } from './lib/scenes.mjs';
import { startStage } from './lib/stage.mjs';
import { run, test } from './lib/tap.mjs';

const stage = await startStage({ speed: 4 });
const { cluster } = stage;
const ids = await prepare(cluster);

const LOOKS = [
  { lang: 'en', dark: false, width: 1280, axe: true },
  { lang: 'en', dark: true, width: 360, axe: true },
  { lang: 'ja', dark: false, width: 360, axe: true },
  { lang: 'pl', dark: false, width: 360 },
  { lang: 'pl', dark: true, width: 1920 },
];

async function holds(scene, look) {
  const page = await openScene(stage, scene, ids, look);
  const wide = await page.overflow();

  if (wide > 0)
    throw new Error(`the page is ${wide} pixels too wide`);
  if (look.axe)
    await page.axe();
  await page.close();
}

for (const scene of scenes)
  test(`${scene.name} keeps nobody out, and fits narrow and wide screens in every language`, async () => {
    for (const look of LOOKS) {
      try {
        await holds(scene, look);
      } catch (error) {
        throw new Error(`${JSON.stringify(look)}: ${error.message}`);
      }
    }
  });

test('a move is ordered by keyboard alone, from opening the page on', async () => {
  const page = await stage.open('tasks');

  await page.expectText('slow', { within: 'main' });
  await page.tabTo('a VMs');
  await page.keys('Enter');
  await page.expectText('web01', { within: 'main' });
  await page.tabTo(/Actions for web01$/, { most: 150 });
  await page.keys('Enter');
  await eventually(async () => /Migrate/.test(await page.focused()), 'the menu to have the focus');
  await page.keys('Enter');
  await page.dialog().waitFor();
  await page.expectText(/Fits/, { within: 'dialog[open]' });
  await page.tabTo(/^button Migrate web01 to/);
  await page.keys('Enter');
  await page.raw.locator('dialog[open]').waitFor({ state: 'detached' });
  await eventually(async () => (await cluster.json('task', 'list')).some(({ vm }) => vm === 'web01'),
    'a task that moves web01');
});

test('Escape leaves a dialog and a menu without doing anything, and gives the focus back', async () => {
  const page = await stage.open('vms');
  const before = (await cluster.json('task', 'list')).length;

  await page.expectText('mail', { within: 'main' });
  await page.tabTo(/Actions for mail$/, { most: 150 });
  await page.keys('Enter');
  await page.raw.getByRole('menu').waitFor();
  await page.keys('Escape');
  await page.raw.getByRole('menu').waitFor({ state: 'detached' });
  await page.keys('Enter');
  await eventually(async () => /Migrate/.test(await page.focused()), 'the menu to have the focus');
  await page.keys('Enter');
  await page.dialog().waitFor();
  await page.keys('Escape');
  await page.raw.locator('dialog[open]').waitFor({ state: 'detached' });
  const focused = await page.focused();
  if (!/Actions for mail/.test(focused))
    throw new Error(`after the dialog the focus is on ${focused}`);
  if ((await cluster.json('task', 'list')).length !== before)
    throw new Error('a task was begun');
});

await run();
