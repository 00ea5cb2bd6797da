// SPDX-License-Identifier: LGPL-2.1-or-later
// A cluster whose names, reasons and errors would break a page that takes text for anything else.

const HOST = { 'memory-mib': 65536, cpus: 16, 'link-mbps': 10000 };

/* Names of VMs may hold whatever libvirt lets through. */
export const vmNames = [
  '<img src=x onerror="window.hacked=1">',
  '<script>window.hacked=1</script>',
  '"><svg onload=window.hacked=1>',
  '\' onmouseover=\'window.hacked=1',
  'javascript:window.hacked=1',
  '&lt;b&gt;&amp;',
  'ab\u202Egnp.exe\u202C\u2066\u200F',
  'first line\nsecond line\r\n\tthird',
  '$0 $1 %s %n {{1}} ${window.hacked=1}',
  '../../hosts?x=1&y#z',
  '__proto__', 'constructor', 'toString', 'hasOwnProperty',
  ' leading and trailing ',
  'z\u0335\u0336\u0337\u0338a\u0334\u0301\u0302\u0303lgo',
  '😀🧑‍🚀 日本語 العربية',
  'M'.repeat(4096),
];

/* Names of hosts are 1 to 255 of [A-Za-z0-9._-]. */
export const hostNames = ['constructor', 'toString', 'a..--__b', `long-${'h'.repeat(250)}`, 'plain'];

const evil = (place) => `${place} <img src=x onerror="window.hacked=1">\u202E\nand more`;

export const hostile = {
  hosts: hostNames.map((name) => ({ ...HOST, name, hostname: evil('hostname'),
    'cpu-vendor': evil('vendor'), 'cpu-model': evil('model'),
    'cpu-features': ['aes', evil('feature')] })),
  vms: [
    ...vmNames.map((name, i) => ({ name, host: hostNames[i % hostNames.length],
      'memory-mib': 512, vcpus: 1 })),
    { name: { base64: '/9/+YmFk' }, host: 'plain', 'memory-mib': 512 },
    { name: 'locked', host: 'plain', 'memory-mib': 512,
      lock: { owner: evil('owner'), reason: evil('reason') } },
    { name: 'with a device', host: 'plain', 'memory-mib': 512,
      hostdevs: [{ type: 'pci', address: evil('address') }] },
    { name: 'with disks', host: 'plain', 'memory-mib': 512, machine: evil('machine'),
      disks: [{ target: 'vda', source: `/${evil('source')}` }],
      nics: [{ type: 'network', source: evil('network'), mac: evil('mac') }] },
  ],
};
