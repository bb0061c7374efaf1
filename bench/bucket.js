import process from 'node:process';

/**
 * A token bucket in a function that says whether a call is admitted. A punishing one charges a refused call as well: it
 * takes what little is there.
 */
export function createBucket({ rate, burst, punishing = false }) {
  let tokens = burst;
  let filledAt = process.hrtime.bigint();
  return {
    admit() {
      const now = process.hrtime.bigint();
      tokens = Math.min(burst, tokens + (Number(now - filledAt) / 1e9) * rate);
      filledAt = now;
      const admitted = tokens >= 1;
      if (admitted) tokens -= 1;
      else if (punishing) tokens = 0;
      return admitted;
    },
    fill() {
      tokens = burst;
    },
  };
}
