// SPDX-License-Identifier: LGPL-2.1-or-later
// Giving a text to the reader as a file.

import { h } from './dom.js';

/** @param {string} type such as "text/csv" */
export function download(name, type, text) {
  const url = URL.createObjectURL(new Blob([text], { type: type + ';charset=utf-8' }));
  const anchor = h('a', { href: url, download: name, hidden: true });
  document.body.append(anchor);
  anchor.click();
  anchor.remove();
  // The browser has begun to read it by then.
  setTimeout(() => URL.revokeObjectURL(url), 10000);
}
