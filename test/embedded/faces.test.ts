import {
  AssociateFacesCommand,
  CreateUserCommand,
  DeleteUserCommand,
  DescribeCollectionCommand,
  DisassociateFacesCommand,
  ListUsersCommand,
  type RekognitionClient,
} from '@aws-sdk/client-rekognition';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { EmbeddedRekognition } from '../../src/embedded/start.ts';
import { failureOf, startWithClient } from './client.ts';

const CollectionId = 'mine';
const face = (number: number) => `11111111-1111-4111-8111-${String(number).padStart(12, '0')}`;
const missingFace = '00000000-1111-4111-8111-111111111111';
const strangeFace = 'ffffffff-1111-4111-8111-111111111111';
const faces = (from: number, count: number) => Array.from({ length: count }, (_, at) => face(from + at));

let clock: { at: number; now: () => number };
let rekognition: EmbeddedRekognition;
let client: RekognitionClient;

beforeEach(async () => {
  clock = { at: Date.now(), now: () => clock.at };
  const users = [{ id: 'ann' }, { id: 'ben' }, { id: 'example', status: 'CREATING' as const }];
  ({ rekognition, client } = await startWithClient({ clock, collections: [{ id: CollectionId, users }] }));
});
afterEach(() => rekognition.stop());

const associate = (UserId: string, FaceIds: string[], more: { UserMatchThreshold?: number } = {}) =>
  client.send(new AssociateFacesCommand({ CollectionId, UserId, FaceIds, ...more }));
const disassociate = (UserId: string, FaceIds: string[]) =>
  client.send(new DisassociateFacesCommand({ CollectionId, UserId, FaceIds }));
const statusOf = async (id: string) => {
  const { Users } = await client.send(new ListUsersCommand({ CollectionId }));
  return Users?.find((user) => user.UserId === id)?.UserStatus;
};
const faceCount = async () => (await client.send(new DescribeCollectionCommand({ CollectionId }))).FaceCount;
const asFaces = (ids: string[]) => ids.map((FaceId) => ({ FaceId }));

describe('AssociateFaces', () => {
  test('leaves the user UPDATING for two seconds and ACTIVE after them', async () => {
    const answer = await associate('ann', faces(1, 2));
    expect(answer).toMatchObject({
      AssociatedFaces: asFaces(faces(1, 2)),
      UnsuccessfulFaceAssociations: [],
      UserStatus: 'UPDATING',
    });
    clock.at += 1_999;
    expect(await statusOf('ann')).toBe('UPDATING');
    clock.at += 1;
    expect(await statusOf('ann')).toBe('ACTIVE');
    expect(await statusOf('ben')).toBe('CREATED');
    expect(await faceCount()).toBe(2);
  });

  test('ends the fixed status of an example', async () => {
    clock.at += 600_000;
    expect(await statusOf('example')).toBe('CREATING');
    await associate('example', [face(1)]);
    clock.at += 2_000;
    expect(await statusOf('example')).toBe('ACTIVE');
  });

  test('ignores a face the user has already, and one given twice', async () => {
    await associate('ann', [face(1)]);
    clock.at += 2_000;
    const again = await associate('ann', [face(1)]);
    expect(again).toMatchObject({
      AssociatedFaces: [],
      UnsuccessfulFaceAssociations: [],
      UserStatus: 'ACTIVE',
    });
    expect((await associate('ann', [face(2), face(2)])).AssociatedFaces).toEqual(asFaces([face(2)]));
  });

  test('names the owner of a face that is another user’s, and keeps the rest', async () => {
    await associate('ann', [face(1)]);
    const answer = await associate('ben', [face(1), face(2)]);
    expect(answer.AssociatedFaces).toEqual(asFaces([face(2)]));
    expect(answer.UnsuccessfulFaceAssociations).toEqual([
      { FaceId: face(1), UserId: 'ann', Reasons: ['ASSOCIATED_TO_A_DIFFERENT_USER'] },
    ]);
  });

  test('does not find faces that begin with 00000000', async () => {
    const answer = await associate('ann', [missingFace]);
    expect(answer).toMatchObject({
      AssociatedFaces: [],
      UnsuccessfulFaceAssociations: [{ FaceId: missingFace, Reasons: ['FACE_NOT_FOUND'] }],
      UserStatus: 'CREATED',
    });
  });

  test('finds faces that begin with ffffffff unlike the user’s others, but for a low threshold', async () => {
    await associate('ann', [face(1)]);
    const refused = await associate('ann', [strangeFace]);
    expect(refused.UnsuccessfulFaceAssociations).toEqual([
      { FaceId: strangeFace, Confidence: 10.5, Reasons: ['LOW_MATCH_CONFIDENCE'] },
    ]);
    const taken = await associate('ann', [strangeFace], { UserMatchThreshold: 10 });
    expect(taken.AssociatedFaces).toEqual(asFaces([strangeFace]));
  });

  test('takes any face as the first one of a user', async () => {
    expect((await associate('ann', [strangeFace])).AssociatedFaces).toEqual(asFaces([strangeFace]));
  });

  test('beyond 100 faces of a user is ServiceQuotaExceededException and changes nothing', async () => {
    await associate('ann', faces(1, 99));
    const failure = await failureOf(associate('ann', faces(100, 2)));
    expect(failure).toMatchObject({
      name: 'ServiceQuotaExceededException',
      $metadata: { httpStatusCode: 400 },
    });
    expect(await faceCount()).toBe(99);
    expect((await associate('ann', [face(100)])).AssociatedFaces).toHaveLength(1);
  });

  test.each<[string, string[], { UserMatchThreshold?: number }, string]>([
    ['no faces', [], {}, 'faceIds'],
    ['101 faces', faces(1, 101), {}, 'faceIds'],
    ['a face that is no UUID', ['face-1'], {}, 'faceIds.1.member'],
    ['a face in capitals', [face(1).toUpperCase().replace('1', 'A')], {}, 'faceIds.1.member'],
    ['a threshold below 0', [face(1)], { UserMatchThreshold: -1 }, 'userMatchThreshold'],
    ['a threshold above 100', [face(1)], { UserMatchThreshold: 100.1 }, 'userMatchThreshold'],
  ])('with %s is ValidationException', async (_, ids, more, member) => {
    const failure = await failureOf(associate('ann', ids, more));
    expect(failure.name).toBe('ValidationException');
    expect(failure.message).toContain(`at '${member}'`);
  });

  test('to a missing user or collection is ResourceNotFoundException', async () => {
    expect((await failureOf(associate('nobody', [face(1)]))).message).toBe(
      'The user id: nobody does not exist',
    );
    const elsewhere = new AssociateFacesCommand({ CollectionId: 'nope', UserId: 'ann', FaceIds: [face(1)] });
    expect((await failureOf(client.send(elsewhere))).message).toBe('The collection id: nope does not exist');
  });

  test('repeated with its token and another threshold is IdempotentParameterMismatchException', async () => {
    const input = { CollectionId, UserId: 'ann', FaceIds: [face(1)], ClientRequestToken: 'token' };
    const first = await client.send(new AssociateFacesCommand(input));
    const second = await client.send(new AssociateFacesCommand(input));
    expect(second.AssociatedFaces).toEqual(first.AssociatedFaces);
    const failure = await failureOf(
      client.send(new AssociateFacesCommand({ ...input, UserMatchThreshold: 1 })),
    );
    expect(failure.name).toBe('IdempotentParameterMismatchException');
  });
});

