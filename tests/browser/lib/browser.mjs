// SPDX-License-Identifier: LGPL-2.1-or-later
// Debian's chromium, and the page as a test sees it.

import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { builddir } from './cluster.mjs';
import { eventually } from './processes.mjs';
import { atEnd } from './tap.mjs';

const CHROMIUM = process.env.TERN_CHROMIUM ?? '/usr/bin/chromium-headless-shell';
const ARGUMENTS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
  '--disable-background-networking', '--disable-component-update', '--disable-sync',
  '--force-color-profile=srgb'];
const LOCALES = { en: 'en-GB', ja: 'ja-JP', pl: 'pl-PL' };
const PATIENCE_MS = 15000;
const AXE_TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

/** Where npm put what the tests need; see README.md. */
export const modulesFolder = () => join(builddir, 'build', 'browser');
const require = createRequire(join(modulesFolder(), 'package.json'));

/** What is missing to run a browser; an empty text if nothing is. */
export function missingForBrowser() {
  if (!existsSync(CHROMIUM))
    return `${CHROMIUM} is missing`;
  return existsSync(join(modulesFolder(), 'node_modules', 'playwright-core'))
    ? '' : 'playwright-core is missing: make browser-modules';
}

let launched = null;

function launch() {
  launched ??= (async () => {
    const { chromium } = require('playwright-core');
    const browser = await chromium.launch({ executablePath: CHROMIUM, args: ARGUMENTS,
      handleSIGINT: false, handleSIGTERM: false, handleSIGHUP: false });

    atEnd(() => browser.close());
    return browser;
  })();
  return launched;
}

const describeViolation = ({ id, help, nodes }) =>
  `${id}: ${help}\n${nodes.slice(0, 5).map(({ html, failureSummary }) =>
    `    ${html.slice(0, 300)}\n      ${(failureSummary ?? '').replace(/\n\s*/g, '; ')}`).join('\n')}`;

/** One open page. Errors on its console and failed requests make troubles(). */
export class Page {
  constructor(context, raw) {
    this.context = context;
    /** Playwright's own page, for what has no helper here. */
    this.raw = raw;
    this.allowed = [];
    this.found = [];
    raw.setDefaultTimeout(PATIENCE_MS);
    raw.on('console', (message) => {
      if (message.type() === 'error')
        this.found.push(`console: ${message.text()} (${message.location().url})`);
    });
    raw.on('pageerror', (error) => this.found.push(`thrown: ${error.stack ?? error.message}`));
    raw.on('requestfailed', (request) => this.found.push(
      `request: ${request.url()}: ${request.failure()?.errorText}`));
    raw.on('response', (response) => {
      if (response.status() >= 400)
        this.found.push(`request: ${response.url()}: ${response.status()}`);
    });
  }

  /** Lets a test cause errors. @param {RegExp} pattern of lines of troubles() that are expected */
  allow(pattern) { this.allowed.push(pattern); }

  /** Errors that nobody expected. @returns {string[]} */
  troubles() {
    return this.found.filter((line) => !this.allowed.some((pattern) => pattern.test(line)));
  }

  /** Goes to another view as a link would. @param {string} view such as "hosts" or "tasks/7" */
  async goto(view) {
    await this.raw.evaluate((hash) => { window.location.hash = hash; }, `#/${view}`);
  }

  /** What can be read now. @returns {Promise<string>} */
  text(selector = 'body') { return this.raw.locator(selector).first().innerText(); }

  /**
   * Waits until a text can be read.
   * @param {string|RegExp} wanted
   * @param {{within?: string, timeout?: number}} [options] within: a selector of CSS
   */
  async expectText(wanted, { within = 'body', timeout = PATIENCE_MS } = {}) {
    let text = '';
    const holds = () => (wanted instanceof RegExp ? wanted.test(text) : text.includes(wanted));

    try {
      await eventually(async () => {
        text = await this.raw.locator(within).first().innerText({ timeout: 1000 });
        return holds();
      }, `“${wanted}”`, timeout);
    } catch (error) {
      throw new Error(`${error.message}; ${within} reads:\n${text}`);
    }
  }

  /** Waits until a text cannot be read any more. Parameters as of expectText(). */
  async expectNoText(unwanted, { within = 'body', timeout = PATIENCE_MS } = {}) {
    await eventually(async () => {
      const text = await this.raw.locator(within).first().innerText({ timeout: 1000 });
      return unwanted instanceof RegExp ? !unwanted.test(text) : !text.includes(unwanted);
    }, `“${unwanted}” to go from ${within}`, timeout);
  }

  /**
   * A row of a table.
   * @param {string|number} key as in its attribute data-key
   * @returns {import('playwright-core').Locator}
   */
  row(key) { return this.raw.locator(`[data-key=${JSON.stringify(String(key))}]`); }

  /** The row of a table whose header cell has just this name in it. @param {string} name */
  rowOf(name, within = this.raw.locator('main')) {
    return within.locator('tbody tr').filter(
      { has: this.raw.locator('th').getByText(name, { exact: true }) });
  }

