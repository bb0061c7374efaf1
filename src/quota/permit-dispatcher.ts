import type { Demand, Priority } from './fair-queue.ts';
import type { PermitSource } from './permit-source.ts';

/** Runs `work` after `ms` milliseconds, unless the returned function is called before. */
export type Schedule = (ms: number, work: () => void) => () => void;

interface PermitDispatcherOptions {
  readonly source: PermitSource;
  readonly schedule: Schedule;
  /** How many permits the queue waits for, and with which priority to ask for them. */
  readonly demand: () => Demand;
  /** Hands out the granted permits, perhaps none, and refuses the requests that have become too late. */
  readonly deliver: (granted: number) => void;
}

/** Brings permits from their source to the queue while requests wait. */
export interface PermitDispatcher {
  /** Takes one permit, if the source has one at once. Only for a request that goes before all waiting ones. */
  tryAcquire(priority: Priority): boolean;
  /** A request waits. */
  start(): void;
  /** No request waits any more. */
  stop(): void;
}

/** The source is asked again after this time at most: while it recovers from a throttle, a permit may come early. */
const POLL_MS = 100;
/** The rounding error of `waitMs`. Without it a timer in whole milliseconds may fire one too late. */
const ROUNDING_MS = 1e-6;
/** How often requests are checked for being too late while the source has not replied. */
const EXPIRE_MS = 25;

/** Asks the source for as many permits as are wanted, one request at a time, and again when it will have more. */
export function createPermitDispatcher(options: PermitDispatcherOptions): PermitDispatcher {
  const { source, schedule, demand, deliver } = options;
  let asking = false;
  let cancelTimer: (() => void) | undefined;

  // A timer is set exactly while a request waits.
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
      // The new request may be due before the waiting ones, perhaps at once.
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
