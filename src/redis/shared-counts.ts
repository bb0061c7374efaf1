import { createHash } from 'node:crypto';

import type { Store } from 'express-rate-limit';
import { RateLimiterRedis } from 'rate-limiter-flexible';

import { createFixedWindow } from '../quota/fixed-window.ts';
import type { SharedRedis } from './connect.ts';
import type { RedisCoordinator } from './redis-coordinator.ts';
import { withinTimeout } from './within-timeout.ts';

interface SharedCountsOptions {
  readonly redis: SharedRedis;
  readonly coordinator: Pick<RedisCoordinator, 'reachable'>;
  /** The beginning of every key. */
  readonly keyPrefix: string;
  /** Requests a window. */
  readonly max: number;
  readonly windowMs: number;
}

/** Each caller's requests, counted for all replicas together; while Redis is away, for this one alone. */
export function createSharedCounts({
  redis,
  coordinator,
  keyPrefix,
  max,
  windowMs,
}: SharedCountsOptions): Store {
  const own = createFixedWindow({ windowMs });
  const shared = new RateLimiterRedis({
    points: max,
    duration: windowMs / 1000,
    keyPrefix,
    storeClient: redis,
    customIncrTtlLuaScript: incrementScript(windowMs),
  });
  return {
    localKeys: false,
    async increment(caller) {
      const key = keyOf(caller);
      // Not `consume`, which rejects over the limit: express-rate-limit decides that from the count.
      const together = coordinator.reachable ? await withinTimeout(shared.penalty(key)) : undefined;
      const { count, remainingMs } = together
        ? { count: together.consumedPoints, remainingMs: together.msBeforeNext }
        : own.hit(key);
      return { totalHits: count, resetTime: new Date(Date.now() + remainingMs) };
    },
    // Called only by a limiter that forgets some requests; this one counts all.
    decrement: keepAll,
    resetKey: keepAll,
  };
}

function keepAll(): void {
  // Nothing to forget.
}

/** The package's own script counts in whole seconds. */
function incrementScript(windowMs: number): string {
  return `
redis.call('set', KEYS[1], 0, 'PX', ${windowMs}, 'NX')
return {redis.call('incrby', KEYS[1], ARGV[1]), redis.call('pttl', KEYS[1])}
`;
}

/** Neither a subject nor an address is written into Redis. */
function keyOf(caller: string): string {
  return createHash('sha256').update(caller).digest('base64url');
}
