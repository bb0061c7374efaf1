import { afterEach, describe, expect, test } from '@jest/globals';

import { call, type Answer } from '../support/contract.ts';
import { builtDocs } from '../support/docs.ts';
import { exception, pageOf, type Script } from '../support/scripted-rekognition.ts';
import { startService, stopServices, type Service } from '../support/service.ts';

afterEach(stopServices);

const ALLOWED = 'https://app.example.com';
const PATH = '/collections/team/users';

const docsDirectory = builtDocs();

const open = (script: Script, config = {}): Promise<Service> =>
  startService({
    script,
    docsDirectory,
    config: { http: { corsOrigins: [ALLOWED, 'http://localhost:3000'] }, ...config },
  });

type Ask = (headers: Record<string, string>) => Promise<Answer>;
const rules = { issuer: 'https://issuer.example', audience: 'a', jwksUri: undefined, collectionsClaim: 'c' };

/** Every kind of answer that a page of another origin can get. */
const kinds: Readonly<Record<string, () => Promise<Ask>>> = {
  async 200() {
    const { url } = await open({ always: pageOf(['alice']) });
    return (headers) => call(url, PATH, { headers });
  },
  async 304() {
    const { url } = await open({ always: pageOf(['alice']) });
    return (headers) => call(url, PATH, { headers: { ...headers, 'If-None-Match': '*' } });
  },
  async 400() {
    const { url } = await open([]);
    return (headers) => call(url, `${PATH}?maxResults=0`, { headers });
  },
  async '400 with a body'() {
    const { url } = await open([]);
    return (headers) => call(url, PATH, { headers: { ...headers, 'Content-Length': '1' }, body: 'x' });
  },
  async 401() {
    const { url } = await open([], { auth: rules });
    return (headers) => call(url, PATH, { headers });
  },
  async 403() {
    const { url } = await open({ always: exception('AccessDeniedException') });
    return (headers) => call(url, PATH, { headers });
  },
  async '404 of a route'() {
    const { url } = await open([]);
    return (headers) => call(url, '/nothing', { headers });
  },
  async 405() {
    const { url } = await open([]);
    return (headers) => call(url, PATH, { method: 'DELETE', headers });
  },
  async 406() {
    const { url } = await open([]);
    return (headers) => call(url, PATH, { headers: { ...headers, Accept: 'text/html' } });
  },
  async 429() {
    const { url } = await open({ always: pageOf(['alice']) }, { rateLimit: { max: 1, windowMs: 60_000 } });
    await call(url, PATH);
    return (headers) => call(url, PATH, { headers });
  },
  async 500() {
    const send = () => Promise.reject(new TypeError('a bug'));
    const { url } = await startService({
      client: { send },
      config: { http: { corsOrigins: [ALLOWED] } },
    });
    return (headers) => call(url, PATH, { headers });
  },
  async 502() {
    const { url } = await open({ always: exception('UnrecognizedClientException') });
    return (headers) => call(url, PATH, { headers });
  },
  async 503() {
    const { url, lifecycle } = await open([]);
    lifecycle.drain();
    return (headers) => call(url, PATH, { headers });
  },
  async 'a preflight'() {
    const { url } = await open([]);
    const asks = {
      'Access-Control-Request-Method': 'GET',
      'Access-Control-Request-Headers': 'authorization',
    };
    return (headers) => call(url, PATH, { method: 'OPTIONS', headers: { ...headers, ...asks } });
  },
  async '/readyz'() {
    const { url } = await open([]);
    return (headers) => call(url, '/readyz', { headers });
  },
  async '/openapi.yaml'() {
    const { url } = await open([]);
    return (headers) => call(url, '/openapi.yaml', { headers });
  },
};

const hostile = [
  'null',
  '*',
  'https://evil.example',
  'http://app.example.com',
  'https://app.example.com:8443',
  'https://app.example.com.evil.example',
  'https://evil.app.example.com',
  'https://evilapp.example.com',
  'https://app-example.com',
  'https://appXexample.com',
  'https://APP.EXAMPLE.COM',
  'https://app.example.com/',
  'https://app.example.com, https://evil.example',
  'https://app.example.com@evil.example',
  'http://localhost:30000',
];

