/**
 * Tells a burst from a standing load. A queue absorbs a burst and empties again. A queue that never empties serves no more
 * requests than a short one, and makes every response late (Nichols and Jacobson, "Controlling Queue Delay", 2012).
 */
export interface StandingQueue {
  /** A newcomer has to wait for a permit. */
  contended(): void;
  /** No interactive request waits any more. */
  drained(): void;
  /** The longest wait with which a newcomer is admitted, in milliseconds: now, or `inMs` later if the queue does not empty. */
  maxWaitMs(inMs?: number): number;
  /** Whether the queue has not been empty for twice `standingWaitMs`: now, or `inMs` later if it does not empty. */
  isStanding(inMs?: number): boolean;
}

interface StandingQueueOptions {
  /** The longest wait of a newcomer while the queue stands. */
  readonly standingWaitMs: number;
  /** The time between two permits. A queue that is filled again sooner does not count as having been empty. */
  readonly intervalMs: () => number;
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number;
}

/** Watches one queue; it starts empty. */
export function createStandingQueue(options: StandingQueueOptions): StandingQueue {
  const { standingWaitMs, intervalMs, now } = options;
  let busy = false;
  let busySince = -Infinity;
  let drainedAt = -Infinity;
  const isEmpty = (): boolean => !busy && now() - drainedAt >= intervalMs();
  const isStanding = (inMs = 0): boolean => !isEmpty() && now() + inMs - busySince > 2 * standingWaitMs;
  return {
    contended() {
      if (isEmpty()) busySince = now();
      busy = true;
    },
    drained() {
      if (busy) drainedAt = now();
      busy = false;
    },
    maxWaitMs: (inMs) => (isStanding(inMs) ? standingWaitMs : Infinity),
    isStanding,
  };
}
