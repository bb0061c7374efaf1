/** The rate at which calls may leave: the quota, or less for a while after Rekognition throttled. */
export interface AdaptiveRate {
  /** Permits a second. */
  current(): number;
  throttled(): void;
}

interface AdaptiveRateOptions {
  /** The quota, in permits a second. */
  readonly tps: number;
  /** Milliseconds. */
  readonly now: () => number;
}

/** What a throttle leaves of the rate: TCP CUBIC's factor, gentler than a half since the quota is known well. */
export const DECREASE = 0.7;
/** One overload throttles several calls at once; together they are one reason to slow down. */
export const DECREASE_EVERY_MS = 1000;
/** However much others take, a tenth of the quota goes on asking whether they still do. */
export const FLOOR = 0.1;
/** Share of the quota that a second wins back: 6 s make up for one throttle. */
export const CLIMB_PER_S = 0.05;

/** Additive increase, multiplicative decrease, never above `tps`. */
export function createAdaptiveRate({ tps, now }: AdaptiveRateOptions): AdaptiveRate {
  let base = tps;
  let since = -Infinity;
  const current = (): number => {
    if (base === tps) return tps;
    const climbed = base + (Math.max(0, now() - since) / 1000) * CLIMB_PER_S * tps;
    return Math.min(tps, climbed);
  };
  return {
    current,
    throttled() {
      const at = now();
      // A clock set back would otherwise keep the rate up until it has caught up.
      if (at >= since && at - since < DECREASE_EVERY_MS) return;
      base = Math.max(FLOOR * tps, DECREASE * current());
      since = at;
    },
  };
}
