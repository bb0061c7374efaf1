import { describe, expect, test } from '@jest/globals';

import type { AppError } from '../../src/errors.ts';
import { createGovernor, type Permit, type PermitRequest } from '../../src/quota/governor.ts';
import { createTokenBucket } from '../../src/quota/token-bucket.ts';
import type { PermitSource } from '../../src/quota/permit-source.ts';
import { fakeTime } from '../support/fake-time.ts';

interface Options {
  readonly tps?: number;
  readonly burst?: number;
  readonly queueLimit?: number;
  readonly standingWaitMs?: number;
  /** Instead of a bucket. */
  readonly source?: PermitSource;
}

type Outcome = 'waiting' | 'permit' | { readonly code: string; readonly retryAfterS: number } | Error;

interface Asked {
  readonly request: PermitRequest;
  readonly outcome: Outcome;
  readonly permit: Permit | undefined;
  readonly after: number | undefined;
  leave(): void;
}

function governorOf({ tps = 5, burst = 1, queueLimit = 100, standingWaitMs = 1e9, source }: Options = {}) {
  const time = fakeTime();
  const permits = source ?? createTokenBucket({ tps, burst, now: time.now });
  const governor = createGovernor({
    source: permits,
    queueLimit,
    standingWaitMs,
    callMs: () => 0,
    now: time.now,
    schedule: time.schedule,
  });
  const start = time.now();
  const ask = (
    caller: string,
    terms: { forMs?: number; priority?: 'interactive' | 'background'; isRetry?: boolean } = {},
  ): Asked => {
    const { forMs = 10_000, priority = 'interactive', isRetry = false } = terms;
    const leaving = new AbortController();
    const latest = time.now() + forMs;
    const request = {
      caller,
      priority,
      signal: () => leaving.signal,
      deadlineAt: () => latest,
      isRetry: () => isRetry,
    };
    const asked = {
      request,
      outcome: 'waiting' as Outcome,
      permit: undefined as Permit | undefined,
      after: undefined as number | undefined,
      leave() {
        leaving.abort(new Error('left'));
      },
    };
    governor.acquire(request).then(
      (permit) => Object.assign(asked, { outcome: 'permit', permit, after: time.now() - start }),
      (error: unknown) => Object.assign(asked, { outcome: error, after: time.now() - start }),
    );
    return asked;
  };
  return { time, governor, permits, ask };
}

const outcomes = (...asked: readonly Asked[]) =>
  asked.map(({ outcome }) =>
    typeof outcome === 'string' ? outcome : 'code' in outcome ? outcome.code : outcome.message,
  );

test('a permit that is there is given at once, without a timer', async () => {
  const { time, governor, ask } = governorOf({ burst: 5 });
  const asked = [1, 2, 3, 4].map((name) => ask(String(name)));
  await time.pass(0);
  expect(outcomes(...asked)).toEqual(['permit', 'permit', 'permit', 'permit']);
  expect(time.timers).toBe(0);
  expect(governor.state()).toEqual({
    rate: 5,
    permitsAvailable: 0,
    waiting: { interactive: 0, background: 0 },
    standing: false,
  });
});

test('one that waits has its permit as soon as there is one, and then nothing ticks any more', async () => {
  const { time, governor, ask } = governorOf();
  ask('a');
  const second = ask('a');
  await time.pass(199);
  expect(second.outcome).toBe('waiting');
  expect(governor.state()).toMatchObject({ waiting: { interactive: 1, background: 0 } });
  await time.pass(1);
  expect(second).toMatchObject({ outcome: 'permit', after: 200 });
  expect(time.timers).toBe(0);
});

test('a request whose turn would come too late is refused at once, and another one waits', async () => {
  const { time, ask } = governorOf();
  ask('a');
  const [tight, refused, kept] = [
    ask('a', { forMs: 225 }),
    ask('a', { forMs: 424 }),
    ask('a', { forMs: 425 }),
  ];
  await time.pass(0);
  expect(outcomes(tight, refused, kept)).toEqual(['waiting', 'OVERLOADED', 'waiting']);
  await time.pass(400);
  expect([tight.after, kept.after]).toEqual([200, 400]);
});

