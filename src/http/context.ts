import { randomUUID } from 'node:crypto';
import type { RequestHandler, Response } from 'express';
import type { Logger } from 'pino';

import type { AppError } from '../errors.ts';
import type { StreamEnd } from '../metrics/metrics.ts';
import type { UpstreamStats } from '../rekognition/operation.ts';
import type { Trace } from '../tracing/span.ts';
import { callerAddress } from './callers.ts';
import { commonHeaders } from './common-headers.ts';
import { endingOf } from './ending.ts';

/** What the middleware and the route of one request share, kept in `res.locals`. */
export interface RequestContext {
  readonly requestId: string;
  readonly startedAt: number;
  /** Headers of the response that are known before it is written. */
  readonly headers: Record<string, string>;
  /** The caller that the request counts for: the token's subject once it is verified, until then the address. */
  caller: string;
  /** Whether the caller may read a collection. Without authentication it may read any. */
  mayRead: (collectionId: string) => boolean;
  /** Why the caller is not known; kept until the request has been counted. */
  refused?: AppError;
  /** Aborts when the client leaves before the response is sent. It is costly, so it is made at the first call. */
  readonly clientSignal: () => AbortSignal;
  /**
   * Calls `fn` once, when the response or its connection ends, or at once if that has happened. What the request
   * holds is released here: a response that waits behind an unread one never emits `close`.
   */
  readonly onEnded: (fn: () => void) => void;
  /** Whether the kernel took the whole response. */
  readonly isSent: () => boolean;
  /** The collection asked for, once its id has been checked. */
  collection?: string;
  /** What happened upstream for this request. */
  upstream?: UpstreamStats;
  /** The request in its trace, if tracing is on. */
  trace?: Trace;
  /** How a stream has gone so far. */
  stream?: StreamStats;
  error?: AppError;
}

/** What was sent of a stream, and why it ended. `end` is `left` until something else is known. */
export interface StreamStats {
  pages: number;
  items: number;
  end: StreamEnd;
}

/** The client closed the connection before it had a response. */
export class ClientLeft extends Error {
  override readonly name = 'ClientLeft';
}

/**
 * Always this one: an error keeps what was on the stack when it was made. Made in the event of a connection, it would
 * keep that connection with all its requests, for as long as the call that the client left is under way.
 */
export const CLIENT_LEFT = new ClientLeft('the client left');

/** The context that `requestContext` made for this response. */
export function contextOf(res: Response): RequestContext {
  return res.locals['context'] as RequestContext;
}

const REQUEST_ID = /^[A-Za-z0-9._-]{1,128}$/;

/** The caller's request id if it is valid, otherwise a new one. */
export function requestIdFrom(header: string | undefined): string {
  return header !== undefined && REQUEST_ID.test(header) ? header : randomUUID();
}

/** Gives every request its id and its context. */
export function requestContext(logger: Pick<Logger, 'error'>): RequestHandler {
  const onBug = (err: unknown): void => {
    logger.error({ err }, 'a bug: the work after the end of a request failed');
  };
  return (req, res, next) => {
    const requestId = requestIdFrom(req.get('x-request-id'));
    const ending = endingOf(res, onBug);
    let clientAborter: AbortController | undefined;
    const abortIfGone = (): void => {
      if (ending.reached && !ending.isSent) clientAborter?.abort(CLIENT_LEFT);
    };
    const context: RequestContext = {
      requestId,
      startedAt: performance.now(),
      headers: commonHeaders(requestId),
      caller: callerAddress(req.ip, req.socket.remoteAddress),
      mayRead: () => true,
      clientSignal() {
        clientAborter ??= new AbortController();
        abortIfGone();
        return clientAborter.signal;
      },
      onEnded: ending.onReached,
      isSent: () => ending.isSent,
    };
    res.locals['context'] = context;
    ending.onReached(abortIfGone);
    next();
  };
}
