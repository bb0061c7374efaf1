import { afterEach, expect } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';

import { connectRedis, type SharedRedis } from '../../src/redis/connect.ts';
import { REDIS_TIMEOUT_MS } from '../../src/redis/within-timeout.ts';
import { createRedisCoordinator, type RedisCoordinator } from '../../src/redis/redis-coordinator.ts';
import { LOWEST_MS } from '../../src/redis/permit-script.ts';
import { createSharedBucket, type SharedBucket } from '../../src/redis/shared-bucket.ts';
import { createSharedPermits } from '../../src/redis/shared-permits.ts';
import { startTimer } from '../../src/quota/permit-dispatcher.ts';
import { startRedis, stopRedis, testWithRedis } from '../support/redis.ts';
import { until } from '../support/service.ts';

const KEY = 'rollcall:test';
const open: SharedRedis[] = [];
const members: RedisCoordinator[] = [];

afterEach(async () => {
  for (const member of members.splice(0)) member.stop();
  for (const redis of open.splice(0)) redis.disconnect();
  await stopRedis();
});

const now = () => performance.now();

/** The bucket as one replica sees it; `skewMs` is how far off its clock runs after the first answer. */
async function bucketAt(url: string, { tps = 5, capacity = 5 } = {}) {
  const redis = connectRedis(url, () => undefined);
  open.push(redis);
  await until(() => redis.status === 'ready');
  const clock = { skewMs: 0 };
  const quotas: unknown[] = [];
  const bucket = createSharedBucket({
    run: (...args) => redis.rollcallPermits(KEY, ...args),
    tps,
    capacity,
    onQuota: (quota) => quotas.push(quota),
    now: () => now() + clock.skewMs,
  });
  return { redis, bucket, quotas, clock };
}

const granted = async (bucket: SharedBucket, count: number) => (await bucket.ask('take', count))?.granted;

testWithRedis(
  'a bucket that nobody knows gives one permit at once, and the next ones in their order',
  async () => {
    const { url } = await startRedis();
    const { bucket } = await bucketAt(url, { tps: 1 });
    await expect(bucket.ask('take', 3)).resolves.toMatchObject({ granted: 1, waitMs: 0 });
    const [second, third] = [await bucket.ask('take', 3), await bucket.ask('take', 3)];
    expect([second?.granted, third?.granted]).toEqual([1, 1]);
    expect(second?.waitMs).toBeGreaterThan(0);
    expect(third?.waitMs).toBeGreaterThan((second?.waitMs ?? 0) + 500);
  },
);

testWithRedis('two replicas share one bucket, and what one gives back the other can take', async () => {
  const { url } = await startRedis();
  const terms = { tps: 0.001, capacity: 5 };
  const [one, two] = [await bucketAt(url, terms), await bucketAt(url, terms)];
  await one.bucket.ask('give', 100);
  expect(await granted(one.bucket, 3)).toBe(3);
  expect(await granted(two.bucket, 3)).toBe(2);
  await one.bucket.ask('give', 2);
  expect(await granted(two.bucket, 9)).toBe(2);
});

testWithRedis(
  'one replica that is throttled slows all down, once a second, and drops what was there',
  async () => {
    const { url } = await startRedis();
    const [one, two] = [await bucketAt(url), await bucketAt(url)];
    await one.bucket.ask('give', 100);
    await one.bucket.ask('throttle');
    await two.bucket.ask('throttle');
    const answer = await two.bucket.ask('heartbeat');
    expect(answer?.rate).toBeGreaterThanOrEqual(4.25);
    expect(answer?.rate).toBeLessThan(4.75);
    expect(answer?.tokens).toBeLessThan(2);
  },
);

testWithRedis(
  'where the quota settings of replicas differ the lowest hold, each for itself, while their replica is there',
  async () => {
    const { url } = await startRedis();
    const slow = await bucketAt(url, { tps: 5, capacity: 50 });
    const quick = await bucketAt(url, { tps: 50, capacity: 5 });
    await slow.bucket.ask('heartbeat');
    await expect(quick.bucket.ask('heartbeat')).resolves.toMatchObject({ rate: 5 });
    await quick.bucket.ask('give', 100);
    await expect(quick.bucket.ask('heartbeat')).resolves.toMatchObject({ tokens: 5 });
    await slow.bucket.ask('heartbeat');
    expect([slow.quotas, quick.quotas]).toEqual([[{ tps: 5, capacity: 5 }], [{ tps: 5, capacity: 5 }]]);
    // The slow one never replies.
    await sleep(LOWEST_MS + 50);
    await quick.bucket.ask('heartbeat');
    expect(quick.quotas).toEqual([
      { tps: 5, capacity: 5 },
      { tps: 50, capacity: 5 },
    ]);
  },
);

