import { expect, test } from '@jest/globals';

import { AppError } from '../../src/errors.ts';
import { createMetrics } from '../../src/metrics/metrics.ts';
import { CredentialsError } from '../../src/rekognition/credentials.ts';
import { AttemptTimeout, toUpstreamFailure } from '../../src/rekognition/failure.ts';
import { permitted } from '../../src/rekognition/permit.ts';
import { contextOf, inputOf, operation, resultAt } from '../support/operation.ts';

/** How many permits come back from a call that ends in this way. */
async function returnedAfter(next: () => Promise<never>, signal = new AbortController().signal) {
  let returned = 0;
  const governor = { acquire: () => Promise.resolve({ giveBack: () => (returned += 1) }) };
  const stage = permitted({ governor, metrics: createMetrics(['ListUsers']), now: Date.now });
  await stage(next)(operation, inputOf(), contextOf({ signal: () => signal })).catch(() => undefined);
  return returned;
}

test.each([
  ['that the breaker refused', new AppError('UPSTREAM_UNAVAILABLE', 'suspended'), 1],
  ['whose credentials failed', toUpstreamFailure(new CredentialsError(new Error()), Date.now), 1],
  ['that was sent and failed', toUpstreamFailure(new AttemptTimeout(), Date.now), 0],
])('a call %s gives its permit back if Rekognition has not seen it', async (_which, error, returned) => {
  expect(await returnedAfter(() => Promise.reject(error))).toBe(returned);
});

test('a permit that comes after every caller has left goes back, and nothing is sent', async () => {
  let sent = 0;
  const send = () => {
    sent += 1;
    return Promise.resolve(resultAt() as never);
  };
  expect(await returnedAfter(send, AbortSignal.abort())).toBe(1);
  expect(sent).toBe(0);
});
