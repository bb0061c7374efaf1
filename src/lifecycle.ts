import type { Server } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

import type { Logger } from 'pino';

import { AppError } from './errors.ts';

/** Where the process is between its start and its end. */
export interface Lifecycle {
  /** False from the first moment of a shutdown. */
  readonly ready: boolean;
  /** Aborts at the first moment of a shutdown. */
  readonly stopping: AbortSignal;
  /** True once new work is refused. */
  readonly draining: boolean;
  /** Aborts shortly before open connections are closed, with what to tell the readers of streams. */
  readonly ending: AbortSignal;
  readonly stopAccepting: () => void;
  readonly drain: () => void;
  readonly endStreams: () => void;
}

/** A lifecycle that only goes forward. */
export function createLifecycle(): Lifecycle {
  const stopping = new AbortController();
  let draining = false;
  const ending = new AbortController();
  return {
    get ready() {
      return !stopping.signal.aborted;
    },
    get draining() {
      return draining;
    },
    stopping: stopping.signal,
    ending: ending.signal,
    stopAccepting() {
      stopping.abort();
    },
    drain() {
      stopping.abort();
      draining = true;
    },
    endStreams() {
      ending.abort(shuttingDown());
    },
  };
}

/** The error that requests and the readers of streams get then. */
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
  /** Lets go of what is upstream; called last. */
  readonly release: () => Promise<unknown>;
}

/** Streams end this long before the grace does, so that their last line arrives before the connections are closed. */
const LAST_LINE_MS = 1000;

/**
 * Connections that a balancer made just before the end of the delay still get a response, their last one. Refused at that
 * instant, one or two requests of a rolling restart would have failed.
 */
const LATE_MS = 1000;

const IDLE_CHECK_MS = 100;
/** What is left after the grace: the end of destroyed connections, and the release of what is upstream. */
const RELEASE_MS = 1000;
const CLOSING_MS = 100;

/** Stops without loss. Resolves at the latest after the delay, the grace and a second, whatever is still open then. */
export async function shutDown(options: ShutdownOptions): Promise<void> {
  const { server, lifecycle, logger, delayMs, graceMs, release } = options;
  logger.info({ delayMs, graceMs }, 'stopping');
  lifecycle.stopAccepting();
  await sleep(delayMs);
  const closed = new Promise((resolve) => server.close(resolve));
  // A stream that ends now has promised to keep its connection alive.
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
  // A server tells of its end before its last connections do of theirs, which ends their requests in log and spans.
  await sleep(1);
  await withDeadline(RELEASE_MS - CLOSING_MS, release()).catch((err: unknown) => {
    logger.warn({ err }, 'the connections upstream could not all be closed');
  });
  logger.info('stopped');
}

async function withDeadline(ms: number, work: Promise<unknown>): Promise<void> {
  await Promise.race([work, sleep(ms, undefined, { ref: false })]);
}