testWithRedis('a question that Redis reads too late changes nothing', async () => {
  const { url } = await startRedis();
  const { bucket, clock } = await bucketAt(url, { tps: 0.001 });
  await bucket.ask('give', 4);
  clock.skewMs = -60_000;
  await expect(bucket.ask('take', 4)).resolves.toBeUndefined();
  // It knows Redis's time from the refusal.
  expect(await granted(bucket, 9)).toBe(5);
});

testWithRedis(
  'where others share, one more may at once; after an outage all begin together, with less than nothing',
  async () => {
    const { url } = await startRedis();
    const [one, two] = [await bucketAt(url), await bucketAt(url)];
    await one.bucket.ask('give', 100);
    const first = await one.bucket.ask('rejoin');
    const second = await two.bucket.ask('rejoin');
    expect(first?.waitMs).toBeGreaterThan(1000);
    expect(second?.waitMs).toBeGreaterThan(0);
    expect(second?.waitMs).toBeLessThanOrEqual(first?.waitMs ?? 0);
    expect(second?.tokens).toBe(-1);
    await sleep(second?.waitMs);
    await one.bucket.ask('heartbeat');
    await expect(two.bucket.ask('rejoin')).resolves.toMatchObject({ waitMs: 0 });
  },
);

/** One replica: how it shares, and where its permits come from. */
async function replicaAt(url: string, tps: number, replicas: number) {
  const { bucket, redis } = await bucketAt(url, { tps, capacity: tps });
  const coordinator = createRedisCoordinator({
    buckets: () => [bucket],
    opened: Promise.resolve(),
    schedule: startTimer,
    onChange: () => undefined,
  });
  members.push(coordinator);
  const source = createSharedPermits({
    coordinator,
    bucket,
    tps,
    burst: tps,
    replicas,
    now,
    schedule: startTimer,
  });
  return { coordinator, source, redis };
}

testWithRedis(
  'permits go on when Redis is killed, from the replica’s own part, and are shared again when it is back',
  async () => {
    const server = await startRedis();
    const { coordinator, source } = await replicaAt(server.url, 20, 2);
    await until(() => coordinator.shared);
    expect(source.state().rate).toBe(10);
    await expect(Promise.resolve(source.take(1, 'interactive'))).resolves.toBe(1);
    await server.kill();
    const answer = await source.take(1, 'interactive');
    expect(answer).toBeLessThanOrEqual(1);
    expect(coordinator.shared).toBe(false);
    expect(source.state().rate).toBe(10);
    expect(typeof source.take(1, 'interactive')).toBe('number');
    await server.restart();
    await until(() => coordinator.shared);
    await expect(Promise.resolve(source.take(1, 'interactive'))).resolves.toBe(1);
  },
);

testWithRedis('while Redis is paused no request waits longer than REDIS_TIMEOUT_MS for it', async () => {
  const server = await startRedis();
  const { coordinator, source } = await replicaAt(server.url, 20, 2);
  await until(() => coordinator.shared);
  server.pause();
  const start = now();
  await source.take(1, 'interactive');
  // Several times the bound, for a busy machine; without it this would take until Redis goes on.
  expect(now() - start).toBeLessThan(REDIS_TIMEOUT_MS * 6);
  expect(coordinator.shared).toBe(false);
  server.resume();
  await until(() => coordinator.shared);
});

testWithRedis(
  'three replicas that always want permits have the whole quota between them, in about equal parts',
  async () => {
    const server = await startRedis();
    const tps = 60;
    const replicas = await Promise.all([1, 2, 3].map(() => replicaAt(server.url, tps, 3)));
    await until(() => replicas.every(({ coordinator }) => coordinator.shared));
    const start = now();
    const counts = await Promise.all(
      replicas.map(async ({ source }) => {
        let count = 0;
        while (now() - start < 3000) count += await source.take(1, 'interactive');
        return count;
      }),
    );
    const total = counts.reduce((sum, count) => sum + count, 0);
    const allowed = (tps * (now() - start)) / 1000 + tps;
    expect(total).toBeLessThanOrEqual(allowed);
    expect(total).toBeGreaterThan(0.85 * tps * 3);
    expect(Math.max(...counts) - Math.min(...counts)).toBeLessThan(0.2 * total);
  },
);

testWithRedis(
  'a Redis that is full, or asks for another password, leaves the replica on its own',
  async () => {
    const full = await startRedis('--maxmemory', '1', '--maxmemory-policy', 'noeviction');
    const refused = await startRedis('--requirepass', 'secret');
    const errors: string[] = [];
    const stranger = connectRedis(refused.url, ({ message }) => errors.push(message));
    open.push(stranger);
    await until(() => errors.length > 0);
    expect(errors[0]).toContain('NOAUTH');
    const { bucket } = await bucketAt(full.url);
    await expect(bucket.ask('rejoin')).resolves.toBeUndefined();
  },
);
