// SPDX-License-Identifier: LGPL-2.1-or-later
// What is shown as of now is of now, and what is chosen is what is acted on: also after one looked
// elsewhere, when the daemon hangs, and when somebody else acts meanwhile.

import { eventually } from './lib/processes.mjs';
import { startStage } from './lib/stage.mjs';
import { run, test } from './lib/tap.mjs';

const stage = await startStage({ speed: 20 });
const { cluster } = stage;

const begin = async (vm, host) => (await cluster.json('migrate', vm, '--to', host, '--no-wait')).id;
const isIn = (id, ...states) => eventually(async () =>
  states.includes((await cluster.json('task', 'show', String(id))).state), `task ${id} to be ${states.join(' or ')}`, 40000);
const goTo = (page, view) => page.raw.evaluate((wanted) => { window.location.hash = wanted; }, `#/${view}`);

test('a task that ended while one looked elsewhere has ended when one is back', async () => {
  const id = await begin('slow', 'bert');
  const page = await stage.open(`tasks/${id}`);
  await page.expectText(/Migrate slow\s+Running/, { within: 'main' });
  await goTo(page, 'hosts/bert');
  await page.row(String(id)).waitFor();
  await cluster.virtern('task', 'cancel', String(id));
  await isIn(id, 'cancelled');
  // It was told of it by then.
  await page.row(String(id)).waitFor({ state: 'detached' });
  const title = await page.raw.evaluate((view) => new Promise((resolve) => {
    window.addEventListener('hashchange', () => setTimeout(
      () => resolve(document.querySelector('main .virtern-title').textContent), 0), { once: true });
    window.location.hash = view;
  }), `#/tasks/${id}`);
  if (!title.includes('Cancelled'))
    throw new Error(`at first sight it reads: ${title}`);
});

test('of hosts that were chosen, one that somebody else drains is not acted on', async () => {
  const page = await stage.open('hosts');
  await page.expectText('clara', { within: 'main' });
  await page.row('clara').getByRole('checkbox').check();
  await page.row('anna').getByRole('checkbox').check();
  await page.by('button', 'Drain 2 hosts…').waitFor();
  await cluster.virtern('drain', 'clara', '--no-wait');
  await page.by('button', 'Drain 1 host…').waitFor();
  await page.click('button', 'Drain 1 host…');
  await page.by('button', 'Drain anna', page.dialog()).waitFor();
});

test('a daemon that hangs is told of, and what it said before is not told as what is so now', async () => {
  const id = await begin('torn', 'bert');
  await isIn(id, 'attention');
  const page = await stage.open(`tasks/${id}`);
  await page.click('button', 'Decide…');
  await page.expectText(/Now on anna\s+Running/, { within: 'dialog[open]' });
  cluster.daemon.signal('SIGSTOP');
  await page.expectText(/not known: virternd does not answer/, { within: 'dialog[open]', timeout: 60000 });
  await page.expectText(/does not answer; what is shown was seen at .*\d/);
  cluster.daemon.signal('SIGCONT');
  await page.expectText(/Now on anna\s+Running/, { within: 'dialog[open]' });
  await page.expectNoText('does not answer');
}, { timeout: 120000 });

await run();
