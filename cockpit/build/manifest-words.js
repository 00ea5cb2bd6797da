// SPDX-License-Identifier: LGPL-2.1-or-later
// What manifest.json says to people, for xgettext, which does not read it: Cockpit's shell
// translates its label and the words it is searched by.

const N_ = text => text;

export const MANIFEST_WORDS = [
  // Translators: the page's name in Cockpit's menu
  N_('VM migration'),
  // Translators: words that find the page in Cockpit's menu; lower case
  N_('vm'),
  N_('migrate'),
  N_('migration'),
  N_('drain'),
  N_('maintenance'),
];

/** Names that are the same in every language. */
export const MANIFEST_NAMES = ['libvirt', 'virtern', 'kvm'];
