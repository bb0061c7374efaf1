import { setTimeout as sleep } from 'node:timers/promises';

import { afterEach, describe, expect, test } from '@jest/globals';

import { startEmbeddedRekognition } from '../../src/embedded/start.ts';
import { call } from '../support/contract.ts';
import { startIssuer } from '../support/issuer.ts';
import { describedAs, exception, pageOf, type Script, type Step } from '../support/scripted-rekognition.ts';
import { startService, stopServices, until, type Service, type ServiceOptions } from '../support/service.ts';
import { started } from '../support/started.ts';

const embedded = started(() => startEmbeddedRekognition({ tps: 0 }));
const issuer = started(startIssuer);

afterEach(stopServices);

type PageStep = (page: number) => Step;

/** A listing of pages of one user each, `user-1` on page 1; `instead` may answer otherwise. */
function listing(pages: number, instead: (page: number) => Step | undefined = () => undefined): Script {
  const ListUsers: PageStep = (page) =>
    instead(page) ?? pageOf([`user-${page}`], page < pages ? `page-${page + 1}` : undefined);
  const pageOfInput = ({ NextToken }: Readonly<Record<string, unknown>>): number =>
    Number(((NextToken ?? 'page-1') as string).replace('page-', ''));
  return {
    operations: {
      ListUsers: (input) => ListUsers(pageOfInput(input)),
      DescribeCollection: () => describedAs(pages),
    },
  };
}

const serve = (script: Script, options: ServiceOptions = {}): Promise<Service> =>
  startService({ script, ...options });

const pathOf = (userId: string): string => `/collections/team/users/${userId}`;

/** The pages that were asked for. */
const pagesOf = ({ calls }: Service): unknown[] =>
  calls
    .filter(({ operation }) => operation === 'ListUsers')
    .map(({ input }) => input['NextToken'] ?? 'page-1');

describe('GET /collections/{collectionId}/users/{userId}', () => {
  test.each([
    [1, ['page-1']],
    [2, ['page-1', 'page-2']],
    [4, ['page-1', 'page-2', 'page-3', 'page-4']],
  ])('finds a user on page %i, and reads no further', async (page, pages) => {
    const service = await serve(listing(5));
    const { status, json, headers } = await call(service.url, pathOf(`user-${page}`));
    expect({ status, json }).toEqual({
      status: 200,
      json: { userId: `user-${page}`, userStatus: 'ACTIVE' },
    });
    expect(headers['age']).toBe('0');
    expect(pagesOf(service)).toEqual(pages);
    expect(service.calls[0]?.input).toEqual({ CollectionId: 'team', MaxResults: 500 });
  });

  test('goes on behind an empty page', async () => {
    const { url } = await serve(listing(3, (page) => (page === 2 ? pageOf([], 'page-3') : undefined)));
    expect((await call(url, pathOf('user-3'))).status).toBe(200);
  });

  test('answers 404 only when the whole collection has been read', async () => {
    const service = await serve(listing(3));
    expect(await call(service.url, pathOf('nobody'))).toMatchObject({
      status: 404,
      headers: { age: '0' },
      json: { code: 'USER_NOT_FOUND', retryable: false },
    });
    expect(pagesOf(service)).toEqual(['page-1', 'page-2', 'page-3']);
  });

  test.each(['employee:10001', 'badge-100002', 'nobody'])(
    'answers for %s as the listing does',
    async (id) => {
      const { url } = await startService({ endpoint: embedded() });
      const lines = (await call(url, '/collections/example-campus/users.ndjson')).text.split('\n');
      const listed = lines.find((line) => line.startsWith(`{"userId":"${id}",`));
      const { status, text } = await call(url, `/collections/example-campus/users/${id}`);
      expect({ status, text }).toMatchObject(listed ? { status: 200, text: listed } : { status: 404 });
    },
  );

  test('compares ids exactly: case counts, and a prefix is another user', async () => {
    const { url } = await serve(listing(2));
    for (const id of ['USER-1', 'user-', 'user-1.']) expect((await call(url, pathOf(id))).status).toBe(404);
  });

  test('decodes the id once', async () => {
    const { url } = await serve({ operations: { ListUsers: () => pageOf(['employee:7']) } });
    expect((await call(url, pathOf('employee%3A7'))).json).toMatchObject({ userId: 'employee:7' });
    expect((await call(url, pathOf('employee%253A7'))).status).toBe(400);
  });

  test('answers 304 while the user is the same, with its age', async () => {
    const { url } = await serve(listing(2));
    const { headers } = await call(url, pathOf('user-2'));
    const known = { headers: { 'If-None-Match': String(headers['etag']) } };
    expect(await call(url, pathOf('user-2'), known)).toMatchObject({
      status: 304,
      text: '',
      headers: { age: '0' },
    });
    expect((await call(url, pathOf('user-1'), known)).status).toBe(200);
  });

  test('HEAD costs the same and has no body', async () => {
    const service = await serve(listing(2));
    expect(await call(service.url, pathOf('user-2'), { method: 'HEAD' })).toMatchObject({
      status: 200,
      text: '',
    });
    expect(pagesOf(service)).toHaveLength(2);
  });
});

