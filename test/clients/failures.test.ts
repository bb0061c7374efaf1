import { afterEach, describe, expect, jest, test } from '@jest/globals';

import { createRollcall, type RollcallOptions } from '../../clients/typescript/src/rollcall.ts';
import { json, problem, silence, startScriptedService, type Answer } from './scripted-service.ts';

const page = json(200, { users: [{ userId: 'alice', userStatus: 'ACTIVE' }] });
const html: Answer = (res) => res.writeHead(502, { 'Content-Type': 'text/html' }).end('<h1>Bad gateway</h1>');
const half: Answer = (res) => {
  res.writeHead(200, { 'Content-Length': '1000' });
  res.write('{"users":[', () => res.destroy());
};

let service: Awaited<ReturnType<typeof startScriptedService>>;

afterEach(() => service.stop());

async function start(script: Answer[], options: Partial<RollcallOptions> = {}) {
  service = await startScriptedService(...script);
  return createRollcall({ baseUrl: service.url, retry: { maxAttempts: 1 }, ...options });
}

describe('A call that gets no answer of Rollcall', () => {
  test.each([
    ['a broken connection', (res) => res.destroy(), { code: 'NETWORK_ERROR', retryable: true }],
    ['half a page', half, { code: 'NETWORK_ERROR', retryable: true }],
    ['a page of HTML', html, { code: 'UNREADABLE_RESPONSE', status: 502, retryable: true }],
    ['what is not JSON', (res) => res.end('{"users":'), { code: 'UNREADABLE_RESPONSE', retryable: false }],
    ['no users', json(200, {}), { code: 'UNREADABLE_RESPONSE', status: 200, retryable: false }],
    ['nothing', (res) => res.writeHead(200).end(), { code: 'UNREADABLE_RESPONSE', retryable: false }],
    [
      'an error with users',
      json(503, { users: [] }),
      { code: 'UNREADABLE_RESPONSE', status: 503, retryable: true },
    ],
    [
      "a gateway's error with a code and a requestId",
      json(503, { code: 'busy', requestId: 'g-1', message: 'Busy.' }),
      { code: 'UNREADABLE_RESPONSE', status: 503, retryable: true },
    ],
  ] as [string, Answer, object][])('but %s says so', async (_title, answer, expected) => {
    const rollcall = await start([answer]);
    await expect(rollcall.listUsers('team')).rejects.toMatchObject(expected);
  });

  test('from a gateway that knows the user is an error too', async () => {
    const rollcall = await start([json(403, { error: 'forbidden', userId: 'alice' })]);
    await expect(rollcall.getUser('team', 'alice')).rejects.toMatchObject({
      code: 'UNREADABLE_RESPONSE',
      status: 403,
    });
  });

  test.each([Infinity, 2 ** 31])('is waited for if timeoutMs is %d', async (timeoutMs) => {
    const late: Answer = (res, req) => {
      setTimeout(page, 50, res, req);
    };
    const rollcall = await start([late], { timeoutMs });
    await expect(rollcall.listUsers('team')).resolves.toMatchObject({ users: [{ userId: 'alice' }] });
  });

  test('is a NETWORK_ERROR after some time', async () => {
    const rollcall = await start([silence], { timeoutMs: 50 });
    await expect(rollcall.listUsers('team')).rejects.toMatchObject({
      code: 'NETWORK_ERROR',
      status: undefined,
      retryable: true,
      message: 'There was no response for 50 ms.',
    });
  });
});

test('A fetch that ignores the signal is given up after some time', async () => {
  const fetch = () => new Promise<Response>(() => undefined);
  const rollcall = await start([], { timeoutMs: 50, fetch });
  await expect(rollcall.listUsers('team')).rejects.toMatchObject({
    code: 'NETWORK_ERROR',
    message: 'There was no response for 50 ms.',
  });
});

