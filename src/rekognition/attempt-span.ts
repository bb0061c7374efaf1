import { AppError, type ErrorCode } from '../errors.ts';
import type { Priority } from '../quota/fair-queue.ts';
import type { Span } from '../tracing/span.ts';
import type { UpstreamStats } from './upstream-stats.ts';

/** How a call ended; `left`: nobody waited for it any more. */
export type AttemptOutcome = 'ok' | 'left' | ErrorCode;

/** Begins the wait for a permit, as a part of the request. */
export function startWait(parent: Span | undefined): Span | undefined {
  return parent?.child('wait for a permit');
}

/** Ends the wait: with a permit where there is no `error`. */
export function endWait(
  span: Span | undefined,
  operation: string,
  priority: Priority,
  error?: unknown,
): void {
  const code = error instanceof AppError ? error.code : undefined;
  span?.end({
    failed: code !== undefined,
    attributes: {
      'rollcall.operation': operation,
      'rollcall.priority': priority,
      'rollcall.outcome': error === undefined ? 'granted' : (code ?? 'left'),
      'error.type': code,
    },
  });
}

/** Begins one call of Rekognition. The trace's context is not sent: the request is signed as it is. */
export function startAttempt(parent: Span | undefined, operation: string): Span | undefined {
  return parent?.child(`Rekognition/${operation}`, 'client');
}

/** Ends the call. `stats` tell of it, unless it was given up since everybody had left. */
export function endAttempt(
  span: Span | undefined,
  operation: string,
  stats: UpstreamStats,
  outcome: AttemptOutcome,
): void {
  const failed = outcome !== 'ok' && outcome !== 'left';
  span?.end({
    failed,
    attributes: {
      'rpc.system': 'aws-api',
      'rpc.service': 'Rekognition',
      'rpc.method': operation,
      'aws.request_id': outcome === 'left' ? undefined : stats.requestId,
      'http.response.status_code': failed ? stats.lastError?.status : undefined,
      'error.type': failed ? outcome : undefined,
      'rollcall.attempt': stats.attempts,
      'rollcall.outcome': outcome,
    },
  });
}
