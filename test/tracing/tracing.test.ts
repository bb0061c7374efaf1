import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

import { afterEach, beforeEach, expect, test } from '@jest/globals';

import { createLogger } from '../../src/logger.ts';
import { startTracing, type Tracing } from '../../src/tracing/otlp.ts';
import { startCollector, type Collector } from '../support/collector.ts';
import type { ReceivedSpan } from '../support/otlp.ts';
import { exception, pageOf, SECRETS, type Script } from '../support/scripted-rekognition.ts';
import { startService, stopServices, until, type Service, type ConfigOverrides } from '../support/service.ts';
import { readStream } from '../support/stream.ts';

const PATH = '/collections/team/users';
const ROUTE = '/collections/:collectionId/users';
const AWS_ID = 'a1b2c3d4-0000-4000-8000-000000000001';
const TRACE = '0af7651916cd43dd8448eb211c80319c';
const PARENT = 'b7ad6b7169203331';

let collector: Collector;
let tracing: Tracing;
let lines: Record<string, unknown>[];
const given: string[] = [];

beforeEach(async () => {
  collector = await startCollector();
  setTracing({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.url });
});

afterEach(async () => {
  await stopServices();
  await tracing.stop();
  await collector.stop();
  for (const name of given.splice(0)) Reflect.deleteProperty(process.env, name);
});

/** Traces with these of OpenTelemetry's variables besides those that are set already. */
function setTracing(env: Readonly<Record<string, string>>): void {
  Object.assign(process.env, env);
  given.push(...Object.keys(env));
  lines = [];
  const destination = { write: (line: string) => lines.push(JSON.parse(line) as Record<string, unknown>) };
  const logger = createLogger({ level: 'trace', output: destination });
  tracing = startTracing({ logger, now: () => performance.now() });
}

const tracedService = (script: Script, config: ConfigOverrides = {}): Promise<Service> =>
  startService({ script, config, startTrace: tracing.startTrace });

/** What the collector has once these requests are over. */
async function spansAfter(service: Service, requests: number): Promise<ReceivedSpan[]> {
  await until(() => service.logs.filter(({ msg }) => msg === 'request').length === requests);
  await tracing.stop();
  return collector.spans();
}

const named = (spans: readonly ReceivedSpan[], name: string) => spans.filter((span) => span.name === name);
const WAIT = 'wait for a permit';
const ATTEMPT = 'Rekognition/ListUsers';
const REQUEST = `GET ${ROUTE}`;

test('a page is a span of its request, of the wait for its permit and of its attempt, with the request id of both sides', async () => {
  const service = await tracedService([
    { headers: { 'x-amzn-RequestId': AWS_ID }, body: { Users: [{ UserId: 'alice', UserStatus: 'ACTIVE' }] } },
  ]);
  const answer = await fetch(`${service.url}${PATH}`, { headers: { 'X-Request-Id': 'request-1' } });
  expect(answer.status).toBe(200);
  const spans = await spansAfter(service, 1);
  expect(spans.map(({ name }) => name).sort()).toEqual([REQUEST, ATTEMPT, WAIT]);
  const [request] = named(spans, REQUEST);
  expect(request).toMatchObject({ kind: 'server', parentId: '', failed: false });
  expect(request?.attributes).toEqual({
    'http.request.method': 'GET',
    'http.route': ROUTE,
    'http.response.status_code': 200,
    'rollcall.request_id': 'request-1',
    'rollcall.collection': 'team',
    'rollcall.page.source': 'fetched',
  });
  const [wait] = named(spans, WAIT);
  const inside = { parentId: request?.spanId, traceId: request?.traceId, failed: false };
  expect(wait).toMatchObject({ kind: 'internal', ...inside });
  expect(wait?.attributes).toEqual({
    'rollcall.operation': 'ListUsers',
    'rollcall.priority': 'interactive',
    'rollcall.outcome': 'granted',
  });
  const [attempt] = named(spans, ATTEMPT);
  expect(attempt).toMatchObject({ kind: 'client', ...inside });
  expect(attempt?.attributes).toEqual({
    'rpc.system': 'aws-api',
    'rpc.service': 'Rekognition',
    'rpc.method': 'ListUsers',
    'aws.request_id': AWS_ID,
    'rollcall.attempt': 1,
    'rollcall.outcome': 'ok',
  });
  expect(service.logs[0]).toMatchObject({ traceId: request?.traceId, requestId: 'request-1' });
});

