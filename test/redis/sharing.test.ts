import { afterEach, expect, test } from '@jest/globals';

import { setTimeout as sleep } from 'node:timers/promises';

import { Redis } from 'ioredis';

import { becomes, startRedis, stopRedis, testWithRedis } from '../support/redis.ts';
import { startService, stopServices, until, type Service, type ServiceOptions } from '../support/service.ts';

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

async function replica(
  redisUrl: string,
  more: Omit<ServiceOptions, 'config'> & { tps?: number; keyPrefix?: string } = {},
): Promise<Service> {
  const { tps = 1_000_000, keyPrefix = 'rollcall', ...options } = more;
  const rateLimit = { max: 3, windowMs: 60_000 };
  return startService({
    client,
    ...options,
    config: { redis: { url: redisUrl, keyPrefix }, upstream: { replicas: 2, tps, burst: tps }, rateLimit },
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
  await becomes(service, 'away');
  await expect(readiness(service)).resolves.toEqual({ status: 'ready', redis: 'away' });
  expect(await service.metrics.registry.metrics()).toContain('\nrollcall_redis_shared 0\n');
  expect(service.logs.filter(({ msg }) => String(msg).includes('Redis'))).toHaveLength(1);
});

const keysOf = async (url: string) => {
  const redis = new Redis(url);
  const keys = await redis.keys('*');
  redis.disconnect();
  return keys.sort();
};
const lower = ({ logs }: Service) => logs.filter(({ msg }) => String(msg).includes('lower quota'));

testWithRedis(
  'three replicas that have just become ready count a caller together from the first request',
  async () => {
    const { url } = await startRedis();
    const replicas = await Promise.all([replica(url), replica(url), replica(url)]);
    const starting = await fetch(`${replicas[0].url}/readyz`);
    expect([starting.status, starting.headers.get('retry-after')]).toEqual([503, '1']);
    await expect(starting.json()).resolves.toMatchObject({ code: 'UPSTREAM_UNAVAILABLE' });
    for (const each of replicas) while (!(await fetch(`${each.url}/readyz`)).ok) await sleep(20);
    const answers = await Promise.all(
      Array.from({ length: 24 }, (_, at) => page(replicas[at % 3] ?? replicas[0])),
    );
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(3);
  },
);

testWithRedis('services of other Regions or another prefix share neither quota nor limits', async () => {
  const { url } = await startRedis();
  const one = await replica(url, { region: 'eu-west-1' });
  const two = await replica(url, { region: 'us-east-1', tps: 7 });
  const three = await replica(url, { region: 'eu-west-1', keyPrefix: 'staging', tps: 9 });
  for (const each of [one, two, three]) {
    await becomes(each, 'shared');
    const answers = [await page(each), await page(each), await page(each), await page(each)];
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 429]);
  }
  expect((await keysOf(url)).filter((key) => key.endsWith(':permits:ListUsers'))).toEqual([
    '{rollcall:eu-west-1}:permits:ListUsers',
    '{rollcall:us-east-1}:permits:ListUsers',
    '{staging:eu-west-1}:permits:ListUsers',
  ]);
  expect((await keysOf(url)).filter((key) => key.startsWith('{staging:eu-west-1}:limit:'))).toHaveLength(1);
  expect([one, two, three].flatMap(lower)).toEqual([]);
});

testWithRedis(
  'a replica whose quota is set higher than that of another keeps to the lower, and says so once',
  async () => {
    const { url } = await startRedis();
    const [slow, quick] = [await replica(url, { tps: 5 }), await replica(url, { tps: 50 })];
    for (const each of [slow, quick]) await becomes(each, 'shared');
    await until(() => lower(quick).length > 0);
    await Promise.all([page(quick), page(quick), page(quick)]);
    const ofUsers = lower(quick).filter(({ operation }) => operation === 'ListUsers');
    expect(ofUsers).toMatchObject([{ level: 'warn', tps: 5 }]);
    expect(lower(slow)).toEqual([]);
  },
);

testWithRedis.each(['99', '16'])(
  'database %s, which does not exist, is Redis being away, never database 0',
  async (db) => {
    const { url } = await startRedis();
    const service = await replica(`${url}/${db}`);
    await becomes(service, 'away');
    expect((await page(service)).status).toBe(200);
    const [warning, ...others] = service.logs.filter(({ msg }) => String(msg).includes('Redis'));
    expect(warning).toMatchObject({
      level: 'warn',
      reason: expect.stringContaining('DB index is out of range'),
    });
    expect(others).toEqual([]);
    await expect(keysOf(url)).resolves.toEqual([]);
  },
);

testWithRedis('a database that exists is the one that is used', async () => {
  const { url } = await startRedis();
  const service = await replica(`${url}/15`);
  await becomes(service, 'shared');
  await page(service);
  await expect(keysOf(url)).resolves.toEqual([]);
  expect(await keysOf(`${url}/15`)).toContain('{rollcall:us-east-1}:permits:ListUsers');
});
