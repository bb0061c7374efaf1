import { z } from 'zod';

import { isOrigin, isProxies, isRedisUrl, isTrustedUrl, list, rate, wholeNumber } from './kinds.ts';

const HOUR_MS = 3_600_000;

/** Every setting by its variable. docs/settings.md describes each; a test holds the two together. */
export const settings = z.object({
  HOST: z.string().default('127.0.0.1'),
  PORT: wholeNumber(0, 65_535, 8080),
  METRICS_PORT: wholeNumber(0, 65_535, 9464),
  NODE_ENV: z.string().optional(),
  REKOGNITION_BACKEND: z.enum(['embedded', 'aws'], 'embedded or aws').optional(),
  UPSTREAM_TPS: rate(5),
  UPSTREAM_BURST: rate(5),
  UPSTREAM_QUEUE_LIMIT: wholeNumber(0, 100_000, 100),
  UPSTREAM_MAX_ATTEMPTS: wholeNumber(1, 10, 3),
  REQUEST_DEADLINE_MS: wholeNumber(100, HOUR_MS, 10_000),
  UPSTREAM_ATTEMPT_TIMEOUT_MS: wholeNumber(50, HOUR_MS, 3000),
  CACHE_TTL_MS: wholeNumber(0, HOUR_MS, 1000),
  EXPORT_CONCURRENCY: wholeNumber(1, 1000, 2),
  STREAM_IDLE_TIMEOUT_MS: wholeNumber(100, HOUR_MS, 60_000),
  RATE_LIMIT_MAX: wholeNumber(0, 1_000_000_000, 600),
  RATE_LIMIT_WINDOW_MS: wholeNumber(1000, HOUR_MS, 60_000),
  TRUST_PROXY: z
    .string()
    .refine(isProxies, 'a count of proxies from 0 to 99, or a list of their addresses or networks')
    .default('0'),
  CORS_ORIGINS: list
    .refine(
      (origins) => origins.every(isOrigin),
      'origins such as https://app.example.com, separated by commas',
    )
    .default([]),
  AUTH_MODE: z.enum(['none', 'jwt'], 'none or jwt').optional(),
  AUTH_ISSUER: z.string().optional(),
  AUTH_AUDIENCE: z.string().optional(),
  AUTH_JWKS_URI: z
    .string()
    .refine(isTrustedUrl, 'an https URL, or an http URL of this machine itself')
    .optional(),
  AUTH_COLLECTIONS_CLAIM: z.string().default('collections'),
  CURSOR_SECRETS: list
    .refine(
      (keys) => keys.length > 0 && keys.every((key) => key.length >= 32),
      'keys of at least 32 characters, separated by commas',
    )
    .optional(),
  REDIS_URL: z.string().refine(isRedisUrl, 'a URL such as redis://redis.example.com:6379').optional(),
  REPLICAS: wholeNumber(1, 1000, 1),
  OTEL_SDK_DISABLED: z.string().optional(),
  OTEL_TRACES_EXPORTER: z.string().optional(),
  OTEL_EXPORTER_OTLP_ENDPOINT: z.string().optional(),
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: z.string().optional(),
  OTEL_EXPORTER_OTLP_PROTOCOL: z.string().optional(),
  OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: z.string().optional(),
  SHUTDOWN_DELAY_MS: wholeNumber(0, HOUR_MS, 0),
  SHUTDOWN_GRACE_MS: wholeNumber(0, HOUR_MS, 20_000),
  LOG_LEVEL: z
    .enum(
      ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'],
      'one of fatal, error, warn, info, debug, trace, silent',
    )
    .default('info'),
});
