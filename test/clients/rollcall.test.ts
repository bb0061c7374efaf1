import { afterEach, describe, expect, test } from '@jest/globals';

import { createRollcall, isRollcallError, type Rollcall } from '../../clients/typescript/src/rollcall.ts';
import { exampleUsers } from '../../src/embedded/example-users.ts';
import { startEmbeddedRekognition } from '../../src/embedded/start.ts';
import { collectionsOf, exception, pageOf } from '../support/scripted-rekognition.ts';
import { startService, stopServices } from '../support/service.ts';
import { started } from '../support/started.ts';
import { json, problem, startScriptedService } from './scripted-service.ts';

const endpoint = started(() => startEmbeddedRekognition({ tps: 0 }));

afterEach(stopServices);

/** The client of a service over the embedded Rekognition. */
async function start(): Promise<Rollcall> {
  const { url } = await startService({ endpoint: endpoint() });
  return createRollcall({ baseUrl: url, retry: { maxAttempts: 1 } });
}

async function outcome(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => 'no error',
    (error: unknown) => error,
  );
}

describe('listUsers', () => {
  test('answers a page, and the next one by its token', async () => {
    const rollcall = await start();
    const first = await rollcall.listUsers('example-team', { maxResults: 5 });
    const second = await rollcall.listUsers('example-team', { maxResults: 5, nextToken: first.nextToken });
    expect(first.users).toHaveLength(5);
    expect(second.users).toHaveLength(3);
    expect(second.nextToken).toBeUndefined();
    expect(new Set([...first.users, ...second.users].map(({ userId }) => userId)).size).toBe(8);
  });

  test('gives back the users at hand where they have not changed', async () => {
    const rollcall = await start();
    const first = await rollcall.listUsers('example-team', { maxResults: 5 });
    const again = await rollcall.listUsers('example-team', { maxResults: 5, previous: first });
    expect(again.users).toBe(first.users);
    expect(again.requestId).not.toBe(first.requestId);
    const rest = await rollcall.listUsers('example-team', { nextToken: again.nextToken });
    expect(rest.users).toHaveLength(3);
  });

  test('gives new users where they have changed', async () => {
    const { url } = await startService({ script: [pageOf(['alice']), pageOf(['alice', 'bob'])] });
    const rollcall = createRollcall({ baseUrl: url });
    const first = await rollcall.listUsers('team');
    const again = await rollcall.listUsers('team', { previous: first });
    expect(again.users.map(({ userId }) => userId)).toEqual(['alice', 'bob']);
  });

  test.each(['', '.', '..'])('refuses %j, which no URL can carry', async (id) => {
    const rollcall = await start();
    expect(await outcome(rollcall.listUsers(id))).toMatchObject({
      code: 'INVALID_PARAMETER',
      errors: [{ location: 'path', name: 'collectionId' }],
    });
  });

  test('says which parameters are wrong', async () => {
    const rollcall = await start();
    const error = await outcome(rollcall.listUsers('example-team', { maxResults: 0 }));
    if (!isRollcallError(error) || error.code !== 'INVALID_PARAMETER') throw error;
    expect(error.errors.map(({ name }) => name)).toEqual(['maxResults']);
    expect(error).toMatchObject({ status: 400, retryable: false, requestId: expect.any(String) });
  });
});

describe('listAllUsers', () => {
  test('finds every user of a collection once', async () => {
    const rollcall = await start();
    const found: string[] = [];
    for await (const { userId } of rollcall.listAllUsers('example-campus')) found.push(userId);
    const ids = exampleUsers(5000).map(({ id }) => id);
    expect(found.toSorted()).toEqual(ids.toSorted());
  });
});

