import { withinTimeout, REDIS_TIMEOUT_MS } from './within-timeout.ts';

/** A reply of the bucket of all replicas. */
export interface BucketReply {
  readonly granted: number;
  /** Milliseconds until the granted permits may be used, or until a joining replica may ask. */
  readonly waitMs: number;
  /** Permits left; negative if some were granted for later. */
  readonly tokens: number;
  /** Permits a second. */
  readonly rate: number;
}

type ScriptReply = [
  granted: number,
  waitMs: number,
  tokens: number,
  rate: number,
  time: number,
  tps: number,
  capacity: number,
];

/** The quota that a bucket keeps. */
export interface Quota {
  /** Permits a second. */
  readonly tps: number;
  /** Permits at once. */
  readonly capacity: number;
}

/** The operations of the bucket's script (`permit-script.ts`). */
export type BucketOp = 'take' | 'spare' | 'give' | 'throttle' | 'heartbeat' | 'rejoin';

/** The bucket in Redis. `ask` returns undefined if no reply comes within `REDIS_TIMEOUT_MS`. */
export interface SharedBucket {
  ask(op: BucketOp, count?: number): Promise<BucketReply | undefined>;
  /** The last reply while this replica shared, and when it came. Before the first reply: an empty bucket. */
  readonly lastReply: Pick<BucketReply, 'tokens' | 'rate'> & { readonly at: number };
}

interface SharedBucketOptions extends Quota {
  /** Runs the script of the bucket with these arguments; rejects without a connection. */
  readonly run: (...args: (string | number)[]) => Promise<unknown>;
  /** Called when the quota changes: it is the lowest, if the settings of replicas differ. */
  readonly onQuota: (quota: Quota) => void;
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number;
}

/** Runs the script with an expiry in Redis's time: the end of the wait for its reply. */
export function createSharedBucket(options: SharedBucketOptions): SharedBucket {
  const { run, tps, capacity, onQuota, now } = options;
  let quota: Quota = { tps, capacity };
  let offset: number | undefined;
  let lastReply = { tokens: 0, rate: tps, at: now() };
  return {
    get lastReply() {
      return lastReply;
    },
    async ask(op, count = 0) {
      const expires = offset === undefined ? 0 : Math.floor(now() + offset + REDIS_TIMEOUT_MS);
      const reply = await withinTimeout(run(op, count, expires, tps, capacity));
      if (!Array.isArray(reply)) return undefined;
      const [granted, waitMs, tokens, rate, time, ...lowest] = reply.map(Number) as ScriptReply;
      offset = time - now();
      if (granted < 0) return undefined;
      if (lowest[0] !== quota.tps || lowest[1] !== quota.capacity) {
        quota = { tps: lowest[0], capacity: lowest[1] };
        onQuota(quota);
      }
      // A joining replica does not share yet.
      if (op !== 'rejoin') lastReply = { tokens, rate, at: now() };
      return { granted, waitMs, tokens, rate };
    },
  };
}
