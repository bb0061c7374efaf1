import type { RequestHandler } from 'express';

import { contextOf } from './request-context.ts';

const fixed = {
  'X-Content-Type-Options': 'nosniff',
  'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
  'Referrer-Policy': 'no-referrer',
  // Not for pages of other origins but by CORS.
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Cache-Control': 'no-store',
  Vary: 'Origin',
};
const fixedEntries = Object.entries(fixed);

/** The headers that every answer has, the parser's refusals included. */
export function commonHeaders(requestId: string): Record<string, string> {
  return { 'X-Request-Id': requestId, ...fixed };
}

/** Sets them; a route that may be cached says so itself. */
export function setCommonHeaders(): RequestHandler {
  return (_req, res, next) => {
    res.setHeader('X-Request-Id', contextOf(res).requestId);
    for (const [name, value] of fixedEntries) res.setHeader(name, value);
    next();
  };
}
