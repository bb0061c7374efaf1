import type { RequestHandler } from 'express';

import { respond } from './respond.ts';
import { ALLOW } from './error-handler.ts';
import { contextOf } from './context.ts';

/** What a browser's page may read of every response. */
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
/** Names of headers, far more of them than tools add to a request. */
const HEADER_NAMES = /^[\w!#$%&'*+.^`|~ ,-]{1,2048}$/;

/**
 * CORS headers for an exact list of origins, on every response to a browser's page of another origin. That answers
 * differ by origin every one of them says, in `Vary`.
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

/** Tools that trace or watch a page add headers of their own to its requests. Of an allowed origin any are allowed. */
function preflightHeaders(requested = ''): Record<string, string> {
  return {
    'Access-Control-Allow-Methods': 'GET,HEAD,OPTIONS',
    'Access-Control-Allow-Headers': HEADER_NAMES.test(requested) ? requested : OWN_HEADERS,
    'Access-Control-Max-Age': '600',
  };
}

/** Answers every `OPTIONS`, preflight or not: it costs nothing and tells nothing that the contract does not. */
export function answerOptions(): RequestHandler {
  return (req, res, next) => {
    if (req.method !== 'OPTIONS') {
      next();
      return;
    }
    respond(res, { status: 204, headers: { Allow: ALLOW } });
  };
}
