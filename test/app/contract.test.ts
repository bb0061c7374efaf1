import { afterEach, describe, expect, test } from '@jest/globals';

import { call, documented, exchange, readRaw, type Answer, type Documented } from '../support/contract.ts';
import { builtDocs } from '../support/docs.ts';
import { exception, pageOf, type Step } from '../support/scripted-rekognition.ts';
import {
  startService as start,
  stopServices,
  type Service,
  type ServiceOptions,
} from '../support/service.ts';

const startService = (options: ServiceOptions = {}) => start({ docsDirectory, ...options });

const docsDirectory = builtDocs();

afterEach(stopServices);

type Route = Pick<Documented, 'method' | 'path'>;

/** Asks for a route whose Rekognition answers with this alone. */
async function askedWith(step: Step, { method, path }: Route): Promise<Answer> {
  // Short only where nothing answers: on a busy machine an answer takes longer.
  const config = step === 'hang' ? { upstream: { attemptTimeoutMs: 60 } } : {};
  const { url } = await startService({ script: { always: step }, count: step, config });
  return call(url, path, { method });
}

async function askedRaw(head: string, { method, path }: Route): Promise<Answer> {
  const { url } = await startService({ headersTimeoutMs: 50 });
  return readRaw(method, path, await exchange(url, `${method} ${path} HTTP/1.1\r\nHost: a\r\n${head}`));
}

/** What every operation of Rekognition that is called may answer. */
const anything: Step = {
  body: {
    Users: [{ UserId: 'alice', UserStatus: 'ACTIVE' }],
    CollectionIds: ['team'],
    FaceModelVersions: ['7.0'],
    UserCount: 1,
    FaceCount: 2,
    FaceModelVersion: '7.0',
    CreationTimestamp: 1_700_000_000.5,
  },
};

async function asked({ path }: Route, options: Parameters<typeof call>[2]): Promise<Answer> {
  const { url } = await startService({ script: { always: anything }, count: anything });
  return call(url, path, options);
}

/** How each status is reached, on whatever operation documents it. */
const ways: Readonly<Record<number, (route: Route) => Promise<Answer>>> = {
  200: (route) => asked(route, { method: route.method }),
  304: (route) => asked(route, { method: route.method, headers: { 'If-None-Match': '*' } }),
  400: (route) => asked(route, { method: route.method, headers: { 'Content-Length': '1' }, body: 'x' }),
  async 401({ method, path }) {
    const rules = { issuer: 'https://issuer.example', audience: 'a', jwksUri: undefined };
    const auth = { ...rules, collectionsClaim: 'collections' };
    const { url } = await startService({ config: { auth } });
    return call(url, path, { method });
  },
  403: (route) => askedWith(exception('AccessDeniedException'), route),
  404: (route) => askedWith(exception('ResourceNotFoundException'), route),
  405: (route) => asked(route, { method: 'DELETE' }),
  406: (route) => asked(route, { method: route.method, headers: { Accept: 'text/html' } }),
  408: (route) => askedRaw('X-Unfinished: ', route),
  429: (route) => askedWith(exception('ThrottlingException'), route),
  431: (route) => askedRaw(`X-Long: ${'x'.repeat(20_000)}\r\n\r\n`, route),
  async 500({ method, path }) {
    const client = { send: () => Promise.reject(new TypeError('a bug')) };
    const { url } = await startService({ client });
    return call(url, path, { method });
  },
  502: (route) => askedWith(exception('InternalServerError', 500), route),
  async 503({ method, path }) {
    const { url, lifecycle } = await startService();
    lifecycle.drain();
    return call(url, path, { method });
  },
  504: (route) => askedWith('hang', route),
};

describe('Every status of the contract', () => {
  test.each(documented())('$operationId answers $method with $status as it is described', async (row) => {
    const way = ways[row.status];
    const route = { ...row, path: row.path.replace('{collectionId}', 'team').replace('{userId}', 'alice') };
    expect((await way?.(route))?.status).toBe(row.status);
  });

  test('is reached by one of the ways of this table, and no way is without a status', () => {
    const statuses = new Set(documented().map(({ status }) => String(status)));
    expect(Object.keys(ways)).toEqual([...statuses].sort());
  });
});

