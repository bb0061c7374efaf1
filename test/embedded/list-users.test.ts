import {
  CreateUserCommand,
  DeleteUserCommand,
  ListUsersCommand,
  type RekognitionClient,
} from '@aws-sdk/client-rekognition';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { EmbeddedRekognition } from '../../src/embedded/start.ts';
import { failureOf, startWithClient } from './client.ts';

let rekognition: EmbeddedRekognition;
let client: RekognitionClient;

beforeAll(async () => {
  ({ rekognition, client } = await startWithClient());
});
afterAll(() => rekognition.stop());

async function listAll(CollectionId: string, MaxResults: number, between = async () => Promise.resolve()) {
  const ids: string[] = [];
  let NextToken: string | undefined;
  do {
    const page = await client.send(new ListUsersCommand({ CollectionId, MaxResults, NextToken }));
    ids.push(...(page.Users ?? []).map((user) => user.UserId ?? ''));
    NextToken = page.NextToken;
    await between();
  } while (NextToken);
  return ids;
}

describe('ListUsers', () => {
  test('of example-team answers its eight users, in every status and not by name', async () => {
    const { Users = [], NextToken } = await client.send(
      new ListUsersCommand({ CollectionId: 'example-team' }),
    );
    expect(NextToken).toBeUndefined();
    expect(Users).toHaveLength(8);
    expect(new Set(Users.map((user) => user.UserStatus))).toEqual(
      new Set(['ACTIVE', 'UPDATING', 'CREATING', 'CREATED']),
    );
    const ids = Users.map((user) => user.UserId);
    expect(ids).not.toEqual([...ids].sort());
  });

  test('of an empty collection answers an empty list', async () => {
    const page = await client.send(new ListUsersCommand({ CollectionId: 'example-empty' }));
    expect(page).toMatchObject({ Users: [] });
    expect(page.NextToken).toBeUndefined();
  });

  test('without MaxResults answers 100 users, and no token where that was all', async () => {
    const page = await client.send(new ListUsersCommand({ CollectionId: 'example-hundred' }));
    expect(page.Users).toHaveLength(100);
    expect(page.NextToken).toBeUndefined();
  });

  test('with one user fewer than there are answers a token for the last one', async () => {
    const input = { CollectionId: 'example-hundred', MaxResults: 99 };
    const first = await client.send(new ListUsersCommand(input));
    expect(first.Users).toHaveLength(99);
    const second = await client.send(new ListUsersCommand({ ...input, NextToken: first.NextToken }));
    expect(second.Users).toHaveLength(1);
    expect(second.NextToken).toBeUndefined();
  });

  test.each([500, 499, 125])('pages through example-campus at %s a page: each user once', async (size) => {
    const ids = await listAll('example-campus', size);
    expect(ids).toHaveLength(5_000);
    expect(new Set(ids).size).toBe(5_000);
  });

  test('lists a user who stays exactly once while others come and go between pages', async () => {
    const before = await listAll('example-hundred', 500);
    let round = 0;
    const disturb = async () => {
      const UserId = `passer-by-${round++}`;
      await client.send(new CreateUserCommand({ CollectionId: 'example-hundred', UserId }));
      const previous = `passer-by-${round - 2}`;
      if (round < 2) return;
      await client.send(new DeleteUserCommand({ CollectionId: 'example-hundred', UserId: previous }));
    };
    const during = await listAll('example-hundred', 3, disturb);
    expect(during.filter((id) => !id.startsWith('passer-by'))).toEqual(before);
  });

  test('goes on after the user its token points behind was deleted', async () => {
    const CollectionId = 'example-team';
    const all = await listAll(CollectionId, 500);
    const first = await client.send(new ListUsersCommand({ CollectionId, MaxResults: 3 }));
    await client.send(new DeleteUserCommand({ CollectionId, UserId: all[2] }));
    const rest = await client.send(new ListUsersCommand({ CollectionId, NextToken: first.NextToken }));
    expect(rest.Users?.map((user) => user.UserId)).toEqual(all.slice(3));
  });

  test('of a missing collection is ResourceNotFoundException at 400, in AWS words', async () => {
    const failure = await failureOf(client.send(new ListUsersCommand({ CollectionId: 'nope' })));
    expect(failure).toMatchObject({
      name: 'ResourceNotFoundException',
      message: 'The collection id: nope does not exist',
      $metadata: { httpStatusCode: 400, requestId: expect.stringMatching(/^[0-9a-f-]{36}$/) },
    });
  });

  test('tells collections apart by case', async () => {
    const failure = await failureOf(client.send(new ListUsersCommand({ CollectionId: 'Example-Team' })));
    expect(failure.name).toBe('ResourceNotFoundException');
  });
});

describe('A page token', () => {
  test('looks like one of AWS: base64 with padding, within 255 characters', async () => {
    const page = await client.send(new ListUsersCommand({ CollectionId: 'example-campus' }));
    expect(page.NextToken).toMatch(/^[A-Za-z0-9+/]+==$/);
    expect(page.NextToken?.length).toBeLessThanOrEqual(255);
  });

  test('goes on in another process, since the examples and the keys are the same', async () => {
    const input = { CollectionId: 'example-campus', MaxResults: 10 };
    const { NextToken } = await client.send(new ListUsersCommand(input));
    const here = await client.send(new ListUsersCommand({ ...input, NextToken }));
    const other = await startWithClient();
    const there = await other.client.send(new ListUsersCommand({ ...input, NextToken }));
    await other.rekognition.stop();
    expect(there.Users).toEqual(here.Users);
  });

  test('of another collection is InvalidPaginationTokenException', async () => {
    const { NextToken } = await client.send(new ListUsersCommand({ CollectionId: 'example-campus' }));
    const failure = await failureOf(
      client.send(new ListUsersCommand({ CollectionId: 'example-hundred', NextToken })),
    );
    expect(failure).toMatchObject({ name: 'InvalidPaginationTokenException', message: 'Invalid Token' });
  });
});
