import { afterEach, expect, test } from '@jest/globals';

import { becomes, startRedis, stopRedis, testWithRedis } from '../support/redis.ts';
import { startService, stopServices, until, type Service } from '../support/service.ts';

afterEach(async () => {
  await stopServices();
  await stopRedis();
});

const client = {
  send: () =>
    Promise.resolve({ body: { Users: [{ UserId: 'alice', UserStatus: 'ACTIVE' }] }, requestId: undefined }),
};
const page = (service: Service) => fetch(`${service.url}/collections/team/users`);
const readiness = async (service: Service) => (await fetch(`${service.url}/readyz`)).json();

async function replica(redisUrl: string): Promise<Service> {
  const rateLimit = { max: 3, windowMs: 60_000 };
  return startService({
    client,
    config: { redis: { url: redisUrl }, upstream: { replicas: 2 }, rateLimit },
  });
}

testWithRedis('requests to two replicas count together, and the headers say the same as alone', async () => {
  const { url } = await startRedis();
  const [one, two] = [await replica(url), await replica(url)];
  await becomes(one, 'shared');
  await becomes(two, 'shared');
  const answers = [await page(one), await page(two), await page(one), await page(two), await page(one)];
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 429, 429]);
  expect(answers.map(({ headers }) => /r=(\d+)/.exec(headers.get('ratelimit') ?? '')?.[1])).toEqual([
    '2',
    '1',
    '0',
    '0',
    '0',
  ]);
  expect(answers[0]?.headers.get('ratelimit-policy')).toContain('q=3; w=60');
  expect(Number(answers[3]?.headers.get('retry-after'))).toBeGreaterThan(0);
});

test('a service whose Redis is away from the start answers all the same, says so once, and counts alone', async () => {
  const service = await replica('redis://127.0.0.1:1');
  const answers = [await page(service), await page(service), await page(service), await page(service)];
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 429]);
  await until(() => service.logs.some(({ level }) => level === 'warn'));
  await expect(readiness(service)).resolves.toEqual({ status: 'ready', redis: 'away' });
  expect(await service.metrics.registry.metrics()).toContain('\nrollcall_redis_shared 0\n');
  expect(service.logs.filter(({ msg }) => String(msg).includes('Redis'))).toHaveLength(1);
});
