import type { ErrorCode } from '../errors.ts';
import type { Priority } from './turns.ts';

/** Where a page came from: a call of its own, the call of another request, or memory. */
export type PageSource = 'fetched' | 'shared' | 'cached';

/** What happens on the way to a page, for whoever counts it. */
export interface UpstreamEvents {
  attemptEnded(outcome: ErrorCode | 'ok', seconds: number): void;
  /** A fault with this code is answered with another attempt. */
  retried(code: ErrorCode): void;
  permitGranted(priority: Priority, waitSeconds: number): void;
  permitRefused(priority: Priority): void;
  permitGivenBack(priority: Priority): void;
  pageServed(source: PageSource): void;
}
