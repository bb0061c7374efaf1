import type { IncomingHttpHeaders } from 'node:http';

import {
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace as api,
  type Attributes,
  type Span,
  type Tracer,
} from '@opentelemetry/api';

/** A span, and the tracer that starts the spans of its parts. Without tracing there is no `Trace`. */
export interface Trace {
  readonly tracer: Tracer;
  readonly span: Span;
}

/** Starts the trace of a request, or continues the trace that its headers name. */
export type StartTrace = (headers: IncomingHttpHeaders) => Trace;

/** Starts the span of a part of the work, which may end later than the whole. */
export function startPart({ tracer, span }: Trace, name: string, kind = SpanKind.INTERNAL): Span {
  return tracer.startSpan(name, { kind }, api.setSpan(ROOT_CONTEXT, span));
}

/** Ends a span. Its attributes never name a user, a caller, a token or a query; those that are undefined are left out. */
export function endSpan(span: Span, failed: boolean, attributes: Attributes): void {
  span.setAttributes(attributes);
  if (failed) span.setStatus({ code: SpanStatusCode.ERROR });
  span.end();
}
