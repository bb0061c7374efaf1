import { setImmediate as endOfTurn } from 'node:timers/promises';

import type { Request, RequestHandler, Response } from 'express';
import type * as z from 'zod';

import { AppError } from '../errors.ts';
import type { Metrics } from '../metrics/metrics.ts';
import type { CallContext } from '../rekognition/operation.ts';
import { createUpstreamStats } from '../rekognition/operation.ts';
import type { Upstream } from '../rekognition/upstream.ts';
import { respond, beginResponse, type HttpReply } from './respond.ts';
import type { PageTokens } from './page-token.ts';
import { parameterReader, type ParameterSchemas, type Values } from './parameters.ts';
import { contextOf, type RequestContext } from './context.ts';
import type { Streams } from './streams.ts';

/** What operations need from the service. */
export interface OperationDeps {
  readonly upstream: Upstream;
  readonly pageTokens: PageTokens;
  readonly streams: Streams;
  readonly metrics: Metrics;
  /** How long a request may take in all: queue, attempts, back-off. */
  readonly deadlineMs: number;
  /** How old a cached result may be. */
  readonly cacheTtlMs: number;
  /** How old a page of a lookup may be. */
  readonly lookupTtlMs: number;
  /** How fast the reader of a stream must read. */
  readonly reader: { readonly idleMs: number; readonly minBytesPerSecond: number };
  /** Milliseconds since the epoch, of a clock that never goes back. */
  readonly now: () => number;
}

/** One operation of the service. */
export interface Operation {
  /** Express's pattern, matched exactly. */
  readonly path: string;
  /** The operations of Rekognition that it calls, by name. */
  readonly calls: readonly string[];
  readonly handler: (deps: OperationDeps) => RequestHandler;
}

/** A response that is sent piece by piece. */
export interface StreamReply extends Pick<HttpReply, 'status' | 'headers'> {
  /** Writes the body after the headers, and settles when the response is over. */
  readonly write: (res: Response) => Promise<void>;
}

/** A request whose parameters are valid, and whose collection the caller may read. */
export interface OperationRequest<Params> {
  readonly params: Params;
  readonly context: RequestContext;
  readonly req: Request;
}

interface OperationDefinition<Path extends z.ZodRawShape, Query extends z.ZodRawShape> extends Pick<
  Operation,
  'path' | 'calls'
> {
  readonly parameters: ParameterSchemas<Path, Query>;
  readonly handle: (
    request: OperationRequest<Values<Path> & Values<Query>>,
    deps: OperationDeps,
  ) => Promise<HttpReply | StreamReply>;
}

/** The spine of every operation: validate → authorise → handle → respond. */
export function defineOperation<Path extends z.ZodRawShape, Query extends z.ZodRawShape>(
  definition: OperationDefinition<Path, Query>,
): Operation {
  const { path, calls, parameters, handle } = definition;
  const read = parameterReader(parameters);
  return {
    path,
    calls,
    handler: (deps) => async (req, res) => {
      const context = contextOf(res);
      const params = read(req.params, queryOf(req.originalUrl));
      authorise(context, params);
      const reply = await handle({ params, context, req }, deps);
      if (!('write' in reply)) {
        // Responses of one turn of the event loop go out together: their reader is woken once (docs/decisions/0016).
        await endOfTurn();
        respond(res, reply);
        return;
      }
      beginResponse(res, reply.status, reply.headers);
      await reply.write(res);
    },
  };
}

/** Runs before any call of Rekognition, so the refusal is the same whether the collection exists or not. */
function authorise(context: RequestContext, { collectionId }: { readonly collectionId?: unknown }): void {
  if (typeof collectionId !== 'string') return;
  context.collection = collectionId;
  if (context.mayRead(collectionId)) return;
  throw new AppError('FORBIDDEN', 'You may not read this collection. Ask for access to it.');
}

function queryOf(url: string): string {
  const start = url.indexOf('?');
  return start === -1 ? '' : url.slice(start + 1);
}

/** The context of an interactive call. Its `stats` go into the log line of the request. */
export function createCallContext(
  context: RequestContext,
  { now, deadlineMs, cacheTtlMs }: Pick<OperationDeps, 'now' | 'deadlineMs' | 'cacheTtlMs'>,
): CallContext {
  const { caller, trace, clientSignal } = context;
  const stats = context.upstream ?? createUpstreamStats();
  context.upstream = stats;
  const until = now() + deadlineMs;
  return {
    caller,
    priority: 'interactive',
    signal: clientSignal,
    deadlineAt: () => until,
    maxAgeMs: cacheTtlMs,
    stats,
    trace,
  };
}

/** The part of a definition that makes the input of a call. */
export interface InputDefinition<Path extends z.ZodRawShape, Input> {
  readonly path: string;
  /** The parameters of the path. */
  readonly params: Path;
  readonly input: (params: Values<Path>) => Input;
}
