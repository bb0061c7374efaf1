import type { Schedule } from '../../src/quota/permit-dispatcher.ts';

/** Time that passes only when a test advances it. */
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
        await settle();
      }
      time = end;
      await settle();
    },
    get timers() {
      return timers.size;
    },
  };
}

/** Lets promises settle, through as many hops as any chain here has. Far cheaper than a turn of the event loop. */
async function settle(): Promise<void> {
  for (let hop = 0; hop < 12; hop += 1) await Promise.resolve();
}