test('retries are attempts of their own, each with its outcome, its status and the id that AWS gave it', async () => {
  const service = await tracedService([
    exception('InternalServerError', 500, { 'x-amzn-RequestId': AWS_ID }),
    'reset',
    pageOf(['alice']),
  ]);
  expect((await fetch(`${service.url}${PATH}`)).status).toBe(200);
  const spans = await spansAfter(service, 1);
  expect(named(spans, WAIT)).toHaveLength(3);
  const attempts = named(spans, ATTEMPT).map(({ failed, attributes }) => ({ failed, ...attributes }));
  expect(attempts).toEqual([
    expect.objectContaining({
      failed: true,
      'rollcall.attempt': 1,
      'rollcall.outcome': 'UPSTREAM_ERROR',
      'error.type': 'UPSTREAM_ERROR',
      'http.response.status_code': 500,
      'aws.request_id': AWS_ID,
    }),
    expect.objectContaining({ failed: true, 'rollcall.attempt': 2, 'error.type': 'UPSTREAM_ERROR' }),
    expect.objectContaining({ failed: false, 'rollcall.attempt': 3, 'rollcall.outcome': 'ok' }),
  ]);
  expect(attempts[1]).not.toHaveProperty(['aws.request_id']);
});

test("a caller's traceparent and tracestate are gone on with, and nothing of them is sent to AWS", async () => {
  const service = await tracedService([pageOf(['alice'])]);
  const headers = { traceparent: `00-${TRACE}-${PARENT}-01`, tracestate: 'vendor=1' };
  await fetch(`${service.url}${PATH}`, { headers });
  const spans = await spansAfter(service, 1);
  expect(new Set(spans.map(({ traceId }) => traceId))).toEqual(new Set([TRACE]));
  expect(named(spans, REQUEST)[0]).toMatchObject({ parentId: PARENT, traceState: 'vendor=1' });
  expect(service.logs[0]).toMatchObject({ traceId: TRACE });
  expect(Object.keys(service.calls[0]?.headers ?? {})).not.toContain('traceparent');
  expect(JSON.stringify(service.calls[0])).not.toContain(TRACE);
});

test('a caller who does not record the trace is followed: no span is sent, and the log has the trace all the same', async () => {
  const service = await tracedService([pageOf(['alice'])]);
  await fetch(`${service.url}${PATH}`, { headers: { traceparent: `00-${TRACE}-${PARENT}-00` } });
  expect(await spansAfter(service, 1)).toEqual([]);
  expect(service.logs[0]).toMatchObject({ traceId: TRACE });
});

test.each([
  'nonsense',
  `00-${'0'.repeat(32)}-${PARENT}-01`,
  `00-${TRACE}-${PARENT}-01, 00-${TRACE}-${PARENT}-01`,
])('the traceparent %s begins a new trace', async (traceparent) => {
  const service = await tracedService([pageOf(['alice'])]);
  await fetch(`${service.url}${PATH}`, { headers: { traceparent } });
  const [request] = named(await spansAfter(service, 1), REQUEST);
  expect(request?.parentId).toBe('');
  expect(request?.traceId).not.toBe(TRACE);
});

test('a page from the cache is a request without an attempt, with its source', async () => {
  const service = await tracedService([pageOf(['alice'])], { upstream: { cacheTtlMs: 60_000 } });
  await fetch(`${service.url}${PATH}`);
  await fetch(`${service.url}${PATH}`);
  const spans = await spansAfter(service, 2);
  const requests = named(spans, REQUEST);
  expect(requests.map(({ attributes }) => attributes['rollcall.page.source'])).toEqual(['fetched', 'cached']);
  expect(named(spans, ATTEMPT).map(({ parentId }) => parentId)).toEqual([requests[0]?.spanId]);
});

