/** The rate at which permits are granted: the quota, or less for a while after a throttle. */
export interface AdaptiveRate {
  /** Permits a second. */
  current(): number;
  throttled(): void;
}

interface AdaptiveRateOptions {
  /** The quota, in permits a second. */
  readonly tps: number;
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number;
}

/**
 * The part of the rate that is left after a throttle. TCP halves its rate; here the quota is known well. Ten requests
 * that are each throttled twice are served within ten seconds at five permits a second.
 */
export const DECREASE = 0.85;
/** One overload throttles several calls at once, and lowers the rate once. */
export const DECREASE_EVERY_MS = 1000;
/**
 * The share of the quota that the rate recovers in a second, so that 3 s make up for one throttle. With a throttle each
 * second the rate settles at about a third of the quota: enough calls to notice the end of the throttling.
 */
export const CLIMB_PER_S = 0.05;

/** Additive increase, multiplicative decrease, never above `tps`. */
export function createAdaptiveRate({ tps, now }: AdaptiveRateOptions): AdaptiveRate {
  let base = tps;
  let since = -Infinity;
  const current = (): number => {
    if (base === tps) return tps;
    const climbed = base + ((now() - since) / 1000) * CLIMB_PER_S * tps;
    return Math.min(tps, climbed);
  };
  return {
    current,
    throttled() {
      if (now() - since < DECREASE_EVERY_MS) return;
      base = DECREASE * current();
      since = now();
    },
  };
}
