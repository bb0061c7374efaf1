import { setTimeout as sleep } from 'node:timers/promises';

import { AppError } from '../errors.ts';
import type { Metrics } from '../metrics/metrics.ts';
import { toAppError, UpstreamFailure } from './failure.ts';
import type { CallContext, Stage } from './operation.ts';

export interface RetriedOptions {
  readonly maxAttempts: number;
  readonly budget: RetryBudget;
  readonly metrics: Metrics;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** From 0 to 1. */
  readonly random: () => number;
}

/** As in the SDK's standard mode: the pause after a throttle is longer than after a temporary fault. */
const THROTTLE_BASE_MS = 500;
const FAULT_BASE_MS = 50;
const CAP_MS = 5000;

/** Full jitter: anywhere between nothing and an exponentially growing bound, in milliseconds. */
export function backOffMs(
  { code, retryAfterMs }: Pick<UpstreamFailure, 'code' | 'retryAfterMs'>,
  attempt: number,
  random: () => number,
): number {
  const base = code === 'UPSTREAM_THROTTLED' ? THROTTLE_BASE_MS : FAULT_BASE_MS;
  const jittered = Math.round(random() * Math.min(CAP_MS, base * 2 ** (attempt - 1)));
  return Math.max(jittered, retryAfterMs ?? 0);
}

/**
 * Attempts until one succeeds, the failure is final, the attempts or the budget are used up, or the back-off would
 * outlast the deadline. Then the last failure is thrown as the `AppError` that it means.
 */
export function retried(options: RetriedOptions): Stage {
  return (next) => async (operation, input, context) => {
    let failure: UpstreamFailure | undefined;
    for (let attempt = 1; ; attempt += 1) {
      try {
        const result = await next(operation, input, context);
        options.budget.succeeded();
        return result;
      } catch (error) {
        context.signal().throwIfAborted();
        // If a retry is refused, the response is the failure that the retry was for.
        if (failure && error instanceof AppError) throw toAppError(failure);
        if (!(error instanceof UpstreamFailure)) throw error;
        failure = error;
      }
      await backOff(options, operation.name, failure, attempt, context);
    }
  };
}

/** Waits before the next attempt; throws the failure if there is to be none. */
async function backOff(
  { maxAttempts, budget, metrics, now, random }: RetriedOptions,
  operation: string,
  failure: UpstreamFailure,
  attempt: number,
  { stats, deadlineAt, signal }: CallContext,
): Promise<void> {
  const delayMs = backOffMs(failure, attempt, random);
  const inTime = now() + delayMs < deadlineAt();
  if (!failure.retry || attempt >= maxAttempts || !inTime) throw toAppError(failure);
  // A throttle lowers the rate of permits, and each retry takes one: that limits them without the budget.
  if (failure.code !== 'UPSTREAM_THROTTLED' && !budget.take()) throw toAppError(failure);
  stats.delaysMs.push(delayMs);
  await sleep(delayMs, undefined, { signal: signal() }).catch((error: unknown) => {
    signal().throwIfAborted();
    throw error;
  });
  metrics.retries.inc({ operation, code: failure.code });
}

/** Limits retries in addition to the number of attempts, so that they do not make an outage worse. */
export interface RetryBudget {
  /** Takes the right to one retry; false when there is none left. */
  take(): boolean;
  /** A call succeeded. */
  succeeded(): void;
}

/** Retries that a fresh process may make. With 200 requests and no success that is 1.05 attempts a request. */
const CAPACITY = 10;
/** What a success earns: while a third of the attempts fail, each of them can be retried. */
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
