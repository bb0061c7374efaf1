import type { Schedule } from '../quota/permit-dispatcher.ts';
import type { BucketAnswer, BucketOp, SharedBucket } from './shared-bucket.ts';

/** Whether this replica shares with the others just now, or keeps to its own part since Redis is away. */
export interface Membership {
  readonly shared: boolean;
  /** Asks the bucket. Where a second question has no answer either, or the next one, this replica is on its own from then. */
  ask(op: BucketOp, count?: number): Promise<BucketAnswer | undefined>;
  /** Looks for Redis no more. */
  stop(): void;
}

interface MembershipOptions {
  readonly bucket: Pick<SharedBucket, 'ask'>;
  readonly schedule: Schedule;
  /** The first attempt to connect is over, well or not. */
  readonly opened: Promise<void>;
  /** Told of every change. */
  readonly onChange: (shared: boolean) => void;
}

/** How soon a replica without work notices that Redis is away: this and twice the patience are within a second. */
const BEAT_EVERY_MS = 250;

/** On its own until Redis answers; from then on its heartbeat tells the others, and itself, that all is well. */
export function createMembership({ bucket, schedule, opened, onChange }: MembershipOptions): Membership {
  // Unknown at first, so that a Redis that is away at the start is told as well.
  let shared: boolean | undefined;
  let stopped = false;
  let stopTimer: (() => void) | undefined;
  /** What had no answer when it was asked last. */
  const missed = new Set<BucketOp>();

  const become = (next: boolean): void => {
    if (shared === next || stopped) return;
    shared = next;
    missed.clear();
    onChange(next);
  };
  const ask = async (op: BucketOp, count?: number): Promise<BucketAnswer | undefined> => {
    const answer = await bucket.ask(op, count);
    if (answer) missed.delete(op);
    // A pause of a busy machine is not an outage: a second question decides, or the next of its kind.
    else if (shared && (missed.has(op) || !(await bucket.ask('beat')))) become(false);
    else missed.add(op);
    return answer;
  };
  const after = (ms: number, work: () => Promise<void>): void => {
    if (stopped) return;
    stopTimer = schedule(ms, () => void work());
  };
  const beat = async (): Promise<void> => {
    if (shared) await ask('beat');
    else await join();
    after(BEAT_EVERY_MS, beat);
  };
  const join = async (): Promise<void> => {
    const answer = await bucket.ask('join');
    if (!answer) become(false);
    else if (answer.waitMs === 0) become((await bucket.ask('beat')) !== undefined);
    else
      await new Promise<void>((resolve) => {
        after(answer.waitMs, async () => {
          become((await bucket.ask('beat')) !== undefined);
          resolve();
        });
      });
  };
  void opened.then(beat);
  return {
    get shared() {
      return shared === true;
    },
    ask,
    stop() {
      stopped = true;
      stopTimer?.();
    },
  };
}
