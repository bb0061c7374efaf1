import { LRUCache } from 'lru-cache';

import { AppError } from '../errors.ts';
import { createCircuit, FAILURES_TO_OPEN, type Circuit, type CircuitState, type Outcome } from './circuit.ts';

/** Suspends calls while Rekognition keeps failing: those for one collection, or all of them. */
export interface Breaker {
  /** Throws `UPSTREAM_UNAVAILABLE` while calls are suspended; takes nothing. */
  check(collectionId: string): void;
  /** Leave to make one attempt; throws `UPSTREAM_UNAVAILABLE` while calls are suspended. */
  enter(collectionId: string): Pass;
  /** Of the calls for all collections. */
  state(): CircuitState;
  /** How many collections are suspended, each for itself. */
  suspendedCollections(): number;
}

/** Leave to make one attempt. Exactly one call ends it; later ones do nothing. */
export interface Pass {
  /** Rekognition answered: a page, a refusal, or a throttle. */
  answered(): void;
  /** A 5xx, a reset, a time-out, or a damaged answer. */
  failed(): void;
  /** The caller went, or the attempt was never made. */
  left(): void;
}

interface BreakerOptions {
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number;
  /** From 0 to 1. */
  readonly random: () => number;
}

/** Beyond this many the longest unused collection is forgotten, its suspension too. */
const MAX_COLLECTIONS = 1000;
/** Fewer than it takes to open: the failures of one collection alone never suspend the others. */
const COUNTED_TOWARDS_ALL = 3;

/** A breaker with one circuit for each collection, and one over all of them. */
export function createBreaker({ now, random }: BreakerOptions): Breaker {
  const all = createCircuit({ now, random, countedPerCollection: COUNTED_TOWARDS_ALL });
  const collections = new LRUCache<string, Circuit>({ max: MAX_COLLECTIONS });
  const circuitOf = (collectionId: string): Circuit => {
    const known = collections.get(collectionId);
    if (known) return known;
    const circuit = createCircuit({ now, random, countedPerCollection: FAILURES_TO_OPEN });
    collections.set(collectionId, circuit);
    return circuit;
  };
  const check = (collectionId: string): void => {
    const ofCollection = collections.get(collectionId)?.waitMs() ?? 0;
    const ofAll = all.waitMs();
    if (ofCollection > 0 || ofAll > 0) throw suspended(Math.max(ofCollection, ofAll));
  };
  return {
    check,
    enter(collectionId) {
      // Both before either is entered, so that a collection that fails by itself takes no probe of the rest.
      check(collectionId);
      return passOf([circuitOf(collectionId).enter(collectionId), all.enter(collectionId)]);
    },
    state: () => all.state(),
    suspendedCollections: () =>
      [...collections.values()].filter((circuit) => circuit.state() !== 'closed').length,
  };
}

function passOf(ends: readonly ((outcome: Outcome) => void)[]): Pass {
  let ended = false;
  const end = (outcome: Outcome) => (): void => {
    if (ended) return;
    ended = true;
    for (const settle of ends) settle(outcome);
  };
  return { answered: end('answered'), failed: end('failed'), left: end('left') };
}

function suspended(waitMs: number): AppError {
  return new AppError(
    'UPSTREAM_UNAVAILABLE',
    'Rekognition keeps failing, so calls to it are suspended. Retry after the time in Retry-After.',
    { retryAfterS: waitMs / 1000 },
  );
}
