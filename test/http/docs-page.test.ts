import { readdirSync } from 'node:fs';

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
  expect([status, headers.get('location'), headers.get('content-length')]).toEqual([303, '/docs', '0']);
  expect((await fetch(url, { method: 'POST' })).status).toBe(405);
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

  test('with the ETag of an earlier answer is 304', async () => {
    const { url } = await startService();
    const { etag = '' } = (await call(url, '/docs')).headers;
    const again = await call(url, '/docs', { headers: { 'If-None-Match': etag } });
    expect(again).toMatchObject({ status: 304, text: '', headers: { etag } });
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

describe('The files of /docs', () => {
  test('are the ones that lie there', () => {
    expect(readdirSync(docsDirectory).sort()).toEqual([
      'docs.css',
      'docs.js',
      'icon.svg',
      'index.html',
      'openapi-3.0.json',
      'openapi.json',
    ]);
  });

  test.each([
    ['docs.css', 'text/css; charset=utf-8'],
    ['docs.js', 'text/javascript; charset=utf-8'],
    ['icon.svg', 'image/svg+xml; charset=utf-8'],
  ])('%s has its type, and a tag that saves sending it again', async (name, type) => {
    const { url } = await startService();
    const answer = await fetch(`${url}/docs/${name}`);
    expect(answer.headers.get('content-type')).toBe(type);
    const headers = { 'If-None-Match': answer.headers.get('etag') ?? '', 'Cache-Control': 'max-age=0' };
    expect((await fetch(`${url}/docs/${name}`, { headers })).status).toBe(304);
  });

  test('refuse other methods with 405', async () => {
    const { url } = await startService();
    expect((await fetch(`${url}/docs/docs.js`, { method: 'DELETE' })).status).toBe(405);
  });
});
