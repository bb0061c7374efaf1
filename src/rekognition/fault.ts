import { isClockSkewCorrectedError, isThrottlingError, isTransientError } from '@smithy/core/retry';

import { AppError, type ErrorCode } from '../errors.ts';
import { DamagedAnswer } from './read-answer.ts';
import { TransportError } from './transport.ts';

/** One attempt ran into its own time-out. */
export class AttemptTimeout extends Error {
  override readonly name = 'AttemptTimeout';
}

/** What a failed attempt means: for the caller, for the retry, and for the log. */
export interface Fault {
  readonly code: ErrorCode;
  readonly retry: boolean;
  /** Milliseconds that upstream asked us to wait. */
  readonly retryAfterMs: number | undefined;
  /** The exception's name and status; never its text, which holds ARNs and account ids. */
  readonly summary: { readonly name: string; readonly status?: number; readonly cause?: string };
  readonly requestId: string | undefined;
}

/** An attempt failed; `cause` is what it failed with. */
export class FailedAttempt extends Error {
  override readonly name = 'FailedAttempt';
  readonly fault: Fault;

  constructor(fault: Fault, cause: unknown) {
    super(fault.code, { cause });
    this.fault = fault;
  }
}

/** The exceptions of `ListUsers` and the credential failures of AWS's front door, without their `Exception`. */
const codes: Readonly<Partial<Record<string, ErrorCode>>> = {
  InvalidParameter: 'INVALID_PARAMETER',
  Validation: 'INVALID_PARAMETER',
  InvalidPaginationToken: 'INVALID_PAGE_TOKEN',
  AccessDenied: 'UPSTREAM_ACCESS_DENIED',
  ResourceNotFound: 'COLLECTION_NOT_FOUND',
  CredentialsProviderError: 'UPSTREAM_UNAUTHENTICATED',
  TokenProviderError: 'UPSTREAM_UNAUTHENTICATED',
  UnrecognizedClient: 'UPSTREAM_UNAUTHENTICATED',
  InvalidClientTokenId: 'UPSTREAM_UNAUTHENTICATED',
  ExpiredToken: 'UPSTREAM_UNAUTHENTICATED',
  InvalidToken: 'UPSTREAM_UNAUTHENTICATED',
  InvalidSignature: 'UPSTREAM_UNAUTHENTICATED',
  SignatureDoesNotMatch: 'UPSTREAM_UNAUTHENTICATED',
  IncompleteSignature: 'UPSTREAM_UNAUTHENTICATED',
  MissingAuthenticationToken: 'UPSTREAM_UNAUTHENTICATED',
  RequestExpired: 'UPSTREAM_UNAUTHENTICATED',
  NotAuthorized: 'UPSTREAM_UNAUTHENTICATED',
  OptInRequired: 'UPSTREAM_UNAUTHENTICATED',
};

interface SdkError extends Error {
  readonly $metadata?: { readonly httpStatusCode?: number; readonly requestId?: string };
  readonly $response?: { readonly headers?: Readonly<Record<string, string>> };
}

/** Reads a failed attempt. An error that is neither AWS's nor the network's is a bug, and is thrown on. */
export function toFault(error: unknown, now: () => number): Fault {
  if (!(error instanceof Error)) throw new Error('an attempt failed with something that is no error');
  if (error instanceof AttemptTimeout) return fault(error, 'UPSTREAM_TIMEOUT', true);
  if (error instanceof TransportError || error instanceof DamagedAnswer || error instanceof SyntaxError) {
    return fault(error, 'UPSTREAM_ERROR', true);
  }
  const sdkError = error as SdkError;
  const code = codeOf(sdkError);
  if (code === undefined) throw error;
  return {
    ...fault(sdkError, code, isRetried(sdkError, code)),
    retryAfterMs: retryAfterMs(sdkError.$response?.headers, now),
  };
}

function fault(error: SdkError, code: ErrorCode, retry: boolean): Fault {
  const status = error.$metadata?.httpStatusCode;
  const cause = causeOf(error);
  return {
    code,
    retry,
    retryAfterMs: undefined,
    summary: { name: error.name, ...(status !== undefined && { status }), ...(cause && { cause }) },
    requestId: error.$metadata?.requestId,
  };
}

/** Our own words for a damaged answer, a socket's code for a failed connection. */
function causeOf(error: Error): string | undefined {
  if (error instanceof DamagedAnswer) return error.message.split('\n', 1)[0];
  return error instanceof TransportError ? (error.cause as { code?: string } | undefined)?.code : undefined;
}

function codeOf(error: SdkError): ErrorCode | undefined {
  // By name alone: a status of 429 from something in between is not Rekognition's throttle.
  if (isThrottlingError({ name: error.name } as never)) return 'UPSTREAM_THROTTLED';
  const known = codes[error.name.replace(/Exception$/, '')];
  return known ?? (error.$metadata ? 'UPSTREAM_ERROR' : undefined);
}

function isRetried(error: SdkError, code: ErrorCode): boolean {
  if (code === 'UPSTREAM_THROTTLED') return true;
  // The SDK has just corrected its clock by the answer's date: the same call now signs rightly.
  if (code === 'UPSTREAM_UNAUTHENTICATED') return isClockSkewCorrectedError(error as never) === true;
  return (
    code === 'UPSTREAM_ERROR' &&
    ((error.$metadata?.httpStatusCode ?? 0) >= 500 || isTransientError(error as never))
  );
}

/** `Retry-After` as seconds or as a date, in milliseconds from now. */
function retryAfterMs(
  headers: Readonly<Record<string, string>> | undefined,
  now: () => number,
): number | undefined {
  const value = headers?.['retry-after'];
  if (value === undefined) return undefined;
  const ms = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - now();
  return Number.isFinite(ms) ? Math.max(0, ms) : undefined;
}

const details: Readonly<Partial<Record<ErrorCode, string>>> = {
  INVALID_PARAMETER: 'Rekognition refused a parameter of this request.',
  INVALID_PAGE_TOKEN: 'The page token has expired or is no longer valid. Start again from the first page.',
  UPSTREAM_ACCESS_DENIED: 'This service is not allowed to read that collection. Ask its operator.',
  COLLECTION_NOT_FOUND: 'There is no collection with this id.',
  UPSTREAM_THROTTLED: 'Rekognition is throttling this service. Retry after the time in Retry-After.',
  UPSTREAM_UNAUTHENTICATED: 'Rekognition refused the credentials of this service. Ask its operator.',
  UPSTREAM_TIMEOUT: 'Rekognition did not answer in time. Retry later.',
};

/** The fault as the caller is told of it. */
export function toAppError({ fault: { code, retryAfterMs }, cause }: FailedAttempt): AppError {
  return new AppError(code, details[code] ?? 'Rekognition failed to answer this request. Retry later.', {
    cause,
    ...(code === 'UPSTREAM_THROTTLED' && { retryAfterS: (retryAfterMs ?? 1000) / 1000 }),
  });
}
