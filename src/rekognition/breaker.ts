import { LRUCache } from 'lru-cache';

import { AppError } from '../errors.ts';
import {
  createCircuit,
  FAILURES_TO_OPEN,
  type Circuit,
  type CircuitState,
  type ExecutionResult,
} from './circuit.ts';
import { UpstreamFailure } from './failure.ts';
import type { Stage } from './operation.ts';

/** Suspends calls while Rekognition keeps failing: those of one scope, such as a collection, or all of them. */
export interface Breaker {
  /** Throws `UPSTREAM_UNAVAILABLE` while calls are suspended; takes nothing. */
  check(scope: string | undefined): void;
  /** Begins one call, whose result is passed once; throws `UPSTREAM_UNAVAILABLE` while calls are suspended. */
  begin(scope: string | undefined): (result: ExecutionResult) => void;
  /** Of the calls of all scopes. */
  state(): CircuitState;
  /** How many scopes are suspended, each for itself. */
  suspendedScopes(): number;
}

interface BreakerOptions {
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number;
  /** From 0 to 1. */
  readonly random: () => number;
}

/** Beyond this many the longest unused scope is forgotten, its suspension too. */
const MAX_SCOPES = 1000;
/** Fewer than it takes to open: the failures of one scope alone never suspend the others. */
const COUNTED_TOWARDS_ALL = 3;

/** A breaker with one circuit for each scope, and one over all of them. Calls without a scope have the latter alone. */
export function createBreaker({ now, random }: BreakerOptions): Breaker {
  const all = createCircuit({ now, random, countedPerScope: COUNTED_TOWARDS_ALL });
  const unscoped = createCircuit({ now, random, countedPerScope: FAILURES_TO_OPEN });
  const scopes = new LRUCache<string, Circuit>({ max: MAX_SCOPES });
  const circuitOf = (scope: string | undefined): Circuit => {
    if (scope === undefined) return unscoped;
    const known = scopes.get(scope);
    if (known) return known;
    const circuit = createCircuit({ now, random, countedPerScope: FAILURES_TO_OPEN });
    scopes.set(scope, circuit);
    return circuit;
  };
  const check = (scope: string | undefined): void => {
    const own = scope === undefined ? unscoped : scopes.get(scope);
    const waitMs = Math.max(own?.waitMs(scope ?? '') ?? 0, all.waitMs(scope ?? ''));
    if (waitMs > 0) throw suspended(waitMs);
  };
  return {
    check,
    begin(scope) {
      // Both before either is begun, so that a scope that fails by itself takes no probe of the rest.
      check(scope);
      const ends = [circuitOf(scope).begin(scope ?? ''), all.begin(scope ?? '')];
      return (result) => {
        for (const end of ends) end(result);
      };
    },
    state: () => all.state(),
    suspendedScopes: () => [...scopes.values()].filter((circuit) => circuit.state() !== 'closed').length,
  };
}

function suspended(waitMs: number): AppError {
  return new AppError(
    'UPSTREAM_UNAVAILABLE',
    'Rekognition keeps failing, so calls to it are suspended. Retry after the time in Retry-After.',
    { retryAfterS: waitMs / 1000 },
  );
}

/** Refuses a call that could not be made, before it waits for anything. */
export function failFast(breaker: Breaker): Stage {
  return (next) => async (operation, input, context) => {
    breaker.check(operation.isolatedBy?.(input));
    return next(operation, input, context);
  };
}

/** Lets the breaker know how calls end, and refuses them while they are suspended. */
export function guarded(breaker: Breaker): Stage {
  return (next) => async (operation, input, context) => {
    const ended = breaker.begin(operation.isolatedBy?.(input));
    try {
      const result = await next(operation, input, context);
      ended('succeeded');
      return result;
    } catch (error) {
      ended(resultOf(error));
      throw error;
    }
  };
}

/** A refusal or a throttle is a response of Rekognition. What is no failure of a call was not sent, or nobody waited. */
function resultOf(error: unknown): ExecutionResult {
  if (!(error instanceof UpstreamFailure)) return 'cancelled';
  return FAULTS.has(error.code) ? 'failed' : 'succeeded';
}

/** What suspends calls when it happens often enough. */
const FAULTS: ReadonlySet<string> = new Set(['UPSTREAM_ERROR', 'UPSTREAM_TIMEOUT']);
