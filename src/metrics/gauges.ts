import { Gauge, type Registry } from 'prom-client';

import type { CircuitState } from '../rekognition/circuit.ts';

/** What is looked at when the metrics are read. */
export interface Watched {
  /** This process's part of UPSTREAM_TPS: the sum over all replicas is the quota. */
  readonly configuredRate?: number;
  readonly governor?: {
    state(): {
      /** Calls a second. */
      readonly rate: number;
      readonly permitsAvailable: number;
      readonly waiting: { readonly page: number; readonly export: number };
    };
  };
  readonly sharing?: { readonly shared: boolean };
  readonly breaker?: { state(): CircuitState; suspendedCollections(): number };
  readonly kept?: { state(): { readonly pages: number; readonly bytes: number } };
}

/** Registers the gauges of what is watched; what is not watched yet has no value. */
export function registerGauges(registry: Registry, watched: Watched): void {
  const gauge = (name: string, help: string, read: () => number | undefined): void => {
    new Gauge({
      name,
      help,
      registers: [registry],
      collect() {
        const value = read();
        if (value === undefined) this.remove();
        else this.set(value);
      },
    });
  };
  const gauges = (name: string, help: string, label: string, read: () => Record<string, number>): void => {
    new Gauge({
      name,
      help,
      labelNames: [label],
      registers: [registry],
      collect() {
        for (const [value, count] of Object.entries(read())) this.set({ [label]: value }, count);
      },
    });
  };

  gauge(
    'rollcall_quota_configured_per_second',
    "This process's part of UPSTREAM_TPS; the sum over all replicas is what may be called a second.",
    () => watched.configuredRate,
  );
  gauge(
    'rollcall_quota_rate_per_second',
    'Calls of Rekognition a second that this process allows itself now; less than configured after throttles.',
    () => watched.governor?.state().rate,
  );
  gauge(
    'rollcall_permits_available',
    'Calls of Rekognition that could begin at once.',
    () => watched.governor?.state().permitsAvailable,
  );
  gauges(
    'rollcall_permit_queue_length',
    'Callers that wait for a permit.',
    'priority',
    () => watched.governor?.state().waiting ?? {},
  );
  gauges(
    'rollcall_breaker_state',
    '1 for the state of the breaker over all collections: closed, open (calls are suspended) or half-open (a probe is under way).',
    'state',
    () => (watched.breaker ? oneHot(watched.breaker.state()) : {}),
  );
  gauge(
    'rollcall_breaker_suspended_collections',
    'Collections whose calls are suspended, each for itself.',
    () => watched.breaker?.suspendedCollections(),
  );
  gauge(
    'rollcall_redis_shared',
    '1 while quota and limits are shared through Redis; 0 while it is away, and this replica is on its own.',
    () => watched.sharing && Number(watched.sharing.shared),
  );
  gauge('rollcall_cached_pages', 'Pages kept in memory.', () => watched.kept?.state().pages);
  gauge('rollcall_cached_bytes', 'Bytes of the pages kept in memory.', () => watched.kept?.state().bytes);
}

function oneHot(state: CircuitState): Record<CircuitState, number> {
  return { closed: 0, open: 0, 'half-open': 0, [state]: 1 };
}
