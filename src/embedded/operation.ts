import type * as z from 'zod';

import { plannedFailure } from './failures.ts';
import type { Idempotency } from './idempotency.ts';
import type { PageTokens } from './page-token.ts';
import { amzJson, type HttpReply } from './reply.ts';
import { readInput } from './read-input.ts';
import type { Store } from './store.ts';

/** What operations work on. */
export interface Backend {
  readonly store: Store;
  readonly tokens: PageTokens;
  readonly idempotency: Idempotency;
  readonly region: string;
  /** How long a change of faces leaves a user UPDATING, in milliseconds. */
  readonly settleMs: number;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** An operation, from the JSON of a request to its response; throws an `AwsException`. */
export type Operation = (name: string, json: unknown, backend: Backend) => HttpReply;

/** The members of requests that mean the same in every operation. */
interface CommonInput {
  readonly CollectionId?: string;
  readonly NextToken?: string | undefined;
  readonly ClientRequestToken?: string | undefined;
}

/** An operation that reads its input by a schema and runs on what it has read; no result is an empty body. */
export function operation<T extends CommonInput>(
  input: z.ZodType<T>,
  run: (input: T, backend: Backend) => object | undefined,
): Operation {
  return (name, json, backend) => {
    const read = readInput(input, json);
    const { CollectionId, NextToken, ClientRequestToken, ...parameters } = read;
    const failure = plannedFailure({
      operation: name,
      collectionId: CollectionId ?? '',
      nextToken: NextToken,
      region: backend.region,
    });
    if (failure) return failure;
    return backend.idempotency.once(
      ClientRequestToken && `${name} ${ClientRequestToken}`,
      JSON.stringify([CollectionId, parameters]),
      () => amzJson(200, run(read, backend)),
    );
  };
}
