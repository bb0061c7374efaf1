import type { ListUsersCommandInput } from '@aws-sdk/client-rekognition';

import { users, type User } from '../../src/operations/list-users.ts';
import type { CallContext, UpstreamResult } from '../../src/rekognition/operation.ts';
import type { UpstreamPage } from '../../src/rekognition/page.ts';
import { createUpstreamStats } from '../../src/rekognition/operation.ts';

/** An operation for tests of what serves any operation. */
export const operation = users;
export type Input = ListUsersCommandInput;
export type Result = UpstreamResult<UpstreamPage<User>>;

/** The input of a first page of a collection. */
export const inputOf = (collectionId = 'team', more: Partial<Input> = {}): Input => ({
  CollectionId: collectionId,
  MaxResults: 100,
  ...more,
});

/** A page of one user. */
export const resultAt = (fetchedAt = 0): Result => ({
  output: { items: [{ userId: 'alice', userStatus: 'ACTIVE' }], nextToken: undefined },
  fetchedAt,
});

/** The context of a call that nobody gives up. */
export function contextOf(more: Partial<CallContext> = {}): CallContext {
  const { signal } = new AbortController();
  return {
    caller: 'alice',
    priority: 'interactive',
    signal: () => signal,
    deadlineAt: () => Infinity,
    maxAgeMs: 0,
    stats: createUpstreamStats(),
    ...more,
  };
}
