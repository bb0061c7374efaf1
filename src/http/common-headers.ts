const fixed = {
  'X-Content-Type-Options': 'nosniff',
  'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
  'Referrer-Policy': 'no-referrer',
  // Not for pages of other origins but by CORS.
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Cache-Control': 'no-store',
  Vary: 'Origin',
};

/** The headers of every response, the parser's refusals included. A response that may be kept sets its own `Cache-Control`. */
export function commonHeaders(requestId: string): Record<string, string> {
  return { 'X-Request-Id': requestId, ...fixed };
}