describe('A lookup that Rekognition fails', () => {
  test.each([
    ['ResourceNotFoundException', 404, 'COLLECTION_NOT_FOUND'],
    ['AccessDeniedException', 403, 'UPSTREAM_ACCESS_DENIED'],
    ['ThrottlingException', 429, 'UPSTREAM_THROTTLED'],
    ['InternalServerError', 502, 'UPSTREAM_ERROR'],
    ['ExpiredTokenException', 502, 'UPSTREAM_UNAUTHENTICATED'],
  ])('with %s, on the first page or a later one, is %i %s', async (name, status, code) => {
    for (const failing of [1, 2]) {
      const { url } = await serve(listing(3, (page) => (page === failing ? exception(name) : undefined)));
      expect(await call(url, pathOf('user-3'))).toMatchObject({ status, json: { code } });
      await stopServices();
    }
  });

  test.each([1, 2])(
    'since a page token is refused at page %i is UPSTREAM_ERROR: the caller has sent none',
    async (failing) => {
      const { url } = await serve(
        listing(3, (page) => (page === failing ? exception('InvalidPaginationTokenException') : undefined)),
      );
      expect(await call(url, pathOf('user-3'))).toMatchObject({
        status: 502,
        json: { code: 'UPSTREAM_ERROR', retryable: true },
      });
    },
  );

  test.each(['page-2', 'page-7'])(
    'by a page token that repeats is UPSTREAM_ERROR, not an endless scan',
    async (token) => {
      const { url } = await serve(listing(1, () => pageOf(['alice'], token)));
      expect(await call(url, pathOf('nobody'))).toMatchObject({
        status: 502,
        json: { code: 'UPSTREAM_ERROR' },
      });
    },
  );

  test('on a page behind the user is none of its concern', async () => {
    const { url } = await serve(listing(3, (page) => (page === 2 ? 'reset' : undefined)));
    expect((await call(url, pathOf('user-1'))).status).toBe(200);
  });
});

