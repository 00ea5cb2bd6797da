// SPDX-License-Identifier: LGPL-2.1-or-later
// The detail of a task: what it does now, how it went, what was seen, and what can be done.

import { getTrace } from '../bus/calls.js';
import { nowUs } from '../bus/clock.js';
import { userName } from '../bus/users.js';
import { _, format } from '../i18n.js';
import { time } from '../model/format.js';
import { doing, hasEnded, isOfHosts, isOpen, isStalled, isStuck, progressOf, progressText, title, toneOf, troubleOf } from '../model/tasks.js';
import { whereNow } from '../model/task-seen.js';
import { withWhole } from '../model/task-tree.js';
import { taskState } from '../model/words.js';
import { alert } from '../ui/alert.js';
import { progressBar } from '../ui/bar.js';
import { button } from '../ui/button.js';
import { h, refill, replace } from '../ui/dom.js';
import { emptyState } from '../ui/empty.js';
import { expandable, fillFacts } from '../ui/form.js';
import { label } from '../ui/label.js';
import { card, crumbs } from '../ui/parts.js';
import { actsNow } from './task-acts.js';
import { about, figures, results, story } from './task-facts.js';
import { ItemsTable } from './task-items.js';
import { CopyCharts, drawTimeline } from './task-trace.js';

const TRACE_MS = 1500;
const NO_TRACE = { phases: [], samples: [], steps: [] };

/* What is the same is left alone, with the focus in it. */
function paintIf(box, key, make) {
  refill(box, JSON.stringify(key), () => replace(box, make()));
}

/** The page of a task: element; update(changes), tick() each second, paint(), close(). */
export class TaskDetail {
  constructor(app, book, id) {
    this.app = app;
    this.book = book;
    this.id = id;
    this.task = null;
    this.trace = NO_TRACE;
    this.traceTimer = 0;
    this.closed = false;
    this.element = h('div', { class: 'virtern-detail' });
    this.#load();
  }

  update(changes) {
    if (changes.status && this.app.cluster.status === 'ready' && !this.book.tasks.has(this.id)) this.#load();
    if (changes.tasks.size || changes.vms.size || changes.hosts.size || changes.status) this.paint();
    if (changes.tasks.has(this.id)) this.#readTraceSoon();
  }

  tick() {
    if (this.task && !hasEnded(this.task)) {
      this.#paintFacts();
      this.#paintTimeline();
    }
  }

  /** Shows what is so now, after nothing was told for a while. */
  lookAgain() {
    this.paint();
    this.#readTraceSoon();
  }

  close() {
    this.closed = true;
    clearTimeout(this.traceTimer);
    if (this.charts) this.charts.close();
  }

