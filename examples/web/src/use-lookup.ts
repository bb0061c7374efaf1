import { createRollcall, isRollcallError, type RollcallError, type User } from '@rollcall/client';
import { useEffect, useRef, useState } from 'react';

import { serviceUrl } from './service.ts';

/** How far a lookup is. */
export type LookupState =
  | { readonly phase: 'idle' }
  | { readonly phase: 'looking'; readonly userId: string; readonly waitS: number | undefined }
  | { readonly phase: 'found'; readonly user: User }
  | { readonly phase: 'absent'; readonly userId: string }
  | { readonly phase: 'failed'; readonly userId: string; readonly error: RollcallError };

/** It waits by itself, so that it can say so. */
const patient = createRollcall({ baseUrl: serviceUrl, retry: { maxAttempts: 1 } });

/** Looks one user up. While the service is not done it asks again, as `Retry-After` says, until that is cancelled. */
export function useLookup(collectionId: string) {
  const [state, setState] = useState<LookupState>({ phase: 'idle' });
  const running = useRef<AbortController>(undefined);
  useEffect(() => () => running.current?.abort(), []);

  async function run(userId: string, signal: AbortSignal) {
    for (;;) {
      try {
        setState({ phase: 'looking', userId, waitS: undefined });
        setState({ phase: 'found', user: await patient.getUser(collectionId, userId, { signal }) });
        return;
      } catch (error) {
        if (signal.aborted) return;
        if (!isRollcallError(error)) throw error;
        if (error.code !== 'LOOKUP_INCOMPLETE') {
          setState(
            error.code === 'USER_NOT_FOUND'
              ? { phase: 'absent', userId }
              : { phase: 'failed', userId, error },
          );
          return;
        }
        for (let waitS = error.retryAfter ?? 1; waitS > 0 && !signal.aborted; waitS -= 1) {
          setState({ phase: 'looking', userId, waitS });
          await aSecond();
        }
        if (signal.aborted) return;
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
