import { getCollection } from './get-collection.ts';
import { getUser } from './get-user.ts';
import { listCollections } from './list-collections.ts';
import { listUsers } from './list-users.ts';
import { streamUsers } from './stream-users.ts';

/** Every operation of the service. */
export const operations = [listUsers, streamUsers, getUser, getCollection, listCollections] as const;

/** The names of the operations of Rekognition that these call. Each has a quota of its own. */
export const upstreamOperations: readonly string[] = [...new Set(operations.flatMap(({ calls }) => calls))];
