import type { components } from './schema.ts';

/** Today's values; more may come, and mean a user that is there. */
export type UserStatus = 'ACTIVE' | 'UPDATING' | 'CREATING' | 'CREATED' | (string & Record<never, never>);

/** A user of a collection. */
export interface User extends Readonly<components['schemas']['User']> {
  readonly userStatus: UserStatus;
}

/** One page of users. */
export interface UsersPage {
  readonly users: readonly User[];
  /** Where the next page begins; undefined on the last. */
  readonly nextToken: string | undefined;
  /** What `previous` goes by. */
  readonly etag: string | undefined;
  /** Quote it when asking for help. */
  readonly requestId: string | undefined;
}
