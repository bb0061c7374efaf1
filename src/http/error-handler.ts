import type { ErrorRequestHandler, RequestHandler } from 'express';

import { AppError } from '../errors.ts';
import { respond } from './respond.ts';
import { PROBLEM_TYPE, problemHeaders, toProblem } from './problem.ts';
import { ClientLeft, contextOf } from './context.ts';

/** Refuses a request that no route matches. `routes` are the patterns of all routes, for the detail. */
export function routeNotFound(routes: readonly string[]): RequestHandler {
  const detail = [
    `No route has this path. The routes are ${routes.map(asTemplate).join(', ')}.`,
    'Paths match exactly: case and a slash at the end count.',
    'Percent-encode an id in a path. It may hold a-z, A-Z, 0-9, "_", "." and "-"; the id of a user may also hold ":".',
  ].join(' ');
  return () => {
    throw new AppError('ROUTE_NOT_FOUND', detail);
  };
}

/** Express's `/a/:id` as the contract writes it, `/a/{id}`. */
function asTemplate(pattern: string): string {
  return pattern.replace(/:(\w+)/g, '{$1}');
}

/** Renders every error as a problem document. Any error but an `AppError` is a bug, and is not described. */
export function errorHandler(): ErrorRequestHandler {
  return (thrown: unknown, req, res, _next) => {
    if (thrown instanceof ClientLeft) {
      res.destroy();
      return;
    }
    const context = contextOf(res);
    const error = appErrorOf(thrown);
    context.error = error;
    if (res.headersSent) {
      res.destroy();
      return;
    }
    const body = JSON.stringify(toProblem(error, req.originalUrl, context.requestId));
    const headers = { ...problemHeaders(error), 'Content-Type': PROBLEM_TYPE };
    respond(res, { status: error.status, headers, body });
  };
}

/** The error itself if it is an `AppError`; anything else is a bug. */
export function appErrorOf(thrown: unknown): AppError {
  if (thrown instanceof AppError) return thrown;
  return new AppError('INTERNAL_ERROR', 'This service failed. Report the requestId to its operator.', {
    cause: thrown,
  });
}

/** What every route allows. */
export const ALLOW = 'GET, HEAD, OPTIONS';

/** Refuses the methods that a route does not have. */
export function methodNotAllowed(): RequestHandler {
  return () => {
    throw new AppError('METHOD_NOT_ALLOWED', `This route allows ${ALLOW}.`, { headers: { Allow: ALLOW } });
  };
}
