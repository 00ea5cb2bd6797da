// SPDX-License-Identifier: LGPL-2.1-or-later
// Where VMs could run: the daemon's judgements as the dialogs show them.

import { _, format } from '../i18n.js';
import { compareTexts, percent } from './format.js';
import { reasonText, remedyText } from './reasons.js';

const LOCAL_MEDIA = new Set(['cdrom.local', 'floppy.local']);

/** A reason with its sentence and remedy in the reader's words. */
export function inWords(reason, vm, host) {
  return { ...reason, sentence: reasonText(reason, vm, host), remedy: remedyText(reason, vm, host) };
}

/** Whether a judged host can be chosen. */
export const fits = place => place.verdict !== 'no';

/**
 * Judged hosts with what the cluster knows of them, in the daemon's order: the best first.
 * @param {Array} judged of CheckVm
 * @param {Map<string, object>} hosts
 * @param {string} vm its name
 * @returns {Array} host, verdict, score, memoryFree, memoryNeed, cpuModel, load (0 to 1, or null),
 *   blocks and warns (reasons)
 */
export function placesOf(judged, hosts, vm) {
  return judged.map(one => {
    const host = hosts.get(one.host);
    const reasons = one.reasons.map(reason => inWords(reason, vm, one.host));
    const load = host && host.cpuLoad >= 0 ? host.cpuLoad / 1000 : null;
    return {
      host: one.host, verdict: one.verdict, score: one.score, scoreParts: one.scoreParts || {},
      state: one.state, cluster: one.cluster, memoryFree: one.memoryFree, memoryNeed: one.memoryNeed,
      cpuModel: one.cpuModel, load,
      blocks: reasons.filter(reason => reason.severity === 'blocks'),
      warns: reasons.filter(reason => reason.severity !== 'blocks'),
    };
  });
}

/** The load of a host in words; empty if it was not measured. */
export const loadText = place => (place.load === null ? '' : percent(place.load));

const WHY = {
  memory: () => _('most memory stays free there'),
  cpu: () => _('its CPUs have the least to do'),
  generation: () => _('it leaves newer CPUs to the VMs that need them'),
  spread: () => _('it runs the fewest VMs'),
};

/**
 * Why a host is the best of those that fit: what sets it apart most from the next one.
 * @param {Array} places see placesOf()
 * @param {string} host that was chosen
 */
export function whyBest(places, host) {
  const able = places.filter(fits);
  const best = able.find(place => place.host === host);
  const next = able.find(place => place.host !== host);
  if (!best) return '';
  if (!next) return _('it is the only host that fits');
  let most = null;
  for (const part of Object.keys(WHY)) {
    const ahead = (best.scoreParts[part] || 0) - (next.scoreParts[part] || 0);
    if (ahead > 0.005 && (!most || ahead > most.ahead)) most = { part, ahead };
  }
  return most ? WHY[most.part]() : format(_('it is as good as $0'), next.host);
}

/**
 * What a person chose, after hosts were judged anew: "" (have it chosen) stays, a host stays while
 * it fits, and otherwise there is no choice: null.
 */
export function keepChoice(places, chosen) {
  if (chosen === '' || chosen === null) return chosen;
  return places.some(place => place.host === chosen && fits(place)) ? chosen : null;
}

/** Media in drives that stand in the way somewhere: [{drive, file}], each once. */
export function mediaInTheWay(places) {
  const found = new Map();
  for (const place of places)
    for (const { code, parameters } of [...place.blocks, ...place.warns])
      if (LOCAL_MEDIA.has(code)) {
        const one = { drive: parameters.drive || '', file: parameters.file || '' };
        found.set(one.drive + '\n' + one.file, one);
      }
  return [...found.values()].sort((a, b) => compareTexts(a.drive, b.drive));
}

/**
 * The reasons of a VM that finds no place, those that are the same on several hosts told once.
 * @param {Array} hosts of Plan: each host with its reasons
 * @param {string} vm its name
 * @returns {Array} {reason, hosts: string[]}; those of most hosts first
 */
export function groupReasons(hosts, vm) {
  const groups = new Map();
  for (const { host, reasons } of hosts)
    for (const one of reasons) {
      const reason = inWords(one, vm, host);
      if (reason.severity !== 'blocks') continue;
      const key = reason.code + '\n' + reason.sentence;
      if (!groups.has(key)) groups.set(key, { reason, hosts: [] });
      groups.get(key).hosts.push(host);
    }
  return [...groups.values()].sort((a, b) => b.hosts.length - a.hosts.length);
}
