import type { Request } from 'express';
import { z } from 'zod';

import { AppError } from '../errors.ts';
import type { RekognitionInput } from '../rekognition/client.ts';
import type { CallContext, UpstreamOperation } from '../rekognition/operation.ts';
import type { UpstreamPage } from '../rekognition/page.ts';
import { paginate } from '../rekognition/paginate.ts';
import { addStats, createUpstreamStats } from '../rekognition/upstream-stats.ts';
import { EXPOSED_HEADERS } from './cors.ts';
import { pageInput, scopeOf, type PageInput } from './list.ts';
import {
  callContext,
  defineOperation,
  type InputDefinition,
  type Operation,
  type OperationDeps,
} from './operation.ts';
import type { RequestContext } from './context.ts';
import { sendLines } from './send-lines.ts';
import type { Stream } from './streams.ts';

/** How many lines a complete stream has: asked for beside the first page, and left out where it does not come in time. */
interface Total<Input extends RekognitionInput, Output> {
  readonly header: string;
  readonly upstream: UpstreamOperation<Input, Output>;
  readonly count: (output: Output) => number;
}

interface LinesDefinition<
  Path extends z.ZodRawShape,
  Input extends PageInput & RekognitionInput,
  Item,
  TotalOutput,
> extends InputDefinition<Path, Input> {
  readonly upstream: UpstreamOperation<Input, UpstreamPage<Item>>;
  /** Items a page: as many as Rekognition gives, since a page costs a call. */
  readonly pageSize: number;
  readonly total: Total<Input, TotalOutput>;
}

/** An operation that streams a whole listing as NDJSON, one item a line. */
export function lines<
  Path extends z.ZodRawShape,
  Input extends PageInput & RekognitionInput,
  Item,
  TotalOutput,
>(definition: LinesDefinition<Path, Input, Item, TotalOutput>): Operation {
  const { path, params: shape, upstream, input, pageSize, total } = definition;
  return defineOperation({
    path,
    calls: [upstream.name, total.upstream.name],
    parameters: { path: z.object(shape), query: z.object({ nextToken: z.string().optional() }) },
    async handle({ params, context, req }, deps) {
      const { nextToken, ...rest } = params;
      const asked = input(rest as z.output<z.ZodObject<Path>>);
      const scope = scopeOf(upstream, asked);
      const from = nextToken === undefined ? undefined : deps.pageTokens.open(nextToken, scope);
      refusePartial(req);
      const stream = deps.streams.open(context);
      const call = <I extends RekognitionInput, O>(
        operation: UpstreamOperation<I, O>,
        of: I,
        stats: CallContext['stats'],
      ) => deps.upstream.call(operation, of, streamContext(context, deps, stream, stats));
      const takeTotal = awaitBriefly(call(total.upstream, asked, createUpstreamStats()));
      const sum = createUpstreamStats();
      context.upstream = sum;
      const next = paginate(from, async (token) => {
        const stats = createUpstreamStats();
        try {
          return await call(upstream, pageInput(asked, pageSize, token), stats);
        } finally {
          addStats(sum, stats);
        }
      });
      try {
        const first = await next();
        const count = takeTotal();
        const seal = (token: string): string => deps.pageTokens.seal(token, scope);
        return {
          status: 200,
          headers: headers(total.header, count && total.count(count.output)),
          write: (res) => sendLines(res, { stream, first, from, next, seal, deps }),
        };
      } catch (error) {
        stream.close();
        throw error;
      }
    },
  });
}

/** A call of a stream: behind interactive requests, and for a result of its own, since a stream reads each page once. */
function streamContext(
  context: RequestContext,
  deps: OperationDeps,
  stream: Stream,
  stats: CallContext['stats'],
): CallContext {
  const terms = callContext(context, deps);
  return { ...terms, priority: 'background', signal: () => stream.over, maxAgeMs: 0, stats };
}

/** Returns a function that takes the result if it is there by then. Nothing waits for it, and a failure is ignored. */
function awaitBriefly<T>(work: Promise<T>): () => T | undefined {
  let result: T | undefined;
  work.then(
    (value) => {
      result = value;
    },
    () => undefined,
  );
  return () => result;
}

/** A stream is resumed by `nextToken`, and a client must be able to tell its end from a break. */
function refusePartial({ headers: { range }, httpVersion }: Request): void {
  if (range !== undefined) {
    throw new AppError(
      'MALFORMED_REQUEST',
      'Send no Range: a stream is resumed by nextToken, never by bytes. Start again, or from the nextToken of the last line.',
    );
  }
  // In HTTP/1.0 a body ends with its connection, so that nobody can tell an incomplete stream from a complete one.
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
    // nginx would otherwise read ahead, up to a gigabyte, for a reader who has stopped.
    'X-Accel-Buffering': 'no',
    'Access-Control-Expose-Headers': [...EXPOSED_HEADERS, totalHeader].join(),
    ...(total !== undefined && { [totalHeader]: String(total) }),
  };
}
