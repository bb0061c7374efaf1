import { failure } from './failure.ts';

/** Ends one attempt: when the caller aborts, or when the other side is silent for too long. */
export interface Patience {
  /** For everything that the attempt waits for. */
  readonly signal: AbortSignal;
  /** What a promise of the other side settles to; a failure to answer is a `NETWORK_ERROR`, an abort the signal's reason. */
  wait<T>(answer: Promise<T>): Promise<T>;
}

/** Waits `timeoutMs` for each answer; `caller` is the caller's own signal. */
export function createPatience(timeoutMs: number, caller: AbortSignal | undefined): Patience {
  const silence = new AbortController();
  const signal = caller ? AbortSignal.any([caller, silence.signal]) : silence.signal;
  return {
    signal,
    async wait(answer) {
      const timer = setTimeout(() => {
        silence.abort();
      }, timeoutMs);
      try {
        return await answer;
      } catch (cause) {
        if (caller?.aborted) throw caller.reason;
        // Not `instanceof`: the error may come from another realm.
        if (String(cause).startsWith('SyntaxError')) {
          throw failure('UNREADABLE_ANSWER', "The answer is not one of Rollcall's.", {}, cause);
        }
        const message = silence.signal.aborted
          ? `There was no answer for ${timeoutMs} ms.`
          : 'The service could not be reached, or its answer broke off.';
        throw failure('NETWORK_ERROR', message, { retryable: true }, cause);
      } finally {
        clearTimeout(timer);
      }
    },
  };
}
