import { afterEach, expect, test } from '@jest/globals';

import { registerGauges } from '../../src/metrics/gauges.ts';
import { createMetrics, type Metrics } from '../../src/metrics/metrics.ts';
import { operations } from '../../src/operations/index.ts';
import { readSamples, valueOf } from '../support/samples.ts';
import { startService, stopServices } from '../support/service.ts';

afterEach(stopServices);

/** Reads a metric by its name without the prefix. */
async function read(metrics: Metrics, name: string, labels: Record<string, string> = {}) {
  return valueOf(await metrics.registry.metrics(), `rollcall_${name}`, labels);
}

test.each(['ListUsers', 'DescribeCollection'])(
  'the series of %s that alerts and rates need are there from the start',
  async (operation) => {
    const metrics = createMetrics(['ListUsers', 'DescribeCollection']);
    const zero = (name: string, labels: Record<string, string>) =>
      read(metrics, name, { operation, ...labels });
    for (const priority of ['interactive', 'background']) {
      expect(await zero('permit_wait_seconds_count', { priority })).toBe(0);
      expect(await zero('permits_refused_total', { priority })).toBe(0);
      expect(await zero('permits_returned_total', { priority })).toBe(0);
    }
    for (const source of ['fetched', 'shared', 'cached'])
      expect(await zero('pages_total', { source })).toBe(0);
    for (const outcome of ['ok', 'UPSTREAM_ACCESS_DENIED', 'UPSTREAM_UNAUTHENTICATED', 'UPSTREAM_THROTTLED'])
      expect(await zero('upstream_attempt_duration_seconds_count', { outcome })).toBe(0);
    for (const end of ['complete', 'failed', 'shutdown', 'left', 'idle', 'slow'])
      expect(await read(metrics, 'streams_ended_total', { end })).toBe(0);
  },
);

test('each route of an operation counts its first 500 from a zero, and so does a stream that a bug breaks off', async () => {
  const { metrics } = await startService();
  for (const { path: route } of operations) {
    for (const [method, status] of [
      ['GET', '500'],
      ['HEAD', '500'],
      ['GET', '200'],
    ] as const)
      expect(
        await read(metrics, 'http_requests_total', { route, method, status, code: 'INTERNAL_ERROR' }),
      ).toBe(0);
  }
});

test('what is watched of each operation is looked at when the metrics are read', async () => {
  const metrics = createMetrics([]);
  let state = 'closed';
  const lane = {
    configuredRate: 5,
    governor: {
      state: () => ({
        rate: 2.5,
        permitsAvailable: 3,
        waiting: { interactive: 4, background: 1 },
        standing: true,
      }),
    },
    breaker: { state: () => state, suspendedScopes: () => 2 },
    cache: { state: () => ({ results: 10, bytes: 2048 }) },
  };
  registerGauges(metrics.registry, { lanes: new Map([['ListUsers', lane]]) });
  const of = (name: string, labels: Record<string, string> = {}) =>
    read(metrics, name, { operation: 'ListUsers', ...labels });
  expect(await of('quota_configured_per_second')).toBe(5);
  expect(await of('quota_rate_per_second')).toBe(2.5);
  expect(await of('permits_available')).toBe(3);
  expect(await of('permit_queue_length', { priority: 'interactive' })).toBe(4);
  expect(await of('permit_queue_length', { priority: 'background' })).toBe(1);
  expect(await of('permit_queue_standing')).toBe(1);
  expect(await of('breaker_suspended_collections')).toBe(2);
  expect(await of('cached_pages')).toBe(10);
  expect(await of('cached_bytes')).toBe(2048);
  expect(await of('breaker_state', { state: 'closed' })).toBe(1);
  state = 'half-open';
  expect(await of('breaker_state', { state: 'closed' })).toBe(0);
  expect(await of('breaker_state', { state: 'half-open' })).toBe(1);
});

test('what is not watched has no value, rather than a made-up one', async () => {
  const names = readSamples(await createMetrics([]).registry.metrics()).map(({ name }) => name);
  expect(names).not.toContain('rollcall_quota_rate_per_second');
  expect(names).not.toContain('rollcall_breaker_state');
  expect(names).not.toContain('rollcall_redis_shared');
  expect(names).toContain('rollcall_streams_open');
});
