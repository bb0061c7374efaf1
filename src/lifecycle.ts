import type { Server } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

import type { Logger } from 'pino';

import { AppError } from './errors.ts';

/** The state of the process: accepting, stopping, draining. */
export interface Lifecycle {
  /** False from the first moment of a shutdown. */
  readonly ready: boolean;
  /** Aborts at the first moment of a shutdown. */
  readonly stopping: AbortSignal;
  /** True once new work is refused. */
  readonly draining: boolean;
  /** Aborts shortly before open connections are closed; the reason is the error for the readers of streams. */
  readonly ending: AbortSignal;
  readonly stopAccepting: () => void;
  readonly drain: () => void;
  readonly endStreams: () => void;
}

/** A lifecycle that only goes forward. */
export function createLifecycle(): Lifecycle {
  const stopping = new AbortController();
  const ending = new AbortController();
  const lifecycle = {
    ready: true,
    draining: false,
    stopping: stopping.signal,
    ending: ending.signal,
    stopAccepting() {
      lifecycle.ready = false;
      stopping.abort();
    },
    drain() {
      lifecycle.stopAccepting();
      lifecycle.draining = true;
    },
    endStreams() {
      ending.abort(shuttingDown());
    },
  };
  return lifecycle;
}

/** The error of requests and streams that a shutdown refuses or ends. */
export function shuttingDown(): AppError {
  return new AppError('SHUTTING_DOWN', 'This replica is shutting down. Retry: another one will respond.', {
    retryAfterS: 1,
    headers: { Connection: 'close' },
  });
}

interface ShutdownOptions {
  readonly server: Server;
  readonly lifecycle: Lifecycle;
  readonly logger: Logger;
  /** How long to go on accepting, until load balancers have noticed. */
  readonly delayMs: number;
  /** How long open requests may then take. */
  readonly graceMs: number;
  /** Closes the connections upstream; called last. */
  readonly release: () => Promise<unknown>;
}

/** Streams end this long before the grace does, so that their last line arrives before the connections are closed. */
const LAST_LINE_MS = 1000;

/**
 * How long new requests on open connections are served after the delay. A balancer may have opened a connection just
 * before: without this time one or two requests of a rolling restart failed.
 */
const LATE_MS = 1000;

const IDLE_CHECK_MS = 100;
/** The time after the grace. It begins with `CLOSING_MS`, in which destroyed connections end. */
const RELEASE_MS = 1000;
const CLOSING_MS = 100;

/** Stops without loss. Resolves at the latest after the delay, the grace and a second, whatever is still open then. */
export async function shutDown(options: ShutdownOptions): Promise<void> {
  const { server, lifecycle, logger, delayMs, graceMs, release } = options;
  logger.info({ delayMs, graceMs }, 'stopping');
  lifecycle.stopAccepting();
  await sleep(delayMs);
  const closed = new Promise((resolve) => server.close(resolve));
  // The headers of a stream that began earlier have promised to keep its connection open: it is idle at the end.
  const idle = setInterval(() => {
    server.closeIdleConnections();
  }, IDLE_CHECK_MS);
  const timers = [
    setTimeout(lifecycle.drain, Math.min(LATE_MS, graceMs)),
    setTimeout(lifecycle.endStreams, Math.max(0, graceMs - LAST_LINE_MS)),
    setTimeout(() => {
      logger.warn('SHUTDOWN_GRACE_MS is over: closing the connections that are still open');
      server.closeAllConnections();
    }, graceMs),
  ];
  await withDeadline(graceMs + CLOSING_MS, closed);
  clearInterval(idle);
  for (const timer of timers) clearTimeout(timer);
  lifecycle.drain();
  // The server emits `close` before its last connections do, and with theirs the last requests are logged.
  await sleep(1);
  await withDeadline(RELEASE_MS - CLOSING_MS, release()).catch((err: unknown) => {
    logger.warn({ err }, 'the connections upstream could not all be closed');
  });
  logger.info('stopped');
}

async function withDeadline(ms: number, work: Promise<unknown>): Promise<void> {
  await Promise.race([work, sleep(ms, undefined, { ref: false })]);
}
