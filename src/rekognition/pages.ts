import type { Config } from '../config.ts';
import { AppError } from '../errors.ts';
import type { Rekognition } from './client.ts';
import { AttemptTimeout } from './fault.ts';
import { readPage, type Page } from './page.ts';
import { createRetryBudget } from './retry-budget.ts';
import { withRetry, type CallTrace } from './retry.ts';
import { within } from './within.ts';

/** Which page of which collection. */
export interface PageRequest {
  readonly collectionId: string;
  readonly maxResults: number;
  /** Rekognition's token; none asks for the first page. */
  readonly nextToken: string | undefined;
}

/** Who asks for a page, and on what terms. */
export interface PageCaller {
  /** Whose turn it is, where callers wait for quota. */
  readonly caller: string;
  /** Interactive pages go before exports. */
  readonly priority: 'page' | 'export';
  /** Aborts when nobody waits for the page any more. */
  readonly left: AbortSignal;
  readonly trace: CallTrace;
}

/** Reads pages of users from Rekognition. Fails with `AppError` only, or with the reason of `left`. */
export interface Pages {
  get(request: PageRequest, caller: PageCaller): Promise<Page>;
}

interface PagesOptions {
  readonly rekognition: Pick<Rekognition, 'listUsers'>;
  readonly config: Pick<Config, 'requestDeadlineMs' | 'upstreamAttemptTimeoutMs' | 'upstreamMaxAttempts'>;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** From 0 to 1. */
  readonly random: () => number;
}

/** Pages with retries inside a deadline, and every attempt inside a time-out of its own. */
export function createPages(options: PagesOptions): Pages {
  const { rekognition, config, now, random } = options;
  const { requestDeadlineMs: deadlineMs, upstreamAttemptTimeoutMs: attemptTimeoutMs } = config;
  const retry = { maxAttempts: config.upstreamMaxAttempts, budget: createRetryBudget(now), now, random };
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
      const deadlineAt = now() + deadlineMs;
      return within({ ms: deadlineMs, parent: left, onTimeout: deadlinePassed }, (signal) =>
        withRetry(retry, { trace, signal, deadlineAt }, () => attempt(request, signal, trace)),
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
