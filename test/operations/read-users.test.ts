import { expect, test } from '@jest/globals';
import fc from 'fast-check';

import { users } from '../../src/operations/list-users.ts';
import type { Json } from '../../src/rekognition/operation.ts';
import { MalformedResponse } from '../../src/rekognition/protocol.ts';

/** The page, without its index. */
function readPage(response: Json, MaxResults = 500) {
  const { items, nextToken, ...rest } = users.read(response, { CollectionId: 'team', MaxResults });
  expect(Object.keys(rest)).toEqual(['find']);
  return { items, nextToken };
}

const user = { UserId: 'ada', UserStatus: 'ACTIVE' };

test('a page is its users with their two members, in order, and the token', () => {
  const Users = [user, { UserId: 'bo', UserStatus: 'UPDATING', Faces: [1] }];
  expect(readPage({ Users, NextToken: 'next', $metadata: {} })).toEqual({
    items: [
      { userId: 'ada', userStatus: 'ACTIVE' },
      { userId: 'bo', userStatus: 'UPDATING' },
    ],
    nextToken: 'next',
  });
});

test('a page finds a user of its own by the id, and no other', () => {
  const page = users.read({ Users: [user] }, { CollectionId: 'team' });
  expect([page.find('ada'), page.find('Ada')]).toEqual([{ userId: 'ada', userStatus: 'ACTIVE' }, undefined]);
});

test('a status that is new is handed on', () => {
  const { items } = readPage({ Users: [{ UserId: 'ada', UserStatus: 'ARCHIVED' }] });
  expect(items).toEqual([{ userId: 'ada', userStatus: 'ARCHIVED' }]);
});

test.each([
  ['without Users', {}],
  ['with Users of null', { Users: null }],
  ['with an empty array', { Users: [] }],
])('an answer %s is an empty page', (_, answer) => {
  expect(readPage(answer)).toEqual({ items: [], nextToken: undefined });
});

test.each([[undefined], [null], ['']])('a NextToken of %p ends the listing', (NextToken) => {
  expect(readPage({ Users: [user], NextToken }).nextToken).toBeUndefined();
});

test.each([
  ['Users is an object', { Users: { 0: user } }],
  ['Users is a string', { Users: 'ada' }],
  ['Users is false', { Users: false }],
  ['a user is null', { Users: [null] }],
  ['a user is a string', { Users: ['ada'] }],
  ['a user is an array', { Users: [['ada', 'ACTIVE']] }],
  ['a user is empty', { Users: [{}] }],
  ['one of several users is damaged', { Users: [user, { ...user, UserId: 7 }] }],
  ['UserId is missing', { Users: [{ UserStatus: 'ACTIVE' }] }],
  ['UserId is null', { Users: [{ ...user, UserId: null }] }],
  ['UserStatus is missing', { Users: [{ UserId: 'ada' }] }],
  ['UserStatus is an object', { Users: [{ ...user, UserStatus: {} }] }],
  ['NextToken is a number', { Users: [user], NextToken: 7 }],
  ['NextToken is an object', { Users: [user], NextToken: {} }],
  ['NextToken is false', { Users: [user], NextToken: false }],
  ['NextToken is longer than documented', { Users: [user], NextToken: 'x'.repeat(256) }],
])('an answer in which %s is damaged', (_, answer) => {
  expect(() => readPage(answer)).toThrow(MalformedResponse);
});

test('a NextToken of the documented length is read', () => {
  expect(readPage({ NextToken: 'x'.repeat(255) }).nextToken).toHaveLength(255);
});

/** The page, or an empty one for a damaged answer; any other failure is thrown on. */
function pageOrNothing(answer: Readonly<Record<string, unknown>>) {
  try {
    return readPage(answer);
  } catch (error) {
    if (error instanceof MalformedResponse) return { items: [], nextToken: undefined };
    throw error;
  }
}

test('no answer whatever yields anything but the two members', () => {
  const members = fc.record(
    {
      UserId: fc.oneof(fc.string(), fc.jsonValue()),
      UserStatus: fc.oneof(fc.string(), fc.jsonValue()),
      FaceIds: fc.jsonValue(),
      userId: fc.jsonValue(),
    },
    { requiredKeys: [] },
  );
  const answers = fc.record(
    {
      Users: fc.oneof(fc.array(members), fc.jsonValue()),
      NextToken: fc.oneof(fc.string(), fc.jsonValue()),
      Extra: fc.jsonValue(),
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(answers, (answer) => {
      const page = pageOrNothing(answer);
      expect(Object.keys(page)).toEqual(['items', 'nextToken']);
      for (const read of page.items) {
        expect(Object.keys(read)).toEqual(['userId', 'userStatus']);
        expect([typeof read.userId, typeof read.userStatus]).toEqual(['string', 'string']);
      }
    }),
    { numRuns: 300 },
  );
});
