import { Histogram, type Registry } from 'prom-client';

import type { ErrorCode } from '../errors.ts';
import { createTally } from './tally.ts';

/** How an attempt ended; `left`: nobody waited for it any more. */
export type AttemptOutcome = 'ok' | 'left' | ErrorCode;

/** Whether a page was asked of Rekognition, came of another request's call, or had been kept. */
export type PageSource = (typeof SOURCES)[number];

type Priority = (typeof PRIORITIES)[number];

/** What is counted of the way to Rekognition. */
export interface UpstreamMetrics {
  attemptEnded(outcome: AttemptOutcome, seconds: number): void;
  /** Another attempt is made because of this. */
  retried(code: ErrorCode): void;
  permitGranted(priority: Priority, waitSeconds: number): void;
  permitRefused(priority: Priority): void;
  /** It was granted and not used. */
  permitReturned(priority: Priority): void;
  pageServed(source: PageSource): void;
}

const SOURCES = ['fetched', 'shared', 'cached'] as const;
const PRIORITIES = ['page', 'export'] as const;
/** Those that alerts wait for. */
const OUTCOMES = ['ok', 'UPSTREAM_ACCESS_DENIED', 'UPSTREAM_UNAUTHENTICATED', 'UPSTREAM_THROTTLED'] as const;
const ATTEMPT_BUCKETS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const WAIT_BUCKETS = [0.001, 0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** Pages, permits, attempts and retries. */
export function upstreamMetrics(registry: Registry): UpstreamMetrics {
  const attempts = new Histogram({
    name: 'rollcall_upstream_attempt_duration_seconds',
    help: 'Attempts to call Rekognition; outcome is ok, an error code, or left where nobody waited any more.',
    labelNames: ['outcome'],
    buckets: ATTEMPT_BUCKETS,
    registers: [registry],
  });
  const waits = new Histogram({
    name: 'rollcall_permit_wait_seconds',
    help: 'Waits for the permits that were granted; the count is of these permits.',
    labelNames: ['priority'],
    buckets: WAIT_BUCKETS,
    registers: [registry],
  });
  const tally = (name: string, label: string, help: string) =>
    createTally({ registry, name, help, labelNames: [label] });
  const retries = tally(
    'rollcall_upstream_retries_total',
    'code',
    'Attempts after the first, by their reason.',
  );
  const refusals = tally(
    'rollcall_permits_refused_total',
    'priority',
    'Permits that would have come too late.',
  );
  const returns = tally(
    'rollcall_permits_returned_total',
    'priority',
    'Permits granted and given back unused.',
  );
  const pages = tally(
    'rollcall_pages_total',
    'source',
    'Pages served: fetched from Rekognition, shared with a call under way, or cached.',
  );
  // A rate needs a zero to start from, or the first event is not seen.
  for (const priority of PRIORITIES) {
    waits.zero({ priority });
    refusals(0, priority);
    returns(0, priority);
  }
  for (const source of SOURCES) pages(0, source);
  for (const outcome of OUTCOMES) attempts.zero({ outcome });
  return {
    attemptEnded(outcome, seconds) {
      attempts.observe({ outcome }, seconds);
    },
    retried(code) {
      retries(1, code);
    },
    permitGranted(priority, waitSeconds) {
      waits.observe({ priority }, waitSeconds);
    },
    permitRefused(priority) {
      refusals(1, priority);
    },
    permitReturned(priority) {
      returns(1, priority);
    },
    pageServed(source) {
      pages(1, source);
    },
  };
}
