import express, { type Express, type RequestHandler } from 'express';
import type { Logger } from 'pino';

import { authenticate, refuseUnauthenticated } from './auth/authenticate.ts';
import type { TokenVerifier } from './auth/token-verifier.ts';
import type { Config } from './config.ts';
import { contractJson, contractYaml } from './http/contract.ts';
import { allowOrigins, answerOptions } from './http/cors.ts';
import { docsPage, redirectTo } from './http/docs-page.ts';
import { errorHandler, routeNotFound } from './http/error-handler.ts';
import { closeWhileStopping, livez, readyz, refuseWhileDraining } from './http/health.ts';
import { methodNotAllowed } from './http/method-not-allowed.ts';
import type { PageTokens } from './http/page-token.ts';
import { checkProxies } from './http/proxy-check.ts';
import { limitRate } from './http/rate-limit.ts';
import { nameRoute, requestContext } from './http/request-context.ts';
import { logRequests } from './http/request-log.ts';
import { traceRequests } from './http/request-trace.ts';
import { createStreamSlots } from './http/stream-slots.ts';
import { createStreams } from './http/streams.ts';
import { requireWellFormed } from './http/well-formed.ts';
import type { Lifecycle } from './lifecycle.ts';
import type { Metrics } from './metrics/metrics.ts';
import type { StreamMetrics } from './metrics/streams.ts';
import { operations } from './operations/index.ts';
import type { Pages } from './rekognition/pages.ts';
import type { Sharing } from './redis/sharing.ts';
import type { UserCounts } from './rekognition/user-counts.ts';
import type { Tracer } from './tracing/span.ts';

/** What the app is made of. */
export interface AppDeps {
  readonly config: Pick<Config, 'backend' | 'http' | 'rateLimit' | 'stream'>;
  readonly logger: Logger;
  readonly metrics: Pick<Metrics, 'requestEnded' | keyof StreamMetrics>;
  readonly lifecycle: Pick<Lifecycle, 'ready' | 'draining' | 'stopping' | 'ending'>;
  readonly pages: Pages;
  readonly pageTokens: PageTokens;
  /** What this replica shares with others, if it does. */
  readonly sharing?: Pick<Sharing, 'shared' | 'counts'> | undefined;
  /** None where whoever reaches the service may read everything. */
  readonly verifyToken: TokenVerifier | undefined;
  readonly userCounts: UserCounts;
  /** None where requests are not traced. */
  readonly tracer?: Tracer | undefined;
  /** The text of openapi.yaml. */
  readonly contract: string;
  /** Where the files of the docs page are, with a slash at its end. */
  readonly docsDirectory: URL;
}

/** The path of a request, top to bottom. */
export function createApp(deps: AppDeps): Express {
  const {
    config,
    logger,
    metrics,
    lifecycle,
    pages,
    pageTokens,
    userCounts,
    sharing,
    verifyToken,
    tracer,
    contract,
    docsDirectory,
  } = deps;
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.enable('case sensitive routing');
  app.enable('strict routing');
  // Queries are read by the operations, strictly, from the target itself.
  app.set('query parser', false);
  app.set('trust proxy', config.http.trustProxy);

  const routes: string[] = [];
  const route = (path: string, handler: RequestHandler): void => {
    routes.push(path);
    app.route(path).all(nameRoute(path)).get(handler).all(methodNotAllowed());
  };
  const slots = createStreamSlots({ max: config.stream.concurrency, now: () => performance.now() });
  const streams = createStreams({ slots, ending: lifecycle.ending });

  app.use(requestContext(logger));
  if (tracer) app.use(traceRequests(tracer));
  app.use(logRequests({ logger, metrics }));
  app.use(closeWhileStopping(lifecycle));
  app.use(allowOrigins(config.http.corsOrigins));
  app.use(requireWellFormed());
  app.use(answerOptions());

  route('/livez', livez());
  route('/readyz', readyz(lifecycle, sharing));
  app.use(refuseWhileDraining(lifecycle));
  route('/openapi.yaml', contractYaml(contract));
  route('/openapi.json', contractJson(contract));
  route('/', redirectTo('/docs'));
  const examples = config.backend === 'embedded';
  for (const [path, handler] of docsPage({
    directory: docsDirectory,
    examples,
    bearer: verifyToken !== undefined,
  }))
    route(path, handler);

  app.use(checkProxies(config.http.trustProxy, logger));
  if (verifyToken) app.use(authenticate(verifyToken));
  app.use(limitRate({ ...config.rateLimit, store: sharing?.counts }));
  app.use(refuseUnauthenticated());
  for (const operation of operations) {
    const { path, handler } = operation({
      pages,
      pageTokens,
      userCounts,
      streams,
      metrics,
      streamIdleTimeoutMs: config.stream.idleTimeoutMs,
    });
    route(path, handler);
  }
  // Without `/` and the files of the docs page, which nobody types.
  app.use(routeNotFound(routes.filter((path) => !/^\/(docs\/.*)?$/.test(path)).toSorted()));
  app.use(errorHandler());
  return app;
}
