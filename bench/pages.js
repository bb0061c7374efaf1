import { Buffer } from 'node:buffer';

const users = Array.from({ length: 500 }, (_, index) => ({
  UserId: `employee:${10_000 + index}`,
  UserStatus: index % 17 === 16 ? 'CREATED' : 'ACTIVE',
}));
const NextToken = Buffer.alloc(96, 'next').toString('base64');

/** Rekognition's answers, ready to be sent: the one at n holds n + 1 users and a token of the next page. */
export const pages = users.map((_, index) =>
  Buffer.from(JSON.stringify({ Users: users.slice(0, index + 1), NextToken })),
);
