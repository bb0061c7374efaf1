interface QuotaOptions {
  /** Calls a second, and as many at once; 0 or `Infinity` for no limit. */
  readonly tps: number;
  /** Milliseconds. */
  readonly now: () => number;
}

/** The quota of an account: a token bucket an operation. */
export interface Quota {
  /** Spends a permit of the operation; false where there is none. */
  take(operation: string): boolean;
}

/** Buckets that start full and hold one second's worth, at least one permit. */
export function createQuota({ tps, now }: QuotaOptions): Quota {
  if (tps === 0 || tps === Infinity) return { take: () => true };
  const burst = Math.max(1, tps);
  const buckets = new Map<string, { permits: number; at: number }>();
  return {
    take(operation) {
      const at = now();
      const bucket = buckets.get(operation) ?? { permits: burst, at };
      // A clock set back must not take permits away.
      const refill = (Math.max(0, at - bucket.at) * tps) / 1000;
      const permits = Math.min(burst, bucket.permits + refill);
      const granted = permits >= 1;
      buckets.set(operation, { permits: granted ? permits - 1 : permits, at });
      return granted;
    },
  };
}
