import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';

import type { Express } from 'express';
import type { Logger } from 'pino';

import { createApp } from './app.ts';
import { createTokenVerifier } from './auth/token-verifier.ts';
import type { Config } from './config.ts';
import { createPageTokens } from './http/page-token.ts';
import type { Lifecycle } from './lifecycle.ts';
import { createMetrics, type Metrics } from './metrics/metrics.ts';
import { startSharing } from './redis/sharing.ts';
import type { Rekognition } from './rekognition/client.ts';
import { createPages } from './rekognition/pages.ts';
import { createUserCounts } from './rekognition/user-counts.ts';
import type { Tracer } from './tracing/span.ts';

/** What the service takes from its process. */
export interface ServiceDeps {
  readonly config: Config;
  readonly logger: Logger;
  readonly lifecycle: Lifecycle;
  readonly rekognition: Pick<Rekognition, 'listUsers' | 'describeCollection'>;
  /** None where requests are not traced. */
  readonly tracer?: Tracer | undefined;
  /** Where the build has put the docs page, with a slash at its end. */
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

/** Puts the parts together. */
export function createService(deps: ServiceDeps): Service {
  const { config, logger, lifecycle, rekognition, now, random } = deps;
  const metrics = createMetrics();
  const { url } = config.redis;
  const sharing = url === undefined ? undefined : startSharing({ url, config, logger, now });
  if (sharing) metrics.watch({ sharing });
  const stopping = new AbortController();
  const app = createApp({
    config,
    logger,
    metrics,
    lifecycle,
    pages: createPages({
      rekognition,
      config: config.upstream,
      permits: sharing?.permits,
      metrics,
      now,
      random,
    }),
    userCounts: createUserCounts({ rekognition, now }),
    tracer: deps.tracer,
    sharing,
    pageTokens: createPageTokens(config.pageTokens.secrets ?? [randomBytes(32).toString('base64url')]),
    verifyToken:
      config.auth &&
      createTokenVerifier({ rules: config.auth, logger, wallClock: Date.now, now, signal: stopping.signal }),
    // Beside src, and beside the bundle's directory.
    contract: readFileSync(new URL('../openapi.yaml', import.meta.url), 'utf8'),
    docsDirectory: deps.docsDirectory,
  });
  return {
    app,
    metrics,
    stop() {
      stopping.abort();
      sharing?.stop();
    },
  };
}
