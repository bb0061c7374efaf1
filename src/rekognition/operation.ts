import type { PermitRequest } from '../quota/governor.ts';
import type { Trace } from '../tracing/span.ts';
import type { RekognitionCommand, RekognitionInput } from './client.ts';
import type { UpstreamFailure } from './failure.ts';

/** The members of a JSON object that Rekognition sent, unchecked. */
export type Json = Readonly<Record<string, unknown>>;

/** One operation of Rekognition, as data. The code that calls operations knows only this about them. */
export interface UpstreamOperation<Input extends RekognitionInput, Output> {
  /** Rekognition's own name. It also names the quota, and is used in metrics, spans and Redis. */
  readonly name: string;
  readonly command: (input: Input) => RekognitionCommand<Input>;
  /** Reads a response to this input; throws `MalformedResponse` if it is not what Rekognition documents. */
  readonly read: (response: Json, input: Input) => Output;
  /** What can fail alone, such as one collection: its failures do not suspend the others. */
  readonly isolatedBy?: (input: Input) => string | undefined;
  /** About how many bytes of memory an output takes, for the bound of the cache. */
  readonly bytesOf?: (output: Output) => number;
}

/** An output of Rekognition, and when it was read. Callers who ask for the same share one. */
export interface UpstreamResult<Output> {
  readonly output: Output;
  /** Milliseconds since the epoch. */
  readonly fetchedAt: number;
  /** The output as a route has rendered it, so that it is rendered once. It is cached and dropped together with the output. */
  rendered?: { readonly by: object; readonly reply: unknown };
}

/** The caller of a call, its priority, deadline and signal, and the age of a result that it accepts. */
export interface CallContext extends PermitRequest {
  /** The greatest age of an acceptable result, in milliseconds; 0 asks for a new one. */
  readonly maxAgeMs: number;
  readonly stats: UpstreamStats;
  /** The trace of the request, if it has one. */
  readonly trace?: Trace | undefined;
}

/** Whether a result was fetched from Rekognition, came from another request's call, or from the cache. */
export type ResultSource = 'fetched' | 'shared' | 'cached';

/** What happened upstream for one request: for its log line and its span. Times are in milliseconds. */
export interface UpstreamStats {
  source: ResultSource;
  /** Calls that were sent. */
  attempts: number;
  /** How long all attempts together waited for permits. */
  waitMs: number;
  /** The back-off before each retry. */
  readonly delaysMs: number[];
  /** AWS's id of the last response. */
  requestId?: string | undefined;
  lastError?: UpstreamFailure['summary'];
}

/** Stats of a request for which nothing has happened yet. */
export function createUpstreamStats(): UpstreamStats {
  return { source: 'fetched', attempts: 0, waitMs: 0, delaysMs: [] };
}

/** At most this many delays of a stream are kept. */
const MAX_DELAYS = 100;

/** Adds the stats of one page to those of its stream. */
export function addStats(sum: UpstreamStats, page: UpstreamStats): void {
  sum.source = page.source;
  sum.attempts += page.attempts;
  sum.waitMs += page.waitMs;
  sum.delaysMs.push(...page.delaysMs.slice(0, MAX_DELAYS - sum.delaysMs.length));
  sum.requestId = page.requestId;
  if (page.lastError) sum.lastError = page.lastError;
}

/** Makes a call; rejects with `AppError`, `UpstreamFailure`, or the reason of the context's signal. */
export type UpstreamCall = <Input extends RekognitionInput, Output>(
  operation: UpstreamOperation<Input, Output>,
  input: Input,
  context: CallContext,
) => Promise<UpstreamResult<Output>>;

/** One stage of a call (`upstream.ts` lists them). */
export type Stage = (next: UpstreamCall) => UpstreamCall;
