import cors from 'cors';
import type { RequestHandler } from 'express';

import { ALLOW } from './method-not-allowed.ts';
import { contextOf } from './request-context.ts';

/** What a browser's page may read of every answer. */
export const EXPOSED_HEADERS = [
  'Link',
  'ETag',
  'Retry-After',
  'X-Request-Id',
  'RateLimit',
  'RateLimit-Policy',
];

/** CORS headers for an exact list of origins, on every answer to a browser's page of another origin. */
export function allowOrigins(origins: readonly string[]): RequestHandler {
  const setHeaders = cors({
    origin: [...origins],
    methods: ['GET', 'HEAD', 'OPTIONS'],
    allowedHeaders: ['Authorization', 'If-None-Match', 'X-Request-Id', 'traceparent', 'tracestate'],
    exposedHeaders: EXPOSED_HEADERS,
    maxAge: 600,
    preflightContinue: true,
  });
  return (req, res, next) => {
    if (req.headers.origin === undefined) next();
    else setHeaders(req, res, next);
  };
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
