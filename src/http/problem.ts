import { problems, type AppError, type ErrorCode, type ParameterError } from '../errors.ts';

/** An error as callers see it (RFC 9457). */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly instance: string;
  readonly code: ErrorCode;
  readonly requestId: string;
  readonly retryable: boolean;
  /** Seconds until a retry makes sense, as in `Retry-After`: a client may see the body alone. */
  readonly retryAfter?: number;
  readonly errors?: readonly ParameterError[];
}

/** The media type of every error. */
export const PROBLEM_TYPE = 'application/problem+json';

/** Renders an error; `url` is the target of the request, as it was received. */
export function toProblem(error: AppError, url: string, requestId: string): Problem {
  const { code, status, message, errors } = error;
  const { title, retryable } = problems[code];
  const retryAfter = retryAfterOf(error);
  return {
    type: `urn:problem-type:rollcall:${code.toLowerCase().replaceAll('_', '-')}`,
    title,
    status,
    detail: message,
    instance: instanceOf(url),
    code,
    requestId,
    retryable,
    ...(retryAfter !== undefined && { retryAfter }),
    ...(errors && { errors }),
  };
}

/** The headers of an error. */
export function problemHeaders(error: AppError): Record<string, string> {
  const retryAfter = retryAfterOf(error);
  return {
    ...error.headers,
    ...(retryAfter !== undefined && { 'Retry-After': String(retryAfter) }),
  };
}

/** Whole seconds, rounded up, at least one. */
function retryAfterOf({ retryAfterS }: AppError): number | undefined {
  return retryAfterS === undefined ? undefined : Math.max(1, Math.ceil(retryAfterS));
}

/**
 * A reference to the path alone (RFC 3986, 4.2): no query, which may hold a page token, and no host, neither of an
 * absolute target nor of a path that begins with two slashes.
 */
function instanceOf(target: string): string {
  const path = target.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i, '').replace(/[?#].*$/s, '');
  const encoded = path.replace(/%(?![0-9a-f]{2})|[^\w.~!$&'()*+,;=:@/%-]/gi, percentEncoded);
  if (encoded === '*') return encoded;
  return encoded.replace(/^\/\//, '/.//').replace(/^(?!\/)/, '/');
}

/** Node reads a target byte by byte, as Latin-1. */
function percentEncoded(character: string): string {
  return `%${Buffer.from(character, 'latin1').toString('hex').toUpperCase()}`;
}
