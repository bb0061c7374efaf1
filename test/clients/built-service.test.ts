import { readFileSync } from 'node:fs';

import { beforeAll, describe, expect, jest, test } from '@jest/globals';

import {
  createRollcall,
  isRollcallError,
  type Rollcall,
  type RollcallError,
  type User,
} from '../../clients/typescript/src/rollcall.ts';
import { startEmbeddedRekognition } from '../../src/embedded/start.ts';
import { failingCollections } from '../../src/embedded/failures.ts';
import { exampleUsers } from '../../src/embedded/example-users.ts';
import { problems } from '../../src/errors.ts';
import { builtService, listening, settingsOver } from '../support/built-service.ts';
import { started } from '../support/started.ts';

jest.setTimeout(60_000);

const built = builtService();
const endpoint = started(() => startEmbeddedRekognition({ tps: 0 }));
let url: string;
let rollcall: Rollcall;

/** The build in a process of its own, over an embedded Rekognition without a quota to wait for. */
beforeAll(async () => {
  const own = { CACHE_TTL_MS: '0', UPSTREAM_ATTEMPT_TIMEOUT_MS: '1000' };
  const run = built().start({ ...settingsOver(endpoint()), ...own });
  url = await listening(run);
  rollcall = createRollcall({ baseUrl: url, retry: { maxAttempts: 1 } });
});

const campus = exampleUsers(5000)
  .map(({ id }) => id)
  .toSorted();

const idsOf = (users: readonly User[]): string[] => users.map(({ userId }) => userId).toSorted();

/** Reads to the end or a failure. */
async function read(users: AsyncIterable<User>): Promise<{ users: User[]; error: unknown }> {
  const found: User[] = [];
  try {
    for await (const user of users) found.push(user);
    return { users: found, error: undefined };
  } catch (error) {
    return { users: found, error };
  }
}

describe('From the built service', () => {
  test('listUsers reads the pages of a collection by their tokens, and a page that is still the same at the cost of a 304', async () => {
    const first = await rollcall.listUsers('example-team', { maxResults: 5 });
    const { nextToken } = first;
    const second = await rollcall.listUsers('example-team', { maxResults: 5, nextToken });
    expect([first.users.length, second.users.length, second.nextToken]).toEqual([5, 3, undefined]);
    const again = await rollcall.listUsers('example-team', { maxResults: 5, previous: first });
    expect(again.users).toBe(first.users);
  });

  test('listAllUsers reads each of 5,000 users once', async () => {
    const { users, error } = await read(rollcall.listAllUsers('example-campus'));
    expect(error).toBeUndefined();
    expect(idsOf(users)).toEqual(campus);
  });

  test('listAllCollections names the collections, and getCollection and getUser say what is in one', async () => {
    const ids: string[] = [];
    for await (const { collectionId } of rollcall.listAllCollections({ maxResults: 1 }))
      ids.push(collectionId);
    expect(ids).toEqual(['example-team', 'example-empty', 'example-hundred', 'example-campus']);
    expect((await rollcall.getCollection('example-campus')).userCount).toBe(5000);
    const last = campus.at(-1) ?? '';
    expect((await rollcall.getUser('example-campus', last)).userId).toBe(last);
    expect(await failureOf(rollcall.getUser('example-campus', 'nobody'))).toMatchObject({
      code: 'USER_NOT_FOUND',
    });
  });

  test('streamUsers reads each of 5,000 users once, and knows their number if Rekognition responded in time', async () => {
    const stream = rollcall.streamUsers('example-campus');
    const { users, error } = await read(stream);
    expect(error).toBeUndefined();
    expect(idsOf(users)).toEqual(campus);
    expect([5000, undefined]).toContain(stream.total);
  });

  test('streamUsers reads each of 5,000 users once over connections that break', async () => {
    let requests = 0;
    const breaking = createRollcall({
      baseUrl: url,
      retry: { maxDelayMs: 1 },
      fetch: async (request) => {
        requests += 1;
        return cutOff(await fetch(request), requests * 150_000);
      },
    });
    const { users, error } = await read(breaking.streamUsers('example-campus'));
    expect(error).toBeUndefined();
    expect(idsOf(users)).toEqual(campus);
    expect(requests).toBe(2);
  });

  test('streamUsers says where a stream broke off, and goes on from there without a user twice', async () => {
    const stream = rollcall.streamUsers('throws-InternalServerError-on-page-2');
    const first = await read(stream);
    expect(first.users).toHaveLength(500);
    expect(first.error).toMatchObject({ code: 'UPSTREAM_ERROR', nextToken: expect.any(String) });
    const second = await read(stream);
    expect(second.users).toEqual([]);
    expect(second.error).toMatchObject({ code: 'UPSTREAM_ERROR', status: 502 });
  });
});

/** Its first bytes, and then an error, as of a connection that breaks; whole where it is shorter. */
function cutOff(response: Response, bytes: number): Response {
  let passed = 0;
  const cut = new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      passed += chunk.length;
      if (passed > bytes) controller.error(new TypeError('terminated'));
      else controller.enqueue(chunk);
    },
  });
  return new Response(response.body?.pipeThrough(cut), response);
}

/** The rows of docs/trying.md: what each collection that fails on purpose answers. */
function documented(): readonly (readonly [id: string, status: number, code: string])[] {
  const text = readFileSync(new URL('../../docs/trying.md', import.meta.url), 'utf8');
  const rows = text.matchAll(/^\| (`throws-[^|]*) \| (\d{3}) `(\w+)`/gm);
  return [...rows].flatMap(([, ids = '', status, code = '']) =>
    [...ids.matchAll(/`([^`]+)`/g)].map(([, id = '']) => [id, Number(status), code] as const),
  );
}

/** The status, which by the union every code of the service has. */
function statusOf(error: RollcallError): number {
  if (error.code === 'NETWORK_ERROR' || error.code === 'UNREADABLE_RESPONSE') throw error;
  return error.status;
}

async function failureOf(outcome: Promise<unknown>): Promise<RollcallError> {
  const error = await outcome.then(
    () => new Error('it did not fail'),
    (reason: unknown) => reason,
  );
  if (!isRollcallError(error)) throw error;
  return error;
}

describe('A collection that fails on purpose', () => {
  test('is in docs/trying.md, each of them', () => {
    const ids = documented().map(([id]) => id);
    expect(ids.toSorted()).toEqual(failingCollections.map(({ id }) => id).toSorted());
  });

  test.each(documented())('%s answers the built service so that the client says %i %s', async (...row) => {
    const [id, status, code] = row;
    const page = await failureOf(rollcall.listUsers(id));
    // An answer in between, lest the service suspend its calls after so many failures in a row.
    await rollcall.listUsers('example-empty');
    const stream = await failureOf(rollcall.streamUsers(id)[Symbol.asyncIterator]().next());
    await rollcall.listUsers('example-empty');
    const { retryable } = problems[code as keyof typeof problems];
    for (const error of [page, stream]) {
      expect(error).toMatchObject({ code, retryable, requestId: expect.any(String) });
      expect(statusOf(error)).toBe(status);
      expect(error.retryAfter !== undefined).toBe(status === 429);
    }
  });
});
