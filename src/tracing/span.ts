import type { IncomingHttpHeaders } from 'node:http';

/** What a span says. Never a user, a caller, a token or a query; what is undefined is left out. */
export type Attributes = Readonly<Record<string, string | number | boolean | undefined>>;

/** How a stretch of work ended. */
export interface Ending {
  /** A better name than the first, where it was not known before. */
  readonly name?: string;
  readonly failed: boolean;
  readonly attributes: Attributes;
}

/**
 * A stretch of work in a trace. Where tracing is off there is none, and `span?.child(…)` costs nothing: its arguments
 * are not made either.
 */
export interface Span {
  readonly traceId: string;
  readonly spanId: string;
  readonly sampled: boolean;
  /** A part of the work, which may end later than the whole; `client` where it is a call of another service. */
  child(name: string, kind?: 'client'): Span;
  /** Points to a span of another trace that did work for this one. */
  link(other: Span): void;
  /** Once. */
  end(ending: Ending): void;
}

/** Begins traces, and goes on with those of callers. */
export interface Tracer {
  /** The span of a request that came in, in the trace that its headers name, if they name one. */
  request(headers: IncomingHttpHeaders): Span;
}
