// SPDX-License-Identifier: LGPL-2.1-or-later
// What the page costs: how soon 1,000 tasks and 1,000 VMs are seen, the CPU it takes and how soon it
// answers a click while 50 tasks run, and whether its memory grows meanwhile. Simulated hosts.
//
//   make bench-page                      everything; BENCH_PAGE="--minutes 2" for a shorter watch
//   node tests/bench/bench-page.mjs [--minutes N] [--rounds N] [paint] [work]

import { readFileSync, readdirSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { eventually, pause } from '../browser/lib/processes.mjs';
import { startStage } from '../browser/lib/stage.mjs';
import { endAll } from '../browser/lib/tap.mjs';

const PAINT_BOUND_MS = 1500;
const CPU_BOUND_PERCENT = 20;
const CLICK_BOUND_MS = 100;
const GROWTH_BOUND_MIB = 1;
const TICKS_PER_S = 100;

const { values, positionals } = parseArgs({ allowPositionals: true, options: {
  minutes: { type: 'string', default: '10' }, rounds: { type: 'string', default: '9' } } });
const minutes = Number(values.minutes);
const rounds = Number(values.rounds);
const wanted = (part) => positionals.length === 0 || positionals.includes(part);
let failed = false;

function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/* One figure: median (least - most), and whether the bound holds for `judged`. */
function tell(what, numbers, unit, bound, judged = median(numbers), digits = 0) {
  const show = (number) => number.toFixed(digits);
  const spread = `${show(median(numbers))} (${show(Math.min(...numbers))} - ${show(Math.max(...numbers))})`;
  const good = bound === undefined || judged <= bound;

  failed ||= !good;
  console.log(`${what.padEnd(44)} ${spread} ${unit}`
    + (bound === undefined ? '' : ` (bound ${bound} ${unit}): ${good ? 'ok' : 'TOO MUCH'}`));
}

const hosts = (count, mbps) => Array.from({ length: count }, (_, i) => ({
  name: `host${String(i + 1).padStart(2, '0')}`, 'memory-mib': 4194304, cpus: 256,
  'link-mbps': mbps }));

const vms = (count, hostCount, more) => Array.from({ length: count }, (_, i) => ({
  name: `vm${String(i + 1).padStart(4, '0')}`, host: `host${String((i % hostCount) + 1).padStart(2, '0')}`,
  vcpus: 2, ...more }));

/* Each by itself: one order of many would be one row. */
async function migrateAll(cluster, names) {
  const waiting = [...names];
  const one = async () => {
    while (waiting.length > 0)
      await cluster.busCall('org.virtern.Virtern1', '/org/virtern/Virtern1',
        'org.virtern.Virtern1.Manager', 'Migrate', 'ssa{sv}', waiting.shift(), '', '0');
  };
  await Promise.all(Array.from({ length: 8 }, one));
}

/* When the first rows were painted, from the start of the navigation; run in the page. */
function watchPaint() {
  const watcher = new MutationObserver(() => {
    if (!document.querySelector('main tbody [data-key]'))
      return;
    watcher.disconnect();
    requestAnimationFrame(() => setTimeout(() => { window.paintedAt = performance.now(); }, 0));
  });
  watcher.observe(document, { subtree: true, childList: true });
}

async function paint() {
  const stage = await startStage({
    cluster: { hosts: hosts(10, 1000), vms: vms(1000, 10, { 'memory-mib': 2048, 'dirty-mbps': 100 }) },
    config: '[migration]\nlimit-out = 1\nlimit-in = 1\nstall-timeout = 3600\n' });
  const names = Array.from({ length: 1000 }, (_, i) => `vm${String(i + 1).padStart(4, '0')}`);

  await migrateAll(stage.cluster, names);
  const { queued, running } = (await stage.cluster.json('status')).tasks;
  console.log(`# 1,000 VMs on 10 hosts; ${queued} tasks wait, ${running} run`);
  for (const view of ['tasks', 'vms']) {
    const times = [];
    for (let i = 0; i < rounds; i += 1) {
      const page = await stage.open(view, { first: watchPaint });
      times.push(await eventually(() => page.raw.evaluate(() => window.paintedAt), 'the first rows'));
      await page.close();
    }
    tell(`first paint of 1,000 ${view}`, times, 'ms', PAINT_BOUND_MS);
  }
}

/* Processes of chromium below this one, by their kind. */
function browserProcesses() {
  const all = readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map((pid) => {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
      const [, parent, ...rest] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      const kind = /--type=([a-z-]+)/.exec(readFileSync(`/proc/${pid}/cmdline`, 'latin1'));
      const name = stat.slice(stat.indexOf('(') + 1, stat.lastIndexOf(')'));
      return { pid, parent, name, ticks: Number(rest[9]) + Number(rest[10]), kind: kind?.[1] ?? 'browser' };
    } catch {
      return null;
    }
  }).filter(Boolean);
  const ours = new Set([String(process.pid)]);
  let size;

  do {
    size = ours.size;
    all.filter(({ parent }) => ours.has(parent)).forEach(({ pid }) => ours.add(pid));
  } while (ours.size > size);
  return all.filter(({ pid, name }) => ours.has(pid) && name.startsWith('chrom'));
}