test('two who share a call: the attempt is part of the request that began it, and the other points there', async () => {
  const service = await tracedService([{ ...(pageOf(['alice']) as object), delayMs: 200 }]);
  const first = fetch(`${service.url}${PATH}`);
  await until(() => service.calls.length === 1);
  await Promise.all([first, fetch(`${service.url}${PATH}`)]);
  const spans = await spansAfter(service, 2);
  const bySource = new Map(
    named(spans, REQUEST).map((span) => [span.attributes['rollcall.page.source'], span]),
  );
  const [began, shared] = [bySource.get('fetched'), bySource.get('shared')];
  expect(named(spans, ATTEMPT).map(({ parentId }) => parentId)).toEqual([began?.spanId]);
  expect(began?.links).toEqual([]);
  expect(shared?.links).toEqual([{ traceId: began?.traceId, spanId: began?.spanId }]);
  expect(shared?.traceId).not.toBe(began?.traceId);
});

test.each([
  ['AccessDeniedException', 403, 'UPSTREAM_ACCESS_DENIED', false],
  ['ResourceNotFoundException', 404, 'COLLECTION_NOT_FOUND', false],
  ['UnrecognizedClientException', 502, 'UPSTREAM_UNAUTHENTICATED', true],
])(
  '%s is the code of its attempt and of its request, a failure of the request from 500 on',
  async (name, status, code, failed) => {
    const service = await tracedService([exception(name)]);
    expect((await fetch(`${service.url}${PATH}`)).status).toBe(status);
    const spans = await spansAfter(service, 1);
    expect(named(spans, ATTEMPT)[0]).toMatchObject({ failed: true, attributes: { 'error.type': code } });
    const [request] = named(spans, REQUEST);
    expect(request?.failed).toBe(failed);
    expect(request?.attributes).toMatchObject({ 'http.response.status_code': status, 'error.type': code });
    for (const secret of SECRETS) expect(JSON.stringify(spans)).not.toContain(secret);
  },
);

test('requests that no route takes, and methods that HTTP does not have, have few names', async () => {
  const service = await tracedService([]);
  await fetch(`${service.url}/secret-path`);
  await fetch(`${service.url}${PATH}`, { method: 'PURGE' });
  const spans = await spansAfter(service, 2);
  expect(spans.map(({ name }) => name)).toEqual(['GET', `HTTP ${ROUTE}`]);
  expect(spans[0]?.attributes).toMatchObject({ 'error.type': 'ROUTE_NOT_FOUND' });
  expect(spans[1]?.attributes).toMatchObject({ 'http.request.method': '_OTHER' });
});

test('a permit that would come too late is a wait that failed, without an attempt', async () => {
  const config = { upstream: { tps: 0.01, burst: 1, deadlineMs: 1000 } };
  const service = await tracedService([pageOf(['alice'])], config);
  await fetch(`${service.url}${PATH}`);
  expect((await fetch(`${service.url}${PATH}?maxResults=7`)).status).toBe(503);
  const spans = await spansAfter(service, 2);
  expect(named(spans, ATTEMPT)).toHaveLength(1);
  expect(named(spans, WAIT).at(-1)).toMatchObject({
    failed: true,
    attributes: { 'rollcall.outcome': 'OVERLOADED', 'error.type': 'OVERLOADED' },
  });
});

test('a caller who leaves leaves an attempt behind that says how it ended, and a request without a status', async () => {
  const service = await tracedService(['hang'], { upstream: { attemptTimeoutMs: 300 } });
  const leaving = new AbortController();
  const asked = fetch(`${service.url}${PATH}`, { signal: leaving.signal }).catch(() => undefined);
  await until(() => service.calls.length === 1);
  leaving.abort();
  await asked;
  await service.calls[0]?.ended;
  const spans = await spansAfter(service, 1);
  expect(named(spans, ATTEMPT)[0]).toMatchObject({
    failed: true,
    attributes: { 'rollcall.outcome': 'UPSTREAM_TIMEOUT' },
  });
  const [request] = named(spans, REQUEST);
  expect(request).toMatchObject({ failed: false, attributes: { 'rollcall.aborted': true } });
  expect(request?.attributes).not.toHaveProperty(['http.response.status_code']);
});

