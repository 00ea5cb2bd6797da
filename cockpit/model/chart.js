// SPDX-License-Identifier: LGPL-2.1-or-later
// Scales, ticks and lines of charts.

const NICE = [1, 2, 5, 10];
const SECONDS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 28800, 86400];

/** The unit of bytes that a value is told in: 1, 1024, 1024²… */
function byteUnit(value) {
  let unit = 1;
  while (value / unit >= 1000 && unit < 1024 ** 5) unit *= 1024;
  return unit;
}

/**
 * Round values from 0 up to at least `max`, at most `count` steps of them.
 * @param {boolean} bytes whether they are to be round in binary units
 */
export function ticks(max, count, bytes) {
  if (!(max > 0)) return [0, 1];
  const unit = bytes ? byteUnit(max) : 1;
  const raw = max / unit / count;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = NICE.find(nice => nice * power >= raw * 0.999999) * power * unit;
  const values = [];
  for (let index = 0; values.length === 0 || values[values.length - 1] < max; index++) values.push(index * step);
  return values;
}

/** Round times in seconds from 0 on, within `seconds`. */
export function timeTicks(seconds, count) {
  const step = SECONDS.find(one => seconds / one <= count) || SECONDS[SECONDS.length - 1] * Math.ceil(seconds / count / 86400);
  const values = [];
  for (let value = 0; value <= seconds; value += step) values.push(value);
  return values;
}

/** A function from [0, max] to [from, to]. */
export function scale(max, from, to) {
  return value => from + ((to - from) * value) / (max > 0 ? max : 1);
}

/** Runs of points; one with `begins` is not joined to the one before it: between them nothing was seen. */
function runsOf(points) {
  const runs = [];
  for (const point of points) {
    if (!runs.length || point.begins) runs.push([]);
    runs[runs.length - 1].push(point);
  }
  return runs;
}

/** The "d" of a path through points {x, y, begins}. */
export function linePath(points) {
  return points.map(({ x, y, begins }, index) => (index && !begins ? 'L' : 'M') + x.toFixed(1) + ' ' + y.toFixed(1)).join('');
}

/** The same, closed along the line y = base. */
export function areaPath(points, base) {
  return runsOf(points).map(run => closedPath(run, base)).join('');
}

function closedPath(points, base) {
  const first = points[0].x.toFixed(1);
  const last = points[points.length - 1].x.toFixed(1);
  return linePath(points) + 'L' + last + ' ' + base.toFixed(1) + 'L' + first + ' ' + base.toFixed(1) + 'Z';
}
