import type { Demand, Priority } from './fair-queue.ts';
import type { PermitSource } from './permit-source.ts';

/** Runs `work` after `ms` milliseconds, unless the returned function is called before. */
export type Schedule = (ms: number, work: () => void) => () => void;

interface PermitDispatcherOptions {
  readonly source: PermitSource;
  readonly schedule: Schedule;
  /** How many permits the queue waits for, and on what priority they are asked for. */
  readonly demand: () => Demand;
  /** Hands out what was granted, which may be nothing, and expires whatever has become too late. */
  readonly deliver: (granted: number) => void;
}

/** Brings permits from their source to the queue as long as somebody waits. */
export interface PermitDispatcher {
  /** One permit, if the source has one at once. Only for a request that goes before all who wait. */
  tryAcquire(priority: Priority): boolean;
  /** Somebody waits. */
  start(): void;
  /** Nobody waits any more. */
  stop(): void;
}

/** A source that recovers from throttling has a permit sooner than it said. */
const POLL_MS = 100;
/** Of sums of fractions: without it a timer in whole milliseconds may come one too late. */
const ROUNDING_MS = 1e-6;
/** How often requests are checked for being too late while the source has not answered: more often than an attempt takes. */
const EXPIRE_MS = 25;

/** Asks the source for as many permits as are wanted, one question at a time, and again when it will have more. */
export function createPermitDispatcher(options: PermitDispatcherOptions): PermitDispatcher {
  const { source, schedule, demand, deliver } = options;
  let asking = false;
  let cancelTimer: (() => void) | undefined;

  // A timer is set exactly while somebody waits.
  const stop = (): void => {
    cancelTimer?.();
    cancelTimer = undefined;
  };
  const after = (ms: number, work: () => void): void => {
    stop();
    cancelTimer = schedule(ms, () => {
      cancelTimer = undefined;
      work();
    });
  };
  const askWhenDue = (): void => {
    const dueMs = source.waitMs(0, demand().priority);
    after(Math.min(POLL_MS, Math.max(1, Math.ceil(dueMs - ROUNDING_MS))), ask);
  };
  const expireWhilePending = (): void => {
    after(EXPIRE_MS, () => {
      deliver(0);
      if (demand().count > 0) expireWhilePending();
    });
  };
  const ask = (): void => {
    const { count, priority } = demand();
    settle(source.take(count, priority));
  };
  const settle = (answer: number | Promise<number>): void => {
    if (typeof answer === 'number') {
      received(answer);
      return;
    }
    asking = true;
    if (demand().count > 0) expireWhilePending();
    void answer.then((granted) => {
      asking = false;
      stop();
      received(granted);
    });
  };
  const received = (granted: number): void => {
    deliver(granted);
    if (demand().count === 0) return;
    // After a grant the source may have more at once, or promise the next permit.
    if (granted > 0) ask();
    else askWhenDue();
  };

  return {
    tryAcquire(priority) {
      if (asking) return false;
      const answer = source.take(1, priority);
      if (typeof answer === 'number') return answer === 1;
      settle(answer);
      return false;
    },
    start() {
      if (asking) {
        if (!cancelTimer) expireWhilePending();
        return;
      }
      // The new request may be due before those that wait already, perhaps at once.
      if (source.waitMs(0, demand().priority) > 0) askWhenDue();
      else ask();
    },
    stop,
  };
}

/** Node's own timers. */
export const startTimer: Schedule = (ms, work) => {
  const timer = setTimeout(work, ms);
  return () => {
    clearTimeout(timer);
  };
};
