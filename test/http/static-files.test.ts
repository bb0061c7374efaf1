import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { afterEach, describe, expect, test } from '@jest/globals';

import { call } from '../support/contract.ts';
import { builtDocs } from '../support/docs.ts';
import { startService as start, stopServices, type ServiceOptions } from '../support/service.ts';

const docsDirectory = builtDocs();
const startService = (options: ServiceOptions = {}) => start({ docsDirectory, ...options });

afterEach(stopServices);

test.each(['GET', 'HEAD'])('%s / leads to the page', async (method) => {
  const { url } = await startService();
  const { status, headers } = await fetch(url, { method, redirect: 'manual' });
  expect([status, headers.get('location'), headers.get('content-length')]).toEqual([303, 'docs', '0']);
  expect((await fetch(url, { method })).url).toBe(`${url}/docs`);
  expect((await fetch(url, { method: 'POST' })).status).toBe(405);
});

test('/ leads to the page behind a proxy that adds a prefix', async () => {
  const { url } = await startService();
  const location = (await fetch(url, { redirect: 'manual' })).headers.get('location') ?? '';
  expect(new URL(location, 'https://example.com/api/').pathname).toBe('/api/docs');
});

describe('GET /docs', () => {
  test('is a page under a policy that lets nothing inline and no other host in', async () => {
    const { url, calls } = await startService();
    const { status, headers, text } = await call(url, '/docs');
    expect({ status, headers }).toMatchObject({
      status: 200,
      headers: { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-cache' },
    });
    expect(headers['content-security-policy']).toMatch(
      /^default-src 'none'; script-src 'self'; style-src 'self';/,
    );
    expect(headers['content-security-policy']).not.toMatch(/unsafe|https?:|\*/);
    expect(text).toMatch(/^<!doctype html>/);
    expect(calls).toHaveLength(0);
  });

  test.each([
    ['over the embedded Rekognition is marked to show the examples', {}, '<html data-examples lang="en">'],
    ['over AWS is not', { backend: 'aws' } as const, '<html lang="en">'],
    [
      'with tokens is marked to take one',
      {
        auth: {
          issuer: 'https://issuer.example',
          audience: 'rollcall',
          jwksUri: undefined,
          collectionsClaim: 'collections',
        },
      },
      '<html data-examples data-bearer lang="en">',
    ],
  ])('%s', async (_what, config, begin) => {
    const { url } = await startService({ config });
    expect((await call(url, '/docs')).text).toContain(begin);
  });

  test('does not count against the limit of its caller', async () => {
    const { url } = await startService({ config: { rateLimit: { max: 1, windowMs: 60_000 } } });
    for (let times = 0; times < 3; times += 1) expect((await call(url, '/docs')).status).toBe(200);
  });

  test.each(['/docs/', '/Docs', '/docs/docs.css/', '/docs/index.html', '/docs/..%2fpackage.json'])(
    'is at its exact path only: %s is 404',
    async (path) => {
      const { url } = await startService();
      expect((await call(url, path)).json).toMatchObject({ code: 'ROUTE_NOT_FOUND' });
    },
  );
});

describe('The files of the build', () => {
  const served = [
    ['/docs', 'index.html', 'text/html'],
    ['/docs/docs.css', 'docs.css', 'text/css'],
    ['/docs/docs.js', 'docs.js', 'text/javascript'],
    ['/docs/icon.svg', 'icon.svg', 'image/svg+xml'],
    ['/openapi-3.0.json', 'openapi-3.0.json', 'application/json'],
    ['/openapi.json', 'openapi.json', 'application/json'],
    ['/openapi.yaml', 'openapi.yaml', 'application/yaml'],
  ] as const;

  test('are the ones that are served', () => {
    const names = served.map(([, name]) => name);
    expect(readdirSync(docsDirectory).sort()).toEqual(names.toSorted());
  });

  test.each(served)(
    '%s is %s with its type, and a tag that saves sending it again',
    async (path, name, type) => {
      const { url } = await startService({ config: { backend: 'aws' } });
      const whole = await fetch(`${url}${path}`);
      expect(whole.status).toBe(200);
      expect(whole.headers.get('content-type')).toBe(`${type}; charset=utf-8`);
      expect(whole.headers.get('cache-control')).toBe('no-cache');
      expect(await whole.text()).toBe(readFileSync(new URL(name, docsDirectory), 'utf8'));
      const etag = whole.headers.get('etag') ?? '';
      const headers = { 'If-None-Match': etag, 'Cache-Control': 'max-age=0' };
      const unchanged = await fetch(`${url}${path}`, { headers });
      expect(unchanged.status).toBe(304);
      expect(unchanged.headers.get('etag')).toBe(etag);
      expect(unchanged.headers.get('cache-control')).toBe('no-cache');
      expect(await unchanged.text()).toBe('');
    },
  );

  test.each(['/openapi.yaml', '/openapi.json', '/openapi-3.0.json'])(
    '%s is under the policy of every response: nothing is loaded',
    async (path) => {
      const { url } = await startService();
      const { headers } = await call(url, path);
      expect(headers['content-security-policy']).toBe("default-src 'none'; frame-ancestors 'none'");
    },
  );

  test('are read once each', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'static-files-'));
    const file = join(directory, 'openapi.yaml');
    const { url } = await startService({ docsDirectory: pathToFileURL(`${directory}/`) });
    writeFileSync(file, 'openapi: 3.1.0');
    await call(url, '/openapi.yaml');
    rmSync(directory, { recursive: true });
    expect(await call(url, '/openapi.yaml')).toMatchObject({ status: 200, text: 'openapi: 3.1.0' });
  });

  test('that are missing are 500 until they are there, and the log names the file', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'static-files-'));
    const service = await startService({ docsDirectory: pathToFileURL(`${directory}/`) });
    const { url } = service;
    const file = join(directory, 'openapi.json');
    const answer = await fetch(`${url}/openapi.json`);
    expect(answer.status).toBe(500);
    expect(await answer.json()).toMatchObject({ code: 'INTERNAL_ERROR' });
    const { level, err } = await service.logLine();
    expect(level).toBe('error');
    expect(JSON.stringify(err)).toContain(file);
    writeFileSync(file, '{"openapi":"3.1.0"}');
    expect((await call(url, '/openapi.json')).json).toEqual({ openapi: '3.1.0' });
    rmSync(directory, { recursive: true });
  });

  test('refuse other methods with 405', async () => {
    const { url } = await startService();
    expect((await fetch(`${url}/docs/docs.js`, { method: 'DELETE' })).status).toBe(405);
  });
});
