import type { components } from './schema.ts';

/** Today's values; AWS may add more. */
export type UserStatus = 'ACTIVE' | 'UPDATING' | 'CREATING' | 'CREATED' | (string & Record<never, never>);

/** A user of a collection. */
export interface User extends Readonly<components['schemas']['User']> {
  readonly userStatus: UserStatus;
}

/** What every page has besides its items. */
export interface Page {
  /** Where the next page begins; undefined on the last. */
  readonly nextToken: string | undefined;
  /** Compared when the page is passed as `previous`. */
  readonly etag: string | undefined;
  /** Quote it when you ask for help. */
  readonly requestId: string | undefined;
}

/** One page of users. */
export interface UsersPage extends Page {
  readonly users: readonly User[];
}

/**
 * Every user of a collection, each once. After a failure, or after a loop that ended early, a new loop continues where the
 * last one stopped. Only one loop at a time may read it: a second one throws.
 */
export interface UserStream extends AsyncIterable<User> {
  /** How many users the collection has, to show progress; undefined until the first user, and if the service does not know. */
  readonly total: number | undefined;
  /** Where another stream may continue, for example after a restart: the last page token. Users yielded since then come again. */
  readonly nextToken: string | undefined;
}
