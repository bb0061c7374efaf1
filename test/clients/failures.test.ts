import { afterEach, describe, expect, test } from '@jest/globals';

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
  ] as [string, Answer, object][])('but %s says so', async (_title, answer, expected) => {
    const rollcall = await start([answer]);
    await expect(rollcall.listUsers('team')).rejects.toMatchObject(expected);
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
