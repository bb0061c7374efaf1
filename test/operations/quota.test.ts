import { setTimeout as sleep } from 'node:timers/promises';

import { afterEach, expect, test } from '@jest/globals';

import { call } from '../support/contract.ts';
import { exception, pageOf } from '../support/scripted-rekognition.ts';
import { startService, stopServices, until } from '../support/service.ts';

afterEach(stopServices);

const users = (collection: string) => `/collections/${collection}/users`;
const slowPage = { ...(pageOf(['alice']) as object), delayMs: 100 };
const retryAfter = ({ headers }: { headers: Readonly<Record<string, string | undefined>> }) =>
  Number(headers['retry-after']);

test('fifty identical requests at once are one call, and fifty answers', async () => {
  const { url, calls, logs } = await startService({
    script: [slowPage],
    config: { upstream: { cacheTtlMs: 60_000 } },
  });
  const answers = await Promise.all(Array.from({ length: 50 }, () => call(url, users('team'))));
  expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 50 }, () => 200));
  expect(calls).toHaveLength(1);
  await until(() => logs.length === 50);
  const sources = logs.map(({ upstream }) => (upstream as { source: string }).source);
  expect(sources.filter((source) => source === 'fetched')).toHaveLength(1);
  expect(sources.filter((source) => source === 'shared').length).toBeGreaterThan(0);
});

test('a page asked for again within CACHE_TTL_MS is the same bytes, from memory', async () => {
  const { url, calls } = await startService({
    script: [pageOf(['alice', 'bob'], 'next')],
    config: { upstream: { cacheTtlMs: 60_000 } },
  });
  const first = await call(url, users('team'));
  const second = await call(url, users('team'));
  expect(second.text).toBe(first.text);
  expect(second.headers['etag']).toBe(first.headers['etag']);
  const third = await call(url, users('team'), { headers: { 'If-None-Match': first.headers['etag'] ?? '' } });
  expect(third.status).toBe(304);
  expect(calls).toHaveLength(1);
});

test('a missing collection asked for again within CACHE_TTL_MS costs no second call', async () => {
  const { url, calls } = await startService({
    script: [exception('ResourceNotFoundException')],
    config: { upstream: { cacheTtlMs: 60_000 } },
  });
  const answers = [await call(url, users('nope')), await call(url, users('nope'))];
  expect(answers.map(({ json }) => json['code'])).toEqual(['COLLECTION_NOT_FOUND', 'COLLECTION_NOT_FOUND']);
  expect(calls).toHaveLength(1);
});

test('beyond the quota, requests wait for their turn', async () => {
  const { url, calls, logs } = await startService({
    script: { always: pageOf(['alice']) },
    config: { upstream: { tps: 20, burst: 1 } },
  });
  const answers = await Promise.all(['a', 'b', 'c', 'd'].map((id) => call(url, users(id))));
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
  expect(calls).toHaveLength(4);
  await until(() => logs.length === 4);
  const waits = logs.map(({ upstream }) => (upstream as { waitMs: number }).waitMs).sort((a, b) => a - b);
  expect(waits[3]).toBeGreaterThan(100);
});

test('a request whose turn would come after its deadline is refused at once with a true Retry-After', async () => {
  const { url, calls, logs } = await startService({
    script: { always: pageOf(['alice']) },
    config: { upstream: { tps: 0.5, burst: 1, deadlineMs: 1500 } },
  });
  expect((await call(url, users('first'))).status).toBe(200);
  const refused = await call(url, users('second'));
  expect(refused).toMatchObject({ status: 503, json: { code: 'OVERLOADED', retryable: true } });
  expect(retryAfter(refused)).toBeGreaterThanOrEqual(1);
  expect(retryAfter(refused)).toBeLessThanOrEqual(2);
  expect(calls).toHaveLength(1);
  await until(() => logs.length === 2);
  expect(logs[1]?.['upstream']).toMatchObject({ attempts: 0 });
  await sleep(retryAfter(refused) * 1000);
  expect((await call(url, users('second'))).status).toBe(200);
});

test('a request that finds UPSTREAM_QUEUE_LIMIT others waiting is refused at once', async () => {
  const { url } = await startService({
    script: { always: pageOf(['alice']) },
    config: { upstream: { tps: 2, burst: 1, queueLimit: 2 } },
  });
  const answers = await Promise.all(['a', 'b', 'c', 'd', 'e'].map((id) => call(url, users(id))));
  const statuses = answers.map(({ status }) => status).sort((a, b) => a - b);
  expect(statuses).toEqual([200, 200, 200, 503, 503]);
});

