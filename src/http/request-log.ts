import type { RequestHandler } from 'express';
import type { Level, Logger } from 'pino';

import type { ErrorCode } from '../errors.ts';
import { contextOf, type RequestContext } from './request-context.ts';

/** What an operator must act on, whatever its status. */
const operatorsCodes: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'INTERNAL_ERROR',
  'UPSTREAM_ACCESS_DENIED',
  'UPSTREAM_UNAUTHENTICATED',
]);

/** The status of a request that nobody waited for, as nginx logs it. */
const CALLER_LEFT = 499;

/** One line a request. It never holds the target, which may carry a page token, nor any header or body. */
export function logRequests(logger: Logger): RequestHandler {
  return (req, res, next) => {
    res.once('close', () => {
      const context = contextOf(res);
      const status = res.headersSent ? res.statusCode : CALLER_LEFT;
      const { requestId, caller, route, collection, upstream, error } = context;
      const line = {
        method: req.method,
        route: route ?? 'none',
        status,
        durationMs: Math.round((performance.now() - context.startedAt) * 10) / 10,
        requestId,
        caller,
        ...(collection !== undefined && { collection }),
        ...(upstream && { upstream }),
        ...(error && { code: error.code }),
        ...(error?.code === 'UNAUTHENTICATED' && { reason: (error.cause as Error).message }),
        ...(error?.code === 'INTERNAL_ERROR' && { err: error.cause }),
        ...(!res.writableFinished && { aborted: true }),
      };
      logger[levelOf(status, context)](line, 'request');
    });
    next();
  };
}

function levelOf(status: number, { error }: RequestContext): Level {
  if (error && operatorsCodes.has(error.code)) return 'error';
  return status >= 500 ? 'warn' : 'info';
}
