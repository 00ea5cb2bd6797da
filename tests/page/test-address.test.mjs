// SPDX-License-Identifier: LGPL-2.1-or-later
// Addresses within the page are read back as they were meant, whatever is in a name.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { address } from '../../cockpit/ui/button.js';

/* As cockpit.location reads an address, also in old versions: a "+" is no blank for it. */
function read(hash) {
  const [path, query] = hash.slice(1).split('?');
  const pairs = query ? query.split('&').map(pair => pair.split('=').map(decodeURIComponent)) : [];
  return { path: path.split('/').slice(1).map(decodeURIComponent), options: Object.fromEntries(pairs) };
}

test('what is in a path and in options is read back as it was', () => {
  for (const name of ['web01', 'my vm', 'a+b', 'x&y=z', '?#/%', '50%', 'zażółć', '../..'])
    assert.deepEqual(read(address(['vms', name], { vm: name, host: 'h' })), { path: ['vms', name], options: { vm: name, host: 'h' } });
});

test('without options there is nothing behind the path', () => {
  assert.equal(address(['tasks', '7']), '#/tasks/7');
  assert.equal(address(['tasks'], {}), '#/tasks');
});
