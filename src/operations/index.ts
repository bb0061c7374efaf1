import { listUsers } from './list-users.ts';
import { streamUsers } from './stream-users.ts';

/** The operations of Rekognition that are called; each may have a quota of its own. */
export const upstreamOperations = ['ListUsers', 'DescribeCollection'] as const;

/** Every operation of the service. */
export const operations = [listUsers, streamUsers] as const;
