import { AppError } from '../errors.ts';
import type { Rekognition } from './client.ts';
import { AttemptTimeout } from './fault.ts';
import { readPage, type Page } from './page.ts';
import { withRetry, type CallTrace, type RetryOptions } from './retry.ts';
import { within } from './within.ts';

/** Which page of which collection. */
export interface PageRequest {
  readonly collectionId: string;
  readonly maxResults: number;
  /** Rekognition's token; none asks for the first page. */
  readonly nextToken: string | undefined;
}

/** Reads pages of users from Rekognition. Fails with `AppError` only, or with the reason of `left`. */
export interface Pages {
  get(request: PageRequest, caller: { readonly left: AbortSignal; readonly trace: CallTrace }): Promise<Page>;
}

interface PagesOptions extends RetryOptions {
  readonly rekognition: Pick<Rekognition, 'listUsers'>;
  /** The whole of one request: attempts and back-off, in milliseconds. */
  readonly deadlineMs: number;
  readonly attemptTimeoutMs: number;
}

/** Pages with retries inside a deadline, and every attempt inside a time-out of its own. */
export function createPages(options: PagesOptions): Pages {
  const { rekognition, deadlineMs, attemptTimeoutMs } = options;
  const attempt = (request: PageRequest, parent: AbortSignal, trace: CallTrace): Promise<Page> =>
    within({ ms: attemptTimeoutMs, parent, onTimeout: () => new AttemptTimeout() }, async (signal) => {
      const { collectionId, maxResults, nextToken } = request;
      const answer = await rekognition.listUsers(
        {
          CollectionId: collectionId,
          MaxResults: maxResults,
          ...(nextToken !== undefined && { NextToken: nextToken }),
        },
        signal,
      );
      trace.requestId = (answer['$metadata'] as { requestId?: string }).requestId;
      return readPage(answer);
    });
  return {
    get(request, { left, trace }) {
      const deadlineAt = options.now() + deadlineMs;
      return within({ ms: deadlineMs, parent: left, onTimeout: deadlinePassed }, (signal) =>
        withRetry(options, { trace, signal, deadlineAt }, () => attempt(request, signal, trace)),
      );
    },
  };
}

function deadlinePassed(): AppError {
  return new AppError(
    'UPSTREAM_TIMEOUT',
    'Rekognition did not answer within the deadline of this request. Retry later.',
  );
}
