// SPDX-License-Identifier: LGPL-2.1-or-later
// Tasks as files for other programs: CSV and JSON. Column names and words are those of the API, so
// that a file reads the same whoever made it.

const COLUMNS = ['id', 'kind', 'vm', 'vmUuid', 'source', 'destination', 'state', 'phase', 'progress', 'policy',
                 'priority', 'created', 'started', 'finished', 'downtime', 'memoryTotal', 'memoryProcessed',
                 'iteration', 'attempt', 'startedByUid', 'startedBy', 'parent', 'group', 'errorName', 'error', 'verdict'];
const TIMES = new Set(['created', 'started', 'finished']);

const moment = us => (us ? new Date(us / 1000).toISOString() : '');

function field(task, column, who) {
  if (TIMES.has(column)) return moment(task[column]);
  if (column === 'startedBy') return who(task.startedByUid);
  if (column === 'progress') return task.progressValid || task.state === 'done' ? task.progress : '';
  if (column === 'downtime') return task.downtime >= 0 ? task.downtime : '';
  return task[column] === undefined ? '' : task[column];
}

/* A sheet takes a cell that begins so for a formula; a VM's name may be anything. */
function quote(value) {
  let text = String(value);
  if (typeof value === 'string' && /^(\s*[=+\-@\uff1d\uff0b\uff0d\uff20]|[\t\r\n])/.test(text)) text = "'" + text;
  return /[",\r\n]/.test(text) ? '"' + text.replaceAll('"', '""') + '"' : text;
}

/** CSV (RFC 4180) with a line of names. Times are ISO 8601 in UTC, sizes bytes, spans microseconds. */
export function toCsv(tasks, who) {
  const lines = tasks.map(task => COLUMNS.map(column => quote(field(task, column, who))).join(','));
  return [COLUMNS.join(','), ...lines].join('\r\n') + '\r\n';
}

/** JSON: everything that the daemon told of each task, and who it was. */
export function toJson(tasks, who) {
  const objects = tasks.map(({ path, ...task }) => ({ ...task, startedBy: who(task.startedByUid) }));
  return JSON.stringify(objects, null, 2) + '\n';
}

/** A file's name with the moment in it, which every file system takes. */
export function fileName(format, nowMs) {
  return 'virtern-tasks-' + new Date(nowMs).toISOString().slice(0, 19).replaceAll(':', '') + 'Z.' + format;
}
