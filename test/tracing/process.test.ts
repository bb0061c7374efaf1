import { readdirSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { afterEach, expect, jest, test } from '@jest/globals';

import { builtService, listening } from '../support/built-service.ts';
import { startCollector } from '../support/collector.ts';

// Each starts a process, which takes its time where others run too.
jest.setTimeout(60_000);

const built = builtService();

afterEach(() => {
  built().kill();
});

const traced = { PORT: '0', NODE_ENV: 'production', REKOGNITION_BACKEND: 'embedded' };

test('with a collector set, the spans of the last requests are sent on SIGTERM, and the log stays JSON', async () => {
  const collector = await startCollector();
  const run = built().start({ ...traced, OTEL_EXPORTER_OTLP_ENDPOINT: collector.url });
  const url = await listening(run);
  expect((await fetch(`${url}/collections/example-team/users`)).status).toBe(200);
  run.child.kill('SIGTERM');
  await expect(run.exit).resolves.toBe(0);
  expect(collector.spans().map(({ name }) => name)).toEqual([
    'wait for a permit',
    'Rekognition/ListUsers',
    'GET /collections/:collectionId/users',
  ]);
  const lines = run.out().trimEnd().split('\n');
  const logged = lines.map((line) => JSON.parse(line) as { msg: string; traceId?: string });
  const [request] = logged.filter(({ msg }) => msg === 'request');
  expect(request?.traceId).toBe(collector.spans()[0]?.traceId);
  expect(run.err()).toBe('');
  await collector.stop();
});

test.each(['down', 'hanging'])(
  'a collector that is %s delays neither a request nor the end',
  async (state) => {
    const collector = await startCollector();
    collector.answer('hang');
    if (state === 'down') await collector.stop();
    const run = built().start({
      ...traced,
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OTEL_BSP_SCHEDULE_DELAY: '10',
    });
    const url = await listening(run);
    for (let i = 0; i < 3; i += 1) {
      expect((await fetch(`${url}/collections/example-team/users`)).status).toBe(200);
      await sleep(50);
    }
    run.child.kill('SIGTERM');
    const from = performance.now();
    await expect(run.exit).resolves.toBe(0);
    // A second for what is let go of, and half a one for the log; the SDK itself would go on for ten.
    expect(performance.now() - from).toBeLessThan(6000);
    const messages = run
      .out()
      .trimEnd()
      .split('\n')
      .map((line) => (JSON.parse(line) as { msg: string }).msg);
    expect(messages.filter((message) => message.includes('collector')).length).toBeLessThanOrEqual(1);
    expect(messages.slice(-2)).toEqual(['stopping', 'stopped']);
    expect(run.err()).toBe('');
    if (state === 'hanging') await collector.stop();
  },
);

test('where tracing is off nothing of its SDK is read: the service runs without that file', async () => {
  const sdk = readdirSync(built().dist)
    .filter((name) => name.endsWith('.js'))
    .filter((name) => readFileSync(join(built().dist, name), 'utf8').includes('@opentelemetry/sdk-trace'));
  expect(sdk).toEqual([expect.stringMatching(/^otlp-\w+\.js$/)]);
  const file = join(built().dist, sdk[0] ?? '');
  renameSync(file, `${file}.away`);
  try {
    const off = built().start(traced);
    const url = await listening(off);
    expect((await fetch(`${url}/collections/example-team/users`)).status).toBe(200);
    off.child.kill('SIGTERM');
    await expect(off.exit).resolves.toBe(0);
    expect(off.out()).not.toContain('traceId');
    const on = built().start({ ...traced, OTEL_TRACES_EXPORTER: 'otlp' });
    await expect(on.exit).resolves.toBe(1);
    expect(on.err()).toContain('Cannot find module');
  } finally {
    renameSync(`${file}.away`, file);
  }
});