test('one for whom it is too late already is refused, though a permit is there', async () => {
  const { time, governor, ask } = governorOf();
  const asked = ask('a', { forMs: -1 });
  await time.pass(0);
  expect(outcomes(asked)).toEqual(['OVERLOADED']);
  expect(governor.state().permitsAvailable).toBe(1);
});

test('when the queue is full the caller with most of it gives way to one with less, not to itself', async () => {
  const { time, governor, ask } = governorOf({ queueLimit: 3 });
  ask('heavy');
  const waiting = [ask('heavy'), ask('heavy'), ask('heavy')];
  const another = ask('heavy');
  const light = ask('light');
  await time.pass(0);
  expect(outcomes(...waiting, another, light)).toEqual([
    'waiting',
    'waiting',
    'OVERLOADED',
    'OVERLOADED',
    'waiting',
  ]);
  expect(governor.state().waiting.interactive).toBe(3);
  await time.pass(400);
  expect(light).toMatchObject({ outcome: 'permit', after: 400 });
});

test('a queue limit of nothing serves only what can be served at once', async () => {
  const { time, ask } = governorOf({ queueLimit: 0 });
  const asked = [ask('a'), ask('b')];
  await time.pass(0);
  expect(outcomes(...asked)).toEqual(['permit', 'OVERLOADED']);
  expect(asked[1]?.outcome).toMatchObject({ retryAfterS: 0.225 });
});

test('exports wait for pages, and do not count for the queue limit', async () => {
  const { time, governor, ask } = governorOf({ queueLimit: 1 });
  ask('a');
  const stream = ask('a', { priority: 'background' });
  const another = ask('a', { priority: 'background' });
  const page = ask('a');
  await time.pass(0);
  expect(governor.state().waiting).toEqual({ interactive: 1, background: 2 });
  await time.pass(600);
  expect([page.after, stream.after, another.after]).toEqual([200, 400, 600]);
});

test('a page that comes while exports wait for what pages leave has the permit that is there, and they wait on', async () => {
  const { time, governor, ask } = governorOf({ burst: 5 });
  const streams = [ask('a', { priority: 'background' }), ask('a', { priority: 'background' })];
  const late = ask('a', { priority: 'background', forMs: 430 });
  await time.pass(0);
  expect(outcomes(...streams, late)).toEqual(['permit', 'permit', 'waiting']);
  expect(governor.state().permitsAvailable).toBe(2);
  const page = ask('b');
  await time.pass(0);
  expect(outcomes(page, late)).toEqual(['permit', 'waiting']);
  const another = ask('b');
  await time.pass(0);
  expect(outcomes(another, late)).toEqual(['permit', 'OVERLOADED']);
});

test('one that is pushed back too far by another is refused then', async () => {
  const { time, ask } = governorOf();
  ask('heavy');
  const heavy = [ask('heavy', { forMs: 500 }), ask('heavy', { forMs: 500 })];
  await time.pass(100);
  const light = ask('light', { forMs: 5000 });
  await time.pass(0);
  expect(outcomes(...heavy, light)).toEqual(['waiting', 'OVERLOADED', 'waiting']);
  expect(heavy[1]?.after).toBe(100);
  expect(heavy[1]?.outcome).toMatchObject({ name: 'AppError', status: 503 });
});

test('when a throttle lowers the rate, requests that are now too late are refused, and the others wait', async () => {
  const { time, governor, ask } = governorOf();
  ask('a');
  const asked = [ask('a', { forMs: 1000 }), ask('a', { forMs: 500 }), ask('a', { forMs: 1000 })];
  await time.pass(100);
  governor.throttled();
  await time.pass(0);
  expect(outcomes(...asked)).toEqual(['waiting', 'OVERLOADED', 'waiting']);
  expect(governor.state()).toMatchObject({ rate: 4.25, permitsAvailable: 0 });
  await time.pass(1000);
  expect(outcomes(...asked)).toEqual(['permit', 'OVERLOADED', 'permit']);
});

