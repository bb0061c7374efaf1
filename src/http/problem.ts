import { problems, type AppError, type ErrorCode, type ParameterFault } from '../errors.ts';

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
  readonly errors?: readonly ParameterFault[];
}

/** The media type of every error. */
export const PROBLEM_TYPE = 'application/problem+json';

/** Renders an error; `url` is the request's, of which only the path is told. */
export function toProblem(error: AppError, url: string, requestId: string): Problem {
  const { code, status, message, faults } = error;
  const { title, retryable } = problems[code];
  return {
    type: `urn:problem-type:rollcall:${code.toLowerCase().replaceAll('_', '-')}`,
    title,
    status,
    detail: message,
    instance: pathOf(url),
    code,
    requestId,
    retryable,
    ...(faults && { errors: faults }),
  };
}

/** Headers that an error brings along. */
export function problemHeaders(error: AppError): Record<string, string> {
  const { retryAfterS, headers } = error;
  return {
    ...headers,
    ...(retryAfterS !== undefined && { 'Retry-After': String(Math.max(1, Math.ceil(retryAfterS))) }),
  };
}

/** The path alone: no query, which may hold a page token, and no host of an absolute-form target. */
function pathOf(url: string): string {
  return url.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i, '').replace(/[?#].*$/s, '') || '/';
}
