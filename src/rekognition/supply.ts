import type { PermitSource } from './permit-source.ts';
import type { Priority } from './turns.ts';

/** Runs `work` after `ms` milliseconds, unless the function it returns is called before. */
export type Schedule = (ms: number, work: () => void) => () => void;

/** Permits to be asked for at once. */
interface Wanted {
  readonly count: number;
  readonly priority: Priority;
}

interface SupplyOptions {
  readonly source: PermitSource;
  readonly schedule: Schedule;
  /** How many permits are waited for: of the next in turn and of those like it. */
  readonly wanted: () => Wanted;
  /** Takes what has come, be it nothing. */
  readonly deliver: (granted: number) => void;
}

/** Brings permits from their source as long as somebody waits. */
export interface Supply {
  /** One permit, if the source has one at once. Only while nobody waits who goes before. */
  takeNow(priority: Priority): boolean;
  /** Somebody waits. */
  start(): void;
  /** Nobody waits any more. */
  stop(): void;
}

/** A source that recovers from throttling has a permit sooner than it said. */
const LOOK_AGAIN_MS = 100;
/** While an answer is waited for, who waits may become too late: oftener than an attempt takes. */
const LOOK_MEANWHILE_MS = 25;

/** Asks the source for as many permits as are wanted, one question at a time, and again when it will have more. */
export function createSupply({ source, schedule, wanted, deliver }: SupplyOptions): Supply {
  let asking = false;
  let stopTimer: (() => void) | undefined;

  // A timer is set as long as somebody waits.
  const stop = (): void => {
    stopTimer?.();
    stopTimer = undefined;
  };
  const after = (ms: number, work: () => void): void => {
    stop();
    stopTimer = schedule(ms, () => {
      stopTimer = undefined;
      work();
    });
  };
  const wait = (): void => {
    const dueMs = source.waitMs(0, wanted().priority);
    after(Math.min(LOOK_AGAIN_MS, Math.max(1, Math.ceil(dueMs))), ask);
  };
  const lookMeanwhile = (): void => {
    after(LOOK_MEANWHILE_MS, () => {
      deliver(0);
      if (wanted().count > 0) lookMeanwhile();
    });
  };
  const ask = (): void => {
    const { count, priority } = wanted();
    settle(source.take(count, priority));
  };
  const settle = (answer: number | Promise<number>): void => {
    if (typeof answer === 'number') {
      received(answer);
      return;
    }
    asking = true;
    if (wanted().count > 0) lookMeanwhile();
    void answer.then((granted) => {
      asking = false;
      stop();
      received(granted);
    });
  };
  const received = (granted: number): void => {
    deliver(granted);
    if (wanted().count === 0) return;
    // It may have more, or promise the next.
    if (granted > 0) ask();
    else wait();
  };

  return {
    takeNow(priority) {
      if (asking) return false;
      const answer = source.take(1, priority);
      if (typeof answer === 'number') return answer === 1;
      settle(answer);
      return false;
    },
    start() {
      if (asking) {
        if (!stopTimer) lookMeanwhile();
        return;
      }
      // Whoever came may be due before those who wait, even now.
      if (source.waitMs(0, wanted().priority) > 0) wait();
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
