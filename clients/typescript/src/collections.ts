import type { components } from './schema.ts';
import type { Page } from './users.ts';

/** A collection as it stands in a list. */
export type CollectionSummary = Readonly<components['schemas']['CollectionSummary']>;

/** A collection and how much it holds. */
export type Collection = Readonly<components['schemas']['Collection']>;

/** One page of collections, of those that the caller may read: it may be short or empty and still have a `nextToken`. */
export interface CollectionsPage extends Page {
  readonly collections: readonly CollectionSummary[];
}
