import { setTimeout } from 'node:timers/promises';
import { request } from 'undici';

import { service, start } from './processes.js';
import { serviceUnderQuota } from './quota-run.js';
import { startRedis } from './redis-process.js';

const REPLICAS = 3;

/** Replicas of the service on one Redis of their own: a subject of `run` that answers at several URLs. */
export async function fleet(endpoint, settings) {
  const redis = await startRedis();
  const together = { REDIS_URL: redis.url, REPLICAS: String(REPLICAS) };
  const replicas = await Promise.all(
    Array.from({ length: REPLICAS }, () =>
      start(service, { ...serviceUnderQuota(endpoint), ...together, ...settings }),
    ),
  );
  const each = (work) => Promise.all(replicas.map(work));
  const shared = () => each(({ url }) => sharing(url));
  return {
    redis,
    urls: replicas.map(({ url }) => url),
    /** Waits until all share. */
    shared,
    async answers(target) {
      // Ready means shared, so that is waited for next.
      await each((replica) => replica.answers('/livez'));
      await shared();
      await each((replica) => replica.answers(target));
    },
    stop: () => Promise.all([redis.stop(), each((replica) => replica.stop())]),
  };
}

/** Waits until a replica shares with the others. */
async function sharing(url) {
  for (;;) {
    const { body } = await request(`${url}/readyz`);
    const { redis } = await body.json();
    if (redis === 'shared') return;
    await setTimeout(20);
  }
}
