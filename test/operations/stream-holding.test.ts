import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

import { afterEach, describe, expect, test } from '@jest/globals';

import { builtService, listening } from '../support/built-service.ts';
import { call } from '../support/contract.ts';
import { builtDocs } from '../support/docs.ts';
import { exception, pageOf, type Script, type Step } from '../support/scripted-rekognition.ts';
import { startService, stopServices, until, type Service } from '../support/service.ts';
import { openStream, readRest, readStream } from '../support/stream.ts';

afterEach(stopServices);

const path = '/collections/team/users.ndjson';

/** A page of 500 users that the kernel does not take whole for a reader who stops: a status is an open string. */
function heavyPage(nextToken?: string): Step {
  const users = Array.from({ length: 500 }, (_, index) => ({
    UserId: `u${index}`,
    UserStatus: 'X'.repeat(8_300),
  }));
  return { body: { Users: users, ...(nextToken !== undefined && { NextToken: nextToken }) } };
}

/** Longer than a page over loopback takes to be written as far as it goes. */
const SETTLED_MS = 300;

const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, SETTLED_MS));

/** A connection that sends these requests in one packet, and reads nothing. */
async function pipelined(url: string, paths: readonly string[]): Promise<Socket> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  socket.pause();
  socket.write(paths.map((target) => `GET ${target} HTTP/1.1\r\nHost: a\r\n\r\n`).join(''));
  return socket;
}

async function samples(service: Service, start: string): Promise<string[]> {
  return (await service.metrics.registry.metrics()).split('\n').filter((line) => line.startsWith(start));
}

async function endedStreams(service: Service): Promise<number> {
  const counts = await samples(service, 'rollcall_streams_ended_total');
  return counts.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
}

const streamLines = ({ logs }: Service) =>
  logs.filter(({ route }) => String(route).endsWith('/users.ndjson'));

describe('The place of a stream whose answer never began comes back when its connection ends:', () => {
  const docsDirectory = builtDocs();

  test.each([
    ['behind unread answers', Array.from({ length: 15 }, () => '/openapi.yaml')],
    ['behind an unread page', ['/collections/heavy/users']],
    ['behind a page that is not there yet', ['/collections/slow/users']],
  ])('%s', async (_title, paths) => {
    const script: Script = {
      answer({ CollectionId }) {
        if (CollectionId === 'slow') return 'hang';
        return CollectionId === 'heavy' ? heavyPage() : pageOf(['alice']);
      },
    };
    const service = await startService({ script, docsDirectory, config: { stream: { concurrency: 1 } } });
    const socket = await pipelined(service.url, [...paths, path]);
    await until(() => service.calls.some(({ input }) => input['CollectionId'] === 'team'));
    await settled();
    socket.resetAndDestroy();
    await until(() => streamLines(service).length > 0);
    await settled();
    expect(streamLines(service)).toHaveLength(1);
    expect(await samples(service, 'rollcall_streams_open')).toEqual(['rollcall_streams_open 0']);
    expect(await endedStreams(service)).toBe(1);
    expect((await call(service.url, path)).status).toBe(200);
  });

  test('before its first page came, and then its call is given up', async () => {
    const script: Script = {
      answer: ({ CollectionId }) => (CollectionId === 'next' ? pageOf(['a']) : 'hang'),
    };
    const service = await startService({ script, config: { stream: { concurrency: 1 } } });
    const socket = await pipelined(service.url, ['/collections/slow/users', path]);
    await until(() => service.calls.length === 2);
    socket.resetAndDestroy();
    await Promise.all(service.calls.map(({ ended }) => ended));
    await until(() => streamLines(service).length > 0);
    expect(streamLines(service)).toHaveLength(1);
    expect(await samples(service, 'rollcall_streams_open')).toEqual(['rollcall_streams_open 0']);
    expect((await call(service.url, '/collections/next/users.ndjson')).status).toBe(200);
  });
});

test.each(['bytes=0-', 'bytes=100-200', 'lines=1-'])(
  'A stream is resumed by token, never by bytes: Range: %j is 400, and costs no call',
  async (range) => {
    const service = await startService({ script: [] });
    for (const method of ['GET', 'HEAD']) {
      const { status, json } = await call(service.url, path, { method, headers: { Range: range } });
      expect(status).toBe(400);
      expect(method === 'HEAD' || json['code'] === 'MALFORMED_REQUEST').toBe(true);
    }
    expect(service.calls).toHaveLength(0);
  },
);

test('A page is the whole page, with Range or without', async () => {
  const { url } = await startService({ script: [pageOf(['alice'])] });
  expect((await call(url, '/collections/team/users', { headers: { Range: 'bytes=0-3' } })).status).toBe(200);
});

