import { AppError } from '../errors.ts';
import type { FairQueue, Place, Priority } from './fair-queue.ts';
import type { PermitSource } from './permit-source.ts';
import type { StandingQueue } from './standing-queue.ts';

/** Decides which requests may wait for a permit. */
export interface Admission<T> {
  /**
   * Admits a request that can wait for `maxWaitMs`, and returns the requests that make way for it. Throws `OVERLOADED`
   * if its turn would come too late or the queue is full.
   */
  admit(place: Place, maxWaitMs: number): readonly T[];
  /** The requests that make way for one more: none while there is room. Undefined if its caller has its share. */
  displacedBy(place: Place): readonly T[] | undefined;
  /** Whether a waiting request must leave: others have pushed its turn back too far. */
  isLate(place: Place, position: number, timeLeftMs: number): boolean;
  /** The error of a request that is refused, with the time until the same request would be admitted. */
  refusal(detail: string, place: Place, maxWaitMs: number): AppError;
}

interface AdmissionOptions<T extends object> {
  readonly source: PermitSource;
  readonly queue: FairQueue<T>;
  readonly standing: StandingQueue;
  /** Interactive requests that may wait. Background work has no limit but its deadlines, and the places for streams. */
  readonly queueLimit: number;
}

/** A turn is promised only if it comes this much before it is too late, since timers fire late on a busy loop. */
export const PROMISE_MARGIN_MS = 25;
/** A promise is withdrawn when less than this is left: smaller, so that rounding does not withdraw it. */
const WITHDRAW_MARGIN_MS = 10;

export const TOO_LATE = 'Too many requests are waiting for Rekognition to answer this one in time.';
export const QUEUE_FULL = 'Too many requests are waiting for Rekognition.';

/** The door of a queue before a source of permits. */
export function createAdmission<T extends object>(options: AdmissionOptions<T>): Admission<T> {
  const { source, queue, standing, queueLimit } = options;
  const isFull = (priority: Priority): boolean =>
    priority === 'interactive' && queue.count(priority) >= queueLimit;

  /** The position by which a newcomer is admitted. While the queue stands, a later request may go before it. */
  const safePosition = (place: Place, inMs = 0): number =>
    queue.positionUnderContention(place) + (standing.isStanding(inMs) && queue.has(place) ? 1 : 0);

  /**
   * When the same request would be admitted: once a turn behind all waiting ones comes in time, and there is room. `inMs`
   * is when the queue is looked at: by then it may stand.
   */
  const retryAfterMs = (place: Place, maxWaitMs: number, inMs = 0): number => {
    const { priority } = place;
    const behindAll = Math.max(queue.behindAll(priority), safePosition(place, inMs));
    const acceptedMs = priority === 'interactive' ? Math.min(maxWaitMs, standing.maxWaitMs(inMs)) : maxWaitMs;
    const tooLongMs = source.waitMs(behindAll, priority) - Math.max(0, acceptedMs);
    const roomMs = isFull(priority) ? source.waitMs(0, priority) : 0;
    return Math.max(tooLongMs, roomMs) + PROMISE_MARGIN_MS;
  };

  const refusal = (detail: string, place: Place, maxWaitMs: number): AppError => {
    // The header has whole seconds.
    const firstS = Math.ceil(retryAfterMs(place, maxWaitMs) / 1000);
    return new AppError('OVERLOADED', `${detail} Retry after the time in Retry-After.`, {
      retryAfterS: retryAfterMs(place, maxWaitMs, firstS * 1000) / 1000,
    });
  };

  const displacedBy = ({ caller, priority }: Place): readonly T[] | undefined => {
    if (!isFull(priority)) return [];
    const displaced = queue.displacedBy(caller);
    return displaced && [displaced];
  };

  return {
    admit(place, maxWaitMs) {
      const waitMs = source.waitMs(safePosition(place), place.priority);
      if (waitMs + PROMISE_MARGIN_MS > maxWaitMs) throw refusal(TOO_LATE, place, maxWaitMs);
      const displaced = displacedBy(place);
      if (!displaced) throw refusal(QUEUE_FULL, place, maxWaitMs);
      return displaced;
    },
    displacedBy,
    isLate: ({ priority }, position, timeLeftMs) =>
      source.waitMs(position, priority) + WITHDRAW_MARGIN_MS > timeLeftMs,
    refusal,
  };
}
