import { AppError, type ErrorCode } from '../errors.ts';
import { CredentialsError } from './credentials.ts';
import { exceptionCodes, passingException } from './exceptions.ts';
import { MalformedResponse } from './protocol.ts';
import { retryAfterMs } from './retry-after.ts';
import { TransportError } from './transport.ts';

/** One call ran into its own time-out. */
export class AttemptTimeout extends Error {
  override readonly name = 'AttemptTimeout';
}

/** What a failed call means: for the client, for the retry, and for the log. */
interface Meaning {
  readonly code: ErrorCode;
  /** Whether another attempt may help. */
  readonly retry: boolean;
  /** The wait that Rekognition asked for, in milliseconds. */
  readonly retryAfterMs: number | undefined;
  /** The exception's name and status; never its text, which holds ARNs and account ids. */
  readonly summary: {
    readonly name: string;
    readonly status?: number;
    readonly cause?: string;
    /** The call was not sent: its credentials could not be looked up. */
    readonly stage?: 'credentials';
  };
  readonly requestId: string | undefined;
}

/** A failed call; `cause` is the error behind it. */
export class UpstreamFailure extends Error implements Meaning {
  override readonly name = 'UpstreamFailure';
  readonly code: ErrorCode;
  readonly retry: boolean;
  readonly retryAfterMs: number | undefined;
  readonly summary: Meaning['summary'];
  readonly requestId: string | undefined;

  constructor(meaning: Meaning, cause: unknown) {
    super(meaning.code, { cause });
    this.code = meaning.code;
    this.retry = meaning.retry;
    this.retryAfterMs = meaning.retryAfterMs;
    this.summary = meaning.summary;
    this.requestId = meaning.requestId;
  }
}

interface SdkError extends Error {
  readonly $metadata?: {
    readonly httpStatusCode?: number;
    readonly requestId?: string;
    readonly clockSkewCorrected?: boolean;
  };
  readonly $response?: { readonly headers?: Readonly<Record<string, string>> };
}

/** Reads the error of a call. One that is neither AWS's nor the network's is a bug, and is rethrown. */
export function toUpstreamFailure(error: unknown, now: () => number): UpstreamFailure {
  return new UpstreamFailure(meaningOf(error, now), error);
}

function meaningOf(error: unknown, now: () => number): Meaning {
  if (!(error instanceof Error)) throw new Error('a call failed with something that is no error');
  if (error instanceof AttemptTimeout) return meaning(error, 'UPSTREAM_TIMEOUT', true);
  if (error instanceof TransportError || error instanceof MalformedResponse || error instanceof SyntaxError) {
    return meaning(error, 'UPSTREAM_ERROR', true);
  }
  if (error instanceof CredentialsError) {
    const summary = { ...nameAndCodeOf(error.cause), stage: 'credentials' } as const;
    return { ...meaning(error, 'UPSTREAM_UNAUTHENTICATED', false), summary };
  }
  const sdkError = error as SdkError;
  const code = codeOf(sdkError);
  if (code === undefined) throw error;
  return {
    ...meaning(sdkError, code, isRetried(sdkError, code)),
    retryAfterMs: retryAfterMs(sdkError.$response?.headers?.['retry-after'], now),
  };
}

function meaning(error: SdkError, code: ErrorCode, retry: boolean): Meaning {
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

/** This service's own text for a malformed response, the socket's code for a failed connection. */
function causeOf(error: Error): string | undefined {
  if (error instanceof MalformedResponse) return error.message.split('\n', 1)[0];
  return error instanceof TransportError ? codeAlong(error.cause) : undefined;
}

function codeOf(error: SdkError): ErrorCode | undefined {
  // By name alone: a status of 429 from something in between is not Rekognition's throttle.
  return exceptionCodes.get(exceptionOf(error)) ?? (error.$metadata ? 'UPSTREAM_ERROR' : undefined);
}

/** How AWS says that a signature would be good at another time. One by a wrong key is not. */
const WRONG_TIME = /^Signature (expired|not yet current)/;

function isRetried(error: SdkError, code: ErrorCode): boolean {
  if (code === 'UPSTREAM_THROTTLED') return true;
  // The next signature has the right time: by the response's date, to which the SDK has just corrected its clock, or
  // because this process was paused only while the call was on its way.
  if (code === 'UPSTREAM_UNAUTHENTICATED')
    return error.$metadata?.clockSkewCorrected === true || WRONG_TIME.test(error.message);
  return (
    code === 'UPSTREAM_ERROR' &&
    ((error.$metadata?.httpStatusCode ?? 0) >= 500 || exceptionOf(error) === passingException)
  );
}

function exceptionOf({ name }: Error): string {
  return name.replace(/Exception$/, '');
}

/** The error of a source of credentials: its name and the socket's code, never its text. */
function nameAndCodeOf(error: unknown): { readonly name: string; readonly cause?: string } {
  if (!(error instanceof Error)) return { name: 'Error' };
  const code = codeAlong(error);
  return { name: error.name, ...(code !== undefined && { cause: code }) };
}

/** The code of a socket or of the file system, at any depth of the chain of causes. */
function codeAlong(error: unknown, depth = 0): string | undefined {
  if (typeof error !== 'object' || error === null || depth > 4) return undefined;
  const { code, cause, errors } = error as { code?: unknown; cause?: unknown; errors?: unknown };
  if (typeof code === 'string') return code;
  return codeAlong(cause, depth + 1) ?? codeAlong(Array.isArray(errors) ? errors[0] : undefined, depth + 1);
}

const details: Readonly<Partial<Record<ErrorCode, string>>> = {
  INVALID_PARAMETER: 'Rekognition refused a parameter of this request.',
  INVALID_PAGE_TOKEN: 'The page token has expired or is no longer valid. Start again from the first page.',
  UPSTREAM_ACCESS_DENIED: 'This service is not allowed to read that collection. Ask its operator.',
  COLLECTION_NOT_FOUND: 'There is no collection with this id.',
  UPSTREAM_THROTTLED: 'Rekognition is throttling this service. Retry after the time in Retry-After.',
  UPSTREAM_UNAUTHENTICATED: 'This service has no credentials that Rekognition accepts. Ask its operator.',
  UPSTREAM_TIMEOUT: 'Rekognition did not respond in time. Retry later.',
};

/** Whether a call failed before it was sent: AWS had refused its credentials while it waited for a permit. */
export function isUnsent(error: unknown): boolean {
  return error instanceof UpstreamFailure && error.summary.stage === 'credentials';
}

/** The failure as the client sees it. */
export function toAppError({ code, retryAfterMs, cause }: UpstreamFailure): AppError {
  return new AppError(code, details[code] ?? 'Rekognition failed. Retry later.', {
    cause,
    ...(code === 'UPSTREAM_THROTTLED' && { retryAfterS: (retryAfterMs ?? 1000) / 1000 }),
  });
}