test('a stream is one span, its waits and attempts are parts of it, and a failure in its middle fails it', async () => {
  const service = await tracedService([
    pageOf(['a', 'b'], 'two'),
    pageOf(['c'], 'three'),
    exception('AccessDeniedException'),
  ]);
  const { problem } = await readStream(service.url, `${PATH}.ndjson`);
  expect(problem).toMatchObject({ code: 'UPSTREAM_ACCESS_DENIED' });
  const spans = await spansAfter(service, 1);
  const [request] = named(spans, `GET ${ROUTE}.ndjson`);
  expect(request?.attributes).toMatchObject({
    'http.response.status_code': 200,
    'error.type': 'UPSTREAM_ACCESS_DENIED',
    'rollcall.stream.pages': 2,
    'rollcall.stream.users': 3,
    'rollcall.stream.end': 'failed',
  });
  const waits = named(spans, WAIT).filter(
    ({ attributes }) => attributes['rollcall.operation'] === 'ListUsers',
  );
  const parts = [...named(spans, ATTEMPT), ...waits];
  expect(parts).toHaveLength(6);
  expect(new Set(parts.map(({ parentId }) => parentId))).toEqual(new Set([request?.spanId]));
  expect(named(spans, WAIT)[0]?.attributes).toMatchObject({ 'rollcall.priority': 'background' });
});

test('no user id, token, query, header or caller is in what is sent', async () => {
  const service = await tracedService([pageOf(['user-secret'], 'upstream-secret'), pageOf(['user-secret'])]);
  const headers = {
    Authorization: 'Bearer bearer-secret',
    Cookie: 'cookie-secret',
    'User-Agent': 'agent-secret',
    baggage: 'baggage=secret',
  };
  const first = await fetch(`${service.url}${PATH}?maxResults=1`, { headers });
  const { nextToken } = (await first.json()) as { nextToken: string };
  await fetch(`${service.url}${PATH}?maxResults=1&nextToken=${nextToken}`, { headers });
  await fetch(`${service.url}/collections/bad%20secret/users?q=query-secret`, { headers });
  expect(await spansAfter(service, 3)).toHaveLength(7);
  const sent = Buffer.concat(collector.requests.map(({ body }) => body)).toString('latin1');
  expect(sent).toContain('rollcall.request_id');
  expect(sent).not.toContain('secret');
  expect(sent).not.toContain(nextToken);
  expect(sent).not.toContain('127.0.0.1');
});

test('the standard variables name the service, its attributes, headers of the collector and the sampler', async () => {
  await tracing.stop();
  setTracing({
    OTEL_SERVICE_NAME: 'rollcall-eu',
    OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=test',
    OTEL_EXPORTER_OTLP_HEADERS: 'api-key=key-of-the-collector',
  });
  const service = await tracedService([pageOf(['alice'])]);
  await fetch(`${service.url}${PATH}`);
  const [span] = await spansAfter(service, 1);
  expect(span?.resource).toMatchObject({
    'service.name': 'rollcall-eu',
    'deployment.environment.name': 'test',
    'telemetry.sdk.name': 'opentelemetry',
  });
  expect(collector.requests[0]).toMatchObject({
    path: '/v1/traces',
    headers: { 'api-key': 'key-of-the-collector', 'content-type': 'application/x-protobuf' },
  });
});

test('without a name of its own the service is rollcall', async () => {
  const service = await tracedService([pageOf(['alice'])]);
  await fetch(`${service.url}${PATH}`);
  const [span] = await spansAfter(service, 1);
  expect(span?.resource).toMatchObject({ 'service.name': 'rollcall' });
  expect(span?.resource['service.instance.id']).toMatch(/^[0-9a-f-]{36}$/);
});

