import { hash } from 'node:crypto';
import { AwsException } from './aws-exception.ts';
import { SortedIndex } from './sorted-index.ts';

/** Rekognition's four, as documented. */
export type UserStatus = 'ACTIVE' | 'UPDATING' | 'CREATING' | 'CREATED';

/** A user of a collection. */
export interface User {
  readonly id: string;
  readonly key: string;
  faces: number;
  /** When the last change of faces is worked in, in milliseconds since the epoch. */
  settlesAt: number;
  /** An example's status, which holds until its faces change. */
  pinned: UserStatus | undefined;
}

/** A collection: its users, and which of them each face belongs to. */
export interface Collection {
  readonly id: string;
  readonly key: string;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  readonly users: SortedIndex<User>;
  readonly faces: Map<string, User>;
}

/** A user to begin with, CREATED unless it says otherwise. */
export interface SeedUser {
  readonly id: string;
  readonly status?: UserStatus;
  readonly faceIds?: readonly string[];
}

/** A collection to begin with. */
export interface SeedCollection {
  readonly id: string;
  readonly users: readonly SeedUser[];
}

/** Everything the embedded Rekognition knows. */
export interface Store {
  readonly collections: SortedIndex<Collection>;
  create(seed: SeedCollection, createdAt: number): Collection;
  /** The collection; throws `ResourceNotFoundException`. */
  collection(id: string): Collection;
  /** The user; throws `ResourceNotFoundException` for a missing collection too. */
  user(collectionId: string, id: string): { readonly collection: Collection; readonly user: User };
}

/** An empty store. */
export function createStore(): Store {
  const collections = new SortedIndex<Collection>();
  let created = 0;
  const collection = (id: string): Collection => {
    const found = collections.get(id);
    if (!found) throw notFound(`The collection id: ${id} does not exist`);
    return found;
  };
  return {
    collections,
    collection,
    create(seed, createdAt) {
      const key = String(created++).padStart(12, '0');
      const made = withFaces(seed, { key, createdAt });
      collections.add(made);
      return made;
    },
    user(collectionId, id) {
      const within = collection(collectionId);
      const user = within.users.get(id);
      if (!user) throw notFound(`The user id: ${id} does not exist`);
      return { collection: within, user };
    },
  };
}

/** A new user, whose place in the order comes from its name, but not alphabetically. */
export function newUser(collectionId: string, { id, status, faceIds = [] }: SeedUser): User {
  const key = hash('sha256', `${collectionId}/${id}`, 'hex').slice(0, 32);
  return { id, key, faces: faceIds.length, settlesAt: 0, pinned: status };
}

/** What the status of a user is at a time: no timer runs, it follows from the clock. */
export function statusOf(user: User, now: number): UserStatus {
  if (user.pinned) return user.pinned;
  if (now < user.settlesAt) return 'UPDATING';
  return user.faces > 0 ? 'ACTIVE' : 'CREATED';
}

function withFaces({ id, users }: SeedCollection, rest: Pick<Collection, 'key' | 'createdAt'>): Collection {
  const index = new SortedIndex(users.map((seed) => newUser(id, seed)));
  const faces = new Map<string, User>();
  for (const seed of users) {
    const user = index.get(seed.id);
    if (user) seed.faceIds?.forEach((faceId) => faces.set(faceId, user));
  }
  return { id, users: index, faces, ...rest };
}

function notFound(message: string): AwsException {
  return new AwsException('ResourceNotFoundException', { message });
}
