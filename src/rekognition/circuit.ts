/** How a call ended: `left` says nothing of Rekognition, since nobody waited for it or it was never sent. */
export type Outcome = 'answered' | 'failed' | 'left';

/** `half-open`: suspended, with a probe under way. */
export type CircuitState = 'closed' | 'open' | 'half-open';

/** Suspends the calls of one scope after failures in a row, and lets single probes go until one is answered. */
export interface Circuit {
  state(): CircuitState;
  /** Milliseconds until a call may go; 0 when one may go now. */
  waitMs(): number;
  /** Sends one call on its way, only where `waitMs` is 0; in a suspension it is the probe. */
  enter(collectionId: string): (outcome: Outcome) => void;
}

export interface CircuitOptions {
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number;
  /** From 0 to 1. */
  readonly random: () => number;
  /** How many failures of one collection count at most. */
  readonly countedPerCollection: number;
}

/** Failures in a row that suspend calls. */
export const FAILURES_TO_OPEN = 5;

const FIRST_PAUSE_MS = 1000;
/** At one request a second, one in five is a probe. */
const LONGEST_PAUSE_MS = 5000;
/** Pauses are up to a quarter longer, never shorter, so that replicas do not probe in step. */
const JITTER = 0.25;
/** A probe that was never settled must not block the next one for ever. */
const PROBE_LOST_MS = 60_000;
/** While a probe is under way nobody knows how it ends: worth another look in a second. */
const PROBE_WAIT_MS = 1000;

/** A circuit that starts closed. */
export function createCircuit({ now, random, countedPerCollection }: CircuitOptions): Circuit {
  let state: CircuitState = 'closed';
  /** Grows with each change of state: a call that began before the change says nothing about what is after it. */
  let epoch = 0;
  /** The present pause without its jitter. */
  let pauseMs = 0;
  let changedAt = now();
  /** When the next probe may go. */
  let dueAt = changedAt;
  const failures = new Map<string, number>();

  const change = (next: CircuitState, at: number): void => {
    state = next;
    epoch += 1;
    changedAt = now();
    dueAt = at;
    failures.clear();
  };
  const suspend = (ms: number): void => {
    pauseMs = ms;
    change('open', now() + ms * (1 + JITTER * random()));
  };
  const isTooMany = (collectionId: string): boolean => {
    failures.set(collectionId, Math.min(countedPerCollection, (failures.get(collectionId) ?? 0) + 1));
    return [...failures.values()].reduce((sum, count) => sum + count, 0) >= FAILURES_TO_OPEN;
  };
  const callEnded = (outcome: Outcome, collectionId: string): void => {
    if (outcome === 'answered') failures.clear();
    if (outcome === 'failed' && isTooMany(collectionId)) suspend(FIRST_PAUSE_MS);
  };
  const probeEnded = (outcome: Outcome): void => {
    if (outcome === 'answered') change('closed', now());
    else if (outcome === 'failed') suspend(Math.min(LONGEST_PAUSE_MS, pauseMs * 2));
    // The next may go at once, but callers who keep leaving are not to send a probe each.
    else change('open', Math.max(now(), changedAt + FIRST_PAUSE_MS));
  };

  return {
    state: () => state,
    waitMs() {
      const left = state === 'closed' ? 0 : Math.max(0, dueAt - now());
      return state === 'half-open' ? Math.min(left, PROBE_WAIT_MS) : left;
    },
    enter(collectionId) {
      if (state !== 'closed') change('half-open', now() + PROBE_LOST_MS);
      const began = epoch;
      return (outcome) => {
        if (began !== epoch) return;
        if (state === 'closed') callEnded(outcome, collectionId);
        else probeEnded(outcome);
      };
    },
  };
}
