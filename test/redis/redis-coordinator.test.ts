import { expect, test } from '@jest/globals';

import { createRedisCoordinator } from '../../src/redis/redis-coordinator.ts';
import type { BucketReply, BucketOp } from '../../src/redis/shared-bucket.ts';
import { fakeTime } from '../support/fake-time.ts';

function coordinatorOf(joinWaitMs = 0) {
  const time = fakeTime();
  const redis = { away: false, joinWaitMs };
  const asked: BucketOp[] = [];
  const changes: boolean[] = [];
  const bucket = {
    ask(op: BucketOp): Promise<BucketReply | undefined> {
      asked.push(op);
      const waitMs = op === 'rejoin' ? redis.joinWaitMs : 0;
      return Promise.resolve(redis.away ? undefined : { granted: 0, waitMs, tokens: 1, rate: 5 });
    },
  };
  const coordinator = createRedisCoordinator({
    buckets: () => [bucket],
    opened: Promise.resolve(),
    schedule: time.schedule,
    onChange: (shared) => changes.push(shared),
  });
  const ask = (op: BucketOp, count?: number) => coordinator.ask(bucket, op, count);
  return { time, redis, coordinator, ask, bucket, asked, changes };
}

test('a replica starts on its own, and shares as soon as Redis answers', async () => {
  const { time, coordinator, changes, asked } = coordinatorOf();
  expect(coordinator.shared).toBe(false);
  await time.pass(0);
  expect(coordinator.shared).toBe(true);
  await time.pass(1000);
  expect(changes).toEqual([true]);
  expect(asked).toEqual(['rejoin', 'heartbeat', 'heartbeat', 'heartbeat', 'heartbeat', 'heartbeat']);
});

test('after an outage it shares only when all may, and only if Redis is still there by then', async () => {
  const { time, coordinator, redis } = coordinatorOf(1500);
  await time.pass(0);
  await time.pass(1499);
  expect(coordinator.shared).toBe(false);
  await time.pass(1);
  expect(coordinator.shared).toBe(true);

  const gone = coordinatorOf(1500);
  await gone.time.pass(100);
  gone.redis.away = true;
  await gone.time.pass(2000);
  expect(gone.changes).toEqual([false]);
  expect(redis.away).toBe(false);
});

test('two questions without an answer end the sharing; it is back with the next that has one', async () => {
  const { ask, time, coordinator, redis, changes } = coordinatorOf();
  await time.pass(0);
  redis.away = true;
  await expect(ask('take', 1)).resolves.toBeUndefined();
  expect(coordinator.shared).toBe(false);
  await time.pass(3000);
  expect(changes).toEqual([true, false]);
  redis.away = false;
  await time.pass(250);
  expect(changes).toEqual([true, false, true]);
});

test('one question without an answer is no outage, if the next has one', async () => {
  const { ask, time, redis, changes } = coordinatorOf();
  await time.pass(0);
  redis.away = true;
  const question = ask('take', 1);
  redis.away = false;
  await expect(question).resolves.toBeUndefined();
  expect(changes).toEqual([true]);
});

test('a Redis that misses one permit after the other is away, though it answers in between', async () => {
  const { ask, time, redis, changes } = coordinatorOf();
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
  const { time, coordinator, redis } = coordinatorOf();
  await time.pass(0);
  redis.away = true;
  await time.pass(1000);
  expect(coordinator.shared).toBe(false);
});

test('once stopped it asks no more, and changes no more', async () => {
  const { ask, time, coordinator, redis, changes, asked } = coordinatorOf();
  await time.pass(0);
  coordinator.stop();
  const before = asked.length;
  redis.away = true;
  await time.pass(5000);
  await ask('give', 1);
  expect(asked.slice(before)).toEqual(['give', 'heartbeat']);
  expect(changes).toEqual([true]);
  expect(time.timers).toBe(0);
});

test('one that is stopped while it joins looks for Redis no more', async () => {
  const { time, coordinator, asked } = coordinatorOf();
  coordinator.stop();
  await time.pass(5000);
  expect(asked).toEqual(['rejoin', 'heartbeat']);
  expect(coordinator.shared).toBe(false);
  expect(time.timers).toBe(0);
});
