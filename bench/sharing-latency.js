import { performance } from 'node:perf_hooks';
import { setTimeout } from 'node:timers/promises';
import { Agent, request } from 'undici';

import { bench, median, service, serviceSettings, start, withoutQuota } from './processes.js';
import { target } from './quota-run.js';
import { startRedis } from './redis-process.js';

const WARM_UP_REQUESTS = 3000;
const PAUSE_MS = 50;

/**
 * Milliseconds of a page that costs a call, at the median, of two services that are alike but for Redis. They are
 * asked in turn, one request at a time, far more slowly than any quota. Each request asks Redis twice: it counts, and
 * it needs a permit.
 */
export async function sharingLatency({ rounds = 300 } = {}) {
  const [fake, redis] = await Promise.all([start(bench('fake-rekognition.js')), startRedis()]);
  const settings = { ...serviceSettings(fake.url), ...withoutQuota };
  const processes = {
    alone: await start(service, settings),
    shared: await start(service, { ...settings, REDIS_URL: redis.url }),
  };
  const names = Object.keys(processes);
  const times = { alone: [], shared: [] };
  const agent = new Agent({ connections: 1 });
  const ask = async (name) => {
    const began = performance.now();
    const { statusCode, body } = await request(`${processes[name].url}${target('bench')}`, {
      dispatcher: agent,
    });
    await body.dump();
    if (statusCode !== 200) throw new Error(`${name}: ${statusCode}`);
    return performance.now() - began;
  };
  for (const name of names) {
    await processes[name].answers(target('bench'));
    for (let n = 0; n < WARM_UP_REQUESTS; n += 1) await ask(name);
  }
  for (let round = 0; round < rounds; round += 1) {
    for (const name of round % 2 === 0 ? names : names.toReversed()) {
      await setTimeout(PAUSE_MS);
      times[name].push(await ask(name));
    }
  }
  await agent.destroy();
  await Promise.all([fake, redis, ...Object.values(processes)].map((each) => each.stop()));
  return { aloneMs: median(times.alone), sharedMs: median(times.shared) };
}
