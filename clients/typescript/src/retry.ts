import { isRollcallError, type RollcallError } from './failure.ts';
import type { Platform } from './platform.ts';

/** How often to try, and how long to wait. */
export interface RetryPolicy {
  /** Attempts of one request, the first included. */
  readonly maxAttempts: number;
  /** The longest wait, in milliseconds. If the service asks for more, its error is thrown at once. */
  readonly maxDelayMs: number;
}

/** What a wait before a retry needs. */
export interface Backoff extends RetryPolicy {
  readonly random: () => number;
  readonly sleep: (ms: number, signal: Platform<'AbortSignal'> | undefined) => Promise<void>;
}

const BASE_MS = 1000;
/** A timer for longer fires at once. */
export const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Milliseconds until a retry; undefined if none may help. `failures` counts those in a row, from 1. */
export function delayBefore(error: RollcallError, failures: number, backoff: Backoff): number | undefined {
  const { maxAttempts, maxDelayMs, random } = backoff;
  const askedMs = (error.retryAfter ?? 0) * 1000;
  if (!error.retryable || failures >= maxAttempts || askedMs > maxDelayMs) return undefined;
  // Full jitter on top of `Retry-After`: callers that were refused together do not retry together.
  return Math.min(maxDelayMs, askedMs + random() * BASE_MS * 2 ** (failures - 1));
}

/** Waits until a retry makes sense, or throws the error again. */
export async function pauseAfter(
  error: unknown,
  failures: number,
  backoff: Backoff,
  signal: Platform<'AbortSignal'> | undefined,
): Promise<void> {
  const delayMs = isRollcallError(error) ? delayBefore(error, failures, backoff) : undefined;
  if (delayMs === undefined) throw error;
  await backoff.sleep(delayMs, signal);
}

/** Resolves after a time; rejects with the signal's reason when it aborts. */
export async function sleep(ms: number, signal: Platform<'AbortSignal'> | undefined): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const over = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await unlessAborted(over, signal).finally(() => {
    clearTimeout(timer);
  });
}

/** Settles as `work` does, or rejects with the signal's reason when it aborts: neither tokens nor every `fetch` heed it. */
export function unlessAborted<T>(work: Promise<T>, signal: Platform<'AbortSignal'> | undefined): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => {
      reject(signal?.reason as Error);
    };
    if (signal?.aborted) onAbort();
    signal?.addEventListener('abort', onAbort);
    work.then(resolve, reject).finally(() => signal?.removeEventListener('abort', onAbort));
  });
}
