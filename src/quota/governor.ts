import { createAdmission, QUEUE_FULL, TOO_LATE } from './admission.ts';
import { createFairQueue, type Place, type Priority } from './fair-queue.ts';
import { createPermitDispatcher, startTimer, type Schedule } from './permit-dispatcher.ts';
import type { PermitSource } from './permit-source.ts';
import { createStandingQueue } from './standing-queue.ts';

/** One call that wants a permit. */
export interface PermitRequest extends Place {
  /** Aborts when the permit is no longer wanted. */
  readonly signal: () => AbortSignal;
  /** The call must have ended by then; milliseconds since the epoch. May move while the request waits. */
  readonly deadlineAt: () => number;
  /** It has had a permit before, for a call that failed. It was admitted then, so the bound of newcomers does not apply. */
  readonly isRetry?: () => boolean;
  /** Other callers that wait for the same call: the request takes the first of all their turns. */
  readonly others?: Iterable<Place>;
}

/** The right to one call upstream, to be used at once. */
export interface Permit {
  /** The call was not made. */
  giveBack(): void;
}

/** What a governor shows of itself. */
export interface GovernorState {
  /** Permits a second at present. */
  readonly rate: number;
  readonly permitsAvailable: number;
  readonly waiting: Readonly<Record<Priority, number>>;
  /** The queue has not been empty for so long that newcomers may wait only a little. */
  readonly standing: boolean;
}

/** Lets calls go no faster than the quota allows, in fair turns. */
export interface Governor {
  /**
   * A permit for one call, when its turn has come. Rejects with `OVERLOADED` at once if the turn would come too late or
   * the queue is full, and later if other requests pushed the turn back that far. Rejects with the signal's reason when
   * it aborts.
   */
  acquire(request: PermitRequest): Promise<Permit>;
  /** Another caller waits for the same call: the request takes the earlier of both turns. */
  join(request: PermitRequest, place: Place): void;
  /** Upstream throttled a call. */
  throttled(): void;
  state(): GovernorState;
}

interface GovernorOptions {
  readonly source: PermitSource;
  /** Interactive requests that may wait. Background work has no limit but its deadlines, and the places for streams. */
  readonly queueLimit: number;
  /** The longest wait of a newcomer, in milliseconds, once the queue stands. */
  readonly standingWaitMs: number;
  /** How long a call takes, in milliseconds: its permit must come that much before its deadline. */
  readonly callMs: () => number;
  /** Milliseconds since the epoch, of a clock that never goes back. */
  readonly now: () => number;
  readonly schedule?: Schedule;
}

interface Entry {
  readonly request: PermitRequest;
  /** The longest wait that the request was admitted with. */
  readonly maxWaitMs: number;
  readonly resolve: (permit: Permit) => void;
  readonly reject: (reason: unknown) => void;
  readonly onAbort: () => void;
}

/** A permit held longer than this counts as used: the bucket may have filled up without it in the meantime. */
export const HOLD_MS = 50;

/** The queue before a source of permits. A permit that is there costs no timer and no wait. */
export function createGovernor(options: GovernorOptions): Governor {
  const { source, queueLimit, standingWaitMs, callMs, now, schedule = startTimer } = options;
  const queue = createFairQueue<Entry>();
  const entries = new Map<PermitRequest, Entry>();
  const standing = createStandingQueue({ standingWaitMs, intervalMs: () => 1000 / source.state().rate, now });
  const admission = createAdmission({ source, queue, standing, queueLimit });
  /** How long a request may still wait. */
  const timeLeftMs = (request: PermitRequest): number => request.deadlineAt() - callMs() - now();

  const remove = (entry: Entry): void => {
    entries.delete(entry.request);
    queue.remove(entry);
    entry.request.signal().removeEventListener('abort', entry.onAbort);
    if (queue.count('interactive') === 0) standing.drained();
    if (queue.size === 0) dispatcher.stop();
  };

  const refuse = (refused: readonly Entry[], detail: string): void => {
    // All are removed first: none of them waits for another that is refused with it.
    refused.forEach(remove);
    for (const { request, maxWaitMs, reject } of refused)
      reject(admission.refusal(detail, request, maxWaitMs));
  };

  const refuseLate = (): void => {
    const isLate = ({ request }: Entry, position: number): boolean =>
      admission.isLate(request, position, timeLeftMs(request));
    refuse(queue.late(isLate), TOO_LATE);
  };

  const handOut = (granted: number): void => {
    let remaining = granted;
    while (remaining > 0) {
      const entry = queue.next();
      if (!entry) break;
      if (timeLeftMs(entry.request) < 0) {
        refuse([entry], TOO_LATE);
        continue;
      }
      remove(entry);
      entry.resolve(createPermit());
      remaining -= 1;
    }
    if (remaining > 0) source.giveBack(remaining);
  };

  const createPermit = (): Permit => {
    const at = now();
    let held = true;
    return {
      giveBack() {
        if (held && now() - at <= HOLD_MS) handOut(1);
        held = false;
      },
    };
  };

  const dispatcher = createPermitDispatcher({
    source,
    schedule,
    demand: () => queue.demand(),
    deliver(granted) {
      handOut(granted);
      refuseLate();
    },
  });

  const add = (entry: Entry, place: Place, displaced: readonly Entry[]): void => {
    const isLast = queue.ahead(place) === queue.size;
    if (place.priority === 'interactive' && source.waitMs(queue.ahead(place), 'interactive') > 0)
      standing.contended();
    queue.add(entry, place);
    refuse(displaced, QUEUE_FULL);
    if (!isLast) refuseLate();
    dispatcher.start();
  };

  const enqueue = (request: PermitRequest, maxWaitMs: number, displaced: readonly Entry[]): Promise<Permit> =>
    new Promise((resolve, reject) => {
      const signal = request.signal();
      const onAbort = (): void => {
        remove(entry);
        reject(signal.reason as Error);
      };
      const entry: Entry = { request, maxWaitMs, resolve, reject, onAbort };
      entries.set(request, entry);
      signal.addEventListener('abort', onAbort, { once: true });
      add(entry, request, displaced);
      for (const place of request.others ?? []) join(request, place);
    });

  const join = (request: PermitRequest, place: Place): void => {
    const entry = entries.get(request);
    if (!entry || !queue.wouldMoveForward(entry, place)) return;
    const displaced = queue.priorityOf(entry) === place.priority ? [] : admission.displacedBy(place);
    if (!displaced) return;
    queue.remove(entry);
    add(entry, place, displaced);
  };

  return {
    async acquire(request) {
      const { priority } = request;
      request.signal().throwIfAborted();
      if (timeLeftMs(request) >= 0 && queue.ahead(request) === 0 && dispatcher.tryAcquire(priority)) {
        queue.passed(priority);
        // An interactive request may have gone before background work that waits.
        if (queue.size > 0) refuseLate();
        return createPermit();
      }
      const isNewcomer = priority === 'interactive' && !request.isRetry?.();
      const maxWaitMs = Math.min(timeLeftMs(request), isNewcomer ? standing.maxWaitMs() : Infinity);
      return enqueue(request, maxWaitMs, admission.admit(request, maxWaitMs));
    },
    join,
    throttled() {
      source.throttled();
      refuseLate();
    },
    state() {
      const { rate, available } = source.state();
      const waiting = { interactive: queue.count('interactive'), background: queue.count('background') };
      return { rate, permitsAvailable: available, waiting, standing: standing.isStanding() };
    },
  };
}
