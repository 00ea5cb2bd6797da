// SPDX-License-Identifier: LGPL-2.1-or-later
// Tasks of long ago: pages, filters in the address, export, and a daemon that comes back.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { eventually } from './lib/processes.mjs';
import { startStage } from './lib/stage.mjs';
import { run, test } from './lib/tap.mjs';

const ROUNDS = 5;
const VMS = 50;
const host = (name) => ({ name, 'memory-mib': 65536, cpus: 16, 'cpu-model': 'Westmere', 'cpu-vendor': 'Intel', 'cpu-features': [],
  'link-mbps': 10000 });
const names = Array.from({ length: VMS }, (none, at) => `vm${String(at).padStart(2, '0')}`);

const stage = await startStage({
  speed: 100,
  cluster: {
    hosts: ['anna', 'bert'].map(host),
    vms: [...names.map((name) => ({ name, host: 'anna', 'memory-mib': 128 })), { name: 'refused', host: 'anna', 'memory-mib': 128 },
      { name: 'long', host: 'anna', 'memory-mib': 16384 }],
    faults: [{ vm: 'refused', phase: 'prepare', fault: 'refused' }],
  },
});
const { cluster } = stage;
const MANAGER = ['org.virtern.Virtern1', '/org/virtern/Virtern1', 'org.virtern.Virtern1.Manager'];

const openCount = async () => (await cluster.json('task', 'list', '--state', 'running')).length
  + (await cluster.json('task', 'list', '--state', 'queued')).length;

/* As many tasks as make three pages, one after another's end; the first of all fails. */
async function makeHistory() {
  await eventually(async () => (await cluster.json('host', 'list')).every(({ state }) => state === 'up'), 'the hosts');
  await cluster.tryVirtern('migrate', 'refused', '--to', 'bert');
  for (let round = 0; round < ROUNDS; round += 1) {
    const to = round % 2 ? 'anna' : 'bert';
    await cluster.busCall(...MANAGER, 'MigrateGroup', 'asa{sv}', String(VMS), ...names, '1', 'destination', 's', to);
    await eventually(async () => (await openCount()) === 0, `round ${round} to end`, 60000);
  }
}

const keys = (page) => page.raw.locator('[data-key]').evaluateAll((rows) => rows.map((row) => row.dataset.key));
const counted = (page, wanted) => page.expectText(wanted, { within: '.virtern-older' });

test('the history comes by pages, the newest first, and nothing is in it twice', async () => {
  await makeHistory();
  const page = await stage.open('tasks');
  await counted(page, /^Older tasks\s+100 tasks · older ones were not looked at/);
  await page.click('button', 'Older tasks');
  await counted(page, /200 tasks/);
  await page.click('button', 'Older tasks');
  await counted(page, /^251 tasks/);
  const shown = await keys(page);
  assert.equal(new Set(shown).size, shown.length);
  assert.ok(shown.includes('t1'), shown.join());
}, { timeout: 240000 });

test('a filter is asked of the daemon, so that old tasks are found at once, and is kept in the address', async () => {
  const page = await stage.open('tasks');
  await counted(page, /100 tasks/);
  await page.raw.getByLabel('State', { exact: true }).selectOption('failed');
  await eventually(async () => /state=failed/.test(page.raw.url()), 'the filter in the address');
  await page.row('t1').waitFor();
  assert.deepEqual(await keys(page), ['t1']);
  const linked = await stage.open('tasks?state=failed');
  await linked.row('t1').waitFor();
  assert.equal(await linked.raw.getByLabel('State', { exact: true }).inputValue(), 'failed');
  await page.field('Search tasks').fill('refused');
  await eventually(async () => /q=refused/.test(page.raw.url()), 'the search in the address');
  await page.click('button', 'Clear filters');
  await counted(page, /100 tasks/);
  assert.ok(!(await keys(page)).includes('t1'), 'below the pages that were read there may be others');
});

