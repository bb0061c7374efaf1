import { isIP, isIPv4 } from 'node:net';

import { ProxyAgent } from 'undici';
import * as z from 'zod';

export type Environment = Readonly<Record<string, string | undefined>>;

export const TRUSTED_URL = 'an https URL, or an http URL of this machine';

/** A group of settings: each reads the same environment. */
export function group<Shape extends z.ZodRawShape>(shape: Shape) {
  const toEach = (env: unknown) => Object.fromEntries(Object.keys(shape).map((key) => [key, env]));
  return z.preprocess(toEach, z.object(shape));
}

/** One setting: the value of a variable, without the white space around it. An empty variable counts as unset. */
export function setting<Kind extends z.ZodType>(variable: string, kind: Kind) {
  return z.custom<Environment>().transform((env, context): z.output<Kind> => {
    const value = trimmed(env[variable]);
    const { data, error } = kind.safeParse(value);
    if (!error) return data;
    // The first issue is enough.
    context.addIssue(`${variable} must be ${error.issues[0]?.message ?? ''}`);
    // Rules over several settings must distinguish a bad value from a missing one.
    return value as z.output<Kind>;
  });
}

export function trimmed(value = ''): string | undefined {
  return value.trim() === '' ? undefined : value.trim();
}

/**
 * A value without quotes around it, which Docker's `--env-file` passes on, and without characters that cannot be seen,
 * which a copy from a web page brings along. Every other kind begins with this one.
 */
export function text(): z.ZodString {
  return z
    .string()
    .regex(/^(?!["'`“”‘’].*["'`“”‘’]$)/s, 'written without the quotes around its value')
    .regex(/^[^\p{Cc}\p{Cf}]*$/u, 'one line, without characters that cannot be seen');
}

/** One of these words. */
export function oneOf<const Words extends readonly string[]>(...words: Words): z.ZodType<Words[number]> {
  return text().pipe(z.enum(words, `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`));
}

/** A whole number in decimal digits. */
export function wholeNumber(min: number, max: number): z.ZodType<number> {
  return numeric(/^[0-9]{1,10}$/, min, max, `a whole number from ${min} to ${max}`);
}

/** Calls a second, or at once. The share of a quota is rarely a whole number. */
export function rate(): z.ZodType<number> {
  const [min, max] = [0.01, 1_000_000];
  return numeric(
    /^[0-9]{1,7}(\.[0-9]{1,6})?$/,
    min,
    max,
    `a number from ${min} to ${max}, such as 5 or 1.25`,
  );
}

function numeric(digits: RegExp, min: number, max: number, error: string): z.ZodType<number> {
  return text()
    .regex(digits, error)
    .transform(Number)
    .refine((value) => value >= min && value <= max, error);
}

/** Items separated by commas. */
function list(isItem: (item: string) => boolean, error: string) {
  return text()
    .transform(itemsOf)
    .refine((items) => items.every(isItem), error);
}

/** The origins of pages and apps. */
export function origins(): z.ZodType<readonly string[]> {
  return list(isOrigin, 'origins such as https://app.example.com, separated by commas');
}

/** At least one key, each of at least `min` characters. */
export function keys(min: number): z.ZodType<readonly [string, ...string[]]> {
  const error = `keys of at least ${min} characters, separated by commas`;
  return list((key) => key.length >= min, error).transform(([first, ...others], context) => {
    if (first !== undefined) return [first, ...others] as const;
    context.addIssue(error);
    return z.NEVER;
  });
}

/** Where Redis or Valkey is. */
export function redisUrl(): z.ZodType<string> {
  return text()
    .refine((url) => isUrlOf(url, 'redis:', 'rediss:'), {
      abort: true,
      error: 'a URL such as redis://redis.example.com:6379',
    })
    .refine(isDecodable, 'a URL with its user and password percent-encoded, such as %25 for %')
    .refine(hasDatabaseNumber, 'a URL whose database is a number, such as redis://redis.example.com:6379/0');
}

function isDecodable(url: string): boolean {
  const { username, password } = new URL(url);
  try {
    decodeURIComponent(username + password);
    return true;
  } catch {
    return false;
  }
}

/** Of any other text ioredis would make a number or NaN, which Redis refuses. */
function hasDatabaseNumber(url: string): boolean {
  const { pathname, searchParams } = new URL(url);
  return /^(\/-?\d*)?$/.test(pathname) && /^-?\d+$/.test(searchParams.get('db') ?? '0');
}

/** What keys in Redis begin with; a brace would choose the shard of a cluster. */
export function keyPrefix(): z.ZodType<string> {
  return text().regex(/^[\w.:-]{1,64}$/, '1 to 64 letters, digits and . _ : -');
}

/** The URL that keys are fetched from. */
export function trustedUrl(): z.ZodType<string> {
  return text().refine(isTrustedUrl, TRUSTED_URL);
}

/** A count of proxies, or a list of their addresses. Never `true`: then any client could choose its own address. */
export function proxies(): z.ZodType<number | readonly string[]> {
  return text()
    .transform((value) => (/^[0-9]{1,2}$/.test(value) ? Number(value) : itemsOf(value)))
    .refine(
      (value) => typeof value === 'number' || (value.length > 0 && value.every(isNetwork)),
      'a count of proxies from 0 to 99, or a list of their addresses or networks',
    );
}

function itemsOf(value: string): string[] {
  return value
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}

/** An address, or a network with a prefix that Express accepts. */
function isNetwork(value: string): boolean {
  const [address = '', prefix = '1', ...rest] = value.split('/');
  const bits = { 0: 0, 4: 32, 6: 128 }[isIP(address)] ?? 0;
  return /^[1-9][0-9]{0,2}$/.test(prefix) && Number(prefix) <= bits && rest.length === 0;
}

/**
 * An origin exactly as browsers send it, of any scheme: an app may have `capacitor://localhost`. A page of `file:` has
 * none, and `*` would be read as a host name.
 */
function isOrigin(value: string): boolean {
  if (!URL.canParse(value)) return false;
  const { protocol, host } = new URL(value);
  return value === `${protocol}//${host}` && host !== '' && !host.includes('*') && protocol !== 'file:';
}

/** An address that only this machine reaches. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'));
}

/** Whether keys may be fetched from this URL: by TLS or on this machine, so that no one changes them on the way. */
export function isTrustedUrl(value: string): boolean {
  if (!URL.canParse(value)) return false;
  const { protocol, hostname, username, password, hash } = new URL(value);
  if (username !== '' || password !== '' || hash !== '') return false;
  return protocol === 'https:' || (protocol === 'http:' && isLoopback(hostname.replace(/^\[|\]$/g, '')));
}

/** A URL of one of these protocols, with a host. */
export function isUrlOf(value: string, ...protocols: readonly string[]): boolean {
  if (!URL.canParse(value)) return false;
  const { protocol, hostname } = new URL(value);
  return protocols.includes(protocol) && hostname !== '' && value.startsWith(`${protocol}//`);
}

/** Whether undici, which sends the requests, takes this for the URL of a proxy. */
export function isProxyUrl(value: string): boolean {
  try {
    return Boolean(new ProxyAgent(value));
  } catch {
    return false;
  }
}
