import { once } from 'node:events';
import type { RequestListener, Server } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';

import { afterEach, expect, test } from '@jest/globals';

import { createApp } from '../../src/app.ts';
import { createListener } from '../../src/http/listener.ts';
import { createLifecycle } from '../../src/lifecycle.ts';
import { createLogger } from '../../src/logger.ts';
import { createMetrics } from '../../src/metrics/metrics.ts';

const open: Server[] = [];

afterEach(() => {
  for (const server of open.splice(0)) {
    server.close();
    server.closeAllConnections();
  }
});

const app = () =>
  createApp({
    config: {
      backend: 'embedded',
      trustProxy: 0,
      corsOrigins: [],
      rateLimit: { max: 0, windowMs: 1000 },
      exportConcurrency: 2,
      streamIdleTimeoutMs: 60_000,
      cursorSecrets: ['k'.repeat(32)],
    },
    logger: createLogger({ level: 'silent', production: true, destination: { write: () => undefined } }),
    metrics: createMetrics(),
    lifecycle: createLifecycle(),
    pages: { get: () => Promise.resolve({ users: [], nextToken: undefined }) },
    verifyToken: undefined,
    userCounts: { ask: () => () => undefined },
    contract: 'openapi: 3.1.0\n',
    docsDirectory: new URL('no-docs/', import.meta.url),
  });

async function dial(handler: RequestListener = app()): Promise<Socket> {
  const server = createListener(handler);
  open.push(server);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  socket.on('error', () => undefined);
  return socket;
}

/** All that a connection receives until the server closes it. */
async function receive(socket: Socket): Promise<string> {
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  await once(socket, 'close');
  return Buffer.concat(chunks).toString('latin1');
}

async function exchange(text: string, handler?: RequestListener): Promise<string> {
  const socket = await dial(handler);
  socket.write(text);
  return receive(socket);
}

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly problem: Readonly<Record<string, unknown>>;
}

/** The one answer that a connection got; anything behind it is a fault. */
function onlyAnswer(text: string): Answer {
  const end = text.indexOf('\r\n\r\n');
  const [start = '', ...lines] = text.slice(0, end).split('\r\n');
  const headers = Object.fromEntries(
    lines.map((line) => [line.split(':', 1)[0]?.toLowerCase() ?? '', line.replace(/^[^:]*: */, '')]),
  );
  const body = text.slice(end + 4);
  expect(headers['content-length'] ?? String(body.length)).toBe(String(body.length));
  return {
    status: Number(start.split(' ')[1]),
    headers,
    problem: JSON.parse(headers['transfer-encoding'] ? (body.split('\r\n')[1] ?? '') : body),
  };
}

function expectProblem({ status, headers, problem }: Answer, expected: number, code: string): void {
  expect(status).toBe(expected);
  expect(headers).toMatchObject({
    'content-type': 'application/problem+json',
    connection: 'close',
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    'x-request-id': problem['requestId'],
    date: expect.stringMatching(/ GMT$/),
  });
  expect(problem).toMatchObject({ status: expected, code });
}

