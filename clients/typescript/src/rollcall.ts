import type { CallOptions, RollcallOptions } from './options.ts';
import { createRequests } from './requests.ts';
import { pauseAfter, sleep, type RetryPolicy } from './retry.ts';
import { createUserStream } from './user-stream.ts';
import type { User, UsersPage, UserStream } from './users.ts';

export { isRollcallError } from './failure.ts';
export type { ErrorCode, ParameterFault, RollcallError } from './failure.ts';
export type { RetryPolicy, RollcallOptions, User, UsersPage, UserStream };
export type { UserStatus } from './users.ts';

interface PageOptions extends CallOptions {
  /** The most users of a page, 1 to 500. */
  readonly maxResults?: number | undefined;
}

interface ListUsersOptions extends PageOptions {
  /** An earlier answer to the same request: where it still holds, its `users` come back, the very same array. */
  readonly previous?: UsersPage | undefined;
}

/** The client. What it throws is a `RollcallError`, or the reason of the caller's own abort. */
export interface Rollcall {
  /** One page of users; 100 unless said otherwise. */
  listUsers(collectionId: string, options?: ListUsersOptions): Promise<UsersPage>;
  /** Every user, page by page; 500 a page unless said otherwise. */
  listAllUsers(collectionId: string, options?: PageOptions): AsyncGenerator<User, void, undefined>;
  /** Every user in one streamed answer, resumed where it breaks. */
  streamUsers(collectionId: string, options?: CallOptions): UserStream;
}

/** A client of the service at `baseUrl`. */
export function createRollcall({ retry, ...connection }: RollcallOptions): Rollcall {
  const requests = createRequests(connection);
  const backoff = { maxAttempts: 3, maxDelayMs: 20_000, ...retry, random: Math.random, sleep };

  async function listUsers(collectionId: string, options: ListUsersOptions = {}): Promise<UsersPage> {
    for (let failures = 1; ; failures += 1) {
      try {
        return await requests.getPage({ ...options, collectionId });
      } catch (error) {
        await pauseAfter(error, failures, backoff, options.signal);
      }
    }
  }

  return {
    listUsers,

    async *listAllUsers(collectionId, options = {}) {
      let { nextToken } = options;
      do {
        const page = await listUsers(collectionId, { maxResults: 500, ...options, nextToken });
        yield* page.users;
        nextToken = page.nextToken;
      } while (nextToken !== undefined);
    },

    streamUsers: (collectionId, options = {}) =>
      createUserStream({
        nextToken: options.nextToken,
        open: (nextToken) => requests.openStream({ ...options, collectionId, nextToken }),
        pause: (error, failures) => pauseAfter(error, failures, backoff, options.signal),
      }),
  };
}
