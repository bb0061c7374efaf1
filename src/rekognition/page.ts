import { DamagedAnswer } from './read-answer.ts';

/** One user, with the only two members that leave the service. */
export interface User {
  readonly userId: string;
  readonly userStatus: string;
}

/** One page of a collection. `nextToken` is Rekognition's own, and absent on the last page. */
export interface Page {
  readonly users: readonly User[];
  readonly nextToken: string | undefined;
}

/** Rekognition's documented bound. A longer one could not be carried in a page token of ours. */
const MAX_TOKEN_LENGTH = 255;

/** Reads an answer of `ListUsers`; whatever is mistyped in it makes the whole a `DamagedAnswer`. */
export function readPage(answer: Readonly<Record<string, unknown>>): Page {
  const users = answer['Users'] ?? [];
  if (!Array.isArray(users)) throw new DamagedAnswer('Users is not an array');
  return { users: users.map(readUser), nextToken: readToken(answer['NextToken']) };
}

function readUser(user: unknown): User {
  const { UserId: userId, UserStatus: userStatus } = (user ?? {}) as Record<string, unknown>;
  if (typeof userId !== 'string' || typeof userStatus !== 'string')
    throw new DamagedAnswer('a user is mistyped');
  return { userId, userStatus };
}

function readToken(token: unknown): string | undefined {
  if (token === undefined || token === null || token === '') return undefined;
  if (typeof token !== 'string' || token.length > MAX_TOKEN_LENGTH)
    throw new DamagedAnswer('NextToken is mistyped');
  return token;
}
