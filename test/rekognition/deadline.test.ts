import { getEventListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';

import { describe, expect, test } from '@jest/globals';

import { raceDeadline, withDeadline } from '../../src/rekognition/deadline.ts';

class TimedOut extends Error {}

const bounds = (ms: number, parent = new AbortController().signal) => ({
  ms,
  parent,
  onTimeout: () => new TimedOut(),
});

const never = () => new Promise<never>(() => undefined);

test('the result of the work is handed on', async () => {
  await expect(withDeadline(bounds(1000), () => Promise.resolve('done'))).resolves.toBe('done');
});

test('the failure of the work is handed on as it is', async () => {
  const failure = new Error('of the work');
  await expect(withDeadline(bounds(1000), () => Promise.reject(failure))).rejects.toBe(failure);
});

test('it settles at the time-out even if the work ignores the signal', async () => {
  await expect(withDeadline(bounds(10), never)).rejects.toBeInstanceOf(TimedOut);
});

test('the time-out error wins over the AbortError of work that heeds the signal', async () => {
  const heeding = (signal: AbortSignal) => sleep(10_000, undefined, { signal });
  await expect(withDeadline(bounds(10), heeding)).rejects.toBeInstanceOf(TimedOut);
});

test("an abort of the parent ends the work with the parent's own reason", async () => {
  const parent = new AbortController();
  const reason = new Error('the caller left');
  let seen: unknown;
  const work = (signal: AbortSignal) => {
    signal.addEventListener('abort', () => {
      seen = signal.reason;
    });
    return never();
  };
  const result = withDeadline(bounds(10_000, parent.signal), work);
  parent.abort(reason);
  await expect(result).rejects.toBe(reason);
  expect(seen).toBe(reason);
});

test('work is not begun for a parent that has been aborted', async () => {
  let begun = false;
  const work = () => {
    begun = true;
    return never();
  };
  const reason = new Error('gone before');
  await expect(withDeadline(bounds(1000, AbortSignal.abort(reason)), work)).rejects.toBe(reason);
  expect(begun).toBe(false);
});

test('a rejection after the time-out is of no consequence', async () => {
  const unhandled: unknown[] = [];
  const note = (reason: unknown) => unhandled.push(reason);
  process.on('unhandledRejection', note);
  const late = async () => {
    await sleep(30);
    throw new Error('too late');
  };
  await expect(withDeadline(bounds(5), late)).rejects.toBeInstanceOf(TimedOut);
  await sleep(60);
  process.off('unhandledRejection', note);
  expect(unhandled).toEqual([]);
});

test.each([
  ['succeeds', () => Promise.resolve()],
  ['fails', () => Promise.reject(new Error('of the work'))],
])('no timer is left behind by work that %s', async (_, work) => {
  const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
  const before = timers();
  await withDeadline(bounds(60_000), work).catch(() => undefined);
  expect(timers()).toBe(before);
});

test('a later abort of the parent does not reach work that is done', async () => {
  const parent = new AbortController();
  const given: AbortSignal[] = [];
  await withDeadline(bounds(1000, parent.signal), (signal) => {
    given.push(signal);
    return Promise.resolve();
  });
  parent.abort();
  expect(given.map(({ aborted }) => aborted)).toEqual([false]);
});

describe('Waiting for what goes on without the waiter', () => {
  test('ends at the time-out, and disturbs nothing', async () => {
    const awaited = sleep(30, 'done');
    await expect(raceDeadline(bounds(5), awaited)).rejects.toBeInstanceOf(TimedOut);
    await expect(awaited).resolves.toBe('done');
  });

  test('does not begin where the parent has been aborted', async () => {
    const reason = new Error('gone before');
    await expect(raceDeadline(bounds(1000, AbortSignal.abort(reason)), never())).rejects.toBe(reason);
  });

  test.each([
    ['a result', () => Promise.resolve('done')],
    ['a failure', () => Promise.reject(new Error('failed'))],
  ])('leaves no listener behind after %s', async (_, make) => {
    const { signal } = new AbortController();
    await raceDeadline(bounds(1000, signal), make()).catch(() => undefined);
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });
});
