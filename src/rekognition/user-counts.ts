import type { Rekognition } from './client.ts';

/** Asks how many users a collection has: where Rekognition allows it, in time or not at all, and never with an error. */
export interface UserCounts {
  /** Asks, and returns what takes the count if it has come by then, and gives the question up if not. */
  ask(collectionId: string): () => number | undefined;
}

interface UserCountsOptions {
  readonly rekognition: Pick<Rekognition, 'describeCollection'>;
  /** Milliseconds, from whatever beginning. */
  readonly now: () => number;
}

/** AWS's quota of `DescribeCollection`, which is apart from that of `ListUsers`. */
const PER_SECOND = 5;

/** Counts of users, within a quota of their own; a question beyond it is not asked. */
export function createUserCounts({ rekognition, now }: UserCountsOptions): UserCounts {
  let permits = PER_SECOND;
  let at = now();
  const take = (): boolean => {
    permits = Math.min(PER_SECOND, permits + ((now() - at) / 1000) * PER_SECOND);
    at = now();
    if (permits < 1) return false;
    permits -= 1;
    return true;
  };
  return {
    ask(collectionId) {
      const given = new AbortController();
      let count: number | undefined;
      if (take()) {
        rekognition.describeCollection({ CollectionId: collectionId }, given.signal).then(
          ({ UserCount }) => {
            if (Number.isSafeInteger(UserCount) && Number(UserCount) >= 0) count = Number(UserCount);
          },
          // Not allowed, throttled, given up: the count is missing then.
          () => undefined,
        );
      }
      return () => {
        given.abort();
        return count;
      };
    },
  };
}
