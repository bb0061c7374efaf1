import { randomBytes } from 'node:crypto';
import { isIP } from 'node:net';

import { z } from 'zod';

/** The settings, read once at start. Times are in milliseconds. */
export interface Config {
  readonly host: string;
  readonly port: number;
  readonly production: boolean;
  readonly backend: 'embedded' | 'aws';
  readonly upstreamMaxAttempts: number;
  readonly requestDeadlineMs: number;
  readonly upstreamAttemptTimeoutMs: number;
  readonly rateLimit: { readonly max: number; readonly windowMs: number };
  readonly trustProxy: number | readonly string[];
  readonly corsOrigins: readonly string[];
  readonly cursorSecrets: readonly [string, ...string[]];
  /** The keys of page tokens were made up: tokens end with this process, and no other replica reads them. */
  readonly cursorSecretsAreRandom: boolean;
  readonly shutdownDelayMs: number;
  readonly shutdownGraceMs: number;
  readonly logLevel: string;
}

/** The environment holds faults; the message lists them all, a line each. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

const wholeNumber = (min: number, max: number, fallback: number): z.ZodType<number> =>
  z
    .string()
    .regex(/^[0-9]{1,10}$/, `a whole number from ${min} to ${max}`)
    .transform(Number)
    .refine((value) => value >= min && value <= max, `a whole number from ${min} to ${max}`)
    .default(fallback);

const list = z.string().transform((text) =>
  text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== ''),
);

const HOUR_MS = 3_600_000;

/** Every setting by its variable. docs/settings.md describes each; a test holds the two together. */
export const settings = z.object({
  HOST: z.string().default('127.0.0.1'),
  PORT: wholeNumber(0, 65_535, 8080),
  NODE_ENV: z.string().optional(),
  REKOGNITION_BACKEND: z.enum(['embedded', 'aws'], 'embedded or aws').optional(),
  UPSTREAM_MAX_ATTEMPTS: wholeNumber(1, 10, 3),
  REQUEST_DEADLINE_MS: wholeNumber(100, HOUR_MS, 10_000),
  UPSTREAM_ATTEMPT_TIMEOUT_MS: wholeNumber(50, HOUR_MS, 3000),
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
  CURSOR_SECRETS: list
    .refine(
      (keys) => keys.length > 0 && keys.every((key) => key.length >= 32),
      'keys of at least 32 characters, separated by commas',
    )
    .optional(),
  SHUTDOWN_DELAY_MS: wholeNumber(0, HOUR_MS, 0),
  SHUTDOWN_GRACE_MS: wholeNumber(0, HOUR_MS, 20_000),
  LOG_LEVEL: z
    .enum(
      ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'],
      'one of fatal, error, warn, info, debug, trace, silent',
    )
    .default('info'),
});

/** Reads the environment; throws one `ConfigError` that lists every fault. An empty variable counts as unset. */
export function readConfig(env: Readonly<Record<string, string | undefined>>): Config {
  const set = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''));
  const { data, error } = settings.safeParse(set);
  const faults = error?.issues.map(({ path, message }) => `${String(path[0])} must be ${message}`) ?? [];
  faults.push(...authFaults(set));
  if (!data || faults.length > 0) throw new ConfigError(`bad settings:\n  ${faults.join('\n  ')}`);
  const production = data.NODE_ENV === 'production';
  const [key, ...olderKeys] = data.CURSOR_SECRETS ?? [];
  return Object.freeze<Config>({
    host: data.HOST,
    port: data.PORT,
    production,
    backend: data.REKOGNITION_BACKEND ?? (production ? 'aws' : 'embedded'),
    upstreamMaxAttempts: data.UPSTREAM_MAX_ATTEMPTS,
    requestDeadlineMs: data.REQUEST_DEADLINE_MS,
    upstreamAttemptTimeoutMs: data.UPSTREAM_ATTEMPT_TIMEOUT_MS,
    rateLimit: { max: data.RATE_LIMIT_MAX, windowMs: data.RATE_LIMIT_WINDOW_MS },
    trustProxy: /^[0-9]+$/.test(data.TRUST_PROXY) ? Number(data.TRUST_PROXY) : list.parse(data.TRUST_PROXY),
    corsOrigins: data.CORS_ORIGINS,
    cursorSecrets: key === undefined ? [randomBytes(32).toString('base64url')] : [key, ...olderKeys],
    cursorSecretsAreRandom: key === undefined,
    shutdownDelayMs: data.SHUTDOWN_DELAY_MS,
    shutdownGraceMs: data.SHUTDOWN_GRACE_MS,
    logLevel: data.LOG_LEVEL,
  });
}

/** User ids of a face collection are personal data: open to other machines only where someone has said so. */
function authFaults({
  HOST = '127.0.0.1',
  AUTH_MODE,
}: Readonly<Record<string, string | undefined>>): string[] {
  if (AUTH_MODE === 'jwt')
    return ['AUTH_MODE=jwt is not supported yet: use none behind something that authenticates'];
  const loopback = HOST === 'localhost' || HOST === '::1' || /^127\.\d+\.\d+\.\d+$/.test(HOST);
  if (loopback || AUTH_MODE !== undefined) return [];
  return [
    `AUTH_MODE must be set, since HOST=${HOST} is open to other machines: none, behind something that authenticates`,
  ];
}

/** A count, or what Express takes for a list. Never `true`: then any client could choose its own address. */
function isProxies(text: string): boolean {
  if (/^[0-9]{1,2}$/.test(text)) return true;
  const items = list.parse(text);
  return items.length > 0 && items.every(isNetwork);
}

/** An address, or a network with a prefix that Express takes. */
function isNetwork(text: string): boolean {
  const [address = '', prefix = '1', ...rest] = text.split('/');
  const bits = { 0: 0, 4: 32, 6: 128 }[isIP(address)] ?? 0;
  return /^[1-9][0-9]{0,2}$/.test(prefix) && Number(prefix) <= bits && rest.length === 0;
}

function isOrigin(text: string): boolean {
  return /^https?:\/\//.test(text) && URL.canParse(text) && new URL(text).origin === text;
}
