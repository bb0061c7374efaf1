import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

import { afterEach, expect, jest, test } from '@jest/globals';
import fc from 'fast-check';

import { builtService, listening } from './support/built-service.ts';

jest.setTimeout(60_000);

const built = builtService();

afterEach(() => {
  built().kill();
});

const HEAD = 'HTTP/1.1\r\nHost: a\r\n';
const REQUESTS = [
  `GET /livez ${HEAD}\r\n`,
  `GET /openapi.yaml ${HEAD}\r\n`,
  `GET /metrics ${HEAD}\r\n`,
  `GET /collections/example-team/users ${HEAD}\r\n`,
  `GET /collections/example-team/users.ndjson ${HEAD}\r\n`,
  `GET /collections/throws-Timeout/users ${HEAD}\r\n`,
  `HEAD /collections/example-team/users ${HEAD}Expect: 100-continue\r\n\r\n`,
  `POST /livez ${HEAD}Expect: 100-continue\r\nContent-Length: 5\r\n\r\nhello`,
  `GET /livez ${HEAD}Expect: tea\r\n\r\n`,
  `GET /livez ${HEAD}Connection: Upgrade\r\nUpgrade: h2c\r\n\r\n`,
  `CONNECT a:1 ${HEAD}\r\n`,
  `OPTIONS * ${HEAD}\r\n`,
  `GET /livez ${HEAD}Transfer-Encoding: chunked\r\n\r\n1;x=y\r\na\r\n0\r\n\r\n`,
  `GET /livez HTTP/1.0\r\n\r\n`,
  '\r\n\r\n',
  'garbage\r\n\r\n',
];

/** What a client does next: sends requests or a part of one, waits, or reads, stops reading or ends its side. */
const step = fc.oneof(
  fc.record({ send: fc.constantFrom(...REQUESTS), times: fc.integer({ min: 1, max: 20 }) }),
  fc.record({ send: fc.constantFrom(...REQUESTS), share: fc.double({ min: 0, max: 1, noNaN: true }) }),
  fc.record({ waitMs: fc.integer({ min: 0, max: 10 }) }),
  fc.record({ call: fc.constantFrom('pause', 'resume', 'end') }),
);
const client = fc.record({
  port: fc.constantFrom('main', 'metrics'),
  steps: fc.array(step, { minLength: 1, maxLength: 6 }),
  leave: fc.constantFrom('close', 'reset'),
});
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;
type Client = typeof client extends fc.Arbitrary<infer T> ? T : never;

/** Ends whatever the service does: nothing that comes from it is waited for but the connection itself. */
async function act({ steps, leave }: Client, url: URL): Promise<void> {
  const socket = connect(Number(url.port), url.hostname);
  socket.on('error', () => undefined);
  await connected(socket);
  for (const next of steps) await take(socket, next);
  // Node never closes a socket that is reset while its own end is on its way.
  if (leave === 'reset' && !socket.writableEnded) socket.resetAndDestroy();
  else socket.destroy();
}

function connected(socket: Socket): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('error', reject);
    socket.setTimeout(5000, () => socket.destroy(new Error('no connection')));
  });
}

async function take(socket: Socket, next: Step): Promise<void> {
  if ('waitMs' in next) await sleep(next.waitMs);
  else if ('call' in next) socket[next.call]();
  else if (!socket.writable) return;
  else if ('times' in next) socket.write(next.send.repeat(next.times));
  else socket.write(next.send.slice(0, Math.floor(next.send.length * next.share)));
}

async function statusOf(url: URL): Promise<number> {
  const answer = await fetch(url, { signal: AbortSignal.timeout(5000) });
  await answer.arrayBuffer();
  return answer.status;
}

test('whatever clients send, and whenever they break off, on either port, the process goes on and serves a page', async () => {
  const run = built().start({
    PORT: '0',
    NODE_ENV: 'production',
    REKOGNITION_BACKEND: 'embedded',
    RATE_LIMIT_MAX: '0',
    SHUTDOWN_GRACE_MS: '1000',
  });
  const main = new URL(await listening(run));
  const metrics = new URL(/"metrics":"([^"]+)"/.exec(run.out())?.[1] ?? '');
  await fc.assert(
    fc.asyncProperty(fc.array(client, { minLength: 1, maxLength: 8 }), async (clients) => {
      await Promise.all(clients.map((each) => act(each, each.port === 'main' ? main : metrics)));
      expect(await statusOf(new URL('/livez', main))).toBe(200);
      expect(await statusOf(metrics)).toBe(200);
    }),
    { seed: 20_261_128, numRuns: 300, interruptAfterTimeLimit: 8000, endOnFailure: true },
  );
  expect(await statusOf(new URL('/collections/example-team/users', main))).toBe(200);
  run.child.kill('SIGTERM');
  await expect(run.exit).resolves.toBe(0);
  expect(run.err()).toBe('');
  expect(run.out()).not.toContain('a bug');
});
