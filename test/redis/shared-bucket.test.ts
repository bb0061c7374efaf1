import { expect, test } from '@jest/globals';

import { REDIS_TIMEOUT_MS } from '../../src/redis/within-timeout.ts';
import { createSharedBucket } from '../../src/redis/shared-bucket.ts';

/** A bucket whose script answers these in turn, at a Redis whose clock is 1000 ms ahead. */
function bucketOf(...answers: unknown[]) {
  const clock = { ms: 500 };
  const expiries: unknown[] = [];
  const run = (...[, , expires]: (string | number)[]) => {
    expiries.push(expires);
    return Promise.resolve(answers.shift());
  };
  return {
    bucket: createSharedBucket({
      run,
      tps: 5,
      capacity: 4.75,
      onQuota: () => undefined,
      now: () => clock.ms,
    }),
    clock,
    expiries,
  };
}

const EMPTY = { tokens: 0, rate: 5, at: 500 };

test('the known state is that of the last reply, for a bucket in use', async () => {
  const { bucket, clock } = bucketOf(
    [0, 0, '3.5', '4', '1500', '5', '4.75'],
    [1, 0, '2.5', '4.5', '1600', '5', '4.75'],
  );
  expect(bucket.lastReply).toEqual(EMPTY);
  await expect(bucket.ask('heartbeat')).resolves.toEqual({ granted: 0, waitMs: 0, tokens: 3.5, rate: 4 });
  expect(bucket.lastReply).toEqual({ tokens: 3.5, rate: 4, at: 500 });
  clock.ms = 600;
  await bucket.ask('take', 1);
  expect(bucket.lastReply).toEqual({ tokens: 2.5, rate: 4.5, at: 600 });
});

test('a replica that joins does not know the tokens yet, and uses its own part until it may share', async () => {
  const { bucket } = bucketOf([0, 1500, '-1', '5', '1500', '5', '4.75']);
  await expect(bucket.ask('rejoin')).resolves.toMatchObject({ waitMs: 1500 });
  expect(bucket.lastReply).toEqual(EMPTY);
});

test('an answer that is none, and a question that was read too late, say nothing but the time', async () => {
  const { bucket, expiries } = bucketOf(
    'OK',
    [-1, 0, '0', '0', '1500', '5', '4.75'],
    [0, 0, '1', '5', '1500', '5', '4.75'],
  );
  await expect(bucket.ask('take', 1)).resolves.toBeUndefined();
  await expect(bucket.ask('take', 1)).resolves.toBeUndefined();
  expect(bucket.lastReply).toEqual(EMPTY);
  await bucket.ask('heartbeat');
  expect(expiries).toEqual([0, 0, 1500 + REDIS_TIMEOUT_MS]);
});
