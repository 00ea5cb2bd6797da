// SPDX-License-Identifier: LGPL-2.1-or-later
// Export of tasks: what the filters show, as far as it was loaded or all of it.

import { _, format, ngettext } from '../i18n.js';
import { number } from '../model/format.js';
import { fileName, toCsv, toJson } from '../model/task-export.js';
import { daemonFilters } from '../model/task-filter.js';
import { alert } from '../ui/alert.js';
import { openDialog } from '../ui/dialog.js';
import { h, replace } from '../ui/dom.js';
import { download } from '../ui/download.js';
import { check } from '../ui/form.js';

// So many are kept in the page while they are written; a script asks the daemon itself.
const MOST = 10000;
const PAGE = 1000;
const FORMATS = {
  csv: { type: 'text/csv', make: toCsv, text: () => _('CSV, for spreadsheets') },
  json: { type: 'application/json', make: toJson, text: () => _('JSON, with everything the daemon told') },
};

function choice(legend, radios) {
  return h('fieldset', { class: 'virtern-choice' }, h('legend', { class: 'virtern-legend' }, legend), radios);
}

async function loadAll(book, filters, told, stopped) {
  const asked = daemonFilters(filters);
  while (book.hasOlder(asked) !== false && book.tasks.size < MOST && !stopped()) {
    await book.loadOlder(asked, PAGE);
    told(book.tasks.size);
  }
  return book.hasOlder(asked) === false;
}

/**
 * @param {object} options book (TaskBook), filters, chosen(): tasks that the filters let through,
 *   who(uid)
 */
export function openExport({ book, filters, chosen, who }) {
  let kind = 'csv';
  let all = false;
  let closed = false;
  const status = h('div', { 'aria-live': 'polite' });
  const count = chosen().length;

  function save() {
    const { type, make } = FORMATS[kind];
    const tasks = chosen().sort((a, b) => b.id - a.id);
    download(fileName(kind, Date.now()), type, make(tasks, who));
  }

  async function run(dialog) {
    if (!all) return save();
    const told = n => replace(status, format(_('$0 tasks were read…'), number(n)));
    const whole = await loadAll(book, filters, told, () => closed);
    if (closed) return undefined;
    save();
    if (whole) return undefined;
    replace(status, alert('warning', format(_('Only the newest tasks are in the file: $0 were read, and there are older ones. “virtern task list --json” has no such bound.'), number(MOST))));
    dialog.setDisabled(0, true);
    return false;
  }

  openDialog({
    title: _('Export tasks'), size: 'small',
    body: [
      h('p', {}, _('The file holds the tasks that the filters show, the newest first.')),
      choice(_('Format'), Object.entries(FORMATS).map(([name, { text }]) =>
        check(text(), { type: 'radio', name: 'format', value: name, checked: name === kind, onchange: () => { kind = name; } }))),
      choice(_('Tasks'), [
        check(format(ngettext('The one that is loaded', 'The $0 that are loaded', count), number(count)),
              { type: 'radio', name: 'extent', value: 'loaded', checked: true, onchange: () => { all = false; } }),
        check(format(_('The whole history, up to $0 tasks'), number(MOST)),
              { type: 'radio', name: 'extent', value: 'all', onchange: () => { all = true; } }),
      ]),
      status,
    ],
    actions: [{ label: _('Export'), run }],
    onClose: () => { closed = true; },
  });
}
