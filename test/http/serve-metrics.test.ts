import { afterEach, expect, test } from '@jest/globals';

import { createListener } from '../../src/http/listener.ts';
import { serveMetrics } from '../../src/http/serve-metrics.ts';
import { createLogger } from '../../src/logger.ts';
import { registerGauges } from '../../src/metrics/gauges.ts';
import { createMetrics } from '../../src/metrics/metrics.ts';
import { call } from '../support/contract.ts';
import { listen, type Listening } from '../support/listen.ts';
import { readSamples } from '../support/samples.ts';
import { exception, pageOf } from '../support/scripted-rekognition.ts';
import { startService, stopServices, until } from '../support/service.ts';

const open: Listening[] = [];

afterEach(async () => {
  await Promise.all(open.splice(0).map(({ stop }) => stop()));
  await stopServices();
});

/** The metrics on a free port, and what was logged. */
async function serve(metrics: Parameters<typeof serveMetrics>[0]['metrics'] = createMetrics([])) {
  const lines: string[] = [];
  const destination = { write: (line: string) => lines.push(line) };
  const logger = createLogger({ level: 'info', output: destination });
  const listening = await listen(createListener(serveMetrics({ metrics, logger })));
  open.push(listening);
  return { url: listening.url, lines };
}

test('GET /metrics answers Prometheus text, with a query or without', async () => {
  const { url } = await serve();
  for (const path of ['/metrics', '/metrics?name=x']) {
    const answer = await fetch(url + path);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(readSamples(await answer.text()).length).toBeGreaterThan(5);
  }
});

test('HEAD /metrics answers the same without a body', async () => {
  const { url } = await serve();
  const answer = await fetch(`${url}/metrics`, { method: 'HEAD' });
  expect([answer.status, await answer.text()]).toEqual([200, '']);
  expect(Number(answer.headers.get('content-length'))).toBeGreaterThan(100);
});

test.each(['/', '/metrics/', '/Metrics', '/livez', '/collections/team/users'])(
  'GET %s is 404 on the port of the metrics',
  async (path) => {
    const { url } = await serve();
    expect((await fetch(url + path)).status).toBe(404);
  },
);

test('POST /metrics is 405 with Allow', async () => {
  const { url } = await serve();
  const answer = await fetch(`${url}/metrics`, { method: 'POST', body: 'x' });
  expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
});

test('metrics that cannot be read are a 500, and the reason is logged', async () => {
  const metrics = createMetrics([]);
  registerGauges(metrics.registry, {
    lanes: new Map(),
    sharing: {
      get shared(): boolean {
        throw new Error('no state');
      },
    },
  });
  const { url, lines } = await serve(metrics);
  const answer = await fetch(`${url}/metrics`);
  expect(answer.status).toBe(500);
  expect(await answer.text()).not.toContain('no state');
  expect(lines.join('')).toContain('no state');
});

test('a request to the service is counted with its route, and never with its collection or caller', async () => {
  const { url, metrics, logs } = await startService({
    script: [pageOf(['alice']), exception('AccessDeniedException')],
  });
  await call(url, '/collections/secret-team/users');
  await call(url, '/collections/secret-team/users');
  await call(url, '/nothing-here');
  await until(() => logs.length === 3);
  const text = await metrics.registry.metrics();
  const counted = readSamples(text).filter(
    ({ name, value }) => name === 'rollcall_http_requests_total' && value > 0,
  );
  const route = '/collections/:collectionId/users';
  expect(counted.map(({ labels, value }) => ({ ...labels, value }))).toEqual([
    { route, method: 'GET', status: '200', code: 'none', value: 1 },
    { route, method: 'GET', status: '403', code: 'UPSTREAM_ACCESS_DENIED', value: 1 },
    { route: 'none', method: 'GET', status: '404', code: 'ROUTE_NOT_FOUND', value: 1 },
  ]);
  for (const private_ of ['secret-team', 'alice', '127.0.0.1', 'nothing-here'])
    expect(text).not.toContain(private_);
});
