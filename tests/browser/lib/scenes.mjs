// SPDX-License-Identifier: LGPL-2.1-or-later
// Every view and every dialog of the page, as a person comes to it, in any language: for what must
// hold in all of them, and for pictures.

import { eventually } from './processes.mjs';

/**
 * Puts the cluster of clusters/office.json into a state that has something of everything to show.
 * @param {import('./cluster.mjs').Cluster} cluster
 * @returns {Promise<object>} ids of tasks by what they are there for
 */
export async function prepare(cluster) {
  await cluster.virtern('migrate', 'web02', '--to', 'bert');
  await cluster.virtern('migrate', 'slow', '--to', 'bert', '--no-wait');
  await cluster.tryVirtern('migrate', 'torn', '--to', 'bert');
  await cluster.tryVirtern('migrate', 'flaky', '--to', 'anna');
  await cluster.tryVirtern('drain', 'clara', '--action', 'archive=skip');
  await cluster.virtern('migrate', 'db01', '--to', 'bert', '--policy', 'force', '--no-wait');
  const tasks = await cluster.json('task', 'list', '--limit', '100');
  const of = (vm) => tasks.find((task) => task.vm === vm && task.kind === 'migrate').id;

  return { moving: of('slow'), writing: of('db01'), torn: of('torn'), done: of('web02'),
    failed: of('flaky'), drain: tasks.find((task) => task.kind === 'drain').id };
}

const shows = (text) => (page) => page.expectText(text, { within: 'main' });

/* A dialog is there when it has been opened and what it asks the daemon for was answered. */
async function dialogShows(page, text) {
  await page.raw.locator('dialog[open]').waitFor();
  if (text)
    await page.expectText(text, { within: 'dialog[open]' });
  for (const busy of ['dialog[open] [aria-busy=true]', 'dialog[open] progress:not([value])'])
    await eventually(async () => await page.raw.locator(busy).filter({ visible: true }).count() === 0,
      `${busy} to go`);
}

const ofRow = (view, name, entry, text) => ({ path: view, async open(page) {
  await page.rowOf(name).waitFor();
  await page.choose(name, entry);
  await dialogShows(page, text);
} });

const ofTask = (which, act, text) => ({ path: (ids) => `tasks/${ids[which]}`, async open(page) {
  await page.click('button', await page.words(act));
  await dialogShows(page, text);
} });

const ofChosen = (view, names, act, text) => ({ path: view, async open(page) {
  for (const name of names)
    await page.rowOf(name).getByRole('checkbox').check();
  await page.raw.locator('main').getByRole('button', { name: act }).first().click();
  await dialogShows(page, text);
} });

/**
 * Each: name; path, a text or a function of what prepare() returned; open(page), after which there is
 * to be seen what it is for.
 */
export const scenes = [
  { name: 'tasks', path: 'tasks', open: shows('slow') },
  { name: 'task-moving', path: ({ writing }) => `tasks/${writing}`, open: shows('db01') },
  { name: 'task-attention', path: ({ torn }) => `tasks/${torn}`, open: shows('torn') },
  { name: 'task-done', path: ({ done }) => `tasks/${done}`, open: shows('web02') },
  { name: 'task-failed', path: ({ failed }) => `tasks/${failed}`, open: shows('flaky') },
  { name: 'task-drain', path: ({ drain }) => `tasks/${drain}`, open: shows('files') },
  { name: 'hosts', path: 'hosts', open: shows('emil') },
  { name: 'host', path: 'hosts/anna', open: shows('anna') },
  { name: 'vms', path: 'vms', open: shows('web01') },
  { name: 'vm', path: 'vms', async open(page) {
    await page.rowOf('web01').getByRole('link', { name: 'web01' }).click();
    await page.raw.locator('main h1', { hasText: 'web01' }).waitFor();
  } },

  { name: 'migrate', ...ofRow('vms', 'web01', 'Migrate…', 'emil') },
  { name: 'migrate-many', ...ofChosen('vms', ['web01', 'mail', 'gpu01'], /…$/, 'gpu01') },
  { name: 'start', ...ofRow('vms', 'archive', 'Start…', 'anna') },
  { name: 'lock', ...ofRow('vms', 'web01', 'Lock…') },
  { name: 'unlock', ...ofRow('vms', 'backup', 'Unlock…') },
  { name: 'mask', ...ofRow('vms', 'web01', 'Mask the CPU…') },
  { name: 'drain-action', ...ofRow('vms', 'web01', 'Drain action…') },
  { name: 'drain', ...ofRow('hosts', 'bert', 'Drain…', 'gpu01') },
  { name: 'activate', ...ofRow('hosts', 'clara', 'Activate…') },
  { name: 'host-add', path: 'hosts', async open(page) {
    await page.click('button', await page.words('Add host…'));
    await dialogShows(page);
  } },
  { name: 'host-settings', ...ofRow('hosts', 'anna', 'Settings…') },
  { name: 'host-remove', ...ofRow('hosts', 'emil', 'Remove…') },
  { name: 'cancel', ...ofTask('moving', 'Cancel…') },
  { name: 'policy', ...ofTask('moving', 'Change policy…') },
  { name: 'resolve', ...ofTask('torn', 'Decide…') },
  { name: 'retry', ...ofTask('failed', 'Retry…') },
  { name: 'drain-resume', ...ofTask('drain', 'Resume…') },
  { name: 'drain-undo', ...ofTask('drain', 'Undo…') },
  { name: 'export', path: 'tasks', async open(page) {
    await page.click('button', await page.words('Export…'));
    await dialogShows(page);
  } },
];

/**
 * Opens a scene.
 * @param {object} stage @param {object} scene @param {object} ids what prepare() returned
 * @param {object} [options] of the page
 * @returns {Promise<import('./browser.mjs').Page>}
 */
export async function openScene(stage, scene, ids, options) {
  const path = typeof scene.path === 'function' ? scene.path(ids) : scene.path;
  const page = await stage.open(path, options);

  await scene.open(page);
  return page;
}
