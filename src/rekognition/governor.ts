import { AppError } from '../errors.ts';
import type { PermitSource } from './permit-source.ts';
import { createSupply, startTimer, type Schedule } from './supply.ts';
import { createTurns, type Place, type Priority } from './turns.ts';

/** One attempt that wants a permit. */
export interface Waiter extends Place {
  /** Aborts when nobody wants the permit any more. */
  readonly signal: AbortSignal;
  /** No attempt is of use that begins later; milliseconds since the epoch. May move while it waits. */
  readonly latestStart: () => number;
}

/** The right to one call of Rekognition, to be used at once. */
export interface Permit {
  /** The call was not made. Whoever finds the signal aborted when the permit is there says so. */
  giveBack(): void;
}

/** Lets attempts go no faster than the quota allows, in turns. */
export interface Governor {
  /**
   * A permit for one attempt, when its turn has come. Rejects with `OVERLOADED` at once where the turn would come
   * too late or the queue is full, later where others pushed it back so far; with the signal's reason when it aborts.
   */
  take(waiter: Waiter): Promise<Permit>;
  /** Another caller waits for the same attempt: it has the better of both turns. */
  join(waiter: Waiter, caller: string, priority: Priority): void;
  /** Rekognition throttled an attempt. */
  throttled(): void;
  /** Permits a second at present, permits at hand, and how many wait. */
  state(): {
    readonly rate: number;
    readonly permitsAvailable: number;
    readonly waiting: Readonly<Record<Priority, number>>;
  };
}

interface GovernorOptions {
  readonly source: PermitSource;
  /** Pages that may wait. Exports are bounded by the number of streams. */
  readonly queueLimit: number;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly schedule?: Schedule;
}

interface Entry {
  readonly waiter: Waiter;
  /** How long it was ready to wait when it came. */
  readonly patienceMs: number;
  readonly resolve: (permit: Permit) => void;
  readonly reject: (reason: unknown) => void;
  readonly onAbort: () => void;
}

/** A turn is promised only if it comes this much before it is of no use, since timers fire late on a busy loop. */
export const PROMISE_MARGIN_MS = 25;
/** A promise is withdrawn when less than this is left: smaller, so that rounding does not withdraw it. */
export const KEPT_MARGIN_MS = 10;
/** A permit held longer than this counts as used: the bucket may have filled up without it in the meantime. */
export const HOLD_MS = 50;

const TOO_LATE = 'Too many requests wait for the quota of Rekognition for this one to be answered in time.';
const QUEUE_FULL = 'Too many requests wait for the quota of Rekognition.';

