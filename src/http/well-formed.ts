import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';

import type { RequestHandler } from 'express';

import { AppError } from '../errors.ts';

/**
 * Refuses, before anything else, a request with a body and one whose target can't be decoded: every route is a
 * read. A refused connection is closed, and what was pipelined behind the refused request is never carried out.
 */
export function requireWellFormed(): RequestHandler {
  const refusedSockets = new WeakSet<Socket>();
  return (req, res, next) => {
    // The parser hands on what stood behind a refused request in the same packet; it has no answer.
    if (refusedSockets.has(req.socket)) return;
    const fault = faultOf(req);
    if (fault === undefined) {
      next();
      return;
    }
    refusedSockets.add(req.socket);
    throw new AppError('MALFORMED_REQUEST', fault, { headers: { Connection: 'close' } });
  };
}

function faultOf(req: IncomingMessage): string | undefined {
  const { headers, url = '' } = req;
  if (headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) !== 0) {
    return 'Send no body: every route is a read.';
  }
  if (headers.upgrade !== undefined) return 'This service upgrades no connection.';
  if (headers.host === undefined && req.httpVersion !== '1.0') return 'A request needs a Host header.';
  return isDecodable(url) ? undefined : 'The target holds a percent-escape that is not UTF-8.';
}

function isDecodable(url: string): boolean {
  try {
    decodeURIComponent(url);
    return true;
  } catch {
    return false;
  }
}
