import type { RequestHandler } from 'express';
import { ipKeyGenerator, rateLimit } from 'express-rate-limit';

import { AppError } from '../errors.ts';

interface RateLimitOptions {
  /** Requests a window; 0 turns the limit off. */
  readonly max: number;
  readonly windowMs: number;
}

/** Each caller's own limit, by address: IPv6 by /56, as one household has that many addresses. */
export function limitRate({ max, windowMs }: RateLimitOptions): RequestHandler {
  if (max === 0) {
    return (_req, _res, next) => {
      next();
    };
  }
  return rateLimit({
    limit: max,
    windowMs,
    standardHeaders: 'draft-8',
    legacyHeaders: false,
    identifier: 'caller',
    // Its checks print to standard error; the settings were checked at start, and the key is tested.
    validate: false,
    keyGenerator: (req) => callerAddress(req.ip),
    handler: (req, _res, next) => {
      const { resetTime } = req.rateLimit ?? {};
      const retryAfterS = ((resetTime?.getTime() ?? Date.now() + windowMs) - Date.now()) / 1000;
      next(
        new AppError(
          'RATE_LIMITED',
          `At most ${max} requests in ${windowMs / 1000} s. Retry after the time in Retry-After.`,
          {
            retryAfterS,
          },
        ),
      );
    },
  });
}

/** The address a caller is known by; an IPv4 address written as IPv6 is the same caller. */
export function callerAddress(ip: string | undefined): string {
  // A socket that is already gone has no address; its answer reaches nobody.
  return ip === undefined ? 'unknown' : ipKeyGenerator(ip.replace(/^::ffff:(?=\d+\.)/i, ''), 56);
}

declare module 'express-serve-static-core' {
  interface Request {
    /** Set by express-rate-limit. */
    readonly rateLimit?: { readonly resetTime: Date | undefined };
  }
}
