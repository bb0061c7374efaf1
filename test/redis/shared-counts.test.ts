import { afterEach, expect, jest } from '@jest/globals';

import { connectRedis } from '../../src/redis/connect.ts';
import { createSharedCounts } from '../../src/redis/shared-counts.ts';
import { startRedis, stopRedis, testWithRedis } from '../support/redis.ts';
import { until } from '../support/service.ts';

const open: { disconnect(): void }[] = [];

afterEach(async () => {
  for (const redis of open.splice(0)) redis.disconnect();
  await stopRedis();
});

async function countsOn(url: string) {
  const redis = connectRedis(url, () => undefined);
  open.push(redis);
  await until(() => redis.status === 'ready');
  const coordinator = { reachable: true };
  const counts = createSharedCounts({ redis, coordinator, keyPrefix: 'test:limit', max: 5, windowMs: 1500 });
  const hits = async (caller: string) => (await counts.increment(caller)).totalHits;
  return { redis, coordinator, counts, hits };
}

testWithRedis(
  'callers are counted apart, nothing is forgotten, and Redis keeps no name beyond the window',
  async () => {
    const { url } = await startRedis();
    const { redis, counts, hits } = await countsOn(url);
    expect([await hits('alice'), await hits('alice'), await hits('198.51.100.7')]).toEqual([1, 2, 1]);
    await counts.decrement('alice');
    await counts.resetKey('alice');
    expect(await hits('alice')).toBe(3);
    const keys = await redis.keys('*limit*');
    expect(keys).toHaveLength(2);
    expect(keys.join(' ')).not.toMatch(/alice|198/);
    for (const key of keys) {
      const ttl = await redis.pttl(key);
      expect(ttl).toBeGreaterThan(0);
      expect(ttl).toBeLessThanOrEqual(1500);
    }
  },
);

testWithRedis('what Redis cannot count is counted by the replica itself, also over the limit', async () => {
  const server = await startRedis();
  const { coordinator, hits } = await countsOn(server.url);
  expect(await hits('alice')).toBe(1);
  server.pause();
  expect([await hits('alice'), await hits('alice')]).toEqual([1, 2]);
  coordinator.reachable = false;
  expect([await hits('alice'), await hits('alice'), await hits('alice'), await hits('alice')]).toEqual([
    3, 4, 5, 6,
  ]);
});

testWithRedis('a wall clock that is set back does not prolong a window while Redis is away', async () => {
  const { url } = await startRedis();
  const { coordinator, counts } = await countsOn(url);
  coordinator.reachable = false;
  const first = await counts.increment('alice');
  const wallClock = Date.now;
  const setBack = jest.spyOn(Date, 'now').mockImplementation(() => wallClock() - 3_600_000);
  const second = await counts.increment('alice');
  setBack.mockRestore();
  expect(second.totalHits).toBe(2);
  expect(Number(first.resetTime) - Number(second.resetTime)).toBeGreaterThan(3_500_000);
});
