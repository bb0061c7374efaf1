import type { RequestHandler } from 'express';
import type { Level, Logger } from 'pino';

import type { AppError, ErrorCode } from '../errors.ts';
import type { Metrics } from '../metrics/metrics.ts';
import { contextOf, type RequestContext } from './request-context.ts';

/** What an operator must act on, whatever its status. */
const operatorsCodes: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'INTERNAL_ERROR',
  'UPSTREAM_ACCESS_DENIED',
  'UPSTREAM_UNAUTHENTICATED',
]);

/** The status of a request that nobody waited for, as nginx logs it. */
const CALLER_LEFT = 499;

interface LogRequestsOptions {
  readonly logger: Logger;
  readonly metrics: Pick<Metrics, 'requestEnded'>;
}

/**
 * One line a request, and its count in the metrics. The line never holds the target, which may carry a page token,
 * nor any header or body.
 */
export function logRequests({ logger, metrics }: LogRequestsOptions): RequestHandler {
  return (req, res, next) => {
    const context = contextOf(res);
    context.onEnded(() => {
      const status = res.headersSent ? res.statusCode : CALLER_LEFT;
      const { requestId, caller, route = 'none', error, span } = context;
      const durationMs = performance.now() - context.startedAt;
      const line = {
        method: req.method,
        route,
        status,
        durationMs: Math.round(durationMs * 10) / 10,
        requestId,
        ...(span && { traceId: span.traceId }),
        caller,
        ...workOf(context),
        ...(error && failureOf(error)),
        ...(!context.isSent && { aborted: true }),
      };
      logger[levelOf(status, context)](line, 'request');
      metrics.requestEnded({
        route,
        method: req.method,
        status,
        code: error?.code,
        seconds: durationMs / 1000,
      });
    });
    next();
  };
}

function workOf({ collection, upstream, stream }: RequestContext): object {
  return {
    ...(collection !== undefined && { collection }),
    ...(upstream && { upstream }),
    ...(stream && { stream }),
  };
}

function failureOf({ code, cause }: AppError): object {
  return {
    code,
    ...(code === 'UNAUTHENTICATED' && { reason: (cause as Error).message }),
    ...(code === 'INTERNAL_ERROR' && { err: cause }),
  };
}

function levelOf(status: number, { error }: RequestContext): Level {
  if (error && operatorsCodes.has(error.code)) return 'error';
  // A stream that failed has sent its 200 long before.
  return Math.max(status, error?.status ?? 0) >= 500 ? 'warn' : 'info';
}
