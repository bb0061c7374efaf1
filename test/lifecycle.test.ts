import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

import { expect, test } from '@jest/globals';

import { createLifecycle, shutDown } from '../src/lifecycle.ts';
import { createLogger } from '../src/logger.ts';

test('a lifecycle goes from ready over not ready to draining', () => {
  const lifecycle = createLifecycle();
  const state = () => [lifecycle.ready, lifecycle.draining];
  expect(state()).toEqual([true, false]);
  lifecycle.stopAccepting();
  expect(state()).toEqual([false, false]);
  lifecycle.drain();
  expect(state()).toEqual([false, true]);
  lifecycle.stopAccepting();
  expect(state()).toEqual([false, true]);
});

test('the end of streams is a signal, whose reason tells their readers to come back', () => {
  const lifecycle = createLifecycle();
  lifecycle.drain();
  expect(lifecycle.ending.aborted).toBe(false);
  lifecycle.endStreams();
  expect(lifecycle.ending.reason).toMatchObject({ code: 'SHUTTING_DOWN', retryAfterS: 1 });
});

test('draining means not ready', () => {
  const lifecycle = createLifecycle();
  lifecycle.drain();
  expect(lifecycle.ready).toBe(false);
});

const REQUEST = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';

async function serve(handler: RequestListener, release?: () => Promise<void>) {
  const events: string[] = [];
  const server = createServer(handler);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  const lifecycle = createLifecycle();
  const destination = { write: (line: string) => events.push((JSON.parse(line) as { msg: string }).msg) };
  const logger = createLogger({ level: 'info', output: destination });
  const noted = async () => {
    events.push(server.listening ? 'released too early' : 'released');
    await release?.();
  };
  const dial = async () => {
    const socket = connect(port, '127.0.0.1');
    let received = '';
    socket.on('data', (chunk: Buffer) => (received += chunk.toString()));
    socket.on('error', () => undefined);
    const closed = once(socket, 'close').then(() => received);
    await once(socket, 'connect');
    return { socket, closed };
  };
  const stop = (delayMs: number, graceMs: number) =>
    shutDown({ server, lifecycle, logger, delayMs, graceMs, release: noted });
  return { server, lifecycle, events, dial, stop };
}

test('without connections it stops at once', async () => {
  const { server, lifecycle, events, stop } = await serve(() => undefined);
  await stop(0, 60_000);
  expect(server.listening).toBe(false);
  expect([lifecycle.ready, lifecycle.draining]).toEqual([false, true]);
  expect(events).toEqual(['stopping', 'released', 'stopped']);
});

test('an open request finishes and is answered, and upstream is released after it', async () => {
  const { server, events, dial, stop } = await serve((_req, res) => {
    setTimeout(() => {
      events.push('answered');
      res.setHeader('Connection', 'close').end('whole');
    }, 80);
  });
  const { socket, closed } = await dial();
  const arrived = once(server, 'request');
  socket.write(REQUEST);
  await arrived;
  await stop(0, 60_000);
  await expect(closed).resolves.toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*whole/);
  expect(events).toEqual(['stopping', 'answered', 'released', 'stopped']);
});

test('idle connections are closed', async () => {
  const { dial, stop, events } = await serve((_req, res) => res.end('whole'));
  const { socket, closed } = await dial();
  socket.write(REQUEST);
  await once(socket, 'data');
  await sleep(20);
  await stop(0, 60_000);
  await expect(closed).resolves.toContain('whole');
  expect(events).toEqual(['stopping', 'released', 'stopped']);
});

test('after the grace the connections that are still open are destroyed', async () => {
  const { server, dial, stop, events } = await serve(() => undefined);
  const { socket, closed } = await dial();
  const arrived = once(server, 'request');
  socket.write(REQUEST);
  await arrived;
  await stop(0, 50);
  await expect(closed).resolves.toBe('');
  expect(events).toEqual([
    'stopping',
    'SHUTDOWN_GRACE_MS is over: closing the connections that are still open',
    'released',
    'stopped',
  ]);
});

test('the ends of requests are seen before upstream is released, also of those that the end of the grace cuts', async () => {
  const { server, dial, stop, events } = await serve((req) => {
    req.socket.once('close', () => events.push('seen'));
  });
  const { socket } = await dial();
  const arrived = once(server, 'request');
  socket.write(REQUEST);
  await arrived;
  await stop(0, 50);
  expect(events.slice(2)).toEqual(['seen', 'released', 'stopped']);
});

test('streams end with SHUTTING_DOWN before their connections are closed', async () => {
  const { server, lifecycle, dial, stop, events } = await serve((_req, res) => {
    lifecycle.ending.addEventListener('abort', () => {
      events.push('ended');
      res.destroy();
    });
  });
  const { socket } = await dial();
  const arrived = once(server, 'request');
  socket.write(REQUEST);
  await arrived;
  await stop(0, 1050);
  expect(events).toEqual(['stopping', 'ended', 'released', 'stopped']);
});

test('during the delay it is not ready, and answers all the same', async () => {
  const { lifecycle, dial, stop } = await serve((_req, res) =>
    res.setHeader('Connection', 'close').end('whole'),
  );
  const stopped = stop(150, 60_000);
  expect([lifecycle.ready, lifecycle.draining]).toEqual([false, false]);
  const { socket, closed } = await dial();
  socket.write(REQUEST);
  await expect(closed).resolves.toContain('whole');
  expect(lifecycle.draining).toBe(false);
  await stopped;
  expect(lifecycle.draining).toBe(true);
});

test('a request on a connection made before the end of the delay is answered, though it comes a moment after it', async () => {
  const { server, lifecycle, dial, stop } = await serve((_req, res) =>
    res.setHeader('Connection', 'close').end(lifecycle.draining ? 'refused' : 'whole'),
  );
  const accepted = once(server, 'connection');
  const { socket, closed } = await dial();
  await accepted;
  const stopped = stop(10, 60_000);
  while (server.listening) await sleep(5);
  socket.write(REQUEST);
  await expect(closed).resolves.toContain('whole');
  await stopped;
  expect(lifecycle.draining).toBe(true);
});

test('one that comes later is refused', async () => {
  const { lifecycle, dial, stop } = await serve((_req, res) =>
    res.setHeader('Connection', 'close').end(lifecycle.draining ? 'refused' : 'whole'),
  );
  const { socket, closed } = await dial();
  const stopped = stop(0, 60_000);
  while (!lifecycle.draining) await sleep(20);
  socket.write(REQUEST);
  await expect(closed).resolves.toContain('refused');
  await stopped;
});

test('a server that does not close, and a release that does not end, keep the end back no longer than its bound', async () => {
  const { server, stop, events } = await serve(
    () => undefined,
    () => new Promise(() => undefined),
  );
  const close = server.close.bind(server);
  server.close = () => close(() => undefined);
  server.closeAllConnections = () => undefined;
  await stop(0, 20);
  expect(events.at(-1)).toBe('stopped');
});

test('a release that fails is logged, and the end goes on', async () => {
  const { stop, events } = await serve(
    () => undefined,
    () => Promise.reject(new Error('boom')),
  );
  await stop(0, 60_000);
  expect(events).toEqual([
    'stopping',
    'released',
    'the connections upstream could not all be closed',
    'stopped',
  ]);
});
