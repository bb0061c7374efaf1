import * as z from 'zod';

import { AwsException } from './aws-exception.ts';
import { clientRequestToken, collectionId, nextToken, userId } from './members.ts';
import { operation } from './operation.ts';
import { integer } from './read-input.ts';
import { newUser, statusOf } from './store.ts';

const oneUser = z.object({
  CollectionId: collectionId,
  UserId: userId,
  ClientRequestToken: clientRequestToken.optional(),
});

/** `ListUsers`. AWS does not document its default of `MaxResults`; here it is 100. */
export const listUsers = operation(
  z.object({
    CollectionId: collectionId,
    MaxResults: integer(1, 500).optional(),
    NextToken: nextToken.optional(),
  }),
  ({ CollectionId, MaxResults = 100, NextToken }, { store, tokens, now }) => {
    const { users } = store.collection(CollectionId);
    const listing = `users of ${CollectionId}`;
    const after = NextToken ? tokens.open(listing, NextToken) : undefined;
    const { entries, next } = users.page(after, MaxResults);
    const at = now();
    return {
      Users: entries.map((user) => ({ UserId: user.id, UserStatus: statusOf(user, at) })),
      ...(next && { NextToken: tokens.seal(listing, next) }),
    };
  },
);

/** `CreateUser`; the response has an empty body, as documented. */
export const createUser = operation(oneUser, ({ CollectionId, UserId }, { store }) => {
  const { users } = store.collection(CollectionId);
  if (users.get(UserId)) {
    throw new AwsException('ConflictException', { message: `A user with the id: ${UserId} already exists` });
  }
  users.add(newUser(CollectionId, { id: UserId }));
  return undefined;
});

/** `DeleteUser`: frees the user's faces; the response has an empty body, as documented. */
export const deleteUser = operation(oneUser, ({ CollectionId, UserId }, { store }) => {
  const { collection, user } = store.user(CollectionId, UserId);
  for (const [face, owner] of collection.faces) if (owner === user) collection.faces.delete(face);
  collection.users.delete(user);
  return undefined;
});
