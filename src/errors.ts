/**
 * Every way a request can fail: one code, one status, one meaning (docs/errors.md has an entry for each).
 * `retryable` says whether the same request may succeed later.
 */
export const problems = {
  INVALID_PARAMETER: { status: 400, title: 'Invalid parameter', retryable: false },
  INVALID_PAGE_TOKEN: { status: 400, title: 'Invalid page token', retryable: false },
  MALFORMED_REQUEST: { status: 400, title: 'Malformed request', retryable: false },
  UNAUTHENTICATED: { status: 401, title: 'Authentication required', retryable: false },
  FORBIDDEN: { status: 403, title: 'Forbidden', retryable: false },
  UPSTREAM_ACCESS_DENIED: { status: 403, title: 'Access denied by Rekognition', retryable: false },
  COLLECTION_NOT_FOUND: { status: 404, title: 'Collection not found', retryable: false },
  USER_NOT_FOUND: { status: 404, title: 'User not found', retryable: false },
  ROUTE_NOT_FOUND: { status: 404, title: 'Route not found', retryable: false },
  METHOD_NOT_ALLOWED: { status: 405, title: 'Method not allowed', retryable: false },
  NOT_ACCEPTABLE: { status: 406, title: 'Not acceptable', retryable: false },
  RATE_LIMITED: { status: 429, title: 'Too many requests', retryable: true },
  UPSTREAM_THROTTLED: { status: 429, title: 'Throttled by Rekognition', retryable: true },
  INTERNAL_ERROR: { status: 500, title: 'Internal error', retryable: false },
  UPSTREAM_ERROR: { status: 502, title: 'Rekognition failed', retryable: true },
  UPSTREAM_UNAUTHENTICATED: { status: 502, title: 'Rekognition refused the credentials', retryable: false },
  OVERLOADED: { status: 503, title: 'Overloaded', retryable: true },
  LOOKUP_INCOMPLETE: { status: 503, title: 'Lookup not finished', retryable: true },
  UPSTREAM_UNAVAILABLE: { status: 503, title: 'Upstream unavailable', retryable: true },
  SHUTTING_DOWN: { status: 503, title: 'Shutting down', retryable: true },
  UPSTREAM_TIMEOUT: { status: 504, title: 'Rekognition timed out', retryable: true },
} as const satisfies Record<string, { status: number; title: string; retryable: boolean }>;

/** What a client switches on. */
export type ErrorCode = keyof typeof problems;

/** One error of one parameter, as listed in `errors` of an `INVALID_PARAMETER` problem. */
export interface ParameterError {
  readonly location: 'path' | 'query';
  readonly name: string;
  readonly detail: string;
}

interface AppErrorOptions {
  /** The error behind this one; logged, never sent. */
  readonly cause?: unknown;
  /** Seconds until a retry makes sense; sent as `Retry-After` and `retryAfter`, rounded up, at least 1. */
  readonly retryAfterS?: number;
  readonly errors?: readonly ParameterError[];
  /** Further response headers, such as `Allow`. */
  readonly headers?: Readonly<Record<string, string>>;
  /** The status, if it is not the code's own, such as the HTTP parser's 431. */
  readonly status?: number;
}

/** A failure that the caller gets as a response. `detail` is written for that caller and contains nothing internal. */
export class AppError extends Error {
  override readonly name = 'AppError';
  readonly code: ErrorCode;
  readonly status: number;
  readonly retryAfterS: number | undefined;
  readonly errors: readonly ParameterError[] | undefined;
  readonly headers: Readonly<Record<string, string>>;

  constructor(code: ErrorCode, detail: string, options: AppErrorOptions = {}) {
    super(detail, { cause: options.cause });
    this.code = code;
    this.status = options.status ?? problems[code].status;
    this.retryAfterS = options.retryAfterS;
    this.errors = options.errors;
    this.headers = options.headers ?? {};
  }
}
