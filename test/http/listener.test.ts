import { once } from 'node:events';
import type { RequestListener, Server } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';

import { afterEach, describe, expect, test } from '@jest/globals';

import { readConfig } from '../../src/config.ts';
import type { ClientTimeouts } from '../../src/http/connections.ts';
import { createListener } from '../../src/http/listener.ts';
import { createLifecycle } from '../../src/lifecycle.ts';
import { createLogger } from '../../src/logger.ts';
import { upstreamOperations } from '../../src/operations/index.ts';
import { createClient } from '../../src/rekognition/client.ts';
import { createService } from '../../src/service.ts';

const open: Server[] = [];

afterEach(() => {
  for (const server of open.splice(0)) {
    server.close();
    server.closeAllConnections();
  }
});

/** The whole app, over a Rekognition that must not be called. */
const app = async () => {
  const service = await createService({
    region: 'us-east-1',
    config: readConfig({ RATE_LIMIT_MAX: '0' }, upstreamOperations),
    logger: createLogger({ level: 'silent', output: { write: () => undefined } }),
    lifecycle: createLifecycle(),
    client: createClient({
      endpoint: { url: 'http://127.0.0.1:9', region: 'us-east-1' },
      keys: { accessKeyId: 'none', secretAccessKey: 'none' },
      attemptTimeoutMs: 100,
      credentialsTimeoutMs: 100,
      now: Date.now,
      wallClock: Date.now,
    }),
    docsDirectory: new URL('no-docs/', import.meta.url),
    now: Date.now,
    random: () => 0,
  });
  return service.app;
};

async function listen(handler: RequestListener, timeouts?: ClientTimeouts): Promise<Server> {
  const server = createListener(handler, {}, timeouts);
  open.push(server);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return server;
}

