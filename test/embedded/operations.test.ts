import {
  CreateCollectionCommand,
  CreateUserCommand,
  DeleteCollectionCommand,
  DeleteUserCommand,
  DescribeCollectionCommand,
  ListCollectionsCommand,
  ListUsersCommand,
  type RekognitionClient,
} from '@aws-sdk/client-rekognition';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { EmbeddedRekognition } from '../../src/embedded/start.ts';
import { failureOf, startWithClient } from './client.ts';

const now = Date.now();
const arn = (id: string) => `aws:rekognition:us-east-1:123456789012:collection/${id}`;

let rekognition: EmbeddedRekognition;
let client: RekognitionClient;

beforeAll(async () => {
  ({ rekognition, client } = await startWithClient({
    clock: { now: () => now },
    examples: false,
    collections: [
      { id: 'first', users: [] },
      { id: 'second', users: [{ id: 'someone' }, { id: 'someone', status: 'ACTIVE' }] },
      { id: 'first', users: [{ id: 'replaced' }] },
    ],
  }));
});
afterAll(() => rekognition.stop());

const createUser = (CollectionId: string, UserId: string, ClientRequestToken?: string) =>
  client.send(new CreateUserCommand({ CollectionId, UserId, ClientRequestToken }));
const deleteUser = (CollectionId: string, UserId: string, ClientRequestToken?: string) =>
  client.send(new DeleteUserCommand({ CollectionId, UserId, ClientRequestToken }));
const usersOf = async (CollectionId: string) =>
  (await client.send(new ListUsersCommand({ CollectionId }))).Users;

describe('A start with collections of its own', () => {
  test('takes the later of two with one name, and of two users with one id', async () => {
    expect(await usersOf('first')).toEqual([{ UserId: 'replaced', UserStatus: 'CREATED' }]);
    expect(await usersOf('second')).toEqual([{ UserId: 'someone', UserStatus: 'ACTIVE' }]);
  });
});

describe('CreateCollection', () => {
  test('of a new id answers its ARN, and the collection is there and empty', async () => {
    const created = await client.send(
      new CreateCollectionCommand({ CollectionId: 'new', Tags: { 'cost centre': '' } }),
    );
    expect(created).toMatchObject({
      StatusCode: 200,
      CollectionArn: arn('new'),
      FaceModelVersion: expect.any(String),
    });
    expect(await usersOf('new')).toEqual([]);
  });

  test('of an existing id is ResourceAlreadyExistsException', async () => {
    const failure = await failureOf(client.send(new CreateCollectionCommand({ CollectionId: 'second' })));
    expect(failure).toMatchObject({
      name: 'ResourceAlreadyExistsException',
      message: 'The collection id: second already exists',
      $metadata: { httpStatusCode: 400 },
    });
  });

  test.each([{ 'aws:tag': 'x' }, { '': 'x' }, { tag: '<' }, { tag: 'x'.repeat(257) }])(
    'with the tags %j is ValidationException',
    async (Tags) => {
      const failure = await failureOf(
        client.send(new CreateCollectionCommand({ CollectionId: 'tagged', Tags: Tags })),
      );
      expect(failure.name).toBe('ValidationException');
    },
  );
});

describe('DescribeCollection', () => {
  test('answers when it was created and how many users it has', async () => {
    await client.send(new CreateCollectionCommand({ CollectionId: 'described' }));
    await createUser('described', 'one');
    const described = await client.send(new DescribeCollectionCommand({ CollectionId: 'described' }));
    expect(described).toMatchObject({
      CollectionARN: `arn:${arn('described')}`,
      CreationTimestamp: new Date(now),
      FaceCount: 0,
      UserCount: 1,
    });
  });

  test('of a missing collection is ResourceNotFoundException', async () => {
    const failure = await failureOf(client.send(new DescribeCollectionCommand({ CollectionId: 'nope' })));
    expect(failure.message).toBe('The collection id: nope does not exist');
  });
});

describe('DeleteCollection', () => {
  test('takes the collection and its users away', async () => {
    await client.send(new CreateCollectionCommand({ CollectionId: 'doomed' }));
    await createUser('doomed', 'one');
    const deleted = await client.send(new DeleteCollectionCommand({ CollectionId: 'doomed' }));
    expect(deleted.StatusCode).toBe(200);
    expect((await failureOf(usersOf('doomed'))).name).toBe('ResourceNotFoundException');
    await client.send(new CreateCollectionCommand({ CollectionId: 'doomed' }));
    expect(await usersOf('doomed')).toEqual([]);
  });

  test('of a missing collection is ResourceNotFoundException', async () => {
    const failure = await failureOf(client.send(new DeleteCollectionCommand({ CollectionId: 'nope' })));
    expect(failure.name).toBe('ResourceNotFoundException');
  });
});

