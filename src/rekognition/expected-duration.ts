/** How long the next attempt may take, by those that have succeeded. */
export interface ExpectedDuration {
  observe(ms: number): void;
  readonly ms: number;
}

/** As TCP reckons with a connection's round trips (RFC 6298): their mean and four times their deviation, both smoothed. */
export function createExpectedDuration({
  initialMs,
  maxMs,
}: {
  initialMs: number;
  maxMs: number;
}): ExpectedDuration {
  let mean = initialMs / 2;
  let deviation = initialMs / 8;
  return {
    observe(ms) {
      deviation += (Math.abs(ms - mean) - deviation) / 4;
      mean += (ms - mean) / 8;
    },
    get ms() {
      return Math.min(maxMs, mean + 4 * deviation);
    },
  };
}
