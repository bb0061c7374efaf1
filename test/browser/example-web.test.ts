import { readFile } from 'node:fs/promises';

import { afterEach, expect, jest, test } from '@jest/globals';
import type { Page } from 'playwright-core';

import { startEmbeddedRekognition } from '../../src/embedded/start.ts';
import {
  closePages,
  describeInBrowser,
  expectAccessible,
  launched,
  watch,
  type Watched,
} from '../support/browser.ts';
import { startExampleWeb, vite } from '../support/example-web.ts';
import { collectionsOf, describedAs, exception, pageOf, type Step } from '../support/scripted-rekognition.ts';
import { startService, stopServices, until, type Service } from '../support/service.ts';
import { started } from '../support/started.ts';

jest.setTimeout(120_000);

/** No quota to wait for, and every page from Rekognition itself. */
const quick = { upstream: { maxAttempts: 1, tps: 1000, burst: 1000, cacheTtlMs: 0 } };

describeInBrowser(vite)('The example frontend, in a browser and on another origin', () => {
  const endpoint = started(() => startEmbeddedRekognition({ tps: 0 }));
  const example = started(startExampleWeb);
  const browser = launched();

  afterEach(async () => {
    await closePages(browser());
    await stopServices();
  });

  /** Over the embedded Rekognition, or one that answers so. */
  async function start(script?: readonly Step[]): Promise<Service> {
    const config = { http: { corsOrigins: [example().origin] }, ...quick };
    const steps = [...(script ?? [])];
    const operations = {
      ListCollections: () => collectionsOf(['team']),
      DescribeCollection: () => describedAs(1),
      ListUsers: () => steps.shift() ?? 'reset',
    } as const;
    const service = await startService({
      config,
      ...(script ? { script: { operations } } : { endpoint: endpoint() }),
    });
    example().use(service.url);
    return service;
  }

  async function open(collection: string, options?: Parameters<typeof watch>[1]): Promise<Watched> {
    const watched = await watch(browser(), options);
    await watched.page.goto(`${example().origin}/?collection=${encodeURIComponent(collection)}`);
    return watched;
  }

  const statusLine = (page: Page) => page.locator('.toolbar strong');
  const click = (page: Page, name: string) => page.getByRole('button', { name, exact: true }).click();

  async function lookUp(page: Page, userId: string): Promise<void> {
    await page.getByLabel('User', { exact: true }).fill(userId);
    await click(page, 'Look up');
  }

  /** From now on no lookup comes to an end. */
  async function answerIncomplete(page: Page, retryAfter: number): Promise<void> {
    const headers = { 'Access-Control-Allow-Origin': example().origin };
    const problem = { code: 'LOOKUP_INCOMPLETE', requestId: 'r-1', status: 503, retryable: true, retryAfter };
    await page.route('**/users/nobody', (route) =>
      route.fulfill({
        status: 503,
        headers,
        contentType: 'application/problem+json',
        body: JSON.stringify(problem),
      }),
    );
  }

  test('shows every user with a status', async () => {
    await start();
    const { page, complaints } = await open('example-team');
    await statusLine(page).getByText('8 users').waitFor();
    const rows = await page.locator('tbody tr').allInnerTexts();
    expect(rows).toHaveLength(8);
    expect(rows[0]).toMatch(/visitor_2031\s+No faces yet/);
    expect(complaints).toEqual([]);
  });

  test('offers the collections that are there, and counts the chosen one alone', async () => {
    const { url } = await start();
    const { page, requests } = await open('example-team');
    await page.getByText(/^6 faces, created/).waitFor();
    await page.getByLabel('Collections').selectOption('example-hundred');
    await page.getByText(/^0 faces, created/).waitFor();
    const counted = requests.filter((one) => one.method === 'GET' && /collections\/[^/]+$/.test(one.url));
    expect(counted.map((one) => one.url)).toEqual([
      `${url}/collections/example-team`,
      `${url}/collections/example-hundred`,
    ]);
  });

  test('looks one user up: found, and not found', async () => {
    await start();
    const { page } = await open('example-team');
    const status = page.locator('.lookup [role=status]');
    await page.getByLabel('User', { exact: true }).fill('jane.doe');
    await page.keyboard.press('Enter');
    await status.getByText('Active').waitFor();
    await lookUp(page, 'nobody');
    await status.getByText('There is no user nobody in example-team.').waitFor();
    expect(await page.getByRole('alert').count()).toBe(0);
  });

  test('says how long a lookup waits before it goes on, and ends it at a click', async () => {
    await start();
    const { page } = await open('example-team');
    await answerIncomplete(page, 9);
    await lookUp(page, 'nobody');
    const status = page.locator('.lookup [role=status]');
    await status.getByText('Still looking for nobody.').waitFor();
    await page.getByText(/^Going on in [1-9] s…$/).waitFor();
    expect(await status.innerText()).toBe('Still looking for nobody.');
    await page.getByRole('button', { name: 'Cancel' }).press('Enter');
    await page.getByRole('button', { name: 'Cancel' }).waitFor({ state: 'detached' });
    expect(await status.innerText()).toBe('');
    expect(await page.locator(':focus').getAttribute('aria-label')).toBe('Look a user up');
  });

  test('gives a lookup up that comes to no end, and offers to try again', async () => {
    await start();
    const { page, requests } = await open('example-team');
    await answerIncomplete(page, 1);
    await lookUp(page, 'nobody');
    await page.getByRole('heading', { name: 'The search did not finish' }).waitFor();
    const asked = requests.filter(({ method, url }) => method === 'GET' && url.endsWith('/users/nobody'));
    expect(asked).toHaveLength(3);
    await page.getByRole('button', { name: 'Try again', exact: true }).press('Enter');
    await page.getByText('Still looking for nobody.').waitFor();
    expect(await page.locator(':focus').getAttribute('aria-label')).toBe('Look a user up');
  });

  test.each([
    ['on its side', 844, 390],
    ['at four times its size', 320, 256],
  ])('lets every user and error be scrolled to, %s', async (_case, width, height) => {
    await start();
    const { page } = await open('example-team', { viewport: { width, height } });
    await lookUp(page, 'not an id');
    await page.getByRole('alert').waitFor();
    for (const one of [page.locator('.lookup code'), page.getByText('employee:10483')]) {
      // A trial scrolls, and looks whether the place is what a finger would touch.
      await expect(one.first().click({ trial: true, timeout: 5000 })).resolves.toBeUndefined();
    }
  });

  test('says so where a collection is empty', async () => {
    await start();
    const { page } = await open('example-empty');
    await page.getByText('Nobody is in example-empty yet.').waitFor();
    expect(await page.getByRole('table').count()).toBe(0);
  });

  test('reads on as its end comes near, keeps few rows in the document, and refreshes at the cost of 304s', async () => {
    const { url } = await start();
    const { page, requests } = await open('example-campus');
    await statusLine(page).getByText('500 of 5,000 users').waitFor();
    await page.getByRole('region', { name: 'Users' }).focus();
    while ((await statusLine(page).innerText()) !== '5,000 users') {
      await page.keyboard.press('End');
      await page.waitForTimeout(20);
    }
    expect(await page.locator('tbody tr').count()).toBeLessThan(100);
    requests.length = 0;
    await click(page, 'Refresh');
    await page.getByText('Nothing has changed').waitFor();
    const collection = `${url}/collections/example-campus`;
    const asked = requests.filter(({ method }) => method === 'GET');
    const pages = asked.filter((request) => request.url.startsWith(`${collection}/users`));
    expect(pages.map(({ status }) => status)).toEqual(Array(10).fill(304));
    expect(asked.filter((request) => !pages.includes(request)).map((request) => request.url)).toEqual([
      collection,
    ]);
  });

  test.each([
    ['throws-AccessDeniedException', 'The service may not read this collection', 'UPSTREAM_ACCESS_DENIED', 0],
    ['nope', 'There is no such collection', 'COLLECTION_NOT_FOUND', 0],
    ['not an id', 'That is not an id', 'INVALID_PARAMETER', 0],
    ['throws-InvalidPaginationTokenException', 'Your place in the list is lost', 'INVALID_PAGE_TOKEN', 1],
    ['throws-ThrottlingException', 'Rekognition is busy', 'UPSTREAM_THROTTLED', 1],
  ])(
    'tells what is wrong with %s in words, with the request id',
    async (collection, title, code, buttons) => {
      const { logs } = await start();
      const { page } = await open(collection);
      const alert = page.getByRole('alert');
      await alert.getByRole('heading', { name: title }).waitFor();
      const card = page.locator('.failure');
      const facts = await card.locator('code').allInnerTexts();
      expect(facts).toEqual([code, logs.findLast(({ code: logged }) => logged === code)?.['requestId']]);
      expect(await card.getByRole('button').count()).toBe(buttons);
    },
  );

  test('may read every header that the contract exposes', async () => {
    const { url } = await start();
    const { page } = await open('example-empty');
    const read = async (path: string, ...names: string[]) =>
      page.evaluate<(string | null)[]>(
        `fetch('${url}${path}').then(({ headers }) => ${JSON.stringify(names)}.map((name) => headers.get(name)))`,
      );
    const users = '/collections/example-team/users?maxResults=3';
    const ofPage = await read(users, 'Link', 'ETag', 'X-Request-Id', 'RateLimit', 'RateLimit-Policy');
    expect(ofPage).not.toContain(null);
    expect(await read('/collections/throws-ThrottlingException/users', 'Retry-After')).toEqual([
      expect.stringMatching(/^\d+$/),
    ]);
  });

  test('keeps what it has when the next page fails, and reads on at a click', async () => {
    const failed = exception('InternalServerError', 500);
    await start([pageOf(['alice'], 'more'), failed, failed, failed, pageOf(['bob'])]);
    const { page } = await open('team');
    const alert = page.getByRole('alert');
    await alert.getByRole('heading', { name: 'Rekognition failed' }).waitFor();
    expect(await page.locator('tbody tr').count()).toBe(1);
    await click(page, 'Try again');
    await statusLine(page).getByText('2 users').waitFor();
  });

  test('says that the service cannot be reached where its origin is not allowed', async () => {
    const { url } = await startService({ endpoint: endpoint() });
    example().use(url);
    const { page } = await open('example-team');
    await page.getByRole('heading', { name: 'The service cannot be reached' }).waitFor();
    expect(await page.locator('.failure code').allInnerTexts()).toEqual(['NETWORK_ERROR']);
  });

  test('exports every user once as a file', async () => {
    await start();
    const { page } = await open('example-campus');
    const [download] = await Promise.all([page.waitForEvent('download'), click(page, 'Export all')]);
    const lines = (await readFile(await download.path(), 'utf8')).trimEnd().split('\n');
    expect(new Set(lines).size).toBe(5000);
    expect(download.suggestedFilename()).toBe('example-campus.ndjson');
    await page.getByText('Exported 5,000 users.').waitFor();
  });

  test('resumes an export that failed where it stopped', async () => {
    const failed = exception('InternalServerError', 500);
    const { calls } = await start([
      pageOf(['alice']),
      pageOf(['alice'], 'two'),
      failed,
      failed,
      failed,
      pageOf(['bob']),
    ]);
    const { page } = await open('team');
    await click(page, 'Export all');
    await page.getByText('Stopped after 1 user. They are kept.').waitFor();
    expect(await page.getByRole('button', { name: 'Discard' }).count()).toBe(1);
    const [download] = await Promise.all([page.waitForEvent('download'), click(page, 'Resume')]);
    expect(await readFile(await download.path(), 'utf8')).toMatch(
      /^\{"userId":"alice".*\n\{"userId":"bob".*\n$/,
    );
    expect(calls.filter(({ operation }) => operation === 'ListUsers')).toHaveLength(6);
    expect(await page.locator('button:focus').innerText()).toBe('Close');
  });

  test('keeps the keyboard where an export begins, ends and is closed', async () => {
    await start([pageOf(['alice']), pageOf(['alice'], 'two'), 'hang', pageOf(['alice'])]);
    const { page } = await open('team');
    const focused = () => page.locator('button:focus').innerText();
    const press = async (name: string, next: string) => {
      await page.getByRole('button', { name, exact: true }).press('Enter');
      await page.getByRole('button', { name: next, exact: true }).waitFor();
      return focused();
    };
    expect(await press('Export all', 'Cancel')).toBe('Cancel');
    expect(await press('Cancel', 'Export all')).toBe('Export all');
    expect(await press('Export all', 'Close')).toBe('Close');
    expect(await press('Close', 'Export all')).toBe('Export all');
  });

  test('ends the stream at the service when an export is cancelled', async () => {
    const { logs } = await start([pageOf(['alice']), pageOf(['alice'], 'two'), 'hang']);
    const { page } = await open('team');
    await click(page, 'Export all');
    await page.getByText(/^Exporting/).waitFor();
    await click(page, 'Cancel');
    await page.getByRole('button', { name: 'Export all' }).waitFor();
    const cut = () => logs.some(({ aborted }) => aborted === true);
    await until(cut);
    expect(cut()).toBe(true);
  });

  test.each([
    ['light', 1280],
    ['dark', 390],
  ] as const)(
    'is accessible with users, a lookup and an error, %s at %i pixels',
    async (colorScheme, width) => {
      await start();
      const options = { colorScheme, viewport: { width, height: 844 } };
      const { page } = await open('example-hundred', options);
      await statusLine(page).waitFor();
      await answerIncomplete(page, 60);
      await lookUp(page, 'nobody');
      await page.getByText(/^Going on in/).waitFor();
      await expectAccessible(page);
      await lookUp(page, 'not an id');
      await page.getByRole('alert').waitFor();
      await expectAccessible(page);
      await page.getByLabel('Collection', { exact: true }).fill('nope');
      await page.keyboard.press('Enter');
      await page.getByText('There is no such collection').waitFor();
      expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth')).toBe(0);
      await expectAccessible(page);
    },
  );
});
