interface Bounds {
  /** Milliseconds until the wait is given up. */
  readonly ms: number;
  /** Ends the wait too, with the signal's reason. */
  readonly parent?: AbortSignal | undefined;
  /** The error of the time-out. */
  readonly onTimeout: () => Error;
}

/**
 * Waits for work no longer than the bounds allow. The work itself is not stopped; its later result or failure is
 * ignored.
 */
export function raceDeadline<T>({ ms, parent, onTimeout }: Bounds, awaited: Promise<T>): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const settled = (): void => {
      clearTimeout(timer);
      parent?.removeEventListener('abort', onAbort);
    };
    const giveUp = (reason: Error): void => {
      settled();
      reject(reason);
    };
    const onAbort = (): void => {
      giveUp(parent?.reason as Error);
    };
    const timer = setTimeout(() => {
      giveUp(onTimeout());
    }, ms);
    parent?.addEventListener('abort', onAbort);
    awaited.then(settled, settled);
    awaited.then(resolve, reject);
    if (parent?.aborted) onAbort();
  });
}

/** Returns a function that gives the result, if it is there when the function is called. A failure is ignored. */
export function ifInTime<T>(work: Promise<T>): () => T | undefined {
  let result: T | undefined;
  work.then(
    (value) => {
      result = value;
    },
    () => undefined,
  );
  return () => result;
}

/** An estimate of how long a call takes, from the calls that succeeded, in milliseconds. */
export interface CallDuration {
  observe(ms: number): void;
  /** How long the next call may take. */
  readonly ms: number;
}

/** The estimate before the first call. */
const INITIAL_MS = 100;

/** As TCP estimates a connection's round trips (RFC 6298): their mean and four times their deviation, both smoothed. */
export function createCallDuration(maxMs: number): CallDuration {
  let mean = INITIAL_MS / 2;
  let deviation = INITIAL_MS / 8;
  return {
    observe(ms) {
      deviation += (Math.abs(ms - mean) - deviation) / 4;
      mean += (ms - mean) / 8;
    },
    get ms() {
      return Math.min(maxMs, mean + 4 * deviation);
    },
  };
}
