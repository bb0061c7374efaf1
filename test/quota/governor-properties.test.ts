import { expect, test } from '@jest/globals';
import fc from 'fast-check';

import { PROMISE_MARGIN_MS } from '../../src/quota/admission.ts';
import { createGovernor, HOLD_MS, type Permit, type PermitRequest } from '../../src/quota/governor.ts';
import { createTokenBucket } from '../../src/quota/token-bucket.ts';
import type { PermitSource } from '../../src/quota/permit-source.ts';
import type { AppError } from '../../src/errors.ts';
import type { Priority } from '../../src/quota/fair-queue.ts';
import { fakeTime } from '../support/fake-time.ts';

const TPS = 5;
const BURST = 5;
const QUEUE_LIMIT = 6;

const caller = fc.constantFrom('a', 'b', 'c');
const priority = fc.constantFrom<Priority>('interactive', 'interactive', 'background');
const terms = fc.record({ caller, priority, forMs: fc.integer({ min: 0, max: 3000 }) });
const step = fc.oneof(
  { weight: 8, arbitrary: fc.record({ take: terms }) },
  { weight: 3, arbitrary: fc.record({ passMs: fc.integer({ min: 0, max: 600 }) }) },
  { weight: 2, arbitrary: fc.record({ leave: fc.nat() }) },
  { weight: 2, arbitrary: fc.record({ giveBack: fc.nat() }) },
  { weight: 2, arbitrary: fc.record({ join: fc.nat(), caller, priority }) },
  { weight: 1, arbitrary: fc.record({ throttled: fc.constant(true) }) },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

interface Terms {
  readonly caller: string;
  readonly priority: Priority;
  readonly forMs: number;
}

interface Asked {
  readonly on: Terms;
  readonly request: PermitRequest;
  readonly leaving: AbortController;
  state: 'waiting' | 'permit' | 'refused' | 'left';
  permit?: Permit;
  error?: AppError;
  /** When it had its permit or its refusal. */
  at?: number;
  /** The permit was given back before it counted as used. */
  unused?: boolean;
}

type World = ReturnType<typeof worldOf>;

/** A governor with everything that was ever asked of it; `delayMs` is what the source takes to answer. */
function worldOf(delayMs?: () => number, standingWaitMs = 1e9) {
  const time = fakeTime();
  const bucket = createTokenBucket({ tps: TPS, burst: BURST, now: time.now });
  const moved = { out: 0, back: 0 };
  const counting: PermitSource = {
    ...bucket,
    take(wanted, priority) {
      const granted = bucket.take(wanted, priority) as number;
      moved.out += granted;
      if (!delayMs) return granted;
      return new Promise((resolve) =>
        time.schedule(delayMs(), () => {
          resolve(granted);
        }),
      );
    },
    giveBack(count) {
      moved.back += count;
      bucket.giveBack(count);
    },
  };
  const governor = createGovernor({
    source: counting,
    queueLimit: QUEUE_LIMIT,
    standingWaitMs,
    callMs: () => 0,
    now: time.now,
    schedule: time.schedule,
  });
  const all: Asked[] = [];
  const take = (on: Terms): Asked => {
    const leaving = new AbortController();
    const latest = time.now() + on.forMs;
    const request = { ...on, signal: () => leaving.signal, deadlineAt: () => latest };
    const asked: Asked = { on, request, leaving, state: 'waiting' };
    all.push(asked);
    governor.acquire(request).then(
      (permit) => Object.assign(asked, { state: 'permit', permit, at: time.now() }),
      (error: unknown) =>
        Object.assign(asked, { state: leaving.signal.aborted ? 'left' : 'refused', error, at: time.now() }),
    );
    return asked;
  };
  const count = (state: Asked['state']) => all.filter((asked) => asked.state === state).length;
  return { time, governor, bucket, moved, all, take, count };
}

async function play({ time, governor, all, take }: World, taken: Step): Promise<void> {
  const pick = (index: number) => all[index % Math.max(1, all.length)];
  if ('take' in taken) take(taken.take);
  else if ('passMs' in taken) await time.pass(taken.passMs);
  else if ('leave' in taken) pick(taken.leave)?.leaving.abort(new Error('left'));
  else if ('giveBack' in taken) giveBack(pick(taken.giveBack), time.now());
  else if ('join' in taken) {
    const request = pick(taken.join)?.request;
    if (request) governor.join(request, taken);
  } else governor.throttled();
  await time.pass(0);
}

function giveBack(asked: Asked | undefined, now: number): void {
  if (!asked?.permit) return;
  asked.permit.giveBack();
  if (now - (asked.at ?? 0) <= HOLD_MS) asked.unused = true;
}

const history = fc.array(step, { maxLength: 50, size: 'max' });
const runs = { numRuns: 100 };

test.each([
  ['at once', undefined],
  ['late', () => 40],
])('with a source that answers %s no history loses a permit, or overfills the queue', async (_, delayMs) => {
  await fc.assert(
    fc.asyncProperty(history, async (steps) => {
      const world = worldOf(delayMs);
      const { time, governor, all, moved, count, bucket } = world;
      const inUse = () => all.filter(({ permit, unused }) => permit && !unused).length;
      for (const taken of steps) {
        await play(world, taken);
        const { waiting } = governor.state();
        expect(waiting.interactive + waiting.background).toBe(count('waiting'));
        expect(waiting.interactive).toBeLessThanOrEqual(QUEUE_LIMIT);
        // Nobody waits beside a permit that is for him, but for moments while the rate climbs. What a late answer still brings is
        // in nobody's hands yet.
        const steady = governor.state().rate === TPS;
        const next = waiting.interactive > 0 ? 'interactive' : 'background';
        const idle = steady && count('waiting') > 0 && bucket.waitMs(0, next) === 0;
        expect(delayMs ? [] : [idle, inUse()]).toEqual(delayMs ? [] : [false, moved.out - moved.back]);
      }
      await time.pass(20_000);
      expect([count('waiting'), time.timers]).toEqual([0, 0]);
      expect(inUse()).toBe(moved.out - moved.back);
    }),
    runs,
  );
});

test('in no history are more permits used in any window than rate times length plus burst', async () => {
  await fc.assert(
    fc.asyncProperty(history, async (steps) => {
      const world = worldOf();
      for (const taken of steps) await play(world, taken);
      await world.time.pass(5000);
      const used = world.all
        .flatMap(({ permit, unused, at }) => (permit && !unused && at !== undefined ? [at] : []))
        .sort((a, b) => a - b);
      const tooMany = used.flatMap((from, first) =>
        used.slice(first).filter((to, more) => more + 1 > (TPS * (to - from)) / 1000 + BURST + 1e-5),
      );
      expect(tooMany).toEqual([]);
    }),
    runs,
  );
});

test('a request that waits is not refused for time alone, and never gets a permit too late', async () => {
  await fc.assert(
    fc.asyncProperty(history, async (steps) => {
      const world = worldOf();
      for (const taken of steps) await play(world, taken);
      const refused = world.count('refused');
      await world.time.pass(20_000);
      expect(world.count('refused')).toBe(refused);
      const tooLate = world.all.filter(({ request, permit, at = 0 }) => permit && at > request.deadlineAt());
      expect(tooLate).toEqual([]);
    }),
    runs,
  );
});

test('a request of the only caller is refused if and only if its turn would be too late, or the queue is full', async () => {
  // With other callers, there is room for the turns that they may still take.
  const alone = <T extends { caller: string; priority: 'interactive' | 'background' }>(asked: T): T => ({
    ...asked,
    caller: 'a',
    priority: 'interactive',
  });
  const steady = fc
    .array(step, { maxLength: 50 })
    .map((steps) => steps.filter((taken) => !('throttled' in taken) && !('join' in taken)))
    .map((steps) => steps.map((taken) => ('take' in taken ? { take: alone(taken.take) } : taken)));
  await fc.assert(
    fc.asyncProperty(steady, terms.map(alone), async (steps, on) => {
      const [world, patient] = [worldOf(), worldOf()];
      for (const taken of steps) {
        await play(world, taken);
        await play(patient, taken);
      }
      const asked = world.take(on);
      const twin = patient.take({ ...on, forMs: 1e9 });
      const start = patient.time.now();
      await world.time.pass(0);
      await patient.time.pass(20_000);
      const waited = (twin.at ?? 0) - start;
      const spareMs = on.forMs - PROMISE_MARGIN_MS - waited;
      // Timers count in whole milliseconds: closer than that, either answer is right.
      if (Math.abs(spareMs) <= 1) return;
      // A permit that is there needs no margin.
      const expected = twin.state === 'permit' && (waited === 0 || spareMs > 0);
      expect(asked.state !== 'refused').toBe(expected);
    }),
    { numRuns: 150 },
  );
});

test('a retry after Retry-After gets its turn in time, if no other request came', async () => {
  await fc.assert(
    fc.asyncProperty(history, step, fc.constantFrom(300, 600, 1e9), async (steps, last, standingWaitMs) => {
      const world = worldOf(undefined, standingWaitMs);
      for (const taken of steps) await play(world, taken);
      const before = new Set(world.all.filter(({ state }) => state === 'refused'));
      await play(world, last);
      const refused = world.all.filter((asked) => asked.state === 'refused' && !before.has(asked)).at(-1);
      // A page goes before the exports that wait, but not before the one that has just had the last permit.
      const intervalMs = 1000 / world.governor.state().rate;
      if (!refused || Math.min(refused.on.forMs, standingWaitMs) <= intervalMs + PROMISE_MARGIN_MS + 2)
        return;
      // What the header says: whole seconds, at least one, rounded up.
      await world.time.pass(Math.max(1, Math.ceil(refused.error?.retryAfterS ?? NaN)) * 1000);
      const again = world.take(refused.on);
      await world.time.pass(refused.on.forMs);
      expect(again.state).toBe('permit');
    }),
    { numRuns: 300 },
  );
});
