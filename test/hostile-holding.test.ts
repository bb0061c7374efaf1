import { readdirSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

import { afterEach, expect, jest, test } from '@jest/globals';

import { builtService, listening } from './support/built-service.ts';

jest.setTimeout(60_000);

const built = builtService();

afterEach(() => {
  built().kill();
});

const get = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`;
const STREAM = '/collections/example-team/users.ndjson';

test('what clients held is free once they have gone, and a polite caller has a page and a stream', async () => {
  const run = built().start({ PORT: '0', RATE_LIMIT_MAX: '0', EXPORT_CONCURRENCY: '2', LOG_LEVEL: 'info' });
  const url = await listening(run);
  const metrics = /"metrics":"([^"]+)"/.exec(run.out())?.[1] ?? '';
  const descriptors = (): number => readdirSync(`/proc/${run.child.pid ?? 0}/fd`).length;
  const ask = async (target: string): Promise<string> => {
    const answer = await fetch(target, { signal: AbortSignal.timeout(20_000) });
    return `${answer.status} ${await answer.text()}`;
  };
  const unread = (text: string): Socket => {
    const socket = connect({ port: Number(new URL(url).port), host: '127.0.0.1', allowHalfOpen: true });
    socket.on('error', () => undefined).pause();
    socket.write(text);
    return socket;
  };
  await ask(metrics);
  const before = descriptors();
  const held = [
    ...Array.from({ length: 10 }, () => unread(get('/openapi.yaml').repeat(150) + get(STREAM))),
    ...Array.from({ length: 10 }, () => unread(get('/openapi.yaml').repeat(15) + get(STREAM))),
    ...Array.from({ length: 50 }, () => unread(get(STREAM))),
    ...Array.from({ length: 50 }, () => unread('GET / HTTP/1.1\r\nX: ')),
    ...Array.from({ length: 50 }, () => unread('CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n')),
  ];
  await sleep(500);
  for (const socket of held) socket.destroy();
  for (let i = 0; i < 200 && descriptors() > before + 10; i += 1) await sleep(50);
  expect(descriptors()).toBeLessThanOrEqual(before + 10);
  expect(await ask(metrics)).toMatch(/^rollcall_streams_open 0$/m);
  expect(await ask(`${url}/collections/example-team/users`)).toMatch(/^200 /);
  expect(await ask(`${url}${STREAM}`)).toMatch(/^200 /);
});
