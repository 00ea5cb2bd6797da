// SPDX-License-Identifier: LGPL-2.1-or-later
// Which VMs are shown.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { choices, isFiltered, matches, readFilters, writeFilters } from '../../cockpit/model/vm-filters.js';

const hosts = new Map([['node1', { name: 'node1', cluster: 'default' }], ['edge1', { name: 'edge1', cluster: 'edge' }]]);
const vm = (more) => ({ name: 'Web01', uuid: 'ab-12', host: 'node1', state: 'running', cpuModel: 'Westmere',
  lockOwner: '', lockReason: '', origin: '', ...more });
const shown = (one, options) => matches(one, readFilters(options), hosts);

test('filters come back from the address as they went there', () => {
  for (const options of [{}, { state: 'paused' }, { host: 'node1', search: 'a b & c=d' }, { cluster: 'edge', state: 'running' }])
    assert.deepEqual(writeFilters(readFilters(options)), options);
  assert.deepEqual(writeFilters(readFilters({ search: '', nonsense: 'x' })), {});
  assert.equal(isFiltered(readFilters({})), false);
  assert.equal(isFiltered(readFilters({ host: 'node1' })), true);
});

test('without filters everything is shown', () => {
  for (const state of ['running', 'unknown', 'a new word'])
    assert.ok(shown(vm({ state, host: 'gone' }), {}));
});

test('a filter keeps what has its value, and all of them must hold', () => {
  assert.ok(shown(vm(), { state: 'running', host: 'node1', cluster: 'default', search: 'web' }));
  for (const wrong of [{ state: 'paused' }, { host: 'edge1' }, { cluster: 'edge' }, { search: 'db' }])
    assert.ok(!shown(vm(), { state: 'running', ...wrong }), JSON.stringify(wrong));
  assert.ok(!shown(vm({ host: 'gone' }), { cluster: 'default' }));
});

test('a search finds words of any of the fields, in any case and order', () => {
  const one = vm({ lockOwner: 'backup@nas', lockReason: 'Nightly run', origin: 'node7' });
  for (const search of ['web', 'WEB01', 'ab-12', 'westmere', 'nas', 'nightly web', 'web nightly', ' node7 ', 'ｗｅｂ'])
    assert.ok(shown(one, { search: search.trim() }), search);
  for (const search of ['web nothing', 'web02', '.*']) assert.ok(!shown(one, { search }), search);
});

test('what can be chosen is what there is, each once', () => {
  const { states, hosts: names, clusters } = choices([vm(), vm({ state: 'paused' }), vm()], hosts);
  assert.deepEqual(states, ['paused', 'running']);
  assert.deepEqual(names, ['edge1', 'node1']);
  assert.deepEqual(clusters, ['default', 'edge']);
});