test('a request whose client leaves gives up its place at once, and costs no permit', async () => {
  const { time, governor, ask } = governorOf();
  ask('a');
  const [first, second] = [ask('a'), ask('a')];
  first.leave();
  await time.pass(0);
  expect(outcomes(first)).toEqual(['left']);
  await time.pass(200);
  expect(second.after).toBe(200);
  const last = ask('a');
  last.leave();
  await time.pass(0);
  expect(time.timers).toBe(0);
  expect(governor.state().waiting.interactive).toBe(0);
});

test('a request whose client has left before it asks gets neither permit nor place', async () => {
  const { time, governor } = governorOf();
  const signal = AbortSignal.abort(new Error('left'));
  const request: PermitRequest = {
    caller: 'a',
    priority: 'interactive',
    signal: () => signal,
    deadlineAt: () => Infinity,
  };
  await expect(governor.acquire(request)).rejects.toThrow('left');
  expect(governor.state()).toMatchObject({ permitsAvailable: 1, waiting: { interactive: 0 } });
  expect(time.timers).toBe(0);
});

test('a permit given back is the next one’s at once, and there again where nobody waits', async () => {
  const { time, governor, ask } = governorOf();
  const first = ask('a');
  const second = ask('a');
  await time.pass(10);
  first.permit?.giveBack();
  first.permit?.giveBack();
  await time.pass(0);
  expect(second).toMatchObject({ outcome: 'permit', after: 10 });
  expect(time.timers).toBe(0);
  second.permit?.giveBack();
  expect(governor.state().permitsAvailable).toBe(1);
});

test('a permit that was held for long counts as used', async () => {
  const { time, governor, ask } = governorOf({ burst: 2 });
  const first = ask('a');
  await time.pass(51);
  first.permit?.giveBack();
  expect(governor.state().permitsAvailable).toBe(1);
});

test('a caller that joins a waiting attempt brings it the better of both queue', async () => {
  const { time, governor, ask } = governorOf();
  ask('heavy');
  const heavy = [ask('heavy'), ask('heavy'), ask('heavy')];
  const stream = ask('stream', { priority: 'background' });
  const last = heavy[2];
  if (!last) throw new Error('nobody waits');
  governor.join(last.request, { caller: 'light', priority: 'interactive' });
  governor.join(last.request, { caller: 'heavy', priority: 'interactive' });
  governor.join(stream.request, { caller: 'reader', priority: 'interactive' });
  governor.join(stream.request, { caller: 'another', priority: 'background' });
  expect(governor.state().waiting).toEqual({ interactive: 4, background: 0 });
  await time.pass(800);
  expect(heavy.map(({ after }) => after)).toEqual([200, 800, 400]);
  expect(stream.after).toBe(600);
  governor.join(last.request, { caller: 'late', priority: 'interactive' });
  expect(governor.state().waiting).toEqual({ interactive: 0, background: 0 });
});

test('an export that a page joins needs room in the queue, and makes it where it has more right to it', async () => {
  const { time, governor, ask } = governorOf({ queueLimit: 2 });
  ask('heavy');
  const heavy = [ask('heavy'), ask('heavy')];
  const stream = ask('stream', { priority: 'background' });
  governor.join(stream.request, { caller: 'heavy', priority: 'interactive' });
  expect(governor.state().waiting).toEqual({ interactive: 2, background: 1 });
  governor.join(stream.request, { caller: 'reader', priority: 'interactive' });
  await time.pass(0);
  expect(outcomes(...heavy, stream)).toEqual(['waiting', 'OVERLOADED', 'waiting']);
  expect(governor.state().waiting).toEqual({ interactive: 2, background: 0 });
});

test('one whose time ran out while it waited, since the clock was set, is refused and its permit goes on', async () => {
  const { time, ask, governor } = governorOf();
  ask('a');
  let latest = time.now() + 5000;
  const signal = new AbortController().signal;
  const early = governor.acquire({
    caller: 'a',
    priority: 'interactive',
    signal: () => signal,
    deadlineAt: () => latest,
  });
  const next = ask('a');
  latest = time.now() + 100;
  const [[refused]] = await Promise.all([Promise.allSettled([early]), time.pass(200)]);
  expect(refused).toMatchObject({ status: 'rejected', reason: { code: 'OVERLOADED' } });
  expect(next).toMatchObject({ outcome: 'permit', after: 200 });
});

