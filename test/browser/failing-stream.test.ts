import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';

import { afterEach, beforeAll, expect, test } from '@jest/globals';
import type { Page } from 'playwright-core';

import { describeInBrowser, launched } from '../support/browser.ts';
import { listen } from '../support/listen.ts';
import { describedAs, exception, pageOf, type Step } from '../support/scripted-rekognition.ts';
import { startService, stopServices, type ConfigOverrides } from '../support/service.ts';
import { started } from '../support/started.ts';

const path = '/collections/team/users.ndjson';

describeInBrowser()('In a browser', () => {
  const browser = launched();
  const reader = readFileSync(new URL('../../examples/read-users.mjs', import.meta.url));
  const site = started(() =>
    listen(
      createServer((req, res) => {
        const isScript = req.url === '/read-users.mjs';
        res.setHeader('Content-Type', isScript ? 'text/javascript' : 'text/html');
        res.end(isScript ? reader : '<!doctype html><title>A frontend</title>');
      }),
    ),
  );
  let page: Page;

  beforeAll(async () => {
    page = await browser().newPage();
    await page.goto(site().url);
  }, 60_000);

  afterEach(stopServices);

  const start = async ([first, ...others]: readonly Step[], config: ConfigOverrides = {}) => {
    const { url } = await startService({
      // So slow that the count is there before it.
      script: [{ ...(first as object), delayMs: 300 }, ...others],
      count: describedAs(2),
      config: { http: { corsOrigins: [site().url] }, ...config },
    });
    return url;
  };

  const read = async (url: string) =>
    page.evaluate(`(async () => {
      const response = await fetch('${url}${path}');
      const total = response.headers.get('X-Total-Users');
      return response.text().then((text) => ({ total, text }), (error) => ({ total, error: String(error) }));
    })()`);

  test('the read of an incomplete stream is rejected, and its page knows how many users there are', async () => {
    const url = await start([pageOf(['alice'], 't1'), exception('AccessDeniedException')]);
    expect(await read(url)).toEqual({ total: '2', error: expect.stringContaining('TypeError') });
  });

  test('a complete stream is read to its end', async () => {
    const url = await start([pageOf(['alice'], 't1'), pageOf(['bob'])]);
    expect(await read(url)).toEqual({
      total: '2',
      text: expect.stringMatching(/^[^\n]*alice[^\n]*\n[^\n]*bob[^\n]*\n$/),
    });
  });

  test('the reader of examples/ comes through a failure', async () => {
    const url = await start([pageOf(['alice'], 't1'), 'reset', pageOf(['bob'])], {
      upstream: { maxAttempts: 1 },
    });
    const found = await page.evaluate(`(async () => {
      const { readUsers } = await import('/read-users.mjs');
      const found = [];
      for await (const { userId } of readUsers('${url}', 'team', { retryDelayMs: 1 })) found.push(userId);
      return found;
    })()`);
    expect(found).toEqual(['alice', 'bob']);
  });
});
