// SPDX-License-Identifier: LGPL-2.1-or-later
// Drains where there is too little room, and of VMs whose names are meant to harm.

import assert from 'node:assert/strict';
import { eventually } from './lib/processes.mjs';
import { startStage } from './lib/stage.mjs';
import { run, test } from './lib/tap.mjs';

const EVIL = '<img src=x onerror=alert(1)>‮evil';
const LONG = 'long-' + 'n'.repeat(240) + '-end';
const vm = (name, host, memory, changes) => ({
  name,
  host,
  'memory-mib': memory,
  vcpus: 1,
  'cpu-mode': 'custom',
  'cpu-model': 'Westmere',
  ...changes,
});
const host = (name, memory, changes) => ({
  name,
  'memory-mib': memory,
  cpus: 8,
  'cpu-model': 'Westmere',
  'cpu-vendor': 'Intel',
  'cpu-features': ['aes'],
  'link-mbps': 10000,
  ...changes,
});
const stage = await startStage({
  speed: 50,
  cluster: {
    hosts: [
      host('full1', 32768),
      host('full2', 32768),
      host('alone', 32768, { cluster: 'other' }),
      host('gone', 32768, { cluster: 'third' }),
      host(LONG, 8192, { cluster: 'fourth' }),
      host('pair1', 8192, { cluster: 'pair' }),
      host('pair2', 8192, { cluster: 'pair' }),
    ],
    faults: [
      { vm: 'hung', phase: 'copy', fault: 'hang' },
      { host: 'gone', fault: 'down', 'at-seconds': 60 },
    ],
    vms: [
      vm('large', 'full1', 16384),
      vm('middle', 'full1', 8192),
      vm('other', 'full2', 20480),
      vm(EVIL, 'alone', 1024),
      vm('lost', 'gone', 1024),
      vm('hung', 'pair1', 1024),
    ],
  },
});
const { cluster } = stage;
const dialogReads = (page, text) => page.expectText(text, { within: 'dialog' });
const drainButton = (page, name) =>
  page.dialog().getByRole('button', { name: `Drain ${name}`, exact: true });

async function openDrain(page, name) {
  await page.goto(`hosts/${name}`);
  await page.click('button', 'Drain…');
}

test('hosts that cannot hold the VMs are told with numbers, and leaving one VM is the way out', async () => {
  const page = await stage.open('hosts/full1');
  await page.click('button', 'Drain…');
  await dialogReads(page, /all others together are [\d,.]+ MiB short/);
  assert.equal(await drainButton(page, 'full1').isDisabled(), true);
  await page.field('Action for large').selectOption('skip');
  await dialogReads(page, '1 VM leaves full1');
  await eventually(() => drainButton(page, 'full1').isEnabled(), 'the plan to be ready');
});

test('a VM that is shut down and started elsewhere is told in words and ticked first', async () => {
  const page = await stage.open('hosts/full1');
  await page.click('button', 'Drain…');
  await page.field('Action for large').selectOption('skip');
  await page.field('Action for middle').selectOption('cold');
  await dialogReads(page, 'Is shut down, then started there');
  assert.equal(await drainButton(page, 'full1').isDisabled(), true);
  await page.field(/^Shut down middle and start it on full2/).check();
  assert.equal(await drainButton(page, 'full1').isDisabled(), false);
});

test('the last open host of a cluster is refused, and the sentence says what to do', async () => {
  const page = await stage.open('hosts/alone');
  await page.click('button', 'Drain…');
  await dialogReads(page, 'No host of cluster other would be left beside alone');
  assert.equal(await drainButton(page, 'alone').isDisabled(), true);
});

test('a host that went away shows what was last seen, and says so', async () => {
  const page = await stage.open('hosts');
  for (const text of [
    'Unreachable',
    'Last seen:',
    'What is shown was seen then',
    /32\sGiB used/,
    'Westmere',
  ])
    await page.expectText(text, { within: '[data-key=gone]' });
  await page.goto('hosts/gone');
  for (const text of [
    'gone cannot be reached',
    'Its VMs run on if the host does',
    'lost',
    'Unknown',
  ])
    await page.expectText(text);
});

test('clusters stand beside the names of hosts where there are several', async () => {
  const page = await stage.open('hosts');
  await page.expectText('other', { within: '[data-key=alone]' });
});