test('a caller who leaves the queue gives its turn to the next', async () => {
  const { url, calls } = await startService({
    script: { always: pageOf(['alice']) },
    config: { upstream: { tps: 2, burst: 1 } },
  });
  await call(url, users('first'));
  const leaving = new AbortController();
  const left = call(url, users('left'), { signal: leaving.signal });
  await sleep(20);
  const next = call(url, users('next'));
  await sleep(20);
  leaving.abort();
  await expect(left).rejects.toThrow('aborted');
  expect((await next).status).toBe(200);
  expect(calls.map(({ input }) => input['CollectionId'])).toEqual(['first', 'next']);
});

test('while Rekognition keeps failing, requests are refused at once, and after a pause one probes', async () => {
  const { url, calls } = await startService({
    script: [...Array.from({ length: 5 }, () => exception('InternalServerError', 500)), pageOf(['alice'])],
    config: { upstream: { maxAttempts: 1 } },
  });
  for (const id of ['a', 'b', 'c', 'd', 'e']) expect((await call(url, users(id))).status).toBe(502);
  const refused = await call(url, users('f'));
  expect(refused).toMatchObject({ status: 503, json: { code: 'UPSTREAM_UNAVAILABLE', retryable: true } });
  expect(calls).toHaveLength(5);
  await sleep(retryAfter(refused) * 1000);
  expect((await call(url, users('f'))).status).toBe(200);
});

const SUSPENDED = 'rollcall_breaker_state{operation="ListUsers",state="open"} 1';

test.each([
  ['whose callers leave', { deadlineMs: 15_000, attemptTimeoutMs: 200 }, 50],
  ['whose requests have a shorter deadline', { deadlineMs: 100, attemptTimeoutMs: 200 }, 15_000],
])('calls %s suspend a Rekognition that hangs too', async (_calls, times, leaveAfterMs) => {
  const { url, metrics } = await startService({
    script: { always: 'hang' },
    config: { upstream: { ...times, maxAttempts: 1 } },
  });
  const ask = (id: string) => call(url, users(id), { signal: AbortSignal.timeout(leaveAfterMs) });
  await Promise.allSettled(['a', 'b', 'c', 'd', 'e'].map(ask));
  while (!(await metrics.registry.metrics()).includes(SUSPENDED)) await sleep(20);
  expect((await ask('f')).json['code']).toBe('UPSTREAM_UNAVAILABLE');
});

test('one collection that keeps failing does not suspend the others', async () => {
  const { url } = await startService({
    script: [...Array.from({ length: 5 }, () => exception('InternalServerError', 500)), pageOf(['alice'])],
    config: { upstream: { maxAttempts: 1 } },
  });
  for (let i = 0; i < 5; i += 1) await call(url, users('broken'));
  expect((await call(url, users('broken'))).json['code']).toBe('UPSTREAM_UNAVAILABLE');
  expect((await call(url, users('sound'))).status).toBe(200);
});

test('ten requests at once that are each throttled twice are ten pages, at the pace of the quota', async () => {
  const throttles = new Map<unknown, number>();
  const { url, calls, metrics } = await startService({
    script: {
      answer({ CollectionId: id }) {
        const count = throttles.get(id) ?? 0;
        throttles.set(id, count + 1);
        return count < 2 ? exception('ProvisionedThroughputExceededException') : pageOf(['alice']);
      },
    },
    // The defaults.
    config: { upstream: { tps: 5, burst: 5, deadlineMs: 10_000 } },
  });
  const answers = await Promise.all(Array.from({ length: 10 }, (_, i) => call(url, users(`team-${i}`))));
  expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 10 }, () => 200));
  expect(calls).toHaveLength(30);
  const { values } = await metrics.permitWaitSeconds.get();
  const permits = values.find(
    ({ metricName, labels }) =>
      metricName === 'rollcall_permit_wait_seconds_count' &&
      labels.operation === 'ListUsers' &&
      labels.priority === 'interactive',
  );
  expect(permits?.value).toBe(30);
});

test('two hundred requests in an outage make at most 1.10 attempts each', async () => {
  const { url, calls } = await startService({
    script: { always: exception('InternalServerError', 500) },
    config: { rateLimit: { max: 0 } },
  });
  for (let i = 0; i < 200; i += 1) {
    const { status } = await call(url, users(`team-${i}`));
    expect([502, 503]).toContain(status);
  }
  expect(calls.length).toBeLessThanOrEqual(220);
});
