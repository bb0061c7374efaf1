import { Redis } from 'ioredis';
import { performance } from 'node:perf_hooks';
import process from 'node:process';

import { pages } from './pages.js';
import { median } from './processes.js';
import { startRedis } from './redis-process.js';

const TIMES = 2000;

/** What a page of 100 users would cost in Redis: its bytes, and the median and CPU of reading it, one after the other. */
export async function pageInRedis() {
  const server = await startRedis();
  const redis = new Redis(server.url);
  const page = pages[99];
  const read = async () => JSON.parse((await redis.getBuffer('page')).toString());
  await redis.set('page', page, 'PX', 60_000);
  for (let n = 0; n < TIMES; n += 1) await read();
  const times = [];
  const before = process.cpuUsage();
  for (let n = 0; n < TIMES; n += 1) {
    const began = performance.now();
    await read();
    times.push(performance.now() - began);
  }
  const { user, system } = process.cpuUsage(before);
  redis.disconnect();
  await server.stop();
  return { bytes: page.length, readMs: median(times), cpuMs: (user + system) / 1000 / TIMES };
}
