// SPDX-License-Identifier: LGPL-2.1-or-later
// The view of tasks on the simulated cluster: the live table, the detail, and every act.

import assert from 'node:assert/strict';
import { eventually } from './lib/processes.mjs';
import { startStage } from './lib/stage.mjs';
import { run, test } from './lib/tap.mjs';

const stage = await startStage({ cluster: 'tests/browser/clusters/tasks.json', speed: 20 });
const { cluster } = stage;

const task = async (id) => cluster.json('task', 'show', String(id));
const isIn = (id, ...states) => eventually(async () => {
  const one = await task(id);
  return states.includes(one.state) && one;
}, `task ${id} to be ${states.join(' or ')}`, 40000);
/* Begins a move; its id. */
const begin = async (vm, host, ...words) =>
  (await cluster.json('migrate', vm, '--to', host, '--no-wait', ...words)).id;
const beginDrain = async (host) => (await cluster.json('drain', host, '--no-wait')).id;
const idInAddress = (page) => Number(page.raw.url().split('/').pop());
const row = (page, id) => page.row(`t${id}`);
const cell = (page, id, column) => row(page, id).locator(`[data-column="${column}"]`);
const reads = (locator, wanted, what) => eventually(async () => {
  const text = await locator.innerText({ timeout: 1000 });
  if (wanted instanceof RegExp ? wanted.test(text) : text.includes(wanted)) return true;
  throw new Error(`it reads: ${text}`);
}, what ?? String(wanted), 30000);

await eventually(async () => (await cluster.json('host', 'list')).filter(({ state }) => state === 'up').length === 4, 'the hosts');

