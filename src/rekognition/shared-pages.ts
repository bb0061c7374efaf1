import { AppError } from '../errors.ts';
import type { UpstreamMetrics } from '../metrics/upstream.ts';
import type { PageCall, PageFetch, PageRequest } from './attempt.ts';
import type { Governor } from './governor.ts';
import type { Finding, KeptPages } from './kept-pages.ts';
import type { Page } from './page.ts';
import type { PageCaller, Pages } from './pages.ts';
import { waitWithin } from './within.ts';

interface SharedPagesOptions {
  /** Asks Rekognition, with retries, until it has the page or nobody wants it any more. */
  readonly fetch: PageFetch;
  readonly governor: Pick<Governor, 'join'>;
  readonly kept: KeptPages;
  /** How long each caller waits at most, in milliseconds. */
  readonly deadlineMs: number;
  readonly onDeadline: () => Error;
  /** How long an attempt takes, in milliseconds. */
  readonly expectedMs: () => number;
  readonly metrics: Pick<UpstreamMetrics, 'pageServed'>;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** One call of Rekognition, and those who wait for it. */
interface Flight {
  readonly call: PageCall;
  readonly page: Promise<Page>;
  board(caller: string): void;
  leave(): void;
}

/**
 * Where a flight is found, until it is over. The table that a `Map` has outgrown points to the next one; so once one of
 * them is old, whatever was in the map later outlives its use until the old generation is collected.
 */
interface Berth {
  flight: Flight | undefined;
}

/**
 * Makes identical requests share one call, and keeps its page for a moment. A caller who leaves, or whose
 * deadline passes, disturbs no other; when the last has gone, the call is aborted.
 */
export function createSharedPages(options: SharedPagesOptions): Pages['get'] {
  const { governor, kept, deadlineMs, onDeadline, metrics } = options;
  const flights = new Map<string, Berth>();

  const begin = (key: string, request: PageRequest, caller: PageCaller): Flight => {
    const flight = createFlight(options, request, caller, (finding) => {
      berth.flight = undefined;
      flights.delete(key);
      if (finding) kept.keep(key, finding);
    });
    const berth: Berth = { flight };
    flights.set(key, berth);
    return flight;
  };

  const ride = async (flight: Flight, { caller, left, trace, span }: PageCaller): Promise<Page> => {
    flight.board(caller);
    const { span: worker } = flight.call;
    // The waits and attempts are parts of the first one's request; the others point to it.
    if (worker && worker !== span) span?.link(worker);
    try {
      return await waitWithin({ ms: deadlineMs, parent: left(), onTimeout: onDeadline }, flight.page);
    } finally {
      flight.leave();
      if (trace !== flight.call.trace) Object.assign(trace, flight.call.trace, { source: 'shared' });
    }
  };

  return async (request, caller) => {
    const key = keyOf(request);
    const found = kept.get(key);
    if (found) {
      caller.trace.source = 'cached';
      metrics.pageServed('cached');
      if (found instanceof AppError) throw found;
      return found;
    }
    const inFlight = flights.get(key)?.flight;
    // It may still wait for its turn, and this caller's may come sooner.
    if (inFlight) governor.join(inFlight.call, caller.caller, 'page');
    const page = await ride(inFlight ?? begin(key, request, caller), caller);
    metrics.pageServed(inFlight ? 'shared' : 'fetched');
    return page;
  };
}

/** A collection id and a size hold no space, so the parts can't run into one another. */
function keyOf({ collectionId, maxResults, nextToken }: PageRequest): string {
  return nextToken === undefined
    ? `${collectionId} ${maxResults}`
    : `${collectionId} ${maxResults} ${nextToken}`;
}

function createFlight(
  { fetch, deadlineMs, expectedMs, now }: SharedPagesOptions,
  request: PageRequest,
  { caller, trace, span }: PageCaller,
  onEnd: (finding?: Finding) => void,
): Flight {
  const aborter = new AbortController();
  let waiting = 0;
  let deadlineAt = now() + deadlineMs;
  let over = false;
  const end = (finding?: Finding): void => {
    if (!over) onEnd(finding);
    over = true;
  };
  const call = {
    caller,
    priority: 'page' as const,
    sharers: new Set<string>(),
    signal: aborter.signal,
    deadlineAt: () => deadlineAt,
    latestStart: () => deadlineAt - expectedMs(),
    trace,
    span,
  };
  const page = fetch(request, call);
  page.then(end, (error: unknown) => {
    end(error instanceof AppError && error.code === 'COLLECTION_NOT_FOUND' ? error : undefined);
  });
  return {
    call,
    page,
    board(sharer) {
      waiting += 1;
      call.sharers.add(sharer);
      // Whoever comes later waits longest.
      deadlineAt = now() + deadlineMs;
    },
    leave() {
      waiting -= 1;
      if (waiting > 0 || over) return;
      end();
      aborter.abort();
    },
  };
}
