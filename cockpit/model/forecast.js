// SPDX-License-Identifier: LGPL-2.1-or-later
// What a move would be like, in plain words.

import { _, format } from '../i18n.js';
import { duration, rate, size } from './format.js';
import { policy } from './words.js';

function span(min, max) {
  const [from, to] = [duration(min), duration(max)];
  return from === to ? from : format(_('$0 to $1'), from, to);
}

function times({ dirtyKnown, givesUp, min, max, downtime }) {
  if (givesUp) return [[_('Given up after'), format(_('about $0'), duration(max))]];
  return [
    [_('Takes'), dirtyKnown ? span(min, max) : format(_('at least $0'), duration(min))],
    [_('Guest stands still'), format(_('about $0'), duration(downtime))],
  ];
}

function whence(forecast) {
  if (forecast.linkRateFrom === 'configured') return format(_('$0, as configured'), rate(forecast.linkRate));
  return format(_('$0, as seen in earlier moves'), rate(forecast.linkRate));
}

function convergence(forecast) {
  if (!forecast.dirtyKnown)
    return { tone: 'info', text: _('How fast the guest writes could not be measured: the time is that of one copy of its memory, and it may take longer.') };
  if (forecast.converges)
    return { tone: 'success', text: _('The copy ends by itself.') };
  if (forecast.givesUp && forecast.recommended === forecast.policy)
    return { tone: 'danger', text: _('The guest\'s memory changes too fast for this link: by no policy would the move come to an end. The VM would run on where it is.') };
  if (forecast.givesUp)
    return {
      tone: 'warning',
      text: format(_('The guest\'s memory changes too fast for this link. With the policy “$0” the move would be given up; the VM would run on where it is.'),
                   policy(forecast.policy)),
    };
  return {
    tone: 'info',
    text: format(_('The guest\'s memory changes too fast for the copy to end by itself; the policy “$0” brings it to an end.'),
                 policy(forecast.policy)),
  };
}

const HARSH = new Set(['postcopy', 'force']);

function betterPolicy({ policy: asked, recommended, givesUp }) {
  if (!recommended || recommended === asked) return '';
  return givesUp || (HARSH.has(asked) && !HARSH.has(recommended)) ? recommended : '';
}

/**
 * A forecast as it is shown.
 * @param {object} forecast of the daemon, see Forecast
 * @returns {object} known; tone and text (does it end); facts [[name, value]]; offer: a policy that
 *   is better than the one asked for, or empty
 */
export function forecastWords(forecast) {
  const writes = forecast.dirtyKnown ? rate(forecast.dirtyRate) : _('not known');
  if (!forecast.known)
    return {
      known: false, tone: 'info', offer: '',
      text: _('How fast the link is has not been seen yet, so nothing can be said of the time. The first move shows it; “virtern host set HOST --link-rate” says it beforehand.'),
      facts: [[_('To be copied'), size(forecast.memory)], [_('The guest writes'), writes]],
    };
  const { tone, text } = convergence(forecast);
  return {
    known: true, tone, text,
    offer: betterPolicy(forecast),
    facts: [
      ...times(forecast),
      [_('To be copied'), size(forecast.memory)],
      [_('The guest writes'), writes],
      [_('Link'), whence(forecast)],
    ],
  };
}
