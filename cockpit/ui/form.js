// SPDX-License-Identifier: LGPL-2.1-or-later
// Fields of forms and toolbars, which say in place what is wrong with them, and lists of facts.

import { h, refill, replace, uniqueId } from './dom.js';

function labelFor(input, text) {
  return h('div', { class: 'pf-v6-c-form__group-label' },
           h('label', { class: 'pf-v6-c-form__label', for: input.id },
             h('span', { class: 'pf-v6-c-form__label-text' }, text)));
}

function withUnit(box, unit) {
  if (!unit) return box;
  return h('div', { class: 'virtern-with-unit' }, box, h('span', { class: 'virtern-unit' }, unit));
}

/**
 * A field with its label above it, and below it a hint or, in its place, what is wrong.
 * @param {object} options label; control (an input, or what textInput() and select() make); hint;
 *   unit (stands behind the control)
 * @returns {object} element, input, value (what is in it, without blanks around it),
 *   setError(sentence or ""), setHint(text)
 */
export function field({ label, control, hint = '', unit }) {
  const bare = control.matches('input, select, textarea');
  const input = bare ? control : control.querySelector('input, select, textarea');
  const box = bare ? h('span', { class: 'pf-v6-c-form-control' }, control) : control;
  const help = h('span', { class: 'pf-v6-c-helper-text__item-text' }, hint);
  const item = h('div', { class: 'pf-v6-c-helper-text__item' }, help);
  const hintId = uniqueId('hint');
  let shownHint = hint;
  input.id = input.id || uniqueId('field');
  input.setAttribute('aria-describedby', hintId);
  const element = h('div', { class: 'pf-v6-c-form__group' }, labelFor(input, label),
                    h('div', { class: 'pf-v6-c-form__group-control' }, withUnit(box, unit),
                      h('div', { class: 'pf-v6-c-form__helper-text', 'aria-live': 'polite' },
                        h('div', { class: 'pf-v6-c-helper-text', id: hintId }, item))));

  function setError(sentence) {
    const wrong = Boolean(sentence);
    input.setAttribute('aria-invalid', String(wrong));
    box.classList.toggle('pf-m-error', wrong);
    item.classList.toggle('pf-m-error', wrong);
    replace(help, sentence || shownHint);
  }

  function setHint(text) {
    shownHint = text;
    setError('');
  }

  return { element, input, get value() { return input.value.trim(); }, setError, setHint };
}

/**
 * Shows what is wrong with several fields, and takes the keyboard to the first that is.
 * @param {object} fields field() by key
 * @param {object} problems sentences by the same keys; empty if nothing is wrong
 * @returns {boolean} whether nothing is wrong
 */
export function showProblems(fields, problems) {
  for (const [key, one] of Object.entries(fields)) one.setError(problems[key] || '');
  const first = Object.keys(fields).find(key => problems[key]);
  if (first) fields[first].input.focus();
  return !first;
}

/** A form around fields; Enter does `onsubmit`. */
export function form(onsubmit, ...children) {
  const submit = event => {
    event.preventDefault();
    onsubmit();
  };
  return h('form', { class: 'pf-v6-c-form', novalidate: true, autocomplete: 'off', onsubmit: submit }, children,
           h('button', { type: 'submit', hidden: true, tabindex: '-1' }));
}

/** A line of text. Attributes go to the input, which is returned as its firstElementChild. */
export function textInput(attributes) {
  return h('span', { class: 'pf-v6-c-form-control' }, h('input', { type: 'text', ...attributes }));
}

/** A choice. Options: [value, text]; attributes go to the select, its firstElementChild. */
export function select(options, value, attributes) {
  const element = h('select', attributes);
  setOptions(element, options, value);
  return h('span', { class: 'pf-v6-c-form-control virtern-select' }, element,
           h('span', { class: 'pf-v6-c-form-control__utilities', 'aria-hidden': 'true' },
             h('span', { class: 'pf-v6-c-form-control__toggle-icon' }, '▾')));
}

/** Gives a select other options; nothing is touched if they are the same. */
export function setOptions(element, options, value) {
  const state = JSON.stringify(options);
  if (element.dataset.options !== state) {
    element.dataset.options = state;
    replace(element, options.map(([key, text]) => h('option', { value: key }, text)));
  }
  if (element.value !== value) element.value = value;
}

/* Written out, so that what is used of PatternFly can be found. */
const CHECKBOX = {
  box: 'pf-v6-c-check', input: 'pf-v6-c-check__input', label: 'pf-v6-c-check__label', more: 'pf-v6-c-check__description',
};
const RADIO = {
  box: 'pf-v6-c-radio', input: 'pf-v6-c-radio__input', label: 'pf-v6-c-radio__label', more: 'pf-v6-c-radio__description',
};

/** A tick or, with type "radio", one of several; the input is its first element. */
export function check(text, attributes, help) {
  const type = (attributes && attributes.type) || 'checkbox';
  const classes = type === 'radio' ? RADIO : CHECKBOX;
  const id = uniqueId('check');
  return h('div', { class: classes.box },
           h('input', { class: classes.input, type, id, ...attributes }),
           h('label', { class: classes.label, for: id }, text),
           help ? h('span', { class: classes.more }, help) : null);
}

/**
 * One of several, as radio buttons.
 * @param {string} label names them for screen readers
 * @param {Array<{value, text, help, disabled}>} choices
 * @param {string|null} chosen the value that is ticked at first
 * @param {function(string)} onchoose
 */
export function radios(label, choices, chosen, onchoose) {
  const name = uniqueId('choice');
  return h('div', { class: 'virtern-choice', role: 'radiogroup', 'aria-label': label }, choices.map(({ value, text, help, disabled }) =>
    check(text, { type: 'radio', name, value, checked: value === chosen, autofocus: value === chosen,
                  disabled: Boolean(disabled), onchange: () => onchoose(value) }, help)));
}

/** What one opens to see more. */
export function expandable(title, ...children) {
  return h('details', { class: 'virtern-details' }, h('summary', {}, title), h('div', { class: 'virtern-details-body' }, children));
}

const isTold = ([name, value]) => name !== '' && value !== '' && value !== null && value !== undefined;

/** Names with values: [[name, value: text, node or an array of them]]; empty ones are left out. */
export function facts(pairs, label) {
  return h('dl', { class: 'virtern-facts', 'aria-label': label },
           pairs.filter(isTold).map(([name, value]) => h('div', {}, h('dt', {}, name), h('dd', {}, value))));
}

const textOf = value =>
  (Array.isArray(value) ? value.map(textOf).join('') : value instanceof Node ? value.textContent : value);

/** Fills `box` with facts() unless they say what it says already. */
export function fillFacts(box, pairs, label) {
  const state = JSON.stringify(pairs.filter(isTold).map(([name, value]) => [name, textOf(value)]));
  refill(box, state, () => replace(box, facts(pairs, label)));
}
