import { getEventListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';

import { describe, expect, test } from '@jest/globals';

import { raceDeadline } from '../../src/rekognition/deadline.ts';

class TimedOut extends Error {}

const bounds = (ms: number, parent = new AbortController().signal) => ({
  ms,
  parent,
  onTimeout: () => new TimedOut(),
});

const never = () => new Promise<never>(() => undefined);

test('the result of the work is handed on', async () => {
  await expect(raceDeadline(bounds(1000), Promise.resolve('done'))).resolves.toBe('done');
});

test('the failure of the work is handed on as it is', async () => {
  const failure = new Error('of the work');
  await expect(raceDeadline(bounds(1000), Promise.reject(failure))).rejects.toBe(failure);
});

test('the wait ends at the time-out, though the work goes on', async () => {
  await expect(raceDeadline(bounds(10), never())).rejects.toBeInstanceOf(TimedOut);
});

test("an abort of the parent ends the wait with the parent's own reason", async () => {
  const parent = new AbortController();
  const reason = new Error('the caller left');
  const result = raceDeadline(bounds(10_000, parent.signal), never());
  parent.abort(reason);
  await expect(result).rejects.toBe(reason);
});

test('a rejection after the time-out is of no consequence', async () => {
  const unhandled: unknown[] = [];
  const note = (reason: unknown) => unhandled.push(reason);
  process.on('unhandledRejection', note);
  const late = async () => {
    await sleep(30);
    throw new Error('too late');
  };
  await expect(raceDeadline(bounds(5), late())).rejects.toBeInstanceOf(TimedOut);
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
  await raceDeadline(bounds(60_000), work()).catch(() => undefined);
  expect(timers()).toBe(before);
});

describe('The wait', () => {
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