describe('A request with a body', () => {
  test.each(['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS'])(
    'is refused with 400, sent with %s',
    async (method) => {
      const { url } = await startService();
      const answer = await call(url, '/livez', { method, headers: { 'Content-Length': '2' }, body: '{}' });
      expect(answer).toMatchObject({ status: 400, headers: { connection: 'close' } });
    },
  );

  test('closes the connection, and what is pipelined behind it is not carried out', async () => {
    const service = await startService();
    const second = 'GET /collections/team/users HTTP/1.1\r\nHost: a\r\n\r\n';
    const raw = await exchange(
      service.url,
      `POST /collections/team/users HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}${second}`,
    );
    expect(readRaw('POST', '/collections/team/users', raw)).toMatchObject({
      status: 400,
      json: { code: 'MALFORMED_REQUEST', retryable: false },
    });
    expect(raw.match(/HTTP\/1\.1/g)).toHaveLength(1);
    expect(service.calls).toHaveLength(0);
  });

  test('of no bytes is none: Content-Length 0 is answered', async () => {
    const { url } = await startService();
    expect((await call(url, '/livez', { headers: { 'Content-Length': '0' } })).status).toBe(200);
  });

  test('of chunks is refused too', async () => {
    const { url } = await startService();
    const raw = await exchange(
      url,
      'GET /livez HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    );
    expect(readRaw('GET', '/livez', raw)).toMatchObject({ status: 400, json: { code: 'MALFORMED_REQUEST' } });
  });
});

describe('A route', () => {
  test.each([
    '/collections/',
    '/collections/team/',
    '/collections/team/users/',
    '/collections/team/Users',
    '/Collections/team/users',
    '/collections//users',
    '/collections/team/users/alice/',
    '/livez/',
    '/LIVEZ',
    '/nothing?nextToken=secret',
  ])('that does not exist, %s, is 404', async (path) => {
    const { url } = await startService();
    const { status, json } = await call(url, path);
    expect({ status, json }).toMatchObject({
      status: 404,
      json: { code: 'ROUTE_NOT_FOUND', retryable: false, instance: path.replace(/\?.*/, '') },
    });
  });

  test.each(['POST', 'PUT', 'PATCH', 'DELETE', 'TRACE', 'PROPFIND'])(
    'refuses %s with 405 and Allow',
    async (method) => {
      const { url } = await startService();
      expect(await call(url, '/collections/team/users', { method })).toMatchObject({
        status: 405,
        headers: { allow: 'GET, HEAD, OPTIONS' },
        json: { code: 'METHOD_NOT_ALLOWED' },
      });
    },
  );

  test('answers OPTIONS with 204 and Allow', async () => {
    const { url } = await startService();
    const answer = await call(url, '/collections/team/users', { method: 'OPTIONS' });
    expect(answer).toMatchObject({ status: 204, text: '', headers: { allow: 'GET, HEAD, OPTIONS' } });
  });

  test.each([
    '/collections/%ZZ/users',
    '/collections/%E0%A4/users',
    '/collections/team/users?nextToken=%',
    '/%ff',
  ])('with bad percent-encoding, %s, is 400 and closes the connection', async (path) => {
    const { url } = await startService();
    expect(await call(url, path)).toMatchObject({
      status: 400,
      headers: { connection: 'close' },
      json: { code: 'MALFORMED_REQUEST' },
    });
  });
});

describe('X-Request-Id', () => {
  test.each(['a', 'A-1_b.c', 'x'.repeat(128)])('%s comes back', async (id) => {
    const { url } = await startService();
    expect((await call(url, '/livez', { headers: { 'X-Request-Id': id } })).headers['x-request-id']).toBe(id);
  });

  test.each([['x'.repeat(129)], ['a b'], ['<script>'], ['a,b'], ['']])('%s is replaced', async (id) => {
    const { url } = await startService();
    const { headers } = await call(url, '/livez', { headers: { 'X-Request-Id': id } });
    expect(headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
  });
});

describe('A caller’s own limit', () => {
  const limited = (): Promise<Service> =>
    startService({
      script: { always: pageOf(['alice']) },
      config: { rateLimit: { max: 2, windowMs: 1000 } },
    });
  const path = '/collections/team/users';

  test('refuses the request above it with 429, costs nothing upstream, and Retry-After tells the truth', async () => {
    const { url, calls } = await limited();
    await call(url, path);
    await call(url, path);
    const refused = await call(url, path);
    expect(refused).toMatchObject({ status: 429, json: { code: 'RATE_LIMITED', retryable: true } });
    expect(calls).toHaveLength(2);
    await new Promise((resolve) => setTimeout(resolve, Number(refused.headers['retry-after']) * 1000));
    expect((await call(url, path)).status).toBe(200);
  });

  test('tells on every answer what is left', async () => {
    const { url } = await limited();
    const { headers } = await call(url, path);
    expect(headers['ratelimit']).toMatch(/^"caller"; r=1; t=\d+$/);
    expect(headers['ratelimit-policy']).toMatch(/^"caller"; q=2; w=1$/);
  });

  test('does not count health, contract and preflight', async () => {
    const { url } = await limited();
    for (const free of ['/livez', '/readyz', '/openapi.yaml', '/openapi.json']) await call(url, free);
    await call(url, path, { method: 'OPTIONS' });
    expect((await call(url, path)).headers['ratelimit']).toContain('r=1;');
  });

  test('comes before method and route', async () => {
    const { url } = await limited();
    await call(url, path);
    await call(url, path);
    expect((await call(url, path, { method: 'POST' })).status).toBe(429);
    expect((await call(url, '/nothing')).status).toBe(429);
  });
});

describe('A stopping service', () => {
  test('is not ready, and still answers with Connection: close', async () => {
    const { url, lifecycle } = await startService({ script: [pageOf(['alice'])] });
    lifecycle.stopAccepting();
    expect((await call(url, '/readyz')).json).toMatchObject({ code: 'SHUTTING_DOWN', retryable: true });
    expect(await call(url, '/collections/team/users')).toMatchObject({
      status: 200,
      headers: { connection: 'close' },
    });
  });
});
