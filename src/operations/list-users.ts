import { z } from 'zod';

import type { Reply } from '../http/answer.ts';
import { etagOf, matches } from '../http/etag.ts';
import { defineOperation, type Operation } from '../http/operation.ts';
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
  // A page that is shown many times is made into bytes once.
  const rendered = (page: WithRendering, request: PageRequest): Rendered => {
    const { [RENDERED]: rendering = render(page, request, pageTokens) } = page;
    page[RENDERED] = rendering;
    return rendering;
  };
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
        span: context.span,
      });
      const { etag, whole, unchanged } = rendered(page, request);
      return matches(ifNoneMatch, etag) ? unchanged : whole;
    },
  });
}

/** Where a page carries its rendering. Not in a WeakMap: what is in one lives until the old generation is collected. */
const RENDERED = Symbol('rendered');

interface WithRendering extends Page {
  [RENDERED]?: Rendered;
}

/** A page as it is sent, and as it is told to be unchanged. */
interface Rendered {
  readonly etag: string;
  readonly whole: Reply;
  readonly unchanged: Reply;
}

function render(
  page: Page,
  { collectionId: id, maxResults: size }: PageRequest,
  pageTokens: PageTokens,
): Rendered {
  const nextToken = page.nextToken === undefined ? undefined : pageTokens.seal(page.nextToken, id);
  const more = nextToken === undefined ? '' : `,"nextToken":"${nextToken}"`;
  const body = Buffer.from(`{"users":${JSON.stringify(page.users)}${more}}`);
  // Over the users and the character behind them, which tells whether there is more: a token may change while the page
  // does not.
  const etag = etagOf(body.subarray(0, body.length - more.length));
  const headers = {
    ETag: etag,
    'Cache-Control': 'private, no-cache',
    Vary: 'Origin, Authorization',
    ...(nextToken !== undefined && {
      // A query alone holds behind a proxy too that serves the service under a path prefix, and whatever Host says.
      Link: `<?maxResults=${size}&nextToken=${nextToken}>; rel="next"`,
    }),
  };
  const type = { 'Content-Type': 'application/json; charset=utf-8' };
  return {
    etag,
    whole: { status: 200, headers: { ...headers, ...type }, body },
    unchanged: { status: 304, headers },
  };
}
