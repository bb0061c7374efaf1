import {
  createCollection,
  deleteCollection,
  describeCollection,
  listCollections,
} from './collection-operations.ts';
import { associateFaces, disassociateFaces } from './face-operations.ts';
import type { Operation } from './operation.ts';
import { createUser, deleteUser, listUsers } from './user-operations.ts';

/** Every operation there is, by the name that `X-Amz-Target` carries. */
export const operations: ReadonlyMap<string, Operation> = new Map(
  Object.entries({
    AssociateFaces: associateFaces,
    CreateCollection: createCollection,
    CreateUser: createUser,
    DeleteCollection: deleteCollection,
    DeleteUser: deleteUser,
    DescribeCollection: describeCollection,
    DisassociateFaces: disassociateFaces,
    ListCollections: listCollections,
    ListUsers: listUsers,
  }),
);
