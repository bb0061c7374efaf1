import { quotaOf, type Config } from '../config.ts';
import type { Watched } from '../metrics/gauges.ts';
import type { Metrics } from '../metrics/metrics.ts';
import { createGovernor, type Governor } from '../quota/governor.ts';
import type { PermitSource } from '../quota/permit-source.ts';
import { createTokenBucket } from '../quota/token-bucket.ts';
import { attempt } from './attempt.ts';
import { withCredentials } from './with-credentials.ts';
import { createBreaker, failFast, guarded, type Breaker } from './breaker.ts';
import { createCache, fromCache, type Cache } from './cache.ts';
import type { Client } from './client.ts';
import { createCallDuration } from './deadline.ts';
import type { Stage, UpstreamCall } from './operation.ts';
import { permitted } from './permit.ts';
import { createRetryBudget, retried } from './retry.ts';
import { sharedInFlight } from './single-flight.ts';

/** Calls operations of Rekognition. `createLane` lists the stages of a call. */
export interface Upstream {
  /** Fails with `AppError` only, or with the reason of the context's signal. */
  readonly call: UpstreamCall;
  /** Calls a second that an operation may make at present. */
  rateOf(operation: string): number;
  /** By the name of their operation, for the gauges. */
  readonly lanes: Watched['lanes'];
}

interface UpstreamOptions {
  readonly client: Client;
  readonly config: Config['upstream'];
  /** The operations that will be called, by name. */
  readonly operations: readonly string[];
  /** The permits that replicas share, if they do; without it each keeps to its share of the quota. */
  readonly permitsOf?: ((operation: string) => PermitSource) | undefined;
  readonly metrics: Metrics;
  /** Milliseconds since the epoch, of a clock that never goes back. */
  readonly now: () => number;
  /** From 0 to 1. */
  readonly random: () => number;
}

/** What one operation has for itself: its quota, its breaker, its cache and its calls in flight. */
interface Lane {
  /** Permits a second that this replica may spend without the others. */
  readonly configuredRate: number;
  readonly call: UpstreamCall;
  readonly governor: Governor;
  readonly breaker: Breaker;
  readonly cache: Cache;
}

/** One lane for each operation. */
export function createUpstream(options: UpstreamOptions): Upstream {
  const lanes = new Map(options.operations.map((name) => [name, createLane(name, options)]));
  const laneOf = (name: string): Lane => {
    const lane = lanes.get(name);
    if (!lane) throw new Error(`${name} has no lane`);
    return lane;
  };
  return {
    call: (operation, input, context) => laneOf(operation.name).call(operation, input, context),
    rateOf: (operation) => laneOf(operation).governor.state().rate,
    lanes,
  };
}

function createLane(name: string, options: UpstreamOptions): Lane {
  const { client, config, permitsOf, metrics, now, random } = options;
  const { attemptTimeoutMs: timeoutMs, maxAttempts, queueLimit, standingWaitMs } = config;
  const duration = createCallDuration(config.deadlineMs / 2);
  const share = shareOf(config, name);
  const source = permitsOf?.(name) ?? createTokenBucket({ ...share, now });
  const governor = createGovernor({ source, queueLimit, standingWaitMs, callMs: () => duration.ms, now });
  const breaker = createBreaker({ now, random });
  const cache = createCache(now);
  const budget = createRetryBudget(now);
  const stages: readonly Stage[] = [
    fromCache({ cache, metrics }),
    sharedInFlight({ governor, metrics, now }),
    retried({ maxAttempts, budget, metrics, now, random }),
    failFast(breaker),
    withCredentials({ credentials: client.credentials, metrics, now }),
    permitted({ governor, metrics, now }),
    guarded(breaker),
  ];
  const last = attempt({ client, timeoutMs, duration, governor, metrics, now });
  const composed = stages.reduceRight((next, stage) => stage(next), last);
  return { call: composed, configuredRate: share.tps, governor, breaker, cache };
}

/** What one replica may spend of the quota of an operation. */
function shareOf(config: Config['upstream'], operation: string) {
  const { tps, burst } = quotaOf(config, operation);
  return { tps: tps / config.replicas, burst: burst / config.replicas };
}
