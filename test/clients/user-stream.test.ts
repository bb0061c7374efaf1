import type { ServerResponse } from 'node:http';

import { afterEach, describe, expect, test } from '@jest/globals';

import {
  createRollcall,
  type RollcallOptions,
  type UserStream,
} from '../../clients/typescript/src/rollcall.ts';
import { json, problem, startScriptedService, type Answer } from './scripted-service.ts';

let service: Awaited<ReturnType<typeof startScriptedService>>;

afterEach(() => service.stop());

async function start(script: Answer[], options: Partial<RollcallOptions> = {}) {
  service = await startScriptedService(...script);
  return createRollcall({ baseUrl: service.url, retry: { maxDelayMs: 1 }, ...options });
}

const line = (userId: string) => `{"userId":"${userId}","userStatus":"ACTIVE"}\n`;
const usersOf = (ids: string) => Array.from(ids, line).join('');

function begin(res: ServerResponse, headers: Record<string, string> = {}): ServerResponse {
  return res.writeHead(200, { 'Content-Type': 'application/x-ndjson', ...headers });
}

/** A stream that ends as it should. */
const whole =
  (ids: string, headers?: Record<string, string>): Answer =>
  (res) =>
    begin(res, headers).end(usersOf(ids));

/** One whose connection breaks behind these users, or behind half a line. */
const cut =
  (ids: string, rest = ''): Answer =>
  (res) => {
    begin(res).write(usersOf(ids) + rest, () => setTimeout(() => res.destroy(), 20));
  };

/** One that says why it breaks off, and where to go on. */
const brokenOff = (ids: string, nextToken: string, code = 'UPSTREAM_ERROR', retryable = true): Answer =>
  cut(ids, `${JSON.stringify({ ...problem(code, retryable), nextToken })}\n`);

/** Reads until the end, a failure, or so many users; returns their ids and what was thrown. */
async function read(stream: UserStream, most = Infinity): Promise<{ ids: string; error: unknown }> {
  let ids = '';
  try {
    for await (const { userId } of stream) {
      ids += userId;
      if (ids.length >= most) break;
    }
    return { ids, error: undefined };
  } catch (error) {
    return { ids, error };
  }
}

const asked = (): (string | undefined)[] =>
  service.requests.map(({ url }) => url?.replace('/collections/team/users.ndjson', ''));

