import type { PermitSource } from './permit-source.ts';

/** Runs `work` after `ms` milliseconds, unless the function it returns is called before. */
export type Schedule = (ms: number, work: () => void) => () => void;

interface SupplyOptions {
  readonly source: PermitSource;
  readonly schedule: Schedule;
  /** How many permits are waited for. */
  readonly wanted: () => number;
  /** Takes what has come, be it nothing. */
  readonly deliver: (granted: number) => void;
}

/** Brings permits from their source as long as somebody waits. */
export interface Supply {
  /** One permit, if the source has one at once. Only while nobody waits. */
  takeNow(): boolean;
  /** Somebody waits. */
  start(): void;
  /** Nobody waits any more. */
  stop(): void;
}

/** A source that recovers from throttling has a permit sooner than it said. */
const LOOK_AGAIN_MS = 100;

/** Asks the source for as many permits as are wanted, one question at a time, and again when it will have more. */
export function createSupply({ source, schedule, wanted, deliver }: SupplyOptions): Supply {
  let asking = false;
  let stopTimer: (() => void) | undefined;

  // Either a question is open, or a timer is set, or nobody waits.
  const stop = (): void => {
    stopTimer?.();
    stopTimer = undefined;
  };
  const wait = (): void => {
    stop();
    const ms = Math.min(LOOK_AGAIN_MS, Math.max(1, Math.ceil(source.waitMs(0))));
    stopTimer = schedule(ms, () => {
      stopTimer = undefined;
      ask();
    });
  };
  const ask = (): void => {
    const asked = wanted();
    settle(source.take(asked), asked);
  };
  const settle = (answer: number | Promise<number>, asked: number): void => {
    if (typeof answer === 'number') {
      received(answer, asked);
      return;
    }
    asking = true;
    void answer.then((granted) => {
      asking = false;
      received(granted, asked);
    });
  };
  const received = (granted: number, asked: number): void => {
    deliver(granted);
    if (wanted() === 0) return;
    // More came while it was asked, and it may have more.
    if (granted === asked) ask();
    else wait();
  };

  return {
    takeNow() {
      if (asking) return false;
      const answer = source.take(1);
      if (typeof answer === 'number') return answer === 1;
      settle(answer, 1);
      return false;
    },
    start() {
      if (!asking && !stopTimer) wait();
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
