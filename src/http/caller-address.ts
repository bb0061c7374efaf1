import { isIP } from 'node:net';

import { ipKeyGenerator } from 'express-rate-limit';

/**
 * The address a caller is known by: IPv6 by /56, as one household has that many addresses, and an IPv4 address
 * written as IPv6 is the same caller. What a proxy forwards that is no address counts for the proxy (`peer`), so
 * that nobody gets a fresh limit by making something up.
 */
export function callerAddress(forwarded: string | undefined, peer: string | undefined): string {
  const address = [forwarded, peer].map(bareAddress).find((candidate) => isIP(candidate) !== 0);
  // A socket that is already gone has no address; its answer reaches nobody.
  return address === undefined ? 'unknown' : ipKeyGenerator(address, 56);
}

/** Without a port, which some proxies forward, and without the zone of a link-local address. */
function bareAddress(text = ''): string {
  const [, bracketed] = /^\[([^\]]*)\](?::\d{1,5})?$/.exec(text) ?? [];
  const [, v4] = /^([\d.]+):\d{1,5}$/.exec(text) ?? [];
  return (bracketed ?? v4 ?? text).replace(/%.*$/, '');
}
