import type { RequestContext } from './request-context.ts';
import type { StreamSlots } from './stream-slots.ts';

/** A stream that has a place among those that may run at once. */
export interface Stream {
  /** Aborts when the reader leaves and when the process is about to end; after `close` it is of no consequence. */
  readonly over: AbortSignal;
  /** Gives the place back. */
  close(): void;
}

/** Opens streams. */
export interface Streams {
  /** Throws `OVERLOADED` where no place is free for this caller. */
  open(context: Pick<RequestContext, 'caller' | 'left'>): Stream;
}

interface StreamsOptions {
  readonly slots: StreamSlots;
  /** Aborts when streams must end, with the reason that their readers are told. */
  readonly ending: AbortSignal;
}

/** Streams that end with their reader or with the process, whichever is first. */
export function createStreams({ slots, ending }: StreamsOptions): Streams {
  return {
    open({ caller, left }) {
      const release = slots.take(caller);
      const over = new AbortController();
      for (const signal of [left(), ending]) {
        const forward = (): void => {
          over.abort(signal.reason);
        };
        if (signal.aborted) forward();
        // Gone with the stream. `AbortSignal.any` would leave a trace in `ending` for every stream there ever was.
        else signal.addEventListener('abort', forward, { signal: over.signal });
      }
      return {
        over: over.signal,
        close() {
          over.abort();
          release();
        },
      };
    },
  };
}
