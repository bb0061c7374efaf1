import { AppError } from '../errors.ts';
import { createCallContext, defineOperation, type OperationDeps } from '../http/operation.ts';
import { acceptJson, ifChanged, renderJson } from '../http/respond.ts';
import { ifInTime } from '../rekognition/deadline.ts';
import { createUpstreamStats, type CallContext } from '../rekognition/operation.ts';
import { paginate } from '../rekognition/paginate.ts';
import { collectionDetails } from './get-collection.ts';
import { MAX_USERS, users, type User } from './list-users.ts';
import { collectionId, userId } from './params.ts';

/** How much of a collection has been searched. */
interface Progress {
  users: number;
  pages: number;
  /** Pages that were not in the cache, and how long they took together, in milliseconds. */
  fetched: number;
  fetchedMs: number;
}

/** The user, or undefined if there is none, and when the page that shows this was read. */
interface Found {
  readonly user: User | undefined;
  /** Milliseconds since the epoch; if there is no such user, the time of the oldest page. */
  readonly fetchedAt: number;
}

/**
 * `GET /collections/{collectionId}/users/{userId}`: one user. Rekognition cannot be asked for one, so the listing is
 * searched. All lookups in a collection share its pages, which are cached a little longer for them alone.
 */
export const getUser = defineOperation({
  path: '/collections/:collectionId/users/:userId',
  calls: [users.name, collectionDetails.name],
  parameters: { path: { collectionId, userId }, query: {} },
  async handle({ params, context, req }, deps) {
    acceptJson(req);
    const askedAt = deps.now();
    // One deadline for all pages.
    const terms: CallContext = {
      ...createCallContext(context, deps),
      priority: 'background',
      maxAgeMs: deps.lookupTtlMs,
    };
    const { user, fetchedAt } = await lookUp(params, terms, deps);
    // A page that was read for this request has no age: clients add the time of the request themselves (RFC 9111, 4.2.3).
    const age = { Age: String(Math.floor(Math.max(0, askedAt - fetchedAt) / 1000)) };
    if (!user) {
      const detail =
        'There is no user with this id in this collection. Check the id: case counts. A new user may appear after some seconds.';
      throw new AppError('USER_NOT_FOUND', detail, { headers: age });
    }
    const reply = ifChanged(req, renderJson(JSON.stringify(user)));
    return { ...reply, headers: { ...reply.headers, ...age } };
  },
});

/** Reads page after page until the user is found or the listing ends. */
async function lookUp(
  params: { readonly collectionId: string; readonly userId: string },
  terms: CallContext,
  deps: OperationDeps,
): Promise<Found> {
  const { call } = deps.upstream;
  const input = { CollectionId: params.collectionId };
  const next = paginate({ call, operation: users, input, pageSize: MAX_USERS, context: () => terms });
  const progress: Progress = { users: 0, pages: 0, fetched: 0, fetchedMs: 0 };
  let takeTotal: (() => number | undefined) | undefined;
  let oldest = Infinity;
  try {
    for (;;) {
      const from = deps.now();
      const { output, fetchedAt } = await next();
      const isFetched = terms.stats.source !== 'cached';
      if (isFetched) {
        progress.fetched += 1;
        progress.fetchedMs += deps.now() - from;
      }
      const user = output.find(params.userId);
      if (user) return { user, fetchedAt };
      oldest = Math.min(oldest, fetchedAt);
      progress.pages += 1;
      progress.users += output.items.length;
      if (output.nextToken === undefined) return { user, fetchedAt: oldest };
      // The total is for `Retry-After`: only a search that has to call Rekognition may run out of time.
      if (isFetched) takeTotal ??= ifInTime(countUsers(input, terms, deps));
    }
  } catch (error) {
    throw failureOfSearch(error, progress, takeTotal?.() ?? 0, deps);
  }
}

async function countUsers(
  input: { readonly CollectionId: string },
  terms: CallContext,
  { upstream }: OperationDeps,
): Promise<number> {
  const { output } = await upstream.call(collectionDetails, input, {
    ...terms,
    stats: createUpstreamStats(),
  });
  return output.userCount;
}

/** The error of the lookup, made from the error of a page. */
function failureOfSearch(error: unknown, progress: Progress, total: number, deps: OperationDeps): unknown {
  if (!(error instanceof AppError)) return error;
  const isCut = error.code === 'UPSTREAM_TIMEOUT' || error.code === 'OVERLOADED';
  if (isCut && progress.pages > 0) return incomplete(progress, total, deps, error);
  if (error.code !== 'INVALID_PAGE_TOKEN') return error;
  const detail = 'Rekognition refused its own page token. Retry later.';
  return new AppError('UPSTREAM_ERROR', detail, { cause: error });
}

/**
 * The rest is expected at the pace of this lookup, or at the quota's rate if that is slower. The retry may need more: it
 * begins with the pages that are still cached. If the size of the collection is unknown, half of it counts as read.
 */
function incomplete(
  { users: seen, pages, fetched, fetchedMs }: Progress,
  total: number,
  { upstream }: OperationDeps,
  cause: AppError,
): AppError {
  const remaining = total > seen ? Math.ceil((total - seen) / MAX_USERS) : pages;
  const pageS = Math.max(fetchedMs / 1000 / Math.max(fetched, 1), 1 / upstream.rateOf(users.name));
  const detail =
    'The collection is too large to read in one request. Retry after the time in Retry-After, or read it as a stream.';
  return new AppError('LOOKUP_INCOMPLETE', detail, {
    cause,
    retryAfterS: Math.max(remaining * pageS, cause.retryAfterS ?? 0),
  });
}
