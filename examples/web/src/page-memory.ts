import type { Rollcall, UsersPage } from '@rollcall/client';

/** Reads a page; the first without a token. */
export type ReadPage = (
  collectionId: string,
  nextToken: string | undefined,
  signal: AbortSignal,
) => Promise<UsersPage>;

/**
 * Remembers the pages, so that asking again costs a 304 where nothing has changed. A page that is confirmed so may come with
 * a new token for the page after it, and that one is then known under the new token.
 */
export function createPageMemory({ listUsers }: Pick<Rollcall, 'listUsers'>): ReadPage {
  const pages = new Map<string, UsersPage>();
  const keyOf = (collectionId: string, token: string | undefined): string => `${collectionId} ${token ?? ''}`;
  return async (collectionId, nextToken, signal) => {
    const key = keyOf(collectionId, nextToken);
    const previous = pages.get(key);
    const page = await listUsers(collectionId, { maxResults: 500, nextToken, previous, signal });
    pages.set(key, page);
    if (
      previous?.nextToken !== undefined &&
      page.nextToken !== undefined &&
      previous.nextToken !== page.nextToken
    ) {
      const oldKey = keyOf(collectionId, previous.nextToken);
      const after = pages.get(oldKey);
      if (after) pages.set(keyOf(collectionId, page.nextToken), after);
      pages.delete(oldKey);
    }
    return page;
  };
}