test('a VM is found by its name, and a word by the search', async () => {
  const page = await stage.open('tasks?vm=vm07');
  await counted(page, /^5 tasks/);
  const search = await stage.open('tasks?q=refused');
  await search.expectText('No task passes these filters');
  await search.click('button', 'Older tasks');
  await search.click('button', 'Older tasks');
  await search.row('t1').waitFor();
});

test('what happened before a span of time is not shown', async () => {
  const page = await stage.open('tasks?time=between&since=2020-01-01T00:00&until=2020-01-02T00:00');
  await page.expectText('No task passes these filters');
  const recent = await stage.open('tasks?time=24h');
  await counted(recent, /100 tasks/);
});

async function exported(page, choose) {
  await page.click('button', 'Export…');
  await choose();
  const coming = page.raw.waitForEvent('download');
  await page.click('button', 'Export', page.dialog());
  const download = await coming;
  return { name: download.suggestedFilename(), text: readFileSync(await download.path(), 'utf8') };
}

test('a file of commas has the tasks that the filters show, and no others', async () => {
  const page = await stage.open('tasks?vm=vm07');
  await counted(page, /^5 tasks/);
  const { name, text } = await exported(page, async () => {});
  assert.match(name, /^virtern-tasks-.*\.csv$/);
  const [head, ...lines] = text.trim().split('\r\n').map((line) => line.split(','));
  assert.equal(lines.length, 5);
  assert.ok(lines.every((line) => line[head.indexOf('vm')] === 'vm07' && line[head.indexOf('state')] === 'done'));
});

test('the whole history goes into a file of JSON, though only a part was loaded', async () => {
  const page = await stage.open('tasks');
  await counted(page, /100 tasks/);
  const { text } = await exported(page, async () => {
    await page.raw.getByLabel('JSON, with everything the daemon told').check();
    await page.raw.getByLabel(/The whole history/).check();
    await page.axe();
  });
  const tasks = JSON.parse(text);
  assert.deepEqual(tasks.map(({ id }) => id), Array.from({ length: 251 }, (none, at) => 251 - at));
  assert.equal(tasks[250].state, 'failed');
});

test('a task of long ago has its detail', async () => {
  const page = await stage.open('tasks/1');
  await page.expectText('Migrate refused');
  await page.expectText('Failed', { within: 'h1' });
});

test('after the daemon was away nothing is shown twice, and what it does then is', async () => {
  const page = await stage.open('tasks');
  await counted(page, /100 tasks/);
  await cluster.stop('SIGKILL');
  await page.expectText('virternd does not answer; what is shown was seen at');
  assert.ok((await keys(page)).length > 0);
  await cluster.start();
  await page.expectNoText('virternd does not answer', { timeout: 30000 });
  await counted(page, /100 tasks/);
  await eventually(async () => (await cluster.json('host', 'list')).every(({ state }) => state === 'up'), 'the hosts');
  // Simulated hosts begin anew with their daemon.
  const { id } = await cluster.json('migrate', 'vm07', '--to', 'bert', '--no-wait');
  await page.row(`t${id}`).waitFor();
  const shown = await keys(page);
  assert.equal(new Set(shown).size, shown.length);
}, { timeout: 90000 });

test('a detail that was open over a restart tells what came of the task', async () => {
  const { id } = await cluster.json('migrate', 'long', '--to', 'bert', '--bandwidth', '10', '--no-wait');
  const page = await stage.open(`tasks/${id}`);
  await page.expectText('Copying memory');
  await cluster.stop('SIGKILL');
  await page.expectText('virternd does not answer.', { within: 'main' });
  assert.equal(await page.by('button', 'Cancel…').isDisabled(), true);
  await cluster.start();
  await eventually(async () => {
    const { state } = await cluster.json('task', 'show', String(id));
    const text = (await page.text('h1')).toLowerCase();
    return state !== 'running' && text.includes(state);
  }, 'the state that the task has now', 30000);
}, { timeout: 90000 });

await run();
