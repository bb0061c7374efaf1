import type { Request, RequestHandler, Response } from 'express';
import { rateLimit, type Store } from 'express-rate-limit';

import { AppError } from '../errors.ts';
import { createFixedWindow } from '../quota/fixed-window.ts';
import { contextOf } from './context.ts';

interface RateLimitOptions {
  /** Requests a window; 0 turns the limit off. */
  readonly max: number;
  readonly windowMs: number;
  /** Where requests are counted; by default in this process. */
  readonly store?: Store | undefined;
}

/** Limits each caller, and states the limit in the headers of the IETF's draft 8. */
export function limitRate({ max, windowMs, store = ownCounts(windowMs) }: RateLimitOptions): RequestHandler {
  if (max === 0) {
    return (_req, _res, next) => {
      next();
    };
  }
  const policy = `"caller"; q=${max}; w=${Math.ceil(windowMs / 1000)}`;
  const setHeaders = ({ rateLimit: { remaining, resetTime } }: Request, res: Response): void => {
    Object.assign(contextOf(res).headers, {
      RateLimit: `"caller"; r=${remaining}; t=${Math.ceil(secondsUntil(resetTime))}`,
      'RateLimit-Policy': policy,
    });
  };
  const count = rateLimit({
    limit: max,
    windowMs,
    store,
    // The package's headers contain a hash of the caller, which it would compute for every request.
    standardHeaders: false,
    legacyHeaders: false,
    // The package's checks print to standard error; the settings were checked at start, and the key is tested.
    validate: false,
    keyGenerator: (_req, res) => contextOf(res).caller,
    handler: (req, res, next) => {
      setHeaders(req, res);
      const detail = `At most ${max} requests in ${windowMs / 1000} s. Retry after the time in Retry-After.`;
      next(new AppError('RATE_LIMITED', detail, { retryAfterS: secondsUntil(req.rateLimit.resetTime) }));
    },
  });
  return (req, res, next) =>
    count(req, res, (error?: unknown) => {
      if (error === undefined) setHeaders(req, res);
      next(error);
    });
}

/** Not the package's own store: if the wall clock is set back by an hour, that one limits callers for an hour. */
function ownCounts(windowMs: number): Store {
  const window = createFixedWindow({ windowMs });
  // Called only by a limiter that forgets some requests; this one counts all.
  const keepAll = (): void => undefined;
  return {
    localKeys: true,
    increment(caller) {
      const { count, remainingMs } = window.hit(caller);
      return { totalHits: count, resetTime: new Date(Date.now() + remainingMs) };
    },
    decrement: keepAll,
    resetKey: keepAll,
  };
}

function secondsUntil(time: Date): number {
  return (time.getTime() - Date.now()) / 1000;
}

declare module 'express-serve-static-core' {
  interface Request {
    /** Set by express-rate-limit. Both stores know the end of a window. */
    readonly rateLimit: { readonly remaining: number; readonly resetTime: Date };
  }
}
