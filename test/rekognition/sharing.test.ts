import { setTimeout as sleep } from 'node:timers/promises';

import { expect, test } from '@jest/globals';
import fc from 'fast-check';

import { AppError } from '../../src/errors.ts';
import { createMetrics } from '../../src/metrics/metrics.ts';
import { createCache, fromCache } from '../../src/rekognition/cache.ts';
import type { CallContext, UpstreamCall } from '../../src/rekognition/operation.ts';
import { sharedInFlight } from '../../src/rekognition/single-flight.ts';
import { createUpstreamStats } from '../../src/rekognition/operation.ts';
import { contextOf, inputOf, operation, resultAt, type Input, type Result } from '../support/operation.ts';

interface Call {
  readonly input: Input;
  readonly context: CallContext;
  readonly answer: (result: Result) => void;
  readonly fail: (error: Error) => void;
  readonly over: () => boolean;
}

const page = resultAt();
const team = inputOf();

/** The most calls for one page that are in flight. */
function atOnce(calls: readonly Call[]): number {
  const open = calls.filter(({ over }) => !over()).map(({ input }) => input.CollectionId);
  return Math.max(0, ...open.map((id) => open.filter((other) => other === id).length));
}

function shared({ ttlMs = 60_000, deadlineMs = 900 } = {}) {
  const calls: Call[] = [];
  const joined: string[] = [];
  const metrics = createMetrics([operation.name]);
  let time = 0;
  const now = () => time;
  // One operation is called, so its types are those of the test.
  const next = ((_operation: unknown, input: Input, context: CallContext) =>
    new Promise<Result>((answer, fail) => {
      let over = false;
      const ending =
        <T>(settle: (value: T) => void) =>
        (value: T) => {
          over = true;
          settle(value);
        };
      calls.push({ input, context, answer: ending(answer), fail: ending(fail), over: () => over });
      context.stats.attempts += 1;
      context.signal().addEventListener('abort', () => {
        ending(fail)(context.signal().reason as Error);
      });
    })) as UpstreamCall;
  const governor = { join: (_request: unknown, { caller }: { caller: string }) => joined.push(caller) };
  const call = fromCache({ cache: createCache(now), metrics })(
    sharedInFlight({ governor, metrics, now })(next),
  );
  const served = async () => {
    const { values } = await metrics.results.get();
    return Object.fromEntries(values.map(({ labels, value }) => [String(labels.source), value])) as object;
  };
  const ask = (caller = 'alice', input = team) => {
    const leaving = new AbortController();
    const stats = createUpstreamStats();
    const deadlineAt = time + deadlineMs;
    const context = contextOf({
      caller,
      signal: () => leaving.signal,
      deadlineAt: () => deadlineAt,
      maxAgeMs: ttlMs,
      stats,
    });
    const result = call(operation, input, context);
    result.catch(() => undefined);
    return {
      result,
      stats,
      leave: () => {
        leaving.abort(new Error(`${caller} left`));
      },
    };
  };
  return { calls, joined, served, ask, pass: (ms: number) => (time += ms) };
}

test('identical requests in flight share one call, and each logs how it came by its page', async () => {
  const { calls, joined, served, ask } = shared();
  const [first, second] = [ask('alice'), ask('bob')];
  expect(calls).toHaveLength(1);
  expect(joined).toEqual(['bob']);
  calls[0]?.answer(page);
  await expect(first.result).resolves.toBe(page);
  await expect(second.result).resolves.toBe(page);
  expect(await served()).toEqual({ fetched: 1, shared: 1, cached: 0 });
  expect(first.stats).toMatchObject({ source: 'fetched', attempts: 1 });
  expect(second.stats).toMatchObject({ source: 'shared', attempts: 1 });
});

test.each([
  ['collection', { ...team, CollectionId: 'other' }],
  ['size', { ...team, MaxResults: 99 }],
  ['page token', { ...team, NextToken: 'next' }],
])('a request with another %s has a call of its own', (_what, other) => {
  const { calls, ask } = shared();
  ask('alice');
  ask('alice', other);
  expect(calls.map(({ input }) => input)).toEqual([team, other]);
});

test('requests whose parts read the same in one line share nothing', () => {
  const { calls, ask } = shared();
  ask('alice', inputOf('team', { MaxResults: 10, NextToken: '1 a' }));
  ask('alice', inputOf('team', { MaxResults: 10 }));
  ask('alice', inputOf('team', { MaxResults: 1, NextToken: '0 1 a' }));
  expect(calls).toHaveLength(3);
});

test('a page is shown again while it is young, and asked for again after that', async () => {
  const { calls, served, ask, pass } = shared({ ttlMs: 30 });
  const first = ask();
  calls[0]?.answer(page);
  await first.result;
  const again = ask('bob');
  await expect(again.result).resolves.toBe(page);
  expect(again.stats).toMatchObject({ source: 'cached', attempts: 0 });
  expect(await served()).toEqual({ fetched: 1, shared: 0, cached: 1 });
  pass(30);
  ask();
  expect(calls).toHaveLength(2);
});

