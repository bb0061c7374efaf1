import { setTimeout as sleep } from 'node:timers/promises';

import type { RetryBudget } from './retry-budget.ts';
import { toAppError, toFault, type Fault } from './fault.ts';

/** What happened upstream for one request, for its log line. */
export interface CallTrace {
  attempts: number;
  /** Back-off before each retry, in milliseconds. */
  readonly delaysMs: number[];
  /** AWS's id of the last answer. */
  requestId?: string | undefined;
  lastError?: Fault['summary'];
}

export interface RetryOptions {
  readonly maxAttempts: number;
  readonly budget: RetryBudget;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** From 0 to 1. */
  readonly random: () => number;
}

interface Call {
  readonly trace: CallTrace;
  readonly signal: AbortSignal;
  /** No attempt begins after it; milliseconds since the epoch. */
  readonly deadlineAt: number;
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
  const { trace, signal, deadlineAt } = call;
  for (;;) {
    trace.attempts += 1;
    try {
      const result = await attempt();
      options.budget.succeeded();
      return result;
    } catch (error) {
      signal.throwIfAborted();
      const fault = toFault(error, options.now);
      trace.lastError = fault.summary;
      trace.requestId = fault.requestId;
      const delayMs = backOffMs(fault, trace.attempts, options.random);
      const inTime = options.now() + delayMs < deadlineAt;
      if (!fault.retry || trace.attempts >= options.maxAttempts || !inTime || !options.budget.take()) {
        throw toAppError(fault, error);
      }
      trace.delaysMs.push(delayMs);
      await pause(delayMs, signal);
    }
  }
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch((error: unknown) => {
    signal.throwIfAborted();
    throw error;
  });
}