describe('A call that fails', () => {
  const failing = (retryAfter: string) =>
    json(503, problem('OVERLOADED', true), { 'Retry-After': retryAfter });

  test('is tried again', async () => {
    const rollcall = await start([half, failing('0'), page], { retry: { maxDelayMs: 10 } });
    await expect(rollcall.listUsers('team')).resolves.toMatchObject({ users: [{ userId: 'alice' }] });
  });

  test('is tried as often as was said, and then thrown', async () => {
    const rollcall = await start([failing('0'), failing('0')], { retry: { maxAttempts: 2, maxDelayMs: 10 } });
    await expect(rollcall.listUsers('team')).rejects.toMatchObject({ code: 'OVERLOADED', retryAfter: 0 });
  });

  test('is thrown at once where the service asks for a longer wait than is allowed', async () => {
    const rollcall = await start([failing('21')], { retry: {} });
    await expect(rollcall.listUsers('team')).rejects.toMatchObject({ code: 'OVERLOADED', retryAfter: 21 });
  });

  test('is tried three times, with waits, if the options of retries are undefined', async () => {
    const random = jest.spyOn(Math, 'random').mockReturnValue(0.02);
    const answers = [failing('0'), failing('0'), failing('0')];
    const rollcall = await start(answers, { retry: { maxAttempts: undefined, maxDelayMs: undefined } });
    const timer = jest.spyOn(globalThis, 'setTimeout');
    await expect(rollcall.listUsers('team')).rejects.toMatchObject({ code: 'OVERLOADED' });
    const waits = timer.mock.calls.map(([, ms]) => ms);
    random.mockRestore();
    timer.mockRestore();
    expect(waits).toEqual(expect.arrayContaining([20, 40]));
  });

  test('waits as long as a proxy says by a date', async () => {
    const at = new Date(Date.now() + 60_000).toUTCString();
    const rollcall = await start([json(503, {}, { 'Retry-After': at })], { retry: {} });
    const error: unknown = await rollcall.listUsers('team').catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'UNREADABLE_RESPONSE', status: 503, retryAfter: expect.any(Number) });
    expect((error as { retryAfter: number }).retryAfter).toBeGreaterThan(30);
  });

  test.each([
    ['Thu, 01 Jan 2026 00:00:00 GMT', 0],
    ['5, 5', undefined],
    ['soon', undefined],
    ['soon GMT', undefined],
  ])('with Retry-After: %s says to wait %s seconds', async (value, retryAfter) => {
    const rollcall = await start([json(503, {}, { 'Retry-After': value })]);
    await expect(rollcall.listUsers('team')).rejects.toMatchObject({ status: 503, retryAfter });
  });

  test('is thrown at once if no timer can wait as long as the service asks', async () => {
    const rollcall = await start([failing('9999999')], { retry: { maxDelayMs: Infinity } });
    await expect(rollcall.listUsers('team')).rejects.toMatchObject({ retryAfter: 9_999_999 });
  });

  test('is not tried again where that is of no use', async () => {
    const rollcall = await start([json(403, problem('FORBIDDEN', false))], { retry: {} });
    await expect(rollcall.listUsers('team')).rejects.toMatchObject({ code: 'FORBIDDEN', requestId: 'r-1' });
  });
});

describe('An abort', () => {
  test.each([
    ['in flight', silence],
    ['between attempts', json(503, problem('OVERLOADED', true), { 'Retry-After': '20' })],
  ])('%s ends the call with its reason', async (_title, answer) => {
    const controller = new AbortController();
    const abort = (): void => {
      controller.abort(new Error('enough'));
    };
    const answerAndAbort: Answer = (res, req) => {
      answer(res, req);
      setTimeout(abort, 50);
    };
    const rollcall = await start([answerAndAbort], { retry: {} });
    await expect(rollcall.listUsers('team', { signal: controller.signal })).rejects.toThrow('enough');
  });

  test('ends a call whose own fetch ignores the signal', async () => {
    const rollcall = await start([], { fetch: () => new Promise<Response>(() => undefined) });
    const call = rollcall.listUsers('team', { signal: AbortSignal.timeout(20) });
    await expect(call).rejects.toMatchObject({ name: 'TimeoutError' });
  });

  test('before the call makes no request', async () => {
    const rollcall = await start([]);
    const call = rollcall.listUsers('team', { signal: AbortSignal.abort() });
    await expect(call).rejects.toMatchObject({ name: 'AbortError' });
  });
});

