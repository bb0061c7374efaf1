import { createAdaptiveRate } from './adaptive-rate.ts';
import type { PermitSource } from './permit-source.ts';

interface TokenBucketOptions {
  /** The quota, in permits a second; may be fractional. */
  readonly tps: number;
  /** Permits at once after a pause; may be fractional. Below 1 it counts as 1. */
  readonly burst: number;
  /** Permits at the start; by default the bucket is full. */
  readonly tokens?: number;
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number;
}

/**
 * How much closer together calls may arrive upstream than they left, in milliseconds: connections, the network, and a
 * permit that is used a little late. This much of the burst is never used.
 */
const JITTER_MS = 50;
/** The rounding error of fractions that add up to a permit. */
const EPSILON = 1e-6;

/** How many permits the bucket of a quota holds. */
export function capacityOf({ tps, burst }: { readonly tps: number; readonly burst: number }): number {
  return Math.max(1, burst - (tps * JITTER_MS) / 1000);
}

/** Permits that background work leaves for interactive requests, if the bucket is large enough. */
export const RESERVE = 2;

/**
 * What background work leaves in a bucket: `RESERVE`, or in a small bucket half of what it holds besides the permit that
 * is taken. The other half absorbs late timers.
 */
export function reserveOf(capacity: number): number {
  return Math.min(RESERVE, (capacity - 1) / 2);
}

/** A token bucket of this process alone, with a rate that yields to throttling. */
export function createTokenBucket(options: TokenBucketOptions): PermitSource {
  const { tps, now } = options;
  const capacity = capacityOf(options);
  const reserved = { interactive: 0, background: reserveOf(capacity) };
  const rate = createAdaptiveRate({ tps, now });
  let tokens = Math.min(capacity, options.tokens ?? capacity);
  let filled = { at: now(), rate: tps };
  const fill = (): void => {
    const next = { at: now(), rate: rate.current() };
    // The rate climbs linearly, so the mean of both ends is exact, or a little low where it has reached the quota.
    const perMs = (filled.rate + next.rate) / 2000;
    tokens = Math.min(capacity, tokens + (next.at - filled.at) * perMs);
    filled = next;
  };
  return {
    take(wanted, priority) {
      fill();
      const granted = Math.max(0, Math.min(wanted, Math.floor(tokens - reserved[priority] + EPSILON)));
      tokens -= granted;
      return granted;
    },
    giveBack(count) {
      fill();
      tokens = Math.min(capacity, tokens + count);
    },
    waitMs(ahead, priority) {
      fill();
      const missing = reserved[priority] + ahead + 1 - tokens;
      return missing <= EPSILON ? 0 : (missing / filled.rate) * 1000;
    },
    throttled() {
      fill();
      rate.throttled();
      // Upstream has just refused a call, so it has no permits now.
      tokens = Math.min(tokens, 0);
      filled = { at: filled.at, rate: rate.current() };
    },
    state() {
      fill();
      return { rate: filled.rate, available: Math.max(0, Math.floor(tokens + EPSILON)) };
    },
  };
}
