import { once } from 'node:events';
import { connect } from 'node:net';
import { networkInterfaces } from 'node:os';
import {
  ListCollectionsCommand,
  ListUsersCommand,
  type RekognitionClient,
} from '@aws-sdk/client-rekognition';
import { describe, expect, test } from '@jest/globals';
import { startEmbeddedRekognition } from '../../src/embedded/start.ts';
import { failureOf, startWithClient } from './client.ts';
import { signedFetch } from './signed.ts';

const listUsers = 'RekognitionService.ListUsers';
const team = '{"CollectionId":"example-team"}';

/** The names of what so many calls in a row fail with; '' for those that do not. */
async function outcomes(client: RekognitionClient, count: number, CollectionId = 'example-team') {
  const names: string[] = [];
  for (let call = 0; call < count; call++) {
    const answer = client.send(new ListUsersCommand({ CollectionId }));
    names.push(
      await answer.then(
        () => '',
        (error: unknown) => (error as Error).name,
      ),
    );
  }
  return names;
}

describe('A start without options', () => {
  test('listens on a free loopback port with AWS’s example keys, and names its examples', async () => {
    const rekognition = await startEmbeddedRekognition();
    expect(rekognition).toMatchObject({
      url: `http://127.0.0.1:${rekognition.port}`,
      region: 'us-east-1',
      accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
      secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
    });
    expect(rekognition.exampleCollections.map(({ id }) => id)).toEqual([
      'example-team',
      'example-empty',
      'example-hundred',
      'example-campus',
      'throws-InternalServerError-on-page-2',
    ]);
    await rekognition.stop();
  });

  test('grants 5 calls at once and refuses the sixth with AWS’s words', async () => {
    const clock = { now: () => at };
    const at = Date.now();
    const { rekognition, client } = await startWithClient({ tps: 5, clock });
    expect(await outcomes(client, 5)).toEqual(['', '', '', '', '']);
    const failure = await failureOf(client.send(new ListUsersCommand({ CollectionId: 'example-team' })));
    expect(failure).toMatchObject({
      name: 'ProvisionedThroughputExceededException',
      message: 'Provisioned Rate exceeded.',
      $metadata: { httpStatusCode: 400 },
    });
    await rekognition.stop();
  });

  test('two of them share nothing', async () => {
    const [one, other] = [await startWithClient({ examples: false }), await startWithClient()];
    const collections = await one.client.send(new ListCollectionsCommand({}));
    expect(collections.CollectionIds).toEqual([]);
    expect(one.rekognition.exampleCollections).toEqual([]);
    await Promise.all([one.rekognition.stop(), other.rekognition.stop()]);
  });

  test('on a port that is taken is rejected with EADDRINUSE', async () => {
    const first = await startEmbeddedRekognition();
    await expect(startEmbeddedRekognition({ port: first.port })).rejects.toMatchObject({
      code: 'EADDRINUSE',
    });
    await first.stop();
  });

  const loopbacks = Object.values(networkInterfaces()).flatMap((addresses = []) =>
    addresses.filter(({ internal }) => internal).map(({ address }) => address),
  );
  test.each(loopbacks)('on %s can be reached at its URL', async (host) => {
    const rekognition = await startEmbeddedRekognition({ host });
    expect((await signedFetch(rekognition, listUsers, team)).status).toBe(200);
    await rekognition.stop();
  });
});

describe('The quota', () => {
  test('is spent by what fails: failures on purpose, missing collections and invalid requests', async () => {
    const at = Date.now();
    const { rekognition, client } = await startWithClient({ tps: 3, clock: { now: () => at } });
    expect(await outcomes(client, 1, 'throws-AccessDeniedException')).toEqual(['AccessDeniedException']);
    expect(await outcomes(client, 1, 'nope')).toEqual(['ResourceNotFoundException']);
    expect(await outcomes(client, 1, 'no spaces')).toEqual(['ValidationException']);
    expect(await outcomes(client, 1)).toEqual(['ProvisionedThroughputExceededException']);
    await rekognition.stop();
  });

  test('is not spent by calls that are not signed, and not by other operations', async () => {
    const at = Date.now();
    const { rekognition, client, clientWith } = await startWithClient({ tps: 1, clock: { now: () => at } });
    expect(await outcomes(clientWith({ secretAccessKey: 'wrong' }), 2)).toEqual([
      'InvalidSignatureException',
      'InvalidSignatureException',
    ]);
    await client.send(new ListCollectionsCommand({}));
    expect(await outcomes(client, 2)).toEqual(['', 'ProvisionedThroughputExceededException']);
    await rekognition.stop();
  });

  test('comes back with time', async () => {
    let at = Date.now();
    const { rekognition, client } = await startWithClient({ tps: 1, clock: { now: () => at } });
    await outcomes(client, 2);
    at += 1_000;
    expect(await outcomes(client, 2)).toEqual(['', 'ProvisionedThroughputExceededException']);
    await rekognition.stop();
  });
});

describe('An internal error', () => {
  test('is InternalServerError at 500, is passed to onBug, and the next call is served', async () => {
    let broken = false;
    const bugs: unknown[] = [];
    const rekognition = await startEmbeddedRekognition({
      clock: {
        now: () => {
          if (broken) throw new Error('the clock broke');
          return Date.now();
        },
      },
      onBug: (error) => bugs.push(error),
    });
    broken = true;
    const response = await signedFetch(rekognition, listUsers, team);
    expect(response.status).toBe(500);
    expect(await response.json()).toMatchObject({
      __type: 'InternalServerError',
      Message: 'Internal server error',
    });
    expect(bugs).toEqual([new Error('the clock broke')]);
    broken = false;
    expect((await signedFetch(rekognition, listUsers, team)).status).toBe(200);
    await rekognition.stop();
  });

  test('without onBug is answered all the same', async () => {
    const times = [Date.now()];
    const now = () => times.pop() ?? NaN;
    const rekognition = await startEmbeddedRekognition({ clock: { now } });
    expect((await signedFetch(rekognition, listUsers, team)).status).toBe(500);
    await rekognition.stop();
  });
});

describe('A stop', () => {
  test('closes idle connections, ends, may be asked for twice, and leaves nobody listening', async () => {
    const { rekognition, client, clientWith } = await startWithClient();
    await outcomes(client, 1);
    const stopped = rekognition.stop();
    expect(rekognition.stop()).toBe(stopped);
    await stopped;
    await rekognition.stop();
    const failure = await failureOf(clientWith().send(new ListCollectionsCommand({})));
    expect(failure.message).toContain('ECONNREFUSED');
  });

  test('cuts a call that is never answered', async () => {
    const { rekognition, client } = await startWithClient();
    const call = client.send(new ListUsersCommand({ CollectionId: 'throws-Timeout' }));
    const failure = failureOf(call);
    await new Promise((resolve) => setTimeout(resolve, 50));
    await rekognition.stop();
    expect((await failure).message).toContain('socket hang up');
  });

  test('cuts a client that is slow to send', async () => {
    const rekognition = await startEmbeddedRekognition();
    const socket = connect(rekognition.port, '127.0.0.1');
    socket.on('error', () => undefined);
    socket.write('POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{');
    await once(socket, 'connect');
    const closed = once(socket, 'close');
    await rekognition.stop();
    await closed;
    expect(socket.destroyed).toBe(true);
  });
});
