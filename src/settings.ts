import {
  group,
  keyPrefix,
  keys,
  oneOf,
  origins,
  proxies,
  rate,
  redisUrl,
  setting,
  text,
  trustedUrl,
  wholeNumber,
} from './config-values.ts';

/** Any connection that takes nothing for this long is cut off (`listener.ts`), so a stream cannot have longer. */
const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;

/** Every setting once. docs/settings.md and .env.example describe each; a test compares the three. */
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
      idleTimeoutMs: setting('STREAM_IDLE_TIMEOUT_MS', wholeNumber(100, MINUTE_MS).default(MINUTE_MS)),
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

/** `DescribeCollection` has its own quota in `UPSTREAM_TPS_DESCRIBE_COLLECTION`. */
export function quotaVariable(operation: string): string {
  return `UPSTREAM_TPS_${operation.replace(/(?<=.)(?=[A-Z])/g, '_').toUpperCase()}`;
}
