import { ListUsersCommand } from '@aws-sdk/client-rekognition';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';

import { afterEach, describe, expect, test } from '@jest/globals';

import { call, exchange, readRaw } from '../support/contract.ts';
import { describedAs, exception, pageOf, type Script, type Step } from '../support/scripted-rekognition.ts';
import type { Client } from '../../src/rekognition/client.ts';
import { startService, stopServices, until, type Service } from '../support/service.ts';
import { openStream, readRest, readStream } from '../support/stream.ts';

afterEach(stopServices);

const path = '/collections/team/users.ndjson';

/** Pages without an end, of the largest users there are: far more than the kernel takes for a reader who stops. */
function endless(delayMs = 0): Script {
  return {
    answer({ NextToken }) {
      const number = Number(NextToken ?? 0);
      const ids = Array.from({ length: 500 }, (_, index) => `${number}-${index}-`.padEnd(128, 'x'));
      return { ...(pageOf(ids, String(number + 1)) as object), delayMs };
    },
  };
}

/** A page that the kernel does not take whole for a reader who stops. */
const heavyPage = (nextToken = 'heavy') =>
  pageOf(
    Array.from({ length: 500 }, (_, index) => `${index}-`.padEnd(6_400, 'x')),
    nextToken,
  );

/** Waits until no further call has come for a while. */
async function quiet({ calls }: Service): Promise<number> {
  for (let before = -1; before !== calls.length;) {
    before = calls.length;
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
  return calls.length;
}

const inputs = ({ calls }: Service) => calls.map(({ input }) => input);

describe('GET /collections/{collectionId}/users.ndjson', () => {
  test('answers every user of every page, one a line, and ends cleanly', async () => {
    const service = await startService({
      script: [pageOf(['alice', 'bob'], 't1'), pageOf(['cem'], 't2'), pageOf(['dee'])],
    });
    const { headers, text } = await call(service.url, path);
    expect(headers).toMatchObject({
      'content-type': 'application/x-ndjson',
      'cache-control': 'private, no-store',
      vary: 'Origin, Authorization',
      'transfer-encoding': 'chunked',
    });
    expect(text).toBe(
      ['alice', 'bob', 'cem', 'dee'].map((id) => `{"userId":"${id}","userStatus":"ACTIVE"}\n`).join(''),
    );
    expect(inputs(service)).toEqual([
      { CollectionId: 'team', MaxResults: 500 },
      { CollectionId: 'team', MaxResults: 500, NextToken: 't1' },
      { CollectionId: 'team', MaxResults: 500, NextToken: 't2' },
    ]);
  });

  test('answers nothing for a collection without users', async () => {
    const { url } = await startService({ script: [pageOf([])] });
    expect(await call(url, path)).toMatchObject({ status: 200, text: '' });
  });

  test('goes on after short and empty pages, the first one too', async () => {
    const script = [pageOf([], 't1'), pageOf(['alice'], 't2'), pageOf([], 't3'), pageOf([])];
    const { url } = await startService({ script });
    expect(await readStream(url, path)).toMatchObject({ userIds: ['alice'], complete: true });
  });

  test('tells no user from what looks like the end of one in a status', async () => {
    const UserStatus = '},{"userId":"x"}\n\\';
    const users = ['alice', 'bob'].map((UserId) => ({ UserId, UserStatus }));
    const { url } = await startService({ script: [{ body: { Users: users } }] });
    const { text } = await call(url, path);
    expect(text.trimEnd().split('\n')).toHaveLength(2);
    for (const line of text.trimEnd().split('\n')) expect(JSON.parse(line).userStatus).toBe(UserStatus);
  });

  test('sends its status with the first page, before the second one is there', async () => {
    const { url, calls } = await startService({ script: [pageOf(['alice'], 't1'), 'hang'] });
    const res = await openStream(url, path);
    const [chunk] = (await once(res, 'data')) as [Buffer];
    expect(chunk.toString()).toContain('alice');
    await until(() => calls.length === 2);
    res.destroy();
  });

  test('does not take maxResults, and says so without asking Rekognition', async () => {
    const { url } = await startService();
    expect(await call(url, `${path}?maxResults=5`)).toMatchObject({
      status: 400,
      json: { code: 'INVALID_PARAMETER', errors: [{ location: 'query', name: 'maxResults' }] },
    });
  });

  test.each([
    ['an empty', ''],
    ['a forged', 'x'],
    ['an over-long', 'x'.repeat(1025)],
  ])('refuses %s nextToken without asking Rekognition', async (_, token) => {
    const { url } = await startService();
    expect(await call(url, `${path}?nextToken=${token}`)).toMatchObject({
      status: 400,
      json: { code: 'INVALID_PAGE_TOKEN' },
    });
  });

  test('over HTTP/1.0 is refused, where nobody could tell half a collection from a whole one', async () => {
    const { url } = await startService();
    const raw = await exchange(url, `GET ${path} HTTP/1.0\r\n\r\n`);
    expect(readRaw('GET', path, raw)).toMatchObject({ status: 400, json: { code: 'MALFORMED_REQUEST' } });
  });

  test('whose first page fails is a plain problem', async () => {
    const { url } = await startService({ script: [exception('ResourceNotFoundException')] });
    expect(await call(url, path)).toMatchObject({
      status: 404,
      headers: { 'content-type': 'application/problem+json' },
      json: { code: 'COLLECTION_NOT_FOUND' },
    });
  });
});

test.each(['application/json', 'text/*', 'text/html', 'application/x-ndjson;q=0'])(
  'A stream is NDJSON for Accept: %s',
  async (accept) => {
    const { url } = await startService({ script: [pageOf(['alice'])] });
    expect(await call(url, path, { headers: { Accept: accept } })).toMatchObject({
      status: 200,
      headers: { 'content-type': 'application/x-ndjson' },
      text: '{"userId":"alice","userStatus":"ACTIVE"}\n',
    });
  },
);

describe('HEAD of a stream', () => {
  test('costs the first page, has no body, and gives its place back', async () => {
    const { url, calls } = await startService({
      script: { always: pageOf(['alice'], 't1') },
      config: { stream: { concurrency: 1 } },
    });
    for (let round = 1; round <= 2; round += 1) {
      const answer = await call(url, path, { method: 'HEAD' });
      expect(answer).toMatchObject({
        status: 200,
        text: '',
        headers: { 'content-type': 'application/x-ndjson' },
      });
      expect(calls).toHaveLength(round);
    }
  });
});

describe('X-Total-Users', () => {
  test('tells how many users the collection has, and browsers may read it', async () => {
    const slowPage = { ...(pageOf(['alice']) as object), delayMs: 200 };
    const { url } = await startService({
      script: [slowPage],
      count: describedAs(5000),
      config: { http: { corsOrigins: ['https://app.example.com'] } },
    });
    const { headers } = await call(url, path, { headers: { Origin: 'https://app.example.com' } });
    expect(headers['x-total-users']).toBe('5000');
    expect(headers['access-control-expose-headers']?.split(',')).toEqual(
      expect.arrayContaining(['X-Total-Users', 'Retry-After', 'X-Request-Id']),
    );
  });

  test.each<[string, Step]>([
    ['not allowed', exception('AccessDeniedException')],
    ['mistyped', { body: { UserCount: 'many' } }],
    ['negative', { body: { UserCount: -1 } }],
    ['damaged', { body: '<html>' }],
    ['reset', 'reset'],
  ])('is missing where it is %s, and the stream is whole', async (_, count) => {
    const slowPage = { ...(pageOf(['alice']) as object), delayMs: 200 };
    const { url } = await startService({ script: [slowPage], count });
    const { headers, userIds, complete } = await readStream(url, path);
    expect([headers['x-total-users'], userIds, complete]).toEqual([undefined, ['alice'], true]);
  });

  test('is not waited for', async () => {
    const { url } = await startService({ script: [pageOf(['alice'])], count: 'hang' });
    const { headers, complete } = await readStream(url, path);
    expect([headers['x-total-users'], complete]).toEqual([undefined, true]);
  });
});

describe('A stream whose later page fails for good', () => {
  test('ends with the problem and its nextToken as its last line, and incomplete', async () => {
    const service = await startService({
      script: [pageOf(['alice'], 't1'), pageOf(['bob'], 't2'), exception('AccessDeniedException')],
    });
    const { userIds, problem, complete, headers } = await readStream(service.url, path);
    expect([userIds, complete]).toEqual([['alice', 'bob'], false]);
    expect(problem).toMatchObject({
      status: 403,
      code: 'UPSTREAM_ACCESS_DENIED',
      instance: path,
      requestId: headers['x-request-id'],
      nextToken: expect.any(String),
    });
    expect(await service.logLine()).toMatchObject({
      level: 'error',
      status: 200,
      code: 'UPSTREAM_ACCESS_DENIED',
      stream: { pages: 2, users: 2, end: 'failed' },
      aborted: true,
    });
  });

  test.each(['users.ndjson', 'users'])('goes on from its nextToken, at %s', async (route) => {
    const service = await startService({
      script: [pageOf(['alice'], 't1'), exception('AccessDeniedException'), pageOf(['bob'])],
    });
    const { problem } = await readStream(service.url, path);
    const { text } = await call(
      service.url,
      `/collections/team/${route}?nextToken=${String(problem?.['nextToken'])}`,
    );
    expect(text).toContain('{"userId":"bob","userStatus":"ACTIVE"}');
    expect(inputs(service).at(-1)).toMatchObject({ NextToken: 't1' });
  });

  test('goes on from a nextToken of a page', async () => {
    const service = await startService({ script: [pageOf(['alice'], 't1'), pageOf(['bob'])] });
    const { json } = await call(service.url, '/collections/team/users');
    const { userIds } = await readStream(service.url, `${path}?nextToken=${String(json['nextToken'])}`);
    expect(userIds).toEqual(['bob']);
  });

  test('retries as a page does before it gives up', async () => {
    const failing = exception('InternalServerError', 500);
    const script = [
      pageOf(['alice'], 't1'),
      failing,
      failing,
      pageOf(['bob'], 't2'),
      failing,
      failing,
      pageOf(['cem']),
    ];
    const { url } = await startService({ script });
    expect(await readStream(url, path)).toMatchObject({ userIds: ['alice', 'bob', 'cem'], complete: true });
  });

  test('of a bug says no more than that', async () => {
    let count = 0;
    const send: Client['send'] = (command) => {
      if (!(command instanceof ListUsersCommand)) return Promise.reject(new Error('not allowed'));
      count += 1;
      if (count > 1) return Promise.reject(new TypeError('a bug'));
      return Promise.resolve({ body: { NextToken: 't1' }, requestId: undefined });
    };
    const service = await startService({ client: { send } });
    const { problem, complete } = await readStream(service.url, path);
    expect(complete).toBe(false);
    expect(problem).toMatchObject({ code: 'INTERNAL_ERROR', nextToken: expect.any(String) });
    expect(JSON.stringify(problem)).not.toContain('a bug');
    expect(await service.logLine()).toMatchObject({ level: 'error', err: { message: 'a bug' } });
  });
});

describe('Who reads a stream', () => {
  const broken = [pageOf(['alice'], 't1'), exception('AccessDeniedException')];
  const whole = [pageOf(['alice'], 't1'), pageOf(['bob'])];
  const curlIsHere = existsSync('/usr/bin/curl');
  if (!curlIsHere) process.stderr.write('Tests with curl are skipped: there is no /usr/bin/curl\n');

  (curlIsHere ? describe : describe.skip)('with curl', () => {
    test.each([
      ['an incomplete one', 18, broken],
      ['a complete one', 0, whole],
    ])('sees %s by its exit code, %i', async (_, exit, script) => {
      const { url } = await startService({ script });
      const ended = await new Promise((resolve) => {
        execFile('/usr/bin/curl', ['-sS', `${url}${path}`], (error, stdout) => {
          resolve({ exit: error?.code ?? 0, lines: stdout.trimEnd().split('\n').length });
        });
      });
      expect(ended).toEqual({ exit, lines: 2 });
    });
  });

  test('with fetch in Node sees an incomplete one by a read that is rejected', async () => {
    const { url } = await startService({ script: broken });
    const response = await fetch(`${url}${path}`);
    expect(response.status).toBe(200);
    await expect(response.text()).rejects.toThrow('terminated');
  });

  test('with fetch in Node reads a complete one to its end', async () => {
    const { url } = await startService({ script: whole });
    const response = await fetch(`${url}${path}`);
    expect((await response.text()).trimEnd().split('\n')).toHaveLength(2);
  });
});

describe('A token that Rekognition repeats', () => {
  test.each([
    ['at once', ['t1', 't1'], ['u0']],
    ['in a cycle of two', ['t1', 't2', 't1'], ['u0', 'u1']],
    ['in a cycle of three', ['t1', 't2', 't3', 't4', 't2'], ['u0', 'u1', 'u2', 'u3']],
  ])('%s ends the stream as an upstream error, and no user is repeated', async (_, tokens, expected) => {
    const script = tokens.map((token, index) => pageOf([`u${index}`], token));
    const { url } = await startService({ script });
    const { userIds, problem, complete } = await readStream(url, path);
    expect([userIds, complete]).toEqual([expected, false]);
    expect(problem).toMatchObject({ status: 502, code: 'UPSTREAM_ERROR', nextToken: expect.any(String) });
  });

  test('on the first page of a resumed stream is a plain 502', async () => {
    const service = await startService({ script: [pageOf(['alice'], 't1'), pageOf(['bob'], 't1')] });
    const { json } = await call(service.url, '/collections/team/users');
    const resumed = await call(service.url, `${path}?nextToken=${String(json['nextToken'])}`);
    expect(resumed).toMatchObject({ status: 502, json: { code: 'UPSTREAM_ERROR' } });
  });
});

test('What was sent, and how it ended, is counted', async () => {
  const script = [
    pageOf(['alice', 'bob'], 't1'),
    pageOf(['cem']),
    pageOf(['dee'], 't1'),
    exception('AccessDeniedException'),
  ];
  const service = await startService({ script });
  await readStream(service.url, path);
  await readStream(service.url, path);
  await until(() => service.logs.length === 2);
  const samples = (await service.metrics.registry.metrics())
    .split('\n')
    .filter((line) => line.startsWith('rollcall_stream'));
  expect(samples).toEqual(
    expect.arrayContaining([
      'rollcall_streams_open 0',
      'rollcall_stream_pages_total 3',
      'rollcall_stream_users_total 4',
      'rollcall_streams_ended_total{end="complete"} 1',
      'rollcall_streams_ended_total{end="failed"} 1',
    ]),
  );
});

describe('More streams than may run at once', () => {
  test('are refused with 503 and Retry-After, cost nothing upstream, and get the place that comes free', async () => {
    const service = await startService({ script: endless(), config: { stream: { concurrency: 1 } } });
    const open = await openStream(service.url, path);
    const before = await quiet(service);
    const refused = await call(service.url, path);
    expect(refused).toMatchObject({ status: 503, json: { code: 'OVERLOADED', retryable: true } });
    expect(Number(refused.headers['retry-after'])).toBeGreaterThanOrEqual(1);
    expect(service.calls).toHaveLength(before);
    open.destroy();
    await until(() => service.logs.some(({ status }) => status === 200));
    expect((await call(service.url, path, { method: 'HEAD' })).status).toBe(200);
  });

  test('are not what a failed first page leaves behind', async () => {
    const script = [exception('ResourceNotFoundException'), pageOf(['alice'])];
    const { url } = await startService({ script, config: { stream: { concurrency: 1 } } });
    expect((await call(url, path)).status).toBe(404);
    expect((await call(url, path)).status).toBe(200);
  });
});

describe('A reader', () => {
  test('who stops reading stops the calls, and gets everything once he goes on', async () => {
    const pages = 120;
    const script = endless();
    const ending = (input: Readonly<Record<string, unknown>>): Step => {
      const step = (script as { answer: (input: unknown) => Step }).answer(input);
      if (Number(input['NextToken']) < pages - 1 || input['NextToken'] === undefined) return step;
      return { body: { ...(step as { body: object }).body, NextToken: undefined } };
    };
    const service = await startService({ script: { answer: ending } });
    const res = await openStream(service.url, path);
    const stopped = await quiet(service);
    expect(stopped).toBeLessThan(pages);
    const { userIds, complete } = await readRest(res, path);
    expect([userIds.length, new Set(userIds).size, complete]).toEqual([500 * pages, 500 * pages, true]);
    expect(service.calls).toHaveLength(pages);
  });

  test('who is slow has the next page fetched meanwhile, and no further one', async () => {
    const heavy = Array.from({ length: 8 }, (_, index) => heavyPage(`heavy-${index}`));
    const service = await startService({ script: [...heavy, pageOf(['alice'], 't2'), pageOf(['bob'])] });
    const res = await openStream(service.url, path);
    const called = await quiet(service);
    // The kernel takes some pages whole. One is under way then, and one is fetched meanwhile.
    expect(called).toBeGreaterThanOrEqual(2);
    expect(called).toBeLessThan(8);
    const { userIds, complete } = await readRest(res, path);
    expect([userIds.length, userIds.slice(-2), complete]).toEqual([4002, ['alice', 'bob'], true]);
  });

  test('who is slow gets the whole page that was under way when the next one failed', async () => {
    const service = await startService({ script: [heavyPage(), exception('AccessDeniedException')] });
    const res = await openStream(service.url, path);
    expect(await quiet(service)).toBe(2);
    const { userIds, problem, complete } = await readRest(res, path);
    expect([userIds.length, problem?.['code'], complete]).toEqual([500, 'UPSTREAM_ACCESS_DENIED', false]);
  });

  test('who leaves in the middle of a page ends the call for the next one', async () => {
    const service = await startService({ script: [heavyPage(), 'hang'] });
    const res = await openStream(service.url, path);
    await until(() => service.calls.length === 2);
    res.destroy();
    await service.calls[1]?.ended;
    expect(service.calls[1]?.aborted()).toBe(true);
    expect(await service.logLine()).toMatchObject({ stream: { pages: 1, end: 'left' } });
  });

  test('who takes nothing for too long is cut off, and his place is free', async () => {
    const service = await startService({
      script: endless(),
      config: { stream: { concurrency: 1, idleTimeoutMs: 100 } },
    });
    const res = await openStream(service.url, path);
    expect(await service.logLine()).toMatchObject({ level: 'info', aborted: true, stream: { end: 'idle' } });
    expect(await readRest(res, path)).toMatchObject({ complete: false, problem: undefined });
    expect((await call(service.url, path, { method: 'HEAD' })).status).toBe(200);
  });

  test('who waits for Rekognition longer than that is not', async () => {
    const { url } = await startService({
      script: [pageOf(['alice'], 't1'), { ...(pageOf(['bob']) as object), delayMs: 500 }],
      config: { stream: { idleTimeoutMs: 100 } },
    });
    expect(await readStream(url, path)).toMatchObject({ userIds: ['alice', 'bob'], complete: true });
  });

  test('who leaves ends the call that is under way for him', async () => {
    const service = await startService({ script: [pageOf(['alice'], 't1'), 'hang'] });
    const res = await openStream(service.url, path);
    await until(() => service.calls.length === 2);
    res.destroy();
    await service.calls[1]?.ended;
    expect(service.calls[1]?.aborted()).toBe(true);
    expect(await service.logLine()).toMatchObject({ stream: { pages: 1, users: 1, end: 'left' } });
  });

  test('who leaves before the first page ends its call', async () => {
    const service = await startService({
      script: ['hang', pageOf([])],
      config: { stream: { concurrency: 1 } },
    });
    const leaving = new AbortController();
    const answer = call(service.url, path, { signal: leaving.signal });
    await until(() => service.calls.length === 1);
    leaving.abort();
    await expect(answer).rejects.toThrow();
    await service.calls[0]?.ended;
    expect(await service.logLine()).toMatchObject({ status: 499 });
    expect((await call(service.url, path)).status).toBe(200);
  });
});

describe('The end of the process', () => {
  test('ends a stream that waits for Rekognition as incomplete, with a nextToken', async () => {
    const service = await startService({ script: [pageOf(['alice'], 't1'), 'hang'] });
    const res = await openStream(service.url, path);
    await until(() => service.calls.length === 2);
    service.lifecycle.endStreams();
    const { userIds, problem, complete } = await readRest(res, path);
    expect([userIds, complete]).toEqual([['alice'], false]);
    expect(problem).toMatchObject({ code: 'SHUTTING_DOWN', retryable: true, nextToken: expect.any(String) });
    expect(await service.logLine()).toMatchObject({ code: 'SHUTTING_DOWN', stream: { end: 'shutdown' } });
  });

  test('ends a stream that waits for its reader behind the page that was under way', async () => {
    const service = await startService({ script: endless() });
    const res = await openStream(service.url, path);
    const pages = await quiet(service);
    service.lifecycle.endStreams();
    const { userIds, problem, complete } = await readRest(res, path);
    // All but the one that was fetched ahead.
    expect([userIds.length, complete]).toEqual([500 * (pages - 1), false]);
    const { nextToken } = problem as { nextToken: string };
    const resumed = await openStream(service.url, `${path}?nextToken=${nextToken}`);
    expect(resumed.statusCode).toBe(503);
  });

  test('before the first page is a plain 503', async () => {
    const service = await startService({ script: ['hang'] });
    const answer = call(service.url, path);
    await until(() => service.calls.length === 1);
    service.lifecycle.endStreams();
    expect(await answer).toMatchObject({
      status: 503,
      headers: { connection: 'close', 'retry-after': '1' },
      json: { code: 'SHUTTING_DOWN' },
    });
  });
});
