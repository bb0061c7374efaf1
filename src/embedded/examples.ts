import { exampleUsers } from './example-users.ts';
import type { SeedCollection } from './store.ts';

/** A collection to begin with, and what it is good for. */
export interface ExampleCollection extends SeedCollection {
  readonly description: string;
}

const face = (number: number): string => `${String(number).padStart(8, '0')}-aaaa-4aaa-8aaa-aaaaaaaaaaaa`;

/** The collections that the embedded Rekognition starts with, the same ones every time. */
export function exampleCollections(): readonly ExampleCollection[] {
  return [
    {
      id: 'example-team',
      description: 'eight users, of every status',
      users: [
        { id: 'jane.doe', status: 'ACTIVE', faceIds: [face(1), face(2)] },
        { id: 'john.smith', status: 'ACTIVE', faceIds: [face(3)] },
        { id: 'maria-garcia', status: 'ACTIVE', faceIds: [face(4)] },
        { id: 'employee:10482', status: 'ACTIVE', faceIds: [face(5)] },
        { id: 'employee:10483', status: 'UPDATING', faceIds: [face(6)] },
        { id: 'contractor:7', status: 'CREATING' },
        { id: 'visitor_2031', status: 'CREATED' },
        { id: 'new.hire', status: 'CREATED' },
      ],
    },
    { id: 'example-empty', description: 'no users', users: [] },
    {
      id: 'example-hundred',
      description: '100 users: one page of the default size',
      users: exampleUsers(100),
    },
    { id: 'example-campus', description: '5,000 users', users: exampleUsers(5_000) },
    {
      id: 'throws-InternalServerError-on-page-2',
      description: '1,000 users; only the first page can be read',
      users: exampleUsers(1_000),
    },
  ];
}