async function dial(handler?: RequestListener, timeouts?: ClientTimeouts): Promise<Socket> {
  const server = await listen(handler ?? (await app()), timeouts);
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

/** The only response on a connection; anything after it is an error. */
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

test('CONNECT is refused with METHOD_NOT_ALLOWED', async () => {
  const answer = onlyAnswer(await exchange('CONNECT example.com:443 HTTP/1.1\r\nHost: example.com\r\n\r\n'));
  expectProblem(answer, 405, 'METHOD_NOT_ALLOWED');
  expect(answer.headers['allow']).toBe('GET, HEAD, OPTIONS');
});

test.each([
  ['without a Host', 'GET /livez HTTP/1.1\r\n\r\n'],
  ['with a length', 'GET /livez HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi'],
  ['in chunks', 'GET /livez HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
  [
    'that waits to send a body',
    'POST /livez HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n',
  ],
  ['with 101 headers', `GET /livez HTTP/1.1\r\nHost: a\r\n${'a: b\r\n'.repeat(100)}\r\n`],
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

test('a request with 100 headers is answered', async () => {
  const head = `GET /livez HTTP/1.1\r\nHost: a\r\nConnection: close\r\n${'a: b\r\n'.repeat(98)}`;
  expect(await exchange(`${head}\r\n`)).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
});

test('an expectation that nobody knows is ignored', async () => {
  const answer = await exchange('GET /livez HTTP/1.1\r\nHost: a\r\nExpect: tea\r\nConnection: close\r\n\r\n');
  expect(answer).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
});

describe('While an answer is due, what cannot be answered closes the connection without a word', () => {
  const late: RequestListener = (_req, res) => setTimeout(() => res.end('late'), 50);
  const announced = [
    ['plainly', ''],
    ['with Expect: 100-continue', 'Expect: 100-continue\r\n'],
    ['with an expectation that nobody knows', 'Expect: tea\r\n'],
  ] as const;
  const behind = [
    ['garbage', 'garbage\r\n\r\n'],
    ['too many bytes', `GET / HTTP/1.1\r\nX: ${'x'.repeat(17_000)}`],
    ['CONNECT', 'CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n'],
  ] as const;
  test.each(
    announced.flatMap(([how, header]) => behind.map(([what, text]) => [how, what, header, text] as const)),
  )('of a request announced %s, %s', async (_how, _what, header, text) => {
    const request = `GET / HTTP/1.1\r\nHost: a\r\n${header}\r\n`;
    await expect(exchange(`${request}${text}`, late)).resolves.toBe('');
  });
});

test('garbage behind an answer that is out is refused as garbage', async () => {
  const socket = await dial();
  socket.write('GET /livez HTTP/1.1\r\nHost: a\r\n\r\n');
  await once(socket, 'data');
  socket.write('garbage\r\n\r\n');
  expectProblem(onlyAnswer(await receive(socket)), 400, 'MALFORMED_REQUEST');
});

test('of a connection at most 16 answers are due, and no handler begins for the requests behind them', async () => {
  let begun = 0;
  const socket = await dial(() => (begun += 1));
  socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(200));
  await expect(receive(socket)).resolves.toBe('');
  expect(begun).toBe(16);
});

test('while 1,000 answers are due on all connections, one more is due only on a connection without any', async () => {
  let begun = 0;
  const server = await listen(() => (begun += 1));
  const { port } = server.address() as AddressInfo;
  const ask = async (count: number): Promise<Socket> => {
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => undefined);
    const [accepted] = (await once(server, 'connection')) as [Socket];
    const all = begun + count;
    socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(count));
    while (begun < all && !accepted.destroyed) await sleep(1);
    return accepted;
  };
  const first = await ask(8);
  const held = [first];
  for (let i = 0; i < 62; i += 1) held.push(await ask(16));
  expect(held.some(({ destroyed }) => destroyed)).toBe(false);
  expect((await ask(2)).destroyed).toBe(true);
  expect((await ask(1)).destroyed).toBe(false);
  first.destroy();
  await once(first, 'close');
  expect((await ask(2)).destroyed).toBe(false);
});

test('a connection may ask for as much as it likes, one answer after the other', async () => {
  const socket = await dial((_req, res) => res.end('whole'));
  let received = '';
  socket.on('data', (chunk: Buffer) => (received += chunk.toString()));
  for (let i = 0; i < 40; i += 1) {
    const more = once(socket, 'data');
    socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    await more;
  }
  expect(received.match(/whole/g)).toHaveLength(40);
});

test('the 10,000th answer of a connection closes it, and nothing is answered behind it', async () => {
  const socket = await dial((_req, res) => res.end('whole'));
  let received = '';
  let answered = 0;
  socket.on('data', (chunk: Buffer) => {
    received = received.slice(-1000) + chunk.toString();
    answered += chunk.toString().split('whole').length - 1;
  });
  const closed = once(socket, 'close');
  for (let asked = 0; asked < 10_005; asked += 15) {
    socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(15));
    while (answered < Math.min(asked + 15, 10_000) && !socket.destroyed) await sleep(0);
  }
  await closed;
  expect(answered).toBe(10_000);
  expect(received).not.toContain('503');
  expect(received.split('HTTP/1.1 200 OK').at(-1)).toMatch(/^connection: close\r$/im);
});

