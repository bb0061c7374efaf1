import type { UpstreamMetrics } from '../metrics/upstream.ts';
import type { Span } from '../tracing/span.ts';
import { endAttempt, endWait, startAttempt, startWait } from './attempt-span.ts';
import type { Breaker, Pass } from './breaker.ts';
import type { Rekognition } from './client.ts';
import type { ExpectedDuration } from './expected-duration.ts';
import { AttemptTimeout, FailedAttempt, toFault } from './fault.ts';
import type { Governor, Permit, Waiter } from './governor.ts';
import { readPage, type Page } from './page.ts';
import type { CallTrace } from './trace.ts';
import { within } from './within.ts';

/** Which page of which collection. */
export interface PageRequest {
  readonly collectionId: string;
  readonly maxResults: number;
  /** Rekognition's token; none asks for the first page. */
  readonly nextToken: string | undefined;
}

/** One page being asked for: whose turn it is, until when it is of use, and what has happened. */
export interface PageCall extends Waiter {
  /** Other callers who wait for the same page: it comes by whoever's turn is first. */
  readonly sharers: Iterable<string>;
  /** No attempt begins after it; milliseconds since the epoch. Moves when a later caller joins. */
  readonly deadlineAt: () => number;
  readonly trace: CallTrace;
  /** Whose part the call is, where that is traced. */
  readonly span?: Span | undefined;
}

interface AttemptOptions {
  readonly rekognition: Pick<Rekognition, 'listUsers'>;
  readonly timeoutMs: number;
  readonly governor: Governor;
  readonly breaker: Breaker;
  readonly expected: ExpectedDuration;
  readonly metrics: UpstreamMetrics;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** Asks Rekognition for a page. */
export type PageFetch = (request: PageRequest, call: PageCall) => Promise<Page>;

/** One attempt: permit → pass of the breaker → call within its time-out → reading. Throws `FailedAttempt`. */
export function createAttempt(options: AttemptOptions): PageFetch {
  const { expected, metrics, now } = options;
  return async (request, call) => {
    const pass = await admit(options, request, call);
    const from = now();
    const span = startAttempt(call.span);
    try {
      const page = await send(options, request, call);
      pass.answered();
      expected.observe(now() - from);
      metrics.attemptEnded('ok', (now() - from) / 1000);
      endAttempt(span, call.trace, 'ok');
      return page;
    } catch (error) {
      const seconds = (now() - from) / 1000;
      if (call.signal.aborted) {
        metrics.attemptEnded('left', seconds);
        endAttempt(span, call.trace, 'left');
      }
      call.signal.throwIfAborted();
      const failed = fail(options, call, pass, error, seconds);
      endAttempt(span, call.trace, failed.fault.code);
      throw failed;
    } finally {
      // Where nothing has been said of the outcome, the caller left.
      pass.left();
    }
  };
}

/** Has what must be had before anything is sent. What was had and is not used goes back. */
async function admit(options: AttemptOptions, { collectionId }: PageRequest, call: PageCall): Promise<Pass> {
  const { breaker, metrics } = options;
  // Nobody queues for a permit that could not be used.
  breaker.check(collectionId);
  const permit = await permitFor(options, call);
  try {
    call.signal.throwIfAborted();
    return breaker.enter(collectionId);
  } catch (error) {
    permit.giveBack();
    metrics.permitReturned(call.priority);
    throw error;
  }
}

async function permitFor({ governor, metrics, now }: AttemptOptions, call: PageCall): Promise<Permit> {
  const from = now();
  const span = startWait(call.span);
  const turn = governor.take(call);
  for (const sharer of call.sharers) governor.join(call, sharer, call.priority);
  try {
    const permit = await turn;
    metrics.permitGranted(call.priority, (now() - from) / 1000);
    endWait(span, call.priority);
    return permit;
  } catch (error) {
    if (!call.signal.aborted) metrics.permitRefused(call.priority);
    endWait(span, call.priority, error);
    throw error;
  } finally {
    call.trace.waitMs += Math.round(now() - from);
  }
}

function send(
  { rekognition, timeoutMs }: AttemptOptions,
  request: PageRequest,
  call: PageCall,
): Promise<Page> {
  const { trace, signal: parent } = call;
  const { collectionId, maxResults, nextToken } = request;
  const input = {
    CollectionId: collectionId,
    MaxResults: maxResults,
    ...(nextToken !== undefined && { NextToken: nextToken }),
  };
  trace.attempts += 1;
  return within({ ms: timeoutMs, parent, onTimeout: () => new AttemptTimeout() }, async (signal) => {
    const answer = await rekognition.listUsers(input, signal);
    trace.requestId = (answer['$metadata'] as { requestId?: string }).requestId;
    return readPage(answer);
  });
}

/** Tells all who must know of a failed attempt. */
function fail(
  { governor, metrics, now }: AttemptOptions,
  { trace }: PageCall,
  pass: Pass,
  error: unknown,
  seconds: number,
): FailedAttempt {
  const fault = toFault(error, now);
  if (fault.code === 'UPSTREAM_ERROR' || fault.code === 'UPSTREAM_TIMEOUT') pass.failed();
  else pass.answered();
  if (fault.code === 'UPSTREAM_THROTTLED') governor.throttled();
  metrics.attemptEnded(fault.code, seconds);
  trace.lastError = fault.summary;
  trace.requestId = fault.requestId;
  return new FailedAttempt(fault, error);
}
