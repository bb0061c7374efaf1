import { AppError, type ErrorCode } from '../errors.ts';
import type { Metrics } from '../metrics/metrics.ts';
import type { Priority } from '../quota/fair-queue.ts';
import type { Governor, Permit } from '../quota/governor.ts';
import type { Span } from '../tracing/span.ts';
import type { Client } from './client.ts';
import type { Credentials } from './credentials.ts';
import { raceDeadline, type CallDuration } from './deadline.ts';
import { AttemptTimeout, toUpstreamFailure, UpstreamFailure } from './failure.ts';
import type { CallContext, Stage, UpstreamCall } from './operation.ts';
import type { UpstreamStats } from './operation.ts';

interface PermittedOptions {
  readonly governor: Governor;
  readonly metrics: Metrics;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** Waits for a permit. It goes back where it is not used: the caller has gone, or the call is refused after all. */
export function permitted(options: PermittedOptions): Stage {
  return (next) => async (operation, input, context) => {
    const permit = await acquire(options, operation.name, context);
    const giveBack = (): void => {
      permit.giveBack();
      options.metrics.permitsReturned.inc({ operation: operation.name, priority: context.priority });
    };
    const signal = context.signal();
    if (signal.aborted) giveBack();
    signal.throwIfAborted();
    try {
      return await next(operation, input, context);
    } catch (error) {
      // A call that was sent fails as an `UpstreamFailure`.
      if (error instanceof AppError) giveBack();
      throw error;
    }
  };
}

async function acquire(
  { governor, metrics, now }: PermittedOptions,
  operation: string,
  context: CallContext,
): Promise<Permit> {
  const { priority, stats } = context;
  const from = now();
  const span = context.span?.child('wait for a permit');
  try {
    const permit = await governor.acquire(context);
    metrics.permitWaitSeconds.observe({ operation, priority }, (now() - from) / 1000);
    endWait(span, operation, priority);
    return permit;
  } catch (error) {
    if (!context.signal().aborted) metrics.permitsRefused.inc({ operation, priority });
    endWait(span, operation, priority, error);
    throw error;
  } finally {
    stats.waitMs += Math.round(now() - from);
  }
}

interface AuthenticatedOptions {
  readonly credentials: Credentials;
  readonly metrics: Metrics;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** Has credentials before there is a permit: a source of credentials that fails or is slow takes none of the quota. */
export function authenticated({ credentials, metrics, now }: AuthenticatedOptions): Stage {
  return (next) => async (operation, input, context) => {
    const signal = context.signal();
    const from = now();
    try {
      await credentials.get(signal);
    } catch (error) {
      signal.throwIfAborted();
      const failure = toUpstreamFailure(error, now);
      metrics.attemptSeconds.observe(
        { operation: operation.name, outcome: failure.code },
        (now() - from) / 1000,
      );
      context.stats.lastError = failure.summary;
      throw failure;
    }
    try {
      return await next(operation, input, context);
    } catch (error) {
      if (error instanceof UpstreamFailure && error.code === 'UPSTREAM_UNAUTHENTICATED')
        credentials.refused();
      throw error;
    }
  };
}

interface CallOptions {
  readonly client: Client;
  /** How long one call may take, in milliseconds. */
  readonly timeoutMs: number;
  readonly duration: CallDuration;
  readonly onThrottled: () => void;
  readonly metrics: Metrics;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** Calls Rekognition once, within the time-out, and reads the response. Rejects with `UpstreamFailure`. */
export function call(options: CallOptions): UpstreamCall {
  const { client, timeoutMs, duration, onThrottled, metrics, now } = options;
  return async (operation, input, context) => {
    const { name } = operation;
    const { stats } = context;
    const parent = context.signal();
    const from = now();
    // The trace's context is not sent: the request is signed as it is.
    const span = context.span?.child(`Rekognition/${name}`, 'client');
    stats.attempts += 1;
    const ended = (outcome: AttemptOutcome): void => {
      metrics.attemptSeconds.observe({ operation: name, outcome }, (now() - from) / 1000);
      endAttempt(span, name, stats, outcome);
    };
    try {
      const bounds = { ms: timeoutMs, parent, onTimeout: () => new AttemptTimeout() };
      const response = await raceDeadline(bounds, client.send(operation.command(input)));
      stats.requestId = response.requestId;
      const output = operation.read(response.body, input);
      duration.observe(now() - from);
      ended('ok');
      return { output, fetchedAt: now() };
    } catch (error) {
      if (parent.aborted) ended('left');
      parent.throwIfAborted();
      const failure = toUpstreamFailure(error, now);
      stats.lastError = failure.summary;
      stats.requestId = failure.requestId;
      ended(failure.code);
      if (failure.code === 'UPSTREAM_THROTTLED') onThrottled();
      throw failure;
    }
  };
}

/** How a call ended; `left`: nobody waited for it any more. */
export type AttemptOutcome = 'ok' | 'left' | ErrorCode;

/** Ends the wait: with a permit where there is no `error`. */
function endWait(span: Span | undefined, operation: string, priority: Priority, error?: unknown): void {
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

/** Ends the call. `stats` tell of it, unless it was given up since everybody had left. */
function endAttempt(
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
