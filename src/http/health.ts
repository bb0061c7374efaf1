import type { Socket } from 'node:net';

import type { RequestHandler, Response } from 'express';

import { AppError } from '../errors.ts';
import { shuttingDown, type Lifecycle } from '../lifecycle.ts';
import { respond, type HttpReply } from './respond.ts';
import { contextOf } from './context.ts';

type Readiness = Pick<Lifecycle, 'ready' | 'draining' | 'stopping'>;

/** `GET /livez`: the process runs. */
export function livez(): RequestHandler {
  return (_req, res) => {
    respond(res, json({ status: 'ok' }));
  };
}

/** `GET /readyz`: the process accepts work. At the start it waits for Redis first; later Redis may be away. */
export function readyz(
  readiness: Readiness,
  sharing?: { readonly shared: boolean; readonly ready: boolean },
): RequestHandler {
  return (_req, res) => {
    if (!readiness.ready) throw shuttingDown();
    if (sharing?.ready === false) throw notSharedYet();
    respond(res, json({ status: 'ready', ...(sharing && { redis: sharing.shared ? 'shared' : 'away' }) }));
  };
}

/**
 * From the first moment of a shutdown every response closes its connection, the responses that are due already too.
 * Otherwise a busy connection would never end.
 */
export function closeWhileStopping(readiness: Readiness): RequestHandler {
  // The response to the last pipelined request: closing after an earlier one would lose the others.
  const due = new Map<Socket, Response | undefined>();
  readiness.stopping.addEventListener('abort', () => {
    for (const res of due.values()) if (res) contextOf(res).headers['Connection'] = 'close';
  });
  return (req, res, next) => {
    const { headers, onEnded } = contextOf(res);
    if (!readiness.ready) headers['Connection'] = 'close';
    const { socket } = req;
    if (!due.has(socket)) socket.once('close', () => due.delete(socket));
    due.set(socket, res);
    onEnded(() => {
      // Not `delete`: after some, V8 makes a new table, and the old one keeps its responses (docs/decisions/0011).
      if (due.get(socket) === res) due.set(socket, undefined);
    });
    next();
  };
}

/** Refuses new work once the delay of a shutdown is over. */
export function refuseWhileDraining(readiness: Readiness): RequestHandler {
  return (_req, _res, next) => {
    if (readiness.draining) throw shuttingDown();
    next();
  };
}

function notSharedYet(): AppError {
  const detail = 'This replica has just started, and does not share quota and limits yet. Retry.';
  return new AppError('UPSTREAM_UNAVAILABLE', detail, { retryAfterS: 1 });
}

function json(value: unknown): HttpReply {
  return {
    status: 200,
    headers: { 'Content-Type': 'application/json; charset=utf-8' },
    body: JSON.stringify(value),
  };
}
