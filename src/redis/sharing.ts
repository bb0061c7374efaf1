import type { Store } from 'express-rate-limit';
import type { Logger } from 'pino';

import { quotaOf, type Config } from '../config.ts';
import { capacityOf } from '../quota/token-bucket.ts';
import type { PermitSource } from '../quota/permit-source.ts';
import { startTimer } from '../quota/permit-dispatcher.ts';
import { connectRedis } from './connect.ts';
import { createRedisCoordinator } from './redis-coordinator.ts';
import { createSharedBucket, type SharedBucket } from './shared-bucket.ts';
import { createSharedCounts } from './shared-counts.ts';
import { createSharedPermits } from './shared-permits.ts';

/** What replicas share through Redis, each on its own while Redis is away. */
export interface Sharing {
  /** Permits to call an operation of Rekognition, which has a quota of its own. */
  readonly permitsOf: (operation: string) => PermitSource;
  /** Requests of each caller. */
  readonly counts: Store;
  /** Whether this replica shares just now. */
  readonly shared: boolean;
  /** False at the start, until this replica shares or has tried to for long enough. */
  readonly ready: boolean;
  stop(): void;
}

interface SharingOptions {
  readonly url: string;
  /** Services of other Regions have other quotas. */
  readonly region: string;
  readonly config: Pick<Config, 'upstream' | 'rateLimit' | 'redis'>;
  readonly logger: Logger;
  /** Milliseconds of a clock that is not set. */
  readonly now: () => number;
}

/** A replica that serves before it shares gives callers a second limit. One that waits longer serves nobody. */
const TRY_FOR_MS = 2000;

/** Connects in the background: the service starts, and goes on, without Redis. */
export function startSharing({ url, region, config, logger, now }: SharingOptions): Sharing {
  const startedAt = now();
  // All in one slot, and so on one shard.
  const prefix = `{${config.redis.keyPrefix}:${region}}`;
  let lastError: Error | undefined;
  /** The operation whose bucket the last error is of, if Redis refused the script: others may well succeed. */
  let refused: string | undefined;
  const redis = connectRedis(url, (error) => {
    lastError = error;
  });
  const opened = new Promise<void>((resolve) => {
    redis.once('ready', resolve);
    redis.once('error', () => {
      resolve();
    });
  });
  const buckets = new Map<string, { readonly bucket: SharedBucket; readonly permits: PermitSource }>();
  const coordinator = createRedisCoordinator({
    buckets: () => Array.from(buckets.values(), ({ bucket }) => bucket),
    opened,
    schedule: startTimer,
    onChange(shared) {
      const reason = lastError?.message ?? 'no answer';
      if (shared) logger.info('Redis responds: quota and limits are shared with the other replicas');
      else
        logger.warn(
          { reason },
          'Redis is away: this replica uses its own part of the quota, and counts callers alone',
        );
    },
  });
  const open = (operation: string) => {
    const { tps, burst } = quotaOf(config.upstream, operation);
    const capacity = capacityOf({ tps, burst });
    const bucket = createSharedBucket({
      async run(...args) {
        try {
          const answer = await redis.rollcallPermits(`${prefix}:permits:${operation}`, ...args);
          if (refused === undefined || refused === operation) lastError = refused = undefined;
          return answer;
        } catch (error) {
          if ((error as Error).name === 'ReplyError') refused = operation;
          throw error;
        }
      },
      tps,
      capacity,
      onQuota(lowest) {
        if (lowest.tps < tps || lowest.capacity < capacity) logger.warn({ operation, ...lowest }, LOWER);
        else logger.info({ operation }, 'no other replica has a lower quota any more');
      },
      now,
    });
    const permits = createSharedPermits({
      coordinator,
      bucket,
      tps,
      burst,
      replicas: config.upstream.replicas,
      now,
      schedule: startTimer,
    });
    return { bucket, permits };
  };
  return {
    permitsOf(operation) {
      const known = buckets.get(operation) ?? open(operation);
      buckets.set(operation, known);
      return known.permits;
    },
    counts: createSharedCounts({ redis, coordinator, keyPrefix: `${prefix}:limit`, ...config.rateLimit }),
    get shared() {
      return coordinator.shared;
    },
    get ready() {
      return coordinator.shared || now() - startedAt >= TRY_FOR_MS;
    },
    stop() {
      coordinator.stop();
      redis.disconnect();
    },
  };
}

const LOWER =
  'another replica has a lower quota, which holds for all: set UPSTREAM_TPS and UPSTREAM_BURST alike, or another REDIS_KEY_PREFIX where the account is another';
