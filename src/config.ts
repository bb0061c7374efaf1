import { randomBytes } from 'node:crypto';

import { authFaults, tokenRules, type TokenRules } from './settings/auth.ts';
import { list } from './settings/kinds.ts';
import { settings } from './settings/settings.ts';
import { tracingFaults, tracingIsOn } from './settings/tracing.ts';

/** The settings, read once at start. Times are in milliseconds. */
export interface Config {
  readonly host: string;
  readonly port: number;
  readonly metricsPort: number;
  readonly production: boolean;
  readonly backend: 'embedded' | 'aws';
  /** The quota, in calls a second; a share of it may be fractional. */
  readonly upstreamTps: number;
  readonly upstreamBurst: number;
  readonly upstreamQueueLimit: number;
  readonly upstreamMaxAttempts: number;
  readonly requestDeadlineMs: number;
  readonly upstreamAttemptTimeoutMs: number;
  readonly cacheTtlMs: number;
  /** Streams at once. */
  readonly exportConcurrency: number;
  /** How long a stream's reader may take nothing. */
  readonly streamIdleTimeoutMs: number;
  readonly rateLimit: { readonly max: number; readonly windowMs: number };
  readonly trustProxy: number | readonly string[];
  readonly corsOrigins: readonly string[];
  /** What bearer tokens must hold; without it whoever reaches the service may read everything. */
  readonly tokenRules: TokenRules | undefined;
  readonly cursorSecrets: readonly [string, ...string[]];
  /** The keys of page tokens were made up: tokens end with this process, and no other replica reads them. */
  readonly cursorSecretsAreRandom: boolean;
  /** What replicas share their quota and limits through; without it each keeps to its part. */
  readonly redisUrl: string | undefined;
  /** How many replicas there are. */
  readonly replicas: number;
  /** Whether requests are traced; how, OpenTelemetry's SDK reads from its own variables. */
  readonly tracing: boolean;
  readonly shutdownDelayMs: number;
  readonly shutdownGraceMs: number;
  readonly logLevel: string;
}

/** The environment holds faults; the message lists them all, a line each. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

/** Reads the environment; throws one `ConfigError` that lists every fault. An empty variable counts as unset. */
export function readConfig(env: Readonly<Record<string, string | undefined>>): Config {
  const set = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''));
  const { data, error } = settings.safeParse(set);
  const faults = error?.issues.map(({ path, message }) => `${String(path[0])} must be ${message}`) ?? [];
  faults.push(...authFaults(set), ...tracingFaults(set));
  if (!data || faults.length > 0) throw new ConfigError(`bad settings:\n  ${faults.join('\n  ')}`);
  const production = data.NODE_ENV === 'production';
  const [key, ...olderKeys] = data.CURSOR_SECRETS ?? [];
  return Object.freeze<Config>({
    host: data.HOST,
    port: data.PORT,
    metricsPort: data.METRICS_PORT,
    production,
    backend: data.REKOGNITION_BACKEND ?? (production ? 'aws' : 'embedded'),
    upstreamTps: data.UPSTREAM_TPS,
    upstreamBurst: data.UPSTREAM_BURST,
    upstreamQueueLimit: data.UPSTREAM_QUEUE_LIMIT,
    upstreamMaxAttempts: data.UPSTREAM_MAX_ATTEMPTS,
    requestDeadlineMs: data.REQUEST_DEADLINE_MS,
    upstreamAttemptTimeoutMs: data.UPSTREAM_ATTEMPT_TIMEOUT_MS,
    cacheTtlMs: data.CACHE_TTL_MS,
    exportConcurrency: data.EXPORT_CONCURRENCY,
    streamIdleTimeoutMs: data.STREAM_IDLE_TIMEOUT_MS,
    rateLimit: { max: data.RATE_LIMIT_MAX, windowMs: data.RATE_LIMIT_WINDOW_MS },
    trustProxy: /^[0-9]+$/.test(data.TRUST_PROXY) ? Number(data.TRUST_PROXY) : list.parse(data.TRUST_PROXY),
    corsOrigins: data.CORS_ORIGINS,
    tokenRules: tokenRules(data),
    cursorSecrets: key === undefined ? [randomBytes(32).toString('base64url')] : [key, ...olderKeys],
    cursorSecretsAreRandom: key === undefined,
    redisUrl: data.REDIS_URL,
    replicas: data.REPLICAS,
    tracing: tracingIsOn(set),
    shutdownDelayMs: data.SHUTDOWN_DELAY_MS,
    shutdownGraceMs: data.SHUTDOWN_GRACE_MS,
    logLevel: data.LOG_LEVEL,
  });
}
