import { Gauge, type Registry } from 'prom-client';

/** What is looked at of one operation of Rekognition. */
interface WatchedLane {
  /** This process's share of the quota: the sum over all replicas is the quota. */
  readonly configuredRate: number;
  readonly governor: {
    state(): {
      readonly rate: number;
      readonly permitsAvailable: number;
      readonly waiting: Readonly<Record<string, number>>;
      readonly standing: boolean;
    };
  };
  readonly breaker: { state(): string; suspendedScopes(): number };
  readonly cache: { state(): { readonly results: number; readonly bytes: number } };
}

/** What is looked at when the metrics are read. */
export interface Watched {
  lanes: ReadonlyMap<string, WatchedLane>;
  sharing?: { readonly shared: boolean };
}

const BREAKER_STATES = ['closed', 'open', 'half-open'];

/** Registers the gauges of what is watched. */
export function registerGauges(registry: Registry, watched: Watched): void {
  const ofLanes = (
    name: string,
    help: string,
    read: (lane: WatchedLane) => number | Readonly<Record<string, number>>,
    label?: string,
  ): void => {
    new Gauge({
      name,
      help,
      labelNames: ['operation', ...(label === undefined ? [] : [label])],
      registers: [registry],
      collect() {
        for (const [operation, lane] of watched.lanes) {
          const value = read(lane);
          if (typeof value === 'number') this.set({ operation }, value);
          else if (label !== undefined)
            for (const [key, count] of Object.entries(value)) this.set({ operation, [label]: key }, count);
        }
      },
    });
  };

  ofLanes(
    'rollcall_quota_configured_per_second',
    "This process's share of the quota; the sum over all replicas is what may be called a second.",
    (lane) => lane.configuredRate,
  );
  ofLanes(
    'rollcall_quota_rate_per_second',
    'Calls of Rekognition a second that this process allows itself now; less than configured after throttles.',
    (lane) => lane.governor.state().rate,
  );
  ofLanes(
    'rollcall_permits_available',
    'Calls of Rekognition that could begin at once.',
    (lane) => lane.governor.state().permitsAvailable,
  );
  ofLanes(
    'rollcall_permit_queue_length',
    'Requests that wait for a permit.',
    (lane) => lane.governor.state().waiting,
    'priority',
  );
  ofLanes(
    'rollcall_permit_queue_standing',
    '1 while the queue has not been empty for so long that newcomers may wait only UPSTREAM_STANDING_WAIT_MS.',
    (lane) => Number(lane.governor.state().standing),
  );
  ofLanes(
    'rollcall_breaker_state',
    '1 for the state of the breaker over all collections: closed, open (calls are suspended) or half-open (a probe is under way).',
    (lane) =>
      Object.fromEntries(BREAKER_STATES.map((state) => [state, Number(state === lane.breaker.state())])),
    'state',
  );
  ofLanes(
    'rollcall_breaker_suspended_collections',
    'Collections whose calls are suspended, each for itself.',
    (lane) => lane.breaker.suspendedScopes(),
  );
  ofLanes('rollcall_cached_pages', 'Results kept in memory.', (lane) => lane.cache.state().results);
  ofLanes(
    'rollcall_cached_bytes',
    'Bytes of the results kept in memory.',
    (lane) => lane.cache.state().bytes,
  );
  new Gauge({
    name: 'rollcall_redis_shared',
    help: '1 while quota and limits are shared through Redis; 0 while it is away, and this replica is on its own.',
    registers: [registry],
    collect() {
      if (watched.sharing) this.set(Number(watched.sharing.shared));
      else this.remove();
    },
  });
}
