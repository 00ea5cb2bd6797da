// SPDX-License-Identifier: LGPL-2.1-or-later
// What the page says when there is little to show: no daemon, no permission, no hosts; and that it
// finds back by itself, with everything shown once.

import { eventually } from './lib/processes.mjs';
import { startStage } from './lib/stage.mjs';
import { run, test } from './lib/tap.mjs';

const stage = await startStage();
const { cluster } = stage;
const nobody = await startStage({ cluster: { hosts: [], vms: [] } });
const closed = await startStage({ closed: true });

const VIEWS = ['tasks', 'vms', 'hosts'];
const ABSENT = 'virternd does not answer';

const keysOf = (page) => page.raw.locator('main tbody [data-key]').evaluateAll(
  (rows) => rows.map((row) => row.dataset.key));

/* A table that is filled twice, or not emptied, has other rows than the daemon has objects. */
async function showsEachOnce(page, wanted) {
  let names = [];
  await eventually(async () => {
    const keys = await keysOf(page);
    names = await page.raw.locator('main tbody tr th').allInnerTexts();
    return keys.length === wanted.length && new Set(keys).size === keys.length
      && wanted.every((name) => names.some((text) => text.includes(name)));
  }, `each of ${wanted.length} rows once`).catch((error) => {
    throw new Error(`${error.message}: ${names.join(', ')}, not ${wanted.join(', ')}`);
  });
}

const vmNames = async () => (await cluster.json('vm', 'list')).map((vm) => vm.name);
const taskIds = async () => (await cluster.json('task', 'list')).map((task) => task.id);

async function restart(signal) {
  await cluster.stop(signal);
  await cluster.start();
}

test('simulated hosts are called that', async () => {
  const page = await stage.open('hosts');

  await page.expectText('anna', { within: 'main' });
  await page.expectText('simulated');
});

test('while the daemon is silent the page says that it loads, then shows everything', async () => {
  cluster.daemon.signal('SIGSTOP');
  const page = await stage.open('vms');
  await page.expectText('Loading');
  await page.axe();
  cluster.daemon.signal('SIGCONT');
  await page.expectText('web01', { within: 'main' });
  await page.expectNoText('Loading');
});

test('without a daemon every view says so, and what to do, and goes on when it is there', async () => {
  await cluster.stop();
  for (const view of VIEWS) {
    const page = await stage.open(view);
    await page.expectText(ABSENT);
    await page.expectText('systemctl start virternd');
    await page.by('button', 'Try again').waitFor();
    await page.axe();
  }
  const page = await stage.open('vms');
  await page.expectText(ABSENT);
  await cluster.start();
  await page.expectText('web01', { within: 'main' });
  await page.expectNoText(ABSENT);
});

for (const signal of ['SIGTERM', 'SIGKILL']) {
  test(`a daemon that goes by ${signal} leaves what was seen, with the time; nothing is shown twice `
    + 'when it is back', async () => {
    const page = await stage.open('vms');
    const wanted = await vmNames();
    await showsEachOnce(page, wanted);
    await cluster.stop(signal);
    await page.expectText(/does not answer; what is shown was seen at .*\d/);
    await showsEachOnce(page, wanted);
    await cluster.start();
    await page.expectNoText('does not answer');
    await showsEachOnce(page, wanted);
  });
}

test('five restarts later every VM and task is shown once, and changes are still seen', async () => {
  await cluster.virtern('migrate', 'slow', '--to', 'bert', '--no-wait');
  const vms = await stage.open('vms');
  const tasks = await stage.open('tasks');
  for (let i = 0; i < 5; i += 1)
    await restart(i % 2 ? 'SIGTERM' : 'SIGKILL');
  await vms.expectNoText('does not answer');
  await showsEachOnce(vms, await vmNames());
  await cluster.virtern('migrate', 'files', '--no-wait');
  await tasks.expectText('files', { within: 'main' });
  await eventually(async () => {
    const keys = await keysOf(tasks);
    return keys.length === (await taskIds()).length && new Set(keys).size === keys.length;
  }, 'each task once');
});

test('whom the bus does not let talk to the daemon reads that, and what to do', async () => {
  const page = await closed.open('vms');

  await page.expectText('You may not use Virtern');
  await page.expectText('administrat');
  await page.expectNoText(ABSENT);
  await page.axe();
});

test('whom polkit refuses is asked for administrative access, then told how to go on; nothing is begun',
  async () => {
    const page = await stage.open('vms');
    const before = (await cluster.json('task', 'list')).length;

    await page.expectText('mail', { within: 'main' });
    await cluster.stop();
    await cluster.start({ refusing: true });
    await page.expectNoText('does not answer');
    await page.choose('mail', 'Lock…');
    await page.dialog().getByRole('textbox').first().fill('because');
    await page.click('button', 'Lock mail', page.dialog());
    await page.expectText('Administrative access is needed', { within: 'dialog[open] >> nth=-1' });
    await page.axe();
    await page.click('button', 'Use administrative access', page.dialog());
    await page.expectText(/not allowed.*administrat/s, { within: 'dialog[open] >> nth=-1' });
    await page.expectNoText(/org\.virtern|uid \d/, { within: 'dialog[open] >> nth=-1' });
    await page.axe();
    await page.keys('Escape');
    await cluster.stop();
    await cluster.start();
    await page.expectNoText('does not answer');
    const vms = await cluster.json('vm', 'list');
    if (vms.find(({ name }) => name === 'mail').locked
        || (await cluster.json('task', 'list')).length !== before)
      throw new Error('something was begun');
  });

const EMPTY = { tasks: /Nothing was asked of Virtern yet/, vms: /No hosts yet/, hosts: /No host\b/ };
const WAY_ON = { tasks: 'Go to the VMs', vms: 'Go to the hosts', hosts: /^Add host/ };
for (const view of VIEWS) {
  test(`without hosts the view ${view} says what there is to do first`, async () => {
    const page = await nobody.open(view);

    await page.expectText(EMPTY[view], { within: 'main' });
    await page.by('button', WAY_ON[view]).first().waitFor();
    await page.axe();
  });
}

test('an address that is none leads to the tasks', async () => {
  const page = await stage.open('hosts/%00%FF');

  await page.raw.waitForSelector('.virtern-content .virtern-toolbar, .virtern-content h1');
  await page.raw.waitForFunction(() => window.location.hash === '#/tasks');
});

test('"back" closes a dialog with the view that it belongs to', async () => {
  const page = await stage.open('hosts');

  await page.click('link', 'VMs');
  await page.click('link', 'Hosts');
  await page.click('button', 'Add host…');
  await page.dialog().waitFor();
  await page.raw.goBack();
  await page.raw.waitForFunction(() => window.location.hash === '#/vms'
    && document.querySelector('dialog') === null);
});

await run();
