import { LRUCache } from 'lru-cache';

import { AppError } from '../errors.ts';
import type { Metrics } from '../metrics/metrics.ts';
import type { RekognitionInput } from './client.ts';
import type { CallContext, Stage, UpstreamOperation, UpstreamResult } from './operation.ts';

/** A result, or an error that is cached like one. */
type CachedResult = UpstreamResult<unknown> | AppError;

interface Entry {
  readonly result: CachedResult;
  readonly at: number;
  /** The greatest age that the caller who stored it accepts. */
  readonly maxAgeMs: number;
}

/** Results of one operation of Rekognition, kept for a short time. */
export interface Cache {
  get(key: string, maxAgeMs: number): CachedResult | undefined;
  set(key: string, result: CachedResult, maxAgeMs: number, bytes: number): void;
  /** How many results there are, and about how many bytes they take. */
  state(): { readonly results: number; readonly bytes: number };
}

const MAX_RESULTS = 5000;
/** For one operation: the caches of all fit into 256 MiB beside the rest of the service. */
const MAX_BYTES = 16 * 1024 * 1024;
/** What an entry takes besides its output: its key, both page tokens, the headers of the response. */
const ENTRY_BYTES = 3500;

/** An empty cache. It holds user ids, so a result is dropped as soon as it is too old for every caller. */
export function createCache(now: () => number): Cache {
  const entries = new LRUCache<string, Entry>({
    max: MAX_RESULTS,
    maxSize: MAX_BYTES,
    ttlResolution: 0,
    ttlAutopurge: true,
  });
  return {
    get(key, maxAgeMs) {
      const entry = entries.get(key);
      return entry && now() - entry.at < maxAgeMs ? entry.result : undefined;
    },
    set(key, result, maxAgeMs, bytes) {
      const present = entries.peek(key);
      // Callers who share a call each store its result. The one who accepts the greatest age decides.
      if (present?.result === result && maxAgeMs <= present.maxAgeMs) return;
      // The new result stays for as long as the one that it replaces would have: its caller may accept a greater age.
      const ttl = Math.ceil(Math.max(maxAgeMs, entries.getRemainingTTL(key)));
      entries.set(key, { result, at: now(), maxAgeMs }, { ttl, size: ENTRY_BYTES + bytes });
    },
    state: () => ({ results: entries.size, bytes: entries.calculatedSize }),
  };
}

interface FromCacheOptions {
  readonly cache: Cache;
  readonly metrics: Metrics;
}

/** Answers from the cache if a result is young enough for the context, and caches new results. */
export function fromCache({ cache, metrics }: FromCacheOptions): Stage {
  return (next) =>
    async <Input extends RekognitionInput, Output>(
      operation: UpstreamOperation<Input, Output>,
      input: Input,
      context: CallContext,
    ) => {
      const { maxAgeMs, stats } = context;
      if (maxAgeMs === 0) return next(operation, input, context);
      const key = keyOf(input);
      const found = cache.get(key, maxAgeMs);
      if (found) {
        stats.source = 'cached';
        metrics.results.inc({ operation: operation.name, source: 'cached' });
        if (found instanceof AppError) throw found;
        return found as UpstreamResult<Output>;
      }
      try {
        const result = await next(operation, input, context);
        cache.set(key, result, maxAgeMs, operation.bytesOf?.(result.output) ?? 0);
        return result;
      } catch (error) {
        if (isLasting(error)) cache.set(key, error, maxAgeMs, 0);
        throw error;
      }
    };
}

/** Whether an error can be cached like a result: the collection exists for no caller. */
function isLasting(error: unknown): error is AppError {
  return error instanceof AppError && error.code === 'COLLECTION_NOT_FOUND';
}

/** Inputs of one operation are equal if and only if their keys are: operations write their members in one order. */
export function keyOf(input: object): string {
  return JSON.stringify(input);
}