describe('A stream', () => {
  test('gives every user, wherever the network cuts it into pieces', async () => {
    const bytes = Buffer.from(usersOf('abc') + '{"userId":"é","userStatus":"ACTIVE"}\n');
    const rollcall = await start([
      async (res) => {
        begin(res);
        for (const byte of bytes) {
          res.write(Buffer.from([byte]));
          await new Promise(setImmediate);
        }
        res.end();
      },
    ]);
    expect(await read(rollcall.streamUsers('team'))).toEqual({ ids: 'abcé', error: undefined });
  });

  test('of an empty collection is empty', async () => {
    const rollcall = await start([whole('')]);
    expect(await read(rollcall.streamUsers('team'))).toEqual({ ids: '', error: undefined });
  });

  test.each([
    ['', 'text/html'],
    ['<html></html>', 'text/html; charset=utf-8'],
    ['{"users":[]}', 'application/json'],
  ])('of a proxy, %j as %s, is no stream', async (body, type) => {
    const rollcall = await start([(res) => res.writeHead(200, { 'Content-Type': type }).end(body)]);
    const { error } = await read(rollcall.streamUsers('team'));
    expect(error).toMatchObject({ code: 'UNREADABLE_RESPONSE', status: 200, retryable: false });
  });

  test('begins at nextToken, and says how many users there are', async () => {
    const rollcall = await start([whole('ab', { 'X-Total-Users': '5' })]);
    const stream = rollcall.streamUsers('team', { nextToken: 'T' });
    expect(stream.total).toBeUndefined();
    await read(stream);
    expect(stream.total).toBe(5);
    expect(asked()).toEqual(['?nextToken=T']);
  });

  test('that broke off goes on from the token it was given, and repeats no user', async () => {
    const rollcall = await start([brokenOff('ab', 'T'), brokenOff('c', 'U'), whole('de')]);
    expect(await read(rollcall.streamUsers('team'))).toEqual({ ids: 'abcde', error: undefined });
    expect(asked()).toEqual(['', '?nextToken=T', '?nextToken=U']);
  });

  test('whose connection broke goes on from the last token, and leaves out whom it has given already', async () => {
    const rollcall = await start([brokenOff('ab', 'T'), cut('cd', '{"userId":"e'), whole('cdef')]);
    expect(await read(rollcall.streamUsers('team'))).toEqual({ ids: 'abcdef', error: undefined });
    expect(asked()).toEqual(['', '?nextToken=T', '?nextToken=T']);
  });

  test('that ends in the middle of a line is not complete', async () => {
    const rollcall = await start([(res) => begin(res).end(`${usersOf('a')}{"user`), whole('ab')]);
    expect(await read(rollcall.streamUsers('team'))).toEqual({ ids: 'ab', error: undefined });
  });

  test('is given up after so many failures without a new user, and a new loop goes on', async () => {
    const script = [brokenOff('ab', 'T'), brokenOff('', 'T'), brokenOff('', 'T'), whole('c')];
    const rollcall = await start(script);
    const stream = rollcall.streamUsers('team');
    expect(await read(stream)).toMatchObject({
      ids: 'ab',
      error: { code: 'UPSTREAM_ERROR', nextToken: 'T' },
    });
    expect(await read(stream)).toEqual({ ids: 'c', error: undefined });
    expect(await read(stream)).toEqual({ ids: '', error: undefined });
  });

  test('that was left is ended, and a new loop goes on behind the last user', async () => {
    let left: unknown;
    const endless: Answer = (res) => {
      res.on('close', () => (left = 'closed'));
      begin(res).write(usersOf('abc'));
    };
    const rollcall = await start([endless, whole('abcd')]);
    const stream = rollcall.streamUsers('team');
    expect(await read(stream, 2)).toEqual({ ids: 'ab', error: undefined });
    expect(await read(stream)).toEqual({ ids: 'cd', error: undefined });
    expect(left).toBe('closed');
  });

  test.each([
    [
      'a refusal before its first user',
      json(404, problem('COLLECTION_NOT_FOUND', false)),
      'COLLECTION_NOT_FOUND',
    ],
    [
      'what a retry cannot mend',
      brokenOff('', 'T', 'UPSTREAM_ACCESS_DENIED', false),
      'UPSTREAM_ACCESS_DENIED',
    ],
    ['a line that is none', cut('', '<h1>\n'), 'UNREADABLE_RESPONSE'],
    ['a line that is no user', cut('', '[]\n'), 'UNREADABLE_RESPONSE'],
  ])('throws %s at once', async (_title, answer, code) => {
    const rollcall = await start([answer]);
    expect(await read(rollcall.streamUsers('team'))).toMatchObject({ ids: '', error: { code } });
  });

  test('that falls silent is a NETWORK_ERROR', async () => {
    const script: Answer[] = [(res) => begin(res).write(usersOf('a'))];
    const rollcall = await start(script, { timeoutMs: 100, retry: { maxAttempts: 1 } });
    expect(await read(rollcall.streamUsers('team'))).toMatchObject({
      ids: 'a',
      error: { code: 'NETWORK_ERROR' },
    });
  });

  test('ends at an abort with its reason', async () => {
    const rollcall = await start([(res) => begin(res).write(usersOf('a'))]);
    const controller = new AbortController();
    const stream = rollcall.streamUsers('team', { signal: controller.signal });
    setTimeout(() => {
      controller.abort(new Error('enough'));
    }, 100);
    expect(await read(stream)).toEqual({ ids: 'a', error: new Error('enough') });
  });

  test('says where another stream may go on', async () => {
    const rollcall = await start([brokenOff('ab', 'T', 'UPSTREAM_ACCESS_DENIED', false), whole('c')]);
    const stream = rollcall.streamUsers('team', { nextToken: 'S' });
    expect(stream.nextToken).toBe('S');
    await read(stream);
    expect(stream.nextToken).toBe('T');
    expect(await read(rollcall.streamUsers('team', { nextToken: stream.nextToken }))).toMatchObject({
      ids: 'c',
    });
  });

  test('of thousands is resumed by the last page of users alone, even if other users were deleted meanwhile', async () => {
    const ids = Array.from({ length: 3000 }, (_, index) => `u${index}`);
    const lines = (some: string[]) => some.map(line).join('');
    const staying = ids.filter((_, index) => index % 3 !== 0);
    const rollcall = await start([
      (res) => begin(res).write(lines(ids.slice(0, 2500)), () => setTimeout(() => res.destroy(), 50)),
      (res) => begin(res).end(lines(staying)),
    ]);
    const given: string[] = [];
    for await (const { userId } of rollcall.streamUsers('team')) given.push(userId);
    const behind = staying.filter((id) => Number(id.slice(1)) >= 2500);
    expect(given).toEqual([...ids.slice(0, 2500), ...behind]);
  });

  test('that can not find its place again is an error, not an end', async () => {
    const ids = Array.from({ length: 600 }, (_, index) => `u${index}`);
    const rollcall = await start([
      (res) => begin(res).write(ids.map(line).join(''), () => setTimeout(() => res.destroy(), 50)),
      whole('xyz'),
    ]);
    let given = 0;
    const reading = (async () => {
      for await (const user of rollcall.streamUsers('team')) given += user.userId.length > 0 ? 1 : 0;
    })();
    await expect(reading).rejects.toMatchObject({ code: 'NETWORK_ERROR', retryable: false });
    expect(given).toBe(600);
  });

  test('can not be read by two loops at once; the first goes on', async () => {
    const rollcall = await start([whole('ab')]);
    const stream = rollcall.streamUsers('team');
    const [first, second] = await Promise.all([read(stream), read(stream)]);
    expect(first).toEqual({ ids: 'ab', error: undefined });
    expect(second).toEqual({ ids: '', error: expect.any(TypeError) });
    expect(await read(stream)).toEqual({ ids: '', error: undefined });
  });

  test('waits as its last line says', async () => {
    const last = `${JSON.stringify({ ...problem('OVERLOADED', true), retryAfter: 60, nextToken: 'T' })}\n`;
    const rollcall = await start([cut('a', last)]);
    expect(await read(rollcall.streamUsers('team'))).toMatchObject({
      ids: 'a',
      error: { code: 'OVERLOADED', retryAfter: 60, nextToken: 'T' },
    });
  });
});