test('a host with a long name leaves the other columns in sight, and its name can be read in full', async () => {
  const page = await stage.open('hosts');
  const row = page.raw.locator(`[data-key="${LONG}"]`);
  await row.waitFor();
  const wide = await page.raw.evaluate(() => {
    const table = document.querySelector('main .virtern-table');
    return table.scrollWidth - table.clientWidth;
  });
  assert.ok(wide <= 0, `${wide} px too wide`);
  assert.equal(await row.locator(`[title="${LONG}"]`).count(), 1);
  await row.getByRole('link', { name: LONG }).click();
  await page.raw.locator('main h1', { hasText: LONG }).waitFor();
  assert.equal(await page.overflow(), 0);
});

test('a drain under way is cancelled from its host, with what it moves', async () => {
  const page = await stage.open('hosts/pair1');
  await page.click('button', 'Drain…');
  await dialogReads(page, '1 VM leaves pair1');
  await eventually(() => drainButton(page, 'pair1').isEnabled(), 'the plan to be ready');
  await drainButton(page, 'pair1').click();
  await eventually(() => page.raw.url().includes('#/tasks/'), 'the task in the address');
  await page.goto('hosts/pair1');
  await page.expectText('Draining');
  await page.expectText('Migrate: hung');
  await page.click('button', 'Cancel the drain…');
  await dialogReads(page, 'Cancel the drain of pair1?');
  await page.field('Cancel those under way, too').check();
  await page.dialog().getByRole('button', { name: 'Cancel the drain', exact: true }).click();
  await page.expectText('Drain…', { timeout: 30000 });
  const hung = (await cluster.json('vm', 'list')).find(one => one.name === 'hung');
  assert.deepEqual([hung.host, hung.state], ['pair1', 'running']);
});

test('a name is text, whatever stands in it', async () => {
  const page = await stage.open('hosts/alone');
  await page.expectText('<img src=x onerror=alert(1)>');
  assert.equal(await page.raw.locator('img').count(), 0);
  assert.equal(await page.overflow(), 0);
});

test('a drain that somebody else began is told in an open dialog, with its task, and no plan is offered', async () => {
  const page = await stage.open('hosts/pair2');
  await openDrain(page, 'pair1');
  await dialogReads(page, '1 VM leaves pair1');
  await eventually(() => drainButton(page, 'pair1').isEnabled(), 'the plan to be ready');
  const { id } = await cluster.json('drain', 'pair1', '--no-wait');
  await dialogReads(page, /pair1 is (being )?drained already/);
  assert.equal(await drainButton(page, 'pair1').isDisabled(), true);
  assert.equal(await page.dialog().getByText('VM leaves pair1').count(), 0);
  // The notice of the drain's end may lie in the dialog, too, with the same link.
  await page.dialog().getByRole('link', { name: 'Show the task' }).first().click();
  await eventually(() => page.raw.url().endsWith(`#/tasks/${id}`), 'the task in the address');
  await eventually(async () => (await page.raw.locator('dialog').count()) === 0, 'no dialog');
  await cluster.virtern('task', 'cancel', String(id), '--abort')
    .catch(() => cluster.virtern('activate', 'pair1', '--return'));
});

test('a daemon that goes while a plan is shown is told of, and planned is anew when it is back', async () => {
  const page = await stage.open('hosts/full2');
  await openDrain(page, 'full1');
  await page.field('Action for large').selectOption('skip');
  await dialogReads(page, '1 VM leaves full1');
  await eventually(() => drainButton(page, 'full1').isEnabled(), 'the plan to be ready');
  await cluster.stop('SIGKILL');
  await dialogReads(page, 'virternd does not answer');
  assert.equal(await drainButton(page, 'full1').isDisabled(), true);
  assert.equal(await page.dialog().getByText('VM leaves full1').count(), 0);
  await cluster.start();
  await dialogReads(page, '1 VM leaves full1');
  await eventually(() => drainButton(page, 'full1').isEnabled(), 'the new plan');
  assert.equal(await page.dialog().getByText('does not answer').count(), 0);
});

test('who may not drain sees the plan all the same, and is told what to do', async () => {
  await cluster.stop();
  await cluster.start({ refusing: true });
  const page = await stage.open('hosts/pair1');
  await page.click('button', 'Drain…');
  await dialogReads(page, '1 VM leaves pair1');
  await eventually(() => drainButton(page, 'pair1').isEnabled(), 'the plan to be ready');
  await drainButton(page, 'pair1').click();
  await page.expectText('Administrative access is needed');
  await page.click('button', 'Use administrative access');
  await page.expectText('You are not allowed to do this');
  await page.click('button', 'Cancel');
  await page.expectNoText('Draining');
});

await run();