test('without a cache, calls in flight are still shared', async () => {
  const { calls, ask } = shared({ ttlMs: 0 });
  const both = [ask(), ask()];
  calls[0]?.answer(page);
  await Promise.all(both.map(({ result }) => result));
  ask();
  expect(calls).toHaveLength(2);
});

test('a collection that does not exist is remembered as well', async () => {
  const { calls, ask } = shared();
  const first = ask();
  const missing = new AppError('COLLECTION_NOT_FOUND', 'There is no such collection.');
  calls[0]?.fail(missing);
  await expect(first.result).rejects.toBe(missing);
  await expect(ask().result).rejects.toBe(missing);
  expect(calls).toHaveLength(1);
});

test.each(['UPSTREAM_ERROR', 'UPSTREAM_THROTTLED', 'UPSTREAM_ACCESS_DENIED', 'INVALID_PAGE_TOKEN'] as const)(
  '%s is the error of all requests that share the call, and is not cached',
  async (code) => {
    const { calls, ask } = shared();
    const both = [ask('alice'), ask('bob')];
    calls[0]?.fail(new AppError(code, 'It failed.'));
    for (const { result } of both) await expect(result).rejects.toMatchObject({ code });
    ask();
    expect(calls).toHaveLength(2);
  },
);

test('a caller who leaves disturbs no other', async () => {
  const { calls, ask } = shared();
  const [first, second] = [ask('alice'), ask('bob')];
  first.leave();
  await expect(first.result).rejects.toThrow('alice left');
  expect(calls[0]?.context.signal().aborted).toBe(false);
  calls[0]?.answer(page);
  await expect(second.result).resolves.toBe(page);
});

test('when the last has left the call is aborted, and the next request begins another', async () => {
  const { calls, ask } = shared();
  const both = [ask('alice'), ask('bob')];
  for (const { leave } of both) leave();
  await Promise.allSettled(both.map(({ result }) => result));
  expect(calls[0]?.context.signal().aborted).toBe(true);
  const next = ask('carol');
  expect(calls).toHaveLength(2);
  calls[1]?.answer(page);
  await expect(next.result).resolves.toBe(page);
});

test('a call that ends after it was abandoned touches nothing that came after it', async () => {
  const { calls, ask } = shared();
  const first = ask('alice');
  first.leave();
  await Promise.allSettled([first.result]);
  const second = ask('bob');
  calls[0]?.answer(page);
  await sleep(1);
  ask('carol');
  expect(calls).toHaveLength(2);
  second.leave();
});

test('each sharer has a deadline of its own, and the call has the latest', async () => {
  const { calls, ask, pass } = shared({ deadlineMs: 60 });
  const first = ask('alice');
  await sleep(40);
  pass(40);
  const second = ask('bob');
  expect(calls[0]?.context.deadlineAt()).toBe(100);
  await expect(first.result).rejects.toMatchObject({ code: 'UPSTREAM_TIMEOUT' });
  expect(calls[0]?.context.signal().aborted).toBe(false);
  await expect(second.result).rejects.toMatchObject({ code: 'UPSTREAM_TIMEOUT' });
  expect(calls[0]?.context.signal().aborted).toBe(true);
});

test('a caller who had left before asking costs no call for long', async () => {
  const { calls, ask } = shared();
  const { leave, result } = ask('alice');
  leave();
  await expect(result).rejects.toThrow('alice left');
  expect(calls[0]?.context.signal().aborted).toBe(true);
});

test('whatever callers come, leave and are answered, each has one answer, and no call is left behind', async () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant('ask' as const), collection: fc.nat(2) }),
    fc.record({ kind: fc.constant('leave' as const), which: fc.nat(20) }),
    fc.record({ kind: fc.constant('answer' as const), which: fc.nat(20) }),
    fc.record({ kind: fc.constant('fail' as const), which: fc.nat(20) }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const { calls, ask } = shared({ ttlMs: 0 });
      const asked: (ReturnType<typeof ask> & { collection: number; gone: boolean })[] = [];
      for (const { kind, ...rest } of steps) {
        if ('collection' in rest) {
          const { collection } = rest;
          asked.push({ ...ask('a', inputOf(`c${collection}`)), collection, gone: false });
        } else if (kind === 'leave') {
          const one = asked[rest.which];
          one?.leave();
          if (one) one.gone = true;
        } else if (kind === 'answer') calls[rest.which]?.answer(page);
        else calls[rest.which]?.fail(new AppError('UPSTREAM_ERROR', 'It failed.'));
        await sleep(0);
        expect(atOnce(calls)).toBeLessThanOrEqual(1);
      }
      for (const { answer } of calls) answer(page);
      const results = await Promise.allSettled(asked.map(({ result }) => result));
      // None of the requests that stayed failed because another one left.
      const codes = results.flatMap((result, i) =>
        result.status === 'rejected' && !asked[i]?.gone ? [(result.reason as AppError).code] : [],
      );
      expect(codes.filter((code) => code !== 'UPSTREAM_ERROR')).toEqual([]);
    }),
  );
});
