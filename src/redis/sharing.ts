import type { Store } from 'express-rate-limit';
import type { Logger } from 'pino';

import type { Config } from '../config.ts';
import { capacityOf } from '../quota/token-bucket.ts';
import type { PermitSource } from '../quota/permit-source.ts';
import { startTimer } from '../quota/permit-dispatcher.ts';
import { connectRedis } from './connect.ts';
import { createMembership } from './membership.ts';
import { createSharedBucket } from './shared-bucket.ts';
import { createSharedCounts } from './shared-counts.ts';
import { createSharedPermits } from './shared-permits.ts';

/** What replicas share through Redis, each on its own while Redis is away. */
export interface Sharing {
  /** The permits of one operation of Rekognition. */
  readonly permitsOf: (operation: string) => PermitSource;
  /** Requests of each caller. */
  readonly counts: Store;
  /** Whether this replica shares just now. */
  readonly shared: boolean;
  stop(): void;
}

interface SharingOptions {
  readonly url: string;
  readonly config: Pick<Config, 'upstream' | 'rateLimit'>;
  readonly logger: Logger;
  /** Milliseconds of a clock that is not set. */
  readonly now: () => number;
}

/** One quota an account and Region: services that do not share it need databases of their own. */
const BUCKET_KEY = 'rollcall:permits';

/** Connects in the background: the service starts, and goes on, without Redis. */
export function startSharing({ url, config, logger, now }: SharingOptions): Sharing {
  const { tps, burst, replicas } = config.upstream;
  let lastError: Error | undefined;
  const redis = connectRedis(url, (error) => {
    lastError = error;
  });
  const opened = new Promise<void>((resolve) => {
    redis.once('ready', resolve);
    redis.once('error', () => {
      resolve();
    });
  });
  const bucket = createSharedBucket({
    async run(...args) {
      const answer = await redis.rollcallPermits(BUCKET_KEY, ...args);
      lastError = undefined;
      return answer;
    },
    tps,
    capacity: capacityOf({ tps, burst }),
    now,
  });
  const membership = createMembership({
    bucket,
    opened,
    schedule: startTimer,
    onChange(shared) {
      const reason = lastError?.message ?? 'no answer';
      if (shared) logger.info('Redis answers: quota and limits are shared with the other replicas');
      else
        logger.warn(
          { reason },
          'Redis is away: this replica keeps to its part of the quota, and counts alone',
        );
    },
  });
  return {
    permitsOf: () =>
      createSharedPermits({ membership, bucket, tps, burst, replicas, now, schedule: startTimer }),
    counts: createSharedCounts({ redis, membership, ...config.rateLimit }),
    get shared() {
      return membership.shared;
    },
    stop() {
      membership.stop();
      redis.disconnect();
    },
  };
}
