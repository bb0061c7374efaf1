const fixed = {
  'X-Content-Type-Options': 'nosniff',
  'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
  'Referrer-Policy': 'no-referrer',
  // A page of another origin may read a response only by CORS.
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Cache-Control': 'no-store',
  Vary: 'Origin',
};

/** The headers of every response, the parser's refusals included. One that may be cached sets its own `Cache-Control`. */
export function commonHeaders(requestId: string): Record<string, string> {
  return { 'X-Request-Id': requestId, ...fixed };
}
