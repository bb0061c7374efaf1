import { capacityOf, createTokenBucket, reserveOf } from '../quota/token-bucket.ts';
import type { PermitSource } from '../quota/permit-source.ts';
import type { Schedule } from '../quota/permit-dispatcher.ts';
import type { Priority } from '../quota/fair-queue.ts';
import type { RedisCoordinator } from './redis-coordinator.ts';
import type { SharedBucket } from './shared-bucket.ts';

interface SharedPermitsOptions {
  readonly coordinator: Pick<RedisCoordinator, 'shared' | 'ask'>;
  readonly bucket: SharedBucket;
  /** The quota of all replicas together. */
  readonly tps: number;
  readonly burst: number;
  /** How many replicas there are: while Redis is away, each uses this part of the quota. */
  readonly replicas: number;
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number;
  readonly schedule: Schedule;
}

/** How fast replicas that no longer wait are forgotten. New ones count at once, since waits are computed from them. */
const WEIGHT = 1 / 4;

/** Permits of the bucket that all replicas share; while Redis is away, of this replica's own part. */
export function createSharedPermits(options: SharedPermitsOptions): PermitSource {
  const { coordinator, bucket, tps, burst, replicas, now, schedule } = options;
  /** When the last permit that was granted for later may be used. */
  let dueAt = 0;
  let waiting = false;
  /** How many replicas wait for permits at once, this one included. */
  let competing = 1;
  let own: { readonly since: unknown; readonly permits: PermitSource } | undefined;
  const reserved = { interactive: 0, background: reserveOf(capacityOf({ tps, burst })) };

  const tokensNow = (): number => {
    const { tokens, rate, at } = bucket.lastReply;
    return Math.min(burst, tokens + ((now() - at) * rate) / 1000);
  };
  /** Starts with this replica's part of the permits that remained. It is negative if some were promised. */
  const ownPart = (): PermitSource => {
    const since = bucket.lastReply;
    // The part of an earlier outage has filled up since then, so it is not used again.
    if (own?.since !== since) {
      const terms = { tps: tps / replicas, burst: burst / replicas, tokens: tokensNow() / replicas, now };
      own = { since, permits: createTokenBucket(terms) };
    }
    return own.permits;
  };
  const takeShared = async (wanted: number, priority: Priority): Promise<number> => {
    const reply = await coordinator.ask(bucket, priority === 'interactive' ? 'take' : 'spare', wanted);
    if (!reply) return coordinator.shared ? 0 : ownPart().take(wanted, priority);
    const { granted, waitMs, tokens } = reply;
    // Rounded, so that the number does not change with each fraction of a permit that comes in.
    const promised = Math.max(1, Math.round(-tokens));
    competing = Math.max(promised, competing + WEIGHT * (promised - competing));
    if (waitMs > 0) {
      dueAt = now() + waitMs;
      waiting = true;
      await new Promise<void>((resolve) => schedule(waitMs, resolve));
      waiting = false;
    }
    return granted;
  };
  return {
    take: (wanted, priority) =>
      coordinator.shared ? takeShared(wanted, priority) : ownPart().take(wanted, priority),
    giveBack(count) {
      if (coordinator.shared) void coordinator.ask(bucket, 'give', count);
      else ownPart().giveBack(count);
    },
    waitMs(ahead, priority) {
      const { rate } = bucket.lastReply;
      if (waiting) {
        const intervalMs = (coordinator.shared ? competing / rate : replicas / tps) * 1000;
        return Math.max(0, dueAt - now()) + ahead * intervalMs;
      }
      if (!coordinator.shared) return ownPart().waitMs(ahead, priority);
      const tokens = tokensNow() - reserved[priority];
      // If none is left, the other replicas ask too, perhaps since the last reply.
      const first = tokens >= 1 ? 0 : Math.max(1 - tokens, competing);
      const more = Math.max(0, ahead - Math.max(0, tokens - 1));
      return ((first + more * competing) * 1000) / rate;
    },
    throttled() {
      if (!coordinator.shared) ownPart().throttled();
      else
        void coordinator.ask(bucket, 'throttle').then((reply) => {
          if (!reply) ownPart().throttled();
        });
    },
    state() {
      if (!coordinator.shared) return ownPart().state();
      return { rate: bucket.lastReply.rate / replicas, available: Math.max(0, Math.floor(tokensNow())) };
    },
  };
}
