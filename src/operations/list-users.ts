import { ListUsersCommand, type ListUsersCommandInput } from '@aws-sdk/client-rekognition';

import { list } from '../http/list.ts';
import type { Json, UpstreamOperation } from '../rekognition/operation.ts';
import { readArray, readNextToken, readString, type UpstreamPage } from '../rekognition/page.ts';
import { MalformedResponse } from '../rekognition/protocol.ts';
import { collectionId } from './params.ts';

/** A user, with the only two members that leave the service. */
export interface User {
  readonly userId: string;
  readonly userStatus: string;
}

/** The most that Rekognition allows in a page. A page costs one call, however many users it has. */
export const MAX_USERS = 500;
/** The bytes that a user takes in memory besides two copies of its id: object, two strings, index entry, JSON. */
const USER_BYTES = 160;

/** A page of users. */
export interface UsersPage extends UpstreamPage<User> {
  find(userId: string): User | undefined;
}

/** `ListUsers` of Rekognition. */
export const users: UpstreamOperation<ListUsersCommandInput, UsersPage> = {
  name: 'ListUsers',
  command: (input) => new ListUsersCommand(input),
  read(response, { MaxResults = MAX_USERS }) {
    const items = readArray(response, 'Users', MaxResults).map(readUser);
    return { items, nextToken: readNextToken(response), find: finderIn(items) };
  },
  isolatedBy: ({ CollectionId }) => CollectionId,
  bytesOf: ({ items }) => items.reduce((sum, { userId }) => sum + USER_BYTES + 2 * userId.length, 0),
};

/** Most pages are never searched, so the index is made at the first search. */
function finderIn(items: readonly User[]): UsersPage['find'] {
  let index: ReadonlyMap<string, User> | undefined;
  return (userId) => {
    index ??= new Map(items.map((item) => [item.userId, item]));
    return index.get(userId);
  };
}

function readUser(user: unknown): User {
  if (typeof user !== 'object' || user === null) throw new MalformedResponse('a user is not an object');
  return { userId: readString(user as Json, 'UserId'), userStatus: readString(user as Json, 'UserStatus') };
}

/** `GET /collections/{collectionId}/users`: one page of users. */
export const listUsers = list({
  path: '/collections/:collectionId/users',
  params: { collectionId },
  maxResults: { max: MAX_USERS, default: 100 },
  upstream: users,
  input: ({ collectionId: CollectionId }) => ({ CollectionId }),
  member: 'users',
});
