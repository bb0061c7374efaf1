import type { Span } from '@opentelemetry/api';

import { AppError } from '../errors.ts';
import type { Metrics } from '../metrics/metrics.ts';
import type { Priority } from '../quota/fair-queue.ts';
import type { Governor, Permit } from '../quota/governor.ts';
import { endSpan, startPart } from '../tracing/span.ts';
import { isUnsent } from './failure.ts';
import type { CallContext, Stage } from './operation.ts';

interface PermittedOptions {
  readonly governor: Pick<Governor, 'acquire'>;
  readonly metrics: Metrics;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** Waits for a permit, and gives it back if it is not used: the caller has left, or a later stage refuses the call. */
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
      // The breaker refused the call, or its credentials failed.
      if (error instanceof AppError || isUnsent(error)) giveBack();
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
  const span = context.trace && startPart(context.trace, 'wait for a permit');
  try {
    const permit = await governor.acquire(context);
    metrics.permitWaitSeconds.observe({ operation, priority }, (now() - from) / 1000);
    if (span) endWait(span, operation, priority);
    return permit;
  } catch (error) {
    if (!context.signal().aborted) metrics.permitsRefused.inc({ operation, priority });
    if (span) endWait(span, operation, priority, error);
    throw error;
  } finally {
    stats.waitMs += Math.round(now() - from);
  }
}

/** Ends the span of a wait; without an `error` it has brought a permit. */
function endWait(span: Span, operation: string, priority: Priority, error?: unknown): void {
  const code = error instanceof AppError ? error.code : undefined;
  endSpan(span, code !== undefined, {
    'rollcall.operation': operation,
    'rollcall.priority': priority,
    'rollcall.outcome': error === undefined ? 'granted' : (code ?? 'left'),
    'error.type': code,
  });
}
