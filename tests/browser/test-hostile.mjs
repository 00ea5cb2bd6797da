// SPDX-License-Identifier: LGPL-2.1-or-later
// Names and sentences that look like markup, turn the writing round or never end are shown as text.

import { hostile, hostNames } from './clusters/hostile.mjs';
import { eventually } from './lib/processes.mjs';
import { startStage } from './lib/stage.mjs';
import { run, test } from './lib/tap.mjs';

const stage = await startStage({ cluster: hostile, speed: 50 });
const { cluster } = stage;

/* As the daemon tells them: it makes control characters visible. */
const told = async () => (await cluster.json('vm', 'list')).map(({ name, uuid }) => ({ name, uuid }));

/* What would be there if any text had been taken for markup. */
async function staysText(page) {
  const found = await page.raw.evaluate(() => ({
    hacked: 'hacked' in window,
    elements: [...document.querySelectorAll('img, script:not([src]), iframe, object, base, b, i')]
      .map((element) => element.outerHTML.slice(0, 100)),
    attributes: [...document.querySelectorAll('*')].filter((element) =>
      element.getAttributeNames().some((name) => name.startsWith('on')))
      .map((element) => element.outerHTML.slice(0, 100)),
    links: [...document.querySelectorAll('a[href], form[action]')]
      .map((element) => element.getAttribute('href') ?? element.getAttribute('action'))
      .filter((href) => !href.startsWith('#/')),
    polluted: Object.keys(Object.prototype).length > 0,
  }));
  const wrong = Object.entries(found).filter(([, value]) => value === true || value.length > 0);
  if (wrong.length > 0)
    throw new Error(`text became more than text: ${JSON.stringify(wrong)}`);
}

/* White space folds when it is drawn; text nodes hold all of it. */
const drawn = (page) => page.raw.evaluate(() => document.querySelector('main').textContent);

async function staysInItsPlace(page) {
  const wide = await page.overflow();
  if (wide > 0)
    throw new Error(`the page is ${wide} pixels too wide`);
}

for (const width of [360, 1280]) {
  test(`all VMs are shown by name at ${width} pixels, as text`, async () => {
    const page = await stage.open('vms', { width });
    const vms = await told();

    await eventually(async () => {
      const text = await drawn(page);
      return vms.every(({ name }) => text.includes(name));
    }, 'the name of every VM');
    await staysText(page);
    await staysInItsPlace(page);
  });

  test(`all hosts are shown by name at ${width} pixels, as text`, async () => {
    const page = await stage.open('hosts', { width });

    await eventually(async () => {
      const text = await drawn(page);
      return hostNames.every((name) => text.includes(name));
    }, 'the name of every host');
    await staysText(page);
    await staysInItsPlace(page);
  });
}

/* A table may scroll in its frame; here nothing makes it. */
async function tablesFit(page) {
  const wide = await page.raw.evaluate(() => [...document.querySelectorAll('main table, main nav')]
    .filter((element) => element.getBoundingClientRect().right > document.documentElement.clientWidth)
    .map((element) => element.getAttribute('aria-label')));
  if (wide.length > 0)
    throw new Error(`pushed out of view: ${wide.join(', ')}`);
}

test('one endless name pushes nothing out: the list of VMs and the page of that VM fit at 1280 pixels', async () => {
  const long = (await told()).find(({ name }) => name.length > 4000);
  const list = await stage.open('vms', { width: 1280 });
  await list.row(long.uuid).waitFor();
  await tablesFit(list);
  const page = await stage.open(`vms/${long.uuid}`, { width: 1280 });
  await page.raw.locator('.virtern-places [data-key]').first().waitFor();
  await tablesFit(page);
  await staysInItsPlace(page);
});

test('tasks of VMs with such names are shown by name, and their ends are told, as text', async () => {
  const elsewhere = await stage.open('hosts');
  const page = await stage.open('tasks');
  const vms = await told();
  const movable = vms.filter(({ name }) => !['locked', 'with a device', 'with disks'].includes(name));

  await elsewhere.expectText('plain', { within: 'main' });
  for (const { uuid } of movable)
    await cluster.virtern('migrate', uuid, '--no-wait');
  await eventually(async () => {
    const text = await drawn(page);
    return movable.every(({ name }) => text.includes(name));
  }, 'the name of every VM that is moved');
  await staysText(page);
  await staysInItsPlace(page);
  await elsewhere.expectText('Show the task', { timeout: 30000 });
  await staysText(elsewhere);
  await staysInItsPlace(elsewhere);
});

/* The dialogs that name a VM, its host and why it cannot move. */
for (const entry of ['Migrate…', 'Lock…', 'Mask the CPU…', 'Drain action…'])
  test(`the dialog behind “${entry}” shows any name of a VM as text`, async () => {
    for (const { uuid, name } of await told()) {
      const page = await stage.open('vms', { width: 360 });
      await page.row(uuid).getByRole('button').last().click();
      const item = page.by('menuitem', entry);
      await page.raw.getByRole('menu').waitFor();
      if (await item.count() === 1 && await item.isEnabled()) {
        await item.click();
        await eventually(async () => page.raw.locator('dialog[open] h1').evaluate(
          (title, wanted) => title.textContent.includes(wanted), name), `the name in the title: ${name}`);
        await staysText(page);
        await staysInItsPlace(page);
      }
      await page.close();
    }
  }, { timeout: 180000 });

for (const host of hostNames)
  test(`the plan to drain ${host.slice(0, 20)} shows its VMs and its name as text`, async () => {
    const page = await stage.open('hosts', { width: 360 });
    await page.row(host).getByRole('button').last().click();
    await page.click('menuitem', 'Drain…');
    await page.by('button', `Drain ${host}`, page.dialog()).waitFor();
    await staysText(page);
    await staysInItsPlace(page);
  });

test('the page of a VM shows its disks, networks, lock and device as text', async () => {
  for (const wanted of ['locked', 'with a device', 'with disks']) {
    const { uuid } = (await told()).find(({ name }) => name === wanted);
    const page = await stage.open(`vms/${uuid}`, { width: 360 });
    await page.expectText(wanted, { within: 'main' });
    await page.expectText(/<img src=x/, { within: 'main' });
    await staysText(page);
    await staysInItsPlace(page);
    await page.close();
  }
});

await run();
