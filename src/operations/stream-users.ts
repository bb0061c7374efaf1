import { lines } from '../http/lines.ts';
import { collectionDetails } from './get-collection.ts';
import { MAX_USERS, users } from './list-users.ts';
import { collectionId } from './params.ts';

/** `GET /collections/{collectionId}/users.ndjson`: every user, one a line. */
export const streamUsers = lines({
  path: '/collections/:collectionId/users.ndjson',
  params: { collectionId },
  upstream: users,
  input: ({ collectionId: CollectionId }) => ({ CollectionId }),
  pageSize: MAX_USERS,
  total: { header: 'X-Total-Users', upstream: collectionDetails, count: ({ userCount }) => userCount },
});
