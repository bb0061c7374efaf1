import { expect, test } from '@jest/globals';

import { createMembership } from '../../src/redis/membership.ts';
import type { BucketAnswer, BucketOp } from '../../src/redis/shared-bucket.ts';
import { fakeTime } from '../support/fake-time.ts';

function membershipOf(joinWaitMs = 0) {
  const time = fakeTime();
  const redis = { away: false, joinWaitMs };
  const asked: BucketOp[] = [];
  const changes: boolean[] = [];
  const bucket = {
    ask(op: BucketOp): Promise<BucketAnswer | undefined> {
      asked.push(op);
      const waitMs = op === 'join' ? redis.joinWaitMs : 0;
      return Promise.resolve(redis.away ? undefined : { granted: 0, waitMs, tokens: 1, rate: 5 });
    },
  };
  const membership = createMembership({
    buckets: () => [bucket],
    opened: Promise.resolve(),
    schedule: time.schedule,
    onChange: (shared) => changes.push(shared),
  });
  const ask = (op: BucketOp, count?: number) => membership.ask(bucket, op, count);
  return { time, redis, membership, ask, bucket, asked, changes };
}

test('a replica starts on its own, and shares as soon as Redis answers', async () => {
  const { time, membership, changes, asked } = membershipOf();
  expect(membership.shared).toBe(false);
  await time.pass(0);
  expect(membership.shared).toBe(true);
  await time.pass(1000);
  expect(changes).toEqual([true]);
  expect(asked).toEqual(['join', 'beat', 'beat', 'beat', 'beat', 'beat']);
});

test('after an outage it shares only when all may, and only if Redis is still there by then', async () => {
  const { time, membership, redis } = membershipOf(1500);
  await time.pass(0);
  await time.pass(1499);
  expect(membership.shared).toBe(false);
  await time.pass(1);
  expect(membership.shared).toBe(true);

  const gone = membershipOf(1500);
  await gone.time.pass(100);
  gone.redis.away = true;
  await gone.time.pass(2000);
  expect(gone.changes).toEqual([false]);
  expect(redis.away).toBe(false);
});

test('two questions without an answer end the sharing; it is back with the next that has one', async () => {
  const { ask, time, membership, redis, changes } = membershipOf();
  await time.pass(0);
  redis.away = true;
  await expect(ask('take', 1)).resolves.toBeUndefined();
  expect(membership.shared).toBe(false);
  await time.pass(3000);
  expect(changes).toEqual([true, false]);
  redis.away = false;
  await time.pass(250);
  expect(changes).toEqual([true, false, true]);
});

test('one question without an answer is no outage, if the next has one', async () => {
  const { ask, time, redis, changes } = membershipOf();
  await time.pass(0);
  redis.away = true;
  const question = ask('take', 1);
  redis.away = false;
  await expect(question).resolves.toBeUndefined();
  expect(changes).toEqual([true]);
});

test('a Redis that misses one permit after the other is away, though it answers in between', async () => {
  const { ask, time, redis, changes } = membershipOf();
  await time.pass(0);
  const miss = async () => {
    redis.away = true;
    const question = ask('take', 1);
    redis.away = false;
    await question;
  };
  await miss();
  await ask('take', 1);
  await miss();
  expect(changes).toEqual([true]);
  await miss();
  expect(changes).toEqual([true, false]);
});

test('without work the heartbeat notices within a second that Redis is away', async () => {
  const { time, membership, redis } = membershipOf();
  await time.pass(0);
  redis.away = true;
  await time.pass(1000);
  expect(membership.shared).toBe(false);
});

test('once stopped it asks no more, and changes no more', async () => {
  const { ask, time, membership, redis, changes, asked } = membershipOf();
  await time.pass(0);
  membership.stop();
  const before = asked.length;
  redis.away = true;
  await time.pass(5000);
  await ask('give', 1);
  expect(asked.slice(before)).toEqual(['give', 'beat']);
  expect(changes).toEqual([true]);
  expect(time.timers).toBe(0);
});

test('one that is stopped while it joins looks for Redis no more', async () => {
  const { time, membership, asked } = membershipOf();
  membership.stop();
  await time.pass(5000);
  expect(asked).toEqual(['join', 'beat']);
  expect(membership.shared).toBe(false);
  expect(time.timers).toBe(0);
});
