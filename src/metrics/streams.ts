import { Gauge, type Registry } from 'prom-client';

import { createTally } from './tally.ts';

/** Why a stream ended; only `complete` is a clean end. */
export type StreamEnd = (typeof ENDS)[number];

/** What is counted of streams. */
export interface StreamMetrics {
  streamOpened(): void;
  streamPageSent(users: number): void;
  streamEnded(end: StreamEnd): void;
}

const ENDS = ['complete', 'failed', 'shutdown', 'left', 'idle'] as const;

/** Streams, and what was written to them. */
export function streamMetrics(registry: Registry): StreamMetrics {
  const open = new Gauge({
    name: 'rollcall_streams_open',
    help: 'Streams under way.',
    registers: [registry],
  });
  const tally = (name: string, help: string, ...labelNames: string[]) =>
    createTally({ registry, name, help, labelNames });
  const pages = tally('rollcall_stream_pages_total', 'Pages written to streams.');
  const users = tally('rollcall_stream_users_total', 'Users written to streams.');
  const ended = tally(
    'rollcall_streams_ended_total',
    'Streams that are over; end is complete, failed, shutdown, left (by the reader) or idle (the reader took nothing).',
    'end',
  );
  pages(0);
  users(0);
  for (const end of ENDS) ended(0, end);
  return {
    streamOpened() {
      open.inc();
    },
    streamPageSent(count) {
      pages(1);
      users(count);
    },
    streamEnded(end) {
      open.dec();
      ended(1, end);
    },
  };
}
