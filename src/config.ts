import { z } from 'zod';

import {
  group,
  isLoopback,
  isTrustedUrl,
  isUrlOf,
  keyPrefix,
  keys,
  oneOf,
  origins,
  proxies,
  rate,
  redisUrl,
  setting,
  text,
  trimmed,
  trustedUrl,
  TRUSTED_URL,
  wholeNumber,
  type Environment,
} from './config-values.ts';

/** The settings in groups, read once at start. Times are in milliseconds. */
export type Config = DeepReadonly<z.output<ReturnType<typeof configSchema>>>;
/** What bearer tokens must hold, and where the keys are that sign them. */
export type TokenRules = NonNullable<Config['auth']>;
type Settings = z.output<ReturnType<typeof settings>>;
type DeepReadonly<T> = { readonly [Key in keyof T]: DeepReadonly<T[Key]> };

/** The environment holds issues; the message lists them all, a line each. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

const HOUR_MS = 3_600_000;
const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
const PROTOCOL = 'http/protobuf';

/** Every setting once. docs/settings.md and .env.example describe each; a test holds the three together. */
export function settings(operations: readonly string[]) {
  return group({
    production: setting('NODE_ENV', oneOf('production', 'development', 'test').optional()),
    backend: setting('REKOGNITION_BACKEND', oneOf('embedded', 'aws').optional()),
    http: group({
      host: setting('HOST', text().default('127.0.0.1')),
      port: setting('PORT', wholeNumber(0, 65_535).default(8080)),
      metricsPort: setting('METRICS_PORT', wholeNumber(0, 65_535).default(9464)),
      trustProxy: setting('TRUST_PROXY', proxies().default(0)),
      corsOrigins: setting('CORS_ORIGINS', origins().default([])),
    }),
    auth: group({
      mode: setting('AUTH_MODE', oneOf('none', 'jwt').optional()),
      issuer: setting('AUTH_ISSUER', text().optional()),
      audience: setting('AUTH_AUDIENCE', text().optional()),
      jwksUri: setting('AUTH_JWKS_URI', trustedUrl().optional()),
      collectionsClaim: setting('AUTH_COLLECTIONS_CLAIM', text().default('collections')),
    }),
    rateLimit: group({
      max: setting('RATE_LIMIT_MAX', wholeNumber(0, 1_000_000_000).default(600)),
      windowMs: setting('RATE_LIMIT_WINDOW_MS', wholeNumber(1000, HOUR_MS).default(60_000)),
    }),
    pageTokens: group({
      secrets: setting('CURSOR_SECRETS', keys(32).optional()),
    }),
    upstream: group({
      tps: setting('UPSTREAM_TPS', rate().default(5)),
      burst: setting('UPSTREAM_BURST', rate().default(5)),
      tpsOf: group(
        Object.fromEntries(operations.map((name) => [name, setting(quotaVariable(name), rate().optional())])),
      ),
      queueLimit: setting('UPSTREAM_QUEUE_LIMIT', wholeNumber(0, 100_000).default(100)),
      standingWaitMs: setting('UPSTREAM_STANDING_WAIT_MS', wholeNumber(1, HOUR_MS).default(1000)),
      maxAttempts: setting('UPSTREAM_MAX_ATTEMPTS', wholeNumber(1, 10).default(3)),
      deadlineMs: setting('REQUEST_DEADLINE_MS', wholeNumber(100, HOUR_MS).default(10_000)),
      attemptTimeoutMs: setting('UPSTREAM_ATTEMPT_TIMEOUT_MS', wholeNumber(50, HOUR_MS).default(3000)),
      cacheTtlMs: setting('CACHE_TTL_MS', wholeNumber(0, HOUR_MS).default(1000)),
      lookupTtlMs: setting('LOOKUP_TTL_MS', wholeNumber(0, HOUR_MS).default(5000)),
      replicas: setting('REPLICAS', wholeNumber(1, 1000).default(1)),
    }),
    stream: group({
      concurrency: setting('EXPORT_CONCURRENCY', wholeNumber(1, 1000).default(2)),
      idleTimeoutMs: setting('STREAM_IDLE_TIMEOUT_MS', wholeNumber(100, HOUR_MS).default(60_000)),
      minBytesPerSecond: setting('STREAM_MIN_BYTES_PER_SECOND', wholeNumber(0, 1_000_000_000).default(8192)),
    }),
    redis: group({
      url: setting('REDIS_URL', redisUrl().optional()),
      keyPrefix: setting('REDIS_KEY_PREFIX', keyPrefix().default('rollcall')),
    }),
    tracing: group({
      disabled: setting('OTEL_SDK_DISABLED', text().optional()),
      exporter: setting('OTEL_TRACES_EXPORTER', text().optional()),
      endpoint: setting('OTEL_EXPORTER_OTLP_ENDPOINT', text().optional()),
      tracesEndpoint: setting('OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', text().optional()),
      protocol: setting('OTEL_EXPORTER_OTLP_PROTOCOL', text().optional()),
      tracesProtocol: setting('OTEL_EXPORTER_OTLP_TRACES_PROTOCOL', text().optional()),
    }),
    shutdown: group({
      delayMs: setting('SHUTDOWN_DELAY_MS', wholeNumber(0, HOUR_MS).default(0)),
      graceMs: setting('SHUTDOWN_GRACE_MS', wholeNumber(0, HOUR_MS).default(20_000)),
    }),
    log: group({
      level: setting('LOG_LEVEL', oneOf(...LOG_LEVELS).default('info')),
    }),
  });
}