describe('listCollections', () => {
  test('answers a page, and the next one by its token', async () => {
    const rollcall = await start();
    const first = await rollcall.listCollections({ maxResults: 3 });
    const second = await rollcall.listCollections({ maxResults: 3, nextToken: first.nextToken });
    expect(first.collections[0]).toEqual({ collectionId: 'example-team', faceModelVersion: '7.0' });
    expect([first.collections.length, second.collections.length, second.nextToken]).toEqual([
      3,
      1,
      undefined,
    ]);
  });

  test('gives back the collections at hand where they have not changed', async () => {
    const rollcall = await start();
    const first = await rollcall.listCollections();
    const again = await rollcall.listCollections({ previous: first });
    expect(again.collections).toBe(first.collections);
    expect(again.requestId).not.toBe(first.requestId);
  });

  test('throws what is wrong with its options', async () => {
    const rollcall = await start();
    const { nextToken } = await rollcall.listUsers('example-team', { maxResults: 1 });
    expect(await outcome(rollcall.listCollections({ nextToken }))).toMatchObject({
      code: 'INVALID_PAGE_TOKEN',
    });
    expect(await outcome(rollcall.listCollections({ maxResults: 1001 }))).toMatchObject({
      code: 'INVALID_PARAMETER',
      errors: [{ location: 'query', name: 'maxResults' }],
    });
  });
});

describe('listAllCollections', () => {
  test('finds every collection once, and goes on behind a page that is short or empty', async () => {
    const steps = [collectionsOf(['a'], 'two'), collectionsOf([], 'three'), collectionsOf(['b', 'c'])];
    const inputs: unknown[] = [];
    const script = {
      operations: {
        ListCollections: (input: unknown) => {
          inputs.push(input);
          return steps[inputs.length - 1] ?? 'reset';
        },
      },
    };
    const { url } = await startService({ script });
    const found: string[] = [];
    for await (const { collectionId } of createRollcall({ baseUrl: url }).listAllCollections())
      found.push(collectionId);
    expect(found).toEqual(['a', 'b', 'c']);
    expect(inputs).toEqual([
      { MaxResults: 1000 },
      { MaxResults: 1000, NextToken: 'two' },
      { MaxResults: 1000, NextToken: 'three' },
    ]);
  });

  test('throws what failed a later page, behind the collections before it', async () => {
    const script = [collectionsOf(['a'], 'two'), exception('AccessDeniedException')];
    const { url } = await startService({ script });
    const collections = createRollcall({ baseUrl: url }).listAllCollections();
    expect(await collections.next()).toMatchObject({ value: { collectionId: 'a' } });
    expect(await outcome(collections.next())).toMatchObject({ code: 'UPSTREAM_ACCESS_DENIED', status: 403 });
  });
});

describe('getCollection', () => {
  test('says how much a collection holds', async () => {
    const rollcall = await start();
    expect(await rollcall.getCollection('example-campus')).toEqual({
      collectionId: 'example-campus',
      userCount: 5000,
      faceCount: 0,
      faceModelVersion: '7.0',
      creationTimestamp: expect.stringMatching(/Z$/),
    });
    expect(await outcome(rollcall.getCollection('nope'))).toMatchObject({ code: 'COLLECTION_NOT_FOUND' });
  });
});

