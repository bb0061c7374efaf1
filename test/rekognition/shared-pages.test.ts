import { setTimeout as sleep } from 'node:timers/promises';

import { expect, test } from '@jest/globals';
import fc from 'fast-check';

import { AppError } from '../../src/errors.ts';
import type { PageCall, PageRequest } from '../../src/rekognition/attempt.ts';
import { createKeptPages } from '../../src/rekognition/kept-pages.ts';
import type { Page } from '../../src/rekognition/page.ts';
import { createSharedPages } from '../../src/rekognition/shared-pages.ts';
import { createTrace } from '../../src/rekognition/trace.ts';

interface Call {
  readonly request: PageRequest;
  readonly call: PageCall;
  readonly answer: (page: Page) => void;
  readonly fail: (error: Error) => void;
  readonly over: () => boolean;
}

const page: Page = { users: [{ userId: 'alice', userStatus: 'ACTIVE' }], nextToken: undefined };
const team: PageRequest = { collectionId: 'team', maxResults: 100, nextToken: undefined };

class DeadlinePassed extends Error {}

/** The most calls for one page that are in flight. */
function atOnce(calls: readonly Call[]): number {
  const open = calls.filter(({ over }) => !over()).map(({ request }) => request.collectionId);
  return Math.max(0, ...open.map((id) => open.filter((other) => other === id).length));
}

function shared({ ttlMs = 60_000, deadlineMs = 900 } = {}) {
  const calls: Call[] = [];
  const joined: string[] = [];
  const served: string[] = [];
  let time = 0;
  const get = createSharedPages({
    fetch: (request, call) =>
      new Promise((answer, fail) => {
        let over = false;
        const ending =
          <T>(settle: (value: T) => void) =>
          (value: T) => {
            over = true;
            settle(value);
          };
        calls.push({ request, call, answer: ending(answer), fail: ending(fail), over: () => over });
        call.trace.attempts += 1;
        call.signal.addEventListener('abort', () => {
          ending(fail)(call.signal.reason);
        });
      }),
    governor: { join: (_waiter, caller) => joined.push(caller) },
    kept: createKeptPages(ttlMs),
    deadlineMs,
    onDeadline: () => new DeadlinePassed(),
    expectedMs: () => 100,
    metrics: { pageServed: (source) => served.push(source) },
    now: () => time,
  });
  const ask = (caller = 'alice', request = team) => {
    const leaving = new AbortController();
    const trace = createTrace();
    const result = get(request, { caller, priority: 'page', left: () => leaving.signal, trace });
    result.catch(() => undefined);
    return {
      result,
      trace,
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
  expect(served).toEqual(['fetched', 'shared']);
  expect(first.trace).toMatchObject({ source: 'fetched', attempts: 1 });
  expect(second.trace).toMatchObject({ source: 'shared', attempts: 1 });
});

test.each([
  ['collection', { ...team, collectionId: 'other' }],
  ['size', { ...team, maxResults: 99 }],
  ['page token', { ...team, nextToken: 'next' }],
])('a request with another %s has a call of its own', (_what, other) => {
  const { calls, ask } = shared();
  ask('alice');
  ask('alice', other);
  expect(calls.map(({ request }) => request)).toEqual([team, other]);
});

test('requests whose parts read the same in one line share nothing', () => {
  const { calls, ask } = shared();
  ask('alice', { collectionId: 'team', maxResults: 10, nextToken: '1 a' });
  ask('alice', { collectionId: 'team', maxResults: 10, nextToken: undefined });
  ask('alice', { collectionId: 'team', maxResults: 1, nextToken: '0 1 a' });
  expect(calls).toHaveLength(3);
});

test('a page is shown again while it is young, and asked for again after that', async () => {
  const { calls, served, ask } = shared({ ttlMs: 30 });
  const first = ask();
  calls[0]?.answer(page);
  await first.result;
  const again = ask('bob');
  await expect(again.result).resolves.toBe(page);
  expect(again.trace).toMatchObject({ source: 'cached', attempts: 0 });
  expect(served).toEqual(['fetched', 'cached']);
  await sleep(50);
  ask();
  expect(calls).toHaveLength(2);
});

test('without a time to keep pages, calls in flight are shared all the same', async () => {
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
  '%s is told to all who share the call, and then forgotten',
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
  expect(calls[0]?.call.signal.aborted).toBe(false);
  calls[0]?.answer(page);
  await expect(second.result).resolves.toBe(page);
});

test('when the last has left the call is aborted, and the next request begins another', async () => {
  const { calls, ask } = shared();
  const both = [ask('alice'), ask('bob')];
  for (const { leave } of both) leave();
  await Promise.allSettled(both.map(({ result }) => result));
  expect(calls[0]?.call.signal.aborted).toBe(true);
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
  expect(calls[0]?.call.deadlineAt()).toBe(100);
  expect(calls[0]?.call.latestStart()).toBe(0);
  await expect(first.result).rejects.toBeInstanceOf(DeadlinePassed);
  expect(calls[0]?.call.signal.aborted).toBe(false);
  await expect(second.result).rejects.toBeInstanceOf(DeadlinePassed);
  expect(calls[0]?.call.signal.aborted).toBe(true);
});

test('a caller who had left before asking costs no call for long', async () => {
  const { calls, ask } = shared();
  const { leave, result } = ask('alice');
  leave();
  await expect(result).rejects.toThrow('alice left');
  expect(calls[0]?.call.signal.aborted).toBe(true);
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
          asked.push({ ...ask('a', { ...team, collectionId: `c${collection}` }), collection, gone: false });
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
      // None of those who stayed was told that somebody left.
      const told = results.flatMap((result, i) =>
        result.status === 'rejected' && !asked[i]?.gone ? [(result.reason as AppError).code] : [],
      );
      expect(told.filter((code) => code !== 'UPSTREAM_ERROR')).toEqual([]);
    }),
  );
});
