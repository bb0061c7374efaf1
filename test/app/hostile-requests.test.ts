import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

import { afterEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import { call, exchange } from '../support/contract.ts';
import { pageOf } from '../support/scripted-rekognition.ts';
import { startService, stopServices, type Service } from '../support/service.ts';

afterEach(stopServices);

const PATH = '/collections/team/users';
const NEXT = `GET ${PATH} HTTP/1.1\r\nHost: a\r\n\r\n`;
const service = (): Promise<Service> =>
  startService({ script: { always: pageOf(['alice']) }, config: { rateLimit: { max: 0, windowMs: 1000 } } });

const statusesOf = (raw: string): number[] =>
  [...raw.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status));

describe('A message that could be read in two ways is refused, and hides no request', () => {
  const head = `GET ${PATH} HTTP/1.1\r\nHost: a\r\n`;
  test.each([
    ['with a length and chunks', `${head}Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nG`],
    ['with chunks and a length', `${head}Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n`],
    ['with two lengths', `${head}Content-Length: 0\r\nContent-Length: ${NEXT.length}\r\n\r\n`],
    ['with a list of lengths', `${head}Content-Length: 0, 0\r\n\r\n`],
    ['with a length of +0', `${head}Content-Length: +0\r\n\r\n`],
    ['with a length of 0x0', `${head}Content-Length: 0x0\r\n\r\n`],
    ['with a negative length', `${head}Content-Length: -1\r\n\r\n`],
    ['with a space before the colon', `${head}Content-Length : ${NEXT.length}\r\n\r\n`],
    ['with an unknown encoding', `${head}Transfer-Encoding: xchunked\r\n\r\n`],
    ['with identity', `${head}Transfer-Encoding: identity\r\n\r\n`],
    ['with chunked twice', `${head}Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n`],
    ['with an encoding behind a tab', `${head}Transfer-Encoding:\tchunked\r\n\r\n0\r\n\r\n`],
    ['with a folded encoding', `${head}Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n`],
    ['with a folded header', `${head}X-A: b\r\n c\r\n\r\n`],
    ['with a header line without a colon', `${head}Content-Length\r\n\r\n`],
    ['with a nameless header', `${head}: x\r\n\r\n`],
    ['with a null byte', `${head}X-A: a\0b\r\n\r\n`],
    ['with a bare CR', `${head}X-A: a\rContent-Length: 5\r\n\r\n`],
    ['with a bare LF before a length', `${head}X-A: a\nContent-Length: ${NEXT.length}\r\n\r\n`],
    ['whose line ends in a bare LF', `GET ${PATH} HTTP/1.1\nHost: a\n\n`],
    ['with a space before the method', ` GET ${PATH} HTTP/1.1\r\nHost: a\r\n\r\n`],
    ['of another version', `GET ${PATH} HTTP/1.2\r\nHost: a\r\n\r\n`],
    ['of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    ['of HTTP/0.9', `GET ${PATH}\r\n\r\n`],
    ['with two hosts', `${head}Host: b\r\n\r\n`],
    ['with a fragment', `GET ${PATH}#x HTTP/1.1\r\nHost: a\r\n\r\n`],
    ['with a fragment and backslashes', `GET /collections\\team\\users# HTTP/1.1\r\nHost: a\r\n\r\n`],
    [
      'with backslashes in an absolute target',
      `GET http://a\\collections\\team\\users HTTP/1.1\r\nHost: a\r\n\r\n`,
    ],
    ['with a raw space in its target', 'GET /collections/te am/users HTTP/1.1\r\nHost: a\r\n\r\n'],
    ['with raw bytes above ASCII', 'GET /collections/te\u00e9m/users HTTP/1.1\r\nHost: a\r\n\r\n'],
    ['with another scheme', 'GET ftp://a/collections/team/users HTTP/1.1\r\nHost: a\r\n\r\n'],
    ['with a target of no form', 'GET collections/team/users HTTP/1.1\r\nHost: a\r\n\r\n'],
    [
      'with its length behind 3000 headers',
      `${head}${'a:\r\n'.repeat(3000)}Content-Length: ${NEXT.length}\r\n\r\n`,
    ],
    [
      'with its encoding behind 3000 headers',
      `${head}${'a:\r\n'.repeat(3000)}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    ],
  ])('%s', async (_, message) => {
    const { url, calls } = await service();
    const raw = await exchange(url, `${message}${NEXT}`);
    expect(statusesOf(raw)).toEqual([400]);
    expect(raw).toContain('"code":"MALFORMED_REQUEST"');
    expect(calls).toHaveLength(0);
  });
});

test.each([
  ['origin form', `GET ${PATH} HTTP/1.1`],
  ['absolute form', `GET http://evil.example${PATH} HTTP/1.1`],
])('A target in %s is answered', async (_, line) => {
  const { url } = await service();
  const raw = await exchange(url, `${line}\r\nHost: a\r\nConnection: close\r\n\r\n`);
  expect(statusesOf(raw)).toEqual([200]);
  expect(raw).not.toContain('evil.example');
});

test.each([
  ['h2c', 'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMA\r\n'],
  ['a WebSocket', 'Connection: Upgrade\r\nUpgrade: websocket\r\n'],
  ['something without naming it in Connection', 'Upgrade: TLS/1.2\r\n'],
])(
  'An upgrade to %s that is on offer is ignored, and what stands behind it is left to another connection',
  async (_, offer) => {
    const { url, calls } = await service();
    const raw = await exchange(url, `GET ${PATH} HTTP/1.1\r\nHost: a\r\n${offer}\r\n${NEXT}`);
    expect(statusesOf(raw)).toEqual([200]);
    expect(raw).toMatch(/^connection: close\r$/im);
    expect(raw).not.toMatch(/^upgrade:/im);
    expect(calls).toHaveLength(1);
  },
);

test('An upgrade on offer does not hide a body, which is refused', async () => {
  const { url, calls } = await service();
  const offer = 'Connection: Upgrade\r\nUpgrade: h2c\r\n';
  const raw = await exchange(
    url,
    `GET ${PATH} HTTP/1.1\r\nHost: a\r\n${offer}Content-Length: 2\r\n\r\nhi${NEXT}`,
  );
  expect(statusesOf(raw)).toEqual([400]);
  expect(calls).toHaveLength(0);
});

test('Pipelined requests are answered one by one, in their order', async () => {
  const { url } = await service();
  const raw = await exchange(
    url,
    `${NEXT}GET /nothing HTTP/1.1\r\nHost: a\r\n\r\n${NEXT.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n')}`,
  );
  expect(statusesOf(raw)).toEqual([200, 404, 200]);
});

test('500 slow clients do not disturb 20 requests beside them, and are cut', async () => {
  const { url } = await startService({ script: { always: pageOf(['alice']) }, headersTimeoutMs: 4000 });
  const { hostname, port } = new URL(url);
  const slow = await Promise.all(
    Array.from({ length: 500 }, async () => {
      const socket = connect(Number(port), hostname);
      socket.on('error', () => undefined);
      socket.resume();
      await once(socket, 'connect');
      socket.write('GET /livez HTTP/1.1\r\nHost: a\r\nX-Slow: ');
      return socket;
    }),
  );
  const dripping = setInterval(() => {
    for (const socket of slow) if (socket.writable) socket.write('x');
  }, 500);
  const cut = Promise.all(slow.map((socket: Socket) => once(socket, 'close')));
  const statuses: number[] = [];
  for (let i = 0; i < 20; i += 1) {
    statuses.push((await call(url, PATH)).status);
    await sleep(50);
  }
  expect(statuses).toEqual(Array.from({ length: 20 }, () => 200));
  await cut;
  clearInterval(dripping);
});

test.each([
  ['//evil.example/x', '/.//evil.example/x'],
  ['http://evil.example//evil.example/x?y', '/.//evil.example/x'],
  ['/\\evil.example/x', '/%5Cevil.example/x'],
  ['/collections/{id}/users', '/collections/%7Bid%7D/users'],
  ['/collections/%zz/users', '/collections/%25zz/users'],
])('A problem of %s is an instance of this host: %s', async (target, instance) => {
  const { url } = await service();
  const raw = await exchange(url, `GET ${target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`);
  expect(JSON.parse(raw.split('\r\n\r\n')[1] ?? '')).toMatchObject({ instance });
});

describe('Whatever is asked', () => {
  const hostileText = fc.oneof(
    fc.string({ maxLength: 300 }),
    fc.string({ unit: 'binary', maxLength: 40 }),
    fc.stringMatching(/^[a-zA-Z0-9_.-]{1,260}$/),
    fc.constantFrom(
      '.',
      '..',
      '../../etc/passwd',
      "' OR 1=1--",
      '${jndi:ldap://x}',
      '%00',
      '{{7*7}}',
      '<script>',
      '\r\nX: y',
    ),
  );
  const encoded = fc.oneof(hostileText.map(encodeSafely), fc.stringMatching(/^[!-"$-~]{0,60}$/));
  const parameter = fc.tuple(
    fc.oneof(fc.constantFrom('maxResults', 'nextToken', 'maxResults[]', '__proto__'), encoded),
    encoded,
  );
  const header = fc.tuple(
    fc.constantFrom(
      'X-Request-Id',
      'If-None-Match',
      'Accept',
      'Origin',
      'X-Forwarded-For',
      'Authorization',
      'Range',
      'Cookie',
      'X-HTTP-Method-Override',
    ),
    fc.stringMatching(/^[ -~]{0,80}$/),
  );

  test('the answer is never a 5xx, and what reaches Rekognition is what it documents', async () => {
    const { url, calls } = await service();
    await fc.assert(
      fc.asyncProperty(
        encoded,
        fc.array(parameter, { maxLength: 3 }),
        fc.uniqueArray(header, { maxLength: 4, selector: ([name]) => name }),
        async (id, parameters, headers) => {
          const query = parameters.map((pair) => pair.join('=')).join('&');
          const lines = headers.map(([name, value]) => `${name}: ${value.trim()}\r\n`).join('');
          const target = `/collections/${id}/users${query === '' ? '' : `?${query}`}`;
          const raw = await exchange(
            url,
            `GET ${target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n${lines}\r\n`,
          );
          const statuses = statusesOf(raw);
          expect(statuses).toHaveLength(1);
          expect(statuses[0]).toBeLessThan(500);
        },
      ),
      { numRuns: 300 },
    );
    expect(calls.length).toBeGreaterThan(0);
    for (const { input } of calls) {
      expect(input['CollectionId']).toMatch(/^[a-zA-Z0-9_.-]{1,255}$/);
      expect(input['MaxResults']).toBeGreaterThanOrEqual(1);
      expect(input['MaxResults']).toBeLessThanOrEqual(500);
      expect(Object.keys(input).toSorted()).toEqual(['CollectionId', 'MaxResults']);
    }
  });
});

function encodeSafely(text: string): string {
  try {
    return encodeURIComponent(text);
  } catch {
    return '%EF%BF%BD';
  }
}
