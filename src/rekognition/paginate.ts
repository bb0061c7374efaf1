import { AppError } from '../errors.ts';
import type { UpstreamResult } from './operation.ts';
import type { UpstreamPage } from './page.ts';

type Result<Item> = UpstreamResult<UpstreamPage<Item>>;

/**
 * Reads a listing page by page: each call of the result fetches the next page. A page whose `nextToken` was seen
 * before is an `UPSTREAM_ERROR`: following it would go in circles for ever, and repeat items.
 */
export function paginate<Item>(
  from: string | undefined,
  fetch: (token: string | undefined) => Promise<Result<Item>>,
): () => Promise<Result<Item>> {
  // A million items are 2,000 tokens, less than half a megabyte.
  const seen = new Set([from]);
  let token = from;
  return async () => {
    const result = await fetch(token);
    const { nextToken } = result.output;
    if (nextToken !== undefined && seen.has(nextToken)) {
      throw new AppError('UPSTREAM_ERROR', 'Rekognition repeated a page token. Retry later.');
    }
    token = nextToken;
    seen.add(token);
    return result;
  };
}
