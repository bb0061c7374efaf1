import { AppError } from '../errors.ts';
import type { Metrics } from '../metrics/metrics.ts';
import type { Governor } from '../quota/governor.ts';
import type { Place } from '../quota/fair-queue.ts';
import { keyOf } from './cache.ts';
import type { RekognitionInput } from './client.ts';
import { raceDeadline } from './deadline.ts';
import type { CallContext, Stage, UpstreamOperation, UpstreamResult } from './operation.ts';

/** One call of Rekognition, and the callers who wait for it. */
interface InFlight {
  readonly context: CallContext;
  readonly result: Promise<UpstreamResult<unknown>>;
  /** Another caller waits. */
  join(context: CallContext): void;
  /** A caller waits no longer. */
  detach(): void;
}

type Run = (context: CallContext) => Promise<UpstreamResult<unknown>>;

interface SharedInFlightOptions {
  readonly governor: Pick<Governor, 'join'>;
  readonly metrics: Metrics;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/**
 * Makes identical calls in flight one call. A caller who leaves, or whose deadline passes, does not affect the others.
 * When the last one has left, the call's signal aborts.
 */
export function sharedInFlight({ governor, metrics, now }: SharedInFlightOptions): Stage {
  return (next) => {
    // Each slot is emptied at the end: a table that a map has outgrown would keep the call (docs/decisions/0011).
    const slots = new Map<string, { call: InFlight | undefined }>();
    const start = (key: string, context: CallContext, run: Run): InFlight => {
      const slot: { call: InFlight | undefined } = { call: undefined };
      slots.set(key, slot);
      slot.call = createInFlight(context, run, () => {
        slot.call = undefined;
        if (slots.get(key) === slot) slots.delete(key);
      });
      return slot.call;
    };
    return async <Input extends RekognitionInput, Output>(
      operation: UpstreamOperation<Input, Output>,
      input: Input,
      context: CallContext,
    ) => {
      const key = keyOf(input);
      const found = slots.get(key)?.call;
      // The call may still wait for its turn, and the turn of this caller may come sooner.
      if (found) governor.join(found.context, context);
      const call = found ?? start(key, context, (shared) => next(operation, input, shared));
      call.join(context);
      const bounds = {
        ms: context.deadlineAt() - now(),
        parent: context.signal(),
        onTimeout: deadlinePassed,
      };
      try {
        const result = await raceDeadline(bounds, call.result as Promise<UpstreamResult<Output>>);
        metrics.results.inc({ operation: operation.name, source: found ? 'shared' : 'fetched' });
        return result;
      } finally {
        call.detach();
        if (found) Object.assign(context.stats, found.context.stats, { source: 'shared' });
      }
    };
  };
}

function createInFlight(first: CallContext, run: Run, onEnd: () => void): InFlight {
  const aborter = new AbortController();
  const others: Place[] = [];
  let waiting = 0;
  let deadlineAt = first.deadlineAt();
  let over = false;
  const end = (): void => {
    if (!over) onEnd();
    over = true;
  };
  const context: CallContext = {
    ...first,
    signal: () => aborter.signal,
    deadlineAt: () => deadlineAt,
    isRetry: () => first.stats.attempts > 0,
    others,
  };
  const result = run(context);
  result.then(end, end);
  return {
    context,
    result,
    join({ caller, priority, deadlineAt: until, trace }) {
      waiting += 1;
      deadlineAt = Math.max(deadlineAt, until());
      if (waiting === 1) return;
      others.push({ caller, priority });
      // The waits and attempts are in the trace of the first request; the others link to its span.
      if (first.trace) trace?.span.addLink({ context: first.trace.span.spanContext() });
    },
    detach() {
      waiting -= 1;
      if (waiting > 0 || over) return;
      end();
      aborter.abort();
    },
  };
}

function deadlinePassed(): AppError {
  return new AppError(
    'UPSTREAM_TIMEOUT',
    'Rekognition did not respond within the deadline of this request. Retry later.',
  );
}
