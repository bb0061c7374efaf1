import type { Priority } from './fair-queue.ts';

/** Where permits come from: the bucket of this process, or one that all replicas share. */
export interface PermitSource {
  /**
   * Takes up to `wanted` permits that may be used now. Background work leaves a reserve, so that an interactive
   * request finds a permit. A promise settles in bounded time and never rejects. It may bring fewer permits, or none.
   */
  take(wanted: number, priority: Priority): number | Promise<number>;
  /** Takes back permits that were not used. */
  giveBack(count: number): void;
  /** Milliseconds until the permit after `ahead` others, as far as is known now; 0 if it is there. */
  waitMs(ahead: number, priority: Priority): number;
  /** Upstream throttled a call: something outside this service may use the quota too. */
  throttled(): void;
  /** This process's share of the permits a second at present, and the permits that are there. */
  state(): { readonly rate: number; readonly available: number };
}
