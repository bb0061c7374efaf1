import type { Platform } from './platform.ts';
import type { components } from './schema.ts';

type Problem = components['schemas']['Problem'];
type StreamProblem = components['schemas']['StreamProblem'];

/** One fault of one parameter. */
export type ParameterFault = components['schemas']['ParameterFault'];

/** `NETWORK_ERROR`: no answer, or half of one. `UNREADABLE_ANSWER`: one that is not Rollcall's, the HTML of a proxy say. */
type OwnCode = 'NETWORK_ERROR' | 'UNREADABLE_ANSWER';

/** The codes of the service, and the client's own two. */
export type ErrorCode = components['schemas']['ErrorCode'] | OwnCode;

interface FailureOf<C extends ErrorCode> extends Error {
  readonly name: 'RollcallError';
  readonly code: C;
  /** Always there with a code of the service; undefined where no answer came. */
  readonly status: C extends OwnCode ? number | undefined : number;
  /** In a few words; `message` says more. */
  readonly title: string;
  /** Quote it when asking for help. Undefined where the service did not answer. */
  readonly requestId: string | undefined;
  /** Whether the very same request may succeed later. */
  readonly retryable: boolean;
  /** Seconds until a retry makes sense, where the service said so. */
  readonly retryAfter: number | undefined;
  /** Every fault of the parameters; empty unless the code is `INVALID_PARAMETER`. */
  readonly errors: C extends 'INVALID_PARAMETER' ? readonly ParameterFault[] : readonly [];
  /** Where a stream that failed goes on, if the service said so. */
  readonly nextToken: string | undefined;
}

/** Every way a call can fail but for an abort of the caller's own: a union on `code`. */
export type RollcallError = { [C in ErrorCode]: FailureOf<C> }[ErrorCode];

/** Whether it is an error of this client, and so has a `code` to switch on. */
export function isRollcallError(error: unknown): error is RollcallError {
  return error instanceof Error && error.name === 'RollcallError';
}

interface Details {
  readonly title?: string;
  readonly status?: number | undefined;
  readonly requestId?: string | undefined;
  readonly retryable?: boolean;
  readonly retryAfter?: number | undefined;
  readonly errors?: readonly ParameterFault[];
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
  const title = code === 'NETWORK_ERROR' ? 'No answer' : 'Unreadable answer';
  return Object.assign(new Error(message, { cause }), nothingKnown, {
    title,
    ...details,
    code,
  }) as RollcallError;
}

/** What an answer that is not a success stands for. */
export function failureOf(body: unknown, response: Platform<'Response'>): RollcallError {
  const { status, headers } = response;
  if (isProblem(body)) return problemFailure(body, headers);
  return failure('UNREADABLE_ANSWER', `The answer (${status}) is not one of Rollcall's.`, {
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
  // A page of another origin sees the header only where it is exposed; the body says the same.
  const retryAfter = (headers && secondsOf(headers)) ?? problem.retryAfter;
  return failure(code, detail, { title, status, requestId, retryable, retryAfter, errors, nextToken });
}

/** Whether a value is a problem document of the service. */
export function isProblem(value: unknown): value is Problem {
  return typeof value === 'object' && value !== null && 'code' in value && 'requestId' in value;
}

/** `Retry-After` in seconds; the service sends no dates. */
function secondsOf(headers: Platform<'Headers'>): number | undefined {
  const value = headers.get('retry-after');
  return value !== null && /^\d+$/.test(value) ? Number(value) : undefined;
}