  /**
   * A text of the page in its language, as written in its source, with its arguments put in.
   * @param {string} text such as "Actions for $0"
   * @returns {Promise<string>}
   */
  async words(text, ...args) {
    const translated = await this.raw.evaluate((english) => window.cockpit.gettext(english), text);
    return translated.replace(/\$(\d)/g, (whole, index) => args[index] ?? whole);
  }

  /**
   * Chooses an entry of the menu of a row, in whatever language.
   * @param {string} name of the thing, as its menu has it
   * @param {string} entry as written in the page's source
   */
  async choose(name, entry) {
    await this.click('button', await this.words('Actions for $0', name));
    await this.click('menuitem', await this.words(entry));
  }

  /**
   * What has this role and name.
   * @param {string} role of ARIA, such as "button"
   * @param {string|RegExp} name its accessible name, whole if it is a string
   * @param {object} [within] a locator to look in
   */
  by(role, name, within = this.raw) {
    return within.getByRole(role, { name, exact: typeof name === 'string' });
  }

  /** Clicks it, when it is there and can be clicked. Parameters as of by(). */
  async click(role, name, within = this.raw) { await this.by(role, name, within).click(); }

  /** The field with a label. */
  field(label, within = this.raw) {
    return within.getByLabel(label, { exact: typeof label === 'string' });
  }

  /** The open dialog. */
  dialog() { return this.raw.getByRole('dialog').last(); }

  /** Presses keys one after another, named as in "Tab", "Shift+Tab", "Enter", "a". */
  async keys(...names) {
    for (const name of names)
      await this.raw.keyboard.press(name);
  }

  /** What has the focus, as {role or tag, name}: "button Migrate". @returns {Promise<string>} */
  focused() {
    return this.raw.evaluate(() => {
      const at = document.activeElement;
      const label = at.getAttribute('aria-label') ?? at.labels?.[0]?.innerText ?? at.innerText ?? '';
      return `${at.getAttribute('role') ?? at.tagName.toLowerCase()} ${label.trim()}`;
    });
  }

  /**
   * Presses Tab until something has the focus.
   * @param {string|RegExp} wanted part of what focused() tells
   * @param {{most?: number, key?: string}} [options] how often at most
   */
  async tabTo(wanted, { most = 80, key = 'Tab' } = {}) {
    const seen = [];

    for (let i = 0; i < most; i += 1) {
      await this.keys(key);
      const at = await this.focused();
      if (wanted instanceof RegExp ? wanted.test(at) : at.includes(wanted))
        return;
      seen.push(at);
    }
    throw new Error(`${key} does not reach “${wanted}”; it passes ${seen.join(' | ')}`);
  }

  /**
   * Asks axe for what keeps people out; throws with all it found.
   * @param {{within?: string, except?: string[]}} [options] a selector; rules that do not apply
   */
  async axe({ within, except = [] } = {}) {
    if (!await this.raw.evaluate(() => typeof window.axe === 'object'))
      await this.raw.evaluate(readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8'));
    const rules = Object.fromEntries(except.map((id) => [id, { enabled: false }]));
    const violations = await this.raw.evaluate(async ([selector, tags, ids]) => (
      await window.axe.run(selector ?? document,
        { runOnly: { type: 'tag', values: tags }, rules: ids, resultTypes: ['violations'] })
    ).violations, [within ?? null, AXE_TAGS, rules]);

    if (violations.length > 0)
      throw new Error(`axe: ${violations.map(describeViolation).join('\n')}`);
  }

  /** By how many pixels the page, or its open dialog, is wider than what can be seen. */
  overflow() {
    return this.raw.evaluate(() => Math.max(...[document.scrollingElement,
      ...document.querySelectorAll('dialog[open], dialog[open] .pf-v6-c-modal-box__body')]
      .map((box) => box.scrollWidth - box.clientWidth)));
  }

  /** Writes a picture. @param {string} path of a PNG @param {object} [options] of Playwright */
  async shot(path, options = {}) {
    await this.raw.screenshot({ path, animations: 'disabled', caret: 'hide', ...options });
  }

  async close() { await this.context.close(); }
}

/**
 * Opens a page.
 * @param {string} url
 * @param {{lang?: string, dark?: boolean, width?: number, height?: number, timezone?: string,
 *   first?: Function}} [options] language of Cockpit; size in pixels; what runs in the page before
 *   anything of it
 * @returns {Promise<Page>}
 */
export async function openPage(url, options = {}) {
  const { lang = 'en', dark = false, width = 1280, height = 800, timezone = 'UTC' } = options;
  const browser = await launch();
  const context = await browser.newContext({ viewport: { width, height }, reducedMotion: 'reduce',
    locale: LOCALES[lang] ?? lang, timezoneId: timezone, colorScheme: dark ? 'dark' : 'light' });

  await context.addCookies([{ name: 'CockpitLang', value: lang, url: new URL(url).origin }]);
  await context.addInitScript(([style, language]) => {
    window.localStorage.setItem('shell:style', style);
    window.localStorage.setItem('cockpit.lang', language);
  }, [dark ? 'dark' : 'light', lang]);
  if (options.first)
    await context.addInitScript(options.first);
  const page = new Page(context, await context.newPage());
  await page.raw.goto(url, { timeout: 30000 });
  return page;
}
