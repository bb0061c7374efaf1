import type { ErrorRequestHandler, RequestHandler } from 'express';

import { AppError } from '../errors.ts';
import { respond } from './respond.ts';
import { PROBLEM_TYPE, problemHeaders, toProblem } from './problem.ts';
import { ClientLeft, contextOf } from './context.ts';

/** Answers whatever no route took. */
export function routeNotFound(): RequestHandler {
  return () => {
    throw new AppError(
      'ROUTE_NOT_FOUND',
      'There is nothing at this path. Paths are matched exactly; see /openapi.yaml.',
    );
  };
}

/** Renders every error as a problem document. An error that is not an `AppError` is a bug, and tells nothing. */
export function errorHandler(): ErrorRequestHandler {
  return (thrown: unknown, req, res, _next) => {
    if (thrown instanceof ClientLeft) {
      res.destroy();
      return;
    }
    const context = contextOf(res);
    const error = toAppError(thrown);
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

/** The error itself, or the bug that anything else is. */
export function toAppError(thrown: unknown): AppError {
  if (thrown instanceof AppError) return thrown;
  return new AppError('INTERNAL_ERROR', 'This service failed. Report the requestId to its operator.', {
    cause: thrown,
  });
}
