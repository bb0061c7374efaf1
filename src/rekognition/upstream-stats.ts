import type { UpstreamFailure } from './failure.ts';

/** Whether a result was fetched from Rekognition, came from another request's call, or had been kept. */
export type ResultSource = 'fetched' | 'shared' | 'cached';

/** What happened upstream for one request: for its log line and its span. Times are in milliseconds. */
export interface UpstreamStats {
  source: ResultSource;
  /** Calls that were sent. */
  attempts: number;
  /** What the attempts waited for their permits, together. */
  waitMs: number;
  /** The back-off before each retry. */
  readonly delaysMs: number[];
  /** AWS's id of the last response. */
  requestId?: string | undefined;
  lastError?: UpstreamFailure['summary'];
}

/** Stats of a request for which nothing has happened yet. */
export function createUpstreamStats(): UpstreamStats {
  return { source: 'fetched', attempts: 0, waitMs: 0, delaysMs: [] };
}

/** So many delays are kept of a stream, however long it is. */
const MAX_DELAYS = 100;

/** Adds the stats of one page to those of its stream. */
export function addStats(sum: UpstreamStats, page: UpstreamStats): void {
  sum.source = page.source;
  sum.attempts += page.attempts;
  sum.waitMs += page.waitMs;
  sum.delaysMs.push(...page.delaysMs.slice(0, MAX_DELAYS - sum.delaysMs.length));
  sum.requestId = page.requestId;
  if (page.lastError) sum.lastError = page.lastError;
}