describe('A client that takes nothing of an answer is cut', () => {
  const timeouts = { stalledMs: 120, refusedMs: 60_000 };
  const large = Buffer.alloc(32 * 1024 * 1024);

  async function stalled(write: (socket: Socket) => unknown): Promise<boolean> {
    const server = await listen((_req, res) => res.end(large), timeouts);
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1').pause();
    socket.on('error', () => undefined);
    const [held] = (await once(server, 'connection')) as [Socket];
    socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    const dripping = setInterval(() => write(socket), 20);
    await once(held, 'close');
    clearInterval(dripping);
    return held.destroyed;
  }

  test.each([
    ['that sends nothing more', () => undefined],
    ['that goes on sending line ends', (socket: Socket) => socket.write('\r\n')],
  ])('%s', async (_, write) => {
    await expect(stalled(write)).resolves.toBe(true);
  });

  test('but not one that waits for it, nor one that is slow', async () => {
    // A busy machine may itself pause for as long as the others may stall.
    const slower = { ...timeouts, stalledMs: 600 };
    const socket = await dial((_req, res) => {
      setTimeout(() => {
        pipeline(Readable.from(Array.from({ length: 32 }, () => large.subarray(0, 1024 * 1024))), res).catch(
          () => 0,
        );
      }, 1500);
    }, slower);
    socket.write('GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
    let size = 0;
    for await (const chunk of socket as AsyncIterable<Buffer>) {
      size += chunk.length;
      await sleep(3);
    }
    expect(size).toBeGreaterThan(large.length);
  });
});

test.each([
  ['garbage', 'garbage\r\n\r\n'],
  ['half a request', 'GET / HTTP/1.1\r\nHost: a\r\nX-Half: '],
  ['CONNECT', 'CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n'],
])('the connection of a client that ignores the refusal of %s is let go', async (_, text) => {
  const server = await listen(await app(), { stalledMs: 60_000, refusedMs: 50 });
  server.headersTimeout = 1;
  server.requestTimeout = 1;
  const accepted = once(server, 'connection') as Promise<[Socket]>;
  const socket = connect({
    port: (server.address() as AddressInfo).port,
    host: '127.0.0.1',
    allowHalfOpen: true,
  });
  socket.on('error', () => undefined);
  socket.resume().write(text);
  const [held] = await accepted;
  await once(socket, 'end');
  if (!held.closed) await once(held, 'close');
  socket.destroy();
  expect(held.destroyed).toBe(true);
});

test('a connection without a request is closed by closeIdleConnections, but not if it is new', async () => {
  const server = await listen(await app());
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  socket.on('error', () => undefined);
  const [held] = (await once(server, 'connection')) as [Socket];
  const closed = once(server, 'close');
  server.close();
  server.closeIdleConnections();
  expect(held.destroyed).toBe(false);
  const closing = setInterval(() => {
    server.closeIdleConnections();
  }, 50);
  await closed;
  clearInterval(closing);
  expect(held.destroyed).toBe(true);
});

test.each(['closeIdleConnections', 'closeAllConnections'] as const)(
  'a connection that came with CONNECT, and stays half open, is closed by %s',
  async (close) => {
    const server = await listen(await app());
    const socket = connect({
      port: (server.address() as AddressInfo).port,
      host: '127.0.0.1',
      allowHalfOpen: true,
    });
    socket.on('error', () => undefined);
    socket.resume().write('CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n');
    await once(socket, 'end');
    const closed = once(server, 'close');
    server.close();
    server[close]();
    await closed;
    socket.destroy();
    expect(server.listening).toBe(false);
  },
);

test('a connection whose answer has ended, and is not sent whole, is not idle', async () => {
  const server = await listen((_req, res) => res.end(Buffer.alloc(32 * 1024 * 1024)));
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1').pause();
  socket.write('GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
  await once(server, 'request');
  await sleep(20);
  server.close();
  server.closeIdleConnections();
  const { length } = await receive(socket.resume());
  expect(length).toBeGreaterThan(32 * 1024 * 1024);
});

const packets = [
  ['half a request', 'GET /livez HTTP/1.1\r\nHo'],
  ['a request', 'GET /livez HTTP/1.1\r\nHost: a\r\n\r\n'],
  ['CONNECT', 'CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n'],
  [
    'CONNECT behind a request',
    'GET /livez HTTP/1.1\r\nHost: a\r\n\r\nCONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n',
  ],
  ['an upgrade', 'GET /livez HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'],
  ['an expectation', 'POST /livez HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 9\r\n\r\n'],
  ['garbage', 'garbage\r\n\r\n'],
] as const;
const moments = ['at once', 'a moment later', 'behind the first byte of an answer'] as const;

test.each(packets.flatMap(([what, text]) => moments.map((moment) => [what, moment, text] as const)))(
  'after %s a reset, %s, harms nothing',
  async (_, moment, text) => {
    const server = await listen(await app());
    const { port } = server.address() as AddressInfo;
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => undefined);
    await once(socket, 'connect');
    socket.write(text);
    if (moment === 'a moment later') await sleep(5);
    if (moment === 'behind the first byte of an answer' && !text.endsWith('Ho')) await once(socket, 'data');
    socket.resetAndDestroy();
    await once(socket, 'close');
    const polite = connect(port, '127.0.0.1');
    polite.write('GET /livez HTTP/1.0\r\n\r\n');
    await expect(receive(polite)).resolves.toContain('200 OK');
  },
);

test('a request that does not arrive in time is refused, and time-outs fit load balancers', async () => {
  const server = createListener(await app());
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
