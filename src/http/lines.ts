import type { Request } from 'express';
import * as z from 'zod';

import { AppError } from '../errors.ts';
import type { RekognitionInput } from '../rekognition/client.ts';
import { ifInTime } from '../rekognition/deadline.ts';
import { createUpstreamStats, type CallContext, type UpstreamOperation } from '../rekognition/operation.ts';
import type { PageInput, UpstreamPage } from '../rekognition/page.ts';
import { paginate } from '../rekognition/paginate.ts';
import { EXPOSED_HEADERS } from './cors.ts';
import { scopeOf } from './list.ts';
import { createCallContext, defineOperation, type InputDefinition, type Operation } from './operation.ts';
import { sendLines } from './send-lines.ts';

/** How many lines the whole listing has. It is requested with the first page, and left out if it arrives later. */
interface Total<Input extends RekognitionInput, Output> {
  readonly header: string;
  readonly upstream: UpstreamOperation<Input, Output>;
  readonly count: (output: Output) => number;
}

interface LinesDefinition<
  Path extends z.ZodRawShape,
  Input extends PageInput & RekognitionInput,
  Page extends UpstreamPage<unknown>,
  TotalOutput,
> extends InputDefinition<Path, Input> {
  readonly upstream: UpstreamOperation<Input, Page>;
  /** Items a page: as many as Rekognition allows, since a page costs a call. */
  readonly pageSize: number;
  readonly total: Total<Input, TotalOutput>;
}

/** An operation that streams a whole listing as NDJSON, one item a line. */
export function lines<
  Path extends z.ZodRawShape,
  Input extends PageInput & RekognitionInput,
  Page extends UpstreamPage<unknown>,
  TotalOutput,
>(definition: LinesDefinition<Path, Input, Page, TotalOutput>): Operation {
  const { path, params: shape, upstream, input, pageSize, total } = definition;
  return defineOperation({
    path,
    calls: [upstream.name, total.upstream.name],
    parameters: { path: shape, query: { nextToken: z.string().optional() } },
    async handle({ params, context, req }, deps) {
      const { nextToken } = params;
      const asked = input(params);
      const scope = scopeOf(upstream, asked);
      const from = nextToken === undefined ? undefined : deps.pageTokens.open(nextToken, scope);
      refusePartial(req);
      const stream = deps.streams.open(context);
      // A stream waits behind interactive requests. It does not use the cache, since it reads each page once. Each page
      // has a deadline of its own.
      const terms = (): CallContext => ({
        ...createCallContext(context, deps),
        priority: 'background',
        signal: () => stream.over,
        maxAgeMs: 0,
      });
      const { call } = deps.upstream;
      const next = paginate({ call, operation: upstream, input: asked, pageSize, from, context: terms });
      const takeTotal = ifInTime(call(total.upstream, asked, { ...terms(), stats: createUpstreamStats() }));
      try {
        const first = await next();
        const details = takeTotal();
        const seal = (token: string): string => deps.pageTokens.seal(token, scope);
        return {
          status: 200,
          headers: headers(total.header, details && total.count(details.output)),
          write: (res) => sendLines(res, { stream, first, from, next, seal, deps }),
        };
      } catch (error) {
        stream.close();
        throw error;
      }
    },
  });
}

/** Refuses requests whose client could take an incomplete stream for a complete one. */
function refusePartial({ headers: { range }, httpVersion }: Request): void {
  if (range !== undefined) {
    throw new AppError(
      'MALFORMED_REQUEST',
      'Send no Range: a stream is resumed by nextToken, never by bytes. Start again, or from the nextToken of the last line.',
    );
  }
  // In HTTP/1.0 a body ends with its connection, so a client cannot tell an incomplete stream from a complete one.
  if (httpVersion === '1.0') {
    throw new AppError(
      'MALFORMED_REQUEST',
      'Use HTTP/1.1: over HTTP/1.0 a stream that breaks looks like a complete one.',
    );
  }
}

function headers(totalHeader: string, total: number | undefined): Record<string, string> {
  return {
    'Content-Type': 'application/x-ndjson',
    'Cache-Control': 'private, no-store',
    Vary: 'Origin, Authorization',
    // Otherwise nginx would read ahead, up to a gigabyte, for a reader who has stopped.
    'X-Accel-Buffering': 'no',
    'Access-Control-Expose-Headers': [...EXPOSED_HEADERS, totalHeader].join(),
    ...(total !== undefined && { [totalHeader]: String(total) }),
  };
}