describe('DisassociateFaces', () => {
  test('of some faces leaves the user UPDATING, then ACTIVE', async () => {
    await associate('ann', faces(1, 2));
    clock.at += 2_000;
    const answer = await disassociate('ann', [face(1)]);
    expect(answer).toMatchObject({
      DisassociatedFaces: asFaces([face(1)]),
      UnsuccessfulFaceDisassociations: [],
      UserStatus: 'UPDATING',
    });
    clock.at += 2_000;
    expect(await statusOf('ann')).toBe('ACTIVE');
    expect(await faceCount()).toBe(1);
  });

  test('of the last face leaves the user UPDATING, then CREATED', async () => {
    await associate('ann', [face(1)]);
    expect((await disassociate('ann', [face(1)])).UserStatus).toBe('UPDATING');
    clock.at += 2_000;
    expect(await statusOf('ann')).toBe('CREATED');
  });

  test('ignores a free face, and refuses a missing one and another user’s', async () => {
    await associate('ben', [face(2)]);
    const answer = await disassociate('ann', [face(1), face(2), missingFace, strangeFace]);
    expect(answer).toMatchObject({
      DisassociatedFaces: [],
      UnsuccessfulFaceDisassociations: [
        { FaceId: face(2), UserId: 'ben', Reasons: ['ASSOCIATED_TO_A_DIFFERENT_USER'] },
        { FaceId: missingFace, Reasons: ['FACE_NOT_FOUND'] },
      ],
      UserStatus: 'CREATED',
    });
  });
});

test('DeleteUser frees the faces of the user and nobody else’s', async () => {
  await associate('ann', [face(1)]);
  await associate('ben', [face(2)]);
  await client.send(new DeleteUserCommand({ CollectionId, UserId: 'ann' }));
  expect(await faceCount()).toBe(1);
  await client.send(new CreateUserCommand({ CollectionId, UserId: 'ann' }));
  expect(await statusOf('ann')).toBe('CREATED');
  expect((await associate('ben', [face(1)])).AssociatedFaces).toHaveLength(1);
});

test('The faces of example-team belong to its users from the start', async () => {
  const { FaceCount } = await client.send(new DescribeCollectionCommand({ CollectionId: 'example-team' }));
  expect(FaceCount).toBe(6);
  const FaceIds = ['00000001-aaaa-4aaa-8aaa-aaaaaaaaaaaa'];
  const input = { CollectionId: 'example-team', UserId: 'new.hire', FaceIds };
  const { UnsuccessfulFaceAssociations } = await client.send(new AssociateFacesCommand(input));
  expect(UnsuccessfulFaceAssociations).toMatchObject([{ UserId: 'jane.doe' }]);
});
