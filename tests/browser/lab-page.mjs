// SPDX-License-Identifier: LGPL-2.1-or-later
// A person moves a real VM in the page and watches it arrive. Run by tests/lab/test-page.sh, on the
// bus at DBUS_SESSION_BUS_ADDRESS: node lab-page.mjs VM SOURCE DESTINATION

import { eventually } from './lib/processes.mjs';
import { startStage } from './lib/stage.mjs';
import { run, test } from './lib/tap.mjs';

const [vm, source, destination] = process.argv.slice(2);
const stage = await startStage({ address: process.env.DBUS_SESSION_BUS_ADDRESS });
const page = await stage.open('vms', { keep: true });
const row = () => page.raw.locator('main tbody tr', { hasText: vm }).first();
let seen = [];

/* Every word of the page while it moves, so that nothing is shown which was not so. */
async function follow() {
  await page.raw.evaluate(() => {
    window.progress = [];
    const look = () => {
      for (const bar of document.querySelectorAll('main progress[value]'))
        window.progress.push(Number(bar.value));
    };
    new MutationObserver(look).observe(document.querySelector('main'),
      { subtree: true, childList: true, attributes: true, characterData: true });
    look();
  });
}

test(`the page shows ${vm} on ${source}, and offers to move it to ${destination}`, async () => {
  await page.rowOf(vm).getByText(source).first().waitFor();
  await page.choose(vm, 'Migrate…');
  await page.dialog().getByRole('radio', { name: destination }).check();
  await page.expectText(/Fits/, { within: '[role=dialog], dialog[open]' });
});

test('one click begins the move, and the page shows it while it goes on', async () => {
  await page.click('button', `Migrate ${vm} to ${destination}`, page.dialog());
  await page.raw.locator('dialog[open]').waitFor({ state: 'detached' });
  await page.goto('tasks');
  await row().waitFor();
  await follow();
  await row().getByText(/Copying/i).first().waitFor();
  await eventually(async () => {
    seen = await page.raw.evaluate(() => window.progress);
    return seen.some((value) => value > 0 && value < 100);
  }, 'a bar that moves', 60000);
});

test('it is done when the page says so, and the bar never fell', async () => {
  await row().getByText(/^Done$/).first().waitFor({ timeout: 120000 });
  const [task] = await stage.cluster.json('task', 'list', '--limit', '1');
  if (task.state !== 'done' || task.destination !== destination)
    throw new Error(`the page says done, the daemon ${task.state} on ${task.destination}`);
  seen = await page.raw.evaluate(() => window.progress);
  const fell = seen.findIndex((value, i) => i > 0 && value < seen[i - 1]);
  if (fell > 0)
    throw new Error(`the bar fell from ${seen[fell - 1]} to ${seen[fell]}`);
}, { timeout: 180000 });

test('the VM is shown on its new host', async () => {
  await page.goto('vms');
  await page.rowOf(vm).getByText(destination).first().waitFor();
});

await run({ story: true });
