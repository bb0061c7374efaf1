import { collectDefaultMetrics, Registry } from 'prom-client';

import { registerGauges, type Watched } from './gauges.ts';
import { requestMetrics, type RequestMetrics } from './requests.ts';
import { streamMetrics, type StreamMetrics } from './streams.ts';
import { upstreamMetrics, type UpstreamMetrics } from './upstream.ts';

/** What the service counts. The values of labels are few: never a collection, a user or a caller. */
export interface Metrics extends RequestMetrics, UpstreamMetrics, StreamMetrics {
  /** Adds to what is looked at when the metrics are read. */
  watch(more: Watched): void;
  /** Adds the process: CPU, memory, event loop, garbage collection. It is watched until it ends. */
  watchProcess(): void;
  /** Every metric in Prometheus's text format. */
  text(): Promise<string>;
  /** The media type of the text. */
  readonly contentType: string;
}

/** Metrics in a registry of their own. docs/metrics.md lists them; a test holds the two together. */
export function createMetrics(): Metrics {
  const registry = new Registry();
  const watched: Watched = {};
  const events = {
    ...requestMetrics(registry),
    ...upstreamMetrics(registry),
    ...streamMetrics(registry),
  };
  registerGauges(registry, watched);
  return {
    ...events,
    watch(more) {
      Object.assign(watched, more);
    },
    watchProcess() {
      collectDefaultMetrics({ register: registry });
    },
    text: () => registry.metrics(),
    contentType: registry.contentType,
  };
}
