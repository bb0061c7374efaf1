import type { components } from './schema.ts';

/** Today's values; more may come, and mean a user that is there. */
export type UserStatus = 'ACTIVE' | 'UPDATING' | 'CREATING' | 'CREATED' | (string & Record<never, never>);

/** A user of a collection. */
export interface User extends Readonly<components['schemas']['User']> {
  readonly userStatus: UserStatus;
}

/** What every page has beside its items. */
export interface Page {
  /** Where the next page begins; undefined on the last. */
  readonly nextToken: string | undefined;
  /** What `previous` goes by. */
  readonly etag: string | undefined;
  /** Quote it when asking for help. */
  readonly requestId: string | undefined;
}

/** One page of users. */
export interface UsersPage extends Page {
  readonly users: readonly User[];
}

/**
 * Every user of a collection, each once. After a failure, or after a loop over it was left, a new loop goes on where the
 * last one stopped; after its end there is nothing more. One loop at a time: a second beside it throws.
 */
export interface UserStream extends AsyncIterable<User> {
  /** How many users the collection has, for showing progress; undefined until the first has come, and where nobody knows. */
  readonly total: number | undefined;
  /** Where another stream may go on, after a restart say: the last page token that came. Users given since come again. */
  readonly nextToken: string | undefined;
}
