import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

import { describe, expect } from '@jest/globals';
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core';

import { started } from './started.ts';

/** Where Debian puts it, and where GitHub's runners have it. */
const places = ['/usr/bin/chromium', '/usr/bin/google-chrome'];
const CHROMIUM = places.find((path) => existsSync(path)) ?? '/usr/bin/chromium';

/** A page, and what it must not do. */
export interface Watched {
  readonly page: Page;
  /** Errors of the console and of scripts, and breaches of the content security policy. */
  readonly complaints: string[];
  /** Every request: method, URL, and status once it is answered. */
  readonly requests: { readonly method: string; readonly url: string; status?: number }[];
}

/** What a test needs besides a browser, and the command that gets it. */
export interface Need {
  readonly path: string;
  readonly install: string;
}

/** `describe` for tests in Debian's Chromium; without it they are skipped with a word, or fail where `REQUIRE_BROWSER` is set. */
export function describeInBrowser(...needs: readonly Need[]): typeof describe | typeof describe.skip {
  const missing = [{ path: CHROMIUM, install: 'apt-get install chromium' }, ...needs].find(
    ({ path }) => !existsSync(path),
  );
  if (missing === undefined) return describe;
  const word = `there is no ${missing.path}. To get it: ${missing.install}`;
  if (process.env['REQUIRE_BROWSER'] !== undefined) throw new Error(`REQUIRE_BROWSER is set, and ${word}`);
  process.stderr.write(`Browser tests are skipped: ${word}\n`);
  return describe.skip;
}

/** Debian's browser, for the tests of a file. */
export function launched(): () => Browser {
  const running = started(async () => {
    const browser = await chromium.launch({ executablePath: CHROMIUM });
    return { browser, stop: () => browser.close() };
  });
  return () => running().browser;
}

/** Closes every page of `watch`. */
export async function closePages(browser: Browser): Promise<void> {
  await Promise.all(browser.contexts().map((context) => context.close()));
}

/** A page of its own, watched from its first request. */
export async function watch(browser: Browser, options: BrowserContextOptions = {}): Promise<Watched> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
  const page = await context.newPage();
  const complaints: string[] = [];
  const requests: Watched['requests'] = [];
  page.on('pageerror', ({ message }) => complaints.push(message));
  page.on('console', (message) => {
    // Chromium logs every answer of 4xx and 5xx; those are looked at where they are provoked.
    const provoked = message.text().startsWith('Failed to load resource: the server responded');
    if (message.type() === 'error' && !provoked) complaints.push(message.text());
  });
  page.on('request', (request) => {
    const seen: Watched['requests'][number] = { method: request.method(), url: request.url() };
    requests.push(seen);
    void request.response().then(
      (response) => {
        if (response) seen.status = response.status();
      },
      () => undefined,
    );
  });
  await page.addInitScript(reportBreaches);
  return { page, complaints, requests };
}

/** Runs in the page: what the policy stops is said on the console, in one form. */
const reportBreaches = `document.addEventListener('securitypolicyviolation', (event) =>
  console.error('policy: ' + event.violatedDirective + ' stopped ' + event.blockedURI))`;

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** Expects nothing of WCAG 2.2 AA, nor of good practice, to be broken that axe-core can see. */
export async function expectAccessible(page: Page): Promise<void> {
  // Not its value, which is all of axe.
  await page.evaluate(`${axeSource}; 0`);
  const found = await page.evaluate<
    string[]
  >(`axe.run().then(({ violations }) => violations.flatMap(({ id, nodes }) =>
    nodes.map(({ target, failureSummary }) => [id, target, failureSummary].join(' | '))))`);
  expect(found).toEqual([]);
}
