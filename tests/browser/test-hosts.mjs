// SPDX-License-Identifier: LGPL-2.1-or-later
// Hosts: what is seen of them, draining and activating, adding, setting up and removing.

import assert from 'node:assert/strict';
import { eventually } from './lib/processes.mjs';
import { startStage } from './lib/stage.mjs';
import { run, test } from './lib/tap.mjs';

const stage = await startStage({ cluster: 'tests/browser/clusters/office.json', speed: 50 });
const { cluster } = stage;

const hostsOf = async () =>
  new Map((await cluster.json('host', 'list')).map(host => [host.name, host]));
const vmsOf = async () => new Map((await cluster.json('vm', 'list')).map(vm => [vm.name, vm]));
const dutyOf = async name => (await hostsOf()).get(name).duty;
// Numbers stand before their unit with a space that is no line's end.
const reading = text =>
  new RegExp(text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replace(/ /g, '\\s'));
const dialogReads = (page, text) => page.expectText(text, { within: 'dialog' });
const action = (page, label) => page.dialog().getByRole('button', { name: label, exact: true });

async function chooseInMenu(page, host, item) {
  await page.click('button', `Actions for ${host}`);
  await page.click('menuitem', item);
}

async function planned(page) {
  await eventually(
    () =>
      page.raw
        .locator('dialog .virtern-plan')
        .getAttribute('aria-busy')
        .then(busy => busy === 'false'),
    'the plan to be there'
  );
}

test('each host tells its state, memory, CPU, VMs, link and versions', async () => {
  const page = await stage.open('hosts');
  await page.expectText('4 of 5 hosts up');
  for (const text of [
    'Up',
    '128 GiB used',
    'for the host',
    'Cascadelake-Server',
    '32 CPUs at 2,600 MHz',
    '10 Gbit/s',
    'as configured',
    'QEMU 7.2.0',
  ])
    await page.expectText(reading(text), { within: '[data-key=anna]' });
  await page.expectText('2 of 3 running', { within: '[data-key=clara]' });
  await page.expectText('Maintenance', { within: '[data-key=dora]' });
});

test('what a CPU has beyond the baseline stands beside its generation', async () => {
  const page = await stage.open('hosts');
  await page.expectText('+ avx, avx2, avx512f', { within: '[data-key=anna]' });
  await page.expectNoText('avx', { within: '[data-key=clara]' });
});

test('an unreachable host says why, and that nothing is known of it', async () => {
  const page = await stage.open('hosts');
  for (const text of ['Unreachable', 'No route to host', 'never seen'])
    await page.expectText(text, { within: '[data-key=emil]' });
  await page.goto('hosts/emil');
  await page.expectText('emil cannot be reached');
  assert.equal(await page.by('button', 'Drain…').isDisabled(), true);
});

test('the filter leaves the hosts that answer to it', async () => {
  const page = await stage.open('hosts');
  await page.field('Filter hosts').fill('westm');
  await page.expectNoText('anna', { within: 'table' });
  await page.expectText('clara', { within: 'table' });
});

test('the page of a host has its facts and its VMs', async () => {
  const page = await stage.open('hosts/anna');
  for (const text of [
    'Memory',
    '512 MiB',
    'Beyond the baseline',
    'avx512f',
    'sim://anna/',
    'web01',
    'db01',
  ])
    await page.expectText(reading(text));
  await page.expectNoText('mail');
  await page.goto('hosts/nobody');
  await page.expectText('There is no host nobody');
});

test('a drain is planned first, with every reason of those that cannot leave', async () => {
  const page = await stage.open('hosts/bert');
  await page.click('button', 'Drain…');
  for (const text of [
    '2 VMs leave bert',
    '2 VMs cannot leave',
    'gpu01 uses pci device 0000:3b:00.0',
    'backup is locked by backup@nas',
    'Remedy:',
  ])
    await dialogReads(page, text);
  assert.equal(await page.dialog().getByText('vm.hostdev').count(), 0);
  await page.expectText('anna', { within: 'dialog tr:has-text("mail")' });
  assert.equal(await dutyOf('bert'), 'active');
  await page.axe({ within: 'dialog' });
  await action(page, 'Cancel').click();
});

