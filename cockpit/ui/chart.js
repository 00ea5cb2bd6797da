// SPDX-License-Identifier: LGPL-2.1-or-later
// Lines over time as SVG, with axes, a legend and a sentence for those who do not see them.

import { areaPath, linePath, scale, ticks, timeTicks } from '../model/chart.js';
import { h, replace, svg } from './dom.js';

const USUAL_WIDTH = 640;
const LEAST_WIDTH = 240;
const TICK_WIDTH = 75;
const HEIGHT = 200;
const LEFT = 76;
const RIGHT = 12;
const TOP = 10;
const BOTTOM = 26;

function axes(yTicks, xTicks, y, x, texts, width) {
  const rows = yTicks.map(value => svg('g', {},
    svg('line', { class: 'virtern-grid', x1: LEFT, x2: width - RIGHT, y1: y(value), y2: y(value) }),
    svg('text', { class: 'virtern-axis', x: LEFT - 6, y: y(value) + 4, 'text-anchor': 'end' }, texts.value(value))));
  const columns = xTicks.map(value => svg('text', { class: 'virtern-axis', x: x(value), y: HEIGHT - 8, 'text-anchor': 'middle' }, texts.time(value)));
  return [rows, columns];
}

function legend(series) {
  return h('ul', { class: 'virtern-chart-legend', 'aria-hidden': 'true' }, series.map(one =>
    h('li', {}, svg('svg', { width: 24, height: 8, viewBox: '0 0 24 8' },
                    svg('line', { class: 'virtern-line', 'data-line': one.line, x1: 0, x2: 24, y1: 4, y2: 4 })), one.name)));
}

/**
 * Draws into `box`, in place of what is there.
 * @param {object} chart title; series: {name, line: "a", "b" or "c" (each its own colour and dashes), area,
 *   points: [{seconds, value, begins: not joined to the one before}]}; value(number) and time(seconds) write the ticks; bytes: round in binary
 *   units; summary: what it shows, in a sentence
 */
export function drawChart(box, chart) {
  // Drawn as wide as it stands, so that its letters keep their size.
  const width = Math.max(LEAST_WIDTH, box.clientWidth || USUAL_WIDTH);
  const points = chart.series.flatMap(one => one.points);
  const seconds = Math.max(1, ...points.map(point => point.seconds));
  const yTicks = ticks(Math.max(0, ...points.map(point => point.value)), 4, chart.bytes);
  const x = scale(seconds, LEFT, width - RIGHT);
  const y = scale(yTicks[yTicks.length - 1], HEIGHT - BOTTOM, TOP);
  const lines = chart.series.map(one => {
    const placed = one.points.map(point => ({ x: x(point.seconds), y: y(point.value), begins: point.begins }));
    return [one.area ? svg('path', { class: 'virtern-area', 'data-line': one.line, d: areaPath(placed, y(0)) }) : null,
            svg('path', { class: 'virtern-line', 'data-line': one.line, d: linePath(placed) })];
  });
  replace(box, h('figcaption', { class: 'virtern-chart-title' }, chart.title), legend(chart.series),
          svg('svg', { class: 'virtern-chart', viewBox: '0 0 ' + width + ' ' + HEIGHT, role: 'img', 'aria-label': chart.title + '. ' + chart.summary },
              axes(yTicks, timeTicks(seconds, Math.max(3, Math.floor((width - LEFT) / TICK_WIDTH))), y, x, chart, width), lines));
}
