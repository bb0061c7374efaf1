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
import type { Attributes, Ending, Span, Tracer } from './span.ts';

/** The tracer, and what sends its spans. */
export interface Tracing {
  readonly tracer: Tracer;
  /** Sends what is left; may take as long as the collector does. */
  stop(): Promise<void>;
}

interface TracingOptions {
  readonly logger: Logger;
  /** Milliseconds, from whatever beginning. */
  readonly now: () => number;
}

const KINDS = { client: api.SpanKind.CLIENT };
const propagator = new W3CTraceContextPropagator();

/**
 * Sends spans to a collector over OTLP. The SDK reads its settings from the standard variables itself. Only `server.ts`
 * loads this file, and only where tracing is on.
 */
export function startTracing({ logger, now }: TracingOptions): Tracing {
  api.diag.setLogger(diagLogger(logger, now), {
    logLevel: api.DiagLogLevel.WARN,
    suppressOverrideMessage: true,
  });
  // An export that failed has been logged by then.
  setGlobalErrorHandler(() => undefined);
  const provider = new BasicTracerProvider({
    resource: defaultResource()
      .merge(resourceFromAttributes({ 'service.name': 'rollcall', 'service.instance.id': randomUUID() }))
      .merge(detectResources({ detectors: [envDetector] })),
    spanProcessors: [new BatchSpanProcessor(loggedExporter(new OTLPTraceExporter(), logger))],
  });
  return {
    tracer: tracerOf(provider.getTracer('rollcall')),
    stop: () => provider.shutdown().catch(() => undefined),
  };
}

function tracerOf(tracer: api.Tracer): Tracer {
  const start = (name: string, kind: api.SpanKind, parent: api.Context): Span => {
    const span = tracer.startSpan(name, { kind }, parent);
    const { traceId, spanId, traceFlags } = span.spanContext();
    const within = api.trace.setSpan(parent, span);
    return {
      traceId,
      spanId,
      sampled: (traceFlags & api.TraceFlags.SAMPLED) !== 0,
      child: (childName, childKind) =>
        start(childName, childKind ? KINDS[childKind] : api.SpanKind.INTERNAL, within),
      link(other) {
        span.addLink({ context: contextOf(other) });
      },
      end(ending) {
        end(span, ending);
      },
    };
  };
  return {
    request: (headers) =>
      start(
        'HTTP',
        api.SpanKind.SERVER,
        propagator.extract(api.ROOT_CONTEXT, headers, api.defaultTextMapGetter),
      ),
  };
}

function contextOf({ traceId, spanId, sampled }: Span): api.SpanContext {
  return { traceId, spanId, traceFlags: sampled ? api.TraceFlags.SAMPLED : api.TraceFlags.NONE };
}

function end(span: api.Span, { name, failed, attributes }: Ending): void {
  if (name !== undefined) span.updateName(name);
  span.setAttributes(known(attributes));
  if (failed) span.setStatus({ code: api.SpanStatusCode.ERROR });
  span.end();
}

function known(attributes: Attributes): api.Attributes {
  return Object.fromEntries(Object.entries(attributes).filter(([, value]) => value !== undefined));
}
