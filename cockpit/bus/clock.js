// SPDX-License-Identifier: LGPL-2.1-or-later
// The server's clock: times of tasks are its times, and the one of the browser may be another.

let offsetMs = 0;
let compared = false;
// By so much a moment that was told of may be ahead of a clock that was compared.
const SLACK_MS = 5000;

/** Compares the clocks; of no answer it is taken that they agree. */
export async function compareClocks() {
  const before = Date.now();
  try {
    const text = await globalThis.cockpit.spawn(['date', '+%s%3N'], { err: 'ignore' });
    const there = Number(text);
    const offset = there - (before + Date.now()) / 2;
    // What a slow answer makes is no difference of clocks; and clocks that were set agree again.
    compared = Number.isFinite(offset);
    if (compared) offsetMs = Math.abs(offset) > 1000 + (Date.now() - before) ? offset : 0;
  } catch {
    offsetMs = 0;
    compared = false;
  }
}

/** Microseconds since 1970 where the daemon is. */
export const nowUs = () => (Date.now() + offsetMs) * 1000;

/**
 * A moment that the daemon told of has been: its clock is not behind it. One far ahead of a clock
 * that was compared is of a time when that clock went wrong.
 */
export function observe(us) {
  const aheadMs = (us - nowUs()) / 1000;
  if (aheadMs > 0 && (!compared || aheadMs < SLACK_MS)) offsetMs += aheadMs;
}
