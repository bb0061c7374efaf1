import { createRollcall, isRollcallError, type RollcallError, type User } from '@rollcall/client';
import { useEffect, useRef, useState } from 'react';

import { serviceUrl } from './service.ts';

/** How far a lookup is. */
export type LookupState =
  | { readonly phase: 'idle' }
  | { readonly phase: 'looking'; readonly userId: string }
  | { readonly phase: 'waiting'; readonly userId: string; readonly seconds: number }
  | { readonly phase: 'found'; readonly user: User }
  | { readonly phase: 'absent'; readonly userId: string }
  | { readonly phase: 'failed'; readonly userId: string; readonly error: RollcallError };

/** A collection may be too large to be searched at all: then every attempt ends in the same place. */
const MAX_ATTEMPTS = 3;
/** The hook waits by itself, so that the page can show it. */
const once = createRollcall({ baseUrl: serviceUrl, retry: { maxAttempts: 1 } });

/** Looks one user up. While the service is not done it asks again, as `Retry-After` says, until that is cancelled. */
export function useLookup(collectionId: string) {
  const [state, setState] = useState<LookupState>({ phase: 'idle' });
  const running = useRef<AbortController>(undefined);
  useEffect(() => () => running.current?.abort(), []);

  async function run(userId: string, signal: AbortSignal) {
    for (let attempts = 1; !signal.aborted; attempts += 1) {
      setState({ phase: 'looking', userId });
      try {
        setState({ phase: 'found', user: await once.getUser(collectionId, userId, { signal }) });
        return;
      } catch (error) {
        if (signal.aborted) return;
        if (!isRollcallError(error)) throw error;
        if (error.code === 'USER_NOT_FOUND') return setState({ phase: 'absent', userId });
        if (error.code !== 'LOOKUP_INCOMPLETE' || attempts === MAX_ATTEMPTS)
          return setState({ phase: 'failed', userId, error });
        for (let seconds = error.retryAfter ?? 1; seconds > 0 && !signal.aborted; seconds -= 1) {
          setState({ phase: 'waiting', userId, seconds });
          await aSecond();
        }
      }
    }
  }

  return {
    state,
    start(userId: string) {
      running.current?.abort();
      running.current = new AbortController();
      void run(userId, running.current.signal);
    },
    cancel() {
      running.current?.abort();
      setState({ phase: 'idle' });
    },
  };
}

function aSecond(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 1000));
}
