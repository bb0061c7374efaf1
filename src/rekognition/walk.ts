import { AppError } from '../errors.ts';
import type { Page } from './page.ts';

/**
 * Reads a collection page by page: each call of the result is the next one. A page whose `nextToken` has been seen
 * before is an `UPSTREAM_ERROR`: following it would go in circles for ever, and repeat users.
 */
export function createWalk(
  from: string | undefined,
  get: (token: string | undefined) => Promise<Page>,
): () => Promise<Page> {
  // A million users are 2,000 tokens, less than half a megabyte.
  const seen = new Set([from]);
  let token = from;
  return async () => {
    const page = await get(token);
    if (page.nextToken !== undefined && seen.has(page.nextToken)) throw repeated();
    token = page.nextToken;
    seen.add(token);
    return page;
  };
}

function repeated(): AppError {
  return new AppError('UPSTREAM_ERROR', 'Rekognition repeated a page token. Retry later.');
}
