// SPDX-License-Identifier: LGPL-2.1-or-later
// The VMs: table, filters, and the dialogs of what can be done with them.

import { eventually } from './lib/processes.mjs';
import { startStage } from './lib/stage.mjs';
import { run, test } from './lib/tap.mjs';

const stage = await startStage({ cluster: 'tests/browser/clusters/vms.json', speed: 4 });
const DIALOG = 'dialog[open]';
const FORECAST = '.virtern-forecast';

const assert = (holds, what) => { if (!holds) throw new Error(what); };

async function vmOf(name) {
  const vms = await stage.cluster.json('vm', 'list');
  return (vms.vms ?? vms).find((vm) => vm.name === name || vm.Name === name);
}

const hostOf = async (name) => { const vm = await vmOf(name); return vm.host ?? vm.Host; };

const arrives = (name, host) => eventually(async () => await hostOf(name) === host, `${name} on ${host}`, 40000);

const line = (page, name) => page.raw.locator('.virtern-vms tbody tr')
  .filter({ has: page.raw.getByRole('link', { name, exact: true }) });

async function openMenu(page, name) {
  await line(page, name).waitFor();
  await page.click('button', `Actions for ${name}`);
}

async function act(page, name, item) {
  await openMenu(page, name);
  await page.click('menuitem', item);
  await page.raw.locator(DIALOG).waitFor();
}

const place = (page, host) => page.raw.locator(`${DIALOG} .virtern-places [data-key=${host}]`);

async function isEnabled(page, name, enabled = true) {
  const button = page.by('button', name, page.dialog());
  await eventually(async () => await button.isEnabled() === enabled, `“${name}” to be ${enabled ? 'on' : 'off'}`);
}

async function gone(page) {
  await eventually(async () => await page.raw.locator(DIALOG).count() === 0, 'the dialog to close');
}

test('every VM is shown with state, host, size, CPU and what is to be known of it', async () => {
  const page = await stage.open('vms');
  await page.expectText('12 VMs');
  const text = async (name) => (await line(page, name).innerText()).replace(/\s+/g, ' ');
  assert(/Running node1 16 GiB 8 .*Cascadelake-Server/.test(await text('db01')), await text('db01'));
  assert(/Shut off node3/.test(await text('archive')), await text('archive'));
  assert(/Locked by backup@nas: The nightly backup reads its disks/.test(await text('backup')), await text('backup'));
  await page.axe();
});

test('filters narrow the table and stay in the address', async () => {
  const page = await stage.open('vms');
  await page.expectText('12 VMs');
  await page.field('State').selectOption('shut-off');
  await page.expectText('1 of 12 VMs');
  await page.field('State').selectOption('');
  await page.field('Host').selectOption('node1');
  await page.field('Search VMs').fill('web');
  await page.expectText('3 of 12 VMs');
  const hash = new URL(page.raw.url()).hash;
  assert(/host=node1/.test(hash) && /search=web/.test(hash), hash);

  const again = await stage.open(hash.slice(2));
  await again.expectText('3 of 12 VMs');
  await again.field('Search VMs').fill('no such thing');
  await again.click('button', 'Show all VMs');
  await again.expectText('12 VMs');
});

test('the menu of a VM says of each act that is impossible why', async () => {
  const page = await stage.open('vms');
  await openMenu(page, 'archive');
  await page.expectText('It does not run; start it instead', { within: '.virtern-menu' });
  await page.keys('Escape');
  await openMenu(page, 'backup');
  await page.expectText('Locked by backup@nas: The nightly backup reads its disks', { within: '.virtern-menu' });
  await page.by('menuitem', /^Migrate…/).click({ force: true });
  assert(await page.raw.locator(DIALOG).count() === 0, 'an act that is impossible opened a dialog');
});

