import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';

import { DescribeCollectionCommand, ListUsersCommand } from '@aws-sdk/client-rekognition';
import { afterEach, expect, test } from '@jest/globals';

import { createClient, type Client } from '../../src/rekognition/client.ts';
import { listen } from '../support/listen.ts';

const JSON_TYPE = 'application/x-amz-json-1.1';
const open: (() => Promise<void>)[] = [];

afterEach(() => Promise.all(open.splice(0).map((close) => close())));

async function clientOf(handler: RequestListener): Promise<{ rekognition: Client; server: Server }> {
  const server = createServer(handler);
  const { url, stop } = await listen(server);
  const rekognition = createClient({
    attemptTimeoutMs: 50,
    credentialsTimeoutMs: 1000,
    endpoint: { url, region: 'eu-west-1' },
    keys: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret' },
    now: Date.now,
    wallClock: Date.now,
  });
  open.push(() => {
    rekognition.destroy();
    return stop();
  });
  return { rekognition, server };
}

const answering =
  (status: number, type: string, body: string | Buffer): RequestListener =>
  (_req, res) => {
    res.writeHead(status, { 'Content-Type': type, 'x-amzn-RequestId': 'abc' }).end(body);
  };

const list = (rekognition: Client) => rekognition.send(new ListUsersCommand({ CollectionId: 'team' }));

test('an answer is handed on as the JSON that it was, with the id of its request', async () => {
  const document = { Users: [{ UserId: 7 }], NextToken: null, New: {} };
  const { rekognition } = await clientOf(answering(200, JSON_TYPE, JSON.stringify(document)));
  await expect(list(rekognition)).resolves.toEqual({ body: document, requestId: 'abc' });
});

test.each([
  ['a page of HTML', 200, 'text/html', '<html>', 'not application/x-amz-json-1.1'],
  ['other JSON', 200, 'application/json', '{}', 'not application/x-amz-json-1.1'],
  ['an empty body', 200, JSON_TYPE, '', 'not JSON'],
  ['cut JSON', 200, JSON_TYPE, '{"Users":[{"UserId":"secret', 'not JSON'],
  ['an array', 200, JSON_TYPE, '[]', 'not a JSON object'],
  ['null', 200, JSON_TYPE, 'null', 'not a JSON object'],
  ['a number', 200, JSON_TYPE, '7', 'not a JSON object'],
  ['an error document', 200, JSON_TYPE, '{"__type":"X"}', 'an error document at status 200'],
  ['an exception as Code', 200, JSON_TYPE, '{"Code":"X"}', 'an error document at status 200'],
  ['an exception as code', 200, JSON_TYPE, '{"code":"X"}', 'an error document at status 200'],
  ['Latin-1', 200, JSON_TYPE, Buffer.from('{"Users":[{"UserId":"é"}]}', 'latin1'), 'not JSON'],
  ['another success', 206, JSON_TYPE, '{}', 'status 206'],
])('%s at status %i is damaged', async (_, status, type, body, reason) => {
  const { rekognition } = await clientOf(answering(status, type, body));
  const error = await list(rekognition).catch((thrown: unknown) => thrown as Error);
  expect(error).toMatchObject({ name: 'MalformedResponse' });
  expect((error as Error).message.split('\n')[0]).toBe(reason);
  expect((error as Error).message).not.toContain('secret');
});

test('an exception that a header names at status 200 is damaged', async () => {
  const headers = { 'Content-Type': JSON_TYPE, 'x-amzn-errortype': 'ThrottlingException' };
  const { rekognition } = await clientOf((_req, res) => res.writeHead(200, headers).end('{}'));
  await expect(list(rekognition)).rejects.toMatchObject({
    name: 'MalformedResponse',
    message: expect.stringContaining('an error document at status 200'),
  });
});

test('any operation is called the same way', async () => {
  const { rekognition } = await clientOf((req, res) => {
    const body = JSON.stringify({ target: req.headers['x-amz-target'], CreationTimestamp: 1.5 });
    res.writeHead(200, { 'Content-Type': JSON_TYPE }).end(body);
  });
  const command = new DescribeCollectionCommand({ CollectionId: 'team' });
  const { body } = await rekognition.send(command);
  expect(body).toEqual({ target: 'RekognitionService.DescribeCollection', CreationTimestamp: 1.5 });
});

test.each([
  ['Content-Type', 200, { 'Content-Type': [JSON_TYPE, JSON_TYPE] }],
  ['Content-Type, joined by a proxy', 200, { 'Content-Type': `${JSON_TYPE}, ${JSON_TYPE}` }],
  ['x-amzn-requestid', 200, { 'Content-Type': JSON_TYPE, 'x-amzn-requestid': ['a', 'b'] }],
])('an answer with two of %s is read', async (_, status, headers) => {
  const { rekognition } = await clientOf((_req, res) => res.writeHead(status, headers).end('{"Users":[]}'));
  await expect(list(rekognition)).resolves.toMatchObject({ body: { Users: [] } });
});

test.each(['constructor', 'toString', '__proto__', 'hasownproperty', 'valueof'])(
  'an answer with a header of the name %s is read',
  async (name) => {
    const headers = { 'Content-Type': JSON_TYPE, [name]: 'x' };
    const { rekognition } = await clientOf((_req, res) => res.writeHead(200, headers).end('{"Users":[]}'));
    await expect(list(rekognition)).resolves.toMatchObject({ body: { Users: [] } });
  },
);

test('an exception that is named twice in headers is the exception', async () => {
  const { rekognition } = await clientOf((_req, res) => {
    const name = 'ResourceNotFoundException';
    res.writeHead(400, { 'Content-Type': JSON_TYPE, 'x-amzn-errortype': [name, name] }).end('{}');
  });
  await expect(list(rekognition)).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
});

test('a content type may have parameters and capitals', async () => {
  const { rekognition } = await clientOf(answering(200, 'Application/X-Amz-Json-1.1 ; charset=utf-8', '{}'));
  await expect(list(rekognition)).resolves.toMatchObject({});
});

test('an exception has its own name, and is tried once', async () => {
  let calls = 0;
  const { rekognition, server } = await clientOf(
    answering(500, JSON_TYPE, '{"__type":"InternalServerError","Message":"x"}'),
  );
  server.on('request', () => (calls += 1));
  await expect(list(rekognition)).rejects.toMatchObject({
    name: 'InternalServerError',
    $metadata: { httpStatusCode: 500, requestId: 'abc' },
  });
  expect(calls).toBe(1);
});

test.each([
  ['before an answer', (): RequestListener => (req) => req.socket.destroy()],
  [
    'in the middle of an answer',
    (): RequestListener => (_req, res) => {
      res.writeHead(200, { 'Content-Type': JSON_TYPE, 'Content-Length': '100' }).write('{');
      setTimeout(() => res.destroy(), 20);
    },
  ],
])('a connection that breaks %s is a failure of the transport', async (_, handler) => {
  const { rekognition } = await clientOf(handler());
  await expect(list(rekognition)).rejects.toMatchObject({ name: 'TransportError' });
});

test('a call that is never answered ends by itself, and its connection with it', async () => {
  const { rekognition, server } = await clientOf(() => undefined);
  const arrived = once(server, 'request');
  const call = list(rekognition);
  const [request] = (await arrived) as Parameters<RequestListener>;
  const closed = once(request.socket, 'close');
  await expect(call).rejects.toMatchObject({ name: 'TransportError' });
  await closed;
  expect(request.socket.destroyed).toBe(true);
});
