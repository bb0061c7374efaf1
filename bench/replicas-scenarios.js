import { setTimeout } from 'node:timers/promises';

import { fleet } from './fleet.js';
import { evenly } from './open-loop.js';
import { C, countKinds, run } from './quota-run.js';
import { distinct, mostInASecond } from './quota-scenarios.js';

const SECONDS = 60;
/** When Redis goes, and when it is there again, in milliseconds from the start. */
const GONE_MS = 25_000;
const BACK_MS = 35_000;
/** How soon replicas must share again. */
const RECOVERY_MS = 5000;

/** What becomes of Redis in the middle of an overload. */
export const fates = {
  killed: { go: (redis) => redis.stop(), comeBack: (redis) => redis.restart() },
  paused: { go: (redis) => redis.pause(), comeBack: (redis) => redis.resume() },
};

/** Twenty times the quota for a minute; Redis is away for ten seconds of it. */
export async function withoutRedis({ go, comeBack }) {
  const plan = evenly({ perSecond: 20 * C, seconds: SECONDS, asks: distinct });
  let sharedAgainS = Infinity;
  const meanwhile = async ({ redis, shared }) => {
    await setTimeout(GONE_MS);
    await go(redis);
    await setTimeout(BACK_MS - GONE_MS);
    await comeBack(redis);
    const began = Date.now();
    await shared();
    sharedAgainS = (Date.now() - began) / 1000;
  };
  const { outcomes, calls } = await run(fleet, { plan, meanwhile });
  const between = (from, to) => calls.filter(({ atMs }) => atMs >= from && atMs < to);
  const share = (from, to) => between(from, to).length / ((C * (to - from)) / 1000);
  const recovered = BACK_MS + RECOVERY_MS;
  return {
    failed: outcomes.filter((outcome) => !honest(outcome)).length,
    waitedMs: Math.max(...outcomes.map(({ latencyMs }) => latencyMs)),
    burst: mostInASecond(between(GONE_MS - 1000, recovered + 1000)) / C,
    throttled: calls.filter(({ outcome }) => outcome === 'throttled').length,
    away: share(GONE_MS, BACK_MS),
    back: share(recovered, SECONDS * 1000),
    sharedAgainS,
    kinds: countKinds(outcomes),
  };
}

/** An answer, or a refusal that an overload deserves. */
function honest({ status, code }) {
  return status === 200 || code === 'OVERLOADED';
}
