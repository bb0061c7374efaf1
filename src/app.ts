import express, { type Express, type RequestHandler } from 'express';
import type { Logger } from 'pino';

import type { Authentication } from './auth/authentication.ts';
import type { Config } from './config.ts';
import { requestContext } from './http/context.ts';
import { allowOrigins, answerOptions } from './http/cors.ts';
import { errorHandler, routeNotFound, methodNotAllowed } from './http/error-handler.ts';
import { closeWhileStopping, livez, readyz, refuseWhileDraining } from './http/health.ts';
import { observe } from './http/observe.ts';
import type { OperationDeps } from './http/operation.ts';
import { checkProxies } from './http/callers.ts';
import { limitRate } from './http/rate-limit.ts';
import { redirectTo, staticFiles } from './http/static-files.ts';
import { requireWellFormed } from './http/well-formed.ts';
import type { Lifecycle } from './lifecycle.ts';
import { operations } from './operations/index.ts';
import type { Sharing } from './redis/sharing.ts';
import type { StartTrace } from './tracing/span.ts';

/** What the app is made of. */
export interface AppDeps {
  readonly config: Pick<Config, 'backend' | 'http' | 'rateLimit'>;
  readonly logger: Logger;
  readonly lifecycle: Lifecycle;
  /** What operations are served with. */
  readonly operationDeps: OperationDeps;
  /** What this replica shares with others, if it does. */
  readonly sharing: Pick<Sharing, 'shared' | 'ready' | 'counts'> | undefined;
  /** None where everyone who reaches the service may read everything. */
  readonly authentication: Authentication | undefined;
  /** None where requests are not traced. */
  readonly startTrace: StartTrace | undefined;
  /** Where the build has put the contract and its page, with a slash at its end. */
  readonly docsDirectory: URL;
}

/** The path of a request, top to bottom. */
export function createApp(deps: AppDeps): Express {
  const { config, logger, lifecycle, operationDeps, sharing, authentication, startTrace } = deps;
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.enable('case sensitive routing');
  app.enable('strict routing');
  // Queries are read by the operations, strictly, from the target itself.
  app.set('query parser', false);
  app.set('trust proxy', config.http.trustProxy);

  app.use(requestContext(logger));
  app.use(observe({ logger, metrics: operationDeps.metrics, startTrace }));
  app.use(closeWhileStopping(lifecycle));
  app.use(allowOrigins(config.http.corsOrigins));
  app.use(requireWellFormed());
  app.use(answerOptions());

  const guards: readonly RequestHandler[] = [
    refuseWhileDraining(lifecycle),
    checkProxies(config.http.trustProxy, logger),
    ...(authentication ? [authentication.authenticate] : []),
    limitRate({ ...config.rateLimit, store: sharing?.counts }),
    // Behind the limit, so that refused tokens count against it.
    ...(authentication ? [authentication.refuseUnauthenticated] : []),
  ];
  const routes: string[] = [];
  const route = (path: string, handler: RequestHandler, ...before: readonly RequestHandler[]): void => {
    routes.push(path);
    const made = app.route(path);
    if (before.length > 0) made.all(...before);
    made.get(handler).all(methodNotAllowed());
  };

  // First, so that a page passes no more than it needs.
  for (const { path, handler } of operations) route(path, handler(operationDeps), ...guards);

  route('/livez', livez());
  route('/readyz', readyz(lifecycle, sharing));
  app.use(refuseWhileDraining(lifecycle));
  route('/', redirectTo('docs'));
  const files = staticFiles({
    directory: deps.docsDirectory,
    examples: config.backend === 'embedded',
    bearer: authentication !== undefined,
  });
  for (const [path, handler] of files) route(path, handler);

  app.use(...guards);
  // Without `/` and the files of the docs page, which nobody types.
  app.use(routeNotFound(routes.filter((path) => !/^\/(docs\/.*)?$/.test(path)).toSorted()));
  app.use(errorHandler());
  return app;
}
