import { expect, test } from '@jest/globals';

import { createQuota } from '../../src/embedded/quota.ts';
import { createGovernor, type PermitRequest } from '../../src/quota/governor.ts';
import { createTokenBucket } from '../../src/quota/token-bucket.ts';
import { fakeTime } from '../support/fake-time.ts';

const DEADLINE_MS = 7000;

/** Numbers from 0 to 1, the same in every run. */
function sequence(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    return state / 2 ** 31;
  };
}

interface Load {
  readonly seconds: number;
  /** Requests a second of each caller. */
  readonly callers: Readonly<Record<string, number>>;
  readonly tps?: number;
  /** What somebody else spends of the quota, in calls a second. */
  readonly others?: number;
  /** The longest wait once the queue stands. */
  readonly standingWaitMs?: number;
}

/** Plays open-loop load before a Rekognition with a bucket of its own; timers and the network are late by chance. */
async function play({ seconds, callers, tps = 5, others = 0, standingWaitMs = 1e9 }: Load) {
  const random = sequence(7);
  const time = fakeTime({ lateMs: () => random() * 4 });
  const governor = createGovernor({
    source: createTokenBucket({ tps, burst: tps, now: time.now }),
    queueLimit: 100,
    standingWaitMs,
    callMs: () => 0,
    now: time.now,
    schedule: time.schedule,
  });
  const quota = createQuota({ tps, now: time.now });
  const start = time.now();
  const result = { sent: 0, throttled: 0 };
  const byCaller: Record<string, { asked: number; waits: number[]; refusedAfter: number[] }> = {};
  const call = async (): Promise<void> => {
    result.sent += 1;
    await new Promise<void>((resolve) => time.schedule(10 + random() * 30, resolve));
    if (quota.take('ListUsers')) return;
    result.throttled += 1;
    governor.throttled();
  };
  const arrive = (caller: string): void => {
    const at = time.now();
    const stats = (byCaller[caller] ??= { asked: 0, waits: [], refusedAfter: [] });
    stats.asked += 1;
    const { signal } = new AbortController();
    const request: PermitRequest = {
      caller,
      priority: 'interactive',
      signal: () => signal,
      deadlineAt: () => at + DEADLINE_MS,
    };
    governor.acquire(request).then(
      () => {
        stats.waits.push(time.now() - at);
        void call();
      },
      () => stats.refusedAfter.push(time.now() - at),
    );
  };
  const every = (perSecond: number, work: () => void): void => {
    const tick = (index: number): void => {
      const inMs = (index * 1000) / perSecond - (time.now() - start);
      if (index < seconds * perSecond)
        time.schedule(Math.max(0, inMs), () => {
          work();
          tick(index + 1);
        });
    };
    tick(0);
  };
  for (const [caller, perSecond] of Object.entries(callers)) {
    every(perSecond, () => {
      arrive(caller);
    });
  }
  if (others > 0) every(others, () => quota.take('ListUsers'));
  await time.pass(seconds * 1000);
  return { ...result, byCaller, governor, time };
}

test('at twenty times the quota nothing is throttled, and hardly anything of the quota is left unused', async () => {
  const { sent, throttled, byCaller } = await play({ seconds: 30, callers: { a: 50, b: 50 } });
  const allowed = 5 * 30 + 5;
  expect(throttled).toBe(0);
  expect(sent / allowed).toBeGreaterThanOrEqual(0.97);
  expect(sent / allowed).toBeLessThanOrEqual(1.02);
  for (const { waits } of Object.values(byCaller))
    expect(Math.max(...waits)).toBeLessThanOrEqual(DEADLINE_MS);
});

test('no request waits in vain: of one caller’s flood, each refusal comes at once', async () => {
  const { byCaller } = await play({ seconds: 15, callers: { flood: 100 } });
  const { refusedAfter = [], asked = 0 } = byCaller['flood'] ?? {};
  expect(refusedAfter.length).toBeGreaterThan(0.9 * asked);
  expect(Math.max(...refusedAfter)).toBe(0);
});

test('of twenty callers at different paces hardly any is let in and pushed out again by the queue of the others', async () => {
  const callers = Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`caller ${i}`, 3 + i * 0.21]));
  const { byCaller } = await play({ seconds: 30, callers });
  const refusals = Object.values(byCaller).flatMap(({ refusedAfter }) => refusedAfter);
  expect(refusals.length).toBeGreaterThan(1000);
  expect(refusals.filter((ms) => ms > 50).length / refusals.length).toBeLessThan(0.01);
});

test('beside one at twenty times the quota another at a fifth has all its answers, at most a second later', async () => {
  const { byCaller } = await play({ seconds: 30, callers: { heavy: 100, light: 1 } });
  const { asked, waits = [] } = byCaller['light'] ?? {};
  expect(waits).toHaveLength(asked ?? 0);
  expect(asked).toBe(30);
  expect(Math.max(...waits)).toBeLessThanOrEqual(1000);
});

test('ten callers at twice the quota each have the same share', async () => {
  const callers = Object.fromEntries(Array.from({ length: 10 }, (_, index) => [`caller ${index}`, 10]));
  const { byCaller } = await play({ seconds: 30, callers });
  const counts = Object.values(byCaller).map(({ waits }) => waits.length);
  expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(2);
});

test('where somebody else spends most of the quota, the rate yields, and comes back afterwards', async () => {
  const { sent, throttled, governor, time } = await play({ seconds: 30, callers: { a: 20 }, others: 3 });
  // Without yielding, three fifths of what is sent would be throttled.
  expect(throttled / sent).toBeLessThan(0.35);
  expect(governor.state().rate).toBeLessThan(5);
  await time.pass(20_000);
  expect(governor.state().rate).toBe(5);
});

test('at twenty times the quota a bounded wait costs no goodput, and those who are let in have it', async () => {
  const { sent, throttled, byCaller } = await play({
    seconds: 40,
    callers: { a: 50, b: 50 },
    standingWaitMs: 1000,
  });
  expect(throttled).toBe(0);
  expect(sent / (5 * 40 + 5)).toBeGreaterThanOrEqual(0.98);
  for (const { waits } of Object.values(byCaller)) {
    const late = waits.slice(-50);
    expect(Math.max(...late)).toBeLessThanOrEqual(1000);
  }
});

test('with a bounded wait too, one at a fifth of the quota beside one at twenty times it has all its answers', async () => {
  const { byCaller } = await play({ seconds: 40, callers: { heavy: 100, light: 1 }, standingWaitMs: 1000 });
  const { asked, waits = [] } = byCaller['light'] ?? {};
  expect(waits).toHaveLength(asked ?? 0);
  expect(Math.max(...waits)).toBeLessThanOrEqual(500);
});
