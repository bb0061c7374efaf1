import { isIP } from 'node:net';
import { ipKeyGenerator } from 'express-rate-limit';
import type { Request, RequestHandler } from 'express';
import type { Logger } from 'pino';

/**
 * The address that a caller is known by. IPv6 addresses count by /56, since one household has that many, and an IPv4
 * address written as IPv6 is the same caller. If a proxy forwards something that is not an address, the address of the
 * proxy (`peer`) counts, so that inventing one brings no new limit.
 */
export function callerAddress(forwarded: string | undefined, peer: string | undefined): string {
  const address = [forwarded, peer].map(bareAddress).find((candidate) => isIP(candidate) !== 0);
  // A closed socket has no address, and no one receives its response.
  return address === undefined ? 'unknown' : ipKeyGenerator(address, 56);
}

/** The address without a port, which some proxies add, and without the zone of a link-local address. */
function bareAddress(text = ''): string {
  const [, bracketed] = /^\[([^\]]*)\](?::\d{1,5})?$/.exec(text) ?? [];
  const [, v4] = /^([\d.]+):\d{1,5}$/.exec(text) ?? [];
  return (bracketed ?? v4 ?? text).replace(/%.*$/, '');
}

type Suspicion = 'untrusted' | 'missing';

const warnings: Readonly<Record<Suspicion, string>> = {
  untrusted:
    'X-Forwarded-For comes from an address that TRUST_PROXY does not name: if that is a proxy, all its callers share one limit',
  missing:
    'X-Forwarded-For has fewer addresses than TRUST_PROXY promises proxies: a caller could choose its own address, and its limit',
};

/** Warns, once for each suspicion, if requests do not fit `TRUST_PROXY`: the limits of callers would be wrong. */
export function checkProxies(
  trustProxy: number | readonly string[],
  logger: Pick<Logger, 'warn'>,
): RequestHandler {
  const warned = new Set<Suspicion>();
  return (req, _res, next) => {
    const suspicion = suspicionOf(req, trustProxy);
    if (suspicion && !warned.has(suspicion)) {
      warned.add(suspicion);
      logger.warn({ trustProxy }, warnings[suspicion]);
    }
    next();
  };
}

function suspicionOf(req: Request, trustProxy: number | readonly string[]): Suspicion | undefined {
  const forwarded = req.headers['x-forwarded-for'];
  const addresses = forwarded === undefined ? 0 : String(forwarded).split(',').length;
  // Express compiles the setting to this function.
  const trusts = req.app.get('trust proxy fn') as (address: string | undefined, hop: number) => boolean;
  if (!trusts(req.socket.remoteAddress, 0)) return addresses > 0 ? 'untrusted' : undefined;
  const proxies = typeof trustProxy === 'number' ? trustProxy : 1;
  return addresses < proxies ? 'missing' : undefined;
}
