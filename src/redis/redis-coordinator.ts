import type { Schedule } from '../quota/permit-dispatcher.ts';
import type { BucketReply, BucketOp, SharedBucket } from './shared-bucket.ts';

/** Knows whether this replica shares with the others now, or uses its own part because Redis is away. */
export interface RedisCoordinator {
  readonly shared: boolean;
  /** Whether Redis replies. It does so already while the replicas wait for each other after an outage. */
  readonly reachable: boolean;
  /**
   * Asks a bucket. Without a reply it sends a heartbeat. If that has no reply either, or the next request of the same
   * kind has none, this replica is on its own.
   */
  ask(bucket: Bucket, op: BucketOp, count?: number): Promise<BucketReply | undefined>;
  /** Stops looking for Redis. */
  stop(): void;
}

type Bucket = Pick<SharedBucket, 'ask'>;

interface RedisCoordinatorOptions {
  /** The buckets that this replica uses, one or more. */
  readonly buckets: () => Iterable<Bucket>;
  readonly schedule: Schedule;
  /** Resolves when the first attempt to connect has succeeded or failed. */
  readonly opened: Promise<void>;
  /** Called at every change. */
  readonly onChange: (shared: boolean) => void;
}

/** A replica without work notices that Redis is away after this and two time-outs: within a second. */
const HEARTBEAT_EVERY_MS = 250;

/** Starts on its own. Once Redis replies, heartbeats show the other replicas that this one shares. */
export function createRedisCoordinator({
  buckets,
  schedule,
  opened,
  onChange,
}: RedisCoordinatorOptions): RedisCoordinator {
  // Unknown at first, so that a Redis that is away at the start is reported as well.
  let shared: boolean | undefined;
  let reachable = false;
  let stopped = false;
  let stopTimer: (() => void) | undefined;
  /** The kinds of request whose last one had no reply. */
  const missed = new Set<BucketOp>();

  /** Asks every bucket at once. Returns the reply with the longest wait, or undefined if one is missing. */
  const askEach = async (op: 'heartbeat' | 'rejoin'): Promise<BucketReply | undefined> => {
    const replies = await Promise.all(Array.from(buckets(), (bucket) => bucket.ask(op)));
    return replies.reduce((one, other) => one && other && (other.waitMs > one.waitMs ? other : one));
  };
  const become = (next: boolean): void => {
    reachable = next;
    if (shared === next || stopped) return;
    shared = next;
    missed.clear();
    onChange(next);
  };
  const ask = async (bucket: Bucket, op: BucketOp, count?: number): Promise<BucketReply | undefined> => {
    const reply = await bucket.ask(op, count);
    if (reply) missed.delete(op);
    // One missing reply may be a pause of a busy machine, and not an outage.
    else if (shared && (missed.has(op) || !(await bucket.ask('heartbeat')))) become(false);
    else missed.add(op);
    return reply;
  };
  const after = (ms: number, work: () => Promise<void>): void => {
    if (stopped) return;
    stopTimer = schedule(ms, () => void work());
  };
  const heartbeat = async (): Promise<void> => {
    if (shared) await ask({ ask: () => askEach('heartbeat') }, 'heartbeat');
    else await rejoin();
    after(HEARTBEAT_EVERY_MS, heartbeat);
  };
  const rejoin = async (): Promise<void> => {
    const reply = await askEach('rejoin');
    reachable = reply !== undefined;
    if (!reply) become(false);
    else if (reply.waitMs === 0) become((await askEach('heartbeat')) !== undefined);
    else
      await new Promise<void>((resolve) => {
        after(reply.waitMs, async () => {
          become((await askEach('heartbeat')) !== undefined);
          resolve();
        });
      });
  };
  void opened.then(heartbeat);
  return {
    get shared() {
      return shared === true;
    },
    get reachable() {
      return reachable;
    },
    ask,
    stop() {
      stopped = true;
      stopTimer?.();
    },
  };
}