describe('A lookup that the deadline cuts', () => {
  // Two permits at once, and the next one after two seconds: a third page comes too late.
  const config = { upstream: { tps: 0.5, burst: 2, deadlineMs: 1500, lookupTtlMs: 60_000 } };

  /** A collection of so many full pages, as Rekognition counts it. */
  const ofPages = (pages: number): Script => ({
    operations: {
      ...(listing(pages) as { operations: object }).operations,
      DescribeCollection: () => describedAs(pages * 500),
    },
  });

  test('is LOOKUP_INCOMPLETE, with a whole Retry-After made from what is left and the rate', async () => {
    const service = await serve(listing(3), { config });
    const { status, json, headers } = await call(service.url, pathOf('user-3'));
    expect({ status, json }).toMatchObject({
      status: 503,
      json: { code: 'LOOKUP_INCOMPLETE', retryable: true, retryAfter: Number(headers['retry-after']) },
    });
    expect(headers['retry-after']).toMatch(/^[1-9]\d*$/);
    expect(pagesOf(service)).toEqual(['page-1', 'page-2']);
  });

  test('tells a longer wait where more is left', async () => {
    const waits: number[] = [];
    for (const pages of [4, 40]) {
      const { url } = await serve(ofPages(pages), { config });
      waits.push(Number((await call(url, pathOf('nobody'))).json['retryAfter']));
    }
    expect(waits[1]).toBeGreaterThan(5 * (waits[0] ?? Infinity));
  });

  test('tells a longer wait where pages take the quota: as long as the rest takes at the pace of this lookup', async () => {
    const pages = 40;
    const tps = 20;
    const slow = { upstream: { tps, burst: 1, deadlineMs: 2500, standingWaitMs: 60_000 } };
    const { url } = await serve(ofPages(pages), { config: slow });
    // One permit in ten is left.
    const others = Array.from({ length: 80 }, (_, at) =>
      call(url, `/collections/team/users?maxResults=${at + 1}`),
    );
    const { json } = await call(url, pathOf('nobody'));
    await Promise.all(others);
    expect(json['code']).toBe('LOOKUP_INCOMPLETE');
    expect(json['retryAfter']).toBeGreaterThan(pages / tps);
  });

  test('goes on where it stopped when it is repeated, as Retry-After says', async () => {
    const service = await serve(listing(3), { config });
    const { headers } = await call(service.url, pathOf('user-3'));
    await sleep(Number(headers['retry-after']) * 1000);
    expect((await call(service.url, pathOf('user-3'))).status).toBe(200);
    expect(pagesOf(service)).toEqual(['page-1', 'page-2', 'page-3']);
  });

  test('before its first page is the error that ended it', async () => {
    const { url } = await serve(listing(1), {
      config: { upstream: { tps: 0.1, burst: 1, deadlineMs: 700 } },
    });
    await call(url, '/collections/other/users');
    expect(await call(url, pathOf('user-1'))).toMatchObject({ status: 503, json: { code: 'OVERLOADED' } });
  });
});

describe('Lookups in one collection', () => {
  test('share one scan: many at once cost the calls of one', async () => {
    const service = await serve(listing(5));
    const ids = Array.from({ length: 50 }, (_, index) => `user-${(index % 6) + 1}`);
    const answers = await Promise.all(ids.map((id) => call(service.url, pathOf(id))));
    expect(answers.map(({ status }) => status)).toEqual(ids.map((id) => (id === 'user-6' ? 404 : 200)));
    expect(pagesOf(service)).toEqual(['page-1', 'page-2', 'page-3', 'page-4', 'page-5']);
  });

  test('find their pages cached although the cache of pages is off, with their Age', async () => {
    let shiftMs = 0;
    const service = await serve(listing(3), {
      config: { upstream: { cacheTtlMs: 0, lookupTtlMs: 5000 } },
      now: () => Date.now() + shiftMs,
    });
    await call(service.url, pathOf('user-1'));
    shiftMs = 2500;
    await call(service.url, pathOf('user-2'));
    shiftMs = 4200;
    const ageOf = async (id: string) => (await call(service.url, pathOf(id))).headers['age'];
    expect(await ageOf('user-1')).toBe('4');
    expect(await ageOf('user-2')).toBe('1');
    // Of a user who is not there, the oldest page counts.
    expect(await ageOf('nobody')).toBe('4');
    expect(pagesOf(service)).toEqual(['page-1', 'page-2', 'page-3']);
  });

  test('read a page anew when it is older than LOOKUP_TTL_MS, and never tell a greater age', async () => {
    let shiftMs = 0;
    const service = await serve(listing(4), {
      config: { upstream: { lookupTtlMs: 5000 } },
      now: () => Date.now() + shiftMs,
    });
    for (const stepMs of [0, 1700, 1700, 1900, 4900, 300, 5100]) {
      shiftMs += stepMs;
      const { headers } = await call(service.url, pathOf('nobody'));
      expect(Number(headers['age'])).toBeLessThanOrEqual(5);
    }
    expect(pagesOf(service).filter((page) => page === 'page-1').length).toBeGreaterThan(1);
  });

  test('have no greater age even if the scan itself takes long', async () => {
    let shiftMs = 0;
    // Each page takes three seconds, as the service sees it.
    const service = await serve(
      listing(3, () => {
        shiftMs += 3000;
        return undefined;
      }),
      {
        config: { upstream: { lookupTtlMs: 5000, deadlineMs: 60_000, attemptTimeoutMs: 60_000 } },
        now: () => Date.now() + shiftMs,
      },
    );
    for (let asked = 0; asked < 3; asked += 1)
      expect(Number((await call(service.url, pathOf('nobody'))).headers['age'])).toBeLessThanOrEqual(5);
  });

  test('keep no page for those who list users: theirs is never older than CACHE_TTL_MS', async () => {
    let shiftMs = 0;
    const service = await serve(listing(1), {
      config: { upstream: { cacheTtlMs: 1000, lookupTtlMs: 5000 } },
      now: () => Date.now() + shiftMs,
    });
    await call(service.url, pathOf('user-1'));
    shiftMs = 1500;
    await call(service.url, '/collections/team/users?maxResults=500');
    expect(pagesOf(service)).toHaveLength(2);
    shiftMs = 3000;
    await call(service.url, '/collections/team/users.ndjson');
    expect(pagesOf(service)).toHaveLength(3);
  });

  test('keep what they share with a caller of pages for their own time', async () => {
    let shiftMs = 0;
    const hold = { ...(pageOf(['user-1']) as object), delayMs: 50 };
    const service = await serve(
      listing(1, () => hold),
      {
        config: { upstream: { cacheTtlMs: 1000, lookupTtlMs: 5000 } },
        now: () => Date.now() + shiftMs,
      },
    );
    await Promise.all([
      call(service.url, '/collections/team/users?maxResults=500'),
      call(service.url, pathOf('user-1')),
    ]);
    shiftMs = 3000;
    // Real time passes the shorter of the two as well.
    await sleep(1100);
    expect((await call(service.url, pathOf('user-1'))).headers['age']).toMatch(/^[34]$/);
    expect(pagesOf(service)).toHaveLength(1);
  });

  test('are not disturbed by a caller who leaves', async () => {
    const slow = (page: number): Step => ({
      ...(pageOf([`user-${page}`], page < 3 ? `page-${page + 1}` : undefined) as object),
      delayMs: 60,
    });
    const service = await serve(listing(3, slow));
    const leaving = new AbortController();
    const left = call(service.url, pathOf('user-3'), { signal: leaving.signal }).catch(() => 'left');
    await until(() => service.calls.length > 0);
    const staying = call(service.url, pathOf('user-3'));
    await sleep(20);
    leaving.abort();
    expect(await left).toBe('left');
    expect((await staying).status).toBe(200);
    expect(pagesOf(service)).toEqual(['page-1', 'page-2', 'page-3']);
  });
});

