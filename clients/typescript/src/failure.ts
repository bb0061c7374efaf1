import type { Platform } from './platform.ts';
import type { components } from './schema.ts';

type Problem = components['schemas']['Problem'];
type StreamProblem = components['schemas']['StreamProblem'];

/** What is wrong with one parameter. */
export type ParameterError = components['schemas']['ParameterError'];

/** `NETWORK_ERROR`: no response, or an incomplete one. `UNREADABLE_RESPONSE`: one that is not Rollcall's, such as a proxy's HTML. */
type OwnCode = 'NETWORK_ERROR' | 'UNREADABLE_RESPONSE';

/** The codes of the service, and the client's own two. */
export type ErrorCode = components['schemas']['ErrorCode'] | OwnCode;

interface FailureOf<C extends ErrorCode> extends Error {
  readonly name: 'RollcallError';
  readonly code: C;
  /** Always set with a code of the service; undefined if there was no response. */
  readonly status: C extends OwnCode ? number | undefined : number;
  /** A short text; `message` says more. */
  readonly title: string;
  /** Quote it when you ask for help. Undefined if the service did not respond. */
  readonly requestId: string | undefined;
  /** Whether the same request may succeed later. */
  readonly retryable: boolean;
  /** Seconds until a retry makes sense, if the service said so. */
  readonly retryAfter: number | undefined;
  /** Every wrong parameter; empty unless the code is `INVALID_PARAMETER`. */
  readonly errors: C extends 'INVALID_PARAMETER' ? readonly ParameterError[] : readonly [];
  /** Where to resume a stream that failed, if the service said so. */
  readonly nextToken: string | undefined;
}

/** Every way in which a call can fail, except the caller's own abort: a union on `code`. */
export type RollcallError = { [C in ErrorCode]: FailureOf<C> }[ErrorCode];

/** Whether an error is this client's, and so has a `code` to switch on. */
export function isRollcallError(error: unknown): error is RollcallError {
  return error instanceof Error && error.name === 'RollcallError';
}

interface Details {
  readonly title?: string;
  readonly status?: number | undefined;
  readonly requestId?: string | undefined;
  readonly retryable?: boolean;
  readonly retryAfter?: number | undefined;
  readonly errors?: readonly ParameterError[];
  readonly nextToken?: string | undefined;
}

const nothingKnown = {
  name: 'RollcallError',
  status: undefined,
  requestId: undefined,
  retryable: false,
  retryAfter: undefined,
  errors: [],
  nextToken: undefined,
};

/** An error of this client; its message is for a person to read. */
export function failure(
  code: ErrorCode,
  message: string,
  details: Details = {},
  cause?: unknown,
): RollcallError {
  const title = code === 'NETWORK_ERROR' ? 'No response' : 'Unreadable response';
  return Object.assign(new Error(message, { cause }), nothingKnown, {
    title,
    ...details,
    code,
  }) as RollcallError;
}

/** The error of a response that is not a success. */
export function failureOf(body: unknown, response: Platform<'Response'>): RollcallError {
  const { status, headers } = response;
  if (isProblem(body)) return problemFailure(body, headers);
  return failure('UNREADABLE_RESPONSE', `The response (${status}) is not one of Rollcall's.`, {
    status,
    retryable: status === 429 || status >= 500,
    requestId: headers.get('x-request-id') ?? undefined,
    retryAfter: secondsOf(headers),
  });
}

/** A problem as an error. */
export function problemFailure(
  problem: Problem & Partial<StreamProblem>,
  headers?: Platform<'Headers'>,
): RollcallError {
  const { code, detail, title, status, requestId, retryable, errors = [], nextToken } = problem;
  // A page from another origin sees the header only if it is exposed; the body says the same.
  const retryAfter = (headers && secondsOf(headers)) ?? problem.retryAfter;
  return failure(code, detail, { title, status, requestId, retryable, retryAfter, errors, nextToken });
}

/** Whether a value is a problem document of the service. */
export function isProblem(value: unknown): value is Problem {
  const members = Object(value) as object;
  return 'requestId' in members && 'retryable' in members;
}

/** `Retry-After` in seconds. The service sends a number, a proxy in front of it perhaps a date. */
function secondsOf(headers: Platform<'Headers'>): number | undefined {
  const value = headers.get('retry-after') ?? '';
  if (/^\d+$/.test(value)) return Number(value);
  // `Date.parse` reads other texts as dates too, such as `5, 5`.
  const at = value.endsWith('GMT') ? Date.parse(value) : NaN;
  return at ? Math.max(0, Math.ceil((at - Date.now()) / 1000)) : undefined;
}
