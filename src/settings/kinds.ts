import { isIP } from 'node:net';

import { z } from 'zod';

const RATE = 'a number from 0.01 to 1000000, such as 5 or 1.25';

/** Calls a second, or at once; a share of a quota is rarely whole. */
export const rate = (fallback: number): z.ZodType<number> =>
  z
    .string()
    .regex(/^[0-9]{1,7}(\.[0-9]{1,6})?$/, RATE)
    .transform(Number)
    .refine((value) => value >= 0.01 && value <= 1_000_000, RATE)
    .default(fallback);

/** A setting in decimal digits. */
export const wholeNumber = (min: number, max: number, fallback: number): z.ZodType<number> =>
  z
    .string()
    .regex(/^[0-9]{1,10}$/, `a whole number from ${min} to ${max}`)
    .transform(Number)
    .refine((value) => value >= min && value <= max, `a whole number from ${min} to ${max}`)
    .default(fallback);

/** Items separated by commas. */
export const list = z.string().transform((text) =>
  text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== ''),
);

/** A count of proxies, or what Express takes for a list. Never `true`: then any client could choose its own address. */
export function isProxies(text: string): boolean {
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

/** An origin just as browsers send it. */
export function isOrigin(text: string): boolean {
  return /^https?:\/\//.test(text) && URL.canParse(text) && new URL(text).origin === text;
}

/** An address that only this machine reaches. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host);
}

/** Where keys may be fetched: whoever can change them on the way could sign tokens, so by TLS or on this machine. */
export function isTrustedUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname, username, password, hash } = new URL(text);
  if (username !== '' || password !== '' || hash !== '') return false;
  return protocol === 'https:' || (protocol === 'http:' && isLoopback(hostname.replace(/^\[|\]$/g, '')));
}

/** Where Redis or Valkey is. */
export function isRedisUrl(text: string): boolean {
  return /^rediss?:\/\//.test(text) && URL.canParse(text) && new URL(text).hostname !== '';
}