test('an option that is changed plans anew', async () => {
  const page = await stage.open('hosts/clara');
  await page.click('button', 'Drain…');
  await dialogReads(page, '1 VM leaves clara');
  await page.field('Take the VMs that are shut off, too').check();
  // A definition may be on the host that is silent, too.
  await dialogReads(page, 'archive on clara');
  await page.dialog().locator('[data-code="host.unreachable"]').first().waitFor();
  await page.field('Action for archive').selectOption('skip');
  await page.field('Action for license').selectOption('skip');
  await page.expectNoText('cannot leave', { within: 'dialog' });
  await page.field('Action for files').selectOption('skip');
  await dialogReads(page, 'No VM leaves clara');
});

test('what stops a guest must be ticked, naming the VM', async () => {
  const page = await stage.open('hosts/bert');
  await page.click('button', 'Drain…');
  await dialogReads(page, 'mail');
  await page.field('Action for mail').selectOption('shutdown');
  await dialogReads(page, 'These guests will be stopped');
  await planned(page);
  assert.equal(await action(page, 'Drain bert').isDisabled(), true);
  await page.field(/^Shut down mail/).check();
  assert.equal(await action(page, 'Drain bert').isDisabled(), false);
  await page.field('Action for mail').selectOption('migrate');
  await page.expectNoText('These guests will be stopped', { within: 'dialog' });
  assert.equal((await vmsOf()).get('mail').state, 'running');
});

test('a deadline in the past is told in the dialog, and no drain can be begun', async () => {
  const page = await stage.open('hosts/bert');
  await page.click('button', 'Drain…');
  await dialogReads(page, 'mail');
  await page.field('Begin no further VM after').fill('2020-01-01T00:00');
  await page.field('Begin no further VM after').blur();
  await dialogReads(page, 'The deadline is in the past');
  await dialogReads(page, 'choose a later time');
  assert.equal(await action(page, 'Drain bert').isDisabled(), true);
});

test('several hosts are drained together, and the last open one is not', async () => {
  const page = await stage.open('hosts');
  for (const host of ['anna', 'bert']) await page.field(`Select ${host}`).check();
  await page.click('button', 'Drain 2 hosts…');
  await dialogReads(page, 'Drain anna, bert');
  await dialogReads(page, 'lack features of its CPU avx512f');
  await action(page, 'Cancel').click();
  await page.field('Select clara').check();
  await page.click('button', 'Drain 3 hosts…');
  await dialogReads(page, 'No open host of cluster default would be left beside anna, bert, clara');
  assert.equal(await action(page, 'Drain anna, bert, clara').isDisabled(), true);
});

test('a plan whose VM has gone meanwhile is made anew by itself, and nothing is begun', async () => {
  const page = await stage.open('hosts/clara');
  await page.click('button', 'Drain…');
  await dialogReads(page, '1 VM leaves clara');
  await cluster.virtern('migrate', 'files', '--to', 'anna');
  await dialogReads(page, 'No VM leaves clara');
  assert.equal(await dutyOf('clara'), 'active');
  await cluster.virtern('migrate', 'files', '--to', 'clara');
});

test('a drain goes to its end and to its task, and activation brings the VMs back', async () => {
  const page = await stage.open('hosts/clara');
  await page.click('button', 'Drain…');
  await dialogReads(page, '1 VM leaves clara');
  await page.field('Action for license').selectOption('skip');
  await page.expectNoText('cannot leave', { within: 'dialog' });
  await planned(page);
  await action(page, 'Drain clara').click();
  await eventually(() => page.raw.url().includes('#/tasks/'), 'the task in the address');
  await eventually(
    async () => (await dutyOf('clara')) === 'maintenance',
    'clara to be drained',
    30000
  );
  await page.goto('hosts/clara');
  await page.expectText('Maintenance');
  await page.expectText('VMs that wait to come home');
  await page.expectText('files');
  await page.click('button', 'Activate…');
  await dialogReads(page, '1 VM comes back to clara');
  await planned(page);
  await page.axe({ within: 'dialog' });
  await action(page, 'Activate clara and bring VMs back').click();
  await eventually(
    async () => (await vmsOf()).get('files').host === 'clara',
    'files to be home',
    30000
  );
  await eventually(async () => (await dutyOf('clara')) === 'active', 'clara to be open');
});

