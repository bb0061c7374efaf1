import { z } from 'zod';

import { AppError } from '../errors.ts';
import { EXPOSED_HEADERS } from '../http/cors.ts';
import { defineOperation, type Operation } from '../http/operation.ts';
import type { PageTokens } from '../http/page-token.ts';
import { sendPages } from '../http/send-pages.ts';
import type { Streams } from '../http/streams.ts';
import type { StreamMetrics } from '../metrics/streams.ts';
import type { Pages } from '../rekognition/pages.ts';
import { createTrace } from '../rekognition/trace.ts';
import type { UserCounts } from '../rekognition/user-counts.ts';
import { createWalk } from '../rekognition/walk.ts';
import { collectionId } from './collection-id.ts';

interface StreamUsersDeps {
  readonly pages: Pages;
  readonly pageTokens: PageTokens;
  readonly userCounts: UserCounts;
  readonly streams: Streams;
  readonly metrics: StreamMetrics;
  readonly streamIdleTimeoutMs: number;
}

/** The most that Rekognition gives: a page costs a call, however many users it holds. */
const PAGE_SIZE = 500;

/** `GET /collections/{collectionId}/users.ndjson`: every user, one a line. */
export function streamUsers(deps: StreamUsersDeps): Operation {
  const { pages, pageTokens, userCounts, streams, metrics, streamIdleTimeoutMs: idleMs } = deps;
  return defineOperation({
    path: '/collections/:collectionId/users.ndjson',
    produces: 'application/x-ndjson',
    parameters: {
      path: z.object({ collectionId }),
      query: z.object({ nextToken: z.string().optional() }),
    },
    open: ({ nextToken, collectionId: id }) => ({
      id,
      from: nextToken === undefined ? undefined : pageTokens.open(nextToken, id),
    }),
    async handle({ id, from }, { context, httpVersion }) {
      requireChunks(httpVersion);
      const stream = streams.open(context);
      const takeCount = userCounts.ask(id);
      const next = createWalk(from, (nextToken) => {
        const { caller, span } = context;
        const trace = createTrace();
        context.upstream = trace;
        return pages.get(
          { collectionId: id, maxResults: PAGE_SIZE, nextToken },
          { caller, priority: 'export', left: () => stream.over, trace, span },
        );
      });
      try {
        const first = await next();
        const seal = (token: string): string => pageTokens.seal(token, id);
        const write = sendPages({ stream, first, next, seal, metrics, idleMs });
        return { status: 200, headers: headers(takeCount()), write };
      } catch (error) {
        takeCount();
        stream.close();
        throw error;
      }
    },
  });
}

/** In HTTP/1.0 a body ends with its connection, so that nobody can tell an incomplete stream from a complete one. */
function requireChunks(httpVersion: string): void {
  if (httpVersion !== '1.0') return;
  throw new AppError(
    'MALFORMED_REQUEST',
    'Ask for this over HTTP/1.1: HTTP/1.0 can not tell half a collection from a whole one.',
  );
}

function headers(count: number | undefined): Record<string, string> {
  return {
    'Content-Type': 'application/x-ndjson',
    'Cache-Control': 'private, no-store',
    Vary: 'Origin, Authorization',
    // nginx would otherwise read ahead, up to a gigabyte, for a reader who has stopped.
    'X-Accel-Buffering': 'no',
    'Access-Control-Expose-Headers': [...EXPOSED_HEADERS, 'X-Total-Users'].join(),
    ...(count !== undefined && { 'X-Total-Users': String(count) }),
  };
}