describe('Parameters of a lookup', () => {
  test.each(['%2e', '%2E%2E', 'a%2Fb', 'a%20b', 'a%25', 'x'.repeat(129), '%C3%A9'])(
    'the user id %s is refused, and Rekognition is not asked',
    async (id) => {
      const { url, calls } = await serve(listing(1));
      expect(await call(url, pathOf(id))).toMatchObject({
        status: 400,
        json: { code: 'INVALID_PARAMETER', errors: [{ location: 'path', name: 'userId' }] },
      });
      expect(calls).toHaveLength(0);
    },
  );

  test('every error of the parameters is listed at once', async () => {
    const { url, calls } = await serve(listing(1));
    const { json } = await call(url, '/collections/a%20b/users/c%20d?nextToken=x');
    expect((json['errors'] as { name: string }[]).map(({ name }) => name)).toEqual([
      'collectionId',
      'userId',
      'nextToken',
    ]);
    expect(calls).toHaveLength(0);
  });

  test('an id of the longest length is looked up', async () => {
    const { url } = await serve({ operations: { ListUsers: () => pageOf(['x'.repeat(128)]) } });
    expect((await call(url, pathOf('x'.repeat(128)))).status).toBe(200);
  });
});

describe('A caller of a lookup', () => {
  test('who may not read the collection is refused, and nothing is asked of Rekognition', async () => {
    const { url, calls } = await serve(listing(1), { config: { auth: issuer().rules } });
    const headers = { Authorization: `Bearer ${await issuer().mint({ collections: ['other'] })}` };
    expect(await call(url, pathOf('user-1'), { headers })).toMatchObject({
      status: 403,
      json: { code: 'FORBIDDEN' },
    });
    expect(await call(url, pathOf('a%20b'), { headers })).toMatchObject({ status: 400 });
    expect(await call(url, pathOf('a%20b'))).toMatchObject({ status: 401 });
    expect(calls).toHaveLength(0);
  });
});
