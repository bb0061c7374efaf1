import { Histogram, type Registry } from 'prom-client';

import type { ErrorCode } from '../errors.ts';
import { createTally } from './tally.ts';

/** A request that is over. */
export interface EndedRequest {
  /** The route's pattern, or `none`. */
  readonly route: string;
  readonly method: string;
  readonly status: number;
  readonly code: ErrorCode | undefined;
  readonly seconds: number;
}

/** What is counted of requests. */
export interface RequestMetrics {
  requestEnded(request: EndedRequest): void;
}

const BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

/** Requests by route, and how long they took. */
export function requestMetrics(registry: Registry): RequestMetrics {
  const requests = createTally({
    registry,
    name: 'rollcall_http_requests_total',
    help: 'Requests that are over; code is of the problem, or none; status 499: the caller left before an answer.',
    labelNames: ['route', 'method', 'status', 'code'],
  });
  const durations = new Histogram({
    name: 'rollcall_http_request_duration_seconds',
    help: 'From the arrival of a request to the end of its answer.',
    labelNames: ['route'],
    buckets: BUCKETS,
    registers: [registry],
  });
  return {
    requestEnded({ route, method, status, code = 'none', seconds }) {
      // Any token is a method, so the others are one.
      requests(1, route, METHODS.has(method) ? method : 'other', String(status), code);
      durations.observe({ route }, seconds);
    },
  };
}
