import { expect, test } from '@jest/globals';

import { createMetrics, type Metrics } from '../../src/metrics/metrics.ts';
import { readSamples, valueOf } from '../support/samples.ts';

/** Reads a metric by its name without the prefix. */
async function read(metrics: Metrics, name: string, labels: Record<string, string> = {}) {
  return valueOf(await metrics.text(), `rollcall_${name}`, labels);
}

const request = { route: '/livez', method: 'GET', status: 200, code: undefined, seconds: 0.002 };

test('a request is counted by its route, method, status and code, and its time by its route', async () => {
  const metrics = createMetrics();
  metrics.requestEnded(request);
  metrics.requestEnded(request);
  metrics.requestEnded({ ...request, status: 503, code: 'SHUTTING_DOWN' });
  const labels = { route: '/livez', method: 'GET' };
  expect(await read(metrics, 'http_requests_total', { ...labels, status: '200', code: 'none' })).toBe(2);
  expect(
    await read(metrics, 'http_requests_total', { ...labels, status: '503', code: 'SHUTTING_DOWN' }),
  ).toBe(1);
  const time = { route: '/livez' };
  expect(await read(metrics, 'http_request_duration_seconds_count', time)).toBe(3);
  expect(await read(metrics, 'http_request_duration_seconds_bucket', { ...time, le: '0.001' })).toBe(0);
  expect(await read(metrics, 'http_request_duration_seconds_bucket', { ...time, le: '0.0025' })).toBe(3);
});

test('counts go on from one reading to the next', async () => {
  const metrics = createMetrics();
  const labels = { route: '/livez', method: 'GET', status: '200', code: 'none' };
  metrics.requestEnded(request);
  expect(await read(metrics, 'http_requests_total', labels)).toBe(1);
  expect(await read(metrics, 'http_requests_total', labels)).toBe(1);
  metrics.requestEnded(request);
  expect(await read(metrics, 'http_requests_total', labels)).toBe(2);
});

test('methods that clients make up are one method', async () => {
  const metrics = createMetrics();
  for (const method of ['POST', 'BREW', 'PROPFIND'])
    metrics.requestEnded({ ...request, method, status: 405 });
  const labels = { route: '/livez', method: 'other', status: '405', code: 'none' };
  expect(await read(metrics, 'http_requests_total', labels)).toBe(3);
});

test('attempts are counted by their outcome, retries by their reason', async () => {
  const metrics = createMetrics();
  metrics.attemptEnded('ok', 0.06);
  metrics.attemptEnded('UPSTREAM_THROTTLED', 0.02);
  metrics.retried('UPSTREAM_THROTTLED');
  const name = 'upstream_attempt_duration_seconds';
  expect(await read(metrics, `${name}_count`, { outcome: 'ok' })).toBe(1);
  expect(await read(metrics, `${name}_bucket`, { outcome: 'ok', le: '0.05' })).toBe(0);
  expect(await read(metrics, `${name}_sum`, { outcome: 'UPSTREAM_THROTTLED' })).toBe(0.02);
  expect(await read(metrics, 'upstream_retries_total', { code: 'UPSTREAM_THROTTLED' })).toBe(1);
});

test('permits are counted by priority, with their waits', async () => {
  const metrics = createMetrics();
  metrics.permitGranted('page', 0.2);
  metrics.permitGranted('page', 0);
  metrics.permitRefused('page');
  metrics.permitReturned('export');
  expect(await read(metrics, 'permit_wait_seconds_count', { priority: 'page' })).toBe(2);
  expect(await read(metrics, 'permit_wait_seconds_sum', { priority: 'page' })).toBe(0.2);
  expect(await read(metrics, 'permit_wait_seconds_count', { priority: 'export' })).toBe(0);
  expect(await read(metrics, 'permits_refused_total', { priority: 'page' })).toBe(1);
  expect(await read(metrics, 'permits_returned_total', { priority: 'export' })).toBe(1);
});

test('pages are counted by where they came from', async () => {
  const metrics = createMetrics();
  metrics.pageServed('cached');
  expect(await read(metrics, 'pages_total', { source: 'cached' })).toBe(1);
  expect(await read(metrics, 'pages_total', { source: 'fetched' })).toBe(0);
});

test('streams are counted while they are open, and by their end', async () => {
  const metrics = createMetrics();
  metrics.streamOpened();
  metrics.streamOpened();
  metrics.streamPageSent(500);
  metrics.streamPageSent(7);
  metrics.streamEnded('idle');
  expect(await read(metrics, 'streams_open')).toBe(1);
  expect(await read(metrics, 'stream_pages_total')).toBe(2);
  expect(await read(metrics, 'stream_users_total')).toBe(507);
  expect(await read(metrics, 'streams_ended_total', { end: 'idle' })).toBe(1);
  expect(await read(metrics, 'streams_ended_total', { end: 'complete' })).toBe(0);
});

test('what is watched is looked at when the metrics are read', async () => {
  const metrics = createMetrics();
  let state: 'closed' | 'half-open' = 'closed';
  metrics.watch({ configuredRate: 5 });
  metrics.watch({
    governor: { state: () => ({ rate: 2.5, permitsAvailable: 3, waiting: { page: 4, export: 1 } }) },
    breaker: { state: () => state, suspendedCollections: () => 2 },
    kept: { state: () => ({ pages: 10, bytes: 2048 }) },
  });
  expect(await read(metrics, 'quota_configured_per_second')).toBe(5);
  expect(await read(metrics, 'quota_rate_per_second')).toBe(2.5);
  expect(await read(metrics, 'permits_available')).toBe(3);
  expect(await read(metrics, 'permit_queue_length', { priority: 'page' })).toBe(4);
  expect(await read(metrics, 'permit_queue_length', { priority: 'export' })).toBe(1);
  expect(await read(metrics, 'breaker_suspended_collections')).toBe(2);
  expect(await read(metrics, 'cached_pages')).toBe(10);
  expect(await read(metrics, 'cached_bytes')).toBe(2048);
  expect(await read(metrics, 'breaker_state', { state: 'closed' })).toBe(1);
  state = 'half-open';
  expect(await read(metrics, 'breaker_state', { state: 'closed' })).toBe(0);
  expect(await read(metrics, 'breaker_state', { state: 'half-open' })).toBe(1);
});

test('what is not watched has no value, rather than a made-up one', async () => {
  const names = readSamples(await createMetrics().text()).map(({ name }) => name);
  expect(names).not.toContain('rollcall_quota_rate_per_second');
  expect(names).not.toContain('rollcall_breaker_state');
  expect(names).toContain('rollcall_pages_total');
});