/** The settings as the service uses them. What several of them must be together is checked beside the issues of each. */
function configSchema(operations: readonly string[]) {
  return settings(operations)
    .superRefine(checkAuth, { when: () => true })
    .superRefine(checkTracing, { when: () => true })
    .transform(({ production, backend, auth, tracing, ...groups }) => ({
      ...groups,
      production: production === 'production',
      backend: backend ?? (production === 'production' ? 'aws' : 'embedded'),
      /** Undefined where everyone who reaches the service may read everything. */
      auth: auth.mode === 'jwt' ? tokenRules(auth) : undefined,
      tracing: tracingIsOn(tracing),
    }));
}

/** Reads the environment; throws one `ConfigError` that lists every issue. `operations` are those of Rekognition. */
export function readConfig(env: Environment, operations: readonly string[] = []): Config {
  const { data, error } = configSchema(operations).safeParse(env);
  const messages = [
    ...(error?.issues.map(({ message }) => message) ?? []),
    ...unknownQuotas(env, operations),
  ];
  if (data && messages.length === 0) return data;
  // Each message begins with its variable, and the first of a variable says what to correct first.
  const issues = new Map(messages.toReversed().map((message) => [message.split(' ')[0], message]));
  throw new ConfigError(`bad settings:\n  ${[...issues.values()].toReversed().join('\n  ')}`);
}

/** `DescribeCollection` has its own quota in `UPSTREAM_TPS_DESCRIBE_COLLECTION`. */
function quotaVariable(operation: string): string {
  return `UPSTREAM_TPS_${operation.replace(/(?<=.)(?=[A-Z])/g, '_').toUpperCase()}`;
}

function unknownQuotas(env: Environment, operations: readonly string[]): string[] {
  const known = operations.map(quotaVariable);
  return Object.keys(env)
    .filter((name) => name.startsWith('UPSTREAM_TPS_') && !known.includes(name) && trimmed(env[name]))
    .map((name) => `${name} must be the quota of an operation that there is: ${known.join(', ')}`);
}

type Context = z.core.$RefinementCtx;

/** User ids of a face collection are personal data: open to other machines only where somebody decided so. */
function checkAuth({ http: { host }, auth }: Settings, context: Context): void {
  const { mode, issuer, audience, jwksUri } = auth;
  if (mode === 'jwt') {
    if (issuer === undefined) context.addIssue('AUTH_ISSUER must be set with AUTH_MODE=jwt');
    else if (jwksUri === undefined && !isTrustedUrl(issuer)) {
      context.addIssue(`AUTH_ISSUER must be ${TRUSTED_URL}, unless AUTH_JWKS_URI is set`);
    }
    if (audience === undefined) context.addIssue('AUTH_AUDIENCE must be set with AUTH_MODE=jwt');
  } else if (mode === undefined && (issuer ?? audience ?? jwksUri) !== undefined) {
    context.addIssue(
      'AUTH_MODE must be set, since other AUTH_ settings are: jwt, or none to do without them',
    );
  } else if (mode === undefined && !isLoopback(host)) {
    context.addIssue(
      `AUTH_MODE must be set, since HOST=${host} is open to other machines: jwt, or none behind something that authenticates`,
    );
  }
}

/** Checked already: issuer and audience are there. Nothing would verify against empty ones. */
function tokenRules({ issuer = '', audience = '', jwksUri, collectionsClaim }: Settings['auth']) {
  return { issuer, audience, jwksUri, collectionsClaim };
}

/** Whether OpenTelemetry's own variables ask for traces: by an exporter or a collector, unless they say not to. */
function tracingIsOn({ disabled, exporter, endpoint, tracesEndpoint }: Settings['tracing']): boolean {
  if (disabled?.toLowerCase() === 'true') return false;
  return exporter === undefined ? (tracesEndpoint ?? endpoint) !== undefined : exporter !== 'none';
}

/** Traces that are asked for must be able to arrive. What only OpenTelemetry's SDK reads is for the SDK to judge. */
function checkTracing({ tracing }: Settings, context: Context): void {
  if (!tracingIsOn(tracing)) return;
  const { exporter = 'otlp', endpoint, tracesEndpoint, protocol = PROTOCOL, tracesProtocol } = tracing;
  const urls = { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: tracesEndpoint };
  for (const [variable, url] of Object.entries(urls)) {
    if (url !== undefined && !isUrlOf(url, 'http:', 'https:')) {
      context.addIssue(`${variable} must be a URL such as http://collector.example.com:4318`);
    }
  }
  if (exporter !== 'otlp') context.addIssue('OTEL_TRACES_EXPORTER must be otlp or none');
  if ((tracesProtocol ?? protocol) !== PROTOCOL) {
    context.addIssue(`OTEL_EXPORTER_OTLP_${tracesProtocol ? 'TRACES_' : ''}PROTOCOL must be ${PROTOCOL}`);
  }
}