test('before anything was asked for the table says so, and what to do', async () => {
  const page = await stage.open('tasks');
  await page.expectText('Nothing was asked of Virtern yet');
  await page.click('button', 'Go to the VMs');
  await eventually(async () => /#\/vms/.test(page.raw.url()), 'the view of VMs');
});

test('a move is seen from its beginning to its end without a look away', async () => {
  const page = await stage.open('tasks');
  const id = await begin('long01', 'bert', '--policy', 'careful');
  await reads(cell(page, id, 'state'), 'Running');
  await reads(cell(page, id, 'way'), /anna.*bert/s);
  await reads(cell(page, id, 'progress'), /\d+%[\s\S]*Copying memory · pass 1/);
  await reads(cell(page, id, 'rate'), /MiB\/s/);
  await reads(cell(page, id, 'remaining'), /[GM]iB/);
  const bar = row(page, id).locator('progress');
  const first = Number(await bar.getAttribute('value'));
  await eventually(async () => Number(await bar.getAttribute('value')) > first, 'the bar to grow');
  assert.ok(Number(await bar.getAttribute('value')) < 100);
  await page.axe();
  await isIn(id, 'done');
  await reads(cell(page, id, 'state'), 'Done');
  await reads(cell(page, id, 'progress'), '100%');
  await reads(cell(page, id, 'who'), /^(root|\w+)$/);
});

test('the detail has the phases, the charts and the figures of a move that ended', async () => {
  const page = await stage.open('tasks/1');
  await page.expectText('Migrate long01');
  for (const words of ['Waiting', 'Preparing', 'Copying memory', 'Switching over', 'Downtime, measured', 'Careful'])
    await page.expectText(words);
  await page.expectText('Result', { within: 'main' });
  assert.equal(await page.raw.locator('main progress:visible').count(), 0);
  const chart = page.raw.getByRole('img', { name: /Memory left to copy\. From .* to / });
  await chart.waitFor();
  await page.raw.getByText('The same as a table').click();
  const table = page.by('table', 'Figures of the copy');
  await eventually(async () => (await table.locator('tbody tr').count()) > 5, 'a line for each sample');
  await page.axe();
});

test('a failed move says why in full, with each host that failed, and is ordered again by Retry', async () => {
  const id = await begin('refused01', 'anna');
  await isIn(id, 'failed');
  const { error } = await task(id);
  const page = await stage.open(`tasks/${id}`);
  await page.expectText(error, { within: 'main' });
  await page.raw.getByText('As the daemon put it').click();
  await page.expectText('refused01 runs on bert now.', { within: 'main' });
  await page.click('button', 'Retry…');
  await page.expectText('refused01 moves from bert to anna and goes on running meanwhile', { within: 'dialog' });
  await page.axe();
  await page.raw.getByLabel('Choose the best host for me').check();
  await page.expectText(/moves from bert to/, { within: 'dialog' });
  await page.click('button', 'Begin');
  await eventually(async () => !page.raw.url().endsWith(`tasks/${id}`), 'the new task');
  const next = idInAddress(page);
  assert.equal((await task(next)).vm, 'refused01');
  await page.expectText(`#${next}`);
  await isIn(next, 'done', 'failed');
});

test('each host that failed before is told with its sentence', async () => {
  const { id } = await cluster.json('migrate', 'refused02', '--no-wait');
  const { tried } = await isIn(id, 'done');
  const [host, sentence] = tried[0].split(/=(.*)/s);
  const page = await stage.open(`tasks/${id}`);
  await page.expectText('Hosts that failed before');
  await reads(page.raw.locator('.virtern-tried dt'), host);
  await reads(page.raw.locator('.virtern-tried dd'), sentence);
  await page.expectText(/Attempts\s+2/);
});

test('drives that were emptied are told, with the command that fills them again', async () => {
  const id = await begin('iso01', 'bert', '--eject-local-media');
  await isIn(id, 'done');
  const page = await stage.open(`tasks/${id}`);
  await page.expectText('sdb held /iso/tools 1.iso, a file of anna');
  await page.expectText(/virsh .*change-media .* sdb '\/iso\/tools 1\.iso' --insert/);
});

test('a move under way is cancelled after a question that says what happens', async () => {
  const id = await begin('big01', 'clara');
  const page = await stage.open(`tasks/${id}`);
  await page.click('button', 'Cancel…');
  await page.expectText('big01 goes on running on dora', { within: 'dialog' });
  await page.click('button', 'Do not cancel');
  assert.notEqual((await task(id)).state, 'cancelled');
  await page.tabTo('button Cancel…');
  await page.keys('Enter');
  await page.click('button', 'Cancel the task');
  await isIn(id, 'cancelled');
  await page.expectText('Cancelled', { within: 'h1' });
  await eventually(async () => (await page.by('button', 'Retry…').count()) === 1, 'a way to order it again');
});

test('one that does not converge says so plainly, and ends by another policy', async () => {
  const id = await begin('dirty01', 'bert', '--policy', 'careful');
  const list = await stage.open('tasks');
  await reads(cell(list, id, 'end'), 'not converging');
  await list.axe();
  const page = await stage.open(`tasks/${id}`);
  await page.expectText('Not converging: the guest writes faster than its memory is copied');
  await page.click('button', 'Change policy…');
  const postcopy = page.raw.getByLabel('Post-copy', { exact: true });
  assert.equal(await postcopy.isDisabled(), true);
  await page.expectText('Post-copy was not prepared', { within: 'dialog' });
  assert.equal(await page.by('button', 'Change policy', page.dialog()).isDisabled(), true);
  await page.raw.getByLabel('Force', { exact: true }).check();
  await page.axe();
  await page.click('button', 'Change policy', page.dialog());
  await eventually(async () => (await task(id)).policy === 'force', 'the other policy');
  await isIn(id, 'done');
  await page.expectText('Force');
  await page.expectText('Done', { within: 'h1' });
});

test('a copy of which nothing is sent says so in each view, without per cent and without an end', async () => {
  const id = await begin('still01', 'anna');
  const page = await stage.open('tasks');
  await reads(cell(page, id, 'end'), 'nothing is sent');
  await reads(cell(page, id, 'progress'), /Copying memory.*nothing is sent/s);
  assert.doesNotMatch(await cell(page, id, 'progress').innerText(), /%/);
  assert.equal(await row(page, id).locator('progress:visible').count(), 0);
  assert.equal(await cell(page, id, 'state').locator('.pf-m-orange').count(), 1);
  await page.axe();
  await page.goto(`tasks/${id}`);
  await page.expectText('Nothing of still01 is sent now');
  await page.expectText('Look at the migration link between bert and anna');
  await page.goto('vms');
  await reads(page.rowOf('still01'), 'nothing is sent');
  await cluster.virtern('task', 'cancel', String(id));
  await isIn(id, 'cancelled', 'failed');
});

test('moves of one order stand below one row, which opens by a key', async () => {
  await cluster.virtern('migrate', 'web01', 'web02', 'web03', '--no-wait');
  const ids = (await cluster.json('task', 'list')).filter(({ vm }) => vm.startsWith('web')).map(({ id }) => id);
  const page = await stage.open('tasks');
  const group = page.row(`g${Math.min(...ids)}`);
  await reads(group, '3 VMs');
  assert.equal(await row(page, ids[0]).count(), 0);
  const toggle = group.getByRole('button', { name: /^Tasks of/, expanded: false });
  await toggle.focus();
  await page.keys('Enter');
  for (const id of ids) await row(page, id).waitFor();
  await Promise.all(ids.map((id) => isIn(id, 'done', 'failed')));
  await reads(group, '3 of 3 have ended');
});

test('an order of several is cancelled by one act, which says how many still can be', async () => {
  await cluster.virtern('migrate', 'big01', 'big02', '--to', 'anna', '--no-wait');
  const ids = (await cluster.json('task', 'list')).filter(({ vm, state }) => vm.startsWith('big') && ['queued', 'running'].includes(state)).map(({ id }) => id);
  assert.equal(ids.length, 2);
  const page = await stage.open('tasks');
  await page.click('button', 'Actions for Migrate: 2 VMs');
  await page.click('menuitem', 'Cancel all that are open…');
  await page.expectText('Of 2 tasks of this order 2 can still be cancelled', { within: 'dialog' });
  await page.axe();
  await page.click('button', 'Cancel 2 tasks');
  for (const id of ids) await isIn(id, 'cancelled');
  for (const vm of ['big01', 'big02']) assert.equal((await cluster.json('vm', 'show', vm)).host, 'dora');
});

test('a drain that leaves a remainder says of each VM why, with what helps, and can be resumed', async () => {
  const id = await beginDrain('clara');
  const page = await stage.open(`tasks/${id}`);
  await page.expectText('Drain clara');
  await isIn(id, 'remainder');
  await page.expectText('Remainder', { within: 'h1' });
  const items = page.by('table', 'VMs of this task');
  const left = items.locator('tr', { hasText: 'gpu01' });
  await reads(left, 'Not moved');
  const { items: told } = await task(id);
  const { sentence, remedy } = told.find(({ vm }) => vm === 'gpu01').reasons[0];
  await reads(left, sentence);
  await reads(left, remedy);
  await reads(items.locator('tr', { hasText: 'files' }), 'Off the host');
  await page.axe();
  await page.click('button', 'Resume…');
  await page.expectText('gpu01', { within: 'dialog' });
  await page.click('button', 'Resume the drain');
  await eventually(async () => !page.raw.url().endsWith(`tasks/${id}`), 'the new drain');
  const next = idInAddress(page);
  assert.equal((await task(next)).kind, 'drain');
  await isIn(next, 'remainder');
  await cluster.virtern('activate', 'clara', '--return');
});

test('a drain is undone: its hosts are open again, and who left comes back', async () => {
  const id = await beginDrain('clara');
  await isIn(id, 'remainder');
  const page = await stage.open(`tasks/${id}`);
  await page.click('button', 'Undo…');
  await page.expectText('clara is opened again', { within: 'dialog' });
  await page.expectText('files', { within: 'dialog' });
  await page.click('button', 'Undo the drain');
  await eventually(async () => idInAddress(page) !== id, 'the return');
  await page.expectText('Return clara');
  await isIn(idInAddress(page), 'done');
  assert.equal((await cluster.json('vm', 'show', 'files')).host, 'clara');
  assert.equal((await cluster.json('host', 'show', 'clara')).duty, 'active');
});

test('of a drain, what is under way may finish or is cancelled, too', async () => {
  const id = await beginDrain('dora');
  const list = await stage.open('tasks');
  await reads(cell(list, id, 'progress'), /Draining · 0 of 2 VMs are off the host/);
  const page = await stage.open(`tasks/${id}`);
  await page.expectText('Moving', { within: 'main' });
  await page.click('button', 'Cancel…');
  await page.expectText('the hosts are open again', { within: 'dialog' });
  await page.raw.getByLabel('Cancel those under way, too').check();
  await page.click('button', 'Cancel the drain');
  await isIn(id, 'cancelled');
  await page.expectText('Cancelled', { within: 'h1' });
  for (const vm of ['big01', 'big02']) assert.equal((await cluster.json('vm', 'show', vm)).host, 'dora');
});

test('a drain that is cancelled gently lets what is under way finish', async () => {
  await cluster.virtern('activate', 'dora');
  await cluster.virtern('limits', 'set', '--out', '1');
  const id = await beginDrain('dora');
  const page = await stage.open(`tasks/${id}`);
  await page.expectText('Moving', { within: 'main' });
  await page.click('button', 'Cancel…');
  assert.equal(await page.raw.getByLabel('Let those under way finish').isChecked(), true);
  await page.click('button', 'Cancel the drain');
  const { items } = await isIn(id, 'cancelled');
  assert.deepEqual(items.map(({ state }) => state).sort(), ['gone', 'left']);
  await reads(page.by('table', 'VMs of this task'), 'Not moved');
  await cluster.virtern('limits', 'reset');
});

test('children of a drain are found by a filter, below what ordered them', async () => {
  const drains = (await cluster.json('task', 'list')).filter(({ kind, source }) => kind === 'drain' && source === 'dora');
  const page = await stage.open('tasks?host=dora&state=cancelled');
  await row(page, drains[0].id).waitFor();
  await page.expectText('Drain', { within: 'main' });
});

test('who decides on a task in attention sees both copies, and has to type the name', async () => {
  const id = await begin('torn01', 'anna');
  await isIn(id, 'attention');
  const page = await stage.open(`tasks/${id}`);
  await page.expectText('A person has to decide');
  await page.expectText('torn01 RUNS TWICE now, on bert and on anna', { within: 'main' });
  await page.click('button', 'Decide…');
  await page.expectText('Now on bert', { within: 'dialog' });
  await page.expectText('Now on anna', { within: 'dialog' });
  await page.expectText('RUNS TWICE', { within: 'dialog' });
  assert.doesNotMatch(await page.dialog().innerText(), /virsh|virtern task resolve/);
  await page.raw.getByLabel('Keep the copy on anna').check();
  await page.expectText('The copy on bert is ended for good', { within: 'dialog' });
  const end = page.by('button', 'End the copy on bert');
  assert.equal(await end.isDisabled(), true);
  const field = page.field(/type the name of the VM/);
  for (const wrong of ['torn', 'TORN01', 'torn02']) {
    await field.fill(wrong);
    assert.equal(await end.isDisabled(), true, wrong);
  }
  await field.fill('torn01');
  await page.axe();
  await end.click();
  await isIn(id, 'done');
  await page.expectText('Done', { within: 'h1' });
  assert.equal((await cluster.json('vm', 'show', 'torn01')).host, 'anna');
});

test('“Look again” ends nothing, and the copy at the source can be kept', async () => {
  const id = await begin('torn02', 'anna');
  await isIn(id, 'attention');
  const page = await stage.open('tasks');
  await page.click('button', 'Actions for Migrate torn02', row(page, id));
  await page.click('menuitem', 'Look again');
  await page.expectText('Both hosts are asked again about torn02');
  await isIn(id, 'attention');
  await page.goto(`tasks/${id}`);
  await page.click('button', 'Decide…');
  await page.raw.getByLabel('Keep the copy on bert').check();
  await page.field(/type the name of the VM/).fill('torn02');
  await page.click('button', 'End the copy on anna');
  await isIn(id, 'failed', 'cancelled');
  assert.equal((await cluster.json('vm', 'show', 'torn02')).host, 'bert');
});

test('bad news is told above an open dialog, and stays when the dialog goes', async () => {
  const page = await stage.open('vms');
  await page.choose('web03', 'Lock…');
  await page.dialog().waitFor();
  await isIn(await beginDrain('clara'), 'remainder');
  const notice = page.raw.locator('.virtern-toasts > li', { hasText: 'Draining clara has ended, and VMs are left there' });
  await notice.waitFor();
  const onTop = () => notice.evaluate((item) => {
    const { left, top, width, height } = item.getBoundingClientRect();
    return item.contains(document.elementFromPoint(left + width / 2, top + height / 2));
  });
  await eventually(onTop, 'the notice on top');
  await page.axe();
  await page.keys('Escape');
  await eventually(async () => (await page.dialog().count()) === 0, 'the dialog to go');
  await eventually(onTop, 'the notice still on top');
  await page.click('button', 'Close', notice);
  assert.equal(await notice.count(), 0);
  await cluster.virtern('activate', 'clara', '--return');
});

test('a number that no task has is told as such', async () => {
  for (const id of ['4711', 'abc', '0']) {
    const page = await stage.open(`tasks/${id}`);
    await page.expectText('There is no such task');
  }
});

for (const [width, dark] of [[360, true], [1920, false]]) {
  test(`table and detail fit ${width} pixels${dark ? ' in the dark' : ''}`, async () => {
    const page = await stage.open('tasks', { width, dark });
    await page.expectText('Migrate');
    assert.equal(await page.overflow(), 0);
    await page.axe();
    await page.goto('tasks/1');
    await page.expectText('Timeline');
    assert.equal(await page.overflow(), 0);
    await page.axe();
  });
}

await run();