test('a host that is refused says all reasons with remedies in its place, and cannot be chosen', async () => {
  const page = await stage.open('vms');
  await act(page, 'db01', 'Migrate…');
  await page.expectText('features that node3 cannot give: avx512f', { within: DIALOG });
  const node3 = await place(page, 'node3').innerText();
  assert(/Does not fit/.test(node3) && /virtern vm mask db01 --baseline/.test(node3), node3);
  assert(/node4 is in maintenance/.test(await place(page, 'node4').innerText()), 'node4 has no reason');
  assert(/cannot be reached/.test(await place(page, 'node5').innerText()), 'node5 has no reason');
  for (const host of ['node1', 'node3', 'node4', 'node5', 'edge1'])
    assert(await place(page, host).getByRole('radio').isDisabled(), `${host} can be chosen`);
  assert(await place(page, 'node2').getByRole('radio').isEnabled(), 'node2 cannot be chosen');
  await page.axe();
});

test('the forecast is measured while one looks, and says how long and whether it ends', async () => {
  const page = await stage.open('vms');
  await act(page, 'web01', 'Migrate…');
  await page.expectText('Measuring how fast web01 writes to its memory…', { within: FORECAST });
  await page.expectText('Guest stands still', { within: FORECAST });
  await page.expectText('The copy ends by itself.', { within: FORECAST });
  await place(page, 'node2').getByRole('radio').check();
  await page.expectText('Measuring', { within: FORECAST });
  await page.expectText('as configured', { within: FORECAST });
});

test('a policy that ends what would be given up is offered, and taken only when asked for', async () => {
  const page = await stage.open('vms');
  await act(page, 'db01', 'Migrate…');
  const policy = page.field('Policy, if it does not end by itself', page.dialog());
  await policy.selectOption('careful');
  await page.expectText('With the policy “Careful” the move would be given up', { within: FORECAST });
  assert(await policy.inputValue() === 'careful', 'the policy was switched by itself');
  await page.raw.locator(`${FORECAST} button`).click();
  await page.expectText('brings it to an end', { within: FORECAST });
  assert(await policy.inputValue() !== 'careful', 'the offer was not taken');
});

test('the daemon chooses a host, the button says which it would be, and the VM gets there', async () => {
  const page = await stage.open('vms');
  await act(page, 'web01', 'Migrate…');
  await page.expectText(/Now that would be node[23]: /, { within: DIALOG });
  const button = page.by('button', /^Migrate web01 to the best host, now node[23]$/, page.dialog());
  const to = (await button.innerText()).match(/node\d/)[0];
  await button.click();
  await gone(page);
  await page.expectText('web01 goes to the best host');
  await arrives('web01', to);
  await eventually(async () => (await line(page, 'web01').innerText()).includes(to), `the row to say ${to}`);
});

