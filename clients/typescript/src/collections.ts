import type { components } from './schema.ts';
import type { Page } from './users.ts';

/** A collection in a list. */
export type CollectionSummary = Readonly<components['schemas']['CollectionSummary']>;

/** A collection, with its counts. */
export type Collection = Readonly<components['schemas']['Collection']>;

/** One page of the collections that the caller may read: it may be short or empty and still have a `nextToken`. */
export interface CollectionsPage extends Page {
  readonly collections: readonly CollectionSummary[];
}
