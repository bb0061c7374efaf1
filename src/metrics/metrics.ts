import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

const REQUEST_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const ATTEMPT_BUCKETS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const WAIT_BUCKETS = [0.001, 0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** What the service counts, by name. Labels have few values: never a collection, a user or a caller. */
export type Metrics = ReturnType<typeof createMetrics>;

/**
 * Metrics in a registry of their own. docs/metrics.md lists them; a test compares the two. A rate needs a zero to start
 * from, so the series of Rekognition's `operations`, and those of `routes` that alerts use, exist from the start.
 */
export function createMetrics(operations: readonly string[], routes: readonly string[] = []) {
  const registry = new Registry();
  const registers = [registry];
  const metrics = {
    requests: new Counter({
      name: 'rollcall_http_requests_total',
      help: 'Finished requests. code is that of the problem, or none; status 499 means that the client left before the response.',
      labelNames: ['route', 'method', 'status', 'code'],
      registers,
    }),
    requestSeconds: new Histogram({
      name: 'rollcall_http_request_duration_seconds',
      help: 'From the arrival of a request to the end of its response.',
      labelNames: ['route'],
      buckets: REQUEST_BUCKETS,
      registers,
    }),
    attemptSeconds: new Histogram({
      name: 'rollcall_upstream_attempt_duration_seconds',
      help: 'Calls of Rekognition. outcome is ok or an error code.',
      labelNames: ['operation', 'outcome'],
      buckets: ATTEMPT_BUCKETS,
      registers,
    }),
    permitWaitSeconds: new Histogram({
      name: 'rollcall_permit_wait_seconds',
      help: 'Waits for granted permits; the count is the number of permits.',
      labelNames: ['operation', 'priority'],
      buckets: WAIT_BUCKETS,
      registers,
    }),
    retries: new Counter({
      name: 'rollcall_upstream_retries_total',
      help: 'Retries, by the error code that caused them.',
      labelNames: ['operation', 'code'],
      registers,
    }),
    permitsRefused: new Counter({
      name: 'rollcall_permits_refused_total',
      help: 'Requests that were refused because their permit would have come too late.',
      labelNames: ['operation', 'priority'],
      registers,
    }),
    permitsReturned: new Counter({
      name: 'rollcall_permits_returned_total',
      help: 'Permits that were granted and returned unused.',
      labelNames: ['operation', 'priority'],
      registers,
    }),
    results: new Counter({
      name: 'rollcall_pages_total',
      help: 'Results served: fetched from Rekognition, shared with a call in flight, or cached.',
      labelNames: ['operation', 'source'],
      registers,
    }),
    streamsOpen: new Gauge({ name: 'rollcall_streams_open', help: 'Open streams.', registers }),
    streamPages: new Counter({
      name: 'rollcall_stream_pages_total',
      help: 'Pages written to streams.',
      registers,
    }),
    streamItems: new Counter({
      name: 'rollcall_stream_users_total',
      help: 'Users written to streams.',
      registers,
    }),
    streamsEnded: new Counter({
      name: 'rollcall_streams_ended_total',
      help: 'Finished streams. end is complete, failed, shutdown, left (by the reader), idle (the reader read nothing) or slow (the reader read too little).',
      labelNames: ['end'],
      registers,
    }),
  };
  for (const end of STREAM_ENDS) metrics.streamsEnded.inc({ end }, 0);
  for (const operation of operations) startSeries(operation);
  for (const route of routes)
    for (const answer of BUGS) metrics.requests.inc({ route, ...answer, code: 'INTERNAL_ERROR' }, 0);
  return {
    ...metrics,
    registry,
    /** Adds the metrics of the process: CPU, memory, event loop, garbage collection. */
    watchProcess() {
      collectDefaultMetrics({ register: registry });
    },
  };

  function startSeries(operation: string): void {
    for (const priority of ['interactive', 'background']) {
      metrics.permitWaitSeconds.zero({ operation, priority });
      metrics.permitsRefused.inc({ operation, priority }, 0);
      metrics.permitsReturned.inc({ operation, priority }, 0);
    }
    for (const source of ['fetched', 'shared', 'cached']) metrics.results.inc({ operation, source }, 0);
    for (const outcome of WATCHED_OUTCOMES) metrics.attemptSeconds.zero({ operation, outcome });
  }
}

/** The outcomes of calls that alerts use. */
const WATCHED_OUTCOMES = ['ok', 'UPSTREAM_ACCESS_DENIED', 'UPSTREAM_UNAUTHENTICATED', 'UPSTREAM_THROTTLED'];

/** The responses to a bug. A stream that a bug breaks off has sent its 200 before. */
const BUGS = [
  { method: 'GET', status: '500' },
  { method: 'HEAD', status: '500' },
  { method: 'GET', status: '200' },
];

/** Why a stream ended; only `complete` is a clean end. */
export type StreamEnd = (typeof STREAM_ENDS)[number];
const STREAM_ENDS = ['complete', 'failed', 'shutdown', 'left', 'idle', 'slow'] as const;
