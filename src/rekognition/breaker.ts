import { LRUCache } from 'lru-cache';

import { AppError } from '../errors.ts';
import {
  createCircuit,
  FAILURES_TO_OPEN,
  type Circuit,
  type CircuitState,
  type ExecutionResult,
} from './circuit.ts';
import { isUnsent, UpstreamFailure } from './failure.ts';
import type { Stage } from './operation.ts';

/** Suspends calls while Rekognition keeps failing: those of one scope, such as a collection, or all of them. */
export interface Breaker {
  /** Throws `UPSTREAM_UNAVAILABLE` while calls are suspended; changes nothing. */
  check(scope: string | undefined): void;
  /** Begins one call, whose result is passed once; throws `UPSTREAM_UNAVAILABLE` while calls are suspended. */
  begin(scope: string | undefined): (result: ExecutionResult) => void;
  /** Whether the calls of all scopes are suspended. A call without a scope counts as a scope of its own. */
  state(): CircuitState;
  /** How many scopes are suspended on their own. */
  suspendedScopes(): number;
}

interface BreakerOptions {
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number;
  /** From 0 to 1. */
  readonly random: () => number;
}

/** Beyond this number the least recently used scope is forgotten, with its suspension. */
const MAX_SCOPES = 1000;
/** How many failures of one scope count towards all: too few to suspend the others. */
const COUNTED_TOWARDS_ALL = 3;

/** A breaker with one circuit for each scope, and one over all of them. */
export function createBreaker({ now, random }: BreakerOptions): Breaker {
  const all = createCircuit({ now, random, countedPerScope: COUNTED_TOWARDS_ALL });
  const scopes = new LRUCache<string, Circuit>({ max: MAX_SCOPES });
  const circuitOf = (scope: string): Circuit => {
    const known = scopes.get(scope);
    if (known) return known;
    const circuit = createCircuit({ now, random, countedPerScope: FAILURES_TO_OPEN });
    scopes.set(scope, circuit);
    return circuit;
  };
  const check = (scope: string | undefined): void => {
    const ownMs = scope === undefined ? 0 : (scopes.get(scope)?.waitMs(scope) ?? 0);
    const waitMs = Math.max(ownMs, all.waitMs(scope ?? Symbol()));
    if (waitMs > 0) throw suspended(waitMs);
  };
  return {
    check,
    begin(scope) {
      // Both circuits are checked before either is begun, so that a suspended scope does not use the probe of all.
      check(scope);
      const endOwn = scope === undefined ? undefined : circuitOf(scope).begin(scope);
      const endAll = all.begin(scope ?? Symbol());
      return (result) => {
        endOwn?.(result);
        endAll(result);
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

/** Refuses a suspended call before it waits for anything. */
export function failFast(breaker: Breaker): Stage {
  return (next) => async (operation, input, context) => {
    breaker.check(operation.isolatedBy?.(input));
    return next(operation, input, context);
  };
}

/** Tells the breaker how calls end, and refuses them while they are suspended. */
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

/** A refusal or a throttle is a response, so Rekognition works. A call that was not sent says nothing about it. */
function resultOf(error: unknown): ExecutionResult {
  if (!(error instanceof UpstreamFailure) || isUnsent(error)) return 'cancelled';
  return FAULTS.has(error.code) ? 'failed' : 'succeeded';
}

/** The failures that suspend calls. */
const FAULTS: ReadonlySet<string> = new Set(['UPSTREAM_ERROR', 'UPSTREAM_TIMEOUT']);