test('background work has one permit in ten where interactive requests leave none', async () => {
  const { time, ask } = governorOf();
  ask('first');
  const stream = ask('stream', { priority: 'background', forMs: 5000 });
  const pages = Array.from({ length: 12 }, () => ask('page'));
  await time.pass(2600);
  // The first permit counts as well: nine interactive turns, then the background's.
  expect(stream.after).toBe(1800);
  expect(pages.map(({ after }) => after)).toEqual([
    ...[200, 400, 600, 800, 1000, 1200, 1400, 1600],
    ...[2000, 2200, 2400, 2600],
  ]);
});

test('background work is not starved by requests that each find a permit at hand', async () => {
  const { time, ask } = governorOf({ burst: 5 });
  const streams = [1, 2, 3].map(() => ask('stream', { priority: 'background', forMs: 60_000 }));
  await time.pass(0);
  expect(outcomes(...streams)).toEqual(['permit', 'permit', 'waiting']);
  for (let page = 0; page < 12; page += 1) {
    ask('page');
    await time.pass(200);
  }
  expect(outcomes(...streams)).toEqual(['permit', 'permit', 'permit']);
});

describe('A queue that has stood for twice the bounded wait', () => {
  /** A governor under twice the quota, for so long. */
  async function standing(forMs: number) {
    const world = governorOf({ standingWaitMs: 1000 });
    const asked: Asked[] = [];
    for (let at = 0; at < forMs; at += 100) {
      asked.push(world.ask(`caller ${at % 500}`));
      await world.time.pass(100);
    }
    return { ...world, asked };
  }

  test('lets nobody in for longer, and says when the wait will be short enough', async () => {
    const { time, governor, ask, asked } = await standing(20_000);
    expect(governor.state().standing).toBe(true);
    const recent = asked.slice(120);
    const waits = recent.flatMap(({ outcome, after }, index) =>
      outcome === 'permit' ? [(after ?? 0) - (12_000 + index * 100)] : [],
    );
    expect(waits.length).toBeGreaterThan(30);
    expect(Math.max(...waits)).toBeLessThanOrEqual(1000);
    const last = recent.findLast(({ outcome }) => typeof outcome === 'object');
    const retryAfterS = (last?.outcome as { retryAfterS: number }).retryAfterS;
    expect(retryAfterS).toBeLessThan(1);
    await time.pass(Math.ceil(retryAfterS * 1000));
    const again = ask('caller 0');
    await time.pass(1000);
    expect(outcomes(again)).toEqual(['permit']);
  });

  test('still takes streams for as long as they like', async () => {
    const { time, ask } = await standing(20_000);
    const stream = ask('stream', { priority: 'background' });
    await time.pass(0);
    expect(outcomes(stream)).toEqual(['waiting']);
  });

  test('takes a burst in whole again once it has been empty', async () => {
    const { time, governor, ask } = await standing(10_000);
    await time.pass(12_000);
    expect(governor.state().standing).toBe(false);
    const burst = Array.from({ length: 25 }, (_, index) => ask(`caller ${index}`));
    await time.pass(5000);
    expect(new Set(outcomes(...burst))).toEqual(new Set(['permit']));
  });

  test('is foreseen by a refusal before it: Retry-After holds though the queue stands by then', async () => {
    const { time, governor, ask } = governorOf({ burst: 5, standingWaitMs: 1000 });
    const burst = () => Array.from({ length: 70 }, (_, n) => ask(`caller ${n}`, { forMs: 9900 }));
    burst();
    await time.pass(1500);
    const refused = burst().at(-1);
    await time.pass(0);
    const { code, retryAfterS = NaN } = refused?.outcome as AppError;
    expect([code, governor.state().standing]).toEqual(['OVERLOADED', false]);
    await time.pass(Math.ceil(retryAfterS) * 1000);
    expect(governor.state().standing).toBe(true);
    const retry = ask('caller 69', { forMs: 9900 });
    await time.pass(1000);
    expect(outcomes(retry)).toEqual(['permit']);
  });

  test('keeps the places of those who wait already', async () => {
    const { time, ask } = governorOf({ standingWaitMs: 1000 });
    ask('a');
    const burst = Array.from({ length: 40 }, () => ask('a'));
    await time.pass(2500);
    const newcomer = ask('a');
    await time.pass(0);
    expect(outcomes(newcomer)).toEqual(['OVERLOADED']);
    await time.pass(5500);
    expect(new Set(outcomes(...burst))).toEqual(new Set(['permit']));
  });
});

