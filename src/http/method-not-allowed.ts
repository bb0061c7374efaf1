import type { RequestHandler } from 'express';

import { AppError } from '../errors.ts';

/** What every route allows. */
export const ALLOW = 'GET, HEAD, OPTIONS';

/** Answers the methods that a route does not have. */
export function methodNotAllowed(): RequestHandler {
  return () => {
    throw new AppError('METHOD_NOT_ALLOWED', `This route allows ${ALLOW}.`, { headers: { Allow: ALLOW } });
  };
}
