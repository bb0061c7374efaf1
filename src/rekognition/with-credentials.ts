import type { Metrics } from '../metrics/metrics.ts';
import type { Credentials } from './credentials.ts';
import { toUpstreamFailure, UpstreamFailure } from './failure.ts';
import type { Stage } from './operation.ts';

interface WithCredentialsOptions {
  readonly credentials: Credentials;
  readonly metrics: Metrics;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** Looks up credentials before the wait for a permit, so that a source that fails or is slow costs no quota. */
export function withCredentials({ credentials, metrics, now }: WithCredentialsOptions): Stage {
  return (next) => async (operation, input, context) => {
    const signal = context.signal();
    const from = now();
    try {
      await credentials.get(signal);
    } catch (error) {
      signal.throwIfAborted();
      const failure = toUpstreamFailure(error, now);
      metrics.attemptSeconds.observe(
        { operation: operation.name, outcome: failure.code },
        (now() - from) / 1000,
      );
      context.stats.lastError = failure.summary;
      throw failure;
    }
    try {
      return await next(operation, input, context);
    } catch (error) {
      if (error instanceof UpstreamFailure && error.code === 'UPSTREAM_UNAUTHENTICATED')
        credentials.refused();
      throw error;
    }
  };
}