test('The log line of a stream sums up the attempts and waits of all its pages, and has the last failure', async () => {
  const throttle = exception('ThrottlingException');
  const service = await startService({
    script: [
      pageOf(['alice'], 't1'),
      throttle,
      pageOf(['bob'], 't2'),
      throttle,
      exception('InternalServerError', 500),
      pageOf(['cem'], 't3'),
      pageOf(['dee']),
    ],
  });
  expect(await readStream(service.url, path)).toMatchObject({ complete: true });
  const line = await service.logLine();
  expect(line).toMatchObject({
    stream: { pages: 4, users: 4, end: 'complete' },
    upstream: { attempts: 7, delaysMs: [expect.any(Number), expect.any(Number), expect.any(Number)] },
  });
  expect(JSON.stringify((line['upstream'] as { lastError?: object }).lastError)).toContain(
    'InternalServerError',
  );
});

test('A reader who takes a large page slowly, but all the time, is not cut off', async () => {
  const pages: Script = { answer: ({ NextToken }) => heavyPage(String(Number(NextToken ?? 0) + 1)) };
  const service = await startService({
    script: pages,
    config: { stream: { idleTimeoutMs: 3000, minBytesPerSecond: 0 } },
  });
  const socket = await pipelined(service.url, [path]);
  let taken = 0;
  socket.on('readable', () => undefined);
  while (taken < 8_000_000 && !socket.closed) {
    taken += (socket.read(Math.min(65_536, socket.readableLength)) as Buffer | null)?.length ?? 0;
    await new Promise((resolve) => setTimeout(resolve, 60));
  }
  expect(streamLines(service)).toEqual([]);
  socket.destroy();
});

test('A stream behind a page that comes late waits for it, however long its reader may take nothing', async () => {
  const late: Script = {
    answer: ({ CollectionId }) =>
      CollectionId === 'late' ? { body: { Users: [] }, delayMs: 1500 } : pageOf(['alice']),
  };
  const service = await startService({ script: late, config: { stream: { idleTimeoutMs: 200 } } });
  const socket = await pipelined(service.url, ['/collections/late/users', path]);
  let received = '';
  socket.on('data', (chunk: Buffer) => (received += chunk.toString()));
  socket.resume();
  await until(() => streamLines(service).length > 0);
  expect(streamLines(service)[0]).toMatchObject({ stream: { users: 1, end: 'complete' } });
  await until(() => received.includes('"alice"'));
  expect(received).toContain('{"users":[]}');
  socket.destroy();
});

describe('The end of the process', () => {
  test('while the last page is on its way to a slow reader never ends the stream cleanly', async () => {
    const service = await startService({ script: [pageOf(['alice'], 't1'), heavyPage()] });
    const res = await openStream(service.url, path);
    await until(() => service.calls.length === 2);
    await settled();
    service.lifecycle.endStreams();
    const { userIds, problem, complete } = await readRest(res, path);
    expect([userIds[0], complete]).toEqual(['alice', false]);
    // A last line where the reader has time for it, and then with the page to resume from; broken off otherwise.
    const { code, nextToken } = problem ?? { code: 'SHUTTING_DOWN', nextToken: 'none' };
    expect([code, typeof nextToken]).toEqual(['SHUTTING_DOWN', 'string']);
    expect((await service.logLine())['stream']).toMatchObject({ end: 'shutdown' });
  });

  test('after the reader has the last page changes nothing', async () => {
    const service = await startService({ script: [pageOf(['alice'], 't1'), pageOf(['bob'])] });
    const read = await readStream(service.url, path);
    service.lifecycle.endStreams();
    expect([read.userIds, read.complete]).toEqual([['alice', 'bob'], true]);
    expect((await service.logLine())['stream']).toMatchObject({ end: 'complete' });
  });
});

test('Each of ten streams at capacity is refused with a whole Retry-After of a second or more', async () => {
  let pages = 0;
  const script: Script = { answer: () => heavyPage(`t${(pages += 1)}`) };
  const service = await startService({ script, config: { stream: { concurrency: 2 } } });
  const open = await Promise.all([openStream(service.url, path), openStream(service.url, path)]);
  for (let times = 0; times < 10; times += 1) {
    const { status, headers, json } = await call(service.url, path);
    expect([status, json['code']]).toEqual([503, 'OVERLOADED']);
    expect(headers['retry-after']).toMatch(/^[1-9][0-9]*$/);
  }
  for (const res of open) res.destroy();
});

describe('Eleven streams at once', () => {
  const built = builtService();

  test('leave standard error as it was: no warning of listeners', async () => {
    const run = built().start({
      NODE_NO_WARNINGS: '',
      PORT: '0',
      EXPORT_CONCURRENCY: '20',
      LOG_LEVEL: 'info',
    });
    const url = await listening(run);
    const streams = await Promise.all(
      Array.from({ length: 11 }, () => openStream(url, '/collections/example-campus/users.ndjson')),
    );
    expect(streams.map(({ statusCode }) => statusCode)).toEqual(streams.map(() => 200));
    for (const res of streams) res.destroy();
    run.child.kill('SIGTERM');
    await run.exit;
    expect(run.err()).not.toContain('MaxListenersExceededWarning');
  });
});
