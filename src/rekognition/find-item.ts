import type { UpstreamResult } from './operation.ts';
import type { UpstreamPage } from './page.ts';

/** What a walk through a listing has come to. */
export interface Walk {
  /** Items that were looked at. */
  seen: number;
  pages: number;
}

/** An item that was found, or the news that there is none, and when the page was read that this rests on. */
export interface Found<Item> {
  readonly item: Item | undefined;
  /** Milliseconds since the epoch; of an item that is not there, the time of the oldest page. */
  readonly fetchedAt: number;
}

/** Walks through a listing until an item is found or the listing ends. `walk` tells how far it came, also where it fails. */
export async function findItem<Item>(
  next: () => Promise<UpstreamResult<UpstreamPage<Item>>>,
  isWanted: (item: Item) => boolean,
  walk: Walk,
): Promise<Found<Item>> {
  let oldest = Infinity;
  for (;;) {
    const { output, fetchedAt } = await next();
    const item = output.items.find(isWanted);
    if (item !== undefined) return { item, fetchedAt };
    oldest = Math.min(oldest, fetchedAt);
    walk.pages += 1;
    walk.seen += output.items.length;
    if (output.nextToken === undefined) return { item: undefined, fetchedAt: oldest };
  }
}
