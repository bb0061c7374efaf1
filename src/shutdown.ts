import type { Server } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

import type { Logger } from 'pino';

import type { Lifecycle } from './lifecycle.ts';

interface ShutdownOptions {
  readonly server: Server;
  readonly lifecycle: Lifecycle;
  readonly logger: Logger;
  /** How long to go on accepting, until load balancers have noticed. */
  readonly delayMs: number;
  /** How long open requests may then take. */
  readonly graceMs: number;
  /** Lets go of what is upstream; called last. */
  readonly release: () => Promise<void>;
}

/** Streams end this long before the grace does, so that their last line arrives before the connections are closed. */
const LAST_LINE_MS = 1000;

/**
 * Connections that a balancer made just before the end of the delay still get an answer, their last one. Refused at that
 * instant, one or two requests of a rolling restart would have failed.
 */
const LATE_MS = 1000;

const IDLE_CHECK_MS = 100;
/** Nobody waits for what is upstream any more. */
const RELEASE_MS = 1000;

/** Stops without loss. Resolves when nothing is open any more, at the latest after the delay and the grace. */
export async function shutDown(options: ShutdownOptions): Promise<void> {
  const { server, lifecycle, logger, delayMs, graceMs, release } = options;
  logger.info({ delayMs, graceMs }, 'stopping');
  lifecycle.stopAccepting();
  await sleep(delayMs);
  const closed = new Promise<void>((resolve) => {
    server.close(() => {
      resolve();
    });
  });
  // A stream that ends now has promised to keep its connection alive.
  const idle = setInterval(() => {
    server.closeIdleConnections();
  }, IDLE_CHECK_MS);
  const lastLine = setTimeout(
    () => {
      lifecycle.endStreams();
    },
    Math.max(0, graceMs - LAST_LINE_MS),
  );
  const grace = setTimeout(() => {
    logger.warn('the grace is over: closing the connections that are still open');
    server.closeAllConnections();
  }, graceMs);
  await Promise.race([closed, sleep(Math.min(LATE_MS, graceMs), undefined, { ref: false })]);
  lifecycle.drain();
  await closed;
  clearInterval(idle);
  clearTimeout(lastLine);
  clearTimeout(grace);
  await Promise.race([release(), sleep(RELEASE_MS, undefined, { ref: false })]);
  logger.info('stopped');
}
