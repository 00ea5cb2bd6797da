// SPDX-License-Identifier: LGPL-2.1-or-later
// Pictures of every view and dialog: light and dark, Japanese and Polish. Run by make screenshots:
// node screenshots.mjs FOLDER [README-FOLDER]

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { openScene, prepare, scenes } from './lib/scenes.mjs';
import { startStage } from './lib/stage.mjs';
import { endAll } from './lib/tap.mjs';

const [folder, readmeFolder] = process.argv.slice(2);
const LOOKS = [
  { name: 'en-light', lang: 'en', dark: false },
  { name: 'en-dark', lang: 'en', dark: true },
  { name: 'ja', lang: 'ja', dark: false },
  { name: 'pl', lang: 'pl', dark: false },
];
/* Those that README shows. */
const README = [
  { scene: 'tasks', look: 'en-light' },
  { scene: 'migrate', look: 'en-light' },
  { scene: 'hosts', look: 'en-dark' },
];
const SIZE = { width: 1280, height: 760 };
const only = new RegExp(process.env.TERN_BROWSER_ONLY ?? '');

const stage = await startStage({ speed: 4 });
const ids = await prepare(stage.cluster);
let failed = 0;

for (const look of LOOKS) {
  mkdirSync(join(folder, look.name), { recursive: true });
  for (const scene of scenes.filter(({ name }) => only.test(name))) {
    try {
      const page = await openScene(stage, scene, ids, { ...SIZE, ...look });
      await page.shot(join(folder, look.name, `${scene.name}.png`));
      if (readmeFolder && README.some((one) => one.scene === scene.name && one.look === look.name)) {
        mkdirSync(readmeFolder, { recursive: true });
        await page.shot(join(readmeFolder, `${scene.name}.png`));
      }
      await page.close();
    } catch (error) {
      failed += 1;
      console.error(`${look.name}/${scene.name}: ${error.message.split('\n').slice(0, 4).join('\n  ')}`);
    }
  }
}
console.log(`pictures are in ${folder}`);
await endAll();
process.exit(failed > 0 ? 1 : 0);
