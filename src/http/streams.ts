import { AppError } from '../errors.ts';
import { CLIENT_LEFT, type RequestContext } from './context.ts';

/** A stream that has one of the places for streams. */
export interface Stream {
  /** Aborts when the client leaves and when the process is about to end. */
  readonly over: AbortSignal;
  /** Its first page is there. A place that was held without one says nothing about how long streams take. */
  begin(): void;
  /** Frees the place; does nothing if it is free already. */
  close(): void;
}

/** Opens streams, as many at once as there are places. */
export interface Streams {
  /** Throws `OVERLOADED` if every place is taken. The place is free again when the request ends, at the latest. */
  open(context: Pick<RequestContext, 'onEnded'>): Stream;
}

interface StreamsOptions {
  readonly max: number;
  /** Aborts when streams must end, with the reason that their readers get. */
  readonly ending: AbortSignal;
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number;
}

interface Place {
  readonly since: number;
  readonly over: AbortController;
}

/** How long a stream is expected to take before the first one has ended. */
const FIRST_GUESS_MS = 5000;
const LONGEST_WAIT_MS = 60_000;
/** The weight of the last stream in the mean duration. */
const WEIGHT = 0.3;

/** A counting semaphore: first come, first served. */
export function createStreams({ max, ending, now }: StreamsOptions): Streams {
  const taken = new Set<Place>();
  let typicalMs = FIRST_GUESS_MS;
  // One listener, however many streams there are.
  ending.addEventListener(
    'abort',
    () => {
      for (const { over } of taken) over.abort(ending.reason);
    },
    { once: true },
  );

  /** When the next stream ends, by how long streams have lately taken. */
  const waitMs = (): number => {
    // A stream that has run 3 s longer than usual is expected to run for another 3 s.
    const ends = [...taken].map(({ since }) => Math.abs(typicalMs - (now() - since)));
    return Math.min(LONGEST_WAIT_MS, ...ends);
  };

  return {
    open(context) {
      if (taken.size >= max) {
        const detail = 'Too many streams are open. Retry after the time in Retry-After.';
        throw new AppError('OVERLOADED', detail, { retryAfterS: waitMs() / 1000 });
      }
      const place: Place = { since: now(), over: new AbortController() };
      taken.add(place);
      let hasBegun = false;
      const close = (): void => {
        if (taken.delete(place) && hasBegun) typicalMs += WEIGHT * (now() - place.since - typicalMs);
      };
      context.onEnded(() => {
        close();
        place.over.abort(CLIENT_LEFT);
      });
      if (ending.aborted) place.over.abort(ending.reason);
      const begin = (): void => {
        hasBegun = true;
      };
      return { over: place.over.signal, begin, close };
    },
  };
}
