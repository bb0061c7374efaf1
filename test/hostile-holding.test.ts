import { readdirSync, readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

import { afterEach, expect, jest, test } from '@jest/globals';

import { builtService, listening, settingsOver, type Run } from './support/built-service.ts';
import { pageOf, startScriptedRekognition } from './support/scripted-rekognition.ts';
import { started } from './support/started.ts';

jest.setTimeout(60_000);

const built = builtService();
/** A collection without an end, with the longest ids: no buffer on the way holds it. */
const endless = started(() =>
  startScriptedRekognition({
    answer: ({ NextToken, MaxResults }) => {
      const page = Number(NextToken ?? 0);
      const ids = Array.from({ length: Number(MaxResults) }, (_, at) => `${page}.${at}.`.padEnd(128, 'x'));
      return pageOf(ids, String(page + 1));
    },
  }),
);
const held: Socket[] = [];

afterEach(() => {
  for (const socket of held.splice(0)) socket.destroy();
  built().kill();
});

const get = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`;
const STREAM = '/collections/example-team/users.ndjson';
const PAGE = '/collections/example-team/users?maxResults=500';

async function ask(target: string): Promise<string> {
  const answer = await fetch(target, { signal: AbortSignal.timeout(20_000) });
  return `${answer.status} ${await answer.text()}`;
}

/** Clients that send this and read nothing. */
function unread(count: number, url: string, text: string): Socket[] {
  const sockets = Array.from({ length: count }, () => {
    const socket = connect({ port: Number(new URL(url).port), host: '127.0.0.1', allowHalfOpen: true });
    socket.on('error', () => undefined).pause();
    socket.write(text);
    return socket;
  });
  held.push(...sockets);
  return sockets;
}

/** Clients that send this and read ten bytes at a time. */
function dripping(count: number, url: string, text: string): void {
  for (const socket of unread(count, url, text)) {
    const drip = setInterval(() => void socket.read(10), 100);
    socket
      .on('readable', () => undefined)
      .once('close', () => {
        clearInterval(drip);
      });
  }
}

/** Reads some megabytes of a stream as fast as they come. */
async function readSome(target: string): Promise<void> {
  const { body } = await fetch(target, { signal: AbortSignal.timeout(20_000) });
  let bytes = 0;
  for await (const chunk of body ?? []) {
    bytes += (chunk as Uint8Array).byteLength;
    if (bytes > 4_000_000) return;
  }
}

const metricsOf = ({ out }: Run): string => /"metrics":"([^"]+)"/.exec(out())?.[1] ?? '';

function memoryOf({ child }: Run): number {
  const [, kilobytes] =
    /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${child.pid ?? 0}/status`, 'utf8')) ?? [];
  return Number(kilobytes);
}

test('what clients held is free once they have gone, and a polite caller has a page and a stream', async () => {
  const run = built().start({ PORT: '0', RATE_LIMIT_MAX: '0', EXPORT_CONCURRENCY: '2', LOG_LEVEL: 'info' });
  const url = await listening(run);
  const descriptors = (): number => readdirSync(`/proc/${run.child.pid ?? 0}/fd`).length;
  await ask(metricsOf(run));
  const before = descriptors();
  unread(10, url, get('/openapi.yaml').repeat(150) + get(STREAM));
  unread(10, url, get('/openapi.yaml').repeat(15) + get(STREAM));
  unread(50, url, get(STREAM));
  unread(50, url, 'GET / HTTP/1.1\r\nX: ');
  unread(50, url, 'CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n');
  // A service that has no time accepts them late: they must be held before they can be free.
  for (let i = 0; i < 200 && descriptors() < before + 100; i += 1) await sleep(50);
  expect(descriptors()).toBeGreaterThanOrEqual(before + 100);
  await sleep(500);
  for (const socket of held.splice(0)) socket.destroy();
  // A busy service accepts some connections only when their clients have gone: all are gone, and no stream is open, for a
  // second.
  const open = async () => /^rollcall_streams_open (\d+)$/m.exec(await ask(metricsOf(run)))?.[1];
  let quiet = 0;
  for (let i = 0; i < 400 && quiet < 20; i += 1) {
    quiet = descriptors() <= before + 10 && (await open()) === '0' ? quiet + 1 : 0;
    await sleep(50);
  }
  expect(quiet).toBe(20);
  expect(await ask(`${url}/collections/example-team/users`)).toMatch(/^200 /);
  expect(await ask(`${url}${STREAM}`)).toMatch(/^200 /);
});

/** Another query for each request, so that no page is shared. */
const requests = (headers: string): string =>
  Array.from({ length: 16 }, (_, at) =>
    get(`/collections/throws-Timeout/users?maxResults=${at + 1}`).replace('\r\n\r\n', `\r\n${headers}\r\n`),
  ).join('');
const named = Array.from({ length: 2800 }, (_, at) => `${at.toString(36)}:\r\n`).join('');
const long = `X: ${'x'.repeat(15_500)}\r\n`;

test.each([
  ['40 clients pipeline 16 requests of 2800 headers', 40, requests(named)],
  ['400 clients pipeline 16 requests of 15 KB', 400, requests(long)],
  [
    '400 clients pipeline 15 requests of 15 KB behind one that is not answered',
    400,
    get('/collections/throws-Timeout/users') +
      get('/livez').replace('\r\n\r\n', `\r\n${long}\r\n`).repeat(15),
  ],
])('a heap of 112 MB is enough while %s', async (_, count, text) => {
  const run = built().start({
    PORT: '0',
    RATE_LIMIT_MAX: '0',
    NODE_ENV: 'production',
    REKOGNITION_BACKEND: 'embedded',
    NODE_OPTIONS: '--max-old-space-size=112 --max-semi-space-size=8',
  });
  const url = await listening(run);
  unread(count, url, text);
  for (let i = 0; i < 8; i += 1) {
    await sleep(500);
    expect(await ask(`${url}/livez`)).toMatch(/^200 /);
  }
});

test('readers that drip cost a bounded memory, stop the calls, keep nobody from a page, and are cut off', async () => {
  const run = built().start({
    ...settingsOver({
      ...endless(),
      region: 'us-east-1',
      accessKeyId: 'AKIDEXAMPLE',
      secretAccessKey: 'secret',
    }),
    EXPORT_CONCURRENCY: '20',
    STREAM_IDLE_TIMEOUT_MS: '3000',
    // As in the image: newer versions of Node let the young generation grow further, whatever is in it.
    NODE_OPTIONS: '--max-semi-space-size=8',
  });
  const url = await listening(run);
  // What as many readers cost who read.
  await Promise.all(Array.from({ length: 20 }, () => readSome(`${url}${STREAM}`)));
  const before = memoryOf(run);
  const { calls } = endless();
  dripping(20, url, get(STREAM));
  dripping(100, url, get(PAGE).repeat(15));
  dripping(50, url, get(PAGE).repeat(400));
  let most = 0;
  const streamed = () => calls.filter(({ input }) => 'NextToken' in input).length;
  for (let seen = -1; seen < streamed();) {
    seen = streamed();
    await sleep(500);
    expect(await ask(`${url}${PAGE}`)).toMatch(/^200 /);
    most = Math.max(most, memoryOf(run));
  }
  expect(most).toBeLessThan(2 * before);
  const ended = () => ask(metricsOf(run));
  for (let i = 0; i < 200 && !(await ended()).includes('end="idle"} 20\n'); i += 1) await sleep(50);
  expect(await ended()).toContain('rollcall_streams_ended_total{end="idle"} 20\n');
});
