import process from 'node:process';

import { evenly } from './open-loop.js';
import { answers, BURST, C, run, target } from './quota-run.js';

export const seconds = Number(process.env.SECONDS ?? 30);

const CALLERS = 20;
const address = (n) => `198.51.100.${n}`;
/** One of the twenty callers, in an order that does not keep step with the bucket. */
const someone = (n) => address((Math.imul(n, 0x9e3779b1) >>> 16) % CALLERS);
export const distinct = (n) => ({ path: target(`collection-${n}`), caller: someone(n) });

/** Twenty times the quota, every request for a collection of its own, from twenty callers. */
export async function overload(begin, { punishing = false } = {}) {
  const plan = evenly({ perSecond: 20 * C, seconds, asks: distinct });
  return summary(await run(begin, { plan, punishing }));
}

/** So many requests at once as five times the quota are in a second, on a service that nobody has asked before. */
export async function burst(begin) {
  const plan = Array.from({ length: 5 * C }, (_, n) => ({ atMs: 0, ...distinct(n) }));
  return answers((await run(begin, { plan })).outcomes);
}

/** When the load drops, in milliseconds from the start. */
const DROP_MS = 15_000;
/** An answer that came this fast did not wait for a permit. */
const UNDELAYED_MS = 150;

/** Twenty times the quota that drops to half of it: seconds until the first request that waits for no permit. */
export async function drop(begin) {
  const heavy = evenly({ perSecond: 20 * C, seconds: DROP_MS / 1000, asks: distinct });
  const asks = (n) => distinct(n + heavy.length);
  const light = evenly({ perSecond: C / 2, seconds: 10, firstMs: DROP_MS + 1, asks });
  const { outcomes } = await run(begin, { plan: [...heavy, ...light] });
  const undelayed = outcomes.find(
    ({ status, atMs, latencyMs }) => status === 200 && atMs > DROP_MS && latencyMs < UNDELAYED_MS,
  );
  return { undelayedAfterS: ((undelayed?.atMs ?? Infinity) - DROP_MS) / 1000 };
}

/** Twenty times the quota, all for the same page. */
export async function identical(begin) {
  const asks = (n) => ({ path: target('popular'), caller: someone(n) });
  return summary(await run(begin, { plan: evenly({ perSecond: 20 * C, seconds, asks }) }));
}

/** What a caller at a fifth of the quota gets, with or without another one at twenty times the quota beside it. */
export async function lightCaller(begin, { beside }) {
  const [light, heavy] = [address(200), address(100)];
  const plan = evenly({
    perSecond: C / 5,
    seconds,
    // Between the beats of a bucket that refills five times a second, not on them.
    firstMs: 530,
    asks: (n) => ({ path: target(`light-${n}`), caller: light }),
  });
  if (beside) {
    const asks = (n) => ({ path: target(`heavy-${n}`), caller: heavy });
    plan.push(...evenly({ perSecond: 20 * C, seconds, asks }));
  }
  const result = await run(begin, { plan });
  return { ...summary(result), ...answers(result.outcomes.filter(({ caller }) => caller === light)) };
}

/** How long an outage lasts, and after how much of it calls must have become rare. */
const OUTAGE_MS = 20_000;
const RARE_AFTER_MS = 10_000;
const AFTERWARDS_MS = 10_000;

/**
 * An outage from the start on, and its end, under a load that no quota hinders, so that nothing spares Rekognition but
 * the breaker and the bound on retries.
 */
export async function outage(begin, { kind }) {
  const plan = evenly({ perSecond: 20, seconds: (OUTAGE_MS + AFTERWARDS_MS) / 1000, asks: distinct });
  const { outcomes, calls } = await run(begin, {
    plan,
    rate: 1000,
    burst: 1000,
    settings: { UPSTREAM_TPS: '1000', UPSTREAM_BURST: '1000' },
    outage: { kind, seconds: OUTAGE_MS / 1000 },
  });
  const first200 = new Set(plan.slice(0, 200).map(({ path }) => path));
  const rare = ({ atMs }) => atMs >= RARE_AFTER_MS && atMs < OUTAGE_MS;
  const afterwards = ({ atMs }) => atMs >= OUTAGE_MS;
  const late = outcomes.filter(rare);
  return {
    attempts: calls.filter(({ collection }) => first200.has(target(collection))).length / first200.size,
    share: calls.filter(rare).length / late.length,
    ...answers(late),
    ...recovery(outcomes.filter(afterwards)),
    burst: mostInASecond(calls.filter(afterwards)),
  };
}

/** Seconds from the end of the outage to the first answer, and to the last refusal. */
function recovery(outcomes) {
  const first = outcomes.find(({ status }) => status === 200)?.doneMs ?? Infinity;
  const last = outcomes.findLast(({ status }) => status !== 200)?.doneMs ?? OUTAGE_MS;
  return { firstAnswerS: (first - OUTAGE_MS) / 1000, lastRefusalS: (last - OUTAGE_MS) / 1000 };
}

export function mostInASecond(calls) {
  const counts = calls.map(({ atMs: from }) => {
    return calls.filter(({ atMs }) => atMs >= from && atMs < from + 1000).length;
  });
  return Math.max(0, ...counts);
}

/** From then on the load has stood, in milliseconds from its start. */
const STANDING_MS = 10_000;

/** Against what the bucket allows from the start of the load, when it is full, to the end of it. */
function summary({ outcomes, calls }) {
  const allowed = BURST + C * seconds;
  const inTime = outcomes.filter(({ status, doneMs }) => status === 200 && doneMs <= seconds * 1000);
  return {
    goodput: inTime.length / allowed,
    sent: calls.filter(({ atMs }) => atMs <= seconds * 1000).length / allowed,
    calls: calls.length,
    throttled: calls.filter(({ outcome }) => outcome === 'throttled').length,
    ...answers(outcomes),
    standing: answers(outcomes.filter(({ atMs }) => atMs >= STANDING_MS)),
  };
}