/** A source that answers later, as one behind a network does. */
function slowSource(answers: number[]): PermitSource & { readonly asked: number[]; readonly back: number[] } {
  const asked: number[] = [];
  const back: number[] = [];
  return {
    asked,
    back,
    take(wanted) {
      asked.push(wanted);
      return Promise.resolve().then(() => answers.shift() ?? 0);
    },
    giveBack: (count) => back.push(count),
    waitMs: (ahead) => ahead * 100,
    throttled: () => undefined,
    state: () => ({ rate: 10, available: 0 }),
  };
}

test('a source that answers later is asked once for all that wait by then', async () => {
  const source = slowSource([1, 2, 0, 1]);
  const { time, ask } = governorOf({ source });
  const asked = ['a', 'b', 'c', 'd'].map((caller) => ask(caller));
  await time.pass(0);
  expect(source.asked).toEqual([1, 3, 1]);
  expect(outcomes(...asked)).toEqual(['permit', 'permit', 'permit', 'waiting']);
  await time.pass(2);
  expect(outcomes(...asked)).toEqual(['permit', 'permit', 'permit', 'permit']);
  expect(source.asked).toEqual([1, 3, 1, 1]);
});

test('no second question is asked before the first is answered', async () => {
  const source = slowSource([1, 1]);
  const { time, ask } = governorOf({ source });
  const gone = ask('a');
  gone.leave();
  const next = ask('b');
  expect(source.asked).toEqual([1]);
  await time.pass(0);
  expect(outcomes(gone, next)).toEqual(['left', 'permit']);
  expect(source.asked).toEqual([1]);
});

test('while the source has not answered, who would come too late is refused before his deadline, and nothing ticks afterwards', async () => {
  const source = { ...slowSource([]), take: () => new Promise<number>(() => undefined), waitMs: () => 0 };
  const { time, ask } = governorOf({ source });
  const first = ask('a', { forMs: 1000 });
  const second = ask('b', { forMs: 2000 });
  await time.pass(1010);
  expect(first).toMatchObject({ outcome: { code: 'OVERLOADED' } });
  expect(first.after).toBeLessThanOrEqual(1000);
  expect(second.outcome).toBe('waiting');
  await time.pass(1000);
  expect(second).toMatchObject({ outcome: { code: 'OVERLOADED' } });
  expect(time.timers).toBe(0);
  // The question is still open.
  const third = ask('c', { forMs: 100 });
  await time.pass(110);
  expect(third).toMatchObject({ outcome: { code: 'OVERLOADED' } });
});

test('a permit that comes after everybody has left goes back', async () => {
  const source = slowSource([1]);
  const { time, ask } = governorOf({ source });
  ask('a').leave();
  const late = ask('b', { forMs: 10 });
  await time.pass(0);
  expect(outcomes(late)).toEqual(['OVERLOADED']);
  expect(source.back).toEqual([1]);
  expect(time.timers).toBe(0);
});

test('once the queue stands, a newcomer is refused where a retry waits for its permit', async () => {
  const { time, ask } = governorOf({ tps: 1, standingWaitMs: 500 });
  const first = [ask('a'), ask('b'), ask('c'), ask('d'), ask('e')];
  await time.pass(1500);
  const newcomer = ask('f');
  const retry = ask('g', { isRetry: true });
  await time.pass(0);
  expect(newcomer.outcome).toMatchObject({ code: 'OVERLOADED' });
  expect(retry.outcome).toBe('waiting');
  await time.pass(5000);
  expect([...first, retry].map(({ outcome }) => outcome)).toEqual(Array.from({ length: 6 }, () => 'permit'));
});
