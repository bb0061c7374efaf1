import type { Collection, CollectionsPage, CollectionSummary } from './collections.ts';
import type { CallOptions, ListingOptions, OnePageOptions, PageOptions, RollcallOptions } from './options.ts';
import { createRequests } from './requests.ts';
import { LONGEST_TIMER_MS, pauseAfter, sleep, type RetryPolicy } from './retry.ts';
import { createUserStream } from './user-stream.ts';
import type { Page, User, UsersPage, UserStream } from './users.ts';

export { isRollcallError } from './failure.ts';
export type { ErrorCode, ParameterError, RollcallError } from './failure.ts';
export type { Collection, CollectionsPage, CollectionSummary };
export type { RetryPolicy, RollcallOptions, User, UsersPage, UserStream };
export type { UserStatus } from './users.ts';

/** The client. It throws a `RollcallError`, or the reason of the caller's own abort. */
export interface Rollcall {
  /** One page of the collections that the caller may read; 100 by default. */
  listCollections(options?: OnePageOptions<CollectionsPage>): Promise<CollectionsPage>;
  /** Every collection that the caller may read, page by page; 1,000 a page by default. */
  listAllCollections(options?: PageOptions): AsyncGenerator<CollectionSummary, void, undefined>;
  /** One collection, with its counts. */
  getCollection(collectionId: string, options?: CallOptions): Promise<Collection>;
  /** One page of users; 100 by default. */
  listUsers(collectionId: string, options?: OnePageOptions<UsersPage>): Promise<UsersPage>;
  /** Every user, page by page; 500 a page by default. */
  listAllUsers(collectionId: string, options?: PageOptions): AsyncGenerator<User, void, undefined>;
  /** One user; `USER_NOT_FOUND` if there is none, `LOOKUP_INCOMPLETE` if the collection is too large to search in time. */
  getUser(collectionId: string, userId: string, options?: CallOptions): Promise<User>;
  /** Every user in one stream, which is resumed when it breaks. */
  streamUsers(collectionId: string, options?: ListingOptions): UserStream;
}

/** A client of the service at `baseUrl`. */
export function createRollcall({ retry = {}, ...connection }: RollcallOptions): Rollcall {
  const { one, page, stream } = createRequests(connection);
  const { maxAttempts = 3, maxDelayMs = 20_000 } = retry;
  const longest = Math.min(maxDelayMs, LONGEST_TIMER_MS);
  const backoff = { maxAttempts, maxDelayMs: longest, random: Math.random, sleep };

  async function retried<T>({ signal }: CallOptions, attempt: () => Promise<T>): Promise<T> {
    for (let failures = 1; ; failures += 1) {
      try {
        return await attempt();
      } catch (error) {
        await pauseAfter(error, failures, backoff, signal);
      }
    }
  }

  const listCollections: Rollcall['listCollections'] = (options = {}) =>
    retried(options, () => page<CollectionsPage>('collections', '/collections', {}, options));

  const listUsers: Rollcall['listUsers'] = (collectionId, options = {}) =>
    retried(options, () =>
      page<UsersPage>('users', '/collections/{collectionId}/users', { collectionId }, options),
    );

  return {
    listCollections,

    async *listAllCollections({ maxResults = 1000, ...options } = {}) {
      for await (const { collections } of pagesOf(listCollections, { ...options, maxResults }))
        yield* collections;
    },

    getCollection: (collectionId, options = {}) =>
      retried(options, () =>
        one<Collection>('collectionId', '/collections/{collectionId}', { collectionId }, options),
      ),

    listUsers,

    async *listAllUsers(collectionId, { maxResults = 500, ...options } = {}) {
      const list = (of: PageOptions) => listUsers(collectionId, of);
      for await (const { users } of pagesOf(list, { ...options, maxResults })) yield* users;
    },

    getUser: (collectionId, userId, options = {}) =>
      retried(options, () =>
        one<User>('userId', '/collections/{collectionId}/users/{userId}', { collectionId, userId }, options),
      ),

    streamUsers: (collectionId, options = {}) =>
      createUserStream({
        nextToken: options.nextToken,
        open: (nextToken) =>
          stream('/collections/{collectionId}/users.ndjson', { collectionId }, { ...options, nextToken }),
        pause: (error, failures) => pauseAfter(error, failures, backoff, options.signal),
      }),
  };
}

/** Page after page, to the last. */
async function* pagesOf<P extends Page>(
  list: (options: PageOptions) => Promise<P>,
  options: PageOptions,
): AsyncGenerator<P, void, undefined> {
  let { nextToken } = options;
  do {
    const page = await list({ ...options, nextToken });
    yield page;
    nextToken = page.nextToken;
  } while (nextToken !== undefined);
}
