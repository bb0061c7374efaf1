import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import { failure } from '../../clients/typescript/src/failure.ts';
import { delayBefore, pauseAfter, sleep } from '../../clients/typescript/src/retry.ts';

const retryAfter = fc.option(fc.integer({ min: 0, max: 60 }), { nil: undefined });
const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

function backoff(share: number) {
  return { maxAttempts: 4, maxDelayMs: 20_000, random: () => share, sleep };
}

describe('A retry', () => {
  test('comes never before Retry-After, and never after the longest wait', () => {
    fc.assert(
      fc.property(retryAfter, random, fc.integer({ min: 1, max: 3 }), (asked, share, failures) => {
        const error = failure('OVERLOADED', '', { retryable: true, retryAfter: asked });
        const delayMs = delayBefore(error, failures, backoff(share));
        if (asked !== undefined && asked > 20) return delayMs === undefined;
        return delayMs !== undefined && delayMs >= (asked ?? 0) * 1000 && delayMs <= 20_000;
      }),
    );
  });

  test.each([
    [1, 500],
    [2, 1000],
    [3, 2000],
  ])('after failure %i in a row waits %i ms in the mean', (failures, meanMs) => {
    const error = failure('UPSTREAM_ERROR', '', { retryable: true });
    expect(delayBefore(error, failures, backoff(0.5))).toBe(meanMs);
  });

  test('is not made when the attempts are used up, nor where none can help', () => {
    const retryable = failure('UPSTREAM_ERROR', '', { retryable: true });
    expect(delayBefore(retryable, 4, backoff(0))).toBeUndefined();
    expect(delayBefore(failure('COLLECTION_NOT_FOUND', ''), 1, backoff(0))).toBeUndefined();
  });

  test('is not made of what is no RollcallError', async () => {
    const bug = new TypeError('a bug');
    await expect(pauseAfter(bug, 1, backoff(0), undefined)).rejects.toBe(bug);
  });
});

describe('A wait', () => {
  test('ends by itself, with and without a signal', async () => {
    await sleep(1, undefined);
    await expect(sleep(1, new AbortController().signal)).resolves.toBeUndefined();
  });

  test('ends at an abort with its reason, at once where it came before', async () => {
    const controller = new AbortController();
    const waiting = sleep(60_000, controller.signal);
    controller.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');
    await expect(sleep(60_000, controller.signal)).rejects.toThrow('enough');
  });
});
