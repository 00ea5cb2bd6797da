// SPDX-License-Identifier: LGPL-2.1-or-later
// Light or dark, as Cockpit's shell is set or, if it leaves that to the system, as the system is.

const KEY = 'shell:style';
const DARK = 'pf-v6-theme-dark';

function apply(style) {
  const system = window.matchMedia('(prefers-color-scheme: dark)').matches;
  document.documentElement.classList.toggle(DARK, style === 'dark' || (style === 'auto' && system));
}

const stored = () => window.localStorage.getItem(KEY) || 'auto';

/** Follows the shell's choice from now on. */
export function followTheme() {
  window.addEventListener('storage', event => { if (event.key === KEY) apply(stored()); });
  // The shell tells its own frame at once by this event.
  window.addEventListener('cockpit-style', event => apply((event.detail && event.detail.style) || stored()));
  window.matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => apply(stored()));
  apply(stored());
}
