import type { PageSource } from '../metrics/upstream.ts';
import type { Fault } from './fault.ts';

/** What happened upstream for one request, for its log line. Times are in milliseconds. */
export interface CallTrace {
  source: PageSource;
  /** Calls that were sent. */
  attempts: number;
  /** What the attempts waited for their permits, together. */
  waitMs: number;
  /** Back-off before each retry. */
  readonly delaysMs: number[];
  /** AWS's id of the last answer. */
  requestId?: string | undefined;
  lastError?: Fault['summary'];
}

/** A trace of a request for which nothing has happened yet. */
export function createTrace(): CallTrace {
  return { source: 'fetched', attempts: 0, waitMs: 0, delaysMs: [] };
}
