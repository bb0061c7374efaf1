import type { RequestHandler } from 'express';
import { rateLimit, type Store } from 'express-rate-limit';

import { AppError } from '../errors.ts';
import { contextOf } from './request-context.ts';

interface RateLimitOptions {
  /** Requests a window; 0 turns the limit off. */
  readonly max: number;
  readonly windowMs: number;
  /** Where requests are counted; by default in this process. */
  readonly store?: Store | undefined;
}

/** Each caller's own limit. */
export function limitRate({ max, windowMs, store }: RateLimitOptions): RequestHandler {
  if (max === 0) {
    return (_req, _res, next) => {
      next();
    };
  }
  return rateLimit({
    limit: max,
    windowMs,
    ...(store && { store }),
    standardHeaders: 'draft-8',
    legacyHeaders: false,
    identifier: 'caller',
    // Its checks print to standard error; the settings were checked at start, and the key is tested.
    validate: false,
    keyGenerator: (_req, res) => contextOf(res).caller,
    handler: (req, _res, next) => {
      const retryAfterS = (req.rateLimit.resetTime.getTime() - Date.now()) / 1000;
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

declare module 'express-serve-static-core' {
  interface Request {
    /** Set by express-rate-limit; its store and that of replicas both know the end of a window. */
    readonly rateLimit: { readonly resetTime: Date };
  }
}