describe.each(Object.keys(kinds))('An answer of the kind %s', (kind) => {
  test('is readable by an allowed origin, with its exposed headers', async () => {
    const { headers } = (await (await kinds[kind]?.())?.({ Origin: ALLOWED })) ?? { headers: {} };
    expect(headers).toMatchObject({
      'access-control-allow-origin': ALLOWED,
      'access-control-expose-headers':
        'Link,ETag,Age,Retry-After,X-Request-Id,RateLimit,RateLimit-Policy,WWW-Authenticate',
      vary: expect.stringContaining('Origin'),
    });
    expect(headers).not.toHaveProperty('access-control-allow-credentials');
  });

  test('is not readable by any of the hostile origins', async () => {
    const ask = await kinds[kind]?.();
    for (const origin of hostile) {
      const headers = (await ask?.({ Origin: origin }))?.headers;
      expect({ origin, allowed: headers?.['access-control-allow-origin'] }).toEqual({
        origin,
        allowed: undefined,
      });
      expect(headers?.['vary']).toContain('Origin');
    }
  });
});

test('A preflight is answered without a token, a count against the limit or a call of Rekognition', async () => {
  const service = await open([], { auth: rules, rateLimit: { max: 1, windowMs: 60_000 } });
  for (let i = 0; i < 5; i += 1) {
    const answer = await call(service.url, PATH, {
      method: 'OPTIONS',
      headers: { Origin: ALLOWED, 'Access-Control-Request-Method': 'GET' },
    });
    expect(answer).toMatchObject({
      status: 204,
      headers: {
        'access-control-allow-methods': 'GET,HEAD,OPTIONS',
        'access-control-allow-headers': 'Authorization,If-None-Match,X-Request-Id,traceparent,tracestate',
        'access-control-max-age': '600',
      },
    });
  }
  expect(service.calls).toHaveLength(0);
});

test('A page of another origin can read why a URL with a bare percent sign is refused', async () => {
  const { url } = await open([]);
  const path = '/collections/100%/users';
  const headers = { Origin: ALLOWED, 'Access-Control-Request-Method': 'GET' };
  expect((await call(url, path, { method: 'OPTIONS', headers })).status).toBe(204);
  expect(await call(url, path, { headers: { Origin: ALLOWED } })).toMatchObject({
    status: 400,
    headers: { 'access-control-allow-origin': ALLOWED },
    json: { code: 'MALFORMED_REQUEST', detail: expect.stringContaining('Write a percent sign as %25.') },
  });
});

describe('A preflight that names request headers', () => {
  const preflight = (url: string, origin: string, names: string) =>
    call(url, PATH, {
      method: 'OPTIONS',
      headers: {
        Origin: origin,
        'Access-Control-Request-Method': 'GET',
        'Access-Control-Request-Headers': names,
      },
    });
  const allowedBy = ({ headers }: Answer) => headers['access-control-allow-headers'];

  test.each([
    'sentry-trace, baggage',
    'authorization,x-datadog-trace-id,x-datadog-parent-id,x-datadog-origin,x-datadog-sampling-priority',
    'newrelic,traceparent,tracestate',
    'elastic-apm-traceparent',
    'x-any!#$%&*+.^_`|~9',
  ])('is allowed them where its origin is allowed: %s', async (names) => {
    const { url } = await open([]);
    expect(allowedBy(await preflight(url, ALLOWED, names))).toBe(names);
    expect(allowedBy(await preflight(url, 'https://evil.example', names))).toBeUndefined();
  });

  test.each([
    ['are no names', 'a b; c="d"'],
    ['are not ASCII', 'x-caf\u00e9'],
    ['have no end', 'x'.repeat(2049)],
  ])('is told those of the service where they %s', async (_, names) => {
    const { url } = await open([]);
    expect(allowedBy(await preflight(url, ALLOWED, names))).toBe(
      'Authorization,If-None-Match,X-Request-Id,traceparent,tracestate',
    );
  });
});

test("The origin of an app is allowed exactly, whatever its scheme's name", async () => {
  const corsOrigins = ['capacitor://localhost', 'ionic://localhost', 'tauri://localhost'];
  const { url } = await open([], { http: { corsOrigins } });
  const allowedFor = async (origin: string) =>
    (await call(url, '/readyz', { headers: { Origin: origin } })).headers['access-control-allow-origin'];
  for (const origin of corsOrigins) expect(await allowedFor(origin)).toBe(origin);
  for (const origin of ['http://localhost', 'capacitor://localhost:1', 'capacitor://', 'null', '*'])
    expect(await allowedFor(origin)).toBeUndefined();
});

test('Without CORS_ORIGINS no origin may read anything', async () => {
  const { url } = await startService({ script: { always: pageOf(['alice']) } });
  const { headers } = await call(url, PATH, { headers: { Origin: ALLOWED } });
  expect(headers).not.toHaveProperty('access-control-allow-origin');
});