/* Percent of a core that each kind took since `before`; what began or ended meanwhile is left out. */
function usedSince(before, seconds) {
  const used = { renderer: 0, all: 0 };

  for (const { pid, ticks, kind } of browserProcesses()) {
    const then = before.find((one) => one.pid === pid);
    if (!then)
      continue;
    const percent = (ticks - then.ticks) / TICKS_PER_S / seconds * 100;
    used.all += percent;
    if (kind === 'renderer')
      used.renderer += percent;
  }
  return used;
}

async function metrics(session) {
  await session.send('HeapProfiler.collectGarbage');
  const { metrics: list } = await session.send('Performance.getMetrics');
  return Object.fromEntries(list.map(({ name, value }) => [name, value]));
}

/* From the press to the picture that answers it, as the browser itself measures it. */
async function clicks(page, count) {
  const headings = page.raw.locator('main thead button');
  const tabs = page.raw.locator('nav [data-view] a');
  await page.raw.evaluate(() => {
    window.answers = [];
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries())
        if (entry.name === 'click')
          window.answers.push(entry.duration);
    }).observe({ type: 'event', durationThreshold: 16 });
  });
  let pressed = 0;

  for (let i = 0; i < count; i += 1) {
    await headings.nth(i % await headings.count()).click();
    pressed += 1;
    for (let tab = 0; i % 5 === 0 && tab < 3; tab += 1) {
      await tabs.nth((tab + 1) % 3).click();
      await page.raw.locator('main tbody [data-key]').first().waitFor();
      pressed += 1;
    }
  }
  const answers = await page.raw.evaluate(() => window.answers);
  // Those that were answered at once are not told: they count as the least that is.
  return [...answers, ...Array(Math.max(0, pressed - answers.length)).fill(16)];
}

function slopePerMinute(samples) {
  const mean = (pick) => samples.reduce((sum, sample) => sum + pick(sample), 0) / samples.length;
  const x = mean(({ at }) => at);
  const y = mean(({ heap }) => heap);
  const over = samples.reduce((sum, { at, heap }) => sum + (at - x) * (heap - y), 0);
  return over / samples.reduce((sum, { at }) => sum + (at - x) ** 2, 0);
}

/* CPU and memory while nobody touches the page; both are sampled in the same windows. */
async function watch(page, session, windows, windowMs) {
  const samples = [];
  const cpu = { task: [], renderer: [], all: [] };
  const begin = Date.now();

  for (let i = 0; i < windows; i += 1) {
    const before = await metrics(session);
    const processes = browserProcesses();
    const from = Date.now();
    await pause(windowMs);
    const seconds = (Date.now() - from) / 1000;
    const { metrics: list } = await session.send('Performance.getMetrics');
    const task = list.find(({ name }) => name === 'TaskDuration').value - before.TaskDuration;
    const used = usedSince(processes, seconds);
    cpu.task.push(task / seconds * 100);
    cpu.renderer.push(used.renderer);
    cpu.all.push(used.all);
    const after = await metrics(session);
    samples.push({ at: (Date.now() - begin) / 60000, heap: after.JSHeapUsedSize / 1048576,
      nodes: after.Nodes, listeners: after.JSEventListeners });
  }
  return { samples, cpu };
}

async function work() {
  const stage = await startStage({
    cluster: { hosts: hosts(10, 1000),
      vms: vms(50, 10, { 'memory-mib': 262144, 'dirty-mbps': 50 }) },
    config: '[migration]\nlimit-out = 100\nlimit-in = 100\nstall-timeout = 3600\n' });
  const names = Array.from({ length: 50 }, (_, i) => `vm${String(i + 1).padStart(4, '0')}`);

  await migrateAll(stage.cluster, names);
  const running = async () => (await stage.cluster.json('status')).tasks.running;
  await eventually(async () => await running() === 50, '50 tasks that run', 60000);
  const page = await stage.open('tasks');
  await page.expectText('vm0050', { within: 'main' });
  const session = await page.context.newCDPSession(page.raw);
  await session.send('Performance.enable');
  const idle = await watch(page, session, Math.max(4, minutes * 2), 30000 * Math.min(1, minutes / 2));
  tell('50 tasks run: CPU of the renderer', idle.cpu.renderer, '%', CPU_BOUND_PERCENT, undefined, 1);
  tell('  of its main thread alone', idle.cpu.task, '%', undefined, undefined, 1);
  tell('  with the rest of the browser', idle.cpu.all, '%', undefined, undefined, 1);

  const { samples } = idle;
  const half = Math.floor(samples.length / 2);
  const heaps = samples.map(({ heap }) => heap);
  const growth = median(heaps.slice(half)) - median(heaps.slice(0, half));
  tell(`JS heap after collection, ${minutes} min`, heaps, 'MiB', undefined, undefined, 2);
  tell('  second half over first half', [growth], 'MiB', GROWTH_BOUND_MIB, growth, 2);
  console.log(`  slope ${slopePerMinute(samples).toFixed(3)} MiB a minute;`
    + ` nodes ${samples[0].nodes} to ${samples.at(-1).nodes},`
    + ` listeners ${samples[0].listeners} to ${samples.at(-1).listeners}`);

  const answers = await clicks(page, 50);
  tell(`from click to answer, ${answers.length} clicks`, answers, 'ms', CLICK_BOUND_MS,
    Math.max(...answers));
  console.log(`# ${await running()} tasks still run`);
}

if (wanted('paint'))
  await paint();
if (wanted('work'))
  await work();
await endAll();
process.exit(failed ? 1 : 0);