describe('getUser', () => {
  test('finds a user on whatever page, and says of another that there is none', async () => {
    const rollcall = await start();
    const [first, last] = [exampleUsers(5000)[0]?.id ?? '', exampleUsers(5000).at(-1)?.id ?? ''];
    for (const userId of [first, last])
      expect(await rollcall.getUser('example-campus', userId)).toMatchObject({ userId });
    expect(await outcome(rollcall.getUser('example-team', 'nobody'))).toMatchObject({
      code: 'USER_NOT_FOUND',
      status: 404,
      retryable: false,
    });
  });

  test('asks again where a lookup was not finished', async () => {
    const service = await startScriptedService(
      json(503, problem('LOOKUP_INCOMPLETE', true), { 'Retry-After': '0' }),
      json(200, { userId: 'alice', userStatus: 'ACTIVE' }),
    );
    const rollcall = createRollcall({ baseUrl: service.url, retry: { maxDelayMs: 1 } });
    expect(await rollcall.getUser('team', 'alice')).toEqual({ userId: 'alice', userStatus: 'ACTIVE' });
    await service.stop();
  });

  test('says how long to wait where a lookup was not finished, and does not wait for longer than it may', async () => {
    const service = await startService({
      script: { answer: ({ NextToken }) => pageOf(['alice'], String(Number(NextToken ?? 0) + 1)) },
      config: { upstream: { tps: 0.5, burst: 2, deadlineMs: 1500 } },
    });
    const rollcall = createRollcall({ baseUrl: service.url, retry: { maxDelayMs: 999 } });
    expect(await outcome(rollcall.getUser('team', 'nobody'))).toMatchObject({
      code: 'LOOKUP_INCOMPLETE',
      status: 503,
      retryable: true,
      retryAfter: expect.any(Number),
    });
    expect(service.logs.filter(({ msg }) => msg === 'request')).toHaveLength(1);
  });

  test('ends with the reason of its signal', async () => {
    const { url } = await startService({ script: { always: 'hang' } });
    const signal = AbortSignal.timeout(50);
    const rollcall = createRollcall({ baseUrl: url });
    const error = await outcome(rollcall.getUser('team', 'alice', { signal }));
    expect(error).toBe(signal.reason);
  });

  test('says that there is no such collection, and asks for an id with a slash as for any other', async () => {
    const rollcall = await start();
    expect(await outcome(rollcall.getUser('nope', 'alice'))).toMatchObject({ code: 'COLLECTION_NOT_FOUND' });
    expect(await outcome(rollcall.getUser('example-team', 'a/b'))).toMatchObject({
      code: 'INVALID_PARAMETER',
      errors: [{ location: 'path', name: 'userId' }],
    });
  });

  test.each([
    ['', 'alice', 'collectionId'],
    ['team', '..', 'userId'],
    ['team', 'half an emoji \ud83d', 'userId'],
  ])('refuses %j and %j, which no URL can carry', async (collectionId, userId, name) => {
    const rollcall = await start();
    expect(await outcome(rollcall.getUser(collectionId, userId))).toMatchObject({
      code: 'INVALID_PARAMETER',
      errors: [{ location: 'path', name }],
    });
  });

  test.each([{}, null, [], { userId: 7 }, { users: [] }])(
    'takes %j for no answer of the service',
    async (body) => {
      const service = await startScriptedService(json(200, body));
      const rollcall = createRollcall({ baseUrl: service.url, retry: { maxAttempts: 1 } });
      expect(await outcome(rollcall.getUser('team', 'alice'))).toMatchObject({ code: 'UNREADABLE_RESPONSE' });
      await service.stop();
    },
  );
});

describe('createRollcall', () => {
  test.each([
    '',
    '/api',
    'rollcall.example.com',
    'localhost:8080',
    'ftp://rollcall.example.com',
    'https://user:secret@rollcall.example.com',
    'https://rollcall.example.com?x=1',
    'https://',
  ])('throws at once where baseUrl is %j', (baseUrl) => {
    expect(() => createRollcall({ baseUrl })).toThrow(TypeError);
  });

  test.each([{ token: 'a\nb' }, { headers: { 'a b': 'c' } }])(
    'a header that can not be sent is an error at once: %j',
    async ({ token, headers }) => {
      const fetch = () => Promise.reject(new Error('nothing must be sent'));
      const rollcall = createRollcall({ baseUrl: 'http://127.0.0.1:9', token, fetch });
      expect(await outcome(rollcall.listUsers('team', { headers }))).toMatchObject({ name: 'TypeError' });
    },
  );
});

describe('Each call', () => {
  test('sends its headers, and shows each answer before it is read', async () => {
    const { url } = await startService({ script: [pageOf(['alice'])] });
    const seen: string[] = [];
    const rollcall = createRollcall({ baseUrl: url });
    const options = {
      headers: { 'X-Request-Id': 'r-42' },
      onResponse: ({ status, headers }: Response) => seen.push(`${status} ${headers.get('x-request-id')}`),
    };
    await rollcall.listUsers('team', options);
    await outcome(rollcall.listUsers('team', { ...options, maxResults: 0 }));
    const stream = rollcall.streamUsers('team', { ...options, nextToken: 'x' });
    await outcome(stream[Symbol.asyncIterator]().next());
    expect(seen).toEqual(['200 r-42', '400 r-42', '400 r-42']);
  });
});
