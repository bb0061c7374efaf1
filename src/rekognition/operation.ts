import type { AppError } from '../errors.ts';
import type { PermitRequest } from '../quota/governor.ts';
import type { Span } from '../tracing/span.ts';
import type { RekognitionCommand, RekognitionInput } from './client.ts';
import type { UpstreamStats } from './upstream-stats.ts';

/** The members of a JSON object that Rekognition sent, unchecked. */
export type Json = Readonly<Record<string, unknown>>;

/** One operation of Rekognition, as data. Whatever serves operations knows no more of them than this. */
export interface UpstreamOperation<Input extends RekognitionInput, Output> {
  /** Rekognition's own name: of the quota, in metrics, spans and Redis. */
  readonly name: string;
  readonly command: (input: Input) => RekognitionCommand<Input>;
  /** Reads a response to this input; throws `MalformedResponse` where it is not what Rekognition documents. */
  readonly read: (response: Json, input: Input) => Output;
  /** What fails alone, such as one collection: failures of one do not suspend the others. */
  readonly isolatedBy?: (input: Input) => string | undefined;
  /** About how many bytes of memory an output takes, for the bound of the cache. */
  readonly bytesOf?: (output: Output) => number;
}

/** An output of Rekognition, and when it was read. Callers who ask for the same share one. */
export interface UpstreamResult<Output> {
  readonly output: Output;
  /** Milliseconds since the epoch. */
  readonly fetchedAt: number;
  /** What the operation made of the output, so that it is made once. It is kept and dropped with it. */
  rendered?: unknown;
}

/** Who makes a call, and on what terms. */
export interface CallContext extends PermitRequest {
  /** The oldest result that will do, in milliseconds; 0 asks for a new one. */
  readonly maxAgeMs: number;
  readonly stats: UpstreamStats;
  /** The span of the request, where it is traced. */
  readonly span?: Span | undefined;
}

/** Makes a call; rejects with `AppError`, `UpstreamFailure`, or the reason of the context's signal. */
export type UpstreamCall = <Input extends RekognitionInput, Output>(
  operation: UpstreamOperation<Input, Output>,
  input: Input,
  context: CallContext,
) => Promise<UpstreamResult<Output>>;

/** One stage on the way of a call. */
export type Stage = (next: UpstreamCall) => UpstreamCall;

/** Whether an error is as good as a result: the resource does not exist for any caller. */
export function isLasting(error: unknown): error is AppError {
  return (error as Partial<AppError> | undefined)?.code === 'COLLECTION_NOT_FOUND';
}