test.each([
  ['garbage', 'garbage\r\n\r\n'],
  ['a TLS handshake', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'],
  ['another protocol', 'GET / SPDY/3\r\n\r\n'],
  ['a space in a header name', 'GET / HTTP/1.1\r\nHost : a\r\n\r\n'],
  ['two lengths', 'GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n'],
])('%s is answered with a problem of status 400, and the connection closed', async (_, text) => {
  const answer = onlyAnswer(await exchange(text));
  expectProblem(answer, 400, 'MALFORMED_REQUEST');
  expect(answer.problem).toMatchObject({ instance: '/', retryable: false });
});

test.each([
  ['headers', `GET / HTTP/1.1\r\nHost: a\r\nX-Long: ${'x'.repeat(17_000)}\r\n\r\n`],
  ['targets', `GET /${'x'.repeat(17_000)} HTTP/1.1\r\nHost: a\r\n\r\n`],
])('%s of more than 16 KiB are answered with a problem of status 431', async (_, text) => {
  expectProblem(onlyAnswer(await exchange(text)), 431, 'MALFORMED_REQUEST');
});

test('endless chunk extensions behind a refused request get no second answer', async () => {
  const head = 'GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n';
  expectProblem(onlyAnswer(await exchange(`${head}1;${'x'.repeat(20_000)}\r\n`)), 400, 'MALFORMED_REQUEST');
});

test('CONNECT is not allowed, and told so', async () => {
  const answer = onlyAnswer(await exchange('CONNECT example.com:443 HTTP/1.1\r\nHost: example.com\r\n\r\n'));
  expectProblem(answer, 405, 'METHOD_NOT_ALLOWED');
  expect(answer.headers['allow']).toBe('GET, HEAD, OPTIONS');
});

test.each([
  ['without a Host', 'GET /livez HTTP/1.1\r\n\r\n'],
  [
    'that asks for an upgrade',
    'GET /livez HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n',
  ],
  ['with a length', 'GET /livez HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi'],
  ['in chunks', 'GET /livez HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
  [
    'that waits to send a body',
    'POST /livez HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n',
  ],
  ['with a broken escape', 'GET /%ff HTTP/1.1\r\nHost: a\r\n\r\n'],
])('a request %s is answered with a problem of status 400, and the connection closed', async (_, text) => {
  expectProblem(onlyAnswer(await exchange(text)), 400, 'MALFORMED_REQUEST');
});

test('what stands behind a refused request is not carried out', async () => {
  const refused = 'GET /livez HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi';
  const answer = onlyAnswer(await exchange(`${refused}GET /livez HTTP/1.1\r\nHost: a\r\n\r\n`));
  expect(answer.status).toBe(400);
});

test('HTTP/1.0 needs no Host', async () => {
  const answer = await exchange('GET /livez HTTP/1.0\r\n\r\n');
  expect(answer).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
  expect(answer).toContain('{"status":"ok"}');
});

test('an expectation that nobody knows is ignored', async () => {
  const answer = await exchange('GET /livez HTTP/1.1\r\nHost: a\r\nExpect: tea\r\nConnection: close\r\n\r\n');
  expect(answer).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
});

test('garbage behind a request whose answer is due closes the connection without a second answer', async () => {
  const handler: RequestListener = (_req, res) => setTimeout(() => res.end('late'), 50);
  await expect(exchange('GET / HTTP/1.1\r\nHost: a\r\n\r\ngarbage\r\n\r\n', handler)).resolves.toBe('');
});

test('garbage behind an answer that is out is refused as garbage', async () => {
  const socket = await dial();
  socket.write('GET /livez HTTP/1.1\r\nHost: a\r\n\r\n');
  await once(socket, 'data');
  socket.write('garbage\r\n\r\n');
  expectProblem(onlyAnswer(await receive(socket)), 400, 'MALFORMED_REQUEST');
});

test('a connection that is reset harms nothing', async () => {
  const socket = await dial();
  await once(socket, 'connect');
  socket.write('GET /livez HTTP/1.1\r\nHo');
  socket.resetAndDestroy();
  await once(socket, 'close');
  await expect(exchange('GET /livez HTTP/1.0\r\n\r\n')).resolves.toContain('200 OK');
});

test('a request that does not arrive in time is refused, and time-outs fit load balancers', async () => {
  const server = createListener(app());
  open.push(server);
  expect(server.headersTimeout).toBeLessThan(15_000);
  expect(server.requestTimeout).toBeLessThan(15_000);
  expect(server.keepAliveTimeout).toBeGreaterThan(60_000);
  server.headersTimeout = 1;
  server.requestTimeout = 1;
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  socket.write('GET /livez HTTP/1.1\r\n');
  expectProblem(onlyAnswer(await receive(socket)), 408, 'MALFORMED_REQUEST');
});
