import {
  CreateCollectionCommand,
  DescribeCollectionCommand,
  ListUsersCommand,
  type RekognitionClient,
} from '@aws-sdk/client-rekognition';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { modelled, unmodelled } from '../../src/embedded/aws-exception.ts';
import type { EmbeddedRekognition } from '../../src/embedded/start.ts';
import { failureOf, startWithClient } from './client.ts';
import { signedFetch } from './signed.ts';

let rekognition: EmbeddedRekognition;
let client: RekognitionClient;

beforeAll(async () => {
  ({ rekognition, client } = await startWithClient());
});
afterAll(() => rekognition.stop());

const list = (CollectionId: string) => client.send(new ListUsersCommand({ CollectionId }));
const fetchUsers = (CollectionId: string) =>
  signedFetch(rekognition, 'RekognitionService.ListUsers', JSON.stringify({ CollectionId }));

describe('ListUsers of a collection that fails on purpose', () => {
  test.each([
    [
      'AccessDeniedException',
      400,
      /^User: arn:aws:sts::123456789012:assumed-role\/.* is not authorized to perform: /,
    ],
    ['ExpiredTokenException', 400, /^The security token included in the request is expired$/],
    ['InternalServerError', 500, /^Internal server error$/],
    ['InvalidPaginationTokenException', 400, /^Invalid Token$/],
    ['InvalidParameterException', 400, /^Request has invalid parameters\.$/],
    ['InvalidSignatureException', 400, /^The request signature we calculated does not match/],
    ['ProvisionedThroughputExceededException', 400, /^Provisioned Rate exceeded\.$/],
    [
      'ResourceNotFoundException',
      400,
      /^The collection id: throws-ResourceNotFoundException does not exist$/,
    ],
    ['ServiceUnavailableException', 503, /^Service Unavailable$/],
    ['ThrottlingException', 400, /^Slow down; sudden increase in rate of requests\.$/],
    ['UnrecognizedClientException', 400, /^The security token included in the request is invalid\.$/],
    ['ValidationException', 400, /^1 validation error detected/],
    ['BrandNewException', 400, /^BrandNewException$/],
    ['constructor', 400, /^constructor$/],
  ])('answers %s at %s', async (name, httpStatusCode, message) => {
    expect(await failureOf(list(`throws-${name}`))).toMatchObject({
      name,
      message: expect.stringMatching(message),
      $metadata: { httpStatusCode },
    });
  });

  test.each(Object.entries({ ...modelled, ...unmodelled }))(
    'answers %s with the status of the table',
    async (name, [status]) => {
      const failure = await failureOf(list(`throws-${name}`));
      expect(failure).toMatchObject({ name, $metadata: { httpStatusCode: status } });
    },
  );

  test('answers ThrottlingException at 500 as unavailability, as AWS documents it', async () => {
    expect(await failureOf(list('throws-ThrottlingException-500'))).toMatchObject({
      name: 'ThrottlingException',
      message: 'Service Unavailable',
      $metadata: { httpStatusCode: 500 },
    });
  });

  test('answers any exception at the status that its name ends with', async () => {
    expect(await failureOf(list('throws-BrandNewException-418'))).toMatchObject({
      name: 'BrandNewException',
      $metadata: { httpStatusCode: 418 },
    });
  });

  test('gives away the operation, the account and the ARN in AccessDeniedException', async () => {
    const CollectionId = 'throws-AccessDeniedException';
    const failure = await failureOf(client.send(new DescribeCollectionCommand({ CollectionId })));
    expect(failure.message).toContain(
      `rekognition:DescribeCollection on resource: arn:aws:rekognition:us-east-1:123456789012:collection/${CollectionId}`,
    );
  });

  test('on page 2 answers the first page, and fails with its token', async () => {
    const CollectionId = 'throws-InternalServerError-on-page-2';
    const first = await list(CollectionId);
    expect(first.Users).toHaveLength(100);
    const second = new ListUsersCommand({ CollectionId, NextToken: first.NextToken });
    expect((await failureOf(client.send(second))).name).toBe('InternalServerError');
  });

  test('on page 2 of another kind works where a client created it', async () => {
    const CollectionId = 'throws-ThrottlingException-500-on-page-2';
    await client.send(new CreateCollectionCommand({ CollectionId }));
    expect((await list(CollectionId)).Users).toEqual([]);
    const failure = await failureOf(client.send(new ListUsersCommand({ CollectionId, NextToken: 'any' })));
    expect(failure).toMatchObject({ name: 'ThrottlingException', $metadata: { httpStatusCode: 500 } });
  });

  test.each(['throws-', 'throws', 'Throws-InternalServerError', 'not-throws-InternalServerError'])(
    'but %s is an ordinary collection that is missing',
    async (id) => {
      expect((await failureOf(list(id))).message).toBe(`The collection id: ${id} does not exist`);
    },
  );
});

describe('A collection that damages the answer', () => {
  test('by time-out never answers', async () => {
    const aborted = AbortSignal.timeout(300);
    const call = client.send(new ListUsersCommand({ CollectionId: 'throws-Timeout' }), {
      abortSignal: aborted,
    });
    expect((await failureOf(call)).name).toBe('AbortError');
  });

  test('by reset cuts the connection before the answer', async () => {
    expect((await failureOf(list('throws-Reset'))).message).toContain('ECONNRESET');
  });

  test('by truncation sends the headers and less than they promise', async () => {
    const response = await fetchUsers('throws-Truncated');
    expect(response.status).toBe(200);
    await expect(response.text()).rejects.toThrow('terminated');
  });

  test('by emptiness answers 200 and nothing', async () => {
    const response = await fetchUsers('throws-Empty');
    expect([response.status, await response.text()]).toEqual([200, '']);
  });

  test('by mistyping answers 200 and users that are no list', async () => {
    const response = await fetchUsers('throws-Mistyped');
    expect([response.status, await response.json()]).toEqual([200, { Users: 'none' }]);
  });

  test('by HTML answers 200 and a page', async () => {
    const response = await fetchUsers('throws-Html');
    expect(response.headers.get('content-type')).toBe('text/html');
    expect(await response.text()).toMatch(/^<!doctype html>/);
  });
});

test('Every failing collection that is named to users fails', async () => {
  for (const { id } of rekognition.failingCollections) {
    const response = await fetchUsersWithin(300, id);
    const users: unknown = response?.status === 200 ? parsedUsers(response.text) : undefined;
    expect(Array.isArray(users)).toBe(false);
  }
});

async function fetchUsersWithin(ms: number, id: string) {
  const answer = async () => {
    const response = await fetchUsers(id);
    return { status: response.status, text: await response.text() };
  };
  const silence = new Promise<undefined>((resolve) => setTimeout(resolve, ms, undefined));
  return Promise.race([answer().catch(() => undefined), silence]);
}

function parsedUsers(text: string): unknown {
  return text.startsWith('{') ? JSON.parse(text).Users : undefined;
}
