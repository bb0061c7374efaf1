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
        silence.abort(new Error(`There was no answer for ${timeoutMs} ms.`));
      }, timeoutMs);
      try {
        return await answer;
      } catch (cause) {
        if (caller?.aborted) throw caller.reason;
        if (cause instanceof SyntaxError) {
          throw failure('UNREADABLE_ANSWER', "The answer is not one of Rollcall's.", { cause });
        }
        const { message } = silence.signal.aborted ? (silence.signal.reason as Error) : noAnswer;
        throw failure('NETWORK_ERROR', message, { cause, retryable: true });
      } finally {
        clearTimeout(timer);
      }
    },
  };
}

const noAnswer = { message: 'The service could not be reached, or its answer broke off.' };
