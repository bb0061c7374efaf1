import { ipKeyGenerator } from 'express-rate-limit';

/**
 * The address a caller is known by: IPv6 by /56, as one household has that many addresses, and an IPv4 address
 * written as IPv6 is the same caller.
 */
export function callerAddress(ip: string | undefined): string {
  // A socket that is already gone has no address; its answer reaches nobody.
  return ip === undefined ? 'unknown' : ipKeyGenerator(ip.replace(/^::ffff:(?=\d+\.)/i, ''), 56);
}