test('a drain that leaves VMs can be resumed or ended by opening the host', async () => {
  const page = await stage.open('hosts/bert');
  await page.click('button', 'Drain…');
  await planned(page);
  await action(page, 'Drain bert').click();
  await eventually(() => page.raw.url().includes('#/tasks/'), 'the task in the address');
  await page.goto('hosts/bert');
  await page.expectText('The drain of bert left VMs behind', { timeout: 30000 });
  await page.click('button', 'Actions for bert');
  await page.expectText('Resume the drain…');
  await page.click('menuitem', 'Undo the drain…');
  await dialogReads(page, 'Undo the drain of bert?');
  await action(page, 'Undo the drain').click();
  await eventually(
    async () => (await vmsOf()).get('mail').host === 'bert',
    'mail to be home',
    30000
  );
  await eventually(async () => (await dutyOf('bert')) === 'active', 'bert to be open');
});

test('a host in maintenance is opened without bringing anybody back', async () => {
  const page = await stage.open('hosts');
  await chooseInMenu(page, 'dora', 'Activate…');
  await dialogReads(page, 'Activate dora');
  await page.field('Bring its VMs back').uncheck();
  await action(page, 'Activate dora').click();
  await eventually(async () => (await dutyOf('dora')) === 'active', 'dora to be open');
  await page.expectText('dora is open again');
});

test('the form of a new host says in place what is wrong', async () => {
  const page = await stage.open('hosts');
  await page.click('button', 'Add host…');
  await action(page, 'Add').click();
  await dialogReads(page, 'Type a name for the host');
  await page.field('Name').fill('anna');
  await page.field('libvirt URI').fill('sim://nowhere/');
  await action(page, 'Add').click();
  await dialogReads(page, 'There is a host anna already');
  await page.field('Name').fill('nowhere');
  await action(page, 'Add').click();
  await dialogReads(page, 'Nothing was stored');
  await page.axe({ within: 'dialog' });
  assert.equal((await hostsOf()).has('nowhere'), false);
});

test('a host is added by the keyboard, set up and removed again', async () => {
  const page = await stage.open('hosts');
  await page.tabTo('button Add host…');
  await page.keys('Enter');
  await page.raw.keyboard.type('spare');
  await page.keys('Tab');
  await page.raw.keyboard.type('sim://spare/');
  await page.keys('Enter');
  await page.expectText('spare was added');
  await page.expectText('Westmere', { within: '[data-key=spare]' });

  await chooseInMenu(page, 'spare', 'Settings…');
  await page.field('Rate of its migration link').fill('much');
  await action(page, 'Save').click();
  await dialogReads(page, 'Type a number of Gbit/s');
  await page.field('Rate of its migration link').fill('2.5');
  await page.field('Moves away from it at a time').fill('3');
  await page.field('Memory that no VM may be given').fill('4');
  await page.axe({ within: 'dialog' });
  await action(page, 'Save').click();
  await page.expectText('2.5 Gbit/s', { within: '[data-key=spare]' });
  await page.expectText('Limits: 3 out', { within: '[data-key=spare]' });
  const spare = await cluster.json('host', 'show', 'spare');
  assert.deepEqual(
    [spare['link-rate'], spare['limit-out'], spare['memory-reserve']],
    [312500000, 3, 4 * 2 ** 30]
  );

  await chooseInMenu(page, 'spare', 'Remove…');
  await dialogReads(page, 'Remove host spare?');
  await dialogReads(page, 'its VMs run on');
  await action(page, 'Remove spare').click();
  await page.expectText('spare was removed');
  assert.equal((await hostsOf()).has('spare'), false);
});

test('the list and a host fit a telephone, in the dark, and keep nobody out', async () => {
  for (const [width, dark] of [
    [360, true],
    [1280, false],
    [1920, true],
  ]) {
    const page = await stage.open('hosts', { width, dark });
    await page.expectText('avx512f');
    assert.equal(await page.overflow(), 0);
    await page.axe();
    await page.goto('hosts/anna');
    await page.expectText('avx512f');
    assert.equal(await page.overflow(), 0);
    await page.axe();
  }
});

await run();