/** The queue before a source of permits. A permit that is there costs no timer and no wait. */
export function createGovernor(options: GovernorOptions): Governor {
  const { source, queueLimit, now, schedule = startTimer } = options;
  const turns = createTurns<Entry>();
  const entries = new Map<Waiter, Entry>();

  const leave = (entry: Entry): void => {
    entries.delete(entry.waiter);
    turns.remove(entry);
    entry.waiter.signal.removeEventListener('abort', entry.onAbort);
    if (turns.size === 0) supply.stop();
  };

  const refusal = (detail: string, place: Place, patienceMs: number): AppError => {
    // Once even the last of those who wait now would come in time, so would whoever comes then, if there is room.
    const { priority } = place;
    const all = turns.count('page') + (priority === 'page' ? 0 : turns.count('export'));
    const tooLongMs = source.waitMs(Math.max(all, turns.atWorst(place)), priority) - Math.max(0, patienceMs);
    const roomMs = priority === 'page' && all >= queueLimit ? source.waitMs(0, priority) : 0;
    return new AppError('OVERLOADED', `${detail} Retry after the time in Retry-After.`, {
      retryAfterS: (Math.max(tooLongMs, roomMs) + PROMISE_MARGIN_MS) / 1000,
    });
  };

  const refuse = (refused: readonly Entry[], detail: string): void => {
    // All leave first: none of them waits for another that is refused with it.
    refused.forEach(leave);
    for (const { waiter, patienceMs, reject } of refused) {
      reject(refusal(detail, waiter, patienceMs));
    }
  };

  const refuseLate = (): void => {
    const at = now() + KEPT_MARGIN_MS;
    refuse(
      turns.late(
        ({ waiter }, position) => at + source.waitMs(position, waiter.priority) > waiter.latestStart(),
      ),
      TOO_LATE,
    );
  };

  const handOut = (granted: number): void => {
    let left = granted;
    while (left > 0) {
      const entry = turns.next();
      if (!entry) break;
      if (entry.waiter.latestStart() < now()) {
        refuse([entry], TOO_LATE);
        continue;
      }
      leave(entry);
      entry.resolve(createPermit());
      left -= 1;
    }
    if (left > 0) source.giveBack(left);
  };

  const createPermit = (): Permit => {
    const at = now();
    let held = true;
    return {
      giveBack() {
        if (!held) return;
        held = false;
        if (now() - at <= HOLD_MS) handOut(1);
      },
    };
  };

  const supply = createSupply({
    source,
    schedule,
    wanted: () => {
      const priority = turns.count('page') > 0 ? 'page' : 'export';
      return { count: turns.count(priority), priority };
    },
    deliver(granted) {
      handOut(granted);
      refuseLate();
    },
  });

  /** Who makes way for one more page: nobody while there is room. Undefined where its caller has its part already. */
  const displacedBy = (caller: string): readonly Entry[] | undefined => {
    if (turns.count('page') < queueLimit) return [];
    const displaced = turns.displacedBy(caller);
    return displaced && [displaced];
  };

  const add = (entry: Entry, place: Place, displaced: readonly Entry[]): void => {
    const last = turns.ahead(place) === turns.size;
    turns.add(entry, place);
    refuse(displaced, QUEUE_FULL);
    if (!last) refuseLate();
    supply.start();
  };

  const enqueue = (waiter: Waiter, patienceMs: number, displaced: readonly Entry[]): Promise<Permit> =>
    new Promise((resolve, reject) => {
      const onAbort = (): void => {
        leave(entry);
        reject(waiter.signal.reason as Error);
      };
      const entry: Entry = { waiter, patienceMs, resolve, reject, onAbort };
      entries.set(waiter, entry);
      waiter.signal.addEventListener('abort', onAbort, { once: true });
      add(entry, waiter, displaced);
    });

  return {
    take(waiter) {
      const { caller, priority, signal } = waiter;
      if (signal.aborted) return Promise.reject(signal.reason as Error);
      const patienceMs = waiter.latestStart() - now();
      if (patienceMs >= 0 && turns.ahead(waiter) === 0 && supply.takeNow(priority)) {
        // A page may have gone before exports that wait.
        if (turns.size > 0) refuseLate();
        return Promise.resolve(createPermit());
      }
      if (source.waitMs(turns.atWorst(waiter), priority) + PROMISE_MARGIN_MS > patienceMs) {
        return Promise.reject(refusal(TOO_LATE, waiter, patienceMs));
      }
      const displaced = priority === 'page' ? displacedBy(caller) : [];
      if (!displaced) return Promise.reject(refusal(QUEUE_FULL, waiter, patienceMs));
      return enqueue(waiter, patienceMs, displaced);
    },
    join(waiter, caller, priority) {
      const entry = entries.get(waiter);
      const place = { caller, priority };
      if (!entry || !turns.improves(entry, place)) return;
      const displaced = turns.priorityOf(entry) === priority ? [] : displacedBy(caller);
      if (!displaced) return;
      turns.remove(entry);
      add(entry, place, displaced);
    },
    throttled() {
      source.throttled();
      refuseLate();
    },
    state() {
      const { rate, available } = source.state();
      const waiting = { page: turns.count('page'), export: turns.count('export') };
      return { rate, permitsAvailable: available, waiting };
    },
  };
}
