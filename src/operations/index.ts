import { listUsers } from './list-users.ts';

/** Every operation of the service. */
export const operations = [listUsers] as const;