test('OTEL_TRACES_SAMPLER decides, whatever the caller says', async () => {
  await tracing.stop();
  setTracing({ OTEL_TRACES_SAMPLER: 'traceidratio', OTEL_TRACES_SAMPLER_ARG: '0' });
  const service = await tracedService([pageOf(['alice'])]);
  await fetch(`${service.url}${PATH}`, { headers: { traceparent: `00-${TRACE}-${PARENT}-01` } });
  expect(await spansAfter(service, 1)).toEqual([]);
});

test.each([
  ['refuses', 400 as const, '400'],
  ['hangs', 'hang' as const, 'Request timed out'],
])(
  'a collector that %s delays no request, and is logged once, and once again when it is back',
  async (_, status, reason) => {
    await tracing.stop();
    collector.answer(status);
    setTracing({ OTEL_BSP_SCHEDULE_DELAY: '10', OTEL_EXPORTER_OTLP_TIMEOUT: '100' });
    const service = await tracedService({ always: pageOf(['alice']) });
    const ask = async (): Promise<void> => {
      expect((await fetch(`${service.url}${PATH}`)).status).toBe(200);
    };
    await ask();
    await until(() => lines.length > 0);
    const sent = collector.requests.length;
    await ask();
    await until(() => collector.requests.length > sent);
    await sleep(150);
    expect(lines).toEqual([
      expect.objectContaining({
        level: 'warn',
        reason,
        msg: 'the collector does not accept spans: they are lost',
      }),
    ]);
    collector.answer(200);
    await ask();
    await until(() => lines.length > 1);
    expect(lines[1]).toMatchObject({ level: 'info', msg: 'the collector accepts spans again' });
  },
);

test('what waits for a collector is bounded: what is more is dropped, and said', async () => {
  await tracing.stop();
  collector.answer('hang');
  setTracing({
    OTEL_BSP_MAX_QUEUE_SIZE: '4',
    OTEL_BSP_MAX_EXPORT_BATCH_SIZE: '2',
    OTEL_BSP_SCHEDULE_DELAY: '10',
    OTEL_EXPORTER_OTLP_TIMEOUT: '500',
  });
  const service = await tracedService({ always: pageOf(['alice']) });
  const ask = (): Promise<unknown> => fetch(`${service.url}${PATH}`);
  await ask();
  await until(() => collector.requests.length === 1);
  for (let i = 0; i < 10; i += 1) await ask();
  await until(() => lines.length > 0);
  await ask();
  expect((await spansAfter(service, 12)).length).toBeLessThan(20);
  expect(lines).toContainEqual(
    expect.objectContaining({ detail: expect.stringMatching(/Dropped \d+ spans/) }),
  );
});

test('what OpenTelemetry reports a problem of is a line of the log, at most one a minute', async () => {
  await tracing.stop();
  setTracing({ OTEL_TRACES_SAMPLER: 'sometimes', OTEL_EXPORTER_OTLP_CERTIFICATE: '/nowhere' });
  expect(lines).toEqual([
    expect.objectContaining({
      level: 'warn',
      msg: 'OpenTelemetry reports a problem',
      detail: expect.stringMatching(/OTEL_TRACES_SAMPLER|certificate/),
    }),
  ]);
});

test('docs/tracing.md names every attribute', async () => {
  const service = await tracedService([exception('InternalServerError', 500), pageOf(['a']), pageOf(['b'])]);
  await fetch(`${service.url}${PATH}`);
  await readStream(service.url, `${PATH}.ndjson`);
  const docs = readFileSync(new URL('../../docs/tracing.md', import.meta.url), 'utf8');
  const names = new Set((await spansAfter(service, 2)).flatMap(({ attributes }) => Object.keys(attributes)));
  expect(names.size).toBeGreaterThan(15);
  expect([...names].filter((name) => !docs.includes(`\`${name}\``))).toEqual([]);
});
