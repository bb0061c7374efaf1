import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, beforeAll, expect, test } from '@jest/globals';

import { readUsers } from '../../examples/read-users.mjs';
import { exception, pageOf, type Script, type Step } from '../support/scripted-rekognition.ts';
import { startService, stopServices, type Service } from '../support/service.ts';
import { openStream, readLines } from '../support/stream.ts';

const USERS = 10_007;
const CRAWLS = 100;
const PARALLEL = 25;

/** The stable users, in order, and between them places for those who come and go. */
const stable = Array.from({ length: USERS }, (_, index) => userId(2 * index));
const passing = new Set<number>();

function userId(place: number): string {
  return `user-${String(place).padStart(6, '0')}`;
}

/** The same numbers on every run. */
function createRandom(): () => number {
  let state = 20_261_124;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

const random = createRandom();

function faultOrPage(place: number): Step {
  const dice = random();
  if (dice < 0.1) return exception('InternalServerError', 500);
  if (dice < 0.2) return exception('ProvisionedThroughputExceededException');
  if (dice < 0.25) return 'truncate';
  if (dice < 0.3) return 'reset';
  const delayMs = random() < 0.2 ? Math.floor(10 * random()) : 0;
  return { ...(page(place) as object), delayMs };
}

/** A full, a short or an empty page of the users from this place on; the token is the place after it. */
function page(place: number): Step {
  const dice = random();
  const size = dice < 0.7 ? 500 : dice < 0.8 ? 0 : Math.floor(500 * random());
  const ids: string[] = [];
  let next = place;
  for (; ids.length < size && next < 2 * USERS; next += 1) {
    if (next % 2 === 0 || passing.has(next)) ids.push(userId(next));
  }
  comeAndGo();
  // Two empty pages in a row would have the same token, as an upstream that repeats itself.
  if (next === place) return pageOf([], `${place}.${Math.floor(1e9 * random())}`);
  return pageOf(ids, next < 2 * USERS ? String(next) : undefined);
}

/** Some are added and some removed, anywhere. */
function comeAndGo(): void {
  for (let change = 0; change < 20; change += 1) {
    const place = 2 * Math.floor(USERS * random()) + 1;
    if (!passing.delete(place)) passing.add(place);
  }
}

const script: Script = { answer: ({ NextToken }) => faultOrPage(Math.floor(Number(NextToken ?? 0))) };
let service: Service;

beforeAll(async () => {
  service = await startService({
    script,
    config: { stream: { concurrency: CRAWLS }, rateLimit: { max: 0, windowMs: 1000 } },
  });
});

afterAll(stopServices);

function expectEachStableUserOnce(found: readonly string[]): void {
  const there = new Set(found);
  expect(there.size).toBe(found.length);
  expect(stable.filter((id) => !there.has(id))).toEqual([]);
}

interface Line {
  readonly userId: string;
  /** Of the last line of an incomplete stream. */
  readonly nextToken?: string;
}

/** Asks again from where the last stream broke off, and tells how often it did. */
async function crawl(): Promise<{ readonly found: string[]; readonly broken: number }> {
  const found: string[] = [];
  let query = '';
  for (let broken = 0; ; broken += 1) {
    const res = await openStream(service.url, `/collections/team/users.ndjson${query}`);
    if (res.statusCode !== 200) {
      // Refused before its first page: a plain problem, and nothing lost.
      res.resume();
      await sleep(20);
      continue;
    }
    const lines = (await readLines(res)).map((line) => JSON.parse(line) as Line);
    const nextToken = lines.at(-1)?.nextToken;
    if (nextToken !== undefined) lines.pop();
    for (const { userId: id } of lines) found.push(id);
    if (res.complete) return { found, broken };
    if (nextToken === undefined) throw new Error('a stream broke off without a last line');
    query = `?nextToken=${nextToken}`;
  }
}

test(`${CRAWLS} crawls under failures, resumed until complete, lose and repeat no user`, async () => {
  const crawlers = Array.from({ length: PARALLEL }, async () => {
    const breaks: number[] = [];
    for (let round = 0; round < CRAWLS / PARALLEL; round += 1) {
      const { found, broken } = await crawl();
      expectEachStableUserOnce(found);
      breaks.push(broken);
    }
    return breaks;
  });
  const breaks = (await Promise.all(crawlers)).flat();
  expect(breaks).toHaveLength(CRAWLS);
  // Else there was nothing to resume.
  expect(breaks.filter((broken) => broken > 0).length).toBeGreaterThan(CRAWLS / 10);
}, 120_000);

test('the reader of examples/ survives the same failures', async () => {
  const found: string[] = [];
  for await (const { userId: id } of readUsers(service.url, 'team', { retryDelayMs: 1 })) found.push(id);
  expectEachStableUserOnce(found);
});
