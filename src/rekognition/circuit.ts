/** How a call ended. `cancelled` says nothing about upstream: it was not sent. */
export type ExecutionResult = 'succeeded' | 'failed' | 'cancelled';

/** `half-open`: suspended, with a probe under way. */
export type CircuitState = 'closed' | 'open' | 'half-open';

/** What fails alone. A call that shares no scope has a symbol of its own. */
type Scope = string | symbol;

/** Suspends calls after failures in a row. Then single calls probe until one succeeds. */
export interface Circuit {
  state(): CircuitState;
  /** Milliseconds until a call of this scope may go; 0 when it may go now. */
  waitMs(scope: Scope): number;
  /** Begins a call, for which `waitMs` must be 0; in a suspension it is the probe. The result is passed once. */
  begin(scope: Scope): (result: ExecutionResult) => void;
}

interface CircuitOptions {
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number;
  /** From 0 to 1. */
  readonly random: () => number;
  /** How many failures of one scope count at most. */
  readonly countedPerScope: number;
}

/** Failures in a row that suspend calls. */
export const FAILURES_TO_OPEN = 5;

const FIRST_PAUSE_MS = 1000;
/** At one request a second, one in five is a probe. */
const LONGEST_PAUSE_MS = 5000;
/** Pauses are up to a quarter longer, never shorter, so that replicas do not probe at the same time. */
const JITTER = 0.25;
/** A probe without a result does not block the next one for longer. */
const PROBE_LOST_MS = 60_000;
/** The longest wait that is named while a probe is under way, since its end is unknown. */
const PROBE_WAIT_MS = 1000;

/** A circuit that starts closed. */
export function createCircuit({ now, random, countedPerScope }: CircuitOptions): Circuit {
  let state: CircuitState = 'closed';
  /** Grows with each change of state. The result of a call that began before the last change is ignored. */
  let epoch = 0;
  /** The present pause without its jitter. */
  let pauseMs = 0;
  let changedAt = now();
  /** When the next probe may go. */
  let dueAt = changedAt;
  /** Failures in a row, by scope. */
  let failures = new Map<Scope, number>();
  /** The few scopes whose failures opened the circuit; unknown once a probe has gone. */
  let culprits: ReadonlyMap<Scope, number> | undefined;

  const change = (next: CircuitState, at: number): void => {
    state = next;
    epoch += 1;
    changedAt = now();
    dueAt = at;
    culprits = undefined;
    failures = new Map();
  };
  const suspend = (ms: number): void => {
    pauseMs = ms;
    change('open', now() + ms * (1 + JITTER * random()));
  };
  const callEnded = (result: ExecutionResult, scope: Scope): void => {
    if (result === 'succeeded') failures.clear();
    if (result !== 'failed') return;
    failures.set(scope, Math.min(countedPerScope, (failures.get(scope) ?? 0) + 1));
    const inARow = failures;
    if ([...inARow.values()].reduce((sum, count) => sum + count, 0) < FAILURES_TO_OPEN) return;
    suspend(FIRST_PAUSE_MS);
    // If each failure is of another scope, all of upstream fails.
    if (inARow.size < FAILURES_TO_OPEN) culprits = inARow;
  };
  const probeEnded = (result: ExecutionResult): void => {
    if (result === 'succeeded') change('closed', now());
    else if (result === 'failed') suspend(Math.min(LONGEST_PAUSE_MS, pauseMs * 2));
    // The next call may probe, but no sooner than this, since its credentials may fail too.
    else change('open', Math.max(now(), changedAt + FIRST_PAUSE_MS));
  };

  return {
    state: () => state,
    waitMs(scope) {
      // A call of a scope that has not failed is the first probe, without a pause (docs/decisions/0015).
      if (state === 'closed' || (culprits && !culprits.has(scope))) return 0;
      const remaining = Math.max(0, dueAt - now());
      return state === 'half-open' ? Math.min(remaining, PROBE_WAIT_MS) : remaining;
    },
    begin(scope) {
      if (state !== 'closed') change('half-open', now() + PROBE_LOST_MS);
      const began = epoch;
      return (result) => {
        if (began !== epoch) return;
        if (state === 'closed') callEnded(result, scope);
        else probeEnded(result);
      };
    },
  };
}
