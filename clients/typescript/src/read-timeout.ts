import { failure } from './failure.ts';
import { LONGEST_TIMER_MS, unlessAborted } from './retry.ts';

/** Ends one attempt when the caller aborts it, or when the service sends nothing for too long. */
export interface ReadTimeout {
  /** For the request of the attempt. */
  readonly signal: AbortSignal;
  /** Settles as `read` does; a failure of the network is a `NETWORK_ERROR`, and an abort rejects with the signal's reason. */
  wait<T>(read: Promise<T>): Promise<T>;
}

/** Waits at most `timeoutMs` for each read; `caller` is the caller's own signal. */
export function createReadTimeout(timeoutMs: number, caller: AbortSignal | undefined): ReadTimeout {
  const silence = new AbortController();
  const signal = caller ? AbortSignal.any([caller, silence.signal]) : silence.signal;
  return {
    signal,
    async wait(read) {
      const timer = setTimeout(
        () => {
          silence.abort();
        },
        Math.min(timeoutMs, LONGEST_TIMER_MS),
      );
      try {
        // The caller's own `fetch` may ignore the signal.
        return await unlessAborted(read, signal);
      } catch (cause) {
        if (caller?.aborted) throw caller.reason;
        // Not `instanceof`: the error may come from another realm.
        if (String(cause).startsWith('SyntaxError')) {
          throw failure('UNREADABLE_RESPONSE', "The response is not one of Rollcall's.", {}, cause);
        }
        const message = silence.signal.aborted
          ? `There was no response for ${timeoutMs} ms.`
          : 'The service could not be reached, or its response broke off.';
        throw failure('NETWORK_ERROR', message, { retryable: true }, cause);
      } finally {
        clearTimeout(timer);
      }
    },
  };
}
