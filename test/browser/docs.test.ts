import { afterEach, expect, jest, test } from '@jest/globals';
import type { Page } from 'playwright-core';

import { startEmbeddedRekognition } from '../../src/embedded/start.ts';
import { closePages, describeInBrowser, expectAccessible, launched, watch } from '../support/browser.ts';
import { builtDocs } from '../support/docs.ts';
import { startIssuer } from '../support/issuer.ts';
import { startService, stopServices, type Service } from '../support/service.ts';
import { started } from '../support/started.ts';

jest.setTimeout(120_000);

describeInBrowser()('/docs in a browser', () => {
  const docsDirectory = builtDocs();
  const endpoint = started(() => startEmbeddedRekognition({ tps: 0 }));
  const browser = launched();

  afterEach(async () => {
    await closePages(browser());
    await stopServices();
  });

  const start = (config = {}): Promise<Service> =>
    startService({
      endpoint: endpoint(),
      docsDirectory,
      config: { upstream: { maxAttempts: 1 }, ...config },
    });

  const outcome = (page: Page) => page.locator('#listUsers .outcome');

  async function send(page: Page, button: string, status: RegExp): Promise<void> {
    await page.locator('#listUsers').getByRole('button', { name: button }).click();
    await outcome(page).getByText(status).waitFor();
  }

  test('sends a request, its next page and the same again, breaks no policy and asks no other host', async () => {
    const { url } = await start();
    const { page, complaints, requests } = await watch(browser());
    await page.goto(`${url}/docs`);
    await send(page, 'Send', /^200 OK/);
    expect(await page.locator('#listUsers .body').innerText()).toContain('"userId": "visitor_2031"');
    await send(page, 'Next page', /^200 OK/);
    expect(await page.locator('#listUsers-nextToken').inputValue()).not.toBe('');
    await send(page, 'Again, with its ETag', /^304/);
    expect(requests.map(({ url: asked }) => new URL(asked).origin)).toEqual(requests.map(() => url));
    expect(complaints).toEqual([]);
  });

  test('sends the parameters in a browser whose URLSearchParams has no size', async () => {
    const { url } = await start();
    const { page, requests } = await watch(browser());
    await page.addInitScript(() => Reflect.deleteProperty(URLSearchParams.prototype, 'size'));
    await page.goto(`${url}/docs`);
    await page.locator('#listUsers-maxResults').fill('3');
    await send(page, 'Send', /^200 OK/);
    expect(requests.at(-1)?.url).toBe(`${url}/collections/example-team/users?maxResults=3`);
  });

  test('shows an error on purpose with one click, in sight also on a phone', async () => {
    const { url } = await start();
    const options = { viewport: { width: 390, height: 844 }, reducedMotion: 'reduce' } as const;
    const { page } = await watch(browser(), options);
    await page.goto(`${url}/docs`);
    await page.getByRole('link', { name: 'throws-AccessDeniedException' }).click();
    await outcome(page).getByText('403 Forbidden').waitFor();
    const { y = 0 } = (await outcome(page).boundingBox()) ?? {};
    expect(y).toBeGreaterThan(0);
    expect(y).toBeLessThan(844);
    expect(await page.locator('#listUsers .body').innerText()).toContain('"code": "UPSTREAM_ACCESS_DENIED"');
    expect(await page.locator('#listUsers-If-None-Match').isVisible()).toBe(false);
  });

  test('stops a request, and says nothing of one that another request has replaced', async () => {
    const { url } = await start();
    const { page } = await watch(browser());
    await page.goto(`${url}/docs`);
    await page.locator('#listUsers-collectionId').fill('throws-Timeout');
    await send(page, 'Send', /^Waiting/);
    await send(page, 'Send', /^Waiting/);
    // By then the first one has ended.
    await page.waitForTimeout(200);
    expect(await outcome(page).innerText()).toMatch(/^Waiting/);
    await send(page, 'Stop', /^Stopped/);
  });

  test('shows a stream as it comes, and that one which failed is incomplete', async () => {
    const { url } = await start();
    const { page } = await watch(browser());
    await page.goto(`${url}/docs`);
    const form = page.locator('#streamUsers form');
    await form.getByRole('button', { name: 'Send' }).click();
    await form.getByText(/^200 OK in /).waitFor();
    expect((await form.locator('.body').innerText()).trimEnd().split('\n')).toHaveLength(8);
    await form.getByLabel('collectionId').fill('throws-InternalServerError-on-page-2');
    await form.getByRole('button', { name: 'Send' }).click();
    await form.getByText(/^The response broke off/).waitFor();
    expect(await form.locator('.body').innerText()).toMatch(
      /"code":"UPSTREAM_ERROR".*"nextToken":"[^"]+"\}\n?$/,
    );
  });

  test('sends the bearer token that was typed in, and keeps it out of the command', async () => {
    const issuer = await startIssuer();
    const { url } = await start({ auth: { ...issuer.rules, jwksUri: `${issuer.url}/keys` } });
    const { page, complaints } = await watch(browser());
    await page.goto(`${url}/docs`);
    await send(page, 'Send', /^401 Unauthorized/);
    const token = await issuer.mint();
    await page.getByLabel('Bearer token').fill(token);
    await send(page, 'Send', /^200 OK/);
    expect(await page.locator('#listUsers .try .command code').innerText()).toContain('Bearer $TOKEN');
    expect(await page.content()).not.toContain(token);
    expect(complaints).toEqual([]);
    await issuer.stop();
  });

  test('names a command that works as it is, and copies it', async () => {
    const { url } = await start();
    const { page } = await watch(browser(), { permissions: ['clipboard-read', 'clipboard-write'] });
    await page.goto(`${url}/docs`);
    await page.locator('#start').getByRole('button', { name: 'Copy' }).click();
    await page.getByRole('button', { name: 'Copied' }).waitFor();
    const command = await page.evaluate<string>('navigator.clipboard.readText()');
    const [, target = ''] = /^curl -i '([^']+)'$/.exec(command) ?? [];
    expect(target).toBe(`${url}/collections/example-team/users?maxResults=3`);
    expect((await fetch(target)).status).toBe(200);
  });

  test('can be used by the keyboard alone', async () => {
    const { url } = await start();
    const { page } = await watch(browser());
    await page.goto(`${url}/docs`);
    await page.keyboard.press('Tab');
    expect(await page.evaluate('document.activeElement.textContent')).toBe('Skip to the contract');
    await page.keyboard.press('Enter');
    await page.locator('#listUsers-collectionId').focus();
    await page.keyboard.press('ControlOrMeta+a');
    await page.keyboard.type('example-empty');
    await page.keyboard.press('Enter');
    await outcome(page).getByText('200 OK').waitFor();
    expect(await page.locator('#listUsers .body').innerText()).toContain('"users": []');
  });

  test.each([
    ['light', 1280],
    ['dark', 1280],
    ['light', 390],
    ['dark', 390],
  ] as const)('is accessible and fits its window, %s at %i pixels', async (colorScheme, width) => {
    const { url } = await start();
    const { page } = await watch(browser(), { colorScheme, viewport: { width, height: 844 } });
    await page.goto(`${url}/docs`);
    await page.evaluate(`for (const part of document.querySelectorAll('details')) part.open = true`);
    await send(page, 'Send', /^200 OK/);
    expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth')).toBe(0);
    await expectAccessible(page);
  });

  test('can be read without a script, and offers nothing then that needs one', async () => {
    const { url } = await start();
    const { page } = await watch(browser(), { javaScriptEnabled: false });
    await page.goto(`${url}/docs`);
    expect(await page.locator('#listUsers').innerText()).toContain('GET /collections/{collectionId}/users');
    expect(await page.locator('button:visible, input:visible').count()).toBe(0);
  });
});
