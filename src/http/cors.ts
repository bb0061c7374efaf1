import type { RequestHandler } from 'express';

import { respond } from './respond.ts';
import { ALLOW } from './error-handler.ts';
import { contextOf } from './context.ts';

/** The headers that a page of another origin may read. */
export const EXPOSED_HEADERS = [
  'Link',
  'ETag',
  'Age',
  'Retry-After',
  'X-Request-Id',
  'RateLimit',
  'RateLimit-Policy',
  'WWW-Authenticate',
];

const forAll = { 'Access-Control-Expose-Headers': EXPOSED_HEADERS.join() };
const OWN_HEADERS = 'Authorization,If-None-Match,X-Request-Id,traceparent,tracestate';
/** A list of header names, of any length that tools need. */
const HEADER_NAMES = /^[\w!#$%&'*+.^`|~ ,-]{1,2048}$/;

/**
 * CORS headers for an exact list of origins. Responses differ by origin, so all of them have `Vary: Origin`
 * (`common-headers.ts`).
 */
export function allowOrigins(origins: readonly string[]): RequestHandler {
  const allowed = new Set(origins);
  return (req, res, next) => {
    const { origin } = req.headers;
    if (origin !== undefined && allowed.has(origin)) {
      Object.assign(
        contextOf(res).headers,
        { 'Access-Control-Allow-Origin': origin },
        forAll,
        req.method === 'OPTIONS' && preflightHeaders(req.headers['access-control-request-headers']),
      );
    }
    next();
  };
}

/** Tools that trace or watch a page add headers of their own to its requests, so an allowed origin may send any. */
function preflightHeaders(requested = ''): Record<string, string> {
  return {
    'Access-Control-Allow-Methods': 'GET,HEAD,OPTIONS',
    'Access-Control-Allow-Headers': HEADER_NAMES.test(requested) ? requested : OWN_HEADERS,
    'Access-Control-Max-Age': '600',
  };
}

/** Answers every `OPTIONS`, preflight or not: it costs nothing, and says nothing that is not in the contract. */
export function answerOptions(): RequestHandler {
  return (req, res, next) => {
    if (req.method !== 'OPTIONS') {
      next();
      return;
    }
    respond(res, { status: 204, headers: { Allow: ALLOW } });
  };
}
