import { createLocalPermits } from '../rekognition/local-permits.ts';
import type { PermitSource } from '../rekognition/permit-source.ts';
import type { Schedule } from '../rekognition/supply.ts';
import type { Membership } from './membership.ts';
import type { BucketAnswer } from './shared-bucket.ts';

interface SharedPermitsOptions {
  readonly membership: Pick<Membership, 'shared' | 'ask'>;
  /** The quota of all replicas together. */
  readonly tps: number;
  readonly burst: number;
  /** How many there are: the part of each while Redis is away. */
  readonly replicas: number;
  /** Milliseconds of a clock that is not set. */
  readonly now: () => number;
  readonly schedule: Schedule;
}

/** How much one answer says about how busy the others are. */
const WEIGHT = 1 / 4;

/** Permits of a bucket that all replicas share; while it cannot be asked, of this replica's own part. */
export function createSharedPermits(options: SharedPermitsOptions): PermitSource {
  const { membership, tps, burst, replicas, now, schedule } = options;
  let bucket = { tokens: 0, rate: tps, at: now() };
  /** When the permit that was granted for later may be used. */
  let dueAt: number | undefined;
  /** How many replicas wait for permits at once, this one included. */
  let competing = 1;
  let own: PermitSource | undefined;

  const tokensNow = (): number => Math.min(burst, bucket.tokens + ((now() - bucket.at) * bucket.rate) / 1000);
  /** Starts with its part of what was left, for the others start with theirs. */
  const ownPart = (): PermitSource =>
    (own ??= createLocalPermits({
      tps: tps / replicas,
      burst: burst / replicas,
      tokens: Math.max(0, tokensNow()) / replicas,
      now,
    }));
  const note = ({ tokens, rate }: BucketAnswer): void => {
    bucket = { tokens, rate, at: now() };
    own = undefined;
  };
  const takeShared = async (wanted: number): Promise<number> => {
    const answer = await membership.ask('take', wanted);
    if (!answer) return ownPart().take(wanted);
    note(answer);
    const { granted, waitMs, tokens } = answer;
    competing += WEIGHT * (Math.max(1, -tokens) - competing);
    if (waitMs > 0) {
      dueAt = now() + waitMs;
      await new Promise<void>((resolve) => schedule(waitMs, resolve));
      dueAt = undefined;
    }
    return granted;
  };

  return {
    take: (wanted) => (membership.shared ? takeShared(wanted) : ownPart().take(wanted)),
    giveBack(count) {
      if (membership.shared) void membership.ask('give', count);
      else ownPart().giveBack(count);
    },
    waitMs(ahead) {
      if (!membership.shared && dueAt === undefined) return ownPart().waitMs(ahead);
      const intervalMs = 1000 / bucket.rate;
      if (dueAt !== undefined) return Math.max(0, dueAt - now()) + ahead * competing * intervalMs;
      const tokens = tokensNow();
      const first = Math.max(0, 1 - tokens);
      const more = Math.max(0, ahead - Math.max(0, tokens - 1));
      return (first + more * competing) * intervalMs;
    },
    throttled() {
      if (membership.shared) {
        bucket = { ...bucket, tokens: Math.min(0, tokensNow()), at: now() };
        void membership.ask('throttle').then((answer) => {
          if (answer) note(answer);
        });
      } else ownPart().throttled();
    },
    state() {
      if (!membership.shared) return ownPart().state();
      return { rate: bucket.rate / replicas, available: Math.max(0, Math.floor(tokensNow())) };
    },
  };
}
