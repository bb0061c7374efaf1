import { AppError } from '../errors.ts';

/** How many streams run at once, and whose turn it is. */
export interface StreamSlots {
  /** Takes a place and returns what gives it back; throws `OVERLOADED` where none is free for this caller. */
  take(caller: string): () => void;
}

interface StreamSlotsOptions {
  readonly max: number;
  /** Milliseconds, from whatever beginning. */
  readonly now: () => number;
}

/** How long a stream takes, until one has shown it. */
const FIRST_GUESS_MS = 5000;
const LONGEST_WAIT_MS = 60_000;
/** A place is kept this much longer than its caller was told to wait, since clients come a little late. */
const LATE_MS = 5000;
/** More would be no use: nobody far behind in the row gets a place in time. */
const MAX_CLAIMS = 1000;

/**
 * A caller may have every place while nobody else wants one. Whoever was refused and has none comes before
 * everyone who was not refused before him, as long as he comes back when he was told to: one who asks again at
 * once can't keep the others out.
 */
export function createStreamSlots({ max, now }: StreamSlotsOptions): StreamSlots {
  const taken = new Set<{ readonly caller: string; readonly since: number }>();
  /** Refused callers in their order, and until when a place is kept for them. */
  const claims = new Map<string, number>();
  let typicalMs = FIRST_GUESS_MS;

  /** When enough will have ended or lapsed for one more place, going by how long streams have lately taken. */
  const waitMs = (ahead: number): number => {
    // One that has taken longer than usual is expected to take as long again as it is late.
    const ends = [...taken].map(({ since }) => Math.abs(typicalMs - (now() - since)));
    const lapses = [...claims.values()].slice(0, ahead).map((until) => until - now());
    const changes = [...ends, ...lapses].sort((a, b) => a - b);
    return Math.min(changes[ahead - (max - taken.size)] ?? LONGEST_WAIT_MS, LONGEST_WAIT_MS);
  };

  const refuse = (caller: string, ahead: number): AppError => {
    const retryAfterS = Math.max(1, Math.ceil(waitMs(ahead) / 1000));
    const hasOne = [...taken].some((slot) => slot.caller === caller);
    if (!hasOne && (claims.has(caller) || claims.size < MAX_CLAIMS)) {
      claims.set(caller, now() + retryAfterS * 1000 + LATE_MS);
    }
    const detail = 'As many streams are under way as may be at once. Retry after the time in Retry-After.';
    return new AppError('OVERLOADED', detail, { retryAfterS });
  };

  return {
    take(caller) {
      for (const [claimant, until] of claims) if (until < now()) claims.delete(claimant);
      const place = [...claims.keys()].indexOf(caller);
      const ahead = place === -1 ? claims.size : place;
      if (max - taken.size <= ahead) throw refuse(caller, ahead);
      claims.delete(caller);
      const slot = { caller, since: now() };
      taken.add(slot);
      return () => {
        if (taken.delete(slot)) typicalMs = 0.7 * typicalMs + 0.3 * (now() - slot.since);
      };
    },
  };
}
