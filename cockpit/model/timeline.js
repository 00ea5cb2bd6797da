// SPDX-License-Identifier: LGPL-2.1-or-later
// How a task went: its phases one after another with what happened in them.

/* The moment a pass over memory was first seen, by its number; another destination begins anew. */
function passesOf(samples) {
  const passes = [];
  let last = 0;
  for (const { time, iteration } of samples) {
    if (iteration > 0 && iteration !== last) passes.push({ time, iteration });
    last = iteration;
  }
  return passes;
}

/* What began in a span; the last phase takes what came at its very end, too. */
const within = (list, from, to, isLast) => list.filter(one => one.time >= from && (isLast || one.time < to));

/**
 * Phases in order: {phase, time, us, share, passes: [{iteration, time, us}], steps: [{time, sentence}]}.
 * The final word ("done", …) is no phase that takes time and is left out; share is of the whole, 0 to 1.
 * An empty phase stands for some that are not known.
 * @param {{phases, samples, steps}} trace as of getTrace()
 * @param {number} endUs when it ended, or now
 */
export function timeline(trace, endUs) {
  const marks = trace.phases.filter(({ phase }) => !['done', 'failed', 'cancelled', 'remainder', 'attention'].includes(phase));
  const begin = marks.length ? marks[0].time : 0;
  const finals = trace.phases.filter(mark => !marks.includes(mark));
  const boundary = time => {
    const next = finals.find(mark => mark.time >= time);
    return next ? next.time : endUs;
  };
  const whole = Math.max(1, boundary(begin) - begin);
  const spans = marks.map(({ time, phase }, index) => {
    const isLast = index === marks.length - 1;
    const next = Math.max(time, Math.min(isLast ? Infinity : marks[index + 1].time, boundary(time)));
    return {
      phase, time, us: next - time, share: Math.min(1, (next - time) / whole), passes: [],
      steps: within(trace.steps.filter(step => step.time > 0), time, next, isLast),
    };
  });
  addPasses(spans, passesOf(trace.samples));
  return spans;
}

/* A pass is one of the copy, also if it was seen a moment before or after that phase was. */
function addPasses(spans, passes) {
  const copies = spans.filter(({ phase }) => phase === 'copying');
  for (const pass of passes) {
    const begun = copies.filter(copy => copy.time <= pass.time);
    const copy = begun.length ? begun[begun.length - 1] : copies[0];
    if (copy) copy.passes.push({ ...pass, time: Math.min(Math.max(pass.time, copy.time), copy.time + copy.us) });
  }
  for (const { time, us, passes: mine } of copies)
    mine.forEach((pass, at) => { pass.us = (at + 1 < mine.length ? mine[at + 1].time : time + us) - pass.time; });
}

/** Steps whose moment is not known. */
export const undatedSteps = trace => trace.steps.filter(step => !step.time);

const GAP_US = 10e6;
const GAP_STEPS = 6;

/**
 * Where samples are not joined to the one before: much later than usual, so that nobody looked
 * meanwhile, or the copy began anew with another host.
 * @returns {Set<number>} places in `samples`
 */
export function gapsOf(samples) {
  const steps = samples.slice(1).map((sample, at) => sample.time - samples[at].time).sort((a, b) => a - b);
  const most = Math.max(GAP_US, GAP_STEPS * (steps[Math.floor(steps.length / 2)] || 0));
  const gaps = new Set();
  for (let at = 1; at < samples.length; at++)
    if (samples[at].time - samples[at - 1].time > most || samples[at].processed < samples[at - 1].processed) gaps.add(at);
  return gaps;
}
