import type { Priority } from './turns.ts';

/** Where permits to call Rekognition come from: this process's own bucket, or one that replicas share. */
export interface PermitSource {
  /**
   * Up to `wanted` permits that may be used now. Exports leave some for the next pages, so that a page waits for none that
   * an export has just used. A promise settles within a bound of the source's own and never
   * rejects; what it brings may be fewer, or none.
   */
  take(wanted: number, priority: Priority): number | Promise<number>;
  /** Takes back permits that were not used. */
  giveBack(count: number): void;
  /** Milliseconds until the permit after `ahead` others, as things stand; 0 where it is there. */
  waitMs(ahead: number, priority: Priority): number;
  /** Rekognition throttled a call: somebody else spends the quota as well. */
  throttled(): void;
  /** This process's part of the permits a second at present, and the permits at hand. */
  state(): { readonly rate: number; readonly available: number };
}
