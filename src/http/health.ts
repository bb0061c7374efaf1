import type { RequestHandler } from 'express';

import { AppError } from '../errors.ts';

interface Readiness {
  readonly ready: boolean;
  readonly draining: boolean;
}

/** `GET /livez`: the process runs. */
export function livez(): RequestHandler {
  return (_req, res) => {
    res.json({ status: 'ok' });
  };
}

/** `GET /readyz`: it accepts work, also while Redis is away. */
export function readyz(readiness: Readiness, sharing?: { readonly shared: boolean }): RequestHandler {
  return (_req, res) => {
    if (!readiness.ready) throw shuttingDown();
    res.json({ status: 'ready', ...(sharing && { redis: sharing.shared ? 'shared' : 'away' }) });
  };
}

/** While the process stops, answers end their connections, and at last new work is refused. */
export function closeWhileStopping(readiness: Readiness): RequestHandler {
  return (_req, res, next) => {
    if (!readiness.ready) res.set('Connection', 'close');
    if (readiness.draining) throw shuttingDown();
    next();
  };
}

function shuttingDown(): AppError {
  return new AppError('SHUTTING_DOWN', 'This instance is shutting down. Retry; another one will answer.', {
    retryAfterS: 1,
    headers: { Connection: 'close' },
  });
}
