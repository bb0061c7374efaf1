import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { startEmbeddedRekognition, type EmbeddedRekognition } from '../../src/embedded/start.ts';
import { signedFetch, signedHeaders } from './signed.ts';

const listUsers = 'RekognitionService.ListUsers';
const team = '{"CollectionId":"example-team"}';
const head = `POST / HTTP/1.1\r\nhost: x\r\nx-amz-target: ${listUsers}\r\n`;

let rekognition: EmbeddedRekognition;
const bugs: unknown[] = [];

beforeAll(async () => {
  rekognition = await startEmbeddedRekognition({ tps: 0, onBug: (error) => bugs.push(error) });
});
afterAll(() => rekognition.stop());

async function open(): Promise<Socket> {
  const socket = connect(rekognition.port, '127.0.0.1');
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return socket;
}

/** Everything that comes back until the connection ends. */
async function exchange(packet: string): Promise<string> {
  const socket = await open();
  let text = '';
  socket.on('data', (chunk: Buffer) => (text += chunk.toString()));
  socket.write(packet, 'latin1');
  // Not `once`, which rejects where a reset comes first.
  await new Promise((resolve) => socket.on('close', resolve));
  return text;
}

function signedCall(CollectionId: string): string {
  const body = JSON.stringify({ CollectionId });
  const headers = Object.entries(signedHeaders(listUsers, body)).map((pair) => `${pair.join(': ')}\r\n`);
  return `POST / HTTP/1.1\r\nhost: localhost\r\n${headers.join('')}content-length: ${body.length}\r\n\r\n${body}`;
}

const packets = {
  'a CONNECT': 'CONNECT a:1 HTTP/1.1\r\nhost: a\r\n\r\n',
  'a CONNECT behind a request': `${head}content-length: 2\r\n\r\n{}CONNECT a:1 HTTP/1.1\r\nhost: a\r\n\r\n`,
  'an upgrade': `${head}connection: upgrade\r\nupgrade: h2c\r\ncontent-length: 2\r\n\r\n{}`,
  'an Expect': `${head}expect: 100-continue\r\ncontent-length: 2\r\n\r\n{}`,
  'an Expect that nobody knows': `${head}expect: 200-ok\r\ncontent-length: 2\r\n\r\n{}`,
  'no HTTP': '\x16\x03\x01\x00\r\n\r\n',
  'garbage behind a request': `${head}content-length: 2\r\n\r\n{}garbage`,
  'a chunk without a length': `${head}transfer-encoding: chunked\r\n\r\nzz\r\n`,
  'a body too large': `${head}content-length: 2000000\r\n\r\n${'x'.repeat(1_500_000)}`,
  'headers too large': `${head}x: ${'x'.repeat(20_000)}\r\n\r\n`,
  'headers twice': `${head}${head.slice(17)}authorization: a\r\nauthorization: b\r\ncontent-length: 2\r\n\r\n{}`,
  'a target that every object has': 'POST / HTTP/1.1\r\nhost: x\r\nx-amz-target: __proto__\r\n\r\n',
  'signed headers that every object has':
    `${head}__proto__: x\r\nconstructor: x\r\nx-amz-date: 20260101T000000Z\r\nauthorization: AWS4-HMAC-SHA256 Credential=` +
    'AKIAIOSFODNN7EXAMPLE/20260101/__proto__/rekognition/aws4_request, SignedHeaders=__proto__;constructor;host, ' +
    'Signature=x\r\n\r\n',
  'many requests at once': `${head}content-length: 2\r\n\r\n{}`.repeat(100),
  'a call that is never answered': signedCall('throws-Timeout'),
  'a call that is reset': signedCall('throws-Reset'),
  'an answer cut in half': signedCall('throws-Truncated'),
};

describe('A client that sends a part of it and leaves, with a FIN or a RST', () => {
  test.each(Object.entries(packets))('does no harm: %s', async (_what, packet) => {
    for (const length of [1, packet.length >> 1, packet.length - 1, packet.length]) {
      for (const [leave, afterMs] of [
        ['destroy', 0],
        ['resetAndDestroy', 0],
        ['resetAndDestroy', 5],
      ] as const) {
        const socket = await open();
        socket.write(packet.slice(0, length), 'latin1');
        if (afterMs > 0) await sleep(afterMs);
        socket[leave]();
      }
    }
    const response = await signedFetch(rekognition, listUsers, team);
    expect([response.status, bugs]).toEqual([200, []]);
  });
});

describe('What cannot be read', () => {
  test('ends the connection, and is not answered in the place of an earlier call', async () => {
    expect(await exchange(`${signedCall('throws-Timeout')}garbage\r\n\r\n`)).toBe('');
  });

  test('comes after the answers that are out already', async () => {
    const socket = await open();
    socket.write(signedCall('example-team'));
    const [answer] = (await once(socket, 'data')) as [Buffer];
    expect(answer.toString()).toMatch(/^HTTP\/1\.1 200 OK/);
    socket.write('garbage\r\n\r\n');
    await new Promise((resolve) => socket.on('close', resolve));
    expect((await signedFetch(rekognition, listUsers, team)).status).toBe(200);
  });
});

test('A call that is reset cuts the connection also behind one that is never answered', async () => {
  expect(await exchange(signedCall('throws-Timeout') + signedCall('throws-Reset'))).toBe('');
});

test.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty'])(
  'A collection that throws %s answers with an exception of that name',
  async (name) => {
    const response = await signedFetch(rekognition, listUsers, `{"CollectionId":"throws-${name}"}`);
    expect([response.status, await response.json()]).toEqual([400, { __type: name, message: name }]);
  },
);
