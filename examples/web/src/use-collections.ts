import type { Collection, CollectionSummary, RollcallError } from '@rollcall/client';
import { useQuery } from '@tanstack/react-query';

import { rollcall } from './service.ts';

/** Names beyond these are typed: a list of thousands helps nobody. */
const MAX_SHOWN = 1000;

/** The collections to choose from. */
export function useCollections() {
  return useQuery<readonly CollectionSummary[], RollcallError>({
    queryKey: ['collections'],
    async queryFn({ signal }) {
      const found: CollectionSummary[] = [];
      for await (const collection of rollcall.listAllCollections({ signal })) {
        if (found.push(collection) === MAX_SHOWN) break;
      }
      return found;
    },
    staleTime: Infinity,
    retry: false,
  });
}

/** The counts of the one collection that is shown: each costs a call of Rekognition. */
export function useCounts(collectionId: string) {
  return useQuery<Collection, RollcallError>({
    queryKey: ['collection', collectionId],
    queryFn: ({ signal }) => rollcall.getCollection(collectionId, { signal }),
    retry: false,
  });
}