describe('ListCollections', () => {
  const list = (input: { MaxResults?: number; NextToken?: string | undefined }) =>
    client.send(new ListCollectionsCommand(input));

  async function paginate(of: RekognitionClient, MaxResults: number): Promise<string[]> {
    const ids: string[] = [];
    let NextToken: string | undefined;
    do {
      const page = await of.send(new ListCollectionsCommand({ MaxResults, NextToken }));
      expect(page.FaceModelVersions).toHaveLength(page.CollectionIds?.length ?? -1);
      expect(page.FaceModelVersions?.length).toBeLessThanOrEqual(MaxResults);
      ids.push(...(page.CollectionIds ?? []));
      NextToken = page.NextToken;
    } while (NextToken);
    return ids;
  }

  test('pages through every collection in the order of creation, one a page', async () => {
    const all = await list({});
    const seen = await paginate(client, 1);
    expect(seen).toEqual(all.CollectionIds);
    expect(new Set(seen).size).toBe(seen.length);
    expect(seen.slice(0, 2)).toEqual(['first', 'second']);
  });

  test('with MaxResults 0 answers all of them', async () => {
    expect((await list({ MaxResults: 0 })).CollectionIds).toContain('second');
  });

  test('has the example collections, and none of those that fail on purpose, whatever the size of a page', async () => {
    const started = await startWithClient();
    const whole = await paginate(started.client, 4096);
    const seen = await paginate(started.client, 2);
    expect(whole).toEqual(['example-team', 'example-empty', 'example-hundred', 'example-campus']);
    expect(seen).toEqual(whole);
    await started.rekognition.stop();
  });

  test.each([-1, 4097])('with MaxResults %i is ValidationException', async (MaxResults) => {
    const failure = await failureOf(list({ MaxResults }));
    expect(failure.message).toMatch(/^1 validation error detected: Value '-?\d+' at 'maxResults' /);
  });

  test('with a token of ListUsers is InvalidPaginationTokenException', async () => {
    await createUser('second', 'another');
    const { NextToken } = await client.send(new ListUsersCommand({ CollectionId: 'second', MaxResults: 1 }));
    expect((await failureOf(list({ NextToken }))).name).toBe('InvalidPaginationTokenException');
  });
});

describe('CreateUser', () => {
  test('adds a user who is CREATED', async () => {
    await createUser('first', 'tenant:7');
    expect(await usersOf('first')).toContainEqual({ UserId: 'tenant:7', UserStatus: 'CREATED' });
  });

  test('of an id that is there is ConflictException at 400', async () => {
    await createUser('first', 'twice');
    const failure = await failureOf(createUser('first', 'twice'));
    expect(failure).toMatchObject({ name: 'ConflictException', $metadata: { httpStatusCode: 400 } });
  });

  test('in a missing collection is ResourceNotFoundException', async () => {
    expect((await failureOf(createUser('nope', 'one'))).name).toBe('ResourceNotFoundException');
  });

  test.each(['', 'a b', 'a/b', 'x'.repeat(129)])('of the id %j is ValidationException', async (id) => {
    const failure = await failureOf(createUser('first', id));
    expect(failure.name).toBe('ValidationException');
    expect(failure.message).toContain("at 'userId'");
  });

  test('repeated with its token and parameters answers again and does nothing', async () => {
    await createUser('first', 'once', 'token-1');
    await deleteUser('first', 'once');
    await createUser('first', 'once', 'token-1');
    expect(await usersOf('first')).not.toContainEqual(expect.objectContaining({ UserId: 'once' }));
  });

  test.each([
    ['user', 'first', 'base-1', 'another'],
    ['collection', 'second', 'base-2', 'base-2'],
  ])(
    'repeated with its token and another %s is IdempotentParameterMismatchException',
    async (_, c, base, u) => {
      const token = `token-of-${base}`;
      await createUser('first', base, token);
      const failure = await failureOf(createUser(c, u, token));
      expect(failure).toMatchObject({
        name: 'IdempotentParameterMismatchException',
        $metadata: { httpStatusCode: 400 },
      });
    },
  );

  test('that failed may be repeated with its token', async () => {
    await failureOf(createUser('later', 'one', 'token-3'));
    await client.send(new CreateCollectionCommand({ CollectionId: 'later' }));
    await createUser('later', 'one', 'token-3');
    expect(await usersOf('later')).toHaveLength(1);
  });

  test('shares no tokens with DeleteUser', async () => {
    await createUser('first', 'shared', 'token-4');
    await deleteUser('first', 'shared', 'token-4');
    expect(await usersOf('first')).not.toContainEqual(expect.objectContaining({ UserId: 'shared' }));
  });
});

describe('DeleteUser', () => {
  test('of a missing user is ResourceNotFoundException', async () => {
    const failure = await failureOf(deleteUser('first', 'nobody'));
    expect(failure).toMatchObject({
      name: 'ResourceNotFoundException',
      message: 'The user id: nobody does not exist',
    });
  });
});
