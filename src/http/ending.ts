import type { ServerResponse } from 'node:http';

/** The end of one response, whether it was sent or its connection closed first. */
export interface Ending {
  readonly reached: boolean;
  /** Whether the kernel took the whole response. Node emits `finish` for a response that is cut as well. */
  readonly isSent: boolean;
  /** Calls `fn` once, at the end, or now if that is reached. An error of `fn` is reported, and stops nothing else. */
  readonly onReached: (fn: () => void) => void;
}

/**
 * Watches for the end of a response. Node emits no `close` for a response that still waits behind an unread one when its
 * connection ends, so the connection is watched as well.
 */
export function endingOf(res: ServerResponse, onBug: (error: unknown) => void): Ending {
  const { socket } = res.req;
  const followers: (() => void)[] = [];
  const attempt = (fn: () => void): void => {
    try {
      fn();
    } catch (error) {
      onBug(error);
    }
  };
  // Plain fields: with getters, V8 would make a class for each object, which outlives the request (docs/decisions/0011).
  const ending = {
    reached: false,
    isSent: false,
    onReached(fn: () => void): void {
      if (ending.reached) attempt(fn);
      else followers.push(fn);
    },
  };
  const end = (): void => {
    if (ending.reached) return;
    ending.reached = true;
    socket.off('close', end);
    followers.forEach(attempt);
  };
  res.once('finish', () => {
    ending.isSent = !socket.destroyed && !socket.errored;
  });
  res.once('close', end);
  socket.on('close', end);
  if (socket.closed) end();
  return ending;
}
