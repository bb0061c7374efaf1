import { randomBytes } from 'node:crypto';
import type { Express } from 'express';
import type { Logger } from 'pino';

import { createApp } from './app.ts';
import type { Config } from './config.ts';
import { createPageTokens } from './http/page-token.ts';
import { createStreams } from './http/streams.ts';
import type { Lifecycle } from './lifecycle.ts';
import { registerGauges } from './metrics/gauges.ts';
import { createMetrics, type Metrics } from './metrics/metrics.ts';
import { operations, upstreamOperations } from './operations/index.ts';
import type { Client } from './rekognition/client.ts';
import { createUpstream } from './rekognition/upstream.ts';
import type { StartTrace } from './tracing/span.ts';

/** What the service takes from its process. */
export interface ServiceDeps {
  readonly config: Config;
  /** The AWS Region that is called. */
  readonly region: string;
  readonly logger: Logger;
  readonly lifecycle: Lifecycle;
  readonly client: Client;
  /** None where requests are not traced. */
  readonly startTrace?: StartTrace | undefined;
  /** Where the build has put the contract and its page, with a slash at its end. */
  readonly docsDirectory: URL;
  /** Milliseconds since the epoch, of a clock that never goes back. */
  readonly now: () => number;
  /** From 0 to 1. */
  readonly random: () => number;
}

/** The whole service but for its process and its sockets. */
export interface Service {
  readonly app: Express;
  readonly metrics: Metrics;
  /** Lets go of Redis and of the issuer of tokens. */
  stop(): void;
}

/** Makes every part and joins them. */
export async function createService(deps: ServiceDeps): Promise<Service> {
  const { config, region, logger, lifecycle, client, now, random } = deps;
  const { url } = config.redis;
  const metrics = createMetrics(
    upstreamOperations,
    operations.map(({ path }) => path),
  );
  // A dynamic import, here and below, is a file of its own, which is read only if it is needed.
  const sharing =
    url === undefined
      ? undefined
      : (await import('./redis/sharing.ts')).startSharing({ url, region, config, logger, now });
  const upstream = createUpstream({
    client,
    config: config.upstream,
    operations: upstreamOperations,
    permitsOf: sharing?.permitsOf,
    metrics,
    now,
    random,
  });
  registerGauges(metrics.registry, { lanes: upstream.lanes, sharing });
  const authentication =
    config.auth &&
    (await import('./auth/authentication.ts')).createAuthentication({
      rules: config.auth,
      logger,
      wallClock: Date.now,
      now,
    });
  const app = createApp({
    config,
    logger,
    lifecycle,
    operationDeps: {
      upstream,
      pageTokens: createPageTokens(config.pageTokens.secrets ?? [randomBytes(32).toString('base64url')]),
      streams: createStreams({ max: config.stream.concurrency, ending: lifecycle.ending, now }),
      metrics,
      deadlineMs: config.upstream.deadlineMs,
      cacheTtlMs: config.upstream.cacheTtlMs,
      lookupTtlMs: config.upstream.lookupTtlMs,
      reader: { idleMs: config.stream.idleTimeoutMs, minBytesPerSecond: config.stream.minBytesPerSecond },
      now,
    },
    sharing,
    authentication,
    startTrace: deps.startTrace,
    docsDirectory: deps.docsDirectory,
  });
  return {
    app,
    metrics,
    stop() {
      authentication?.stop();
      sharing?.stop();
    },
  };
}
