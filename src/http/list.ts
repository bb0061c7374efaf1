import * as z from 'zod';

import type { RekognitionInput } from '../rekognition/client.ts';
import type { UpstreamOperation } from '../rekognition/operation.ts';
import { pageInput, type PageInput, type UpstreamPage } from '../rekognition/page.ts';
import { createCallContext, defineOperation, type InputDefinition, type Operation } from './operation.ts';
import { acceptJson, ifChanged, renderJson, cachedReply, type Rendered } from './respond.ts';

interface ListDefinition<
  Path extends z.ZodRawShape,
  Input extends PageInput & RekognitionInput,
  Page extends UpstreamPage<unknown>,
> extends InputDefinition<Path, Input> {
  readonly maxResults: { readonly max: number; readonly default: number };
  readonly upstream: UpstreamOperation<Input, Page>;
  /** The member of the response that holds the items. */
  readonly member: string;
  /** Whether a caller may see an item; by default every caller of the operation sees all items. */
  readonly visible?: (item: Page['items'][number], mayRead: (collectionId: string) => boolean) => boolean;
}

/** An operation that answers with a page of a listing: adds `maxResults`, `nextToken`, `Link` and `ETag`. */
export function list<
  Path extends z.ZodRawShape,
  Input extends PageInput & RekognitionInput,
  Page extends UpstreamPage<unknown>,
>(definition: ListDefinition<Path, Input, Page>): Operation {
  const { path, params: shape, maxResults, upstream, input, member, visible } = definition;
  return defineOperation({
    path,
    calls: [upstream.name],
    parameters: {
      path: shape,
      query: { maxResults: pageSize(maxResults), nextToken: z.string().optional() },
    },
    async handle({ params, context, req }, deps) {
      const { nextToken, maxResults: size } = params;
      const asked = input(params);
      const scope = (): string => scopeOf(upstream, asked);
      const token = nextToken === undefined ? undefined : deps.pageTokens.open(nextToken, scope());
      acceptJson(req);
      const page = pageInput(asked, size, token);
      const result = await deps.upstream.call(upstream, page, createCallContext(context, deps));
      const render = (items: readonly unknown[]): Rendered => {
        const { nextToken: next } = result.output;
        const sealed = next === undefined ? undefined : deps.pageTokens.seal(next, scope());
        return renderPage({ member, items, size, nextToken: sealed });
      };
      const { items } = result.output;
      if (!visible) return cachedReply(req, result, definition, () => render(items));
      return ifChanged(req, render(items.filter((item) => visible(item, context.mayRead))));
    },
  });
}

/** What page tokens are bound to: the operation and all of its input except the page. */
export function scopeOf(upstream: { readonly name: string }, input: object): string {
  return `${upstream.name} ${JSON.stringify(input)}`;
}

function pageSize({ max, default: size }: { readonly max: number; readonly default: number }) {
  const detail = `Give a whole number from 1 to ${max} in decimal digits.`;
  return z
    .string()
    .regex(/^[1-9][0-9]{0,9}$/, detail)
    .transform(Number)
    .refine((value) => value <= max, detail)
    .default(size);
}

interface PageToRender {
  readonly member: string;
  readonly items: readonly unknown[];
  readonly size: number;
  readonly nextToken: string | undefined;
}

function renderPage({ member, items, size, nextToken }: PageToRender): Rendered {
  // The `ETag` covers the items and whether there is more: the token may change while the page does not.
  const start = `{"${member}":${JSON.stringify(items)}`;
  if (nextToken === undefined) return renderJson(`${start}}`);
  return renderJson(`${start},"nextToken":"${nextToken}"}`, {
    validated: `${start},`,
    // A query alone, so that the link works behind a proxy that adds a path prefix.
    link: `<?maxResults=${size}&nextToken=${nextToken}>; rel="next"`,
  });
}
