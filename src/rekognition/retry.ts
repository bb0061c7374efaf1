import { setTimeout as sleep } from 'node:timers/promises';

import { AppError } from '../errors.ts';
import type { UpstreamMetrics } from '../metrics/upstream.ts';
import { FailedAttempt, toAppError, type Fault } from './fault.ts';
import type { RetryBudget } from './retry-budget.ts';
import type { CallTrace } from './trace.ts';

export interface RetryOptions {
  readonly maxAttempts: number;
  readonly budget: RetryBudget;
  readonly metrics: Pick<UpstreamMetrics, 'retried'>;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** From 0 to 1. */
  readonly random: () => number;
}

interface Call {
  readonly trace: CallTrace;
  readonly signal: AbortSignal;
  /** No attempt begins after it; milliseconds since the epoch. */
  readonly deadlineAt: () => number;
}

/** As the SDK's standard mode: a throttle asks for a longer pause than a passing fault. */
const THROTTLE_BASE_MS = 500;
const FAULT_BASE_MS = 50;
const CAP_MS = 5000;

/** Full jitter: anywhere between nothing and an exponentially growing bound, in milliseconds. */
export function backOffMs(fault: Fault, attempt: number, random: () => number): number {
  const base = fault.code === 'UPSTREAM_THROTTLED' ? THROTTLE_BASE_MS : FAULT_BASE_MS;
  const jittered = Math.round(random() * Math.min(CAP_MS, base * 2 ** (attempt - 1)));
  return Math.max(jittered, fault.retryAfterMs ?? 0);
}

/**
 * Attempts until one succeeds, the fault is final, the attempts or the budget are used up, or the back-off
 * would outlast the deadline; then the last fault is thrown as the `AppError` it means.
 */
export async function withRetry<T>(options: RetryOptions, call: Call, attempt: () => Promise<T>): Promise<T> {
  let failed: FailedAttempt | undefined;
  for (;;) {
    try {
      const result = await attempt();
      options.budget.succeeded();
      return result;
    } catch (error) {
      call.signal.throwIfAborted();
      // A retry that was not let through leaves the fault that asked for it as the answer.
      if (failed && error instanceof AppError) throw toAppError(failed);
      if (!(error instanceof FailedAttempt)) throw error;
      failed = error;
    }
    await backOff(options, call, failed);
  }
}

/** Waits before the next attempt; throws the fault where there is to be none. */
async function backOff(options: RetryOptions, call: Call, failed: FailedAttempt): Promise<void> {
  const { maxAttempts, budget, metrics, now, random } = options;
  const { trace, signal, deadlineAt } = call;
  const { fault } = failed;
  const delayMs = backOffMs(fault, trace.attempts, random);
  const inTime = now() + delayMs < deadlineAt();
  if (!fault.retry || trace.attempts >= maxAttempts || !inTime || !budget.take()) throw toAppError(failed);
  metrics.retried(fault.code);
  trace.delaysMs.push(delayMs);
  await sleep(delayMs, undefined, { signal }).catch((error: unknown) => {
    signal.throwIfAborted();
    throw error;
  });
}
