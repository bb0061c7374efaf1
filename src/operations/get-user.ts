import { z } from 'zod';

import { AppError } from '../errors.ts';
import { pageInput } from '../http/list.ts';
import { callContext, defineOperation, type OperationDeps } from '../http/operation.ts';
import { acceptJson, ifChanged, renderJson } from '../http/respond.ts';
import type { CallContext, UpstreamResult } from '../rekognition/operation.ts';
import type { UpstreamPage } from '../rekognition/page.ts';
import { paginate } from '../rekognition/paginate.ts';
import { addStats, createUpstreamStats } from '../rekognition/upstream-stats.ts';
import { collectionDetails } from './get-collection.ts';
import { MAX_USERS, users, type User } from './list-users.ts';
import { collectionId, userId } from './params.ts';

/** What a walk through a listing has come to. */
interface Walk {
  /** Users that were looked at. */
  seen: number;
  pages: number;
  /** Pages that were not in the cache, and what they took together. */
  read: number;
  readMs: number;
}

/** A user that was found, or the news that there is none, and when the page was read that this rests on. */
interface Found {
  readonly user: User | undefined;
  /** Milliseconds since the epoch; of a user that is not there, the time of the oldest page. */
  readonly fetchedAt: number;
}

/**
 * `GET /collections/{collectionId}/users/{userId}`: one user. Rekognition cannot be asked for one, so the listing is
 * walked. All who look somebody up in a collection share its pages, which are kept a little longer for them alone.
 */
export const getUser = defineOperation({
  path: '/collections/:collectionId/users/:userId',
  calls: [users.name, collectionDetails.name],
  parameters: { path: z.object({ collectionId, userId }), query: z.object({}) },
  async handle({ params, context, req }, deps) {
    acceptJson(req);
    const askedAt = deps.now();
    const call: CallContext = {
      ...callContext(context, deps),
      priority: 'background',
      maxAgeMs: deps.lookupTtlMs,
    };
    const { user, fetchedAt } = await lookUp(params, call, deps);
    // A page that was read for this request has no age: clients add the time of the request themselves (RFC 9111, 4.2.3).
    const age = { Age: String(Math.floor(Math.max(0, askedAt - fetchedAt) / 1000)) };
    if (!user) {
      const detail =
        'There is no user with this id in this collection. Check the id: case counts. A new user may take some seconds to show.';
      throw new AppError('USER_NOT_FOUND', detail, { headers: age });
    }
    const reply = ifChanged(req, renderJson(JSON.stringify(user)));
    return { ...reply, headers: { ...reply.headers, ...age } };
  },
});

async function lookUp(
  params: { readonly collectionId: string; readonly userId: string },
  call: CallContext,
  deps: OperationDeps,
): Promise<Found> {
  const input = { CollectionId: params.collectionId };
  const walk: Walk = { seen: 0, pages: 0, read: 0, readMs: 0 };
  let total: number | undefined;
  const next = paginate(undefined, async (token) => {
    const stats = createUpstreamStats();
    const askedAt = deps.now();
    if (token !== undefined && total === undefined) askTotal();
    try {
      const page = await deps.upstream.call(users, pageInput(input, MAX_USERS, token), { ...call, stats });
      if (stats.source !== 'cached') {
        walk.read += 1;
        walk.readMs += deps.now() - askedAt;
      }
      return page;
    } finally {
      addStats(call.stats, stats);
    }
  });
  const askTotal = (): void => {
    total = 0;
    deps.upstream.call(collectionDetails, input, { ...call, stats: createUpstreamStats() }).then(
      ({ output }) => {
        total = output.userCount;
      },
      () => undefined,
    );
  };
  try {
    return await find(params.userId, next, walk);
  } catch (error) {
    throw failureOfWalk(error, walk, total ?? 0, deps);
  }
}

/** Walks through the listing until the user is found or the listing ends. `walk` tells how far it came, also where it fails. */
async function find(
  userId: string,
  next: () => Promise<UpstreamResult<UpstreamPage<User>>>,
  walk: Walk,
): Promise<Found> {
  let oldest = Infinity;
  for (;;) {
    const { output, fetchedAt } = await next();
    const user = output.items.find((item) => item.userId === userId);
    if (user) return { user, fetchedAt };
    oldest = Math.min(oldest, fetchedAt);
    walk.pages += 1;
    walk.seen += output.items.length;
    if (output.nextToken === undefined) return { user, fetchedAt: oldest };
  }
}

/** What the failure of a page means to a caller, who did not ask for a page. */
function failureOfWalk(error: unknown, walk: Walk, total: number, deps: OperationDeps): unknown {
  if (!(error instanceof AppError)) return error;
  const isCut = error.code === 'UPSTREAM_TIMEOUT' || error.code === 'OVERLOADED';
  if (isCut && walk.pages > 0) return incomplete(walk, total, deps, error);
  if (error.code !== 'INVALID_PAGE_TOKEN') return error;
  const detail = 'Rekognition refused its own page token. Retry later.';
  return new AppError('UPSTREAM_ERROR', detail, { cause: error });
}

/**
 * The next lookup goes on with the pages that are there, at the pace of this one where others take the quota. A
 * collection of unknown size is taken to be twice as large.
 */
function incomplete(
  { seen, pages, read, readMs }: Walk,
  total: number,
  { upstream }: OperationDeps,
  cause: AppError,
): AppError {
  const left = Math.ceil(total > seen ? (total - seen) / MAX_USERS : pages);
  const pageS = Math.max(readMs / 1000 / Math.max(read, 1), 1 / upstream.rateOf(users.name));
  const detail =
    'The collection is too large to be searched in the time of one request. Retry after the time in Retry-After, or read it as a stream.';
  return new AppError('LOOKUP_INCOMPLETE', detail, {
    cause,
    retryAfterS: Math.max(left * pageS, cause.retryAfterS ?? 0),
  });
}
