import type { Request, RequestHandler } from 'express';
import type { Level, Logger } from 'pino';

import type { AppError, ErrorCode } from '../errors.ts';
import type { Metrics } from '../metrics/metrics.ts';
import { endSpan, type StartTrace } from '../tracing/span.ts';
import { contextOf, type RequestContext } from './context.ts';

/** How a request ended: computed once, for the log, the metrics and the span. */
interface Outcome {
  readonly method: string;
  readonly route: string | undefined;
  /** 499 if the client left before the response, as in nginx's log. */
  readonly status: number;
  readonly hasAnswer: boolean;
  readonly durationMs: number;
  readonly error: AppError | undefined;
  readonly aborted: boolean;
}

interface ObserveOptions {
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Undefined if requests are not traced. */
  readonly startTrace: StartTrace | undefined;
}

const CLIENT_LEFT = 499;

/**
 * Writes one line of the log, one count and one span for each request, when it is over. None of them contains the
 * target, which may have a page token, or any header or body.
 */
export function observe({ logger, metrics, startTrace }: ObserveOptions): RequestHandler {
  return (req, res, next) => {
    const context = contextOf(res);
    if (startTrace) context.trace = startTrace(req.headers);
    let known: Outcome | undefined;
    const outcome = (): Outcome => (known ??= outcomeOf(req, res.headersSent, res.statusCode, context));
    // Three functions, so that a failure of one does not stop the others.
    context.onEnded(() => {
      count(metrics, outcome());
    });
    context.onEnded(() => {
      endTrace(outcome(), context);
    });
    context.onEnded(() => {
      logger[levelOf(outcome())](lineOf(outcome(), context), 'request');
    });
    next();
  };
}

function outcomeOf(req: Request, hasAnswer: boolean, status: number, context: RequestContext): Outcome {
  return {
    method: req.method,
    route: routeOf(req),
    status: hasAnswer ? status : CLIENT_LEFT,
    hasAnswer,
    durationMs: performance.now() - context.startedAt,
    error: context.error,
    aborted: !context.isSent(),
  };
}

/** The pattern of the route that matched. `OPTIONS` is answered before the routes, and counts as one. */
function routeOf({ method, route }: Request): string | undefined {
  return method === 'OPTIONS' ? method : (route as { readonly path: string } | undefined)?.path;
}

/** The codes that an operator must act on, whatever their status. */
const operatorsCodes: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'INTERNAL_ERROR',
  'UPSTREAM_ACCESS_DENIED',
  'UPSTREAM_UNAUTHENTICATED',
]);

function isFailure({ status, hasAnswer, error }: Outcome): boolean {
  // A stream that fails has sent its 200 already.
  return Math.max(hasAnswer ? status : 0, error?.status ?? 0) >= 500;
}

function levelOf(outcome: Outcome): Level {
  if (outcome.error && operatorsCodes.has(outcome.error.code)) return 'error';
  return isFailure(outcome) ? 'warn' : 'info';
}

function lineOf(
  { method, route = 'none', status, durationMs, error, aborted }: Outcome,
  context: RequestContext,
) {
  const { requestId, trace, caller, collection, upstream, stream } = context;
  return {
    method,
    route,
    status,
    durationMs: Math.round(durationMs * 10) / 10,
    requestId,
    ...(trace && { traceId: trace.span.spanContext().traceId }),
    caller,
    ...(collection !== undefined && { collection }),
    ...(upstream && { upstream }),
    ...(stream && { stream: { pages: stream.pages, users: stream.items, end: stream.end } }),
    ...(error && failureOf(error)),
    ...(aborted && { aborted }),
  };
}

function failureOf({ code, cause }: AppError): object {
  return {
    code,
    ...(code === 'UNAUTHENTICATED' && cause instanceof Error && { reason: cause.message }),
    ...(code === 'INTERNAL_ERROR' && { err: cause }),
  };
}

/** The methods of the routes. Others are counted together, since a client can invent any number of them. */
const METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

function count({ requests, requestSeconds }: Metrics, outcome: Outcome): void {
  const { method, route = 'none', status, error, durationMs } = outcome;
  const knownMethod = METHODS.has(method) ? method : 'other';
  requests.inc({ route, method: knownMethod, status: String(status), code: error?.code ?? 'none' });
  requestSeconds.observe({ route }, durationMs / 1000);
}

/** The methods that OpenTelemetry knows; it calls any other `_OTHER`. */
const SPAN_METHODS: ReadonlySet<string> = new Set([
  ...METHODS,
  'CONNECT',
  'DELETE',
  'PATCH',
  'POST',
  'PUT',
  'TRACE',
]);

function endTrace(outcome: Outcome, context: RequestContext): void {
  const { trace, requestId, collection, stream, upstream } = context;
  if (!trace) return;
  const { method, route, status, hasAnswer, error, aborted } = outcome;
  const isKnown = SPAN_METHODS.has(method);
  trace.span.updateName([isKnown ? method : 'HTTP', route].join(' ').trim());
  endSpan(trace.span, isFailure(outcome), {
    'http.request.method': isKnown ? method : '_OTHER',
    'http.route': route,
    'http.response.status_code': hasAnswer ? status : undefined,
    'error.type': error?.code,
    'rollcall.request_id': requestId,
    'rollcall.collection': collection,
    'rollcall.aborted': aborted || undefined,
    ...(stream
      ? {
          'rollcall.stream.pages': stream.pages,
          'rollcall.stream.users': stream.items,
          'rollcall.stream.end': stream.end,
        }
      : { 'rollcall.page.source': upstream?.source }),
  });
}
