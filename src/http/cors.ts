import cors from 'cors';
import type { RequestHandler } from 'express';

import { ALLOW } from './method-not-allowed.ts';
import { contextOf } from './request-context.ts';

/** CORS headers for an exact list of origins, on every answer. */
export function allowOrigins(origins: readonly string[]): RequestHandler {
  return cors({
    origin: [...origins],
    methods: ['GET', 'HEAD', 'OPTIONS'],
    allowedHeaders: ['Authorization', 'If-None-Match', 'X-Request-Id'],
    exposedHeaders: ['Link', 'ETag', 'Retry-After', 'X-Request-Id', 'RateLimit', 'RateLimit-Policy'],
    maxAge: 600,
    preflightContinue: true,
  });
}

/** Answers every `OPTIONS`, preflight or not: it costs nothing and tells nothing that the contract does not. */
export function answerOptions(): RequestHandler {
  return (req, res, next) => {
    if (req.method !== 'OPTIONS') {
      next();
      return;
    }
    contextOf(res).route = 'OPTIONS';
    res.status(204).set('Allow', ALLOW).end();
  };
}
