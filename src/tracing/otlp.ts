import { randomUUID } from 'node:crypto';

import * as api from '@opentelemetry/api';
import { setGlobalErrorHandler, W3CTraceContextPropagator } from '@opentelemetry/core';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import {
  defaultResource,
  detectResources,
  envDetector,
  resourceFromAttributes,
} from '@opentelemetry/resources';
import { BasicTracerProvider, BatchSpanProcessor } from '@opentelemetry/sdk-trace-base';
import type { Logger } from 'pino';

import { diagLogger, loggedExporter } from './diagnostics.ts';
import type { StartTrace } from './span.ts';

/** Starts traces, and sends their spans. */
export interface Tracing {
  readonly startTrace: StartTrace;
  /** Sends the remaining spans; may take as long as the collector does. */
  stop(): Promise<void>;
}

interface TracingOptions {
  readonly logger: Logger;
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number;
}

const propagator = new W3CTraceContextPropagator();

/**
 * Sends spans to a collector over OTLP. The SDK reads its settings from the standard variables itself. Only `server.ts`
 * loads this file, and only if tracing is on.
 */
export function startTracing({ logger, now }: TracingOptions): Tracing {
  api.diag.setLogger(diagLogger(logger, now), {
    logLevel: api.DiagLogLevel.WARN,
    suppressOverrideMessage: true,
  });
  // `loggedExporter` has logged a failed export already.
  setGlobalErrorHandler(() => undefined);
  const provider = new BasicTracerProvider({
    resource: defaultResource()
      .merge(resourceFromAttributes({ 'service.name': 'rollcall', 'service.instance.id': randomUUID() }))
      .merge(detectResources({ detectors: [envDetector] })),
    spanProcessors: [new BatchSpanProcessor(loggedExporter(new OTLPTraceExporter(), logger))],
  });
  const tracer = provider.getTracer('rollcall');
  return {
    startTrace(headers) {
      const parent = propagator.extract(api.ROOT_CONTEXT, headers, api.defaultTextMapGetter);
      return { tracer, span: tracer.startSpan('HTTP', { kind: api.SpanKind.SERVER }, parent) };
    },
    stop: () => provider.shutdown().catch(() => undefined),
  };
}
