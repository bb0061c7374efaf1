import type { Config } from '../config.ts';
import { AppError } from '../errors.ts';
import type { Metrics } from '../metrics/metrics.ts';
import type { UpstreamMetrics } from '../metrics/upstream.ts';
import type { Span } from '../tracing/span.ts';
import { createAttempt, type PageFetch, type PageRequest } from './attempt.ts';
import { createBreaker } from './breaker.ts';
import type { Rekognition } from './client.ts';
import { createExpectedDuration } from './expected-duration.ts';
import { createGovernor } from './governor.ts';
import { createLocalPermits } from './local-permits.ts';
import type { PermitSource } from './permit-source.ts';
import { createKeptPages } from './kept-pages.ts';
import type { Page } from './page.ts';
import { createRetryBudget } from './retry-budget.ts';
import { withRetry } from './retry.ts';
import { createSharedPages } from './shared-pages.ts';
import type { CallTrace } from './trace.ts';
import type { Priority } from './turns.ts';
import { within } from './within.ts';

/** Who asks for a page, and on what terms. */
export interface PageCaller {
  /** Whose turn it is, where callers wait for quota. */
  readonly caller: string;
  /** Interactive pages go before exports. */
  readonly priority: Priority;
  /** A signal that aborts when nobody waits for the page any more. */
  readonly left: () => AbortSignal;
  readonly trace: CallTrace;
  /** Whose parts the waits and attempts are, where they are traced. */
  readonly span?: Span | undefined;
}

/** Reads pages of users from Rekognition. */
export interface Pages {
  /** Fails with `AppError` only, or with the reason of `left`. */
  get(request: PageRequest, caller: PageCaller): Promise<Page>;
}

interface PagesOptions {
  readonly rekognition: Pick<Rekognition, 'listUsers'>;
  readonly config: Config['upstream'];
  /** Where permits come from, if not from this replica's own part of the quota. */
  readonly permits?: PermitSource | undefined;
  readonly metrics: UpstreamMetrics & Pick<Metrics, 'watch'>;
  /** Milliseconds since the epoch, of a clock that never goes back. */
  readonly now: () => number;
  /** From 0 to 1. */
  readonly random: () => number;
}

/** An attempt may take this long before any has been seen. */
const EXPECTED_MS = 100;

/** Shared pages over retries over paced attempts. Exports share nothing: they read each page once. */
export function createPages({ rekognition, config, permits, metrics, now, random }: PagesOptions): Pages {
  const { deadlineMs } = config;
  const [tps, burst] = [config.tps / config.replicas, config.burst / config.replicas];
  const governor = createGovernor({
    source: permits ?? createLocalPermits({ tps, burst, now }),
    queueLimit: config.queueLimit,
    now,
  });
  const breaker = createBreaker({ now, random });
  const kept = createKeptPages(config.cacheTtlMs);
  const expected = createExpectedDuration({ initialMs: EXPECTED_MS, maxMs: deadlineMs / 2 });
  const timeoutMs = config.attemptTimeoutMs;
  const attempt = createAttempt({ rekognition, timeoutMs, governor, breaker, expected, metrics, now });
  const retry = {
    maxAttempts: config.maxAttempts,
    budget: createRetryBudget(now),
    metrics,
    now,
    random,
  };
  const fetch: PageFetch = (request, call) => withRetry(retry, call, () => attempt(request, call));
  const shared = createSharedPages({
    fetch,
    governor,
    kept,
    deadlineMs,
    onDeadline: deadlinePassed,
    expectedMs: () => expected.ms,
    metrics,
    now,
  });
  const unshared: Pages['get'] = (request, { left, ...caller }) => {
    const deadlineAt = now() + deadlineMs;
    const terms = { deadlineAt: () => deadlineAt, latestStart: () => deadlineAt - expected.ms };
    return within({ ms: deadlineMs, parent: left(), onTimeout: deadlinePassed }, (signal) =>
      fetch(request, { ...caller, ...terms, sharers: [], signal }),
    );
  };
  metrics.watch({ configuredRate: tps, governor, breaker, kept });
  return {
    get: (request, caller) => (caller.priority === 'page' ? shared : unshared)(request, caller),
  };
}

function deadlinePassed(): AppError {
  return new AppError(
    'UPSTREAM_TIMEOUT',
    'Rekognition did not answer within the deadline of this request. Retry later.',
  );
}