  async #load() {
    const known = this.book.tasks.get(this.id);
    if (known) this.paint();
    // A page of the history has no items, and says how it was when it was read.
    if (!Number.isSafeInteger(this.id) || this.id < 1) {
      this.#tellMissing(null);
      return;
    }
    if (!this.app.cluster.tasks.has(this.id)) {
      try {
        await this.book.read(this.id);
      } catch (error) {
        if (!this.closed && !this.book.tasks.has(this.id)) this.#tellMissing(error);
        return;
      }
    }
    if (this.closed) return;
    this.paint();
    this.#readTrace();
  }

  #tellMissing(error) {
    const unknown = !error || error.name === 'NotFound' || error.name === 'InvalidArgument';
    replace(this.element, unknown
      ? emptyState(_('There is no such task'), _('Its number may be mistyped, or it was made by another daemon.'),
                   button('primary', _('All tasks'), () => this.app.go(['tasks'])))
      : emptyState(_('The task could not be read'), error.message, button('primary', _('Try again'), () => this.#load())));
  }

  #readTraceSoon() {
    if (this.traceTimer) return;
    this.traceTimer = setTimeout(() => {
      this.traceTimer = 0;
      this.#readTrace();
    }, this.task && isOpen(this.task) ? TRACE_MS : 200);
  }

  async #readTrace() {
    let trace;
    try {
      trace = await getTrace(this.id);
    } catch {
      // An older daemon keeps none; the steps are in the task, too.
      trace = { ...NO_TRACE, steps: ((this.task && this.task.steps) || []).map(sentence => ({ time: 0, sentence })) };
    }
    if (this.closed) return;
    this.trace = trace;
    if (!this.task) return;
    this.#paintTimeline();
    this.chartPart.hidden = trace.samples.length < 2;
    this.charts.draw(trace.samples);
  }

  #build(task) {
    this.head = h('div', { class: 'virtern-head-text', tabindex: '-1' });
    this.acts = h('div', { class: 'virtern-acts' });
    this.whyNot = h('div', { class: 'virtern-quiet virtern-why-not' });
    this.notice = h('div', { class: 'virtern-stacked', 'aria-live': 'polite' });
    this.bar = h('div', { class: 'virtern-bar virtern-bar-large' });
    this.doing = h('div', { class: 'virtern-doing-large' });
    this.figures = h('div', { class: 'virtern-figures' });
    this.about = h('div', {});
    this.timeline = h('div', {});
    this.charts = new CopyCharts();
    this.story = h('div', { class: 'virtern-stacked' });
    this.items = isOfHosts(task) ? new ItemsTable(task.kind === 'return') : null;
    this.chartPart = card(_('The copy over time'), this.charts.element);
    this.chartPart.hidden = true;
    this.progressPart = card(_('Progress'), this.bar, this.doing, this.figures);
    this.results = h('div', { class: 'virtern-figures' });
    this.resultPart = card(_('Result'), this.results);
    this.storyPart = card(_('What was seen'), this.story);
    this.itemsPart = this.items ? card(_('VMs'), this.items.element) : null;
    replace(this.element,
            crumbs('tasks', _('Tasks'), '#' + task.id),
            h('div', { class: 'virtern-head' }, this.head, this.acts), this.whyNot, this.notice,
            h('div', { class: 'virtern-parts' },
              h('div', { class: 'virtern-column' }, this.resultPart, this.progressPart, this.chartPart,
                card(_('Timeline'), this.timeline)),
              h('div', { class: 'virtern-column' }, card(_('About this task'), this.about), this.storyPart),
              this.itemsPart ? h('div', { class: 'virtern-whole' }, this.itemsPart) : null));
  }

  paint() {
    if (this.closed) return;
    const task = this.book.tasks.get(this.id);
    if (!task) return;
    if (!this.task) this.#build(task);
    this.task = task;
    this.#paintHead();
    this.#paintActs();
    this.#paintNotice();
    this.#paintProgress();
    this.#paintFacts();
    if (this.items) this.items.update(task.items || []);
    if (this.itemsPart) this.itemsPart.hidden = !(task.items || []).length;
    this.#paintTimeline();
  }

  #paintHead() {
    const { task } = this;
    paintIf(this.head, [task.state, toneOf(task), title(task), task.startedByUid, task.created, userName(task.startedByUid)], () => [
      h('h1', { class: 'virtern-title' }, h('bdi', {}, title(task)), ' ', label(toneOf(task), taskState(task.state))),
      h('p', { class: 'virtern-quiet' }, format(_('Asked for by $0 at $1'), userName(task.startedByUid), time(task.created)))]);
  }

  #paintActs() {
    // What failed is ordered again where it is told why.
    const inNotice = this.task.state === 'failed' && this.#canRetry();
    const acts = actsNow(this.app, this.book, this.task).filter(act => !inNotice || act.id !== 'retry');
    const key = acts.map(({ id, why }) => [id, why]);
    const held = this.acts.contains(document.activeElement) ? document.activeElement.dataset.act : '';
    paintIf(this.acts, key, () => acts.map(act => this.#actButton(act)));
    if (held && !this.acts.contains(document.activeElement)) this.#focusAct(held);
    paintIf(this.whyNot, key, () => acts.filter(act => act.why).map(act =>
      h('p', { id: 'why-' + act.id }, format(_('$0: $1'), act.label.replace('…', ''), act.why))));
  }

  /* What was about to be pressed is still there, or the keyboard goes on from the head. */
  #focusAct(id) {
    const same = [...this.acts.children].find(one => one.dataset.act === id && !one.disabled);
    (same || this.head).focus();
  }

  #actButton({ label: text, id, why, danger }) {
    return button(danger ? 'danger' : 'secondary', text, () => actsNow(this.app, this.book, this.task).find(act => act.id === id)?.run(),
                  { disabled: Boolean(why), 'data-act': id, 'aria-describedby': why ? 'why-' + id : null });
  }

  #paintNotice() {
    const { task } = this;
    paintIf(this.notice, [task.state, task.error, task.errorName, task.verdict, task.note, troubleOf(task), task.postcopyReady, task.policy,
      this.#where(), this.#canRetry()], () => this.#notices());
  }

  /* In the reader's words, above those of the daemon. */
  #where() {
    const { task } = this;
    return task.state === 'attention' || task.state === 'failed' ? whereNow(this.app.cluster, task) : '';
  }

  #canRetry() {
    return actsNow(this.app, this.book, this.task).find(act => act.id === 'retry' && !act.why);
  }

  #failure(raw) {
    const { task } = this;
    const where = this.#where();
    const retry = this.#canRetry();
    return alert('danger', task.error || _('It failed'), where ? h('p', {}, h('strong', {}, where)) : null,
                 retry ? h('p', {}, button('secondary', retry.label, () => this.#canRetry()?.run())) : null, raw);
  }

  #notices() {
    const { task } = this;
    const where = this.#where();
    const raw = task.error ? expandable(_('As the daemon put it'), h('code', { class: 'virtern-raw' }, [task.errorName, task.error].filter(Boolean).join(': '))) : null;
    if (task.state === 'attention')
      return alert('danger', _('A person has to decide: Virtern cannot say which copy is the right one'), where ? h('p', {}, h('strong', {}, where)) : null,
                   h('p', {}, task.error || task.verdict),
                   h('p', {}, _('Until then nothing more is done with this VM. Look at both hosts first.')), raw);
    if (task.state === 'failed') return this.#failure(raw);
    if (task.state === 'remainder') return alert('warning', _('Some VMs stay where they are; the table says why'), task.error ? h('p', {}, task.error) : null);
    if (task.state === 'cancelled') return alert('info', task.error || _('It was cancelled'), task.verdict ? h('p', {}, task.verdict) : null);
    if (isStalled(task))
      return alert('warning', format(_('Nothing of $0 is sent now, so nobody can say when it ends'), task.vm),
                   h('p', {}, format(_('Look at the migration link between $0 and $1.'), task.source, task.destination)),
                   h('p', {}, format(_('As the daemon put it: $0'), task.note)));
    if (isStuck(task))
      return alert('warning', _('Not converging: the guest writes faster than its memory is copied'),
                   h('p', {}, task.note || _('The policy decides what is done about it; it can be changed while the copy goes on.')));
    return null;
  }

  #paintProgress() {
    const { task } = this;
    const running = task.state === 'running';
    this.progressPart.hidden = !isOpen(task) && !isOfHosts(task);
    this.bar.hidden = isStalled(task) || (!running && progressOf(task) === null);
    const value = progressOf(task);
    progressBar(this.bar, running || value !== null ? value : 0, progressText(task), format(_('Progress of $0'), title(task)), toneOf(task));
    const words = [doing(task) || taskState(task.state), troubleOf(task)].filter(Boolean).join(' · ');
    if (this.doing.textContent !== words) this.doing.textContent = words;
  }

  #paintFacts() {
    const { task } = this;
    const now = nowUs();
    fillFacts(this.figures, figures(withWhole(task, this.book.tasks.values()), now), _('Figures of now'));
    const came = results(task, now);
    this.resultPart.hidden = !came.length;
    fillFacts(this.results, came, _('Result'));
    fillFacts(this.about, about(task, now, this.book), _('About this task'));
    const { vms } = this.app.cluster;
    const vm = vms.get(task.vmUuid);
    paintIf(this.story, [task.note, task.verdict, task.tried, task.ejected, vm && vm.host], () => story(task, this.app.cluster));
    this.storyPart.hidden = !this.story.firstChild;
  }

  #paintTimeline() {
    const { task, trace } = this;
    const moving = isOpen(task) ? Math.floor(nowUs() / 1e6) : task.finished;
    const open = Boolean(this.timeline.querySelector('details[open]'));
    paintIf(this.timeline, [trace.phases.length, trace.samples.length, trace.steps.length, moving, task.state], () => {
      const box = h('div', {});
      drawTimeline(box, task, trace, nowUs());
      if (open) for (const part of box.querySelectorAll('details')) part.open = true;
      return box;
    });
  }
}
