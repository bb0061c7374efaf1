import { AppError } from '../errors.ts';
import type { RekognitionInput } from './client.ts';
import {
  addStats,
  createUpstreamStats,
  type CallContext,
  type UpstreamCall,
  type UpstreamOperation,
  type UpstreamResult,
} from './operation.ts';
import { pageInput, type PageInput, type UpstreamPage } from './page.ts';

interface PaginateOptions<Input extends RekognitionInput, Page> {
  readonly call: UpstreamCall;
  readonly operation: UpstreamOperation<Input, Page>;
  readonly input: Input;
  readonly pageSize: number;
  /** Rekognition's token of the page to begin with; by default the first page of the listing. */
  readonly from?: string | undefined;
  /** The context of the next page. What happened for that page is added to its `stats`. */
  readonly context: () => CallContext;
}

/**
 * Reads a listing page by page: each call of the result fetches the next page. A page whose `nextToken` was seen
 * before is an `UPSTREAM_ERROR`: following it would go in circles for ever, and repeat items.
 */
export function paginate<Input extends PageInput & RekognitionInput, Page extends UpstreamPage<unknown>>(
  options: PaginateOptions<Input, Page>,
): () => Promise<UpstreamResult<Page>> {
  const { call, operation, input, pageSize, from, context } = options;
  // A million items are 2,000 tokens, less than half a megabyte.
  const seen = new Set([from]);
  let token = from;
  return async () => {
    const stats = createUpstreamStats();
    const terms = context();
    const asked = pageInput(input, pageSize, token);
    const result = await call(operation, asked, { ...terms, stats }).finally(() => {
      addStats(terms.stats, stats);
    });
    const { nextToken } = result.output;
    if (nextToken !== undefined && seen.has(nextToken)) {
      throw new AppError('UPSTREAM_ERROR', 'Rekognition repeated a page token. Retry later.');
    }
    token = nextToken;
    seen.add(token);
    return result;
  };
}
