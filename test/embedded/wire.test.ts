import { connect } from 'node:net';
import { ListUsersCommand } from '@aws-sdk/client-rekognition';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { EmbeddedRekognition } from '../../src/embedded/start.ts';
import { failureOf, startWithClient } from './client.ts';
import { signedFetch } from './signed.ts';

const uuid = expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
const listUsers = 'RekognitionService.ListUsers';
const mebibyte = 1024 * 1024;

let started: Awaited<ReturnType<typeof startWithClient>>;
let rekognition: EmbeddedRekognition;

beforeAll(async () => {
  started = await startWithClient({ collections: [{ id: 'one', users: [{ id: 'ann' }] }] });
  rekognition = started.rekognition;
});
afterAll(() => rekognition.stop());

describe('On the wire', () => {
  test('ListUsers answers AWS JSON 1.1 with a request id and nothing beyond the documented members', async () => {
    const response = await signedFetch(rekognition, listUsers, '{"CollectionId":"one"}');
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('application/x-amz-json-1.1');
    expect(response.headers.get('x-amzn-requestid')).toEqual(uuid);
    expect(await response.text()).toBe('{"Users":[{"UserId":"ann","UserStatus":"CREATED"}]}');
  });

  test('an exception of Rekognition has its name twice, a Logref and a Message', async () => {
    const response = await signedFetch(rekognition, listUsers, '{"CollectionId":"nope"}');
    expect(response.status).toBe(400);
    expect(response.headers.get('content-type')).toBe('application/x-amz-json-1.1');
    expect(response.headers.get('x-amzn-requestid')).toEqual(uuid);
    expect(await response.json()).toEqual({
      __type: 'ResourceNotFoundException',
      Code: 'ResourceNotFoundException',
      Logref: uuid,
      Message: 'The collection id: nope does not exist',
    });
  });

  test('an exception of the front door has its name and a message in lower case', async () => {
    const response = await fetch(rekognition.url, {
      method: 'POST',
      headers: { 'x-amz-target': listUsers },
      body: '{}',
    });
    expect(response.status).toBe(400);
    expect(await response.json()).toEqual({
      __type: 'MissingAuthenticationTokenException',
      message: 'Missing Authentication Token',
    });
  });

  test.each(['CreateUser', 'DeleteUser'])('%s answers 200 with an empty body', async (name) => {
    const body = '{"CollectionId":"one","UserId":"new"}';
    const response = await signedFetch(rekognition, `RekognitionService.${name}`, body);
    expect([response.status, await response.text()]).toEqual([200, '']);
  });

  test('DescribeCollection answers its time in seconds, as JSON 1.1 does', async () => {
    const target = 'RekognitionService.DescribeCollection';
    const response = await signedFetch(rekognition, target, '{"CollectionId":"one"}');
    const { CreationTimestamp } = (await response.json()) as { CreationTimestamp: number };
    expect(Math.abs(CreationTimestamp - Date.now() / 1000)).toBeLessThan(60);
  });

  test.each([
    ['that does not exist', 'RekognitionService.ListFaces'],
    ['in lower case', 'RekognitionService.listusers'],
    ['named like a part of every object', 'RekognitionService.constructor'],
    ['with no name', ''],
  ])('an operation %s is UnknownOperationException at 400', async (_, target) => {
    const response = await signedFetch(rekognition, target, '{}');
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ __type: 'UnknownOperationException' });
  });

  test.each([
    ['GET', '/'],
    ['PUT', '/'],
    ['POST', '/users'],
    ['POST', '/?Action=ListUsers'],
  ])('%s %s is UnknownOperationException at 404', async (method, path) => {
    const response = await fetch(`${rekognition.url}${path}`, {
      method,
      headers: { 'x-amz-target': listUsers },
    });
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({ __type: 'UnknownOperationException' });
  });

  test('a POST without a target is UnknownOperationException at 400', async () => {
    const response = await fetch(rekognition.url, { method: 'POST', body: '{}' });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ __type: 'UnknownOperationException' });
  });

  test.each(['', '{', 'null', '[]', '"text"', '{"CollectionId":1}', '\u0000'])(
    'the body %j is SerializationException at 400',
    async (body) => {
      const response = await signedFetch(rekognition, listUsers, body);
      expect(response.status).toBe(400);
      expect(await response.json()).toMatchObject({ __type: 'SerializationException' });
    },
  );

  test('a list nested 200,000 deep is SerializationException, not an internal error', async () => {
    const faces = '['.repeat(200_000) + ']'.repeat(200_000);
    const body = `{"CollectionId":"one","UserId":"ann","FaceIds":[${faces}]}`;
    const response = await signedFetch(rekognition, 'RekognitionService.AssociateFaces', body);
    expect(await response.json()).toMatchObject({ __type: 'SerializationException' });
  });

  test('a body of 1 MiB is read, and one byte more is RequestEntityTooLargeException at 413', async () => {
    const padded = '{"CollectionId":"one"}'.padEnd(mebibyte);
    expect((await signedFetch(rekognition, listUsers, padded)).status).toBe(200);
    const response = await signedFetch(rekognition, listUsers, `${padded} `);
    expect(response.status).toBe(413);
    expect(response.headers.get('connection')).toBe('close');
    expect(await response.json()).toMatchObject({ __type: 'RequestEntityTooLargeException' });
  });

  test('one connection carries one request after another', async () => {
    const request = `POST / HTTP/1.1\r\nhost: x\r\nx-amz-target: Nope\r\ncontent-length: 2\r\n\r\n{}`;
    const answers = await exchange(rekognition.port, request + request, 2);
    expect(answers).toBe(2);
  });

  test('a client that leaves in the middle of its request does no harm', async () => {
    const socket = connect(rekognition.port, '127.0.0.1');
    socket.write('POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{');
    await new Promise((resolve) => setTimeout(resolve, 50));
    socket.destroy();
    const response = await signedFetch(rekognition, listUsers, '{"CollectionId":"one"}');
    expect(response.status).toBe(200);
  });
});

describe('The SDK client', () => {
  test.each(['us-east-1', 'eu-west-3', 'ap-southeast-2'])('may sign for %s', async (region) => {
    const page = await started.clientWith({ region }).send(new ListUsersCommand({ CollectionId: 'one' }));
    expect(page.Users).toHaveLength(1);
  });

  test.each([
    ['an unknown access key', { accessKeyId: 'AKIAUNKNOWN' }, 'UnrecognizedClientException'],
    ['the wrong secret key', { secretAccessKey: 'wrong' }, 'InvalidSignatureException'],
  ])('with %s is refused', async (_, keys, name) => {
    const call = started.clientWith(keys).send(new ListUsersCommand({ CollectionId: 'one' }));
    expect(await failureOf(call)).toMatchObject({ name, $metadata: { httpStatusCode: 400 } });
  });
});

/** Sends bytes and counts the answers that come back, until there are as many as expected. */
function exchange(port: number, bytes: string, expected: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    let text = '';
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      const answers = text.split('HTTP/1.1 400').length - 1;
      if (answers < expected) return;
      socket.destroy();
      resolve(answers);
    });
    socket.on('error', reject);
    socket.write(bytes);
  });
}
