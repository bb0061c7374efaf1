import { afterEach, expect } from '@jest/globals';
import { once } from 'node:events';

import { Redis } from 'ioredis';

import { connectRedis } from '../../src/redis/connect.ts';
import { becomes, startRedis, stopRedis, testWithRedis, type RedisServer } from '../support/redis.ts';
import { startService, stopServices, until, type Service } from '../support/service.ts';

const open: Redis[] = [];

afterEach(async () => {
  await stopServices();
  for (const redis of open.splice(0)) redis.disconnect();
  await stopRedis();
});

const client = {
  send: () =>
    Promise.resolve({ body: { Users: [{ UserId: 'alice', UserStatus: 'ACTIVE' }] }, requestId: undefined }),
};
const replica = (redisUrl: string) =>
  startService({ client, config: { redis: { url: redisUrl }, upstream: { replicas: 2 } } });
const status = async (service: Service) => (await fetch(`${service.url}/collections/team/users`)).status;
const said = ({ logs }: Service) => logs.filter(({ msg }) => String(msg).startsWith('Redis'));

interface Failure {
  readonly what: string;
  readonly reason: string;
  readonly begin: (admin: Redis, server: RedisServer) => unknown;
  readonly end: (admin: Redis, server: RedisServer) => unknown;
}

const failures: readonly Failure[] = [
  {
    what: 'is killed and started again',
    reason: '',
    begin: (_admin, server) => server.kill(),
    end: (_admin, server) => server.restart(),
  },
  {
    what: 'stops answering',
    reason: 'no answer',
    begin: (_admin, server) => {
      server.pause();
    },
    end: (_admin, server) => {
      server.resume();
    },
  },
  {
    what: 'is full',
    reason: 'OOM',
    begin: (admin) => admin.config('SET', 'maxmemory', '1'),
    end: (admin) => admin.config('SET', 'maxmemory', '0'),
  },
  {
    what: 'has another password, and has closed its connections',
    reason: '',
    async begin(admin) {
      await admin.config('SET', 'requirepass', 'another');
      await admin.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
    },
    end: (admin) => admin.config('SET', 'requirepass', ''),
  },
  {
    what: 'has become the replica of another, as the old primary after a failover',
    reason: 'READONLY',
    begin: (admin) => admin.replicaof('127.0.0.1', 1),
    end: (admin) => admin.replicaof('NO', 'ONE'),
  },
];

testWithRedis.each(failures)(
  'when Redis $what, every request is answered, it is said once, and the replica comes back by itself',
  async ({ reason, begin, end }) => {
    const server = await startRedis();
    const admin = new Redis(server.url, { retryStrategy: () => 50 }).on('error', () => undefined);
    open.push(admin);
    const service = await replica(server.url);
    await becomes(service, 'shared');
    await begin(admin, server);
    const answers = [await status(service), await status(service)];
    await becomes(service, 'away');
    expect(await service.metrics.registry.metrics()).toContain('\nrollcall_redis_shared 0\n');
    answers.push(await status(service));
    await end(admin, server);
    await becomes(service, 'shared');
    answers.push(await status(service));
    expect(answers).toEqual([200, 200, 200, 200]);
    expect(said(service).map(({ level }) => level)).toEqual(['info', 'warn', 'info']);
    expect(said(service)[1]?.['reason']).toContain(reason);
    expect(await service.metrics.registry.metrics()).toContain('\nrollcall_redis_shared 1\n');
  },
);

testWithRedis(
  'a Redis that was absent at the start is used when it comes, and why it was absent is said',
  async () => {
    const server = await startRedis();
    await server.kill();
    const service = await replica(server.url);
    await until(() => said(service).length === 1);
    expect(said(service)[0]).toMatchObject({
      level: 'warn',
      reason: expect.stringContaining('ECONNREFUSED'),
    });
    await expect(status(service)).resolves.toBe(200);
    await server.restart();
    await becomes(service, 'shared');
    await expect(status(service)).resolves.toBe(200);
    expect(said(service).map(({ level }) => level)).toEqual(['warn', 'info']);
  },
);

testWithRedis('why Redis refuses one bucket is said, though it answers for the others', async () => {
  const { url } = await startRedis();
  const admin = new Redis(url);
  open.push(admin);
  const before = await replica(url);
  await becomes(before, 'shared');
  await stopServices();
  await admin.set(String(await admin.keys('*:permits:ListUsers')), 'text');
  const service = await replica(url);
  await until(() => said(service).length === 1);
  expect(said(service)[0]?.['reason']).toContain('WRONGTYPE');
  await expect(status(service)).resolves.toBe(200);
});

testWithRedis('a wrong password is never written into the log', async () => {
  const server = await startRedis('--requirepass', 'right');
  const service = await replica(server.url.replace('redis://', 'redis://:not-the-right-one@'));
  await until(() => said(service).length === 1);
  expect(said(service)[0]?.['reason']).toContain('WRONGPASS');
  expect(JSON.stringify(service.logs)).not.toContain('not-the-right-one');
});

testWithRedis(
  'a connection is given up at once, though Redis does not say that it has read everything',
  async () => {
    const server = await startRedis();
    const redis = connectRedis(server.url, () => undefined);
    await until(() => redis.status === 'ready');
    server.pause();
    const from = performance.now();
    redis.disconnect();
    await once(redis, 'end');
    // ioredis waits 2 s by default.
    expect(performance.now() - from).toBeLessThan(1500);
  },
);
