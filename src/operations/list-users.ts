import { z } from 'zod';

import { etagOf, matches } from '../http/etag.ts';
import { defineOperation, type Operation, type Reply } from '../http/operation.ts';
import type { PageTokens } from '../http/page-token.ts';
import type { PageRequest } from '../rekognition/attempt.ts';
import type { Page } from '../rekognition/page.ts';
import type { Pages } from '../rekognition/pages.ts';
import { createTrace } from '../rekognition/trace.ts';
import { collectionId } from './collection-id.ts';

interface ListUsersDeps {
  readonly pages: Pages;
  readonly pageTokens: PageTokens;
}

const maxResults = z
  .string()
  .regex(/^[1-9][0-9]{0,2}$/, 'Give a whole number from 1 to 500 in decimal digits.')
  .transform(Number)
  .refine((value) => value <= 500, 'Give a whole number from 1 to 500 in decimal digits.')
  .default(100);

/** `GET /collections/{collectionId}/users`: one page of users. */
export function listUsers({ pages, pageTokens }: ListUsersDeps): Operation {
  return defineOperation({
    path: '/collections/:collectionId/users',
    produces: 'application/json',
    parameters: {
      path: z.object({ collectionId }),
      query: z.object({ maxResults, nextToken: z.string().optional() }),
    },
    open: ({ nextToken, ...asked }): PageRequest => ({
      ...asked,
      nextToken: nextToken === undefined ? undefined : pageTokens.open(nextToken, asked.collectionId),
    }),
    async handle(request, { context, ifNoneMatch }) {
      const trace = createTrace();
      context.upstream = trace;
      const page = await pages.get(request, {
        caller: context.caller,
        priority: 'page',
        left: context.left,
        trace,
      });
      return reply(page, request, pageTokens, ifNoneMatch);
    },
  });
}

function reply(
  page: Page,
  request: PageRequest,
  pageTokens: PageTokens,
  ifNoneMatch: string | undefined,
): Reply {
  const { collectionId: id, maxResults: size } = request;
  const users = JSON.stringify(page.users);
  const nextToken = page.nextToken === undefined ? undefined : pageTokens.seal(page.nextToken, id);
  // Over the users and whether there is more, not over the token: a token may change while the page does not.
  const etag = etagOf(`${nextToken === undefined ? 'last' : 'more'} ${users}`);
  const headers = {
    ETag: etag,
    'Cache-Control': 'private, no-cache',
    Vary: 'Origin, Authorization',
    ...(nextToken !== undefined && {
      // Relative, and so never built from a Host header.
      Link: `</collections/${id}/users?maxResults=${size}&nextToken=${nextToken}>; rel="next"`,
    }),
  };
  if (matches(ifNoneMatch, etag)) return { status: 304, headers };
  const more = nextToken === undefined ? '' : `,"nextToken":"${nextToken}"`;
  return {
    status: 200,
    headers: { ...headers, 'Content-Type': 'application/json; charset=utf-8' },
    body: `{"users":${users}${more}}`,
  };
}
