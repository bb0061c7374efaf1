import type { RollcallError, UsersPage } from '@rollcall/client';
import { useInfiniteQuery, useQueryClient, type InfiniteData } from '@tanstack/react-query';
import { useState } from 'react';

import { createPageMemory } from './page-memory.ts';
import { rollcall } from './service.ts';

type Pages = InfiniteData<UsersPage, string | undefined>;

const readPage = createPageMemory(rollcall);

/** The users of a collection as far as they have been read, and the ways to read on, again, and from the start. */
export function useUsers(collectionId: string) {
  const client = useQueryClient();
  const queryKey = ['users', collectionId];
  const [refreshed, setRefreshed] = useState<'unchanged' | 'changed'>();
  const query = useInfiniteQuery<UsersPage, RollcallError, Pages, string[], string | undefined>({
    queryKey,
    queryFn: ({ pageParam, signal }) => readPage(collectionId, pageParam, signal),
    initialPageParam: undefined,
    getNextPageParam: ({ nextToken }) => nextToken,
    staleTime: Infinity,
    // The client has retried already what a retry may help.
    retry: false,
  });
  return {
    ...query,
    pages: query.data?.pages ?? [],
    refreshed,
    async refresh() {
      const before = client.getQueryData<Pages>(queryKey)?.pages ?? [];
      setRefreshed(undefined);
      void client.invalidateQueries({ queryKey: ['collection', collectionId] });
      const { data, isError } = await query.refetch();
      const after = data?.pages ?? [];
      // What a 304 confirms is the very same array.
      const same =
        after.length === before.length && after.every(({ users }, at) => users === before[at]?.users);
      if (!isError) setRefreshed(same ? 'unchanged' : 'changed');
    },
    startAgain: () => client.resetQueries({ queryKey }),
  };
}

/** What `useUsers` gives. */
export type Users = ReturnType<typeof useUsers>;
