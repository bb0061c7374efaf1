import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';

import type { RequestHandler } from 'express';

import { AppError } from '../errors.ts';

/** Far more than clients and proxies send. Short headers take twenty times their bytes in memory. */
export const MAX_HEADERS = 100;

/**
 * Refuses a request with a body, since every route is a read, and a request that could be understood in two ways. Its
 * connection is closed, and requests that were pipelined behind it are never carried out.
 */
export function requireWellFormed(): RequestHandler {
  const refusedSockets = new WeakSet<Socket>();
  return (req, _res, next) => {
    // The parser passes on further requests of the same packet, even after a refused one. They get no response.
    if (refusedSockets.has(req.socket)) return;
    const reason = reasonToRefuse(req);
    if (reason === undefined) {
      next();
      return;
    }
    refusedSockets.add(req.socket);
    throw new AppError('MALFORMED_REQUEST', reason, { headers: { Connection: 'close' } });
  };
}

function reasonToRefuse(req: IncomingMessage): string | undefined {
  const { method, headers, rawHeaders, url = '' } = req;
  // First, since further headers are dropped (listener.ts), perhaps one that announces a body.
  if (rawHeaders.length > 2 * MAX_HEADERS) return `Send at most ${MAX_HEADERS} headers.`;
  if (headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) !== 0) {
    return 'Send no body: every route is a read.';
  }
  if (headers.host === undefined && req.httpVersion !== '1.0') return 'A request needs a Host header.';
  if (isRepeated(rawHeaders)) return 'Send Host and Authorization once.';
  if (!isTarget(url))
    return 'The URL must be a path or an absolute URL, written in visible ASCII characters.';
  // The preflight of such a request succeeds. Otherwise a page of another origin could not read this refusal.
  if (method === 'OPTIONS' || isDecodable(url)) return undefined;
  return 'The URL has a percent-escape that is not valid UTF-8. Write a percent sign as %25.';
}

/** If one of these is repeated, Node takes the first, and a proxy in front perhaps the last. */
const SINGLE = new Set(['host', 'authorization']);

function isRepeated(rawHeaders: readonly string[]): boolean {
  const seen = new Set<string>();
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]?.toLowerCase() ?? '';
    if (!SINGLE.has(name)) continue;
    if (seen.has(name)) return true;
    seen.add(name);
  }
  return false;
}

/**
 * A path, an absolute URL or `*` (RFC 9112, 3.2), without a fragment, and an absolute URL without a backslash. Express
 * would read other targets as Node's lenient `url.parse` does, which makes another path of them.
 */
function isTarget(url: string): boolean {
  return (
    /^(\/|\*$)[\x21\x22\x24-\x7e]*$/.test(url) || /^https?:\/\/[\x21\x22\x24-\x5b\x5d-\x7e]+$/i.test(url)
  );
}

function isDecodable(url: string): boolean {
  try {
    decodeURIComponent(url);
    return true;
  } catch {
    return false;
  }
}
