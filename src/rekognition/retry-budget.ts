/** Bounds retries besides the number of attempts, so that an outage is not made worse by them. */
export interface RetryBudget {
  /** Takes the right to one retry; false when there is none left. */
  take(): boolean;
  /** An attempt succeeded. */
  succeeded(): void;
}

/** Retries that a fresh process may make. With 200 requests and no success that is 1.05 attempts a request. */
const CAPACITY = 10;
/** What a success earns: a steady third of failing attempts can go on being retried. */
const PER_SUCCESS = 0.5;
/** Ten seconds earn one retry, so that a budget spent in an outage does not stay empty on a quiet service. */
const PER_MS = 1 / 10_000;

/** A bucket of retries, filled by successes and a little by time (`now` in milliseconds). */
export function createRetryBudget(now: () => number): RetryBudget {
  let tokens = CAPACITY;
  let at = now();
  const earn = (amount: number): void => {
    tokens = Math.min(CAPACITY, tokens + amount);
  };
  return {
    take() {
      const time = now();
      earn((time - at) * PER_MS);
      at = time;
      if (tokens < 1) return false;
      tokens -= 1;
      return true;
    },
    succeeded() {
      earn(PER_SUCCESS);
    },
  };
}
