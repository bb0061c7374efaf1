import { SpanKind, type Span } from '@opentelemetry/api';

import type { ErrorCode } from '../errors.ts';
import type { Metrics } from '../metrics/metrics.ts';
import type { Governor } from '../quota/governor.ts';
import { endSpan, startPart } from '../tracing/span.ts';
import type { Client } from './client.ts';
import { raceDeadline, type CallDuration } from './deadline.ts';
import { AttemptTimeout, toUpstreamFailure } from './failure.ts';
import type { UpstreamCall, UpstreamStats } from './operation.ts';

interface AttemptOptions {
  readonly client: Client;
  /** How long one call may take, in milliseconds. */
  readonly timeoutMs: number;
  readonly duration: CallDuration;
  readonly governor: Pick<Governor, 'throttled'>;
  readonly metrics: Metrics;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/**
 * Calls Rekognition once, within the time-out, and reads the response. Rejects with `UpstreamFailure`. The call is not
 * given up when no request waits for it any more: how it ends still says how Rekognition is.
 */
export function attempt(options: AttemptOptions): UpstreamCall {
  const { client, timeoutMs, duration, governor, metrics, now } = options;
  return async (operation, input, context) => {
    const { name } = operation;
    const { stats } = context;
    const from = now();
    // The trace's context is not sent to AWS (docs/decisions/0010).
    const span = context.trace && startPart(context.trace, `Rekognition/${name}`, SpanKind.CLIENT);
    stats.attempts += 1;
    const ended = (outcome: 'ok' | ErrorCode): void => {
      metrics.attemptSeconds.observe({ operation: name, outcome }, (now() - from) / 1000);
      if (span) endAttempt(span, name, stats, outcome);
    };
    try {
      const bounds = { ms: timeoutMs, onTimeout: () => new AttemptTimeout() };
      const response = await raceDeadline(bounds, client.send(operation.command(input)));
      stats.requestId = response.requestId;
      const output = operation.read(response.body, input);
      duration.observe(now() - from);
      ended('ok');
      return { output, fetchedAt: now() };
    } catch (error) {
      const failure = toUpstreamFailure(error, now);
      stats.lastError = failure.summary;
      stats.requestId = failure.requestId;
      ended(failure.code);
      if (failure.code === 'UPSTREAM_THROTTLED') governor.throttled();
      throw failure;
    }
  };
}

function endAttempt(span: Span, operation: string, stats: UpstreamStats, outcome: 'ok' | ErrorCode): void {
  const failed = outcome !== 'ok';
  endSpan(span, failed, {
    'rpc.system': 'aws-api',
    'rpc.service': 'Rekognition',
    'rpc.method': operation,
    'aws.request_id': stats.requestId,
    'http.response.status_code': failed ? stats.lastError?.status : undefined,
    'error.type': failed ? outcome : undefined,
    'rollcall.attempt': stats.attempts,
    'rollcall.outcome': outcome,
  });
}
