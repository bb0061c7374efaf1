import { setImmediate as turnOfTheLoop } from 'node:timers/promises';

import type { Schedule } from '../../src/rekognition/supply.ts';

/** Time that passes only when it is told to. */
export interface FakeTime {
  readonly now: () => number;
  readonly schedule: Schedule;
  /** Lets so many milliseconds pass, timers and promises included. */
  pass(ms: number): Promise<void>;
  /** Timers that are set. */
  readonly timers: number;
}

/** Starts at `start`; every timer fires `lateMs()` after its time. */
export function fakeTime({ start = 1_700_000_000_000, lateMs = (): number => 0 } = {}): FakeTime {
  let time = start;
  const timers = new Set<{ at: number; work: () => void }>();
  const due = (by: number) => [...timers].filter(({ at }) => at <= by).sort((a, b) => a.at - b.at)[0];
  return {
    now: () => time,
    schedule(ms, work) {
      const timer = { at: time + ms + lateMs(), work };
      timers.add(timer);
      return () => {
        timers.delete(timer);
      };
    },
    async pass(ms) {
      const end = time + ms;
      for (let timer = due(end); timer; timer = due(end)) {
        time = timer.at;
        timers.delete(timer);
        timer.work();
        await turnOfTheLoop();
      }
      time = end;
      await turnOfTheLoop();
    },
    get timers() {
      return timers.size;
    },
  };
}