describe('The token', () => {
  test.each([
    ['a value', 'secret'],
    ['what a function gives', () => 'secret'],
    ['what a function promises', () => Promise.resolve('secret')],
  ])('is %s', async (_title, token) => {
    const rollcall = await start([page], { token });
    await rollcall.listUsers('team');
    expect(service.requests[0]?.headers.authorization).toBe('Bearer secret');
  });

  test('is asked for again before another attempt', async () => {
    let asked = 0;
    const token = () => String(++asked);
    const rollcall = await start([half, page], { token, retry: { maxDelayMs: 1 } });
    await rollcall.listUsers('team');
    expect(service.requests.map(({ headers }) => headers.authorization)).toEqual(['Bearer 1', 'Bearer 2']);
  });

  test('that never comes does not hold a call that is aborted, whose reason is the error', async () => {
    const rollcall = await start([], { token: () => new Promise<string>(() => undefined) });
    const call = rollcall.listUsers('team', { signal: AbortSignal.timeout(20) });
    await expect(call).rejects.toMatchObject({ name: 'TimeoutError' });
  });

  test('that cannot be had fails the call with its own error, and makes no request', async () => {
    const token = () => Promise.reject(new Error('signed out'));
    const rollcall = await start([], { token, retry: {} });
    await expect(rollcall.listUsers('team')).rejects.toThrow('signed out');
  });
});

test('The caller’s own fetch replaces the global one, and a path before the routes stays', async () => {
  service = await startScriptedService(page);
  const urls: string[] = [];
  const rollcall = createRollcall({
    baseUrl: `${service.url}/api/`,
    fetch: (request) => {
      urls.push(request.url);
      return fetch(request);
    },
  });
  await rollcall.listUsers('team', { maxResults: 3 });
  expect(urls).toEqual([`${service.url}/api/collections/team/users?maxResults=3`]);
});

test('The global fetch is the one at the time of a call, since tools replace it later', async () => {
  const rollcall = await start([]);
  const replaced = jest.spyOn(globalThis, 'fetch');
  replaced.mockResolvedValue(Response.json({ users: [] }));
  const { users } = await rollcall.listUsers('team').finally(() => {
    replaced.mockRestore();
  });
  expect(users).toEqual([]);
});

test('The parameters are sent if URLSearchParams has no size, as in React Native', async () => {
  const rollcall = await start([page]);
  const size = Object.getOwnPropertyDescriptor(URLSearchParams.prototype, 'size') ?? {};
  Reflect.deleteProperty(URLSearchParams.prototype, 'size');
  await rollcall.listUsers('team', { maxResults: 3, nextToken: 'x' }).finally(() => {
    Object.defineProperty(URLSearchParams.prototype, 'size', size);
  });
  expect(service.requests[0]?.url).toBe('/collections/team/users?maxResults=3&nextToken=x');
});

describe('baseUrl', () => {
  test.each(['\n', '/\n', '//', '/api//', ' '])('may end in %j', async (end) => {
    service = await startScriptedService(page);
    await createRollcall({ baseUrl: service.url + end }).listUsers('team');
    expect(service.requests[0]?.url).toBe(`${end.startsWith('/api') ? '/api' : ''}/collections/team/users`);
  });

  test.each([
    ['', '/collections'],
    ['/api', '/api/collections'],
  ])('%j is of the origin of the page, whatever its path and query', async (baseUrl, path) => {
    service = await startScriptedService();
    const urls: string[] = [];
    Object.assign(globalThis, { location: { href: 'https://app.example.com/team/users?page=2#top' } });
    const rollcall = createRollcall({
      baseUrl,
      fetch: ({ url }) => {
        urls.push(url);
        return Promise.resolve(Response.json({ collections: [] }));
      },
    });
    Reflect.deleteProperty(globalThis, 'location');
    await rollcall.listCollections();
    expect(urls).toEqual([`https://app.example.com${path}`]);
  });
});

test('Every user is asked for at 500 a page, and every collection at 1,000, if maxResults is undefined', async () => {
  const rollcall = await start([json(200, { users: [] }), json(200, { collections: [] })]);
  await rollcall.listAllUsers('team', { maxResults: undefined }).next();
  await rollcall.listAllCollections({ maxResults: undefined }).next();
  expect(service.requests.map(({ url }) => url)).toEqual([
    '/collections/team/users?maxResults=500',
    '/collections?maxResults=1000',
  ]);
});
