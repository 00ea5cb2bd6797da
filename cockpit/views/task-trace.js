// SPDX-License-Identifier: LGPL-2.1-or-later
// How a task went: timeline of phases, and charts of the copy.

import { _, format, ngettext } from '../i18n.js';
import { duration, number, rate, size, time } from '../model/format.js';
import { hasEnded } from '../model/tasks.js';
import { gapsOf, timeline, undatedSteps } from '../model/timeline.js';
import { phase } from '../model/words.js';
import { drawChart } from '../ui/chart.js';
import { h, replace } from '../ui/dom.js';
import { expandable } from '../ui/form.js';
import { plainTable } from '../ui/parts.js';

const PASSES_AT_ONCE = 8;

function passLine({ iteration, us }) {
  return h('li', {}, format(_('Pass $0: $1'), number(iteration), duration(us)));
}

function passList(passes) {
  if (!passes.length) return null;
  const list = h('ul', { class: 'virtern-passes' }, passes.map(passLine));
  if (passes.length <= PASSES_AT_ONCE) return list;
  return expandable(format(ngettext('$0 pass over memory', '$0 passes over memory', passes.length), number(passes.length)), list);
}

function entry({ phase: word, time: us, us: took, share, passes, steps }) {
  const bar = h('span', { class: 'virtern-span-bar', 'aria-hidden': 'true' }, h('span', {}));
  bar.firstElementChild.style.setProperty('inline-size', Math.max(0.5, share * 100).toFixed(1) + '%');
  return h('li', { class: 'virtern-span' },
           h('span', { class: 'virtern-span-name' }, word ? phase(word) : _('Phases that were not kept')),
           h('time', { class: 'virtern-quiet', datetime: new Date(us / 1000).toISOString() }, time(us)), bar,
           h('span', { class: 'virtern-span-took' }, duration(took)),
           passes.length || steps.length ? h('div', { class: 'virtern-span-more' }, stepList(steps), passList(passes)) : null);
}

const stepList = steps => (steps.length ? h('ul', { class: 'virtern-steps' }, steps.map(({ sentence }) => h('li', {}, sentence))) : null);

/** Fills `box` with the phases of a task; those of steps that are only known from the task stand at the end. */
export function drawTimeline(box, task, trace, nowUs) {
  const spans = timeline(trace, task.finished || (hasEnded(task) ? task.started : nowUs));
  const rest = undatedSteps(trace);
  if (!spans.length && !rest.length) {
    replace(box, h('p', { class: 'virtern-quiet' }, _('Nothing was kept of how it went.')));
    return;
  }
  replace(box, spans.length ? h('ol', { class: 'virtern-timeline' }, spans.map(entry)) : null, stepList(rest));
}

function pointsOf(samples, key) {
  const begin = samples[0].time;
  const gaps = gapsOf(samples);
  return samples.map((sample, at) => ({ seconds: (sample.time - begin) / 1e6, value: sample[key], begins: gaps.has(at) }));
}

const timeTick = seconds => (seconds ? duration(seconds * 1e6) : format(_('$0 s'), number(0)));

function drawRemaining(box, samples) {
  const last = samples[samples.length - 1];
  drawChart(box, {
    title: _('Memory left to copy'), bytes: true, value: size, time: timeTick,
    series: [{ name: _('Remaining'), line: 'a', area: true, points: pointsOf(samples, 'remaining') }],
    summary: format(_('From $0 to $1 in $2, in $3 passes.'), size(samples[0].remaining), size(last.remaining),
                    duration(last.time - samples[0].time), number(last.iteration)),
  });
}

function drawRates(box, samples) {
  const top = key => Math.max(...samples.map(sample => sample[key]));
  drawChart(box, {
    title: _('Written by the guest against what is copied'), bytes: true, value: rate, time: timeTick,
    series: [{ name: _('Copied per second'), line: 'b', points: pointsOf(samples, 'rate') },
             { name: _('Written by the guest per second'), line: 'c', points: pointsOf(samples, 'dirtyRate') }],
    summary: format(_('The guest wrote $0 at most; $1 were copied at most.'), rate(top('dirtyRate')), rate(top('rate'))),
  });
}

function sampleTable(samples) {
  const heads = [_('Time'), _('Pass'), _('Remaining'), _('Copied per second'), _('Written by the guest per second')];
  const rows = samples.map(sample => [duration(sample.time - samples[0].time), number(sample.iteration),
                                      size(sample.remaining), rate(sample.rate), rate(sample.dirtyRate)]);
  return h('div', { class: 'virtern-samples', tabindex: '0', role: 'region', 'aria-label': _('Figures of the copy') },
           plainTable(_('Figures of the copy'), heads, rows, { figures: true }));
}

/** The charts of a copy and the same as a table. They are drawn anew when samples came. */
export class CopyCharts {
  constructor() {
    this.remaining = h('figure', { class: 'virtern-figure' });
    this.rates = h('figure', { class: 'virtern-figure' });
    this.table = expandable(_('The same as a table'));
    this.table.addEventListener('toggle', () => this.#fillTable());
    this.element = h('div', {}, this.remaining, this.rates, this.table);
    this.samples = [];
    this.watcher = new ResizeObserver(() => this.draw(this.samples));
    this.watcher.observe(this.element);
  }

  close() {
    this.watcher.disconnect();
  }

  draw(samples) {
    const last = samples.length ? samples[samples.length - 1].time : 0;
    const key = [samples.length, last, this.element.clientWidth].join(' ');
    this.element.hidden = samples.length < 2;
    if (key === this.key || samples.length < 2) return;
    this.key = key;
    this.samples = samples;
    drawRemaining(this.remaining, samples);
    drawRates(this.rates, samples);
    this.#fillTable();
  }

  #fillTable() {
    if (this.table.open) replace(this.table.lastElementChild, sampleTable(this.samples));
  }
}