test('a host chosen by hand is where the VM goes, seen from the row to the end', async () => {
  const page = await stage.open('vms');
  await act(page, 'web02', 'Migrate…');
  await page.expectText('Now that would be', { within: DIALOG });
  await place(page, 'node2').getByRole('radio').check();
  await page.click('button', 'Migrate web02 to node2', page.dialog());
  await gone(page);
  await page.expectText('web02 goes to node2');
  await eventually(async () => /Migrates to node2/.test(await line(page, 'web02').innerText()), 'the task in the row');
  await openMenu(page, 'web02');
  await page.expectText(/Task \d+ is under way with it/, { within: '.virtern-menu' });
  await page.click('menuitem', /^Show task \d+$/);
  await page.expectText('web02');
  assert(/#\/tasks\/\d+$/.test(page.raw.url()), page.raw.url());
  await arrives('web02', 'node2');
});

test('a disc that is in the way is named with its drive, and taken out only if ticked', async () => {
  const page = await stage.open('vms');
  await act(page, 'disc', 'Migrate…');
  await page.expectText('sda holds /root/install.iso', { within: DIALOG });
  await isEnabled(page, 'Migrate disc', false);
  await page.raw.getByRole('checkbox', { name: 'Take local media out of their drives first' }).check();
  await page.expectText('Now that would be', { within: DIALOG });
  await isEnabled(page, /^Migrate disc to the best host, now node\d$/);
});

test('a host that stops fitting while the dialog is open is no longer chosen, and says why', async () => {
  const page = await stage.open('vms');
  await act(page, 'mail', 'Migrate…');
  await page.expectText('Now that would be', { within: DIALOG });
  await place(page, 'node2').getByRole('radio').check();
  await isEnabled(page, 'Migrate mail to node2');
  await stage.cluster.virtern('host', 'set', 'node2', '--memory-reserve', '61440');
  try {
    await page.expectText('node2 does not fit any more', { within: DIALOG });
    await isEnabled(page, 'Migrate mail', false);
    assert(await place(page, 'node2').getByRole('radio').isDisabled(), 'node2 can still be chosen');
  } finally {
    await stage.cluster.virtern('host', 'set', 'node2', '--memory-reserve', 'default');
  }
  await eventually(async () => place(page, 'node2').getByRole('radio').isEnabled(), 'node2 to fit again');
});

test('a lock refuses a move by name, also one that was set after the dialog judged', async () => {
  const page = await stage.open('vms');
  await act(page, 'web03', 'Lock…');
  await page.click('button', 'Lock web03', page.dialog());
  await page.expectText('Say why: whoever is refused', { within: DIALOG });
  await page.field('Reason', page.dialog()).fill('Its disk is being copied');
  await page.raw.getByRole('radio', { name: 'For so many hours' }).check();
  await page.click('button', 'Lock web03', page.dialog());
  await gone(page);
  await eventually(async () => /Locked by .* until .*: Its disk is being copied/.test(await line(page, 'web03').innerText()), 'the lock in the row');
  await openMenu(page, 'web03');
  await page.expectText('Its disk is being copied', { within: '.virtern-menu' });
  await page.keys('Escape');
  const { status, stdout, stderr } = await stage.cluster.tryVirtern('migrate', 'web03');
  assert(status === 4 && /Its disk is being copied/.test(stdout + stderr), stdout + stderr);

  await act(page, 'web03', 'Unlock…');
  await page.expectText(/Locked by .*: Its disk is being copied/, { within: DIALOG });
  await page.click('button', 'Unlock web03', page.dialog());
  await gone(page);

  await act(page, 'web03', 'Migrate…');
  await page.expectText('Now that would be', { within: DIALOG });
  await stage.cluster.virtern('vm', 'lock', 'web03', '--reason', 'Locked behind the dialog');
  await page.expectText('Locked behind the dialog', { within: DIALOG });
  await isEnabled(page, 'Migrate web03', false);
  await stage.cluster.virtern('vm', 'unlock', 'web03');
  await isEnabled(page, /^Migrate web03 to the best host/);
});

test('Enter locks; an end that is none is told beside it, and the keyboard goes there', async () => {
  const page = await stage.open('vms');
  await act(page, 'sensor', 'Lock…');
  await page.field('Reason', page.dialog()).fill('Its probe is changed');
  await page.raw.getByRole('radio', { name: 'For so many hours' }).check();
  for (const [hours, sentence] of [['0.0001', '1 minute at least'], ['1e30', 'Type a number of hours'], ['99999999', '10 years at most'],
                                   ['-5', 'Type a number of hours']]) {
    await page.field('Hours', page.dialog()).fill(hours);
    await page.keys('Enter');
    await page.expectText(sentence, { within: DIALOG });
    assert(await page.field('Hours', page.dialog()).evaluate((input) => input === document.activeElement), `after ${hours} the focus is elsewhere`);
  }
  await page.axe();
  await page.field('Hours', page.dialog()).fill('8');
  await page.keys('Enter');
  await gone(page);
  await eventually(async () => /Its probe is changed/.test(await line(page, 'sensor').innerText()), 'the lock in the row');
  await stage.cluster.virtern('vm', 'unlock', 'sensor');
});

test('what is chosen stays chosen while filters hide it, is counted, and acts name it', async () => {
  const page = await stage.open('vms');
  const tick = (name) => page.raw.getByRole('checkbox', { name: `Select ${name}`, exact: true });
  await line(page, 'web01').waitFor();
  for (const name of ['web01', 'web02', 'db01']) await tick(name).check();
  await page.field('Search VMs').fill('mail');
  await page.expectText('3 chosen, 3 hidden');
  await tick('mail').check();
  await page.expectText('4 chosen, 3 hidden');
  await page.click('button', 'Actions for the chosen VMs');
  await page.click('menuitem', 'Lock…');
  for (const name of ['web01', 'web02', 'db01', 'mail']) await page.expectText(name, { within: `${DIALOG} ul` });
  await page.keys('Escape');
  await gone(page);
  await page.raw.getByRole('checkbox', { name: 'Select all' }).uncheck();
  await page.expectText('3 chosen, 3 hidden');
  await page.field('Search VMs').fill('');
  for (const name of ['web01', 'web02', 'db01']) assert(await tick(name).isChecked(), `${name} is chosen no more`);
  assert(!await tick('mail').isChecked(), 'mail is chosen');
  await page.click('button', 'Choose none');
  await page.expectText('Choose VMs to act on');
});

test('what the daemon refuses after the dialog judged is shown in place, and judged anew', async () => {
  const page = await stage.open('vms');
  await act(page, 'web03', 'Migrate…');
  await page.expectText('Now that would be', { within: DIALOG });
  await place(page, 'node2').getByRole('radio').check();
  // The dialog shall not look again by itself before the button is pressed.
  await page.raw.evaluate(() => {
    const real = window.setTimeout;
    window.setTimeout = (act, ms, ...rest) => (ms >= 2000 && ms < 4000 ? 0 : real(act, ms, ...rest));
  });
  await stage.cluster.virtern('vm', 'lock', 'web03', '--reason', 'Locked in between');
  await page.click('button', 'Migrate web03 to node2', page.dialog());
  await page.expectText('Locked in between', { within: `${DIALOG} .pf-m-danger` });
  await eventually(async () => /Locked in between/.test(await place(page, 'node2').innerText()), 'node2 to be judged anew');
  await stage.cluster.virtern('vm', 'unlock', 'web03');
});

test('several VMs are placed together; one that fits nowhere holds all until the tick says otherwise', async () => {
  const page = await stage.open('vms');
  await line(page, 'gpu01').waitFor();
  for (const name of ['mail', 'gpu01', 'archive'])
    await page.raw.getByRole('checkbox', { name: `Select ${name}`, exact: true }).check();
  await page.expectText('3 chosen');
  await page.click('button', 'Migrate…');
  await page.expectText('1 VM finds no place', { within: DIALOG });
  await page.expectText('gpu01 uses pci device 0000:3b:00.0', { within: DIALOG });
  await page.expectText('archive: It does not run', { within: DIALOG });
  await isEnabled(page, 'Migrate 2 VMs', false);
  await page.expectText('Tick “Move the others all the same”', { within: `${DIALOG} footer` });
  await page.axe();
  const to = (await page.raw.locator(`${DIALOG} .virtern-simple tbody tr`).innerText()).match(/node[12]/)[0];
  await page.raw.getByRole('checkbox', { name: 'Move the others all the same' }).check();
  await page.click('button', 'Migrate 1 of 2 VMs', page.dialog());
  await gone(page);
  await page.expectText('These stay where they are: gpu01');
  await page.expectText('Choose VMs to act on');
  assert(await page.raw.locator('.virtern-vms input:checked').count() === 0, 'something is still chosen');
  await arrives('mail', to);
  assert(await hostOf('gpu01') === 'node2', 'gpu01 moved');
});

test('while several moves begin it is said so, and that they began clears the ticks', async () => {
  const page = await stage.open('vms');
  await line(page, 'web01').waitFor();
  for (const name of ['web01', 'web02']) await page.raw.getByRole('checkbox', { name: `Select ${name}`, exact: true }).check();
  await page.click('button', 'Migrate…');
  await isEnabled(page, 'Migrate 2 VMs');
  stage.cluster.daemon.signal('SIGSTOP');
  try {
    await page.click('button', 'Migrate 2 VMs', page.dialog());
    await page.expectText('0 of 2 moves have begun or wait for their turn', { within: DIALOG });
    await page.expectText('2 chosen');
  } finally {
    stage.cluster.daemon.signal('SIGCONT');
  }
  await gone(page);
  await page.expectText('Choose VMs to act on');
});

test('several VMs are locked and unlocked at once, those that cannot be are left out by name', async () => {
  const page = await stage.open('vms');
  await line(page, 'slow').waitFor();
  for (const name of ['backup', 'slow', 'sensor'])
    await page.raw.getByRole('checkbox', { name: `Select ${name}`, exact: true }).check();
  await page.click('button', 'Actions for the chosen VMs');
  await page.click('menuitem', 'Lock…');
  await page.expectText('backup: Locked by backup@nas', { within: DIALOG });
  await page.field('Reason', page.dialog()).fill('Both at once');
  await page.click('button', 'Lock 2 VMs', page.dialog());
  await gone(page);
  for (const name of ['slow', 'sensor'])
    await eventually(async () => /Both at once/.test(await line(page, name).innerText()), `the lock of ${name}`);
  await page.raw.getByRole('checkbox', { name: 'Select backup', exact: true }).uncheck();
  await page.click('button', 'Actions for the chosen VMs');
  await page.click('menuitem', 'Unlock…');
  await page.expectText('slow: Locked by', { within: DIALOG });
  await page.click('button', 'Unlock 2 VMs', page.dialog());
  await gone(page);
  for (const name of ['slow', 'sensor'])
    await eventually(async () => !/Both at once/.test(await line(page, name).innerText()), `the end of the lock of ${name}`);
});

test('a baseline that would be refused is not what is proposed, says why, and cannot be ordered', async () => {
  const page = await stage.open('vms');
  await act(page, 'db01', 'Mask the CPU…');
  await page.expectText('There is no baseline while the CPU of node5 is not known', { within: DIALOG });
  assert(await page.raw.getByRole('radio', { name: 'A model' }).isChecked(), 'the baseline is proposed');
  await page.expectText('Name a CPU model first', { within: `${DIALOG} footer` });
  await page.raw.getByRole('radio', { name: 'Baseline' }).check();
  await page.expectText('There is no baseline while the CPU of node5', { within: `${DIALOG} .pf-m-danger` });
  await isEnabled(page, 'Mask db01', false);
  await page.expectText('This baseline would be refused', { within: `${DIALOG} footer` });
  await page.axe();
});

test('a mask is shown before it is made, and changes what the VM needs', async () => {
  const page = await stage.open('vms');
  await act(page, 'db01', 'Mask the CPU…');
  await page.raw.getByRole('radio', { name: 'Switch single features off' }).check();
  await isEnabled(page, 'Mask db01', false);
  await page.field('Features to switch off', page.dialog()).fill('avx521f');
  await page.expectText('did you mean avx512f', { within: DIALOG });
  await isEnabled(page, 'Mask db01', false);
  await page.raw.getByRole('radio', { name: 'A model' }).check();
  await page.field('CPU model', page.dialog()).fill('Westmere');
  await page.expectText(/The guest loses\s+avx512f/, { within: DIALOG });
  await page.expectText(/Hosts gained\s+.*node3/, { within: DIALOG });
  await page.expectText('shut down and started again', { within: DIALOG });
  await page.axe();
  await page.click('button', 'Mask db01', page.dialog());
  await gone(page);
  await eventually(async () => /masked/.test(await line(page, 'db01').innerText()), 'the mask in the row');
});

test('a drain action is kept with the VM', async () => {
  const page = await stage.open('vms');
  await act(page, 'sensor', 'Drain action…');
  await page.raw.getByRole('radio', { name: 'Skip' }).check();
  await page.click('button', 'Save', page.dialog());
  await gone(page);
  await eventually(async () => /Drain: Skip/.test(await line(page, 'sensor').innerText()), 'the action in the row');
});

test('the page of a VM says what it is, where it could run and what was done with it', async () => {
  const page = await stage.open('vms');
  await line(page, 'web02').waitFor();
  await page.click('link', 'web02');
  await page.expectText('node4 is in maintenance');
  await page.expectText(/Migrate, task \d+/);
  await page.expectText('UUID');
  await page.axe();
  await page.goto('vms/00000000-0000-0000-0000-000000000000');
  await page.expectText('There is no such VM');
});

test('a VM that is shut off starts where it is said', async () => {
  // Nothing is started while a host that may run it was never seen.
  await stage.cluster.virtern('host', 'remove', 'node5');
  const page = await stage.open('vms');
  await act(page, 'archive', 'Start…');
  await page.expectText('Now that would be', { within: DIALOG });
  await place(page, 'node2').getByRole('radio').check();
  await page.click('button', 'Start archive on node2', page.dialog());
  await gone(page);
  await arrives('archive', 'node2');
  await eventually(async () => /Running/.test(await line(page, 'archive').innerText()), 'archive to run');
});

test('a VM that runs on two hosts is an alarm in words, and leads to the task that needs a decision', async () => {
  const page = await stage.open('vms');
  await stage.cluster.virtern('migrate', 'torn', '--to', 'node2', '--no-wait');
  await eventually(async () => /Runs twice: on node1, node2\. Its disks are in danger\./.test(await line(page, 'torn').innerText()), 'the alarm');
  await eventually(async () => /Attention/.test(await line(page, 'torn').innerText()), 'the task in attention');
  await openMenu(page, 'torn');
  await page.expectText(/Task \d+ needs a decision first/, { within: '.virtern-menu' });
  await page.by('menuitem', /^Show task \d+$/).waitFor();
  await page.axe();
});

test('by keyboard alone, from the table to a move that has begun', async () => {
  const page = await stage.open('vms');
  await line(page, 'mail').waitFor();
  const from = await hostOf('mail');
  await page.tabTo('Actions for mail');
  await page.keys('Enter');
  await page.expectText('Migrate…', { within: '.virtern-menu' });
  await page.keys('Enter');
  await page.expectText('Now that would be', { within: DIALOG });
  assert(/Choose for me/.test(await page.focused()), await page.focused());
  await page.keys('ArrowDown');
  await isEnabled(page, /^Migrate mail to (node\d|edge1)$/);
  await page.keys('ArrowUp');
  await page.tabTo(/button Migrate mail/);
  await page.keys('Enter');
  await gone(page);
  await eventually(async () => await hostOf('mail') !== from, 'mail to leave', 40000);
});

for (const options of [{ width: 360 }, { width: 360, dark: true }, { width: 1920, dark: true }]) {
  test(`table, page and dialog fit and are legible at ${options.width} px${options.dark ? ' in the dark' : ''}`, async () => {
    const page = await stage.open('vms', options);
    await line(page, 'slow').waitFor();
    await page.axe();
    assert(await page.overflow() <= 0, `the table is ${await page.overflow()} px too wide`);
    await act(page, 'slow', 'Migrate…');
    await page.expectText('Now that would be', { within: DIALOG });
    await page.axe();
    assert(await page.overflow() <= 0, `the dialog is ${await page.overflow()} px too wide`);
    await page.keys('Escape');
    await page.click('link', 'slow');
    await page.expectText('Where it could run');
    await page.axe();
    assert(await page.overflow() <= 0, `the page is ${await page.overflow()} px too wide`);
  });
}

test('a copy that nothing is sent for says so in its row, without a bar that moves', async () => {
  const page = await stage.open('vms');
  await stage.cluster.virtern('migrate', 'slow', '--no-wait');
  await eventually(async () => /nothing is sent/.test(await line(page, 'slow').innerText()), 'the words in the row', 40000);
  assert(!await line(page, 'slow').locator('progress').isVisible(), 'a bar moves');
});

await run();
