import { setTimeout } from 'node:timers/promises';
import { request } from 'undici';

import { offer } from './open-loop.js';
import { awsSettings, bench, quantile, service, serviceSettings, start } from './processes.js';

/** Calls a second that the fake Rekognition allows, and how many at once: AWS's own quota of ListUsers. */
export const C = 5;
export const BURST = 5;
export const CACHE_TTL_MS = 1000;
/** The service's own default. */
export const DEADLINE_MS = 10_000;

export const target = (collection) => `/collections/${collection}/users?maxResults=100`;

export const serviceUnderQuota = (endpoint) => ({
  ...serviceSettings(endpoint),
  TRUST_PROXY: '1',
  UPSTREAM_TPS: String(C),
  UPSTREAM_BURST: String(BURST),
  CACHE_TTL_MS: String(CACHE_TTL_MS),
  REQUEST_DEADLINE_MS: String(DEADLINE_MS),
});

/** Who is measured: each starts a process that asks the Rekognition at `endpoint`. */
export const subjects = {
  service: (endpoint, settings) => start(service, { ...serviceUnderQuota(endpoint), ...settings }),
  'SDK defaults': (endpoint) => start(bench('naive.js'), awsSettings(endpoint)),
  'SDK adaptive': (endpoint) =>
    start(bench('naive.js'), { ...awsSettings(endpoint), AWS_RETRY_MODE: 'adaptive' }),
  'naive cache': (endpoint) =>
    start(bench('naive-cache.js'), { ...awsSettings(endpoint), CACHE_TTL_MS: String(CACHE_TTL_MS) }),
};

/**
 * Offers a plan to a fresh process, or several, over a fresh bucket: what the callers got, and which calls Rekognition
 * got. What happens to the subject meanwhile is said by `meanwhile`.
 */
export async function run(begin, options) {
  const { plan, rate = C, burst = BURST, punishing = false, outage, settings, meanwhile } = options;
  const upstream = await start(bench('quota-rekognition.js'), {
    RATE: String(rate),
    BURST: String(burst),
    PUNISHING: String(punishing),
  });
  const control = async (method, path) => {
    const { body } = await request(`${upstream.url}${path}`, { method });
    return body.json();
  };
  await upstream.answers('/calls');
  const subject = await begin(upstream.url, settings);
  // The first request loads code; both buckets are full again after it.
  await subject.answers(target('warm-up'));
  await setTimeout(1100);
  await control('DELETE', '/calls');

  if (outage) await control('PUT', `/outage?kind=${outage.kind}`);
  const offered = offer(subject.urls ?? [subject.url], plan);
  await meanwhile?.(subject);
  if (outage) {
    await setTimeout(outage.seconds * 1000);
    await control('PUT', '/outage?kind=none');
  }
  const { startedAt, outcomes } = await offered;
  const calls = await control('GET', '/calls');
  await Promise.all([subject.stop(), upstream.stop()]);
  return { outcomes, calls: calls.map((call) => ({ ...call, atMs: call.at - startedAt })) };
}

/** How many were answered, and how fast; the rest was refused, or got no answer at all. */
export function answers(outcomes) {
  const accepted = outcomes.filter(({ status }) => status === 200).map(({ latencyMs }) => latencyMs);
  const refused = outcomes.filter(({ status }) => status !== 200).map(({ latencyMs }) => latencyMs);
  return {
    answered: accepted.length / outcomes.length,
    acceptedP50: quantile(accepted, 0.5),
    acceptedP99: quantile(accepted, 0.99),
    refusedP50: quantile(refused, 0.5),
    refusedP99: quantile(refused, 0.99),
    kinds: countKinds(outcomes),
    lateP99: quantile(
      outcomes.map(({ lateMs }) => lateMs),
      0.99,
    ),
  };
}

export function countKinds(outcomes) {
  const kinds = {};
  for (const { status, code = '' } of outcomes) {
    const kind = `${status} ${code}`.trim();
    kinds[kind] = (kinds[kind] ?? 0) + 1;
  }
  return kinds;
}
