// SPDX-License-Identifier: LGPL-2.1-or-later
// All that a test of the page needs at once: bus, daemon, Cockpit and browser.

import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { missingForBrowser, openPage } from './browser.mjs';
import { Cockpit, findServer, pageFolder } from './cockpit.mjs';
import { builddir, startCluster } from './cluster.mjs';
import { makeFolder } from './processes.mjs';
import { afterEach, note, onFailure, skipAll } from './tap.mjs';

const FAILURES = join(builddir, 'build', 'browser-failures');

/** What is missing to test the page; an empty text if nothing is. */
function whatIsMissing() {
  if (!findServer() || !existsSync('/usr/bin/cockpit-bridge'))
    return 'cockpit-ws or cockpit-bridge is missing';
  if (!existsSync(join(pageFolder(), 'manifest.json')))
    return `the page is not built: ${pageFolder()}/manifest.json is missing`;
  return missingForBrowser();
}

class Stage {
  constructor(cluster, cockpit) {
    this.cluster = cluster;
    this.cockpit = cockpit;
    this.pages = [];
  }

  /**
   * Opens a view; it is closed after the test.
   * @param {string} [view] what stands behind #/ in its address, such as "tasks" or "tasks/7"
   * @param {object} [options] see openPage(); keep: true for a page that several tests share
   * @returns {Promise<import('./browser.mjs').Page>}
   */
  async open(view = '', options = {}) {
    const page = await openPage(`${await this.cockpit.address()}#/${view}`, options);

    page.keep = options.keep ?? false;
    this.pages.push(page);
    return page;
  }

  async #look(sentence) {
    const name = sentence.replace(/[^A-Za-z0-9]+/g, '-').slice(0, 80);

    mkdirSync(FAILURES, { recursive: true });
    for (const [i, page] of this.pages.entries()) {
      const path = join(FAILURES, `${name}-${i}`);
      await page.shot(`${path}.png`, { timeout: 5000 });
      writeFileSync(`${path}.html`, await page.raw.content());
      note(`page ${i}: ${path}.png and .html; ${page.raw.url()}`);
      page.troubles().forEach(note);
    }
  }

  async #closePages() {
    const leaving = this.pages.filter((page) => !page.keep);

    this.pages = this.pages.filter((page) => page.keep);
    for (const page of leaving)
      await page.close();
  }

  /** Takes part in the life of every test: see tap.mjs. */
  watch() {
    afterEach(async () => {
      const troubles = this.pages.flatMap((page) => page.troubles());
      if (troubles.length > 0)
        throw new Error(`the page had troubles:\n${troubles.join('\n')}`);
      await this.#closePages();
    });
    onFailure(async (sentence) => {
      if (this.pages.length > 0) {
        await this.#look(sentence);
        note(`the end of virternd's log:\n${this.cluster.log()}`);
        note(`of cockpit's:\n${this.cockpit.log()}`);
      }
      await this.#closePages();
      // What a test left lying must not fail the next.
      this.cluster.daemon?.signal('SIGCONT');
      if (this.cluster.daemon && !this.cluster.daemon.runs)
        await this.cluster.start();
    });
  }
}

/**
 * Starts everything, or skips the file if something is missing. All ends with the file.
 * @param {object} [options] see startCluster()
 * @returns {Promise<Stage>}
 */
export async function startStage(options = {}) {
  const missing = whatIsMissing();

  if (missing)
    await skipAll(missing);
  const folder = makeFolder();
  const cluster = await startCluster(folder, options);
  const stage = new Stage(cluster, new Cockpit(folder, cluster.address));

  stage.watch();
  return stage;
}
