import { AppError } from '../errors.ts';
import type { AttemptOutcome } from '../metrics/upstream.ts';
import type { Span } from '../tracing/span.ts';
import type { CallTrace } from './trace.ts';
import type { Priority } from './turns.ts';

/** The wait for a permit, as part of what waits. */
export function startWait(parent: Span | undefined): Span | undefined {
  return parent?.child('wait for a permit');
}

/** It was granted where there is no `error`. */
export function endWait(span: Span | undefined, priority: Priority, error?: unknown): void {
  const code = error instanceof AppError ? error.code : undefined;
  span?.end({
    failed: code !== undefined,
    attributes: {
      'rollcall.priority': priority,
      'rollcall.outcome': error === undefined ? 'granted' : (code ?? 'left'),
      'error.type': code,
    },
  });
}

/** One call of Rekognition. The trace's context does not go along: what is sent is signed as it is. */
export function startAttempt(parent: Span | undefined): Span | undefined {
  return parent?.child('Rekognition/ListUsers', 'client');
}

/** `trace` tells of the attempt, unless it ended without an answer because everybody had left. */
export function endAttempt(span: Span | undefined, trace: CallTrace, outcome: AttemptOutcome): void {
  const failed = outcome !== 'ok' && outcome !== 'left';
  span?.end({
    failed,
    attributes: {
      'rpc.system': 'aws-api',
      'rpc.service': 'Rekognition',
      'rpc.method': 'ListUsers',
      'aws.request_id': outcome === 'left' ? undefined : trace.requestId,
      'http.response.status_code': failed ? trace.lastError?.status : undefined,
      'error.type': failed ? outcome : undefined,
      'rollcall.attempt': trace.attempts,
      'rollcall.outcome': outcome,
    },
  });
}
