import type { Response, RequestHandler } from 'express';

import type { Attributes, Ending, Tracer } from '../tracing/span.ts';
import { contextOf, type RequestContext } from './request-context.ts';

/** OpenTelemetry's list: any other is one it calls `_OTHER`. */
const METHODS: ReadonlySet<string> = new Set([
  'CONNECT',
  'DELETE',
  'GET',
  'HEAD',
  'OPTIONS',
  'PATCH',
  'POST',
  'PUT',
  'TRACE',
]);

/** A span a request. It says what the log's line does, but for the caller; the target is in neither. */
export function traceRequests(tracer: Tracer): RequestHandler {
  return (req, res, next) => {
    const context = contextOf(res);
    const span = tracer.request(req.headers);
    context.span = span;
    context.onEnded(() => {
      span.end(endingOf(req.method, res, context));
    });
    next();
  };
}

function endingOf(method: string, res: Response, context: RequestContext): Ending {
  const { requestId, route, error, isSent } = context;
  const isKnown = METHODS.has(method);
  const status = res.headersSent ? res.statusCode : undefined;
  return {
    name: [isKnown ? method : 'HTTP', route].join(' ').trim(),
    // A stream that failed has sent its 200 long before.
    failed: Math.max(status ?? 0, error?.status ?? 0) >= 500,
    attributes: {
      'http.request.method': isKnown ? method : '_OTHER',
      'http.route': route,
      'http.response.status_code': status,
      'error.type': error?.code,
      'rollcall.request_id': requestId,
      ...workOf(context),
      'rollcall.aborted': isSent ? undefined : true,
    },
  };
}

function workOf({ collection, upstream, stream }: RequestContext): Attributes {
  return {
    'rollcall.collection': collection,
    ...(stream
      ? {
          'rollcall.stream.pages': stream.pages,
          'rollcall.stream.users': stream.users,
          'rollcall.stream.end': stream.end,
        }
      : { 'rollcall.page.source': upstream?.source }),
  };
}
