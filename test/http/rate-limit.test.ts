import { afterEach, expect, jest, test } from '@jest/globals';

import { call } from '../support/contract.ts';
import { pageOf } from '../support/scripted-rekognition.ts';
import { startService, stopServices } from '../support/service.ts';

afterEach(async () => {
  jest.restoreAllMocks();
  await stopServices();
});

test.each([
  ['back by an hour', -3_600_000],
  ['forward by an hour', 3_600_000],
])('a wall clock that is set %s changes nothing for a limited caller', async (_, jumpMs) => {
  const { url } = await startService({
    script: { always: pageOf(['alice']) },
    config: { rateLimit: { max: 1, windowMs: 60_000 } },
  });
  expect((await call(url, '/collections/team/users')).status).toBe(200);
  const wallClock = Date.now;
  jest.spyOn(Date, 'now').mockImplementation(() => wallClock() + jumpMs);
  const { status, headers } = await call(url, '/collections/team/users');
  expect(status).toBe(429);
  expect(Number(headers['retry-after'])).toBeLessThanOrEqual(60);
  expect(headers['ratelimit']).toMatch(/^"caller"; r=0; t=(60|[1-5]?\d)$/);
});
