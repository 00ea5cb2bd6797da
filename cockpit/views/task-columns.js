// SPDX-License-Identifier: LGPL-2.1-or-later
// Columns of the table of tasks, and how their cells are filled.

import { userName } from '../bus/users.js';
import { C_, _, format, ngettext } from '../i18n.js';
import { fullTime, number, rate, size, time } from '../model/format.js';
import { doing, durationOf, durationText, endText, hostsOf, isOfHosts, isStalled, progressOf, progressText, subject, title, toneOf, troubleOf } from '../model/tasks.js';
import { kind, none, taskState } from '../model/words.js';
import { progressBar } from '../ui/bar.js';
import { link } from '../ui/button.js';
import { h, replace } from '../ui/dom.js';
import { label } from '../ui/label.js';

const shows = task => task.state === 'running';

/** A name as it is, whatever is in it: kept apart from the words around it, with an end to its length. */
export const nameText = text => h('bdi', { class: 'virtern-name', title: text.length > 60 ? text : null }, text);

/** Where from and where to; of a drain only the hosts, of a return where the VMs go. */
function way(task) {
  if (task.kind === 'drain') return [nameText(hostsOf(task).join(', '))];
  if (task.kind === 'return') return ['→ ', nameText(hostsOf(task).join(', '))];
  const from = task.source ? nameText(task.source) : null;
  const to = task.destination ? nameText(task.destination) : null;
  if (from && to && task.source !== task.destination)
    return [from, h('span', { 'aria-hidden': 'true' }, ' → '), h('span', { class: 'pf-v6-screen-reader' }, _('to')), to];
  if (task.isGroup && to) return ['→ ', to];
  return [to || from || none()];
}

const wayText = task => [task.source, task.destination].join(' → ');

function fillTask(cell, { task, matched }) {
  if (task.isGroup) {
    replace(cell, h('span', { class: 'virtern-kind' }, kind(task.kind)), ' ',
            h('span', { class: 'virtern-quiet' }, _('in one order')));
    return;
  }
  replace(cell, h('span', { class: 'virtern-kind' }, link(['tasks', String(task.id)], kind(task.kind))), ' ',
          h('span', { class: 'virtern-quiet' }, '#' + task.id));
  cell.firstElementChild.firstElementChild.setAttribute('aria-label', title(task));
  cell.classList.toggle('virtern-dim', !matched);
}

function fillProgress(cell, { task }) {
  if (task.state !== 'running') {
    replace(cell, task.state === 'queued' ? null : h('div', {}, progressText(task)), remark(task));
    return;
  }
  if (!cell.querySelector('progress'))
    replace(cell, h('div', { class: 'virtern-bar' }), h('div', { class: 'virtern-doing' }));
  progressBar(cell.firstElementChild, progressOf(task), progressText(task),
              format(_('Progress of $0'), title(task)), toneOf(task));
  // A bar that moves would say that something goes on.
  cell.firstElementChild.hidden = isStalled(task);
  replace(cell.lastElementChild, task.isGroup ? groupWords(task) : doing(task),
          troubleOf(task) ? [' · ', h('strong', { class: 'virtern-stuck' }, troubleOf(task))] : null);
}

const groupWords = task =>
  format(ngettext('$0 of $1 has ended', '$0 of $1 have ended', task.members.length),
         number(task.ended), number(task.members.length));

function remark(task) {
  const text = task.isGroup ? groupWords(task) : task.state === 'queued' ? task.note || doing(task)
    : isOfHosts(task) ? doing(task) : task.error || '';
  return text ? h('div', { class: 'virtern-doing virtern-clamp', title: text.length > 80 ? text : null }, text) : null;
}

function fillEnd(cell, { task }, nowUs) {
  const text = endText(task, nowUs());
  replace(cell, troubleOf(task) ? h('strong', { class: 'virtern-stuck' }, text) : text);
}

function fillTime(cell, us) {
  replace(cell, us ? h('time', { datetime: new Date(us / 1000).toISOString(), title: fullTime(us) }, time(us)) : none());
}

/** @param {function(): number} nowUs the server's time in microseconds */
export function taskColumns(nowUs) {
  return [
    { id: 'task', label: _('Task'), header: true, tree: true,
      value: ({ task, matched }) => [task.kind, task.id, matched].join(), sortValue: ({ task }) => kind(task.kind),
      render: fillTask },
    { id: 'vm', label: _('VM'), value: ({ task }) => (isOfHosts(task) ? '' : subject(task)),
      render: (cell, { task }) => replace(cell, isOfHosts(task) ? none() : h('div', { class: 'virtern-clamp' }, nameText(subject(task)))) },
    { id: 'way', label: C_('a column: hosts', 'From → to'), value: ({ task }) => task.kind + wayText(task),
      sortValue: ({ task }) => wayText(task), render: (cell, { task }) => replace(cell, way(task)) },
    { id: 'state', label: _('State'), value: ({ task }) => taskState(task.state) + troubleOf(task), sortValue: ({ task }) => taskState(task.state),
      render: (cell, { task }) => replace(cell, label(toneOf(task), taskState(task.state))) },
    { id: 'progress', label: _('Progress'),
      value: ({ task }) => [task.state, progressOf(task), doing(task), troubleOf(task), task.error, task.note, task.ended].join('\n'),
      sortValue: ({ task }) => (progressOf(task) === null ? -1 : progressOf(task)), render: fillProgress },
    { id: 'rate', label: _('Rate'), numeric: true, nowrap: true, hideable: true, value: ({ task }) => (shows(task) ? task.rate : 0),
      text: ({ task }) => (shows(task) && task.rate ? rate(task.rate) : none()) },
    { id: 'remaining', label: _('Remaining'), numeric: true, nowrap: true, hideable: true,
      value: ({ task }) => (shows(task) ? task.remaining : 0),
      text: ({ task }) => (shows(task) && task.remaining ? size(task.remaining) : none()) },
    { id: 'end', label: C_('a column: when a task may end', 'Ends'),
      value: ({ task }) => endText(task, nowUs()),
      sortValue: ({ task }) => (shows(task) && !troubleOf(task) && task.estimatedEndMin) || Infinity,
      render: (cell, row) => fillEnd(cell, row, nowUs) },
    { id: 'started', label: _('Started'), nowrap: true, value: ({ task }) => task.started,
      sortValue: ({ task }) => task.started || Infinity, render: (cell, { task }) => fillTime(cell, task.started) },
    { id: 'duration', label: _('Duration'), numeric: true,
      nowrap: true, value: ({ task }) => durationText(task, nowUs()),
      sortValue: ({ task }) => durationOf(task, nowUs()) || 0 },
    { id: 'who', label: C_('a column: who asked for it', 'By'), nowrap: true, hideable: true, value: ({ task }) => userName(task.startedByUid) },
  ];
}
