import { Gauge, type Registry } from 'prom-client';

/** The state of one operation of Rekognition that gauges show. */
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

/** The state that gauges show when the metrics are read. */
export interface Watched {
  readonly lanes: ReadonlyMap<string, WatchedLane>;
  readonly sharing?: { readonly shared: boolean } | undefined;
}

const BREAKER_STATES = ['closed', 'open', 'half-open'];

/** Registers the gauges of the watched state. */
export function registerGauges(registry: Registry, { lanes, sharing }: Watched): void {
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
        for (const [operation, lane] of lanes) {
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
    "This process's share of the quota in calls a second; the sum over all replicas is the whole quota.",
    (lane) => lane.configuredRate,
  );
  ofLanes(
    'rollcall_quota_rate_per_second',
    'Calls of Rekognition a second that this process allows now; less than configured after throttles.',
    (lane) => lane.governor.state().rate,
  );
  ofLanes(
    'rollcall_permits_available',
    'Calls of Rekognition that could begin now without a wait.',
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
    '1 in a standing overload, in which a new request may wait only UPSTREAM_STANDING_WAIT_MS.',
    (lane) => Number(lane.governor.state().standing),
  );
  ofLanes(
    'rollcall_breaker_state',
    '1 for the state of the breaker over all collections: closed, open (calls are suspended) or half-open (a probe is in flight).',
    (lane) =>
      Object.fromEntries(BREAKER_STATES.map((state) => [state, Number(state === lane.breaker.state())])),
    'state',
  );
  ofLanes('rollcall_breaker_suspended_collections', 'Collections whose own calls are suspended.', (lane) =>
    lane.breaker.suspendedScopes(),
  );
  ofLanes('rollcall_cached_pages', 'Results in the cache.', (lane) => lane.cache.state().results);
  ofLanes('rollcall_cached_bytes', 'Bytes of the results in the cache.', (lane) => lane.cache.state().bytes);
  new Gauge({
    name: 'rollcall_redis_shared',
    help: '1 while quota and limits are shared through Redis; 0 while it is away and this replica uses its own part.',
    registers: [registry],
    collect() {
      if (sharing) this.set(Number(sharing.shared));
      else this.remove();
    },
  });
}
