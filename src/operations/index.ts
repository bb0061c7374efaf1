import { listUsers } from './list-users.ts';
import { streamUsers } from './stream-users.ts';

/** Every operation of the service. */
export const operations = [listUsers, streamUsers] as const;
