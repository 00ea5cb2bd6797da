// SPDX-License-Identifier: LGPL-2.1-or-later
// The page: connects, chooses the view by the address, and says so when there is nothing to show.

import { compareClocks } from './bus/clock.js';
import { _, format, language } from './i18n.js';
import { time } from './model/format.js';
import { watchTasks } from './notifications.js';
import { cluster } from './start.js';
import { alert } from './ui/alert.js';
import { button } from './ui/button.js';
import { h, refill, replace } from './ui/dom.js';
import { emptyState } from './ui/empty.js';
import { followTheme } from './ui/theme.js';
import { HostsView } from './views/hosts.js';
import { TasksView } from './views/tasks.js';
import { VmsView } from './views/vms.js';

const VIEWS = [
  { id: 'tasks', title: () => _('Tasks'), make: app => new TasksView(app) },
  { id: 'vms', title: () => _('VMs'), make: app => new VmsView(app) },
  { id: 'hosts', title: () => _('Hosts'), make: app => new HostsView(app) },
];

/* An address that somebody cut or typed may be none; cockpit.location throws as long as it is there. */
function whereTo() {
  try {
    return globalThis.cockpit.location;
  } catch (error) {
    window.history.replaceState(null, '', '#/');
    return { path: [], options: {} };
  }
}

/** What views are given: cluster (the mirror), location {path, options}, go(path, options). */
class App {
  constructor(root) {
    this.cluster = cluster;
    this.views = new Map();
    this.current = null;
    this.location = { path: [], options: {} };
    this.#build(root);
  }

  start() {
    this.cluster.subscribe(changes => this.#changed(changes));
    watchTasks(this.cluster, task => this.location.path[0] === 'tasks' && !document.hidden &&
               (this.location.path.length === 1 || this.location.path[1] === String(task.id)));
    globalThis.cockpit.addEventListener('locationchanged', () => this.#route());
    this.#route();
  }

  /** Goes to another view; options are filters and the like, kept in the address. */
  go(path, options) {
    globalThis.cockpit.location.go(path, options || {});
  }

  /** The same, in the place of the address that is shown: "back" does not come by it. */
  replace(path, options) {
    globalThis.cockpit.location.replace(path, options || {});
  }

  #build(root) {
    this.banner = h('div', { class: 'virtern-banner', 'aria-live': 'polite' });
    this.tabs = h('nav', { class: 'pf-v6-c-tabs', 'aria-label': _('Views') },
                  h('ul', { class: 'pf-v6-c-tabs__list' }, VIEWS.map(view => this.#tab(view))));
    this.content = h('main', { class: 'virtern-content', tabindex: '-1' });
    replace(root, h('div', { class: 'virtern-page' }, h('header', {}, this.tabs), this.banner, this.content));
  }

  #tab(view) {
    const item = h('li', { class: 'pf-v6-c-tabs__item' },
                   h('a', { class: 'pf-v6-c-tabs__link', href: '#/' + view.id },
                     h('span', { class: 'pf-v6-c-tabs__item-text' }, view.title())));
    item.dataset.view = view.id;
    return item;
  }

  #route() {
    const { path, options } = whereTo();
    if (!VIEWS.some(view => view.id === path[0])) {
      globalThis.cockpit.location.replace(['tasks']);
      return;
    }
    // A dialog belongs to what it was opened from.
    if (path.join('/') !== this.location.path.join('/'))
      for (const dialog of document.querySelectorAll('dialog[open]')) dialog.close();
    this.location = { path: [...path], options: { ...options } };
    this.#show();
  }

  #show() {
    const { id, make, title } = VIEWS.find(view => view.id === this.location.path[0]);
    for (const tab of this.tabs.querySelectorAll('[data-view]')) {
      tab.classList.toggle('pf-m-current', tab.dataset.view === id);
      if (tab.dataset.view === id) tab.firstElementChild.setAttribute('aria-current', 'page');
      else tab.firstElementChild.removeAttribute('aria-current');
    }
    document.title = format(_('$0 – Virtern'), title());
    this.#tellStatus();
    const { cluster } = this;
    if (cluster.status !== 'ready' && !cluster.seenAt) {
      this.current = null;
      replace(this.content, h('h1', { class: 'pf-v6-screen-reader' }, title()), this.#nothing());
      return;
    }
    if (!this.views.has(id)) this.views.set(id, make(this));
    const view = this.views.get(id);
    if (this.current !== view) {
      if (this.current) this.current.hide();
      this.current = view;
      replace(this.content, view.element);
    }
    view.show(this.location);
  }

  #changed(changes) {
    if (changes.status && this.cluster.status === 'ready') compareClocks();
    if (changes.status || !this.current) this.#show();
    if (this.current) this.current.update(changes);
  }

  #nothing() {
    const again = button('primary', _('Try again'), () => this.cluster.reconnect());
    if (this.cluster.status === 'connecting')
      return h('div', { class: 'virtern-loading', role: 'status' }, h('progress', { 'aria-label': _('Loading') }), _('Loading…'));
    if (this.cluster.status === 'denied')
      return emptyState(_('You may not use Virtern'),
                        _('The bus does not let your user talk to virternd. Turn on administrative access at the top of the page, or ask an administrator.'), again);
    return emptyState(_('virternd does not answer'),
                      _('The VMs run on as they are. Start the service: “systemctl start virternd”. What it says is in “journalctl -u virternd”. This page goes on by itself when it is there.'), again);
  }

  #tellStatus() {
    const { cluster } = this;
    const messages = [];
    if (cluster.status === 'denied' && cluster.seenAt)
      messages.push(alert('warning', _('You may not use Virtern'),
                          _('The bus does not let your user talk to virternd. Turn on administrative access at the top of the page, or ask an administrator.')));
    else if (cluster.status !== 'ready' && cluster.seenAt)
      messages.push(alert('warning', format(_('virternd does not answer; what is shown was seen at $0'), time(cluster.seenAt * 1000)),
                          button('link', _('Try again'), () => this.cluster.reconnect())));
    if (cluster.manager.storeError)
      messages.push(alert('danger', _('Nothing new can be begun: the daemon cannot write its store'), cluster.manager.storeError));
    if (cluster.manager.simulated)
      messages.push(alert('info', _('These hosts are simulated: nothing real is touched')));
    // Nothing is read out, and no button is another one, if nothing else is to be said.
    const state = [cluster.status, cluster.seenAt, cluster.manager.storeError, cluster.manager.simulated].join('\n');
    refill(this.banner, state, banner => replace(banner, messages));
  }
}

document.documentElement.lang = language();
document.documentElement.dir = globalThis.cockpit.language_direction || 'ltr';
followTheme();
new App(document.getElementById('app')).start();
